/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events: taken from the kernel, checked, and given names. */
#include "events.h"

#include <bpf/libbpf.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "text.h"

#include "banned.h"

bool bl_event_decode(const void *data, size_t size, struct bl_event_view *ret)
{
	const struct bl_event *ev = data;

	if (size < sizeof(*ev) || ev->version != BL_EVENT_VERSION)
		return false;
	if (ev->exe_len > BL_PATH_MAX || ev->obj_len > BL_PATH_MAX)
		return false;
	if (ev->size != sizeof(*ev) + ev->exe_len + ev->obj_len || ev->size > size)
		return false;
	ret->ev = ev;
	ret->exe = (const uint8_t *)(ev + 1);
	ret->obj = ret->exe + ev->exe_len;
	return true;
}

/* ---- names ---- */

const struct bl_image *bl_names_image(struct bl_names *n, uint32_t gen)
{
	size_t at;

	for (size_t i = 0; i < BL_NAMES_GENS; i++)
		if (n->gens[i].gen == gen)
			return n->gens[i].there ? &n->gens[i].g.image : NULL;
	at = n->next;
	n->next = (n->next + 1) % BL_NAMES_GENS;
	bl_gen_free(&n->gens[at].g);
	n->gens[at].gen = gen;
	n->gens[at].there = bl_gen_open(gen, &n->gens[at].g, NULL) == 0;
	return n->gens[at].there ? &n->gens[at].g.image : NULL;
}

void bl_names_free(struct bl_names *n)
{
	for (size_t i = 0; i < BL_NAMES_GENS; i++)
		bl_gen_free(&n->gens[i].g);
	*n = (struct bl_names){0};
}

static const char *string_or_null(const struct bl_image *img, uint32_t off)
{
	const char *s = bl_image_str(img, off);

	return s[0] != '\0' ? s : NULL;
}

void bl_event_names(struct bl_names *n, const struct bl_event *ev, struct bl_event_names *ret)
{
	const struct bl_image *img = bl_names_image(n, ev->gen);

	*ret = (struct bl_event_names){0};
	if (!img || ev->profile >= img->tables->nprofiles)
		return;
	ret->profile = bl_image_str(img, img->profiles[ev->profile].name);
	ret->file = bl_image_str(img, img->profiles[ev->profile].file);
	ret->line = img->profiles[ev->profile].default_line;
	if (ret->line == 0)
		ret->line = img->profiles[ev->profile].line;
	if (ev->rule == BL_RULE_NONE || ev->rule >= img->tables->nrules)
		return;
	ret->file = bl_image_str(img, img->rules[ev->rule].file);
	ret->line = img->rules[ev->rule].line;
	ret->rule = bl_image_str(img, img->rules[ev->rule].text);
	ret->message = string_or_null(img, img->rules[ev->rule].message);
	ret->tag = string_or_null(img, img->rules[ev->rule].tag);
	ret->severity = string_or_null(img, img->rules[ev->rule].severity);
}

const char *bl_event_verdict(const struct bl_event *ev)
{
	bool done = ev->mode != BL_MODE_AUDIT;

	if (ev->verdict == BL_V_DENY)
		return done ? "deny" : "would-deny";
	if (ev->verdict == BL_V_KILL)
		return done ? "kill" : "would-kill";
	return bl_text_verdict(ev->verdict);
}

static uint64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	(void)clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

uint64_t bl_event_wall_ns(uint64_t boot_ns)
{
	return boot_ns + (clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_BOOTTIME));
}

/* ---- the ring buffer ---- */

struct bl_events {
	struct ring_buffer *ring;
	void (*fn)(const struct bl_event_view *e, size_t size, void *arg);
	void *arg;
	uint64_t bad;
};

static int take(void *ctx, void *data, size_t size)
{
	struct bl_events *e = ctx;
	struct bl_event_view view;

	if (bl_event_decode(data, size, &view))
		e->fn(&view, view.ev->size, e->arg);
	else
		e->bad++;
	return 0;
}

int bl_events_open(const struct bl_object *o, void (*fn)(const struct bl_event_view *e, size_t size, void *arg),
		   void *arg, struct bl_events **ret, struct bl_error *err)
{
	struct bl_events *e = calloc(1, sizeof(*e));

	if (!e)
		return bl_error_set(err, BL_SYSTEM, "out of memory");
	e->fn = fn;
	e->arg = arg;
	e->ring = ring_buffer__new(o->events, take, e, NULL);
	if (!e->ring) {
		(void)bl_error_set(err, BL_SYSTEM, "cannot read the event buffer: %s", strerror(errno));
		free(e);
		return BL_SYSTEM;
	}
	*ret = e;
	return 0;
}

int bl_events_fd(const struct bl_events *e)
{
	return ring_buffer__epoll_fd(e->ring);
}

int bl_events_consume(struct bl_events *e, struct bl_error *err)
{
	int r = ring_buffer__consume(e->ring);

	return r < 0 ? bl_error_set(err, BL_SYSTEM, "cannot read the event buffer: %s", strerror(-r)) : 0;
}

uint64_t bl_events_bad(const struct bl_events *e)
{
	return e->bad;
}

void bl_events_close(struct bl_events *e)
{
	if (!e)
		return;
	ring_buffer__free(e->ring);
	free(e);
}
