/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hooks for what ioctl(2) does to files: their flags and other attributes, and what btrfs makes, deletes and reads without any other hook. */
#ifndef BL_HOOK_IOCTL_H
#define BL_HOOK_IOCTL_H

#include "hook.h"

static __always_inline bool sets_generation(__u32 cmd)
{
	return cmd == FS_IOC_SETVERSION || cmd == FS_IOC32_SETVERSION || cmd == EXT4_IOC_SETVERSION || cmd == EXT4_IOC32_SETVERSION;
}

/* What an ioctl sets that belongs to the file and not to what is in it. A file with verity, or an encrypted directory, is so for good. */
static __always_inline bool sets_attributes(__u32 cmd)
{
	return cmd == FS_IOC_SETFLAGS || cmd == FS_IOC32_SETFLAGS || cmd == FS_IOC_FSSETXATTR || cmd == FAT_IOCTL_SET_ATTRIBUTES ||
	       cmd == BTRFS_IOC_SUBVOL_SETFLAGS || cmd == FS_IOC_ENABLE_VERITY || cmd == FS_IOC_SET_ENCRYPTION_POLICY || sets_generation(cmd);
}

static __always_inline int attr_ioctl(struct file *file, __u32 cmd)
{
	struct notes *n;
	int r, other;

	if (!sets_attributes(cmd))
		return 0;
	r = question(BL_OP_BIT(BL_OP_ATTR), file->f_path.dentry, file->f_path.mnt);
	/* with another generation it would not be known as the file whose links are noted (linked.h) */
	if (sets_generation(cmd) && BPF_CORE_READ(file, f_inode, i_nlink) > 1) {
		other = names_hide(number_of(file->f_path.dentry), number_of(file->f_path.mnt), BL_OP_LINK, COPIES);
		return two_answers(r, other);
	}
	n = r == 0 ? notes_get() : NULL;
	if (n)
		n->flagging = (__u64)BPF_CORE_READ(file, f_inode);
	return r;
}

/* The operation of an ioctl of btrfs on files whose names are in the memory of the task, where they can change; 0: none that is asked about. */
static __always_inline __u32 btrfs_op(__u32 cmd)
{
	switch (cmd) {
	case BTRFS_IOC_SUBVOL_CREATE:
	case BTRFS_IOC_SUBVOL_CREATE_V2:
	case BTRFS_IOC_SNAP_CREATE:
	case BTRFS_IOC_SNAP_CREATE_V2:
		return BL_OP_CREATE;
	case BTRFS_IOC_SNAP_DESTROY:
	case BTRFS_IOC_SNAP_DESTROY_V2:
		return BL_OP_DELETE;
	case BTRFS_IOC_SEND:
	case BTRFS_IOC_SEND_32:
	case BTRFS_IOC_TREE_SEARCH:
	case BTRFS_IOC_TREE_SEARCH_V2:
		return BL_OP_READ;
	default:
		return 0;
	}
}

static __always_inline int btrfs_ioctl(struct file *file, __u32 cmd)
{
	__u64 d = number_of(file->f_path.dentry), m = number_of(file->f_path.mnt);
	__u32 op = btrfs_op(cmd);
	int r, other = 0;

	if (op == 0 || BPF_CORE_READ(file, f_inode, i_sb, s_magic) != BTRFS_SUPER_MAGIC)
		return 0;
	r = question_unnamed(d, m, op);
	if (cmd == BTRFS_IOC_SNAP_CREATE || cmd == BTRFS_IOC_SNAP_CREATE_V2)
		other = names_hide(d, m, BL_OP_LINK, COPIES);
	return two_answers(r, other);
}

static __always_inline int ioctl_question(struct file *file, __u32 cmd)
{
	int r = attr_ioctl(file, cmd);

	return r != 0 ? r : btrfs_ioctl(file, cmd);
}

SEC("lsm/file_ioctl")
int BPF_PROG(file_ioctl, struct file *file, unsigned int cmd, unsigned long arg, int ret)
{
	return ret != 0 ? ret : ioctl_question(file, cmd);
}

SEC("lsm/file_ioctl_compat")
int BPF_PROG(file_ioctl_compat, struct file *file, unsigned int cmd, unsigned long arg, int ret)
{
	return ret != 0 ? ret : ioctl_question(file, cmd);
}

#endif
