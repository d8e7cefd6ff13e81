/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mount of the BPF file system and those above it stay, and nothing is mounted over what is held. */
#ifndef BL_SEAL_MOUNT_H
#define BL_SEAL_MOUNT_H

#include "seal_maps.h"

#define MOUNTS_ABOVE 16u

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

/* Something comes to stand over the directory or file. In a mount namespace of one's own that harms nobody, unless it propagates. */
static __always_inline int covers(const struct path *to, int ret)
{
	struct bl_seal *s = sealed();

	if (ret != 0 || !s || !(dentry_flags(BPF_CORE_READ(to, dentry)) & ~BL_SEAL_CGROUP) || (!in_namespace(s) && !has_peers(mount_at(to))) || trusted())
		return ret;
	return refuse(BL_SEAL_MOUNT);
}

SEC("lsm/sb_mount")
int BPF_PROG(sb_mount, const char *dev, const struct path *path, const char *type, unsigned long flags, void *data, int ret)
{
	return covers(path, ret);
}

SEC("lsm/move_mount")
int BPF_PROG(move_mount, const struct path *from, const struct path *to, int ret)
{
	struct bl_seal *s = sealed();

	if (ret != 0 || !s)
		return ret;
	if (mount_at(from) == s->mount)
		return refuse(BL_SEAL_MOUNT);
	return covers(to, ret);
}

struct above {
	__u64 mount;     /* now looked at */
	__u64 candidate; /* what is to be unmounted, */
	__u64 root;      /* its root, */
	__u64 peers;     /* and whether that happens elsewhere, too */
	__u64 found;
};

static long above_step(__u32 i, struct above *a)
{
	struct mount *m = (struct mount *)a->mount;
	__u64 parent = (__u64)BPF_CORE_READ(m, mnt_parent);

	(void)i;
	if (a->mount == a->candidate || (a->peers && (__u64)BPF_CORE_READ(m, mnt.mnt_root) == a->root)) {
		a->found = 1;
		return 1;
	}
	if (parent == a->mount)
		return 1;
	a->mount = parent;
	return 0;
}

/* For everybody: a machine that goes down does not need it, and nobody else may. */
SEC("lsm/sb_umount")
int BPF_PROG(sb_umount, struct vfsmount *mnt, int flags, int ret)
{
	struct bl_seal *s = sealed();
	struct above a = {};
	struct mount *m;

	if (ret != 0 || !s)
		return ret;
	a.mount = s->mount;
	a.candidate = (__u64)mnt - bpf_core_field_offset(struct mount, mnt);
	a.root = (__u64)BPF_CORE_READ(mnt, mnt_root);
	m = (struct mount *)a.candidate;
	a.peers = has_peers((__u64)BPF_CORE_READ(m, mnt_parent));
	bpf_loop(MOUNTS_ABOVE, above_step, &a, 0);
	return a.found ? refuse(BL_SEAL_MOUNT) : 0;
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
