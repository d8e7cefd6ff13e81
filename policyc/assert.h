/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `assert never ...;`: promises of a policy, checked for every object and every process that it can tell apart. */
#ifndef BL_ASSERT_H
#define BL_ASSERT_H

#include "compile.h"

/*
 * Checks all assertions. One that fails is an error E-assert in c->diags with a counterexample, one that would take too long is
 * E-assert-budget. Returns how many there are of either, or a negative errno.
 */
int assert_run(struct compile *c, const struct ir *ir);

/* The counterexample to one assertion, in c->arena; for tests. */
struct assert_witness {
	bool fails, budget;
	unsigned int op;
	const char *object; /* as object_text.h has it */
	const char *exe;    /* NULL: it has no name */
	const char *cgroup;
	uint32_t user;
	bool untrusted;
};

/* As assert_run(); writes ir->nasserts elements of ret. */
int assert_run_witnessed(struct compile *c, const struct ir *ir, struct assert_witness *ret);

#endif
