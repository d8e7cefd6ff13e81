/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What dead.c, which finds rules that never decide, and dead_report.c, which says so, share. */
#ifndef BL_DEAD_PRIV_H
#define BL_DEAD_PRIV_H

#include "dead.h"
#include "world.h"

struct dead_memo {
	uint64_t hash;
	enum logic_answer answer;
};

struct dead_run {
	struct dead *pub;
	const struct ir *ir;
	struct world w;
	uint64_t steps;	   /* left of the budget of all questions */
	uint64_t *alive;   /* by rule: operations for which it decides somewhere, or could not be judged */
	uint64_t *matched; /* by rule: operations of which it matches some object */
	bool *unsure;	   /* by rule */
	bool *idle;	   /* by profile: no process can be in it */
	uint32_t *earlier; /* rules of one profile that match one object */
	struct dead_memo *memo;
};

/* LOGIC_GAVE_UP, too, when the budget of all is used up. */
enum logic_answer dead_ask(struct dead_run *d, logic_f f);
logic_f dead_alone(struct dead_run *d, uint32_t rule); /* a process is in the rule's profile and the conditions hold */
logic_f dead_without(struct dead_run *d, logic_f f, const uint32_t *earlier, size_t n); /* and f, and those of no earlier one */

void dead_report(struct dead_run *d);

#endif
