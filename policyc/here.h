/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compares the names in a policy with those of a machine. */
#ifndef BL_HERE_H
#define BL_HERE_H

#include "abi.h"
#include "diag.h"
#include "ir.h"

/*
 * Adds W-symlink for names that are reached through symbolic links, which the kernel never sees, and W-missing for
 * programs and directories that do not exist. root is the directory that is / of that machine; links are followed inside it. t, the policy's tables, or NULL:
 * a link is in order if they say the same of what it leads to, as at the load.
 */
void here_check(struct arena *arena, struct diags *diags, const struct ir *ir, const char *root, const struct bl_tables *t);

#endif
