/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Comments are kept with their file: what they say, where they stand, what stands before them. */
#include "parser.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "banned.h"

static struct arena arena;
static struct diags diags;
static const struct src_file *file;

static void setup(void)
{
	arena_init(&arena);
}

static void teardown(void)
{
	arena_free(&arena);
}

static const struct src_comment *parse(const char *text)
{
	struct src_set s;

	src_init(&s, &arena);
	diag_init(&diags, &arena);
	ck_assert_int_eq(src_add(&s, "t.policy", text, strlen(text), NULL, &file), 0);
	parse_file(&arena, &diags, file, PARSE_FILE);
	return file->comments->first;
}

static const struct src_comment *expect(const struct src_comment *c, const char *text, bool alone, unsigned line, unsigned col)
{
	ck_assert_ptr_nonnull(c);
	ck_assert_str_eq(c->text, text);
	ck_assert_int_eq(c->alone, alone);
	ck_assert_ptr_eq(c->loc.file, file);
	ck_assert_uint_eq(c->loc.line, line);
	ck_assert_uint_eq(c->loc.col, col);
	ck_assert_uint_eq(c->loc.end_line, line);
	ck_assert_uint_eq(c->loc.end_col, col + strlen(text));
	return c->next;
}

START_TEST(test_places)
{
	const struct src_comment *c = parse("# one\n"
					    "profile p { # two \t\n"
					    " \t#\n"
					    "\tdeny read /a, # in a list # of its own\n"
					    "\t\t/b#c, \"# no\";\n"
					    "} # end");

	ck_assert_uint_eq(diags.nerrors, 0);
	c = expect(c, "# one", true, 1, 1);
	c = expect(c, "# two", false, 2, 13);
	c = expect(c, "#", true, 3, 3);
	c = expect(c, "# in a list # of its own", false, 4, 16);
	c = expect(c, "# end", false, 6, 3);
	ck_assert_ptr_null(c);
}
END_TEST

START_TEST(test_none)
{
	ck_assert_ptr_null(parse(""));
	ck_assert_ptr_null(parse("set a = /#, \"#\";\n"));
}
END_TEST

/* A file that is parsed again has its comments once. */
START_TEST(test_again)
{
	parse("# one\nset a = /x;\n");
	parse_file(&arena, &diags, file, PARSE_FILE);
	ck_assert_ptr_null(expect(file->comments->first, "# one", true, 1, 1));
}
END_TEST

/* A '#' that is wrong where it stands is a comment all the same, after its message. */
START_TEST(test_wrong)
{
	const struct src_comment *c = parse("set a = /x;# one\n");

	ck_assert_uint_eq(diags.nerrors, 1);
	ck_assert_ptr_null(expect(c, "# one", false, 1, 12));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("comments");
	TCase *t = tcase_create("comments");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, test_places);
	tcase_add_test(t, test_none);
	tcase_add_test(t, test_again);
	tcase_add_test(t, test_wrong);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
