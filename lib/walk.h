/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Resolves a name as the kernel would, one component after the other, and tells which symbolic link it met first. */
#ifndef BL_WALK_H
#define BL_WALK_H

#include <limits.h>
#include <stdbool.h>

struct bl_walk {
	char done[PATH_MAX];   /* without links, "" being the root; after an error the last component is the one that failed */
	char left[PATH_MAX];   /* what was not looked at: begins with '/' or is empty */
	char link[PATH_MAX];   /* the first link, by the name under which it was met; "": none */
	char target[PATH_MAX]; /* what is written in it */
	bool last;             /* nothing comes after the component that was looked at last */
	unsigned int links;    /* how many were followed */
};

/*
 * root, "" or a directory without a slash at its end, is what links and `..` take for the root; name begins with '/'. A link at
 * the end of the name is followed, and counts, only if `follow`. 0, or a negative errno: -ENOENT, -ELOOP, -ENAMETOOLONG, what lstat() and
 * readlink() say. *ret is filled either way.
 */
int bl_walk_name(const char *root, const char *name, bool follow, struct bl_walk *ret);

#endif
