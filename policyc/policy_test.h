/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `test "..." { as ...; expect ...; }`: questions that a policy brings along, with the answers it must give. */
#ifndef BL_POLICY_TEST_H
#define BL_POLICY_TEST_H

#include "compile.h"
#include "image_read.h"

struct policy_test_count {
	size_t tests, failed;
	size_t expectations;
};

/* Told of every test as it ends; may be NULL. */
typedef void policy_test_fn(void *arg, const char *name, size_t expectations, bool passed);

/*
 * Runs the tests of a policy with the decision core on its image. What fails, and a test that makes no sense, is an error in c->diags.
 */
void policy_tests_run(struct compile *c, const struct ir *ir, const struct bl_image *img, policy_test_fn *fn, void *arg,
		      struct policy_test_count *ret);

#endif
