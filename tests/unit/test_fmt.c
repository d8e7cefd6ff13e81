/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * policyc fmt: what it writes is the same policy with the same comments, and is not changed by doing it again. What it looks like is
 * in tests/golden/fmt-*.
 */
#include "fmt.h"

#include <check.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ast_text.h"
#include "parse.h"
#include "parser.h"
#include "banned.h"

static struct arena arena;

static void setup(void)
{
	arena_init(&arena);
}

static void teardown(void)
{
	arena_free(&arena);
}

struct parsed {
	const struct src_file *f;
	struct tokens tokens;
	const char *tree;
	size_t nerrors;
};

static const struct src_file *add(const char *text, size_t len)
{
	const struct src_file *f;
	struct src_set s;

	src_init(&s, &arena);
	ck_assert_int_eq(src_add(&s, "t.policy", text, len, NULL, &f), 0);
	return f;
}

static struct parsed parse(const char *text, enum parse_kind kind)
{
	struct parsed p = {.f = add(text, strlen(text))};
	struct diags ds;

	diag_init(&ds, &arena);
	p.tree = ast_text(&arena, parse_file_tokens(&arena, &ds, p.f, kind, &p.tokens));
	p.nerrors = ds.nerrors;
	return p;
}

static const struct diag *refusal;

/* NULL: refused; *ret_id (if wanted) says with which first message, which is in refusal. */
static const char *layout(const char *text, const char **ret_id)
{
	struct arena_buf out = {.arena = &arena};
	struct diags ds;
	int r;

	diag_init(&ds, &arena);
	r = fmt_text(add(text, strlen(text)), &ds, &out);
	ck_assert_uint_eq((size_t)r, ds.nerrors);
	refusal = r ? ds.v[0] : NULL;
	if (ret_id)
		*ret_id = r ? refusal->id : NULL;
	if (r != 0)
		ck_assert_uint_eq(out.len, 0);
	return r == 0 ? out.s : NULL;
}

/* Bytes of tokens and comments in their order, one a line. */
static const char *items(const struct parsed *p)
{
	const struct src_comment *c = p->f->comments->first;
	struct arena_buf b = {.arena = &arena};

	arena_buf_str(&b, "");
	for (size_t i = 0; i < p->tokens.n || c;) {
		const struct src_loc *l = i < p->tokens.n ? &p->tokens.v[i].loc : NULL;

		if (c && (!l || c->loc.line < l->line)) {
			arena_buf_str(&b, c->text);
			c = c->next;
		} else {
			size_t from = src_offset(p->f, l->line, l->col);

			arena_buf_str(&b, arena_printf(&arena, "%d ", p->tokens.v[i].type));
			arena_buf_add(&b, p->f->text + from, src_offset(p->f, l->end_line, l->end_col) - from);
			i++;
		}
		arena_buf_str(&b, "\n");
	}
	return b.s;
}

/* Text that fmt accepts: everything that is promised of its layout, for the kind of file that it is. */
static void expect_same(const char *text, const char *out)
{
	static const enum parse_kind kinds[] = {PARSE_FILE, PARSE_BODY};
	size_t n = strlen(out);
	bool good = false;

	for (size_t i = 0; i < 2; i++) {
		struct parsed x = parse(text, kinds[i]), y = parse(out, kinds[i]);

		if (x.nerrors != 0)
			continue;
		good = true;
		ck_assert_uint_eq(y.nerrors, 0);
		ck_assert_str_eq(x.tree, y.tree);
		ck_assert_str_eq(items(&x), items(&y));
	}
	ck_assert(good);
	ck_assert_ptr_nonnull(layout(out, NULL));
	ck_assert_str_eq(layout(out, NULL), out);
	ck_assert(n == 0 || (out[n - 1] == '\n' && out[0] != '\n'));
	ck_assert_ptr_null(strstr(out, "\n\n\n"));
	for (const char *p = out; (p = strstr(p, " \n")); p++)
		ck_assert_int_eq(p[-1], '\\'); /* a word that ends with a space */
	ck_assert_ptr_null(strstr(out, "{\n\n"));
}

/* ---- all policies of the tree ---- */

static char *read_file(const char *path)
{
	FILE *f = fopen(path, "re");
	char *text;
	long n;

	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fseek(f, 0, SEEK_END), 0);
	n = ftell(f);
	rewind(f);
	text = arena_alloc(&arena, (size_t)n + 1);
	ck_assert_uint_eq(fread(text, 1, (size_t)n, f), (size_t)n);
	fclose(f);
	return strlen(text) == (size_t)n ? text : NULL;
}

static const char *const corpus[] = {"policies/*/*.policy", "policies/*/*/*.policy", "tests/golden/*.policy",
				     "tests/golden/*/*.policy", "tests/demo/*.policy"};

static void each_policy(void (*test)(const char *text), size_t at_least)
{
	size_t n = 0;
	glob_t g = {0};

	for (size_t i = 0; i < sizeof(corpus) / sizeof(corpus[0]); i++)
		ck_assert_int_eq(glob(corpus[i], i ? GLOB_APPEND : 0, NULL, &g), 0);
	for (size_t i = 0; i < g.gl_pathc; i++) {
		char *text = read_file(g.gl_pathv[i]);

		if (text && layout(text, NULL)) {
			test(text);
			n++;
		}
		teardown();
		setup();
	}
	globfree(&g);
	ck_assert_uint_ge(n, at_least);
}

static void same(const char *text)
{
	expect_same(text, layout(text, NULL));
}

START_TEST(test_corpus)
{
	each_policy(same, 50);
}
END_TEST

/* What is not laid out has a reason: an error of syntax. */
START_TEST(test_refused)
{
	const char *id;

	ck_assert_ptr_null(layout("profile p { deny read /a\nmode audit; }", &id));
	ck_assert_str_eq(id, "E-syntax");
	ck_assert_ptr_null(layout("set a = /x;\r\n", &id));
	ck_assert_str_eq(id, "E-control-char");
	/* a file to include in profiles has that grammar, and not the file's in which it could be anything */
	ck_assert_ptr_null(layout("deny , read /a;", &id));
	ck_assert_str_eq(id, "E-syntax");
	/* with a line break for the tab, or none for the space, these would be other words */
	ck_assert_ptr_null(layout("set a = /x\\\t;", &id));
	ck_assert_str_eq(id, "E-layout");
	ck_assert_ptr_null(layout("set a = /x{y , z;", &id));
	ck_assert_str_eq(id, "E-layout");
}
END_TEST

/* A file that is only just not too big may be too big with its indentation. */
START_TEST(test_too_big)
{
	size_t n = LIMIT_FILE_BYTES / 16;
	struct arena_buf b = {.arena = &arena};
	const char *id;

	arena_buf_str(&b, "profile p{");
	for (size_t i = 0; i < n - 1; i++)
		arena_buf_str(&b, "mode enforcing;\n");
	arena_buf_str(&b, "}");
	ck_assert_uint_lt(b.len, LIMIT_FILE_BYTES);
	ck_assert_ptr_null(layout(b.s, &id));
	ck_assert_str_eq(id, "E-limit");
	ck_assert_str_eq(refusal->text, "'t.policy' would be too big in canonical layout");
	ck_assert_str_eq(refusal->help, "the limit is 16777216 bytes");
}
END_TEST

/* ---- random white space and comments ---- */

static uint64_t seed;

static uint32_t rnd(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 32) % below;
}

static void put_comment(struct arena_buf *b)
{
	static const char *const texts[] = {"#", "# c", "## } ;", "# { x", "#\t\"x", "# a, b\\", "# policyc: allow W-x  \t", "#\xc3\xa9\xff"};

	arena_buf_str(b, texts[rnd(8)]);
	arena_buf_str(b, "\n");
}

static void put_space(struct arena_buf *b, bool comments)
{
	static const char *const texts[] = {" ", "\t", "  ", "\n", "\n\n", " \n\n\n ", "\t\n"};

	arena_buf_str(b, texts[rnd(rnd(3) ? 3 : 7)]);
	while (comments && rnd(12) == 0) {
		put_comment(b);
		if (rnd(2))
			arena_buf_str(b, texts[rnd(7)]);
	}
}

static size_t nshuffled, nlaid;

/* The tokens of a policy with other things between them. A line break can be an error, where a statement seems to end. */
static void shuffle(const char *text)
{
	struct parsed p = parse(text, PARSE_FILE);

	for (unsigned round = 0; round < 40; round++) {
		struct arena_buf b = {.arena = &arena};
		const char *out, *id;

		for (size_t i = 0; i < p.tokens.n; i++) {
			const struct src_loc *l = &p.tokens.v[i].loc;
			size_t from = src_offset(p.f, l->line, l->col);
			int type = p.tokens.v[i].type;

			if ((type != T_COMMA && type != T_SEMICOLON) || rnd(4) == 0)
				put_space(&b, round % 4 != 0);
			arena_buf_add(&b, p.f->text + from, src_offset(p.f, l->end_line, l->end_col) - from);
		}
		arena_buf_str(&b, rnd(2) ? " # no newline" : "");
		nshuffled++;
		out = layout(b.s, &id);
		if (!out) {
			ck_assert_str_eq(id, "E-syntax");
			continue;
		}
		nlaid++;
		expect_same(b.s, out);
	}
}

START_TEST(test_shuffled)
{
	seed = 88172645463325252u;
	nshuffled = nlaid = 0;
	each_policy(shuffle, 50);
	ck_assert_uint_ge(nlaid * 10, nshuffled * 8);
}
END_TEST

/* Statements of any words, some of them strange ones. */
START_TEST(test_soup)
{
	static const char *const words[] = {
		"/a", "read", "x-y", "\"a b\"", "\"\\\"#\"", "/a{b,c}", "{b,c}/d", "/a{b", "/a[b", "[x]", "]", "/a}b", "/x\\ ", "/y\\", "if",
		"unless", "and", "message", "tag", "quiet", "severity", "except", "profile", "deny", "subject", ",", ",", ",", "=", "$set/x",
		"/\xc3\xa9\xff", "/#", "10.0.0.0/8", "[::1]:53", "/a/rather/long/name/that/makes/lines/long/sooner/than/others/do"};
	size_t laid = 0, refused = 0;

	seed = 362436069362436069u;
	for (unsigned round = 0; round < 20000; round++) {
		struct arena_buf b = {.arena = &arena};
		const char *out, *id;

		for (uint32_t s = 1 + rnd(3); s > 0; s--) {
			arena_buf_str(&b, rnd(3) ? "word" : "assert");
			for (uint32_t n = rnd(16); n > 0; n--) {
				if (rnd(4) || b.s[b.len - 1] == 'd' || b.s[b.len - 1] == 't')
					put_space(&b, true);
				arena_buf_str(&b, words[rnd(sizeof(words) / sizeof(words[0]))]);
			}
			arena_buf_str(&b, rnd(2) ? " ;" : ";");
			put_space(&b, true);
		}
		out = layout(b.s, &id);
		if (out)
			expect_same(b.s, out);
		else
			refused += strcmp(id, "E-layout") == 0;
		laid += out != NULL;
		teardown();
		setup();
	}
	ck_assert_uint_ge(laid, 4000);
	ck_assert_uint_ge(refused, 100);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("fmt");
	TCase *t = tcase_create("fmt");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, test_corpus);
	tcase_add_test(t, test_refused);
	tcase_add_test(t, test_too_big);
	tcase_add_test(t, test_shuffled);
	tcase_add_test(t, test_soup);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
