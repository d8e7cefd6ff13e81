/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Users and groups by name or number. */
#ifndef BL_IDS_H
#define BL_IDS_H

#include "abi.h"
#include "word_error.h"
#include <stdbool.h>
#include <stdint.h>

struct arena;

/* Is it a number or a range of numbers rather than a name? */
bool ids_is_number(const char *text);
/* An id or LO-HI; kind, here and below: BL_KEY_USER or BL_KEY_GROUP. 0, or -EINVAL with *err. */
int ids_parse(struct arena *a, enum bl_kind kind, const char *text, uint32_t *ret_lo, uint32_t *ret_hi,
	      struct word_error *err);
/* Looks a name up on this machine. 0, -ENOENT: there is none, or the negative errno of the look-up. */
int ids_find(enum bl_kind kind, const char *name, uint32_t *ret);

#endif
