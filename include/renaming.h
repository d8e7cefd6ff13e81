/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The decision core: what a link, a rename or a mount does to names. No name may be given or taken that changes what an explicit refusal
 * says; an `allow` does not come into it. q->op is what the reports tell. Part of decide.h.
 */
#ifndef BL_RENAMING_H
#define BL_RENAMING_H

#include "decide.h"

struct bl_below_ctx {
	const struct bl_tables *t;
	__u32 state;
	__u32 lo, hi;
	__u32 list;
};

BL_CB long bl_below_search(__u32 i, struct bl_below_ctx *c)
{
	__u32 mid = (c->lo + c->hi) / 2;
	__u64 w;

	(void)i;
	if (c->lo >= c->hi)
		return 1;
	w = bl_word(c->t, (__u64)c->t->off_below + mid);
	if (w >> 32 == c->state) {
		c->list = (__u32)w;
		return 1;
	}
	if (w >> 32 < c->state)
		c->lo = mid + 1;
	else
		c->hi = mid;
	return 0;
}

/* What is refused below the directory whose name ended in state; root: its name is "/". A BL_BELOW_* list, 0: nothing. */
BL_FN __u32 bl_below(const struct bl_tables *t, __u32 state, int root)
{
	struct bl_below_ctx c = { .t = t, .state = state, .hi = t->nbelow };

	if (!root)
		c.state = bl_next(t, state, '/');
	if (c.state == 0)
		return 0;
	bl_loop(22, bl_below_search, &c); /* BL_MAX_WORDS is 2^21 */
	return c.list;
}

struct bl_refused_ctx {
	const struct bl_tables *t;
	__u32 acc;
	__u32 list, n;
	__u32 found;
};

BL_CB long bl_refused_entry(__u32 i, struct bl_refused_ctx *c)
{
	if (i >= c->n)
		return 1;
	if (BL_ENT_VERDICT(bl_word(c->t, (__u64)c->list + 1 + i)) < BL_V_DENY)
		return 0;
	c->found = 1;
	return 1;
}

/* The operations that an object of a name is asked about; a name that is new has been asked about as such. */
#define BL_OPS_KEPT (bl_kind_ops(BL_KEY_PATH) & ~(BL_OP_BIT(BL_OP_CREATE) | BL_OP_BIT(BL_OP_MKNOD)))

BL_CB long bl_refused_op(__u32 op, struct bl_refused_ctx *c)
{
	c->list = BL_OPS_KEPT & BL_OP_BIT(op) ? bl_acc_list(c->t, c->acc, op) : 0;
	if (c->list == 0)
		return 0;
	c->n = (__u32)bl_word(c->t, c->list);
	bl_loop(BL_MAX_LIST, bl_refused_entry, c);
	return c->found != 0;
}

/* Is there a rule, of whatever profile, that refuses something about the object whose name has this accept record? */
BL_FN __u32 bl_name_refused(const struct bl_tables *t, __u32 acc)
{
	struct bl_refused_ctx c = { .t = t, .acc = acc };

	if (acc != 0)
		bl_loop(BL_OP_SLOTS, bl_refused_op, &c);
	return c.found;
}

/* The place of a profile in the label: profiles are listed in their order. */
static inline __u32 bl_place(const struct bl_label *l, __u32 p)
{
	__u32 n = 0;

	for (__u32 i = 0; i < BL_MAX_PROFILES / 64; i++) {
		__u64 w = l->conds[i];

		if (p < 64 * i + 64)
			w = p > 64 * i ? w & ((1ULL << (p - 64 * i)) - 1) : 0;
		n += (__u32)__builtin_popcountll(w);
	}
	return n;
}

/* Nothing can be told of a name, or of who asks: every profile that refuses something by name refuses. */
BL_CB long bl_names_unknown(__u32 i, struct bl_decide_ctx *c)
{
	struct bl_report said = { .rule = BL_RULE_NONE, .verdict = BL_V_DENY, .reason = c->reason, .op = c->q->op };
	__u32 p = i;

	if (!c->everyone) {
		if (i >= c->l->nprof)
			return 1;
		p = c->l->prof[bl_mask(i, BL_TASK_PROFILES)];
	}
	if (p >= c->t->nprofiles)
		return 1;
	said.profile = p;
	if (bl_word(c->t, (__u64)c->t->off_profiles + (__u64)p * BL_PROFILE_WORDS + 2) & BL_OPS_NAMES)
		bl_report_add(c, i, &said);
	return 0;
}

/* True: there is a reason why nothing more can be asked, and every profile has said so. */
static BL_INLINE int bl_names_failed(struct bl_decide_ctx *c)
{
	__u32 n = bl_decide_profiles(c);

	if (c->reason == BL_R_RULE)
		return 0;
	bl_loop(n, bl_names_unknown, c);
	return 1;
}

/* One operation of one profile: i / BL_OP_SLOTS is its place. list[0] is of the old name, list[1] of the new one: their records. */
BL_CB long bl_name_one(__u32 i, struct bl_decide_ctx *c)
{
	__u32 place = i / BL_OP_SLOTS, op = i % BL_OP_SLOTS, old, new;
	struct bl_report said = { .reason = BL_R_RULE, .op = c->q->op };
	__u64 e;

	if (place >= c->l->nprof)
		return 1;
	old = bl_acc_list(c->t, c->list[0], op);
	new = bl_acc_list(c->t, c->list[1], op);
	if (old == 0 || old == new || !(BL_OPS_KEPT & BL_OP_BIT(op)))
		return 0;
	said.profile = c->l->prof[bl_mask(place, BL_TASK_PROFILES)];
	e = bl_list_entry(c, old, said.profile);
	if (e == 0 || BL_ENT_VERDICT(e) < BL_V_DENY)
		return 0;
	said.verdict = BL_ENT_VERDICT(e);
	said.rule = BL_ENT_RULE(e);
	e = bl_list_entry(c, new, said.profile);
	if (e == 0 || BL_ENT_VERDICT(e) < BL_V_DENY)
		bl_report_add(c, place, &said);
	return 0;
}

/*
 * An object gets another name: is there a rule that refuses something about it by the old name (accept record q->acc[0]) and none by the new
 * one (q->acc[1])? Adds to r. q->reason: a name could not be had.
 */
BL_FN void bl_decide_name(const struct bl_tables *t, const struct bl_label *l, const struct bl_question *q, struct bl_result *r)
{
	struct bl_decide_ctx c = { .t = t, .l = l, .q = q, .r = r, .reason = q->reason };

	if (bl_names_failed(&c))
		return;
	c.list[0] = q->acc[0];
	c.list[1] = q->acc[1];
	bl_loop(BL_TASK_PROFILES * BL_OP_SLOTS, bl_name_one, &c);
}

BL_CB long bl_case_one(__u32 i, struct bl_decide_ctx *c)
{
	struct bl_report said = { .reason = BL_R_CASE, .op = c->q->op };
	__u64 e, w;

	if (i >= (__u32)bl_word(c->t, c->list[0]))
		return 1;
	e = bl_word(c->t, (__u64)c->list[0] + 1 + 2 * (__u64)i);
	w = bl_word(c->t, (__u64)c->list[0] + 2 + 2 * (__u64)i);
	said.profile = BL_ENT_PROFILE(e);
	if (BL_BELOW_CLASS(w) == 0 || !bl_bit(c->l->conds, said.profile, BL_MAX_CONDS) || !bl_entry_holds(c->t, c->l, c->q, e))
		return 0;
	if (!(bl_word(c->t, (__u64)c->t->off_profiles + (__u64)said.profile * BL_PROFILE_WORDS + 2) & BL_OP_BIT(c->q->op)))
		return 0;
	said.verdict = BL_ENT_VERDICT(e);
	said.rule = BL_ENT_RULE(e);
	bl_report_add(c, bl_place(c->l, said.profile), &said);
	return 0;
}

/*
 * The object is below a directory whose names a file system compares in a way of its own: which of them rules mean cannot be told. Who is refused
 * something there by name, under conditions that hold, is refused every operation that his profile refuses by name anywhere. below: the
 * directory's bl_below() list. Adds to r.
 */
BL_FN void bl_decide_case(const struct bl_tables *t, const struct bl_label *l, const struct bl_question *q, __u32 below, struct bl_result *r)
{
	struct bl_decide_ctx c = { .t = t, .l = l, .q = q, .r = r };

	c.list[0] = below;
	if (c.list[0] != 0 && !(l->flags & BL_LF_FULL))
		bl_loop(BL_MAX_LIST, bl_case_one, &c);
}

enum bl_below_what {
	BL_BELOW_MOVED = 1, /* from the directory of q->acc[0] to that of q->acc[1] */
	BL_BELOW_HIDDEN,    /* something is mounted over the directory of q->acc[0] */
	BL_BELOW_ANYWHERE,  /* from a directory that is not known; q->acc[0] is of "/" */
};

struct bl_below_find {
	const struct bl_tables *t;
	__u64 guard;
	__u32 off;
	__u32 pad;
	__u64 w; /* 0: the other list has no such guard */
};

BL_CB long bl_below_guard(__u32 i, struct bl_below_find *c)
{
	if (i >= (__u32)bl_word(c->t, c->off))
		return 1;
	if (BL_BELOW_GUARD(bl_word(c->t, (__u64)c->off + 1 + 2 * (__u64)i)) != c->guard)
		return 0;
	c->w = bl_word(c->t, (__u64)c->off + 2 + 2 * (__u64)i);
	return 1;
}

/* list[0]: the list that is gone through, list[1]: the one to compare with, list[2]: enum bl_below_what. */
BL_CB long bl_below_one(__u32 i, struct bl_decide_ctx *c)
{
	struct bl_below_find f = { .t = c->t, .off = c->list[1] };
	struct bl_report said = { .reason = BL_R_RULE, .op = c->q->op };
	__u64 e, w;

	if (c->list[0] == 0 || i >= (__u32)bl_word(c->t, c->list[0]))
		return 1;
	e = bl_word(c->t, (__u64)c->list[0] + 1 + 2 * (__u64)i);
	w = bl_word(c->t, (__u64)c->list[0] + 2 + 2 * (__u64)i);
	said.profile = BL_ENT_PROFILE(e);
	if (!bl_bit(c->l->conds, BL_ENT_PROFILE(e), BL_MAX_CONDS) || !bl_entry_if(c->l, e))
		return 0; /* whose the files below are is not known: `owner` may hold */
	said.verdict = BL_ENT_VERDICT(e);
	said.rule = BL_ENT_RULE(e);
	if (c->list[2] == BL_BELOW_HIDDEN) {
		if (BL_BELOW_MOUNT(w) == 0)
			return 0;
		said.rule = BL_BELOW_MOUNT(w) - 1;
	} else if (BL_BELOW_CLASS(w) == 0 || (w & BL_BELOW_SAME)) {
		return 0;
	} else if (c->list[2] == BL_BELOW_MOVED) {
		f.guard = BL_BELOW_GUARD(e);
		if (f.off != 0)
			bl_loop(BL_MAX_LIST, bl_below_guard, &f);
		if (BL_BELOW_CLASS(f.w) == BL_BELOW_CLASS(w))
			return 0;
		if ((w & BL_BELOW_LOOSE) && BL_BELOW_CLASS(f.w) != 0 && !(f.w & BL_BELOW_LOOSE))
			return 0; /* the other list's turn says it better */
	}
	bl_report_add(c, bl_place(c->l, said.profile), &said);
	return 0;
}

/*
 * A directory is moved, or something is mounted over it. q->acc[0], and for a move q->acc[1], are bl_below() lists. Adds to r.
 * q->reason: a name could not be had.
 */
BL_FN void bl_decide_below(const struct bl_tables *t, const struct bl_label *l, const struct bl_question *q, __u32 what, struct bl_result *r)
{
	struct bl_decide_ctx c = { .t = t, .l = l, .q = q, .r = r, .reason = q->reason };

	if (bl_names_failed(&c))
		return;
	c.list[0] = q->acc[0];
	c.list[1] = q->acc[1];
	c.list[2] = what;
	if (what == BL_BELOW_MOVED && c.list[0] == c.list[1])
		return;
	bl_loop(BL_MAX_LIST, bl_below_one, &c);
	if (what != BL_BELOW_MOVED)
		return;
	c.list[0] = q->acc[1];
	c.list[1] = q->acc[0];
	bl_loop(BL_MAX_LIST, bl_below_one, &c);
}

#endif
