/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The automaton as an object: counted memory, rows of the deterministic automaton, questions about its states. */
#include "automaton.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "au_priv.h"

/* Instructions looked at. Stops in two to three seconds what stays below the other limits only by being slow. */
#ifndef MAX_WORK /* the fuzzers' build has less of all three limits */
#define MAX_WORK (1ULL << 30)
#endif

/* In front of every block. 16 bytes, so that what follows is aligned as malloc() aligns. */
struct au_head {
	size_t size;
	size_t pad;
};

static int au_may_alloc(struct au *a, size_t old, size_t n)
{
	if (a->fail_after == 0 || n > PTRDIFF_MAX - sizeof(struct au_head)) {
		a->err = -ENOMEM;
		return -1;
	}
	if (a->limit != 0 && n > old && a->mem - old + n > a->limit) {
		a->err = -E2BIG;
		return -1;
	}
	if (a->fail_after > 0)
		a->fail_after--;
	return 0;
}

static void *au_take(struct au *a, struct au_head *h, size_t old, size_t n)
{
	if (!h) {
		a->err = -ENOMEM;
		return NULL;
	}
	h->size = n;
	a->mem += n - old;
	return h + 1;
}

void *au_realloc(struct au *a, void *p, size_t n)
{
	struct au_head *h = p ? (struct au_head *)p - 1 : NULL;
	size_t old = h ? h->size : 0;

	n += sizeof(*h);
	if (au_may_alloc(a, old, n) < 0)
		return NULL;
	return au_take(a, realloc(h, n), old, n);
}

void *au_alloc(struct au *a, size_t n)
{
	return au_realloc(a, NULL, n);
}

void *au_zalloc(struct au *a, size_t n)
{
	n += sizeof(struct au_head);
	if (au_may_alloc(a, 0, n) < 0)
		return NULL;
	return au_take(a, calloc(1, n), 0, n);
}

void au_release(struct au *a, void *p)
{
	struct au_head *h = p;

	if (!h)
		return;
	h--;
	a->mem -= h->size;
	free(h);
}

int au_grow(struct au *a, void **p, size_t *cap, size_t need, size_t elem)
{
	size_t n = *cap + *cap / 2 + 64;
	void *q;

	if (need <= *cap)
		return 0;
	if (n < need)
		n = need;
	q = au_realloc(a, *p, n * elem);
	if (!q)
		return a->err;
	*p = q;
	*cap = n;
	return 0;
}

void au_alloc_fail_after(struct au *a, long n)
{
	a->fail_after = n;
}

void au_limit_work(struct au *a, uint64_t steps)
{
	a->max_work = steps;
}

void au_weak_weights(struct au *a)
{
	a->weak_weights = true;
}

size_t au_memory(const struct au *a)
{
	return a->mem;
}

unsigned au_minimise_runs(const struct au *a)
{
	return a->minimise_runs;
}

struct au *au_new(void)
{
	struct au *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->fail_after = -1;
	a->max_work = MAX_WORK;
	return a;
}

void au_free(struct au *a)
{
	if (!a)
		return;
	for (struct au_chunk *c = a->chunks, *next; c; c = next) {
		next = c->next;
		au_release(a, c);
	}
	au_release(a, a->syms);
	au_release(a, a->ranges);
	au_release(a, a->sym_tab);
	au_release(a, a->res);
	au_release(a, a->re_tab);
	au_release(a, a->entries);
	au_release(a, a->blame);
	dfa_free(a, &a->dfa);
	au_release(a, a->acc);
	au_release(a, a->acc_patterns);
	au_release(a, a->acc_tab);
	au_release(a, a->words);
	au_release(a, a->pos);
	free(a);
}

/* ---- counting ---- */

void au_tally_begin(struct au_tally *t)
{
	if (++t->now == 0) {
		memset(t->gen, 0, sizeof(t->gen));
		t->now = 1;
	}
}

uint32_t au_tally_add(struct au_tally *t, uint32_t key, uint32_t n)
{
	uint32_t i = (key * 0x9e3779b1u) >> 22;

	while (t->gen[i] == t->now && t->key[i] != key)
		i = (i + 1) & 1023;
	if (t->gen[i] != t->now) {
		t->gen[i] = t->now;
		t->key[i] = key;
		t->n[i] = 0;
	}
	return t->n[i] += n;
}

/* ---- rows ---- */

static int dfa_resize(struct au *a, struct dfa *d, size_t cap)
{
	uint32_t **all[] = {&d->row, &d->def, &d->acc};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		uint32_t *p = au_realloc(a, *all[i], (cap + 1) * sizeof(*p));

		if (!p)
			return a->err;
		*all[i] = p;
	}
	d->state_cap = cap;
	return 0;
}

int dfa_grow(struct au *a, struct dfa *d, uint32_t nstates)
{
	size_t cap = d->state_cap + d->state_cap / 2 + 64;

	if (nstates <= d->state_cap)
		return 0;
	return dfa_resize(a, d, cap < nstates ? nstates : cap);
}

/* Joins adjacent runs with one successor, in place. */
static unsigned runs_join(struct au_run *to, const struct au_run *runs, unsigned n)
{
	unsigned k = 0;

	for (unsigned i = 0; i < n; i++) {
		if (k == 0 || to[k - 1].to != runs[i].to)
			to[k++] = runs[i];
	}
	return k;
}

/* The successor of most runs; the dead state if it is one of several. */
static uint32_t runs_default(struct au_tally *t, const struct au_run *runs, unsigned n)
{
	uint32_t best = 0, max = 0;

	if (n == 3 && runs[0].to == runs[2].to)
		return runs[0].to;
	au_tally_begin(t);
	for (unsigned i = 0; i < n; i++) {
		uint32_t c = au_tally_add(t, runs[i].to, 1);

		if (c > max || (c == max && runs[i].to == 0)) {
			max = c;
			best = runs[i].to;
		}
	}
	return best;
}

int dfa_add_row(struct au *a, struct dfa *d, uint32_t s, const struct au_run *runs, unsigned nruns)
{
	struct au_run joined[513];
	unsigned n = runs_join(joined, runs, nruns);
	uint32_t def = runs_default(&a->tally, joined, n);
	int r = au_grow(a, (void **)&d->cells, &d->cell_cap, d->ncells + n, sizeof(*d->cells));

	if (r < 0)
		return r;
	d->row[s] = d->ncells;
	d->def[s] = def;
	for (unsigned i = 0; i < n; i++) {
		if (joined[i].to == def)
			continue;
		d->cells[d->ncells++] = (struct au_cell){
			.lo = joined[i].lo, .hi = (i + 1 < n ? joined[i + 1].lo : 256) - 1, .to = joined[i].to};
	}
	d->row[s + 1] = d->ncells;
	return 0;
}

unsigned dfa_runs(const struct dfa *d, uint32_t s, struct au_run runs[513])
{
	unsigned n = 0, at = 0;

	for (uint32_t i = d->row[s]; i < d->row[s + 1]; i++) {
		const struct au_cell *c = &d->cells[i];

		if (c->lo > at)
			runs[n++] = (struct au_run){.lo = at, .to = d->def[s]};
		runs[n++] = (struct au_run){.lo = c->lo, .to = c->to};
		at = c->hi + 1u;
	}
	if (at < 256)
		runs[n++] = (struct au_run){.lo = at, .to = d->def[s]};
	return n;
}

uint32_t dfa_next(const struct dfa *d, uint32_t s, uint8_t byte)
{
	if (s == 0 || s >= d->n)
		return 0;
	for (uint32_t i = d->row[s]; i < d->row[s + 1]; i++) {
		if (byte >= d->cells[i].lo && byte <= d->cells[i].hi)
			return d->cells[i].to;
	}
	return d->def[s];
}

/* Gives back what doubling left over. A failure to do so is none. */
void dfa_shrink(struct au *a, struct dfa *d)
{
	struct au_cell *c = au_realloc(a, d->cells, (d->ncells + 1) * sizeof(*c));

	if (c) {
		d->cells = c;
		d->cell_cap = d->ncells + 1;
	}
	dfa_resize(a, d, d->n);
}

void dfa_free(struct au *a, struct dfa *d)
{
	au_release(a, d->row);
	au_release(a, d->def);
	au_release(a, d->acc);
	au_release(a, d->cells);
	memset(d, 0, sizeof(*d));
}

/* ---- questions ---- */

size_t au_nsets(const struct au *a)
{
	return a->nacc;
}

void au_get_set(const struct au *a, size_t set, unsigned *ret_kind, const uint32_t **ret_patterns, size_t *ret_n)
{
	*ret_kind = a->acc[set].kind;
	*ret_patterns = a->acc_patterns + a->acc[set].first;
	*ret_n = a->acc[set].n;
}

void au_set_payload(struct au *a, size_t set, uint32_t payload)
{
	a->acc[set].payload = payload;
}

uint32_t au_get_payload(const struct au *a, size_t set)
{
	return a->acc[set].payload;
}

size_t au_nstates(const struct au *a)
{
	return a->dfa.n != 0 ? a->dfa.n - 1 : 0;
}

uint32_t au_start(const struct au *a, unsigned kind)
{
	return kind < AU_KINDS ? a->dfa.start[kind] : 0;
}

uint32_t au_next(const struct au *a, uint32_t state, uint8_t byte)
{
	return dfa_next(&a->dfa, state, byte);
}

uint32_t au_payload(const struct au *a, uint32_t state)
{
	if (state == 0 || state >= a->dfa.n || a->dfa.acc[state] == 0)
		return 0;
	return a->acc[a->dfa.acc[state] - 1].payload;
}

unsigned au_runs(const struct au *a, uint32_t state, struct au_run runs[AU_RUNS])
{
	return dfa_runs(&a->dfa, state, runs);
}

uint32_t au_word(const struct au *a, uint32_t state)
{
	return a->pos[state];
}
