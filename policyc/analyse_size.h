/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much of the kernel side's room a compiled policy takes. */
#ifndef BL_ANALYSE_SIZE_H
#define BL_ANALYSE_SIZE_H

#include "abi.h"
#include <stddef.h>
#include <stdint.h>

/* X(NAME, "what it is") */
#define SIZE_PARTS(X) \
	X(HEAD, "head") \
	X(LISTS, "lists of rules and terms") \
	X(STATES, "states") \
	X(BELOW, "directories of refusals") \
	X(PROFILES, "profiles") \
	X(CONDS, "conditions") \
	X(TERMS, "subject terms") \
	X(RULES, "rules") \
	X(HITS, "counters")

enum size_part {
#define X(NAME, text) SIZE_##NAME,
	SIZE_PARTS(X)
#undef X
	SIZE_PARTS_N
};

struct sizes {
	uint64_t bytes[SIZE_PARTS_N]; /* together those of the tables */
	uint32_t list;	/* entries of the longest list */
	uint32_t chain; /* of them, of one profile at most */
	uint32_t terms; /* subject terms that one name satisfies at once, at most */
};

/* Of tables that bl_tables_check() has passed. Out of memory ends the program, as with an arena. */
void sizes_take(const struct bl_tables *t, struct sizes *ret);

#endif
