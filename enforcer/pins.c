/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pin directory: paths in it, what is in it, taking things out of it; and the lock that changes to it need. */
#include "pins.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "banned.h"

static void path_format(char ret[PATH_MAX], const char *fmt, va_list ap)
{
	int n = snprintf(ret, PATH_MAX, "%s/", BL_PIN_DIR);

	(void)vsnprintf(ret + n, PATH_MAX - (size_t)n, fmt, ap);
}

void bl_pins_path(char ret[PATH_MAX], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	path_format(ret, fmt, ap);
	va_end(ap);
}

int bl_pins_open(const char *fmt, ...)
{
	char path[PATH_MAX];
	va_list ap;

	va_start(ap, fmt);
	path_format(path, fmt, ap);
	va_end(ap);
	return bpf_obj_get(path);
}

bool bl_pins_has(const char *fmt, ...)
{
	char path[PATH_MAX];
	struct stat st;
	va_list ap;

	va_start(ap, fmt);
	path_format(path, fmt, ap);
	va_end(ap);
	return lstat(path, &st) == 0;
}

/* ---- making ---- */

static int mount_bpffs(struct bl_error *err)
{
	struct statfs fs;

	if (statfs(BL_BPFFS, &fs) < 0)
		return bl_error_set(err, BL_SYSTEM, "cannot look at " BL_BPFFS ": %m; is sysfs mounted on /sys?");
	if (fs.f_type == BPF_FS_MAGIC)
		return 0;
	if (mount("bpf", BL_BPFFS, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=700") < 0)
		return bl_error_set(err, BL_SYSTEM,
				    "cannot mount the BPF file system on " BL_BPFFS
				    ": %m; run: mount -t bpf bpf " BL_BPFFS);
	return 0;
}

/* A directory that only root can put something into. */
static int private_dir(const char *path, struct bl_error *err)
{
	struct stat st;

	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return bl_error_set(err, BL_SYSTEM, "cannot make the directory %s: %m", path);
	if (lstat(path, &st) < 0)
		return bl_error_set(err, BL_SYSTEM, "cannot look at %s: %m", path);
	if (!S_ISDIR(st.st_mode) || st.st_uid != 0 || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return bl_error_set(err, BL_SYSTEM,
				    "%s is not a directory that only root can write to; somebody else made it: "
				    "look at what is in it, then remove it",
				    path);
	return 0;
}

int bl_pins_prepare(struct bl_error *err)
{
	static const char *const dirs[] = {"", "/maps", "/progs", "/parts", "/joins", "/links", "/gen"};
	int r = mount_bpffs(err);

	for (size_t i = 0; r == 0 && i < BL_ARRAY_SIZE(dirs); i++) {
		char path[PATH_MAX];

		(void)snprintf(path, sizeof(path), "%s%s", BL_PIN_DIR, dirs[i]);
		r = private_dir(path, err);
	}
	return r;
}

int bl_pins_directory(const char *name, struct bl_error *err)
{
	char path[PATH_MAX];

	bl_pins_path(path, "%s", name);
	return private_dir(path, err);
}

int bl_pins_exist(bool *ret, struct bl_error *err)
{
	struct stat st;

	if (lstat(BL_PIN_DIR, &st) == 0) {
		*ret = true;
		return private_dir(BL_PIN_DIR, err);
	}
	if (errno != ENOENT && errno != ENOTDIR)
		return bl_error_set(err, BL_SYSTEM, "cannot look at " BL_PIN_DIR ": %m");
	*ret = false;
	return 0;
}

/* ---- removing ---- */

int bl_pins_remove(struct bl_error *err, const char *fmt, ...)
{
	char path[PATH_MAX];
	va_list ap;

	va_start(ap, fmt);
	path_format(path, fmt, ap);
	va_end(ap);
	if (unlink(path) == 0 || errno == ENOENT)
		return 0;
	return bl_error_set(err, BL_SYSTEM, "cannot remove %s: %m", path);
}

static int remove_at(int parent, const char *name, const char *path, int depth, struct bl_error *err);

static int remove_content(int fd, const char *path, int depth, struct bl_error *err)
{
	DIR *d = fdopendir(fd);
	struct dirent *e;
	int r = 0;

	if (!d) {
		(void)close(fd);
		return bl_error_set(err, BL_SYSTEM, "cannot read the directory %s: %m", path);
	}
	while (r == 0 && (e = readdir(d)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			r = remove_at(dirfd(d), e->d_name, path, depth + 1, err);
	(void)closedir(d);
	return r;
}

static int remove_at(int parent, const char *name, const char *path, int depth, struct bl_error *err)
{
	int fd, r;

	if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
		return 0;
	if ((errno != EISDIR && errno != EPERM) || depth > 4)
		return bl_error_set(err, BL_SYSTEM, "cannot remove %s in %s: %m", name, path);
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return bl_error_set(err, BL_SYSTEM, "cannot open %s in %s: %m", name, path);
	r = remove_content(fd, path, depth, err);
	if (r == 0 && unlinkat(parent, name, AT_REMOVEDIR) < 0)
		r = bl_error_set(err, BL_SYSTEM, "cannot remove %s in %s: %m", name, path);
	return r;
}

int bl_pins_remove_tree(const char *dir, struct bl_error *err)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s%s%s", BL_PIN_DIR, dir[0] != '\0' ? "/" : "", dir);
	return remove_at(AT_FDCWD, path, path, 0, err);
}

/* ---- looking ---- */

int bl_pins_each(const char *dir, int (*fn)(const char *name, void *arg), void *arg)
{
	char path[PATH_MAX];
	struct dirent *e;
	int r = 0;
	DIR *d;

	bl_pins_path(path, "%s", dir);
	d = opendir(path);
	if (!d)
		return 0;
	while (r == 0 && (e = readdir(d)) != NULL)
		if (e->d_name[0] != '.')
			r = fn(e->d_name, arg);
	(void)closedir(d);
	return r;
}

struct gens {
	uint32_t *ret;
	size_t n;
};

static int gen_add(const char *name, void *arg)
{
	struct gens *g = arg;
	char *end;
	unsigned long v;

	errno = 0;
	v = strtoul(name, &end, 10);
	if (errno != 0 || *end != '\0' || v == 0 || v > UINT32_MAX)
		return 0;
	if (g->n == BL_PINS_MAX_GENS)
		return 1;
	g->ret[g->n++] = (uint32_t)v;
	return 0;
}

static int gen_compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

size_t bl_pins_gens(uint32_t ret[BL_PINS_MAX_GENS])
{
	struct gens g = {.ret = ret};

	(void)bl_pins_each("gen", gen_add, &g);
	qsort(ret, g.n, sizeof(ret[0]), gen_compare);
	return g.n;
}

/* ---- locks ---- */

int bl_lock_take(const char *name, bool wait, int *ret_fd, struct bl_error *err)
{
	char path[PATH_MAX];
	int fd, r;

	r = private_dir(BL_RUN_DIR, err);
	if (r < 0)
		return r;
	(void)snprintf(path, sizeof(path), "%s/%s", BL_RUN_DIR, name);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return bl_error_set(err, BL_SYSTEM, "cannot open the lock file %s: %m", path);
	do
		r = flock(fd, LOCK_EX | (wait ? 0 : LOCK_NB));
	while (r < 0 && errno == EINTR);
	if (r == 0) {
		*ret_fd = fd;
		return 0;
	}
	r = errno == EWOULDBLOCK ? -EBUSY : BL_SYSTEM;
	(void)bl_error_set(err, r, "cannot lock %s: %m", path);
	(void)close(fd);
	return r;
}

bool bl_lock_held(const char *name)
{
	int fd, r = bl_lock_take(name, false, &fd, NULL);

	if (r == 0)
		(void)close(fd);
	return r == -EBUSY;
}
