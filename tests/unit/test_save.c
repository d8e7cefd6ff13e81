/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files appear whole or not at all, and one that is replaced keeps its mode and its links. */
#include "save.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "banned.h"

static char dir[32], path[64], other[64];
static struct bl_error err;
static struct stat st;

static void setup(void)
{
	snprintf(dir, sizeof(dir), "/tmp/bailiff-save-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/file", dir);
	snprintf(other, sizeof(other), "%s/other", dir);
}

/* Everything that a test leaves is one of the two names: a temporary file would make rmdir() fail. */
static void teardown(void)
{
	unlink(path);
	unlink(other);
	ck_assert_int_eq(rmdir(dir), 0);
}

static void expect(const char *name, const char *text)
{
	char buf[32] = "";
	FILE *f = fopen(name, "re");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fread(buf, 1, sizeof(buf) - 1, f), strlen(text));
	fclose(f);
	ck_assert_str_eq(buf, text);
}

START_TEST(new_file)
{
	ck_assert_int_eq(save_file(path, "12345678", 8, &err), 0);
	expect(path, "12345678");
	ck_assert_int_eq(save_file(path, "1", 1, &err), 0);
	expect(path, "1");
	snprintf(other, sizeof(other), "%s/none/file", dir);
	ck_assert_int_eq(save_file(other, "12345678", 8, &err), -ENOENT);
	ck_assert_ptr_nonnull(strstr(err.text, "No such file or directory"));
	/* a directory cannot be replaced: nothing is left beside it */
	ck_assert_int_lt(save_file(dir, "12345678", 8, &err), 0);
}
END_TEST

START_TEST(over_keeps_mode_and_link)
{
	ck_assert_int_eq(save_file(path, "old", 3, &err), 0);
	ck_assert_int_eq(chmod(path, 0640), 0);
	ck_assert_int_eq(symlink("file", other), 0);
	ck_assert_int_eq(save_over(other, "new one", 7, &err), 0);
	expect(path, "new one");
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0640);
	ck_assert_int_eq(lstat(other, &st), 0);
	ck_assert(S_ISLNK(st.st_mode));
}
END_TEST

/* Only root can see that a foreign owner is kept. */
START_TEST(over_keeps_owner)
{
	bool root = geteuid() == 0;

	ck_assert_int_eq(save_file(path, "old", 3, &err), 0);
	ck_assert_int_eq(chown(path, root ? 1234 : geteuid(), root ? 1235 : getegid()), 0);
	ck_assert_int_eq(chmod(path, 04755), 0);
	ck_assert_int_eq(save_over(path, "new", 3, &err), 0);
	expect(path, "new");
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_uid, root ? 1234 : geteuid());
	ck_assert_uint_eq(st.st_gid, root ? 1235 : getegid());
	ck_assert_int_eq(st.st_mode & 07777, 04755);
}
END_TEST

START_TEST(over_refuses)
{
	ck_assert_int_eq(save_over(path, "new", 3, &err), -ENOENT);
	ck_assert_int_ne(access(path, F_OK), 0);
	ck_assert_int_eq(save_over(dir, "new", 3, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "it is not a regular file"));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("save");
	TCase *t = tcase_create("save");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, new_file);
	tcase_add_test(t, over_keeps_mode_and_link);
	tcase_add_test(t, over_keeps_owner);
	tcase_add_test(t, over_refuses);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
