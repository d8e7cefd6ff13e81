/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sets of instructions, which are the deterministic states. They are kept in one pool, found again by a hash that does
 * not depend on their order. A set of one instruction, by far the most frequent in long literals, is found in an array
 * instead.
 */
#include "automaton.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "au_build.h"

static int set_append(struct build *b, uint32_t pc)
{
	int r = au_grow(b->a, (void **)&b->pool, &b->pool_cap, b->npool + 1, sizeof(*b->pool));

	if (r < 0)
		return r;
	b->pool[b->npool++] = pc;
	b->hash += au_mix(pc);
	return 0;
}

/* Adds what can be reached from pc without reading, as far as it reads or matches. Every split stacks one at most. */
int set_add(struct build *b, uint32_t pc)
{
	uint32_t sp = 0;
	int r;

	b->stack[sp++] = pc;
	while (sp > 0) {
		pc = b->stack[--sp];
		while (b->stamp[pc] != b->gen) {
			uint32_t insn = b->m.prog[pc];

			b->stamp[pc] = b->gen;
			b->work++;
			if (NFA_OP(insn) == NFA_SPLIT) {
				b->stack[sp++] = NFA_ARG(insn);
				pc++;
			} else if (NFA_OP(insn) == NFA_JMP) {
				pc = NFA_ARG(insn);
			} else {
				r = set_append(b, pc);
				if (r < 0)
					return r;
			}
		}
	}
	return 0;
}

void set_begin(struct build *b)
{
	b->gen++;
	b->hash = 0;
}

int state_new(struct build *b, uint32_t *ret)
{
	struct dfa *d = &b->a->dfa;
	uint32_t s = d->n;
	int r;

	if (s > b->max_states || b->npool > UINT32_MAX)
		return -E2BIG;
	r = dfa_grow(b->a, d, s + 1);
	if (r == 0)
		r = au_grow(b->a, (void **)&b->set_of, &b->set_cap, (size_t)s + 2, sizeof(*b->set_of));
	if (r == 0)
		r = au_grow(b->a, (void **)&b->hash_of, &b->hash_cap, (size_t)s + 1, sizeof(*b->hash_of));
	if (r < 0)
		return r;
	d->n++;
	d->acc[s] = 0;
	b->hash_of[s] = b->hash >> 32;
	b->set_of[s + 1] = b->npool;
	*ret = s;
	return 0;
}

static bool set_is(const struct build *b, uint32_t s, const uint32_t *set, size_t n)
{
	const uint32_t *o = b->pool + b->set_of[s];

	if (b->hash_of[s] != (uint32_t)(b->hash >> 32) || b->set_of[s + 1] - b->set_of[s] != n)
		return false;
	if (memcmp(o, set, n * sizeof(*set)) == 0)
		return true;
	for (size_t i = 0; i < n; i++) {
		if (b->stamp[o[i]] != b->gen)
			return false;
	}
	return true;
}

static int tab_rehash(struct build *b)
{
	uint32_t mask = b->tab ? 2 * b->tab_mask + 1 : 1023;
	uint32_t *tab = au_zalloc(b->a, ((size_t)mask + 1) * sizeof(*tab));

	if (!tab)
		return b->a->err;
	for (uint32_t i = 0; b->tab && i <= b->tab_mask; i++) {
		uint32_t h;

		if (b->tab[i] == 0)
			continue;
		h = b->hash_of[b->tab[i]] & mask;
		while (tab[h] != 0)
			h = (h + 1) & mask;
		tab[h] = b->tab[i];
	}
	au_release(b->a, b->tab);
	b->tab = tab;
	b->tab_mask = mask;
	return 0;
}

/* The state of a set of several at the end of the pool, which is taken off again if the state is there already. */
static int set_intern_many(struct build *b, uint32_t tail, size_t n, uint32_t *ret)
{
	uint32_t h;
	int r;

	if (b->tab_used * 2 >= b->tab_mask && (r = tab_rehash(b)) < 0)
		return r;
	h = (uint32_t)(b->hash >> 32) & b->tab_mask;
	for (; b->tab[h] != 0; h = (h + 1) & b->tab_mask) {
		if (set_is(b, b->tab[h], b->pool + tail, n)) {
			b->npool = tail;
			*ret = b->tab[h];
			return 0;
		}
	}
	r = state_new(b, ret);
	if (r < 0)
		return r;
	b->tab[h] = *ret;
	b->tab_used++;
	return 0;
}

int set_intern(struct build *b, uint32_t *ret)
{
	uint32_t tail = b->set_of[b->a->dfa.n], pc;
	size_t n = b->npool - tail;
	int r;

	if (n == 0) {
		*ret = 0;
		return 0;
	}
	if (n > 1)
		return set_intern_many(b, tail, n, ret);
	pc = b->pool[tail];
	if (b->solo[pc] != 0) {
		b->npool = tail;
		*ret = b->solo[pc];
		return 0;
	}
	r = state_new(b, ret);
	if (r == 0)
		b->solo[pc] = *ret;
	return r;
}
