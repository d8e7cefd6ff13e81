/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a policy says the same of two names. */
#ifndef BL_ALIKE_H
#define BL_ALIKE_H

#include "abi.h"
#include <stdbool.h>

/* Is what the automaton reads of this kind the name of a file or program, and nothing else? Then it may be asked about another name. */
bool bl_kind_is_name(enum bl_kind kind);

/*
 * True if no rule and no term of these tables, which have their words, can tell the file or program `a` from `b`, nor anything below the
 * one from what has the same name below the other, and if something is said of them at all. False for names of BL_PATH_MAX bytes and more.
 */
bool bl_names_alike(const struct bl_tables *t, const char *a, const char *b);

#endif
