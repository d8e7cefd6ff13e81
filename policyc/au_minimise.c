/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Minimisation by partition refinement, after Valmari and Franceschinis, "Simple O(m log n) Time Markov Chain Lumping"
 * (TACAS 2010). A row is a default and few exceptions; expanding the defaults would make m, the number of transitions,
 * a multiple. Instead every byte has a random weight and every cell, the default too, is one edge that weighs as much
 * as its bytes together. The edges of a state into a set of states then weigh what the bytes weigh that lead there:
 * states of one block for which that differs are not equivalent.
 *
 * Different byte sets could weigh the same. So the result is verified against the rows, and should it fail, done again
 * with other weights. Equal byte sets weigh the same, so that nothing is ever split without need.
 */
#include "automaton.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "au_priv.h"

#define NO_BLOCK UINT32_MAX

struct edge {
	uint32_t from;
	uint8_t lo, hi;
	uint16_t is_default; /* then it weighs what no cell of the row weighs */
};

struct block {
	uint32_t first, end; /* in part.elems */
	uint32_t marked;     /* so many of them, from first on, have edges into the splitter */
};

struct part {
	struct au *a;
	const struct dfa *d;
	uint32_t *in; /* n + 1: the edges into each state */
	struct edge *edges;
	uint32_t *elems; /* states that reach a payload, those of a block together */
	uint32_t *loc;	 /* by state: place in elems */
	uint32_t *blk;	 /* by state; NO_BLOCK: reaches no payload */
	uint64_t *sum;	 /* by state: weight of its edges into the splitter */
	uint32_t nlive;
	uint32_t *splitter;
	struct block *blocks;
	uint32_t nblocks;
	uint32_t *stack; /* blocks to split by */
	uint32_t nstack;
	uint32_t *touched; /* blocks with marked states */
	uint32_t ntouched;
	uint64_t prefix[257]; /* weight of the bytes below */
};

/* ---- edges ---- */

static bool row_is_full(const struct dfa *d, uint32_t s)
{
	unsigned n = 0;

	for (uint32_t i = d->row[s]; i < d->row[s + 1]; i++)
		n += d->cells[i].hi - d->cells[i].lo + 1u;
	return n == 256;
}

static bool has_default_edge(const struct dfa *d, uint32_t s)
{
	return d->def[s] != 0 && !row_is_full(d, s);
}

static void edges_count(struct part *p)
{
	const struct dfa *d = p->d;
	uint32_t sum = 0;

	for (size_t i = 0; i < d->ncells; i++)
		p->in[d->cells[i].to]++;
	for (uint32_t s = 1; s < d->n; s++) {
		if (has_default_edge(d, s))
			p->in[d->def[s]]++;
	}
	p->in[0] = 0;
	for (uint32_t s = 0; s < d->n; s++) {
		sum += p->in[s];
		p->in[s] = sum;
	}
	p->in[d->n] = sum;
}

static void edges_fill(struct part *p)
{
	const struct dfa *d = p->d;

	for (uint32_t s = d->n; s-- > 1;) {
		if (has_default_edge(d, s))
			p->edges[--p->in[d->def[s]]] = (struct edge){.from = s, .is_default = 1};
		for (uint32_t i = d->row[s]; i < d->row[s + 1]; i++) {
			const struct au_cell *c = &d->cells[i];

			if (c->to != 0)
				p->edges[--p->in[c->to]] = (struct edge){.from = s, .lo = c->lo, .hi = c->hi};
		}
	}
}

static int edges_make(struct part *p)
{
	p->in = au_zalloc(p->a, ((size_t)p->d->n + 1) * sizeof(*p->in));
	if (!p->in)
		return p->a->err;
	edges_count(p);
	p->edges = au_alloc(p->a, ((size_t)p->in[p->d->n] + 1) * sizeof(*p->edges));
	if (!p->edges)
		return p->a->err;
	edges_fill(p);
	return 0;
}

static uint64_t edge_weight(const struct part *p, const struct edge *e)
{
	const struct dfa *d = p->d;
	uint64_t w = p->prefix[256];

	if (!e->is_default)
		return p->prefix[e->hi + 1] - p->prefix[e->lo];
	for (uint32_t i = d->row[e->from]; i < d->row[e->from + 1]; i++)
		w -= p->prefix[d->cells[i].hi + 1] - p->prefix[d->cells[i].lo];
	return w;
}

/* ---- the first partition ---- */

static void mark_live(struct part *p, uint32_t s)
{
	if (p->blk[s] != NO_BLOCK)
		return;
	p->blk[s] = 0;
	p->elems[p->nlive++] = s;
}

/* Collects in p->elems the states that reach a payload. */
static void find_live(struct part *p)
{
	p->nlive = 0;
	memset(p->blk, 0xff, p->d->n * sizeof(*p->blk));
	for (uint32_t s = 1; s < p->d->n; s++) {
		if (au_payload(p->a, s) != 0)
			mark_live(p, s);
	}
	for (uint32_t i = 0; i < p->nlive; i++) {
		uint32_t s = p->elems[i];

		for (uint32_t e = p->in[s]; e < p->in[s + 1]; e++)
			mark_live(p, p->edges[e].from);
	}
}

static int compare_u64(const void *x, const void *y)
{
	uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;

	return (a > b) - (a < b);
}

/* Numbers the distinct payloads: block_of[accept set + 1]. Payload 0 is block 0. Returns how many blocks. */
static uint32_t number_payloads(const struct au *a, uint64_t *keys, uint32_t *block_of)
{
	uint32_t n = 0, last = 0;

	for (size_t i = 0; i < a->nacc; i++)
		keys[i] = (uint64_t)a->acc[i].payload << 32 | i;
	qsort(keys, a->nacc, sizeof(*keys), compare_u64);
	block_of[0] = 0;
	for (size_t i = 0; i < a->nacc; i++) {
		uint32_t payload = keys[i] >> 32;

		if (payload != last)
			n++;
		last = payload;
		block_of[(uint32_t)keys[i] + 1] = n;
	}
	return n + 1;
}

static void blocks_push(struct part *p, uint32_t b)
{
	p->stack[p->nstack++] = b;
}

/* Brings p->elems into the order of the blocks that p->blk names. */
static void blocks_fill(struct part *p)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < p->nlive; i++)
		p->blocks[p->blk[p->elems[i]]].end++;
	for (uint32_t b = 0; b < p->nblocks; b++) {
		sum += p->blocks[b].end;
		p->blocks[b].first = sum;
		p->blocks[b].end = sum;
	}
	for (uint32_t s = p->d->n; s-- > 1;) {
		if (p->blk[s] != NO_BLOCK)
			p->loc[s] = --p->blocks[p->blk[s]].first;
	}
	for (uint32_t s = 1; s < p->d->n; s++) {
		if (p->blk[s] != NO_BLOCK)
			p->elems[p->loc[s]] = s;
	}
	for (uint32_t b = p->nblocks; b-- > 0;)
		blocks_push(p, b);
}

static int blocks_make(struct part *p)
{
	struct au *a = p->a;
	uint64_t *keys = au_alloc(a, (a->nacc + 1) * sizeof(*keys));
	uint32_t *block_of = au_alloc(a, (a->nacc + 1) * sizeof(*block_of));
	size_t cap;
	int r = 0;

	if (!keys || !block_of) {
		r = a->err;
		goto out;
	}
	p->nblocks = number_payloads(a, keys, block_of);
	cap = (size_t)p->nlive + p->nblocks + 1;
	p->blocks = au_zalloc(a, cap * sizeof(*p->blocks));
	p->stack = au_alloc(a, cap * sizeof(*p->stack));
	p->touched = au_alloc(a, cap * sizeof(*p->touched));
	if (!p->blocks || !p->stack || !p->touched) {
		r = a->err;
		goto out;
	}
	p->nstack = 0;
	for (uint32_t i = 0; i < p->nlive; i++)
		p->blk[p->elems[i]] = block_of[a->dfa.acc[p->elems[i]]];
	blocks_fill(p);
out:
	au_release(a, keys);
	au_release(a, block_of);
	return r;
}

/* ---- refinement ---- */

static void elems_swap(struct part *p, uint32_t i, uint32_t j)
{
	uint32_t x = p->elems[i], y = p->elems[j];

	p->elems[i] = y;
	p->elems[j] = x;
	p->loc[y] = i;
	p->loc[x] = j;
}

/* Adds to the weight of the state that an edge comes from, and marks it in its block. */
static void state_touch(struct part *p, const struct edge *e)
{
	uint32_t s = e->from, at = p->loc[s];
	struct block *b = &p->blocks[p->blk[s]];

	if (b->end - b->first == 1)
		return;
	if (at >= b->first + b->marked) {
		if (b->marked == 0)
			p->touched[p->ntouched++] = p->blk[s];
		elems_swap(p, at, b->first + b->marked++);
		p->sum[s] = 0;
	}
	p->sum[s] += edge_weight(p, e);
}

/* Sorts elems[from..to) by weight: quicksort that keeps equal ones out of both halves. */
static void elems_sort(struct part *p, uint32_t from, uint32_t to)
{
	while (to - from > 1) {
		uint64_t pivot = p->sum[p->elems[from + (to - from) / 2]];
		uint32_t lt = from, i = from, gt = to;

		while (i < gt) {
			uint64_t w = p->sum[p->elems[i]];

			if (w < pivot)
				elems_swap(p, lt++, i++);
			else if (w > pivot)
				elems_swap(p, i, --gt);
			else
				i++;
		}
		if (lt - from < to - gt) {
			elems_sort(p, from, lt);
			from = gt;
		} else {
			elems_sort(p, gt, to);
			to = lt;
		}
	}
}

static bool marked_alike(const struct part *p, const struct block *b)
{
	uint64_t w = p->sum[p->elems[b->first]];

	for (uint32_t i = 1; i < b->marked; i++) {
		if (p->sum[p->elems[b->first + i]] != w)
			return false;
	}
	return true;
}

static void block_cut(struct part *p, uint32_t from, uint32_t to)
{
	uint32_t n = p->nblocks++;

	p->blocks[n] = (struct block){.first = from, .end = to};
	for (uint32_t i = from; i < to; i++)
		p->blk[p->elems[i]] = n;
	blocks_push(p, n);
}

/* End of the group of equal weight that begins at i. */
static uint32_t group_end(const struct part *p, uint32_t i, uint32_t end)
{
	uint64_t w = p->sum[p->elems[i]];

	while (i < end && p->sum[p->elems[i]] == w)
		i++;
	return i;
}

/*
 * Cuts a block into the groups of its marked states and the rest. The largest piece keeps the block's number: if the
 * block has been split by already, that piece need not be, as the others tell what leads there.
 */
static void block_split(struct part *p, uint32_t nr)
{
	struct block *b = &p->blocks[nr];
	uint32_t first = b->first, rest = b->first + b->marked, end = b->end;
	uint32_t big = rest, big_end = end;

	if (!marked_alike(p, b))
		elems_sort(p, first, rest);
	else if (rest == end)
		goto out;
	for (uint32_t i = first, e; i < rest; i = e) {
		e = group_end(p, i, rest);
		if (e - i > big_end - big) {
			big = i;
			big_end = e;
		}
	}
	for (uint32_t i = first, e; i < rest; i = e) {
		e = group_end(p, i, rest);
		if (i != big)
			block_cut(p, i, e);
	}
	if (big != rest && rest < end)
		block_cut(p, rest, end);
	b->first = big;
	b->end = big_end;
out:
	b->marked = 0;
}

static void split_by(struct part *p, const struct block *b)
{
	uint32_t n = b->end - b->first;

	p->ntouched = 0;
	memcpy(p->splitter, p->elems + b->first, n * sizeof(*p->splitter)); /* marking moves states about, here too */
	for (uint32_t i = 0; i < n; i++) {
		uint32_t s = p->splitter[i];

		for (uint32_t e = p->in[s]; e < p->in[s + 1]; e++)
			state_touch(p, &p->edges[e]);
	}
	for (uint32_t i = 0; i < p->ntouched; i++)
		block_split(p, p->touched[i]);
}

static void refine(struct part *p)
{
	while (p->nstack > 0) {
		split_by(p, &p->blocks[p->stack[--p->nstack]]);
	}
}

/* ---- result ---- */

/* State s of the old automaton in terms of blocks + 1, 0: dead. */
static uint32_t block_of(const struct part *p, uint32_t s)
{
	return s != 0 && p->blk[s] != NO_BLOCK ? p->blk[s] + 1 : 0;
}

static bool rows_agree(const struct part *p, uint32_t s, uint32_t t)
{
	struct au_run x[513], y[513];
	unsigned nx = dfa_runs(p->d, s, x), ny = dfa_runs(p->d, t, y);

	for (unsigned i = 0, j = 0; i < nx && j < ny;) {
		unsigned ex = i + 1 < nx ? x[i + 1].lo : 256, ey = j + 1 < ny ? y[j + 1].lo : 256;

		if (block_of(p, x[i].to) != block_of(p, y[j].to))
			return false;
		i += ex <= ey;
		j += ey <= ex;
	}
	return true;
}

/* Whether all states of a block have the same row but for equivalent successors. */
static bool verify(const struct part *p)
{
	for (uint32_t b = 0; b < p->nblocks; b++) {
		for (uint32_t i = p->blocks[b].first + 1; i < p->blocks[b].end; i++) {
			if (!rows_agree(p, p->elems[p->blocks[b].first], p->elems[i]))
				return false;
		}
	}
	return true;
}

/* One state for every block, numbered in the order of the blocks' first states. number[b]: state of block b. */
static int states_make(const struct part *p, struct dfa *to, uint32_t *number)
{
	const struct dfa *d = p->d;
	int r = dfa_grow(p->a, to, p->nblocks + 1);

	if (r < 0)
		return r;
	to->n = 1;
	to->acc[0] = 0;
	r = dfa_add_row(p->a, to, 0, &(struct au_run){0}, 1);
	for (uint32_t s = 1; s < d->n; s++) {
		uint32_t b = p->blk[s];

		if (b == NO_BLOCK || number[b] != 0)
			continue;
		to->acc[to->n] = d->acc[s];
		number[b] = to->n++;
	}
	for (uint32_t k = 0; k < AU_KINDS; k++) {
		uint32_t b = block_of(p, d->start[k]);

		to->start[k] = b != 0 ? number[b - 1] : 0;
	}
	return r;
}

static int rows_make(const struct part *p, struct dfa *to, const uint32_t *number)
{
	uint32_t next = 1;

	for (uint32_t s = 1; s < p->d->n; s++) {
		struct au_run runs[513];
		unsigned n;
		int r;

		if (p->blk[s] == NO_BLOCK || number[p->blk[s]] != next)
			continue;
		n = dfa_runs(p->d, s, runs);
		for (unsigned i = 0; i < n; i++) {
			uint32_t b = block_of(p, runs[i].to);

			runs[i].to = b != 0 ? number[b - 1] : 0;
		}
		r = dfa_add_row(p->a, to, next++, runs, n);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- all of it ---- */

static int part_alloc(struct part *p)
{
	size_t n = p->d->n;

	p->elems = au_alloc(p->a, n * sizeof(*p->elems));
	p->loc = au_alloc(p->a, n * sizeof(*p->loc));
	p->blk = au_alloc(p->a, n * sizeof(*p->blk));
	p->sum = au_alloc(p->a, n * sizeof(*p->sum));
	p->splitter = au_alloc(p->a, n * sizeof(*p->splitter));
	if (!p->elems || !p->loc || !p->blk || !p->sum || !p->splitter)
		return p->a->err;
	return edges_make(p);
}

static void blocks_free(struct part *p)
{
	au_release(p->a, p->blocks);
	au_release(p->a, p->stack);
	au_release(p->a, p->touched);
	p->blocks = NULL;
	p->stack = NULL;
	p->touched = NULL;
}

/* What only the refinement needs. */
static void part_free(struct part *p)
{
	au_release(p->a, p->loc);
	au_release(p->a, p->sum);
	au_release(p->a, p->splitter);
	au_release(p->a, p->in);
	au_release(p->a, p->edges);
	au_release(p->a, p->elems);
	p->loc = p->splitter = p->in = p->elems = NULL;
	p->sum = NULL;
	p->edges = NULL;
	blocks_free(p);
}

static void weights_make(struct part *p, unsigned attempt)
{
	for (unsigned b = 0; b < 256; b++) {
		uint64_t w = au_mix(attempt * 256 + b);

		if (p->a->weak_weights && attempt == 0)
			w = 1;
		p->prefix[b + 1] = p->prefix[b] + w;
	}
}

/* After part_alloc(). */
static int part_run(struct part *p)
{
	int r = 0;

	for (unsigned attempt = 0; r == 0; attempt++) {
		weights_make(p, attempt);
		find_live(p);
		r = blocks_make(p);
		if (r < 0)
			break;
		refine(p);
		p->a->minimise_runs = attempt + 1;
		if (verify(p))
			break;
		blocks_free(p);
	}
	return r;
}

int au_minimise(struct au *a)
{
	struct part p = {.a = a, .d = &a->dfa};
	struct dfa to = {0};
	uint32_t *number = NULL;
	int r;

	if (a->dfa.n == 0)
		return -EINVAL;
	r = part_alloc(&p);
	if (r == 0)
		r = part_run(&p);
	part_free(&p);
	if (r == 0) {
		number = au_zalloc(a, ((size_t)p.nblocks + 1) * sizeof(*number));
		r = number ? states_make(&p, &to, number) : a->err;
	}
	if (r == 0)
		r = rows_make(&p, &to, number);
	au_release(a, number);
	au_release(a, p.blk);
	if (r < 0) {
		dfa_free(a, &to);
		return r;
	}
	dfa_free(a, &a->dfa);
	dfa_shrink(a, &to);
	a->dfa = to;
	return 0;
}

/* ---- classes ---- */

struct au_classes {
	struct part p;
	uint32_t *order; /* states with an output, by rank */
	uint32_t *payloads; /* what the accept sets stand for, while they stand for outputs */
};

int au_classes_new(struct au *a, struct au_classes **ret)
{
	struct au_classes *c = au_zalloc(a, sizeof(*c));
	int r;

	if (!c)
		return a->err;
	c->p.a = a;
	c->p.d = &a->dfa;
	r = part_alloc(&c->p);
	c->order = au_alloc(a, a->dfa.n * sizeof(*c->order));
	c->payloads = au_alloc(a, (a->nacc + 1) * sizeof(*c->payloads));
	if (r == 0 && (!c->order || !c->payloads))
		r = a->err;
	if (r < 0) {
		au_classes_free(c);
		return r;
	}
	*ret = c;
	return 0;
}

void au_classes_free(struct au_classes *c)
{
	struct au *a;

	if (!c)
		return;
	a = c->p.a;
	part_free(&c->p);
	au_release(a, c->p.blk);
	au_release(a, c->order);
	au_release(a, c->payloads);
	au_release(a, c);
}

/* Spreads each rank backwards, the least first, as far as no lesser one has come. */
static void least_find(struct au_classes *c, const uint32_t *rank, uint32_t *ret)
{
	struct part *p = &c->p;
	uint64_t *order = p->sum; /* no longer needed */
	uint32_t n = 0, *queue = c->order;

	memset(ret, 0xff, p->d->n * sizeof(*ret));
	for (uint32_t s = 1; s < p->d->n; s++) {
		if (au_payload(p->a, s) != 0)
			order[n++] = (uint64_t)rank[p->d->acc[s] - 1] << 32 | s;
	}
	qsort(order, n, sizeof(*order), compare_u64);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t have = 0, now = order[i] >> 32, at = (uint32_t)order[i];

		if (ret[at] != UINT32_MAX)
			continue;
		ret[at] = now;
		queue[have++] = at;
		while (have > 0) {
			at = queue[--have];
			for (uint32_t e = p->in[at]; e < p->in[at + 1]; e++) {
				uint32_t from = p->edges[e].from;

				if (ret[from] != UINT32_MAX)
					continue;
				ret[from] = now;
				queue[have++] = from;
			}
		}
	}
}

int au_classes_find(struct au_classes *c, const uint32_t *output, const uint32_t *rank, uint32_t *ret_class, uint32_t *ret_least)
{
	struct au *a = c->p.a;
	int r;

	for (size_t i = 0; i < a->nacc; i++) {
		c->payloads[i] = a->acc[i].payload;
		a->acc[i].payload = output[i];
	}
	r = part_run(&c->p);
	for (uint32_t s = 0; r == 0 && s < a->dfa.n; s++)
		ret_class[s] = block_of(&c->p, s);
	if (r == 0)
		least_find(c, rank, ret_least);
	blocks_free(&c->p);
	for (size_t i = 0; i < a->nacc; i++)
		a->acc[i].payload = c->payloads[i];
	return r;
}
