/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between policy_test.c, which asks, and policy_test_who.c and policy_test_what.c, which make requests of what is written. */
#ifndef BL_POLICY_TEST_PRIV_H
#define BL_POLICY_TEST_PRIV_H

#include "ast.h"
#include "policy_test.h"
#include "simulate.h"

/* One test that is being run. */
struct testing {
	struct compile *c;
	const struct ir *ir;
	const struct bl_image *img;
	struct policy_test_count *count;
	bool has_process;
	bool lost; /* the last `as` made no sense: nobody knows who asks */
	struct sim_process who;
};

struct test_expect {
	uint32_t verdict;
	uint32_t profile; /* UINT32_MAX: all that the process is in */
	struct src_loc loc;
};

/* Requests without their `who`. */
struct test_objects {
	struct sim_request *v;
	size_t n, cap;
};

/* False, and a message: a test that cannot be asked as it is written. */
bool test_says(struct testing *t, struct src_loc loc, const char *text, const char *help);

/* A word as the bytes it stands for, backslashes resolved; NULL, and a message, for a pattern. */
const char *test_literal(struct testing *t, const struct ast_word *w);
/* A user or group by name or number. */
bool test_read_id(struct testing *t, const struct ast_word *w, bool group, uint32_t *ret);

/* `exe /a exec /b user u`; whole: of `as`, where an exec may follow. */
bool test_read_process(struct testing *t, const struct ast_terms *terms, bool whole, struct sim_process *ret);
bool test_read_expect(struct testing *t, const struct ast_stmt *st, struct test_expect *e, struct test_objects *ret);

#endif
