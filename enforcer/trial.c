/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A generation on trial goes back to the one before it at its deadline, unless it is confirmed. */
#include "trial.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "charge.h"
#include "clock.h"
#include "exempt.h"
#include "failure.h"
#include "load.h"
#include "pins.h"

#include "banned.h"

/* ---- the mark ---- */

int bl_trial_get(uint32_t gen, struct bl_trial *ret, struct bl_error *err)
{
	int fd = bl_pins_open("gen/%" PRIu32 "/trial", gen);
	uint64_t now = bl_clock_ns(CLOCK_BOOTTIME);
	struct bl_gen g = {0};
	uint32_t key = 0;
	int r;

	*ret = (struct bl_trial){0};
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || bpf_map_lookup_elem(fd, &key, &ret->deadline_ns) < 0) {
		r = bl_error_set(err, BL_SYSTEM, "cannot read %s/gen/%" PRIu32 "/trial: %m", BL_PIN_DIR, gen);
		if (fd >= 0)
			(void)close(fd);
		return r;
	}
	(void)close(fd);
	r = bl_gen_open_names(gen, &g, err);
	if (r < 0)
		return r == -ENOENT ? BL_SYSTEM : r;
	ret->before = g.info->before;
	bl_gen_free(&g);
	ret->gen = gen;
	ret->seconds = ret->deadline_ns <= now ? 0 : (uint32_t)((ret->deadline_ns - now + BL_SECOND_NS - 1) / BL_SECOND_NS);
	return 0;
}

int bl_trial_none(uint32_t now, struct bl_error *err)
{
	struct bl_trial t;
	int r = bl_trial_get(now, &t, err);

	if (r < 0 || t.gen == 0)
		return r;
	return bl_error_set(err, BL_REFUSED, "generation %" PRIu32 " is on trial for another %" PRIu32 " s; run 'enforcer confirm' or 'enforcer rollback' first",
			    now, t.seconds);
}

static int make_mark(uint32_t gen, uint64_t deadline, struct bl_error *err)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "trial", sizeof(uint32_t), sizeof(deadline), 1, NULL), r = 0;
	char path[PATH_MAX];
	uint32_t key = 0;

	bl_pins_path(path, "gen/%" PRIu32 "/trial", gen);
	if (fd < 0 || bpf_map_update_elem(fd, &key, &deadline, BPF_ANY) < 0 || bpf_obj_pin(fd, path) < 0)
		r = bl_error_set(err, BL_SYSTEM, "cannot mark generation %" PRIu32 " as on trial: %m", gen);
	if (fd >= 0)
		(void)close(fd);
	return r;
}

/* ---- going back ---- */

/* The slot names the tables of an earlier generation again: one update, which nothing of the later policy can stop. */
static int publish_again(const struct bl_object *o, uint32_t gen, struct bl_error *err)
{
	int fd = bl_pins_open("gen/%" PRIu32 "/tables", gen), r;

	if (fd < 0)
		return bl_error_set(err, BL_SYSTEM, "cannot open %s/gen/%" PRIu32 "/tables: %m", BL_PIN_DIR, gen);
	r = bl_gen_publish(o, fd, err);
	(void)close(fd);
	return r;
}

static uint64_t gen_ops(uint32_t gen)
{
	struct bl_gen g = {0};
	uint64_t ops = UINT64_MAX;

	if (bl_gen_open_names(gen, &g, NULL) == 0)
		ops = bl_needs(g.image.tables);
	bl_gen_free(&g);
	return ops;
}

/* Its generation stays pinned until the next load, so that its events keep their names. */
static int go_back(const struct bl_object *o, const struct bl_trial *t, struct bl_error *err)
{
	int r;

	if (t->before == 0)
		return bl_unload_locked(err);
	r = publish_again(o, t->before, err);
	if (r < 0)
		return r;
	(void)bl_pins_remove(NULL, "gen/%" PRIu32 "/trial", t->gen);
	(void)bl_object_detach_unneeded(gen_ops(t->before), NULL);
	return 0;
}

/* The generation in force if it is on trial; 0 or an error as bl_loaded_open() has it, the object is open only with a trial. */
static int open_trial(struct bl_object *o, struct bl_trial *t, struct bl_error *err)
{
	uint32_t now;
	int r = bl_loaded_open(o, &now, err);

	*t = (struct bl_trial){0};
	if (r < 0)
		return r;
	r = bl_trial_get(now, t, err);
	if (r < 0 || t->gen == 0)
		bl_object_close(o);
	return r;
}

static int say_settled(const struct bl_trial *t, struct bl_error *err)
{
	if (t->before == 0)
		(void)bl_error_set(err, 0, "generation %" PRIu32 " was on trial and not confirmed in time: it is unloaded, nothing is enforced", t->gen);
	else
		(void)bl_error_set(err, 0, "generation %" PRIu32 " was on trial and not confirmed in time: generation %" PRIu32 " is in force again",
				   t->gen, t->before);
	bl_failure_note("", err->text);
	return 1;
}

static int settle_locked(struct bl_error *err)
{
	struct bl_object o = BL_OBJECT_CLOSED;
	struct bl_trial t;
	int r = open_trial(&o, &t, err);

	if (r < 0 || t.gen == 0)
		return r == -ENOENT ? 0 : r;
	if (t.seconds == 0) {
		r = go_back(&o, &t, err);
		if (r == 0)
			r = say_settled(&t, err);
	}
	bl_object_close(&o);
	return r;
}

/* Looks before it takes the lock: nearly always there is nothing to do. */
static bool expired(void)
{
	struct bl_object o = BL_OBJECT_CLOSED;
	struct bl_trial t;
	bool is = false;

	if (bl_pins_has("maps/slot") && open_trial(&o, &t, NULL) == 0)
		is = t.gen != 0 && t.seconds == 0;
	bl_object_close(&o);
	return is;
}

int bl_trial_settle(bool wait, struct bl_error *err)
{
	struct bl_error ours;
	int lock, r;

	if (!err)
		err = &ours;
	if (!expired())
		return 0;
	r = bl_lock_take("lock", wait, &lock, err);
	if (r < 0)
		return r;
	r = bl_exempt_begin(err);
	if (r == 0) {
		r = settle_locked(err);
		bl_exempt_end();
	}
	(void)close(lock);
	return r;
}

/* ---- the process that is left behind ---- */

static bool still_on_trial(uint32_t gen)
{
	struct bl_object o = BL_OBJECT_CLOSED;
	struct bl_trial t;
	bool is = open_trial(&o, &t, NULL) == 0 && t.gen == gen;

	bl_object_close(&o);
	return is;
}

/* While the lock is held the generation may not be published yet, or somebody is ending the trial. */
__attribute__((noreturn)) static void keep_time(uint32_t gen, uint64_t deadline)
{
	for (;;) {
		uint64_t now = bl_clock_ns(CLOCK_BOOTTIME);
		struct timespec pause = {.tv_sec = 1};

		if (now < deadline && deadline - now < BL_SECOND_NS)
			pause = (struct timespec){.tv_nsec = (long)(deadline - now)};
		(void)nanosleep(&pause, NULL);
		if (bl_lock_held("lock"))
			continue;
		if (!still_on_trial(gen) || bl_trial_settle(false, NULL) == 1)
			_exit(0);
	}
}

static pid_t leave_keeper(uint32_t gen, uint64_t deadline)
{
	static const int ignored[] = {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGALRM};
	pid_t pid = fork();
	int null;

	if (pid != 0)
		return pid;
	(void)setsid();
	for (size_t i = 0; i < BL_ARRAY_SIZE(ignored); i++)
		(void)signal(ignored[i], SIG_IGN);
	null = open("/dev/null", O_RDWR);
	for (int fd = 0; fd < 3; fd++)
		(void)dup2(null, fd);
	(void)close_range(3, ~0u, 0); /* the lock above all */
	if (chdir("/") < 0)
		errno = 0; /* a file system stays busy, no more */
	(void)prctl(PR_SET_NAME, "bailiff-trial");
	(void)bl_charge_move(BL_CGROUP_ROOT_PROCS); /* the session's or service's is killed as a whole when that ends */
	keep_time(gen, deadline);
}

int bl_trial_begin(const struct bl_object *o, uint32_t gen, uint32_t seconds, struct bl_error *err)
{
	uint64_t deadline = bl_clock_ns(CLOCK_BOOTTIME) + seconds * BL_SECOND_NS;
	pid_t pid;
	int r = make_mark(gen, deadline, err);

	if (r < 0)
		return r;
	pid = leave_keeper(gen, deadline);
	if (pid < 0)
		return bl_error_set(err, BL_SYSTEM, "cannot fork a process that ends the trial: %m");
	/* If the switch fails it finds no trial, and ends. */
	return bl_exempt_set(o, BL_EXEMPT_KEEPER, (uint32_t)pid, err);
}

/* ---- the commands ---- */

static int no_trial(struct bl_error *err)
{
	struct bl_failure f;

	if (bl_failure_read(&f))
		return bl_error_set(err, BL_REFUSED, "no policy is on trial; the last failure was: %s", f.text);
	return bl_error_set(err, BL_REFUSED, "no policy is on trial");
}

static int confirm(const struct bl_trial *t, struct bl_buf *say, struct bl_error *err)
{
	int r;

	if (t->seconds == 0) {
		r = settle_locked(err);
		return r < 0 ? r : BL_REFUSED;
	}
	r = bl_pins_remove(err, "gen/%" PRIu32 "/trial", t->gen);
	if (r < 0)
		return r;
	bl_load_clean_up(gen_ops(t->gen), t->gen, t->before);
	bl_failure_forget();
	bl_buf_printf(say, "generation %" PRIu32 " stays in force\n", t->gen);
	return 0;
}

int bl_trial_confirm(struct bl_buf *say, struct bl_error *err)
{
	struct bl_object o = BL_OBJECT_CLOSED;
	struct bl_trial t;
	int r = bl_exempt_begin(err);

	if (r < 0)
		return r;
	r = open_trial(&o, &t, err);
	if (r == 0)
		r = t.gen == 0 ? no_trial(err) : confirm(&t, say, err);
	bl_object_close(&o);
	bl_exempt_end();
	return r == -ENOENT ? BL_REFUSED : r;
}

/* To a generation that nothing is known against: it has to prove itself like a new one. */
static int back_to(const struct bl_object *o, uint32_t before, struct bl_buf *say, struct bl_error *err)
{
	int fd = bl_pins_open("gen/%" PRIu32 "/tables", before), r;
	struct bl_error late = {""};
	struct bl_gen g = {0};

	if (before == 0 || fd < 0) {
		if (fd >= 0)
			(void)close(fd);
		return bl_error_set(err, BL_REFUSED, "no earlier generation is kept; load its policy again");
	}
	r = bl_gen_open(before, &g, err);
	if (r == 0)
		r = bl_switch_over(o, &g.image, fd, &late, err);
	(void)close(fd);
	if (r == 0)
		(void)bl_object_detach_unneeded(bl_needs(g.image.tables), NULL);
	if (late.text[0] != '\0')
		bl_buf_printf(say, "%s\n", late.text);
	bl_gen_free(&g);
	return r;
}

static int roll_back(struct bl_object *o, uint32_t now, struct bl_buf *say, struct bl_error *err)
{
	struct bl_gen g = {0};
	struct bl_trial t;
	uint32_t before;
	int r = bl_trial_get(now, &t, err);

	if (r == 0)
		r = bl_gen_open_names(now, &g, err);
	if (r < 0)
		return r;
	before = g.info->before;
	bl_gen_free(&g);
	r = t.gen != 0 ? go_back(o, &t, err) : back_to(o, before, say, err);
	if (r == 0 && before == 0)
		bl_buf_printf(say, "generation %" PRIu32 " is unloaded; nothing is enforced any more\n", now);
	else if (r == 0)
		bl_buf_printf(say, "generation %" PRIu32 " is in force again\n", before);
	return r;
}

int bl_trial_rollback(struct bl_buf *say, struct bl_error *err)
{
	struct bl_object o = BL_OBJECT_CLOSED;
	uint32_t now;
	int r = bl_exempt_begin(err);

	if (r < 0)
		return r;
	r = bl_loaded_open(&o, &now, err);
	if (r == 0)
		r = roll_back(&o, now, say, err);
	bl_object_close(&o);
	bl_exempt_end();
	return r == -ENOENT ? BL_REFUSED : r;
}
