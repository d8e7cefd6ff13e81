/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Warns of names that one rule allows writing and another, of any profile, allows executing. */
#include "sema.h"

#include <stdlib.h>

#include "arena.h"
#include "overlap.h"
#include "banned.h"

#define WRITE_OPS                                                                                                      \
	(BL_OP_BIT(BL_OP_WRITE) | BL_OP_BIT(BL_OP_APPEND) | BL_OP_BIT(BL_OP_TRUNCATE) | BL_OP_BIT(BL_OP_CREATE) |      \
	 BL_OP_BIT(BL_OP_RENAME) | BL_OP_BIT(BL_OP_LINK))
#define CODE_OPS (BL_OP_BIT(BL_OP_EXEC) | BL_OP_BIT(BL_OP_MAP))

/* The rules concerned; numbers in the overlap are twice an index in `rules`, plus one for exceptions. */
struct candidates {
	const struct ir *ir;
	uint32_t *rules; /* with these operations, ascending */
	uint32_t n;
	uint32_t *blank; /* those of `rules` that have no object and match every name, ascending */
	uint32_t nblank;
	bool *said; /* by index in rules */
};

static bool rule_allows(const struct ir_rule *r, uint64_t ops)
{
	/* A rule without an object is about everything: what it meets says nothing. */
	return (r->verdict == BL_V_ALLOW || r->verdict == BL_V_LOG) && r->ops & ops && r->object.npatterns != 0;
}

/* Collects the rules; false: nothing is allowed to be written, or nothing to be executed. */
static bool find_candidates(struct sema *s, struct candidates *c)
{
	bool writes = false, executes = false;

	c->ir = &s->ir;
	c->rules = arena_alloc(s->arena, (s->ir.nrules + 1) * sizeof(*c->rules));
	c->blank = arena_alloc(s->arena, (s->ir.nrules + 1) * sizeof(*c->blank));
	c->said = arena_alloc(s->arena, s->ir.nrules + 1);
	for (size_t i = 0; i < s->ir.nrules; i++) {
		const struct ir_rule *r = &s->ir.rules[i];

		writes |= rule_allows(r, WRITE_OPS);
		executes |= rule_allows(r, CODE_OPS);
		if (!(r->ops & (WRITE_OPS | CODE_OPS)))
			continue;
		if (r->object.npatterns == 0)
			c->blank[c->nblank++] = c->n;
		c->rules[c->n++] = (uint32_t)i;
	}
	return writes && executes;
}

static void add_candidates(const struct candidates *c, struct overlap *o)
{
	for (uint32_t i = 0; i < c->n; i++) {
		const struct ir_term *t = &c->ir->rules[c->rules[i]].object;

		for (size_t k = 0; k < t->npatterns; k++) {
			if (t->patterns[k].kind == BL_KEY_PATH)
				overlap_add(o, &t->patterns[k], 2 * i + (t->patterns[k].except ? 1 : 0));
		}
	}
}

/* Where a walk through the rules that match the names of a group has come to. */
struct walk {
	size_t at;	/* in the group's numbers */
	uint32_t blank; /* in c->blank */
};

/* The next rule that matches; false: there is none. */
static bool next_match(const struct candidates *c, const struct overlap_group *g, struct walk *w, uint32_t *ret)
{
	for (;;) {
		uint32_t named = w->at < g->n ? g->numbers[w->at] / 2 : UINT32_MAX;
		uint32_t blank = w->blank < c->nblank ? c->blank[w->blank] : UINT32_MAX;
		bool excepted = false;

		*ret = blank < named ? blank : named;
		w->blank += blank < named;
		for (; named <= blank && w->at < g->n && g->numbers[w->at] / 2 == named; w->at++)
			excepted |= g->numbers[w->at] % 2 == 1;
		if (!excepted)
			return *ret != UINT32_MAX;
	}
}

/*
 * The first rules that allow writing and executing the names of a group, where no earlier rule of their profiles decides:
 * ret[0] and ret[1], UINT32_MAX: none.
 */
static void deciding_rules(const struct candidates *c, const struct overlap_group *g, uint32_t ret[2])
{
	uint32_t profile = UINT32_MAX, i;
	struct walk walk = {0};
	uint64_t decided = 0;

	ret[0] = ret[1] = UINT32_MAX;
	while (next_match(c, g, &walk, &i)) {
		const struct ir_rule *r = &c->ir->rules[c->rules[i]];

		decided = r->profile == profile ? decided : 0;
		profile = r->profile;
		if (rule_allows(r, WRITE_OPS & ~decided) && ret[0] == UINT32_MAX)
			ret[0] = i;
		if (rule_allows(r, CODE_OPS & ~decided) && ret[1] == UINT32_MAX)
			ret[1] = i;
		if (r->cond_if == BL_COND_NONE && r->cond_unless == BL_COND_NONE)
			decided |= r->ops;
	}
}

static void warn_group(struct sema *s, struct candidates *c, const struct overlap *o, size_t group)
{
	struct overlap_group g = overlap_group(o, group);
	const struct ir_rule *w, *x;
	const char *example;
	uint32_t found[2];
	struct diag *d;

	deciding_rules(c, &g, found);
	if (found[0] == UINT32_MAX || found[1] == UINT32_MAX || c->said[found[0]])
		return;
	example = overlap_example(s->arena, o, BL_KEY_PATH, group);
	if (!example)
		arena_oom();
	c->said[found[0]] = true;
	w = &s->ir.rules[c->rules[found[0]]];
	x = &s->ir.rules[c->rules[found[1]]];
	d = diag_warning(s->diags, w->loc, "W-write-exec", "this rule allows writing what %s allows executing: %s",
			 w == x ? "it also" : "another", example);
	diag_help(s->diags, d, "write in one place and execute from another");
	if (w != x)
		diag_note(s->diags, d, x->loc, "the rule that allows executing it is here");
}

void warn_write_exec(struct sema *s)
{
	struct candidates c = {0};
	struct overlap *o;
	int r;

	if (!find_candidates(s, &c))
		return;
	o = overlap_new();
	if (!o)
		arena_oom();
	add_candidates(&c, o);
	r = overlap_build(o);
	if (r < 0)
		warn_too_complex(s, r, "what may be both written and executed");
	for (size_t i = 0; r == 0 && i < overlap_ngroups(o); i++)
		warn_group(s, &c, o, i);
	overlap_free(o);
}
