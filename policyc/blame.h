/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What to say about a policy whose patterns together need more states than can be had. */
#ifndef BL_BLAME_H
#define BL_BLAME_H

#include "accept.h"
#include "automaton.h"

/*
 * Fills *err after au_build() returned -E2BIG: the rules and terms that made most of the automaton, TABLES_WORST at most.
 * owners and locs are by pattern number. Returns -E2BIG, or -ENOMEM.
 */
int blame_rules(const struct au *a, const struct owner *owners, const struct src_loc *locs, size_t npatterns,
		struct tables_error *err);

#endif
