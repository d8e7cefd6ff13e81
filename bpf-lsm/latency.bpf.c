// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Times a hook's program from outside, at its beginning and its end: a program that nobody times is not changed and pays nothing. Loaded once for each
 * hook (bl_hook); the maps are shared.
 */
#include "kernel.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "latency_abi.h"

const volatile __u32 bl_hook = 0;

/* When the running task entered each hook, 0: it did not. Of the task, as another one can run on the processor before the hook ends. */
struct begun {
	__u64 at[BL_LATENCY_HOOKS];
};
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct begun);
} begun SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, BL_LATENCY_HOOKS);
	__type(key, __u32);
	__type(value, struct bl_latency);
} times SEC(".maps");

/* A call that cannot be noted, for want of memory, is not timed. */
SEC("fentry")
int BPF_PROG(hook_begins)
{
	struct begun *b = bpf_task_storage_get(&begun, bpf_get_current_task_btf(), NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (b && bl_hook < BL_LATENCY_HOOKS)
		b->at[bl_hook] = bpf_ktime_get_ns();
	return 0;
}

static __always_inline __u32 bucket(__u64 ns)
{
	__u32 i = 0;

	for (; i < BL_LATENCY_BUCKETS - 1 && ns >= (__u64)BL_LATENCY_FIRST << i; i++)
		;
	return i;
}

SEC("fexit")
int BPF_PROG(hook_ends)
{
	__u64 now = bpf_ktime_get_ns(), ns;
	__u32 hook = bl_hook;
	struct begun *b = bpf_task_storage_get(&begun, bpf_get_current_task_btf(), NULL, 0);
	struct bl_latency *l = bpf_map_lookup_elem(&times, &hook);

	if (!b || !l || hook >= BL_LATENCY_HOOKS || b->at[hook] == 0)
		return 0;
	ns = now - b->at[hook];
	b->at[hook] = 0;
	/* the processor's own, but another task can get in between */
	__sync_fetch_and_add(&l->ns, ns);
	__sync_fetch_and_add(&l->buckets[bucket(ns)], 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
