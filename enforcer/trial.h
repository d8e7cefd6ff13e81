/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A generation on trial goes back to the one before it at its deadline, unless it is confirmed. The pin gen/N/trial, a map with the deadline, makes
 * generation N one: it is made before N is published and removed by `confirm`. Who keeps the time: the daemon, a process that the
 * load leaves behind, and whoever runs `enforcer` next. A boot ends every trial, because nothing of it is on a disk.
 */
#ifndef BL_TRIAL_H
#define BL_TRIAL_H

#include "buf.h"
#include "object.h"

struct bl_trial {
	uint64_t deadline_ns; /* CLOCK_BOOTTIME */
	uint32_t gen;	      /* 0: there is none */
	uint32_t before;      /* where it goes back to, 0: it is unloaded */
	uint32_t seconds;     /* left, 0: the deadline has passed */
};

/* Is generation gen, which is in force, on trial? Without a lock the answer may be old. */
int bl_trial_get(uint32_t gen, struct bl_trial *ret, struct bl_error *err);

/* 0, or BL_REFUSED if generation now is on trial. */
int bl_trial_none(uint32_t now, struct bl_error *err);

/* Marks generation gen, which is not published yet, and leaves the process behind that ends its trial. The caller holds the lock. */
int bl_trial_begin(const struct bl_object *o, uint32_t gen, uint32_t seconds, struct bl_error *err);

/*
 * Ends a trial whose deadline has passed. 1 and a sentence in *err: that was done; 0: there was none; -EBUSY: somebody has the lock and wait is
 * false; else as everywhere. Takes the lock, but only if there is something to do.
 */
int bl_trial_settle(bool wait, struct bl_error *err);

/* What `confirm` and `rollback` do; the caller holds the lock. What there is to say goes to say. */
int bl_trial_confirm(struct bl_buf *say, struct bl_error *err);
int bl_trial_rollback(struct bl_buf *say, struct bl_error *err);

#endif
