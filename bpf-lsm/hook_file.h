/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hooks for files: what each asks, about which name. */
#ifndef BL_HOOK_FILE_H
#define BL_HOOK_FILE_H

#include "hook.h"
#include "linked.h"
#include "remember.h"
#include "unix.h"

/* Reading, writing or both: what an open is for. `an open that creates asks only create`, which path_mknod did. */
static __always_inline __u64 open_ops(const struct file *f)
{
	__u32 mode = f->f_mode, flags = f->f_flags;
	__u64 ops = 0;

	if (mode & FMODE_CREATED)
		return 0;
	/* access mode 3 opens for ioctl only and takes both permissions (ACC_MODE in include/linux/fs.h) */
	if ((mode & FMODE_READ) || (flags & O_ACCMODE) == O_ACCMODE)
		ops |= BL_OP_BIT(BL_OP_READ);
	if ((mode & FMODE_WRITE) && (flags & O_APPEND))
		ops |= BL_OP_BIT(BL_OP_APPEND);
	else if ((mode & FMODE_WRITE) || (flags & O_ACCMODE) == O_ACCMODE)
		ops |= BL_OP_BIT(BL_OP_WRITE);
	if (flags & O_TRUNC)
		ops |= BL_OP_BIT(BL_OP_TRUNCATE);
	if ((flags & O_TMPFILE_BIT) && (BPF_CORE_READ(f, f_inode, i_mode) & (S_ISUID | S_ISGID)))
		ops |= BL_OP_BIT(BL_OP_SETID);
	return ops;
}

SEC("lsm/file_open")
int BPF_PROG(file_open, struct file *file, int ret)
{
	struct about a = { .task = bpf_get_current_task_btf() };
	bool holds;
	__u64 ops;

	if (ret != 0)
		return ret;
	holds = label_holds(&a);
	if (holds && label_is_free(a.l))
		return 0;
	ops = open_ops(file);
	if (file_is_backing_of(file, file->f_mode))
		return question(file->f_flags & FMODE_EXEC_FLAG ? BL_OP_BIT(BL_OP_EXEC) : ops, file_layer_entry(file), NULL);
	/* execve's opens are asked about as exec */
	if (ops == 0 || (file->f_flags & FMODE_EXEC_FLAG))
		return 0;
	return question_open(&a, holds, file, ops);
}

/* A descriptor that could only append is about to write anywhere. */
SEC("lsm/file_fcntl")
int BPF_PROG(file_fcntl, struct file *file, unsigned int cmd, unsigned long arg, int ret)
{
	if (ret != 0)
		return ret;
	if (cmd != F_SETFL || (arg & O_APPEND) || !(file->f_flags & O_APPEND) || !(file->f_mode & FMODE_WRITE))
		return 0;
	return question(BL_OP_BIT(BL_OP_WRITE), file->f_path.dentry, file->f_path.mnt);
}

SEC("lsm/path_truncate")
int BPF_PROG(path_truncate, const struct path *path, int ret)
{
	if (ret != 0)
		return ret;
	return question_content(BL_OP_BIT(BL_OP_TRUNCATE), path);
}

SEC("lsm/file_truncate")
int BPF_PROG(file_truncate, struct file *file, int ret)
{
	if (ret != 0)
		return ret;
	if (file_is_backing(file))
		return 0;
	return question_content(BL_OP_BIT(BL_OP_TRUNCATE), &file->f_path);
}

/* The operations of a set-id bit in the mode of a new or changed file. On a directory it gives nobody an id. */
static __always_inline __u64 setid_ops(__u32 mode, __u32 type)
{
	return type != S_IFDIR && (mode & (S_ISUID | S_ISGID)) ? BL_OP_BIT(BL_OP_SETID) : 0;
}

/* Creation is asked before it happens, by the directory's mount and the new entry; the leaf need not exist yet. */
SEC("lsm/path_mknod")
int BPF_PROG(path_mknod, const struct path *dir, struct dentry *dentry, umode_t mode, unsigned int dev, int ret)
{
	__u32 type = mode & S_IFMT;
	bool device = type == S_IFCHR || type == S_IFBLK;
	__u64 ops = BL_OP_BIT(device ? BL_OP_MKNOD : BL_OP_CREATE) | setid_ops(mode, type);
	int other = 0;

	if (ret != 0)
		return ret;
	ret = question(ops, dentry, dir->mnt);
	if (type == S_IFSOCK)
		other = unix_bind_path(number_of(dir->mnt), number_of(dentry));
	return two_answers(ret, other);
}

SEC("lsm/path_mkdir")
int BPF_PROG(path_mkdir, const struct path *dir, struct dentry *dentry, umode_t mode, int ret)
{
	return ret != 0 ? ret : question(BL_OP_BIT(BL_OP_CREATE), dentry, dir->mnt);
}

SEC("lsm/path_symlink")
int BPF_PROG(path_symlink, const struct path *dir, struct dentry *dentry, const char *old_name, int ret)
{
	return ret != 0 ? ret : question(BL_OP_BIT(BL_OP_CREATE), dentry, dir->mnt);
}

SEC("lsm/path_unlink")
int BPF_PROG(path_unlink, const struct path *dir, struct dentry *dentry, int ret)
{
	return ret != 0 ? ret : question(BL_OP_BIT(BL_OP_DELETE), dentry, dir->mnt);
}

SEC("lsm/path_rmdir")
int BPF_PROG(path_rmdir, const struct path *dir, struct dentry *dentry, int ret)
{
	return ret != 0 ? ret : question(BL_OP_BIT(BL_OP_DELETE), dentry, dir->mnt);
}

/* What a further name for a file is; O_TMPFILE made one without a name. Not inline: the stack of its caller is short. */
static __noinline __u64 link_ops(struct dentry *d)
{
	__u32 mode = BPF_CORE_READ(d, d_inode, i_mode);

	if (BPF_CORE_READ(d, d_inode, i_nlink) != 0)
		return BL_OP_BIT(BL_OP_CREATE);
	return BL_OP_BIT(BL_OP_CREATE) | setid_ops(mode, mode & S_IFMT);
}

SEC("lsm/path_link")
int BPF_PROG(path_link, struct dentry *old_dentry, const struct path *new_dir, struct dentry *new_dentry, int ret)
{
	int other;

	if (ret != 0)
		return ret;
	/* both names are on one mount, or it is EXDEV; both are always asked, so that a dry run reports what enforcing does */
	ret = question_file(number_of(old_dentry), number_of(new_dir->mnt), 0, BL_OP_BIT(BL_OP_LINK), 0);
	other = question_file(number_of(new_dentry), number_of(new_dir->mnt), number_of(old_dentry), link_ops(old_dentry), 0);
	ret = two_answers(ret, other);
	other = name_changes(number_of(old_dentry), number_of(new_dir->mnt), number_of(new_dentry), number_of(new_dir->mnt), BL_OP_LINK);
	ret = two_answers(ret, other);
	if (ret != 0)
		return ret;
	ret = link_mark(number_of(old_dentry), number_of(old_dentry), number_of(new_dir->mnt));
	return answer(ret);
}

SEC("lsm/inode_link")
int BPF_PROG(inode_link, struct dentry *old_dentry, struct inode *dir, struct dentry *new_dentry, int ret)
{
	struct inode *inode = old_dentry->d_inode;

	if (inode)
		forget_for_good(inode);
	return ret;
}

static __always_inline __u64 arg_dentry(const __u64 *ctx, int n)
{
	return number_of((const void *)ctx[n]);
}

static __always_inline __u64 arg_mount(const __u64 *ctx, int n)
{
	return number_of(((const struct path *)ctx[n])->mnt);
}

/*
 * (old_dir, old_dentry, new_dir, new_dentry, flags, ret): read when they are needed, as keeping them all from call to call takes more
 * of the stack than there is on 6.1.
 */
SEC("lsm/path_rename")
int path_rename(__u64 *ctx)
{
	int ret = (int)ctx[5], other;
	__u64 ops;

	if (ret != 0)
		return ret;
	ops = BL_OP_BIT(BL_OP_RENAME);
	if (ctx[4] & (RENAME_EXCHANGE | RENAME_WHITEOUT))
		ops |= BL_OP_BIT(BL_OP_CREATE);
	ret = question_file(arg_dentry(ctx, 1), arg_mount(ctx, 0), arg_dentry(ctx, 3), ops, 0);
	ops = BL_OP_BIT(BL_OP_CREATE);
	if (ctx[4] & RENAME_EXCHANGE)
		ops |= BL_OP_BIT(BL_OP_RENAME);
	else if (BPF_CORE_READ((struct dentry *)ctx[3], d_inode))
		ops |= BL_OP_BIT(BL_OP_DELETE);
	other = question_file(arg_dentry(ctx, 3), arg_mount(ctx, 2), arg_dentry(ctx, 1), ops, 0);
	ret = two_answers(ret, other);
	other = name_changes(arg_dentry(ctx, 1), arg_mount(ctx, 0), arg_dentry(ctx, 3), arg_mount(ctx, 2), BL_OP_RENAME);
	ret = two_answers(ret, other);
	other = link_mark(arg_dentry(ctx, 1), arg_dentry(ctx, 3), arg_mount(ctx, 2));
	ret = two_answers(ret, other);
	if (!(ctx[4] & RENAME_EXCHANGE))
		return ret;
	other = name_changes(arg_dentry(ctx, 3), arg_mount(ctx, 2), arg_dentry(ctx, 1), arg_mount(ctx, 0), BL_OP_RENAME);
	ret = two_answers(ret, other);
	other = link_mark(arg_dentry(ctx, 3), arg_dentry(ctx, 1), arg_mount(ctx, 0));
	return two_answers(ret, other);
}

static long unmark_place(__u32 i, struct bl_linked_key *k)
{
	k->n = i;
	return bpf_map_delete_elem(&linked, k) != 0;
}

/* A file's last name goes. */
SEC("lsm/inode_unlink")
int BPF_PROG(inode_unlink, struct inode *dir, struct dentry *dentry, int ret)
{
	struct inode *inode = BPF_CORE_READ(dentry, d_inode);
	struct bl_linked_key k;

	if (ret != 0 || !linked_are_any() || BPF_CORE_READ(inode, i_nlink) != 1)
		return ret;
	linked_key(&k, inode);
	bpf_loop(BL_LINKED_NAMES, unmark_place, &k, 0);
	return 0;
}

#endif
