/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a checked policy to the bytes of an image (include/image.h). */
#ifndef BL_IMAGE_WRITE_H
#define BL_IMAGE_WRITE_H

#include "tables.h"

/* Builds the whole image in memory. As tables_build(). */
int image_build(const struct ir *ir, void **ret, size_t *ret_len, struct tables_error *err);

/*
 * Writes it to path, or to standard output for "-". A file appears whole or not at all: it is written beside its place, synced and
 * renamed. 0 or a negative errno with a sentence in *err.
 */
int image_save(const char *path, const void *image, size_t len, struct bl_error *err);

#endif
