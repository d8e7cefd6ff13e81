/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Policy texts, read by root and checked on the open descriptors. */
#include "texts.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "trusted.h"

#include "banned.h"

#define SUFFIX ".policy"

void bl_texts_free(struct bl_texts *t)
{
	for (size_t i = 0; i < t->n; i++) {
		free((void *)(uintptr_t)t->files[i].path);
		free((void *)(uintptr_t)t->files[i].bytes);
	}
	free(t->files);
	*t = (struct bl_texts){0};
}

bool bl_texts_name(const char *name)
{
	size_t n = strlen(name);

	return name[0] != '.' && n > strlen(SUFFIX) && strcmp(name + n - strlen(SUFFIX), SUFFIX) == 0;
}

static bool there(const struct bl_texts *t, const char *path)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->files[i].path, path) == 0)
			return true;
	return false;
}

static int refusal(int r)
{
	return r == -ENOMEM || r == -EIO || r == -EAGAIN ? BL_SYSTEM : BL_REFUSED;
}

static int add(struct bl_texts *t, const char *path, void *bytes, size_t len, struct bl_error *err)
{
	char *name;

	if (t->n == BL_TEXTS_MAX || len > BL_TEXTS_BYTES - t->bytes)
		return bl_error_set(err, BL_REFUSED, "there are more than %u policy files or %u bytes of them up to %s; keep policies in a directory of their own",
				    BL_TEXTS_MAX, BL_TEXTS_BYTES, path);
	if (t->n == t->cap) {
		size_t cap = t->cap ? 2 * t->cap : 16;
		struct bl_jail_file *more = reallocarray(t->files, cap, sizeof(*more));

		if (!more)
			return bl_error_set(err, BL_SYSTEM, "out of memory");
		t->files = more;
		t->cap = cap;
	}
	name = strdup(path);
	if (!name)
		return bl_error_set(err, BL_SYSTEM, "out of memory");
	t->files[t->n++] = (struct bl_jail_file){.path = name, .bytes = bytes, .len = len};
	t->bytes += len;
	return 0;
}

static int read_file(struct bl_texts *t, int dir, const char *name, const char *path, struct bl_error *err)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY), r;
	void *bytes;
	size_t len;

	if (fd < 0 && errno == ELOOP)
		return bl_error_set(err, BL_REFUSED, "%s is a symbolic link; put the file itself there", path);
	if (fd < 0)
		return bl_error_set(err, BL_SYSTEM, "cannot open %s: %m", path);
	r = bl_trusted_read(fd, path, "a policy", BL_TEXTS_BYTES, &bytes, &len, err);
	(void)close(fd);
	if (r < 0)
		return refusal(r);
	r = add(t, path, bytes, len, err);
	if (r < 0)
		free(bytes);
	return r;
}

static int read_dir(struct bl_texts *t, int fd, const char *path, int depth, struct bl_error *err);

static int read_entry(struct bl_texts *t, int dir, const char *name, const char *path, int depth, struct bl_error *err)
{
	char full[PATH_MAX];
	struct stat st;
	int fd;

	if (name[0] == '.' || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	if (!S_ISDIR(st.st_mode) && !bl_texts_name(name))
		return 0;
	if (snprintf(full, sizeof(full), "%s/%s", path, name) >= (int)sizeof(full))
		return bl_error_set(err, BL_REFUSED, "a name in %s is too long", path);
	if (!S_ISDIR(st.st_mode))
		return there(t, full) ? 0 : read_file(t, dir, name, full, err);
	if (depth == BL_TEXTS_DEPTH)
		return bl_error_set(err, BL_REFUSED, "%s is more than %d directories deep; keep policies in a directory of their own", full,
				    BL_TEXTS_DEPTH);
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return bl_error_set(err, BL_SYSTEM, "cannot open %s: %m", full);
	return read_dir(t, fd, full, depth + 1, err);
}

/* Takes fd. */
static int read_dir(struct bl_texts *t, int fd, const char *path, int depth, struct bl_error *err)
{
	struct stat st;
	struct dirent *e;
	DIR *d;
	int r;

	r = fstat(fd, &st) < 0 ? bl_error_set(err, BL_SYSTEM, "cannot look at %s: %m", path) : bl_trusted_check(&st, path, err);
	d = r == 0 ? fdopendir(fd) : NULL;
	if (!d) {
		(void)close(fd);
		return r == 0 ? bl_error_set(err, BL_SYSTEM, "cannot read the directory %s: %m", path) : refusal(r);
	}
	while (r == 0 && (e = readdir(d)) != NULL)
		r = read_entry(t, dirfd(d), e->d_name, path, depth, err);
	(void)closedir(d);
	return r;
}

int bl_texts_read(struct bl_texts *t, const char *dir, struct bl_error *err)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return bl_error_set(err, errno == ENOENT ? -ENOENT : BL_SYSTEM, "cannot open the directory %s: %m", dir);
	return read_dir(t, fd, dir, 0, err);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

size_t bl_texts_in(const struct bl_texts *t, const char *dir, const char **ret, size_t max)
{
	size_t n = 0, len = strlen(dir);

	for (size_t i = 0; i < t->n && n < max; i++) {
		const char *path = t->files[i].path;

		if (strncmp(path, dir, len) == 0 && path[len] == '/' && !strchr(path + len + 1, '/'))
			ret[n++] = path;
	}
	qsort(ret, n, sizeof(ret[0]), by_name);
	return n;
}
