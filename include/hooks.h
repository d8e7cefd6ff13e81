/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The LSM hooks: X(hook, operations whose rules need it, BL_HOOK_* flags). The program for hook H is called H in
 * the object and attaches to bpf_lsm_H. A hook is attached only while the loaded policy can refuse or report one of
 * its operations; one with no operations keeps labels right and is attached always.
 */
#ifndef BL_HOOKS_H
#define BL_HOOKS_H

#include "abi.h"

#define BL_HOOK_OPTIONAL 1u /* absent from some supported kernels, which ask the same question through another hook */

#define BL_HOOK_OPS_OPEN \
	(BL_OP_BIT(BL_OP_READ) | BL_OP_BIT(BL_OP_WRITE) | BL_OP_BIT(BL_OP_APPEND) | BL_OP_BIT(BL_OP_TRUNCATE) | \
	 BL_OP_BIT(BL_OP_SETID))

#define BL_HOOKS(X) \
	X(task_alloc, 0, 0) \
	X(task_free, 0, 0) \
	X(task_fix_setgroups, 0, 0) \
	X(bprm_creds_for_exec, 0, 0) \
	X(bprm_check_security, 0, 0) \
	X(bprm_committed_creds, 0, 0) \
	X(file_open, BL_HOOK_OPS_OPEN, 0) \
	X(file_fcntl, BL_OP_BIT(BL_OP_WRITE), 0) \
	X(mmap_file, BL_OP_BIT(BL_OP_MAP) | BL_OP_BIT(BL_OP_WRITE), 0) \
	X(file_mprotect, BL_OP_BIT(BL_OP_MAP) | BL_OP_BIT(BL_OP_WRITE), 0) \
	X(path_truncate, BL_OP_BIT(BL_OP_TRUNCATE), 0) \
	X(file_truncate, BL_OP_BIT(BL_OP_TRUNCATE), BL_HOOK_OPTIONAL) /* since 6.2; path_truncate before */ \
	X(path_mknod, BL_OP_BIT(BL_OP_CREATE) | BL_OP_BIT(BL_OP_MKNOD) | BL_OP_BIT(BL_OP_SETID), 0) \
	X(path_mkdir, BL_OP_BIT(BL_OP_CREATE), 0) \
	X(path_symlink, BL_OP_BIT(BL_OP_CREATE), 0) \
	X(path_unlink, BL_OP_BIT(BL_OP_DELETE), 0) \
	X(path_rmdir, BL_OP_BIT(BL_OP_DELETE), 0) \
	X(path_link, BL_OP_BIT(BL_OP_LINK) | BL_OP_BIT(BL_OP_CREATE) | BL_OP_BIT(BL_OP_SETID), 0) \
	X(path_rename, BL_OP_BIT(BL_OP_RENAME) | BL_OP_BIT(BL_OP_CREATE) | BL_OP_BIT(BL_OP_DELETE), 0) \
	X(path_chmod, BL_OP_BIT(BL_OP_ATTR) | BL_OP_BIT(BL_OP_SETID), 0) \
	X(path_chown, BL_OP_BIT(BL_OP_ATTR), 0) \
	X(file_ioctl, BL_OP_BIT(BL_OP_ATTR), 0) \
	X(file_ioctl_compat, BL_OP_BIT(BL_OP_ATTR), BL_HOOK_OPTIONAL) /* where it is absent, file_ioctl sees them all */ \
	X(inode_setattr, BL_OP_BIT(BL_OP_ATTR), 0) \
	X(inode_setxattr, BL_OP_BIT(BL_OP_ATTR), 0) \
	X(inode_removexattr, BL_OP_BIT(BL_OP_ATTR), 0) \
	X(inode_set_acl, BL_OP_BIT(BL_OP_ATTR), BL_HOOK_OPTIONAL) /* since 6.2; an xattr before */ \
	X(inode_remove_acl, BL_OP_BIT(BL_OP_ATTR), BL_HOOK_OPTIONAL) \
	X(inode_file_setattr, BL_OP_BIT(BL_OP_ATTR), BL_HOOK_OPTIONAL) /* since 6.17, with the system call */ \
	X(socket_connect, BL_OP_BIT(BL_OP_CONNECT), 0) \
	X(socket_sendmsg, BL_OP_BIT(BL_OP_CONNECT), 0)

#endif
