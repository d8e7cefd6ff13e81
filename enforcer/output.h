/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the daemon's events go. Each output has a queue with a limit and a thread of its own that may hang for ever: a full disk or a reader that
 * does not read costs this output its events, which are counted, and nobody anything else. Threads, not processes, as the daemon is in no profile.
 */
#ifndef BL_OUTPUT_H
#define BL_OUTPUT_H

#include "format.h"
#include "output_conf.h"

#define BL_OUTPUT_QUEUE (1u << 20) /* bytes that wait for one output */
#define BL_OUTPUT_TEXT 192

/* Every event of an output, and every text of the file of metrics, is written, dropped or waiting. */
struct bl_output_state {
	char name[BL_OUTPUT_TEXT]; /* as it is configured, cut to fit */
	uint64_t written;
	uint64_t dropped; /* for want of room in the queue, or because they could not be written */
	uint64_t waiting;
	char error[BL_OUTPUT_TEXT]; /* what went wrong last; "": nothing since an event was written */
};

struct bl_outputs;

/* Starts them, at most BL_OUTPUTS_ALL; a file or socket that cannot be opened yet is tried again with each event. */
int bl_outputs_open(const struct bl_output_conf *conf, size_t n, struct bl_outputs **ret, struct bl_error *err);

/* Hands the event to each; never waits. */
void bl_outputs_event(struct bl_outputs *o, struct bl_gen_names *n, const struct bl_event_view *e);

/* Hands a text to the file of metrics, if there is one; never waits. While one waits another is dropped. */
void bl_outputs_metrics(struct bl_outputs *o, const char *text, size_t size);

/* False: there is no i-th. */
bool bl_outputs_state(struct bl_outputs *o, size_t i, struct bl_output_state *ret);

/* Lets them write what waits, for a second; a thread that hangs stays behind with its memory, and ends with the process. */
void bl_outputs_close(struct bl_outputs *o);

#endif
