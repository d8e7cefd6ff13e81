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

/*
 * What needs a hook besides operations, as bits beside theirs. bl_needs() is the set of both; features that only change answers are not
 * in it.
 */
#define BL_NEED_USE (1ULL << 63)  /* descriptors are judged when they are used */
#define BL_NEED_PEER (1ULL << 62) /* accept is judged by the peer */

static inline __u64 bl_needs(const struct bl_tables *t)
{
	return t->ops | (t->features & BL_FEAT_STRICT ? BL_NEED_USE : 0) | (t->features & BL_FEAT_ACCEPT_FROM ? BL_NEED_PEER : 0);
}

#define BL_HOOK_OPS_OPEN \
	(BL_OP_BIT(BL_OP_READ) | BL_OP_BIT(BL_OP_WRITE) | BL_OP_BIT(BL_OP_APPEND) | BL_OP_BIT(BL_OP_TRUNCATE) | \
	 BL_OP_BIT(BL_OP_SETID))

/* btrfs makes, deletes and reads by ioctl(2) */
#define BL_HOOK_OPS_IOCTL \
	(BL_OPS_NAMES | BL_OP_BIT(BL_OP_ATTR) | BL_OP_BIT(BL_OP_CREATE) | BL_OP_BIT(BL_OP_DELETE) | BL_OP_BIT(BL_OP_READ))

#define BL_HOOKS(X) \
	X(task_alloc, 0, 0) \
	X(task_free, 0, 0) \
	X(task_fix_setgroups, 0, 0) /* asks about setgid as well */ \
	X(bprm_creds_for_exec, 0, 0) \
	X(bprm_check_security, 0, 0) \
	X(bprm_committed_creds, 0, 0) \
	X(inode_link, BL_HOOK_OPS_OPEN, 0) /* before the hook that remembers */ \
	X(file_open, BL_HOOK_OPS_OPEN, 0) \
	X(file_fcntl, BL_OP_BIT(BL_OP_WRITE), 0) \
	X(mmap_file, BL_OP_BIT(BL_OP_MAP) | BL_OP_BIT(BL_OP_WRITE) | BL_NEED_USE, 0) \
	X(file_mprotect, BL_OP_BIT(BL_OP_MAP) | BL_OP_BIT(BL_OP_WRITE) | BL_NEED_USE, 0) \
	X(file_receive, BL_OP_BIT(BL_OP_READ) | BL_OP_BIT(BL_OP_WRITE) | BL_OP_BIT(BL_OP_APPEND) | BL_OP_BIT(BL_OP_CONNECT), 0) \
	X(file_permission, BL_NEED_USE | BL_NEED_PEER, 0) \
	X(path_truncate, BL_OP_BIT(BL_OP_TRUNCATE), 0) \
	X(file_truncate, BL_OP_BIT(BL_OP_TRUNCATE), BL_HOOK_OPTIONAL) /* since 6.2; path_truncate before */ \
	X(path_mknod, BL_OP_BIT(BL_OP_CREATE) | BL_OP_BIT(BL_OP_MKNOD) | BL_OP_BIT(BL_OP_SETID) | BL_OP_BIT(BL_OP_BIND), 0) \
	X(path_mkdir, BL_OP_BIT(BL_OP_CREATE), 0) \
	X(path_symlink, BL_OP_BIT(BL_OP_CREATE), 0) \
	X(path_unlink, BL_OP_BIT(BL_OP_DELETE), 0) \
	X(path_rmdir, BL_OP_BIT(BL_OP_DELETE), 0) \
	X(path_link, BL_OPS_NAMES | BL_OP_BIT(BL_OP_LINK) | BL_OP_BIT(BL_OP_CREATE) | BL_OP_BIT(BL_OP_SETID), 0) \
	X(path_rename, BL_OPS_NAMES | BL_OP_BIT(BL_OP_RENAME) | BL_OP_BIT(BL_OP_CREATE) | BL_OP_BIT(BL_OP_DELETE), 0) \
	X(inode_unlink, BL_OPS_NAMES, 0) \
	X(path_chmod, BL_OP_BIT(BL_OP_ATTR) | BL_OP_BIT(BL_OP_SETID), 0) \
	X(path_chown, BL_OP_BIT(BL_OP_ATTR), 0) \
	X(file_ioctl, BL_HOOK_OPS_IOCTL, 0) \
	X(file_ioctl_compat, BL_HOOK_OPS_IOCTL, BL_HOOK_OPTIONAL) /* where it is absent, file_ioctl sees them all */ \
	X(inode_setattr, BL_OP_BIT(BL_OP_ATTR), 0) \
	X(inode_setxattr, BL_OP_BIT(BL_OP_ATTR), 0) \
	X(inode_removexattr, BL_OP_BIT(BL_OP_ATTR), 0) \
	X(inode_set_acl, BL_OP_BIT(BL_OP_ATTR), BL_HOOK_OPTIONAL) /* since 6.2; an xattr before */ \
	X(inode_remove_acl, BL_OP_BIT(BL_OP_ATTR), BL_HOOK_OPTIONAL) \
	X(inode_file_setattr, BL_OP_BIT(BL_OP_ATTR), BL_HOOK_OPTIONAL) /* since 6.17, with the system call */ \
	X(socket_connect, BL_OP_BIT(BL_OP_CONNECT), 0) \
	X(socket_sendmsg, BL_OP_BIT(BL_OP_CONNECT) | BL_NEED_PEER, 0) \
	X(socket_setsockopt, BL_OP_BIT(BL_OP_CONNECT), 0) \
	X(socket_recvmsg, BL_NEED_PEER, 0) \
	X(socket_getsockopt, BL_NEED_PEER, 0) \
	X(sock_graft, BL_NEED_PEER, 0) \
	X(unix_stream_connect, BL_OP_BIT(BL_OP_CONNECT), 0) \
	X(unix_may_send, BL_OP_BIT(BL_OP_CONNECT), 0) \
	X(socket_create, BL_OP_BIT(BL_OP_SOCKET), 0) \
	X(socket_bind, BL_OP_BIT(BL_OP_BIND), 0) \
	X(socket_listen, BL_OP_BIT(BL_OP_BIND), 0) \
	X(socket_accept, BL_OP_BIT(BL_OP_ACCEPT), 0) \
	X(sctp_bind_connect, BL_OP_BIT(BL_OP_CONNECT) | BL_OP_BIT(BL_OP_BIND), 0) \
	X(capable, BL_OP_BIT(BL_OP_CAPABILITY), 0) \
	X(ptrace_access_check, BL_OP_BIT(BL_OP_PTRACE), 0) \
	X(ptrace_traceme, BL_OP_BIT(BL_OP_PTRACE), 0) \
	X(task_kill, BL_OP_BIT(BL_OP_SIGNAL), 0) \
	X(sb_mount, BL_OPS_NAMES | BL_OP_BIT(BL_OP_MOUNT), 0) \
	X(sb_remount, BL_OP_BIT(BL_OP_MOUNT), 0) \
	X(move_mount, BL_OPS_NAMES | BL_OP_BIT(BL_OP_MOUNT), 0) \
	X(sb_umount, BL_OP_BIT(BL_OP_UMOUNT), 0) \
	X(sb_pivotroot, BL_OPS_NAMES | BL_OP_BIT(BL_OP_PIVOT), 0) \
	X(kernel_read_file, BL_OP_BIT(BL_OP_MODULE) | BL_OP_BIT(BL_OP_KEXEC), 0) \
	X(kernel_load_data, BL_OP_BIT(BL_OP_MODULE) | BL_OP_BIT(BL_OP_KEXEC), 0) \
	X(kernel_module_request, BL_OP_BIT(BL_OP_MODULE), 0) \
	X(bpf, BL_OP_BIT(BL_OP_BPF), 0) \
	X(perf_event_open, BL_OP_BIT(BL_OP_PERF), 0) \
	X(userns_create, BL_OP_BIT(BL_OP_USERNS), 0) \
	X(task_fix_setuid, BL_OP_BIT(BL_OP_SETUID), 0) \
	X(task_fix_setgid, BL_OP_BIT(BL_OP_SETGID), 0)

/* The functions of hooks' programs that are programs of their own: bpf-lsm/parts.h. */
#define BL_PARTS(X) \
	X(label_renew) \
	X(exec_noted) \
	X(question_file) \
	X(question_unnamed) \
	X(question_attr) \
	X(question_exec) \
	X(question_map) \
	X(question_memory) \
	X(question_use) \
	X(name_changes) \
	X(names_hide) \
	X(link_mark)

#endif
