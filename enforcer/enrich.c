/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel's part of an event does not say. */
#include "enrich.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "clock.h"
#include "proc.h"

#include "banned.h"

#define CGROUPS 64
#define PROGRAMS 128
#define PROGRAM_NS 1000000000 /* how long a program is believed to be the same: a process can execute another under the same comm */
#define HANDLE_KERNFS 0xfe /* FILEID_KERNFS, include/linux/exportfs.h: the handle is the cgroup's number */

struct cgroup {
	uint64_t id; /* 0: free; a cgroup keeps its path, and no other ever gets its number */
	char *path;
};

struct program {
	struct bl_ancestor of;
	uint64_t at_ns;
	char *exe; /* NULL: not known */
};

struct bl_enrich {
	int root; /* of cgroup2; -1: none */
	char mount[PATH_MAX];
	struct cgroup cgroups[CGROUPS];
	struct program programs[PROGRAMS];
};

/* The target of a link in /proc; false: there is none, or it is longer than a path can be. */
static bool link_target(const char *path, char ret[PATH_MAX])
{
	ssize_t n = readlink(path, ret, PATH_MAX);

	if (n <= 0 || n >= PATH_MAX)
		return false;
	ret[n] = '\0';
	return true;
}

/* ---- cgroups ---- */

static int open_root(char mount[PATH_MAX])
{
	static const char *const places[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
	struct statfs fs;

	for (size_t i = 0; i < BL_ARRAY_SIZE(places); i++) {
		if (statfs(places[i], &fs) < 0 || fs.f_type != CGROUP2_SUPER_MAGIC)
			continue;
		(void)snprintf(mount, PATH_MAX, "%s", places[i]);
		return open(places[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	return -1;
}

static char *cgroup_find(const struct bl_enrich *e, uint64_t id)
{
	union {
		struct file_handle h;
		char bytes[sizeof(struct file_handle) + sizeof(id)];
	} u = {.h = {.handle_bytes = sizeof(id), .handle_type = HANDLE_KERNFS}};
	char link[64], path[PATH_MAX];
	size_t n = strlen(e->mount);
	bool found;
	int fd;

	memcpy(u.h.f_handle, &id, sizeof(id));
	fd = open_by_handle_at(e->root, &u.h, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	found = link_target(link, path);
	(void)close(fd);
	if (!found || strncmp(path, e->mount, n) != 0 || (path[n] != '/' && path[n] != '\0'))
		return NULL;
	return strdup(path[n] == '\0' ? "/" : path + n);
}

/* Path below the root of cgroup2, NULL: not known. */
static const char *cgroup_path(struct bl_enrich *e, uint64_t id)
{
	struct cgroup *c = &e->cgroups[id % CGROUPS];

	if (c->id == id || id == 0 || e->root < 0)
		return c->id == id ? c->path : NULL;
	free(c->path);
	c->path = cgroup_find(e, id);
	c->id = c->path ? id : 0;
	return c->path;
}

/* ---- ancestors ---- */

/* Is it still the process that began then? The kernel tells that in ticks. */
static bool began(uint32_t pid, uint64_t start_ns)
{
	uint64_t start;

	return bl_proc_start(pid, &start) && start == start_ns / bl_proc_tick_ns();
}

/* A file that was replaced is known by the name that it had; a memfd has none. */
static char *program_find(const struct bl_ancestor *a)
{
	static const char deleted[] = " (deleted)";
	char link[64], path[PATH_MAX];
	size_t n;

	(void)snprintf(link, sizeof(link), "/proc/%" PRIu32 "/exe", a->pid);
	if (!link_target(link, path) || path[0] != '/' || strncmp(path, "/memfd:", 7) == 0 || !began(a->pid, a->start_ns))
		return NULL;
	n = strlen(path);
	if (n > sizeof(deleted) - 1 && strcmp(path + n - (sizeof(deleted) - 1), deleted) == 0)
		path[n - (sizeof(deleted) - 1)] = '\0';
	return strdup(path);
}

static const char *program(struct bl_enrich *e, const struct bl_ancestor *a)
{
	struct program *p = &e->programs[a->pid % PROGRAMS];
	uint64_t now = bl_clock_ns(CLOCK_BOOTTIME);

	if (memcmp(&p->of, a, sizeof(*a)) == 0 && now - p->at_ns < PROGRAM_NS)
		return p->exe;
	free(p->exe);
	*p = (struct program){.of = *a, .at_ns = now, .exe = program_find(a)};
	return p->exe;
}

/* ---- */

/* Appends a text, or nothing for NULL and one that is too long; what it points to is good until the next one is looked up. */
static uint16_t put(struct bl_buf *b, const char *text, size_t max)
{
	size_t n = text ? strlen(text) : 0;

	n = n <= max ? n : 0;
	bl_buf_add(b, text, n);
	return (uint16_t)n;
}

void bl_enrich(struct bl_enrich *e, const struct bl_event *ev, struct bl_buf *b)
{
	struct bl_event_more m = {.wall_ns = ev->boot_ns + (bl_clock_ns(CLOCK_REALTIME) - bl_clock_ns(CLOCK_BOOTTIME))};
	size_t at = b->len;

	bl_buf_add(b, &m, sizeof(m));
	m.cgroup_len = put(b, cgroup_path(e, ev->cgid), BL_PATH_MAX);
	for (size_t i = 0, left = BL_PATH_MAX; i < ev->nancestors; i++, left -= m.exe_len[i - 1])
		m.exe_len[i] = put(b, program(e, &ev->ancestors[i]), left);
	if (bl_buf_text(b))
		memcpy(b->data + at, &m, sizeof(m));
}

struct bl_enrich *bl_enrich_open(void)
{
	struct bl_enrich *e = calloc(1, sizeof(*e));

	if (e)
		e->root = open_root(e->mount);
	return e;
}

void bl_enrich_close(struct bl_enrich *e)
{
	if (!e)
		return;
	for (size_t i = 0; i < CGROUPS; i++)
		free(e->cgroups[i].path);
	for (size_t i = 0; i < PROGRAMS; i++)
		free(e->programs[i].exe);
	if (e->root >= 0)
		(void)close(e->root);
	free(e);
}
