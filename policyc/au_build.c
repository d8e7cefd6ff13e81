/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The subset construction. A deterministic state is a set of instructions that read a byte or match; sets are kept in
 * one pool, found again by a hash that does not depend on their order. A set of one instruction, by far the most
 * frequent in long literals, is found in an array instead.
 *
 * For the successors of a state the 256 bytes are cut into intervals at the bounds of its symbols' ranges; intervals
 * that the same symbols cover have the same successor.
 */
#include "automaton.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "au_priv.h"

#ifndef DEFAULT_MAX_STATES
#define DEFAULT_MAX_STATES 2000000u
#endif
#ifndef DEFAULT_MAX_MEMORY
#define DEFAULT_MAX_MEMORY ((size_t)256 << 20)
#endif

/* A symbol that occurs in the state being worked on, and where to go on when it is read. */
struct local {
	uint32_t sym;
	uint32_t first, n; /* in build.nexts */
};

struct build {
	struct au *a;
	struct nfa m;
	uint32_t max_states;
	uint64_t work;
	uint32_t *stamp; /* by instruction: == gen if in the set being collected */
	uint32_t gen;
	uint32_t *stack;
	uint32_t *solo; /* by instruction: the state that is this one alone */
	uint32_t *pool;
	size_t npool, pool_cap;
	uint64_t hash;	   /* of the set being collected at the end of the pool */
	uint32_t *set_of;  /* by state: first place in the pool; one more than states */
	uint32_t *hash_of; /* by state */
	size_t set_cap, hash_cap;
	uint32_t *tab; /* hash table of states with more than one instruction */
	uint32_t tab_mask, tab_used;
	uint32_t *sym_state; /* by symbol: state for which sym_local is valid */
	uint32_t *sym_local;
	struct local *loc;
	size_t nloc, loc_cap;
	uint32_t *nexts;
	size_t next_cap;
	uint32_t *pats;
	size_t npats, pat_cap;
	uint64_t *mask; /* by interval: which symbols cover it, words 64-bit words each */
	size_t mask_cap, words;
	uint32_t start[257]; /* first byte of each interval, and 256 */
	uint32_t at[257];    /* byte at which an interval begins -> interval */
	unsigned nivals;
	uint32_t group[256];
	uint32_t first_of[256]; /* by group: its first interval */
	unsigned ngroups;
};

/* ---- accept sets ---- */

static int compare_u32(const void *x, const void *y)
{
	uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;

	return (a > b) - (a < b);
}

static size_t sort_unique(uint32_t *v, size_t n)
{
	size_t k = 0;

	if (n > 1)
		qsort(v, n, sizeof(*v), compare_u32);
	for (size_t i = 0; i < n; i++) {
		if (k == 0 || v[k - 1] != v[i])
			v[k++] = v[i];
	}
	return k;
}

static uint64_t accept_hash(uint32_t kind, const uint32_t *pats, size_t n)
{
	uint64_t h = kind;

	for (size_t i = 0; i < n; i++)
		h = au_mix(h ^ pats[i]);
	return h;
}

static int accept_rehash(struct au *a)
{
	uint32_t mask = a->acc_tab ? 2 * a->acc_mask + 1 : 255;
	uint32_t *tab = au_zalloc(a, ((size_t)mask + 1) * sizeof(*tab));

	if (!tab)
		return a->err;
	for (size_t i = 0; i < a->nacc; i++) {
		const struct au_accept *s = &a->acc[i];
		uint32_t h = accept_hash(s->kind, a->acc_patterns + s->first, s->n) & mask;

		while (tab[h] != 0)
			h = (h + 1) & mask;
		tab[h] = i + 1;
	}
	au_release(a, a->acc_tab);
	a->acc_tab = tab;
	a->acc_mask = mask;
	return 0;
}

static int accept_append(struct au *a, uint32_t kind, const uint32_t *pats, size_t n)
{
	int r = au_grow(a, (void **)&a->acc, &a->acc_cap, a->nacc + 1, sizeof(*a->acc));

	if (r == 0)
		r = au_grow(a, (void **)&a->acc_patterns, &a->acc_patterns_cap, a->nacc_patterns + n,
			    sizeof(*a->acc_patterns));
	if (r < 0)
		return r;
	a->acc[a->nacc++] = (struct au_accept){.kind = kind, .first = a->nacc_patterns, .n = n};
	memcpy(a->acc_patterns + a->nacc_patterns, pats, n * sizeof(*pats));
	a->nacc_patterns += n;
	return 0;
}

/* Accept set + 1 of these patterns, which ascend. */
static int accept_intern(struct au *a, uint32_t kind, const uint32_t *pats, size_t n, uint32_t *ret)
{
	uint32_t h;
	int r;

	if (a->nacc * 2 >= a->acc_mask && (r = accept_rehash(a)) < 0)
		return r;
	h = accept_hash(kind, pats, n) & a->acc_mask;
	for (; a->acc_tab[h] != 0; h = (h + 1) & a->acc_mask) {
		const struct au_accept *s = &a->acc[a->acc_tab[h] - 1];

		if (s->kind == kind && s->n == n && memcmp(a->acc_patterns + s->first, pats, n * sizeof(*pats)) == 0)
			break;
	}
	if (a->acc_tab[h] == 0) {
		r = accept_append(a, kind, pats, n);
		if (r < 0)
			return r;
		a->acc_tab[h] = a->nacc;
	}
	*ret = a->acc_tab[h];
	return 0;
}

/* ---- sets ---- */

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
static int set_add(struct build *b, uint32_t pc)
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

static void set_begin(struct build *b)
{
	b->gen++;
	b->hash = 0;
}

static int state_new(struct build *b, uint32_t *ret)
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

static int set_intern(struct build *b, uint32_t *ret)
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
		b->npats = sort_unique(b->pats, b->npats);
		r = accept_intern(b->a, kind, b->pats, b->npats, &b->a->dfa.acc[s]);
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
	struct au *a = b->a;

	for (uint32_t kind = 0; kind < AU_KINDS; kind++) {
		int r = 0;

		set_begin(b);
		for (size_t i = 0; i < a->nentries && r == 0; i++) {
			if (a->entries[i].kind == kind)
				r = set_add(b, b->m.entry_pc[i]);
		}
		if (r == 0)
			r = set_intern(b, &a->dfa.start[kind]);
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

/* ---- who is to blame ---- */

struct blame {
	uint32_t *pattern; /* distinct pattern numbers, ascending */
	size_t n;
	uint32_t *owner; /* by instruction: index into pattern */
	uint32_t *seen;	 /* by pattern: last state counted */
	uint32_t *count; /* by pattern: states, or instructions while there are no states */
};

static void blame_owners(struct build *b, struct blame *w)
{
	const struct au *a = b->a;

	for (size_t i = 0; i < a->nentries; i++)
		w->pattern[i] = a->entries[i].pattern;
	w->n = sort_unique(w->pattern, a->nentries);
	for (size_t i = 0; i < a->nentries; i++) {
		uint32_t *p = bsearch(&a->entries[i].pattern, w->pattern, w->n, sizeof(*p), compare_u32);

		for (uint32_t pc = b->m.entry_pc[i]; pc < b->m.entry_pc[i + 1]; pc++)
			w->owner[pc] = p - w->pattern;
	}
}

static void blame_count(struct build *b, struct blame *w)
{
	uint32_t states = b->a->dfa.n;

	for (size_t pc = 0; pc < b->m.n && states <= 1; pc++)
		w->count[w->owner[pc]]++;
	for (uint32_t s = 1; s < states; s++) {
		for (uint32_t i = b->set_of[s]; i < b->set_of[s + 1]; i++) {
			uint32_t o = w->owner[b->pool[i]];

			if (w->seen[o] != s)
				w->count[o]++;
			w->seen[o] = s;
		}
	}
}

/* Returns -E2BIG, or -ENOMEM if there is no memory to find out. */
static int build_blame(struct build *b, uint32_t *ret_pattern)
{
	struct au *a = b->a;
	size_t n = a->nentries + 1, worst = 0;
	struct blame w = {0};
	int r = -E2BIG;

	a->limit = 0;
	w.pattern = au_alloc(a, n * sizeof(*w.pattern));
	w.owner = au_zalloc(a, (b->m.n + 1) * sizeof(*w.owner));
	w.seen = au_zalloc(a, n * sizeof(*w.seen));
	w.count = au_zalloc(a, n * sizeof(*w.count));
	if (a->nentries > 0)
		*ret_pattern = a->entries[0].pattern;
	if (!w.pattern || !w.owner || !w.seen || !w.count) {
		r = a->err;
	} else if (a->nentries > 0 && b->m.entry_pc) {
		blame_owners(b, &w);
		blame_count(b, &w);
		for (size_t i = 1; i < w.n; i++) {
			if (w.count[i] > w.count[worst])
				worst = i;
		}
		*ret_pattern = w.pattern[worst];
	}
	au_release(a, w.pattern);
	au_release(a, w.owner);
	au_release(a, w.seen);
	au_release(a, w.count);
	return r;
}

int au_build(struct au *a, const struct au_limits *lim, uint32_t *ret_worst_pattern)
{
	struct build b = {.a = a, .max_states = lim && lim->max_states ? lim->max_states : DEFAULT_MAX_STATES};
	int r;

	if (a->oom)
		return -ENOMEM;
	dfa_free(a, &a->dfa);
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
