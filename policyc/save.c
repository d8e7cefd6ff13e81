/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes files so that each appears whole or not at all. */
#include "save.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "banned.h"

static int save_failed(const char *path, int r, struct bl_error *err)
{
	return bl_error_set(err, r, "cannot write %s: %s", path, strerror(-r));
}

static int save_bytes(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t k = write(fd, p, n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return -errno;
		p += k;
		n -= (size_t)k;
	}
	return 0;
}

/* The owner first: a change of owner takes bits from the mode. */
static int save_look_like(int fd, const struct stat *like)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if ((st.st_uid != like->st_uid || st.st_gid != like->st_gid) && fchown(fd, like->st_uid, like->st_gid) < 0)
		return -errno;
	return fchmod(fd, like->st_mode & 07777) < 0 ? -errno : 0;
}

/* like: whose owner and mode the file gets, NULL: those of any new file. */
static int save_temp(const char *path, const char *temp, const void *bytes, size_t len, const struct stat *like)
{
	int fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, like ? 0600 : 0644);
	int r;

	if (fd < 0)
		return -errno;
	r = like ? save_look_like(fd, like) : 0;
	if (r == 0)
		r = save_bytes(fd, bytes, len);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (close(fd) < 0 && r == 0)
		r = -errno;
	if (r == 0 && rename(temp, path) < 0)
		r = -errno;
	if (r < 0)
		unlink(temp);
	return r;
}

static int save_beside(const char *path, const void *bytes, size_t len, const struct stat *like, struct bl_error *err)
{
	struct bl_buf temp = BL_BUF_INIT;
	int r;

	bl_buf_printf(&temp, "%s.%ld.tmp", path, (long)getpid());
	if (!bl_buf_text(&temp))
		return bl_error_set(err, -ENOMEM, "out of memory");
	r = save_temp(path, bl_buf_text(&temp), bytes, len, like);
	bl_buf_free(&temp);
	return r < 0 ? save_failed(path, r, err) : 0;
}

static int save_into(const char *path, const void *bytes, size_t len, struct bl_error *err)
{
	int fd = strcmp(path, "-") == 0 ? dup(STDOUT_FILENO) : open(path, O_WRONLY | O_CLOEXEC);
	int r = fd < 0 ? -errno : save_bytes(fd, bytes, len);

	if (fd >= 0 && close(fd) < 0 && r == 0)
		r = -errno;
	return r < 0 ? save_failed(path, r, err) : 0;
}

int save_file(const char *path, const void *bytes, size_t len, struct bl_error *err)
{
	struct stat st;

	if (strcmp(path, "-") == 0 || (stat(path, &st) == 0 && !S_ISREG(st.st_mode)))
		return save_into(path, bytes, len, err);
	return save_beside(path, bytes, len, NULL, err);
}

int save_over(const char *path, const void *bytes, size_t len, struct bl_error *err)
{
	char *real = realpath(path, NULL);
	struct stat st;
	int r;

	if (!real || stat(real, &st) < 0)
		r = save_failed(path, -errno, err);
	else if (!S_ISREG(st.st_mode))
		r = bl_error_set(err, -EINVAL, "cannot write %s: it is not a regular file", path);
	else
		r = save_beside(real, bytes, len, &st, err);
	free(real);
	return r;
}
