/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decimal numbers as a policy may have them: digits only, no leading zero, in range. The one place that converts them.
 */
#ifndef BL_NUM_H
#define BL_NUM_H

#include "word_error.h"
#include <stdint.h>

struct arena;

/* A number of n bytes at text; `what` names it in messages ("port"). 0, or -EINVAL with *err. */
int num_parse(struct arena *a, const char *text, size_t n, const char *what, uint32_t lo, uint32_t hi, uint32_t *ret,
	      struct word_error *err);

/* A number or LO-HI. */
int num_parse_range(struct arena *a, const char *text, const char *what, uint32_t lo, uint32_t hi, uint32_t *ret_lo,
		    uint32_t *ret_hi, struct word_error *err);

#endif
