/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The atoms and conditions of a policy: numbered, shared where they are equal, counted against the limits of the
 * tables. */
#include "sema.h"

#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "sema_cond.h"
#include "banned.h"

uint64_t sema_hash(const char *name, const char *text)
{
	uint64_t h = 0xcbf29ce484222325ull;
	size_t n = strlen(name) + (text ? 1 : 0); /* the terminating 0 parts the two */

	for (size_t i = 0; i < n; i++)
		h = (h ^ (uint8_t)name[i]) * 0x100000001b3ull;
	for (; text && *text; text++)
		h = (h ^ (uint8_t)*text) * 0x100000001b3ull;
	return h ? h : 1;
}

static int pattern_cmp(const void *x, const void *y)
{
	const struct ir_pattern *a = x, *b = y;

	return strcmp(a->text, b->text);
}

/* Sorted, each once: the order in which values are written changes nothing. */
static void pats_canonical(struct pats *p)
{
	size_t n = 0;

	if (p->n == 0)
		return;
	qsort(p->v, p->n, sizeof(*p->v), pattern_cmp);
	for (size_t i = 0; i < p->n; i++) {
		if (n == 0 || strcmp(p->v[n - 1].text, p->v[i].text) != 0)
			p->v[n++] = p->v[i];
	}
	p->n = n;
}

static const char *atom_text(struct sema *s, const char *word, const struct pats *p)
{
	struct arena_buf b = {.arena = s->arena};

	arena_buf_str(&b, word);
	for (size_t i = 0; i < p->n; i++) {
		arena_buf_str(&b, i == 0 ? " " : ", ");
		arena_buf_str(&b, p->v[i].text);
	}
	return b.s;
}

uint32_t atom_get(struct sema *s, const char *word, enum bl_kind kind, struct pats *p, const char *sticky_profile,
		  struct src_loc loc)
{
	struct ir *ir = &s->ir;
	uint64_t sticky = 0;
	const char *text;

	pats_canonical(p);
	text = atom_text(s, word, p);
	if (sticky_profile)
		sticky = sema_hash(sticky_profile, text);
	for (size_t i = 0; i < ir->natoms; i++) {
		if (ir->atoms[i].kind == kind && ir->atoms[i].sticky == sticky && strcmp(ir->atoms[i].text, text) == 0)
			return (uint32_t)i;
	}
	if (ir->natoms == BL_MAX_ATOMS) {
		sema_over(s, LIMIT_SAID_ATOMS, loc, "different terms about processes", BL_MAX_ATOMS - 1);
		return ATOM_NONE;
	}
	ir->atoms = arena_more(s->arena, ir->atoms, ir->natoms, &s->atoms_cap, sizeof(*ir->atoms));
	ir->atoms[ir->natoms] = (struct ir_atom){.kind = kind, .sticky = sticky, .text = text};
	ir->atoms[ir->natoms].profile = sticky_profile && *sticky_profile ? profile_of_name(s, sticky_profile) : 0;
	ir->atoms[ir->natoms].term.patterns = p->v;
	ir->atoms[ir->natoms].term.npatterns = p->n;
	return (uint32_t)ir->natoms++;
}

void lits_add(struct sema *s, struct lits *l, struct ir_lit lit)
{
	for (size_t i = 0; i < l->n; i++) {
		if (l->v[i].atom == lit.atom && l->v[i].negate == lit.negate && l->v[i].weak == lit.weak)
			return;
	}
	l->v = arena_more(s->arena, l->v, l->n, &l->cap, sizeof(*l->v));
	l->v[l->n++] = lit;
}

static bool clause_equal(const struct ir_clause *a, const struct ir_clause *b)
{
	if (a->nlits != b->nlits)
		return false;
	for (size_t i = 0; i < a->nlits; i++) {
		const struct ir_lit *x = &a->lits[i], *y = &b->lits[i];

		if (x->atom != y->atom || x->negate != y->negate || x->weak != y->weak)
			return false;
	}
	return true;
}

uint32_t cond_new(struct sema *s, struct ir_clause *clauses, size_t n, struct src_loc loc)
{
	struct ir *ir = &s->ir;

	if (ir->nconds == BL_MAX_CONDS) {
		sema_over(s, LIMIT_SAID_CONDS, loc, "different conditions, profiles' subjects included", BL_MAX_CONDS);
		return BL_COND_NONE;
	}
	for (size_t i = 0; i < n; i++)
		s->nlits += clauses[i].nlits;
	if (s->nlits > BL_MAX_LITS) {
		sema_over(s, LIMIT_SAID_LITS, loc, "terms in all conditions together", BL_MAX_LITS);
		return BL_COND_NONE;
	}
	ir->conds = arena_more(s->arena, ir->conds, ir->nconds, &s->conds_cap, sizeof(*ir->conds));
	ir->conds[ir->nconds] = (struct ir_cond){.clauses = clauses, .nclauses = n};
	return (uint32_t)ir->nconds++;
}

uint32_t cond_get(struct sema *s, struct ir_clause *clauses, size_t n, struct src_loc loc)
{
	for (size_t i = s->nprofiles; i < s->ir.nconds; i++) {
		const struct ir_cond *c = &s->ir.conds[i];
		size_t same = 0;

		while (same < n && c->nclauses == n && clause_equal(&c->clauses[same], &clauses[same]))
			same++;
		if (same == n)
			return (uint32_t)i;
	}
	return cond_new(s, clauses, n, loc);
}
