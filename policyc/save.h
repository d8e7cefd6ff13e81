/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes files so that each appears whole or not at all: beside its place, synced, renamed. */
#ifndef BL_SAVE_H
#define BL_SAVE_H

#include "errmsg.h"
#include <stddef.h>

/* Both: 0, or a negative errno with a sentence in *err. */

/* To path, or to standard output for "-". A device or a pipe is written to, not replaced. */
int save_file(const char *path, const void *bytes, size_t len, struct bl_error *err);

/*
 * In place of what a file holds: path is a regular file, or leads to one by symbolic links, which stay. Mode and owner stay too; if
 * the owner cannot be kept nothing is written.
 */
int save_over(const char *path, const void *bytes, size_t len, struct bl_error *err);

#endif
