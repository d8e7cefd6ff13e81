/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events: taken from the kernel, checked, and given names. */
#include "events.h"

#include <bpf/libbpf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "enrich.h"
#include "text.h"

#include "banned.h"

/* Takes n bytes from at on, which grows. */
static const uint8_t *next(const uint8_t **at, size_t n)
{
	const uint8_t *p = *at;

	*at += n;
	return p;
}

bool bl_event_decode(const void *data, size_t size, struct bl_event_view *ret)
{
	const struct bl_event *ev = data;
	const uint8_t *at;
	size_t wanted;

	if (size < BL_EVENT_HEAD || ev->version != BL_EVENT_VERSION || ev->nancestors > BL_EVENT_ANCESTORS)
		return false;
	if (ev->exe_len > BL_PATH_MAX || ev->script_len > BL_EXE_INLINE || ev->unit_len > BL_UNIT_MAX || ev->container_len > BL_CONTAINER_MAX ||
	    ev->obj_len > BL_PATH_MAX)
		return false;
	wanted = BL_EVENT_HEAD + ev->nancestors * sizeof(struct bl_ancestor);
	at = (const uint8_t *)data + wanted;
	wanted += (size_t)ev->exe_len + ev->script_len + ev->unit_len + ev->container_len + ev->obj_len;
	if (ev->size != wanted || wanted > size)
		return false;
	*ret = (struct bl_event_view){.ev = ev};
	ret->exe = next(&at, ev->exe_len);
	ret->script = next(&at, ev->script_len);
	ret->unit = next(&at, ev->unit_len);
	ret->container = next(&at, ev->container_len);
	ret->obj = next(&at, ev->obj_len);
	return true;
}

static size_t more_at(const struct bl_event *ev)
{
	return (ev->size + (size_t)7) & ~(size_t)7;
}

bool bl_record_decode(const void *data, size_t size, struct bl_event_view *ret)
{
	const struct bl_event_more *more;
	size_t wanted, exes = 0;
	struct bl_event_view v;
	const uint8_t *at;

	if (!bl_event_decode(data, size, &v) || size < more_at(v.ev) + sizeof(*more))
		return false;
	more = (const void *)((const uint8_t *)data + more_at(v.ev));
	v.more = more;
	at = (const uint8_t *)(more + 1);
	wanted = more_at(v.ev) + sizeof(*more) + more->cgroup_len;
	v.cgroup = next(&at, more->cgroup_len);
	for (size_t i = 0; i < BL_EVENT_ANCESTORS; i++) {
		exes += more->exe_len[i];
		v.exes[i] = next(&at, more->exe_len[i]);
	}
	if (more->cgroup_len > BL_PATH_MAX || exes > BL_PATH_MAX || wanted + exes != size)
		return false;
	*ret = v;
	return true;
}

/* ---- names ---- */

const struct bl_image *bl_names_image(struct bl_gen_names *n, uint32_t gen)
{
	size_t at;

	for (size_t i = 0; i < BL_NAMES_GENS; i++)
		if (n->gens[i].gen == gen)
			return n->gens[i].there ? &n->gens[i].g.image : NULL;
	at = n->next;
	n->next = (n->next + 1) % BL_NAMES_GENS;
	bl_gen_free(&n->gens[at].g);
	n->gens[at].gen = gen;
	n->gens[at].there = (n->whole ? bl_gen_open : bl_gen_open_names)(gen, &n->gens[at].g, NULL) == 0;
	return n->gens[at].there ? &n->gens[at].g.image : NULL;
}

void bl_names_free(struct bl_gen_names *n)
{
	for (size_t i = 0; i < BL_NAMES_GENS; i++)
		bl_gen_free(&n->gens[i].g);
	*n = (struct bl_gen_names){.whole = n->whole};
}

static const char *string_or_null(const struct bl_image *img, uint32_t off)
{
	const char *s = bl_image_str(img, off);

	return s[0] != '\0' ? s : NULL;
}

void bl_event_names(struct bl_gen_names *n, const struct bl_event *ev, struct bl_event_names *ret)
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

bool bl_event_refused(const struct bl_event *ev)
{
	return ev->verdict >= BL_V_DENY && ev->mode != BL_MODE_AUDIT;
}

int bl_event_severity(const struct bl_event_names *names)
{
	static const char *const words[] = {"low", "medium", "high", "critical"};

	for (size_t i = 0; names->severity && i < BL_ARRAY_SIZE(words); i++)
		if (strcmp(names->severity, words[i]) == 0)
			return (int)i;
	return -1;
}

const char *bl_boot_id(void)
{
	static char id[33];
	char text[64];
	size_t n = 0;
	FILE *f;

	if (id[0] != '\0')
		return id;
	f = fopen("/proc/sys/kernel/random/boot_id", "re");
	if (!f)
		return id;
	if (fgets(text, sizeof(text), f))
		for (size_t i = 0; text[i] && n < sizeof(id) - 1; i++)
			if (strchr("0123456789abcdef", text[i]))
				id[n++] = text[i];
	(void)fclose(f);
	return id;
}

void bl_event_id(struct bl_buf *b, const struct bl_event *ev)
{
	bl_buf_printf(b, "%s-%" PRIx64 "-%" PRIx64, bl_boot_id(), (uint64_t)ev->boot_ns, (uint64_t)ev->seq);
}

/* ---- the ring buffer ---- */

struct bl_events {
	struct ring_buffer *ring;
	struct bl_enrich *enrich;
	struct bl_buf record;
	bl_events_fn *fn;
	void *arg;
	uint64_t bad;
};

static int take(void *ctx, void *data, size_t size)
{
	struct bl_events *e = ctx;
	struct bl_event_view view;

	if (!bl_event_decode(data, size, &view)) {
		e->bad++;
		return 0;
	}
	bl_buf_reset(&e->record);
	bl_buf_add(&e->record, data, view.ev->size);
	for (size_t n = view.ev->size; n < more_at(view.ev); n++)
		bl_buf_char(&e->record, '\0');
	bl_enrich(e->enrich, view.ev, &e->record);
	if (bl_buf_text(&e->record) && bl_record_decode(e->record.data, e->record.len, &view))
		e->fn(&view, e->record.data, e->record.len, e->arg);
	else
		e->bad++;
	return 0;
}

int bl_events_open(const struct bl_object *o, bl_events_fn *fn, void *arg, struct bl_events **ret, struct bl_error *err)
{
	struct bl_events *e = calloc(1, sizeof(*e));

	if (!e)
		return bl_error_set(err, BL_SYSTEM, "out of memory");
	e->fn = fn;
	e->arg = arg;
	e->enrich = bl_enrich_open();
	e->ring = e->enrich ? ring_buffer__new(o->events, take, e, NULL) : NULL;
	if (!e->ring) {
		(void)bl_error_set(err, BL_SYSTEM, "cannot read the event buffer: %s", strerror(errno));
		bl_events_close(e);
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
	bl_enrich_close(e->enrich);
	bl_buf_free(&e->record);
	free(e);
}
