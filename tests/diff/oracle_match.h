/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Does a pattern match? Read off the text of the language's rules, by simulation of the glob's elements. */
#ifndef TESTS_DIFF_ORACLE_MATCH_H
#define TESTS_DIFF_ORACLE_MATCH_H

#include "ir.h"

#include <stdbool.h>

/* Bytes of a name, of an id or of nothing. */
struct text {
	const uint8_t *s;
	size_t len;
};

bool match_glob(const char *glob, struct text name);
bool match_cgroup(const char *glob, struct text name);

/* A name as the kernel gives it: full, no empty component, no slash at the end. */
bool match_is_name(struct text name);

#endif
