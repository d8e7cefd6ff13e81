/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands that deal in events: the daemon, and a look at what it or the kernel has. */
#ifndef BL_DAEMON_H
#define BL_DAEMON_H

#include "enforcer.h"

struct bl_run_options {
	const char *image; /* NULL: adopt what is loaded */
	unsigned int load; /* BL_LOAD_* */
	bool json;
};
/* Runs until SIGTERM or SIGINT; enforcement stays on. Says what it does on stderr, prints events on stdout. */
int bl_daemon_run(const struct bl_run_options *opt, struct bl_error *err);

struct bl_watch_options {
	bool json;
	bool follow;
};
/* Prints the daemon's events, or without a daemon those in the kernel's buffer. */
int bl_events_watch(const struct bl_watch_options *opt, struct bl_error *err);

#endif
