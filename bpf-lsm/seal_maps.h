/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all programs of the seal share: its maps, who is trusted, and how something is refused. */
#ifndef BL_SEAL_MAPS_H
#define BL_SEAL_MAPS_H

#include "inode.h"
#include "seal_abi.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct bl_seal);
} seal SEC(".maps");

/* By BL_SEAL_*. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, BL_SEAL_WHAT_MAX);
	__type(key, __u32);
	__type(value, __u64);
} seal_refused SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, BL_SEAL_OBJECTS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct bl_seal_object);
	__type(value, __u32);
} seal_objects SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, BL_SEAL_INODES);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct bl_inode);
	__type(value, __u32);
} seal_inodes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 << 10);
} seal_log SEC(".maps");

/* Of each thread. */
#define TRUSTED 1u
#define WOULD_BE_TRUSTED 2u /* once the exec under way has succeeded */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u32);
} seal_trust SEC(".maps");

/* NULL: not sealed. */
static __always_inline struct bl_seal *sealed(void)
{
	__u32 zero = 0;
	struct bl_seal *s = bpf_map_lookup_elem(&seal, &zero);

	return s && s->on ? s : NULL;
}

static __always_inline bool task_trusted(struct task_struct *task)
{
	__u32 *trust = bpf_task_storage_get(&seal_trust, task, 0, 0);

	return trust && (*trust & TRUSTED);
}

static __always_inline bool trusted(void)
{
	return task_trusted(bpf_get_current_task_btf());
}

static __always_inline bool is_init(void)
{
	return bpf_get_current_pid_tgid() >> 32 == 1;
}

/* BL_SEAL_* of an inode, 0 if it is none of ours, or none. */
static __always_inline __u32 inode_flags(struct inode *i)
{
	struct bl_inode key;
	__u32 *flags;

	if (!i)
		return 0;
	key = inode_numbers(i);
	flags = bpf_map_lookup_elem(&seal_inodes, &key);
	return flags ? *flags : 0;
}

static __always_inline __u32 dentry_flags(struct dentry *d)
{
	return inode_flags(BPF_CORE_READ(d, d_inode));
}

/* Counts and reports the refusal. */
static __noinline int refuse(__u32 what)
{
	__u64 *n = bpf_map_lookup_elem(&seal_refused, &what);
	struct task_struct *task = bpf_get_current_task_btf();
	struct bl_seal_record *r;

	if (n)
		__sync_fetch_and_add(n, 1);
	r = bpf_ringbuf_reserve(&seal_log, sizeof(*r), 0);
	if (!r)
		return -EPERM;
	r->boot_ns = bpf_ktime_get_boot_ns();
	r->what = what;
	r->pid = bpf_get_current_pid_tgid() >> 32;
	r->tid = (__u32)bpf_get_current_pid_tgid();
	r->ppid = BPF_CORE_READ(task, real_parent, tgid);
	r->uid = BPF_CORE_READ(task, cred, uid.val);
	r->euid = BPF_CORE_READ(task, cred, euid.val);
	r->gid = BPF_CORE_READ(task, cred, gid.val);
	r->egid = BPF_CORE_READ(task, cred, egid.val);
	r->start_ns = BPF_CORE_READ(task, group_leader, start_boottime);
	bpf_get_current_comm(r->comm, sizeof(r->comm));
	bpf_ringbuf_submit(r, 0);
	return -EPERM;
}

#endif
