/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The decision core: from a label, an operation and an object's byte string to a verdict and the rule that gave it.
 * Compiled twice, into the BPF programs (plat_bpf.h) and into policyc, the tests and the fuzzers (plat_host.h);
 * include one of those first. Nothing here allocates, calls a helper or reads anything but its arguments.
 *
 * Who: bl_label_begin(), then bl_label_key() for every byte string about the process, then bl_label_finish().
 * What: bl_run() over the object's byte string, from t->start[kind], then bl_accept().
 * Verdict: bl_decide().
 */
#ifndef BL_DECIDE_H
#define BL_DECIDE_H

#include "key.h"
#include "who.h"

struct bl_decide_ctx {
	const struct bl_tables *t;
	const struct bl_label *l;
	const struct bl_question *q;
	struct bl_result *r;
	__u32 list[BL_ACCS]; /* offsets of the lists for this object and operation, 0: none */
	__u32 reason; /* BL_R_RULE: decide by the rules; otherwise refuse for this reason */
	__u32 everyone; /* every profile is asked, not those of the label */
};

struct bl_list_ctx {
	const struct bl_decide_ctx *d; /* the kernel allows 512 bytes of stack to all frames together */
	__u32 off;
	__u32 profile;
	__u32 lo, hi;
	__u64 entry;
};

/* Narrows lo..hi down to the first entry of the profile or a later one. */
BL_CB long bl_list_search(__u32 i, struct bl_list_ctx *c)
{
	__u32 mid = (c->lo + c->hi) / 2;

	(void)i;
	if (c->lo >= c->hi)
		return 1;
	if (BL_ENT_PROFILE(bl_word(c->d->t, (__u64)c->off + 1 + mid)) < c->profile)
		c->lo = mid + 1;
	else
		c->hi = mid;
	return 0;
}

/* Is the peer what this entry's rule is about? One that is not known is, for a refusal, and is not, for an allowance. */
static BL_INLINE int bl_peer_holds(const struct bl_tables *t, const struct bl_question *q, __u64 e)
{
	__u64 rule = bl_word(t, (__u64)t->off_rules + BL_ENT_RULE(e));

	if (rule & BL_RULE_DESCENDANT)
		return (q->flags & BL_QF_DESCENDANT) != 0;
	if (!q->peer || (q->peer->flags & BL_LF_FULL))
		return BL_ENT_VERDICT(e) >= BL_V_DENY;
	return bl_bit(q->peer->conds, BL_RULE_PEER_COND(rule), BL_MAX_CONDS);
}

/* Do the conditions of this entry hold that are about the process? */
static BL_INLINE int bl_entry_if(const struct bl_label *l, __u64 e)
{
	if (BL_ENT_IF(e) != BL_COND_NONE && !bl_bit(l->conds, BL_ENT_IF(e), BL_MAX_CONDS))
		return 0;
	return BL_ENT_UNLESS(e) == BL_COND_NONE || !bl_bit(l->conds, BL_ENT_UNLESS(e), BL_MAX_CONDS);
}

/* Do all conditions of this entry hold? */
static BL_INLINE int bl_entry_holds(const struct bl_tables *t, const struct bl_label *l, const struct bl_question *q, __u64 e)
{
	__u32 flags = BL_ENT_FLAGS(e);

	if (!bl_entry_if(l, e))
		return 0;
	if ((flags & BL_EF_OWNER) && !(q->flags & BL_QF_OWNER))
		return 0;
	if ((flags & BL_EF_NOT_OWNER) && (q->flags & BL_QF_OWNER))
		return 0;
	return !(flags & BL_EF_PEER) || bl_peer_holds(t, q, e);
}

BL_CB long bl_list_scan(__u32 i, struct bl_list_ctx *c)
{
	__u64 e;

	if (c->lo + i >= c->hi)
		return 1;
	e = bl_word(c->d->t, (__u64)c->off + 1 + c->lo + i);
	if (BL_ENT_PROFILE(e) != c->profile)
		return 1;
	if (!bl_entry_holds(c->d->t, c->d->l, c->d->q, e))
		return 0;
	c->entry = e;
	return 1;
}

/* The entry of one list that decides for profile p, 0 if none does. No entry is 0: its verdict is not. */
BL_FN __u64 bl_list_entry(const struct bl_decide_ctx *d, __u32 off, __u32 p)
{
	struct bl_list_ctx c = { .d = d, .off = off, .profile = p };
	__u32 n;

	if (off == 0)
		return 0;
	n = (__u32)bl_word(d->t, off);
	c.hi = n;
	bl_loop(11, bl_list_search, &c); /* BL_MAX_LIST is 2^10 */
	c.hi = n;
	bl_loop(BL_MAX_CHAIN, bl_list_scan, &c);
	return c.entry;
}

/* Of two entries of one profile the one whose rule is written first; implied ones are never in two lists at once. */
static inline __u64 bl_entry_first(__u64 a, __u64 b)
{
	return a == 0 || (b != 0 && BL_ENT_RULE(b) < BL_ENT_RULE(a)) ? b : a;
}

/* The entry that decides for profile p: what is asked about can be in the lists of its name and of what else it is. */
static BL_INLINE __u64 bl_first_entry(const struct bl_decide_ctx *c, __u32 p)
{
	__u64 e = bl_list_entry(c, c->list[0], p);

	if (c->list[1] != 0)
		e = bl_entry_first(e, bl_list_entry(c, c->list[1], p));
	if (c->list[2] != 0)
		e = bl_entry_first(e, bl_list_entry(c, c->list[2], p));
	return e;
}

/* Notes what the rule that decided an exec says about the profiles after it. */
static BL_INLINE void bl_note_moves(struct bl_decide_ctx *c, __u64 e)
{
	__u64 rule = bl_word(c->t, (__u64)c->t->off_rules + BL_ENT_RULE(e));

	if (!(rule & BL_RULE_LEAVE) && BL_RULE_ENTER(rule) == 0)
		return;
	c->r->moves = 1;
	if (rule & BL_RULE_LEAVE)
		bl_bit_set(c->r->leave, BL_ENT_PROFILE(e), BL_MAX_PROFILES);
	if (BL_RULE_ENTER(rule) != 0)
		bl_bit_set(c->r->enter, BL_RULE_ENTER(rule) - 1, BL_MAX_PROFILES);
}

/*
 * Takes down what the i-th profile says. One system call may ask it several questions; its worst answer is its report, the
 * first among equals. In audit mode the same report is made and nothing refused.
 */
BL_FN void bl_report_add(struct bl_decide_ctx *c, __u32 i, const struct bl_report *said)
{
	struct bl_report *rep = &c->r->reports[bl_mask(i, BL_TASK_PROFILES)];
	__u32 mode = BL_PROFILE_MODE(bl_profile_last(c->t, said->profile));

	if (said->verdict <= BL_V_ALLOW)
		return;
	if (i < BL_TASK_PROFILES) {
		if (c->r->refused >> i & 1)
			return;
		c->r->refusing |= (__u32)(said->verdict >= BL_V_DENY) << i;
	}
	if (c->t->flags & BL_TF_DRY_RUN)
		mode = BL_MODE_AUDIT;
	/* more profiles than places (a full label) share them: then the one that refuses is told of */
	if (said->verdict > rep->verdict || (said->verdict == rep->verdict && mode < rep->mode)) {
		*rep = *said;
		rep->mode = mode;
		c->r->nreports++;
	}
	if (mode == BL_MODE_AUDIT || said->verdict <= c->r->verdict)
		return;
	c->r->verdict = said->verdict;
	if (said->verdict < BL_V_DENY)
		return;
	c->r->err = 1; /* EPERM */
	if (said->rule != BL_RULE_NONE)
		c->r->err = BL_RULE_ERRNO(bl_word(c->t, (__u64)c->t->off_rules + said->rule));
}

BL_CB long bl_decide_profile(__u32 i, struct bl_decide_ctx *c)
{
	struct bl_report said = { .rule = BL_RULE_NONE, .verdict = BL_V_ALLOW, .reason = c->reason, .op = c->q->op };
	__u32 p = i;
	__u64 prof, e, ops;

	if (!c->everyone) {
		if (i >= c->l->nprof)
			return 1;
		p = c->l->prof[bl_mask(i, BL_TASK_PROFILES)];
	}
	if (p >= c->t->nprofiles)
		return 1;
	if ((c->q->flags & BL_QF_USE) && !(BL_PROFILE_FLAGS(bl_profile_last(c->t, p)) & BL_PF_STRICT))
		return 0;
	said.profile = p;
	prof = (__u64)c->t->off_profiles + (__u64)p * BL_PROFILE_WORDS;
	if (c->reason != BL_R_RULE) {
		ops = bl_word(c->t, prof + 2);
		if (!(c->q->flags & BL_QF_EXPLICIT))
			ops |= bl_word(c->t, prof + 1);
		if (ops & BL_OP_BIT(c->q->op))
			said.verdict = BL_V_DENY;
	} else if ((e = bl_first_entry(c, p)) != 0) {
		if ((c->q->flags & BL_QF_EXPLICIT) && BL_ENT_VERDICT(e) < BL_V_DENY)
			return 0;
		said.verdict = BL_ENT_VERDICT(e);
		said.rule = BL_ENT_RULE(e);
		if (c->q->op == BL_OP_EXEC)
			bl_note_moves(c, e);
	} else if (!(c->q->flags & BL_QF_EXPLICIT) && (bl_word(c->t, prof + 1) & BL_OP_BIT(c->q->op))) {
		said.verdict = BL_V_DENY;
		said.reason = BL_R_DEFAULT;
	}
	bl_report_add(c, i, &said);
	return 0;
}

/* Empties a result before the first question of a system call. */
BL_FN void bl_result_init(struct bl_result *r)
{
	__builtin_memset(r, 0, sizeof(*r));
	r->verdict = BL_V_ALLOW;
}

/* Makes room for the answers about the object's next name; who has refused already stays, and what an exec does. */
BL_FN void bl_result_next(struct bl_result *r)
{
	__builtin_memset(r->reports, 0, sizeof(r->reports));
	r->verdict = BL_V_ALLOW;
	r->err = r->nreports = 0;
	r->refused |= r->refusing;
}

/* A label that could not take in everything the process is: every profile of the policy is asked, not those it lists. */
static inline __u32 bl_decide_profiles(struct bl_decide_ctx *c)
{
	if (!(c->l->flags & BL_LF_FULL))
		return BL_TASK_PROFILES;
	c->everyone = 1;
	c->reason = BL_R_LABEL_FULL;
	return BL_MAX_PROFILES;
}

/* The list for operation op of an accept record. */
static inline __u32 bl_acc_list(const struct bl_tables *t, __u32 acc, __u32 op)
{
	__u64 two = acc != 0 ? bl_word(t, (__u64)acc + BL_OP_SLOT(op) / 2) : 0;

	return op & 1 ? two >> 32 : (__u32)two;
}

/*
 * Asks one question. Adds to r; several questions of one system call share one r, and the worst answer stands. Where the object's name
 * could not be had (q->reason), every profile that could refuse the operation at all refuses it; of a further name, every one with a rule that
 * could.
 */
BL_FN void bl_decide(const struct bl_tables *t, const struct bl_label *l, const struct bl_question *q, struct bl_result *r)
{
	struct bl_decide_ctx c = { .t = t, .l = l, .q = q, .r = r, .reason = q->reason };
	__u32 n = bl_decide_profiles(&c);

	c.list[0] = bl_acc_list(t, q->acc[0], q->op);
	c.list[1] = bl_acc_list(t, q->acc[1], q->op);
	c.list[2] = bl_acc_list(t, q->acc[2], q->op);
	bl_loop(n, bl_decide_profile, &c);
}

#include "renaming.h"

#endif
