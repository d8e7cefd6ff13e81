/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What: names of objects. A name is written from the leaf to the root, so it stands at the end of the buffer, and it
 * ignores chroot: the walk ends at the top of the mount namespace that the object's mount belongs to.
 */
#ifndef BL_NAME_H
#define BL_NAME_H

#include "maps.h"
#include <bpf/bpf_core_read.h>

/* A pointer as a number, which is what a global function takes. Not inline: the stack of the caller is short. */
static __noinline __u64 number_of(const void *p)
{
	__u64 n = 0;

	bpf_probe_read_kernel(&n, sizeof(n), &p);
	return n;
}

/* The same by way of a map's value that nobody else writes to: without a call. */
static __always_inline __u64 number_in(__u64 *room, const void *p)
{
	*(const void *volatile *)room = p;
	return *(volatile __u64 *)room;
}

extern const void rename_lock __ksym;
extern const void mount_lock __ksym;
extern const void init_nsproxy __ksym;

extern void *bpf_rdonly_cast(void *obj, __u32 btf_id) __ksym __weak; /* since 6.2 */

#define CASTS bpf_core_type_exists(struct mnt_idmap) /* since 6.2, too */

/* What is at an address, to be read by plain loads. */
#define CAST(address, type) ((type *)bpf_rdonly_cast((void *)(address), bpf_core_type_id_kernel(type)))

#define READ(address, type, member) \
	({ \
		const type *read_ = (const type *)(address); \
		CASTS ? CAST(read_, type)->member : BPF_CORE_READ(read_, member); \
	})

/* A count of the kernel's, by a plain load where it lets us. */
static __always_inline __u32 seq_read(const void *lock)
{
	__u64 failed;
	__u32 seq;

	if (CASTS)
		return CAST(lock, struct seqcount)->sequence;
	failed = bpf_probe_read_kernel(&seq, sizeof(seq), lock);
	/* Odd: a lock that cannot be read (the kernel puts 0 there then) is never at rest. Without a branch, which the verifier would follow. */
	return seq | (__u32)(failed >> 63);
}

/* The initial mount namespace, which is the same as long as the machine runs. */
static __always_inline __u64 initial_mounts(void)
{
	const struct nsproxy *init = (const void *)&init_nsproxy;

	if (global.initial_mounts == 0)
		global.initial_mounts = (__u64)BPF_CORE_READ(init, mnt_ns);
	return global.initial_mounts;
}

enum name_result {
	NAME_OK = 0,
	NAME_NAMELESS = -1, /* pipe, memfd, anonymous inode, ...: no name is not a failure */
	NAME_KERNEL = -2,   /* on a mount that only the kernel uses: a layer of overlayfs */
	/* anything positive is an enum bl_reason */
};

/* Components and mounts are walked one a step; 4096 bytes of name hold at most 2048 components. */
#define NAME_STEPS 2304
#define NAME_TRIES 256 /* every rename anywhere disturbs a walk */
#define NAME_WAITS (1u << 18) /* looks at the counts for one name: milliseconds, when somebody who renames or mounts is interrupted */

/* The walk is in the scratch (struct walk), what a loop is told on the stack. */
struct walker {
	struct scratch *s;
};

static __always_inline __u64 mount_of(const struct vfsmount *m)
{
	return (__u64)m - bpf_core_field_offset(struct mount, mnt);
}

static __always_inline __u64 vfsmount_of(__u64 mount)
{
	return mount + bpf_core_field_offset(struct mount, mnt);
}

/*
 * Does the file system take other spellings for a name in this directory, too? All that compare names themselves may; those that
 * fold case by directory say in which (generic_ci_d_compare() in fs/libfs.c); that of procfs is for its own use.
 */
static __always_inline bool dir_takes_others(struct dentry *dir)
{
	struct super_block *sb = BPF_CORE_READ(dir, d_sb);
	struct super_block___unicode *u = (void *)sb;

	if (bpf_core_field_exists(struct super_block___unicode, s_encoding) && BPF_CORE_READ(u, s_encoding))
		return BPF_CORE_READ(dir, d_inode, i_flags) & S_CASEFOLD;
	return BPF_CORE_READ(sb, s_magic) != PROC_SUPER_MAGIC;
}

/*
 * Without plain loads the beginning of a struct, which has all that a walk looks at, is read at once, and not field by field. What cannot be read is 0
 * either way, and a walk that comes to 0 ends nowhere.
 */
#define BEGINNING(address, field, type, member) \
	(CASTS ? CAST(address, type)->member : \
		 *(const typeof(((type *)0)->member) *)((const char *)(field) + bpf_core_field_offset(type, member)))
#define OF_ENTRY(w, member) BEGINNING((w)->dentry, (w)->entry, struct dentry, member)
#define OF_MOUNT(w, member) BEGINNING((w)->mount, (w)->head, struct mount, member)

static __always_inline void walk_enter(struct walk *w, __u64 d)
{
	w->dentry = d;
	if (!CASTS)
		bpf_probe_read_kernel(w->entry, sizeof(w->entry), (const void *)d);
}

static __always_inline void walk_enter_mount(struct walk *w, __u64 m)
{
	w->mount = m;
	if (!CASTS)
		bpf_probe_read_kernel(w->head, sizeof(w->head), (const void *)m);
}

/* Puts the name of the entry at hand and the slash before it in front of what is there. */
static __always_inline int walk_component(struct scratch *s)
{
	struct walk *w = &s->walk;
	__u32 len = OF_ENTRY(w, d_name.len);
	const unsigned char *name = OF_ENTRY(w, d_name.name);
	__u64 at;

	if (len > 255)
		return BL_R_UNREADABLE;
	if (w->at <= len + 1) /* 4095 bytes are the most, as PATH_MAX counts the NUL */
		return BL_R_TOO_LONG;
	at = w->at - len;
	asm volatile("%0 &= 4095" : "+r"(at));
	/* up to 255 bytes from at stay inside the value: the caller's buffer has BL_CHUNK and more behind it, and at + len <= 4096 */
	if (bpf_probe_read_kernel(s->name.buf + at, len & 255, name) != 0)
		return BL_R_UNREADABLE;
	at--;
	asm volatile("%0 &= 4095" : "+r"(at));
	s->name.buf[at] = '/';
	w->at = at;
	return 0;
}

/* Goes on from the root of a mount to where it is mounted. False: that is the top. */
static __always_inline bool walk_up_mount(struct walk *w)
{
	__u64 parent = (__u64)OF_MOUNT(w, mnt_parent);

	if (parent == w->mount)
		return false;
	walk_enter(w, (__u64)OF_MOUNT(w, mnt_mountpoint));
	walk_enter_mount(w, parent);
	return true;
}

static long walk_step(__u32 i, struct walker *c)
{
	struct walk *w = &c->s->walk;
	__u64 up;
	int bad;

	(void)i;
	if (w->dentry == (__u64)OF_MOUNT(w, mnt.mnt_root)) {
		if (walk_up_mount(w))
			return 0;
		w->result = NAME_OK;
		return 1;
	}
	up = (__u64)OF_ENTRY(w, d_parent);
	if (up == w->dentry) {
		w->result = BL_R_DISCONNECTED;
		return 1;
	}
	bad = walk_component(c->s);
	if (bad) {
		w->result = bad;
		return 1;
	}
	walk_enter(w, up);
	if ((OF_ENTRY(w, d_flags) & DCACHE_OP_COMPARE) && dir_takes_others((struct dentry *)up))
		w->alike = w->at;
	return 0;
}

static __always_inline bool mount_is_internal(__u64 mount)
{
	return (long)READ(mount, struct mount, mnt_ns) == MNT_NS_INTERNAL;
}

/* Is the top of the walk a place that names can be relative to? */
static __always_inline int walk_top(__u64 mount)
{
	struct mnt_namespace *ns = READ(mount, struct mount, mnt_ns);

	if (ns == NULL)
		return BL_R_DETACHED;
	if ((__u64)ns == initial_mounts())
		return NAME_OK;
	if (bpf_core_field_exists(struct mnt_namespace___flag, is_anon)) {
		struct mnt_namespace___flag *f = (void *)ns;
		bool anon = false;

		if (bpf_core_read(&anon, sizeof(anon), &f->is_anon) != 0 || anon)
			return BL_R_DETACHED;
	} else if (BPF_CORE_READ(ns, seq) == 0) {
		return BL_R_DETACHED;
	}
	return NAME_OK;
}

static long walk_try(__u32 i, struct walker *c)
{
	__u32 renames = seq_read(&rename_lock), mounts = seq_read(&mount_lock);
	struct walk *w = &c->s->walk;

	(void)i;
	w->result = BL_R_UNSETTLED;
	if ((renames | mounts) & 1)
		return 0; /* somebody is at it, and the kernel's own walks wait, too (path_init() in fs/namei.c) */
	if (w->tries++ >= NAME_TRIES)
		return 1;
	walk_enter_mount(w, mount_of((struct vfsmount *)w->from_mnt));
	walk_enter(w, w->from_dentry);
	w->alone = (__u64)OF_ENTRY(w, d_parent) == w->dentry;
	w->at = BL_PATH_MAX;
	w->alike = 0;
	w->result = BL_R_TOO_DEEP;
	bpf_loop(NAME_STEPS, walk_step, c, 0);
	if (w->result == NAME_OK)
		w->result = walk_top(w->mount);
	if (seq_read(&rename_lock) == renames && seq_read(&mount_lock) == mounts)
		return 1;
	w->result = BL_R_UNSETTLED;
	return 0;
}

/*
 * Writes the name of (dentry, mnt) to the end of n. The kernel counts renames and mounts in two sequence counts, odd while it is at it; a walk
 * begins when both are even, and one during which either moved is done again. After NAME_TRIES walks or NAME_WAITS looks it is given up with a
 * reason: no verdict on a name that never was.
 * Returns enum name_result or enum bl_reason; *ret_from is where the name begins, on NAME_OK only. A global function: the kernel
 * verifies it once for a program, however often that calls it, and wants to see that no argument is NULL.
 */
__noinline int name_walk(struct scratch *s, __u64 dentry, __u64 mnt, __u32 *ret_from)
{
	struct walker c = { .s = s };

	if (!s || !ret_from)
		return BL_R_NO_SCRATCH;
	/* before the walk: overlayfs copies up in its work directory, which is not below its mount of the upper one */
	if (mount_is_internal(mount_of((struct vfsmount *)mnt)))
		return NAME_KERNEL;
	s->walk.from_dentry = dentry;
	s->walk.from_mnt = mnt;
	s->walk.tries = 0;
	s->walk.alike = 0;
	bpf_loop(NAME_WAITS, walk_try, &c, 0);
	if (s->walk.result == NAME_OK && s->walk.at == BL_PATH_MAX) {
		s->walk.at--; /* the root itself */
		s->name.buf[BL_PATH_MAX - 1] = '/';
	}
	*ret_from = s->walk.at;
	return s->walk.result;
}

/* The name of an open or opened file. d and m are numbers to the verifier. */
static __always_inline int name_of_path(struct scratch *s, struct dentry *d, struct vfsmount *m, __u32 *ret_from)
{
	int r = name_walk(s, (__u64)d, (__u64)m, ret_from);

	/* a file system that nobody can mount has no directories: each of its entries is its own parent */
	if (r == NAME_OK && !s->walk.alone)
		return r;
	if (BPF_CORE_READ(d, d_sb, s_flags) & SB_NOUSER)
		return NAME_NAMELESS;
	/* mq_open's own mount, up to 6.12 in no namespace, was never anywhere */
	if (r == BL_R_DETACHED && BPF_CORE_READ(d, d_sb, s_magic) == MQUEUE_MAGIC)
		return NAME_NAMELESS;
	/* memory of huge pages without a file of the user's: a tree of its own each, which a file system's files are not */
	if (r != NAME_OK && BPF_CORE_READ(d, d_parent) == d && BPF_CORE_READ(d, d_sb, s_root) != d &&
	    BPF_CORE_READ(d, d_sb, s_magic) == HUGETLBFS_MAGIC)
		return NAME_NAMELESS;
	return r;
}

static __always_inline bool file_is_socket(const struct file *f)
{
	return (BPF_CORE_READ(f, f_inode, i_mode) & S_IFMT) == S_IFSOCK;
}

/* Did the kernel open this for itself, below overlayfs, on behalf of a task whose own open was already judged? */
static __always_inline bool file_is_backing_of(const struct file *f, __u32 mode)
{
	/* the bit alone says little; pipes and memory are on the kernel's own mounts, too */
	if (bpf_core_type_exists(struct backing_file))
		return (mode & FMODE_BACKING) && mount_is_internal(mount_of(BPF_CORE_READ(f, f_path.mnt))) &&
		       !(BPF_CORE_READ(f, f_path.dentry, d_sb, s_flags) & SB_NOUSER);
	return mode & FMODE_NOACCOUNT;
}

static __always_inline bool file_is_backing(const struct file *f)
{
	return file_is_backing_of(f, BPF_CORE_READ(f, f_mode));
}

/* The entry, in its layer, of a file that was opened so. Where f_path is the user's, the inode has to tell. */
static __always_inline struct dentry *file_layer_entry(const struct file *f)
{
	struct hlist_node *alias;

	if (bpf_core_type_exists(struct backing_file))
		return f->f_path.dentry;
	alias = BPF_CORE_READ(f, f_inode, i_dentry.first);
	return alias ? (struct dentry *)((__u64)alias - bpf_core_field_offset(struct dentry___alias, d_u)) : NULL;
}

/* The path by which the user reached a mapped file: overlayfs maps the file of a layer in its stead (backing_file_user_path()). */
static __always_inline void file_user_path(struct file *f, struct dentry **ret_d, struct vfsmount **ret_m)
{
	struct backing_file *b = (void *)f;

	if (bpf_core_type_exists(struct backing_file) && file_is_backing(f)) {
		*ret_d = BPF_CORE_READ(b, user_path.dentry);
		*ret_m = BPF_CORE_READ(b, user_path.mnt);
		return;
	}
	*ret_d = BPF_CORE_READ(f, f_path.dentry);
	*ret_m = BPF_CORE_READ(f, f_path.mnt);
}

#endif
