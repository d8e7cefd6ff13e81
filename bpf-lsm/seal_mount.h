/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mount of the BPF file system and those above it stay where they are, and nothing is mounted over what is held. Besides umount(2) a mount ends with
 * another one of the file system, if that is unmounted and passes it on, and with the directory that it stands on.
 */
#ifndef BL_SEAL_MOUNT_H
#define BL_SEAL_MOUNT_H

#include "seal_maps.h"

#define MOUNTS_ABOVE 1024u   /* of a mount */
#define MOUNTS_OF_PINS 4096u /* of the BPF file system, in all namespaces; whoever makes more of either unmounts nothing */

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct mount___share {
	struct list_head mnt_share;
	struct list_head mnt_slave_list; /* since 6.17 a hlist_head: what is read of it is the first word, NULL if it is empty */
};
#pragma clang attribute pop

/* Does what is mounted or unmounted on this mount happen on others, too? */
static __always_inline bool has_peers(__u64 mount)
{
	__u64 share = mount + bpf_core_field_offset(struct mount___share, mnt_share);
	__u64 slaves = mount + bpf_core_field_offset(struct mount___share, mnt_slave_list), first = 0, next = 0;

	bpf_probe_read_kernel(&next, 8, (void *)share);
	bpf_probe_read_kernel(&first, 8, (void *)slaves);
	return next != share || (first != 0 && first != slaves);
}

static __always_inline bool in_namespace(const struct bl_seal *s)
{
	struct task_struct *task = bpf_get_current_task_btf();

	return (__u64)BPF_CORE_READ(task, nsproxy, mnt_ns) == s->mnt_ns;
}

static __always_inline __u64 mount_at(const struct path *p)
{
	return (__u64)BPF_CORE_READ(p, mnt) - bpf_core_field_offset(struct mount, mnt);
}

struct above {
	__u64 mount; /* now looked at: is it */
	__u64 wanted; /* this one, or does it */
	__u64 place;  /* stand on this directory? */
	__u32 found;
	__u32 top; /* nothing is above it */
};

static long above_step(__u32 i, struct above *a)
{
	struct mount *m = (struct mount *)a->mount;
	__u64 parent = (__u64)BPF_CORE_READ(m, mnt_parent);

	(void)i;
	a->found = a->mount == a->wanted || (__u64)BPF_CORE_READ(m, mnt_mountpoint) == a->place;
	a->top = parent == a->mount;
	a->mount = parent;
	return a->found || a->top;
}

/* Is the mount `wanted` or below it, or does it or one above it stand on the directory `place`? */
static __noinline bool is_below(__u64 mount, __u64 wanted, __u64 place)
{
	struct above a = { .mount = mount, .wanted = wanted, .place = place };

	bpf_loop(MOUNTS_ABOVE, above_step, &a, 0);
	return a.found || !a.top;
}

/* ---- mounting and moving ---- */

/* Something comes to stand over the directory or file. In a mount namespace of one's own that harms nobody, unless it propagates. */
static __always_inline int covers(const struct path *to, int ret)
{
	struct bl_seal *s = sealed();

	if (ret != 0 || !s || !(dentry_flags(BPF_CORE_READ(to, dentry)) & ~BL_SEAL_CGROUP) || (!in_namespace(s) && !has_peers(mount_at(to))) || trusted())
		return ret;
	return refuse(BL_SEAL_MOUNT);
}

/* A place could go by itself, as /proc/PID does. What MS_MOVE moves has a name here and no mount: nobody moves anything. */
SEC("lsm/sb_mount")
int BPF_PROG(sb_mount, const char *dev, const struct path *path, const char *type, unsigned long flags, void *data, int ret)
{
	struct bl_seal *s = sealed();

	if (ret == 0 && s && (flags & MS_MOVE) && in_namespace(s))
		return refuse(BL_SEAL_MOUNT);
	return covers(path, ret);
}

SEC("lsm/move_mount")
int BPF_PROG(move_mount, const struct path *from, const struct path *to, int ret)
{
	struct bl_seal *s = sealed();

	if (ret != 0 || !s)
		return ret;
	if (is_below(s->mount, mount_at(from), 0))
		return refuse(BL_SEAL_MOUNT);
	return covers(to, ret);
}

/* It moves what was the root. */
SEC("lsm/sb_pivotroot")
int BPF_PROG(sb_pivotroot, const struct path *old, const struct path *new, int ret)
{
	struct bl_seal *s = sealed();

	return ret != 0 || !s || !in_namespace(s) ? ret : refuse(BL_SEAL_MOUNT);
}

/* ---- unmounting ---- */

/* The mounts of the BPF file system: a list, whose end is itself, or a chain. */
struct copies {
	__u64 mount; /* now looked at */
	__u64 end;
	__u64 own; /* the one that is held */
	__u64 goes;
	__u32 found;
	__u32 all; /* have been looked at */
};

static __always_inline bool copies_are_list(void)
{
	return bpf_core_field_exists(struct mount___list, mnt_instance);
}

static __always_inline __u64 copy_of(__u64 instance)
{
	return instance - bpf_core_field_offset(struct mount___list, mnt_instance);
}

/* A copy that goes takes the one that is held with it if what it stands on passes that on. */
static long copies_step(__u32 i, struct copies *c)
{
	__u64 now = c->mount;
	struct mount *m = (struct mount *)now;

	(void)i;
	c->all = now == c->end || now == 0;
	if (c->all)
		return 1;
	if (copies_are_list())
		c->mount = copy_of((__u64)BPF_CORE_READ((struct mount___list *)m, mnt_instance.next));
	else
		c->mount = (__u64)BPF_CORE_READ((struct mount___chain *)m, mnt_next_for_sb);
	c->found = (now == c->own || has_peers((__u64)BPF_CORE_READ(m, mnt_parent))) && is_below(now, c->goes, 0);
	return c->found;
}

static __noinline bool takes_pins(__u64 own, __u64 goes)
{
	struct copies c = { .own = own, .goes = goes };
	struct super_block *sb = BPF_CORE_READ((struct mount *)own, mnt.mnt_sb);

	if (copies_are_list()) {
		c.end = copy_of((__u64)sb + bpf_core_field_offset(struct super_block___list, s_mounts));
		c.mount = copy_of((__u64)BPF_CORE_READ((struct super_block___list *)sb, s_mounts.next));
	} else {
		c.mount = (__u64)BPF_CORE_READ((struct super_block___chain *)sb, s_mounts);
	}
	bpf_loop(MOUNTS_OF_PINS, copies_step, &c, 0);
	return c.found || !c.all;
}

/* For everybody: a machine that goes down does not need it, and nobody else may. */
SEC("lsm/sb_umount")
int BPF_PROG(sb_umount, struct vfsmount *mnt, int flags, int ret)
{
	struct bl_seal *s = sealed();

	if (ret != 0 || !s || !takes_pins(s->mount, (__u64)mnt - bpf_core_field_offset(struct mount, mnt)))
		return ret;
	return refuse(BL_SEAL_MOUNT);
}

/* A directory that is removed, in a namespace where nothing stands on it, takes with it what stands on it elsewhere. */
static __always_inline int place_goes(struct dentry *d)
{
	struct bl_seal *s = sealed();

	return s && is_below(s->mount, 0, (__u64)d) ? refuse(BL_SEAL_MOUNT) : 0;
}

SEC("lsm/sb_remount")
int BPF_PROG(sb_remount, struct super_block *sb, void *options, int ret)
{
	struct bl_seal *s = sealed();

	if (ret != 0 || !s || BPF_CORE_READ(sb, s_dev) != s->bpffs || trusted())
		return ret;
	return refuse(BL_SEAL_MOUNT);
}

#endif
