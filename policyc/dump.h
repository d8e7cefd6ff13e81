/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An image as `policyc dump` shows it; the command itself is in cmd_dump.c. */
#ifndef BL_DUMP_H
#define BL_DUMP_H

#include "buf.h"
#include "image_read.h"

/* Adds the whole dump to b: for people, and as one line of JSON. */
void dump_text(struct bl_buf *b, const struct bl_image *img);
void dump_json(struct bl_buf *b, const struct bl_image *img);

#endif
