/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Expressions. Equal ones are the same object: what patterns have in common is found by comparing numbers.
 */
#include "automaton.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "au_priv.h"

/* ---- arena ---- */

static void *arena_alloc(struct au *a, size_t n)
{
	struct au_chunk *c = a->chunks;
	size_t size;
	void *p;

	n = (n + 7) & ~(size_t)7;
	if (!c || c->size - c->used < n) {
		size = n > 32768 ? n : 65536 - sizeof(*c) - 64;
		c = au_alloc(a, sizeof(*c) + size);
		if (!c) {
			a->oom = true;
			return NULL;
		}
		c->next = a->chunks;
		c->used = 0;
		c->size = size;
		a->chunks = c;
	}
	p = c->data + c->used;
	c->used += n;
	return p;
}

/* ---- each expression once ---- */

static uint64_t re_hash(const struct re *e)
{
	uint64_t h = au_mix((uint64_t)e->op << 32 | e->n), w;

	if (e->op != RE_LIT)
		return au_mix(h ^ (e->x ? (uint64_t)e->x->id << 32 : 0) ^ (e->y ? e->y->id : UINT32_MAX));
	for (uint32_t i = 0; i < e->n; i += 8) {
		w = 0;
		memcpy(&w, e->bytes + i, e->n - i < 8 ? e->n - i : 8);
		h = au_mix(h ^ w);
	}
	return h;
}

static bool re_same(const struct re *e, const struct re *f)
{
	if (e->op != f->op || e->n != f->n || e->y != f->y)
		return false;
	return e->op == RE_LIT ? memcmp(e->bytes, f->bytes, e->n) == 0 : e->x == f->x;
}

/* Half of the hash stands beside the number: to look at what is not meant costs more than all the rest. */
static uint64_t re_slot(uint64_t hash, uint32_t id)
{
	return hash >> 32 << 32 | (id + 1);
}

static int re_rehash(struct au *a)
{
	uint32_t mask = a->re_tab ? 2 * a->re_mask + 1 : 1023;
	uint64_t *tab = au_zalloc(a, ((size_t)mask + 1) * sizeof(*tab));

	if (!tab)
		return a->err;
	for (size_t i = 0; a->re_tab && i <= a->re_mask; i++) {
		uint32_t h = (uint32_t)(a->re_tab[i] >> 32) & mask;

		if (a->re_tab[i] == 0)
			continue;
		while (tab[h] != 0)
			h = (h + 1) & mask;
		tab[h] = a->re_tab[i];
	}
	au_release(a, a->re_tab);
	a->re_tab = tab;
	a->re_mask = mask;
	return 0;
}

static uint32_t re_size(const struct re *e)
{
	uint64_t n = e->op == RE_LIT ? e->n : e->op == RE_EMPTY ? 0 : 1;

	if (e->op != RE_LIT && e->x)
		n += e->x->size;
	if (e->y)
		n += e->y->size;
	return n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

/* A new object like e, with more bytes behind it. */
static struct re *re_store(struct au *a, const struct re *e, size_t more)
{
	struct re *stored = NULL;

	if (a->nres >= UINT32_MAX || au_grow(a, (void **)&a->res, &a->re_cap, a->nres + 1, sizeof(*a->res)) < 0) {
		a->oom = true;
		return NULL;
	}
	stored = arena_alloc(a, sizeof(*stored) + more);
	if (!stored)
		return NULL;
	*stored = *e;
	stored->id = a->nres;
	stored->size = re_size(e);
	if (more != 0)
		stored->bytes = memcpy(stored + 1, e->bytes, more);
	a->res[a->nres++] = stored;
	return stored;
}

/* The one object that is as e. */
static struct re *re_intern(struct au *a, const struct re *e)
{
	uint64_t hash = re_hash(e);
	struct re *stored;
	uint32_t h;

	if (a->nres * 2 >= a->re_mask && re_rehash(a) < 0) {
		a->oom = true;
		return NULL;
	}
	h = (uint32_t)(hash >> 32) & a->re_mask;
	for (; a->re_tab[h] != 0; h = (h + 1) & a->re_mask) {
		stored = a->res[(uint32_t)a->re_tab[h] - 1];
		if (a->re_tab[h] >> 32 == hash >> 32 && re_same(stored, e))
			return stored;
	}
	stored = re_store(a, e, e->op == RE_LIT ? e->n : 0);
	if (stored)
		a->re_tab[h] = re_slot(hash, stored->id);
	return stored;
}

static struct re *re_new(struct au *a, enum re_op op, const struct re *x, const struct re *y)
{
	return re_intern(a, &(struct re){.op = op, .x = x, .y = y});
}

/* ---- byte sets ---- */

static uint64_t sym_hash(const uint8_t bits[32])
{
	uint64_t h = 0, w;

	for (int i = 0; i < 4; i++) {
		memcpy(&w, bits + 8 * i, 8);
		h = au_mix(h ^ w);
	}
	return h;
}

static int sym_rehash(struct au *a)
{
	uint32_t mask = a->sym_tab ? 2 * a->sym_mask + 1 : 255;
	uint32_t *tab = au_zalloc(a, ((size_t)mask + 1) * sizeof(*tab));

	if (!tab)
		return a->err;
	for (size_t i = 0; i < a->nsyms; i++) {
		uint32_t h = sym_hash(a->syms[i].bits) & mask;

		while (tab[h] != 0)
			h = (h + 1) & mask;
		tab[h] = i + 1;
	}
	au_release(a, a->sym_tab);
	a->sym_tab = tab;
	a->sym_mask = mask;
	return 0;
}

static int sym_ranges(struct au *a, struct au_sym *s)
{
	s->first = a->nranges;
	for (unsigned b = 0; b < 256; b++) {
		int r;

		if (!(s->bits[b / 8] >> (b % 8) & 1))
			continue;
		if (b > 0 && (s->bits[(b - 1) / 8] >> ((b - 1) % 8) & 1)) {
			a->ranges[a->nranges - 1].hi = b;
			continue;
		}
		r = au_grow(a, (void **)&a->ranges, &a->range_cap, a->nranges + 1, sizeof(*a->ranges));
		if (r < 0)
			return r;
		a->ranges[a->nranges++] = (struct au_range){.lo = b, .hi = b};
	}
	s->nranges = a->nranges - s->first;
	return 0;
}

static int sym_add(struct au *a, const uint8_t bits[32], uint32_t *ret)
{
	struct au_sym s;
	uint32_t h;
	int r;

	if (a->nsyms * 2 >= a->sym_mask && (r = sym_rehash(a)) < 0)
		return r;
	h = sym_hash(bits) & a->sym_mask;
	for (; a->sym_tab[h] != 0; h = (h + 1) & a->sym_mask) {
		if (memcmp(a->syms[a->sym_tab[h] - 1].bits, bits, 32) == 0) {
			*ret = 256 + a->sym_tab[h] - 1;
			return 0;
		}
	}
	r = au_grow(a, (void **)&a->syms, &a->sym_cap, a->nsyms + 1, sizeof(*a->syms));
	if (r < 0)
		return r;
	memcpy(s.bits, bits, 32);
	r = sym_ranges(a, &s);
	if (r < 0)
		return r;
	a->syms[a->nsyms++] = s;
	a->sym_tab[h] = a->nsyms;
	*ret = 256 + a->nsyms - 1;
	return 0;
}

/* The one byte of a set, or -1. */
static int set_single(const uint8_t bits[32])
{
	int found = -1;

	for (int i = 0; i < 32; i++) {
		if (bits[i] == 0)
			continue;
		if (found >= 0 || (bits[i] & (bits[i] - 1)) != 0)
			return -1;
		found = 8 * i + __builtin_ctz(bits[i]);
	}
	return found;
}

/* ---- constructors ---- */

struct re *re_empty(struct au *a)
{
	return re_new(a, RE_EMPTY, NULL, NULL);
}

struct re *re_set(struct au *a, const uint8_t bits[32])
{
	struct re e = {.op = RE_SET};
	int one = set_single(bits);

	if (one >= 0) {
		e.n = one;
	} else if (sym_add(a, bits, &e.n) < 0) {
		a->oom = true;
		return NULL;
	}
	return re_intern(a, &e);
}

struct re *re_lit(struct au *a, const void *bytes, size_t n)
{
	if (n == 0)
		return re_empty(a);
	if (n > NFA_ARG_MAX) {
		a->oom = true;
		return NULL;
	}
	return re_intern(a, &(struct re){.op = RE_LIT, .n = n, .bytes = bytes});
}

struct re *re_cat(struct au *a, struct re *x, struct re *y)
{
	if (!x || !y)
		return NULL;
	if (x->op == RE_EMPTY)
		return y;
	if (y->op == RE_EMPTY)
		return x;
	return re_new(a, RE_CAT, x, y);
}

struct re *re_alt(struct au *a, struct re *x, struct re *y)
{
	if (!x || !y)
		return NULL;
	if (x == y)
		return x;
	if (x->op == RE_EMPTY)
		return re_opt(a, y);
	if (y->op == RE_EMPTY)
		return re_opt(a, x);
	return re_new(a, RE_ALT, x, y);
}

struct re *re_star(struct au *a, struct re *x)
{
	if (!x || x->op == RE_EMPTY || x->op == RE_STAR)
		return x;
	return re_new(a, RE_STAR, x->op == RE_OPT ? x->x : x, NULL);
}

struct re *re_opt(struct au *a, struct re *x)
{
	if (!x || x->op == RE_EMPTY || x->op == RE_STAR || x->op == RE_OPT)
		return x;
	return re_new(a, RE_OPT, x, NULL);
}

int au_add(struct au *a, unsigned kind, struct re *x, uint32_t pattern)
{
	int r;

	if (kind >= AU_KINDS)
		return -EINVAL;
	if (!x) {
		a->oom = true;
		return -ENOMEM;
	}
	r = au_grow(a, (void **)&a->entries, &a->entry_cap, a->nentries + 1, sizeof(*a->entries));
	if (r < 0) {
		a->oom = true;
		return r;
	}
	a->entries[a->nentries++] = (struct au_entry){.x = x, .kind = kind, .pattern = pattern};
	return 0;
}
