/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events: taken from the kernel, checked, kept for a while, and given names. */
#ifndef BL_EVENTS_H
#define BL_EVENTS_H

#include "buf.h"
#include "generation.h"

/* The largest record: head, a program's name and an object's. */
#define BL_EVENT_MAX (sizeof(struct bl_event) + 2 * (size_t)BL_PATH_MAX)

/* One event with its two byte strings, in memory that belongs to the caller. */
struct bl_event_view {
	const struct bl_event *ev;
	const uint8_t *exe;
	const uint8_t *obj;
};

/* Checks every size in a record; false: it is not an event of this version. data must be 8-byte aligned. */
bool bl_event_decode(const void *data, size_t size, struct bl_event_view *ret);

/* ---- names: generations' images, read once ---- */

#define BL_NAMES_GENS 4
struct bl_names {
	struct {
		uint32_t gen;
		bool there;
		struct bl_gen g;
	} gens[BL_NAMES_GENS];
	size_t next;
};
/* The image of a generation, NULL if it is gone. Owned by n; good until the next call. */
const struct bl_image *bl_names_image(struct bl_names *n, uint32_t gen);
void bl_names_free(struct bl_names *n);

/* Texts of one event; NULL where unknown. */
struct bl_event_names {
	const char *profile;
	const char *file; /* of the rule, or of the profile whose default it was */
	uint32_t line;
	const char *rule; /* its text */
	const char *message, *tag, *severity;
};
void bl_event_names(struct bl_names *n, const struct bl_event *ev, struct bl_event_names *ret);

/* "deny", "would-kill", "log"... */
const char *bl_event_verdict(const struct bl_event *ev);

/* Nanoseconds since 1970 of a boot time, by the clocks' difference now. */
uint64_t bl_event_wall_ns(uint64_t boot_ns);

/* One line each, without the newline. */
void bl_event_text(struct bl_buf *b, struct bl_names *n, const struct bl_event_view *e);
int bl_event_json(struct bl_buf *b, struct bl_names *n, const struct bl_event_view *e);

/* ---- the ring buffer ---- */

struct bl_events;
/* Calls fn for every good event; bad records are counted. Only one consumer may exist: the caller holds the events
 * lock. */
int bl_events_open(const struct bl_object *o, void (*fn)(const struct bl_event_view *e, size_t size, void *arg),
		   void *arg, struct bl_events **ret, struct bl_error *err);
int bl_events_fd(const struct bl_events *e);			  /* for epoll */
int bl_events_consume(struct bl_events *e, struct bl_error *err); /* takes what is there */
uint64_t bl_events_bad(const struct bl_events *e);
void bl_events_close(struct bl_events *e);

#endif
