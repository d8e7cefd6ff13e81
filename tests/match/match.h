/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random rules, compiled, against a slow reading of the same rules that knows no automaton: which rules match an object?
 * Every rule is alone in a profile for everybody, so that the list of an accept record is exactly the rules that match.
 */
#ifndef TESTS_MATCH_H
#define TESTS_MATCH_H

#include "plat_host.h"
#include "decide.h"
#include "buf.h"
#include "rnd.h"

#include <stdbool.h>

#define MATCH_RULES 12u	 /* of one policy */
#define MATCH_VALUES 3u	 /* of one list */

/* One kind of objects. Rules that were made stay until the next make() or the end. */
struct matcher {
	const char *what;
	uint32_t kind; /* enum bl_kind */
	uint32_t op;   /* of every rule */
	/* Makes rules and appends the policy to *text. Returns how many rules. */
	uint32_t (*make)(struct rnd *r, struct bl_buf *text);
	/* Makes an object near them: its key at the end of *key, from *ret_from on. False: it is none that a kernel gives. */
	bool (*object)(struct rnd *r, struct bl_name *key, uint32_t *ret_from);
	/* Which rules match the last object: bit i for rule i. */
	uint32_t (*judge)(void);
	void (*print_object)(void);
};

extern const struct matcher match_paths, match_addresses;

/* One mistake in the tables; a test that passes with it tests nothing. */
enum mistake { MISTAKE_NONE, MISTAKE_CELL, MISTAKE_DEFAULT, MISTAKE_CLASS, MISTAKE_ACCEPT, MISTAKE_LIST };

enum mistake mistake_find(const char *word); /* MISTAKE_NONE: there is none of this name */
void mistake_make(enum mistake m, struct rnd *r, struct bl_tables *t);

#endif
