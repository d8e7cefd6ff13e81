/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `enforcer why`: the last refusals of a process, unit or program in plain words, and what would allow each. */
#ifndef BL_WHY_H
#define BL_WHY_H

#include "events.h"

#define BL_WHY_SHOWN 10 /* different refusals, at most */

/* Is the event one of who's: a number is a pid, what has a slash a program or script, anything else a unit, whose `.service` can be left out? */
bool bl_why_matches(const struct bl_event_view *e, const char *who);

/* A refusal that happened times times, the last time as e has it. Several lines. */
void bl_why_text(struct bl_buf *b, struct bl_gen_names *n, const struct bl_event_view *e, uint64_t times);

/* The same as one line of JSON, without the newline. 0 or -ENOMEM. */
int bl_why_json(struct bl_buf *b, struct bl_gen_names *n, const struct bl_event_view *e, uint64_t times);

/* Asks the daemon and prints. */
int bl_why(const char *who, bool json, struct bl_error *err);

#endif
