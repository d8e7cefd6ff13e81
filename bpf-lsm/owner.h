/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose a file is: the condition `owner`, as inode_owner_or_capable() in fs/inode.c compares. */
#ifndef BL_OWNER_H
#define BL_OWNER_H

#include "label.h"

extern const void nop_mnt_idmap __ksym __weak; /* since 6.2 */

/* UID_GID_MAP_MAX_BASE_EXTENTS in include/linux/user_namespace.h: more are kept elsewhere */
#define EXTENTS 5

/* The uid that a mount's map makes of a file's (map_id_down()). False: the map is longer than can be read here. */
static __noinline bool id_map(__u64 map, __u32 *uid)
{
	struct uid_gid_map *m = (void *)map;
	struct uid_gid_extent e[EXTENTS] = {};
	__u32 n = BPF_CORE_READ(m, nr_extents), id = *uid;

	if (n > EXTENTS || bpf_core_read(e, sizeof(e), &m->extent) != 0)
		return false;
	*uid = (__u32)-1;
	for (__u32 i = 0; i < EXTENTS; i++)
		if (i < n && id - e[i].first < e[i].count)
			*uid = e[i].lower_first + (id - e[i].first);
	return true;
}

/* Does the mount show other owners than the file system has? Returns its map then. */
static __always_inline __u64 mount_map(struct vfsmount *mnt, __u64 fs_ns)
{
	struct vfsmount___idmap *now = (void *)mnt;
	struct vfsmount___userns *old = (void *)mnt;
	struct user_namespace *ns;
	struct mnt_idmap *idmap;

	if (bpf_core_field_exists(struct vfsmount___idmap, mnt_idmap)) {
		idmap = BPF_CORE_READ(now, mnt_idmap);
		return (__u64)idmap == (__u64)&nop_mnt_idmap ? 0 : (__u64)idmap + bpf_core_field_offset(struct mnt_idmap, uid_map);
	}
	ns = BPF_CORE_READ(old, mnt_userns);
	if ((__u64)ns == (__u64)&init_user_ns || (__u64)ns == fs_ns)
		return 0;
	return (__u64)ns + bpf_core_field_offset(struct user_namespace, uid_map);
}

/*
 * 1: fsuid owns the inode (0: a new one, which it will own); 0: it does not; -1: it cannot be told. mount 0: none is known. A global
 * function, as name_walk() is.
 */
__noinline int owner_is(__u64 ino, __u64 mount)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct inode *inode = (struct inode *)ino;
	struct user_namespace *ns;
	__u32 fsuid = task_cred(task)->fsuid.val, uid;
	__u64 map;

	if (!inode)
		return 1;
	uid = BPF_CORE_READ(inode, i_uid.val);
	ns = BPF_CORE_READ(inode, i_sb, s_user_ns);
	map = mount != 0 ? mount_map((struct vfsmount *)mount, (__u64)ns) : 0;
	if (map != 0 && ((__u64)ns != (__u64)&init_user_ns || !id_map(map, &uid)))
		return -1;
	return uid == fsuid;
}

#endif
