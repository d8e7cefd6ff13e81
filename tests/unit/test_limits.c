/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Limits that need much of something: at the value and one above. Those of single words are beside what they limit. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bounds.h"
#include "buf.h"
#include "compile.h"
#include "image_write.h"
#include "simulate.h"

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

/* Compiles texts[0] with what it includes. */
static int compile(const struct compile_text *texts, size_t n)
{
	compile_free(&c);
	compile_init(&c);
	return policy_compile_text(&c, texts, n, &ir);
}

/* The policy must have no error, or one with this id. Frees b. */
static void expect(struct bl_buf *b, const char *id)
{
	struct compile_text t = {.name = "t", .bytes = bl_buf_text(b), .len = b->len};

	compile(&t, 1);
	if (c.diags.nerrors != (id[0] ? 1 : 0))
		diag_print(&c.diags, stderr, DIAG_TEXT);
	ck_assert_uint_eq(c.diags.nerrors, id[0] ? 1 : 0);
	if (id[0])
		ck_assert_str_eq(c.diags.v[0]->id, id);
	bl_buf_free(b);
}

static void repeat(struct bl_buf *b, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		bl_buf_str(b, s);
}

/* ---- text (bounds.h) ---- */

START_TEST(files)
{
	static struct compile_text t[LIMIT_FILES + 1];
	static char names[LIMIT_FILES + 1][8];

	for (size_t n = LIMIT_FILES; n <= LIMIT_FILES + 1; n++) {
		struct bl_buf b = BL_BUF_INIT;

		for (size_t i = 1; i < n; i++) {
			snprintf(names[i], sizeof(names[i]), "f%zu", i);
			bl_buf_printf(&b, "include \"%s\";\n", names[i]);
			t[i] = (struct compile_text){.name = names[i], .bytes = "#", .len = 1};
		}
		t[0] = (struct compile_text){.name = "t", .bytes = b.data, .len = b.len};
		ck_assert_int_eq(compile(t, n), n > LIMIT_FILES);
		if (n > LIMIT_FILES) {
			ck_assert_str_eq(c.diags.v[0]->text, "too many files");
			ck_assert_uint_eq(c.diags.v[0]->loc.line, LIMIT_FILES);
		}
		bl_buf_free(&b);
	}
}
END_TEST

/* Those that the caller names count as much as included ones. */
START_TEST(named_files)
{
	static const char *paths[LIMIT_FILES + 1];
	char path[] = "/tmp/bailiff-test-XXXXXX";
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	close(fd);
	for (size_t i = 0; i <= LIMIT_FILES; i++)
		paths[i] = path;
	ck_assert_int_eq(policy_compile(&c, paths, LIMIT_FILES, &ir), 0);
	compile_free(&c);
	compile_init(&c);
	ck_assert_int_eq(policy_compile(&c, paths, LIMIT_FILES + 1, &ir), 1);
	ck_assert_str_eq(c.diags.v[0]->id, "E-limit");
	ck_assert(!c.unreadable);
	unlink(path);
}
END_TEST

START_TEST(total_bytes)
{
	static const char root[] = "include \"a\";include \"b\";include \"c\";include \"d\";";
	const size_t rootlen = sizeof(root) - 1;
	char *spaces = malloc(LIMIT_FILE_BYTES);

	_Static_assert(LIMIT_TOTAL_BYTES == 4 * LIMIT_FILE_BYTES, "the texts below");
	ck_assert_ptr_nonnull(spaces);
	memset(spaces, ' ', LIMIT_FILE_BYTES);
	for (size_t above = 0; above <= 1; above++) {
		const struct compile_text t[] = {
			{.name = "t", .bytes = root, .len = rootlen},
			{.name = "a", .bytes = spaces, .len = LIMIT_FILE_BYTES},
			{.name = "b", .bytes = spaces, .len = LIMIT_FILE_BYTES},
			{.name = "c", .bytes = spaces, .len = LIMIT_FILE_BYTES},
			{.name = "d", .bytes = spaces, .len = LIMIT_FILE_BYTES - rootlen + above},
		};

		ck_assert_int_eq(compile(t, 5), (int)above);
	}
	ck_assert_str_eq(c.diags.v[0]->text, "'d' is too big");
	free(spaces);
}
END_TEST

/* A file on disk: read to the limit, and not much further. */
START_TEST(file_bytes)
{
	char path[] = "/tmp/bailiff-test-XXXXXX";
	int fd = mkstemp(path);
	const struct src_file *f;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, LIMIT_FILE_BYTES), 0);
	ck_assert_int_eq(src_read(&c.srcs, path, NULL, &f), 0);
	ck_assert_uint_eq(f->len, LIMIT_FILE_BYTES);
	ck_assert_int_eq(ftruncate(fd, LIMIT_FILE_BYTES + 1), 0);
	ck_assert_int_eq(src_read(&c.srcs, path, NULL, &f), -EFBIG);
	close(fd);
	unlink(path);
}
END_TEST

START_TEST(alternatives)
{
	for (unsigned more = 0; more <= 1; more++) {
		struct bl_buf b = BL_BUF_INIT;

		/* 64 * 64 = 4096, and 17 * 241 = 4097 */
		bl_buf_str(&b, "profile p { subject any; deny read /{a");
		repeat(&b, ",a", (more ? 17 : 64) - 1);
		bl_buf_str(&b, "}{a");
		repeat(&b, ",a", (more ? 241 : 64) - 1);
		bl_buf_str(&b, "}; }");
		expect(&b, more ? "E-limit" : "");
	}
}
END_TEST

START_TEST(expanded_bytes)
{
	for (unsigned more = 0; more <= 1; more++) {
		struct bl_buf b = BL_BUF_INIT;

		/* 512 alternatives of 2048 bytes, one of them perhaps of 2049 */
		_Static_assert(LIMIT_EXPANDED == 512 * 2048, "the pattern below");
		bl_buf_str(&b, "profile p { subject any; deny read /");
		repeat(&b, "x", 2046);
		bl_buf_str(&b, more ? "{ab" : "{a");
		repeat(&b, ",a", 511);
		bl_buf_str(&b, "}; }");
		expect(&b, more ? "E-limit" : "");
	}
}
END_TEST

START_TEST(sets)
{
	for (unsigned n = LIMIT_SETS; n <= LIMIT_SETS + 1; n++) {
		struct bl_buf b = BL_BUF_INIT;

		for (unsigned i = 0; i < n; i++)
			bl_buf_printf(&b, "set s%u = /a;", i);
		bl_buf_str(&b, "profile p { subject any; deny read $s0; }");
		expect(&b, n > LIMIT_SETS ? "E-limit" : "");
	}
}
END_TEST

START_TEST(set_name)
{
	for (unsigned n = LIMIT_NAME_BYTES; n <= LIMIT_NAME_BYTES + 1; n++) {
		struct bl_buf b = BL_BUF_INIT;

		bl_buf_str(&b, "set ");
		repeat(&b, "s", n);
		bl_buf_str(&b, " = /a; profile p { subject any; deny read /a; }");
		expect(&b, n > LIMIT_NAME_BYTES ? "E-name" : "");
	}
}
END_TEST

START_TEST(patterns)
{
	for (unsigned more = 0; more <= 1; more++) {
		struct bl_buf b = BL_BUF_INIT;

		/* ten of the set, and as many each time it is used */
		_Static_assert(LIMIT_PATTERNS % 10 == 0, "the rules below");
		bl_buf_str(&b, "set s = /0, /1, /2, /3, /4, /5, /6, /7, /8, /9; profile p { subject any;\n");
		repeat(&b, "deny read $s;", LIMIT_PATTERNS / 10 - 1);
		bl_buf_str(&b, more ? "deny read /b; }" : "}");
		expect(&b, more ? "E-limit" : "");
	}
}
END_TEST

START_TEST(rules)
{
	for (unsigned n = BL_MAX_RULES; n <= BL_MAX_RULES + 1; n++) {
		struct bl_buf b = BL_BUF_INIT;

		bl_buf_str(&b, "profile p{subject any;");
		repeat(&b, "log exec;", n);
		bl_buf_str(&b, "}");
		expect(&b, n > BL_MAX_RULES ? "E-limit" : "");
	}
}
END_TEST

/* ---- messages ---- */

/* How many lines of the printed messages contain s. */
static unsigned printed_lines(const char *s)
{
	char *text = NULL;
	unsigned lines = 0;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	diag_print(&c.diags, f, DIAG_TEXT);
	fclose(f);
	for (const char *p = text; (p = strstr(p, s)); p++)
		lines++;
	free(text);
	return lines;
}

START_TEST(messages)
{
	static const unsigned counts[] = {LIMIT_DIAGS_PRINTED, LIMIT_DIAGS_PRINTED + 1, LIMIT_DIAGS_KEPT,
					  LIMIT_DIAGS_KEPT + 1};

	for (size_t i = 0; i < 4; i++) {
		compile_free(&c);
		compile_init(&c);
		for (unsigned k = 0; k < counts[i]; k++)
			diag_error(&c.diags, (struct src_loc){0}, "E-x", "mistake");
		ck_assert_uint_eq(c.diags.nerrors, counts[i]);
		ck_assert_uint_eq(c.diags.n, counts[i] > LIMIT_DIAGS_KEPT ? LIMIT_DIAGS_KEPT : counts[i]);
		ck_assert_uint_eq(printed_lines("error: mistake"), LIMIT_DIAGS_PRINTED);
		ck_assert_uint_eq(printed_lines("not shown"), counts[i] > LIMIT_DIAGS_PRINTED);
	}
	ck_assert_uint_eq(printed_lines("policyc: 981 more errors not shown"), 1);
}
END_TEST

/* An error after more warnings than are kept is printed, before them. */
START_TEST(many_warnings)
{
	for (unsigned k = 0; k <= LIMIT_DIAGS_KEPT; k++)
		diag_warning(&c.diags, (struct src_loc){0}, "W-x", "remark");
	diag_error(&c.diags, (struct src_loc){0}, "E-x", "mistake");
	ck_assert_uint_eq(c.diags.n, LIMIT_DIAGS_KEPT + 1);
	ck_assert_uint_eq(printed_lines("error: mistake"), 1);
	ck_assert_uint_eq(printed_lines("warning: remark"), LIMIT_DIAGS_PRINTED - 1);
	ck_assert_uint_eq(printed_lines("policyc: 982 more warnings not shown"), 1);
}
END_TEST

/* ---- tables and images (abi.h, image.h) ---- */

/* n rules for one name: as many profiles as it takes, 64 rules with a condition in each. */
static void list_policy(struct bl_buf *b, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (i % BL_MAX_CHAIN == 0)
			bl_buf_printf(b, "%sprofile p%u { subject any;", i ? "}" : "", i / BL_MAX_CHAIN);
		bl_buf_printf(b, "deny read /f if exe /e%u;\n", i % BL_MAX_CHAIN);
	}
	bl_buf_str(b, "}");
}

START_TEST(list)
{
	for (unsigned n = BL_MAX_LIST; n <= BL_MAX_LIST + 1; n++) {
		struct bl_buf b = BL_BUF_INIT;
		struct tables_error te;
		struct bl_tables *t;
		size_t len;

		list_policy(&b, n);
		expect(&b, "");
		ck_assert_int_eq(tables_build(&ir, &t, &len, &te), n > BL_MAX_LIST ? -E2BIG : 0);
		if (n <= BL_MAX_LIST)
			free(t);
		else
			ck_assert_str_eq(te.msg.text, "more than 1024 rules match the same name for the same operation, "
						      "this one among them");
	}
}
END_TEST

/*
 * A policy of many names, and as many more rules as asked for that match nothing: each takes a rule word and a counter. Each
 * further subject is one literal.
 */
static int build_words(unsigned subjects, size_t more, size_t *ret_words, struct tables_error *te)
{
	struct bl_buf b = BL_BUF_INIT;
	struct bl_tables *t;
	struct bl_error err;
	struct ir_rule *r;
	size_t len;
	int ret;

	bl_buf_str(&b, "profile p {");
	repeat(&b, "subject any;", subjects);
	for (uint64_t i = 1; i <= 3000; i++)
		bl_buf_printf(&b, "deny read /%016llx;", (unsigned long long)(i * 0x9e3779b97f4a7c15u));
	bl_buf_str(&b, "}");
	expect(&b, "");
	r = calloc(ir.nrules + more, sizeof(*r));
	memcpy(r, ir.rules, ir.nrules * sizeof(*r));
	for (size_t i = ir.nrules; i < ir.nrules + more; i++)
		r[i] = (struct ir_rule){.verdict = BL_V_DENY, .cond_if = BL_COND_NONE, .cond_unless = BL_COND_NONE};
	ir.rules = r;
	ir.nrules += more;
	ret = tables_build(&ir, &t, &len, te);
	free(r);
	if (ret == 0) {
		*ret_words = t->nwords;
		ck_assert_msg(bl_tables_check(t, len, NULL, &err) == 0, "%s", err.text);
		free(t);
	}
	return ret;
}

START_TEST(table_words)
{
	struct tables_error te;
	size_t one, two, have, odd;

	ck_assert_int_eq(build_words(1, 0, &one, &te), 0);
	ck_assert_int_eq(build_words(2, 0, &two, &te), 0);
	ck_assert_uint_eq(two, one + 1);
	odd = one % 2; /* which of them gets to the limit with two words a rule */
	ck_assert_int_eq(build_words(1 + odd, (BL_MAX_WORDS - one - odd) / 2, &have, &te), 0);
	ck_assert_uint_eq(have, BL_MAX_WORDS);
	ck_assert_int_eq(build_words(2 - odd, (BL_MAX_WORDS - one + odd) / 2, &have, &te), -E2BIG);
	ck_assert_str_eq(te.id, "E-too-big");
	ck_assert_str_eq(te.msg.text, "the tables take 16385 KiB, and 16384 KiB is the most the kernel side holds");
}
END_TEST

/* The reader has the same limits, whoever made the image. */
START_TEST(reader)
{
#define FIELD(f, limit) {offsetof(struct bl_tables, f), limit}
	static const struct {
		size_t field;
		uint32_t limit;
	} fields[] = {
		FIELD(nwords, BL_MAX_WORDS), FIELD(nprofiles, BL_MAX_PROFILES), FIELD(nconds, BL_MAX_CONDS),
		FIELD(natoms, BL_MAX_ATOMS), FIELD(nlits, BL_MAX_LITS),		FIELD(nrules, BL_MAX_RULES),
		FIELD(nsticky, BL_MAX_ATOMS),
	};
	struct bl_tables *t = calloc(1, sizeof(*t) + (BL_MAX_WORDS + 1) * 8);
	struct bl_error err;

	for (size_t i = 0; i < 2 * sizeof(fields) / sizeof(fields[0]); i++) {
		memset(t, 0, sizeof(*t));
		t->magic = BL_TABLES_MAGIC;
		t->abi = BL_ABI_VERSION;
		*(uint32_t *)((char *)t + fields[i / 2].field) = fields[i / 2].limit + i % 2;
		ck_assert_int_eq(bl_tables_check(t, sizeof(*t) + t->nwords * 8, NULL, &err), -EINVAL);
		ck_assert_msg((strstr(err.text, "the limit is") != NULL) == i % 2, "%s", err.text);
	}
	free(t);
}
END_TEST

START_TEST(image_bytes)
{
	struct bl_buf b = BL_BUF_INIT;
	struct tables_error te;
	struct bl_image img;
	struct bl_error err;
	size_t len, n;
	void *mem;
	char *text;

	bl_buf_str(&b, "profile p { subject any; deny read; }");
	expect(&b, "");
	ir.rules[0].text = "";
	ck_assert_int_eq(image_build(&ir, &mem, &len, &te), 0);
	ck_assert_int_eq(bl_image_parse(mem, len, &img, &err), 0);
	n = BL_IMAGE_MAX - len + (-img.strings_size & 7) - 1; /* of text and NUL, with the section's padding */
	free(mem);
	text = calloc(n + 2, 1);
	memset(text, 'x', n);
	ir.rules[0].text = text;
	ck_assert_int_eq(image_build(&ir, &mem, &len, &te), 0);
	ck_assert_uint_eq(len, BL_IMAGE_MAX);
	ck_assert_msg(bl_image_parse(mem, len, &img, &err) == 0, "%s", err.text);
	free(mem);
	text[n] = 'x';
	ck_assert_int_eq(image_build(&ir, &mem, &len, &te), -E2BIG);
	ck_assert_str_eq(te.id, "E-too-big");
	ck_assert_str_eq(te.msg.text, "the image takes 65537 KiB, and 65536 KiB is the most that is loaded; the texts of the "
				      "rules are part of it");
	free(text);
}
END_TEST

/* A name of BL_PATH_MAX - 1 bytes can be asked about, for each kind of name; with one more it is refused. */
START_TEST(path_bytes)
{
	static struct sim_answer a;
	static char at[BL_PATH_MAX], above[BL_PATH_MAX + 1];
	const char *exe = "/x", *long_exe[2] = {at, above};
	struct bl_buf b = BL_BUF_INIT;
	struct tables_error te;
	struct bl_image img;
	struct bl_error err;
	size_t len;
	void *mem;

	memset(at, '/', sizeof(at) - 1);
	memset(above, '/', sizeof(above) - 1);
	bl_buf_str(&b, "profile p { subject exe /**; deny read /**; }");
	expect(&b, "");
	ck_assert_int_eq(image_build(&ir, &mem, &len, &te), 0);
	ck_assert_int_eq(bl_image_parse(mem, len, &img, &err), 0);
	for (int i = 0; i < 2; i++) {
		const struct sim_request asked[] = {
			{.who = {.exes = &exe, .nexes = 1, .cgroup = "/"}, .op = BL_OP_READ, .object = long_exe[i],
			 .object_len = strlen(long_exe[i])},
			{.who = {.exes = &long_exe[i], .nexes = 1, .cgroup = "/"}, .op = BL_OP_READ, .object = "/f",
			 .object_len = 2},
			{.who = {.exes = &exe, .nexes = 1, .cgroup = long_exe[i]}, .op = BL_OP_READ, .object = "/f",
			 .object_len = 2},
		};

		for (int k = 0; k < 3; k++)
			ck_assert_int_eq(sim_ask(&img, &asked[k], &a, &err), i ? -EINVAL : 0);
		ck_assert_str_eq(err.text, i ? "cgroup has 4096 bytes, a name at most 4095" : err.text);
	}
	free(mem);
}
END_TEST

/* A process can be in 32 profiles; one in 33 is refused whatever some profile could refuse. */
START_TEST(task_profiles)
{
	static struct sim_answer a;
	const char *exe = "/x";
	const struct sim_request q = {.who = {.exes = &exe, .nexes = 1, .cgroup = "/"}, .op = BL_OP_READ,
				      .object = "/other", .object_len = 6};

	for (unsigned n = BL_TASK_PROFILES; n <= BL_TASK_PROFILES + 1; n++) {
		struct bl_buf b = BL_BUF_INIT;
		struct tables_error te;
		struct bl_image img;
		struct bl_error err;
		size_t len;
		void *mem;

		for (unsigned i = 0; i < n; i++)
			bl_buf_printf(&b, "profile p%u { subject any; deny read /f; }\n", i);
		expect(&b, "");
		ck_assert_int_eq(image_build(&ir, &mem, &len, &te), 0);
		ck_assert_int_eq(bl_image_parse(mem, len, &img, &err), 0);
		ck_assert_int_eq(sim_ask(&img, &q, &a, &err), 0);
		ck_assert_uint_eq(a.result.verdict, n > BL_TASK_PROFILES ? BL_V_DENY : BL_V_ALLOW);
		free(mem);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("limits");
	TCase *tc = tcase_create("limits");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, files);
	tcase_add_test(tc, named_files);
	tcase_add_test(tc, total_bytes);
	tcase_add_test(tc, file_bytes);
	tcase_add_test(tc, alternatives);
	tcase_add_test(tc, expanded_bytes);
	tcase_add_test(tc, sets);
	tcase_add_test(tc, set_name);
	tcase_add_test(tc, patterns);
	tcase_add_test(tc, rules);
	tcase_add_test(tc, messages);
	tcase_add_test(tc, many_warnings);
	tcase_add_test(tc, list);
	tcase_add_test(tc, table_words);
	tcase_add_test(tc, reader);
	tcase_add_test(tc, image_bytes);
	tcase_add_test(tc, path_bytes);
	tcase_add_test(tc, task_profiles);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
