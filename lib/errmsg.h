/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What went wrong, for the caller who prints it: one sentence with what failed, on what, why, and the cure, or a line for each of
 * several.
 */
#ifndef BL_ERRMSG_H
#define BL_ERRMSG_H

#include <stdarg.h>

struct bl_error {
	char text[4096]; /* "" if nothing went wrong; no newline at the end */
};

/* Formats into e (which may be NULL) and returns ret, so that `return bl_error_set(e, -EINVAL, ...)` reads well. */
int bl_error_set(struct bl_error *e, int ret, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
