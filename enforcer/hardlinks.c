/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the files that the policy refuses by a literal name and that have other names, and notes that for the programs. */
#include "hardlinks.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inodes.skel.h"
#include "iterate.h"
#include "pins.h"
#include "plat_host.h"
#include "decide.h"
#include "name_put.h"

#include "banned.h"

#define BATCH 64u /* descriptors open at a time */

struct notes {
	const struct bl_image *img;
	int linked, any; /* the maps */
	struct {
		int fd;
		const char *path;
	} open[BATCH];
	size_t n;
	struct bl_linked value;
};

/* Does some rule refuse something about the object of this name? Puts the name where the tables and the map want it. */
static bool is_refused(struct notes *s, const char *path)
{
	const struct bl_tables *t = s->img->tables;
	size_t len = strlen(path);
	struct bl_name name;

	if (len >= BL_PATH_MAX)
		return false;
	return bl_name_refused(t, bl_accept(t, bl_run(t, &name, bl_name_put(&name, path, len), t->start[BL_KEY_PATH]))) != 0;
}

/* ---- what the kernel calls them ---- */

/* *ret: for the caller to free. */
static int list_inodes(struct bl_fd_inode **ret, size_t *ret_n, struct bl_error *err)
{
	struct inodes *skel = inodes__open_and_load();
	void *records = NULL;
	int r = skel ? bl_iterate_files(skel->progs.inodes, sizeof(**ret), BATCH + 1024, &records, ret_n) : -errno; /* and what else is open */

	inodes__destroy(skel);
	*ret = records;
	if (r < 0)
		return bl_error_set(err, BL_SYSTEM, "cannot ask the kernel what files with several links are called: %s", strerror(-r));
	return 0;
}

/* ---- noting ---- */

static int note(struct notes *s, const char *path, const struct bl_inode *inode, struct bl_error *err)
{
	struct bl_linked_key key = {.inode = *inode};
	uint32_t zero = 0, one = 1;
	struct bl_linked there;
	size_t len = strlen(path);

	memset(&s->value, 0, sizeof(s->value));
	s->value.from = BL_PATH_MAX - len;
	memcpy(s->value.name + s->value.from, path, len);
	for (key.n = 0; key.n < BL_LINKED_NAMES; key.n++) {
		if (bpf_map_lookup_elem(s->linked, &key, &there) == 0) {
			if (there.from == s->value.from && memcmp(there.name + there.from, path, len) == 0)
				return 0;
			continue;
		}
		if (bpf_map_update_elem(s->linked, &key, &s->value, BPF_NOEXIST) == 0)
			return bpf_map_update_elem(s->any, &zero, &one, BPF_ANY) == 0 ? 0 : bl_error_set(err, BL_SYSTEM, "cannot write the map 'linked_any': %m");
		if (errno == E2BIG)
			return bl_error_set(err, BL_REFUSED,
					    "%s, which the policy refuses by name, has other links, and there is no room to note it: %u names of such "
					    "files are the limit; 'enforcer unload' forgets those that are not refused any more",
					    path, BL_LINKED_MAX);
		if (errno != EEXIST)
			return bl_error_set(err, BL_SYSTEM, "cannot note the links of %s: %m", path);
	}
	return bl_error_set(err, BL_REFUSED, "%s is refused by more than %u of its names, which is the limit", path, BL_LINKED_NAMES);
}

static void batch_close(struct notes *s)
{
	while (s->n > 0)
		(void)close(s->open[--s->n].fd);
}

static int batch_note(struct notes *s, struct bl_error *err)
{
	struct bl_fd_inode *known = NULL;
	size_t nknown = 0;
	int r = s->n != 0 ? list_inodes(&known, &nknown, err) : 0;

	for (size_t i = 0; r == 0 && i < s->n; i++) {
		size_t k = 0;

		while (k < nknown && known[k].fd != (uint32_t)s->open[i].fd)
			k++;
		r = k < nknown ? note(s, s->open[i].path, &known[k].inode, err)
			       : bl_error_set(err, BL_SYSTEM, "the kernel does not say what %s is called", s->open[i].path);
	}
	free(known);
	batch_close(s);
	return r;
}

/* ---- finding ---- */

static bool has_links(const struct stat *st)
{
	return !S_ISDIR(st->st_mode) && !S_ISLNK(st->st_mode) && st->st_nlink > 1;
}

static int look_at(struct notes *s, const char *path, struct bl_error *err)
{
	struct stat st;
	int fd;

	/* that it can be looked at at all, the check of its symbolic links has shown, or it was told not to mind */
	if (lstat(path, &st) < 0 || !has_links(&st) || !is_refused(s, path))
		return 0;
	fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : bl_error_set(err, BL_SYSTEM, "cannot look at the links of %s: %m", path);
	s->open[s->n].fd = fd;
	s->open[s->n++].path = path;
	return s->n == BATCH ? batch_note(s, err) : 0;
}

static int look_at_all(struct notes *s, struct bl_error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->img->nprefixes; i++) {
		const struct bl_meta_prefix *p = &s->img->prefixes[i];

		if (bl_image_str(s->img, p->rest)[0] == '\0')
			r = look_at(s, bl_image_str(s->img, p->path), err);
	}
	if (r == 0)
		r = batch_note(s, err);
	batch_close(s);
	return r;
}

int bl_hardlinks_note(const struct bl_image *img, struct bl_error *err)
{
	struct notes *s;
	int r;

	if (!(img->tables->ops & BL_OPS_NAMES))
		return 0;
	s = calloc(1, sizeof(*s));
	if (!s)
		return bl_error_set(err, BL_SYSTEM, "out of memory");
	s->img = img;
	s->linked = bl_pins_open("maps/linked");
	s->any = bl_pins_open("maps/linked_any");
	r = s->linked >= 0 && s->any >= 0 ? look_at_all(s, err)
					   : bl_error_set(err, BL_SYSTEM, "cannot open %s/maps/linked: %m", BL_PIN_DIR);
	if (s->linked >= 0)
		(void)close(s->linked);
	if (s->any >= 0)
		(void)close(s->any);
	free(s);
	return r;
}
