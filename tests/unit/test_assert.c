// SPDX-License-Identifier: GPL-2.0-or-later
/* Assertions: which hold, which fail and with what counterexample, and both against the decision core. */
#include "analysis_random.h"
#include "assert.h"

/* One assertion in one policy: 0 it holds, 1 it fails with *ret (which may be NULL). */
static int check(const char *text, struct assert_witness *ret, char *said, size_t cap)
{
	struct assert_witness w = {0};
	struct compile c;
	struct ir ir;
	int r;

	random_compile(&c, text, &ir);
	ck_assert_uint_eq(ir.nasserts, 1);
	r = assert_run_witnessed(&c, &ir, &w);
	ck_assert_int_eq(r, w.fails || w.budget);
	ck_assert_uint_eq(c.diags.nerrors, (size_t)r);
	if (said && r != 0)
		snprintf(said, cap, "%s", c.diags.v[c.diags.n - 1]->text);
	if (ret)
		*ret = w;
	compile_free(&c);
	return r;
}

#define P "profile p { subject any; "
#define FAILS "this assertion fails: a process"
static const struct {
	const char *policy, *said; /* NULL: it holds */
} cases[] = {
	{P "deny read /etc/shadow; } assert never read /etc/shadow;", NULL},
	{P "deny read /etc/shadow; } assert never read /etc/shadow, /etc/gshadow;", FAILS " can do 'read /etc/gshadow'"},
	{P "deny read /etc/**; } assert never read /etc/shadow, /etc/gshadow;", NULL},
	{P "deny read /etc/shadow; } assert never read, write /etc/shadow;", FAILS " can do 'write /etc/shadow'"},
	{P "kill read /etc/shadow; mode audit; } assert never read /etc/shadow;", NULL},
	{P "log read /etc/shadow; } assert never read /etc/shadow;", FAILS " can do 'read /etc/shadow'"},
	/* by default */
	{P "default deny read; } assert never read;", NULL},
	{P "default deny read; allow read /a; } assert never read;", FAILS " can do 'read /a'"},
	{P "default deny read; allow read /a; } assert never read /** except /a;", NULL},
	{P "allow write /a; } assert never read /a;", FAILS " can do 'read /a'"},
	/* by a condition */
	{P "deny read /s unless exe /v*; } assert never read /s;", FAILS " with exe /v can do 'read /s'"},
	{P "deny read /s unless exe /v*; } assert never read /s unless exe /v*;", NULL},
	{P "deny read /s unless exe /v*; } assert never read /s unless exe /va, /vb*;", FAILS " with exe /v can do 'read /s'"},
	{P "deny read /s unless exe /v*; } assert never read /s if exe /w;", NULL},
	{P "default deny read; allow read /s if user 5; } assert never read /s unless user 1-4;", FAILS " with user 5 can do 'read /s'"},
	{P "default deny read; allow read /s if user 5; } assert never read /s if user 1-4;", NULL},
	{P "deny read /s unless user 1; deny read /s unless user 2; } assert never read /s;", NULL},
	{P "deny read /s unless group 1; deny read /s unless group 2; } assert never read /s;",
	 FAILS " with group 1, group 2 can do 'read /s'"},
	{P "deny read /s unless owner; } assert never read /s;", FAILS " with the file's owner as its user can do 'read /s'"},
	/* by the order of rules */
	{P "allow read /e/p; deny read /e/**; } assert never read /e/**;", FAILS " can do 'read /e/p'"},
	{P "deny read /e/**; allow read /e/p; } assert never read /e/**;", NULL},
	/* several profiles, of which one refuses */
	{"profile a { subject user 1; deny read /s; } profile b { subject any except user 1; deny read /s; } assert never read /s;", NULL},
	{"profile a { subject user 1; deny read /s; } profile b { subject any except user 2; deny read /s; } assert never read /s;",
	 FAILS " with user 2 can do 'read /s'"},
	{"profile a { subject user 1; deny read /s; } profile b { subject any; deny read /s unless user 1; } assert never read /s;", NULL},
	{"profile a { subject user 1; deny read /s; } profile b { subject any except user 1-2; deny read /s; } assert never read /s;",
	 FAILS " with user 2 can do 'read /s'"},
	{P "deny write /**; } assert never write;", NULL},
	{P "deny read /**; } assert never read;", FAILS " can do 'read /'"},
	{P "deny read /s; } profile b { subject exe /x; allow read /s; } assert never read /s;", NULL},
	{P "deny read /s; } profile b { subject exe /x; allow read /s; } assert never read /s if exe /x;", NULL},
	/* what is inherited is free, the present program's own is not */
	{"profile a { subject exe /x; deny read /s; } assert never read /s if exe /x;", NULL},
	{"profile a { subject exe /x; deny read /s; } assert never read /s if exe /y;", FAILS " with exe /y can do 'read /s'"},
	{"profile a { subject exe /x; allow read /s; default deny read; } profile b { subject any; deny read /s unless exe /y; }"
	 "assert never read /s;", FAILS " with exe /y can do 'read /s'"},
	/* code */
	{P "deny exec /**; } assert never exec memfd;", FAILS " can do 'exec memfd'"},
	{P "deny exec memfd; } assert never exec memfd;", NULL},
	{P "deny exec memfd; } assert never exec memfd, deleted;", FAILS " can do 'exec /a, deleted'"},
	{P "deny exec fstype tmpfs; } assert never map fstype tmpfs;", NULL},
	{P "allow exec /a; deny exec fstype tmpfs; } assert never exec fstype tmpfs;", FAILS " can do 'exec /a on fstype tmpfs'"},
	{P "deny exec; } assert never exec;", NULL},
	{P "deny exec; } assert never exec memfd, deleted, anonymous, /x;", NULL},
	/* addresses with holes */
	{P "deny connect to 10.0.0.0/8 except 10.9.0.0/16; } assert never connect to 10.0.0.0/8;", FAILS " can do 'connect tcp 10.9.0.1'"},
	{P "deny connect to 10.0.0.0/8 except 10.9.0.0/16; } assert never connect to 10.0.0.0/8 except 10.9.0.0/16;", NULL},
	{P "deny connect to 10.0.0.0/8 except 10.9.0.0/16; } assert never connect tcp to 10.0.0.0/8 except 10.8.0.0/15 port 80;", NULL},
	{P "deny connect tcp to 10.0.0.0/9; deny connect tcp to 10.128.0.0/9; } assert never connect tcp to 10.0.0.0/8;", NULL},
	{P "deny connect tcp port 1-79, 81-65535; } assert never connect tcp port 1-65535;", FAILS " can do 'connect tcp 0.0.0.1:80'"},
	{P "deny connect to 0.0.0.0/0; deny connect to ::/0; } assert never connect tcp;", NULL},
	{P "deny bind tcp port 1-1023; } assert never accept tcp port 1-1023;", NULL},
	/* sockets that a rule about addresses implies */
	{P "default deny network; allow connect tcp; } assert never socket inet type stream protocol tcp;",
	 FAILS " can do 'socket inet stream tcp'"},
	{P "default deny network; allow connect tcp; } assert never socket unix;", NULL},
	/* kinds without names */
	{P "deny bpf; } assert never bpf;", NULL},
	{P "deny bpf; } assert never bpf, perf;", FAILS " can do 'perf'"},
	{P "deny signal KILL; } assert never signal KILL;", NULL},
	{P "deny signal KILL to exe /x; } assert never signal KILL;", FAILS " can do 'signal KILL'"},
	{P "deny mount fstype proc target /p/**; } assert never mount fstype proc target /p/a;", NULL},
	{P "deny module /lib/**; } assert never module /lib/modules/**;", NULL},
	/* nobody is in the profile; a message */
	{"profile p { subject none; deny read /s; } assert never read /s message \"secret\";",
	 "this assertion fails: secret: a process can do 'read /s'"},
	{"profile p { subject none; deny read /s; } profile q { subject any; allow exec /x enter p; } assert never read /s;",
	 FAILS " can do 'read /s'"},
};

START_TEST(each)
{
	char said[256] = "(it holds)";
	int r = check(cases[_i].policy, NULL, said, sizeof(said));
	const char *want = cases[_i].said ? cases[_i].said : "(it holds)";

	ck_assert_msg(strcmp(said, want) == 0 && r == (cases[_i].said != NULL), "%s\nsaid: %s\nwanted: %s", cases[_i].policy, said, want);
}
END_TEST

/* Assertions add nothing to an image. */
START_TEST(not_in_the_image)
{
	const char *texts[] = {"profile p { subject user 1; deny read /s unless exe /x; }\n",
			       "profile p { subject user 1; deny read /s unless exe /x; }\nassert never read /t if exe /y and user root "
			       "unless exe /z, /x message \"m\";\n"};
	struct tables_error te;
	void *mem[2];
	size_t len[2];

	for (size_t i = 0; i < 2; i++) {
		struct compile c;
		struct ir ir;

		random_compile(&c, texts[i], &ir);
		ck_assert_int_eq(image_build(&ir, &mem[i], &len[i], &te), 0);
		compile_free(&c);
	}
	ck_assert_uint_eq(len[0], len[1]);
	ck_assert_mem_eq(mem[0], mem[1], len[0]);
	free(mem[0]);
	free(mem[1]);
}
END_TEST

/* ---- against the decision core ---- */

/* The assertion as a profile of the policy that it is in: then its rule decides exactly what it is about. */
struct about {
	struct bl_image img, judge;
	struct sim_answer a;
	size_t allowed;
};

static bool refused(const struct bl_image *img, const struct sim_request *q, struct sim_answer *a)
{
	struct bl_error err;

	ck_assert_msg(sim_ask(img, q, a, &err) == 0, "%s", err.text);
	for (uint32_t i = 0; i < BL_TASK_PROFILES; i++)
		if (a->result.reports[i].verdict >= BL_V_DENY)
			return true;
	return false;
}

static void ask(void *arg, const struct sim_request *q)
{
	struct about *d = arg;

	if (refused(&d->judge, q, &d->a) && !refused(&d->img, q, &d->a))
		d->allowed++;
}

static void image(const char *text, struct bl_image *img, void **mem)
{
	struct tables_error te;
	struct bl_error err;
	struct compile c;
	struct ir ir;
	size_t len;

	random_compile(&c, text, &ir);
	ck_assert_int_eq(image_build(&ir, mem, &len, &te), 0);
	ck_assert_msg(bl_image_parse(*mem, len, img, &err) == 0, "%s", err.text);
	compile_free(&c);
}

static void judge_text(struct bl_buf *b, const char *assertion)
{
	bl_buf_printf(b, "profile judge { subject any; inherit no; deny %s }\n", assertion);
}

static void check_witness(struct about *d, const struct assert_witness *w, const char *policy)
{
	struct sim_request q = {.op = w->op, .object = w->object, .object_len = strlen(w->object)};

	q.who = (struct sim_process){.exes = &w->exe, .nexes = w->exe != NULL, .cgroup = w->cgroup, .euid = w->user, .login = UINT32_MAX};
	q.who.untrusted = w->untrusted;
	ck_assert_msg(refused(&d->judge, &q, &d->a), "not what it is about: %s %s\n%s", w->object, w->exe, policy);
	ck_assert_msg(!refused(&d->img, &q, &d->a), "refused: %s %s\n%s", w->object, w->exe, policy);
}

/* Only sorts of objects that the text of a counterexample names in full, and no owner. */
static void one_policy(const struct random_sort *s, uint32_t seed, size_t *ret_holds, size_t *ret_fails)
{
	struct about *d = calloc(1, sizeof(*d));
	struct bl_buf b = BL_BUF_INIT, j = BL_BUF_INIT, rule = BL_BUF_INIT;
	struct assert_witness w;
	struct compile c;
	struct ir ir;
	void *mem[2];

	random_seed = seed;
	random_profiles(&b, s, 1 + rnd(3), 5);
	image(bl_buf_text(&b), &d->img, &mem[0]);
	do {
		bl_buf_reset(&rule);
		random_rule(&rule, s);
	} while (strstr(bl_buf_text(&rule), "owner"));
	bl_buf_str(&rule, "");
	judge_text(&j, strchr(bl_buf_text(&rule), ' ') + 1);
	image(bl_buf_text(&j), &d->judge, &mem[1]);
	bl_buf_printf(&b, "assert never %s", strchr(bl_buf_text(&rule), ' ') + 1);
	random_compile(&c, bl_buf_text(&b), &ir);
	ck_assert_int_ge(assert_run_witnessed(&c, &ir, &w), 0);
	ck_assert(!w.budget);
	if (w.fails && !strstr(bl_buf_text(&b), "owner"))
		check_witness(d, &w, bl_buf_text(&b));
	for (uint32_t op = 0; op < 64; op++)
		if (ir.asserts[0].rule.ops & BL_OP_BIT(op))
			random_requests(s, op, ask, d);
	ck_assert_msg(w.fails || d->allowed == 0, "seed %u: it does not hold\n%s", seed, bl_buf_text(&b));
	if (s->complete)
		ck_assert_msg(!w.fails || d->allowed != 0, "seed %u: it holds\n%s", seed, bl_buf_text(&b));
	*ret_holds += !w.fails;
	*ret_fails += w.fails;
	compile_free(&c);
	free(mem[0]);
	free(mem[1]);
	bl_buf_free(&b);
	bl_buf_free(&j);
	bl_buf_free(&rule);
	free(d);
}

static const uint8_t sorts[] = {0, 1, 4, 5};

START_TEST(random_policies)
{
	size_t holds = 0, fails = 0;

	for (uint32_t seed = 0; seed < 200; seed++)
		one_policy(&random_sorts[sorts[_i]], seed * 977 + (uint32_t)_i, &holds, &fails);
	ck_assert_uint_gt(holds, 15);
	ck_assert_uint_gt(fails, 50);
}
END_TEST

/* Ten groups of which every process must have one by each rule, and no two the same of nine. */
START_TEST(budget)
{
	struct bl_buf b = BL_BUF_INIT;
	char said[256];

	for (unsigned p = 0; p < 10; p++) {
		bl_buf_printf(&b, "profile p%u { subject any;", p);
		bl_buf_str(&b, " deny bpf");
		for (unsigned h = 0; h < 9; h++)
			bl_buf_printf(&b, " unless group %u", 100 + p * 9 + h);
		bl_buf_str(&b, ";");
		bl_buf_str(&b, " }\n");
		for (unsigned h = 0; h < 9; h++)
			for (unsigned o = 0; o < p && p < 6; o++)
				bl_buf_printf(&b, "profile q%u-%u-%u { subject group %u and group %u; deny bpf; }\n", p, h, o,
					      100 + p * 9 + h, 100 + o * 9 + h);
	}
	bl_buf_str(&b, "assert never bpf;\n");
	/* six pigeons in nine holes: there is room */
	ck_assert_int_eq(check(bl_buf_text(&b), NULL, said, sizeof(said)), 1);
	ck_assert_msg(strncmp(said, FAILS, strlen(FAILS)) == 0, "%s", said);
	bl_buf_free(&b);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("assert");
	TCase *t = tcase_create("assert");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_set_timeout(t, 300);
	tcase_add_loop_test(t, each, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(t, not_in_the_image);
	tcase_add_loop_test(t, random_policies, 0, sizeof(sorts));
	tcase_add_test(t, budget);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
