/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Formulas over booleans, and whether one can hold: a search with a budget of steps, and with a say for whoever knows which
 * combinations of booleans exist.
 *
 *     struct logic l;
 *     logic_init(&l, arena);
 *     f = logic_and(&l, logic_var(3, true), logic_or(&l, ...));
 *     answer = logic_solve(&l, f, &query);
 */
#ifndef BL_LOGIC_H
#define BL_LOGIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct logic_node;
struct logic_search;

/* A formula is a number; those of two constants and of a boolean or its opposite need no memory. */
typedef uint32_t logic_f;
#define LOGIC_FALSE 0u
#define LOGIC_TRUE 1u

struct logic {
	struct arena *arena;
	struct logic_node *v;
	size_t n, cap;
	struct logic_search *search; /* memory that one search after the other uses */
};

void logic_init(struct logic *l, struct arena *arena); /* l must not move */
logic_f logic_var(uint32_t var, bool positive); /* var < 2^29 */
logic_f logic_and(struct logic *l, logic_f a, logic_f b);
logic_f logic_or(struct logic *l, logic_f a, logic_f b);
/* Formulas made since logic_mark() are forgotten by logic_release(): their numbers are used again. */
size_t logic_mark(const struct logic *l);
void logic_release(struct logic *l, size_t mark);

/* -1 false, 0 not known, 1 true, under values[var] of the same kind. */
int logic_value(const struct logic *l, logic_f f, const int8_t *values);

enum logic_answer { LOGIC_NO, LOGIC_YES, LOGIC_GAVE_UP };

struct logic_query {
	uint32_t nvars;
	/* By var, all 0 before and after; when the answer is LOGIC_YES what is not 0 makes the formula hold, and the caller clears it. */
	int8_t *values;
	/* May be NULL. False: no combination that exists agrees with these values, of which var was the last to be set. */
	bool (*fits)(const void *arg, const int8_t *values, uint32_t var);
	const void *arg;
	uint64_t steps; /* budget; counted down */
};

enum logic_answer logic_solve(struct logic *l, logic_f f, struct logic_query *q);

#endif
