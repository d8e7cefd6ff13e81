/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Warnings about rules that can never decide anything: shadowed, contradicted, written twice, about nothing, impossible. */
#ifndef BL_DEAD_H
#define BL_DEAD_H

#include "diag.h"
#include "tables.h"

/*
 * What looks at the automaton while the tables are built, and adds the warnings to diags:
 *
 *     struct dead d = {.arena = arena, .diags = diags};
 *     struct tables_watch w = dead_watch(&d);
 *     image_build_watched(ir, &w, ...);
 */
struct dead {
	struct arena *arena;
	struct diags *diags;
	uint64_t *ops;	/* NULL, or by rule: set to the operations for which it never decides anything (for tests) */
	size_t gave_up; /* rules that were not judged, because that would have taken too long */
};

struct tables_watch dead_watch(struct dead *d);

#endif
