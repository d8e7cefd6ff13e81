/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `enforcer status`: what is in force, read from the kernel's own memory. */
#include "status.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "json.h"
#include "seal.h"
#include "status_read.h"
#include "text.h"

#include "banned.h"

/* ---- text ---- */

static void print_string(const char *s)
{
	struct bl_buf b = BL_BUF_INIT;

	bl_text_escape(&b, s, strlen(s));
	(void)fputs(bl_buf_text(&b) ? bl_buf_text(&b) : "?", stdout);
	bl_buf_free(&b);
}

static void print_rules(const struct bl_status *s, uint32_t p)
{
	const struct bl_image *img = &s->gen.image;

	for (uint32_t i = 0; i < img->tables->nrules; i++) {
		if (img->rules[i].profile != p || bl_status_hits(s, i) == 0)
			continue;
		(void)printf("    %10" PRIu64 "  ", bl_status_hits(s, i));
		print_string(bl_image_str(img, img->rules[i].text));
		(void)printf("  (");
		print_string(bl_image_str(img, img->rules[i].file));
		(void)printf(":%" PRIu32 ")\n", img->rules[i].line);
	}
	if (bl_status_hits(s, img->tables->nrules + p) != 0)
		(void)printf("    %10" PRIu64 "  default\n", bl_status_hits(s, img->tables->nrules + p));
}

static void print_profiles(const struct bl_status *s)
{
	const struct bl_image *img = &s->gen.image;

	for (uint32_t i = 0; i < img->tables->nprofiles; i++) {
		(void)printf("profile ");
		print_string(bl_image_str(img, img->profiles[i].name));
		(void)printf(": %s%s, subject ", bl_text_mode(s->counts.modes[i]),
			     s->counts.mode.dry_run ? " (dry run: audit)" : "");
		print_string(bl_image_str(img, img->profiles[i].subject));
		(void)printf("\n");
		print_rules(s, i);
	}
}

static void print_counters(const struct bl_status *s)
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

static void print_seal(const struct bl_status *s)
{
	(void)printf("seal: %s", s->sealed ? "set; refused:" : "not set\n");
	if (!s->sealed)
		return;
	for (uint32_t i = 0; i < BL_SEAL_WHAT_MAX; i++)
		if (bl_seal_word(i))
			(void)printf(" %s=%" PRIu64, bl_seal_word(i), s->refused[i]);
	(void)printf("\n");
}

static void print_hooks(const struct bl_status *s)
{
	(void)printf("hooks:");
	for (size_t i = 0; i < BL_NHOOKS; i++)
		if (s->hooks[i].attached)
			(void)printf(" %s", bl_hooks[i].name);
	(void)printf("\n");
}

static void print_latency(const struct bl_status *s)
{
	size_t n = 0;

	for (size_t i = 0; i < BL_NHOOKS; i++)
		n += s->latency[i].timed;
	if (s->latency_on)
		(void)printf("latency: %zu hooks are timed; 'enforcer latency' shows it, 'enforcer latency off' ends it\n", n);
}

static void print_outputs(const struct bl_status *s)
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

static void print_failure(const struct bl_status *s)
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

static void print_change(const struct bl_status *s)
{
	if (s->trial.gen != 0 && s->trial.before != 0)
		(void)printf("on trial: in %" PRIu32 " s generation %" PRIu32 " is in force again, unless 'enforcer confirm' comes\n",
			     s->trial.seconds, s->trial.before);
	else if (s->trial.gen != 0)
		(void)printf("on trial: in %" PRIu32 " s it is unloaded again, unless 'enforcer confirm' comes\n", s->trial.seconds);
	if (s->under_way)
		(void)printf("a change is under way\n");
}

static void print_text(const struct bl_status *s)
{
	struct bl_buf b = BL_BUF_INIT;
	const char *why = bl_status_not_in_force(s);

	bl_gen_mode_text(&b, &s->counts.mode);
	if (why)
		(void)printf("NOT ENFORCING: %s\n", why);
	else
		(void)printf("%s\n", bl_buf_text(&b) ? bl_buf_text(&b) : "?");
	bl_buf_reset(&b);
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
	print_hooks(s);
	print_latency(s);
	print_counters(s);
	if (s->daemon_pid != 0)
		(void)printf("daemon: running, pid %" PRIu32 "\n", s->daemon_pid);
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

static json_t *rules_json(const struct bl_status *s, uint32_t p)
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
		set_new(o, "hits", json_integer((json_int_t)bl_status_hits(s, i)));
		(void)json_array_append_new(list, o);
	}
	return list;
}

static json_t *profiles_json(const struct bl_status *s)
{
	const struct bl_image *img = &s->gen.image;
	json_t *list = json_array();

	for (uint32_t i = 0; i < img->tables->nprofiles; i++) {
		json_t *o = json_object();

		set_new(o, "name", text_json(bl_image_str(img, img->profiles[i].name)));
		set_new(o, "mode", json_string(bl_text_mode(s->counts.modes[i])));
		set_new(o, "subject", text_json(bl_image_str(img, img->profiles[i].subject)));
		set_new(o, "default_hits", json_integer((json_int_t)bl_status_hits(s, img->tables->nrules + i)));
		set_new(o, "rules", rules_json(s, i));
		(void)json_array_append_new(list, o);
	}
	return list;
}

static json_t *counters_json(const struct bl_status *s)
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

static json_t *outputs_json(const struct bl_status *s)
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
static json_t *seal_json(const struct bl_status *s)
{
	json_t *o = s->sealed ? json_object() : json_null();

	for (uint32_t i = 0; s->sealed && i < BL_SEAL_WHAT_MAX; i++)
		if (bl_seal_word(i))
			set_new(o, bl_seal_word(i), json_integer((json_int_t)s->refused[i]));
	return o;
}

static json_t *hooks_json(const struct bl_status *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < BL_NHOOKS; i++)
		if (s->hooks[i].attached)
			(void)json_array_append_new(list, json_string(bl_hooks[i].name));
	return list;
}

static void set_generation(json_t *o, const struct bl_status *s)
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
static void set_changes(json_t *o, const struct bl_status *s)
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

static void set_trial(json_t *o, const struct bl_status *s)
{
	json_t *t = NULL;

	if (s->trial.gen != 0) {
		t = json_object();
		set_new(t, "seconds_left", json_integer(s->trial.seconds));
		set_new(t, "goes_back_to", s->trial.before != 0 ? json_integer(s->trial.before) : json_null());
	}
	set_new(o, "trial", t ? t : json_null());
}

static void print_json(const struct bl_status *s)
{
	json_t *o = json_object();
	const char *why = bl_status_not_in_force(s);

	set_new(o, "loaded", json_true());
	set_new(o, "state", json_string(bl_status_state(s)));
	set_new(o, "reason", why ? json_string(why) : json_null());
	set_new(o, "dry_run", json_boolean(s->counts.mode.dry_run));
	set_new(o, "bpf_in_lsm_list", json_boolean(s->bpf_listed));
	set_generation(o, s);
	set_trial(o, s);
	set_changes(o, s);
	set_new(o, "daemon_pid", s->daemon_pid != 0 ? json_integer(s->daemon_pid) : json_null());
	set_new(o, "outputs", outputs_json(s));
	set_new(o, "seal_refused", seal_json(s));
	set_new(o, "hooks", hooks_json(s));
	set_new(o, "latency", s->latency_on ? bl_latency_json(s->latency) : json_null());
	set_new(o, "counters", counters_json(s));
	set_new(o, "profiles", profiles_json(s));
	(void)json_dumpf(o, stdout, JSON_INDENT(2));
	(void)printf("\n");
	json_decref(o);
}

/* why: what bl_loaded_open() said. */
static void print_nothing(const struct bl_status *s, bool json, const char *why)
{
	json_t *o;

	if (!json) {
		(void)printf("not enforcing: %s\n", s->under_way ? "a load is under way" : why);
		print_failure(s);
		return;
	}
	o = json_object();
	set_new(o, "loaded", json_false());
	set_new(o, "state", json_string(bl_status_state(s)));
	set_changes(o, s);
	(void)json_dumpf(o, stdout, JSON_INDENT(2));
	(void)printf("\n");
	json_decref(o);
}

int bl_status(bool json, struct bl_error *err)
{
	struct bl_status *s = calloc(1, sizeof(*s));
	int r = s ? 0 : bl_error_set(err, BL_SYSTEM, "out of memory");

	if (r == 0 && geteuid() != 0)
		r = bl_error_set(err, BL_SYSTEM, "this needs root (now uid %u); run it with sudo", (unsigned int)geteuid());
	if (r == 0) {
		r = bl_status_read(s, err);
		bl_status_ask(s);
	}
	if (r == 0) {
		if (json)
			print_json(s);
		else
			print_text(s);
		if (bl_status_not_in_force(s))
			r = bl_error_set(err, BL_REFUSED, "%s", "");
	} else if (r == -ENOENT) {
		print_nothing(s, json, err->text);
		r = bl_error_set(err, BL_REFUSED, "%s", "");
	}
	bl_status_free(s);
	free(s);
	return r;
}
