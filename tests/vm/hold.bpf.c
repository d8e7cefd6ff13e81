// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * For tests of names that do not settle. A rename by a process called "holder" takes its time in the middle of the kernel's own step
 * (__d_move() in fs/dcache.c, under rename_lock, whose count is odd meanwhile), and a process called "unsettled" waits for that before its opens and
 * execs are judged.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define HOLD_NS 3000000000ull
#define WAIT_NS 8000000000ull

extern const void rename_lock __ksym;

struct until {
	__u64 ns;
};

static long holds(__u32 i, struct until *u)
{
	(void)i;
	return bpf_ktime_get_ns() > u->ns;
}

static long waits(__u32 i, struct until *u)
{
	__u32 count = 0;

	bpf_probe_read_kernel(&count, sizeof(count), &rename_lock);
	return (count & 1) || holds(i, u);
}

static int is_called(const char *name)
{
	char comm[16] = "";

	bpf_get_current_comm(comm, sizeof(comm));
	return bpf_strncmp(comm, sizeof(comm), name) == 0;
}

SEC("fentry/__d_move")
int hold(void *ctx)
{
	struct until u = { .ns = bpf_ktime_get_ns() + HOLD_NS };

	(void)ctx;
	if (is_called("holder"))
		bpf_loop(1u << 23, holds, &u, 0);
	return 0;
}

static int wait(void)
{
	struct until u = { .ns = bpf_ktime_get_ns() + WAIT_NS };

	if (is_called("unsettled"))
		bpf_loop(1u << 23, waits, &u, 0);
	return 0;
}

SEC("fentry/security_file_open")
int wait_open(void *ctx)
{
	(void)ctx;
	return wait();
}

SEC("fentry/security_bprm_creds_for_exec")
int wait_exec(void *ctx)
{
	(void)ctx;
	return wait();
}

char LICENSE[] SEC("license") = "GPL";
