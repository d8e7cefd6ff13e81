/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rooms for decisions (struct scratch): claimed by the running task, and given back when the variable that holds one goes out of scope, whatever way
 * the function ends. Storage of each task's own would be 16 KiB a task, and cleared at every exec.
 */
#ifndef BL_SCRATCH_H
#define BL_SCRATCH_H

#include "maps.h"

#define SCRATCH_WAITS (1u << 18) /* looks for one that is free: milliseconds, when as many questions are under way as there are rooms */

struct scratch_search {
	__u64 owner;
	__u32 at; /* the next one to look at; then the one found */
	__u32 found;
};

static __always_inline struct scratch *scratch_take(__u32 at, __u64 owner)
{
	struct scratch *s = bpf_map_lookup_elem(&scratch, &at);

	return s && __sync_val_compare_and_swap(&s->owner, 0, owner) == 0 ? s : NULL;
}

static long scratch_try(__u32 i, struct scratch_search *c)
{
	(void)i;
	c->at = (c->at + 1) & (SCRATCHES - 1);
	c->found = scratch_take(c->at, c->owner) != NULL;
	return c->found;
}

static __noinline struct scratch *scratch_search(__u32 at, __u64 owner)
{
	struct scratch_search c = { .owner = owner, .at = at };

	bpf_loop(SCRATCH_WAITS, scratch_try, &c, 0);
	return c.found ? bpf_map_lookup_elem(&scratch, &c.at) : NULL;
}

/* NULL: none became free in time. What is in it is somebody else's: whoever reads a field has written it before. */
static __always_inline struct scratch *scratch_claim(struct task_struct *task)
{
	__u32 at = bpf_get_smp_processor_id() & (SCRATCHES - 1);
	struct scratch *s = scratch_take(at, (__u64)task);

	return s ? s : scratch_search(at, (__u64)task);
}

static __always_inline void scratch_end(struct scratch **s)
{
	if (*s)
		*(volatile __u64 *)&(*s)->owner = 0;
}

/* Of a variable: what it points to is given back. */
#define SCRATCH __attribute__((cleanup(scratch_end))) struct scratch *

#endif
