/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events as trees of JSON, for the files that make formats of them. Trees belong to whoever gets them. */
#ifndef BL_EVENT_TREE_H
#define BL_EVENT_TREE_H

#include <jansson.h>

#include "events.h"

/* The members of bailiff-events(5). */
json_t *bl_event_tree(struct bl_gen_names *n, const struct bl_event_view *e);

/* Elastic Common Schema, and Open Cybersecurity Schema Framework. */
json_t *bl_event_ecs(struct bl_gen_names *n, const struct bl_event_view *e);
json_t *bl_event_ocsf(struct bl_gen_names *n, const struct bl_event_view *e);

/* Sets the member at a path of names with dots, for which objects are made; takes v, and does nothing for NULL. */
void bl_tree_put(json_t *o, const char *path, json_t *v);

/* A string that is valid UTF-8, whatever the bytes are. */
json_t *bl_tree_bytes(const void *bytes, size_t n);

/* The same, NULL if there is nothing; of a string that may be NULL; of a buffer, which is emptied. */
json_t *bl_tree_known(const void *bytes, size_t n);
json_t *bl_tree_text(const char *s);
json_t *bl_tree_taken(struct bl_buf *b);

json_t *bl_tree_number(uint64_t v);

/* An object of those of the named members, NULL at the end, that are not null. */
json_t *bl_tree_members(struct bl_gen_names *n, const struct bl_event_view *e, const char *const *names);

/* One line, without the newline; takes o. 0 or -ENOMEM. */
int bl_tree_print(struct bl_buf *b, json_t *o);

#endif
