/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon: loads or adopts a policy, proves that it is enforced, prints its events and serves them to clients. It ends trials, and makes
 * changes that it is asked for.
 */
#include "daemon.h"

#include <inttypes.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "clock.h"
#include "control.h"
#include "exempt.h"
#include "failure.h"
#include "guard.h"
#include "load.h"
#include "metrics.h"
#include "metrics_serve.h"
#include "output.h"
#include "pins.h"
#include "probe.h"
#include "seal.h"
#include "selftest.h"
#include "trial.h"
#include "worker.h"

#include "banned.h"

struct daemon {
	struct bl_object object;
	struct bl_events *events;
	struct bl_ctl *ctl;
	struct bl_worker *worker;
	const struct bl_run_options *opt;
	struct bl_outputs *outputs;
	struct bl_gen_names names;
	struct bl_daemon_state state;
	struct bl_metrics_server *metrics; /* NULL: there is no socket for them */
	struct bl_status status;	   /* for the metrics */
	uint32_t metrics_rules;
	uint32_t metrics_seconds; /* between two texts for the file, 0: there is none */
	uint32_t metrics_left;	  /* until the next */
	int epoll, signals, timer;
	int events_lock;
	struct bl_guard guard;
	uint32_t gen;
	uint64_t needs;		   /* bl_needs() of it */
	uint64_t failed_ns; /* when the failure that systemd was told of happened, 0: it was told of none */
	bool watchdog; /* systemd wants to hear from us */
	bool stop;
};

#define DAEMON_INIT                                                                                                    \
	{                                                                                                              \
		.object = BL_OBJECT_CLOSED, .epoll = -1, .signals = -1, .timer = -1, .events_lock = -1                 \
	}

/* What the policy in force does, in words, which are b's. */
static const char *mode_text(struct bl_buf *b, uint32_t gen)
{
	struct bl_gen_counts counts = {.hits = NULL};

	if (bl_gen_counts_read(gen, &counts, NULL) == 0)
		bl_gen_mode_text(b, &counts.mode);
	bl_gen_counts_free(&counts);
	return bl_buf_text(b) ? bl_buf_text(b) : "?";
}

static void say_state(const struct daemon *d, const char *how)
{
	struct bl_buf mode = BL_BUF_INIT;
	struct bl_gen g = {0};

	if (bl_gen_open_names(d->gen, &g, NULL) < 0)
		return;
	(void)fprintf(stderr,
		      "enforcer: %s generation %" PRIu32 " (%s): %" PRIu32 " profiles, %" PRIu32
		      " rules, %zu hooks attached; self-test passed, %s\n",
		      how, d->gen, g.info->path, g.image.tables->nprofiles, g.image.tables->nrules, bl_attached_count(), mode_text(&mode, d->gen));
	bl_buf_free(&mode);
	bl_gen_free(&g);
}

/* The last change that failed; at 0 and without a text if none did. */
static void read_failure(struct bl_failure *ret)
{
	if (!bl_failure_read(ret))
		ret->at_ns = 0, ret->text[0] = '\0';
}

/* For systemd; without it nothing happens. */
static void tell_state(struct daemon *d, const char *before)
{
	struct bl_buf mode = BL_BUF_INIT;
	struct bl_gen g = {0};
	struct bl_failure f;

	if (bl_gen_open_names(d->gen, &g, NULL) < 0)
		return;
	d->needs = bl_needs(g.image.tables);
	read_failure(&f);
	d->failed_ns = f.at_ns;
	(void)sd_notifyf(0, "%sSTATUS=%s%s, generation %" PRIu32 " from %s%s%.*s", before,
			 d->guard.alarm ? "ALARM: the self-test failed; " : "", mode_text(&mode, d->gen), d->gen, g.info->path, f.text[0] != '\0' ? "; the last change failed: " : "", (int)strcspn(f.text, "\n"), f.text);
	bl_buf_free(&mode);
	bl_gen_free(&g);
}

/* Lines of the same form as everything else that the daemon says. */
static void say_lines(const char *text)
{
	for (size_t n; *text; text += n) {
		n = strcspn(text, "\n");
		(void)fprintf(stderr, "enforcer: %.*s\n", (int)n, text);
		n += text[n] == '\n';
	}
}

static void say_buf(struct bl_buf *b)
{
	if (b->len > 0 && bl_buf_text(b))
		say_lines(bl_buf_text(b));
	bl_buf_free(b);
}

/* ---- start ---- */

/* Hooks that the policy needs and that somebody took away are attached again, and that is said. */
static int complete(const struct daemon *d, struct bl_error *err)
{
	bool added[BL_NHOOKS] = {false};
	struct bl_gen g = {0};
	int r = bl_gen_open_names(d->gen, &g, err);

	if (r == 0)
		r = bl_object_attach(bl_needs(g.image.tables), added, err);
	bl_gen_free(&g);
	for (size_t i = 0; r == 0 && i < BL_NHOOKS; i++)
		if (added[i])
			(void)fprintf(stderr, "enforcer: hook %s was not attached any more, and is again\n", bl_hooks[i].name);
	return r;
}

static int adopt_locked(struct daemon *d, struct bl_error *err)
{
	int r = bl_exempt_begin(err);

	if (r < 0)
		return r == -EPERM ? BL_SYSTEM : r;
	r = bl_loaded_open(&d->object, &d->gen, err);
	if (r == 0)
		r = complete(d, err);
	if (r == 0) {
		r = bl_selftest(&d->object, err);
		d->state.selftest = r == 0;
		d->state.selftest_ns = bl_clock_ns(CLOCK_REALTIME);
	}
	if (r == 0)
		r = bl_exempt_set(&d->object, BL_EXEMPT_DAEMON, (uint32_t)getpid(), err);
	bl_exempt_end();
	return r == -ENOENT ? BL_REFUSED : r;
}

/* Under the lock, so that no load comes between the self-test and its result. */
static int adopt(struct daemon *d, struct bl_error *err)
{
	int lock, r = bl_lock_take("lock", true, &lock, err);

	if (r < 0)
		return r;
	r = adopt_locked(d, err);
	(void)close(lock);
	return r;
}

/* Generation in force, 0: none; and whether it is on trial. */
static uint32_t in_force(bool *ret_trial)
{
	struct bl_object o = BL_OBJECT_CLOSED;
	struct bl_trial t = {0};
	uint32_t gen = 0;

	if (bl_pins_has("maps/slot") && bl_loaded_open(&o, &gen, NULL) == 0)
		(void)bl_trial_get(gen, &t, NULL);
	else
		gen = 0;
	bl_object_close(&o);
	*ret_trial = t.gen != 0;
	return gen;
}

static int load_last_good(const struct bl_conf *conf, struct bl_buf *say, struct bl_error *err)
{
	const struct bl_load_how how = {.options = (conf->audit ? BL_LOAD_DRY_RUN : 0) | BL_LOAD_ACCEPT_LINKS};
	struct bl_load_result *res = malloc(sizeof(*res));
	struct bl_policy p = {0};
	int lock = -1, r = res ? bl_policy_read(BL_LAST_GOOD, &p, err) : bl_error_set(err, BL_SYSTEM, "out of memory");

	if (r == 0)
		r = bl_lock_take("lock", true, &lock, err);
	if (r == 0)
		r = bl_load(&p, &how, res, err);
	if (r == 0)
		bl_load_describe(say, BL_LAST_GOOD, res);
	if (lock >= 0)
		(void)close(lock);
	bl_policy_free(&p);
	free(res);
	return r;
}

/*
 * The policies could not be put in force. What was in force stays, or else the last good policy is loaded; in both cases the daemon ends, so
 * that its unit fails and somebody looks.
 */
static int fall_back(const struct bl_conf *conf, int r, struct bl_error *err)
{
	struct bl_buf say = BL_BUF_INIT;
	struct bl_error why = {""};
	bool trial;
	uint32_t gen = in_force(&trial);
	size_t n = strlen(err->text);

	if (gen != 0) {
		(void)snprintf(err->text + n, sizeof(err->text) - n, "\ngeneration %" PRIu32 ", which was in force, STAYS IN FORCE", gen);
	} else if (load_last_good(conf, &say, &why) == 0) {
		(void)snprintf(err->text + n, sizeof(err->text) - n, "\nthe LAST GOOD policy is in force instead (%s)", BL_LAST_GOOD);
	} else {
		(void)snprintf(err->text + n, sizeof(err->text) - n, "\nNOTHING IS ENFORCED: there is no last good policy either: %.1000s", why.text);
	}
	say_buf(&say);
	(void)sd_notifyf(0, "STATUS=%.300s", strrchr(err->text, '\n') + 1);
	return r == -EPERM ? BL_SYSTEM : r;
}

/* What the policy directory has comes into force; without a directory what is in force is adopted. */
static int take_directory(struct daemon *d, struct bl_error *err)
{
	struct bl_buf said = BL_BUF_INIT, say = BL_BUF_INIT;
	struct bl_conf *conf = malloc(sizeof(*conf));
	bool trial = false;
	int r = conf ? 0 : bl_error_set(err, BL_SYSTEM, "out of memory");

	if (r == 0) {
		bl_conf_defaults(conf);
		(void)in_force(&trial);
	}
	if (r == 0 && !trial && bl_seal_state() == BL_SEAL_OFF) {
		r = bl_conf_read(conf, err);
		if (r < 0)
			bl_failure_note("", err->text);
		else
			r = bl_change_reload(conf, -1, &said, &say, err);
		if (r == -ENOENT)
			r = 0;
		else if (r < 0)
			r = fall_back(conf, r, err);
	}
	free(conf);
	say_buf(&said);
	say_buf(&say);
	if (r == 0)
		r = adopt(d, err);
	if (r == 0)
		say_state(d, "adopted");
	if (r == 0 && trial)
		(void)fprintf(stderr, "enforcer: generation %" PRIu32 " is on trial; the policy directory is compiled at the next reload\n", d->gen);
	return r;
}

static int take_image(struct daemon *d, struct bl_error *err)
{
	struct bl_policy p = {0};
	const struct bl_change c = {.what = BL_CHANGE_LOAD, .policy = &p, .how.options = d->opt->load};
	struct bl_buf say = BL_BUF_INIT;
	int r = bl_policy_read(d->opt->image, &p, err);

	if (r == 0)
		r = bl_change(&c, &say, err);
	bl_policy_free(&p);
	if (r == 0)
		r = adopt(d, err);
	if (r == 0)
		say_buf(&say);
	bl_buf_free(&say);
	return r;
}

/* To outputs and clients, once there are any. It is no event that the kernel counted. */
static void give_notice(void *arg, struct bl_buf *record)
{
	struct daemon *d = arg;
	struct bl_event_view e;

	if (d->outputs && d->ctl && bl_buf_text(record) && bl_record_decode(record->data, record->len, &e)) {
		bl_outputs_event(d->outputs, &d->names, &e);
		bl_ctl_event(d->ctl, record->data, record->len);
	}
	bl_buf_free(record);
}

/* The kernel command line first: nothing of bpf(2) comes before it. */
static int take_policy(struct daemon *d, struct bl_error *err)
{
	enum bl_switch sw;
	int r = bl_probe_switch(&sw, err);

	if (r == 0 && sw == BL_SWITCH_OFF)
		r = bl_error_set(err, BL_REFUSED,
				 "bailiff=off is on the kernel command line: nothing is loaded; boot without it to enforce policies");
	if (r == 0)
		r = bl_probe_ready(err);
	if (r == 0)
		r = bl_seal_inside(err);
	if (r == 0)
		(void)bl_trial_settle(true, NULL);
	if (r < 0)
		return r;
	return d->opt->image ? take_image(d, err) : take_directory(d, err);
}

static void on_event(const struct bl_event_view *e, const void *record, size_t size, void *arg)
{
	struct daemon *d = arg;

	d->state.events++;
	bl_outputs_event(d->outputs, &d->names, e);
	bl_ctl_event(d->ctl, record, size);
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
	(void)sigaddset(&set, SIGHUP);
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
	if (r == 0)
		r = watch(d, bl_worker_fd(d->worker), err);
	if (r == 0 && d->metrics)
		r = watch(d, bl_metrics_fd(d->metrics), err);
	return r < 0 ? r : watch(d, bl_ctl_fd(d->ctl), err);
}

static void change_done(void *arg, uint64_t client, enum bl_exit status, const char *text)
{
	struct daemon *d = arg;

	say_lines(text);
	bl_ctl_done(d->ctl, client, status, text);
	tell_state(d, "");
}

static const char *change_asked(void *arg, uint64_t client, const struct bl_change *c)
{
	struct daemon *d = arg;
	const char *why = bl_worker_change(d->worker, client, c);

	if (!why)
		bl_worker_step(d->worker, &d->object);
	return why;
}

static bool tell_daemon(void *arg, size_t i, struct bl_output_state *ret, struct bl_daemon_state *ret_daemon)
{
	struct daemon *d = arg;

	d->state.bad = bl_events_bad(d->events);
	*ret_daemon = d->state;
	return bl_outputs_state(d->outputs, i, ret);
}

static void metrics_text(void *arg, struct bl_buf *b)
{
	struct daemon *d = arg;
	struct bl_status *s = &d->status;

	(void)bl_status_read(s, NULL);
	s->daemon_pid = (uint32_t)getpid();
	s->noutputs = 0;
	while (s->noutputs < BL_OUTPUTS_ALL && tell_daemon(d, s->noutputs, &s->outputs[s->noutputs], &s->daemon))
		s->noutputs++;
	bl_metrics_text(b, s, d->metrics_rules);
}

/* For the file, when it is time. */
static void write_metrics(struct daemon *d)
{
	struct bl_buf b = BL_BUF_INIT;

	if (d->metrics_seconds == 0 || --d->metrics_left > 0)
		return;
	d->metrics_left = d->metrics_seconds;
	metrics_text(d, &b);
	if (bl_buf_text(&b))
		bl_outputs_metrics(d->outputs, bl_buf_text(&b), b.len);
	bl_buf_free(&b);
}

/* A socket that cannot be had is said, and costs the metrics only. */
static void open_metrics(struct daemon *d, const struct bl_conf *conf)
{
	struct bl_error err;

	d->metrics_rules = conf->metrics_rules;
	d->metrics_seconds = conf->metrics_file.where[0] != '\0' ? conf->metrics_file.seconds : 0;
	d->metrics_left = 1;
	if (conf->metrics_socket.where[0] != '\0' && bl_metrics_open(&conf->metrics_socket, metrics_text, d, &d->metrics, &err) < 0)
		(void)fprintf(stderr, "enforcer: %s; metrics are not served\n", err.text);
}

/* After the policy: what is wrong here must not keep it from being in force. */
static int open_outputs(struct daemon *d, struct bl_error *err)
{
	struct bl_output_conf *all = calloc(BL_OUTPUTS_ALL, sizeof(*all));
	struct bl_conf *conf = malloc(sizeof(*conf));
	int r = all && conf ? bl_conf_read(conf, err) : bl_error_set(err, BL_SYSTEM, "out of memory");
	size_t n = 0;

	if (r == 0 && (conf->noutputs == 0 || d->opt->json))
		all[n++] = (struct bl_output_conf){.kind = BL_OUTPUT_STDOUT, .format = d->opt->json ? BL_FORMAT_JSON : BL_FORMAT_TEXT};
	else
		while (r == 0 && n < conf->noutputs) {
			all[n] = conf->outputs[n];
			n++;
		}
	if (r == 0 && conf->metrics_file.where[0] != '\0') {
		all[n] = (struct bl_output_conf){.kind = BL_OUTPUT_METRICS, .mode = conf->metrics_file.mode};
		(void)snprintf(all[n++].where, sizeof(all[0].where), "%s", conf->metrics_file.where);
	}
	if (r == 0)
		r = bl_outputs_open(all, n, &d->outputs, err);
	if (r == 0)
		open_metrics(d, conf);
	free(conf);
	free(all);
	return r;
}

static int start(struct daemon *d, struct bl_error *err)
{
	uint64_t usec;
	int r = bl_lock_take("events.lock", false, &d->events_lock, err);

	if (r == -EBUSY)
		return bl_error_set(err, BL_REFUSED,
				    "another 'enforcer run' or 'enforcer events' is reading the events; "
				    "stop it first");
	if (r == 0)
		r = take_policy(d, err);
	if (r == 0)
		r = bl_guard_begin(&d->guard, d->gen, err);
	if (r == 0)
		r = open_outputs(d, err);
	if (r == 0)
		r = bl_ctl_open(&d->ctl, err);
	if (r == 0)
		r = bl_worker_open(change_done, d, &d->worker, err);
	if (r == 0)
		r = bl_events_open(&d->object, on_event, d, &d->events, err);
	if (r == 0)
		r = open_watches(d, err);
	if (r < 0)
		return r;
	bl_ctl_on_change(d->ctl, change_asked, d);
	bl_ctl_on_state(d->ctl, tell_daemon, d);
	d->watchdog = sd_watchdog_enabled(0, &usec) > 0;
	bl_alarm_forget(); /* the self-test has passed */
	tell_state(d, "READY=1\n");
	return 0;
}

/* ---- loop ---- */

/* Notices a policy that was replaced, one that was taken out, and a change by somebody else that failed; ends a trial that is over. */
static int look(struct daemon *d, struct bl_error *err)
{
	struct bl_error what = {""};
	struct bl_failure f;
	uint64_t ticks;
	uint32_t gen;

	(void)!read(d->timer, &ticks, sizeof(ticks));
	write_metrics(d);
	if (d->watchdog)
		(void)sd_notify(0, "WATCHDOG=1");
	if (bl_trial_settle(false, &what) != 0 && what.text[0] != '\0')
		say_lines(what.text);
	bl_worker_step(d->worker, &d->object);
	bl_metrics_tick(d->metrics);
	if (!bl_pins_has("maps/slot"))
		return bl_guard_unloaded(&d->guard, err);
	if (bl_gen_current(&d->object, &gen, NULL) < 0 || gen == 0)
		return 0;
	read_failure(&f);
	if (gen == d->gen && bl_guard_look(&d->guard, gen, d->needs))
		tell_state(d, "");
	if (gen == d->gen && f.at_ns == d->failed_ns)
		return 0;
	if (gen != d->gen) {
		d->gen = gen;
		say_state(d, "now in force:");
	}
	tell_state(d, "");
	return 0;
}

static void take_signal(struct daemon *d)
{
	struct signalfd_siginfo si;

	if (read(d->signals, &si, sizeof(si)) != (ssize_t)sizeof(si))
		return;
	if (si.ssi_signo != SIGHUP) {
		d->stop = true;
		return;
	}
	bl_worker_reload(d->worker, d->opt->image, d->opt->load);
	bl_worker_step(d->worker, &d->object);
}

static int step(struct daemon *d, int fd, struct bl_error *err)
{
	if (fd == d->signals)
		take_signal(d);
	if (fd == bl_ctl_fd(d->ctl))
		bl_ctl_serve(d->ctl);
	if (fd == bl_worker_fd(d->worker))
		bl_worker_serve(d->worker);
	if (d->metrics && fd == bl_metrics_fd(d->metrics))
		bl_metrics_serve(d->metrics);
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
		bl_exempt_clear(&d->object, BL_EXEMPT_DAEMON, (uint32_t)getpid());
		(void)close(lock);
	}
	bl_guard_end(&d->guard);
	bl_events_close(d->events);
	bl_ctl_close(d->ctl);
	bl_worker_close(d->worker);
	bl_metrics_close(d->metrics);
	bl_status_free(&d->status);
	bl_outputs_close(d->outputs);
	bl_names_free(&d->names);
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
	d->opt = opt;
	d->guard = (struct bl_guard){.object = &d->object, .state = &d->state, .notice = give_notice, .arg = d};
	d->state.started_ns = bl_clock_ns(CLOCK_REALTIME);
	(void)mallopt(M_MMAP_THRESHOLD, 128 << 10); /* as it is at first, and then stays: what a load needs goes back to the kernel */
	r = start(d, err);
	if (r == 0)
		r = loop(d, err);
	(void)sd_notify(0, "STOPPING=1");
	if (d->stop)
		(void)fprintf(stderr,
			      "enforcer: stopping; generation %" PRIu32 " stays in force, "
			      "'enforcer unload' would end that\n",
			      d->gen);
	finish(d);
	free(d);
	return r;
}
