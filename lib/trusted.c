/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that decide what is enforced: read only when nobody but root can have written them. */
#include "trusted.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "banned.h"

int bl_trusted_check(const struct stat *st, const char *path, struct bl_error *err)
{
	if (st->st_uid != 0)
		return bl_error_set(err, -EPERM, "%s belongs to uid %u, not to root; run: chown root:root %s", path,
				    (unsigned int)st->st_uid, path);
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return bl_error_set(err, -EPERM, "%s is writable by others (mode %04o); run: chmod go-w %s", path,
				    (unsigned int)st->st_mode & 07777, path);
	return 0;
}

/* All of a file that has size bytes and must not change while it is read. */
static int read_all(int fd, const char *path, size_t size, void **ret_buf, struct bl_error *err)
{
	uint8_t *buf = malloc(size + 1);
	size_t have = 0;

	if (!buf)
		return bl_error_set(err, -ENOMEM, "out of memory reading %s (%zu bytes)", path, size);
	while (have <= size) {
		ssize_t n = read(fd, buf + have, size + 1 - have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			int e = errno;

			free(buf);
			errno = e;
			return bl_error_set(err, -e, "cannot read %s: %m", path);
		}
		if (n == 0)
			break;
		have += (size_t)n;
	}
	if (have != size) {
		free(buf);
		return bl_error_set(err, -EAGAIN, "%s changed while it was read; try again", path);
	}
	*ret_buf = buf;
	return 0;
}

static int slurp(int fd, const struct stat *st, const char *path, const char *what, size_t max, void **ret_buf, size_t *ret_len,
		 struct bl_error *err)
{
	int r;

	if (!S_ISREG(st->st_mode))
		return bl_error_set(err, -EINVAL, "%s is not a regular file", path);
	if (st->st_size > (off_t)max)
		return bl_error_set(err, -EFBIG, "%s has %lld bytes, the limit for %s is %zu", path, (long long)st->st_size, what,
				    max);
	r = read_all(fd, path, (size_t)st->st_size, ret_buf, err);
	if (r == 0)
		*ret_len = (size_t)st->st_size;
	return r;
}

int bl_trusted_slurp(int fd, const char *path, const char *what, size_t max, void **ret_buf, size_t *ret_len, struct bl_error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return bl_error_set(err, -errno, "cannot look at %s: %m", path);
	return slurp(fd, &st, path, what, max, ret_buf, ret_len, err);
}

int bl_trusted_read(int fd, const char *path, const char *what, size_t max, void **ret_buf, size_t *ret_len, struct bl_error *err)
{
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return bl_error_set(err, -errno, "cannot look at %s: %m", path);
	if (!S_ISREG(st.st_mode))
		return bl_error_set(err, -EINVAL, "%s is not a regular file", path);
	r = bl_trusted_check(&st, path, err);
	return r < 0 ? r : slurp(fd, &st, path, what, max, ret_buf, ret_len, err);
}
