/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The named sets that come with the compiler; policy(5) lists them. */
#ifndef BL_SHIPPED_H
#define BL_SHIPPED_H

#include "ast.h"
#include "diag.h"

/* Their tree; every file of it is `built_in`. */
struct ast_block *shipped_sets(struct arena *arena, struct diags *diags);

#endif
