/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What assert.c, which looks for counterexamples, and assert_report.c, which words them, share. */
#ifndef BL_ASSERT_PRIV_H
#define BL_ASSERT_PRIV_H

#include "assert.h"
#include "world.h"

struct assert_run {
	struct compile *c;
	const struct ir *ir; /* the policy's own */
	struct ir with;	     /* with one more rule for each assertion, of no profile, and their atoms */
	struct world w;
	struct assert_witness *witness; /* NULL: nobody asks for it */
	int failed;

	/* the assertion being checked */
	const struct ir_assert *a;
	uint32_t index;
	uint64_t steps;
	uint64_t *seen; /* hash table: what has been asked */
	bool gave_up, found;
};

/* The next rule of a profile from *at on, in the order in which they are asked; false: none. n: rules that match. */
struct assert_entry {
	uint32_t rule;
	bool refuses;
};
bool assert_next(const struct assert_run *r, const struct match *m, size_t n, uint32_t profile, size_t *at,
		 struct assert_entry *ret);

/* The values in r->w make object o a counterexample. They are completed, and it is said. */
void assert_report(struct assert_run *r, const struct world_object *o);

#endif
