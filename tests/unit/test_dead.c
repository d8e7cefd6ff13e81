// SPDX-License-Identifier: GPL-2.0-or-later
/* Rules that never decide: those that are said to do not, and those that are not said to do. */
#include "analysis_random.h"
#include "dead.h"

/* What the decision core did, by rule: operations for which it decided. */
struct decided {
	struct bl_image img;
	struct sim_answer a;
	uint64_t ops[64];
};

static void ask(void *arg, const struct sim_request *q)
{
	struct decided *d = arg;
	struct sim_considered c;
	struct bl_error err;

	ck_assert_msg(sim_ask(&d->img, q, &d->a, &err) == 0, "%s", err.text);
	for (uint32_t i = 0; i < d->a.label.nprof; i++) {
		for (uint32_t k = 0; sim_considered(&d->img, &d->a, d->a.label.prof[i], k, &c); k++) {
			if (!c.holds)
				continue;
			if (!c.implied)
				d->ops[c.rule] |= BL_OP_BIT(q->op);
			break;
		}
	}
}

/* Builds with the analysis; dead: by rule. */
static void build(struct compile *c, const struct ir *ir, uint64_t *dead, void **mem, struct bl_image *img)
{
	struct dead d = {.arena = &c->arena, .diags = &c->diags, .ops = dead};
	struct tables_watch w = dead_watch(&d);
	struct tables_error te;
	struct bl_error err;
	size_t len;

	ck_assert_int_eq(image_build_watched(ir, &w, mem, &len, &te), 0);
	ck_assert_msg(bl_image_parse(*mem, len, img, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(d.gave_up, 0);
}

static void one_policy(const struct random_sort *s, uint32_t seed, size_t *ret_dead, size_t *ret_alive)
{
	struct decided *d = calloc(1, sizeof(*d));
	struct bl_buf b = BL_BUF_INIT;
	uint64_t dead[64] = {0}, ops = 0;
	struct compile c;
	struct ir ir;
	void *mem;

	random_seed = seed;
	random_profiles(&b, s, 1, 6);
	random_compile(&c, bl_buf_text(&b), &ir);
	build(&c, &ir, dead, &mem, &d->img);
	for (size_t i = 0; i < ir.nrules; i++)
		ops |= ir.rules[i].ops;
	for (uint32_t op = 0; op < 64; op++)
		if (ops & BL_OP_BIT(op))
			random_requests(s, op, ask, d);
	for (size_t i = 0; i < ir.nrules; i++) {
		const struct ir_rule *r = &ir.rules[i];
		uint64_t alive = r->ops & ~dead[i];

		ck_assert_msg(!(dead[i] & d->ops[i]), "seed %u: %s decides and is said not to\n%s", seed, r->text, bl_buf_text(&b));
		if (s->complete)
			ck_assert_msg(!(alive & ~d->ops[i]), "seed %u: %s never decides (%llx)\n%s", seed, r->text,
				      (unsigned long long)(alive & ~d->ops[i]), bl_buf_text(&b));
		*ret_dead += dead[i] != 0;
		*ret_alive += alive != 0;
	}
	free(mem);
	compile_free(&c);
	bl_buf_free(&b);
	free(d);
}

START_TEST(random_policies)
{
	size_t dead = 0, alive = 0;

	for (uint32_t seed = 0; seed < 150; seed++)
		one_policy(&random_sorts[_i], seed * 977 + (uint32_t)_i, &dead, &alive);
	ck_assert_uint_gt(dead, 40);
	ck_assert_uint_gt(alive, 100);
}
END_TEST

/* The ids of the warnings of one policy, in order. */
static void warnings(const char *text, char *ret, size_t cap)
{
	uint64_t dead[64] = {0};
	struct bl_image img;
	struct compile c;
	struct ir ir;
	size_t n = 0;
	void *mem;

	random_compile(&c, text, &ir);
	build(&c, &ir, dead, &mem, &img);
	ret[0] = '\0';
	for (size_t i = 0; i < c.diags.n; i++)
		n += (size_t)snprintf(ret + n, cap - n, "%u:%s ", c.diags.v[i]->loc.line, c.diags.v[i]->id + 2);
	free(mem);
	compile_free(&c);
}

static const struct {
	const char *policy, *said;
} cases[] = {
	/* order */
	{"profile p { subject any;\nallow read /a/**;\ndeny read /a/b;\nallow read /a/c;\n}", "3:contradicted 4:shadowed "},
	{"profile p { subject any;\ndeny read /a/b;\nallow read /a/**;\n}", ""},
	{"profile p { subject any;\ndeny read /a;\ndeny read /b;\nallow read /a, /b;\n}", "4:contradicted "},
	{"profile p { subject any;\nallow read /a, /b;\nallow read /a, /b;\n}", "3:duplicate "},
	{"profile p { subject any;\nallow read /a;\nlog read /a;\n}", "3:contradicted "},
	/* a part of the operations: words as a whole, not what groups contain */
	{"profile p { subject any;\nallow read /a;\ndeny file /a;\n}", ""},
	{"profile p { subject any;\nallow read /a;\ndeny read, write /a;\n}", "3:contradicted "},
	{"profile p { subject any;\nallow append /a;\ndeny write /a;\n}", ""},
	{"profile p { subject any;\nallow file /a;\ndeny modify /a;\n}", "3:contradicted "},
	/* conditions */
	{"profile p { subject any;\nallow read /a if user 1;\nallow read /a if user 2;\ndeny read /a;\n}", ""},
	{"profile p { subject any;\ndeny read /a if user 1;\ndeny read /a unless user 1;\nallow read /a;\n}", "4:contradicted "},
	{"profile p { subject any;\nallow read /a if user 1;\nallow read /a unless user 1;\ndeny read /a;\n}", ""},
	{"profile p { subject any;\ndeny read /a if user 1-9;\ndeny read /a if user 5;\n}", "3:shadowed "},
	{"profile p { subject any;\ndeny read /a if owner;\ndeny read /a unless owner;\ndeny read /a;\n}", "4:shadowed "},
	/* a process of a user namespace has neither what the first allows nor what the second excepts */
	{"profile p { subject any;\nallow read /a if exe /x;\ndeny read /a unless exe /x;\nlog read /a;\n}", "4:contradicted "},
	{"profile p { subject any;\nallow read /a if exe /x;\ndeny read /a if exe /x;\n}", ""},
	{"profile p { subject user 1;\ndeny read /a if user 2;\ndeny read /a if user 3 and user 4;\n}", "2:impossible 3:impossible "},
	{"profile p { subject any;\nallow read /a unless any;\n}", "2:impossible "},
	{"profile p { subject none;\nallow read /a;\n}", "1:impossible "},
	{"profile p { subject none;\nallow read /a;\n}\nprofile q { subject any; allow exec /x enter p; }", ""},
	/* what is inherited is free, but for the present program's own */
	{"profile p { subject exe /x;\ndeny read /a if exe /y;\ndeny read /a if exe /x;\ndeny read /a;\n}", ""},
	{"profile p { subject exe /x; inherit no;\ndeny read /a if exe /y;\n}", "2:impossible "},
	{"profile p { subject exe /x;\nallow read /a unless exe /x;\n}", ""},
	/* groups are several, a user is one */
	{"profile p { subject any;\ndeny read /a if group 1 and group 2;\n}", ""},
	{"profile p { subject any;\ndeny read /a if login 1 and login unset;\n}", "2:impossible "},
	/* nothing there */
	{"profile p { subject any;\ndeny read /a/** except /a/**;\n}", "2:empty-rule "},
	{"profile p { subject any;\ndeny read /a except /a/*;\n}", ""},
	/* transitions are what a rule does too */
	{"profile p { subject exe /x;\nallow exec /**;\nallow exec /y leave;\n}", "3:contradicted "},
	/* peers of whom nothing is known */
	{"profile p { subject any;\nallow signal to exe /x;\ndeny signal to exe /x;\n}", ""},
	{"profile p { subject any;\ndeny signal to exe /x;\nkill signal to exe /x;\n}", "3:contradicted "},
	/* v4-mapped addresses and the unspecified one are none */
	{"profile p { subject any;\nallow connect tcp to 127.0.0.0/8;\nallow connect tcp to 0.0.0.0/1;\ndeny connect tcp to 0.0.0.0/0;\n}", ""},
	{"profile p { subject any;\ndeny connect to 0.0.0.0/1;\ndeny connect to 128.0.0.0/1;\nallow connect to 0.0.0.0/0;\n}",
	 "4:contradicted "},
	/* code is in several lists */
	{"profile p { subject any;\ndeny exec memfd;\ndeny exec fstype tmpfs;\ndeny exec /a/**;\nallow exec memfd;\n}", "5:contradicted "},
	{"profile p { subject any;\nallow exec /**;\ndeny exec deleted;\n}", "3:contradicted "},
	{"profile p { subject any;\nallow read /**, /;\ndeny read;\nallow write /**;\ndeny write;\n}", "3:contradicted 5:contradicted "},
	{"profile p { subject any;\nallow file /**;\ndeny read /, /a;\n}", ""}, /* "/" is not below "/" */
	{"profile p { subject any;\nallow exec;\ndeny exec deleted;\n}", "3:contradicted "},
	/* what a rule implies hides nothing and is not said */
	{"profile p { subject any;\nallow connect tcp;\nallow socket inet;\ndefault deny network;\n}", ""},
};

START_TEST(each)
{
	char said[256];

	warnings(cases[_i].policy, said, sizeof(said));
	ck_assert_msg(strcmp(said, cases[_i].said) == 0, "%s\nsaid: %s\nwanted: %s", cases[_i].policy, said, cases[_i].said);
}
END_TEST

/* What cannot be judged in time is not reported. */
START_TEST(budget)
{
	struct bl_buf b = BL_BUF_INIT;
	struct dead d = {0};
	struct tables_watch w;
	struct tables_error te;
	struct compile c;
	struct ir ir;
	size_t len;
	void *mem;

	/* every process has one of 9 things by each of 10 groups, and no two the same: there is none, but finding that out is long */
	bl_buf_str(&b, "profile p { subject any;\n");
	for (unsigned p = 0; p < 10; p++) {
		for (unsigned h = 0; h < 9; h++)
			for (unsigned o = 0; o < p; o++)
				bl_buf_printf(&b, "deny bpf if group %u and group %u;\n", 100 + p * 9 + h, 100 + o * 9 + h);
		bl_buf_str(&b, "deny bpf");
		for (unsigned h = 0; h < 9; h++)
			bl_buf_printf(&b, " unless group %u", 100 + p * 9 + h);
		bl_buf_str(&b, ";\n");
	}
	bl_buf_str(&b, "allow bpf;\n}\n");
	random_compile(&c, bl_buf_text(&b), &ir);
	d = (struct dead){.arena = &c.arena, .diags = &c.diags};
	w = dead_watch(&d);
	/* more rules match than a list holds, which is found out later */
	if (image_build_watched(&ir, &w, &mem, &len, &te) == 0)
		free(mem);
	ck_assert_uint_eq(c.diags.nwarnings, 0);
	compile_free(&c);
	bl_buf_free(&b);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("dead");
	TCase *t = tcase_create("dead");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_set_timeout(t, 300);
	tcase_add_loop_test(t, each, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_loop_test(t, random_policies, 0, sizeof(random_sorts) / sizeof(random_sorts[0]));
	tcase_add_test(t, budget);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
