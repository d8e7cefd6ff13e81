/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Puts a policy in force, takes one out, and looks whether one is: whole or not at all. */
#include "load.h"

#include <bpf/bpf.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "buf.h"
#include "links.h"
#include "owner.h"
#include "pins.h"
#include "probe.h"
#include "selftest.h"
#include "size_class.h"
#include "text.h"

#include "banned.h"

struct job {
	const char *path;
	uint32_t flags; /* BL_TF_DRY_RUN */
	struct bl_image image;
	struct bl_load_result *result;
};

size_t bl_attached_count(void)
{
	size_t n = 0;

	for (size_t i = 0; i < BL_NHOOKS; i++)
		n += bl_object_attached(i);
	return n;
}

static int interrupted(struct bl_error *err)
{
	return bl_error_set(err, -ENOENT,
			    "a load was interrupted, nothing is enforced; load a policy with: "
			    "enforcer load IMAGE");
}

/* A first load makes its maps' pins before its links: no maps and no links is what an interrupted one leaves. */
static int loaded_whole(struct bl_error *err)
{
	bool there;
	int r = bl_pins_exist(&there, err);

	if (r < 0)
		return r;
	if (!there)
		return bl_error_set(err, -ENOENT, "nothing is loaded; load a policy with: enforcer load IMAGE");
	if (bl_pins_has("maps/control") && bl_pins_has("maps/slot") && bl_pins_has("maps/events") &&
	    bl_pins_has("maps/stats"))
		return 0;
	if (bl_attached_count() == 0)
		return interrupted(err);
	return bl_error_set(err, BL_REFUSED,
			    "hooks are attached, but maps are missing in %s/maps: somebody removed them; "
			    "run 'enforcer unload' and load the policy again",
			    BL_PIN_DIR);
}

int bl_loaded_open(struct bl_object *ret, uint32_t *ret_gen, struct bl_error *err)
{
	int r = loaded_whole(err);

	if (r < 0)
		return r;
	r = bl_object_open(ret, err);
	if (r < 0)
		return r;
	r = bl_gen_current(ret, ret_gen, err);
	if (r == 0 && *ret_gen == 0)
		r = interrupted(err);
	if (r < 0)
		bl_object_close(ret);
	return r;
}

/* ---- the first load ---- */

static int first_start(const struct bl_object *o, const struct job *job, int tables_fd, struct bl_error *err)
{
	const struct bl_control control = {.abi = BL_ABI_VERSION};
	int r = bl_object_control_set(o, &control, err);

	if (r == 0)
		r = bl_object_attach(bl_needs(job->image.tables), NULL, err);
	if (r == 0)
		r = bl_selftest(o, err);
	if (r == 0)
		r = bl_gen_publish(o, tables_fd, err);
	return r;
}

static int first_make(const struct job *job, uint32_t words, struct bl_error *err)
{
	struct bl_object o = BL_OBJECT_CLOSED;
	int fd = -1, r;

	r = bl_pins_prepare(err);
	if (r == 0)
		r = bl_object_load(words, bl_needs(job->image.tables), err);
	if (r == 0)
		r = bl_object_open(&o, err);
	if (r == 0)
		r = bl_gen_make(1, words, job->flags, &job->image, job->path, &fd, err);
	if (r == 0)
		r = first_start(&o, job, fd, err);
	if (fd >= 0)
		(void)close(fd);
	bl_object_close(&o);
	return r;
}

static int load_first(struct job *job, struct bl_error *err)
{
	uint32_t need = job->image.tables->nwords;
	uint32_t words = bl_size_class_first(need);
	int r;

	if (words == 0)
		return bl_error_set(err, BL_REFUSED, "the policy needs %" PRIu32 " words of tables, the limit is %u",
				    need, BL_MAX_WORDS);
	r = first_make(job, words, err);
	if (r < 0) {
		(void)bl_pins_remove_tree("links", NULL);
		(void)bl_pins_remove_tree("", NULL);
		return r;
	}
	job->result->gen = 1;
	job->result->words = words;
	return 0;
}

/* ---- later loads ---- */

/* Everything that can fail, then the switch. Whatever was attached for it is taken back if it does fail. */
static int switch_over(const struct bl_object *o, const struct job *job, int tables_fd, struct bl_error *err)
{
	bool added[BL_NHOOKS] = {false};
	int r = bl_object_attach(bl_needs(job->image.tables), added, err);

	if (r == 0)
		r = bl_selftest(o, err);
	if (r == 0)
		r = bl_gen_publish(o, tables_fd, err);
	if (r < 0)
		(void)bl_object_detach(added, NULL);
	return r;
}

/* Nothing of this is needed for the new policy to be in force: a failure is no failed load. */
static void clean_up(const struct job *job, uint32_t now, uint32_t before)
{
	uint32_t gens[BL_PINS_MAX_GENS];
	size_t n = bl_pins_gens(gens);

	(void)bl_object_detach_unneeded(bl_needs(job->image.tables), NULL);
	for (size_t i = 0; i < n; i++)
		if (gens[i] != now && gens[i] != before)
			(void)bl_gen_remove(gens[i], NULL);
}

static int next_generation(uint32_t now, uint32_t *ret, struct bl_error *err)
{
	uint32_t gens[BL_PINS_MAX_GENS], last = now;
	size_t n = bl_pins_gens(gens);

	if (n > 0 && gens[n - 1] > last)
		last = gens[n - 1];
	if (last == UINT32_MAX)
		return bl_error_set(err, BL_SYSTEM, "no generation numbers left; run 'enforcer unload' and load again");
	*ret = last + 1;
	return 0;
}

static int load_next(const struct bl_object *o, uint32_t now, struct job *job, struct bl_error *err)
{
	struct bl_gen g = {0};
	uint32_t words, gen = 0;
	int fd = -1, r;

	r = bl_gen_open(now, &g, err);
	words = g.words;
	bl_gen_free(&g);
	if (r < 0)
		return r;
	if (job->image.tables->nwords > words)
		return bl_error_set(err, BL_REFUSED,
				    "the policy needs %" PRIu32 " words of tables, the loaded programs were made for "
				    "%" PRIu32 "; run 'enforcer unload', then load it (nothing is enforced in between)",
				    job->image.tables->nwords, words);
	r = next_generation(now, &gen, err);
	if (r == 0)
		r = bl_object_load_more(words, bl_needs(job->image.tables), err);
	if (r == 0)
		r = bl_gen_make(gen, words, job->flags, &job->image, job->path, &fd, err);
	if (r < 0)
		return r;
	r = switch_over(o, job, fd, err);
	(void)close(fd);
	if (r < 0) {
		(void)bl_gen_remove(gen, NULL);
		return r;
	}
	clean_up(job, gen, now);
	job->result->gen = gen;
	job->result->old_gen = now;
	job->result->words = words;
	return 0;
}

static int load_locked(struct job *job, struct bl_error *err)
{
	struct bl_object o = BL_OBJECT_CLOSED;
	uint32_t now;
	int r = bl_loaded_open(&o, &now, err);

	if (r == 0) {
		r = load_next(&o, now, job, err);
		bl_object_close(&o);
		return r;
	}
	if (r != -ENOENT)
		return r;
	/* What an interrupted first load left: it enforces nothing. */
	r = bl_pins_remove_tree("", err);
	return r < 0 ? r : load_first(job, err);
}

/* ---- the whole ---- */

/* What the kernel side of this version does not hold on every way to it must not look as if it were in force. */
static int check_enforced(const char *path, const struct bl_tables *t, struct bl_error *err)
{
	uint64_t ops = t->ops & ~BL_OPS_ENFORCED, features = t->features & ~BL_FEATURES_ENFORCED;
	struct bl_buf b = BL_BUF_INIT;
	int r;

	if (ops == 0 && features == 0)
		return 0;
	for (uint32_t op = 0; op < 64; op++)
		if (ops & BL_OP_BIT(op))
			bl_buf_printf(&b, "%s%s", b.len ? ", " : "", bl_text_op(op));
#define X(NAME, n, text) \
	if (features & (1ULL << (n))) \
		bl_buf_printf(&b, "%s%s", b.len ? ", " : "", text);
	BL_FEATURES(X)
#undef X
	r = bl_error_set(err, BL_REFUSED, "%s needs what this version does not enforce: %s", path,
			 bl_buf_text(&b) ? bl_buf_text(&b) : "out of memory");
	bl_buf_free(&b);
	return r;
}

static int read_image(const char *path, void **ret_buf, struct bl_image *ret, struct bl_error *err)
{
	struct bl_error why = {""};
	size_t len;
	int r = bl_image_file_read(path, BL_IMAGE_TRUSTED, ret_buf, &len, err);

	if (r == -EPERM || r == -EFBIG || r == -EINVAL)
		return BL_REFUSED;
	if (r < 0)
		return BL_SYSTEM;
	r = bl_image_parse(*ret_buf, len, ret, &why);
	if (r == 0) {
		r = check_enforced(path, ret->tables, err);
		if (r == 0)
			return 0;
		free(*ret_buf);
		*ret_buf = NULL;
		return r;
	}
	free(*ret_buf);
	*ret_buf = NULL;
	return bl_error_set(err, r == -ENOMEM ? BL_SYSTEM : BL_REFUSED, "%s: %s", path, why.text);
}

/* The image has numbers; who is meant is told by the names that were looked up where it was compiled. */
static int check_owners(const char *path, const struct bl_image *image, struct bl_error *err)
{
	for (size_t i = 0; i < image->nusers; i++) {
		const struct bl_meta_id *u = &image->users[i];
		const char *what = u->kind == BL_KEY_USER ? "user" : "group", *name = bl_image_str(image, u->name);
		uint32_t id;
		int r = bl_owner_find(u->kind, name, &id);

		if (r == -ENOENT)
			return bl_error_set(err, BL_REFUSED,
					    "%s: %s '%s', %" PRIu32 " where the image was compiled, does not exist on this "
					    "machine; compile the policy here, or write numbers in it",
					    path, what, name, u->id);
		if (r < 0)
			return bl_error_set(err, BL_SYSTEM, "%s: %s '%s' cannot be looked up: %s", path, what, name,
					    strerror(-r));
		if (id != u->id)
			return bl_error_set(err, BL_REFUSED,
					    "%s: %s '%s' is %" PRIu32 " on this machine and was %" PRIu32 " where the image was "
					    "compiled; compile the policy here, or write numbers in it",
					    path, what, name, id, u->id);
	}
	return 0;
}

static void fill_result(struct job *job)
{
	struct bl_load_result *ret = job->result;

	ret->nprofiles = job->image.tables->nprofiles;
	ret->nrules = job->image.tables->nrules;
	ret->nwords = job->image.tables->nwords;
	ret->nhooks = bl_attached_count();
	ret->dry_run = ((job->flags | job->image.tables->flags) & BL_TF_DRY_RUN) != 0;
}

int bl_load(const char *path, unsigned int options, struct bl_load_result *ret, struct bl_error *err)
{
	struct job job = {.path = path, .flags = options & BL_LOAD_DRY_RUN ? BL_TF_DRY_RUN : 0, .result = ret};
	void *buf = NULL;
	int lock, r;

	*ret = (struct bl_load_result){0};
	r = read_image(path, &buf, &job.image, err);
	if (r == 0)
		r = check_owners(path, &job.image, err);
	if (r == 0)
		r = bl_links_check(path, &job.image, options & BL_LOAD_ACCEPT_LINKS, &ret->nlinks, err);
	if (r == 0)
		r = bl_probe_ready(err);
	if (r == 0)
		r = bl_lock_take("lock", true, &lock, err);
	if (r == 0) {
		r = load_locked(&job, err);
		if (r == 0)
			fill_result(&job);
		(void)close(lock);
	}
	free(buf);
	return r;
}

/* ---- unload ---- */

struct programs {
	uint32_t ids[2 * BL_NHOOKS];
	size_t n;
};

static int program_add(const char *name, void *arg)
{
	struct programs *p = arg;
	struct bpf_prog_info info = {0};
	uint32_t len = sizeof(info);
	int fd = bl_pins_open("progs/%s", name);

	if (fd < 0)
		return 0;
	if (p->n < BL_ARRAY_SIZE(p->ids) && bpf_obj_get_info_by_fd(fd, &info, &len) == 0)
		p->ids[p->n++] = info.id;
	(void)close(fd);
	return 0;
}

static size_t programs_left(const struct programs *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++) {
		int fd = bpf_prog_get_fd_by_id(p->ids[i]);

		if (fd < 0)
			continue;
		(void)close(fd);
		n++;
	}
	return n;
}

/* The kernel frees links and programs a little after the last pin of them has gone. */
static int verify_gone(const struct programs *p, struct bl_error *err)
{
	const struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
	size_t left = 0;
	bool there;
	int r = bl_pins_exist(&there, err);

	if (r < 0)
		return r;
	if (there)
		return bl_error_set(err, BL_SYSTEM, "something made %s again; run 'enforcer unload' again", BL_PIN_DIR);
	for (int i = 0; i < 250; i++) {
		left = programs_left(p);
		if (left == 0)
			return 0;
		(void)nanosleep(&pause, NULL);
	}
	return bl_error_set(err, BL_SYSTEM,
			    "%zu of %zu programs are still in the kernel although nothing of ours holds "
			    "them; 'bpftool prog' and 'bpftool link' show who does",
			    left, p->n);
}

static int unload_locked(struct bl_error *err)
{
	struct programs p = {.n = 0};
	bool there;
	int r = bl_pins_exist(&there, err);

	if (r < 0)
		return r;
	if (!there)
		return bl_error_set(err, -ENOENT, "nothing is loaded");
	(void)bl_pins_each("progs", program_add, &p);
	r = bl_pins_remove_tree("links", err);
	if (r == 0)
		r = bl_pins_remove_tree("", err);
	return r < 0 ? r : verify_gone(&p, err);
}

int bl_unload(struct bl_error *err)
{
	int lock, r;

	r = bl_probe_process(err);
	if (r < 0)
		return r;
	r = bl_lock_take("lock", true, &lock, err);
	if (r < 0)
		return r;
	r = unload_locked(err);
	(void)close(lock);
	return r;
}
