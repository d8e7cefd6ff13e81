// SPDX-License-Identifier: GPL-2.0-or-later
/* The decision core as the kernel runs it, without a hook: BPF_PROG_TEST_RUN answers one request. */
#include <linux/bpf.h>

#include "plat_bpf.h"
#include "decide.h"
#include "ask.h"

#define NULL ((void *)0)

const volatile __u64 bl_word_last = 0;

/* As in bpf-lsm/maps.h: the value size is set before load. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct bl_tables) + 8 * 32768);
} tables SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ask_slot);
} slot SEC(".maps");

SEC("syscall")
int answer(void *ctx)
{
	__u32 zero = 0;
	const struct bl_tables *t = bpf_map_lookup_elem(&tables, &zero);
	struct ask_slot *s = bpf_map_lookup_elem(&slot, &zero);

	if (!t || !s)
		return 1;
	ask_run(t, &s->in, &s->out, &s->scratch);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
