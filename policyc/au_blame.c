/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who is to blame for an automaton that became too big: the patterns with the positions that tell states apart. One that
 * is in every state, as the beginning of an unanchored pattern, tells nothing, and one that is in few not much. So a
 * position counts by the states that have it or by those that do not, whichever are fewer, and for the one pattern
 * it belongs to. If there are no states yet, patterns count by how long they are.
 */
#include "automaton.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "au_build.h"

static int compare_blame(const void *x, const void *y)
{
	const struct au_blame *v = x, *w = y;

	return (v->pattern > w->pattern) - (v->pattern < w->pattern);
}

static struct au_blame *blame_find(const struct au *a, uint32_t pattern)
{
	const struct au_blame key = {.pattern = pattern};

	if (a->nblame == 0)
		return NULL;
	return bsearch(&key, a->blame, a->nblame, sizeof(key), compare_blame);
}

/* Every pattern once, with the size of its expressions as its count. */
static int blame_begin(struct au *a)
{
	size_t n = 0;

	a->blame = au_zalloc(a, (a->nentries + 1) * sizeof(*a->blame));
	if (!a->blame)
		return a->err;
	for (size_t i = 0; i < a->nentries; i++)
		a->blame[i] = (struct au_blame){.pattern = a->entries[i].pattern, .count = a->entries[i].x->size};
	if (a->nentries > 1)
		qsort(a->blame, a->nentries, sizeof(*a->blame), compare_blame);
	for (size_t i = 0; i < a->nentries; i++) {
		if (n == 0 || a->blame[n - 1].pattern != a->blame[i].pattern)
			a->blame[n++] = a->blame[i];
		else if (a->blame[n - 1].count < a->blame[i].count)
			a->blame[n - 1].count = a->blame[i].count;
	}
	a->nblame = n;
	return 0;
}

static int blame_states(struct build *b)
{
	struct au *a = b->a;
	uint32_t *has = au_zalloc(a, b->m.n * sizeof(*has)), nstates = a->dfa.n;

	if (!has)
		return a->err;
	for (size_t i = 0; i < a->nblame; i++)
		a->blame[i].count = 0;
	for (size_t i = 0; i < b->set_of[nstates]; i++)
		has[b->pool[i]]++;
	for (size_t pc = 0; pc < b->m.n; pc++) {
		uint32_t n = has[pc] < nstates - has[pc] ? has[pc] : nstates - has[pc];

		if (n != 0 && b->m.owner[pc] != NFA_SHARED)
			blame_find(a, a->entries[b->m.owner[pc]].pattern)->count += n;
	}
	au_release(a, has);
	return 0;
}

int build_blame(struct build *b, uint32_t *ret_worst_pattern)
{
	struct au *a = b->a;
	const struct au_blame *worst;
	int r;

	a->limit = 0;
	r = blame_begin(a);
	if (r < 0)
		return r;
	if (a->dfa.n > 1)
		r = blame_states(b);
	if (r < 0)
		return r;
	worst = a->blame;
	for (size_t i = 1; i < a->nblame; i++) {
		if (a->blame[i].count > worst->count)
			worst = &a->blame[i];
	}
	*ret_worst_pattern = worst->pattern;
	return -E2BIG;
}

uint64_t au_blame(const struct au *a, uint32_t pattern)
{
	const struct au_blame *w = blame_find(a, pattern);

	return w ? w->count : 0;
}
