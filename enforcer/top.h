/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `enforcer top`: what is being refused and reported, by profile and rule. */
#ifndef BL_TOP_H
#define BL_TOP_H

#include "events.h"
#include "generation.h"
#include "latency.h"

#define BL_TOP_SECONDS 2 /* between two frames */

/* One rule's, or with rule NULL one profile's default's. */
struct bl_top_row {
	const char *profile, *rule, *file; /* rule: its text */
	uint32_t line;
	uint8_t verdict;
	bool audit;
	uint64_t hits;
	uint64_t before;  /* hits at the last frame */
	const char *last; /* in words; NULL: not known */
};

/*
 * A frame of at most height lines of at most width characters, 0: any. seconds since the last frame, 0: it is the first. latency: bl_latency_line(), NULL:
 * hooks are not timed. Sorts rows.
 */
void bl_top_frame(struct bl_buf *b, const char *head, const char *latency, struct bl_top_row *rows, size_t n, unsigned int seconds, size_t width, size_t height);

/* What stands above the rows. */
struct bl_top_head {
	uint64_t wall_ns; /* since 1970 */
	uint32_t gen;
	const struct bl_gen_mode *mode;
	const struct bl_hook_latency *latency; /* BL_NHOOKS of them; NULL: hooks are not timed */
	bool daemon; /* one runs, so that last is known */
	uint64_t produced, dropped; /* events */
};

/* The same as one line of JSON, all rows with hits. 0 or -ENOMEM. */
int bl_top_json(struct bl_buf *b, const struct bl_top_head *head, struct bl_top_row *rows, size_t n, unsigned int seconds);

/* Draws until 'q' or a signal, or prints lines of JSON until a signal; once: a single frame. */
int bl_top(bool once, bool json, struct bl_error *err);

#endif
