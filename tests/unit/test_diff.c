// SPDX-License-Identifier: GPL-2.0-or-later
/* Each kind of change that diff knows, by a pair of policies made for it. */
#include "diff_pair.h"
#include <errno.h>

#define P "profile p { subject exe /x; "

/* The one change between two policies: its operation, kind and example. */
static const struct diff_item *only(struct diff_pair *p, const char *old, const char *new, uint32_t op, enum diff_change change,
				    const char *object)
{
	const struct diff_item *it, *found = NULL;
	struct bl_buf b = BL_BUF_INIT;

	pair_make(p, old, new);
	ck_assert_uint_eq(p->d.ngaps, 0);
	for (size_t i = 0; i < p->d.nitems; i++) {
		it = &p->d.items[i];
		if (it->op == op && it->change == change)
			found = it;
		ck_assert(pair_check_item(p, it) || it->change == DIFF_UNNAMED || !it->can_simulate);
	}
	ck_assert_msg(found != NULL, "no such change among %zu: %s", p->d.nitems, new);
	object_example_text(&b, &found->object);
	ck_assert_str_eq(bl_buf_text(&b), object);
	bl_buf_free(&b);
	return found;
}

static void one(const char *old, const char *new, uint32_t op, enum diff_change change, const char *object, size_t nitems)
{
	struct diff_pair p;

	only(&p, old, new, op, change, object);
	ck_assert_uint_eq(p.d.nitems, nitems);
	ck_assert(diff_any(&p.d));
	pair_free(&p);
}

static void same(const char *old, const char *new)
{
	struct diff_pair p;

	pair_make(&p, old, new);
	ck_assert_uint_eq(p.d.nitems, 0);
	ck_assert_uint_eq(p.d.ngaps, 0);
	ck_assert(!diff_any(&p.d));
	pair_free(&p);
}

START_TEST(verdicts)
{
	one(P "deny read /a/**; }", P "deny read /a/**; deny read /b; }", BL_OP_READ, DIFF_DENIED, "/b", 1);
	one(P "deny read /a/**; deny read /b; }", P "deny read /a/**; }", BL_OP_READ, DIFF_ALLOWED, "/b", 1);
	one(P "deny read /a/**; }", P "kill read /a/*; deny read /a/**; }", BL_OP_READ, DIFF_KILLED, "/a/a", 1);
	one(P "deny read /a; }", P "deny read /a; log read /b; }", BL_OP_READ, DIFF_LOGGED, "/b", 1);
	one(P "deny read /a; log read /b; }", P "deny read /a; }", BL_OP_READ, DIFF_SILENT, "/b", 1);
	one(P "mode audit; deny read /a; }", P "mode audit; deny read /a; deny read /b; }", BL_OP_READ, DIFF_WOULD_DENY, "/b", 1);
	one(P "mode audit; deny read /a; }", P "mode audit; kill read /a; }", BL_OP_READ, DIFF_WOULD_KILL, "/a", 1);
	one(P "deny read /a; }", P "mode audit; deny read /a; }", BL_OP_READ, DIFF_ALLOWED, "/a", 1);
}
END_TEST

START_TEST(order_and_spelling_change_nothing)
{
	same(P "deny read /a; kill read /b; default deny exec; }", P "default deny exec; kill read /b; deny read /a; }");
	same(P "deny read /a, /b if user 0 unless owner; }", P "deny read /b unless owner if user 0; deny read /a if user 0 unless owner; }");
	same(P "deny read /a/**; }", P "deny read /a/**; deny read /a/b; }");
	same("profile p { subject exe /x, /y; deny read; } profile q { subject any; kill exec /k; }",
	     "profile q { subject any; kill exec /k; } profile p { subject exe /y, /x; deny read; }");
	same(P "deny connect to 10.0.0.0/8; }", P "deny connect to 10.0.0.0/9, 10.128.0.0/9; }");
}
END_TEST

START_TEST(impossible_names_are_no_difference)
{
	same(P "deny read /a/**; }", P "deny read /a/**; allow read /a/**/[.]; }");
	same(P "deny write /**; }", P "deny write /**; deny write /; }");
	same(P "deny connect tcp to 0.0.0.0/0, ::/0; }", P "deny connect tcp; }");
}
END_TEST

START_TEST(conditions)
{
	struct diff_pair p;
	const struct diff_item *it = only(&p, P "deny read /s unless user 7; }", P "deny read /s unless user 7-8; }", BL_OP_READ,
					  DIFF_ALLOWED, "/s");

	ck_assert_uint_eq(it->process.euid, 8);
	ck_assert_uint_eq(p.d.nitems, 1);
	pair_free(&p);
	it = only(&p, P "deny read /s if owner; }", P "deny read /s; }", BL_OP_READ, DIFF_DENIED, "/s");
	ck_assert_int_eq(it->when.owner, 0);
	ck_assert(!it->owner);
	pair_free(&p);
	/* a term that cannot hold with another makes no difference */
	same(P "deny read /s if user 7; }", P "deny read /s if user 7; kill read /s if user 8 and user 9; }");
	one(P "deny read /s if user 7; }", P "deny read /s if user 7; deny read /s if group 8 and group 9; }", BL_OP_READ, DIFF_DENIED, "/s", 1);
}
END_TEST

START_TEST(what_matters_is_told)
{
	struct diff_pair p;
	const struct diff_item *it = only(&p, P "deny read /s unless user 7 unless group 3; deny exec /q if exe /z; }",
					  P "deny read /s unless group 3; deny exec /q if exe /z; }", BL_OP_READ, DIFF_DENIED, "/s");
	unsigned int n = (unsigned int)__builtin_popcountll(it->when.self_known);

	ck_assert_uint_eq(it->self->nterms, 3); /* exe /x, user 7, group 3 */
	ck_assert_uint_eq(n, 3);
	ck_assert_int_eq(it->when.untrusted, 0); /* user 7 is nobody in a mount namespace of his own */
	ck_assert_int_eq(it->when.owner, -1);
	pair_free(&p);
}
END_TEST

START_TEST(details)
{
	struct diff_pair p;
	const struct diff_item *it =
		only(&p, P "deny read /s message \"a\"; }", P "deny read /s errno EACCES quiet severity high tag \"t\"; }", BL_OP_READ, DIFF_DETAIL, "/s");

	ck_assert_uint_eq(it->details, CHAIN_MESSAGE | CHAIN_ERRNO | CHAIN_QUIET | CHAIN_SEVERITY | CHAIN_TAG);
	pair_free(&p);
	it = only(&p, P "allow exec /s enter q; } profile q { subject none; deny read /a; }",
		  P "allow exec /s leave; } profile q { subject none; deny read /a; }", BL_OP_EXEC, DIFF_DETAIL, "/s");
	ck_assert_uint_eq(it->details, CHAIN_ENTER | CHAIN_LEAVE);
	pair_free(&p);
	/* what a rule that allows says is never seen; errno is not used in audit mode */
	same(P "allow read /s message \"a\"; }", P "allow read /s; }");
	same(P "mode audit; deny read /s errno EACCES; }", P "mode audit; deny read /s; }");
}
END_TEST

START_TEST(code)
{
	one(P "deny exec deleted; }", P "deny exec deleted, memfd; }", BL_OP_EXEC, DIFF_DENIED, "memfd", 2);
	one(P "deny exec deleted; }", P "allow exec /usr/**; deny exec deleted; }", BL_OP_EXEC, DIFF_ALLOWED, "/usr/a (deleted)", 2);
	one(P "deny exec /q; }", P "deny exec /q; deny exec fstype tmpfs; }", BL_OP_MAP, DIFF_DENIED, "/a on tmpfs", 2);
	one(P "deny exec anonymous; }", P "deny exec anonymous; deny map; }", BL_OP_MAP, DIFF_DENIED, "/a", 1);
}
END_TEST

START_TEST(network)
{
	const char *old = P "allow connect tcp to 10.0.0.0/8; default deny connect, socket; }";

	one(old, P "allow connect tcp to 10.0.0.0/9; default deny connect, socket; }", BL_OP_CONNECT, DIFF_DENIED, "tcp 10.128.0.1:80", 1);
	one(old, P "allow connect tcp, udp to 10.0.0.0/8; default deny connect, socket; }", BL_OP_SOCKET, DIFF_ALLOWED, "inet dgram udp", 2);
	one(old, P "allow connect tcp to 10.0.0.0/8, ::/0; default deny connect, socket; }", BL_OP_CONNECT, DIFF_ALLOWED,
	    "tcp [2001:db8::1]:80", 2);
	one(P "allow accept; }", P "deny accept tcp from 10.0.0.0/8 port 22; allow accept; }", BL_OP_ACCEPT, DIFF_DENIED,
	    "tcp 10.0.0.1:22 from 10.0.0.2", 1);
	/* accept follows bind only where no rule names it */
	one(P "deny bind; }", P "deny bind; deny accept tcp from 10.0.0.0/8 port 22; }", BL_OP_ACCEPT, DIFF_ALLOWED,
	    "tcp 10.0.0.1:80 from 10.0.0.2", 1);
	one(P "deny bind; }", P "deny bind; deny connect unix to @x*; }", BL_OP_CONNECT, DIFF_DENIED, "unix @x", 1);
}
END_TEST

START_TEST(system_class)
{
	one(P "deny bpf; }", P "deny bpf; deny capability sys_admin; }", BL_OP_CAPABILITY, DIFF_DENIED, "sys_admin", 1);
	one(P "deny bpf; }", P "deny bpf; deny mount fstype tmpfs target /a/**; }", BL_OP_MOUNT, DIFF_DENIED, "tmpfs  on /a/a", 1);
	one(P "deny bpf; }", P "deny bpf; deny setuid 0-9; }", BL_OP_SETUID, DIFF_DENIED, "0", 1);
	one(P "deny bpf; }", P "deny bpf; deny module; }", BL_OP_MODULE, DIFF_DENIED, "memory", 1);
	one(P "deny signal; }", P "deny signal TERM to same profile; }", BL_OP_SIGNAL, DIFF_ALLOWED, "HUP", 1);
	one(P "deny ptrace; }", P "deny ptrace to exe /y; }", BL_OP_PTRACE, DIFF_ALLOWED, "", 1);
	one(P "deny signal to descendant; }", P "deny signal; }", BL_OP_SIGNAL, DIFF_DENIED, "HUP", 1);
}
END_TEST

START_TEST(profiles)
{
	struct diff_pair p;
	const struct diff_item *it;

	it = only(&p, "profile a { subject any; deny read /a; }", "profile a { subject any; deny read /a; } profile b { subject any; deny exec /b; }",
		  BL_OP_EXEC, DIFF_DENIED, "/b");
	ck_assert_str_eq(p.d.profiles[it->profile].name, "b");
	ck_assert_uint_eq(p.d.profiles[it->profile].at[0], CHAIN_NOBODY);
	pair_free(&p);
	/* a profile that says nothing is a difference all the same; so are mode and subject */
	pair_make(&p, "profile a { subject any; deny read /a; }", "profile a { subject any; deny read /a; } profile b { subject any; allow read /b; }");
	ck_assert(diff_any(&p.d) && p.d.nitems == 0);
	pair_free(&p);
	pair_make(&p, "profile a { subject exe /x; allow read /a; }", "profile a { subject exe /y; mode audit; allow read /a; }");
	ck_assert(p.d.profiles[0].subject && p.d.profiles[0].mode && !p.d.profiles[0].defaults && p.d.nitems == 0);
	pair_free(&p);
	/* the subject's effect */
	it = only(&p, "profile a { subject exe /x; deny read /a; }", "profile a { subject exe /x, /y; deny read /a; }", BL_OP_READ, DIFF_DENIED, "/a");
	ck_assert_uint_eq(it->process.nexes, 1);
	ck_assert_str_eq(it->process.exes[0], "/y");
	ck_assert_uint_eq(p.d.nitems, 1); /* nothing is allowed: who runs /x is in both */
	pair_free(&p);
}
END_TEST

START_TEST(names_that_cannot_be_had)
{
	struct diff_pair p;

	/* a rule that never decides still makes the profile one that could refuse */
	pair_make(&p, P "allow read; }", P "allow read; deny read /a; }");
	ck_assert_uint_eq(p.d.nitems, 1);
	ck_assert_uint_eq(p.d.items[0].change, DIFF_UNNAMED);
	ck_assert(p.d.items[0].refused);
	pair_free(&p);
}
END_TEST

START_TEST(lineage)
{
	struct diff_pair p;
	const struct diff_item *it = only(&p, P "deny read /a unless exe /x; }", P "deny read /a; }", BL_OP_READ, DIFF_DENIED, "/a");

	/* in the profile and running /x */
	ck_assert_uint_eq(it->process.nexes, 1);
	pair_free(&p);
	it = only(&p, P "deny read /a if exe /x; }", P "deny read /a; }", BL_OP_READ, DIFF_DENIED, "/a");
	/* in the profile by inheritance, running something else */
	ck_assert_uint_eq(it->process.nexes, 2);
	ck_assert_str_eq(it->process.exes[0], "/x");
	pair_free(&p);
	/* `inherit no`: nobody is in the profile who does not run /x */
	same("profile p { subject exe /x; inherit no; deny read /a if exe /x; }", "profile p { subject exe /x; inherit no; deny read /a; }");
}
END_TEST

/* 65 terms in one decision: more than are looked at, and said so. */
START_TEST(too_much_is_said)
{
	struct bl_buf old = BL_BUF_INIT, new = BL_BUF_INIT;
	struct diff_pair p;

	for (unsigned int n = 62; n <= 63; n++) { /* with the subject and the last one 64 and 65 */
		bl_buf_reset(&old);
		bl_buf_str(&old, P "deny read /a");
		for (unsigned int i = 0; i < n; i++)
			bl_buf_printf(&old, " unless cgroup /c%u", i);
		bl_buf_reset(&new);
		bl_buf_printf(&new, "%s unless user 5; }", bl_buf_text(&old));
		bl_buf_str(&old, "; }");
		pair_make(&p, bl_buf_text(&old), bl_buf_text(&new));
		ck_assert_uint_eq(p.d.ngaps, n == 63);
		ck_assert_uint_eq(p.d.nitems, n == 62);
		if (n == 63)
			ck_assert_uint_eq(p.d.gaps[0].op, BL_OP_READ);
		pair_free(&p);
	}
	bl_buf_free(&old);
	bl_buf_free(&new);
}
END_TEST

/* A walk of one policy alone: each accept record once, examples that exist. */
START_TEST(walk)
{
	static const struct {
		const char *policy, *op;
		enum bl_kind kind;
		const char *want; /* examples in the order found */
	} cases[] = {
		{ P "deny read /a/**/b, /**/c[!-~]; }", "read", BL_KEY_PATH, "/ /a /ca " },
		{ P "deny connect to 10.0.0.0/8 port 1024-65535; }", "connect", BL_KEY_NET, "tcp 10.0.0.1:80 tcp 10.0.0.1:1104 " },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct walk_part part;
		struct bl_buf b = BL_BUF_INIT;
		uint8_t key[BL_PATH_MAX];
		struct bl_image img;
		struct walk *w;
		void *mem;

		build_text(cases[i].policy, &mem, &img);
		part = (struct walk_part){ .tables = img.tables, .kind = cases[i].kind };
		ck_assert_int_eq(walk_run(&part, 1, sim_op(cases[i].op), 3, &w), -E2BIG);
		ck_assert_int_eq(walk_run(&part, 1, sim_op(cases[i].op), 0, &w), 0);
		for (size_t k = 0; k < w->nhits; k++) {
			bl_text_object(&b, cases[i].kind, key, walk_key(w, k, key));
			bl_buf_char(&b, ' ');
		}
		ck_assert_str_eq(bl_buf_text(&b), cases[i].want);
		bl_buf_free(&b);
		walk_free(w);
		free(mem);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("diff");
	TCase *c = tcase_create("changes");
	SRunner *r;
	int failed;

	tcase_add_test(c, verdicts);
	tcase_add_test(c, order_and_spelling_change_nothing);
	tcase_add_test(c, impossible_names_are_no_difference);
	tcase_add_test(c, conditions);
	tcase_add_test(c, what_matters_is_told);
	tcase_add_test(c, details);
	tcase_add_test(c, code);
	tcase_add_test(c, network);
	tcase_add_test(c, system_class);
	tcase_add_test(c, profiles);
	tcase_add_test(c, names_that_cannot_be_had);
	tcase_add_test(c, lineage);
	tcase_add_test(c, too_much_is_said);
	tcase_add_test(c, walk);
	tcase_set_timeout(c, 60);
	suite_add_tcase(s, c);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
