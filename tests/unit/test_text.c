/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts for people and JSON: nothing that is not what it seems reaches a terminal, and JSON is always UTF-8. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "abi.h"
#include "buf.h"
#include "json.h"
#include "text.h"
#include "utf8.h"

#include "banned.h"

struct pair {
	const char *in;
	size_t n;
	const char *out;
};
#define PAIR(in, out)                                                                                                  \
	{                                                                                                              \
		in, sizeof(in) - 1, out                                                                                \
	}

static void check_pairs(const struct pair *pairs, size_t n, void (*fn)(struct bl_buf *b, const void *p, size_t len))
{
	for (size_t i = 0; i < n; i++) {
		struct bl_buf b = BL_BUF_INIT;
		char *exact = malloc(pairs[i].n + 1); /* so that ASan sees a byte too far */

		memcpy(exact, pairs[i].in, pairs[i].n);
		exact = realloc(exact, pairs[i].n != 0 ? pairs[i].n : 1);
		fn(&b, exact, pairs[i].n);
		ck_assert_str_eq(bl_buf_text(&b), pairs[i].out);
		bl_buf_free(&b);
		free(exact);
	}
}

START_TEST(escapes_for_terminals)
{
	static const struct pair pairs[] = {
		PAIR("", ""),
		PAIR("/etc/shadow", "/etc/shadow"),
		PAIR("/a b\"'", "/a b\"'"),
		PAIR("/caf\xc3\xa9/\xe2\x82\xac/\xf0\x9f\x98\x80", "/caf\xc3\xa9/\xe2\x82\xac/\xf0\x9f\x98\x80"),
		PAIR("\x1b[31mred\n\t\x7f", "\\x1b[31mred\\x0a\\x09\\x7f"),
		PAIR("a\0b", "a\\x00b"),
		PAIR("back\\slash", "back\\x5cslash"),
		PAIR("\\x41", "\\x5cx41"),
		PAIR("\xc2\x9b"
		     "31m",
		     "\\xc2\\x9b31m"), /* CSI as one character */
		PAIR("\xe2\x80\xae"
		     "txt.exe",
		     "\\xe2\\x80\\xaetxt.exe"), /* right-to-left override */
		PAIR("\xff\xfe/x", "\\xff\\xfe/x"),
		PAIR("\xc0\xaf", "\\xc0\\xaf"), /* overlong '/' */
		PAIR("\xe0\x80\xaf", "\\xe0\\x80\\xaf"),
		PAIR("\xed\xa0\x80", "\\xed\\xa0\\x80"),	  /* surrogate */
		PAIR("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"), /* above U+10FFFF */
		PAIR("\xf8\x88\x80\x80\x80", "\\xf8\\x88\\x80\\x80\\x80"),
		PAIR("x\xe2\x82", "x\\xe2\\x82"), /* cut short */
		PAIR("\xe2\x28\xa1", "\\xe2(\\xa1"),
	};

	struct bl_buf b = BL_BUF_INIT;

	check_pairs(pairs, sizeof(pairs) / sizeof(pairs[0]), bl_text_escape);
	bl_text_source(&b, "read /a\\*\x1b[2J\xe2\x80\xae\xff");
	ck_assert_str_eq(bl_buf_text(&b), "read /a\\*\\x1b[2J\\xe2\\x80\\xae\\xff");
	bl_buf_free(&b);
}
END_TEST

static void json_string(struct bl_buf *b, const void *p, size_t n)
{
	(void)bl_json_string(b, p, n);
}

START_TEST(writes_json_strings)
{
	static const struct pair pairs[] = {
		PAIR("", "\"\""),
		PAIR("a\"b\\c/", "\"a\\\"b\\\\c/\""),
		PAIR("\b\f\n\r\t\x01\x1f\x7f", "\"\\b\\f\\n\\r\\t\\u0001\\u001f\\u007f\""),
		PAIR("a\0b", "\"a\\u0000b\""),
		PAIR("\xc3\xa9\xf0\x9f\x98\x80", "\"\xc3\xa9\xf0\x9f\x98\x80\""),
		PAIR("\xe2\x80\xae", "\"\\u202e\""),
		PAIR("\xff"
		     "a\xe2\x82",
		     "\"\xef\xbf\xbd"
		     "a\xef\xbf\xbd\xef\xbf\xbd\""),
	};

	check_pairs(pairs, sizeof(pairs) / sizeof(pairs[0]), json_string);
}
END_TEST

START_TEST(json_says_whether_it_is_exact)
{
	struct bl_buf b = BL_BUF_INIT;

	ck_assert(bl_json_string(&b, "caf\xc3\xa9", 5));
	ck_assert(!bl_json_string(&b, "caf\xc3", 4));
	ck_assert(bl_json_clean(&b, "\n", 1));
	ck_assert(!bl_json_clean(&b, "\x80", 1));
	ck_assert(bl_json_cstring(&b, NULL));
	bl_buf_reset(&b);
	bl_json_hex(&b, "\x00\xff", 2);
	ck_assert_str_eq(bl_buf_text(&b), "\"00ff\"");
	bl_buf_free(&b);
}
END_TEST

/* Random bytes: what comes out is UTF-8 without control characters, and two inputs never look alike. */
START_TEST(random_bytes_stay_readable)
{
	uint32_t seed = 12345;

	for (int round = 0; round < 2000; round++) {
		struct bl_buf text = BL_BUF_INIT, json = BL_BUF_INIT;
		uint8_t in[12];

		for (size_t i = 0; i < sizeof(in); i++) {
			seed = seed * 1664525 + 1013904223;
			in[i] = (uint8_t)(seed >> 24);
		}
		bl_text_escape(&text, in, sizeof(in));
		(void)bl_json_string(&json, in, sizeof(in));
		for (int k = 0; k < 2; k++) {
			const struct bl_buf *b = k == 0 ? &text : &json;

			for (size_t i = 0; i < b->len;) {
				uint32_t c;
				size_t n = bl_utf8_char((const uint8_t *)b->data + i, b->len - i, &c);

				ck_assert_uint_gt(n, 0);
				ck_assert(c >= 0x20 && (k == 1 || !bl_utf8_invisible(c)));
				i += n;
			}
		}
		bl_buf_free(&text);
		bl_buf_free(&json);
	}
}
END_TEST

static const char *object(uint32_t kind, const void *key, size_t n)
{
	static char text[512];
	struct bl_buf b = BL_BUF_INIT;

	bl_text_object(&b, kind, key, n);
	ck_assert_uint_lt(b.len, sizeof(text));
	memcpy(text, bl_buf_text(&b), b.len + 1);
	bl_buf_free(&b);
	return text;
}

START_TEST(names_objects)
{
	static const uint8_t tcp4[] = {6, 4, 0, 10, 0, 0, 0, 0, 0, 5, 1, 5, 3, 8};
	static const uint8_t udp6[] = {17, 6, 2, 0, 0, 1, 0, 13, 11, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0,
				       0,  0, 0, 0, 0, 0, 0, 0,  0,  0, 0, 0, 0, 0, 1, 0, 0, 3, 5};
	static const uint8_t raw4[] = {1, 4, 12, 0, 0, 0, 0, 2, 0, 1};
	static const uint8_t no_half[] = {1, 4, 12, 0, 0, 16, 0, 2, 0, 1};
	static const uint8_t id[] = {0, 0, 3, 0xe8};

	ck_assert_str_eq(object(BL_KEY_NET, tcp4, sizeof(tcp4)), "tcp 10.0.0.5:5432");
	ck_assert_str_eq(object(BL_KEY_NET, udp6, sizeof(udp6)), "udp [2001:db8::1]:53");
	ck_assert_str_eq(object(BL_KEY_NET, udp6, sizeof(udp6) - 4), "udp 2001:db8::1");
	ck_assert_str_eq(object(BL_KEY_NET, raw4, sizeof(raw4)), "other 192.0.2.1");
	ck_assert_str_eq(object(BL_KEY_NET, tcp4, 5), "0x0604000a00");
	ck_assert_str_eq(object(BL_KEY_NET, udp6, 8), "0x110602000001000d");
	ck_assert_str_eq(object(BL_KEY_NET, no_half, sizeof(no_half)), "0x01040c00001000020001");
	ck_assert_str_eq(object(BL_KEY_NET, tcp4, sizeof(tcp4) - 1), "0x0604000a000000000005010503");
	ck_assert_str_eq(object(BL_KEY_NET, id, 4), "0x000003e8");
	ck_assert_str_eq(object(BL_KEY_NET, id, 0), "0x");
	ck_assert_str_eq(object(BL_KEY_USER, id, 4), "1000");
	ck_assert_str_eq(object(BL_KEY_USER, id, 3), "0x000003");
	ck_assert_str_eq(object(BL_KEY_PATH, "/a\n", 3), "/a\\x0a");
	ck_assert_str_eq(object(BL_KEY_PATH, "\x01", 1), "(an object without a name)");
	ck_assert_str_eq(object(BL_KEY_PATH, "\x01memfd", 6), "(an object without a name: memfd)");
	ck_assert_str_eq(object(99, "ab", 2), "0x6162");
}
END_TEST

START_TEST(names_numbers)
{
	ck_assert_str_eq(bl_text_op(BL_OP_READ), "read");
	ck_assert_str_eq(bl_text_op(BL_OP_SETGID), "setgid");
	ck_assert_str_eq(bl_text_op(0), "?");
	ck_assert_str_eq(bl_text_op(0xffffffff), "?");
	ck_assert_str_eq(bl_text_class(BL_OP_CONNECT), "network");
	ck_assert_str_eq(bl_text_class(15), "?");
	ck_assert_str_eq(bl_text_verdict(BL_V_KILL), "kill");
	ck_assert_str_eq(bl_text_verdict(0), "?");
	ck_assert_str_eq(bl_text_verdict(5), "?");
	ck_assert_str_eq(bl_text_mode(0), "?");
	ck_assert_str_eq(bl_text_reason(BL_R_NO_LABEL), "no-label");
	ck_assert_str_eq(bl_text_reason(BL_R_MAX), "?");
	ck_assert_str_eq(bl_text_reason_long(BL_R_TOO_LONG), "the name has more than 4095 bytes");
	ck_assert_str_eq(bl_text_kind(BL_KEY_SYS), "sys");
	ck_assert_str_eq(bl_text_kind(16), "?");
	ck_assert_str_eq(bl_text_stat(BL_STAT_DROPPED), "events_dropped");
	ck_assert_ptr_null(bl_text_stat(BL_STAT_REASON0 - 1));
}
END_TEST

START_TEST(tells_the_time)
{
	struct bl_buf b = BL_BUF_INIT;

	bl_text_time(&b, 1795255200123456789ull);
	ck_assert_str_eq(bl_buf_text(&b), "2026-11-21T10:00:00.123Z");
	bl_buf_reset(&b);
	bl_text_time(&b, 0);
	ck_assert_str_eq(bl_buf_text(&b), "1970-01-01T00:00:00.000Z");
	bl_buf_free(&b);
}
END_TEST

START_TEST(buffers_grow)
{
	struct bl_buf b = BL_BUF_INIT;

	ck_assert_str_eq(bl_buf_text(&b), "");
	for (int i = 0; i < 1000; i++)
		bl_buf_printf(&b, "%d,", i);
	ck_assert_uint_eq(b.len, 3890);
	ck_assert_uint_eq(strlen(bl_buf_text(&b)), 3890);
	bl_buf_add(&b, NULL, 0);
	bl_buf_add(&b, "x", (size_t)-1 / 2);
	ck_assert_ptr_null(bl_buf_text(&b));
	bl_buf_str(&b, "ignored after a failure");
	ck_assert_ptr_null(bl_buf_text(&b));
	bl_buf_reset(&b);
	bl_buf_char(&b, 'y');
	ck_assert_str_eq(bl_buf_text(&b), "y");
	bl_buf_free(&b);
}
END_TEST

START_TEST(writes_names_as_patterns)
{
	static const struct pair pairs[] = {
		PAIR("", ""),
		PAIR("/usr/bin/dash", "/usr/bin/dash"),
		PAIR("/a*b?[c]{d,e}\\;\"=#$ f", "/a\\*b\\?\\[c\\]\\{d\\,e\\}\\\\\\;\\\"\\=\\#\\$\\ f"),
		PAIR("/caf\xc3\xa9*", "/caf\xc3\xa9\\*"),
		PAIR("/\x1b[2J", "/\\x1b\\[2J"),
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct bl_buf b = BL_BUF_INIT;

		bl_text_pattern(&b, pairs[i].in);
		ck_assert_str_eq(bl_buf_text(&b), pairs[i].out);
		bl_buf_free(&b);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("text");
	TCase *tc = tcase_create("text");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, escapes_for_terminals);
	tcase_add_test(tc, writes_names_as_patterns);
	tcase_add_test(tc, writes_json_strings);
	tcase_add_test(tc, json_says_whether_it_is_exact);
	tcase_add_test(tc, random_bytes_stay_readable);
	tcase_add_test(tc, names_objects);
	tcase_add_test(tc, names_numbers);
	tcase_add_test(tc, tells_the_time);
	tcase_add_test(tc, buffers_grow);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? 0 : 1;
}
