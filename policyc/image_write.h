/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a checked policy to the bytes of an image (include/image.h). */
#ifndef BL_IMAGE_WRITE_H
#define BL_IMAGE_WRITE_H

#include "tables.h"

/* Builds the whole image in memory. As tables_build(). */
int image_build_watched(const struct ir *ir, const struct tables_watch *w, void **ret, size_t *ret_len, struct tables_error *err);
int image_build(const struct ir *ir, void **ret, size_t *ret_len, struct tables_error *err);

#endif
