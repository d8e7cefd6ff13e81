/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Users and groups by name or number. */
#ifndef BL_IDS_H
#define BL_IDS_H

#include "word_error.h"
#include <stdbool.h>
#include <stdint.h>

struct arena;

/* Is it a number or a range of numbers rather than a name? */
bool ids_is_number(const char *text);
/* An id or LO-HI. 0, or -EINVAL with *err. */
int ids_parse_range(struct arena *a, const char *text, bool group, uint32_t *ret_lo, uint32_t *ret_hi, struct word_error *err);
/* Look a name up on this machine. 0, -ENOENT: there is none, or the negative errno of the look-up. */
int ids_find_user(const char *name, uint32_t *ret);
int ids_find_group(const char *name, uint32_t *ret);

#endif
