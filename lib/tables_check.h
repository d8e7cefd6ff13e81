/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the two halves of the tables' check: tables_check.c (head and fixed tables), tables_states.c (what byte strings lead to). */
#ifndef BL_TABLES_CHECK_H
#define BL_TABLES_CHECK_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "image_read.h"

/* What is known about a word of w[]; one note for each. */
#define NOTE_OP(op) (1ULL << (op)) /* with NOTE_LIST: good for this operation (1 to 44) */
#define NOTE_KIND(k) (1ULL << (k)) /* without: a state, or the first word of a record, good for this kind (0 to 15) */
#define NOTE_BELOW (1ULL << 58)	   /* first word of a list of what is below a directory */
#define NOTE_LIST (1ULL << 59)	   /* first word of a list */
#define NOTE_SUBJECT (1ULL << 60)  /* a state or record of a subject kind */
#define NOTE_OBJECT (1ULL << 61)   /* of an object kind */
#define NOTE_RECORD (1ULL << 62)   /* part of an accept record or of a list */
#define NOTE_FIXED (1ULL << 63)	   /* part of the dead state or of a fixed table */

struct bl_check {
	const struct bl_tables *t;
	const struct bl_meta_rule *rules;
	struct bl_error *err;
	uint64_t *note;
	uint32_t *queue; /* states to look at */
	uint32_t nqueue;
	uint32_t nstates; /* reached */
	uint32_t max_state;
	uint8_t classes[256]; /* the distinct ones in t->cls, without 0 */
	uint32_t nclasses;
	enum bl_kind kind; /* that is being walked */
	uint64_t features; /* found */
};

#define FAIL(c, ...) bl_error_set((c)->err, -EINVAL, "tables: " __VA_ARGS__)

/* Every operation that tables can be about. */
static inline uint64_t bl_check_known_ops(void)
{
#define X(NAME, n, w, c) | BL_OP_BIT(n)
	return BL_OPS_NAMES BL_OPS(X);
#undef X
}

/*
 * Each state of the automaton that can be reached, the accept records and lists that they lead to, and the lists of what is below directories. The head and
 * the fixed tables have been checked and are marked. -EINVAL with a text in c->err.
 */
int bl_check_states(struct bl_check *c);

#endif
