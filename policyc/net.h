/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses and networks as a policy may have them. */
#ifndef BL_NET_H
#define BL_NET_H

#include "word_error.h"
#include "ir.h"

struct arena;

/* Fills in family, prefix and addr of *ret from an address or ADDRESS/PREFIX. 0, or -EINVAL with *err. */
int net_parse_addr(struct arena *a, const char *text, struct ir_addr *ret, struct word_error *err);

/* Is it 0.0.0.0 or :: alone? Only a socket that is bound has this address. */
bool net_is_unspecified(const struct ir_addr *n);

/* Does it look as if an address was meant? */
bool net_looks_like_addr(const char *text);

#endif
