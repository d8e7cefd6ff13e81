/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Remarks to the compiler: comments `# policyc: allow W-ID, W-ID: reason`. One that stands on the line on which a
 * statement begins or ends, or on a line of its own directly before it, silences these warnings about that statement;
 * about a profile only what concerns the profile as a whole, not the statements in it.
 */
#ifndef BL_REMARK_H
#define BL_REMARK_H

#include "compile.h"

struct ast_block;

/*
 * Takes the warnings that remarks silence out of c->diags, and adds W-allow for every remark that is not understood or
 * silences nothing. After all phases that warn.
 */
void remarks_apply(struct compile *c, struct ast_block *const *trees, size_t n);

#endif
