/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Accept records: what a state of the automaton stands for, given which patterns match there. */
#ifndef BL_ACCEPT_H
#define BL_ACCEPT_H

#include "tables.h"

/* Words that are being laid out; equal pieces are laid out once. */
struct words {
	uint64_t *v;
	size_t n, cap;
	uint32_t *index; /* open hash of piece starts, 0: free */
	uint32_t *lengths; /* of the piece in the same slot */
	size_t nindex, used;
};

int words_init(struct words *w, size_t zeroed); /* begins with that many zero words */
void words_free(struct words *w);
int words_add(struct words *w, const uint64_t *v, size_t n); /* appends */
/* Offset of a piece equal to v[0..n), added if there is none. */
int words_intern(struct words *w, const uint64_t *v, size_t n, uint32_t *ret_off);

/* Which rule or atom a pattern of the automaton belongs to. */
struct owner {
	uint32_t index; /* of the rule or the atom */
	bool atom;
	bool except;
	bool implied;
	uint64_t ops; /* of the rule that the pattern is about; all bits for an atom */
};

/* A rule or atom that matches, and for which operations. */
struct match {
	uint32_t index;
	uint64_t ops;
	bool implied; /* for all of them */
};

/*
 * Next owner that these patterns match, from *at (at first 0) on: some pattern of it and none of its exceptions. What a rule implies
 * follows the rule. False: no more.
 */
bool accept_next(const struct owner *owners, const uint32_t *patterns, size_t n, size_t *at, struct match *ret);

/*
 * Lays out the record for the patterns of one accept set. *ret_off is 0 if nothing follows from them. -E2BIG with *err filled where a
 * list would be longer than the kernel side reads.
 */
int accept_record(struct words *w, const struct ir *ir, const struct owner *owners, unsigned int kind, const uint32_t *patterns,
		  size_t n, uint32_t *ret_off, struct tables_error *err);

#endif
