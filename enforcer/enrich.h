/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel's part of an event does not say: the time of day, and by number and pid the path of a cgroup and the programs of
 * ancestors. What was looked up lately is kept, so that an event costs few system calls, none of which waits for another process.
 */
#ifndef BL_ENRICH_H
#define BL_ENRICH_H

#include "events.h"

struct bl_enrich;

/* NULL: out of memory. */
struct bl_enrich *bl_enrich_open(void);

/* Appends a struct bl_event_more and its bytes. */
void bl_enrich(struct bl_enrich *e, const struct bl_event *ev, struct bl_buf *b);

void bl_enrich_close(struct bl_enrich *e);

#endif
