/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the answer to a request should be, worked out slowly from the checked policy alone: no automaton, no tables,
 * nothing of decide.h but its structs. It finds what the two compilations of the core agree upon and both have wrong.
 */
#ifndef TESTS_DIFF_ORACLE_H
#define TESTS_DIFF_ORACLE_H

#include "native.h"

#include <stdbool.h>

struct ir;

enum oracle_says { ORACLE_AGREES, ORACLE_DIFFERS, ORACLE_SILENT /* a name that no kernel would give */ };

/* Compares verdict, errno and reports. *ret gets what was expected. */
enum oracle_says oracle_check(const struct ir *ir, const struct bl_tables *t, const struct ask *q,
			      const struct ask_answer *a, struct ask_answer *ret);

#endif
