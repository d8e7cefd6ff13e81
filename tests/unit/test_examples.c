// SPDX-License-Identifier: GPL-2.0-or-later
/* Which byte strings there are, and the examples that are found of what patterns match together. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "automaton.h"
#include "glob.h"
#include "keyshape.h"
#include "plat_host.h"
#include "decide.h"

static uint32_t seed = 3;

static uint32_t rnd(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

static bool fits(enum bl_kind kind, unsigned int op, const void *bytes, size_t n)
{
	uint32_t s = shape_start(kind, op);

	for (size_t i = 0; i < n && s != 0; i++)
		s = shape_step(s, ((const uint8_t *)bytes)[i]);
	return s != 0 && shape_ends(s);
}

/* ---- shapes ---- */

/* By components, not by bytes. */
static bool is_path(const char *s, bool root)
{
	if (s[0] != '/')
		return false;
	if (s[1] == '\0')
		return root;
	while (*s == '/') {
		size_t n = strcspn(++s, "/");

		if (n == 0 || (n == 1 && s[0] == '.') || (n == 2 && s[0] == '.' && s[1] == '.'))
			return false;
		s += n;
	}
	return true;
}

START_TEST(paths)
{
	static const char letters[] = "/a.";
	unsigned yes = 0;

	for (unsigned i = 0; i < 3 * 3 * 3 * 3 * 3 * 3 * 3; i++) {
		char s[8] = "";
		unsigned len = i % 7 + 1;

		for (unsigned k = 0, x = i; k < len; k++, x /= 3)
			s[k] = letters[x % 3];
		ck_assert_msg(fits(BL_KEY_CGROUP, 0, s, len) == is_path(s, true), "%s", s);
		ck_assert_msg(fits(BL_KEY_PATH, BL_OP_READ, s, len) == is_path(s, true), "%s", s);
		ck_assert_msg(fits(BL_KEY_PATH, BL_OP_WRITE, s, len) == is_path(s, false), "%s", s);
		ck_assert_msg(fits(BL_KEY_EXE, 0, s, len) == is_path(s, false), "%s", s);
		yes += is_path(s, true);
	}
	ck_assert_uint_gt(yes, 50);
	ck_assert(!fits(BL_KEY_PATH, BL_OP_READ, "/a\0b", 4));
}
END_TEST

static struct bl_endpoint random_endpoint(void)
{
	static const uint8_t protos[] = {BL_PROTO_TCP, BL_PROTO_UDP, BL_PROTO_OTHER};
	struct bl_endpoint e = {.proto = protos[rnd(3)], .family = rnd(2) ? BL_FAM_INET : BL_FAM_INET6, .port = (uint16_t)rnd(65536)};
	size_t n = e.family == BL_FAM_INET ? 4 : 16;

	for (size_t i = 0; i < n; i++)
		e.addr[i] = rnd(3) ? 0 : (uint8_t)rnd(256);
	if (n == 16 && rnd(3) == 0) {
		memset(e.addr, 0, 10);
		e.addr[10] = e.addr[11] = rnd(4) ? 0xff : 0xfe;
	}
	return e;
}

static bool key_fits(unsigned int op, const struct bl_name *n, uint32_t from)
{
	return fits(BL_KEY_NET, op, n->buf + from, BL_PATH_MAX - from);
}

/* Every key that is made fits, and one that would have been made another does not. */
START_TEST(addresses)
{
	unsigned others = 0;

	for (unsigned i = 0; i < 20000; i++) {
		struct bl_endpoint e = random_endpoint(), c = e, peer = random_endpoint();
		struct bl_name n;

		e.has_port = c.has_port = rnd(2) != 0;
		bl_endpoint_canonical(&c);
		ck_assert(key_fits(BL_OP_CONNECT, &n, bl_key_net(&n, &c)));
		ck_assert(key_fits(BL_OP_CONNECT, &n, bl_key_net(&n, &e)) == (memcmp(&c, &e, sizeof(e)) == 0));
		others += memcmp(&c, &e, sizeof(e)) != 0;
		bl_endpoint_unmap(&e);
		ck_assert(key_fits(BL_OP_BIND, &n, bl_key_net(&n, &e)));
		bl_endpoint_unmap(&peer);
		e.has_port = 1;
		ck_assert(key_fits(BL_OP_ACCEPT, &n, bl_key_accept(&n, &e, &peer)) == (e.family == peer.family));
		ck_assert(!key_fits(BL_OP_BIND, &n, bl_key_accept(&n, &e, &peer)) || e.family != peer.family);
		ck_assert(!key_fits(BL_OP_ACCEPT, &n, bl_key_net(&n, &e)));
	}
	ck_assert_uint_gt(others, 500);
}
END_TEST

START_TEST(sockets)
{
	for (unsigned i = 0; i < 20000; i++) {
		uint32_t family = rnd(46), type = 1 + rnd(10), protocol = rnd(3) ? rnd(300) : rnd(65536);
		struct bl_name n;
		uint32_t from = bl_key_sock(&n, family, type, protocol);
		const uint8_t raw[] = {0, (uint8_t)family, (uint8_t)type, (uint8_t)(protocol >> 8), (uint8_t)protocol};

		ck_assert(fits(BL_KEY_SOCK, BL_OP_SOCKET, n.buf + from, BL_PATH_MAX - from));
		ck_assert(fits(BL_KEY_SOCK, BL_OP_SOCKET, raw, 5) == (memcmp(raw, n.buf + from, 5) == 0));
	}
}
END_TEST

/* Bytes that are picked go wherever any byte of a range goes. */
START_TEST(picks)
{
	for (unsigned i = 0; i < 200000; i++) {
		enum bl_kind kind = (enum bl_kind)rnd(BL_KEY_KINDS);
		uint32_t op = kind == BL_KEY_NET ? BL_OP_CONNECT + rnd(3) : kind == BL_KEY_SYS ? BL_OP_CAPABILITY + rnd(13) : BL_OP_READ;
		uint32_t s = shape_start(kind, op), next, b;

		for (unsigned steps = rnd(30); steps > 0; steps--) {
			uint8_t v[SHAPE_PICKS];
			size_t n = shape_pick(s, 0, 255, v);

			next = n ? shape_step(s, v[rnd((uint32_t)n)]) : 0;
			if (next == 0)
				break;
			s = next;
		}
		for (unsigned k = 0; k < 4; k++) {
			uint8_t lo = (uint8_t)rnd(256), hi = lo + (uint8_t)rnd(256u - lo), v[SHAPE_PICKS];
			size_t n = shape_pick(s, lo, hi, v);

			b = lo + rnd(hi - lo + 1u);
			next = shape_step(s, (uint8_t)b);
			for (size_t j = 0; j < n; j++) {
				ck_assert_uint_ge(v[j], lo);
				ck_assert_uint_le(v[j], hi);
				if (shape_step(s, v[j]) == next)
					next = 0;
			}
			/* a type of socket is remembered, and matters if it is 1 or 2 only */
			ck_assert_msg(next == 0 || kind == BL_KEY_SOCK, "kind %d state %x byte %u", kind, s, b);
		}
	}
}
END_TEST

/* ---- examples ---- */

static const char *const globs[] = {"/a", "/a/**", "/*", "/**", "/a/*", "/[ab]", "/**/b", "/{a,b}/?", "/a*", "/.a"};
#define GLOBS (sizeof(globs) / sizeof(globs[0]))

static void check_strings(const struct au *a, const struct au_examples *e)
{
	static const char letters[] = "/ab.";

	for (unsigned i = 0; i < 4 * 4 * 4 * 4 * 4; i++) {
		char s[6] = "/";

		for (unsigned k = 1, x = i; k < 1 + i % 5; k++, x /= 4)
			s[k] = letters[x % 4];
		if (is_path(s, true))
			ck_assert_msg(au_example(e, au_find_set(a, BL_KEY_PATH, s, strlen(s)), NULL, NULL), "%s", s);
	}
}

START_TEST(every_set_that_exists)
{
	for (unsigned i = 0; i < 100; i++) {
		struct au *a = au_new();
		struct au_examples *e;
		uint32_t worst;
		char s[BL_PATH_MAX + 1];
		size_t len, n = 0;

		for (uint32_t k = 0; k < 4; k++)
			au_add(a, BL_KEY_PATH, glob_to_re(a, globs[rnd(GLOBS)]), k);
		ck_assert_int_eq(au_build(a, NULL, &worst), 0);
		ck_assert_int_eq(au_examples_find(a, BL_KEY_PATH, BL_OP_READ, &e), 0);
		for (size_t set = 0; set <= au_nsets(a); set++) {
			size_t which = set == au_nsets(a) ? AU_NO_SET : set;

			if (!au_example(e, which, (uint8_t *)s, &len))
				continue;
			s[len] = '\0';
			n++;
			ck_assert_msg(strlen(s) == len && is_path(s, true), "%s", s);
			ck_assert_uint_eq(au_find_set(a, BL_KEY_PATH, s, len), which);
		}
		ck_assert_uint_gt(n, 1);
		check_strings(a, e);
		au_examples_free(a, e);
		au_free(a);
	}
}
END_TEST

/* They read well, and are the shortest. */
START_TEST(readable)
{
	static const struct {
		const char *glob, *example;
	} cases[] = {{"/srv/**", "/srv/a"}, {"/srv/*.log", "/srv/.log"}, {"/x?y", "/xay"}, {"/x[!a-z]", "/x-"}, {"/a/**/b", "/a/b"}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct au *a = au_new();
		struct au_examples *e;
		uint8_t s[BL_PATH_MAX];
		uint32_t worst;
		size_t len;

		au_add(a, BL_KEY_PATH, glob_to_re(a, cases[i].glob), 0);
		ck_assert_int_eq(au_build(a, NULL, &worst), 0);
		ck_assert_int_eq(au_examples_find(a, BL_KEY_PATH, BL_OP_READ, &e), 0);
		ck_assert(au_example(e, 0, s, &len));
		ck_assert_msg(len == strlen(cases[i].example) && memcmp(s, cases[i].example, len) == 0, "%s: %.*s", cases[i].glob, (int)len, s);
		au_examples_free(a, e);
		au_free(a);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("examples");
	TCase *t = tcase_create("examples");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_set_timeout(t, 120);
	tcase_add_test(t, paths);
	tcase_add_test(t, addresses);
	tcase_add_test(t, sockets);
	tcase_add_test(t, picks);
	tcase_add_test(t, every_set_that_exists);
	tcase_add_test(t, readable);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
