/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The subset construction. A deterministic state is a set of instructions that read a byte or match (au_set.c).
 *
 * For the successors of a state the 256 bytes are cut into intervals at the bounds of its symbols' ranges; intervals
 * that the same symbols cover have the same successor.
 */
#include "automaton.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "au_build.h"

#ifndef DEFAULT_MAX_STATES
#define DEFAULT_MAX_STATES 2000000u
#endif
#ifndef DEFAULT_MAX_MEMORY
#define DEFAULT_MAX_MEMORY ((size_t)192 << 20) /* so that a hostile policy takes less than 256 MiB in all */
#endif

/* ---- one state ---- */

static const struct au_range *sym_range(const struct build *b, uint32_t sym, struct au_range *one, uint32_t *ret_n)
{
	const struct au_sym *s;

	if (sym < 256) {
		*one = (struct au_range){.lo = sym, .hi = sym};
		*ret_n = 1;
		return one;
	}
	s = &b->a->syms[sym - 256];
	*ret_n = s->nranges;
	return b->a->ranges + s->first;
}

static int local_count(struct build *b, uint32_t s, uint32_t sym)
{
	int r;

	if (b->sym_state[sym] != s) {
		r = au_grow(b->a, (void **)&b->loc, &b->loc_cap, b->nloc + 1, sizeof(*b->loc));
		if (r < 0)
			return r;
		b->sym_state[sym] = s;
		b->sym_local[sym] = b->nloc;
		b->loc[b->nloc++] = (struct local){.sym = sym};
	}
	b->loc[b->sym_local[sym]].n++;
	return 0;
}

static int pattern_append(struct build *b, uint32_t pattern)
{
	int r = au_grow(b->a, (void **)&b->pats, &b->pat_cap, b->npats + 1, sizeof(*b->pats));

	if (r == 0)
		b->pats[b->npats++] = pattern;
	return r;
}

/* Sorts the instructions of s into b->loc by symbol, and the patterns it matches into b->pats. */
static int state_sort(struct build *b, uint32_t s, uint32_t *ret_kind)
{
	uint32_t from = b->set_of[s], to = b->set_of[s + 1], sum = 0;
	int r = au_grow(b->a, (void **)&b->nexts, &b->next_cap, to - from, sizeof(*b->nexts));

	b->nloc = 0;
	b->npats = 0;
	for (uint32_t i = from; i < to && r == 0; i++) {
		uint32_t insn = b->m.prog[b->pool[i]];

		if (NFA_OP(insn) == NFA_SYM) {
			r = local_count(b, s, NFA_ARG(insn));
		} else {
			*ret_kind = b->a->entries[NFA_ARG(insn)].kind;
			r = pattern_append(b, b->a->entries[NFA_ARG(insn)].pattern);
		}
	}
	if (r < 0)
		return r;
	for (size_t i = 0; i < b->nloc; i++) {
		b->loc[i].first = sum;
		sum += b->loc[i].n;
		b->loc[i].n = 0;
	}
	for (uint32_t i = from; i < to; i++) {
		uint32_t insn = b->m.prog[b->pool[i]];
		struct local *l;

		if (NFA_OP(insn) != NFA_SYM)
			continue;
		l = &b->loc[b->sym_local[NFA_ARG(insn)]];
		b->nexts[l->first + l->n++] = b->pool[i] + 1;
	}
	return 0;
}

/* Cuts 0..255 at the bounds of all ranges. */
static void state_cut(struct build *b)
{
	uint64_t cut[5] = {1};
	unsigned n = 0;

	for (size_t i = 0; i < b->nloc; i++) {
		struct au_range one;
		uint32_t nr;
		const struct au_range *r = sym_range(b, b->loc[i].sym, &one, &nr);

		for (uint32_t j = 0; j < nr; j++) {
			unsigned end = r[j].hi + 1u;

			cut[r[j].lo / 64] |= 1ULL << (r[j].lo % 64);
			cut[end / 64] |= 1ULL << (end % 64);
		}
	}
	for (unsigned w = 0; w < 4; w++) {
		for (uint64_t m = cut[w]; m != 0; m &= m - 1) {
			unsigned byte = 64 * w + (unsigned)__builtin_ctzll(m);

			b->start[n] = byte;
			b->at[byte] = n++;
		}
	}
	b->start[n] = 256;
	b->at[256] = n;
	b->nivals = n;
}

static int state_cover(struct build *b)
{
	size_t n;
	int r;

	b->words = (b->nloc + 63) / 64;
	n = b->words * b->nivals;
	/* a state without successors has no words, but pointers to them */
	r = au_grow(b->a, (void **)&b->mask, &b->mask_cap, n ? n : 1, sizeof(*b->mask));
	if (r < 0)
		return r;
	if (n == 0)
		return 0;
	b->work += n;
	memset(b->mask, 0, n * sizeof(*b->mask));
	for (size_t i = 0; i < b->nloc; i++) {
		struct au_range one;
		uint32_t nr;
		const struct au_range *rg = sym_range(b, b->loc[i].sym, &one, &nr);

		for (uint32_t j = 0; j < nr; j++) {
			uint32_t to = b->at[rg[j].hi + 1u];

			for (uint32_t k = b->at[rg[j].lo]; k < to; k++)
				b->mask[k * b->words + i / 64] |= 1ULL << (i % 64);
			b->work += to - b->at[rg[j].lo];
		}
	}
	return 0;
}

/* Gives intervals with equal masks one group number. */
static void state_group(struct build *b)
{
	uint16_t tab[512];
	size_t size = b->words * sizeof(*b->mask);

	memset(tab, 0, sizeof(tab));
	b->ngroups = 0;
	for (unsigned i = 0; i < b->nivals; i++) {
		const uint64_t *m = b->mask + i * b->words;
		uint64_t hash = 0;
		unsigned h;

		for (size_t w = 0; w < b->words; w++)
			hash = (hash ^ m[w]) * 0x9e3779b97f4a7c15u;
		for (h = (hash >> 32) & 511; tab[h] != 0; h = (h + 1) & 511) {
			if (memcmp(b->mask + b->first_of[tab[h] - 1] * b->words, m, size) == 0)
				break;
		}
		if (tab[h] == 0) {
			b->first_of[b->ngroups] = i;
			tab[h] = ++b->ngroups;
		}
		b->group[i] = tab[h] - 1u;
	}
}

/* Where a state goes when the symbols of this mask are read. */
static int group_target(struct build *b, const uint64_t *mask, uint32_t *ret)
{
	int r;

	set_begin(b);
	for (size_t w = 0; w < b->words; w++) {
		for (uint64_t m = mask[w]; m != 0; m &= m - 1) {
			const struct local *l = &b->loc[64 * w + (unsigned)__builtin_ctzll(m)];

			for (uint32_t i = 0; i < l->n; i++) {
				r = set_add(b, b->nexts[l->first + i]);
				if (r < 0)
					return r;
			}
			b->work += l->n;
		}
	}
	return set_intern(b, ret);
}

static int state_row(struct build *b, uint32_t s)
{
	struct au_run runs[256];
	uint32_t target[256];
	int r;

	for (unsigned g = 0; g < b->ngroups; g++) {
		r = group_target(b, b->mask + b->first_of[g] * b->words, &target[g]);
		if (r < 0)
			return r;
	}
	for (unsigned i = 0; i < b->nivals; i++)
		runs[i] = (struct au_run){.lo = b->start[i], .to = target[b->group[i]]};
	return dfa_add_row(b->a, &b->a->dfa, s, runs, b->nivals);
}

/* The link of a chain: one instruction, one byte. */
static int state_link(struct build *b, uint32_t s, uint32_t pc)
{
	uint32_t byte = NFA_ARG(b->m.prog[pc]), to;
	struct dfa *d = &b->a->dfa;
	int r;

	set_begin(b);
	r = set_add(b, pc + 1);
	if (r == 0)
		r = set_intern(b, &to);
	if (r == 0)
		r = au_grow(b->a, (void **)&d->cells, &d->cell_cap, d->ncells + 1, sizeof(*d->cells));
	if (r < 0)
		return r;
	d->row[s] = d->ncells;
	d->def[s] = 0;
	d->cells[d->ncells++] = (struct au_cell){.lo = byte, .hi = byte, .to = to};
	d->row[s + 1] = d->ncells;
	return 0;
}

static int state_expand(struct build *b, uint32_t s)
{
	uint32_t pc = b->pool[b->set_of[s]], kind = 0;
	int r;

	if (b->set_of[s + 1] - b->set_of[s] == 1 && b->m.prog[pc] < NFA_INSN(NFA_SYM, 256))
		return state_link(b, s, pc);
	b->work += b->set_of[s + 1] - b->set_of[s];
	r = state_sort(b, s, &kind);
	if (r == 0 && b->npats > 0) {
		b->npats = au_sort_unique(b->pats, b->npats);
		r = au_accept_intern(b->a, kind, b->pats, b->npats, &b->a->dfa.acc[s]);
	}
	if (r < 0)
		return r;
	state_cut(b);
	r = state_cover(b);
	if (r < 0)
		return r;
	state_group(b);
	return state_row(b, s);
}

/* ---- all states ---- */

static int build_starts(struct build *b)
{
	for (uint32_t kind = 0; kind < AU_KINDS; kind++) {
		int r = 0;

		set_begin(b);
		if (b->m.start[kind] != NFA_NONE)
			r = set_add(b, b->m.start[kind]);
		if (r == 0)
			r = set_intern(b, &b->a->dfa.start[kind]);
		if (r < 0)
			return r;
	}
	return 0;
}

static int build_states(struct build *b)
{
	int r = build_starts(b);

	for (uint32_t s = 1; s < b->a->dfa.n && r == 0; s++) {
		r = state_expand(b, s);
		if (r == 0 && b->work > b->a->max_work)
			r = -E2BIG;
	}
	return r;
}

static int build_alloc(struct build *b)
{
	struct au *a = b->a;
	size_t n = b->m.n + 1, nsyms = 256 + a->nsyms;
	int r;

	b->stamp = au_zalloc(a, n * sizeof(*b->stamp));
	b->solo = au_zalloc(a, n * sizeof(*b->solo));
	b->stack = au_alloc(a, ((size_t)b->m.nsplits + 1) * sizeof(*b->stack));
	b->sym_state = au_zalloc(a, nsyms * sizeof(*b->sym_state));
	b->sym_local = au_alloc(a, nsyms * sizeof(*b->sym_local));
	if (!b->stamp || !b->solo || !b->stack || !b->sym_state || !b->sym_local)
		return a->err;
	r = state_new(b, &(uint32_t){0});
	if (r < 0)
		return r;
	b->set_of[0] = 0;
	return dfa_add_row(a, &a->dfa, 0, &(struct au_run){0}, 1);
}

static void build_free(struct build *b)
{
	void *all[] = {b->stamp, b->solo,      b->stack,     b->pool, b->set_of, b->hash_of, b->tab,
		       b->loc,	 b->sym_state, b->sym_local, b->mask, b->nexts,	 b->pats};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		au_release(b->a, all[i]);
	nfa_free(b->a, &b->m);
}

int au_build(struct au *a, const struct au_limits *lim, uint32_t *ret_worst_pattern)
{
	struct build b = {.a = a, .max_states = lim && lim->max_states ? lim->max_states : DEFAULT_MAX_STATES};
	int r;

	if (a->oom)
		return -ENOMEM;
	dfa_free(a, &a->dfa);
	au_release(a, a->blame);
	a->blame = NULL;
	a->nblame = 0;
	a->nacc = 0;
	a->nacc_patterns = 0;
	if (a->acc_tab)
		memset(a->acc_tab, 0, ((size_t)a->acc_mask + 1) * sizeof(*a->acc_tab));
	a->limit = lim && lim->max_memory ? lim->max_memory : DEFAULT_MAX_MEMORY;
	r = nfa_make(a, &b.m);
	if (r == 0)
		r = build_alloc(&b);
	if (r == 0)
		r = build_states(&b);
	if (r == -E2BIG)
		r = build_blame(&b, ret_worst_pattern);
	a->limit = 0;
	build_free(&b);
	if (r < 0)
		dfa_free(a, &a->dfa);
	else
		dfa_shrink(a, &a->dfa);
	return r;
}
