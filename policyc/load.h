/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads and parses policy files with what they include. */
#ifndef BL_LOAD_H
#define BL_LOAD_H

#include "ast.h"
#include "compile.h"

/* The whole tree of a policy file; NULL: it could not be read, which has been said, or was read before. */
struct ast_block *load_policy(struct compile *c, const char *name);

/* Says that a file could not be read, or that it is too big (-EFBIG). */
void load_failed(struct compile *c, const char *name, int r, struct src_loc loc);

#endif
