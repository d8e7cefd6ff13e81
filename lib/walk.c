/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Resolves names below a root directory. */
#include "walk.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "banned.h"

#define MAX_LINKS 40 /* as many as the kernel follows */

static int copy(char *to, const char *s)
{
	size_t n = strlen(s) + 1;

	if (n > PATH_MAX)
		return -ENAMETOOLONG;
	memmove(to, s, n);
	return 0;
}

static void drop_last(char *dir)
{
	char *slash = strrchr(dir, '/');

	if (slash)
		*slash = '\0';
}

/* Goes on with the target of the link that is the last component of w->done; `file` is where it is. */
static int walk_link(struct bl_walk *w, const char *file)
{
	char target[PATH_MAX], left[PATH_MAX];
	ssize_t n = readlink(file, target, sizeof(target) - 1);
	int len;

	if (n < 0)
		return -errno;
	target[n] = '\0';
	if (w->links == 0) {
		(void)copy(w->link, w->done);
		(void)copy(w->target, target);
	}
	if (++w->links > MAX_LINKS)
		return -ELOOP;
	len = snprintf(left, sizeof(left), "%s%s%s", target[0] == '/' ? "" : "/", target, w->left);
	if (len < 0 || (size_t)len >= sizeof(left))
		return -ENAMETOOLONG;
	if (target[0] == '/')
		w->done[0] = '\0';
	else
		drop_last(w->done);
	return copy(w->left, left);
}

/* Appends a component. */
static int add_component(char *dir, const char *at, size_t n)
{
	size_t len = strlen(dir);

	if (len + 1 + n >= PATH_MAX)
		return -ENAMETOOLONG;
	dir[len] = '/';
	memcpy(dir + len + 1, at, n);
	dir[len + 1 + n] = '\0';
	return 0;
}

/* One component. */
static int walk_step(const char *root, struct bl_walk *w, bool follow)
{
	const char *at = w->left + strspn(w->left, "/");
	char name[NAME_MAX + 1], file[2 * PATH_MAX];
	size_t n = strcspn(at, "/");
	struct stat st;
	int r;

	if (n >= sizeof(name))
		return -ENAMETOOLONG;
	memcpy(name, at, n);
	name[n] = '\0';
	(void)copy(w->left, at + n);
	w->last = w->left[strspn(w->left, "/")] == '\0';
	if (n == 0 || strcmp(name, ".") == 0)
		return 0;
	if (strcmp(name, "..") == 0) {
		drop_last(w->done);
		return 0;
	}
	r = add_component(w->done, name, n);
	if (r < 0)
		return r;
	if (snprintf(file, sizeof(file), "%s%s", root, w->done) >= (int)sizeof(file))
		return -ENAMETOOLONG;
	if (lstat(file, &st) < 0)
		return -errno;
	return S_ISLNK(st.st_mode) && (follow || !w->last) ? walk_link(w, file) : 0;
}

int bl_walk_name(const char *root, const char *name, bool follow, struct bl_walk *ret)
{
	int r;

	ret->done[0] = ret->left[0] = ret->link[0] = ret->target[0] = '\0';
	ret->last = false;
	ret->links = 0;
	r = copy(ret->left, name);
	while (r == 0 && ret->left[0] != '\0')
		r = walk_step(root, ret, follow);
	return r;
}
