// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random policies, compiled; random requests, answered by the decision core in the kernel and by the one here. They
 * must not differ in a single bit of label or result. What is random depends on the seed only: equal counts on every
 * kernel.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "compile.h"
#include "gen_ask.h"
#include "gen_policy.h"
#include "kernel_side.h"
#include "oracle.h"
#include "sabotage.h"
#include "tables.h"

#include "banned.h"

#define SHOWN 3 /* differences told in full */

struct counts {
	uint64_t requests, policies, rejected, mismatches;
	uint64_t judged, wrong; /* by the oracle */
	uint64_t denied, killed, logged, audited, full, failed, said;
};

struct run {
	uint64_t seed;
	uint32_t policies, requests; /* requests of each policy */
	int64_t only;		     /* this policy alone; -1: all */
	enum sabotage sabotage;
	bool no_kernel, print, oracle;
	struct kernel_side kernel;
	struct ask_slot *here; /* requests are made in it; native answers are written to it */
	struct counts n;
};

/* One policy under test. */
struct subject {
	uint32_t number;
	struct bl_buf text;
	struct compile compile;
	struct ir ir;
	struct bl_tables *tables;
	size_t len;
};

/* ---- differences ---- */

static void print_answer(const char *who, const struct ask_answer *a)
{
	const struct bl_result *r = &a->result;

	printf("# %s: label flags 0x%x nprof %u; verdict %u err %u nreports %u\n", who, a->label.flags, a->label.nprof,
	       r->verdict, r->err, r->nreports);
	for (uint32_t i = 0; i < BL_TASK_PROFILES; i++) {
		const struct bl_report *p = &r->reports[i];

		if (p->verdict != 0)
			printf("#   profile %u rule %d op %u verdict %u mode %u reason %u\n", p->profile, (int)p->rule,
			       p->op, p->verdict, p->mode, p->reason);
	}
	for (uint32_t i = 0; i < ASK_OBJECTS; i++)
		printf("#   object %u: accept record %u, key from %u\n", i, a->acc[i], a->from[i]);
}

static void print_first_difference(const struct ask_answer *a, const struct ask_answer *b)
{
	const uint8_t *x = (const uint8_t *)a, *y = (const uint8_t *)b;
	size_t i = 0;

	while (i < sizeof(*a) && x[i] == y[i])
		i++;
	printf("# first difference: byte %zu of the answer (label 0 to %zu, result from %zu, keys from %zu)\n", i,
	       sizeof(a->label) - 1, offsetof(struct ask_answer, result), offsetof(struct ask_answer, acc));
}

static void print_text(const struct subject *s)
{
	const char *text = bl_buf_text(&s->text), *end;

	for (; *text; text = *end ? end + 1 : end) {
		end = strchrnul(text, '\n');
		printf("#   %.*s\n", (int)(end - text), text);
	}
}

/* `other`, whose answer is *a, does not say what the core says here. */
static void tell(const struct run *run, const struct subject *s, uint32_t request, const char *other,
		 const struct ask_answer *a)
{
	printf("# MISMATCH: seed %" PRIu64 " policy %u request %u; again: diff --seed %" PRIu64 " --only %u\n",
	       run->seed, s->number, request, run->seed, s->number);
	printf("# policy:\n");
	print_text(s);
	printf("# request:\n");
	gen_ask_print(&run->here->in, stdout);
	print_answer(other, a);
	print_answer("native", &run->here->out);
	print_first_difference(a, &run->here->out);
}

/* ---- policies ---- */

/* -E2BIG: the policy is a good one and does not fit. */
static int subject_build(struct subject *s)
{
	struct compile_text text = {"random.policy", bl_buf_text(&s->text), s->text.len};
	struct tables_error err;
	int r;

	if (!text.bytes)
		return -ENOMEM;
	compile_init(&s->compile);
	if (policy_compile_text(&s->compile, &text, 1, &s->ir) != 0) {
		diag_print(&s->compile.diags, stderr, DIAG_TEXT);
		return -EINVAL;
	}
	r = tables_build(&s->ir, &s->tables, &s->len, &err);
	if (r < 0 && r != -E2BIG)
		fprintf(stderr, "diff: %s: %s\n", strerror(-r), err.msg.text);
	return r;
}

static void subject_free(struct subject *s)
{
	free(s->tables);
	compile_free(&s->compile);
	bl_buf_free(&s->text);
}

/* The number-th policy; one that does not fit the tables is replaced by the next that is made from the same numbers. */
static int subject_make(struct run *run, struct subject *s, uint32_t number, struct rnd *r)
{
	int e = -E2BIG;

	for (int i = 0; e == -E2BIG && i < 20; i++) {
		memset(s, 0, sizeof(*s));
		s->number = number;
		gen_policy(r, gen_shape(number), &s->text);
		e = subject_build(s);
		run->n.rejected += e == -E2BIG;
		if (e < 0) {
			if (e != -E2BIG)
				fprintf(stderr, "diff: seed %" PRIu64 " policy %u does not compile\n", run->seed,
					number);
			subject_free(s);
		}
	}
	if (e < 0)
		return e;
	s->tables->gen = number + 1;
	s->tables->flags |= rnd_percent(r, 5) ? BL_TF_DRY_RUN : 0;
	if (run->print)
		printf("# policy %u: %u words\n%s", number, s->tables->nwords, bl_buf_text(&s->text));
	return 0;
}

/* ---- requests ---- */

static void count(struct run *run, const struct ask *q, const struct ask_answer *a)
{
	struct counts *n = &run->n;
	bool audited = false;

	for (uint32_t i = 0; i < BL_TASK_PROFILES; i++) {
		const struct bl_report *p = &a->result.reports[i];

		audited |= p->verdict >= BL_V_DENY && p->mode == BL_MODE_AUDIT;
	}
	n->requests++;
	n->denied += a->result.verdict == BL_V_DENY;
	n->killed += a->result.verdict == BL_V_KILL;
	n->logged += a->result.verdict == BL_V_LOG;
	n->said += a->result.nreports != 0;
	n->audited += audited;
	n->full += (a->label.flags & BL_LF_FULL) != 0;
	n->failed += q->objects[0].reason != 0;
}

static void answer_here(struct run *run, const struct bl_tables *t)
{
	struct ask_slot *s = run->here;

	memset(&s->out, 0, sizeof(s->out));
	if (run->sabotage != SABOTAGE_NONE)
		sabotage_answer(run->sabotage, t, &s->in, &s->out, &s->scratch);
	else
		native_answer(t, &s->in, &s->out, &s->scratch);
}

/* Both sides read the very same bytes. */
static int answer_there(struct run *run)
{
	struct ask_slot *s = run->kernel.now->slot;

	memcpy(&s->in, &run->here->in, sizeof(s->in));
	memset(&s->out, 0, sizeof(s->out));
	return kernel_answer(&run->kernel);
}

static void ask_oracle(struct run *run, const struct subject *s, uint32_t request)
{
	struct ask_answer expected;
	enum oracle_says says = oracle_check(&s->ir, s->tables, &run->here->in, &run->here->out, &expected);

	run->n.judged += says != ORACLE_SILENT;
	if (says == ORACLE_DIFFERS && run->n.wrong++ < SHOWN)
		tell(run, s, request, "oracle", &expected);
}

static int compare(struct run *run, const struct subject *s, uint32_t request)
{
	const struct ask_answer *kernel;
	int r;

	answer_here(run, s->tables);
	count(run, &run->here->in, &run->here->out);
	if (run->oracle)
		ask_oracle(run, s, request);
	if (run->no_kernel)
		return 0;
	r = answer_there(run);
	if (r < 0)
		return r;
	kernel = &run->kernel.now->slot->out;
	if (memcmp(kernel, &run->here->out, sizeof(*kernel)) == 0)
		return 0;
	if (run->n.mismatches++ < (run->sabotage ? 0 : SHOWN))
		tell(run, s, request, "kernel", kernel);
	return 0;
}

static int run_policy(struct run *run, uint32_t number)
{
	struct rnd rnd = rnd_fork(run->seed, number);
	struct subject s;
	int r = subject_make(run, &s, number, &rnd);

	if (r < 0)
		return r;
	run->n.policies++;
	if (!run->no_kernel)
		r = kernel_tables(&run->kernel, s.tables, s.len);
	for (uint32_t i = 0; r == 0 && i < run->requests; i++) {
		gen_ask(&rnd, &s.ir, &run->here->in);
		r = compare(run, &s, i);
	}
	subject_free(&s);
	return r;
}

static int run_all(struct run *run)
{
	int r = 0;

	run->here = calloc(1, sizeof(*run->here));
	if (!run->here)
		return -ENOMEM;
	for (uint32_t i = 0; r == 0 && i < run->policies; i++) {
		if (run->only < 0 || run->only == i)
			r = run_policy(run, i);
	}
	kernel_free(&run->kernel);
	free(run->here);
	return r;
}

/* ---- the end ---- */

/* A test whose answers are nearly all the same shows little. */
static const char *degenerate(const struct run *run)
{
	const struct counts *n = &run->n;

	if (run->only >= 0)
		return NULL;
	if (n->denied * 10 < n->requests)
		return "fewer than 10 % of the requests were denied";
	if (n->said * 3 < n->requests)
		return "more than two thirds of the answers were a plain allow";
	if (n->killed == 0 || n->logged == 0 || n->audited == 0 || n->full == 0)
		return "one kind of answer never came: kill, log, audit report, full label";
	return NULL;
}

static int finish(const struct run *run)
{
	const struct counts *n = &run->n;
	const char *why = degenerate(run);
	bool ok = n->mismatches == 0 && n->wrong == 0 && !why;

	if (why)
		printf("# the mix is no good: %s\n", why);
	printf("# seed %" PRIu64 ", audit reports in %" PRIu64 ", nameless failures %" PRIu64
	       ", nothing to say in %" PRIu64 ", %" PRIu64
	       " policies did not fit and were replaced; tables by size class: %u %u %u %u\n",
	       run->seed, n->audited, n->failed, n->requests - n->said, n->rejected, run->kernel.used[0],
	       run->kernel.used[1], run->kernel.used[2], run->kernel.used[3]);
	if (run->oracle)
		printf("# oracle: %" PRIu64 " requests judged, %" PRIu64 " wrong\n", n->judged, n->wrong);
	printf("%s 1 - %" PRIu64 " requests on %" PRIu64 " policies, %" PRIu64 " mismatches (denied %" PRIu64
	       ", killed %" PRIu64 ", logged %" PRIu64 ", label-full %" PRIu64 ")\n",
	       ok ? "ok" : "not ok", n->requests, n->policies, n->mismatches, n->denied, n->killed, n->logged, n->full);
	return ok ? 0 : 1;
}

static int usage(void)
{
	fprintf(stderr, "usage: diff [--seed N] [--policies N] [--requests N-PER-POLICY] [--only POLICY] [--print]\n"
			"            [--no-kernel] [--oracle] [--sabotage port|unless|weak|full|class]\n"
			"exit status: 0 no mismatch and a good mix, 1 otherwise, 2 usage, 3 it could not be run\n");
	return 2;
}

static bool number(const char *text, uint64_t *ret)
{
	char *end;

	errno = 0;
	*ret = strtoull(text, &end, 10);
	return errno == 0 && *end == '\0' && text[0] >= '0' && text[0] <= '9';
}

static bool option(struct run *run, int c, const char *arg)
{
	uint64_t n = 0;

	if (c == 'x') {
		run->sabotage = sabotage_find(arg);
		return run->sabotage != SABOTAGE_NONE;
	}
	if (c == 'n' || c == 'P' || c == 'O') {
		run->no_kernel |= c == 'n';
		run->oracle |= c == 'O';
		run->print |= c == 'P';
		return true;
	}
	if (c == '?' || !number(arg, &n) || (c != 's' && n > UINT32_MAX))
		return false;
	if (c == 's')
		run->seed = n;
	else if (c == 'p')
		run->policies = (uint32_t)n;
	else if (c == 'r')
		run->requests = (uint32_t)n;
	else
		run->only = (int64_t)n;
	return true;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"seed", required_argument, NULL, 's'},
		{"policies", required_argument, NULL, 'p'},
		{"requests", required_argument, NULL, 'r'},
		{"only", required_argument, NULL, 'o'},
		{"print", no_argument, NULL, 'P'},
		{"no-kernel", no_argument, NULL, 'n'},
		{"oracle", no_argument, NULL, 'O'},
		{"sabotage", required_argument, NULL, 'x'},
		{NULL, 0, NULL, 0},
	};
	struct run run = {.seed = 1, .policies = 200, .requests = 100, .only = -1};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (!option(&run, c, optarg))
			return usage();
	}
	if (optind != argc)
		return usage();
	c = run_all(&run);
	if (c < 0) {
		fprintf(stderr, "diff: %s\n", strerror(-c));
		return 3;
	}
	return finish(&run);
}
