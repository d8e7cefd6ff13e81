/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy_test.h"

#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "ast.h"
#include "policy_test_priv.h"
#include "text.h"
#include "banned.h"

bool test_says(struct testing *t, struct src_loc loc, const char *text, const char *help)
{
	struct diag *d = diag_error(&t->c->diags, loc, "E-test-form", "%s", text);

	if (help)
		diag_help(&t->c->diags, d, "%s", help);
	return false;
}

/* What is expected, as if every profile enforced: the worst that any said, or what the one in question did. */
static uint32_t answer_verdict(const struct sim_answer *a, uint32_t profile)
{
	uint32_t worst = BL_V_ALLOW;

	for (uint32_t i = 0; i < BL_TASK_PROFILES; i++) {
		const struct bl_report *r = &a->result.reports[i];

		if (r->verdict > worst && (profile == UINT32_MAX || r->profile == profile))
			worst = r->verdict;
	}
	return worst;
}

static bool in_profile(const struct sim_answer *a, uint32_t profile)
{
	for (uint32_t i = 0; i < a->label.nprof; i++) {
		if (a->label.prof[i] == profile)
			return true;
	}
	return false;
}

/* Which rule, or whose default, gave the answer. */
static void explain_failure(struct testing *t, struct diag *d, const struct sim_answer *a, uint32_t profile, uint32_t verdict)
{
	struct diags *ds = &t->c->diags;
	struct sim_considered c;
	size_t told = 0;

	for (uint32_t i = 0; i < BL_TASK_PROFILES; i++) {
		const struct bl_report *r = &a->result.reports[i];

		if (verdict == BL_V_ALLOW || r->verdict != verdict || (profile != UINT32_MAX && r->profile != profile))
			continue;
		if (r->rule != BL_RULE_NONE)
			diag_note(ds, d, t->ir->rules[r->rule].loc, "this rule decides");
		else
			diag_note(ds, d, t->ir->profiles[r->profile].default_loc, "the default of profile '%s' decides",
				  t->ir->profiles[r->profile].name);
		return;
	}
	if (a->label.nprof == 0)
		diag_help(ds, d, "the process is in no profile");
	for (uint32_t i = 0; i < a->label.nprof && told < 3; i++) {
		uint32_t p = a->label.prof[i], k = 0;
		bool found = false;

		if (profile != UINT32_MAX && p != profile)
			continue;
		while (!found && sim_considered(t->img, a, p, k++, &c))
			found = c.holds;
		if (found)
			diag_note(ds, d, t->ir->rules[c.rule].loc, "this rule allows it in profile '%s'", t->ir->profiles[p].name);
		else
			diag_note(ds, d, t->ir->profiles[p].loc, "no rule of profile '%s' matches, and its default allows",
				  t->ir->profiles[p].name);
		told++;
	}
}

static void expect_one(struct testing *t, const struct test_expect *e, const struct sim_request *q)
{
	struct sim_answer *a = malloc(sizeof(*a));
	struct bl_buf obj = BL_BUF_INIT;
	struct bl_error err;
	struct diag *d;
	uint32_t verdict;

	t->count->expectations++;
	if (!a)
		arena_oom();
	if (sim_ask(t->img, q, a, &err) < 0) {
		test_says(t, e->loc, arena_strdup(&t->c->arena, err.text), NULL);
		free(a);
		return;
	}
	verdict = answer_verdict(a, e->profile);
	bl_text_object(&obj, a->kind, a->key, a->key_len);
	if (e->profile != UINT32_MAX && !in_profile(a, e->profile)) {
		d = diag_error(&t->c->diags, e->loc, "E-test", "the process is not in profile '%s'", t->ir->profiles[e->profile].name);
		diag_note(&t->c->diags, d, t->ir->profiles[e->profile].loc, "its subject does not hold: %s",
			  t->ir->profiles[e->profile].subject);
	} else if (verdict != e->verdict) {
		d = diag_error(&t->c->diags, e->loc, "E-test", "expected %s, but the policy answers %s: %s%s%s",
			       bl_text_verdict(e->verdict), bl_text_verdict(verdict), bl_text_op(q->op),
			       bl_buf_text(&obj) && obj.len ? " " : "", bl_buf_text(&obj) ? bl_buf_text(&obj) : "");
		explain_failure(t, d, a, e->profile, verdict);
	}
	bl_buf_free(&obj);
	free(a);
}

/* Every operation and every object of one `expect`. */
static void expect_statement(struct testing *t, const struct ast_stmt *st)
{
	struct test_expect e = {.verdict = st->action.verdict, .profile = UINT32_MAX, .loc = st->loc};
	struct test_objects objs = {0};

	if (t->lost)
		return;
	if (!t->has_process) {
		test_says(t, st->loc, "'expect' before any 'as'", "say who asks, for example 'as exe /usr/sbin/nginx;'");
		return;
	}
	if (!test_read_expect(t, st, &e, &objs))
		return;
	for (size_t i = 0; i < objs.n; i++) {
		struct sim_request q = objs.v[i];

		q.who = t->who;
		expect_one(t, &e, &q);
	}
}

static void test_statements(struct testing *t, const struct ast_block *b)
{
	for (const struct ast_stmt *st = b->first; st; st = st->next) {
		if (st->kind == AST_AS) {
			t->has_process = test_read_process(t, st->terms, true, &t->who);
			t->lost = !t->has_process;
		} else if (st->kind == AST_EXPECT) {
			expect_statement(t, st);
		}
	}
}

void policy_tests_run(struct compile *c, const struct ir *ir, const struct bl_image *img, policy_test_fn *fn, void *arg,
		      struct policy_test_count *ret)
{
	*ret = (struct policy_test_count){0};
	for (size_t i = 0; i < ir->ntests; i++) {
		const struct ast_stmt *st = ir->tests[i];
		struct testing t = {.c = c, .ir = ir, .img = img, .count = ret};
		size_t errors = c->diags.nerrors, before = ret->expectations;

		if (st->kind != AST_TEST)
			continue;
		test_statements(&t, st->body);
		if (ret->expectations == before && c->diags.nerrors == errors)
			test_says(&t, st->word->loc, "this test expects nothing", "write at least one 'expect'");
		ret->tests++;
		ret->failed += c->diags.nerrors != errors;
		if (fn)
			fn(arg, st->word->text, ret->expectations - before, c->diags.nerrors == errors);
	}
}
