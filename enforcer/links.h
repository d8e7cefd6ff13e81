/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the patterns of an image that cannot match on this machine because of its symbolic links. */
#ifndef BL_LINKS_H
#define BL_LINKS_H

#include "enforcer.h"
#include "image_read.h"

/*
 * Walks every prefix of the image's patterns from our root; one that is missing is in order. 0, with the number of
 * prefixes that go through links or cannot be looked at in *ret_n, or, if there are some and they are not accepted, BL_REFUSED with
 * a line for each of the first ten. path is the image's name in messages.
 */
int bl_links_check(const char *path, const struct bl_image *image, bool accept, size_t *ret_n, struct bl_error *err);

#endif
