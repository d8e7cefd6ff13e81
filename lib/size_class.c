/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "size_class.h"

#include <stddef.h>

#include "abi.h"
#include "banned.h"

static const uint32_t classes[] = {1u << 15, 1u << 17, 1u << 19, 1u << 20, BL_MAX_WORDS};
_Static_assert(BL_MAX_WORDS == 1u << 21, "what the compiler lets pass fits the largest class");

uint32_t bl_size_class(uint32_t nwords)
{
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (nwords <= classes[i])
			return classes[i];
	return 0;
}

uint32_t bl_size_class_first(uint32_t nwords)
{
	return bl_size_class(nwords < classes[1] ? classes[1] : nwords);
}
