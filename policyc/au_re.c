/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Expressions and the nondeterministic program made from them.
 *
 * Every use of an expression in a pattern gets instructions of its own. Nothing recurses: chains may be as long as
 * memory allows. An expression other than the empty one makes at least one instruction, so that the size limit of the
 * program also bounds the time to write it, however expressions share each other.
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

static struct re *re_new(struct au *a, enum re_op op, const struct re *x, const struct re *y)
{
	struct re *e = arena_alloc(a, sizeof(*e));

	if (e)
		*e = (struct re){.op = op, .x = x, .y = y};
	return e;
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

	for (int b = 0; b < 256; b++) {
		if (!(bits[b / 8] >> (b % 8) & 1))
			continue;
		if (found >= 0)
			return -1;
		found = b;
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
	struct re *e = re_new(a, RE_SET, NULL, NULL);
	int one = set_single(bits);

	if (!e)
		return NULL;
	if (one >= 0) {
		e->n = one;
	} else if (sym_add(a, bits, &e->n) < 0) {
		a->oom = true;
		return NULL;
	}
	return e;
}

struct re *re_lit(struct au *a, const void *bytes, size_t n)
{
	struct re *e = NULL;

	if (n == 0)
		return re_empty(a);
	if (n <= NFA_ARG_MAX)
		e = arena_alloc(a, sizeof(*e) + n);
	if (!e) {
		a->oom = true;
		return NULL;
	}
	memcpy(e + 1, bytes, n);
	*e = (struct re){.op = RE_LIT, .n = n, .bytes = (const uint8_t *)(e + 1)};
	return e;
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

/* ---- program ---- */

/* What is left to write, last thing first. */
enum todo_what { TODO_EXPR, TODO_ALT_MIDDLE, TODO_STAR_END, TODO_PATCH };

struct todo {
	const struct re *x;
	uint32_t pc;
	uint32_t what;
};

struct writer {
	struct au *a;
	struct nfa *m;
	struct todo *todo;
	size_t n, cap;
};

static int writer_push(struct writer *w, enum todo_what what, const struct re *x, uint32_t pc)
{
	int r = au_grow(w->a, (void **)&w->todo, &w->cap, w->n + 1, sizeof(*w->todo));

	if (r < 0)
		return r;
	w->todo[w->n++] = (struct todo){.x = x, .pc = pc, .what = what};
	return 0;
}

static int nfa_reserve(struct au *a, struct nfa *m, size_t n)
{
	if (m->n + n > NFA_ARG_MAX)
		return -E2BIG;
	return au_grow(a, (void **)&m->prog, &m->cap, m->n + n, sizeof(*m->prog));
}

static int nfa_emit(struct au *a, struct nfa *m, uint32_t op, uint32_t arg)
{
	int r = nfa_reserve(a, m, 1);

	if (r < 0)
		return r;
	if (op == NFA_SPLIT)
		m->nsplits++;
	m->prog[m->n++] = NFA_INSN(op, arg);
	return 0;
}

static int write_lit(struct writer *w, const struct re *x)
{
	int r = nfa_reserve(w->a, w->m, x->n);

	if (r < 0)
		return r;
	for (uint32_t i = 0; i < x->n; i++)
		w->m->prog[w->m->n++] = NFA_INSN(NFA_SYM, x->bytes[i]);
	return 0;
}

/* A split, then x, then what has to follow it. */
static int write_split(struct writer *w, const struct re *x, enum todo_what after)
{
	uint32_t pc = w->m->n;
	int r = nfa_emit(w->a, w->m, NFA_SPLIT, 0);

	if (r == 0)
		r = writer_push(w, after, x, pc);
	if (r == 0)
		r = writer_push(w, TODO_EXPR, x->x, 0);
	return r;
}

static int write_expr(struct writer *w, const struct re *x)
{
	int r;

	switch (x->op) {
	case RE_LIT:
		return write_lit(w, x);
	case RE_SET:
		return nfa_emit(w->a, w->m, NFA_SYM, x->n);
	case RE_CAT:
		r = writer_push(w, TODO_EXPR, x->y, 0);
		return r < 0 ? r : writer_push(w, TODO_EXPR, x->x, 0);
	case RE_ALT:
		return write_split(w, x, TODO_ALT_MIDDLE);
	case RE_STAR:
		return write_split(w, x, TODO_STAR_END);
	case RE_OPT:
		return write_split(w, x, TODO_PATCH);
	default:
		return 0;
	}
}

static void nfa_patch(struct nfa *m, uint32_t pc)
{
	m->prog[pc] = NFA_INSN(NFA_OP(m->prog[pc]), (uint32_t)m->n);
}

static int write_alt_middle(struct writer *w, const struct todo *t)
{
	uint32_t jump = w->m->n;
	int r = nfa_emit(w->a, w->m, NFA_JMP, 0);

	if (r < 0)
		return r;
	nfa_patch(w->m, t->pc);
	r = writer_push(w, TODO_PATCH, NULL, jump);
	return r < 0 ? r : writer_push(w, TODO_EXPR, t->x->y, 0);
}

static int write_todo(struct writer *w, const struct todo *t)
{
	int r = 0;

	switch (t->what) {
	case TODO_EXPR:
		return write_expr(w, t->x);
	case TODO_ALT_MIDDLE:
		return write_alt_middle(w, t);
	case TODO_STAR_END:
		r = nfa_emit(w->a, w->m, NFA_JMP, t->pc);
		break;
	default:
		break;
	}
	if (r == 0)
		nfa_patch(w->m, t->pc);
	return r;
}

static int write_entry(struct writer *w, uint32_t entry)
{
	int r;

	w->n = 0;
	r = writer_push(w, TODO_EXPR, w->a->entries[entry].x, 0);
	while (r == 0 && w->n > 0) {
		struct todo t = w->todo[--w->n];

		r = write_todo(w, &t);
	}
	return r < 0 ? r : nfa_emit(w->a, w->m, NFA_MATCH, entry);
}

/* A jump to a jump goes where that one goes: a chain of alternatives leaves a chain of jumps. */
static void nfa_thread(struct nfa *m)
{
	for (size_t pc = m->n; pc-- > 0;) {
		uint32_t op = NFA_OP(m->prog[pc]), to;

		if (op != NFA_JMP && op != NFA_SPLIT)
			continue;
		to = m->prog[NFA_ARG(m->prog[pc])];
		if (NFA_OP(to) == NFA_JMP)
			m->prog[pc] = NFA_INSN(op, NFA_ARG(to));
	}
}

int nfa_make(struct au *a, struct nfa *m)
{
	struct writer w = {.a = a, .m = m};
	int r = 0;

	memset(m, 0, sizeof(*m));
	if (a->nentries > NFA_ARG_MAX)
		return -E2BIG;
	m->entry_pc = au_zalloc(a, (a->nentries + 1) * sizeof(*m->entry_pc));
	if (!m->entry_pc)
		return a->err;
	for (size_t i = 0; i < a->nentries && r == 0; i++) {
		m->entry_pc[i] = m->n;
		r = write_entry(&w, i);
		m->entry_pc[i + 1] = m->n;
	}
	au_release(a, w.todo);
	if (r == 0)
		nfa_thread(m);
	return r;
}

void nfa_free(struct au *a, struct nfa *m)
{
	au_release(a, m->prog);
	au_release(a, m->entry_pc);
	memset(m, 0, sizeof(*m));
}
