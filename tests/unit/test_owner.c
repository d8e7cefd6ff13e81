/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Users and groups by their names: the same look-up serves the compiler and the enforcer. */
#include "owner.h"

#include <check.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>

#include "arena.h"
#include "ids.h"
#include "banned.h"

START_TEST(test_known)
{
	__u32 id = 7;

	ck_assert_int_eq(bl_owner_find(BL_KEY_USER, "root", &id), 0);
	ck_assert_uint_eq(id, 0);
	id = 7;
	ck_assert_int_eq(bl_owner_find(BL_KEY_GROUP, "root", &id), 0);
	ck_assert_uint_eq(id, 0);
}
END_TEST

START_TEST(test_unknown)
{
	__u32 id = 7;

	ck_assert_int_eq(bl_owner_find(BL_KEY_USER, "no-such-user", &id), -ENOENT);
	ck_assert_int_eq(bl_owner_find(BL_KEY_GROUP, "no-such-group", &id), -ENOENT);
	ck_assert_int_eq(bl_owner_find(BL_KEY_USER, "", &id), -ENOENT);
	ck_assert_uint_eq(id, 7);
}
END_TEST

/* Of a name that is a group's and no user's, or the other way round, only one is found. */
START_TEST(test_kinds)
{
	const struct group *g;
	__u32 id;

	setgrent();
	while ((g = getgrent()) && getpwnam(g->gr_name))
		;
	ck_assert_ptr_nonnull(g);
	ck_assert_int_eq(ids_find(BL_KEY_GROUP, g->gr_name, &id), 0);
	ck_assert_uint_eq(id, g->gr_gid);
	ck_assert_int_eq(ids_find(BL_KEY_USER, g->gr_name, &id), -ENOENT);
	endgrent();
}
END_TEST

START_TEST(test_numbers)
{
	struct word_error err = {0};
	struct arena a;
	uint32_t lo, hi;

	arena_init(&a);
	ck_assert_int_eq(ids_parse(&a, BL_KEY_GROUP, "100-200", &lo, &hi, &err), 0);
	ck_assert_uint_eq(lo, 100);
	ck_assert_uint_eq(hi, 200);
	ck_assert_int_eq(ids_parse(&a, BL_KEY_GROUP, "4294967295", &lo, &hi, &err), -EINVAL);
	ck_assert_str_eq(err.text, "group number 4294967295 is out of range");
	ck_assert_int_eq(ids_parse(&a, BL_KEY_USER, "4294967294", &lo, &hi, &err), 0);
	arena_free(&a);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("owner");
	TCase *t = tcase_create("all");
	SRunner *r;
	int failed;

	tcase_add_test(t, test_known);
	tcase_add_test(t, test_unknown);
	tcase_add_test(t, test_kinds);
	tcase_add_test(t, test_numbers);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
