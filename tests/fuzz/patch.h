/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Images made of small inputs: a valid one with changes, sealed again, so that a mutation gets past lengths and hash. */
#ifndef TESTS_FUZZ_PATCH_H
#define TESTS_FUZZ_PATCH_H

#include <stddef.h>
#include <stdint.h>

/*
 * The first byte of an input chooses one of a few policies compiled in, or none; the rest is a list of changes to its image
 * (struct patch in patch.c), or the image itself. Its frame is put right again except where a change says otherwise. Returns
 * malloc()ed memory, NULL for an input that is no image of this form (empty).
 */
void *patched_image(const uint8_t *data, size_t size, size_t *ret_len);

#endif
