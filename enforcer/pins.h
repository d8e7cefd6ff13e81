/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pin directory: paths in it, what is in it, taking things out of it; and the lock that changes to it need. */
#ifndef BL_PINS_H
#define BL_PINS_H

#include "enforcer.h"
#include <limits.h>

/* Mounts bpffs if need be and makes the directories. */
int bl_pins_prepare(struct bl_error *err);

/* Makes one more directory in the pin directory; one that is there is fine. */
int bl_pins_directory(const char *name, struct bl_error *err);

/* Whether the pin directory is there and root's; *ret false is no error. A directory of somebody else is one. */
int bl_pins_exist(bool *ret, struct bl_error *err);

/* "BL_PIN_DIR/...", truncated never: the longest is far below PATH_MAX. */
void bl_pins_path(char ret[PATH_MAX], const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Opens the pinned object; -1 with errno. */
int bl_pins_open(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Whether something is pinned there. */
bool bl_pins_has(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Removes one pin; nothing there is fine. */
int bl_pins_remove(struct bl_error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Removes a directory of the pin directory with everything in it; "" is all of it. */
int bl_pins_remove_tree(const char *dir, struct bl_error *err);

/* Calls fn for each name in a directory of the pin directory, until it returns non-zero. A missing directory is empty.
 */
int bl_pins_each(const char *dir, int (*fn)(const char *name, void *arg), void *arg);

/* Generations that are there, ascending. */
#define BL_PINS_MAX_GENS 64
size_t bl_pins_gens(uint32_t ret[BL_PINS_MAX_GENS]);

/*
 * Takes a lock file in BL_RUN_DIR; closing *ret_fd gives it back. With wait: waits for whoever has it; without: -EBUSY.
 */
int bl_lock_take(const char *name, bool wait, int *ret_fd, struct bl_error *err);

/* Whether somebody has the lock, this process included. */
bool bl_lock_held(const char *name);

#endif
