/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long the hooks' programs take: while it is on, programs at the beginning and the end of each (bpf-lsm/latency.bpf.c) fill histograms. They are
 * pinned in BL_PIN_DIR/latency, with the maps; that they are pinned is what says that it is on.
 */
#ifndef BL_LATENCY_H
#define BL_LATENCY_H

#include "buf.h"
#include "enforcer.h"
#include "latency_abi.h"
#include <jansson.h>

/* Over all processors since it is on. */
struct bl_hook_latency {
	bool timed;     /* this hook is */
	uint64_t calls; /* the sum of the buckets */
	struct bl_latency sum;
};

bool bl_latency_on(void);

/* Times every hook with a loaded program that is not timed yet, or none any more. The caller holds the lock. Policies are not touched. */
int bl_latency_begin(struct bl_error *err);
int bl_latency_end(struct bl_error *err);

/* Zeros while it is off. */
int bl_latency_read(struct bl_hook_latency ret[BL_NHOOKS], struct bl_error *err);

/* A line for each hook that is timed. */
void bl_latency_text(struct bl_buf *b, const struct bl_hook_latency hooks[BL_NHOOKS]);
/* Text of one line about the calls of all hooks since *before was their sum, so many seconds ago; 0: since it is on. *before becomes the sum. */
void bl_latency_line(struct bl_buf *b, const struct bl_hook_latency hooks[BL_NHOOKS], struct bl_hook_latency *before, unsigned int seconds);
/* An object for each. */
json_t *bl_latency_json(const struct bl_hook_latency hooks[BL_NHOOKS]);

/* The command: what is "on", "off" or NULL to show it. */
int bl_latency(const char *what, bool json, struct bl_error *err);

#endif
