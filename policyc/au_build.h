/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the subset construction is made of (au_build.c, au_set.c, au_blame.c); nobody else includes it. */
#ifndef BL_AU_BUILD_H
#define BL_AU_BUILD_H

#include "au_priv.h"

/* A symbol that occurs in the state being worked on, and where to go on when it is read. */
struct local {
	uint32_t sym;
	uint32_t first, n; /* in build.nexts */
};

struct build {
	struct au *a;
	struct nfa m;
	uint32_t max_states;
	uint64_t work;
	uint32_t *stamp; /* by instruction: == gen if in the set being collected */
	uint32_t gen;
	uint32_t *stack;
	uint32_t *solo; /* by instruction: the state that is this one alone */
	uint32_t *pool;
	size_t npool, pool_cap;
	uint64_t hash;	   /* of the set being collected at the end of the pool */
	uint32_t *set_of;  /* by state: first place in the pool; one more than states */
	uint32_t *hash_of; /* by state */
	size_t set_cap, hash_cap;
	uint32_t *tab; /* hash table of states with more than one instruction */
	uint32_t tab_mask, tab_used;
	uint32_t *sym_state; /* by symbol: state for which sym_local is valid */
	uint32_t *sym_local;
	struct local *loc;
	size_t nloc, loc_cap;
	uint32_t *nexts;
	size_t next_cap;
	uint32_t *pats;
	size_t npats, pat_cap;
	uint64_t *mask; /* by interval: which symbols cover it, words 64-bit words each */
	size_t mask_cap, words;
	uint32_t start[257]; /* first byte of each interval, and 256 */
	uint32_t at[257];    /* byte at which an interval begins -> interval */
	unsigned nivals;
	uint32_t group[256];
	uint32_t first_of[256]; /* by group: its first interval */
	unsigned ngroups;
};

/*
 * Sets (au_set.c). set_begin(), then set_add() for every instruction to begin with, then set_intern() for the state that
 * the set is; 0: it is empty.
 */
void set_begin(struct build *b);
int set_add(struct build *b, uint32_t pc); /* and what can be reached from it without reading */
int set_intern(struct build *b, uint32_t *ret);
int state_new(struct build *b, uint32_t *ret); /* of the set at the end of the pool; -E2BIG: one too many */

/* Who is to blame (au_blame.c): fills a->blame. -E2BIG, or -ENOMEM if there is no memory to find out. */
int build_blame(struct build *b, uint32_t *ret_worst_pattern);

#endif
