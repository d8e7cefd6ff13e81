/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Policy texts, read by root and checked on the open descriptors, to be handed to a policyc that trusts nobody and is trusted by nobody. */
#ifndef BL_TEXTS_H
#define BL_TEXTS_H

#include "enforcer.h"
#include "jail.h"

#define BL_TEXTS_MAX 4096u		 /* files */
#define BL_TEXTS_BYTES (64u << 20)	 /* of all of them */
#define BL_TEXTS_DEPTH 8		 /* directories below each other */

struct bl_texts {
	struct bl_jail_file *files; /* paths and bytes are malloc()ed */
	size_t n, cap;
	size_t bytes;
};
void bl_texts_free(struct bl_texts *t);

/*
 * Reads every file below dir whose name ends in ".policy" and does not begin with '.'; those that are there already are passed over.
 * dir is absolute. -ENOENT: there is no dir. BL_REFUSED: a directory or file that somebody else than root can write to, a link in place
 * of a file, too much of everything.
 */
int bl_texts_read(struct bl_texts *t, const char *dir, struct bl_error *err);

/* Whether that is the name of a policy file. */
bool bl_texts_name(const char *name);

/* Paths of the files right in dir, in order of their names, which belong to t; at most max. */
size_t bl_texts_in(const struct bl_texts *t, const char *dir, const char **ret, size_t max);

#endif
