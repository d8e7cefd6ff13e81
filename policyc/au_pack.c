/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The layout that abi.h describes: rows fitted into each other's holes, first fit, rows with many cells first.
 *
 * Finding a place tests 64 positions at a time in a bitmap of the words in use. To stay linear, a search does not begin
 * at the lowest free word every time. For rows without cells and with one cell (nearly all) it begins where the last
 * search of the same shape ended, which is exact, as words are never given back. For the others it moves on when a
 * stretch has proved too full, and gives up after SEARCH_CHUNKS for the end of what is in use: what it passes over, the
 * smaller rows that come later fill.
 */
#include "automaton.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "au_priv.h"
#include "abi.h"

#define SEARCH_CHUNKS 48
#define RARE 2 /* measured: for addresses and ports best, for names hardly different */
#define MAX_WORD 0x7fffff00u

struct pack {
	struct au *a;
	const struct dfa *d;
	uint8_t cls[256];
	unsigned nclasses;
	uint16_t below[257];	 /* classes whose first byte is below */
	uint8_t first_byte[256]; /* by class, in the order of the first bytes */
	uint8_t number[256];	 /* by class in that order: the class number */
	int zero;		 /* the byte whose class is 0, or -1 */
	uint32_t *def;		 /* by state: what the header word says */
	uint32_t *pos;		 /* by state: word, from 0 */
	uint16_t *size;		 /* by state: cells */
	uint64_t *used;
	size_t used_words;
	uint32_t top;		   /* words in use */
	uint32_t cursor[256];	   /* rows of one cell, by class; 0: no cell */
	uint32_t size_cursor[257]; /* other rows, by cells */
};

/* ---- byte classes ---- */

struct classes {
	uint8_t cls[256];
	unsigned n;
	uint64_t done[1024];	/* ranges that have been split by, bit lo * 256 + hi */
	uint64_t recent[64][4]; /* other sets, by hash: to skip what is repeated */
};

static inline unsigned bit_get(const uint64_t *bits, unsigned i)
{
	return bits[i / 64] >> (i % 64) & 1;
}

static void bits_add_range(uint64_t bits[4], unsigned lo, unsigned hi)
{
	for (unsigned b = lo; b <= hi; b++)
		bits[b / 64] |= 1ULL << (b % 64);
}

/* No class may be partly in the set. */
static void classes_split(struct classes *c, const uint64_t set[4])
{
	unsigned in[256] = {0}, all[256] = {0};
	int to[256];

	for (unsigned b = 0; b < 256; b++) {
		all[c->cls[b]]++;
		in[c->cls[b]] += bit_get(set, b);
	}
	memset(to, 0xff, sizeof(to));
	for (unsigned b = 0; b < 256; b++) {
		unsigned k = c->cls[b];

		if (!bit_get(set, b) || in[k] == all[k])
			continue;
		if (to[k] < 0)
			to[k] = (int)c->n++;
		c->cls[b] = to[k];
	}
}

static void classes_split_range(struct classes *c, unsigned lo, unsigned hi)
{
	uint64_t set[4] = {0};

	if (bit_get(c->done, lo * 256 + hi))
		return;
	c->done[(lo * 256 + hi) / 64] |= 1ULL << (hi % 64);
	bits_add_range(set, lo, hi);
	classes_split(c, set);
}

/* Splits by what leads to the successor of the row's cell from. */
static void classes_split_target(struct classes *c, const struct au_cell *row, unsigned n, unsigned from)
{
	uint64_t set[4] = {0}, h = 0;

	for (unsigned i = from; i < n; i++) {
		if (row[i].to == row[from].to)
			bits_add_range(set, row[i].lo, row[i].hi);
	}
	for (int i = 0; i < 4; i++)
		h = au_mix(h ^ set[i]);
	if (memcmp(c->recent[h & 63], set, sizeof(set)) == 0)
		return;
	memcpy(c->recent[h & 63], set, sizeof(set));
	classes_split(c, set);
}

static void classes_row(struct classes *c, struct au_tally *t, const struct au_cell *row, unsigned n)
{
	bool twice = false;

	au_tally_begin(t);
	for (unsigned i = 0; i < n && n > 1; i++)
		twice |= au_tally_add(t, row[i].to, 1) > 1;
	if (!twice) {
		for (unsigned i = 0; i < n; i++)
			classes_split_range(c, row[i].lo, row[i].hi);
		return;
	}
	/* Each successor once: at its first cell, where the count is still what the loop above made it. */
	for (unsigned i = 0; i < n && c->n < 256; i++) {
		uint32_t count = au_tally_add(t, row[i].to, 0);

		if (count == 0)
			continue;
		au_tally_add(t, row[i].to, 0u - count);
		if (count == 1)
			classes_split_range(c, row[i].lo, row[i].hi);
		else
			classes_split_target(c, row, n, i);
	}
}

/* By byte: in how many rows, as they are now, it does not take the default. */
static void exceptions_count(const struct dfa *d, uint32_t n[256])
{
	uint32_t step[257] = {0}, sum = 0;

	for (size_t i = 0; i < d->ncells; i++) {
		step[d->cells[i].lo]++;
		step[d->cells[i].hi + 1]--;
	}
	for (unsigned b = 0; b < 256; b++) {
		sum += step[b];
		n[b] = sum;
	}
}

/*
 * Numbers the classes from 1 in the order of their first bytes, so that ranges stay together, but classes with less
 * than 1 / RARE of the cells of the most frequent one come last: most rows get shorter. With 256 classes the byte with
 * the fewest cells gets class 0.
 */
static void classes_number(struct pack *p, const struct classes *c)
{
	uint32_t cells[256], max = 0, least = 0;
	bool seen[256] = {0};
	unsigned next = 1;

	exceptions_count(p->d, cells);
	p->nclasses = 0;
	for (unsigned b = 0; b < 256; b++) {
		p->below[b] = p->nclasses;
		if (!seen[c->cls[b]])
			p->first_byte[p->nclasses++] = b;
		seen[c->cls[b]] = true;
		max = cells[b] > max ? cells[b] : max;
		least = cells[b] < cells[least] ? b : least;
	}
	p->below[256] = p->nclasses;
	p->zero = p->nclasses == 256 ? (int)least : -1;
	for (int rare = 0; rare < 2; rare++) {
		for (unsigned i = 0; i < p->nclasses; i++) {
			if (p->first_byte[i] != p->zero && (cells[p->first_byte[i]] < max / RARE) == rare)
				p->number[i] = next++;
		}
	}
	for (unsigned b = 256; b-- > 0;) {
		for (unsigned i = 0; i < p->nclasses; i++) {
			if (c->cls[p->first_byte[i]] == c->cls[b])
				p->cls[b] = p->number[i];
		}
	}
}

static int classes_make(struct pack *p)
{
	struct classes *c = au_zalloc(p->a, sizeof(*c));
	const struct dfa *d = p->d;

	if (!c)
		return p->a->err;
	c->n = 1;
	for (uint32_t s = 1; s < d->n && c->n < 256; s++)
		classes_row(c, &p->a->tally, d->cells + d->row[s], d->row[s + 1] - d->row[s]);
	classes_number(p, c);
	au_release(p->a, c);
	return 0;
}

/* ---- rows in terms of classes ---- */

static unsigned run_classes(const struct pack *p, const struct au_run *runs, unsigned n, unsigned i)
{
	unsigned end = i + 1 < n ? runs[i + 1].lo : 256;

	return p->below[end] - p->below[runs[i].lo];
}

/* The successor for most classes. Where class 0 exists, it has to take the default. */
static uint32_t row_default(const struct pack *p, const struct au_run *runs, unsigned n, unsigned *ret_classes)
{
	struct au_tally *t = &p->a->tally;
	uint32_t best = 0;
	unsigned max = 0;

	au_tally_begin(t);
	for (unsigned i = 0; i < n; i++) {
		unsigned k = au_tally_add(t, runs[i].to, run_classes(p, runs, n, i));
		unsigned end = i + 1 < n ? runs[i + 1].lo : 256;

		if (p->zero < 0 && k > max) {
			max = k;
			best = runs[i].to;
		} else if (p->zero >= (int)runs[i].lo && p->zero < (int)end) {
			best = runs[i].to;
		}
	}
	*ret_classes = au_tally_add(t, best, 0);
	return best;
}

static void rows_measure(struct pack *p)
{
	for (uint32_t s = 1; s < p->d->n; s++) {
		struct au_run runs[513];
		unsigned n = dfa_runs(p->d, s, runs), k;

		p->def[s] = row_default(p, runs, n, &k);
		p->size[s] = p->nclasses - k;
	}
}

struct row_cell {
	uint8_t cls;
	uint32_t to;
};

static unsigned row_cells(const struct pack *p, uint32_t s, struct row_cell cells[256])
{
	struct au_run runs[513];
	unsigned n = dfa_runs(p->d, s, runs), k = 0;

	for (unsigned i = 0; i < n; i++) {
		unsigned end = i + 1 < n ? runs[i + 1].lo : 256;

		if (runs[i].to == p->def[s])
			continue;
		for (unsigned c = p->below[runs[i].lo]; c < p->below[end]; c++)
			cells[k++] = (struct row_cell){.cls = p->number[c], .to = runs[i].to};
	}
	return k;
}

/* ---- places ---- */

static inline uint64_t used_load(const struct pack *p, size_t at)
{
	const uint64_t *w = p->used + at / 64;

	return at % 64 == 0 ? w[0] : w[0] >> (at % 64) | w[1] << (64 - at % 64);
}

/* Room to look at and to place rows at any position up to at. */
static int used_reserve(struct pack *p, size_t at)
{
	size_t need = at / 64 + 16, n = p->used_words + p->used_words / 2;
	uint64_t *w;

	if (need <= p->used_words)
		return 0;
	if (n < need + 1024)
		n = need + 1024;
	w = au_realloc(p->a, p->used, n * sizeof(*w));
	if (!w)
		return p->a->err;
	memset(w + p->used_words, 0, (n - p->used_words) * sizeof(*w));
	p->used = w;
	p->used_words = n;
	return 0;
}

/*
 * First position from at on where the row fits, in *ret; if the first chunks times 64 positions have none, the position
 * after them and false.
 */
static bool place_search(const struct pack *p, uint32_t at, const struct row_cell *c, unsigned n, uint32_t chunks,
			 uint32_t *ret)
{
	for (uint32_t i = 0; i < chunks; i++, at += 64) {
		uint64_t busy = used_load(p, at);

		for (unsigned j = 0; j < n && busy != UINT64_MAX; j++)
			busy |= used_load(p, (size_t)at + c[j].cls);
		if (busy != UINT64_MAX) {
			*ret = at + (uint32_t)__builtin_ctzll(~busy);
			return true;
		}
	}
	*ret = at;
	return false;
}

/* Everything from top on is free, so this always finds a place. */
static uint32_t place_surely(const struct pack *p, uint32_t at, const struct row_cell *c, unsigned n)
{
	uint32_t pos;

	place_search(p, at, c, n, UINT32_MAX, &pos);
	return pos;
}

static uint32_t place_small(struct pack *p, const struct row_cell *c, unsigned n)
{
	uint32_t *cursor = &p->cursor[n == 0 ? 0 : c[0].cls];

	*cursor = place_surely(p, *cursor, c, n);
	return *cursor;
}

static uint32_t place_large(struct pack *p, const struct row_cell *c, unsigned n)
{
	uint32_t *cursor = &p->size_cursor[n], from = *cursor, pos;

	if (!place_search(p, from, c, n, SEARCH_CHUNKS, &pos)) {
		if (p->top > 1024 && pos < p->top - 1024)
			pos = p->top - 1024;
		pos = place_surely(p, pos, c, n);
	}
	/* Half of what was in vain is not looked at again: a search pays for the next ones. */
	if (pos - from > 128)
		*cursor = from + (pos - from > 64 * SEARCH_CHUNKS ? 64 * SEARCH_CHUNKS : pos - from) / 2;
	return pos;
}

static void place_take(struct pack *p, uint32_t pos, const struct row_cell *c, unsigned n)
{
	uint32_t last = pos;

	p->used[pos / 64] |= 1ULL << (pos % 64);
	for (unsigned i = 0; i < n; i++) {
		uint32_t w = pos + c[i].cls;

		p->used[w / 64] |= 1ULL << (w % 64);
		if (w > last)
			last = w;
	}
	if (last >= p->top)
		p->top = last + 1;
}

static int place_state(struct pack *p, uint32_t s)
{
	struct row_cell c[256];
	unsigned n = row_cells(p, s, c);
	int r = used_reserve(p, (size_t)p->top + 1024 + 64 * SEARCH_CHUNKS);

	if (r < 0)
		return r;
	if (p->top >= MAX_WORD)
		return -E2BIG;
	p->pos[s] = n < 2 ? place_small(p, c, n) : place_large(p, c, n);
	place_take(p, p->pos[s], c, n);
	return 0;
}

/* All states in p->pos order: by falling number of cells, then by number. */
static void states_sort(const struct pack *p, uint32_t *order)
{
	uint32_t count[258] = {0};

	for (uint32_t s = 1; s < p->d->n; s++)
		count[256 - p->size[s] + 1]++;
	for (unsigned i = 1; i < 258; i++)
		count[i] += count[i - 1];
	for (uint32_t s = 1; s < p->d->n; s++)
		order[count[256 - p->size[s]]++] = s;
}

static int place_all(struct pack *p)
{
	uint32_t n = p->d->n - 1;
	uint32_t *order = au_alloc(p->a, ((size_t)n + 1) * sizeof(*order));
	int r = 0;

	if (!order)
		return p->a->err;
	states_sort(p, order);
	for (uint32_t i = 0; i < n && r == 0; i++)
		r = place_state(p, order[i]);
	au_release(p->a, order);
	return r;
}

/* ---- words ---- */

static uint64_t word_of(const struct pack *p, uint32_t first, uint32_t s)
{
	return s != 0 ? (uint64_t)(first + p->pos[s]) << 32 : 0;
}

static void words_fill(const struct pack *p, uint32_t first, uint64_t *w)
{
	for (uint32_t s = 1; s < p->d->n; s++) {
		struct row_cell c[256];
		unsigned n = row_cells(p, s, c);

		w[p->pos[s]] = word_of(p, first, p->def[s]) | BL_CELL_HEAD | au_payload(p->a, s);
		for (unsigned i = 0; i < n; i++)
			w[p->pos[s] + c[i].cls] = word_of(p, first, c[i].to) | (first + p->pos[s]);
	}
}

static int pack_alloc(struct pack *p)
{
	size_t n = p->d->n;

	p->def = au_alloc(p->a, n * sizeof(*p->def));
	p->pos = au_alloc(p->a, n * sizeof(*p->pos));
	p->size = au_alloc(p->a, n * sizeof(*p->size));
	return p->def && p->pos && p->size ? 0 : p->a->err;
}

static int pack_emit(struct pack *p, uint32_t first, struct au_packed *ret)
{
	size_t n = (size_t)p->top + 256;
	uint64_t *w;

	if (n + first > MAX_WORD)
		return -E2BIG;
	w = au_zalloc(p->a, n * sizeof(*w));
	if (!w)
		return p->a->err;
	words_fill(p, first, w);
	au_release(p->a, p->a->words);
	p->a->words = w;
	memset(ret, 0, sizeof(*ret));
	ret->words = w;
	ret->nwords = n;
	memcpy(ret->cls, p->cls, sizeof(ret->cls));
	for (unsigned k = 0; k < AU_KINDS; k++) {
		uint32_t s = p->d->start[k];

		ret->start[k] = s != 0 ? first + p->pos[s] : 0;
	}
	return 0;
}

int au_pack(struct au *a, uint32_t first_word, struct au_packed *ret)
{
	struct pack p = {.a = a, .d = &a->dfa};
	int r;

	if (first_word < 256 || a->dfa.n == 0)
		return -EINVAL;
	r = pack_alloc(&p);
	if (r == 0)
		r = classes_make(&p);
	if (r == 0) {
		rows_measure(&p);
		r = place_all(&p);
	}
	if (r == 0)
		r = pack_emit(&p, first_word, ret);
	for (uint32_t i = 1; r == 0 && i < a->dfa.n; i++)
		p.pos[i] += first_word;
	au_release(a, a->pos);
	a->pos = p.pos;
	au_release(a, p.def);
	au_release(a, p.size);
	au_release(a, p.used);
	return r;
}
