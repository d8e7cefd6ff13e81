/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compares the states of the automaton that two names lead to: it is minimal, so what comes after one state is said of no other. */
#include "alike.h"

#include <stdint.h>
#include <string.h>

#include "plat_host.h"
#include "decide.h"

#include "banned.h"

bool bl_names_alike(const struct bl_tables *t, const char *a, const char *b)
{
	static const unsigned int kinds[] = {BL_KEY_PATH, BL_KEY_EXE, BL_KEY_SCRIPT, BL_KEY_ANCESTOR};
	const char *const names[2] = {a, b};
	bool said = false;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		uint32_t state[2];

		for (size_t k = 0; k < 2; k++) {
			size_t len = strlen(names[k]);
			struct bl_name name = {0};

			if (len >= BL_PATH_MAX)
				return false;
			memcpy(name.buf + BL_PATH_MAX - len, names[k], len);
			state[k] = bl_run(t, &name, (uint32_t)(BL_PATH_MAX - len), t->start[kinds[i]]);
		}
		if (state[0] != state[1])
			return false;
		said |= state[0] != 0;
	}
	return said;
}
