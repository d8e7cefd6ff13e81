/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events: records that are not what they should be are refused, and good ones say in text and JSON exactly what bailiff-events(5) says. */
#include <check.h>
#include <stdlib.h>

#include "event_record.h"

#include "banned.h"

/* A copy that ends where its memory does, so that ASan sees a byte too far. */
static bool decodes(const struct bl_buf *b, size_t size, bool (*fn)(const void *, size_t, struct bl_event_view *))
{
	struct bl_event_view v;
	void *copy = malloc(size ? size : 1);
	bool r;

	memcpy(copy, b->data, size);
	r = fn(copy, size, &v);
	free(copy);
	return r;
}

START_TEST(every_length_is_checked)
{
	struct bl_buf b = BL_BUF_INIT;
	uint32_t kernel;

	event_record(&b, &event_example, &event_example_text);
	kernel = ((const struct bl_event *)b.data)->size;
	for (size_t n = 0; n < b.len; n++) {
		ck_assert_msg(!decodes(&b, n, bl_record_decode), "a record cut to %zu", n);
		ck_assert_msg(decodes(&b, n, bl_event_decode) == (n >= kernel), "an event cut to %zu", n);
	}
	ck_assert(decodes(&b, b.len, bl_record_decode));
	bl_buf_char(&b, 'x');
	ck_assert(!decodes(&b, b.len, bl_record_decode));
	bl_buf_free(&b);
}
END_TEST

START_TEST(every_number_is_checked)
{
	static const size_t at[] = {
		offsetof(struct bl_event, version),    offsetof(struct bl_event, size),	    offsetof(struct bl_event, exe_len),
		offsetof(struct bl_event, script_len), offsetof(struct bl_event, unit_len), offsetof(struct bl_event, container_len),
		offsetof(struct bl_event, obj_len),    offsetof(struct bl_event, nancestors),
	};
	struct bl_buf b = BL_BUF_INIT;

	for (size_t i = 0; i < BL_ARRAY_SIZE(at); i++) {
		for (int bit = 0; bit < 16; bit++) {
			event_record(&b, &event_example, &event_example_text);
			b.data[at[i] + (size_t)bit / 8] ^= (char)(1 << bit % 8);
			ck_assert_msg(!decodes(&b, b.len, bl_record_decode), "number %zu, bit %d", i, bit);
		}
	}
	for (size_t i = 0; i < 2 * (1 + BL_EVENT_ANCESTORS); i++) {
		size_t more;

		event_record(&b, &event_example, &event_example_text);
		more = (((const struct bl_event *)b.data)->size + 7) / 8 * 8 + offsetof(struct bl_event_more, cgroup_len);
		b.data[more + i] ^= 0x40;
		ck_assert_msg(!decodes(&b, b.len, bl_record_decode), "length %zu of what is added", i);
	}
	bl_buf_free(&b);
}
END_TEST

static void printed(const struct bl_event *ev, const struct event_text *t, bool json, struct bl_buf *ret)
{
	struct bl_gen_names names = {.gens = {{.gen = 1}}}; /* it is gone */
	struct bl_buf b = BL_BUF_INIT;
	struct bl_event_view v;

	event_record(&b, ev, t);
	ck_assert(bl_record_decode(b.data, b.len, &v));
	bl_buf_reset(ret);
	if (json)
		ck_assert_int_eq(bl_event_json(ret, &names, &v), 0);
	else
		bl_event_text(ret, &names, &v);
	ck_assert_ptr_nonnull(bl_buf_text(ret));
	bl_buf_free(&b);
}

START_TEST(json_has_everything)
{
	static const char begin[] = "{\"schema\":1,\"id\":\"", middle[] = "-1d3c2f06c-2a\",";
	struct bl_buf b = BL_BUF_INIT;

	printed(&event_example, &event_example_text, true, &b);
	ck_assert(strncmp(bl_buf_text(&b), begin, strlen(begin)) == 0);
	ck_assert_ptr_nonnull(strstr(bl_buf_text(&b), middle));
	ck_assert_str_eq(
		strstr(bl_buf_text(&b), middle) + strlen(middle),
		"\"time\":\"2026-11-21T10:14:48.901Z\",\"boot_ns\":7847735404,\"seq\":42,\"generation\":1,\"count\":1,\"first_boot_ns\":7847735404,\"summary\":false,\"verdict\":\"deny\",\"mode\":\"enforce\","
		"\"op\":\"read\",\"kind\":\"path\",\"object\":\"/etc/shadow\",\"canonical\":false,\"profile\":0,\"rule\":{\"number\":0,\"file\":null,"
		"\"line\":0,\"text\":null},\"reason\":\"rule\",\"message\":null,\"tag\":null,\"severity\":null,\"pid\":183,\"tid\":184,\"ppid\":170,"
		"\"start_ns\":7840000000,\"comm\":\"cat\",\"exe\":\"/usr/bin/cat\",\"script\":null,\"untrusted\":false,\"uid\":1000,\"euid\":0,"
		"\"gid\":1000,\"egid\":42,\"auid\":1000,\"tty\":\"pts0\",\"cgroup_id\":3021,\"cgroup\":\"/user.slice/session-2.scope\","
		"\"unit\":\"session-2.scope\",\"container\":\"\",\"ancestors\":[{\"pid\":1,\"start_ns\":10000000,\"comm\":\"systemd\",\"exe\":null},"
		"{\"pid\":170,\"start_ns\":6200000000,\"comm\":\"bash\",\"exe\":\"/usr/bin/bash\"}]}");
	bl_buf_free(&b);
}
END_TEST

START_TEST(text_is_one_line)
{
	struct event_text t = event_example_text;
	struct bl_buf b = BL_BUF_INIT;

	t.obj = "/a\nb\xff";
	printed(&event_example, &t, false, &b);
	ck_assert_str_eq(bl_buf_text(&b), "2026-11-21T10:14:48.901Z deny read /a\\x0ab\\xff by /usr/bin/cat[183] uid=1000 euid=0 profile 0 rule 0 "
					  "of generation 1");
	printed(&event_example, &t, true, &b);
	ck_assert_ptr_nonnull(strstr(bl_buf_text(&b), "\"object_hex\":\"2f610a62ff\",\"object\":\"/a\\nb\xef\xbf\xbd\""));
	bl_buf_free(&b);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("enforcer_events");
	TCase *t = tcase_create("all");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(t, every_length_is_checked);
	tcase_add_test(t, every_number_is_checked);
	tcase_add_test(t, json_has_everything);
	tcase_add_test(t, text_is_one_line);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
