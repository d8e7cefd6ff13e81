// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names that change, against a slow reading: random policies, and for each directory what is refused by rules for every name below it, up to
 * some depth, one by one.
 */
#include <check.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include "buf.h"
#include "build_text.h"
#include "simulate.h"
#include "../diff/rnd.h"

#define POLICIES 60u
#define RULES 12u

static const char *const parts[] = { "a", "b", "c", "ab", "z" };
static const char *const dirs[] = { "/", "/a", "/b", "/z", "/a/b", "/a/z", "/b/c", "/ab/a", "/z/z" };
static const char *const globs[] = { "/a/b/c", "/a", "/b", "/a/**", "/**/a", "/**/b/c", "/*/b", "/a*/b", "/b/c/**", "/a/*/c", "/**/a/**",
				     "/a/**/z", "/[ab]/b/a", "/{a,b}/c", "/b/?", "/z/a/b", "/a/b/ab", "/**/ab" };
static const char *const ops[] = { "read", "write", "create", "attr" };
#define NPARTS (sizeof(parts) / sizeof(parts[0]))
#define NDIRS (sizeof(dirs) / sizeof(dirs[0]))
#define NOPS (sizeof(ops) / sizeof(ops[0]))
#define NBELOW (NPARTS + NPARTS * NPARTS + NPARTS * NPARTS * NPARTS)

/* One rule as it was written. */
struct rule {
	bool refuses, allows;
	const char *glob;
	unsigned int only, except; /* user that it is for, or not for; 0: none */
	bool decided;		   /* some name was */
};

struct policy {
	struct rule rules[RULES];
	unsigned int nrules, profiles;
	void *mem;
	struct bl_image img;
};

static void put_rule(struct bl_buf *b, struct rnd *r, struct rule *k, bool conditions)
{
	static const char *const verdicts[] = { "deny", "deny", "deny", "kill", "allow", "log" };
	const char *v = RND_PICK(r, verdicts);

	k->glob = RND_PICK(r, globs);
	k->allows = strcmp(v, "allow") == 0 || strcmp(v, "log") == 0;
	k->refuses = !k->allows;
	bl_buf_printf(b, "%s %s %s", v, RND_PICK(r, ops), k->glob);
	if (conditions && rnd_percent(r, 30))
		bl_buf_printf(b, " if user %u", k->only = 1 + rnd_below(r, 2));
	if (conditions && rnd_percent(r, 30))
		bl_buf_printf(b, " unless user %u", k->except = 1 + rnd_below(r, 2));
	bl_buf_str(b, ";\n");
}

static void make(struct policy *p, uint64_t seed, bool conditions)
{
	struct rnd r = { .state = seed };
	struct bl_buf b = BL_BUF_INIT;
	struct tables_error te;

	memset(p, 0, sizeof(*p));
	p->nrules = 1 + rnd_below(&r, RULES);
	p->profiles = 1 + rnd_below(&r, 2);
	bl_buf_str(&b, "profile p {\nsubject any;\n");
	for (unsigned int i = 0; i < p->nrules; i++) {
		if (p->profiles == 2 && i == p->nrules / 2)
			bl_buf_str(&b, "}\nprofile q {\nsubject any;\ndefault deny write;\n");
		put_rule(&b, &r, &p->rules[i], conditions);
	}
	bl_buf_str(&b, "}\n");
	ck_assert_int_eq(build_try(bl_buf_text(&b), &p->mem, &p->img, &te), 0);
	bl_buf_free(&b);
}

static void ask(const struct policy *p, uint32_t user, const char *op, const char *object, const char *to, bool directory, struct sim_answer *a)
{
	struct sim_request q = { .who = { .cgroup = "/", .euid = user }, .op = sim_op(op), .object = object, .to = to, .directory = directory };
	struct bl_error err;

	q.object_len = strlen(object);
	ck_assert_msg(sim_ask(&p->img, &q, a, &err) == 0, "%s", err.text);
}

/* What rules refuse of a name: for each operation and profile the verdict, 0: nothing. */
static void refusals(struct policy *p, uint32_t user, const char *name, uint8_t ret[NOPS][2])
{
	static struct sim_answer a;

	for (size_t op = 0; op < NOPS; op++) {
		ask(p, user, ops[op], name, NULL, false, &a);
		for (unsigned int i = 0; i < 2; i++) {
			const struct bl_report *rep = &a.result.reports[i];

			ret[op][i] = rep->verdict >= BL_V_DENY && rep->rule != BL_RULE_NONE ? rep->verdict : 0;
			if (ret[op][i] != 0)
				p->rules[rep->rule].decided = true;
		}
	}
}

/* The i-th name below a directory, in some order. */
static void below(const char *dir, size_t i, char *buf, size_t size)
{
	size_t len = (size_t)snprintf(buf, size, "%s", strcmp(dir, "/") == 0 ? "" : dir), depth = 1, n = NPARTS;

	for (; i >= n; n *= NPARTS, depth++)
		i -= n;
	for (; depth > 0; depth--, i /= NPARTS)
		len += (size_t)snprintf(buf + len, size - len, "/%s", parts[i % NPARTS]);
}

static uint8_t below_dir[NDIRS][NBELOW][NOPS][2];

static void read_all(struct policy *p, uint32_t user)
{
	char name[256];

	for (size_t d = 0; d < NDIRS; d++) {
		for (size_t i = 0; i < NBELOW; i++) {
			below(dirs[d], i, name, sizeof(name));
			refusals(p, user, name, below_dir[d][i]);
		}
	}
}

static bool refused(const struct sim_answer *a)
{
	return a->result.verdict >= BL_V_DENY;
}

/* Does what a rule refuses by the old name stay refused by the new one? `create` is about names that are not there yet. */
static bool keeps(const uint8_t old[NOPS][2], const uint8_t new[NOPS][2])
{
	for (size_t op = 0; op < NOPS; op++)
		for (unsigned int i = 0; i < 2; i++)
			if (strcmp(ops[op], "create") != 0 && old[op][i] != 0 && new[op][i] == 0)
				return false;
	return true;
}

static void check_moves(struct policy *p, uint32_t user, bool exact, unsigned int *seen)
{
	static struct sim_answer a;

	for (size_t x = 1; x < NDIRS; x++) {
		for (size_t y = 1; y < NDIRS; y++) {
			uint8_t old[NOPS][2], new[NOPS][2];
			bool same = memcmp(below_dir[x], below_dir[y], sizeof(below_dir[x])) == 0, own;

			refusals(p, user, dirs[x], old);
			refusals(p, user, dirs[y], new);
			own = keeps(old, new);
			ask(p, user, "link", dirs[x], dirs[y], false, &a);
			ck_assert_int_eq(refused(&a), !own);
			ask(p, user, "rename", dirs[x], dirs[y], true, &a);
			if (exact || !same || !own)
				ck_assert_msg(refused(&a) == (!same || !own), "user %u: %s to %s", user, dirs[x], dirs[y]);
			seen[refused(&a)]++;
		}
	}
}

/* Does a pattern name something below the directory by components before its first `**`? */
static bool names_below(const char *glob, const char *dir)
{
	char alt[2][64], *g, *d, *gs, *ds;

	if (strstr(glob, "{a,b}")) { /* the only one with braces */
		return names_below("/a/c", dir) || names_below("/b/c", dir);
	}
	snprintf(alt[0], sizeof(alt[0]), "%s", glob);
	snprintf(alt[1], sizeof(alt[1]), "%s", dir);
	g = strtok_r(alt[0], "/", &gs);
	d = strtok_r(alt[1], "/", &ds);
	for (; d; d = strtok_r(NULL, "/", &ds), g = strtok_r(NULL, "/", &gs))
		if (!g || strcmp(g, "**") == 0 || fnmatch(g, d, 0) != 0)
			return false;
	return g && strcmp(g, "**") != 0;
}

static bool holds(const struct rule *k, uint32_t user)
{
	return (k->only == 0 || k->only == user) && (k->except == 0 || k->except != user);
}

static bool refuses_below(size_t dir)
{
	static const uint8_t nothing[sizeof(below_dir[0])];

	return memcmp(below_dir[dir], nothing, sizeof(nothing)) != 0;
}

static void check_mounts(const struct policy *p, uint32_t user, unsigned int *seen)
{
	static struct sim_answer a;
	char object[64];

	for (size_t d = 0; d < NDIRS; d++) {
		/* the automaton may not tell it from a directory that a pattern names, if what it refuses below is the same */
		bool must = false, may;

		for (unsigned int i = 0; i < p->nrules; i++) {
			const struct rule *k = &p->rules[i];
			/* a rule that never decides does not count: rules before it do */
			must |= k->refuses && k->decided && holds(k, user) && names_below(k->glob, dirs[d]);
		}
		may = p->nrules == 1 ? must : refuses_below(d);
		snprintf(object, sizeof(object), "tmpfs none on %s", dirs[d]);
		ask(p, user, "mount", object, NULL, false, &a);
		ck_assert_msg(refused(&a) ? may : !must, "user %u: mount over %s: refused %d", user, dirs[d], refused(&a));
		seen[refused(&a)]++;
	}
}

static void check_policy(uint64_t seed, bool conditions, unsigned int moves[2], unsigned int mounts[2])
{
	static struct policy p;

	make(&p, seed, conditions);
	for (uint32_t user = conditions ? 1 : 0; user < (conditions ? 4u : 1u); user++) {
		for (unsigned int i = 0; i < p.nrules; i++)
			p.rules[i].decided = false;
		read_all(&p, user);
		check_moves(&p, user, !conditions, moves);
		check_mounts(&p, user, mounts);
	}
	free(p.mem);
}

START_TEST(random_policies)
{
	unsigned int moves[2] = { 0 }, mounts[2] = { 0 };

	for (unsigned int i = 0; i < POLICIES; i++)
		check_policy(i, false, moves, mounts);
	/* the test is about both answers */
	ck_assert_uint_gt(moves[0], POLICIES);
	ck_assert_uint_gt(moves[1], POLICIES);
	ck_assert_uint_gt(mounts[0], POLICIES);
	ck_assert_uint_gt(mounts[1], POLICIES);
}
END_TEST

/* With conditions a move may be refused for what another process would be refused, but never the other way round. */
START_TEST(random_conditions)
{
	unsigned int moves[2] = { 0 }, mounts[2] = { 0 };

	for (unsigned int i = 0; i < POLICIES / 3; i++)
		check_policy(1000 + i, true, moves, mounts);
	ck_assert_uint_gt(moves[0], POLICIES);
	ck_assert_uint_gt(moves[1], POLICIES);
}
END_TEST

/* Policy, operation, object, new name, directory, user; the line of the rule that refuses, 0: none. */
static const struct {
	const char *rules, *op, *object, *to;
	bool directory;
	uint32_t user;
	uint32_t line;
} cases[] = {
	{ "deny read /**/shadow;", "rename", "/etc", "/x", true, 0, 0 },
	{ "deny read /**/shadow; allow read /home/**; allow write /tmp/**;", "rename", "/home/u", "/tmp/u", true, 0, 0 },
	{ "deny read /**/shadow;", "rename", "/shadow", "/x", false, 0, 1 },
	{ "deny read /**/shadow;", "rename", "/shadow", "/x/shadow", false, 0, 0 },
	{ "deny read /etc/shadow;", "rename", "/etc", "/x", true, 0, 1 },
	{ "deny read /etc/shadow;", "rename", "/x", "/etc", true, 0, 1 },
	{ "deny read /etc/shadow;", "rename", "/etc/a", "/etc/b", true, 0, 0 },
	{ "deny read /etc/shadow;", "rename", "/etc/a", "/x", true, 0, 0 },
	{ "deny read /**/core;\ndeny read /etc/shadow;", "rename", "/etc", "/x", true, 0, 2 },
	{ "deny read /**/core;\ndeny read /etc/shadow;", "rename", "/x", "/etc", true, 0, 2 },
	{ "deny read /etc/shadow unless user 5;", "rename", "/etc", "/x", true, 5, 0 },
	{ "deny read /etc/shadow unless user 5;", "rename", "/etc", "/x", true, 6, 1 },
	{ "deny read /etc/shadow unless user 5;\ndeny write /etc/motd;", "rename", "/etc", "/x", true, 5, 2 },
	{ "deny read /etc/shadow if owner;", "rename", "/etc", "/x", true, 0, 1 },
	{ "allow read /a/** if user 5;\ndeny read /**/s;", "rename", "/b", "/a/b", true, 5, 2 },
	{ "allow read /a/**;\ndeny read /**/s;", "rename", "/b", "/a/b", true, 0, 2 },
	{ "deny create /a/**;", "rename", "/a/x", "/b", true, 0, 1 },
	{ "deny create /a/**;", "link", "/a/x", "/b", false, 0, 0 },
	{ "allow link; deny read /a/x;", "link", "/a/x", "/a/y", false, 0, 1 },
	{ "deny read /a/x; default deny read;", "link", "/a/x", "/a/y", false, 0, 1 },
	{ "default deny read;", "link", "/a/x", "/a/y", false, 0, 0 },
	{ "deny exec /a/x;", "link", "/a/x", "/a/y", false, 0, 1 },
	{ "deny exec memfd;", "rename", "/a", "/b", true, 0, 0 },
	{ "deny write;", "rename", "/a", "/b", true, 0, 0 },
	{ "deny read /etc/shadow;", "mount", "tmpfs none on /etc", NULL, false, 0, 1 },
	{ "deny read /etc/shadow;", "mount", "tmpfs none on /", NULL, false, 0, 1 },
	{ "deny read /etc/shadow;", "mount", "tmpfs none on /home", NULL, false, 0, 0 },
	{ "deny read /etc/shadow;", "mount", "tmpfs none on /etc/shadow", NULL, false, 0, 0 },
	{ "deny read /etc/shadow;", "mount", "remount \"\" on /etc", NULL, false, 0, 0 },
	{ "deny read /srv/secret/**;", "mount", "tmpfs none on /srv", NULL, false, 0, 1 },
	{ "deny read /srv/secret/**;", "mount", "tmpfs none on /srv/secret", NULL, false, 0, 0 },
	{ "deny read /**/shadow;", "mount", "tmpfs none on /etc", NULL, false, 0, 0 },
	{ "deny read /**/shadow;", "mount", "tmpfs none on /", NULL, false, 0, 0 },
	{ "deny read /{a,b/c}/x*y/k;", "mount", "tmpfs none on /b/c", NULL, false, 0, 1 },
	{ "deny read /{a,b/c}/x*y/k;", "mount", "tmpfs none on /b/c/x1y", NULL, false, 0, 1 },
	{ "deny read /{a,b/c}/x*y/k;", "mount", "tmpfs none on /b/c/x1z", NULL, false, 0, 0 },
	{ "deny read /a/b except /a/b;", "mount", "tmpfs none on /a", NULL, false, 0, 0 },
};

START_TEST(rules_and_reports)
{
	static struct sim_answer a;
	struct bl_buf b = BL_BUF_INIT;
	struct tables_error te;
	struct policy p;

	bl_buf_printf(&b, "profile p { subject any; %s }\n", cases[_i].rules);
	ck_assert_int_eq(build_try(bl_buf_text(&b), &p.mem, &p.img, &te), 0);
	ask(&p, cases[_i].user, cases[_i].op, cases[_i].object, cases[_i].to, cases[_i].directory, &a);
	ck_assert_int_eq(refused(&a), cases[_i].line != 0);
	if (cases[_i].line != 0)
		ck_assert_uint_eq(p.img.rules[a.result.reports[0].rule].line, cases[_i].line);
	free(p.mem);
	bl_buf_free(&b);
}
END_TEST

/* n rules, each under conditions of its own */
static char *conditions(unsigned int n)
{
	struct bl_buf b = BL_BUF_INIT;

	bl_buf_str(&b, "profile p { subject any;\n");
	for (unsigned int i = 0; i < n; i++)
		bl_buf_printf(&b, "deny read /f%u if user %u unless group %u;\n", i, 1 + i / 100, 1 + i % 100);
	bl_buf_str(&b, "}\n");
	return b.data;
}

START_TEST(conditions_limit)
{
	char *at = conditions(BL_MAX_LIST), *above = conditions(BL_MAX_LIST + 1);
	struct tables_error te;
	struct policy p;

	ck_assert_int_eq(build_try(at, &p.mem, &p.img, &te), 0);
	free(p.mem);
	ck_assert_int_eq(build_try(above, &p.mem, &p.img, &te), -E2BIG);
	ck_assert_str_eq(te.id, "E-too-many-rules");
	ck_assert_str_eq(te.msg.text, "names are refused under more than 1024 different conditions, this rule's among them");
	free(at);
	free(above);
}
END_TEST

/* Names in one directory that patterns with a wildcard there all have to be compared with */
START_TEST(directories_limit)
{
	struct bl_buf b = BL_BUF_INIT;
	struct rnd r = { .state = 1 };
	struct tables_error te;
	struct policy p;

	bl_buf_str(&b, "profile p { subject any;\n");
	for (unsigned int i = 0; i < 4000; i++)
		bl_buf_printf(&b, "allow read /data/%08x%02x;\n", (uint32_t)rnd_next(&r), i % 256);
	for (unsigned int i = 0; i < 2000; i++)
		bl_buf_printf(&b, "deny write /data/*%03x/z;\n", i);
	bl_buf_str(&b, "}\n");
	ck_assert_int_eq(build_try(bl_buf_text(&b), &p.mem, &p.img, &te), -E2BIG);
	ck_assert_str_eq(te.id, "E-too-big");
	ck_assert_str_eq(te.msg.text, "too many directories lead to what this rule refuses");
	bl_buf_free(&b);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("below");
	TCase *c = tcase_create("names that change");
	SRunner *r;
	int failed;

	tcase_add_loop_test(c, rules_and_reports, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(c, conditions_limit);
	tcase_add_test(c, directories_limit);
	tcase_add_test(c, random_policies);
	tcase_add_test(c, random_conditions);
	tcase_set_timeout(c, 300);
	suite_add_tcase(s, c);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
