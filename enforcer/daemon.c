/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon: loads or adopts a policy, proves that it is enforced, prints its events and serves them to clients. */
#include "daemon.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control.h"
#include "load.h"
#include "pins.h"
#include "printer.h"
#include "probe.h"
#include "selftest.h"

#include "banned.h"

struct daemon {
	struct bl_object object;
	struct bl_events *events;
	struct bl_ctl *ctl;
	struct bl_printer printer;
	int epoll, signals, timer;
	int events_lock;
	uint32_t gen;
	bool stop;
};

#define DAEMON_INIT                                                                                                    \
	{                                                                                                              \
		.object = BL_OBJECT_CLOSED, .epoll = -1, .signals = -1, .timer = -1, .events_lock = -1                 \
	}

static void say_state(const struct daemon *d, const char *how)
{
	struct bl_gen g = {0};

	if (bl_gen_open(d->gen, &g, NULL) < 0)
		return;
	(void)fprintf(stderr,
		      "enforcer: %s generation %" PRIu32 " (%s): %" PRIu32 " profiles, %" PRIu32
		      " rules, %zu hooks attached; self-test passed, %s\n",
		      how, d->gen, g.info->path, g.image.tables->nprofiles, g.image.tables->nrules, bl_attached_count(),
		      g.info->flags & BL_TF_DRY_RUN ? "dry run: nothing is refused" : "enforcing");
	bl_gen_free(&g);
}

/* ---- start ---- */

/* The programs take down when this process began when they first see it; a fork is seen by a hook that is always attached. */
static void meet_programs(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	if (pid > 0)
		(void)waitpid(pid, NULL, 0);
}

/*
 * Tells the programs who we are, so that no profile holds for us. The start time would tell us from a process with our
 * pid after our death, but user space only sees it in clock ticks.
 */
static int announce(struct daemon *d, uint32_t tgid, struct bl_error *err)
{
	struct bl_control c;
	int r = bl_object_control_get(&d->object, &c, err);

	if (r < 0)
		return r;
	if (tgid == 0 && c.enforcer_tgid != (uint32_t)getpid())
		return 0; /* another daemon's by now */
	c.enforcer_tgid = tgid;
	c.enforcer_start = 0;
	r = bl_object_control_set(&d->object, &c, err);
	if (r == 0 && tgid != 0)
		meet_programs();
	return r;
}

/* Under the lock, so that no load comes between the self-test and its result. */
static int adopt(struct daemon *d, struct bl_error *err)
{
	int lock, r = bl_lock_take("lock", true, &lock, err);

	if (r < 0)
		return r;
	r = bl_loaded_open(&d->object, &d->gen, err);
	if (r == 0)
		r = bl_selftest(&d->object, err);
	if (r == 0)
		r = announce(d, (uint32_t)getpid(), err);
	(void)close(lock);
	return r == -ENOENT ? BL_REFUSED : r;
}

static int take_policy(struct daemon *d, const struct bl_run_options *opt, struct bl_error *err)
{
	struct bl_load_result result = {.nlinks = 0};
	int r = opt->image ? bl_load(opt->image, opt->load, &result, err) : bl_probe_ready(err);

	if (r == 0)
		r = adopt(d, err);
	if (r == 0)
		say_state(d, opt->image ? "loaded" : "adopted");
	if (r == 0 && result.nlinks != 0)
		(void)fprintf(stderr, "enforcer: " BL_LINKS_ACCEPTED "\n", result.nlinks);
	return r;
}

static void on_event(const struct bl_event_view *e, size_t size, void *arg)
{
	struct daemon *d = arg;

	if (!d->printer.broken)
		bl_printer_event(&d->printer, e);
	bl_ctl_event(d->ctl, e->ev, size);
}

static int watch(const struct daemon *d, int fd, struct bl_error *err)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.fd = fd};

	if (fd < 0 || epoll_ctl(d->epoll, EPOLL_CTL_ADD, fd, &ev) < 0)
		return bl_error_set(err, BL_SYSTEM, "cannot watch a descriptor: %m");
	return 0;
}

static int open_watches(struct daemon *d, struct bl_error *err)
{
	const struct itimerspec second = {.it_interval.tv_sec = 1, .it_value.tv_sec = 1};
	sigset_t set;
	int r;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	d->epoll = epoll_create1(EPOLL_CLOEXEC);
	d->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	d->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (d->epoll < 0 || d->signals < 0 || d->timer < 0 || timerfd_settime(d->timer, 0, &second, NULL) < 0)
		return bl_error_set(err, BL_SYSTEM, "cannot set up the main loop: %m");
	r = watch(d, d->signals, err);
	if (r == 0)
		r = watch(d, d->timer, err);
	if (r == 0)
		r = watch(d, bl_events_fd(d->events), err);
	return r < 0 ? r : watch(d, bl_ctl_fd(d->ctl), err);
}

static int start(struct daemon *d, const struct bl_run_options *opt, struct bl_error *err)
{
	int r = bl_lock_take("events.lock", false, &d->events_lock, err);

	if (r == -EBUSY)
		return bl_error_set(err, BL_REFUSED,
				    "another 'enforcer run' or 'enforcer events' is reading the events; "
				    "stop it first");
	d->printer.json = opt->json;
	if (r == 0)
		r = take_policy(d, opt, err);
	if (r == 0)
		r = bl_ctl_open(&d->ctl, err);
	if (r == 0)
		r = bl_events_open(&d->object, on_event, d, &d->events, err);
	return r < 0 ? r : open_watches(d, err);
}

/* ---- loop ---- */

/* Notices a policy that was replaced, and one that was taken out. */
static int look(struct daemon *d, struct bl_error *err)
{
	uint64_t ticks;
	uint32_t gen;

	(void)!read(d->timer, &ticks, sizeof(ticks));
	if (!bl_pins_has("maps/slot"))
		return bl_error_set(err, BL_REFUSED, "the policy was unloaded: nothing is enforced any more");
	if (bl_gen_current(&d->object, &gen, NULL) < 0 || gen == d->gen || gen == 0)
		return 0;
	d->gen = gen;
	say_state(d, "now in force:");
	return 0;
}

static int step(struct daemon *d, int fd, struct bl_error *err)
{
	struct signalfd_siginfo si;

	if (fd == d->signals && read(d->signals, &si, sizeof(si)) == (ssize_t)sizeof(si))
		d->stop = true;
	if (fd == bl_ctl_fd(d->ctl))
		bl_ctl_serve(d->ctl);
	return fd == d->timer ? look(d, err) : 0;
}

static int loop(struct daemon *d, struct bl_error *err)
{
	struct epoll_event ev[8];
	int r = 0;

	while (r == 0 && !d->stop) {
		int n = epoll_wait(d->epoll, ev, (int)BL_ARRAY_SIZE(ev), -1);

		if (n < 0 && errno != EINTR)
			return bl_error_set(err, BL_SYSTEM, "cannot wait for events: %m");
		r = bl_events_consume(d->events, err);
		for (int i = 0; r == 0 && i < n; i++)
			r = step(d, ev[i].data.fd, err);
	}
	return r;
}

static void finish(struct daemon *d)
{
	int lock;

	if (d->object.control >= 0 && bl_lock_take("lock", true, &lock, NULL) == 0) {
		(void)announce(d, 0, NULL);
		(void)close(lock);
	}
	bl_events_close(d->events);
	bl_ctl_close(d->ctl);
	bl_printer_free(&d->printer);
	bl_object_close(&d->object);
	if (d->epoll >= 0)
		(void)close(d->epoll);
	if (d->signals >= 0)
		(void)close(d->signals);
	if (d->timer >= 0)
		(void)close(d->timer);
	if (d->events_lock >= 0)
		(void)close(d->events_lock);
}

int bl_daemon_run(const struct bl_run_options *opt, struct bl_error *err)
{
	struct daemon *d = calloc(1, sizeof(*d));
	int r;

	if (!d)
		return bl_error_set(err, BL_SYSTEM, "out of memory");
	*d = (struct daemon)DAEMON_INIT;
	r = start(d, opt, err);
	if (r == 0)
		r = loop(d, err);
	if (d->stop)
		(void)fprintf(stderr,
			      "enforcer: stopping; generation %" PRIu32 " stays in force, "
			      "'enforcer unload' would end that\n",
			      d->gen);
	finish(d);
	free(d);
	return r;
}
