/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The decision core: who. From what a process is and was to its label. Part of decide.h. */
#ifndef BL_WHO_H
#define BL_WHO_H

#include "run.h"

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

#endif
