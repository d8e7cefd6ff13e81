/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A generation: one policy's tables in a map, and the image they came from in another. */
#include "generation.h"

#include <bpf/bpf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "pins.h"

#include "banned.h"

static int out_of_memory(struct bl_error *err)
{
	return bl_error_set(err, BL_SYSTEM, "out of memory");
}

/* ---- one map with one value ---- */

static int map_info(int fd, struct bpf_map_info *ret, struct bl_error *err)
{
	uint32_t len = sizeof(*ret);

	memset(ret, 0, sizeof(*ret));
	if (bpf_obj_get_info_by_fd(fd, ret, &len) < 0)
		return bl_error_set(err, BL_SYSTEM, "cannot ask about a map: %m");
	return 0;
}

/* Fills a map, reads it back and compares: what is published is what was meant. Then nobody can write to it any more.
 */
static int fill(int fd, const void *value, size_t size, const char *what, struct bl_error *err)
{
	uint32_t key = 0;
	void *back = malloc(size);
	int r = 0;

	if (!back)
		return out_of_memory(err);
	if (bpf_map_update_elem(fd, &key, value, BPF_ANY) < 0)
		r = bl_error_set(err, BL_SYSTEM, "cannot fill the %s (%zu bytes): %m", what, size);
	else if (bpf_map_lookup_elem(fd, &key, back) < 0)
		r = bl_error_set(err, BL_SYSTEM, "cannot read back the %s: %m", what);
	else if (memcmp(value, back, size) != 0)
		r = bl_error_set(err, BL_SYSTEM, "the %s read back are not what was written", what);
	else if (bpf_map_freeze(fd) < 0)
		r = bl_error_set(err, BL_SYSTEM, "cannot freeze the %s: %m", what);
	free(back);
	return r;
}

/* Makes, fills and pins gen/N/NAME. */
static int make_map(uint32_t gen, const char *name, const void *value, size_t size, uint32_t flags, int *ret_fd, struct bl_error *err)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = flags);
	char path[PATH_MAX];
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, name, sizeof(uint32_t), (uint32_t)size, 1, &opts), r;

	if (fd < 0)
		return bl_error_set(err, BL_SYSTEM, "cannot make the map for the %s (%zu bytes): %m", name, size);
	r = fill(fd, value, size, name, err);
	if (r == 0) {
		bl_pins_path(path, "gen/%" PRIu32 "/%s", gen, name);
		if (bpf_obj_pin(fd, path) < 0)
			r = bl_error_set(err, BL_SYSTEM, "cannot pin %s: %m", path);
	}
	if (r == 0)
		*ret_fd = fd;
	else
		(void)close(fd);
	return r;
}

/* ---- making ---- */

static int make_tables(uint32_t gen, uint32_t words, uint32_t flags, const struct bl_image *img, int *ret_fd,
		       struct bl_error *err)
{
	size_t size = sizeof(struct bl_tables) + 8 * (size_t)words;
	struct bl_tables *t;
	int r;

	if (img->tables_size > size)
		return bl_error_set(err, BL_REFUSED, "the policy needs %" PRIu32 " words of tables, there are %" PRIu32,
				    img->tables->nwords, words);
	t = calloc(1, size);
	if (!t)
		return out_of_memory(err);
	memcpy(t, img->tables, img->tables_size);
	t->gen = gen;
	t->flags |= flags;
	r = make_map(gen, "tables", t, size, BPF_F_MMAPABLE, ret_fd, err); /* as bpf-lsm/maps.h has them */
	free(t);
	return r;
}

static int make_image(uint32_t gen, uint32_t before, uint32_t flags, const struct bl_image *img, const char *path, struct bl_error *err)
{
	struct bl_gen_info info = {.version = BL_GEN_INFO_VERSION,
				   .gen = gen,
				   .size = img->size,
				   .loaded_ns = bl_clock_ns(CLOCK_REALTIME),
				   .flags = flags,
				   .before = before};
	struct bl_buf b = BL_BUF_INIT;
	int fd, r;

	(void)snprintf(info.path, sizeof(info.path), "%s", path);
	bl_buf_add(&b, &info, sizeof(info));
	bl_image_cut(&b, img);
	r = bl_buf_text(&b) ? make_map(gen, "image", b.data, b.len, 0, &fd, err) : out_of_memory(err);
	if (r == 0)
		(void)close(fd);
	bl_buf_free(&b);
	return r;
}

int bl_gen_make(uint32_t gen, uint32_t before, uint32_t words, uint32_t flags, const struct bl_image *img, const char *path, int *ret_fd,
		struct bl_error *err)
{
	char dir[PATH_MAX];
	int fd = -1, r;

	bl_pins_path(dir, "gen/%" PRIu32, gen);
	if (mkdir(dir, 0700) < 0)
		return bl_error_set(err, BL_SYSTEM, "cannot make the directory %s: %m", dir);
	r = make_tables(gen, words, flags, img, &fd, err);
	if (r == 0)
		r = make_image(gen, before, flags, img, path, err);
	if (r == 0) {
		*ret_fd = fd;
		return 0;
	}
	if (fd >= 0)
		(void)close(fd);
	(void)bl_gen_remove(gen, NULL);
	return r;
}

int bl_gen_remove(uint32_t gen, struct bl_error *err)
{
	char dir[32];

	(void)snprintf(dir, sizeof(dir), "gen/%" PRIu32, gen);
	return bl_pins_remove_tree(dir, err);
}

int bl_gen_publish(const struct bl_object *o, int tables_fd, struct bl_error *err)
{
	struct bpf_map_info info;
	uint32_t key = 0, id;
	int r = map_info(tables_fd, &info, err);

	if (r < 0)
		return r;
	if (bpf_map_update_elem(o->slot, &key, &tables_fd, BPF_ANY) < 0)
		return bl_error_set(err, BL_SYSTEM, "cannot publish the new tables: %m");
	/* it has happened: who cannot look any more must not take it for a failure, and the tables in force away */
	if (bl_object_slot_id(o, &id, NULL) == 0 && id != info.id)
		return bl_error_set(err, BL_SYSTEM, "published map %" PRIu32 ", but the slot names %" PRIu32, info.id,
				    id);
	return 0;
}

/* ---- looking ---- */

/* The whole value of a pinned map, malloc()ed, at least least bytes. */
static int read_map(uint32_t gen, const char *name, size_t least, void **ret, size_t *ret_size, struct bl_error *err)
{
	struct bpf_map_info info;
	int fd = bl_pins_open("gen/%" PRIu32 "/%s", gen, name), r;
	uint32_t key = 0;
	void *value;

	if (fd < 0)
		return bl_error_set(err, errno == ENOENT ? -ENOENT : BL_SYSTEM, "cannot open %s/gen/%" PRIu32 "/%s: %m",
				    BL_PIN_DIR, gen, name);
	r = map_info(fd, &info, err);
	value = r == 0 ? malloc(info.value_size) : NULL;
	if (r == 0 && !value)
		r = out_of_memory(err);
	else if (r == 0 && info.value_size < least)
		r = bl_error_set(err, BL_SYSTEM, "%s/gen/%" PRIu32 "/%s is too small", BL_PIN_DIR, gen, name);
	else if (r == 0 && bpf_map_lookup_elem(fd, &key, value) < 0)
		r = bl_error_set(err, BL_SYSTEM, "cannot read %s/gen/%" PRIu32 "/%s: %m", BL_PIN_DIR, gen, name);
	(void)close(fd);
	if (r < 0) {
		free(value);
		return r;
	}
	*ret = value;
	*ret_size = info.value_size;
	return 0;
}

/* Part of the tables as they are in the kernel: mapped, so that of big tables only what is looked at takes memory. */
struct window {
	void *map; /* NULL: not open */
	size_t size;
	const void *at; /* what was asked for */
};

static int window_open(int fd, size_t off, size_t size, struct window *ret)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), from = off & ~(page - 1);
	void *map = mmap(NULL, off + size - from, PROT_READ, MAP_SHARED, fd, (off_t)from);

	if (map == MAP_FAILED)
		return -errno;
	*ret = (struct window){.map = map, .size = off + size - from, .at = (const uint8_t *)map + (off - from)};
	return 0;
}

static void window_close(struct window *w)
{
	if (w->map)
		(void)munmap(w->map, w->size);
	*w = (struct window){.map = NULL};
}

/* The head of the tables, checked to be that generation's with so many words; *ret_fd is the map. */
static int open_tables(uint32_t gen, struct bl_tables *ret, int *ret_fd, struct bl_error *err)
{
	struct window w = {.map = NULL};
	struct bpf_map_info info;
	int fd = bl_pins_open("gen/%" PRIu32 "/tables", gen), r;

	if (fd < 0)
		return bl_error_set(err, errno == ENOENT ? -ENOENT : BL_SYSTEM, "cannot open %s/gen/%" PRIu32 "/tables: %m", BL_PIN_DIR, gen);
	r = map_info(fd, &info, err);
	if (r == 0 && info.value_size < sizeof(*ret))
		r = bl_error_set(err, BL_SYSTEM, "%s/gen/%" PRIu32 "/tables is too small", BL_PIN_DIR, gen);
	if (r == 0 && window_open(fd, 0, sizeof(*ret), &w) < 0)
		r = bl_error_set(err, BL_SYSTEM, "cannot map %s/gen/%" PRIu32 "/tables: %m", BL_PIN_DIR, gen);
	if (r == 0)
		memcpy(ret, w.at, sizeof(*ret));
	window_close(&w);
	if (r == 0 && (ret->magic != BL_TABLES_MAGIC || ret->gen != gen || ret->nwords > (info.value_size - sizeof(*ret)) / 8))
		r = bl_error_set(err, BL_SYSTEM, "%s/gen/%" PRIu32 "/tables does not hold that generation", BL_PIN_DIR, gen);
	if (r < 0)
		(void)close(fd);
	else
		*ret_fd = fd;
	return r;
}

/* n words of tables whose head is t. */
static int copy_words(int fd, const struct bl_tables *t, size_t from, size_t n, uint64_t *ret, struct bl_error *err)
{
	struct window w = {.map = NULL};

	if (n == 0)
		return 0;
	if (from > t->nwords || n > t->nwords - from)
		return bl_error_set(err, BL_SYSTEM, "the tables of generation %" PRIu32 " are damaged", t->gen);
	if (window_open(fd, sizeof(*t) + 8 * from, 8 * n, &w) < 0)
		return bl_error_set(err, BL_SYSTEM, "cannot map the tables of generation %" PRIu32 ": %m", t->gen);
	memcpy(ret, w.at, 8 * n);
	window_close(&w);
	return 0;
}

static int copy_counts(int fd, const struct bl_tables *t, struct bl_gen_counts *ret, struct bl_error *err)
{
	struct bl_profile profiles[BL_MAX_PROFILES];
	size_t n = (size_t)t->nrules + t->nprofiles;
	int r;

	if (t->nprofiles > BL_MAX_PROFILES)
		return bl_error_set(err, BL_SYSTEM, "the tables of generation %" PRIu32 " are damaged", t->gen);
	ret->hits = malloc((n + 1) * sizeof(*ret->hits));
	if (!ret->hits)
		return out_of_memory(err);
	r = copy_words(fd, t, t->off_hits, n, ret->hits, err);
	if (r == 0)
		r = copy_words(fd, t, t->off_profiles, t->nprofiles * (size_t)BL_PROFILE_WORDS, (uint64_t *)profiles, err);
	if (r < 0)
		return r;
	for (uint32_t i = 0; i < t->nprofiles; i++)
		ret->modes[i] = (uint8_t)profiles[i].mode;
	ret->mode = bl_gen_mode(profiles, t->nprofiles, t->flags & BL_TF_DRY_RUN);
	return 0;
}

struct bl_gen_mode bl_gen_mode(const struct bl_profile *profiles, uint32_t n, bool dry_run)
{
	struct bl_gen_mode m = {.profiles = n, .dry_run = dry_run};

	for (uint32_t i = 0; i < n; i++)
		m.enforcing += profiles[i].mode == BL_MODE_ENFORCE;
	return m;
}

void bl_gen_mode_text(struct bl_buf *b, const struct bl_gen_mode *m)
{
	if (m->dry_run)
		bl_buf_str(b, "auditing (dry run): nothing is refused");
	else if (m->enforcing == 0)
		bl_buf_str(b, "auditing: no profile is in enforce mode, nothing is refused");
	else
		bl_buf_str(b, "enforcing");
	if (!bl_gen_mode_audits(m) && m->enforcing != m->profiles)
		bl_buf_printf(b, " %" PRIu32 " of %" PRIu32 " profiles, auditing the others", m->enforcing, m->profiles);
}

int bl_gen_counts_read(uint32_t gen, struct bl_gen_counts *ret, struct bl_error *err)
{
	struct bl_tables t;
	int fd, r = open_tables(gen, &t, &fd, err);

	if (r < 0)
		return r;
	bl_gen_counts_free(ret);
	r = copy_counts(fd, &t, ret, err);
	(void)close(fd);
	return r;
}

void bl_gen_counts_free(struct bl_gen_counts *c)
{
	free(c->hits);
	c->hits = NULL;
}

static int check_info(const struct bl_gen *g, uint32_t gen, size_t size, struct bl_error *err)
{
	if (size > sizeof(*g->info) && g->info->version == BL_GEN_INFO_VERSION && g->info->gen == gen && g->info->path[BL_GEN_PATH - 1] == '\0')
		return 0;
	return bl_error_set(err, BL_SYSTEM, "%s/gen/%" PRIu32 "/image was not written by this version; run 'enforcer unload' first", BL_PIN_DIR,
			    gen);
}

static int map_words(uint32_t gen, uint32_t *ret, struct bl_error *err)
{
	struct bpf_map_info info;
	int fd = bl_pins_open("gen/%" PRIu32 "/tables", gen), r;

	if (fd < 0)
		return bl_error_set(err, BL_SYSTEM, "cannot open %s/gen/%" PRIu32 "/tables: %m", BL_PIN_DIR, gen);
	r = map_info(fd, &info, err);
	(void)close(fd);
	if (r == 0)
		*ret = (uint32_t)((info.value_size - sizeof(struct bl_tables)) / 8);
	return r;
}

int bl_gen_open_names(uint32_t gen, struct bl_gen *ret, struct bl_error *err)
{
	struct bl_gen g = {0};
	size_t size = 0;
	void *value = NULL;
	int r = read_map(gen, "image", sizeof(struct bl_gen_info), &value, &size, err);

	if (r < 0)
		return r;
	g.info = value;
	r = check_info(&g, gen, size, err);
	if (r == 0 && bl_image_parse_cut(g.info + 1, size - sizeof(struct bl_gen_info), &g.image, err) < 0)
		r = BL_SYSTEM;
	if (r == 0 && g.image.head->size != g.info->size)
		r = bl_error_set(err, BL_SYSTEM, "%s/gen/%" PRIu32 "/image does not hold that generation", BL_PIN_DIR, gen);
	if (r == 0)
		r = map_words(gen, &g.words, err);
	if (r < 0)
		bl_gen_free(&g);
	else
		*ret = g;
	return r;
}

/* The words as they were loaded: the kernel changes nothing but the counters. */
static int loaded_words(uint32_t gen, size_t n, uint64_t *ret, struct bl_error *err)
{
	struct bl_tables t;
	int fd, r = open_tables(gen, &t, &fd, err);

	if (r < 0)
		return r;
	if (t.nwords != n || t.off_hits > n || (size_t)t.nrules + t.nprofiles > n - t.off_hits)
		r = bl_error_set(err, BL_SYSTEM, "the tables of generation %" PRIu32 " are damaged", gen);
	if (r == 0)
		r = copy_words(fd, &t, 0, n, ret, err);
	if (r == 0)
		memset(&ret[t.off_hits], 0, 8 * ((size_t)t.nrules + t.nprofiles));
	(void)close(fd);
	return r;
}

int bl_gen_open(uint32_t gen, struct bl_gen *ret, struct bl_error *err)
{
	struct bl_gen g = {0};
	uint64_t *words = NULL;
	size_t n = 0;
	int r = bl_gen_open_names(gen, &g, err);

	if (r == 0) {
		n = bl_image_cut_words(&g.image);
		words = malloc(8 * n + 8);
		r = words ? loaded_words(gen, n, words, err) : out_of_memory(err);
	}
	if (r == 0) {
		g.whole = bl_image_whole(&g.image, words);
		if (!g.whole)
			r = out_of_memory(err);
		else if (bl_image_parse(g.whole, g.info->size, &g.image, err) < 0)
			r = BL_SYSTEM;
	}
	free(words);
	if (r < 0)
		bl_gen_free(&g);
	else
		*ret = g;
	return r;
}

void bl_gen_free(struct bl_gen *g)
{
	free(g->info);
	free(g->whole);
	*g = (struct bl_gen){0};
}

/* Newest first: the one in force nearly always is. */
int bl_gen_current(const struct bl_object *o, uint32_t *ret, struct bl_error *err)
{
	uint32_t gens[BL_PINS_MAX_GENS], id;
	int r = bl_object_slot_id(o, &id, err);

	*ret = 0;
	if (r < 0 || id == 0)
		return r;
	for (size_t n = bl_pins_gens(gens); n > 0; n--) {
		struct bpf_map_info info = {0};
		int fd = bl_pins_open("gen/%" PRIu32 "/tables", gens[n - 1]);

		if (fd < 0)
			continue;
		r = map_info(fd, &info, err);
		(void)close(fd);
		if (r == 0 && info.id == id) {
			*ret = gens[n - 1];
			return 0;
		}
	}
	return bl_error_set(err, BL_SYSTEM,
			    "the tables in force (map %" PRIu32 ") have no pin in %s/gen: somebody "
			    "removed it; run 'enforcer unload' and load the policy again",
			    id, BL_PIN_DIR);
}
