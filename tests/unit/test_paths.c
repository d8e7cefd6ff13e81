/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names and symbolic links: which prefixes of a policy are in its image, and how a name is resolved. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "build_text.h"
#include "walk.h"

#include "banned.h"

/* ---- prefixes ---- */

/* All of a policy's image, "PATH|REST|LINE|fn" each, and a space after each. */
static void prefixes(const char *policy, struct bl_buf *b)
{
	struct bl_image img;
	void *mem;

	build_text(policy, &mem, &img);
	for (size_t i = 0; i < img.nprefixes; i++) {
		const struct bl_meta_prefix *p = &img.prefixes[i];

		ck_assert_str_eq(bl_image_str(&img, p->file), "test.policy");
		bl_buf_printf(b, "%s|%s|%u|%s%s ", bl_image_str(&img, p->path), bl_image_str(&img, p->rest), p->line,
			      p->flags & BL_PREFIX_FOLLOW ? "f" : "", p->flags & BL_PREFIX_NAME ? "n" : "");
	}
	free(mem);
}

static void has(const char *policy, const char *want)
{
	struct bl_buf b = BL_BUF_INIT;

	prefixes(policy, &b);
	ck_assert_str_eq(bl_buf_text(&b), want);
	bl_buf_free(&b);
}

#define ANY(rule) "profile p { subject any; " rule " }"

START_TEST(prefixes_of_patterns)
{
	has(ANY("deny read /a/b;"), "/a/b||1|fn ");
	has(ANY("deny read /a/b/*;"), "/a/b|/*|1|fn ");
	has(ANY("deny read /a/b*/c;"), "/a|/b*/c|1|fn ");
	has(ANY("deny read /a/**/c;"), "/a|/**/c|1|fn ");
	has(ANY("deny read /a/b\\*[xy];"), "/a|/b\\*[xy]|1|fn ");
	has(ANY("deny read /a\\*b;"), "/a*b||1|fn ");
	has(ANY("deny read /, /**, /*, /a*, /*/b;"), "");
	has(ANY("deny read {/usr,}/bin/{a,b*};"), "/bin|/b*|1|fn /bin/a||1|fn /usr/bin|/b*|1|fn /usr/bin/a||1|fn ");
	has(ANY("deny read /a/** except /a/l;"), "/a|/**|1|fn /a/l||1|fn ");
	has(ANY("deny read;"), "");
	has(ANY("deny connect to 10.0.0.0/8;"), "");
}
END_TEST

/* What is asked at a link's own name counts the directories only. */
START_TEST(a_link_at_the_end_counts_by_operation)
{
	has(ANY("deny create /a/b;"), "/a/b||1|n ");
	has(ANY("deny delete /a/b;"), "/a/b||1|n ");
	has(ANY("deny rename, link, mknod /a/b;"), "/a/b||1|n ");
	has(ANY("deny delete, exec /a/b;"), "/a/b||1|fn ");
	has(ANY("deny modify /a/b;"), "/a/b||1|fn ");
	has(ANY("deny attr /a/b;"), "/a/b||1|fn ");
	has(ANY("deny map /a/b;"), "/a/b||1|fn ");
	has(ANY("deny create /a/b/*;"), "/a/b|/*|1|fn ");
}
END_TEST

START_TEST(each_path_once)
{
	has(ANY("\ndeny delete /a/b;\ndeny read /a/b;\ndeny write /a/b;"), "/a/b||3|fn ");
	has(ANY("\ndeny read /a/x*;\ndeny read /a/y*, /a/z?;"), "/a|/x*|2|fn ");
	has(ANY("\ndeny read /z;\ndeny read /y;"), "/z||2|fn /y||3|fn ");
	has("set s = /a/b,\n/a/c;\nprofile p { subject any; deny read $s; deny write $s; }", "/a/b||1|fn /a/c||2|fn ");
}
END_TEST

START_TEST(prefixes_of_all_kinds)
{
	has("profile p { subject exe /x/a; deny ptrace; }", "/x/a||1|fn ");
	has("profile p { subject any except exe /x/a; deny ptrace; }", "/x/a||1|fn ");
	has("profile p { subject script /x/a; subject ancestor /x/b; deny ptrace; }", "/x/a||1|fn /x/b||1|fn ");
	has(ANY("deny ptrace unless exe /x/*;"), "/x|/*|1|fn ");
	has(ANY("deny ptrace to exe /x/a;"), "/x/a||1|fn ");
	has("profile p { subject cgroup /x/a; deny ptrace; }", "");
	has("profile p { subject unit a.service; subject container c; deny ptrace; }", "");
	has(ANY("deny connect unix to /x/a, @x;"), "/x/a||1|f ");
	has(ANY("deny bind unix on /x/a;"), "/x/a||1| ");
	has(ANY("deny bind unix;"), "");
	has(ANY("deny mount source /dev/a target /x/a;"), "/x/a||1|f ");
	has(ANY("deny read /x/a; deny mount target /x/a;"), "/x/a||1|f ");
	has(ANY("deny mount;"), "");
	has(ANY("deny umount /x/a; deny pivot /x/b; deny module /x/c/*;"), "/x/a||1|f /x/b||1|f /x/c|/*|1|f ");
	has(ANY("deny exec memfd, deleted;"), "");
	has(ANY("deny exec $shells;"), ""); /* names for all machines */
}
END_TEST

/* ---- resolving ---- */

static char root[] = "/tmp/test_paths.XXXXXX";

static const char *below(const char *name)
{
	static char buf[sizeof(root) + 300];

	(void)snprintf(buf, sizeof(buf), "%s%s", root, name);
	return buf;
}

static const char *const dirs[] = {"/usr", "/usr/bin", "/d"};
static const char *const links[][2] = {
	{"usr/bin", "/bin"}, {"dash", "/usr/bin/sh"}, {"/usr/bin/sh", "/d/sh"}, {"../usr/./bin", "/d/up"},
	{"loop2", "/loop1"}, {"loop1", "/loop2"},     {"/nowhere/x", "/d/gone"}, {"..", "/d/top"},
};

static void make_tree(void)
{
	ck_assert_ptr_nonnull(mkdtemp(root));
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		ck_assert_int_eq(mkdir(below(dirs[i]), 0755), 0);
	ck_assert_int_eq(fclose(fopen(below("/usr/bin/dash"), "w")), 0);
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		ck_assert_int_eq(symlink(links[i][0], below(links[i][1])), 0);
}

static void remove_tree(void)
{
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		ck_assert_int_eq(unlink(below(links[i][1])), 0);
	ck_assert_int_eq(unlink(below("/usr/bin/dash")), 0);
	for (size_t i = sizeof(dirs) / sizeof(dirs[0]); i-- > 0;)
		ck_assert_int_eq(rmdir(below(dirs[i])), 0);
	ck_assert_int_eq(rmdir(root), 0);
}

static void walks(const char *name, bool follow, int want, const char *done, const char *left, const char *link, const char *target)
{
	struct bl_walk w;

	ck_assert_msg(bl_walk_name(root, name, follow, &w) == want, "%s", name);
	ck_assert_str_eq(w.done, done);
	ck_assert_str_eq(w.left, left);
	ck_assert_str_eq(w.link, link);
	ck_assert_str_eq(w.target, target);
	ck_assert_int_eq(w.links != 0, link[0] != '\0');
}

START_TEST(names_are_resolved_below_a_root)
{
	make_tree();
	walks("/usr/bin/dash", true, 0, "/usr/bin/dash", "", "", "");
	walks("/bin", true, 0, "/usr/bin", "", "/bin", "usr/bin");
	walks("/bin", false, 0, "/bin", "", "", "");
	walks("/bin/dash", false, 0, "/usr/bin/dash", "", "/bin", "usr/bin");
	walks("/bin/sh", true, 0, "/usr/bin/dash", "", "/bin", "usr/bin");
	walks("/bin/sh", false, 0, "/usr/bin/sh", "", "/bin", "usr/bin");
	walks("/usr/bin/sh", false, 0, "/usr/bin/sh", "", "", "");
	walks("/d/sh", true, 0, "/usr/bin/dash", "", "/d/sh", "/usr/bin/sh");
	walks("/d/up/dash", true, 0, "/usr/bin/dash", "", "/d/up", "../usr/./bin");
	walks("/d/top/d", true, 0, "/d", "", "/d/top", "..");
	walks("/d/top", true, 0, "", "", "/d/top", "..");
	walks("/", true, 0, "", "", "", "");
	remove_tree();
}
END_TEST

START_TEST(names_that_do_not_resolve)
{
	char longest[PATH_MAX + 1], component[NAME_MAX + 3];
	struct bl_walk w;

	make_tree();
	walks("/usr/none/x", true, -ENOENT, "/usr/none", "/x", "", "");
	walks("/usr/none", true, -ENOENT, "/usr/none", "", "", "");
	walks("/usr/bin/dash/x", true, -ENOTDIR, "/usr/bin/dash/x", "", "", "");
	walks("/bin/none/x", true, -ENOENT, "/usr/bin/none", "/x", "/bin", "usr/bin");
	walks("/d/gone/y", true, -ENOENT, "/nowhere", "/x/y", "/d/gone", "/nowhere/x");
	ck_assert_int_eq(bl_walk_name(root, "/loop1/x", true, &w), -ELOOP);
	ck_assert_str_eq(w.link, "/loop1");
	ck_assert_str_eq(w.target, "loop2");
	ck_assert_int_eq(bl_walk_name(root, "/usr/none/x", true, &w), -ENOENT);
	ck_assert(!w.last);
	ck_assert_int_eq(bl_walk_name(root, "/usr/none", true, &w), -ENOENT);
	ck_assert(w.last);
	memset(component, 'x', sizeof(component));
	component[0] = '/';
	component[NAME_MAX + 1] = '\0';
	ck_assert_int_eq(bl_walk_name(root, component, true, &w), -ENOENT);
	component[NAME_MAX + 1] = 'x';
	component[NAME_MAX + 2] = '\0';
	ck_assert_int_eq(bl_walk_name(root, component, true, &w), -ENAMETOOLONG);
	for (size_t i = 0; i < sizeof(longest); i++)
		longest[i] = i % 2 ? '.' : '/';
	longest[PATH_MAX - 1] = '\0';
	ck_assert_int_eq(bl_walk_name(root, longest, true, &w), 0);
	longest[PATH_MAX - 1] = '/';
	longest[PATH_MAX] = '\0';
	ck_assert_int_eq(bl_walk_name(root, longest, true, &w), -ENAMETOOLONG);
	remove_tree();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("paths");
	TCase *tc = tcase_create("paths");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, prefixes_of_patterns);
	tcase_add_test(tc, a_link_at_the_end_counts_by_operation);
	tcase_add_test(tc, each_path_once);
	tcase_add_test(tc, prefixes_of_all_kinds);
	tcase_add_test(tc, names_are_resolved_below_a_root);
	tcase_add_test(tc, names_that_do_not_resolve);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? 0 : 1;
}
