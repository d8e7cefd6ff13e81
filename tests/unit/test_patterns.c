/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Patterns of every kind as automata: fixed cases, and globs against a matcher that shares nothing with the compiler.
 */
#include "compile.h"

#include <arpa/inet.h>
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "automaton.h"
#include "glob.h"
#include "num.h"
#include "pattern.h"
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

/* ---- numbers ---- */

START_TEST(test_numbers)
{
	static const struct {
		const char *text, *id; /* id NULL: good */
		uint32_t lo, hi;
	} cases[] = {
		{"0", NULL, 0, 0},
		{"7-9", NULL, 7, 9},
		{"65535", NULL, 65535, 65535},
		{"0-65535", NULL, 0, 65535},
		{"65536", "E-range", 0, 0},
		{"4294967296", "E-range", 0, 0},
		{"18446744073709551617", "E-range", 0, 0},
		{"100000000000000000000000000000000000000000000000000000", "E-range", 0, 0},
		{"9-7", "E-range", 0, 0},
		{"1-65536", "E-range", 0, 0},
		{"", "E-number", 0, 0},
		{"-", "E-number", 0, 0},
		{"1-", "E-number", 0, 0},
		{"-1", "E-number", 0, 0},
		{"+1", "E-number", 0, 0},
		{" 1", "E-number", 0, 0},
		{"1 ", "E-number", 0, 0},
		{"0x10", "E-number", 0, 0},
		{"1e3", "E-number", 0, 0},
		{"09", "E-number", 0, 0},
		{"00", "E-number", 0, 0},
		{"0000000000000000000000000000000000000000000000000000000001", "E-number", 0, 0},
		{"1-2-3", "E-number", 0, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct word_error err = {0};
		uint32_t lo = 77, hi = 77;
		int r = num_parse_range(&c.arena, cases[i].text, "port", 0, 65535, &lo, &hi, &err);

		ck_assert_msg((r == 0) == !cases[i].id, "%s", cases[i].text);
		if (cases[i].id) {
			ck_assert_str_eq(err.id, cases[i].id);
			ck_assert_uint_eq(lo, 77);
		} else {
			ck_assert_uint_eq(lo, cases[i].lo);
			ck_assert_uint_eq(hi, cases[i].hi);
		}
	}
}
END_TEST

/* ---- patterns as automata ---- */

static bool au_matches(struct au *a, enum bl_kind kind, const void *bytes, size_t n)
{
	uint32_t state = au_start(a, kind);

	for (size_t i = 0; i < n; i++)
		state = au_next(a, state, ((const uint8_t *)bytes)[i]);
	return state != 0 && au_payload(a, state) != 0;
}

static struct au *au_of(const struct ir_pattern *p)
{
	struct au *a = au_new();
	uint32_t worst;

	ck_assert_int_eq(au_add(a, p->kind, pattern_to_re(a, p), 0), 0);
	ck_assert_int_eq(au_build(a, NULL, &worst), 0);
	for (size_t i = 0; i < au_nsets(a); i++)
		au_set_payload(a, i, 1);
	return a;
}

/*
 * An independent reading of DESIGN section 2, point 17: braces expanded as text first, then matched component by
 * component with backtracking. Nothing is shared with the compiler.
 */
static bool naive_in_class(const char **pp, char ch)
{
	const char *p = *pp + 1;
	bool negate = *p == '!', found = false;

	p += negate;
	while (*p != ']') {
		unsigned char lo = (unsigned char)*p++, hi;

		if (lo == '\\')
			lo = (unsigned char)*p++;
		hi = lo;
		if (p[0] == '-' && p[1] != ']') {
			p++;
			if (*p == '\\')
				p++;
			hi = (unsigned char)*p++;
		}
		found |= lo <= (unsigned char)ch && (unsigned char)ch <= hi;
	}
	*pp = p + 1;
	return found != negate;
}

static bool naive_component(const char *p, const char *pend, const char *s, const char *send)
{
	if (p == pend)
		return s == send;
	if (*p == '*') {
		for (const char *t = s; t <= send; t++) {
			if (naive_component(p + 1, pend, t, send))
				return true;
		}
		return false;
	}
	if (s == send)
		return false;
	if (*p == '[')
		return naive_in_class(&p, *s) && naive_component(p, pend, s + 1, send);
	if (*p == '\\')
		p++;
	else if (*p == '?')
		return naive_component(p + 1, pend, s + 1, send);
	return *p == *s && naive_component(p + 1, pend, s + 1, send);
}

/* p and s are at a '/' or at their end. */
static bool naive_path(const char *p, const char *s)
{
	size_t np = strcspn(p + (*p == '/'), "/") + 1, ns = strcspn(s + (*s == '/'), "/") + 1;

	if (*p == '\0' || *s == '\0')
		return *p == *s;
	if (np == 3 && p[1] == '*' && p[2] == '*') {
		if (ns > 1 && (p[3] == '\0' ? s[ns] == '\0' : false))
			return true;
		if (p[3] != '\0' && naive_path(p + 3, s))
			return true;
		return ns > 1 && naive_path(p, s + ns);
	}
	if (np == 1 || ns == 1)
		return np == ns && p[1] == '\0' && s[1] == '\0';
	return naive_component(p + 1, p + np, s + 1, s + ns) && naive_path(p + np, s + ns);
}

static bool naive_match(const char *glob, const char *path)
{
	const char *open = glob, *close, *from;
	unsigned depth = 0;
	char buf[512];

	for (; *open && *open != '{'; open++) {
		if (*open == '\\')
			open++;
		else if (*open == '[')
			open += strcspn(open, "]");
	}
	if (!*open)
		return naive_path(glob, path);
	for (close = open + 1; depth > 0 || *close != '}'; close++)
		depth += *close == '{' ? 1u : *close == '}' ? -1u : 0u;
	from = open + 1;
	for (const char *p = from; p <= close; p++) {
		if (p == close || (depth == 0 && *p == ',')) {
			snprintf(buf, sizeof(buf), "%.*s%.*s%s", (int)(open - glob), glob, (int)(p - from), from,
				 close + 1);
			if (naive_match(buf, path))
				return true;
			from = p + 1;
		}
		depth += *p == '{' ? 1u : *p == '}' && p != close ? -1u : 0u;
	}
	return false;
}

static void check_glob(const char *glob, const char *path, bool want)
{
	struct ir_pattern p = {.kind = BL_KEY_PATH, .glob = glob};
	struct word_error err;
	struct au *a;

	ck_assert_msg(glob_check(&c.arena, glob, &err) == 0, "%s", glob);
	a = au_of(&p);
	ck_assert_msg(au_matches(a, BL_KEY_PATH, path, strlen(path)) == want, "%s %s", glob, path);
	ck_assert_msg(naive_match(glob, path) == want, "naive: %s %s", glob, path);
	au_free(a);
}

START_TEST(test_glob_fixed)
{
	static const struct {
		const char *glob, *path;
		bool match;
	} cases[] = {
		{"/a/**", "/a", false},
		{"/a/**", "/a/b", true},
		{"/a/**", "/a/b/c", true},
		{"/a/**", "/a/", false},
		{"/a/**/f", "/a/f", true},
		{"/a/**/f", "/a/b/c/f", true},
		{"/a/**/f", "/a/bf", false},
		{"/**", "/", false},
		{"/**", "/a", true},
		{"/**/**", "/a", true},
		{"/", "/", true},
		{"/", "/a", false},
		{"/a/*", "/a/", false},
		{"/a/*", "/a/b", true},
		{"/a/*", "/a/b/c", false},
		{"/a/b*", "/a/b", true},
		{"/*", "/", false},
		{"/a?c", "/a/c", false},
		{"/a[+-9]c", "/a/c", false},
		{"/a[+-9]c", "/a5c", true},
		{"/a[!b]c", "/a/c", false},
		{"/a[!b]c", "/adc", true},
		{"/a[!b]c", "/abc", false},
		{"/a[]-]", "/a]", false},
		{"/{a,b}/c", "/b/c", true},
		{"/{a,}x", "/x", true},
		{"/{,a}*", "/", false},
		{"/a/{b/**,c}/d", "/a/b/d", true},
		{"/a{,/b}/c", "/a/b/c", true},
		{"/a/{**,b}/c", "/a/c", true},
		{"/{a,b{c,d}}/e", "/bd/e", true},
		{"/a\\*b", "/a*b", true},
		{"/a\\*b", "/axb", false},
		{"/\\{a\\,b\\}", "/{a,b}", true},
		{"/a,b", "/a,b", true},
		{"/[a\\]]", "/]", true},
		{"/[a-]", "/-", true},
		{"/.*", "/.x", true},
		{"/*", "/.x", true},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (strcmp(cases[i].glob, "/a[]-]") == 0)
			continue; /* an empty class: refused */
		check_glob(cases[i].glob, cases[i].path, cases[i].match);
	}
}
END_TEST

static const char *pick(const char *const *from, size_t n)
{
	return from[(size_t)rand() % n];
}

#define PICK(v) pick(v, sizeof(v) / sizeof((v)[0]))

START_TEST(test_glob_random)
{
	static const char *const bits[] = {"/",	      "/",	  "a",	       "b",    "*",	"?",
					   "/**",     "/**/",	  "[ab]",      "[!a]", "{a,b}", "{a,/b}",
					   "{b,,a*}", "{/**,/a}", "{a,{b,?}}", "\\*",  "[a-c]", "{?,[!b]}"};
	static const char *const pieces[] = {"/", "/", "a", "b", "c", "*", "/a", "/b", "ab"};
	unsigned good = 0, matched = 0;
	struct word_error err;

	srand(1);
	for (unsigned i = 0; i < 6000; i++) {
		struct arena_buf g = {.arena = &c.arena};
		struct ir_pattern p = {.kind = BL_KEY_PATH};
		struct au *a;

		arena_buf_str(&g, "/");
		for (int k = rand() % 6; k > 0; k--)
			arena_buf_str(&g, PICK(bits));
		if (glob_check(&c.arena, g.s, &err) < 0)
			continue;
		good++;
		p.glob = g.s;
		a = au_of(&p);
		for (unsigned j = 0; j < 60; j++) {
			char path[64] = "/";
			size_t n = 1;
			bool want;

			for (int k = rand() % 7; k > 0; k--) {
				const char *s = PICK(pieces);

				if (s[0] == '/' && path[n - 1] == '/')
					s++;
				memcpy(path + n, s, strlen(s) + 1);
				n += strlen(s);
			}
			if (n > 1 && path[n - 1] == '/')
				path[--n] = '\0';
			want = naive_match(g.s, path);
			matched += want;
			ck_assert_msg(au_matches(a, BL_KEY_PATH, path, n) == want, "%s %s: %d", g.s, path, want);
		}
		au_free(a);
	}
	ck_assert_uint_gt(good, 1000);
	ck_assert_uint_gt(matched, 2000);
}
END_TEST

START_TEST(test_users_re)
{
	static const uint32_t edge[] = {0,     1,     255,	256,	  257,	      65535,	  65536,
					65537, 99999, 16777215, 16777216, 0x01020304, 0xfffffffe, 0xffffffff};
	const size_t n = sizeof(edge) / sizeof(edge[0]);

	for (size_t i = 0; i < n; i++) {
		for (size_t k = i; k < n; k++) {
			struct ir_pattern p = {.kind = BL_KEY_USER, .lo = edge[i], .hi = edge[k]};
			struct au *a = au_of(&p);

			for (size_t j = 0; j < 3 * n; j++) {
				uint32_t v = edge[j / 3] + (uint32_t)(j % 3) - 1, be = htonl(v);

				ck_assert_msg(au_matches(a, BL_KEY_USER, &be, 4) == (v >= edge[i] && v <= edge[k]),
					      "%u-%u %u", edge[i], edge[k], v);
			}
			ck_assert(!au_matches(a, BL_KEY_USER, "\0\0", 2));
			au_free(a);
		}
	}
}
END_TEST

START_TEST(test_cgroup_re)
{
	static const struct {
		const char *glob, *path;
		bool match;
	} cases[] = {
		{"/", "/", true},	{"/", "/a/b", true},	  {"/a", "/a", true},
		{"/a", "/a/b/c", true}, {"/a", "/ab", false},	  {"/a", "/", false},
		{"/a/*", "/a", false},	{"/a/*", "/a/b/c", true}, {"/{a,b}", "/b/c", true},
		{"/**", "/", false},	{"/**", "/a/b", true},	  {"/a.slice/**", "/a.slice", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ir_pattern p = {.kind = BL_KEY_CGROUP, .glob = cases[i].glob, .and_below = true};
		struct au *a = au_of(&p);

		ck_assert_msg(au_matches(a, BL_KEY_CGROUP, cases[i].path, strlen(cases[i].path)) == cases[i].match,
			      "%s %s", cases[i].glob, cases[i].path);
		au_free(a);
	}
}
END_TEST

/* Key of a peer as bl_key_net() makes it; port < 0: a socket without ports. */
/* The bytes of a key as the decision core writes them, two for each. */
static size_t net_key(uint8_t *key, uint8_t proto, const char *addr, int port)
{
	uint8_t bytes[18] = {0};
	bool six = strchr(addr, ':');
	size_t n = six ? 16 : 4;

	ck_assert_int_eq(inet_pton(six ? AF_INET6 : AF_INET, addr, bytes), 1);
	if (port >= 0) {
		bytes[n++] = (uint8_t)(port >> 8);
		bytes[n++] = (uint8_t)port;
	}
	key[0] = proto;
	key[1] = six ? BL_FAM_INET6 : BL_FAM_INET;
	for (size_t i = 0; i < n; i++) {
		key[2 + 2 * i] = bytes[i] >> 4;
		key[3 + 2 * i] = bytes[i] & 15;
	}
	return 2 + 2 * n;
}

START_TEST(test_net_re)
{
	static const struct {
		const char *rule;
		uint8_t proto;
		const char *addr;
		int port;
		bool match;
	} cases[] = {
		{"connect tcp to 10.0.0.0/8 port 80-443", BL_PROTO_TCP, "10.255.0.1", 80, true},
		{"connect tcp to 10.0.0.0/8 port 80-443", BL_PROTO_TCP, "10.255.0.1", 443, true},
		{"connect tcp to 10.0.0.0/8 port 80-443", BL_PROTO_TCP, "10.255.0.1", 444, false},
		{"connect tcp to 10.0.0.0/8 port 80-443", BL_PROTO_TCP, "11.0.0.1", 80, false},
		{"connect tcp to 10.0.0.0/8 port 80-443", BL_PROTO_UDP, "10.0.0.1", 80, false},
		{"connect tcp to 10.0.0.0/8 port 80-443", BL_PROTO_TCP, "10.0.0.1", -1, false},
		{"connect to 10.32.0.0/11", BL_PROTO_OTHER, "10.63.1.2", -1, true},
		{"connect to 10.32.0.0/11", BL_PROTO_UDP, "10.63.1.2", 53, true},
		{"connect to 10.32.0.0/11", BL_PROTO_UDP, "10.64.1.2", 53, false},
		{"connect to 10.32.0.0/11", BL_PROTO_UDP, "::1", 53, false},
		{"connect to 0.0.0.0/0", BL_PROTO_UDP, "255.1.2.3", 53, true},
		{"connect to 0.0.0.0/0", BL_PROTO_UDP, "2001:db8::1", 53, false},
		{"connect to ::/0", BL_PROTO_TCP, "2001:db8::1", 53, true},
		{"connect to ::/0", BL_PROTO_TCP, "1.2.3.4", 53, false},
		{"connect to 2001:db8::/33", BL_PROTO_TCP, "2001:db8:7fff::1", 1, true},
		{"connect to 2001:db8::/33", BL_PROTO_TCP, "2001:db8:8000::1", 1, false},
		{"connect port 53", BL_PROTO_OTHER, "1.2.3.4", 53, true},
		{"connect port 53", BL_PROTO_TCP, "2001:db8::1", 53, true},
		{"connect port 53", BL_PROTO_TCP, "2001:db8::1", 54, false},
		{"connect port 53", BL_PROTO_TCP, "1.2.3.4", -1, false},
		{"connect udp", BL_PROTO_UDP, "1.2.3.4", 9, true},
		{"connect udp", BL_PROTO_TCP, "1.2.3.4", 9, false},
		{"connect to ::1", BL_PROTO_TCP, "::1", 0, true},
		{"connect to ::1", BL_PROTO_TCP, "::2", 0, false},
	};
	uint8_t key[BL_KEY_NET_MAX];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[128];
		struct compile_text t = {.name = "t", .bytes = text};
		struct au *a;

		t.len = (size_t)snprintf(text, sizeof(text), "profile p { subject any; deny %s; }", cases[i].rule);
		compile_free(&c);
		compile_init(&c);

		ck_assert_int_eq(policy_compile_text(&c, &t, 1, &ir), 0);
		a = au_of(&ir.rules[0].object.patterns[0]);
		size_t n = net_key(key, cases[i].proto, cases[i].addr, cases[i].port);

		ck_assert_msg(au_matches(a, BL_KEY_NET, key, n) == cases[i].match, "%s: %s %d", cases[i].rule,
			      cases[i].addr, cases[i].port);
		ck_assert(!au_matches(a, BL_KEY_NET, key, n - 1));
		au_free(a);
	}
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
	Suite *s = suite_create("patterns");
	SRunner *r = srunner_create(s);
	int failed;

	ADD(s, "numbers", test_numbers);
	ADD(s, "globs", test_glob_fixed, test_glob_random);
	ADD(s, "keys", test_users_re, test_cgroup_re, test_net_re);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
