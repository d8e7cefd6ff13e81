/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The forms in which an event is given out. */
#ifndef BL_FORMAT_H
#define BL_FORMAT_H

#include "events.h"

/* X(NAME, "word"). The words are those of the configuration; those that begin with a bracket are no words of it. */
#define BL_FORMATS(X) \
	X(TEXT, "text") \
	X(JSON, "json") \
	X(ECS, "ecs") \
	X(OCSF, "ocsf") \
	X(SYSLOG, "(RFC 5424)") \
	X(JOURNAL, "(fields)")

enum bl_format {
#define X(NAME, w) BL_FORMAT_##NAME,
	BL_FORMATS(X)
#undef X
	BL_FORMAT_COUNT
};
const char *bl_format_word(enum bl_format f);

/*
 * Appends the event, without a newline. TEXT, JSON, ECS and OCSF are one line of UTF-8. SYSLOG is a message of RFC 5424 with structured data.
 * JOURNAL is fields one behind the other, each a uint32_t of its length and NAME=VALUE, as bl_format_field() takes them apart.
 */
void bl_format(struct bl_buf *b, enum bl_format f, struct bl_gen_names *n, const struct bl_event_view *e);

/* The field at *at of a JOURNAL, which goes on to the next; false: there is none. */
bool bl_format_field(const char *data, size_t size, size_t *at, const char **ret, size_t *ret_len);

#endif
