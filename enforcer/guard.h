/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What keeps the daemon's policy in force and says so if it is not any more: the seal, who takes pins away without one, the repeated self-test, alarms. */
#ifndef BL_GUARD_H
#define BL_GUARD_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "failure.h"
#include "object.h"

struct bl_daemon_state;

/* Takes an event that no rule made (notice.h), and frees what is in the buffer. */
typedef void bl_notice_fn(void *arg, struct bl_buf *record);

struct bl_guard {
	const struct bl_object *object;
	struct bl_daemon_state *state; /* the last self-test is noted there */
	bl_notice_fn *notice;
	void *arg; /* of notice */
	uint32_t gen; /* as of the last look, for notices */
	struct bl_seal_log *seal_log; /* NULL: there is no seal */
	struct bl_witnesses *witnesses; /* NULL: there is one, or it could not be had */
	uint32_t selftest_seconds; /* between two self-tests, 0: none */
	uint32_t selftest_in, selftest_busy; /* seconds to the next one; how many could not be made */
	bool alarm;
};

/*
 * Sets or adopts the seal, and times the hooks, as the configuration says; begins to watch. object, state, notice and arg are set. Before any thread is
 * made: a seal trusts the thread that sets it, and what that makes. Errors as bl_error_set() returns them.
 */
int bl_guard_begin(struct bl_guard *g, uint32_t gen, struct bl_error *err);
/* Each second, while generation gen is in force, which needs these hooks (bl_needs()). True: an alarm began, or is over. */
bool bl_guard_look(struct bl_guard *g, uint32_t gen, uint64_t needs);
/* The error that the policy was unloaded, with by whom if that is known; returns what bl_error_set() does. */
int bl_guard_unloaded(struct bl_guard *g, struct bl_error *err);
void bl_guard_end(struct bl_guard *g);

#endif
