/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Users by name or number. */
#ifndef BL_IDS_H
#define BL_IDS_H

#include "word_error.h"
#include <stdbool.h>
#include <stdint.h>

struct arena;

/* Is it a number or a range of numbers rather than a name? */
bool ids_is_number(const char *text);
/* A uid or LO-HI. 0, or -EINVAL with *err. */
int ids_parse_uids(struct arena *a, const char *text, uint32_t *ret_lo, uint32_t *ret_hi, struct word_error *err);
/* Looks a user up on this machine. 0, -ENOENT: there is none, or the negative errno of the look-up. */
int ids_find_user(const char *name, uint32_t *ret);

#endif
