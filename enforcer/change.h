/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changes of what is in force: loads, trials, and what ends them. They are made by the process that is asked to; if a policy in force refuses
 * bpf(2) to it, by the daemon, which is in no profile.
 */
#ifndef BL_CHANGE_H
#define BL_CHANGE_H

#include "load.h"

enum bl_change_what { BL_CHANGE_LOAD = 1, BL_CHANGE_CONFIRM = 2, BL_CHANGE_ROLLBACK = 3 };

struct bl_change {
	enum bl_change_what what;
	struct bl_policy *policy;   /* BL_CHANGE_LOAD */
	struct bl_load_how how;	    /* BL_CHANGE_LOAD */
};

/* Makes the change here; the caller holds the lock. What there is to say goes to say. A failed load is noted for `status`. */
int bl_change_locked(const struct bl_change *c, struct bl_buf *say, struct bl_error *err);

/* Takes the lock and makes the change, here or through the daemon. */
int bl_change(const struct bl_change *c, struct bl_buf *say, struct bl_error *err);

/*
 * Compiles the policy directory and loads what comes of it; in the daemon's or a command's name. said: what policyc says. lock: -1 or the lock,
 * if the caller has it. -ENOENT: there is no policy directory. Failures are noted for `status`.
 */
int bl_change_reload(const struct bl_conf *conf, int lock, struct bl_buf *said, struct bl_buf *say, struct bl_error *err);

#endif
