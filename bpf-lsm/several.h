/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions about keys; where one system call has several of them, one report tells of the worst answer. */
#ifndef BL_SEVERAL_H
#define BL_SEVERAL_H

#include "ask.h"
#include "seen.h"

/* Who asks. 1: go on; otherwise what the hook returns. The self-test tries none of the operations that come here. */
static __always_inline int who_goes_on(struct about *a, __u32 op)
{
	switch (who_asks(a, BL_OP_BIT(op))) {
	case WHO_ASKS:
		return 1;
	case WHO_UNKNOWN:
		return refuse_unknown(BL_OP_BIT(op), BL_R_NO_LABEL);
	default:
		return 0;
	}
}

/* who_goes_on() and room for the answers, to a question about keys of this kind. */
static __always_inline int key_begin(struct about *a, __u32 op, __u32 kind)
{
	int r = who_goes_on(a, op);

	if (r != 1)
		return r;
	return ask_begin(a, kind) ? 1 : refuse_unknown(BL_OP_BIT(op), BL_R_NO_SCRATCH);
}

/* Decides about the key at a->from, or (reason other than 0) about one that could not be had. */
static __always_inline void key_decide(struct about *a, __u32 op, __u32 reason)
{
	a->q.op = op;
	a->q.reason = reason != 0 ? reason : BL_R_RULE;
	a->q.acc[0] = 0;
	if (reason == 0)
		a->q.acc[0] = bl_accept(a->t, bl_run(a->t, &a->s->name, a->from, a->t->start[bl_mask(a->kind, BL_KEY_KINDS)]));
	bl_decide(a->t, a->l, &a->q, &a->s->result);
}

/* The question about one key, from here to its end. */
static __noinline int key_ask(struct about *a, __u32 op, __u32 reason)
{
	key_decide(a, op, reason);
	return ask_end(a);
}

/* What the answer about an object that is these words is known by. 0: it is not known what the task is. */
static __always_inline __u64 key_seen(const struct about *a, __u32 op, __u64 w0, __u64 w1, __u64 w2)
{
	__u64 h = label_of(a)->alike;

	return h == 0 ? 0 : mixed(mixed(mixed(h + op, w0), w1), w2) | 1;
}

/* key_ask() about a key that could be had; known: its key_seen(). */
static __noinline int key_ask_once(struct about *a, __u32 op, __u64 known)
{
	key_decide(a, op, 0);
	if (a->s->result.nreports == 0)
		see(known);
	return ask_end(a);
}

/* If the last key got a worse answer than those before it, it is the one to be reported: it stands at a->from. `before`: reports then. */
static __always_inline void key_keep(struct about *a, __u32 before)
{
	if (a->s->result.nreports == before)
		return;
	__builtin_memcpy(a->s->kept, a->s->name.buf + BL_PATH_MAX - BL_KEPT, BL_KEPT);
	a->s->kept_from = a->from;
}

/* One of several keys. */
static __always_inline void key_one(struct about *a, __u32 op, __u32 reason)
{
	__u32 before = a->s->result.nreports;

	key_decide(a, op, reason);
	key_keep(a, before);
}

/* Reports what was kept, and what the hook returns. */
static __always_inline int keys_end(struct about *a)
{
	if (a->s->result.nreports == 0)
		return 0;
	__builtin_memcpy(a->s->name.buf + BL_PATH_MAX - BL_KEPT, a->s->kept, BL_KEPT);
	a->from = a->s->kept_from;
	return ask_end(a);
}

#endif
