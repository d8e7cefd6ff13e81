// SPDX-License-Identifier: GPL-2.0-or-later
/* What report counts, and that what the compiler lets pass is what the enforcer holds. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "analyse_size.h"
#include "diff_pair.h"
#include "size_class.h"

static void sizes_of(const char *text, struct sizes *ret, struct bl_image *img, void **mem)
{
	build_text(text, mem, img);
	sizes_take(img->tables, ret);
}

START_TEST(parts_are_the_tables)
{
	struct bl_image img;
	struct sizes s;
	uint64_t sum = 0;
	void *mem;

	sizes_of("profile p { subject exe /x, /y and user 5; deny read /a/** unless user 7; deny exec /b; }", &s, &img, &mem);
	for (unsigned int i = 0; i < SIZE_PARTS_N; i++) {
		ck_assert_uint_gt(s.bytes[i], 0);
		sum += s.bytes[i];
	}
	ck_assert_uint_eq(sum, img.tables_size);
	ck_assert_uint_eq(s.bytes[SIZE_RULES], 8 * img.tables->nrules);
	free(mem);
}
END_TEST

START_TEST(longest_list_and_chain)
{
	struct bl_image img;
	struct sizes s;
	void *mem;

	sizes_of("profile p { subject exe /x; deny read /a unless user 1; deny read /a unless user 2; deny read /a; deny read /a/b; }"
		 "profile q { subject exe /x, /y; subject exe /[xy]; deny read /a if user 3; deny read /*; }",
		 &s, &img, &mem);
	ck_assert_uint_eq(s.list, 5);
	ck_assert_uint_eq(s.chain, 3);
	ck_assert_uint_eq(s.terms, 3); /* /x: of p, and both of q */
	free(mem);
}
END_TEST

START_TEST(size_classes)
{
	ck_assert_uint_eq(bl_size_class(1), 1u << 15);
	ck_assert_uint_eq(bl_size_class((1u << 15) + 1), 1u << 17);
	ck_assert_uint_eq(bl_size_class_first(1), 1u << 17);
	ck_assert_uint_eq(bl_size_class_first((1u << 17) + 1), 1u << 19);
	ck_assert_uint_eq(bl_size_class_first((1u << 19) + 1), 5u << 17);
	ck_assert_uint_eq(bl_size_class(7u << 17), 7u << 17);
	ck_assert_uint_eq(bl_size_class((7u << 17) + 1), 1u << 20);
	/* the compiler's limit is what the largest class holds: a policy is refused before it is loaded, or not at all */
	ck_assert_uint_eq(bl_size_class(BL_MAX_WORDS), BL_MAX_WORDS);
	ck_assert_uint_eq(bl_size_class(BL_MAX_WORDS + 1), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("report");
	TCase *t = tcase_create("sizes");
	SRunner *r;
	int failed;

	tcase_add_test(t, parts_are_the_tables);
	tcase_add_test(t, longest_list_and_chain);
	tcase_add_test(t, size_classes);
	tcase_set_timeout(t, 120);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
