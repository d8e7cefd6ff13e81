/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Globs as elements, and the alternatives that their braces stand for. Shared by glob.c (checks) and glob_re.c. */
#ifndef BL_GLOB_TOK_H
#define BL_GLOB_TOK_H

#include "word_error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

enum glob_type { GLOB_BYTE, GLOB_SLASH, GLOB_ANY, GLOB_STAR, GLOB_CLASS, GLOB_OPEN, GLOB_COMMA, GLOB_CLOSE };

struct glob_tok {
	uint8_t type;
	uint8_t byte;	  /* GLOB_BYTE */
	uint16_t at, len; /* bytes of the text */
};

/*
 * Cuts a glob into elements; toks has room for strlen(glob). Returns how many, or -EINVAL with *err (if err and arena
 * are given).
 */
int glob_cut(struct arena *arena, const char *glob, struct glob_tok *toks, struct word_error *err);

/* The bytes that a GLOB_CLASS matches; '/' is never among them. */
void glob_class(const char *glob, const struct glob_tok *t, uint8_t bits[32]);

/* Index of the GLOB_CLOSE that belongs to the GLOB_OPEN at i, or of the next GLOB_COMMA on its level if that is first.
 */
size_t glob_next_bar(const struct glob_tok *t, size_t i);

/*
 * Calls fn for every alternative of the braces until it returns non-zero, and returns that. With keep_simple, braces
 * whose alternatives are all non-empty and without '/' and '*' stay in. -ENOMEM if there is no memory.
 */
typedef int glob_fn(void *arg, const struct glob_tok *t, size_t n);
int glob_each(const struct glob_tok *t, size_t n, bool keep_simple, glob_fn *fn, void *arg);

#endif
