// SPDX-License-Identifier: GPL-2.0-or-later
/* Probes of memory that becomes executable, and of descriptors that may only append. Part of probe.c. */
#ifndef PROBE_CODE_H
#define PROBE_CODE_H

#include <sys/personality.h>
#include <sys/shm.h>

#define PAGE 4096u

/* Maps a page; unmaps it again. fd is closed. */
static int map_fd(int fd, int prot, int flags)
{
	void *p = mmap(NULL, PAGE, prot, flags, fd, 0);
	int err = p == MAP_FAILED ? errno : 0;

	if (err == 0)
		munmap(p, PAGE);
	if (fd >= 0)
		close(fd);
	return err;
}

/* The same with a later change of the protection, after a write to it if `dirty`. */
static int map_then(int fd, int prot, int flags, bool dirty, int then)
{
	char *p = mmap(NULL, PAGE, prot, flags, fd, 0);
	int err;

	if (p == MAP_FAILED)
		return errno;
	if (dirty)
		p[0]++;
	err = result(mprotect(p, PAGE, then));
	munmap(p, PAGE);
	if (fd >= 0)
		close(fd);
	return err;
}

static int open_for(const char *path, int flags)
{
	return open(path, flags | O_CLOEXEC);
}

static int do_map(const char *path)
{
	return map_fd(open_for(path, O_RDONLY), PROT_READ | PROT_EXEC, MAP_PRIVATE);
}

static int do_map_shared(const char *path)
{
	return map_fd(open_for(path, O_RDONLY), PROT_READ | PROT_EXEC, MAP_SHARED);
}

static int do_map_rwx(const char *path)
{
	return map_fd(open_for(path, O_RDONLY), PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE);
}

static int do_map_later(const char *path)
{
	return map_then(open_for(path, O_RDONLY), PROT_READ, MAP_PRIVATE, false, PROT_READ | PROT_EXEC);
}

static int do_map_written(const char *path)
{
	return map_then(open_for(path, O_RDONLY), PROT_READ | PROT_WRITE, MAP_PRIVATE, true, PROT_READ | PROT_EXEC);
}

static int do_map_unwritten(const char *path)
{
	return map_then(open_for(path, O_RDONLY), PROT_READ | PROT_WRITE, MAP_PRIVATE, false, PROT_READ | PROT_EXEC);
}

/* Executable first, then writable, too. */
static int do_map_add_write(const char *path)
{
	return map_then(open_for(path, O_RDONLY), PROT_READ | PROT_EXEC, MAP_PRIVATE, false, PROT_READ | PROT_WRITE | PROT_EXEC);
}

/* Executable first, and only read after. */
static int do_map_less(const char *path)
{
	return map_then(open_for(path, O_RDONLY), PROT_READ | PROT_EXEC, MAP_PRIVATE, false, PROT_READ);
}

static int do_map_deleted(const char *path)
{
	int fd = open_for(path, O_RDONLY);

	return unlink(path) < 0 ? ENOTRECOVERABLE : map_fd(fd, PROT_READ | PROT_EXEC, MAP_PRIVATE);
}

static int filled_memfd(unsigned int flags)
{
	int fd = memfd_create("lib", MFD_CLOEXEC | flags);

	return ftruncate(fd, flags ? 2 << 20 : PAGE) < 0 ? -1 : fd;
}

static int do_map_memfd(const char *how)
{
	int flags = strcmp(how, "shared") == 0 ? MAP_SHARED : MAP_PRIVATE;

	if (strcmp(how, "later") == 0)
		return map_then(filled_memfd(0), PROT_READ, flags, false, PROT_READ | PROT_EXEC);
	return map_fd(filled_memfd(0), PROT_READ | PROT_EXEC, flags);
}

static int do_map_anon(const char *how)
{
	int flags = MAP_ANONYMOUS | (strcmp(how, "shared") == 0 ? MAP_SHARED : MAP_PRIVATE);

	if (strcmp(how, "now") == 0)
		return map_fd(-1, PROT_READ | PROT_WRITE | PROT_EXEC, flags);
	return map_then(-1, PROT_READ | PROT_WRITE, flags, true, PROT_READ | PROT_EXEC);
}

static int do_map_heap(const char *unused)
{
	char *p = (char *)(((uintptr_t)sbrk(3 * PAGE) + PAGE - 1) & ~(uintptr_t)(PAGE - 1));
	int err;

	(void)unused;
	p[0] = 1;
	err = result(mprotect(p, PAGE, PROT_READ | PROT_EXEC));
	mprotect(p, PAGE, PROT_READ | PROT_WRITE);
	return err;
}

static int do_map_stack(const char *unused)
{
	char here;
	void *p = (void *)((uintptr_t)&here & ~(uintptr_t)(PAGE - 1));
	int err = result(mprotect(p, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC));

	(void)unused;
	mprotect(p, PAGE, PROT_READ | PROT_WRITE);
	return err;
}

static int do_map_shm(const char *unused)
{
	int id = shmget(IPC_PRIVATE, PAGE, 0700 | IPC_CREAT);
	void *p = shmat(id, NULL, SHM_EXEC | SHM_RDONLY);
	int err = p == (void *)-1 ? errno : 0;

	(void)unused;
	if (err == 0)
		shmdt(p);
	shmctl(id, IPC_RMID, NULL);
	return err;
}

static int in_personality(const char *path)
{
	personality(READ_IMPLIES_EXEC);
	return map_fd(open_for(path, O_RDONLY), PROT_READ, MAP_PRIVATE);
}

/* A mapping to read that the kernel makes executable. */
static int do_map_implied(const char *path)
{
	return apart(in_personality, path);
}

/* ---- append only ---- */

static int do_append_clear(const char *path)
{
	int fd = open_for(path, O_WRONLY | O_APPEND), err;

	if (fd < 0)
		return errno;
	err = result(fcntl(fd, F_SETFL, 0));
	close(fd);
	return err;
}

static int do_append_keep(const char *path)
{
	int fd = open_for(path, O_WRONLY | O_APPEND), err;

	if (fd < 0)
		return errno;
	err = result(fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK));
	close(fd);
	return err;
}

static int do_append_map(const char *path)
{
	int fd = open_for(path, O_RDWR | O_APPEND);

	return fd < 0 ? errno : map_fd(fd, PROT_READ | PROT_WRITE, MAP_SHARED);
}

static int do_append_mprotect(const char *path)
{
	int fd = open_for(path, O_RDWR | O_APPEND);

	return fd < 0 ? errno : map_then(fd, PROT_READ, MAP_SHARED, false, PROT_READ | PROT_WRITE);
}

static int do_append_private(const char *path)
{
	int fd = open_for(path, O_RDWR | O_APPEND);

	return fd < 0 ? errno : map_fd(fd, PROT_READ | PROT_WRITE, MAP_PRIVATE);
}

#define PROBES_CODE \
	{ "map", do_map }, { "map-shared", do_map_shared }, { "map-rwx", do_map_rwx }, { "map-later", do_map_later }, \
	{ "map-written", do_map_written }, { "map-unwritten", do_map_unwritten }, { "map-add-write", do_map_add_write }, \
	{ "map-less", do_map_less }, { "map-deleted", do_map_deleted }, { "map-memfd", do_map_memfd }, \
	{ "map-anon", do_map_anon }, { "map-heap", do_map_heap }, { "map-stack", do_map_stack }, { "map-shm", do_map_shm }, \
	{ "map-implied", do_map_implied }, { "append-clear", do_append_clear }, { "append-keep", do_append_keep }, \
	{ "append-map", do_append_map }, { "append-mprotect", do_append_mprotect }, { "append-private", do_append_private }

#endif
