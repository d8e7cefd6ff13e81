/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Atoms and conditions, as sema_subject.c makes them. */
#ifndef BL_SEMA_COND_H
#define BL_SEMA_COND_H

#include "sema.h"

#define ATOM_NONE UINT32_MAX

struct lits {
	struct ir_lit *v;
	size_t n, cap;
};

/* FNV-1a 64 of a name, and if text is given of a 0 byte and text after it; never 0. */
uint64_t sema_hash(const char *name, const char *text);

/*
 * Number of the atom "WORD patterns", an old one if there is an equal one; p is sorted. sticky_profile: the profile
 * whose subject it makes inherited, "": inherited in any case, NULL: judged by the present state. ATOM_NONE: over the limit, which has
 * been said.
 */
uint32_t atom_get(struct sema *s, const char *word, enum bl_kind kind, struct pats *p, const char *sticky_profile,
		  struct src_loc loc);

void lits_add(struct sema *s, struct lits *l, struct ir_lit lit); /* unless it is in l */

/* A new condition. BL_COND_NONE: over the limit, which has been said. */
uint32_t cond_new(struct sema *s, struct ir_clause *clauses, size_t n, struct src_loc loc);
/* A rule's condition: an equal one if there is one. */
uint32_t cond_get(struct sema *s, struct ir_clause *clauses, size_t n, struct src_loc loc);

#endif
