/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tableau: what must hold is taken apart; an "or" of which one side is left is taken at once, and only when there is none
 * is a side guessed and, if that fails, given back.
 */
#include "logic.h"

#include <string.h>

#include "arena.h"
#include "banned.h"

/* A formula's number: 0 and 1 are constants; 4 * var + 2 or 3 a boolean or its opposite; 4 * index (+ 1: or) from 4 on a node. */
#define IS_VAR(f) (((f)&2u) != 0)
#define VAR_OF(f) ((f) >> 2)
#define VAR_SIGN(f) ((f)&1u ? -1 : 1)
#define IS_OR(f) (((f)&1u) != 0)
#define NODE_OF(l, f) (&(l)->v[((f) >> 2) - 1])

struct logic_node {
	logic_f a, b;
};

logic_f logic_var(uint32_t var, bool positive)
{
	return var << 2 | 2u | (positive ? 0 : 1);
}

static logic_f node_new(struct logic *l, logic_f a, logic_f b, bool is_or)
{
	l->v = arena_more(l->arena, l->v, l->n, &l->cap, sizeof(*l->v));
	l->v[l->n++] = (struct logic_node){.a = a, .b = b};
	return (logic_f)l->n << 2 | (is_or ? 1 : 0);
}

logic_f logic_and(struct logic *l, logic_f a, logic_f b)
{
	if (a == LOGIC_FALSE || b == LOGIC_FALSE)
		return LOGIC_FALSE;
	if (a == LOGIC_TRUE || a == b)
		return b;
	return b == LOGIC_TRUE ? a : node_new(l, a, b, false);
}

logic_f logic_or(struct logic *l, logic_f a, logic_f b)
{
	if (a == LOGIC_TRUE || b == LOGIC_TRUE)
		return LOGIC_TRUE;
	if (a == LOGIC_FALSE || a == b)
		return b;
	return b == LOGIC_FALSE ? a : node_new(l, a, b, true);
}

size_t logic_mark(const struct logic *l)
{
	return l->n;
}

void logic_release(struct logic *l, size_t mark)
{
	l->n = mark;
}

/* ---- the search ---- */

struct logic_search {
	struct logic *l;
	struct logic_query *q;
	uint32_t *trail; /* booleans in the order set */
	size_t ntrail, trail_cap;
	struct pending {
		logic_f f; /* an "or" that must hold */
		bool taken; /* a side of it was chosen */
	} *pending;
	size_t npending, pending_cap;
	size_t *taken; /* in the order chosen */
	size_t ntaken, taken_cap;
	bool gave_up;
};

void logic_init(struct logic *l, struct arena *arena)
{
	memset(l, 0, sizeof(*l));
	l->arena = arena;
	l->search = arena_alloc(arena, sizeof(*l->search));
	l->search->l = l;
}

static int value(const struct logic *l, logic_f f, const int8_t *values, uint64_t *steps)
{
	const struct logic_node *n;
	int a, b, decides;

	if (f <= LOGIC_TRUE)
		return f == LOGIC_TRUE ? 1 : -1;
	*steps -= *steps != 0;
	if (IS_VAR(f))
		return values[VAR_OF(f)] * VAR_SIGN(f);
	n = NODE_OF(l, f);
	decides = IS_OR(f) ? 1 : -1;
	a = value(l, n->a, values, steps);
	if (a == decides)
		return a;
	b = value(l, n->b, values, steps);
	if (b == decides || a == b)
		return b;
	return a == -decides && b == -decides ? -decides : 0;
}

int logic_value(const struct logic *l, logic_f f, const int8_t *values)
{
	uint64_t steps = UINT64_MAX;

	return value(l, f, values, &steps);
}

static bool set_var(struct logic_search *s, uint32_t var, int v)
{
	if (s->q->values[var] != 0)
		return s->q->values[var] == v;
	s->trail = arena_more(s->l->arena, s->trail, s->ntrail, &s->trail_cap, sizeof(*s->trail));
	s->trail[s->ntrail++] = var;
	s->q->values[var] = (int8_t)v;
	return !s->q->fits || s->q->fits(s->q->arg, s->q->values, var);
}

/* Makes f hold as far as that needs no choice. */
static bool require(struct logic_search *s, logic_f f)
{
	if (f <= LOGIC_TRUE)
		return f == LOGIC_TRUE;
	if (IS_VAR(f))
		return set_var(s, VAR_OF(f), VAR_SIGN(f));
	if (!IS_OR(f))
		return require(s, NODE_OF(s->l, f)->a) && require(s, NODE_OF(s->l, f)->b);
	s->pending = arena_more(s->l->arena, s->pending, s->npending, &s->pending_cap, sizeof(*s->pending));
	s->pending[s->npending++] = (struct pending){.f = f};
	return true;
}

static bool take(struct logic_search *s, size_t i, logic_f side)
{
	s->taken = arena_more(s->l->arena, s->taken, s->ntaken, &s->taken_cap, sizeof(*s->taken));
	s->taken[s->ntaken++] = i;
	s->pending[i].taken = true;
	return require(s, side);
}

/*
 * Takes every side that is the only one left. False: one has none left. *ret is an "or" with a choice, npending: none has, and everything
 * holds.
 */
static bool propagate(struct logic_search *s, size_t *ret)
{
	bool again = true;

	while (again) {
		again = false;
		*ret = s->npending;
		for (size_t i = 0; i < s->npending; i++) {
			const struct logic_node *n = NODE_OF(s->l, s->pending[i].f);
			int a, b;

			if (s->pending[i].taken)
				continue;
			a = value(s->l, n->a, s->q->values, &s->q->steps);
			b = value(s->l, n->b, s->q->values, &s->q->steps);
			if (a > 0 || b > 0)
				continue;
			if (a < 0 && b < 0)
				return false;
			if (a < 0 || b < 0) {
				if (!take(s, i, a < 0 ? n->b : n->a))
					return false;
				again = true;
			} else if (*ret >= i) {
				*ret = i;
			}
		}
	}
	return true;
}

static void undo(struct logic_search *s, size_t ntrail, size_t npending, size_t ntaken)
{
	while (s->ntaken > ntaken)
		s->pending[s->taken[--s->ntaken]].taken = false;
	while (s->ntrail > ntrail)
		s->q->values[s->trail[--s->ntrail]] = 0;
	s->npending = npending;
}

static bool search(struct logic_search *s)
{
	size_t choice, ntrail, npending, ntaken;
	struct logic_node n;

	if (!propagate(s, &choice))
		return false;
	if (choice >= s->npending)
		return true;
	if (s->q->steps == 0) {
		s->gave_up = true;
		return false;
	}
	n = *NODE_OF(s->l, s->pending[choice].f);
	ntrail = s->ntrail;
	npending = s->npending;
	ntaken = s->ntaken;
	if (take(s, choice, n.a) && search(s))
		return true;
	undo(s, ntrail, npending, ntaken);
	return !s->gave_up && take(s, choice, n.b) && search(s);
}

enum logic_answer logic_solve(struct logic *l, logic_f f, struct logic_query *q)
{
	struct logic_search *s = l->search;

	s->q = q;
	s->ntrail = s->npending = s->ntaken = 0;
	s->gave_up = false;
	if (require(s, f) && search(s))
		return LOGIC_YES;
	undo(s, 0, 0, 0);
	return s->gave_up ? LOGIC_GAVE_UP : LOGIC_NO;
}
