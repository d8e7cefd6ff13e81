/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps the daemon's policy in force, and raises the alarm. */
#include "guard.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "conf.h"
#include "control.h"
#include "generation.h"
#include "latency.h"
#include "load.h"
#include "notice.h"
#include "pins.h"
#include "seal.h"
#include "selftest.h"
#include "text.h"
#include "trial.h"
#include "witness.h"

#include "banned.h"

/* ---- the seal ---- */

static void say_gap(void *arg, const char *gap, const char *cure)
{
	(void)arg;
	(void)fprintf(stderr, "enforcer: the seal does not hold this: %s; %s\n", gap, cure);
}

static void on_refusal(void *arg, const struct bl_seal_record *r)
{
	struct bl_buf b = BL_BUF_INIT, comm = BL_BUF_INIT;
	const char *word = bl_seal_word(r->what);
	struct bl_guard *g = arg;

	bl_text_escape(&comm, r->comm, strnlen((const char *)r->comm, sizeof(r->comm)));
	(void)fprintf(stderr, "enforcer: the seal refused: %s, by (%s)[%" PRIu32 "] uid=%" PRIu32 "\n", word ? word : "?", bl_buf_text(&comm) ? bl_buf_text(&comm) : "?",
		      r->pid, r->uid);
	bl_buf_free(&comm);
	bl_notice_seal(&b, r, g->gen);
	g->notice(g->arg, &b);
}

static int seal_locked(struct bl_guard *g, const struct bl_conf *conf, struct bl_error *err)
{
	struct bl_gen gen = {0};
	int r = bl_trial_none(g->gen, err);

	if (r == 0)
		r = bl_seal_set(conf, err);
	if (r == 0)
		r = bl_gen_open(g->gen, &gen, err);
	if (r < 0)
		return r;
	(void)fprintf(stderr, "enforcer: sealed: generation %" PRIu32 " stays in force until the machine is booted again\n", g->gen);
	bl_seal_gaps(gen.image.tables, say_gap, NULL);
	bl_gen_free(&gen);
	return bl_seal_log_open(on_refusal, g, &g->seal_log, err);
}

/* Before a seal, after which nothing can be loaded. What cannot be timed is enforced all the same. */
static void take_latency(void)
{
	struct bl_error err = {""};

	if (bl_seal_state() == BL_SEAL_OFF && bl_latency_begin(&err) < 0)
		(void)fprintf(stderr, "enforcer: latency = yes: %s\n", err.text);
}

static int begin_locked(struct bl_guard *g, const struct bl_conf *conf, struct bl_error *err)
{
	if (conf->latency)
		take_latency();
	return conf->seal || bl_seal_state() != BL_SEAL_OFF ? seal_locked(g, conf, err) : 0;
}

static int configure(struct bl_guard *g, struct bl_conf *conf, struct bl_error *err)
{
	int lock, r = bl_conf_read(conf, err);

	if (r < 0)
		return r;
	g->selftest_seconds = g->selftest_in = conf->selftest_seconds;
	if (!conf->latency && !conf->seal && bl_seal_state() == BL_SEAL_OFF)
		return 0;
	r = bl_lock_take("lock", true, &lock, err);
	if (r < 0)
		return r;
	r = begin_locked(g, conf, err);
	(void)close(lock);
	return r;
}

int bl_guard_begin(struct bl_guard *g, uint32_t gen, struct bl_error *err)
{
	struct bl_conf *conf = malloc(sizeof(*conf));
	struct bl_error why = {""};
	int r;

	g->gen = gen;
	r = conf ? configure(g, conf, err) : bl_error_set(err, BL_SYSTEM, "out of memory");
	free(conf);
	/* a seal refuses what these could only tell of */
	if (r == 0 && bl_seal_state() == BL_SEAL_OFF && bl_witness_open(&g->witnesses, &why) < 0)
		(void)fprintf(stderr, "enforcer: %s; alarms will not say who it was\n", why.text);
	return r;
}

/* ---- who took something away ---- */

/* Who took the pin dir/name away, as the end of a sentence; "" if that is not known. For the caller to free with bl_buf_free(). */
static const char *taker(const struct bl_guard *g, const char *dir, const char *name, struct bl_buf *b)
{
	bl_witness_say(g->witnesses, dir, name, b);
	return bl_buf_text(b) ? bl_buf_text(b) : "";
}

int bl_guard_unloaded(struct bl_guard *g, struct bl_error *err)
{
	struct bl_buf who = BL_BUF_INIT;
	int r;

	bl_witness_read(g->witnesses);
	r = bl_error_set(err, BL_REFUSED, "the policy was unloaded: nothing is enforced any more%s", taker(g, "maps", "slot", &who));
	bl_buf_free(&who);
	return r;
}

static int hook_is_gone(const struct bl_guard *g, const char *hook, struct bl_error *err)
{
	struct bl_buf who = BL_BUF_INIT;
	int r = bl_error_set(err, BL_REFUSED, "somebody detached the hook %s, which the policy needs: what it asks is not enforced; load the policy again%s",
			     hook, taker(g, "links", hook, &who));

	bl_buf_free(&who);
	return r;
}

/* ---- the self-test, and the alarm ---- */

/* Says so once: when what was well is not any more, or is again. Whether it did. */
static bool set_alarm(struct bl_guard *g, const char *why)
{
	static const char over[] = "the alarm is over: enforcement is as it should be";
	struct bl_buf b = BL_BUF_INIT;

	if (g->alarm == (why != NULL))
		return false;
	g->alarm = why != NULL;
	if (why)
		bl_alarm_note(why);
	else
		bl_alarm_forget();
	(void)fprintf(stderr, "enforcer: %s%s\n", why ? "ALARM: " : over, why ? why : "");
	bl_notice_alarm(&b, why ? why : over, why != NULL, g->gen);
	g->notice(g->arg, &b);
	return true;
}

/* A hook that the policy needs and that somebody took away, NULL: none. A load that is under way may take one that the next policy does not need. */
static const char *missing_hook(const struct bl_guard *g, uint64_t needs)
{
	uint32_t gen;

	for (size_t i = 0; i < BL_NHOOKS; i++)
		if (!bl_object_attached(i) && bl_object_needs(i, needs))
			return bl_gen_current(g->object, &gen, NULL) == 0 && gen == g->gen ? bl_hooks[i].name : NULL;
	return NULL;
}

static int test_locked(const struct bl_guard *g, uint64_t needs, struct bl_error *err)
{
	const char *hook = missing_hook(g, needs);
	int r = hook ? hook_is_gone(g, hook, err) : 0;

	if (r == 0)
		r = bl_selftest(g->object, err);
	return r == 0 ? bl_seal_check(err) : r;
}

/* The self-test once more. While somebody changes the policy it waits, but not for ever. */
static bool test_again(struct bl_guard *g, uint64_t needs)
{
	struct bl_error err = {""};
	int lock, r;

	g->selftest_in = g->selftest_seconds;
	r = bl_lock_take("lock", false, &lock, &err);
	if (r == -EBUSY && ++g->selftest_busy < 10)
		return false;
	g->selftest_busy = 0;
	if (r == 0) {
		r = test_locked(g, needs, &err);
		(void)close(lock);
		g->state->selftest = r == 0;
		g->state->selftest_ns = bl_clock_ns(CLOCK_REALTIME);
	}
	return set_alarm(g, r < 0 ? err.text : NULL);
}

/* A detached hook shows at once, whether the enforcer or somebody else did it. */
bool bl_guard_look(struct bl_guard *g, uint32_t gen, uint64_t needs)
{
	g->gen = gen;
	bl_seal_log_read(g->seal_log);
	bl_witness_read(g->witnesses);
	if (g->selftest_seconds == 0 || (--g->selftest_in != 0 && (g->alarm || !missing_hook(g, needs))))
		return false;
	return test_again(g, needs);
}

void bl_guard_end(struct bl_guard *g)
{
	bl_seal_log_close(g->seal_log);
	bl_witness_close(g->witnesses);
}
