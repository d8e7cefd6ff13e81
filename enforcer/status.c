/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `enforcer status`: what is in force, read from the kernel's own memory. */
#include "status.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control.h"
#include "failure.h"
#include "json.h"
#include "load.h"
#include "pins.h"
#include "probe.h"
#include "seal.h"
#include "text.h"
#include "trial.h"

#include "banned.h"

struct status {
	struct bl_gen gen;
	struct bl_tables *tables;
	uint64_t stats[BL_STAT_MAX];
	uint32_t daemon; /* pid, 0: none */
	struct bl_output_state outputs[BL_OUTPUTS_MAX];
	size_t noutputs;
	bool bpf_listed;
	const char *missing; /* hook that is needed and not attached */
	struct bl_trial trial;
	struct bl_failure failure; /* text "": there is none */
	bool under_way;		   /* somebody changes what is in force */
	struct bl_failure alarm;   /* text "": there is none */
	bool sealed;
	uint64_t refused[BL_SEAL_WHAT_MAX]; /* by the seal */
};

/* ---- gathering ---- */

int bl_stats_read(const struct bl_object *o, uint64_t *ret, struct bl_error *err)
{
	int ncpus = libbpf_num_possible_cpus();
	uint64_t *values;

	values = ncpus > 0 ? calloc((size_t)ncpus, sizeof(*values)) : NULL;
	if (!values)
		return bl_error_set(err, BL_SYSTEM, "cannot find out the number of processors");
	for (uint32_t i = 0; i < BL_STAT_MAX; i++) {
		if (bpf_map_lookup_elem(o->stats, &i, values) < 0) {
			free(values);
			return bl_error_set(err, BL_SYSTEM, "cannot read the counters: %m");
		}
		for (int cpu = 0; cpu < ncpus; cpu++)
			ret[i] += values[cpu];
	}
	free(values);
	return 0;
}

static void find_missing(struct status *s)
{
	for (size_t i = 0; i < BL_NHOOKS; i++) {
		bool optional =
			(bl_hooks[i].flags & BL_HOOK_OPTIONAL) != 0 && !bl_pins_has("progs/%s", bl_hooks[i].name);

		if (bl_hook_needed(&bl_hooks[i], bl_needs(s->tables)) && !optional && !bl_object_attached(i))
			s->missing = bl_hooks[i].name;
	}
}

static void find_daemon(struct status *s)
{
	int fd;

	if (bl_ctl_connect(BL_WANT_OUTPUTS, &fd, &s->daemon, NULL) != 0)
		return;
	(void)bl_ctl_outputs(fd, s->outputs, BL_OUTPUTS_MAX, &s->noutputs, NULL);
	(void)close(fd);
}

static int gather(struct status *s, struct bl_error *err)
{
	struct bl_object o = BL_OBJECT_CLOSED;
	char list[BL_PROBE_TEXT];
	uint32_t gen;
	int r;

	if (!bl_failure_read(&s->failure))
		s->failure.text[0] = '\0';
	s->under_way = bl_lock_held("lock");
	if (!bl_alarm_read(&s->alarm))
		s->alarm.text[0] = '\0';
	r = bl_seal_inside(err);
	if (r < 0)
		return r;
	r = bl_loaded_open(&o, &gen, err);
	if (r < 0)
		return r;
	r = bl_gen_open(gen, &s->gen, err);
	if (r == 0)
		r = bl_trial_get(gen, &s->trial, err);
	if (r == 0)
		r = bl_gen_tables(gen, &s->tables, err);
	if (r == 0)
		r = bl_stats_read(&o, s->stats, err);
	s->sealed = bl_seal_state() == BL_SEAL_ON;
	if (r == 0 && s->sealed)
		r = bl_seal_refused(s->refused, err);
	bl_object_close(&o);
	if (r < 0)
		return r;
	s->bpf_listed = bl_probe_lsm_list(list) == 0 && bl_probe_list_has(list, "bpf");
	find_missing(s);
	find_daemon(s);
	return 0;
}

static bool dry_run(const struct status *s)
{
	return (s->tables->flags & BL_TF_DRY_RUN) != 0;
}

/* Hits of a rule; of profile i's default as rule nrules + i. */
static uint64_t hits(const struct status *s, uint32_t i)
{
	return s->tables->w[s->tables->off_hits + (size_t)i];
}

/* NULL: in force. */
static const char *not_in_force(const struct status *s)
{
	if (!s->bpf_listed)
		return "bpf is not in the kernel's LSM list; see 'enforcer doctor'";
	if (s->missing)
		return "a hook that the policy needs is not attached; load the policy again";
	if (s->alarm.text[0] != '\0')
		return s->alarm.text;
	return NULL;
}

/* ---- text ---- */

static void print_string(const char *s)
{
	struct bl_buf b = BL_BUF_INIT;

	bl_text_escape(&b, s, strlen(s));
	(void)fputs(bl_buf_text(&b) ? bl_buf_text(&b) : "?", stdout);
	bl_buf_free(&b);
}

static void print_rules(const struct status *s, uint32_t p)
{
	const struct bl_image *img = &s->gen.image;

	for (uint32_t i = 0; i < img->tables->nrules; i++) {
		if (img->rules[i].profile != p || hits(s, i) == 0)
			continue;
		(void)printf("    %10" PRIu64 "  ", hits(s, i));
		print_string(bl_image_str(img, img->rules[i].text));
		(void)printf("  (");
		print_string(bl_image_str(img, img->rules[i].file));
		(void)printf(":%" PRIu32 ")\n", img->rules[i].line);
	}
	if (hits(s, img->tables->nrules + p) != 0)
		(void)printf("    %10" PRIu64 "  default\n", hits(s, img->tables->nrules + p));
}

static void print_profiles(const struct status *s)
{
	const struct bl_image *img = &s->gen.image;

	for (uint32_t i = 0; i < img->tables->nprofiles; i++) {
		(void)printf("profile ");
		print_string(bl_image_str(img, img->profiles[i].name));
		(void)printf(": %s%s, subject ", bl_text_mode(bl_profile_at(s->tables, i)->mode),
			     dry_run(s) ? " (dry run: audit)" : "");
		print_string(bl_image_str(img, img->profiles[i].subject));
		(void)printf("\n");
		print_rules(s, i);
	}
}

static void print_counters(const struct status *s)
{
	(void)printf("counters:");
	for (uint32_t i = 0; i < BL_STAT_REASON0; i++)
		if (bl_text_stat(i))
			(void)printf(" %s=%" PRIu64, bl_text_stat(i), s->stats[i]);
	for (uint32_t i = 0; i < BL_R_MAX; i++)
		if (s->stats[BL_STAT_REASON0 + i] != 0)
			(void)printf(" %s=%" PRIu64, bl_text_reason(i), s->stats[BL_STAT_REASON0 + i]);
	(void)printf("\n");
}

static void print_seal(const struct status *s)
{
	(void)printf("seal: %s", s->sealed ? "set; refused:" : "not set\n");
	if (!s->sealed)
		return;
	for (uint32_t i = 0; i < BL_SEAL_WHAT_MAX; i++)
		if (bl_seal_word(i))
			(void)printf(" %s=%" PRIu64, bl_seal_word(i), s->refused[i]);
	(void)printf("\n");
}

static void print_hooks(void)
{
	(void)printf("hooks:");
	for (size_t i = 0; i < BL_NHOOKS; i++)
		if (bl_object_attached(i))
			(void)printf(" %s", bl_hooks[i].name);
	(void)printf("\n");
}

static void print_outputs(const struct status *s)
{
	for (size_t i = 0; i < s->noutputs; i++) {
		const struct bl_output_state *o = &s->outputs[i];

		(void)printf("output ");
		print_string(o->name);
		(void)printf(": %" PRIu64 " written, %" PRIu64 " dropped, %" PRIu64 " waiting", o->written, o->dropped, o->waiting);
		if (o->error[0] != '\0') {
			(void)printf("; ");
			print_string(o->error);
		}
		(void)printf("\n");
	}
}

static void print_failure(const struct status *s)
{
	struct bl_buf b = BL_BUF_INIT;

	if (s->failure.text[0] == '\0')
		return;
	bl_text_time(&b, s->failure.at_ns);
	(void)printf("last change failed %s: ", bl_buf_text(&b) ? bl_buf_text(&b) : "?");
	for (const char *p = s->failure.text; *p != '\0';) {
		size_t n = strcspn(p, "\n");

		bl_buf_reset(&b);
		bl_text_escape(&b, p, n);
		(void)printf("%s\n", bl_buf_text(&b) ? bl_buf_text(&b) : "");
		p += n + (p[n] == '\n');
	}
	bl_buf_free(&b);
}

static void print_change(const struct status *s)
{
	if (s->trial.gen != 0 && s->trial.before != 0)
		(void)printf("on trial: in %" PRIu32 " s generation %" PRIu32 " is in force again, unless 'enforcer confirm' comes\n",
			     s->trial.seconds, s->trial.before);
	else if (s->trial.gen != 0)
		(void)printf("on trial: in %" PRIu32 " s it is unloaded again, unless 'enforcer confirm' comes\n", s->trial.seconds);
	if (s->under_way)
		(void)printf("a change is under way\n");
}

static void print_text(const struct status *s)
{
	struct bl_buf b = BL_BUF_INIT;
	const char *why = not_in_force(s);

	if (why)
		(void)printf("NOT ENFORCING: %s\n", why);
	else
		(void)printf("%s\n", dry_run(s) ? "auditing (dry run): nothing is refused" : "enforcing");
	bl_text_time(&b, s->gen.info->loaded_ns);
	(void)printf("generation: %" PRIu32 ", loaded %s from ", s->gen.info->gen, bl_buf_text(&b));
	print_string(s->gen.info->path);
	bl_buf_reset(&b);
	bl_text_hex(&b, s->gen.image.head->sha256, sizeof(s->gen.image.head->sha256));
	(void)printf("\nimage: sha256 %s, %" PRIu32 " rules, %" PRIu32 " of %" PRIu32 " words\n", bl_buf_text(&b),
		     s->gen.image.tables->nrules, s->gen.image.tables->nwords, s->gen.words);
	bl_buf_free(&b);
	print_change(s);
	print_failure(s);
	print_seal(s);
	print_hooks();
	print_counters(s);
	if (s->daemon != 0)
		(void)printf("daemon: running, pid %" PRIu32 "\n", s->daemon);
	else
		(void)printf(
			"daemon: not running; enforcement does not need it, events are kept in the kernel's buffer\n");
	print_outputs(s);
	print_profiles(s);
}

/* ---- JSON ---- */

static void set_new(json_t *o, const char *key, json_t *v)
{
	(void)json_object_set_new(o, key, v);
}

static json_t *text_json(const char *s)
{
	struct bl_buf b = BL_BUF_INIT;
	json_t *j;

	(void)bl_json_clean(&b, s, strlen(s));
	j = bl_buf_text(&b) ? json_string(bl_buf_text(&b)) : json_null();
	bl_buf_free(&b);
	return j;
}

static json_t *rules_json(const struct status *s, uint32_t p)
{
	const struct bl_image *img = &s->gen.image;
	json_t *list = json_array();

	for (uint32_t i = 0; i < img->tables->nrules; i++) {
		json_t *o;

		if (img->rules[i].profile != p)
			continue;
		o = json_object();
		set_new(o, "number", json_integer(i));
		set_new(o, "verdict", json_string(bl_text_verdict(img->rules[i].verdict)));
		set_new(o, "text", text_json(bl_image_str(img, img->rules[i].text)));
		set_new(o, "file", text_json(bl_image_str(img, img->rules[i].file)));
		set_new(o, "line", json_integer(img->rules[i].line));
		set_new(o, "hits", json_integer((json_int_t)hits(s, i)));
		(void)json_array_append_new(list, o);
	}
	return list;
}

static json_t *profiles_json(const struct status *s)
{
	const struct bl_image *img = &s->gen.image;
	json_t *list = json_array();

	for (uint32_t i = 0; i < img->tables->nprofiles; i++) {
		json_t *o = json_object();

		set_new(o, "name", text_json(bl_image_str(img, img->profiles[i].name)));
		set_new(o, "mode", json_string(bl_text_mode(bl_profile_at(s->tables, i)->mode)));
		set_new(o, "subject", text_json(bl_image_str(img, img->profiles[i].subject)));
		set_new(o, "default_hits", json_integer((json_int_t)hits(s, img->tables->nrules + i)));
		set_new(o, "rules", rules_json(s, i));
		(void)json_array_append_new(list, o);
	}
	return list;
}

static json_t *counters_json(const struct status *s)
{
	json_t *o = json_object(), *reasons = json_object();

	for (uint32_t i = 0; i < BL_STAT_REASON0; i++)
		if (bl_text_stat(i))
			set_new(o, bl_text_stat(i), json_integer((json_int_t)s->stats[i]));
	for (uint32_t i = 1; i < BL_R_MAX; i++)
		set_new(reasons, bl_text_reason(i), json_integer((json_int_t)s->stats[BL_STAT_REASON0 + i]));
	set_new(o, "reasons", reasons);
	return o;
}

static json_t *outputs_json(const struct status *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->noutputs; i++) {
		json_t *o = json_object();

		set_new(o, "output", text_json(s->outputs[i].name));
		set_new(o, "written", json_integer((json_int_t)s->outputs[i].written));
		set_new(o, "dropped", json_integer((json_int_t)s->outputs[i].dropped));
		set_new(o, "waiting", json_integer((json_int_t)s->outputs[i].waiting));
		set_new(o, "error", s->outputs[i].error[0] != '\0' ? text_json(s->outputs[i].error) : json_null());
		(void)json_array_append_new(list, o);
	}
	return list;
}

/* null: there is none. */
static json_t *seal_json(const struct status *s)
{
	json_t *o = s->sealed ? json_object() : json_null();

	for (uint32_t i = 0; s->sealed && i < BL_SEAL_WHAT_MAX; i++)
		if (bl_seal_word(i))
			set_new(o, bl_seal_word(i), json_integer((json_int_t)s->refused[i]));
	return o;
}

static json_t *hooks_json(void)
{
	json_t *list = json_array();

	for (size_t i = 0; i < BL_NHOOKS; i++)
		if (bl_object_attached(i))
			(void)json_array_append_new(list, json_string(bl_hooks[i].name));
	return list;
}

static void set_generation(json_t *o, const struct status *s)
{
	struct bl_buf b = BL_BUF_INIT;

	set_new(o, "generation", json_integer(s->gen.info->gen));
	set_new(o, "image", text_json(s->gen.info->path));
	bl_text_hex(&b, s->gen.image.head->sha256, sizeof(s->gen.image.head->sha256));
	set_new(o, "sha256", text_json(bl_buf_text(&b) ? bl_buf_text(&b) : ""));
	bl_buf_reset(&b);
	bl_text_time(&b, s->gen.info->loaded_ns);
	set_new(o, "loaded_at", text_json(bl_buf_text(&b) ? bl_buf_text(&b) : ""));
	bl_buf_free(&b);
	set_new(o, "words", json_integer(s->gen.image.tables->nwords));
	set_new(o, "words_capacity", json_integer(s->gen.words));
}

/* What is there whether something is loaded or not. */
static void set_changes(json_t *o, const struct status *s)
{
	struct bl_buf b = BL_BUF_INIT;
	json_t *f = NULL;

	if (s->failure.text[0] != '\0') {
		f = json_object();
		bl_text_time(&b, s->failure.at_ns);
		set_new(f, "time", text_json(bl_buf_text(&b) ? bl_buf_text(&b) : ""));
		set_new(f, "reason", text_json(s->failure.text));
		bl_buf_free(&b);
	}
	set_new(o, "last_failure", f ? f : json_null());
	set_new(o, "change_under_way", json_boolean(s->under_way));
}

static void set_trial(json_t *o, const struct status *s)
{
	json_t *t = NULL;

	if (s->trial.gen != 0) {
		t = json_object();
		set_new(t, "seconds_left", json_integer(s->trial.seconds));
		set_new(t, "goes_back_to", s->trial.before != 0 ? json_integer(s->trial.before) : json_null());
	}
	set_new(o, "trial", t ? t : json_null());
}

static void print_json(const struct status *s)
{
	json_t *o = json_object();
	const char *why = not_in_force(s);

	set_new(o, "loaded", json_true());
	set_new(o, "state", json_string(why ? "not-enforcing" : dry_run(s) ? "auditing" : "enforcing"));
	set_new(o, "reason", why ? json_string(why) : json_null());
	set_new(o, "dry_run", json_boolean(dry_run(s)));
	set_new(o, "bpf_in_lsm_list", json_boolean(s->bpf_listed));
	set_generation(o, s);
	set_trial(o, s);
	set_changes(o, s);
	set_new(o, "daemon_pid", s->daemon != 0 ? json_integer(s->daemon) : json_null());
	set_new(o, "outputs", outputs_json(s));
	set_new(o, "seal_refused", seal_json(s));
	set_new(o, "hooks", hooks_json());
	set_new(o, "counters", counters_json(s));
	set_new(o, "profiles", profiles_json(s));
	(void)json_dumpf(o, stdout, JSON_INDENT(2));
	(void)printf("\n");
	json_decref(o);
}

/* why: what bl_loaded_open() said. */
static void print_nothing(const struct status *s, bool json, const char *why)
{
	json_t *o;

	if (!json) {
		(void)printf("not enforcing: %s\n", s->under_way ? "a load is under way" : why);
		print_failure(s);
		return;
	}
	o = json_object();
	set_new(o, "loaded", json_false());
	set_new(o, "state", json_string("not-loaded"));
	set_changes(o, s);
	(void)json_dumpf(o, stdout, JSON_INDENT(2));
	(void)printf("\n");
	json_decref(o);
}

int bl_status(bool json, struct bl_error *err)
{
	struct status s = {.daemon = 0};
	int r;

	if (geteuid() != 0)
		return bl_error_set(err, BL_SYSTEM, "this needs root (now uid %u); run it with sudo",
				    (unsigned int)geteuid());
	r = gather(&s, err);
	if (r == 0) {
		if (json)
			print_json(&s);
		else
			print_text(&s);
		if (not_in_force(&s))
			r = bl_error_set(err, BL_REFUSED, "%s", "");
	} else if (r == -ENOENT) {
		print_nothing(&s, json, err->text);
		r = bl_error_set(err, BL_REFUSED, "%s", "");
	}
	bl_gen_free(&s.gen);
	free(s.tables);
	return r;
}
