/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which names of the file system a policy is about: what is looked up on a machine, here or at the load. */
#ifndef BL_PATHS_H
#define BL_PATHS_H

#include "glob.h"
#include "ir.h"

/* What a pattern is for. */
struct path_use {
	bool must_exist; /* a name without wildcards is that of a program */
	bool follow;     /* a link at the end of the name is followed: nothing has the link's own name */
};

/* Calls fn for each pattern of paths, but for those of the sets that come with the compiler: they name what many machines have. */
typedef void path_fn(void *arg, const struct ir_pattern *p, const struct path_use *use);
void paths_each(const struct ir *ir, path_fn *fn, void *arg);

/* What of one alternative is looked up: the name, or the directory in which the first wildcard is; "" for the root. In the arena. */
const char *path_fixed(struct arena *arena, const struct glob_prefix *g);

/* Something that must not go through a symbolic link for the pattern to match anything. */
struct path_prefix {
	const char *path; /* never "" or "/" */
	const char *rest; /* how the pattern goes on, as written */
	bool follow;      /* a link at its end counts as well */
	bool name;	  /* of all patterns that begin with it the object is the name itself */
	struct src_loc loc;
};

/* All of a policy, each path once, in the order in which they are first written. In the arena. */
const struct path_prefix *path_prefixes(struct arena *arena, const struct ir *ir, size_t *ret_n);

#endif
