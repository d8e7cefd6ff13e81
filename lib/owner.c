/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks users and groups up by their names. */
#include "owner.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdlib.h>

#include "banned.h"

#define ENTRY_MAX (1u << 20) /* bytes of one entry */

/* One try with a buffer of this size: 0 and *ret_found, or what the look-up returned. */
static int owner_try(enum bl_kind kind, const char *name, char *buf, size_t size, bool *ret_found, __u32 *ret)
{
	struct passwd pw, *user = NULL;
	struct group gr, *group = NULL;
	int r;

	if (kind == BL_KEY_USER)
		r = getpwnam_r(name, &pw, buf, size, &user);
	else
		r = getgrnam_r(name, &gr, buf, size, &group);
	if (user)
		*ret = pw.pw_uid;
	if (group)
		*ret = gr.gr_gid;
	*ret_found = user || group;
	return r;
}

int bl_owner_find(enum bl_kind kind, const char *name, __u32 *ret)
{
	bool found = false;
	size_t size = 1024;
	char *buf = NULL;
	int r = ERANGE;

	while (r == ERANGE && size <= ENTRY_MAX) {
		char *more = realloc(buf, size *= 2);

		if (!more) {
			free(buf);
			return -ENOMEM;
		}
		buf = more;
		do
			r = owner_try(kind, name, buf, size, &found, ret);
		while (r == EINTR);
	}
	free(buf);
	if (found)
		return 0;
	/* What getpwnam(3) lists as "not found" beside 0. */
	return r == 0 || r == ENOENT || r == ESRCH || r == EBADF || r == EPERM ? -ENOENT : -r;
}
