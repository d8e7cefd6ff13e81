/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is refused below each directory (BL_BELOW_* in abi.h): the kernel side must know when a directory moves, or something is mounted
 * over it. All of it is about the explicit refusals of names only.
 *
 * A guard is a list entry without its rule: the profile, the verdict and the conditions under which a rule refuses. The automaton of all
 * rules also tells apart what allows; so for each guard its states are put into classes by what this guard refuses from there on.
 */
#ifndef BL_BELOW_H
#define BL_BELOW_H

#include "accept.h"
#include "automaton.h"

/* Something to refuse below a directory. */
struct below_entry {
	uint32_t state; /* after the directory's name and '/' */
	uint32_t guard; /* number */
	uint32_t class; /* 0: nothing is refused below under this guard */
	uint32_t rank;	/* of the first rule that does, see below_rank() */
	uint32_t mount; /* of the first rule that has something below without a `**` before it; UINT32_MAX: none */
};

struct below {
	struct below_entry *entries;
	size_t n, cap;
	uint32_t *lists; /* offset of the list of each distinct state, in the order of the entries */
	uint32_t *states;
	size_t nlists;
	uint64_t profiles[BL_MAX_PROFILES / 64]; /* those that refuse something by name */
};

/* Rules that name a directory come before those for any, in what is reported. */
#define BELOW_ANYWHERE (1u << 31)
#define BELOW_RULE(rank) ((rank) & ~BELOW_ANYWHERE)

/*
 * After au_minimise(): finds all of it and lays out the lists. 0, -ENOMEM, or -E2BIG with *err filled. *ret is to be freed by
 * below_free() in any case.
 */
int below_find(struct words *w, const struct ir *ir, struct au *au, struct below *ret, struct tables_error *err);
/* After au_pack(): appends the table of states. */
int below_add(struct words *w, const struct au *au, const struct below *b, uint32_t *ret_off);
void below_free(struct below *b);

/* ---- between below.c and below_mount.c ---- */

int below_entry_add(struct below *b, const struct below_entry *e);

/* That a rule refuses something under a guard. */
struct below_use {
	uint32_t rule, guard;
};

/*
 * Adds an entry with `mount` for each directory of which a component follows in the pattern of a rule that no `**` comes before. uses:
 * by rule, each once. root: the state after "/". 0, -ENOMEM, or -E2BIG with *err.
 */
int below_mounts(struct below *b, const struct ir *ir, const struct au *au, uint32_t root, const struct below_use *uses, size_t nuses,
		 struct tables_error *err);
uint32_t below_rank(const struct ir *ir, uint32_t rule);

#endif
