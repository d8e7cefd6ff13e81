/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Byte strings where the decision core reads them. */
#ifndef BL_NAME_PUT_H
#define BL_NAME_PUT_H

#include "plat_host.h"
#include "run.h"
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Puts len bytes, at most BL_PATH_MAX, at the end of the buffer, as the kernel side's walk does. Returns where they begin. */
static inline uint32_t bl_name_put(struct bl_name *n, const void *s, size_t len)
{
	memcpy(n->buf + BL_PATH_MAX - len, s, len);
	return (uint32_t)(BL_PATH_MAX - len);
}

#endif
