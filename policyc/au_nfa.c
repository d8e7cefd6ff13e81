/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The nondeterministic program made from the expressions.
 *
 * Every alternative of a pattern is cut into a sequence of parts: symbols, and stars and the like as a whole. The
 * sequences of a kind are sorted and written as one tree, so that what they have in common at the beginning is there
 * once. A thousand patterns that begin with the same star stand in one place of one loop that way, and not in a
 * thousand places of a thousand.
 *
 * Nothing recurses: chains may be as long as memory allows. Every part makes at least one instruction, so that the size
 * limit of the program also bounds the time to write it, however expressions share each other.
 */
#include "automaton.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "au_priv.h"

/* ---- sequences ---- */

#define PART_EXPR (1u << 31) /* a part: this and the number of an expression, or a symbol */

struct seq {
	const uint32_t *parts; /* while they are collected: NULL */
	size_t first;	       /* in cutter.parts */
	uint32_t n;
	uint32_t kind;
	uint32_t entry;
};

struct cutter {
	struct au *a;
	struct seq *seqs;
	size_t nseqs, seq_cap;
	uint32_t *parts;
	size_t nparts, part_cap;
	const struct re **todo;
	size_t ntodo, todo_cap;
	uint32_t *seq_of; /* by expression: its first sequence + 1, 0: not cut yet */
};

static int todo_push(struct cutter *c, const struct re *x)
{
	int r = au_grow(c->a, (void **)&c->todo, &c->todo_cap, c->ntodo + 1, sizeof(*c->todo));

	if (r == 0)
		c->todo[c->ntodo++] = x;
	return r;
}

static int parts_reserve(struct cutter *c, size_t n)
{
	if (c->nparts + n > NFA_ARG_MAX)
		return -E2BIG;
	return au_grow(c->a, (void **)&c->parts, &c->part_cap, c->nparts + n, sizeof(*c->parts));
}

static int cut_one(struct cutter *c, const struct re *x)
{
	int r;

	switch (x->op) {
	case RE_EMPTY:
		return 0;
	case RE_CAT:
		r = todo_push(c, x->y);
		return r < 0 ? r : todo_push(c, x->x);
	case RE_LIT:
		r = parts_reserve(c, x->n);
		for (uint32_t i = 0; r == 0 && i < x->n; i++)
			c->parts[c->nparts++] = x->bytes[i];
		return r;
	default:
		r = parts_reserve(c, 1);
		if (r == 0)
			c->parts[c->nparts++] = x->op == RE_SET ? x->n : PART_EXPR | x->id;
		return r;
	}
}

/* One alternative of an entry, from its expression on the stack. */
static int cut_alternative(struct cutter *c, uint32_t entry, size_t bottom)
{
	size_t first = c->nparts;
	int r = au_grow(c->a, (void **)&c->seqs, &c->seq_cap, c->nseqs + 1, sizeof(*c->seqs));

	while (r == 0 && c->ntodo > bottom)
		r = cut_one(c, c->todo[--c->ntodo]);
	if (r == 0)
		c->seqs[c->nseqs++] = (struct seq){.first = first,
						   .n = c->nparts - first,
						   .kind = c->a->entries[entry].kind,
						   .entry = entry};
	return r;
}

/* The expression of an earlier entry again, a set that several rules use: the parts are those of its sequences. */
static int cut_again(struct cutter *c, uint32_t entry, size_t from)
{
	uint32_t like = c->seqs[from].entry;

	for (; c->seqs[from].entry == like; from++) {
		int r = au_grow(c->a, (void **)&c->seqs, &c->seq_cap, c->nseqs + 1, sizeof(*c->seqs));

		if (r < 0)
			return r;
		c->seqs[c->nseqs] = c->seqs[from];
		c->seqs[c->nseqs].kind = c->a->entries[entry].kind;
		c->seqs[c->nseqs++].entry = entry;
	}
	return 0;
}

/* An alternation at the top is as many sequences. */
static int cut_entry(struct cutter *c, uint32_t entry)
{
	const struct re *whole = c->a->entries[entry].x;
	size_t first = c->nseqs;
	int r;

	if (c->seq_of[whole->id] != 0)
		return cut_again(c, entry, c->seq_of[whole->id] - 1);
	c->ntodo = 0;
	r = todo_push(c, whole);
	while (r == 0 && c->ntodo > 0) {
		const struct re *x = c->todo[c->ntodo - 1];

		if (x->op != RE_ALT) {
			r = cut_alternative(c, entry, c->ntodo - 1);
			continue;
		}
		c->todo[c->ntodo - 1] = x->y;
		r = todo_push(c, x->x);
	}
	if (first < UINT32_MAX)
		c->seq_of[whole->id] = (uint32_t)first + 1;
	return r;
}

/* By kind, then by parts, the beginning of another before it, then by entry. */
static int compare_seqs(const void *x, const void *y)
{
	const struct seq *s = x, *t = y;

	if (s->kind != t->kind)
		return s->kind < t->kind ? -1 : 1;
	for (uint32_t i = 0; s->parts != t->parts && i < s->n && i < t->n; i++) {
		if (s->parts[i] != t->parts[i])
			return s->parts[i] < t->parts[i] ? -1 : 1;
	}
	if (s->n != t->n)
		return s->n < t->n ? -1 : 1;
	return s->entry < t->entry ? -1 : s->entry > t->entry;
}

static int cut_all(struct cutter *c)
{
	int r = 0;

	if (c->a->nres >= PART_EXPR)
		return -E2BIG;
	c->seq_of = au_zalloc(c->a, (c->a->nres + 1) * sizeof(*c->seq_of));
	if (!c->seq_of)
		return c->a->err;
	for (size_t i = 0; i < c->a->nentries && r == 0; i++)
		r = cut_entry(c, i);
	au_release(c->a, c->todo);
	au_release(c->a, c->seq_of);
	c->todo = NULL;
	c->seq_of = NULL;
	if (r < 0)
		return r;
	for (size_t i = 0; i < c->nseqs; i++)
		c->seqs[i].parts = c->parts + c->seqs[i].first;
	if (c->nseqs > 1)
		qsort(c->seqs, c->nseqs, sizeof(*c->seqs), compare_seqs);
	return 0;
}

static void cutter_free(struct cutter *c)
{
	au_release(c->a, c->seqs);
	au_release(c->a, c->parts);
	au_release(c->a, c->todo);
	au_release(c->a, c->seq_of);
}

/* ---- program ---- */

/* What is left to write, last thing first. */
enum todo_what { TODO_EXPR, TODO_ALT_MIDDLE, TODO_STAR_END, TODO_PATCH, TODO_TREE };

struct todo {
	const struct re *x;
	uint32_t pc;
	uint32_t what;
	uint32_t owner;
	uint32_t lo, hi, depth; /* TODO_TREE: the sequences lo to hi - 1, alike in their first depth parts */
	bool beside;		/* TODO_TREE: other branches are written already, the last of them with a split at pc */
};

struct writer {
	struct au *a;
	struct nfa *m;
	const struct seq *seqs;
	uint32_t owner; /* of what is being written */
	struct todo *todo;
	size_t n, cap;
};

static int writer_push(struct writer *w, const struct todo *t)
{
	int r = au_grow(w->a, (void **)&w->todo, &w->cap, w->n + 1, sizeof(*w->todo));

	if (r < 0)
		return r;
	w->todo[w->n] = *t;
	w->todo[w->n++].owner = w->owner;
	return 0;
}

static int writer_push_expr(struct writer *w, enum todo_what what, const struct re *x, uint32_t pc)
{
	return writer_push(w, &(struct todo){.what = what, .x = x, .pc = pc});
}

static int nfa_emit(struct writer *w, uint32_t op, uint32_t arg)
{
	struct nfa *m = w->m;
	int r;

	if (m->n >= NFA_ARG_MAX)
		return -E2BIG;
	r = au_grow(w->a, (void **)&m->prog, &m->cap, m->n + 1, sizeof(*m->prog));
	if (r == 0)
		r = au_grow(w->a, (void **)&m->owner, &m->owner_cap, m->n + 1, sizeof(*m->owner));
	if (r < 0)
		return r;
	if (op == NFA_SPLIT)
		m->nsplits++;
	m->owner[m->n] = w->owner;
	m->prog[m->n++] = NFA_INSN(op, arg);
	return 0;
}

static int write_lit(struct writer *w, const struct re *x)
{
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < x->n; i++)
		r = nfa_emit(w, NFA_SYM, x->bytes[i]);
	return r;
}

/* A split, then x, then what has to follow it. */
static int write_split(struct writer *w, const struct re *x, enum todo_what after)
{
	uint32_t pc = w->m->n;
	int r = nfa_emit(w, NFA_SPLIT, 0);

	if (r == 0)
		r = writer_push_expr(w, after, x, pc);
	if (r == 0)
		r = writer_push_expr(w, TODO_EXPR, x->x, 0);
	return r;
}

static int write_expr(struct writer *w, const struct re *x)
{
	int r;

	switch (x->op) {
	case RE_LIT:
		return write_lit(w, x);
	case RE_SET:
		return nfa_emit(w, NFA_SYM, x->n);
	case RE_CAT:
		r = writer_push_expr(w, TODO_EXPR, x->y, 0);
		return r < 0 ? r : writer_push_expr(w, TODO_EXPR, x->x, 0);
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
	int r = nfa_emit(w, NFA_JMP, 0);

	if (r < 0)
		return r;
	nfa_patch(w->m, t->pc);
	r = writer_push_expr(w, TODO_PATCH, NULL, jump);
	return r < 0 ? r : writer_push_expr(w, TODO_EXPR, t->x->y, 0);
}

/* The sequences from lo on that go on with the same part, or the one that ends here: where they end. */
static uint32_t branch_end(const struct writer *w, const struct todo *t)
{
	const struct seq *s = w->seqs;
	uint32_t end = t->lo + 1;

	if (s[t->lo].n == t->depth)
		return end;
	while (end < t->hi && s[end].parts[t->depth] == s[t->lo].parts[t->depth])
		end++;
	return end;
}

/* Whom a branch serves, if that is one entry: it is sorted, so its first and last sequence tell. */
static void branch_owner(struct writer *w, const struct todo *t)
{
	const struct seq *first = &w->seqs[t->lo], *last = &w->seqs[t->hi - 1];

	if (w->owner == NFA_SHARED && first->n == last->n &&
	    memcmp(first->parts + t->depth, last->parts + t->depth, (first->n - t->depth) * sizeof(*first->parts)) == 0)
		w->owner = first->entry;
}

/* Takes the first branch of *t off and leaves for later what is beside it. */
static int branch_take(struct writer *w, struct todo *t)
{
	struct todo rest = *t;
	bool is_branch = t->beside; /* the last one of several */
	int r = 0;

	t->beside = false;
	rest.lo = branch_end(w, t);
	if (rest.lo < t->hi) {
		t->hi = rest.lo;
		rest.pc = w->m->n;
		rest.beside = is_branch = true;
		r = nfa_emit(w, NFA_SPLIT, 0);
		if (r == 0)
			r = writer_push(w, &rest);
	}
	if (is_branch)
		branch_owner(w, t);
	return r;
}

/* Writes a tree until a part needs the stack. */
static int write_tree(struct writer *w, struct todo t)
{
	for (;;) {
		const struct seq *s = &w->seqs[t.lo];
		int r = branch_take(w, &t);
		uint32_t part;

		if (r < 0)
			return r;
		if (s->n == t.depth)
			return nfa_emit(w, NFA_MATCH, s->entry);
		part = s->parts[t.depth++];
		if (part & PART_EXPR) {
			r = writer_push(w, &t);
			return r < 0 ? r : write_expr(w, w->a->res[part & ~PART_EXPR]);
		}
		r = nfa_emit(w, NFA_SYM, part);
		if (r < 0)
			return r;
	}
}

static int write_todo(struct writer *w, const struct todo *t)
{
	int r = 0;

	w->owner = t->owner;
	switch (t->what) {
	case TODO_EXPR:
		return write_expr(w, t->x);
	case TODO_ALT_MIDDLE:
		return write_alt_middle(w, t);
	case TODO_STAR_END:
		r = nfa_emit(w, NFA_JMP, t->pc);
		break;
	case TODO_TREE:
		if (t->beside)
			nfa_patch(w->m, t->pc);
		return write_tree(w, *t);
	default:
		break;
	}
	if (r == 0)
		nfa_patch(w->m, t->pc);
	return r;
}

/* All of one kind: sequences lo to hi - 1. */
static int write_kind(struct writer *w, uint32_t lo, uint32_t hi)
{
	struct todo all = {.what = TODO_TREE, .lo = lo, .hi = hi};
	int r;

	w->n = 0;
	w->owner = NFA_SHARED;
	branch_owner(w, &all);
	w->m->start[w->seqs[lo].kind] = w->m->n;
	r = writer_push(w, &all);
	while (r == 0 && w->n > 0) {
		struct todo t = w->todo[--w->n];

		r = write_todo(w, &t);
	}
	return r;
}

static int write_all(struct au *a, struct nfa *m, const struct cutter *c)
{
	struct writer w = {.a = a, .m = m, .seqs = c->seqs};
	uint32_t hi;
	int r = 0;

	for (uint32_t lo = 0; lo < c->nseqs && r == 0; lo = hi) {
		hi = lo + 1;
		while (hi < c->nseqs && c->seqs[hi].kind == c->seqs[lo].kind)
			hi++;
		r = write_kind(&w, lo, hi);
	}
	au_release(a, w.todo);
	return r;
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
	struct cutter c = {.a = a};
	int r = -E2BIG;

	memset(m, 0, sizeof(*m));
	memset(m->start, 0xff, sizeof(m->start));
	if (a->nentries <= NFA_ARG_MAX)
		r = cut_all(&c);
	if (r == 0)
		r = write_all(a, m, &c);
	cutter_free(&c);
	if (r == 0)
		nfa_thread(m);
	return r;
}

void nfa_free(struct au *a, struct nfa *m)
{
	au_release(a, m->prog);
	au_release(a, m->owner);
	memset(m, 0, sizeof(*m));
}
