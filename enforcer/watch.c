/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `enforcer events`: prints the daemon's events, or without a daemon those in the kernel's buffer. */
#include <poll.h>
#include <unistd.h>

#include "control.h"
#include "daemon.h"
#include "load.h"
#include "pins.h"
#include "printer.h"

#include "banned.h"

static int print_one(const struct bl_event_view *e, const void *record, size_t size, void *arg)
{
	struct bl_printer *p = arg;

	(void)record;
	(void)size;
	bl_printer_event(p, e);
	return p->broken;
}

static void print_from_ring(const struct bl_event_view *e, const void *record, size_t size, void *arg)
{
	(void)print_one(e, record, size, arg);
}

static int follow_ring(struct bl_events *events, const struct bl_printer *p, bool follow, struct bl_error *err)
{
	struct pollfd pfd = {.fd = bl_events_fd(events), .events = POLLIN};
	int r = bl_events_consume(events, err);

	while (r == 0 && follow && !p->broken) {
		/* The time-out is for events that were put in without waking anybody. */
		if (poll(&pfd, 1, 1000) < 0 && errno != EINTR)
			return bl_error_set(err, BL_SYSTEM, "cannot wait for events: %m");
		r = bl_events_consume(events, err);
		if (r == 0 && !bl_pins_has("maps/events"))
			return bl_error_set(err, BL_REFUSED, "the policy was unloaded");
	}
	if (r == 0 && !follow)
		bl_events_sum_up(events);
	return r;
}

static int watch_kernel(struct bl_printer *p, bool follow, struct bl_error *err)
{
	struct bl_object o = BL_OBJECT_CLOSED;
	struct bl_events *events = NULL;
	uint32_t gen;
	int lock = -1, r;

	r = bl_loaded_open(&o, &gen, err);
	if (r == -ENOENT)
		return BL_REFUSED;
	if (r == 0)
		r = bl_lock_take("events.lock", false, &lock, err);
	if (r == -EBUSY)
		r = bl_error_set(err, BL_SYSTEM, "another 'enforcer events' is reading the events; stop it first");
	if (r == 0)
		r = bl_events_open(&o, print_from_ring, p, &events, err);
	if (r == 0)
		r = follow_ring(events, p, follow, err);
	bl_events_close(events);
	bl_object_close(&o);
	if (lock >= 0)
		(void)close(lock);
	return r;
}

int bl_events_watch(const struct bl_watch_options *opt, struct bl_error *err)
{
	struct bl_printer p = {.json = opt->json};
	uint32_t pid;
	int fd, r;

	if (geteuid() != 0)
		return bl_error_set(err, BL_SYSTEM, "this needs root (now uid %u); run it with sudo",
				    (unsigned int)geteuid());
	r = bl_ctl_connect(opt->follow ? BL_WANT_FOLLOW : BL_WANT_HISTORY, &fd, &pid, err);
	if (r == 0) {
		r = bl_ctl_listen(fd, print_one, &p, err);
		(void)close(fd);
	} else if (r == -ENOENT) {
		r = watch_kernel(&p, opt->follow, err);
	}
	bl_printer_free(&p);
	return r;
}
