/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Formats errors. */
#include "errmsg.h"

#include <stdio.h>

#include "banned.h"

int bl_error_set(struct bl_error *e, int ret, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return ret;
	va_start(ap, fmt);
	(void)vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	return ret;
}
