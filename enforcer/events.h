/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events: taken from the kernel, checked, kept for a while, and given names. */
#ifndef BL_EVENTS_H
#define BL_EVENTS_H

#include "buf.h"
#include "generation.h"

/* The largest record of the kernel's: head, the names of a program and its script, a unit, a container and an object. */
#define BL_EVENT_MAX (sizeof(struct bl_event) + 2 * (size_t)BL_PATH_MAX + BL_EXE_INLINE + BL_UNIT_MAX + BL_CONTAINER_MAX)

/*
 * What is added to an event when it is taken out of the kernel's buffer, as a moment later it could not be found out any more: the time
 * of day, the cgroup's path, the programs of ancestors. Two things that are not found out are empty.
 */
struct bl_event_more {
	uint64_t wall_ns; /* of boot_ns, since 1970 */
	uint16_t cgroup_len;
	uint16_t exe_len[BL_EVENT_ANCESTORS];
	uint16_t pad[3];
	/* then the bytes of each; those of all ancestors together are no more than of one path */
};
_Static_assert(sizeof(struct bl_event_more) == 32, "event more");
#define BL_MORE_MAX (sizeof(struct bl_event_more) + 2 * (size_t)BL_PATH_MAX)

/* An event and what was added to it, one behind the other, the latter at a multiple of 8. */
#define BL_RECORD_MAX (BL_EVENT_MAX + 8 + BL_MORE_MAX)

/* One event with its byte strings, in memory that belongs to the caller. */
struct bl_event_view {
	const struct bl_event *ev;
	const uint8_t *exe, *script, *unit, *container, *obj;
	const struct bl_event_more *more;
	const uint8_t *cgroup;
	const uint8_t *exes[BL_EVENT_ANCESTORS]; /* as ev->ancestors, of exe_len each */
};

/* Checks every size in a record; false: it is not an event of this version. data must be 8-byte aligned. */
bool bl_event_decode(const void *data, size_t size, struct bl_event_view *ret); /* the kernel's: more is NULL */
bool bl_record_decode(const void *data, size_t size, struct bl_event_view *ret);

/* ---- names: generations' images, read once ---- */

#define BL_NAMES_GENS 2 /* as many as are kept; of a big policy each takes more than a megabyte */
struct bl_gen_names {
	bool whole; /* with the images' tables, which the names of events do not need */
	struct {
		uint32_t gen;
		bool there;
		struct bl_gen g;
	} gens[BL_NAMES_GENS];
	size_t next;
};
/* The image of a generation, without the words of its tables (bl_image_cut()) unless whole is set; NULL if it is gone. Owned by n; good until the next call. */
const struct bl_image *bl_names_image(struct bl_gen_names *n, uint32_t gen);
void bl_names_free(struct bl_gen_names *n);

/* Texts of one event; NULL where unknown. */
struct bl_event_names {
	const char *profile;
	const char *file; /* of the rule, or of the profile whose default it was */
	uint32_t line;
	const char *rule; /* its text */
	const char *message, *tag, *severity;
};
void bl_event_names(struct bl_gen_names *n, const struct bl_event *ev, struct bl_event_names *ret);

/* Of no rule: the seal's, or an alarm. */
bool bl_event_is_notice(const struct bl_event *ev);
/* The operation, "seal" or "alarm". */
const char *bl_event_op(const struct bl_event *ev);

/* "deny", "would-kill", "log"... */
const char *bl_event_verdict(const struct bl_event *ev);

/* Was the call refused? Not in audit mode, and not by `log`. */
bool bl_event_refused(const struct bl_event *ev);

/* 0 low to 3 critical, -1: the rule does not say. */
int bl_event_severity(const struct bl_event_names *names);

/* Of this boot, 32 hexadecimal digits; "" if it cannot be read. */
const char *bl_boot_id(void);

/* A name for the event that no other has, on this machine or another: the boot's id, its time and its number. */
void bl_event_id(struct bl_buf *b, const struct bl_event *ev);

/* One line each, without the newline. */
void bl_event_text(struct bl_buf *b, struct bl_gen_names *n, const struct bl_event_view *e);
int bl_event_json(struct bl_buf *b, struct bl_gen_names *n, const struct bl_event_view *e);
#define BL_EVENT_SCHEMA 1 /* of the JSON, bailiff-events(5) */

/* ---- the ring buffer ---- */

struct bl_events;
/* An event, and its record, which bl_record_decode() takes. */
typedef void bl_events_fn(const struct bl_event_view *e, const void *record, size_t size, void *arg);
/* Calls fn for every good event; bad records are counted. Only one consumer may exist: the caller holds the events
 * lock. */
int bl_events_open(const struct bl_object *o, bl_events_fn *fn, void *arg, struct bl_events **ret, struct bl_error *err);
int bl_events_fd(const struct bl_events *e);			  /* for epoll */
int bl_events_consume(struct bl_events *e, struct bl_error *err); /* takes what is there */
/* Says at once how many equal denials have made no event yet; bl_events_consume() does when they have been quiet for a second. */
void bl_events_sum_up(struct bl_events *e);
uint64_t bl_events_bad(const struct bl_events *e);
void bl_events_close(struct bl_events *e);

#endif
