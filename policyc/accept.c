// SPDX-License-Identifier: GPL-2.0-or-later
/* Lays out accept records and the lists they point to, each distinct one once. */
#include "accept.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "banned.h"

int words_init(struct words *w, size_t zeroed)
{
	memset(w, 0, sizeof(*w));
	w->cap = zeroed + 4096;
	w->nindex = 1024;
	w->v = calloc(w->cap, sizeof(*w->v));
	w->index = calloc(w->nindex, sizeof(*w->index));
	w->lengths = calloc(w->nindex, sizeof(*w->lengths));
	w->n = zeroed;
	return w->v && w->index && w->lengths ? 0 : -ENOMEM;
}

void words_free(struct words *w)
{
	free(w->v);
	free(w->index);
	free(w->lengths);
	memset(w, 0, sizeof(*w));
}

int words_add(struct words *w, const uint64_t *v, size_t n)
{
	if (w->n + n > w->cap) {
		size_t cap = (w->n + n) * 2;
		uint64_t *more = realloc(w->v, cap * sizeof(*more));

		if (!more)
			return -ENOMEM;
		w->v = more;
		w->cap = cap;
	}
	memcpy(w->v + w->n, v, n * sizeof(*v));
	w->n += n;
	return 0;
}

static size_t hash_words(const uint64_t *v, size_t n)
{
	uint64_t h = 0xcbf29ce484222325ULL;

	for (size_t i = 0; i < n; i++)
		h = (h ^ v[i] ^ (v[i] >> 29)) * 0x9e3779b97f4a7c15ULL;
	return h ^ (h >> 32);
}

static size_t find_slot(const struct words *w, const uint64_t *v, size_t n)
{
	size_t i = hash_words(v, n) & (w->nindex - 1);

	while (w->index[i] != 0 &&
	       (w->lengths[i] != n || memcmp(w->v + w->index[i], v, n * sizeof(*v)) != 0))
		i = (i + 1) & (w->nindex - 1);
	return i;
}

static int grow_index(struct words *w)
{
	struct words big = *w;

	big.nindex = w->nindex * 2;
	big.index = calloc(big.nindex, sizeof(*big.index));
	big.lengths = calloc(big.nindex, sizeof(*big.lengths));
	if (!big.index || !big.lengths) {
		free(big.index);
		free(big.lengths);
		return -ENOMEM;
	}
	for (size_t i = 0; i < w->nindex; i++) {
		size_t at;

		if (w->index[i] == 0)
			continue;
		at = find_slot(&big, w->v + w->index[i], w->lengths[i]);
		big.index[at] = w->index[i];
		big.lengths[at] = w->lengths[i];
	}
	free(w->index);
	free(w->lengths);
	*w = big;
	return 0;
}

int words_intern(struct words *w, const uint64_t *v, size_t n, uint32_t *ret_off)
{
	size_t at;
	int r;

	if (w->used * 2 >= w->nindex && (r = grow_index(w)) < 0)
		return r;
	at = find_slot(w, v, n);
	if (w->index[at] == 0) {
		uint32_t off = (uint32_t)w->n;

		r = words_add(w, v, n);
		if (r < 0)
			return r;
		w->index[at] = off;
		w->lengths[at] = (uint32_t)n;
		w->used++;
	}
	*ret_off = w->index[at];
	return 0;
}

bool accept_next(const struct owner *owners, const uint32_t *patterns, size_t n, size_t *at, struct match *ret)
{
	while (*at < n) {
		const struct owner *first = &owners[patterns[*at]];
		uint64_t matches = 0, excepted = 0;

		while (*at < n && owners[patterns[*at]].index == first->index &&
		       owners[patterns[*at]].atom == first->atom && owners[patterns[*at]].implied == first->implied) {
			const struct owner *o = &owners[patterns[(*at)++]];

			if (o->except)
				excepted |= o->ops;
			else
				matches |= o->ops;
		}
		*ret = (struct match){.index = first->index, .ops = matches & ~excepted, .implied = first->implied};
		if (ret->ops != 0)
			return true;
	}
	return false;
}

static int too_long(struct tables_error *err, const struct ir_rule *r, const char *what, unsigned int limit)
{
	err->loc = r->loc;
	err->id = "E-too-many-rules";
	err->help = "what has one verdict and one condition can be one rule, with all objects in it";
	bl_error_set(&err->msg, 0, "more than %u %s match the same name for the same operation, this one among them", limit,
		     what);
	return -E2BIG;
}

/* A list under construction. */
struct list {
	uint64_t v[1 + BL_MAX_LIST];
	uint32_t len, chain, profile;
	bool closed; /* an entry of this profile always holds: nothing after it can decide */
	struct tables_error *err;
};

static int list_add(struct list *l, const struct ir_rule *r, uint32_t rule, uint32_t flags, uint32_t cif, uint32_t cunless)
{
	if (r->peer != IR_PEER_ANY)
		flags |= BL_EF_PEER;
	if (l->closed)
		return 0;
	if (++l->chain > BL_MAX_CHAIN)
		return too_long(l->err, r, "rules with conditions of one profile", BL_MAX_CHAIN);
	if (++l->len > BL_MAX_LIST)
		return too_long(l->err, r, "rules", BL_MAX_LIST);
	l->v[l->len] = BL_ENT(r->profile, flags, cif, cunless, flags & BL_EF_IMPLIED ? BL_V_ALLOW : r->verdict, rule);
	l->closed = cif == BL_COND_NONE && cunless == BL_COND_NONE && (flags & ~BL_EF_IMPLIED) == 0;
	return 0;
}

/*
 * The entries of one rule. `unless owner and X` holds for the owner only: then the owner has one entry, and everybody else another
 * before it.
 */
static int list_add_rule(struct list *l, const struct ir_rule *r, uint32_t rule, uint32_t flags)
{
	int e = 0;

	if (!r->if_owner && !r->unless_owner && !r->unless_mixed)
		return list_add(l, r, rule, flags, r->cond_if, r->cond_unless);
	if (!r->if_owner && (r->unless_owner || r->unless_mixed))
		e = list_add(l, r, rule, flags | BL_EF_NOT_OWNER, r->cond_if, r->cond_unless);
	if (e == 0 && !r->unless_owner)
		e = list_add(l, r, rule, flags | BL_EF_OWNER, r->cond_if,
			     r->unless_mixed ? r->cond_unless_owner : r->cond_unless);
	return e;
}

/* The list for one operation: of each profile the matching rules up to the first that always holds; implied ones last. */
static int op_list(struct words *w, const struct ir *ir, const struct match *m, size_t n, unsigned int op, uint32_t *ret_off,
		   struct tables_error *err)
{
	struct list l; /* not cleared: it is big, and most are short */
	int r = 0;

	l.err = err;
	l.len = 0;
	for (size_t i = 0, end; r == 0 && i < n; i = end) {
		uint32_t profile = ir->rules[m[i].index].profile;

		l.chain = 0;
		l.closed = false;
		for (int implied = 0; implied < 2; implied++) {
			for (end = i; r == 0 && end < n && ir->rules[m[end].index].profile == profile; end++) {
				if ((m[end].ops & BL_OP_BIT(op)) && m[end].implied == (implied != 0))
					r = list_add_rule(&l, &ir->rules[m[end].index], m[end].index,
							  implied ? BL_EF_IMPLIED : 0);
			}
		}
	}
	*ret_off = 0;
	if (r < 0 || l.len == 0)
		return r;
	l.v[0] = l.len;
	return words_intern(w, l.v, 1 + l.len, ret_off);
}

static int object_record(struct words *w, const struct ir *ir, const struct match *m, size_t n, unsigned int kind,
			 uint32_t *ret_off, struct tables_error *err)
{
	uint64_t rec[BL_OP_SLOTS / 2] = { 0 }, ops = bl_kind_ops(kind);
	bool any = false;

	for (unsigned int op = 0; op < 64; op++) {
		uint32_t off;
		int r;

		if (!(ops & BL_OP_BIT(op)))
			continue;
		r = op_list(w, ir, m, n, op, &off, err);
		if (r < 0)
			return r;
		rec[BL_OP_SLOT(op) / 2] |= (uint64_t)off << (op & 1 ? 32 : 0);
		any |= off != 0;
	}
	*ret_off = 0;
	return any ? words_intern(w, rec, BL_OP_SLOTS / 2, ret_off) : 0;
}

/* Where a term is first written. */
static struct src_loc atom_place(const struct ir *ir, uint32_t atom)
{
	for (size_t i = 0; i < ir->nconds; i++) {
		const struct ir_cond *cond = &ir->conds[i];

		for (size_t k = 0; k < cond->nclauses; k++)
			for (size_t l = 0; l < cond->clauses[k].nlits; l++)
				if (cond->clauses[k].lits[l].atom == atom)
					return cond->clauses[k].lits[l].loc;
	}
	return (struct src_loc){.file = NULL};
}

static int subject_record(struct words *w, const struct ir *ir, const struct match *m, size_t n, uint32_t *ret_off,
			  struct tables_error *err)
{
	uint64_t rec[1 + BL_MAX_ACC_ATOMS];

	if (n > BL_MAX_ACC_ATOMS) {
		err->loc = atom_place(ir, m[BL_MAX_ACC_ATOMS].index);
		err->id = "E-too-many-terms";
		err->help = "what confines the same program can stand in fewer profiles, and a condition that is written alike everywhere is one term";
		bl_error_set(&err->msg, 0, "more than %u terms hold for the same name, this one among them", BL_MAX_ACC_ATOMS);
		return -E2BIG;
	}
	rec[0] = n;
	for (size_t i = 0; i < n; i++)
		rec[1 + i] = m[i].index;
	return words_intern(w, rec, 1 + n, ret_off);
}

int accept_record(struct words *w, const struct ir *ir, const struct owner *owners, unsigned int kind, const uint32_t *patterns,
		  size_t n, uint32_t *ret_off, struct tables_error *err)
{
	struct match *m = malloc((n + 1) * sizeof(*m));
	size_t at = 0, nm = 0;
	int r;

	*ret_off = 0;
	if (!m)
		return -ENOMEM;
	while (accept_next(owners, patterns, n, &at, &m[nm]))
		nm++;
	if (nm == 0)
		r = 0;
	else if (bl_kind_ops(kind) != 0)
		r = object_record(w, ir, m, nm, kind, ret_off, err);
	else
		r = subject_record(w, ir, m, nm, ret_off, err);
	free(m);
	return r;
}
