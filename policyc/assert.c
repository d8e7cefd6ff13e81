/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An assertion fails if there is an object that it is about and a process that it is about to which no profile refuses the operation.
 * The policy's patterns and the assertions' go through one automaton; for each set of rules that match an object together it
 * is asked whether such a process exists.
 */
#include "assert.h"

#include <errno.h>
#include <string.h>

#include "arena.h"
#include "assert_priv.h"
#include "tables.h"
#include "banned.h"

#define QUESTION_STEPS 2000000u	    /* for one set of rules */
#define ASSERT_STEPS 40000000ull    /* for one assertion: about a second */
#define SEEN 4096u

/*
 * Rules that match are sorted as written; what a rule implies follows it, and is asked after all rules of the profile. *at counts
 * through the rules once, and once more for what they imply.
 */
bool assert_next(const struct assert_run *r, const struct match *m, size_t n, uint32_t profile, size_t *at, struct assert_entry *ret)
{
	for (; *at < 2 * n; ++*at) {
		const struct match *one = &m[*at % n];
		const struct ir_rule *rule = &r->with.rules[one->index];

		if (rule->profile != profile || one->implied != (*at >= n))
			continue;
		ret->rule = one->index;
		ret->refuses = !one->implied && rule->verdict >= BL_V_DENY;
		++*at;
		return true;
	}
	return false;
}

/* Entries from the last to the first: one that holds decides, otherwise those after it do. */
static logic_f allowed_by(struct assert_run *r, const struct match *m, size_t n, uint32_t profile, size_t at, logic_f none)
{
	struct assert_entry e;
	logic_f rest;

	if (!assert_next(r, m, n, profile, &at, &e))
		return none;
	rest = allowed_by(r, m, n, profile, at, none);
	return e.refuses ? logic_and(&r->w.logic, world_rule(&r->w, e.rule, false), rest) :
			   logic_or(&r->w.logic, world_rule(&r->w, e.rule, true), rest);
}

/* Some process is refused nothing. */
static logic_f counterexample(struct assert_run *r, const struct match *m, size_t n, unsigned int op)
{
	logic_f f = world_clause(&r->w, &r->a->must, true);

	for (size_t i = 0; i < r->a->nunless; i++)
		f = logic_and(&r->w.logic, f, world_clause(&r->w, &r->a->unless[i], false));
	for (uint32_t p = 0; p < r->ir->nprofiles; p++) {
		bool refuses = (r->ir->profiles[p].deny_ops & BL_OP_BIT(op)) != 0;
		logic_f allowed = allowed_by(r, m, n, p, 0, refuses ? LOGIC_FALSE : LOGIC_TRUE);

		f = logic_and(&r->w.logic, f, logic_or(&r->w.logic, world_subject(&r->w, p, false), allowed));
	}
	return f;
}

/* Whether the same rules were asked about; otherwise they are now. */
static bool was_seen(struct assert_run *r, const struct match *m, size_t n, unsigned int op)
{
	uint64_t h = 0xcbf29ce484222325ull ^ op;
	uint64_t *slot;

	for (size_t i = 0; i < n; i++) {
		h = (h ^ ((uint64_t)m[i].index << 1 | m[i].implied)) * 0x9e3779b97f4a7c15ull;
		h ^= h >> 29;
	}
	slot = &r->seen[h % SEEN];
	if (*slot == h)
		return true;
	*slot = h;
	return false;
}

static bool is_about(const struct assert_run *r, const struct match *m, size_t n)
{
	for (size_t i = n; i-- > 0 && m[i].index >= r->ir->nrules;)
		if (m[i].index == r->ir->nrules + r->index)
			return true;
	return false;
}

static bool look(void *arg, const struct world_object *o)
{
	struct assert_run *r = arg;
	const struct match *m;
	size_t n = world_matches(&r->w, o, &m), mark = logic_mark(&r->w.logic);
	uint64_t budget = r->steps < QUESTION_STEPS ? r->steps : QUESTION_STEPS, left = budget;
	enum logic_answer a;

	if (!is_about(r, m, n) || was_seen(r, m, n, o->op))
		return true;
	a = budget == 0 ? LOGIC_GAVE_UP : world_can(&r->w, counterexample(r, m, n, o->op), &left, true);
	r->steps -= budget - left;
	logic_release(&r->w.logic, mark);
	r->gave_up |= a == LOGIC_GAVE_UP;
	if (a != LOGIC_YES)
		return true;
	r->found = true;
	assert_report(r, o);
	world_forget(&r->w);
	return false;
}

static void check_one(struct assert_run *r)
{
	struct diag *d;

	r->steps = ASSERT_STEPS;
	r->gave_up = r->found = false;
	memset(r->seen, 0, SEEN * sizeof(*r->seen));
	if (r->witness)
		r->witness[r->index] = (struct assert_witness){.fails = false};
	for (unsigned int op = 0; op < 64 && !r->found; op++)
		if (r->a->rule.ops & BL_OP_BIT(op))
			world_objects(&r->w, op, look, r);
	r->failed += r->found || r->gave_up;
	if (r->witness)
		r->witness[r->index].budget = !r->found && r->gave_up;
	if (r->found || !r->gave_up)
		return;
	d = diag_error(&r->c->diags, r->a->rule.loc, "E-assert-budget",
		       "it would take too long to find out whether this assertion holds");
	diag_help(&r->c->diags, d, "assert it for fewer objects or operations at a time, or for processes of fewer profiles with 'if'");
}

static int see(void *arg, const struct ir *ir, struct au *au, const struct owner *owners)
{
	struct assert_run *r = arg;

	world_init(&r->w, &r->c->arena, ir, ir->natoms, au, owners);
	for (r->index = 0; r->index < r->ir->nasserts; r->index++) {
		r->a = &r->ir->asserts[r->index];
		check_one(r);
	}
	world_free(&r->w);
	return 0;
}

static uint64_t rule_ops(const struct ir_rule *r)
{
	uint64_t ops = r->ops;

	for (size_t i = 0; i < r->object.npatterns; i++)
		ops |= r->object.patterns[i].implied ? r->object.patterns[i].ops : 0;
	return ops;
}

/* The policy as far as the assertions' operations go, and the assertions as rules of a profile that there is not. */
static void extend(struct assert_run *r)
{
	const struct ir *ir = r->ir;
	struct ir_rule *rules = arena_alloc(&r->c->arena, (ir->nrules + ir->nasserts) * sizeof(*rules));
	uint64_t ops = 0;

	for (size_t i = 0; i < ir->nasserts; i++) {
		struct ir_rule *rule = &rules[ir->nrules + i];

		*rule = ir->asserts[i].rule;
		rule->profile = (uint32_t)ir->nprofiles;
		ops |= rule->ops;
	}
	for (size_t i = 0; i < ir->nrules; i++) {
		rules[i] = ir->rules[i];
		if (rule_ops(&rules[i]) & ops)
			continue;
		rules[i].ops = 0;
		rules[i].object.npatterns = 0;
	}
	r->with = *ir;
	r->with.rules = rules;
	r->with.nrules += ir->nasserts;
	r->with.natoms = ir->nall_atoms;
}

int assert_run_witnessed(struct compile *c, const struct ir *ir, struct assert_witness *ret)
{
	struct assert_run r = {.c = c, .ir = ir, .witness = ret};
	struct tables_watch w = {.see = see, .arg = &r};
	struct tables_error err;
	struct diag *d;
	int e;

	if (ir->nasserts == 0)
		return 0;
	r.seen = arena_alloc(&c->arena, SEEN * sizeof(*r.seen));
	extend(&r);
	e = tables_show(&r.with, &w, &err);
	if (e != -E2BIG)
		return e < 0 ? e : r.failed;
	d = diag_error(&c->diags, err.loc.file ? err.loc : ir->asserts[0].rule.loc, "E-assert-budget",
		       "the assertions of this policy cannot be checked: %s", err.msg.text);
	diag_help(&c->diags, d, "the patterns of the assertions count too; make them simpler, or leave the assertions out with --no-tests");
	return (int)ir->nasserts;
}

int assert_run(struct compile *c, const struct ir *ir)
{
	return assert_run_witnessed(c, ir, NULL);
}
