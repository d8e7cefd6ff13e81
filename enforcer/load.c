/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Puts a policy in force, takes one out, and looks whether one is: whole or not at all. */
#include "load.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "exempt.h"
#include "hardlinks.h"
#include "latency.h"
#include "links.h"
#include "owner.h"
#include "pins.h"
#include "probe.h"
#include "seal.h"
#include "selftest.h"
#include "size_class.h"
#include "text.h"
#include "trial.h"

#include "banned.h"

#define BL_LINKS_ACCEPTED "%zu prefixes of patterns go through symbolic links on this machine: accepted, no name matches them"

struct job {
	const struct bl_policy *policy;
	const struct bl_load_how *how;
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

/* The hooks note the links that are made from now on: those made between the first look and now are looked for once more. */
static int publish(const struct bl_object *o, const struct bl_image *img, int tables_fd, struct bl_error *late, struct bl_error *err)
{
	int r = bl_hardlinks_note(img, err);

	if (r == 0)
		r = bl_gen_publish(o, tables_fd, err);
	if (r == 0)
		(void)bl_hardlinks_note(img, late);
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
		r = bl_exempt_set(o, BL_EXEMPT_CHANGER, (uint32_t)getpid(), err);
	if (r == 0)
		r = bl_selftest(o, err);
	if (r == 0 && job->how->trial_seconds != 0)
		r = bl_trial_begin(o, 1, job->how->trial_seconds, err);
	return r == 0 ? publish(o, &job->image, tables_fd, &job->result->late, err) : r;
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
		r = bl_gen_make(1, 0, words, job->flags, &job->image, job->policy->name, &fd, err);
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

int bl_switch_over(const struct bl_object *o, const struct bl_image *img, int tables_fd, struct bl_error *late, struct bl_error *err)
{
	bool added[BL_NHOOKS] = {false};
	int r = bl_object_attach(bl_needs(img->tables), added, err);

	if (r == 0)
		r = bl_selftest(o, err);
	if (r == 0)
		r = publish(o, img, tables_fd, late, err);
	if (r < 0)
		(void)bl_object_detach(added, NULL);
	return r;
}

void bl_load_clean_up(uint64_t ops, uint32_t now, uint32_t before)
{
	uint32_t gens[BL_PINS_MAX_GENS];
	size_t n = bl_pins_gens(gens);

	(void)bl_object_detach_unneeded(ops, NULL);
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

/* Makes the new generation and switches to it. On failure nothing of it is left. */
static int next_make(const struct bl_object *o, uint32_t gen, uint32_t now, uint32_t words, const struct job *job, struct bl_error *err)
{
	int fd = -1, r = bl_object_load_more(words, bl_needs(job->image.tables), err);

	if (r == 0)
		r = bl_gen_make(gen, now, words, job->flags, &job->image, job->policy->name, &fd, err);
	if (r < 0)
		return r;
	if (job->how->trial_seconds != 0)
		r = bl_trial_begin(o, gen, job->how->trial_seconds, err);
	if (r == 0)
		r = bl_switch_over(o, &job->image, fd, &job->result->late, err);
	(void)close(fd);
	if (r < 0)
		(void)bl_gen_remove(gen, NULL);
	return r;
}

static bool same(const struct bl_gen *g, const struct job *job)
{
	return memcmp(g->image.head->sha256, job->image.head->sha256, sizeof(g->image.head->sha256)) == 0 && g->info->flags == job->flags;
}

static int load_next(const struct bl_object *o, uint32_t now, struct job *job, struct bl_error *err)
{
	uint32_t words, need = job->image.tables->nwords, gen = now;
	struct bl_gen g = {0};
	bool stays;
	int r = bl_trial_none(now, err);

	if (r == 0)
		r = bl_gen_open_names(now, &g, err);
	if (r < 0)
		return r;
	words = g.words;
	stays = (job->how->options & BL_LOAD_UNLESS_SAME) != 0 && same(&g, job);
	bl_gen_free(&g);
	if (need > words)
		return bl_error_set(err, BL_REFUSED,
				    "the policy needs %" PRIu32 " words of tables, the loaded programs were made for "
				    "%" PRIu32 "; run 'enforcer unload', then load it (nothing is enforced in between)",
				    need, words);
	if (!stays) {
		r = bl_seal_final(err);
		if (r == 0)
			r = next_generation(now, &gen, err);
		if (r == 0)
			r = next_make(o, gen, now, words, job, err);
		if (r < 0)
			return r;
		/* A trial that goes back finds everything as it was. */
		if (job->how->trial_seconds == 0)
			bl_load_clean_up(bl_needs(job->image.tables), gen, now);
	}
	job->result->gen = gen;
	job->result->old_gen = now;
	job->result->words = words;
	return 0;
}

static int load_or_begin(struct job *job, struct bl_error *err)
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

static int load_exempt(struct job *job, struct bl_error *err)
{
	int r = bl_exempt_begin(err);

	if (r < 0)
		return r;
	r = load_or_begin(job, err);
	if (r == 0 && bl_latency_on())
		(void)bl_latency_begin(NULL); /* hooks that are new; what cannot be timed is enforced all the same */
	bl_exempt_end();
	return r;
}

/* ---- the whole ---- */

static int parse_image(struct job *job, struct bl_error *err)
{
	const struct bl_policy *p = job->policy;
	struct bl_error why = {""};
	int r = bl_image_parse(p->image, p->size, &job->image, &why);

	if (r < 0)
		return bl_error_set(err, r == -ENOMEM ? BL_SYSTEM : BL_REFUSED, "%s: %s", p->name, why.text);
	return 0;
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
	const struct bl_tables *t = job->image.tables;
	struct bl_load_result *ret = job->result;

	ret->nrules = t->nrules;
	ret->nwords = t->nwords;
	ret->nhooks = bl_attached_count();
	ret->mode = bl_gen_mode(bl_profile_at(t, 0), t->nprofiles, (job->flags | t->flags) & BL_TF_DRY_RUN);
}

/* The kernel command line comes before everything, the first call of bpf(2) included. */
static int ask_switch(struct job *job, struct bl_error *err)
{
	enum bl_switch sw;
	int r = bl_probe_switch(&sw, err);

	if (r == 0 && sw == BL_SWITCH_OFF)
		r = bl_error_set(err, BL_REFUSED,
				 "bailiff=off is on the kernel command line: nothing is loaded; boot without it to enforce policies");
	job->result->forced_audit = r == 0 && sw == BL_SWITCH_AUDIT;
	if (job->result->forced_audit || (job->how->options & BL_LOAD_DRY_RUN) != 0)
		job->flags = BL_TF_DRY_RUN;
	return r;
}

int bl_load(const struct bl_policy *p, const struct bl_load_how *how, struct bl_load_result *ret, struct bl_error *err)
{
	struct job job = {.policy = p, .how = how, .result = ret};
	int r;

	*ret = (struct bl_load_result){.trial_seconds = how->trial_seconds};
	r = ask_switch(&job, err);
	if (r == 0)
		r = parse_image(&job, err);
	/* A power cut while a file is written can leave it empty. */
	if (r == 0 && (how->options & BL_LOAD_KEEP) != 0 && job.image.tables->nprofiles == 0)
		r = bl_error_set(err, BL_REFUSED, "%s has no profile, which would allow everything; to end enforcement run: enforcer unload", p->name);
	if (r == 0)
		r = check_owners(p->name, &job.image, err);
	if (r == 0)
		r = bl_links_check(p->name, &job.image, how->options & BL_LOAD_ACCEPT_LINKS, &ret->nlinks, err);
	if (r == 0)
		r = bl_probe_ready(err);
	if (r == 0)
		r = bl_seal_inside(err);
	if (r == 0)
		r = load_exempt(&job, err);
	if (r < 0)
		return r;
	fill_result(&job);
	if ((how->options & BL_LOAD_KEEP) != 0 && !ret->mode.dry_run && bl_seal_state() == BL_SEAL_OFF)
		(void)bl_policy_keep(p, &ret->not_kept);
	return 0;
}

static void put_mode(struct bl_buf *b, const struct bl_load_result *res)
{
	if (res->forced_audit)
		bl_buf_str(b, "auditing (dry run because of bailiff=audit on the kernel command line): nothing is refused");
	else
		bl_gen_mode_text(b, &res->mode);
	bl_buf_char(b, '\n');
}

void bl_load_describe(struct bl_buf *b, const char *name, const struct bl_load_result *res)
{
	if (res->gen == res->old_gen)
		bl_buf_printf(b, "generation %" PRIu32 " stays in force: %s is what it was made from; ", res->gen, name);
	else
		bl_buf_printf(b,
			      "loaded %s as generation %" PRIu32 ": %" PRIu32 " profiles, %" PRIu32 " rules, %" PRIu32 " of %" PRIu32
			      " words, %zu hooks; self-test passed, ",
			      name, res->gen, res->mode.profiles, res->nrules, res->nwords, res->words, res->nhooks);
	put_mode(b, res);
	if (res->mode.dry_run && res->old_gen != 0 && res->old_gen != res->gen)
		bl_buf_printf(b, "generation %" PRIu32 " is not in force any more: until the next load nothing is refused\n", res->old_gen);
	if (res->trial_seconds != 0 && res->old_gen != 0)
		bl_buf_printf(b, "on trial: in %" PRIu32 " s generation %" PRIu32 " is in force again, unless 'enforcer confirm' comes\n",
			      res->trial_seconds, res->old_gen);
	else if (res->trial_seconds != 0)
		bl_buf_printf(b, "on trial: in %" PRIu32 " s it is unloaded again, unless 'enforcer confirm' comes\n", res->trial_seconds);
	if (res->nlinks != 0)
		bl_buf_printf(b, BL_LINKS_ACCEPTED "\n", res->nlinks);
	if (res->late.text[0] != '\0')
		bl_buf_printf(b, "%s\n", res->late.text);
	if (res->not_kept.text[0] != '\0')
		bl_buf_printf(b, "%s\n", res->not_kept.text);
}
