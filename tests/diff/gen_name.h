/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names that globs match, and names that they just do not. */
#ifndef TESTS_DIFF_GEN_NAME_H
#define TESTS_DIFF_GEN_NAME_H

#include "native.h"
#include "rnd.h"

/* Makes a name from a glob (NULL: from nothing) and puts it at the end of ret. Returns where it begins. */
uint32_t gen_name(struct rnd *r, const char *glob, struct bl_name *ret);

#endif
