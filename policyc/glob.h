/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Globs over names: `*` and `?` never match '/', `**` is any number of whole components, `[a-z]` and `[!a-z]` are one
 * byte other than '/', `{a,b}` nests, a backslash takes the next byte as it is.
 */
#ifndef BL_GLOB_H
#define BL_GLOB_H

#include "automaton.h"
#include "word_error.h"
#include <stdbool.h>

struct arena;

/* 0, or -EINVAL with *err: the pattern is malformed or can never match. Text and help of *err are in the arena. */
int glob_check(struct arena *arena, const char *glob, struct word_error *err);

/*
 * The same for a name that is no path: a unit, a file system type, a mount's source. It may contain '/' if `slashes`, and `**` stands
 * alone, for everything. `what` names it in messages ("a unit").
 */
int glob_check_name(struct arena *arena, const char *glob, const char *what, bool slashes, struct word_error *err);

/* What a checked glob matches. NULL: out of memory. */
struct re *glob_to_re(struct au *a, const char *glob);

/* What the names of one alternative of the braces begin with. */
struct glob_prefix {
	const char *text; /* up to the first wildcard, without backslashes */
	bool more;	  /* a wildcard follows; otherwise text is the one name */
	const char *rest; /* what follows, as written; "" if nothing does */
	struct glob_prefix *next;
};

/* Of a checked glob, in the order of its alternatives. In the arena. */
const struct glob_prefix *glob_prefixes(struct arena *arena, const char *glob);

#endif
