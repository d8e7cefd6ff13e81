/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a checked policy to the tables that decide (struct bl_tables of abi.h): automaton, lists, conditions. */
#ifndef BL_TABLES_H
#define BL_TABLES_H

#include "ir.h"
#include "errmsg.h"

#define TABLES_WORST 3u /* places named in one error */

/* Where a policy does not fit, and why; loc.file NULL: no single place. */
struct tables_error {
	struct src_loc loc;
	const char *id;
	struct bl_error msg;
	const char *help; /* NULL: none */
	const char *note; /* about each of the others */
	struct src_loc others[TABLES_WORST - 1];
	size_t nothers;
};

struct au;
struct owner;

/*
 * Somebody who looks at the automaton of all patterns while it still tells every set of patterns from every other, and at whose they
 * are (accept.h). Returns 0 or -ENOMEM.
 */
struct tables_watch {
	int (*see)(void *arg, const struct ir *ir, struct au *au, const struct owner *owners);
	void *arg;
};

/* Only the automaton, shown to w. As tables_build(). */
int tables_show(const struct ir *ir, const struct tables_watch *w, struct tables_error *err);

/*
 * Builds the tables; w, who looks on, may be NULL. 0 and malloc()ed memory of *ret_len bytes, or -E2BIG (the policy does not fit; *err says what and where) or
 * -ENOMEM.
 */
int tables_build(const struct ir *ir, struct bl_tables **ret, size_t *ret_len, struct tables_error *err);
int tables_build_watched(const struct ir *ir, const struct tables_watch *w, struct bl_tables **ret, size_t *ret_len,
			 struct tables_error *err);

#endif
