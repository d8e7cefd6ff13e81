/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The front end: policy text to checked rules, limits, output. */
#include "compile.h"

#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "bounds.h"
#include "banned.h"

static struct compile c;
static struct ir ir;

static void setup(void)
{
	compile_init(&c);
}

static void teardown(void)
{
	compile_free(&c);
}

static int compile_one(const char *text)
{
	struct compile_text t = {.name = "t.policy", .bytes = text, .len = strlen(text)};

	compile_free(&c);
	compile_init(&c);
	return policy_compile_text(&c, &t, 1, &ir);
}

/* Compiles; the messages must be exactly these ids, separated by spaces, in the order found. */
static void expect(const char *text, const char *ids)
{
	struct arena_buf b = {.arena = &c.arena};

	compile_one(text);
	b.arena = &c.arena;
	arena_buf_str(&b, "");
	for (size_t i = 0; i < c.diags.n; i++) {
		arena_buf_str(&b, i ? " " : "");
		arena_buf_str(&b, c.diags.v[i]->id);
	}
	if (strcmp(b.s, ids) != 0)
		diag_print(&c.diags, stderr, DIAG_TEXT);
	ck_assert_str_eq(b.s, ids);
}

/* Compiles "profile p { subject any; BODY }" without errors. */
static void compile_body(const char *body)
{
	char *text = arena_printf(&c.arena, "profile p { subject any; %s }", body);
	char *copy = strdup(text);
	int n = compile_one(copy);

	free(copy);
	if (n != 0)
		diag_print(&c.diags, stderr, DIAG_TEXT);
	ck_assert_int_eq(n, 0);
}

/* A string of n times the same text. The caller frees it. */
static char *repeat(const char *s, size_t n)
{
	size_t len = strlen(s);
	char *p = malloc(len * n + 1);

	for (size_t i = 0; i < n; i++)
		memcpy(p + i * len, s, len);
	p[len * n] = '\0';
	return p;
}

/* printf into malloc()ed memory */
static char *format(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static char *format(const char *fmt, ...)
{
	va_list ap;
	char *p;

	va_start(ap, fmt);
	ck_assert_int_ge(vasprintf(&p, fmt, ap), 0);
	va_end(ap);
	return p;
}

static char *numbered(const char *head, const char *fmt, unsigned n, const char *tail)
{
	struct arena a;
	struct arena_buf b = {.arena = &a};
	char *p;

	arena_init(&a);
	arena_buf_str(&b, head);
	for (unsigned i = 0; i < n; i++) {
		char buf[128];

		snprintf(buf, sizeof(buf), fmt, i, i);
		arena_buf_str(&b, buf);
	}
	arena_buf_str(&b, tail);
	p = strdup(b.s);
	arena_free(&a);
	return p;
}

/* ---- rules ---- */

START_TEST(test_ops)
{
	compile_body("deny read; deny write; deny create, exec; deny connect; default deny write, exec;");
	ck_assert_uint_eq(ir.nrules, 4);
	ck_assert_uint_eq(ir.rules[0].ops, BL_OP_BIT(BL_OP_READ));
	ck_assert_uint_eq(ir.rules[1].ops,
			  BL_OP_BIT(BL_OP_WRITE) | BL_OP_BIT(BL_OP_APPEND) | BL_OP_BIT(BL_OP_TRUNCATE));
	ck_assert_uint_eq(ir.rules[2].ops, BL_OP_BIT(BL_OP_CREATE) | BL_OP_BIT(BL_OP_EXEC) | BL_OP_BIT(BL_OP_MAP));
	ck_assert_uint_eq(ir.rules[3].ops, BL_OP_BIT(BL_OP_CONNECT));
	ck_assert_uint_eq(ir.profiles[0].deny_ops, ir.rules[1].ops | BL_OP_BIT(BL_OP_EXEC) | BL_OP_BIT(BL_OP_MAP));
	ck_assert_int_eq(ir.profiles[0].mode, BL_MODE_ENFORCE);
	ck_assert_uint_ne(ir.profiles[0].default_loc.line, 0);
}
END_TEST

START_TEST(test_rule_parts)
{
	compile_body("deny read /a,  /b{c,d} except /a\n message \"x \\\"y\\\"\" tag \"T\" # comment\n severity high;\n"
		     "allow exec; log read /x; kill read /y;");
	const struct ir_rule *r = &ir.rules[0];

	ck_assert_str_eq(r->text, "deny read /a, /b{c,d} except /a message \"x \\\"y\\\"\" tag \"T\" severity high");
	ck_assert_str_eq(r->message, "x \"y\"");
	ck_assert_str_eq(r->tag, "T");
	ck_assert_str_eq(r->severity, "high");
	ck_assert_uint_eq(r->object.npatterns, 3);
	ck_assert_str_eq(r->object.patterns[1].glob, "/b{c,d}");
	ck_assert(!r->object.patterns[1].except && r->object.patterns[2].except);
	ck_assert_uint_eq(r->cond_if, BL_COND_NONE);
	ck_assert_uint_eq(r->cond_unless, BL_COND_NONE);
	ck_assert_uint_eq(r->err, 1);
	ck_assert_uint_eq(ir.rules[1].err, 0);
	ck_assert_uint_eq(ir.rules[1].object.npatterns, 0);
	ck_assert_int_eq(ir.rules[1].verdict, BL_V_ALLOW);
	ck_assert_int_eq(ir.rules[2].verdict, BL_V_LOG);
	ck_assert_int_eq(ir.rules[3].verdict, BL_V_KILL);
}
END_TEST

START_TEST(test_sets)
{
	ck_assert_int_eq(
		compile_one("set b = $a/x, /c; set a = /a, /;\nset m = /m/** except /m/x;\n"
			    "profile p { subject none; deny read $b; deny read $m except /m/y; deny exec $m/z; }"),
		0);
	const struct ir_term *t = &ir.rules[0].object;

	ck_assert_uint_eq(t->npatterns, 3);
	ck_assert_str_eq(t->patterns[0].glob, "/a/x");
	ck_assert_str_eq(t->patterns[1].glob, "/x");
	ck_assert_str_eq(t->patterns[2].glob, "/c");
	t = &ir.rules[1].object;
	ck_assert_uint_eq(t->npatterns, 3);
	ck_assert_str_eq(t->patterns[1].glob, "/m/x");
	ck_assert(t->patterns[1].except && t->patterns[2].except);
	t = &ir.rules[2].object;
	ck_assert_str_eq(t->patterns[0].glob, "/m/**/z");
	ck_assert_str_eq(t->patterns[1].glob, "/m/x/z");
	ck_assert(!t->patterns[0].except && t->patterns[1].except);
}
END_TEST

START_TEST(test_net)
{
	compile_body("allow connect tcp, udp to 10.0.0.0/8, 2001:db8::/32 except 10.1.0.0/16 port 80, 443-444;"
		     "allow connect udp; allow connect port 53; allow connect to ::1; allow connect;");
	const struct ir_term *t = &ir.rules[0].object;

	ck_assert_uint_eq(t->npatterns, 2 * 2 * 2 + 1);
	for (size_t i = 0; i < 8; i++) {
		const struct ir_net *n = &t->patterns[i].net;

		ck_assert_uint_eq(n->proto, i < 4 ? BL_PROTO_TCP : BL_PROTO_UDP);
		ck_assert_uint_eq(n->at.family, i & 2 ? BL_FAM_INET6 : BL_FAM_INET);
		ck_assert_uint_eq(n->at.prefix, i & 2 ? 32 : 8);
		ck_assert_uint_eq(n->port_lo, i & 1 ? 443 : 80);
		ck_assert_uint_eq(n->port_hi, i & 1 ? 444 : 80);
		ck_assert(!n->any_port && !t->patterns[i].except);
	}
	ck_assert(t->patterns[8].except && t->patterns[8].net.any_port);
	ck_assert_uint_eq(t->patterns[8].net.proto, 0);
	ck_assert_str_eq(t->patterns[0].text, "tcp to 10.0.0.0/8 port 80");
	ck_assert_uint_eq(ir.rules[1].object.patterns[0].net.at.family, 0);
	ck_assert(ir.rules[1].object.patterns[0].net.any_port);
	ck_assert_uint_eq(ir.rules[2].object.patterns[0].net.proto, 0);
	ck_assert(!ir.rules[2].object.patterns[0].net.any_port);
	ck_assert_uint_eq(ir.rules[3].object.patterns[0].net.at.prefix, 128);
	ck_assert_uint_eq(ir.rules[4].object.npatterns, 0);
}
END_TEST

/* ---- conditions ---- */

static const struct ir_lit *lit(uint32_t cond, size_t clause, size_t i)
{
	ck_assert_uint_lt(cond, ir.nconds);
	ck_assert_uint_lt(clause, ir.conds[cond].nclauses);
	ck_assert_uint_lt(i, ir.conds[cond].clauses[clause].nlits);
	return &ir.conds[cond].clauses[clause].lits[i];
}

static void check_lit(uint32_t cond, size_t clause, size_t i, const char *atom, bool negate, bool weak)
{
	const struct ir_lit *l = lit(cond, clause, i);

	ck_assert_str_eq(ir.atoms[l->atom].text, atom);
	ck_assert_int_eq(l->negate, negate);
	ck_assert_int_eq(l->weak, weak);
}

START_TEST(test_subjects)
{
	ck_assert_int_eq(
		compile_one("profile a { subject exe /x, /b except /c and user 0; subject cgroup /g; deny read; }\n"
			    "profile b { subject none; deny read; }\n"
			    "profile c { subject any except exe /c; deny read; }\n"
			    "profile d { inherit no; subject exe /b, /x; deny read; }\n"
			    "profile e { subject exe /x, /b, /x; deny read; }"),
		0);
	ck_assert_uint_eq(ir.nconds, 5);
	check_lit(0, 0, 0, "exe /b, /x", false, false);
	check_lit(0, 0, 1, "exe /c", true, true);
	check_lit(0, 0, 2, "user 0", false, false);
	check_lit(0, 1, 0, "cgroup /g", false, false);
	check_lit(1, 0, 0, "any", true, false);
	check_lit(2, 0, 0, "any", false, false);
	check_lit(2, 0, 1, "exe /c", true, true);
	check_lit(3, 0, 0, "exe /b, /x", false, false);
	check_lit(4, 0, 0, "exe /b, /x", false, false);
	/* One atom for equal terms, but inherited ones belong to their profile. */
	ck_assert_uint_eq(lit(0, 0, 1)->atom, lit(2, 0, 1)->atom);
	ck_assert_uint_ne(lit(0, 0, 0)->atom, lit(4, 0, 0)->atom);
	ck_assert_uint_ne(ir.atoms[lit(0, 0, 0)->atom].sticky, 0);
	ck_assert_uint_ne(ir.atoms[lit(0, 0, 0)->atom].sticky, ir.atoms[lit(4, 0, 0)->atom].sticky);
	ck_assert_uint_eq(ir.atoms[lit(0, 0, 1)->atom].sticky, 0);
	ck_assert_uint_eq(ir.atoms[lit(0, 0, 2)->atom].sticky, 0);
	ck_assert_uint_eq(ir.atoms[lit(3, 0, 0)->atom].sticky, 0);
	ck_assert_str_eq(ir.profiles[0].subject, "exe /b, /x except /c and user 0 or cgroup /g");
	ck_assert_str_eq(ir.profiles[1].subject, "none");
	ck_assert_str_eq(ir.profiles[2].subject, "any except exe /c");
}
END_TEST

START_TEST(test_weak)
{
	compile_body("deny read /1 unless exe /a except /b unless user 1;"
		     "deny read /2 if exe /a except /b;"
		     "allow read /3 if exe /a except /b if any except user 1;"
		     "allow read /4 unless exe /a except /b;"
		     "log read /5 if exe /a except /b and any except user 1;"
		     "kill read /6 unless user 1 unless exe /a except /b;");
	uint32_t u = ir.rules[0].cond_unless;

	check_lit(u, 0, 0, "exe /a", false, true);
	check_lit(u, 0, 1, "exe /b", true, false);
	check_lit(u, 1, 0, "user 1", false, true);
	ck_assert_uint_eq(ir.rules[0].cond_if, BL_COND_NONE);
	check_lit(ir.rules[1].cond_if, 0, 0, "exe /a", false, false);
	check_lit(ir.rules[1].cond_if, 0, 1, "exe /b", true, true);
	check_lit(ir.rules[2].cond_if, 0, 0, "exe /a", false, true);
	check_lit(ir.rules[2].cond_if, 0, 1, "exe /b", true, false);
	check_lit(ir.rules[2].cond_if, 0, 2, "any", false, true);
	check_lit(ir.rules[2].cond_if, 0, 3, "user 1", true, false);
	check_lit(ir.rules[3].cond_unless, 0, 0, "exe /a", false, false);
	check_lit(ir.rules[3].cond_unless, 0, 1, "exe /b", true, true);
	/* Equal conditions are shared, whatever rule they are written in. */
	ck_assert_uint_eq(ir.rules[2].cond_if, ir.rules[4].cond_if);
	ck_assert_uint_eq(ir.rules[1].cond_if, ir.rules[3].cond_unless);
	ck_assert_uint_ne(ir.rules[0].cond_unless, ir.rules[5].cond_unless);
	for (size_t i = 1; i < ir.natoms; i++)
		ck_assert_uint_eq(ir.atoms[i].sticky, 0);
}
END_TEST

/* A set that many rules name is one atom, and is taken apart once. */
START_TEST(test_shared_set)
{
	char *text;

	text = numbered("set s = /0", ", /%u", 999, ";\nprofile p { subject any;");
	char *rules = numbered(text, "deny read /%u unless exe $s;", 2000, "}");

	free(text);
	ck_assert_int_eq(compile_one(rules), 0);
	free(rules);
	ck_assert_uint_eq(ir.natoms, 2);
	ck_assert_uint_eq(ir.nconds, 2);
	ck_assert_uint_eq(ir.rules[0].cond_unless, ir.rules[1999].cond_unless);
}
END_TEST

START_TEST(test_users)
{
	ck_assert_int_eq(
		compile_one("profile p { subject user root, 5, 1000-1999; subject user root except 7; deny read; }"),
		0);
	ck_assert_uint_eq(ir.nusers, 1);
	ck_assert_str_eq(ir.users[0].name, "root");
	ck_assert_uint_eq(ir.users[0].id, 0);
	ck_assert_int_eq(ir.users[0].kind, BL_KEY_USER);
	const struct ir_term *t = &ir.atoms[lit(0, 0, 0)->atom].term;

	ck_assert_uint_eq(t->npatterns, 3);
	ck_assert_uint_eq(t->patterns[0].lo, 1000);
	ck_assert_uint_eq(t->patterns[0].hi, 1999);
	ck_assert_uint_eq(t->patterns[2].hi, 0);
}
END_TEST

/* ---- files ---- */

START_TEST(test_include_once)
{
	static const struct compile_text texts[] = {
		{"d/main.policy", "include \"a.policy\"; include \"b.policy\";", 43},
		{"d/a.policy", "include \"sets.policy\"; profile a { subject any; deny read $s; }", 64},
		{"d/b.policy", "include \"sets.policy\"; profile b { subject any; include \"body\"; }", 67},
		{"d/sets.policy", "set s = /s;", 11},
		{"d/body", "deny read $s; allow exec;", 25},
	};
	struct compile_text sized[5];

	for (size_t i = 0; i < 5; i++)
		sized[i] = (struct compile_text){texts[i].name, texts[i].bytes, strlen(texts[i].bytes)};
	int n = policy_compile_text(&c, sized, 5, &ir);

	diag_print(&c.diags, stderr, DIAG_TEXT);
	ck_assert_int_eq(n, 0);
	ck_assert_uint_eq(ir.nprofiles, 2);
	ck_assert_uint_eq(ir.nrules, 3);
	ck_assert_str_eq(ir.rules[1].loc.file->name, "d/body");
	ck_assert_str_eq(ir.rules[2].text, "allow exec");
}
END_TEST

START_TEST(test_unreadable)
{
	static const char *const paths[] = {"/nonexistent/x.policy"};

	ck_assert_int_eq(policy_compile(&c, paths, 1, &ir), 1);
	ck_assert(c.unreadable);
	ck_assert_str_eq(c.diags.v[0]->id, "E-read");
}
END_TEST

/* Every prefix of a policy, and the policy with one byte changed: no crash, no leak. */
START_TEST(test_damaged)
{
	static const char text[] = "set s = /a/{b,c[d-f]}/**, /t except /q;\n"
				   "profile p { subject exe $s/x and user 1-2; mode audit; # c\n"
				   " deny read \"/x y\" unless exe /a except /b message \"m\\\"\";\n"
				   " log connect tcp to 10.0.0.0/8, ::1 port 1-2; default deny exec; }\n"
				   "test \"t\" { expect { deny; } } assert x;";
	char buf[sizeof(text)];

	compile_one(text);
	ck_assert_uint_eq(c.diags.n, 2); /* test and assert are not supported yet */
	for (size_t i = 0; i < sizeof(text); i++) {
		memcpy(buf, text, sizeof(text));
		buf[i] = '\0';
		compile_one(buf);
	}
	for (size_t i = 0; i + 1 < sizeof(text); i++) {
		static const char with[] = "{}\";,#\\/[$\n\x01";

		for (size_t k = 0; k + 1 < sizeof(with); k++) {
			memcpy(buf, text, sizeof(text));
			buf[i] = with[k];
			compile_one(buf);
		}
	}
}
END_TEST

/* ---- limits: at the limit and one above ---- */

static void expect_free(char *text, const char *ids)
{
	expect(text, ids);
	free(text);
}

START_TEST(test_limit_text)
{
	char *at = repeat("a", LIMIT_TOKEN_BYTES - 1), *msg = repeat("m", LIMIT_MESSAGE_BYTES),
	     *tag = repeat("t", LIMIT_TAG_BYTES), *name = repeat("n", LIMIT_NAME_BYTES);

	expect_free(format("profile p { subject any; deny read /%s; }", at), "");
	expect_free(format("profile p { subject any; deny read /%sa; }", at), "E-limit");
	expect_free(format("profile p { subject any; deny read message \"%s\"; }", msg), "");
	expect_free(format("profile p { subject any; deny read message \"%sm\"; }", msg), "E-limit");
	expect_free(format("profile p { subject any; deny read tag \"%s\"; }", tag), "");
	expect_free(format("profile p { subject any; deny read tag \"%st\"; }", tag), "E-limit");
	expect_free(format("profile %s { subject any; deny read; }", name), "");
	expect_free(format("profile %sn { subject any; deny read; }", name), "E-name");
	expect_free(format("set s = /%.2000s;\nset t = $s/%.2094s;\nprofile p { subject any; deny read $t; }", at, at),
		    "");
	expect_free(format("set s = /%.2000s;\nset t = $s/%.2095s;\nprofile p { subject any; deny read $t; }", at, at),
		    "E-limit");
	free(at);
	free(msg);
	free(tag);
	free(name);
}
END_TEST

START_TEST(test_limit_nesting)
{
	expect("profile p { subject any; deny read /{a,{b,{c,{d,{e,{f,{g,{h,i}}}}}}}}; }", "");
	expect("profile p { subject any; deny read /{a,{b,{c,{d,{e,{f,{g,{h,{i,j}}}}}}}}}; }", "E-limit");
	/* 8^4 is the limit exactly. */
	expect("profile p { subject any; deny read "
	       "/{1,2,3,4,5,6,7,8}{1,2,3,4,5,6,7,8}{1,2,3,4,5,6,7,8}{1,2,3,4,5,6,7,8}; }",
	       "");
	expect("profile p { subject any; deny read "
	       "/{1,2,3,4,5,6,7,8}{1,2,3,4,5,6,7,8}{1,2,3,4,5,6,7,8}{1,2,3,4,5,6,7,{8,9}}; }",
	       "E-limit");
}
END_TEST

START_TEST(test_limit_counts)
{
	const char *rule = "deny read /%u if exe /%u;", *end = "}", *p = "profile p { subject any;";

	expect_free(numbered("", "profile p%u { subject any; deny read; }\n", BL_MAX_PROFILES, ""), "");
	expect_free(numbered("", "profile p%u { subject any; deny read; }\n", BL_MAX_PROFILES + 1, ""), "E-limit");
	/* Condition 0 is the subject, atom 0 is any. */
	expect_free(numbered(p, rule, BL_MAX_CONDS - 1, end), "");
	ck_assert_uint_eq(ir.nconds, BL_MAX_CONDS);
	ck_assert_uint_eq(ir.natoms, BL_MAX_ATOMS);
	expect_free(numbered(p, "deny read if exe /1 if user %u;", 4, "}"), "");
	expect_free(numbered(p, "deny read unless user %u;deny read if user %u;", BL_MAX_CONDS / 2, end), "E-limit");
	expect_free(numbered("profile p { subject user 0", " and user %u;subject user %u", BL_MAX_ATOMS - 1,
			     "; deny read; }"),
		    "");
	expect_free(
		numbered("profile p { subject user 0", " and user %u;subject user %u", BL_MAX_ATOMS, "; deny read; }"),
		"E-limit");
	expect_free(numbered("profile p { subject any", ";subject any", BL_MAX_LITS - 1, "; deny read; }"), "");
	expect_free(numbered("profile p { subject any", ";subject any", BL_MAX_LITS, "; deny read; }"), "E-limit");
	for (unsigned n = LIMIT_SETS; n <= LIMIT_SETS + 1; n++) {
		/* Those that come with the compiler are not counted, used or not. */
		char *text = numbered("", "set s%u = /a;", n, "profile p { subject any; deny read $shells; }");

		ck_assert_int_eq(compile_one(text), n > LIMIT_SETS);
		free(text);
	}
	expect_free(numbered("", "set s%u = /a;", LIMIT_SETS + 1, "profile p { subject any; deny read; }"), "E-limit");
}
END_TEST

START_TEST(test_limit_sets)
{
	char *text;

	/* Each set has twice the values of the one before: 2^21 are too many. */
	text = numbered("set s0 = /a;", "", 0, "");
	for (unsigned i = 1; i <= 21; i++) {
		char *more = format("%sset s%u = $s%u, $s%u;", text, i, i - 1, i - 1);

		free(text);
		text = more;
	}
	expect_free(text, "E-limit");
	for (unsigned n = LIMIT_SET_DEPTH; n <= LIMIT_SET_DEPTH + 1; n++) {
		text = format("%s", "profile p { subject any; deny read $s1; }");
		for (unsigned i = 1; i < n; i++) {
			char *more = format("%sset s%u = $s%u;", text, i, i + 1);

			free(text);
			text = more;
		}
		char *all = format("%sset s%u = /a;", text, n);

		free(text);
		expect_free(all, n == LIMIT_SET_DEPTH ? "" : "E-limit");
	}
}
END_TEST

/* Sets count as often as they are used, whether or not their values are stored again. */
START_TEST(test_limit_patterns)
{
	char *names = repeat("/x,", 999), *rules = repeat("deny read $s;", 999), *text;

	for (int over = 0; over < 2; over++) {
		ck_assert_int_gt(asprintf(&text, "set s = %s /y; profile p { subject any; %s %s }", names, rules,
					  over ? "deny read /z;" : ""),
				 0);
		expect(text, over ? "E-limit" : "");
		free(text);
		ck_assert_int_gt(asprintf(&text, "set s = %s /y; profile p { subject any; %s %s }", names, rules,
					  over ? "deny read $s;" : ""),
				 0);
		expect(text, over ? "E-limit" : "");
		free(text);
	}
	free(names);
	free(rules);
}
END_TEST

/* A list that is one set has the set's own values; what one rule adds to them is not in the others. */
START_TEST(test_set_alone)
{
	compile_one("set s = /a, /b; set t = $s; profile p { subject any; deny read $s except /a/c; deny read $t; "
		    "deny read $s, /d; deny read /x except $s; allow read $s; }");
	ck_assert_uint_eq(c.diags.nerrors, 0);
	ck_assert_uint_eq(ir.rules[0].object.npatterns, 3);
	ck_assert(ir.rules[0].object.patterns[2].except && !ir.rules[0].object.patterns[1].except);
	ck_assert_uint_eq(ir.rules[1].object.npatterns, 2);
	ck_assert_uint_eq(ir.rules[2].object.npatterns, 3);
	ck_assert(ir.rules[3].object.patterns[1].except && ir.rules[3].object.patterns[2].except);
	ck_assert_uint_eq(ir.rules[4].object.npatterns, 2);
	ck_assert(!ir.rules[4].object.patterns[0].except && !ir.rules[4].object.patterns[1].except);
	ck_assert_ptr_eq(ir.rules[1].object.patterns, ir.rules[4].object.patterns);
}
END_TEST

START_TEST(test_limit_files)
{
	struct compile_text t[LIMIT_INCLUDE_DEPTH + 2];
	char names[LIMIT_INCLUDE_DEPTH + 2][8], texts[LIMIT_INCLUDE_DEPTH + 2][32];

	for (unsigned n = LIMIT_INCLUDE_DEPTH; n <= LIMIT_INCLUDE_DEPTH + 1; n++) {
		for (unsigned i = 0; i < n; i++) {
			snprintf(names[i], sizeof(names[i]), "f%u", i);
			snprintf(texts[i], sizeof(texts[i]), i + 1 < n ? "include \"f%u\";" : "# %u", i + 1);
			t[i] = (struct compile_text){names[i], texts[i], strlen(texts[i])};
		}
		compile_free(&c);
		compile_init(&c);
		ck_assert_int_eq(policy_compile_text(&c, t, n, &ir), n == LIMIT_INCLUDE_DEPTH ? 0 : 1);
		if (n > LIMIT_INCLUDE_DEPTH)
			ck_assert_str_eq(c.diags.v[0]->id, "E-limit");
	}
}
END_TEST

/* One file that is included again and again in a profile; the first file counts too. */
START_TEST(test_limit_included)
{
	for (unsigned n = LIMIT_FILES - 1; n <= LIMIT_FILES; n++) {
		char *text = numbered("profile p { subject any;", "include \"r\"; # %u\n", n, "}");
		struct compile_text t[] = {{"t", text, strlen(text)}, {"r", "deny read;", 10}};

		compile_free(&c);
		compile_init(&c);
		ck_assert_int_eq(policy_compile_text(&c, t, 2, &ir), n == LIMIT_FILES);
		if (n == LIMIT_FILES)
			ck_assert_str_eq(c.diags.v[0]->text, "too many files");
		free(text);
	}
}
END_TEST

/* Directories of the search path come after the including file's own, in their order. */
START_TEST(test_search_path)
{
	static const struct compile_text texts[] = {
		{"d/t", "include \"a\"; include \"b\"; include \"c\"; include \"x/../no\";", 57},
		{"d/a", "profile here { subject any; deny read; }", 40},
		{"one/a", "profile wrong { subject any; deny read; }", 41},
		{"one/b", "profile first { subject any; deny read; }", 41},
		{"two/b", "profile wrong { subject any; deny read; }", 41},
		{"two/c", "profile second { subject any; deny read; }", 42},
	};
	static const char *const dirs[] = {"one", "two/"};

	c.dirs = dirs;
	c.ndirs = 2;
	ck_assert_int_eq(policy_compile_text(&c, texts, 5, &ir), 2);
	ck_assert_str_eq(c.diags.v[1]->help, "looked for d/x/../no, one/x/../no and two/x/../no");
	compile_free(&c);
	compile_init(&c);
	c.dirs = dirs;
	c.ndirs = 2;
	policy_compile_text(&c, texts, 6, &ir);
	ck_assert_uint_eq(c.diags.n, 1);
	ck_assert_uint_eq(c.srcs.n, 4);
	ck_assert_str_eq(c.srcs.files[1]->name, "d/a");
	ck_assert_str_eq(c.srcs.files[2]->name, "one/b");
	ck_assert_str_eq(c.srcs.files[3]->name, "two/c");
}
END_TEST

START_TEST(test_limit_file_size)
{
	char *text = malloc(LIMIT_FILE_BYTES + 1);
	struct compile_text t = {.name = "t", .bytes = text};

	memset(text, ' ', LIMIT_FILE_BYTES + 1);
	for (t.len = LIMIT_FILE_BYTES; t.len <= LIMIT_FILE_BYTES + 1; t.len++) {
		compile_free(&c);
		compile_init(&c);
		ck_assert_int_eq(policy_compile_text(&c, &t, 1, &ir), t.len > LIMIT_FILE_BYTES);
	}
	ck_assert_str_eq(c.diags.v[0]->id, "E-limit");
	free(text);
}
END_TEST

/* ---- output ---- */

static char *printed(enum diag_form form)
{
	char *text = NULL;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	diag_print(&c.diags, f, form);
	fclose(f);
	return text;
}

START_TEST(test_json)
{
	char *text;

	compile_one("profile \"a\xff\tb\" { subject any; mode audit; mode audit; deny read; }");
	text = printed(DIAG_JSON);
	ck_assert_ptr_nonnull(strstr(text, "\"id\":\"E-conflict\""));
	ck_assert_ptr_nonnull(strstr(text, "\"notes\":[{\"severity\":\"note\",\"file\":\"t.policy\",\"line\":1"));
	ck_assert_ptr_null(strchr(text, '\xff'));
	ck_assert_ptr_null(strchr(text, '\t'));
	free(text);
}
END_TEST

/* What a terminal gets for the same policy, which has one error. The caller frees it. */
static char *on_terminal(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY);
	char *text = calloc(1, 4096);
	FILE *f;

	ck_assert_int_ge(master, 0);
	ck_assert_int_eq(grantpt(master), 0);
	ck_assert_int_eq(unlockpt(master), 0);
	f = fopen(ptsname(master), "r+");
	ck_assert_ptr_nonnull(f);
	diag_print(&c.diags, f, DIAG_TEXT);
	fflush(f);
	ck_assert_int_gt(read(master, text, 4095), 0);
	fclose(f);
	close(master);
	return text;
}

START_TEST(test_colour)
{
	char *text;

	compile_one("profile p { subject any; deny raed; }");
	unsetenv("NO_COLOR");
	text = on_terminal();
	ck_assert_ptr_nonnull(strstr(text, "\033[1;31merror\033[0m"));
	free(text);
	text = printed(DIAG_TEXT);
	ck_assert_ptr_null(strchr(text, '\033'));
	free(text);
	setenv("NO_COLOR", "1", 1);
	text = on_terminal();
	ck_assert_ptr_nonnull(strstr(text, ": error: "));
	ck_assert_ptr_null(strchr(text, '\033'));
	free(text);
}
END_TEST

/* Warnings make way for errors, and become some. */
START_TEST(test_promote)
{
	compile_one("set a = /a; set b = /b; profile p { subject any; deny read; }");
	ck_assert_uint_eq(c.diags.nwarnings, 2);
	diag_promote(&c.diags);
	ck_assert_uint_eq(c.diags.nwarnings, 0);
	ck_assert_uint_eq(c.diags.nerrors, 2);
	ck_assert(c.diags.v[0]->promoted && !c.diags.v[0]->warning);
}
END_TEST

/* A policy cannot write to the terminal of the administrator who checks it. */
START_TEST(test_no_escape_sequences)
{
	char *text;

	compile_one("profile p { subject any; deny \"\x1b[2Jx\" /\x1b]0; deny read \x1b/x, \"\xe2\x80\xae\"; \x9b }");
	text = printed(DIAG_TEXT);
	ck_assert_ptr_null(strchr(text, '\x1b'));
	ck_assert_ptr_null(strchr(text, '\x9b'));
	ck_assert_ptr_null(strstr(text, "\xe2\x80\xae"));
	free(text);
}
END_TEST

static void add(Suite *s, const char *name, const TTest *const *tests, size_t n)
{
	TCase *t = tcase_create(name);

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 120);
	for (size_t i = 0; i < n; i++)
		tcase_add_test(t, tests[i]);
	suite_add_tcase(s, t);
}
#define ADD(s, name, ...)                                                                                              \
	add(s, name, (const TTest *const[]){__VA_ARGS__}, sizeof((const TTest *const[]){__VA_ARGS__}) / sizeof(TTest *))

int main(void)
{
	Suite *s = suite_create("frontend");
	SRunner *r = srunner_create(s);
	int failed;

	ADD(s, "rules", test_ops, test_rule_parts, test_sets, test_set_alone, test_net);
	ADD(s, "conditions", test_subjects, test_weak, test_users, test_shared_set);
	ADD(s, "files", test_include_once, test_search_path, test_unreadable, test_damaged);
	ADD(s, "limits", test_limit_text, test_limit_nesting, test_limit_counts, test_limit_sets, test_limit_patterns,
	    test_limit_files, test_limit_included, test_limit_file_size);
	ADD(s, "output", test_json, test_colour, test_promote, test_no_escape_sequences);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
