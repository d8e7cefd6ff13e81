/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The decision core: a walk over the table. Part of decide.h. */
#ifndef BL_RUN_H
#define BL_RUN_H

#include "abi.h"

/*
 * A buffer that byte strings are read from, always at its end: a walk from the leaf to the root writes backwards.
 * Bytes from..BL_PATH_MAX are the string.
 */
struct bl_name {
	__u8 buf[BL_PATH_MAX];
};

struct bl_run_ctx {
	const struct bl_tables *t;
	const struct bl_name *n;
	__u32 at;
	__u32 state;
	__u32 to;
};

/* One byte. The same arithmetic for every state: no branch depends on the policy but the default. */
static inline __u32 bl_next(const struct bl_tables *t, __u64 s, __u8 byte)
{
	__u64 cell = bl_word(t, s + t->cls[byte]);

	if ((__u32)cell != s)
		cell = bl_word(t, s);
	return cell >> 32;
}

static BL_INLINE void bl_step_on(struct bl_run_ctx *c)
{
	c->state = bl_next(c->t, c->state, c->n->buf[bl_mask(c->at, BL_PATH_MAX)]);
	c->at++;
}

/* A turn of a loop takes several: calling it costs the kernel as much as two of them. */
#define BL_RUN_CHUNK 4

/* Those at a multiple of as many. The dead state leads to itself. */
BL_CB long bl_step(__u32 i, struct bl_run_ctx *c)
{
	const __u8 *b = c->n->buf + BL_RUN_CHUNK * bl_mask(c->at / BL_RUN_CHUNK, BL_PATH_MAX / BL_RUN_CHUNK);
	const struct bl_tables *t = c->t;
	__u64 s = c->state;

	(void)i;
	s = bl_next(t, s, b[0]);
	s = bl_next(t, s, b[1]);
	s = bl_next(t, s, b[2]);
	s = bl_next(t, s, b[3]);
	c->state = s;
	c->at += BL_RUN_CHUNK;
	return s == 0;
}

/* State after the bytes from..BL_PATH_MAX of n, starting in state. */
BL_FN __u32 bl_run(const struct bl_tables *t, const struct bl_name *n, __u32 from, __u32 state)
{
	struct bl_run_ctx c = { .t = t, .n = n, .at = from, .state = state };
	__u32 turns = (BL_PATH_MAX - from) / BL_RUN_CHUNK;

	for (__u32 k = 0; k < BL_RUN_CHUNK - 1; k++)
		if (c.at % BL_RUN_CHUNK != 0)
			bl_step_on(&c);
	bl_loop(turns, bl_step, &c);
	return c.state;
}

BL_CB long bl_step_to(__u32 i, struct bl_run_ctx *c)
{
	(void)i;
	if (c->at >= c->to || c->state == 0)
		return 1;
	bl_step_on(c);
	return 0;
}

/* The same with the bytes from..to. */
BL_FN __u32 bl_run_to(const struct bl_tables *t, const struct bl_name *n, __u32 from, __u32 to, __u32 state)
{
	struct bl_run_ctx c = { .t = t, .n = n, .at = from, .to = to, .state = state };

	bl_loop(BL_PATH_MAX, bl_step_to, &c);
	return c.state;
}

/* Offset of the accept record of a state, 0 if it has none. */
BL_FN __u32 bl_accept(const struct bl_tables *t, __u32 state)
{
	return (__u32)bl_word(t, state) & ~BL_CELL_HEAD;
}

#endif
