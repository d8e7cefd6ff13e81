/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Users and groups by name or number. */
#include "ids.h"

#include <errno.h>
#include <string.h>

#include "arena.h"
#include "num.h"
#include "owner.h"
#include "banned.h"

/* (uid_t)-1 and (gid_t)-1 mean "none" to the kernel. */
#define ID_LAST 4294967294u

bool ids_is_number(const char *text)
{
	return text[0] != '\0' && text[strspn(text, "0123456789-")] == '\0';
}

int ids_parse(struct arena *a, enum bl_kind kind, const char *text, uint32_t *ret_lo, uint32_t *ret_hi,
	      struct word_error *err)
{
	return num_parse_range(a, text, kind == BL_KEY_USER ? "user number" : "group number", 0, ID_LAST, ret_lo, ret_hi,
			       err);
}

int ids_find(enum bl_kind kind, const char *name, uint32_t *ret)
{
	int r = bl_owner_find(kind, name, ret);

	if (r == -ENOMEM)
		arena_oom();
	return r;
}
