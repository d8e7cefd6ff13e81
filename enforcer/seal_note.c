/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds what the seal is to hold and notes it for its programs. */
#include "seal_note.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "charge.h"
#include "iterate.h"
#include "jail.h"
#include "pins.h"
#include "policy.h"

#include "banned.h"

/* ---- objects ---- */

static int object_add(const struct bl_seal_maps *m, uint32_t kind, uint32_t id, struct bl_error *err)
{
	struct bl_seal_object key = {.kind = kind, .id = id};
	uint32_t one = 1;

	return bpf_map_update_elem(m->objects, &key, &one, BPF_ANY) == 0 ? 0 : bl_error_set(err, BL_SYSTEM, "cannot note an object for the seal: %m");
}

/* The program and all its maps, those that are pinned nowhere included. */
static int program_add(const struct bl_seal_maps *m, int fd, struct bl_error *err)
{
	uint32_t ids[64] = {0};
	struct bpf_prog_info info = {.nr_map_ids = BL_ARRAY_SIZE(ids), .map_ids = (uint64_t)(uintptr_t)ids};
	uint32_t len = sizeof(info);
	int r;

	if (bpf_obj_get_info_by_fd(fd, &info, &len) < 0 || info.nr_map_ids > BL_ARRAY_SIZE(ids))
		return bl_error_set(err, BL_SYSTEM, "cannot ask about a program: %m");
	r = object_add(m, BL_SEAL_IS_PROGRAM, info.id, err);
	for (uint32_t i = 0; r == 0 && i < info.nr_map_ids; i++)
		r = object_add(m, BL_SEAL_IS_MAP, ids[i], err);
	return r;
}

static int pin_add(const struct bl_seal_maps *m, int fd, struct bl_error *err)
{
	struct bpf_map_info map = {0};
	struct bpf_link_info link = {0};
	uint32_t map_len = sizeof(map), link_len = sizeof(link);
	char path[64], what[64];
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, what, sizeof(what) - 1);
	what[n < 0 ? 0 : n] = '\0';
	if (strstr(what, "bpf-prog"))
		return program_add(m, fd, err);
	if (strstr(what, "bpf-map") && bpf_obj_get_info_by_fd(fd, &map, &map_len) == 0)
		return object_add(m, BL_SEAL_IS_MAP, map.id, err);
	if ((strstr(what, "bpf-link") || strstr(what, "bpf_link")) && bpf_obj_get_info_by_fd(fd, &link, &link_len) == 0) {
		int prog = bpf_prog_get_fd_by_id(link.prog_id);
		int r = prog < 0 ? bl_error_set(err, BL_SYSTEM, "cannot open the program of a link: %m") : program_add(m, prog, err);

		if (prog >= 0)
			(void)close(prog);
		return r < 0 ? r : object_add(m, BL_SEAL_IS_LINK, link.id, err);
	}
	return bl_error_set(err, BL_SYSTEM, "something is pinned in %s that is no map, program or link", BL_PIN_DIR);
}

/* nftw(3) has no argument for its function: hence file scope, here and below. */
static struct {
	const struct bl_seal_maps *maps;
	struct bl_error *err;
} pins;

static int pin_found(const char *path, const struct stat *st, int type, struct FTW *where)
{
	int fd, r;

	(void)st;
	(void)where;
	if (type == FTW_D)
		return 0;
	fd = type == FTW_F ? bpf_obj_get(path) : -1;
	if (fd < 0)
		return bl_error_set(pins.err, BL_SYSTEM, "cannot open %s: %m", path);
	r = pin_add(pins.maps, fd, pins.err);
	(void)close(fd);
	return r;
}

int bl_seal_note_objects(const struct bl_seal_maps *m, struct bl_error *err)
{
	pins.maps = m;
	pins.err = err;
	return nftw(BL_PIN_DIR, pin_found, 16, FTW_PHYS);
}

/* ---- files ---- */

#define BATCH 128u /* descriptors open at a time */

struct note {
	int fd;
	uint32_t flags; /* BL_SEAL_* */
	bool quiet;	/* nobody may have it open for writing */
	char *path;
};

struct notes {
	const struct bl_seal_maps *maps;
	struct note list[BATCH];
	size_t n;
	struct bl_seal_file last; /* what the kernel said of the last one */
	struct bl_error *err;
};

static int inode_add(struct notes *s, const struct note *one, const struct bl_seal_file *f)
{
	uint32_t flags = 0;

	if (one->quiet && f->writers > 0)
		return bl_error_set(s->err, BL_REFUSED, "cannot seal: a process has %s open for writing; end it first", one->path);
	(void)bpf_map_lookup_elem(s->maps->inodes, &f->inode, &flags);
	flags |= one->flags;
	s->last = *f;
	if (bpf_map_update_elem(s->maps->inodes, &f->inode, &flags, BPF_ANY) == 0)
		return 0;
	return bl_error_set(s->err, errno == E2BIG ? BL_REFUSED : BL_SYSTEM, "cannot note %s for the seal: %m", one->path);
}

static int notes_write(struct notes *s)
{
	size_t nknown = 0;
	void *records = NULL;
	int r = s->n == 0 ? 0 : bl_iterate_files(s->maps->files, sizeof(struct bl_seal_file), BATCH + 1024, &records, &nknown); /* and what else is open */
	const struct bl_seal_file *known = records;

	if (r < 0)
		r = bl_error_set(s->err, BL_SYSTEM, "cannot ask the kernel what files are called: %s", strerror(-r));
	for (size_t i = 0; r == 0 && i < s->n; i++) {
		size_t k = 0;

		while (k < nknown && known[k].fd != (uint32_t)s->list[i].fd)
			k++;
		r = k < nknown ? inode_add(s, &s->list[i], &known[k])
			       : bl_error_set(s->err, BL_SYSTEM, "the kernel does not say what %s is called", s->list[i].path);
	}
	free(records);
	while (s->n > 0) {
		struct note *one = &s->list[--s->n];

		(void)close(one->fd);
		free(one->path);
	}
	return r;
}

/* What is not there needs no protection. */
static int note(struct notes *s, const char *path, uint32_t flags, bool quiet)
{
	int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	char *copy;

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	copy = strdup(path);
	if (fd < 0 || !copy) {
		free(copy);
		if (fd >= 0)
			(void)close(fd);
		return bl_error_set(s->err, BL_SYSTEM, "cannot look at %s: %m", path);
	}
	s->list[s->n++] = (struct note){.fd = fd, .flags = flags, .quiet = quiet, .path = copy};
	return s->n == BATCH ? notes_write(s) : 0;
}

/* What stands above a path, symbolic links by themselves. */
static int note_above(struct notes *s, const char *path)
{
	char part[PATH_MAX];
	int r = 0;

	for (const char *slash = strchr(path + 1, '/'); r == 0 && slash; slash = strchr(slash + 1, '/')) {
		(void)snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
		r = note(s, part, BL_SEAL_PLACE, false);
	}
	return r;
}

/* A path as it is written, and as it is without symbolic links. */
static int note_path(struct notes *s, const char *path, uint32_t flags, bool quiet)
{
	char real[PATH_MAX];
	int r;

	if (!realpath(path, real))
		return errno == ENOENT || errno == ENOTDIR ? 0 : bl_error_set(s->err, BL_SYSTEM, "cannot look at %s: %m", path);
	r = note_above(s, path);
	if (r == 0)
		r = note_above(s, real);
	if (r == 0 && strcmp(path, real) != 0)
		r = note(s, path, BL_SEAL_PLACE, false);
	return r < 0 ? r : note(s, real, flags, quiet);
}

static struct {
	struct notes *notes;
	bool quiet;
} tree;

static int tree_found(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)where;
	if (type == FTW_D)
		return note(tree.notes, path, BL_SEAL_ENTRIES, false);
	return note(tree.notes, path, type == FTW_F ? BL_SEAL_CONTENT : BL_SEAL_PLACE, tree.quiet && type == FTW_F);
}

/* A directory with everything below it. */
static int note_tree(struct notes *s, const char *path, bool quiet)
{
	char real[PATH_MAX];
	int r;

	if (!realpath(path, real))
		return 0;
	r = note_path(s, path, BL_SEAL_ENTRIES, false);
	if (r < 0)
		return r;
	tree.notes = s;
	tree.quiet = quiet;
	r = nftw(real, tree_found, 16, FTW_PHYS);
	return r == -1 ? bl_error_set(s->err, BL_SYSTEM, "cannot read the directory %s: %m", real) : r;
}

/* Every file that is mapped to run: the program, the dynamic linker, libraries. */
static int note_code(struct notes *s)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[PATH_MAX + 128];
	int r = maps ? 0 : bl_error_set(s->err, BL_SYSTEM, "cannot read /proc/self/maps: %m");

	while (r == 0 && fgets(line, sizeof(line), maps)) {
		char *path = strchr(line, '/'), *perms = strchr(line, ' ');

		if (!path || !perms || perms[3] != 'x')
			continue;
		path[strcspn(path, "\n")] = '\0';
		r = note_path(s, path, BL_SEAL_CONTENT | BL_SEAL_MAPPED, true);
	}
	if (maps)
		(void)fclose(maps);
	return r;
}

static int note_settings(struct notes *s, const struct bl_conf *conf)
{
	static const char *const units[] = {"/usr/lib/systemd/system/bailiff.service", "/lib/systemd/system/bailiff.service",
					    "/etc/systemd/system/bailiff.service"};
	static const char *const dropins[] = {"/etc/systemd/system/bailiff.service.d", "/run/systemd/system/bailiff.service.d"};
	char path[PATH_MAX];
	int r = bl_jail_compiler(conf, path, s->err);

	if (r == 0)
		r = note_path(s, path, BL_SEAL_CONTENT, true);
	for (size_t i = 0; r == 0 && i < BL_ARRAY_SIZE(units); i++)
		r = note_path(s, units[i], BL_SEAL_CONTENT, true);
	for (size_t i = 0; r == 0 && i < BL_ARRAY_SIZE(dropins); i++)
		r = note_tree(s, dropins[i], true);
	if (r == 0)
		r = note_tree(s, "/etc/bailiff", true);
	if (r == 0)
		r = note_tree(s, conf->policy_dir, true);
	if (r == 0)
		r = note_tree(s, BL_STATE_DIR, true);
	return r < 0 ? r : note_tree(s, BL_RUN_DIR, false);
}

int bl_seal_note_files(const struct bl_seal_maps *m, const struct bl_conf *conf, struct bl_seal_file *where, struct bl_inode *exe, struct bl_error *err)
{
	struct notes s = {.maps = m, .err = err};
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	int r;

	if (n < 0)
		return bl_error_set(err, BL_SYSTEM, "cannot find out where this program is: %m");
	path[n] = '\0';
	r = note_code(&s);
	if (r == 0)
		r = note_settings(&s, conf);
	if (r == 0)
		r = notes_write(&s);
	if (r == 0)
		r = note(&s, path, BL_SEAL_CONTENT | BL_SEAL_MAPPED, true);
	if (r == 0)
		r = notes_write(&s);
	if (r == 0)
		*exe = s.last.inode;
	if (r == 0)
		r = note_path(&s, BL_PIN_DIR, BL_SEAL_PLACE, false);
	if (r == 0)
		r = notes_write(&s);
	*where = s.last;
	return r;
}

static int pin_dir_found(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)where;
	return type == FTW_D ? note(tree.notes, path, BL_SEAL_PINS, false) : 0;
}

int bl_seal_note_pins(const struct bl_seal_maps *m, struct bl_error *err)
{
	struct notes s = {.maps = m, .err = err};
	int r;

	tree.notes = &s;
	r = nftw(BL_PIN_DIR, pin_dir_found, 16, FTW_PHYS);
	if (r == -1)
		r = bl_error_set(err, BL_SYSTEM, "cannot read the directory %s: %m", BL_PIN_DIR);
	return r < 0 ? r : notes_write(&s);
}

int bl_seal_note_cgroup(const struct bl_seal_maps *m, struct bl_error *err)
{
	struct notes s = {.maps = m, .err = err};
	char cgroup[PATH_MAX], path[PATH_MAX + 32];
	int r = 0;

	if (!bl_charge_cgroup(cgroup))
		cgroup[0] = '\0';
	while (r == 0 && cgroup[0] == '/' && cgroup[1] != '\0') {
		(void)snprintf(path, sizeof(path), "%s%s", BL_CGROUP_ROOT, cgroup);
		r = note(&s, path, BL_SEAL_CGROUP, false);
		*strrchr(cgroup, '/') = '\0';
	}
	return r < 0 ? r : notes_write(&s);
}
