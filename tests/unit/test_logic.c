// SPDX-License-Identifier: GPL-2.0-or-later
/* Formulas: the search against truth tables, what a theory forbids, and the budget. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "logic.h"

#define VARS 6

static uint32_t seed = 7;

static uint32_t rnd(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

static logic_f random_formula(struct logic *l, unsigned depth)
{
	uint32_t what = rnd(10);

	if (depth == 0 || what == 0)
		return rnd(20) == 0 ? rnd(2) : logic_var(rnd(VARS), rnd(2));
	return what < 6 ? logic_and(l, random_formula(l, depth - 1), random_formula(l, depth - 1)) :
			  logic_or(l, random_formula(l, depth - 1), random_formula(l, depth - 1));
}

/* Not all of the first three may be true. */
static bool fits(const void *arg, const int8_t *values, uint32_t var)
{
	(void)arg;
	(void)var;
	return values[0] + values[1] + values[2] < 3;
}

static bool table(const struct logic *l, logic_f f, bool with_theory)
{
	for (unsigned m = 0; m < 1u << VARS; m++) {
		int8_t v[VARS];

		for (unsigned i = 0; i < VARS; i++)
			v[i] = m >> i & 1 ? 1 : -1;
		if (logic_value(l, f, v) > 0 && !(with_theory && (m & 7) == 7))
			return true;
	}
	return false;
}

START_TEST(as_truth_tables)
{
	unsigned yes = 0;

	for (int i = 0; i < 20000; i++) {
		int8_t values[VARS] = {0};
		struct logic_query q = {.nvars = VARS, .values = values, .fits = i & 1 ? fits : NULL, .steps = 1u << 20};
		struct arena a;
		struct logic l;
		logic_f f;
		bool want;

		arena_init(&a);
		logic_init(&l, &a);
		f = random_formula(&l, 5);
		for (int k = 0; k < 3; k++)
			f = logic_and(&l, f, random_formula(&l, 4));
		want = table(&l, f, i & 1);
		yes += want;
		ck_assert_int_eq(logic_solve(&l, f, &q), want ? LOGIC_YES : LOGIC_NO);
		if (want) {
			ck_assert_int_eq(logic_value(&l, f, values), 1);
			ck_assert(!(i & 1) || fits(NULL, values, 0));
		} else {
			for (unsigned k = 0; k < VARS; k++)
				ck_assert_int_eq(values[k], 0);
		}
		arena_free(&a);
	}
	ck_assert_uint_gt(yes, 2000);
	ck_assert_uint_lt(yes, 18000);
}
END_TEST

/* n + 1 pigeons, n holes: no search of this kind is short. */
START_TEST(gives_up)
{
	enum { HOLES = 9 };
	int8_t values[HOLES * (HOLES + 1)] = {0};
	struct logic_query q = {.nvars = HOLES * (HOLES + 1), .values = values, .steps = 100000};
	logic_f f = LOGIC_TRUE;
	struct arena a;
	struct logic l;

	arena_init(&a);
	logic_init(&l, &a);
	for (uint32_t p = 0; p <= HOLES; p++) {
		logic_f some = LOGIC_FALSE;

		for (uint32_t h = 0; h < HOLES; h++) {
			some = logic_or(&l, some, logic_var(p * HOLES + h, true));
			for (uint32_t o = 0; o < p; o++)
				f = logic_and(&l, f,
					      logic_or(&l, logic_var(p * HOLES + h, false), logic_var(o * HOLES + h, false)));
		}
		f = logic_and(&l, f, some);
	}
	ck_assert_int_eq(logic_solve(&l, f, &q), LOGIC_GAVE_UP);
	ck_assert_uint_eq(q.steps, 0);
	for (size_t i = 0; i < sizeof(values); i++)
		ck_assert_int_eq(values[i], 0);
	arena_free(&a);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("logic");
	TCase *t = tcase_create("logic");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_set_timeout(t, 120);
	tcase_add_test(t, as_truth_tables);
	tcase_add_test(t, gives_up);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
