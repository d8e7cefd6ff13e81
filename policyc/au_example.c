/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Examples of what an accept set stands for: a search, breadth first, through the automaton and the shape of a kind's strings at the
 * same time. What it does not reach does not exist.
 */
#include <errno.h>
#include <string.h>

#include "au_priv.h"
#include "automaton.h"
#include "keyshape.h"

#define NONE UINT32_MAX

/* One reached pair of states. */
struct node {
	uint32_t state, shape;
	uint32_t parent;
	uint32_t next; /* of the nodes of one state */
	uint16_t len;
	uint8_t byte; /* by which it was reached */
};

struct au_examples {
	const struct au *a;
	size_t max; /* bytes */
	bool text;  /* letters read well; of numbers small ones do */
	struct node *v;
	size_t n, cap;
	uint32_t *of_state; /* by state: first node */
	uint32_t *of_set;   /* by accept set, and one more for none */
};

static uint32_t *example_slot(const struct au_examples *e, uint32_t state)
{
	uint32_t acc = state != 0 ? e->a->dfa.acc[state] : 0;

	return &e->of_set[acc != 0 ? acc - 1 : e->a->nacc];
}

/* parent NONE: the beginning. */
static int example_reach(struct au *a, struct au_examples *e, uint32_t parent, uint32_t state, uint32_t shape, uint8_t byte)
{
	struct node n = {.state = state, .shape = shape, .parent = parent, .byte = byte};
	int r;

	for (uint32_t i = e->of_state[state]; i != NONE; i = e->v[i].next) {
		if (e->v[i].shape == shape)
			return 0;
	}
	n.len = parent == NONE ? 0 : (uint16_t)(e->v[parent].len + 1);
	n.next = e->of_state[state];
	r = au_grow(a, (void **)&e->v, &e->cap, e->n + 1, sizeof(*e->v));
	if (r < 0)
		return r;
	e->of_state[state] = (uint32_t)e->n;
	if (shape_ends(shape) && *example_slot(e, state) == NONE)
		*example_slot(e, state) = (uint32_t)e->n;
	e->v[e->n++] = n;
	return 0;
}

static int example_run(struct au *a, struct au_examples *e, uint32_t from, uint8_t lo, uint8_t hi, uint32_t to)
{
	uint8_t bytes[SHAPE_PICKS];
	size_t n = shape_pick(e->v[from].shape, lo, hi, bytes);
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		uint32_t shape = shape_step(e->v[from].shape, bytes[i]);

		if (shape != 0)
			r = example_reach(a, e, from, to, shape, bytes[i]);
	}
	return r;
}

/* Is a string text rather than numbers? */
static bool example_is_text(unsigned kind, unsigned op)
{
	const uint64_t numbers = BL_OP_BIT(BL_OP_CAPABILITY) | BL_OP_BIT(BL_OP_SIGNAL) | BL_OP_BIT(BL_OP_SETUID) |
				 BL_OP_BIT(BL_OP_SETGID);

	switch (kind) {
	case BL_KEY_USER:
	case BL_KEY_GROUP:
	case BL_KEY_LOGIN:
	case BL_KEY_CAPABILITY:
	case BL_KEY_NET:
	case BL_KEY_SOCK:
		return false;
	default:
		return kind != BL_KEY_SYS || !(BL_OP_BIT(op) & numbers);
	}
}

/* Letters before everything else, so that of two ways the one that reads better is found first. */
static int example_expand(struct au *a, struct au_examples *e, uint32_t from)
{
	struct au_run runs[513]; /* not cleared: it is big, and most states have few */
	uint32_t state = e->v[from].state;
	unsigned n = 1;
	int r = 0;

	if (state != 0)
		n = dfa_runs(&a->dfa, state, runs);
	else
		runs[0] = (struct au_run){.lo = 0, .to = 0};

	for (int letters = 1; r == 0 && letters >= 0; letters--) {
		for (unsigned i = 0; r == 0 && i < n; i++) {
			uint8_t lo = (uint8_t)runs[i].lo, hi = (uint8_t)((i + 1 < n ? runs[i + 1].lo : 256) - 1);

			if ((e->text && hi >= 'a' && lo <= 'z') == (letters != 0))
				r = example_run(a, e, from, lo, hi, runs[i].to);
		}
	}
	return r;
}

static int examples_init(struct au *a, struct au_examples *e)
{
	size_t n = a->dfa.n ? a->dfa.n : 1;

	e->of_state = au_alloc(a, n * sizeof(*e->of_state));
	e->of_set = au_alloc(a, (a->nacc + 1) * sizeof(*e->of_set));
	if (!e->of_state || !e->of_set)
		return a->err;
	memset(e->of_state, 0xff, n * sizeof(*e->of_state));
	memset(e->of_set, 0xff, (a->nacc + 1) * sizeof(*e->of_set));
	return 0;
}

int au_examples_find(struct au *a, unsigned kind, unsigned op, struct au_examples **ret)
{
	struct au_examples *e = au_zalloc(a, sizeof(*e));
	int r;

	if (!e)
		return a->err;
	e->a = a;
	e->text = example_is_text(kind, op);
	e->max = shape_max((enum bl_kind)kind);
	r = examples_init(a, e);
	if (r == 0)
		r = example_reach(a, e, NONE, au_start(a, kind), shape_start((enum bl_kind)kind, op), 0);
	for (uint32_t i = 0; r == 0 && i < e->n && e->v[i].len < e->max; i++)
		r = example_expand(a, e, i);
	if (r < 0) {
		au_examples_free(a, e);
		return r;
	}
	au_release(a, e->of_state);
	e->of_state = NULL;
	*ret = e;
	return 0;
}

void au_examples_free(struct au *a, struct au_examples *e)
{
	if (!e)
		return;
	au_release(a, e->v);
	au_release(a, e->of_state);
	au_release(a, e->of_set);
	au_release(a, e);
}

bool au_example(const struct au_examples *e, size_t set, uint8_t *buf, size_t *ret_len)
{
	uint32_t at = e->of_set[set == AU_NO_SET ? e->a->nacc : set];

	if (at == NONE)
		return false;
	if (!buf)
		return true;
	*ret_len = e->v[at].len;
	for (; e->v[at].parent != NONE; at = e->v[at].parent)
		buf[e->v[at].len - 1] = e->v[at].byte;
	return true;
}

size_t au_find_set(const struct au *a, unsigned kind, const void *bytes, size_t n)
{
	uint32_t s = au_start(a, kind);

	for (size_t i = 0; i < n; i++)
		s = dfa_next(&a->dfa, s, ((const uint8_t *)bytes)[i]);
	return s != 0 && s < a->dfa.n && a->dfa.acc[s] != 0 ? a->dfa.acc[s] - 1 : AU_NO_SET;
}
