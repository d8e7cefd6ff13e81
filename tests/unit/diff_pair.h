/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests of `policyc diff`: two policies from text, and each example of their difference asked of both. */
#ifndef TESTS_UNIT_DIFF_PAIR_H
#define TESTS_UNIT_DIFF_PAIR_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "analyse_diff.h"
#include "buf.h"
#include "build_text.h"
#include "diff_print.h"
#include "request_json.h"
#include "text.h"

struct diff_pair {
	void *mem[2];
	struct bl_image img[2];
	struct arena arena;
	struct diff d;
};

static inline void pair_make(struct diff_pair *p, const char *old, const char *new)
{
	build_text(old, &p->mem[0], &p->img[0]);
	build_text(new, &p->mem[1], &p->img[1]);
	arena_init(&p->arena);
	diff_policies(&p->arena, &p->img[0], &p->img[1], &p->d);
}

static inline void pair_free(struct diff_pair *p)
{
	diff_free(&p->d);
	arena_free(&p->arena);
	free(p->mem[0]);
	free(p->mem[1]);
}

/* What a profile says in an answer. */
struct pair_said {
	enum chain_act act;
	uint32_t rule;
};

static inline struct pair_said pair_said(const struct bl_image *img, const struct sim_answer *a, uint32_t profile, uint32_t op)
{
	struct pair_said s = { .act = CHAIN_NONE, .rule = BL_RULE_NONE };
	struct sim_considered c;

	for (uint32_t i = 0; i < a->label.nprof; i++) {
		const struct bl_report *rep = &a->result.reports[i];

		if (a->label.prof[i] != profile)
			continue;
		s.act = CHAIN_ALLOW;
		if (rep->verdict != 0 && rep->op != op) {
			s.act = CHAIN_UNKNOWN; /* another question of the same call, create beside bind, had a worse answer */
			return s;
		}
		if (rep->verdict != 0) {
			bool audit = rep->mode == BL_MODE_AUDIT;

			s.rule = rep->rule;
			s.act = rep->verdict == BL_V_LOG ? CHAIN_LOG
				: rep->verdict == BL_V_DENY ? (audit ? CHAIN_WOULD_DENY : CHAIN_DENY)
							    : (audit ? CHAIN_WOULD_KILL : CHAIN_KILL);
			return s;
		}
		for (uint32_t k = 0; sim_considered(img, a, profile, k, &c); k++) {
			if (!c.holds)
				continue;
			s.rule = c.rule;
			break;
		}
	}
	return s;
}

/* Asks both policies the example's request, as `explain --batch` would. False: it cannot be asked. */
static inline bool pair_check_item(const struct diff_pair *p, const struct diff_item *it)
{
	static struct sim_answer a;
	struct bl_buf line = BL_BUF_INIT;
	struct bl_error err;
	struct request q;

	if (!diff_json_request(&line, it))
		return false;
	ck_assert_msg(request_parse(line.data, line.len, &q, &err) == 0, "%s", err.text);
	q.ask.op = sim_op(q.op);
	q.ask.alone = true; /* diff compares rules */
	ck_assert_uint_eq(q.ask.op, it->op);
	for (int side = 0; side < 2; side++) {
		const struct chain_answer *want = &it->answer[side];
		struct pair_said s = { .act = CHAIN_NONE, .rule = BL_RULE_NONE };

		ck_assert_msg(sim_ask(&p->img[side], &q.ask, &a, &err) == 0, "%s", err.text);
		ck_assert_uint_eq(a.kind, it->object.kind);
		ck_assert_uint_eq(a.key_len, it->object.len);
		ck_assert_mem_eq(a.key, it->object.key, a.key_len);
		if (p->d.profiles[it->profile].at[side] != CHAIN_NOBODY)
			s = pair_said(&p->img[side], &a, p->d.profiles[it->profile].at[side], it->op);
		ck_assert_msg(s.act == CHAIN_UNKNOWN || (s.act == want->act && s.rule == want->rule), "side %d: %s %s: act %d rule %d, diff says %d and %d", side,
			      q.op, q.ask.object, s.act, (int)s.rule, want->act, (int)want->rule);
	}
	bl_buf_free(&line);
	return true;
}

#endif
