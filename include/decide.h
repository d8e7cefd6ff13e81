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

#include "abi.h"

/* ---- the automaton ---- */

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
};

/* One byte. The same arithmetic for every state: no branch depends on the policy but the default. */
static inline __u32 bl_next(const struct bl_tables *t, __u64 s, __u8 byte)
{
	__u64 cell = bl_word(t, s + t->cls[byte]);

	if ((__u32)cell != s)
		cell = bl_word(t, s);
	return cell >> 32;
}

BL_CB long bl_step(__u32 i, struct bl_run_ctx *c)
{
	(void)i;
	if (c->at >= BL_PATH_MAX || c->state == 0)
		return 1;
	c->state = bl_next(c->t, c->state, c->n->buf[bl_mask(c->at, BL_PATH_MAX)]);
	c->at++;
	return 0;
}

/* State after the bytes from..BL_PATH_MAX of n, starting in state. */
BL_FN __u32 bl_run(const struct bl_tables *t, const struct bl_name *n, __u32 from, __u32 state)
{
	struct bl_run_ctx c = { .t = t, .n = n, .at = from, .state = state };

	bl_loop(BL_PATH_MAX, bl_step, &c);
	return c.state;
}

/* Offset of the accept record of a state, 0 if it has none. */
BL_FN __u32 bl_accept(const struct bl_tables *t, __u32 state)
{
	return (__u32)bl_word(t, state) & ~BL_CELL_HEAD;
}

/* ---- who ---- */

static inline int bl_bit(const __u64 *set, __u32 bit, __u32 nbits)
{
	return set[bl_mask(bit / 64, nbits / 64)] >> (bit % 64) & 1;
}

static inline void bl_bit_set(__u64 *set, __u32 bit, __u32 nbits)
{
	set[bl_mask(bit / 64, nbits / 64)] |= 1ULL << (bit % 64);
}

struct bl_label_ctx {
	const struct bl_tables *t;
	struct bl_label *l;
	__u32 off;
	__u32 n;
	__u32 clause; /* state of the condition being evaluated */
	__u32 holds;
	__u32 cond;
};

/* One context for each loop, because the kernel allows 512 bytes of stack to all frames together. */
struct bl_atoms_ctx {
	const struct bl_tables *t;
	struct bl_label *l;
	__u32 off;
	__u32 n;
};

struct bl_place_ctx {
	const struct bl_tables *t;
	struct bl_label *l;
	__u64 hash;
	__u32 placed;
	__u32 evict;
};

struct bl_sticky_ctx {
	const struct bl_tables *t;
	__u64 hash;
	__u64 found;
	__u32 lo, hi;
};

BL_CB long bl_sticky_search(__u32 i, struct bl_sticky_ctx *c)
{
	__u32 mid = (c->lo + c->hi) / 2;
	__u64 h;

	(void)i;
	if (c->lo >= c->hi)
		return 1;
	h = bl_word(c->t, (__u64)c->t->off_sticky + 2 * (__u64)mid);
	if (h == c->hash) {
		c->found = bl_word(c->t, (__u64)c->t->off_sticky + 2 * (__u64)mid + 1);
		return 1;
	}
	if (h < c->hash)
		c->lo = mid + 1;
	else
		c->hi = mid;
	return 0;
}

/* What these tables know of an inherited term (BL_STICKY_*), 0: nothing. Inline, as the next but one: the kernel allows 8 frames. */
static BL_INLINE __u64 bl_sticky_find(const struct bl_tables *t, __u64 hash)
{
	struct bl_sticky_ctx s = { .t = t, .hi = t->nsticky, .hash = hash };

	bl_loop(16, bl_sticky_search, &s);
	return s.found;
}

BL_CB long bl_sticky_place(__u32 i, struct bl_place_ctx *c)
{
	__u64 h = c->l->sticky[bl_mask(i, BL_TASK_STICKY)];

	if (h != c->hash && h != 0 && (!c->evict || bl_sticky_find(c->t, h) != 0))
		return 0;
	c->l->sticky[bl_mask(i, BL_TASK_STICKY)] = c->hash;
	c->placed = 1;
	return 1;
}

/*
 * Adds a hash to the inherited terms. Those that the present policy does not know give way when room is short: they are kept
 * for a return to the policy that did. A label that has no room even so says so, and is refused everything.
 */
static BL_INLINE void bl_sticky_add(const struct bl_tables *t, struct bl_label *l, __u64 hash)
{
	struct bl_place_ctx c = { .t = t, .l = l, .hash = hash };

	bl_loop(BL_TASK_STICKY, bl_sticky_place, &c);
	if (c.placed)
		return;
	c.evict = 1;
	bl_loop(BL_TASK_STICKY, bl_sticky_place, &c);
	if (!c.placed)
		l->flags |= BL_LF_LOST | BL_LF_FULL;
}

BL_CB long bl_sticky_one(__u32 i, struct bl_atoms_ctx *c)
{
	__u64 hash = c->l->sticky[bl_mask(i, BL_TASK_STICKY)];
	__u32 atom = hash != 0 ? BL_STICKY_ATOM(bl_sticky_find(c->t, hash)) : 0;

	if (atom != 0)
		bl_bit_set(c->l->atoms, atom, BL_MAX_ATOMS);
	return 0;
}

/* Starts a label afresh for these tables; what is inherited (l->sticky) and who the process is stays. */
BL_FN void bl_label_begin(const struct bl_tables *t, struct bl_label *l)
{
	struct bl_atoms_ctx c = { .t = t, .l = l };

	__builtin_memset(l->conds, 0, sizeof(l->conds));
	__builtin_memset(l->atoms, 0, sizeof(l->atoms));
	__builtin_memset(l->prof, 0, sizeof(l->prof));
	l->nprof = 0;
	l->rule_ops = l->refusable = 0;
	l->flags &= ~(BL_LF_FULL | BL_LF_STRICT | BL_LF_FROM);
	if (l->flags & BL_LF_LOST)
		l->flags |= BL_LF_FULL;
	l->atoms[0] = 1;
	bl_loop(BL_TASK_STICKY, bl_sticky_one, &c);
}

BL_CB long bl_label_atom(__u32 i, struct bl_atoms_ctx *c)
{
	__u32 atom;
	__u64 hash;

	if (i >= c->n)
		return 1;
	atom = (__u32)bl_word(c->t, (__u64)c->off + 1 + i);
	bl_bit_set(c->l->atoms, atom, BL_MAX_ATOMS);
	hash = bl_word(c->t, (__u64)c->t->off_atoms + atom);
	if (hash != 0)
		bl_sticky_add(c->t, c->l, hash);
	return 0;
}

/* Takes in one byte string about the process: bytes from..BL_PATH_MAX of n, of a subject kind. */
BL_FN void bl_label_key(const struct bl_tables *t, struct bl_label *l, const struct bl_name *n, __u32 from, __u32 kind)
{
	struct bl_atoms_ctx c = { .t = t, .l = l };

	c.off = bl_accept(t, bl_run(t, n, from, t->start[bl_mask(kind, BL_KEY_KINDS)]));
	if (c.off == 0)
		return;
	c.n = (__u32)bl_word(t, c.off);
	bl_loop(BL_MAX_ACC_ATOMS, bl_label_atom, &c);
}

/*
 * Takes in the name of a program that ran before the present one, in this process or an ancestor. Before bl_label_begin(), which leaves
 * of it what is passed on only.
 */
static BL_INLINE void bl_label_inherit(const struct bl_tables *t, struct bl_label *l, const struct bl_name *n, __u32 from)
{
	bl_label_key(t, l, n, from, BL_KEY_EXE);
	bl_label_key(t, l, n, from, BL_KEY_ANCESTOR);
}

static inline __u64 bl_profile_last(const struct bl_tables *t, __u32 p)
{
	return bl_word(t, (__u64)t->off_profiles + (__u64)p * BL_PROFILE_WORDS + 3);
}

struct bl_move_ctx {
	const struct bl_tables *t;
	struct bl_label *l;
	const __u64 *moves; /* set of profiles */
};

BL_CB long bl_label_leave_one(__u32 i, struct bl_move_ctx *c)
{
	__u64 hash = c->l->sticky[bl_mask(i, BL_TASK_STICKY)];
	__u32 p = hash != 0 ? BL_STICKY_PROFILE(bl_sticky_find(c->t, hash)) : 0;

	if (p != 0 && p <= c->t->nprofiles && bl_bit(c->moves, p - 1, BL_MAX_PROFILES))
		c->l->sticky[bl_mask(i, BL_TASK_STICKY)] = 0;
	return 0;
}

BL_CB long bl_label_enter_one(__u32 i, struct bl_move_ctx *c)
{
	__u32 atom;

	if (i >= c->t->nprofiles)
		return 1;
	if (!bl_bit(c->moves, i, BL_MAX_PROFILES))
		return 0;
	atom = BL_PROFILE_ENTERED(bl_profile_last(c->t, i));
	if (atom != 0)
		bl_sticky_add(c->t, c->l, bl_word(c->t, (__u64)c->t->off_atoms + atom));
	return 0;
}

/*
 * What an exec that nobody refused makes of the inherited terms: those of the profiles in r->leave end, those in r->enter begin (DESIGN
 * section 2, point 6). Before bl_label_begin().
 */
BL_FN void bl_label_move(const struct bl_tables *t, struct bl_label *l, const __u64 *leave, const __u64 *enter)
{
	struct bl_move_ctx c = { .t = t, .l = l, .moves = leave };

	bl_loop(BL_TASK_STICKY, bl_label_leave_one, &c);
	c.moves = enter;
	bl_loop(BL_MAX_PROFILES, bl_label_enter_one, &c);
}

BL_CB long bl_label_lit(__u32 i, struct bl_label_ctx *c)
{
	__u64 lit;
	int v;

	if (i >= c->n)
		return 1;
	lit = bl_word(c->t, (__u64)c->off + i);
	v = bl_bit(c->l->atoms, BL_LIT_ATOM(lit), BL_MAX_ATOMS);
	if ((lit & BL_LIT_WEAK) && (c->l->flags & BL_LF_UNTRUSTED))
		v = 0;
	if (lit & BL_LIT_NEG)
		v = !v;
	if (!v)
		c->clause = 0;
	if (lit & (BL_LIT_END_CLAUSE | BL_LIT_END_COND)) {
		c->holds |= c->clause;
		c->clause = 1;
	}
	if (lit & BL_LIT_END_COND) {
		if (c->holds)
			bl_bit_set(c->l->conds, c->cond, BL_MAX_CONDS);
		c->holds = 0;
		c->cond++;
	}
	return 0;
}

BL_CB long bl_label_profile(__u32 i, struct bl_label_ctx *c)
{
	__u64 prof = (__u64)c->t->off_profiles + (__u64)i * BL_PROFILE_WORDS, rules;
	__u32 flags;

	if (i >= c->t->nprofiles)
		return 1;
	if (!bl_bit(c->l->conds, i, BL_MAX_CONDS))
		return 0;
	if (c->l->nprof >= BL_TASK_PROFILES) {
		c->l->flags |= BL_LF_FULL;
		return 1;
	}
	flags = BL_PROFILE_FLAGS(bl_profile_last(c->t, i));
	c->l->flags |= (flags & BL_PF_STRICT ? BL_LF_STRICT : 0) | (flags & BL_PF_FROM ? BL_LF_FROM : 0);
	c->l->prof[bl_mask(c->l->nprof, BL_TASK_PROFILES)] = i;
	c->l->nprof++;
	rules = bl_word(c->t, prof + 2);
	c->l->rule_ops |= rules;
	if (BL_PROFILE_MODE(bl_word(c->t, prof + 3)) == BL_MODE_ENFORCE && !(c->t->flags & BL_TF_DRY_RUN))
		c->l->refusable |= rules | bl_word(c->t, prof + 1);
	return 0;
}

/* Evaluates every condition and lists the profiles. The label is valid for t->gen from here. */
BL_FN void bl_label_finish(const struct bl_tables *t, struct bl_label *l)
{
	struct bl_label_ctx c = { .t = t, .l = l, .off = t->off_lits, .n = t->nlits, .clause = 1 };

	bl_loop(BL_MAX_LITS, bl_label_lit, &c);
	bl_loop(BL_MAX_PROFILES, bl_label_profile, &c);
	l->gen = t->gen;
}

/* Does the use of a descriptor ask? Of a full label every profile is asked that says so. */
static inline int bl_asks_use(const struct bl_tables *t, const struct bl_label *l)
{
	return (t->features & BL_FEAT_STRICT) && (l->flags & (BL_LF_STRICT | BL_LF_FULL));
}

/* Is accept asked about when the peer is known, and not before? A full label is refused at once. */
static inline int bl_asks_peer(const struct bl_label *l)
{
	return (l->flags & (BL_LF_FROM | BL_LF_FULL)) == BL_LF_FROM;
}

/* ---- verdict ---- */

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
static inline int bl_peer_holds(const struct bl_tables *t, const struct bl_question *q, __u64 e)
{
	__u64 rule = bl_word(t, (__u64)t->off_rules + BL_ENT_RULE(e));

	if (rule & BL_RULE_DESCENDANT)
		return (q->flags & BL_QF_DESCENDANT) != 0;
	if (!q->peer || (q->peer->flags & BL_LF_FULL))
		return BL_ENT_VERDICT(e) >= BL_V_DENY;
	return bl_bit(q->peer->conds, BL_RULE_PEER_COND(rule), BL_MAX_CONDS);
}

/* Do the conditions of this entry hold that are about the process? */
static inline int bl_entry_if(const struct bl_label *l, __u64 e)
{
	if (BL_ENT_IF(e) != BL_COND_NONE && !bl_bit(l->conds, BL_ENT_IF(e), BL_MAX_CONDS))
		return 0;
	return BL_ENT_UNLESS(e) == BL_COND_NONE || !bl_bit(l->conds, BL_ENT_UNLESS(e), BL_MAX_CONDS);
}

/* Do all conditions of this entry hold? */
static inline int bl_entry_holds(const struct bl_tables *t, const struct bl_label *l, const struct bl_question *q, __u64 e)
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

/* ---- names that change ---- */

/*
 * What a link, a rename or a mount does to names. No name may be given or taken that changes what an explicit refusal says; an `allow` does
 * not come into it. q->op is what the reports tell.
 */

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

/* The operations that an object of a name is asked about; a name that is new has been asked about as such. */
#define BL_OPS_KEPT (bl_kind_ops(BL_KEY_PATH) & ~(BL_OP_BIT(BL_OP_CREATE) | BL_OP_BIT(BL_OP_MKNOD)))

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

/* ---- byte strings of objects and subjects that are not names ---- */

static inline void bl_key_byte(struct bl_name *n, __u32 *from, __u8 b)
{
	*from -= 1;
	n->buf[bl_mask(*from, BL_PATH_MAX)] = b;
}

/* An id as 4 bytes, most significant first. Returns where the string begins. */
BL_FN __u32 bl_key_id(struct bl_name *n, __u32 id)
{
	__u32 from = BL_PATH_MAX;

	for (int i = 0; i < 4; i++)
		bl_key_byte(n, &from, id >> (8 * i));
	return from;
}

struct bl_endpoint {
	__u8 proto;  /* enum bl_proto */
	__u8 family; /* enum bl_family */
	__u8 has_port;
	__u8 pad;
	__u16 port; /* host order */
	__u16 pad2;
	__u8 addr[16]; /* network order; IPv4 in the first four */
};

/* v4-mapped IPv6 is IPv4 (RFC 4291, 2.5.5.2). */
BL_FN void bl_endpoint_unmap(struct bl_endpoint *e)
{
	__u8 head = 0;

	if (e->family != BL_FAM_INET6)
		return;
	for (int i = 0; i < 10; i++)
		head |= e->addr[i];
	if (head != 0 || e->addr[10] != 0xff || e->addr[11] != 0xff)
		return;
	e->family = BL_FAM_INET;
	for (int i = 0; i < 4; i++)
		e->addr[i] = e->addr[12 + i];
	for (int i = 4; i < 16; i++)
		e->addr[i] = 0;
}

/*
 * Where a connection really goes: to the unspecified address means to this host (ip_route_connect() in include/net/route.h,
 * tcp_v6_connect() in net/ipv6/tcp_ipv6.c).
 */
BL_FN void bl_endpoint_canonical(struct bl_endpoint *e)
{
	__u8 any = 0;

	bl_endpoint_unmap(e);
	for (int i = 0; i < 16; i++)
		any |= e->addr[i];
	if (any != 0)
		return;
	if (e->family == BL_FAM_INET)
		e->addr[0] = 127;
	e->addr[e->family == BL_FAM_INET ? 3 : 15] = 1;
}

/* A byte as two of 16 values, the high half first: a state for addresses then has at most 16 cells, not 256. */
static inline void bl_key_halves(struct bl_name *n, __u32 *from, __u8 b)
{
	bl_key_byte(n, from, b & 15);
	bl_key_byte(n, from, b >> 4);
}

static BL_INLINE void bl_key_addr(struct bl_name *n, __u32 *from, const struct bl_endpoint *e)
{
	if (e->family == BL_FAM_INET6) {
		for (int i = 15; i >= 4; i--)
			bl_key_halves(n, from, e->addr[i]);
	}
	for (int i = 3; i >= 0; i--)
		bl_key_halves(n, from, e->addr[i]);
}

static BL_INLINE void bl_key_port(struct bl_name *n, __u32 *from, const struct bl_endpoint *e)
{
	if (!e->has_port)
		return;
	bl_key_halves(n, from, e->port & 0xff);
	bl_key_halves(n, from, e->port >> 8);
}

/*
 * protocol, family, then in halves: 4 or 16 address bytes, 2 port bytes if there is a port. Returns where the string
 * begins.
 */
BL_FN __u32 bl_key_net(struct bl_name *n, const struct bl_endpoint *e)
{
	__u32 from = BL_PATH_MAX;

	bl_key_port(n, &from, e);
	bl_key_addr(n, &from, e);
	bl_key_byte(n, &from, e->family);
	bl_key_byte(n, &from, e->proto);
	return from;
}

/* What an accept is about: as bl_key_net() of the local end, then the peer's address, which is of the same family. */
BL_FN __u32 bl_key_accept(struct bl_name *n, const struct bl_endpoint *local, const struct bl_endpoint *peer)
{
	__u32 from = BL_PATH_MAX;

	bl_key_addr(n, &from, peer);
	bl_key_port(n, &from, local);
	bl_key_addr(n, &from, local);
	bl_key_byte(n, &from, local->family);
	bl_key_byte(n, &from, local->proto);
	return from;
}

/* A socket to be made. Protocol 0 of inet and inet6 is what the kernel takes for the type; MPTCP is TCP (linux/in.h). */
BL_FN __u32 bl_key_sock(struct bl_name *n, __u32 family, __u32 type, __u32 protocol)
{
	__u32 from = BL_PATH_MAX;

	if (family == 2 || family == 10) {
		if ((protocol == 0 && type == 1) || protocol == 262)
			protocol = 6;
		else if (protocol == 0 && type == 2)
			protocol = 17;
		else if (protocol == 0 && type == 5)
			protocol = 132; /* SCTP */
		else if (protocol == 0 && type == 6)
			protocol = 33; /* DCCP */
	}
	bl_key_byte(n, &from, protocol & 0xff);
	bl_key_byte(n, &from, protocol >> 8);
	bl_key_byte(n, &from, type);
	bl_key_byte(n, &from, family & 0xff);
	bl_key_byte(n, &from, family >> 8);
	return from;
}

/* ---- what a cgroup's path says ---- */

/*
 * Parts of a name in a struct bl_name: where each begins and how long it is; length 0: there is none. What the search counts in is here,
 * too: in a map's value the verifier sees that one turn of a loop is like another.
 */
struct bl_cgroup_names {
	__u32 unit, unit_len;
	__u32 container, container_len;
	__u32 at;
	__u32 start;   /* of the component */
	__u32 hex;     /* length of the run of hexadecimal digits before `at` */
	__u32 dot_hex; /* of the one before the component's last dot */
};

struct bl_cgroup_ctx {
	const struct bl_name *n;
	struct bl_cgroup_names *r;
};

#define BL_CONTAINER_ID 64u /* digits of the ids that docker, podman, containerd and cri-o give */

/* Are there these bytes at `at`? */
#define BL_IS_AT(c, pos, text) \
	({ \
		int same_ = 1; \
		for (unsigned i_ = 0; i_ < sizeof(text) - 1; i_++) \
			same_ &= (c)->n->buf[bl_mask((pos) + i_, BL_PATH_MAX)] == (__u8)(text)[i_]; \
		same_; \
	})

static BL_INLINE void bl_cgroup_container(struct bl_cgroup_ctx *c, __u32 end, __u32 hex)
{
	__u32 skip = 0;

	if (hex == BL_CONTAINER_ID && !BL_IS_AT(c, c->r->start, "libpod-conmon-"))
		skip = end - c->r->start - BL_CONTAINER_ID;
	else if (BL_IS_AT(c, c->r->start, "lxc.payload."))
		skip = 12;
	else if (BL_IS_AT(c, c->r->start, "systemd-nspawn@"))
		skip = 15;
	else if (BL_IS_AT(c, c->r->start, "machine-"))
		skip = 8;
	else
		return;
	if (c->r->start + skip >= end || end - c->r->start - skip > BL_CONTAINER_MAX)
		return;
	c->r->container = c->r->start + skip;
	c->r->container_len = end - c->r->start - skip;
}

/* Bytes start..at are a component. */
static BL_INLINE void bl_cgroup_component(struct bl_cgroup_ctx *c)
{
	__u32 len = c->r->at - c->r->start, end = c->r->at;
	int scope = len > 6 && BL_IS_AT(c, c->r->at - 6, ".scope"), service = len > 8 && BL_IS_AT(c, c->r->at - 8, ".service");

	if ((scope || service) && c->r->unit_len == 0 && len <= BL_UNIT_MAX) {
		c->r->unit = c->r->start;
		c->r->unit_len = len;
	}
	if (scope || service)
		end -= scope ? 6 : 8;
	if (c->r->container_len == 0 && len != 0)
		bl_cgroup_container(c, end, scope || service ? c->r->dot_hex : c->r->hex);
}

BL_CB long bl_cgroup_step(__u32 i, struct bl_cgroup_ctx *c)
{
	__u8 b = c->r->at < BL_PATH_MAX ? c->n->buf[bl_mask(c->r->at, BL_PATH_MAX)] : '/';

	(void)i;
	if (b == '/') {
		bl_cgroup_component(c);
		c->r->start = c->r->at + 1;
		c->r->dot_hex = 0;
	} else if (b == '.') {
		c->r->dot_hex = c->r->hex;
	}
	if ((b >= '0' && b <= '9') || (b >= 'a' && b <= 'f'))
		c->r->hex++;
	else
		c->r->hex = 0;
	return c->r->at++ >= BL_PATH_MAX;
}

/*
 * The unit and the container that a cgroup (bytes from..BL_PATH_MAX of n) belongs to. The unit is the outermost component that ends in
 * .service or .scope: what a service delegates lies below it and cannot imitate one. The container is the outermost component that
 * ends in an id of 64 digits (before .scope, if it has that), or the name in lxc.payload.NAME, machine-NAME.scope or
 * systemd-nspawn@NAME.service.
 */
BL_FN void bl_cgroup_names(const struct bl_name *n, __u32 from, struct bl_cgroup_names *r)
{
	struct bl_cgroup_ctx c = { .n = n, .r = r };

	__builtin_memset(r, 0, sizeof(*r));
	r->at = r->start = from + 1;
	bl_loop(BL_PATH_MAX, bl_cgroup_step, &c);
}

#endif
