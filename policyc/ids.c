/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Users by name or number. */
#include "ids.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "num.h"
#include "banned.h"

#define ENTRY_MAX (1u << 20) /* bytes of one user's entry */

/* (uid_t)-1 means "no user" to the kernel. */
#define UID_LAST 4294967294u

bool ids_is_number(const char *text)
{
	return text[0] != '\0' && text[strspn(text, "0123456789-")] == '\0';
}

int ids_parse_uids(struct arena *a, const char *text, uint32_t *ret_lo, uint32_t *ret_hi, struct word_error *err)
{
	return num_parse_range(a, text, "user number", 0, UID_LAST, ret_lo, ret_hi, err);
}

int ids_find_user(const char *name, uint32_t *ret)
{
	struct passwd pw, *found = NULL;
	size_t size = 1024;
	char *buf = NULL;
	int r = ERANGE;

	while (r == ERANGE && size <= ENTRY_MAX) {
		char *more = realloc(buf, size *= 2);

		if (!more)
			arena_oom();
		buf = more;
		do
			r = getpwnam_r(name, &pw, buf, size, &found);
		while (r == EINTR);
	}
	if (found)
		*ret = pw.pw_uid;
	free(buf);
	if (found)
		return 0;
	if (r == ENOMEM)
		arena_oom();
	/* What getpwnam(3) lists as "not found" beside 0. */
	if (r == 0 || r == ENOENT || r == ESRCH || r == EBADF || r == EPERM)
		return -ENOENT;
	return -r;
}
