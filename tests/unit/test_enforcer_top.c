/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A frame of `enforcer top`: what is busy first, nothing without hits, no line longer and no frame higher than the screen. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "abi.h"
#include "top.h"

#include "banned.h"

static const struct bl_top_row example[] = {
	{"p", "deny read /a", "p.policy", 4, BL_V_DENY, false, 100, 100, NULL},
	{"p", "log read /b", "p.policy", 5, BL_V_LOG, true, 7, 1, "read /b by /bin/c[9]"},
	{"p", "deny read /never", "p.policy", 6, BL_V_DENY, false, 0, 0, NULL},
	{"q\x1b[2J", NULL, "q.policy", 2, BL_V_DENY, true, 3, 0, NULL},
	{"p", "kill read /\xc3\xa9", "p.policy", 7, BL_V_KILL, false, 200, 200, NULL},
};

static const char *latency;

static void frame(unsigned int seconds, size_t width, size_t height, struct bl_buf *b)
{
	struct bl_top_row rows[BL_ARRAY_SIZE(example)];

	memcpy(rows, example, sizeof(rows));
	bl_buf_reset(b);
	bl_top_frame(b, "head", latency, rows, BL_ARRAY_SIZE(rows), seconds, width, height);
	ck_assert_ptr_nonnull(bl_buf_text(b));
}

START_TEST(everything)
{
	struct bl_buf b = BL_BUF_INIT;

	frame(2, 0, 0, &b);
	ck_assert_str_eq(bl_buf_text(&b), "head\n"
					  "      HITS    PER S  VERDICT    PROFILE  RULE  <- LAST\n"
					  "         7      3.0  log        p  p.policy:5: log read /b  <- read /b by /bin/c[9]\n"
					  "         3      1.5  would-deny q\\x1b[2J  q.policy:2: default\n"
					  "       200      0.0  kill       p  p.policy:7: kill read /\xc3\xa9\n"
					  "       100      0.0  deny       p  p.policy:4: deny read /a\n");
	bl_buf_free(&b);
}
END_TEST

START_TEST(first_frame)
{
	struct bl_buf b = BL_BUF_INIT;

	latency = "hooks: 1 calls";
	frame(0, 0, 0, &b);
	latency = NULL;
	ck_assert_int_eq(strncmp(bl_buf_text(&b), "head\nhooks: 1 calls\n      HITS", 30), 0);
	ck_assert_ptr_nonnull(strstr(bl_buf_text(&b), "         7        -  log "));
	bl_buf_free(&b);
}
END_TEST

START_TEST(as_json)
{
	const struct bl_gen_mode mode = {.profiles = 2, .enforcing = 1};
	const struct bl_top_head head = {.mode = &mode, .wall_ns = 1795256088901000000, .gen = 3, .daemon = true, .produced = 12, .dropped = 1};
	struct bl_top_row rows[BL_ARRAY_SIZE(example)];
	struct bl_buf b = BL_BUF_INIT;

	memcpy(rows, example, sizeof(rows));
	ck_assert_int_eq(bl_top_json(&b, &head, rows, 2, 2), 0);
	ck_assert_str_eq(bl_buf_text(&b),
			 "{\"time\":\"2026-11-21T10:14:48.901Z\",\"generation\":3,\"dry_run\":false,\"daemon\":true,\"events_produced\":12,\"events_dropped\":1,"
			 "\"seconds\":2,\"latency\":null,\"rows\":["
			 "{\"profile\":\"p\",\"rule\":\"log read /b\",\"file\":\"p.policy\",\"line\":5,\"verdict\":\"log\",\"audit\":true,\"hits\":7,\"new_hits\":6,"
			 "\"last\":\"read /b by /bin/c[9]\"},"
			 "{\"profile\":\"p\",\"rule\":\"deny read /a\",\"file\":\"p.policy\",\"line\":4,\"verdict\":\"deny\",\"audit\":false,\"hits\":100,\"new_hits\":0,"
			 "\"last\":null}]}\n");
	bl_buf_reset(&b);
	ck_assert_int_eq(bl_top_json(&b, &head, rows, 0, 0), 0);
	ck_assert_ptr_nonnull(strstr(bl_buf_text(&b), "\"seconds\":null,\"latency\":null,\"rows\":[]}\n"));
	bl_buf_free(&b);
}
END_TEST

/* Two hooks, and what came since the frame before. */
START_TEST(line_of_latency)
{
	static struct bl_hook_latency hooks[BL_NHOOKS];
	struct bl_hook_latency before = {.calls = 0};
	struct bl_buf b = BL_BUF_INIT;

	hooks[0] = (struct bl_hook_latency){.timed = true, .calls = 100, .sum = {.ns = 150000, .buckets = {[3] = 99, [4] = 1}}};
	hooks[2] = (struct bl_hook_latency){.timed = true, .calls = 100, .sum = {.ns = 50000, .buckets = {[1] = 100}}};
	bl_latency_line(&b, hooks, &before, 0);
	ck_assert_str_eq(bl_buf_text(&b), "hooks: 200 calls; mean 1.0 us, 50% <256.0 ns, 99% <1.0 us, all <2.0 us");
	bl_buf_reset(&b);
	bl_latency_line(&b, hooks, &before, 2);
	ck_assert_str_eq(bl_buf_text(&b), "hooks: 0 calls, 0.0 per s");
	bl_buf_reset(&b);
	hooks[2].calls += 3;
	hooks[2].sum.buckets[1] += 3;
	hooks[2].sum.ns += 300;
	bl_latency_line(&b, hooks, &before, 2);
	ck_assert_str_eq(bl_buf_text(&b), "hooks: 3 calls, 1.5 per s; mean 100.0 ns, 50% <256.0 ns, 99% <256.0 ns, all <256.0 ns");
	bl_buf_reset(&b);
	hooks[0] = (struct bl_hook_latency){.timed = true}; /* off and on again */
	bl_latency_line(&b, hooks, &before, 2);
	ck_assert_ptr_eq(strstr(bl_buf_text(&b), "hooks: 103 calls, 51.5 per s;"), bl_buf_text(&b));
	bl_buf_free(&b);
}
END_TEST

/* Who reads one word has to be told whether anything is refused. */
START_TEST(words_of_modes)
{
	static const struct {
		struct bl_gen_mode mode;
		const char *words;
	} all[] = {
		{{.profiles = 3, .enforcing = 3}, "enforcing"},
		{{.profiles = 3, .enforcing = 1}, "enforcing 1 of 3 profiles, auditing the others"},
		{{.profiles = 3, .enforcing = 0}, "auditing: no profile is in enforce mode, nothing is refused"},
		{{.profiles = 0, .enforcing = 0}, "auditing: no profile is in enforce mode, nothing is refused"},
		{{.profiles = 3, .enforcing = 3, .dry_run = true}, "auditing (dry run): nothing is refused"},
		{{.profiles = 3, .enforcing = 0, .dry_run = true}, "auditing (dry run): nothing is refused"},
	};
	struct bl_buf b = BL_BUF_INIT;

	for (size_t i = 0; i < BL_ARRAY_SIZE(all); i++) {
		bl_buf_reset(&b);
		bl_gen_mode_text(&b, &all[i].mode);
		ck_assert_str_eq(bl_buf_text(&b), all[i].words);
	}
	bl_buf_free(&b);
}
END_TEST

START_TEST(small_screens)
{
	struct bl_buf b = BL_BUF_INIT;

	for (size_t width = 1; width < 80; width++) {
		frame(2, width, 0, &b);
		for (const char *line = bl_buf_text(&b); *line; line = strchr(line, '\n') + 1) {
			size_t chars = 0;

			for (size_t i = 0; line[i] != '\n'; i++)
				chars += ((unsigned char)line[i] & 0xc0) != 0x80;
			ck_assert_uint_le(chars, width);
		}
	}
	frame(2, 59, 0, &b); /* not in the middle of a character */
	ck_assert_ptr_nonnull(strstr(bl_buf_text(&b), "kill read /\xc3\xa9\n"));
	for (size_t height = 3; height < 10; height++) {
		size_t lines = 0;

		frame(2, 0, height, &b);
		for (const char *p = bl_buf_text(&b); (p = strchr(p, '\n')) != NULL; p++)
			lines++;
		ck_assert_uint_le(lines, height);
	}
	bl_buf_free(&b);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("enforcer_top");
	TCase *t = tcase_create("all");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(t, everything);
	tcase_add_test(t, first_frame);
	tcase_add_test(t, as_json);
	tcase_add_test(t, line_of_latency);
	tcase_add_test(t, words_of_modes);
	tcase_add_test(t, small_screens);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
