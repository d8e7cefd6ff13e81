// SPDX-License-Identifier: GPL-2.0-or-later
/* Meaning of the language that `test` blocks cannot ask: errno, reports, modes, reloads, what an image needs. See tests/language. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "build_text.h"
#include "plat_host.h"
#include "decide.h"
#include "simulate.h"

struct built {
	void *mem;
	struct bl_image img;
};

static struct built build(const char *text)
{
	struct built b;

	build_text(text, &b.mem, &b.img);
	return b;
}

static struct sim_answer ask(const struct built *b, const char *exe, const char *op, const char *object)
{
	struct sim_request q = { .who = { .exes = &exe, .nexes = 1, .cgroup = "/", .login = UINT32_MAX }, .op = sim_op(op) };
	struct sim_answer a;
	struct bl_error err;

	q.object = object;
	q.object_len = strlen(object);
	ck_assert_msg(sim_ask(&b->img, &q, &a, &err) == 0, "%s", err.text);
	return a;
}

/* ---- point 8: what a reload keeps ---- */

/* Is the process that had label *l under the tables it was made with in profile 0 of b, once its program is another? */
static bool kept(struct bl_label l, const struct built *b)
{
	bl_label_begin(b->img.tables, &l);
	bl_label_finish(b->img.tables, &l);
	return l.nprof == 1 && l.prof[0] == 0;
}

START_TEST(reload_keeps_inherited_terms)
{
	struct built old = build("profile a { subject exe /d, /e; deny read /x; }\n");
	struct built same = build("profile a { deny write /y; subject exe /e, /d; allow read /x; }\n");
	struct built renamed = build("profile b { subject exe /d, /e; deny read /x; }\n");
	struct built changed = build("profile a { subject exe /d; deny read /x; }\n");
	struct built present = build("profile a { subject exe /d, /e; inherit no; deny read /x; }\n");
	struct bl_label l = ask(&old, "/d", "read", "/x").label;

	ck_assert(kept(l, &old));
	ck_assert(kept(l, &same));
	ck_assert(!kept(l, &renamed));
	ck_assert(!kept(l, &changed));
	ck_assert(!kept(l, &present));
	/* and is back with the policy that knows it */
	ck_assert(kept(l, &same));
	free(old.mem);
	free(same.mem);
	free(renamed.mem);
	free(changed.mem);
	free(present.mem);
}
END_TEST

START_TEST(reload_keeps_what_was_entered)
{
	const char *exes[] = { "/d", "/h" };
	struct sim_request q = { .who = { .exes = exes, .nexes = 2, .cgroup = "/" }, .op = BL_OP_READ, .object = "/x", .object_len = 2 };
	struct built old = build("profile h { subject none; deny read /x; }\nprofile a { subject exe /d; allow exec /h leave enter h; }\n");
	struct built other = build("profile h { subject none; deny read /y; }\nprofile c { subject exe /q; allow exec /h enter h; }\n");
	struct built never = build("profile h { subject none; deny read /x; }\n");
	struct sim_answer a;
	struct bl_error err;

	ck_assert_int_eq(sim_ask(&old.img, &q, &a, &err), 0);
	ck_assert_uint_eq(a.result.verdict, BL_V_DENY);
	ck_assert(kept(a.label, &old));
	ck_assert(kept(a.label, &other));
	ck_assert(!kept(a.label, &never)); /* no rule enters it: nobody can be in it */
	free(old.mem);
	free(other.mem);
	free(never.mem);
}
END_TEST

/* ---- points 9 to 11: reports ---- */

static const struct bl_report *report_of(const struct sim_answer *a, uint32_t profile)
{
	for (uint32_t i = 0; i < BL_TASK_PROFILES; i++) {
		if (a->result.reports[i].verdict != 0 && a->result.reports[i].profile == profile)
			return &a->result.reports[i];
	}
	return NULL;
}

START_TEST(several_questions_of_one_call)
{
	struct built b = build("profile a { subject exe /d; allow read /x; deny write /x errno EROFS; }\n"
			       "profile k { subject exe /d; kill read /x; }\n");
	struct sim_answer a = ask(&b, "/d", "read", "/x");
	struct bl_question q = a.question;

	ck_assert_ptr_null(report_of(&a, 0));
	ck_assert_uint_eq(report_of(&a, 1)->verdict, BL_V_KILL);
	q.op = BL_OP_WRITE;
	bl_decide(b.img.tables, &a.label, &q, &a.result);
	ck_assert_uint_eq(a.result.verdict, BL_V_KILL);
	ck_assert_uint_eq(a.result.err, EPERM); /* of the worst */
	ck_assert_uint_eq(report_of(&a, 0)->verdict, BL_V_DENY);
	ck_assert_uint_eq(report_of(&a, 0)->op, BL_OP_WRITE);
	ck_assert_uint_eq(report_of(&a, 1)->op, BL_OP_READ);
	free(b.mem);
}
END_TEST

START_TEST(errno_of_the_rule)
{
	struct built b = build("profile a { subject exe /d; deny read /d; deny read /e errno EACCES; deny read /n errno 2;\n"
			       "kill read /k errno ENOENT; log read /l; default deny write; }\n");

	ck_assert_uint_eq(ask(&b, "/d", "read", "/d").result.err, EPERM);
	ck_assert_uint_eq(ask(&b, "/d", "read", "/e").result.err, EACCES);
	ck_assert_uint_eq(ask(&b, "/d", "read", "/n").result.err, 2);
	ck_assert_uint_eq(ask(&b, "/d", "read", "/k").result.err, ENOENT);
	ck_assert_uint_eq(ask(&b, "/d", "write", "/x").result.err, EPERM);
	ck_assert_uint_eq(ask(&b, "/d", "read", "/l").result.err, 0);
	ck_assert_uint_eq(ask(&b, "/d", "read", "/a").result.err, 0);
	free(b.mem);
}
END_TEST

START_TEST(attributes_are_in_the_image)
{
	struct built b = build("profile a { subject exe /d; deny read /q quiet message \"gone\" tag \"T1\" severity low; log read /l; }\n");
	const struct bl_tables *t = b.img.tables;

	ck_assert_uint_ne(bl_word(t, t->off_rules) & BL_RULE_QUIET, 0);
	ck_assert_uint_eq(bl_word(t, t->off_rules + 1) & BL_RULE_QUIET, 0);
	ck_assert_str_eq(bl_image_str(&b.img, b.img.rules[0].message), "gone");
	ck_assert_str_eq(bl_image_str(&b.img, b.img.rules[0].tag), "T1");
	ck_assert_str_eq(bl_image_str(&b.img, b.img.rules[0].severity), "low");
	ck_assert_uint_eq(ask(&b, "/d", "read", "/l").result.verdict, BL_V_LOG);
	ck_assert_uint_eq(report_of((struct sim_answer[]){ ask(&b, "/d", "read", "/l") }, 0)->verdict, BL_V_LOG);
	free(b.mem);
}
END_TEST

START_TEST(audit_reports_and_passes)
{
	struct built b = build("profile trial { subject exe /d; mode audit; kill read /x; deny read /y; default deny write; }\n"
			       "profile strict { subject exe /d; deny read /x; }\n");
	struct sim_answer a = ask(&b, "/d", "read", "/x");

	ck_assert_uint_eq(a.result.verdict, BL_V_DENY);
	ck_assert_uint_eq(report_of(&a, 0)->verdict, BL_V_KILL);
	ck_assert_uint_eq(report_of(&a, 0)->mode, BL_MODE_AUDIT);
	ck_assert_uint_eq(report_of(&a, 1)->mode, BL_MODE_ENFORCE);
	a = ask(&b, "/d", "read", "/y");
	ck_assert_uint_eq(a.result.verdict, BL_V_ALLOW);
	ck_assert_uint_eq(report_of(&a, 0)->verdict, BL_V_DENY);
	a = ask(&b, "/d", "write", "/y");
	ck_assert_uint_eq(a.result.verdict, BL_V_ALLOW);
	ck_assert_uint_eq(report_of(&a, 0)->reason, BL_R_DEFAULT);
	/* the global dry run */
	((struct bl_tables *)(uintptr_t)b.img.tables)->flags |= BL_TF_DRY_RUN;
	a = ask(&b, "/d", "read", "/x");
	ck_assert_uint_eq(a.result.verdict, BL_V_ALLOW);
	ck_assert_uint_eq(a.result.err, 0);
	ck_assert_uint_eq(report_of(&a, 1)->mode, BL_MODE_AUDIT);
	ck_assert_uint_eq(report_of(&a, 1)->verdict, BL_V_DENY);
	free(b.mem);
}
END_TEST

/* ---- section 3: a name that cannot be had ---- */

START_TEST(without_a_name_who_could_refuse_refuses)
{
	struct built b = build("profile a { subject exe /d; deny read /x; default deny create; allow write /y; }\n"
			       "profile s { subject exe /d; mode audit; deny exec /x; }\n");
	struct sim_answer a = ask(&b, "/d", "read", "/other");
	struct bl_question q = { .op = BL_OP_READ, .reason = BL_R_TOO_LONG };
	static const struct {
		uint32_t op, verdict;
	} cases[] = { { BL_OP_READ, BL_V_DENY }, { BL_OP_CREATE, BL_V_DENY }, { BL_OP_WRITE, BL_V_ALLOW }, { BL_OP_EXEC, BL_V_ALLOW } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		q.op = cases[i].op;
		bl_result_init(&a.result);
		bl_decide(b.img.tables, &a.label, &q, &a.result);
		ck_assert_msg(a.result.verdict == cases[i].verdict, "operation %u: %u", cases[i].op, a.result.verdict);
	}
	ck_assert_uint_eq(report_of(&a, 1)->reason, BL_R_TOO_LONG); /* the exec, in audit mode */
	free(b.mem);
}
END_TEST

/* ---- point 14: what an image needs ---- */

static const struct {
	const char *rules;
	uint64_t features, ops;
} needs[] = {
	{ "subject any;", 0, 0 },
	{ "subject any; allow read /x;", 0, 0 },
	{ "subject any; deny read /x;", 0, BL_OP_BIT(BL_OP_READ) | BL_OPS_NAMES },
	{ "subject any; log delete;", 0, BL_OP_BIT(BL_OP_DELETE) },
	{ "subject any; default deny setuid;", 0, BL_OP_BIT(BL_OP_SETUID) },
	{ "subject any; kill write /x;", 0, BL_OP_BIT(BL_OP_WRITE) | BL_OP_BIT(BL_OP_APPEND) | BL_OP_BIT(BL_OP_TRUNCATE) | BL_OPS_NAMES },
	{ "subject any; deny exec;", 0, BL_OP_BIT(BL_OP_EXEC) | BL_OP_BIT(BL_OP_MAP) | BL_OPS_NAMES },
	{ "subject any; deny bind;", BL_FEAT_UNIX, BL_OP_BIT(BL_OP_BIND) | BL_OP_BIT(BL_OP_ACCEPT) },
	{ "subject any; deny bind; allow accept;", BL_FEAT_UNIX, BL_OP_BIT(BL_OP_BIND) },
	{ "subject any; descriptors strict;", BL_FEAT_STRICT, 0 },
	{ "subject any; deny accept tcp from 10.0.0.0/8;", BL_FEAT_ACCEPT_FROM, BL_OP_BIT(BL_OP_ACCEPT) },
	{ "subject exe /x;", BL_FEAT_EXE, 0 },
	{ "subject script /x;", BL_FEAT_SCRIPT, 0 },
	{ "subject user 5;", BL_FEAT_USER, 0 },
	{ "subject group 5;", BL_FEAT_GROUP, 0 },
	{ "subject login 5;", BL_FEAT_LOGIN, 0 },
	{ "subject capability chown;", BL_FEAT_CAPABILITY, 0 },
	{ "subject cgroup /x;", BL_FEAT_CGROUP, 0 },
	{ "subject unit x.service;", BL_FEAT_UNIT, 0 },
	{ "subject container x;", BL_FEAT_CONTAINER, 0 },
	{ "subject ancestor /x;", BL_FEAT_ANCESTOR, 0 },
	{ "subject any; allow read /x if owner;", BL_FEAT_OWNER, 0 },
	{ "subject any; allow read /x unless owner;", BL_FEAT_OWNER, 0 },
	{ "subject any; allow read /x unless owner and user 5;", BL_FEAT_OWNER | BL_FEAT_USER, 0 },
	{ "subject any; allow signal to same profile;", BL_FEAT_PEER, 0 },
	{ "subject any; allow signal to descendant;", BL_FEAT_PEER, 0 },
	{ "subject any; allow signal TERM;", 0, 0 },
	{ "subject exe /x; allow exec /y leave;", BL_FEAT_EXE | BL_FEAT_TRANSITION, 0 },
	{ "subject any; allow exec /y enter p;", BL_FEAT_TRANSITION, 0 },
	{ "subject any; log read /y quiet;", BL_FEAT_QUIET, BL_OP_BIT(BL_OP_READ) },
	{ "subject any; allow exec memfd;", BL_FEAT_CODE, 0 },
	{ "subject any; allow map anonymous;", BL_FEAT_CODE, 0 },
	{ "subject any; allow exec fstype tmpfs;", BL_FEAT_CODE, 0 },
	{ "subject any; allow connect unix to /x;", BL_FEAT_UNIX, 0 },
	{ "subject any; allow connect unix;", BL_FEAT_UNIX, 0 },
};

START_TEST(image_says_what_it_needs)
{
	char text[512];
	struct built b;

	snprintf(text, sizeof(text), "profile p { %s }\n", needs[_i].rules);
	b = build(text);
	ck_assert_msg(b.img.tables->features == needs[_i].features, "%s: features 0x%llx", needs[_i].rules,
		      (unsigned long long)b.img.tables->features);
	ck_assert_msg(b.img.tables->ops == needs[_i].ops, "%s: operations 0x%llx", needs[_i].rules,
		      (unsigned long long)b.img.tables->ops);
	free(b.mem);
}
END_TEST

/* ---- what tests/language cannot write down ---- */

/* A profile that is told of a descendant through the flag, and a peer whose label is full. */
START_TEST(peers_that_are_not_known)
{
	struct built b = build("profile a { subject exe /d; allow signal KILL to exe /p; deny signal HUP to exe /p; default deny signal; }\n");
	struct sim_answer a = ask(&b, "/d", "signal", "KILL"), h = ask(&b, "/d", "signal", "HUP");
	struct bl_label peer = ask(&b, "/p", "signal", "KILL").label;

	a.question.peer = h.question.peer = &peer;
	bl_result_init(&a.result);
	bl_decide(b.img.tables, &a.label, &a.question, &a.result);
	ck_assert_uint_eq(a.result.verdict, BL_V_ALLOW);
	peer.flags |= BL_LF_FULL;
	bl_result_init(&a.result);
	bl_decide(b.img.tables, &a.label, &a.question, &a.result);
	ck_assert_uint_eq(a.result.verdict, BL_V_DENY);
	bl_result_init(&h.result);
	bl_decide(b.img.tables, &h.label, &h.question, &h.result);
	ck_assert_uint_eq(report_of(&h, 0)->rule, 1);
	free(b.mem);
}
END_TEST

/* DESIGN section 2, point 9, for what no name was asked about: nameless objects meet rules without an object only. */
START_TEST(objects_without_a_name)
{
	struct built b = build("profile a { subject exe /d; deny exec /**; }\nprofile b { subject exe /e; deny read; deny exec; }\n");

	ck_assert_uint_eq(ask(&b, "/d", "exec", "").result.verdict, BL_V_ALLOW);
	ck_assert_uint_eq(ask(&b, "/e", "exec", "").result.verdict, BL_V_DENY);
	free(b.mem);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("language");
	TCase *c = tcase_create("meaning");
	SRunner *r;
	int failed;

	tcase_add_test(c, reload_keeps_inherited_terms);
	tcase_add_test(c, reload_keeps_what_was_entered);
	tcase_add_test(c, several_questions_of_one_call);
	tcase_add_test(c, errno_of_the_rule);
	tcase_add_test(c, attributes_are_in_the_image);
	tcase_add_test(c, audit_reports_and_passes);
	tcase_add_test(c, without_a_name_who_could_refuse_refuses);
	tcase_add_loop_test(c, image_says_what_it_needs, 0, sizeof(needs) / sizeof(needs[0]));
	tcase_add_test(c, peers_that_are_not_known);
	tcase_add_test(c, objects_without_a_name);
	suite_add_tcase(s, c);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
