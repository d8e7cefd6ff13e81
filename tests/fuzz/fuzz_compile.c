/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A policy all the way: text, tables, image, read back, dumped, asked. What the compiler accepts must be an image that the reader
 * accepts, and every way there and back must end where it began: these are the round trips below.
 */
#include "fuzz.h"

#include <errno.h>
#include <string.h>

#include "fmt.h"
#include "image_write.h"
#include "policy_test.h"
#include "simulate.h"

#include "banned.h"

struct policy {
	struct compile_text files[FUZZ_FILES];
	size_t nfiles;
	struct compile c;
	struct ir ir;
	void *mem;
	size_t len;
	struct bl_image img;
};

/* False: it is wrong, or does not fit; then a message says so. */
static bool policy_build(struct policy *p)
{
	struct tables_error te;
	int r;

	compile_init(&p->c);
	if (policy_compile_text(&p->c, p->files, p->nfiles, &p->ir) != 0)
		return false;
	r = image_build(&p->ir, &p->mem, &p->len, &te);
	FUZZ_CHECK(r == 0 || r == -E2BIG);
	if (r < 0)
		FUZZ_CHECK(te.id && te.msg.text[0] != '\0');
	return r == 0;
}

static void policy_free(struct policy *p)
{
	free(p->mem);
	compile_free(&p->c);
}

/* The same text makes the same bytes. */
static void check_build_again(const struct policy *p)
{
	struct policy again = {.nfiles = p->nfiles};

	memcpy(again.files, p->files, sizeof(again.files));
	FUZZ_CHECK(policy_build(&again));
	FUZZ_CHECK(again.len == p->len && memcmp(again.mem, p->mem, p->len) == 0);
	policy_free(&again);
}

static void check_dump_of(const struct policy *p)
{
	fuzz_check_dump(&p->img);
}

/* Names that the policy itself is about. */
static void check_own_names(const struct policy *p)
{
	static const char *const exes[] = {"/bin/sh", "/usr/bin/a"};
	static struct sim_answer a;
	struct bl_error err;

	for (size_t i = 0; i < p->ir.nrules && i < 16; i++) {
		const struct ir_term *o = &p->ir.rules[i].object;
		const char *name = o->npatterns != 0 && o->patterns[0].glob ? o->patterns[0].glob : "/";
		struct sim_request q = {.who = {.exes = exes, .nexes = i % 3, .cgroup = "/a", .euid = (uint32_t)i},
					.op = BL_OP_READ, .object = name, .object_len = strlen(name)};

		if (sim_ask(&p->img, &q, &a, &err) < 0)
			continue;
		FUZZ_CHECK(a.result.verdict >= BL_V_ALLOW && a.result.verdict <= BL_V_KILL);
	}
}

static void check_questions(const struct policy *p)
{
	fuzz_ask(&p->img, p->len);
}

/* The policy's own tests are run, and end in messages if they end in anything. */
static void check_tests(const struct policy *p)
{
	struct policy_test_count count;
	struct policy again = {.nfiles = p->nfiles};

	memcpy(again.files, p->files, sizeof(again.files));
	FUZZ_CHECK(policy_build(&again));
	policy_tests_run(&again.c, &again.ir, &p->img, NULL, NULL, &count);
	FUZZ_CHECK(count.failed <= count.tests);
	fuzz_check_diags(&again.c.diags);
	policy_free(&again);
}

/* Laid out, the first file makes the same tables; places in it change. */
static void check_layout(const struct policy *p)
{
	struct policy again = {.nfiles = p->nfiles};
	struct arena_buf text = {.arena = NULL};
	struct compile c;

	if (p->ir.nprofiles == 0 || strcmp(p->ir.profiles[0].loc.file->name, "0") != 0)
		return;
	compile_init(&c);
	text.arena = &c.arena;
	memcpy(again.files, p->files, sizeof(again.files));
	if (fmt_text(p->ir.profiles[0].loc.file, &c.diags, &text) == 0) {
		again.files[0].bytes = text.s ? text.s : "";
		again.files[0].len = text.len;
		FUZZ_CHECK(policy_build(&again));
		FUZZ_CHECK(bl_image_parse(again.mem, again.len, &again.img, &(struct bl_error){""}) == 0);
		FUZZ_CHECK(again.img.tables_size == p->img.tables_size &&
			   memcmp(again.img.tables, p->img.tables, p->img.tables_size) == 0);
		policy_free(&again);
	}
	compile_free(&c);
}

/* One function for each way there and back. */
static void (*const round_trips[])(const struct policy *p) = {
	check_build_again,
	check_dump_of,
	check_own_names,
	check_questions,
	check_tests,
	check_layout,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct policy p = {0};
	struct bl_error err;

	p.nfiles = fuzz_files(data, size, p.files);
	if (policy_build(&p)) {
		int r = bl_image_parse(p.mem, p.len, &p.img, &err);

		if (r < 0)
			fprintf(stderr, "refused: %s\n", err.text);
		FUZZ_CHECK(r == 0);
		for (size_t i = 0; i < sizeof(round_trips) / sizeof(round_trips[0]); i++)
			round_trips[i](&p);
	}
	policy_free(&p);
	return 0;
}
