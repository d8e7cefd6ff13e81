/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events: taken from the kernel, checked, and given names. */
#include "events.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "enrich.h"
#include "pins.h"
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
	const struct bl_image *img = bl_event_is_notice(ev) ? NULL : bl_names_image(n, ev->gen);

	*ret = (struct bl_event_names){0};
	if (bl_event_is_notice(ev))
		ret->severity = ev->flags & BL_EVF_OVER ? "low" : ev->flags & BL_EVF_ALARM ? "critical" : "high";
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

bool bl_event_is_notice(const struct bl_event *ev)
{
	return (ev->flags & (BL_EVF_SEAL | BL_EVF_ALARM)) != 0;
}

const char *bl_event_op(const struct bl_event *ev)
{
	if (ev->flags & BL_EVF_ALARM)
		return "alarm";
	return ev->flags & BL_EVF_SEAL ? "seal" : bl_text_op(ev->op);
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

/* The last record of equal denials, to say later how many there were. */
struct last {
	uint64_t key;
	uint64_t told; /* the highest count that was passed on */
	uint8_t *record;
	size_t size;
};

struct bl_events {
	struct ring_buffer *ring;
	int repeats;
	uint64_t looked_ns; /* when the map `repeats` was last read */
	struct last last[BL_REPEATS];
	uint32_t keys[BL_REPEATS];
	struct bl_repeat slots[BL_REPEATS];
	struct bl_enrich *enrich;
	struct bl_buf record;
	bl_events_fn *fn;
	void *arg;
	uint64_t bad;
};

static void pass_on(struct bl_events *e, const void *record, size_t size)
{
	struct bl_event_view view;

	if (bl_record_decode(record, size, &view))
		e->fn(&view, record, size, e->arg);
	else
		e->bad++;
}

static struct last *last_of(struct bl_events *e, uint64_t key)
{
	return &e->last[key / 2 % BL_REPEATS];
}

/*
 * The kernel says how many there have been; from here on the count is of those that no event has told of before, so that all counts together are all
 * denials. Without memory there will be no summary; the event itself is passed on.
 */
static void keep_last(struct bl_events *e, void *record, size_t size)
{
	struct bl_event *ev = record;
	struct last *l = last_of(e, ev->repeat);
	uint64_t told = ev->count / 10; /* by the event before this, of which another process knows */

	if (ev->repeat == 0)
		return;
	if (l->key == ev->repeat && ((const struct bl_event *)(const void *)l->record)->first_ns == ev->first_ns)
		told = l->told;
	l->told = ev->count;
	ev->count -= told;
	free(l->record);
	l->record = malloc(size);
	l->key = l->record ? ev->repeat : 0;
	l->size = size;
	if (l->record)
		memcpy(l->record, record, size);
}

/* Equal denials of which the last have made no event: says so once more with their number. */
static void summarise(struct bl_events *e, const struct bl_repeat *r)
{
	struct last *l = last_of(e, r->key);
	struct bl_event *ev = (void *)l->record;
	struct bl_event_more *more;

	if (r->key == 0 || l->key != r->key || ev->first_ns != r->first_ns || r->count <= l->told)
		return;
	more = (void *)(l->record + more_at(ev));
	more->wall_ns += r->last_ns - ev->boot_ns;
	ev->boot_ns = r->last_ns;
	ev->count = r->count - l->told;
	l->told = r->count;
	ev->flags |= BL_EVF_SUMMARY;
	pass_on(e, l->record, l->size);
}

/* Sums up what has been quiet for so long. */
static void look_at_repeats(struct bl_events *e, uint64_t quiet_ns)
{
	LIBBPF_OPTS(bpf_map_batch_opts, opts, .elem_flags = BPF_F_LOCK);
	uint32_t at, n = BL_REPEATS;
	uint64_t now = bl_clock_ns(CLOCK_BOOTTIME);

	e->looked_ns = now;
	if (bpf_map_lookup_batch(e->repeats, NULL, &at, e->keys, e->slots, &n, &opts) < 0 && errno != ENOENT)
		return;
	for (uint32_t i = 0; i < n; i++)
		if (now - e->slots[i].last_ns >= quiet_ns)
			summarise(e, &e->slots[i]);
}

/* Of a slot that others have taken. */
static bool take_repeated(struct bl_events *e, const void *data, size_t size)
{
	const struct bl_repeated *r = data;

	if (size < sizeof(*r) || r->version != BL_REPEATED_VERSION || r->size != sizeof(*r))
		return false;
	summarise(e, &r->was);
	return true;
}

static int take(void *ctx, void *data, size_t size)
{
	struct bl_events *e = ctx;
	struct bl_event_view view;

	if (take_repeated(e, data, size))
		return 0;
	if (!bl_event_decode(data, size, &view)) {
		e->bad++;
		return 0;
	}
	bl_buf_reset(&e->record);
	bl_buf_add(&e->record, data, view.ev->size);
	for (size_t n = view.ev->size; n < more_at(view.ev); n++)
		bl_buf_char(&e->record, '\0');
	bl_enrich(e->enrich, view.ev, &e->record);
	if (!bl_buf_text(&e->record)) {
		e->bad++;
		return 0;
	}
	keep_last(e, e->record.data, e->record.len);
	pass_on(e, e->record.data, e->record.len);
	return 0;
}

int bl_events_open(const struct bl_object *o, bl_events_fn *fn, void *arg, struct bl_events **ret, struct bl_error *err)
{
	struct bl_events *e = calloc(1, sizeof(*e));

	if (!e)
		return bl_error_set(err, BL_SYSTEM, "out of memory");
	e->repeats = -1;
	e->fn = fn;
	e->arg = arg;
	e->enrich = bl_enrich_open();
	e->repeats = bl_pins_open("maps/repeats");
	if (e->repeats < 0) {
		(void)bl_error_set(err, BL_SYSTEM, "cannot open %s/maps/repeats: %m", BL_PIN_DIR);
		bl_events_close(e);
		return BL_SYSTEM;
	}
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

	if (r < 0)
		return bl_error_set(err, BL_SYSTEM, "cannot read the event buffer: %s", strerror(-r));
	if (bl_clock_ns(CLOCK_BOOTTIME) - e->looked_ns >= BL_SECOND_NS)
		look_at_repeats(e, BL_SECOND_NS);
	return 0;
}

void bl_events_sum_up(struct bl_events *e)
{
	look_at_repeats(e, 0);
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
	for (size_t i = 0; i < BL_REPEATS; i++)
		free(e->last[i].record);
	if (e->repeats >= 0)
		(void)close(e->repeats);
	free(e);
}
