/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Warns of a profile that holds for root's shell and does not let it execute the enforcer: nobody could end enforcement. */
#include "sema.h"

#include "overlap.h"
#include "arena.h"
#include "banned.h"

#define ENFORCER "/usr/sbin/enforcer"

static bool group_has(const struct overlap_group *g, uint32_t number)
{
	for (size_t i = 0; i < g->n; i++) {
		if (g->numbers[i] == number)
			return true;
	}
	return false;
}

/* A shell of root's, as it is after a login. */
struct admin {
	const char *shell;
	struct overlap_group programs, cgroups; /* atoms that hold for them */
};

static bool atom_holds(const struct ir *ir, const struct admin *a, uint32_t atom)
{
	const struct ir_term *t = &ir->atoms[atom].term;

	if (atom == 0)
		return true;
	if (ir->atoms[atom].kind == BL_KEY_EXE)
		return group_has(&a->programs, atom);
	if (ir->atoms[atom].kind == BL_KEY_CGROUP)
		return group_has(&a->cgroups, atom);
	for (size_t i = 0; i < t->npatterns; i++) {
		if ((t->patterns[i].kind == BL_KEY_USER || t->patterns[i].kind == BL_KEY_GROUP) && t->patterns[i].lo == 0)
			return true;
	}
	return false;
}

static bool cond_holds(const struct ir *ir, const struct admin *a, const struct ir_cond *c)
{
	for (size_t i = 0; i < c->nclauses; i++) {
		const struct ir_clause *all = &c->clauses[i];
		size_t k = 0;

		while (k < all->nlits && atom_holds(ir, a, all->lits[k].atom) != all->lits[k].negate)
			k++;
		if (k == all->nlits)
			return true;
	}
	return false;
}

/* What a profile answers to the exec of the enforcer: true, a rule lets it pass. */
static bool may_exec(const struct ir *ir, uint32_t profile, const struct admin *a, const struct overlap *objects)
{
	struct overlap_group g = overlap_at(objects, BL_KEY_PATH, ENFORCER);

	for (size_t i = warn_first_rule(ir, profile); i < ir->nrules && ir->rules[i].profile == profile; i++) {
		const struct ir_rule *r = &ir->rules[i];
		bool matches = r->object.npatterns == 0 || (group_has(&g, (uint32_t)i * 2) && !group_has(&g, (uint32_t)i * 2 + 1));

		if (!(r->ops & BL_OP_BIT(BL_OP_EXEC)) || !matches)
			continue;
		if (r->cond_if != BL_COND_NONE && !cond_holds(ir, a, &ir->conds[r->cond_if]))
			continue;
		if (r->cond_unless != BL_COND_NONE && cond_holds(ir, a, &ir->conds[r->cond_unless]))
			continue;
		return r->verdict == BL_V_ALLOW || r->verdict == BL_V_LOG;
	}
	return false;
}

/* The patterns of a profile's rules for exec. */
static struct overlap *exec_objects(struct sema *s, uint32_t profile, int *ret)
{
	struct overlap *o = overlap_new();

	if (!o)
		arena_oom();
	for (size_t i = warn_first_rule(&s->ir, profile); i < s->ir.nrules && s->ir.rules[i].profile == profile; i++) {
		const struct ir_term *t = &s->ir.rules[i].object;

		for (size_t k = 0; s->ir.rules[i].ops & BL_OP_BIT(BL_OP_EXEC) && k < t->npatterns; k++)
			overlap_add(o, &t->patterns[k], (uint32_t)i * 2 + (t->patterns[k].except ? 1 : 0));
	}
	*ret = overlap_build(o);
	return o;
}

static void warn_profile(struct sema *s, uint32_t profile, const struct admin *a)
{
	const struct ir_profile *p = &s->ir.profiles[profile];
	struct overlap *objects;
	struct diag *d;
	int r;

	if (p->mode != BL_MODE_ENFORCE || !(p->deny_ops & BL_OP_BIT(BL_OP_EXEC)) ||
	    !cond_holds(&s->ir, a, &s->ir.conds[profile]))
		return;
	objects = exec_objects(s, profile, &r);
	if (r < 0) {
		warn_too_complex(s, r, "profiles from which enforcement could not be ended");
	} else if (!may_exec(&s->ir, profile, a, objects)) {
		d = diag_warning(s->diags, s->profiles[profile].op_loc[BL_OP_EXEC], "W-lockout",
				 "root's shell %s is in profile '%s' and may not execute %s: it could not unload the policy",
				 a->shell, p->name, ENFORCER);
		diag_help(s->diags, d, "write 'allow exec %s;'", ENFORCER);
	}
	overlap_free(objects);
}

/* A warning for each profile, about the first shell. */
void warn_lockout(struct sema *s, const struct overlap *terms)
{
	static const char *const shells[] = {"/usr/bin/bash", "/usr/bin/dash"};

	for (uint32_t i = 0; i < s->nprofiles; i++) {
		size_t warnings = s->diags->nwarnings;

		for (size_t k = 0; k < 2 && s->diags->nwarnings == warnings; k++) {
			struct admin a = {.shell = shells[k]};

			a.programs = overlap_at(terms, BL_KEY_EXE, shells[k]);
			a.cgroups = overlap_at(terms, BL_KEY_CGROUP, "/user.slice/user-0.slice/session-1.scope");
			warn_profile(s, i, &a);
		}
	}
}

