/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What byte strings of a kind can lead to in packed tables: a walk, breadth first, through up to four automata and the shape of the
 * kind's strings (keyshape.h) at the same time. Every combination of accept records that some possible string reaches is a hit, with
 * the shortest string that does, letters before odd bytes. What is not reached cannot exist.
 *
 *     struct walk_part parts[] = {{old, BL_KEY_PATH}, {new, BL_KEY_PATH}};
 *     if (walk_run(parts, 2, BL_OP_READ, &limit, &w) == 0)
 *             for (size_t i = 0; i < w->nhits; i++)
 *                     ... w->hits[i].rec[0], w->hits[i].rec[1], walk_key(w, i, key) ...
 *     walk_free(w);
 *
 * Out of memory ends the program, as with an arena.
 */
#ifndef BL_ANALYSE_WALK_H
#define BL_ANALYSE_WALK_H

#include "abi.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WALK_PARTS 4u
#define WALK_NODES 4000000u /* combinations of states, if the caller sets no limit of his own */

/* One automaton: that of a kind in some tables. Those of one walk are kinds of one shape (all of them names of programs, say). */
struct walk_part {
	const struct bl_tables *tables;
	enum bl_kind kind;
};

struct walk_hit {
	uint32_t rec[WALK_PARTS]; /* offsets of accept records, 0: none */
	bool root;		  /* among paths: it is "/", which is a directory and nothing else */
	uint32_t node;
};

struct walk_node;
struct walk {
	struct walk_hit *hits; /* shortest strings first */
	size_t nhits;
	/* private */
	struct walk_node *nodes;
	size_t nnodes;
};

/* op: as shape_start(). max_nodes 0: WALK_NODES. 0, or -E2BIG: more combinations of states than that. */
int walk_run(const struct walk_part *parts, size_t nparts, unsigned int op, size_t max_nodes, struct walk **ret);
void walk_free(struct walk *w); /* NULL is fine */

/* The string of a hit; returns its length, at most shape_max(kind). */
size_t walk_key(const struct walk *w, size_t hit, uint8_t ret[BL_PATH_MAX]);

#endif
