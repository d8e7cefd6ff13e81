/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who a process can be, in the subject terms of two policies: terms of equal text (and equally inherited) are one, and only those
 * combinations are looked at that some program, user, cgroup and so on can bring about. A policy can be compared with itself.
 */
#ifndef BL_ANALYSE_WHO_H
#define BL_ANALYSE_WHO_H

#include "analyse_walk.h"
#include "arena.h"
#include "image_read.h"
#include "simulate.h"

#define WHO_TERMS_MAX (2 * BL_MAX_ATOMS)
#define WHO_RELEVANT_MAX 64u	/* terms that one decision may depend on */
#define WHO_STATES_MAX 1000000u /* combinations of them */

struct who_term {
	const char *text; /* "exe /usr/bin/x" */
	enum bl_kind kind;
	uint64_t sticky;
	bool entered; /* what a rule's `enter` makes true, and no name */
};

struct who_domain;
struct who {
	struct arena *arena;
	const struct bl_image *img[2];
	struct who_term *terms; /* terms[0] always holds */
	size_t nterms;
	uint16_t term[2][BL_MAX_ATOMS]; /* of each atom */
	uint32_t cond[2][BL_MAX_CONDS]; /* of each condition a number; equal ones say the same */
	uint64_t cond_at[2][BL_MAX_CONDS]; /* word of its first literal */
	/* private */
	struct walk *walks[BL_KEY_KINDS];
	struct who_domain *domains;
	struct who_cond *conds;
	size_t nconds, conds_cap;
};

struct who_set {
	uint64_t bits[WHO_TERMS_MAX / 64];
};

enum who_group {
	WHO_EXE, /* with ancestors */
	WHO_SCRIPT,
	WHO_USER,
	WHO_LOGIN,
	WHO_CGROUP,
	WHO_UNIT,
	WHO_CONTAINER,
	WHO_GROUP,
	WHO_CAPABILITY,
	WHO_ENTERED,
	WHO_GROUPS
};

/* One thing that a process can be with respect to one group of terms. */
struct who_choice {
	uint64_t holds;
	uint32_t hit;  /* of the walk; WHO_NONE: it has none */
	uint32_t more; /* choice of the same group's `past` that is true besides; WHO_NONE: none */
};
#define WHO_NONE UINT32_MAX

struct who_choices {
	struct who_choice *v, *past;
	size_t n, npast;
};

/* All that a process can be with respect to some terms: one choice of each group. */
struct who_domain {
	struct who_set set;
	uint16_t term[WHO_RELEVANT_MAX]; /* the terms, by bit of `holds` */
	size_t nterms;
	struct who_choices by[WHO_GROUPS]; /* n 0: no term is about it */
	struct who_domain *next;
};

struct who_state {
	uint64_t holds;
	bool untrusted;
	uint32_t at[WHO_GROUPS];
};

void who_init(struct who *w, struct arena *arena, const struct bl_image *old, const struct bl_image *new);
void who_free(struct who *w); /* what is not in the arena */

void who_set_add(struct who_set *s, uint32_t term); /* term 0 is not added: it always holds */

/* Everything a process can be with respect to these terms. -E2BIG: too much to look at. *ret lives as long as w. */
int who_domain(struct who *w, const struct who_set *s, const struct who_domain **ret);
/* Which bit of `holds` a term is. */
uint32_t who_bit(const struct who_domain *d, uint32_t term);

/* One state after the other; who_next() is false when there is no more. `weak`: untrusted programs count as well. */
void who_first(const struct who_domain *d, struct who_state *ret);
bool who_next(const struct who_domain *d, bool weak, struct who_state *s);

/*
 * A process in that state; its strings and lists are in the arena of w. False: there is one, but no lineage that can be simulated leads
 * to it (a program's script that is not the present one, a profile that a rule enters).
 */
bool who_process(const struct who *w, const struct who_domain *d, const struct who_state *s, struct sim_process *ret);

#endif
