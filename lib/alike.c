/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compares the states of the automaton that two names lead to: it is minimal, so what comes after one state is said of no other. */
#include "alike.h"

#include <stdint.h>
#include <string.h>

#include "name_put.h"

#include "banned.h"

bool bl_kind_is_name(enum bl_kind kind)
{
	return kind == BL_KEY_PATH || kind == BL_KEY_EXE || kind == BL_KEY_SCRIPT || kind == BL_KEY_ANCESTOR;
}

/* The state that a name of this kind leads to. */
static uint32_t state_of(const struct bl_tables *t, const char *s, enum bl_kind kind)
{
	struct bl_name name;

	return bl_run(t, &name, bl_name_put(&name, s, strlen(s)), t->start[kind]);
}

bool bl_names_alike(const struct bl_tables *t, const char *a, const char *b)
{
	bool said = false;

	if (strlen(a) >= BL_PATH_MAX || strlen(b) >= BL_PATH_MAX)
		return false;
	for (unsigned int kind = 0; kind < BL_KEY_KINDS; kind++) {
		uint32_t state;

		if (!bl_kind_is_name(kind))
			continue;
		state = state_of(t, a, kind);
		if (state != state_of(t, b, kind))
			return false;
		said |= state != 0;
	}
	return said;
}
