/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "size_class.h"

#include <stddef.h>

#include "abi.h"
#include "banned.h"

/* Small ones, then steps of a MiB. */
static const uint32_t classes[] = {1u << 15, 1u << 17, 1u << 19};
#define STEP (1u << 17)
_Static_assert(BL_MAX_WORDS % STEP == 0, "what the compiler lets pass fits the largest class");

uint32_t bl_size_class(uint32_t nwords)
{
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (nwords <= classes[i])
			return classes[i];
	return nwords <= BL_MAX_WORDS ? (nwords + STEP - 1) / STEP * STEP : 0;
}

uint32_t bl_size_class_first(uint32_t nwords)
{
	return bl_size_class(nwords < classes[1] ? classes[1] : nwords);
}
