/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs a matcher of match.h and compares. What is random depends on the seed only. */
#include "match.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compile.h"
#include "tables.h"

#include "banned.h"

#define SHOWN 3 /* differences told in full */

struct run {
	uint64_t seed, objects; /* objects of each kind to be judged */
	uint32_t each;		/* of them for one policy */
	enum mistake mistake;
	uint64_t judged, policies, matched, several, wrong, too_complex;
};

/* -E2BIG: the policy is a good one and does not fit. */
static int build(struct bl_buf *text, struct bl_tables **ret)
{
	struct compile_text t = {"random.policy", bl_buf_text(text), text->len};
	struct tables_error err;
	struct compile c;
	struct ir ir;
	size_t len;
	int r;

	if (!t.bytes)
		return -ENOMEM;
	compile_init(&c);
	r = policy_compile_text(&c, &t, 1, &ir) == 0 ? 0 : -EINVAL;
	if (r == 0)
		r = tables_build(&ir, ret, &len, &err);
	else
		diag_print(&c.diags, stderr, DIAG_TEXT);
	compile_free(&c);
	return r;
}

/* Which rules the tables say match: bit i for rule i. */
static uint32_t look_up(const struct bl_tables *t, const struct matcher *m, const struct bl_name *key, uint32_t from)
{
	uint32_t acc = bl_accept(t, bl_run(t, key, from, t->start[m->kind])), list, mask = 0;
	uint64_t two;

	if (acc == 0)
		return 0;
	two = bl_word(t, acc + BL_OP_SLOT(m->op) / 2);
	list = BL_OP_SLOT(m->op) & 1 ? two >> 32 : (uint32_t)two;
	for (uint64_t i = 0; list != 0 && i < bl_word(t, list); i++)
		mask |= 1u << (BL_ENT_RULE(bl_word(t, list + 1 + i)) & 31);
	return mask;
}

static void tell(const struct run *run, const struct matcher *m, struct bl_buf *text, uint32_t said, uint32_t right)
{
	printf("# WRONG: seed %" PRIu64 ", policy %" PRIu64 "; bit i is rule i: tables 0x%x, slow reading 0x%x\n",
	       run->seed, run->policies, said, right);
	m->print_object();
	printf("%s", bl_buf_text(text));
}

static void run_objects(struct run *run, const struct matcher *m, struct rnd *r, struct bl_buf *text,
			const struct bl_tables *t)
{
	static struct bl_name key; /* too big for the stack */

	for (uint32_t i = 0; i < run->each && run->judged < run->objects; i++) {
		uint32_t from, said, right;

		if (!m->object(r, &key, &from))
			continue;
		said = look_up(t, m, &key, from);
		right = m->judge();
		run->judged++;
		run->matched += right != 0;
		run->several += (right & (right - 1)) != 0;
		if (said != right && run->wrong++ < (run->mistake == MISTAKE_NONE ? SHOWN : 0))
			tell(run, m, text, said, right);
	}
}

static int run_policy(struct run *run, const struct matcher *m, uint64_t number)
{
	struct rnd r = rnd_fork(run->seed, number);
	struct bl_buf text = BL_BUF_INIT;
	struct bl_tables *t;
	int e;

	m->make(&r, &text);
	e = build(&text, &t);
	if (e == 0) {
		run->policies++;
		if (run->mistake != MISTAKE_NONE)
			mistake_make(run->mistake, &r, t);
		run_objects(run, m, &r, &text, t);
		free(t);
	} else if (e == -E2BIG) {
		run->too_complex++;
		e = 0;
	} else {
		fprintf(stderr, "match: policy %" PRIu64 " of seed %" PRIu64 ": %s\n%s", number, run->seed, strerror(-e),
			text.data ? bl_buf_text(&text) : "");
	}
	bl_buf_free(&text);
	return e;
}

/* A test whose answers are nearly all the same shows little. */
static bool is_good_mix(const struct run *run)
{
	return run->matched * 3 > run->judged && run->matched * 10 < run->judged * 9 && run->several * 20 > run->judged;
}

static int run_matcher(struct run run, const struct matcher *m, int number)
{
	bool ok;
	int e = 0;

	for (uint64_t i = 0; run.judged < run.objects && e == 0; i++)
		e = run_policy(&run, m, i);
	if (e < 0)
		return 3;
	ok = run.wrong == 0 && is_good_mix(&run);
	printf("%s %d - %" PRIu64 " %s on %" PRIu64 " policies, seed %" PRIu64 ": %" PRIu64 " wrong (%" PRIu64
	       " matched, %" PRIu64 " more than one rule; %" PRIu64 " policies were too complex)\n",
	       ok ? "ok" : "not ok", number, run.judged, m->what, run.policies, run.seed, run.wrong, run.matched,
	       run.several, run.too_complex);
	fflush(stdout);
	return ok ? 0 : 1;
}

static int usage(void)
{
	fprintf(stderr, "usage: match [--seed N] [--objects N] [--mistake cell|default|class|accept|list]\n"
			"exit status: 0 no difference and a good mix, 1 otherwise, 2 usage, 3 it could not be run\n");
	return 2;
}

static bool option(struct run *run, int c, const char *arg)
{
	char *end;
	uint64_t n;

	if (c == 'x') {
		run->mistake = mistake_find(arg);
		return run->mistake != MISTAKE_NONE;
	}
	if (c != 's' && c != 'o')
		return false;
	n = strtoull(arg, &end, 10);
	if (*end != '\0' || arg[0] < '0' || arg[0] > '9')
		return false;
	*(c == 's' ? &run->seed : &run->objects) = n;
	return true;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"seed", required_argument, NULL, 's'},
		{"objects", required_argument, NULL, 'o'},
		{"mistake", required_argument, NULL, 'x'},
		{NULL, 0, NULL, 0},
	};
	struct run run = {.seed = 1, .objects = 1000000, .each = 250};
	int c, a, b;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (!option(&run, c, optarg))
			return usage();
	}
	if (optind != argc)
		return usage();
	printf("1..2\n");
	a = run_matcher(run, &match_paths, 1);
	b = run_matcher(run, &match_addresses, 2);
	return a > b ? a : b;
}
