/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All that `status` knows, as metrics of Prometheus. Metrics are described in enforcer(8); tests/man/run compares the names. */
#include "metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "image.h"
#include "metrics_text.h"
#include "text.h"

#include "banned.h"

#define LABELS(...) ((const struct bl_label_pair[]){__VA_ARGS__, {NULL, NULL}})

static void one(struct bl_buf *b, const char *name, const char *help, uint64_t value)
{
	bl_metric_one(b, name, "gauge", help, value);
}

static void one_time(struct bl_buf *b, const char *name, const char *help, uint64_t ns)
{
	bl_metric_begin(b, name, "gauge", help);
	bl_metric_seconds(b, name, NULL, ns);
}

/* ---- what is there whether something is loaded or not ---- */

static void put_state(struct bl_buf *b, const struct bl_status *s)
{
	static const char *const states[] = {"enforcing", "auditing", "not-enforcing", "not-loaded"};
	char abi[16], format[16];

	(void)snprintf(abi, sizeof(abi), "%u", BL_ABI_VERSION);
	(void)snprintf(format, sizeof(format), "%u", BL_IMAGE_VERSION);
	bl_metric_begin(b, "build_info", "gauge", "Versions of tables and image format of this enforcer.");
	bl_metric_value(b, "build_info", LABELS({"tables", abi}, {"image_format", format}), 1);
	bl_metric_begin(b, "state", "gauge", "1 for the state that the first line of status tells, 0 for the others.");
	for (size_t i = 0; i < BL_ARRAY_SIZE(states); i++)
		bl_metric_value(b, "state", LABELS({"state", states[i]}), strcmp(states[i], bl_status_state(s)) == 0);
	one(b, "change_failed", "1 if the last change of policy failed.", s->failure.text[0] != '\0');
	if (s->failure.text[0] != '\0')
		one_time(b, "change_failed_timestamp_seconds", "When that was, since 1970.", s->failure.at_ns);
	one(b, "change_under_way", "1 while somebody changes what is in force.", s->under_way);
}

static void put_daemon(struct bl_buf *b, const struct bl_status *s)
{
	const struct bl_daemon_state *d = &s->daemon;

	one(b, "daemon_up", "1 if a daemon runs. Enforcement does not need it.", s->daemon_pid != 0);
	if (s->daemon_pid == 0)
		return;
	one_time(b, "daemon_start_timestamp_seconds", "When the daemon was started, since 1970.", d->started_ns);
	bl_metric_one(b, "daemon_events_total", "counter", "Events that the daemon took from the kernel and gave to its outputs.", d->events);
	bl_metric_one(b, "daemon_bad_records_total", "counter", "Records in the kernel's buffer that were no events.", d->bad);
	if (d->selftest_ns == 0)
		return;
	one(b, "selftest_passed", "1 if the daemon's last self-test found that the kernel calls the programs.", d->selftest);
	one_time(b, "selftest_timestamp_seconds", "When that was, since 1970.", d->selftest_ns);
}

/* Outputs that are configured alike are told apart by their number. */
static void put_outputs(struct bl_buf *b, const struct bl_status *s)
{
	static const struct {
		const char *name, *type, *help;
	} metrics[] = {
		{"output_written_total", "counter", "What an output of the daemon has written: events, or texts of metrics."},
		{"output_dropped_total", "counter", "What was dropped for want of room in the output's queue, or because it could not be written."},
		{"output_waiting", "gauge", "What is in the output's queue."},
		{"output_failing", "gauge", "1 if the output could not write the last time."},
	};

	for (size_t m = 0; s->noutputs > 0 && m < BL_ARRAY_SIZE(metrics); m++) {
		bl_metric_begin(b, metrics[m].name, metrics[m].type, metrics[m].help);
		for (size_t i = 0; i < s->noutputs; i++) {
			const struct bl_output_state *o = &s->outputs[i];
			const uint64_t values[BL_ARRAY_SIZE(metrics)] = {o->written, o->dropped, o->waiting, o->error[0] != '\0'};
			char number[24];

			(void)snprintf(number, sizeof(number), "%zu", i);
			bl_metric_value(b, metrics[m].name, LABELS({"number", number}, {"output", o->name}), values[m]);
		}
	}
}

/* ---- the generation in force ---- */

static void put_generation(struct bl_buf *b, const struct bl_status *s)
{
	const struct bl_tables *t = s->gen.image.tables;
	struct bl_buf sha = BL_BUF_INIT;

	one(b, "generation", "The generation in force. It grows with each load.", s->gen.info->gen);
	bl_text_hex(&sha, s->gen.image.head->sha256, sizeof(s->gen.image.head->sha256));
	bl_metric_begin(b, "generation_info", "gauge", "The image it was loaded from, and the image's hash.");
	bl_metric_value(b, "generation_info", LABELS({"image", s->gen.info->path}, {"sha256", bl_buf_text(&sha) ? bl_buf_text(&sha) : ""}), 1);
	bl_buf_free(&sha);
	one_time(b, "generation_loaded_timestamp_seconds", "When it was loaded, since 1970.", s->gen.info->loaded_ns);
	one(b, "dry_run", "1 if every profile is in audit mode, whatever it says.", s->counts.mode.dry_run);
	one(b, "bpf_in_lsm_list", "1 if bpf is in the kernel's list of LSMs, without which nothing is enforced.", s->bpf_listed);
	one(b, "trial", "1 while the generation is on trial.", s->trial.gen != 0);
	if (s->trial.gen != 0)
		one(b, "trial_left_seconds", "Time until it goes again, unless it is confirmed.", s->trial.seconds);
	one(b, "profiles", "Profiles of the policy.", t->nprofiles);
	one(b, "rules", "Rules of the policy.", t->nrules);
	one(b, "tables_bytes", "Size of the policy's tables.", sizeof(*t) + 8 * (uint64_t)t->nwords);
	one(b, "tables_capacity_bytes", "What the kernel's map for the tables takes: bigger ones need an unload.", sizeof(*t) + 8 * (uint64_t)s->gen.words);
}

static void put_counters(struct bl_buf *b, const struct bl_status *s)
{
	for (uint32_t i = 0; i < BL_STAT_REASON0; i++) {
		char name[64];

		if (!bl_text_stat(i))
			continue;
		(void)snprintf(name, sizeof(name), "%s_total", bl_text_stat(i));
		bl_metric_one(b, name, "counter", "The counter of status, over all processors, since the first load.", s->stats[i]);
	}
	bl_metric_begin(b, "reports_total", "counter", "Reports by reason; all but 'rule' and 'default' are internal failures.");
	for (uint32_t i = 1; i < BL_R_MAX; i++)
		bl_metric_value(b, "reports_total", LABELS({"reason", bl_text_reason(i)}), s->stats[BL_STAT_REASON0 + i]);
}

/* ---- hits ---- */

static const char *profile_name(const struct bl_image *img, uint32_t p)
{
	return bl_image_str(img, img->profiles[p].name);
}

static void put_profiles(struct bl_buf *b, const struct bl_status *s)
{
	const struct bl_image *img = &s->gen.image;
	uint64_t *sums = calloc((size_t)img->tables->nprofiles + 1, sizeof(*sums));

	b->failed |= !sums;
	for (uint32_t i = 0; sums && i < img->tables->nrules; i++)
		sums[img->rules[i].profile] += bl_status_hits(s, i);
	bl_metric_begin(b, "profile_hits_total", "counter", "Verdicts of the profile's rules in this generation.");
	for (uint32_t p = 0; sums && p < img->tables->nprofiles; p++)
		bl_metric_value(b, "profile_hits_total", LABELS({"profile", profile_name(img, p)}, {"mode", bl_text_mode(s->counts.modes[p])}), sums[p]);
	bl_metric_begin(b, "profile_default_hits_total", "counter", "Verdicts of the profile that no rule gave, internal failures included.");
	for (uint32_t p = 0; p < img->tables->nprofiles; p++)
		bl_metric_value(b, "profile_default_hits_total", LABELS({"profile", profile_name(img, p)}), bl_status_hits(s, img->tables->nrules + p));
	free(sums);
}

/* Rules of one profile and verdict that are written in one line are one series. */
struct series {
	const char *profile, *file;
	uint32_t line, verdict, first; /* the number of the first of them */
	uint64_t hits;
};

static int by_label(const void *a, const void *b)
{
	const struct series *x = a, *y = b;
	int r = strcmp(x->profile, y->profile);

	if (r == 0)
		r = strcmp(x->file, y->file);
	if (r == 0)
		r = (x->line > y->line) - (x->line < y->line);
	return r != 0 ? r : (x->verdict > y->verdict) - (x->verdict < y->verdict);
}

/* Ties in the policy's order, so that which rules have a series does not change from one text to the next. */
static int by_hits(const void *a, const void *b)
{
	const struct series *x = a, *y = b;

	if (x->hits != y->hits)
		return x->hits < y->hits ? 1 : -1;
	return (x->first > y->first) - (x->first < y->first);
}

static int by_number(const void *a, const void *b)
{
	const struct series *x = a, *y = b;

	return (x->first > y->first) - (x->first < y->first);
}

/* As many series as there are, the first of each label; list has room for every rule. */
static uint32_t gather_series(const struct bl_status *s, struct series *list)
{
	const struct bl_image *img = &s->gen.image;
	uint32_t n = img->tables->nrules, k = 0;

	for (uint32_t i = 0; i < n; i++)
		list[i] = (struct series){.profile = profile_name(img, img->rules[i].profile),
					  .file = bl_image_str(img, img->rules[i].file),
					  .line = img->rules[i].line,
					  .verdict = img->rules[i].verdict,
					  .first = i,
					  .hits = bl_status_hits(s, i)};
	qsort(list, n, sizeof(*list), by_label);
	for (uint32_t i = 0; i < n; i++) {
		if (k > 0 && by_label(&list[k - 1], &list[i]) == 0) {
			list[k - 1].hits += list[i].hits;
			if (list[i].first < list[k - 1].first)
				list[k - 1].first = list[i].first;
		} else {
			list[k++] = list[i];
		}
	}
	return k;
}

static void put_rules(struct bl_buf *b, const struct bl_status *s, uint32_t max)
{
	struct series *list = calloc((size_t)s->gen.image.tables->nrules + 1, sizeof(*list));
	uint32_t n = list ? gather_series(s, list) : 0, shown = n < max ? n : max;
	uint64_t others = 0;

	b->failed |= !list;
	if (list && shown < n)
		qsort(list, n, sizeof(*list), by_hits);
	for (uint32_t i = shown; i < n; i++)
		others += list[i].hits;
	if (list)
		qsort(list, shown, sizeof(*list), by_number);
	bl_metric_begin(b, "rule_hits_total", "counter", "Verdicts of a line's rules in this generation.");
	for (uint32_t i = 0; i < shown; i++) {
		char line[16];
		struct bl_buf place = BL_BUF_INIT;

		(void)snprintf(line, sizeof(line), ":%" PRIu32, list[i].line);
		bl_buf_str(&place, list[i].file);
		bl_buf_str(&place, line);
		b->failed |= place.failed;
		bl_metric_value(b, "rule_hits_total",
				LABELS({"profile", list[i].profile}, {"rule", place.failed ? "" : bl_buf_text(&place)}, {"verdict", bl_text_verdict(list[i].verdict)}),
				list[i].hits);
		bl_buf_free(&place);
	}
	free(list);
	one(b, "rule_series_left_out", "Lines with rules for which there is no series, for want of room.", n - shown);
	bl_metric_one(b, "rule_hits_left_out", "gauge", "Verdicts of their rules.", others);
}

/* ---- hooks ---- */

static void put_hooks(struct bl_buf *b, const struct bl_status *s)
{
	bl_metric_begin(b, "hook_attached", "gauge", "1 if the program is attached to the hook.");
	for (size_t i = 0; i < BL_NHOOKS; i++)
		bl_metric_value(b, "hook_attached", LABELS({"hook", bl_hooks[i].name}), s->hooks[i].attached);
	bl_metric_begin(b, "hook_needed", "gauge", "1 if the policy needs the hook on this kernel.");
	for (size_t i = 0; i < BL_NHOOKS; i++)
		bl_metric_value(b, "hook_needed", LABELS({"hook", bl_hooks[i].name}), s->hooks[i].needed);
	bl_metric_begin(b, "hook_missed_total", "counter", "Calls that the kernel left out because the program was running on that processor.");
	for (size_t i = 0; i < BL_NHOOKS; i++)
		if (s->hooks[i].loaded)
			bl_metric_value(b, "hook_missed_total", LABELS({"hook", bl_hooks[i].name}), s->hooks[i].missed);
	one(b, "hooks_timed", "1 if the kernel counts and times the programs (kernel.bpf_stats_enabled).", s->timed);
	if (!s->timed)
		return;
	bl_metric_begin(b, "hook_runs_total", "counter", "Runs of the program while the kernel counted them.");
	for (size_t i = 0; i < BL_NHOOKS; i++)
		if (s->hooks[i].loaded)
			bl_metric_value(b, "hook_runs_total", LABELS({"hook", bl_hooks[i].name}), s->hooks[i].runs);
	bl_metric_begin(b, "hook_seconds_total", "counter", "Time of these runs.");
	for (size_t i = 0; i < BL_NHOOKS; i++)
		if (s->hooks[i].loaded)
			bl_metric_seconds(b, "hook_seconds_total", LABELS({"hook", bl_hooks[i].name}), s->hooks[i].ns);
}

/* The buckets of a histogram have all calls that are not longer. */
static void put_latency_of(struct bl_buf *b, const char *hook, const struct bl_hook_latency *l)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < BL_LATENCY_BUCKETS; i++) {
		const uint64_t below = (uint64_t)BL_LATENCY_FIRST << i;
		char le[40] = "+Inf";

		n += l->sum.buckets[i];
		if (i + 1 < BL_LATENCY_BUCKETS)
			(void)snprintf(le, sizeof(le), "%" PRIu64 ".%09" PRIu64, below / 1000000000, below % 1000000000);
		bl_metric_value(b, "hook_latency_seconds_bucket", LABELS({"hook", hook}, {"le", le}), n);
	}
	bl_metric_seconds(b, "hook_latency_seconds_sum", LABELS({"hook", hook}), l->sum.ns);
	bl_metric_value(b, "hook_latency_seconds_count", LABELS({"hook", hook}), l->calls);
}

static void put_latency(struct bl_buf *b, const struct bl_status *s)
{
	if (!s->latency_on)
		return;
	bl_metric_begin(b, "hook_latency_seconds", "histogram", "Times of the program's runs since 'enforcer latency on'.");
	for (size_t i = 0; i < BL_NHOOKS; i++)
		if (s->latency[i].timed)
			put_latency_of(b, bl_hooks[i].name, &s->latency[i]);
}

void bl_metrics_text(struct bl_buf *b, const struct bl_status *s, uint32_t max_rules)
{
	put_state(b, s);
	put_daemon(b, s);
	put_outputs(b, s);
	if (!s->gen.info)
		return;
	put_generation(b, s);
	put_counters(b, s);
	put_hooks(b, s);
	put_latency(b, s);
	put_profiles(b, s);
	put_rules(b, s, max_rules);
}

int bl_metrics(uint32_t max_rules, struct bl_error *err)
{
	struct bl_status *s = calloc(1, sizeof(*s));
	struct bl_buf b = BL_BUF_INIT;
	int r = s ? 0 : bl_error_set(err, BL_SYSTEM, "out of memory");

	if (r == 0 && geteuid() != 0)
		r = bl_error_set(err, BL_SYSTEM, "this needs root (now uid %u); run it with sudo", (unsigned int)geteuid());
	if (r == 0) {
		r = bl_status_read(s, err);
		r = r == -ENOENT ? 0 : r;
		bl_status_ask(s);
	}
	if (r == 0) {
		bl_metrics_text(&b, s, max_rules);
		if (bl_buf_text(&b))
			(void)fputs(bl_buf_text(&b), stdout);
		else
			r = bl_error_set(err, BL_SYSTEM, "out of memory");
	}
	bl_buf_free(&b);
	bl_status_free(s);
	free(s);
	return r;
}
