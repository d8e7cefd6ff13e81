/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Users and groups by name or number. */
#include "ids.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "num.h"
#include "banned.h"

#define ENTRY_MAX (1u << 20) /* bytes of one user's or group's entry */

/* (uid_t)-1 means "no user" to the kernel. */
#define ID_LAST 4294967294u

bool ids_is_number(const char *text)
{
	return text[0] != '\0' && text[strspn(text, "0123456789-")] == '\0';
}

int ids_parse_range(struct arena *a, const char *text, bool group, uint32_t *ret_lo, uint32_t *ret_hi, struct word_error *err)
{
	return num_parse_range(a, text, group ? "group number" : "user number", 0, ID_LAST, ret_lo, ret_hi, err);
}

/* One look-up with a buffer of this size: 0 with *ret_found, or the errno of getpwnam_r(3) and getgrnam_r(3). */
static int ids_try(const char *name, bool group, char *buf, size_t size, bool *ret_found, uint32_t *ret)
{
	struct group gr, *g = NULL;
	struct passwd pw, *p = NULL;
	int r;

	do
		r = group ? getgrnam_r(name, &gr, buf, size, &g) : getpwnam_r(name, &pw, buf, size, &p);
	while (r == EINTR);
	*ret_found = g || p;
	if (g)
		*ret = gr.gr_gid;
	if (p)
		*ret = pw.pw_uid;
	return r;
}

static int ids_find(const char *name, bool group, uint32_t *ret)
{
	size_t size = 1024;
	bool found = false;
	char *buf = NULL;
	int r = ERANGE;

	while (r == ERANGE && size <= ENTRY_MAX) {
		char *more = realloc(buf, size *= 2);

		if (!more)
			arena_oom();
		buf = more;
		r = ids_try(name, group, buf, size, &found, ret);
	}
	free(buf);
	if (found)
		return 0;
	/* What getpwnam(3) lists as "not found" beside 0. */
	if (r == 0 || r == ENOENT || r == ESRCH || r == EBADF || r == EPERM)
		return -ENOENT;
	return -r;
}

int ids_find_user(const char *name, uint32_t *ret)
{
	return ids_find(name, false, ret);
}

int ids_find_group(const char *name, uint32_t *ret)
{
	return ids_find(name, true, ret);
}
