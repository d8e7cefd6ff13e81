/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hooks for attributes: mode and owner by path; times, xattr, ACL by the file's entry alone (entry.h). Flags: hook_ioctl.h. */
#ifndef BL_HOOK_ATTR_H
#define BL_HOOK_ATTR_H

#include "hook.h"

#define ATTR_BIT BL_OP_BIT(BL_OP_ATTR)

SEC("lsm/path_chmod")
int BPF_PROG(path_chmod, const struct path *path, umode_t mode, int ret)
{
	__u64 ops = ATTR_BIT;

	if (ret != 0)
		return ret;
	if ((mode & (S_ISUID | S_ISGID)) && (BPF_CORE_READ(path, dentry, d_inode, i_mode) & S_IFMT) != S_IFDIR)
		ops |= BL_OP_BIT(BL_OP_SETID);
	return question(ops, path->dentry, path->mnt);
}

SEC("lsm/path_chown")
int BPF_PROG(path_chown, const struct path *path, unsigned long uid, unsigned long gid, int ret)
{
	return ret != 0 ? ret : question(ATTR_BIT, path->dentry, path->mnt);
}

/* What a hook returns that knows the entry alone. */
static __always_inline int attr_question(struct dentry *d, bool flags)
{
	return answer(question_attr(number_of(d), flags));
}

/* The entry and the change are one argument further on since 6.9; the enforcer finds out. */
const volatile bool bl_setattr_idmap = false;

static __always_inline int times_question(struct dentry *d, struct iattr *attr, int ret)
{
	__u32 valid;

	if (ret != 0)
		return refusal(-ret);
	valid = BPF_CORE_READ(attr, ia_valid);
	/* times only: the rest was asked by path, or the kernel does it */
	if ((valid & (ATTR_MODE | ATTR_UID | ATTR_GID | ATTR_SIZE | ATTR_FORCE)) || !(valid & (ATTR_ATIME | ATTR_MTIME)))
		return 0;
	return attr_question(d, false);
}

SEC("lsm/inode_setattr")
int inode_setattr(unsigned long long *ctx)
{
	struct iattr *attr;
	struct dentry *d;
	int ret;

	if (bl_setattr_idmap) {
		d = CTX_ARG(ctx, 1);
		attr = CTX_ARG(ctx, 2);
		ret = (int)(__u64)CTX_ARG(ctx, 3);
	} else {
		d = CTX_ARG(ctx, 0);
		attr = CTX_ARG(ctx, 1);
		ret = (int)(__u64)CTX_ARG(ctx, 2);
	}
	return times_question(d, attr, ret);
}

SEC("lsm/inode_setxattr")
int BPF_PROG(inode_setxattr, void *idmap, struct dentry *dentry, const char *name, const void *value, unsigned long size, int flags, int ret)
{
	return ret != 0 ? ret : attr_question(dentry, false);
}

SEC("lsm/inode_removexattr")
int BPF_PROG(inode_removexattr, void *idmap, struct dentry *dentry, const char *name, int ret)
{
	return ret != 0 ? ret : attr_question(dentry, false);
}

SEC("lsm/inode_set_acl")
int BPF_PROG(inode_set_acl, void *idmap, struct dentry *dentry, const char *name, void *acl, int ret)
{
	return ret != 0 ? ret : attr_question(dentry, false);
}

SEC("lsm/inode_remove_acl")
int BPF_PROG(inode_remove_acl, void *idmap, struct dentry *dentry, const char *name, int ret)
{
	return ret != 0 ? ret : attr_question(dentry, false);
}

SEC("lsm/inode_file_setattr")
int BPF_PROG(inode_file_setattr, struct dentry *dentry, void *fa, int ret)
{
	return ret != 0 ? ret : attr_question(dentry, !called_by(NR_FILE_SETATTR));
}

#endif
