/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded into a program under test: makes one of its calls fail, those of the C library included.
 *
 *     FAIL_ALLOC=N   the N-th allocation; FAIL_ALLOC=N+ also every later one
 *     FAIL_CALL=NAME each write, fsync or rename: the disk is full; getpwnam_r: no memory
 *     FAIL_COUNT=FILE the number of allocations of the whole run is written there
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* glibc's own, below the names that are replaced here */
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);

static unsigned long count, fail_at;
static bool fail_later, paused;
static int (*real_getpwnam_r)(const char *, struct passwd *, char *, size_t, struct passwd **);
static const char *fail_call = "";

__attribute__((constructor)) static void begin(void)
{
	const char *at = getenv("FAIL_ALLOC"), *call = getenv("FAIL_CALL");

	*(void **)&real_getpwnam_r = dlsym(RTLD_NEXT, "getpwnam_r");
	if (call)
		fail_call = call;
	count = 0;
	if (!at)
		return;
	fail_at = strtoul(at, NULL, 10);
	fail_later = strchr(at, '+') != NULL;
}

__attribute__((destructor)) static void end(void)
{
	const char *path = getenv("FAIL_COUNT");
	char text[32];
	int fd, n;

	if (!path)
		return;
	n = snprintf(text, sizeof(text), "%lu\n", count);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || syscall(SYS_write, fd, text, (size_t)n) != n)
		_exit(99);
	close(fd);
}

static bool fails(void)
{
	count += !paused;
	if (paused || fail_at == 0 || (count != fail_at && !(fail_later && count > fail_at)))
		return false;
	errno = ENOMEM;
	return true;
}

void *malloc(size_t n)
{
	return fails() ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
	return fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
	return fails() ? NULL : __libc_realloc(p, n);
}

static bool full(const char *call)
{
	if (strcmp(fail_call, call) != 0)
		return false;
	errno = ENOSPC;
	return true;
}

/* Half of it is written, as on a disk that becomes full. */
ssize_t write(int fd, const void *bytes, size_t n)
{
	static bool half;

	if (fd <= STDERR_FILENO || strcmp(fail_call, "write") != 0)
		return syscall(SYS_write, fd, bytes, n);
	if (half && full("write"))
		return -1;
	half = true;
	return syscall(SYS_write, fd, bytes, n / 2);
}

int fsync(int fd)
{
	return full("fsync") ? -1 : (int)syscall(SYS_fsync, fd);
}

int rename(const char *from, const char *to)
{
	return full("rename") ? -1 : (int)syscall(SYS_rename, from, to);
}

/* As a whole: glibc 2.36 itself ends in abort() or a null pointer if it cannot read nsswitch.conf for want of memory. */
int getpwnam_r(const char *name, struct passwd *pw, char *buf, size_t n, struct passwd **found)
{
	int r = ENOMEM;

	*found = NULL;
	if (strcmp(fail_call, "getpwnam_r") == 0)
		return r;
	paused = true;
	r = real_getpwnam_r(name, pw, buf, n, found);
	paused = false;
	return r;
}
