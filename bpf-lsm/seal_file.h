/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pins, files and directories of the enforcer, by their inodes: whatever name, mount or namespace they are reached by. */
#ifndef BL_SEAL_FILE_H
#define BL_SEAL_FILE_H

#include "seal_mount.h"

#define DEBUGFS_MAGIC 0x64626720       /* include/uapi/linux/magic.h */
#define TRACEFS_MAGIC 0x74726163
#define CGROUP2_SUPER_MAGIC 0x63677270

/* Since 6.9 the entry is one argument further on; the enforcer finds out. */
const volatile bool seal_setattr_idmap = false;

/* Nobody changes pins; that the enforcer itself tries it now and then, to see that, is not told of. */
static __always_inline int refuse_pin(void)
{
	return trusted() ? -EPERM : refuse(BL_SEAL_PIN);
}

/* What is in the directory changes: 0, or what is refused. */
static __always_inline int entries_change(__u32 dir)
{
	if (dir & BL_SEAL_PINS)
		return refuse_pin();
	return (dir & BL_SEAL_ENTRIES) && !trusted() ? refuse(BL_SEAL_FILE) : 0;
}

/* What the entry stands for goes from its place. */
static __always_inline int object_goes(struct dentry *d)
{
	__u32 flags = dentry_flags(d) & ~BL_SEAL_CGROUP;

	if (flags & BL_SEAL_PINS)
		return refuse_pin();
	return flags && !trusted() ? refuse(BL_SEAL_FILE) : 0;
}

static __always_inline int entry_made(struct inode *dir, int ret)
{
	return ret != 0 || !sealed() ? ret : entries_change(inode_flags(dir));
}

static __always_inline int entry_goes(struct inode *dir, struct dentry *d, int ret)
{
	if (ret != 0 || !sealed())
		return ret;
	ret = entries_change(inode_flags(dir));
	return ret != 0 ? ret : object_goes(d);
}

SEC("lsm/inode_create")
int BPF_PROG(inode_create, struct inode *dir, struct dentry *dentry, umode_t mode, int ret)
{
	return entry_made(dir, ret);
}

/* Pins are made by this hook alone. */
SEC("lsm/path_mknod")
int BPF_PROG(path_mknod, const struct path *dir, struct dentry *dentry, umode_t mode, unsigned int dev, int ret)
{
	return entry_made(BPF_CORE_READ(dir, dentry, d_inode), ret);
}

SEC("lsm/inode_mknod")
int BPF_PROG(inode_mknod, struct inode *dir, struct dentry *dentry, umode_t mode, unsigned int dev, int ret)
{
	return entry_made(dir, ret);
}

SEC("lsm/inode_mkdir")
int BPF_PROG(inode_mkdir, struct inode *dir, struct dentry *dentry, umode_t mode, int ret)
{
	return entry_made(dir, ret);
}

SEC("lsm/inode_symlink")
int BPF_PROG(inode_symlink, struct inode *dir, struct dentry *dentry, const char *to, int ret)
{
	return entry_made(dir, ret);
}

SEC("lsm/inode_link")
int BPF_PROG(inode_link, struct dentry *old, struct inode *dir, struct dentry *new, int ret)
{
	return entry_made(dir, ret);
}

SEC("lsm/inode_unlink")
int BPF_PROG(inode_unlink, struct inode *dir, struct dentry *dentry, int ret)
{
	return entry_goes(dir, dentry, ret);
}

SEC("lsm/inode_rmdir")
int BPF_PROG(inode_rmdir, struct inode *dir, struct dentry *dentry, int ret)
{
	ret = entry_goes(dir, dentry, ret);
	return ret != 0 ? ret : place_goes(dentry);
}

/* What stands at the new name goes as well, and with RENAME_EXCHANGE both move. */
SEC("lsm/inode_rename")
int BPF_PROG(inode_rename, struct inode *old_dir, struct dentry *old, struct inode *new_dir, struct dentry *new, int ret)
{
	ret = entry_goes(old_dir, old, ret);
	if (ret == 0)
		ret = entry_goes(new_dir, new, ret);
	return ret != 0 ? ret : place_goes(new);
}

static __always_inline int attr_change(struct dentry *d, int ret)
{
	__u32 flags;

	if (ret != 0 || !sealed())
		return ret;
	flags = dentry_flags(d) & (BL_SEAL_ENTRIES | BL_SEAL_CONTENT | BL_SEAL_PINS);
	if (!flags || trusted())
		return 0;
	return refuse(flags & BL_SEAL_PINS ? BL_SEAL_PIN : BL_SEAL_FILE);
}

SEC("lsm/inode_setattr")
int inode_setattr(__u64 *ctx)
{
	struct dentry *d;
	int ret;

	if (seal_setattr_idmap) {
		d = CTX_ARG(ctx, 1);
		ret = (int)(__u64)CTX_ARG(ctx, 3);
	} else {
		d = CTX_ARG(ctx, 0);
		ret = (int)(__u64)CTX_ARG(ctx, 2);
	}
	return attr_change(d, ret);
}

SEC("lsm/inode_setxattr")
int BPF_PROG(inode_setxattr, void *idmap, struct dentry *dentry, const char *name, const void *value, unsigned long size, int flags, int ret)
{
	return attr_change(dentry, ret);
}

SEC("lsm/inode_removexattr")
int BPF_PROG(inode_removexattr, void *idmap, struct dentry *dentry, const char *name, int ret)
{
	return attr_change(dentry, ret);
}

SEC("lsm/inode_set_acl")
int BPF_PROG(inode_set_acl, void *idmap, struct dentry *dentry, const char *name, void *acl, int ret)
{
	return attr_change(dentry, ret);
}

SEC("lsm/inode_remove_acl")
int BPF_PROG(inode_remove_acl, void *idmap, struct dentry *dentry, const char *name, int ret)
{
	return attr_change(dentry, ret);
}

/* Since 6.17, with the system call. */
SEC("lsm/inode_file_setattr")
int BPF_PROG(inode_file_setattr, struct dentry *dentry, void *attr, int ret)
{
	return attr_change(dentry, ret);
}

/*
 * A descriptor for reading is enough for ioctls that change a file: EXT4_IOC_SWAP_BOOT exchanges its content, FS_IOC_SETFLAGS makes it immutable. Only what
 * asks something passes.
 */
static __always_inline bool ioctl_asks(unsigned int cmd)
{
	switch (cmd) {
	case 0x5401:     /* TCGETS: isatty(3) */
	case 0x541b:     /* FIONREAD */
	case 0x80086601: /* FS_IOC_GETFLAGS, and its 32-bit form */
	case 0x80046601:
	case 0x80087601: /* FS_IOC_GETVERSION */
	case 0x801c581f: /* FS_IOC_FSGETXATTR */
	case 0xc020660b: /* FS_IOC_FIEMAP */
		return true;
	}
	return false;
}

static __always_inline int ioctl_changes(struct file *file, unsigned int cmd, int ret)
{
	if (ret != 0 || !sealed() || !(inode_flags(file->f_inode) & (BL_SEAL_CONTENT | BL_SEAL_MAPPED | BL_SEAL_ENTRIES | BL_SEAL_PINS)) ||
	    ioctl_asks(cmd) || trusted())
		return ret;
	return refuse(BL_SEAL_FILE);
}

SEC("lsm/file_ioctl")
int BPF_PROG(file_ioctl, struct file *file, unsigned int cmd, unsigned long arg, int ret)
{
	return ioctl_changes(file, cmd, ret);
}

SEC("lsm/file_ioctl_compat")
int BPF_PROG(file_ioctl_compat, struct file *file, unsigned int cmd, unsigned long arg, int ret)
{
	return ioctl_changes(file, cmd, ret);
}

/* ---- opens for writing ---- */

struct name16 {
	char s[16]; /* the first 15 bytes */
};

static __always_inline bool name_is(const struct name16 *n, const char *what, __u32 len)
{
	for (__u32 i = 0; i < len; i++)
		if (n->s[i] != what[i])
			return false;
	return n->s[len] == '\0';
}
#define NAME_IS(n, what) name_is(n, what, sizeof(what) - 1)

/*
 * Switches of the kernel: kernel.ftrace_enabled takes every BPF trampoline out of the code (6.1 to 7.2, measured); sysrq kills; debugfs has
 * error injection; uprobe_events writes breakpoints and counters into the daemon. PROC_SUPER_MAGIC and others: whatever instance it is.
 */
static __always_inline bool is_switch(unsigned long magic, const struct name16 *n)
{
	if (magic == DEBUGFS_MAGIC)
		return true;
	if (magic == PROC_SUPER_MAGIC)
		return NAME_IS(n, "ftrace_enabled") || NAME_IS(n, "sysrq-trigger");
	return magic == TRACEFS_MAGIC && (NAME_IS(n, "uprobe_events") || NAME_IS(n, "dynamic_events"));
}

static __always_inline bool is_cgroup_switch(const struct name16 *n)
{
	return NAME_IS(n, "cgroup.kill") || NAME_IS(n, "cgroup.freeze") || NAME_IS(n, "memory.max") || NAME_IS(n, "memory.high") ||
	       NAME_IS(n, "memory.swap.max") || NAME_IS(n, "pids.max");
}

SEC("lsm/file_open")
int BPF_PROG(file_open, struct file *file, int ret)
{
	struct name16 name = {};
	unsigned long magic;
	struct dentry *d;

	if (ret != 0 || !(file->f_mode & FMODE_WRITE))
		return ret;
	if (!sealed() || trusted())
		return 0;
	if (inode_flags(file->f_inode) & (BL_SEAL_CONTENT | BL_SEAL_MAPPED))
		return refuse(BL_SEAL_FILE);
	magic = BPF_CORE_READ(file, f_inode, i_sb, s_magic);
	if (magic != DEBUGFS_MAGIC && magic != PROC_SUPER_MAGIC && magic != TRACEFS_MAGIC && magic != CGROUP2_SUPER_MAGIC)
		return 0;
	d = BPF_CORE_READ(file, f_path.dentry);
	bpf_probe_read_kernel_str(name.s, sizeof(name.s), BPF_CORE_READ(d, d_name.name));
	if (is_switch(magic, &name))
		return refuse(BL_SEAL_SWITCH);
	if (magic == CGROUP2_SUPER_MAGIC && !is_init() && is_cgroup_switch(&name) && (dentry_flags(BPF_CORE_READ(d, d_parent)) & BL_SEAL_CGROUP))
		return refuse(BL_SEAL_SWITCH);
	return 0;
}

/* ---- for the enforcer: what its descriptors are, in the kernel's numbers ---- */

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct inode___writers {
	struct {
		int counter;
	} i_writecount;
};
#pragma clang attribute pop

SEC("iter/task_file")
int seal_files(struct bpf_iter__task_file *ctx)
{
	struct bl_seal_file out = {};
	struct file *f = ctx->file;
	struct task_struct *task = ctx->task;
	struct task_struct___seal *t = (void *)task;
	struct inode___writers *i;

	if (!task || !f)
		return 0;
	i = (void *)BPF_CORE_READ(f, f_inode);
	out.fd = ctx->fd;
	out.inode = inode_numbers((struct inode *)i);
	out.writers = BPF_CORE_READ(i, i_writecount.counter);
	out.mount = (__u64)BPF_CORE_READ(f, f_path.mnt) - bpf_core_field_offset(struct mount, mnt);
	out.mnt_ns = (__u64)BPF_CORE_READ(task, nsproxy, mnt_ns);
	out.root_mnt = (__u64)BPF_CORE_READ(t, fs, root.mnt);
	out.root_dentry = (__u64)BPF_CORE_READ(t, fs, root.dentry);
	bpf_seq_write(ctx->meta->seq, &out, sizeof(out));
	return 0;
}

#endif
