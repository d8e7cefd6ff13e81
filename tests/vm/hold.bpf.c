// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * For tests of names that do not settle: a rename by a process called "holder" takes its time, in the middle of the kernel's own step
 * (__d_move() in fs/dcache.c, under rename_lock, whose count is odd meanwhile).
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define HOLD_NS 1500000000ull

struct until {
	__u64 ns;
};

static long look(__u32 i, struct until *u)
{
	(void)i;
	return bpf_ktime_get_ns() > u->ns;
}

SEC("fentry/__d_move")
int hold(void *ctx)
{
	struct until u = { .ns = bpf_ktime_get_ns() + HOLD_NS };
	char comm[16] = "";

	(void)ctx;
	bpf_get_current_comm(comm, sizeof(comm));
	if (bpf_strncmp(comm, sizeof(comm), "holder") == 0)
		bpf_loop(1u << 23, look, &u, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
