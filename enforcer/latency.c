/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How long the hooks' programs take. */
#include "latency.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "latency.skel.h"
#include "load.h"
#include "pins.h"
#include "probe.h"
#include "seal.h"

#include "banned.h"

_Static_assert((size_t)BL_LATENCY_HOOKS == (size_t)BL_NHOOKS, "one number for each hook");

bool bl_latency_on(void)
{
	return bl_pins_has("latency");
}

static bool timed(size_t hook)
{
	return bl_pins_has("latency/%s-begins", bl_hooks[hook].name) && bl_pins_has("latency/%s-ends", bl_hooks[hook].name);
}

/* ---- on ---- */

/* What an earlier hook has pinned is used again. */
static int take_map(struct bpf_map *map, struct bl_error *err)
{
	int fd = bl_pins_open("latency/%s", bpf_map__name(map)), r;

	if (fd < 0)
		return errno == ENOENT ? 0 : bl_error_set(err, BL_SYSTEM, "cannot open the map %s: %m", bpf_map__name(map));
	r = bpf_map__reuse_fd(map, fd);
	(void)close(fd);
	return r < 0 ? bl_error_set(err, BL_SYSTEM, "cannot use the map %s again: %s", bpf_map__name(map), strerror(-r)) : 0;
}

static int keep(int fd, struct bl_error *err, const char *name, const char *part)
{
	char path[PATH_MAX];
	int r;

	bl_pins_path(path, "latency/%s%s", name, part);
	r = bpf_obj_pin(fd, path);
	return r < 0 && r != -EEXIST ? bl_error_set(err, BL_SYSTEM, "cannot pin %s: %s", path, strerror(-r)) : 0;
}

static int attach(const struct bpf_program *prog, const char *hook, const char *part, struct bl_error *err)
{
	int r = bl_pins_remove(err, "latency/%s%s", hook, part), link; /* of one that was interrupted */

	if (r < 0)
		return r;
	link = bpf_raw_tracepoint_open(NULL, bpf_program__fd(prog));
	if (link < 0)
		return bl_error_set(err, BL_SYSTEM, "cannot time the hook %s: %s", hook, strerror(-link));
	r = keep(link, err, hook, part);
	(void)close(link);
	return r;
}

static int load_and_attach(struct latency *skel, size_t hook, int prog, struct bl_error *err)
{
	const char *name = bl_hooks[hook].name;
	int r = take_map(skel->maps.begun, err);

	if (r == 0)
		r = take_map(skel->maps.times, err);
	if (r < 0)
		return r;
	skel->rodata->bl_hook = (uint32_t)hook;
	r = bpf_program__set_attach_target(skel->progs.hook_begins, prog, name);
	if (r == 0)
		r = bpf_program__set_attach_target(skel->progs.hook_ends, prog, name);
	if (r == 0)
		r = latency__load(skel);
	if (r < 0)
		return bl_error_set(err, BL_SYSTEM, "the kernel refuses the programs that time the hook %s: %s", name, strerror(-r));
	r = keep(bpf_map__fd(skel->maps.begun), err, "begun", "");
	if (r == 0)
		r = keep(bpf_map__fd(skel->maps.times), err, "times", "");
	if (r == 0)
		r = attach(skel->progs.hook_begins, name, "-begins", err);
	return r == 0 ? attach(skel->progs.hook_ends, name, "-ends", err) : r;
}

static int time_hook(size_t hook, struct bl_error *err)
{
	struct latency *skel = latency__open();
	int prog = bl_pins_open("progs/%s", bl_hooks[hook].name), r;

	if (!skel)
		r = bl_error_set(err, BL_SYSTEM, "cannot open the BPF object in this program: %m");
	else if (prog < 0)
		r = bl_error_set(err, BL_SYSTEM, "cannot open %s/progs/%s: %m", BL_PIN_DIR, bl_hooks[hook].name);
	else
		r = load_and_attach(skel, hook, prog, err);
	if (prog >= 0)
		(void)close(prog);
	latency__destroy(skel);
	return r;
}

int bl_latency_begin(struct bl_error *err)
{
	int r = bl_pins_directory("latency", err);

	for (size_t i = 0; r == 0 && i < BL_NHOOKS; i++)
		if (bl_pins_has("progs/%s", bl_hooks[i].name) && !timed(i))
			r = time_hook(i, err);
	return r;
}

int bl_latency_end(struct bl_error *err)
{
	return bl_pins_remove_tree("latency", err);
}

/* ---- reading ---- */

/* The calls go on meanwhile: how many there are is told by the buckets as they were read. */
static int read_hook(int map, uint32_t hook, struct bl_latency *values, int ncpus, struct bl_hook_latency *ret, struct bl_error *err)
{
	if (bpf_map_lookup_elem(map, &hook, values) < 0)
		return bl_error_set(err, BL_SYSTEM, "cannot read the times of hooks: %m");
	for (int cpu = 0; cpu < ncpus; cpu++) {
		ret->sum.ns += values[cpu].ns;
		for (size_t i = 0; i < BL_LATENCY_BUCKETS; i++) {
			ret->sum.buckets[i] += values[cpu].buckets[i];
			ret->calls += values[cpu].buckets[i];
		}
	}
	return 0;
}

int bl_latency_read(struct bl_hook_latency ret[BL_NHOOKS], struct bl_error *err)
{
	int ncpus = libbpf_num_possible_cpus(), map, r = 0;
	struct bl_latency *values;

	memset(ret, 0, BL_NHOOKS * sizeof(*ret));
	map = bl_pins_open("latency/times");
	if (map < 0)
		return errno == ENOENT ? 0 : bl_error_set(err, BL_SYSTEM, "cannot open %s/latency/times: %m", BL_PIN_DIR);
	values = ncpus > 0 ? calloc((size_t)ncpus, sizeof(*values)) : NULL;
	if (!values)
		r = bl_error_set(err, BL_SYSTEM, "cannot find out the number of processors");
	for (uint32_t i = 0; r == 0 && i < BL_NHOOKS; i++) {
		ret[i].timed = timed(i);
		if (ret[i].timed)
			r = read_hook(map, i, values, ncpus, &ret[i], err);
	}
	free(values);
	(void)close(map);
	return r;
}

/* ---- showing ---- */

/* What the first so many thousandths of the calls took at most, as the upper end of a bucket; 0: longer than all of them. */
static uint64_t within(const struct bl_hook_latency *l, unsigned int thousandths)
{
	uint64_t want = (l->calls * thousandths + 999) / 1000, n = 0;

	for (uint32_t i = 0; i < BL_LATENCY_BUCKETS - 1; i++) {
		n += l->sum.buckets[i];
		if (n >= want)
			return (uint64_t)BL_LATENCY_FIRST << i;
	}
	return 0;
}

static void put_time(struct bl_buf *b, int width, const char *sign, uint64_t ns)
{
	static const struct {
		uint64_t ns;
		const char *name;
	} units[] = {{1000000000, "s"}, {1000000, "ms"}, {1000, "us"}, {1, "ns"}};
	char text[32];
	size_t u = 0;

	while (u < BL_ARRAY_SIZE(units) - 1 && ns < units[u].ns)
		u++;
	(void)snprintf(text, sizeof(text), "%s%" PRIu64 ".%" PRIu64 " %s", sign, ns / units[u].ns, ns % units[u].ns * 10 / units[u].ns, units[u].name);
	bl_buf_printf(b, " %*s", width, text);
}

static void put_within(struct bl_buf *b, int width, const struct bl_hook_latency *l, unsigned int thousandths)
{
	uint64_t ns = within(l, thousandths);

	put_time(b, width, ns != 0 ? "<" : ">", ns != 0 ? ns : (uint64_t)BL_LATENCY_FIRST << (BL_LATENCY_BUCKETS - 2));
}

void bl_latency_text(struct bl_buf *b, const struct bl_hook_latency hooks[BL_NHOOKS])
{
	bl_buf_printf(b, "%-28s %10s %10s %10s %10s %10s\n", "HOOK", "CALLS", "MEAN", "50%", "99%", "ALL");
	for (size_t i = 0; i < BL_NHOOKS; i++) {
		const struct bl_hook_latency *l = &hooks[i];

		if (!hooks[i].timed || l->calls == 0)
			continue;
		bl_buf_printf(b, "%-28s %10" PRIu64, bl_hooks[i].name, l->calls);
		put_time(b, 10, "", l->sum.ns / l->calls);
		put_within(b, 10, l, 500);
		put_within(b, 10, l, 990);
		put_within(b, 10, l, 1000);
		bl_buf_char(b, '\n');
	}
}

/* What a has and b has not; all of a if b is no part of it, because it was begun anew. */
static struct bl_hook_latency since(const struct bl_hook_latency *a, const struct bl_hook_latency *b)
{
	struct bl_hook_latency r = *a;

	for (size_t i = 0; i < BL_LATENCY_BUCKETS; i++) {
		if (a->sum.buckets[i] < b->sum.buckets[i])
			return *a;
		r.sum.buckets[i] -= b->sum.buckets[i];
	}
	if (a->sum.ns < b->sum.ns)
		return *a;
	r.sum.ns -= b->sum.ns;
	r.calls -= b->calls;
	return r;
}

void bl_latency_line(struct bl_buf *b, const struct bl_hook_latency hooks[BL_NHOOKS], struct bl_hook_latency *before, unsigned int seconds)
{
	struct bl_hook_latency all = {.calls = 0}, l;

	for (size_t i = 0; i < BL_NHOOKS; i++) {
		all.calls += hooks[i].calls;
		all.sum.ns += hooks[i].sum.ns;
		for (size_t k = 0; k < BL_LATENCY_BUCKETS; k++)
			all.sum.buckets[k] += hooks[i].sum.buckets[k];
	}
	l = seconds != 0 ? since(&all, before) : all;
	*before = all;
	bl_buf_printf(b, "hooks: %" PRIu64 " calls", l.calls);
	if (seconds != 0)
		bl_buf_printf(b, ", %.1f per s", (double)l.calls / seconds);
	if (l.calls == 0)
		return;
	bl_buf_str(b, "; mean");
	put_time(b, 0, "", l.sum.ns / l.calls);
	bl_buf_str(b, ", 50%");
	put_within(b, 0, &l, 500);
	bl_buf_str(b, ", 99%");
	put_within(b, 0, &l, 990);
	bl_buf_str(b, ", all");
	put_within(b, 0, &l, 1000);
}

json_t *bl_latency_json(const struct bl_hook_latency hooks[BL_NHOOKS])
{
	json_t *list = json_array();

	for (size_t i = 0; i < BL_NHOOKS; i++) {
		const struct bl_hook_latency *l = &hooks[i];
		json_t *o, *buckets;

		if (!hooks[i].timed)
			continue;
		o = json_object();
		buckets = json_array();
		for (uint32_t k = 0; k < BL_LATENCY_BUCKETS; k++)
			(void)json_array_append_new(buckets, json_integer((json_int_t)l->sum.buckets[k]));
		(void)json_object_set_new(o, "hook", json_string(bl_hooks[i].name));
		(void)json_object_set_new(o, "calls", json_integer((json_int_t)l->calls));
		(void)json_object_set_new(o, "nanoseconds", json_integer((json_int_t)l->sum.ns));
		(void)json_object_set_new(o, "buckets", buckets);
		(void)json_array_append_new(list, o);
	}
	return list;
}

/* ---- the command ---- */

static int change(bool on, struct bl_error *err)
{
	struct bl_object o = BL_OBJECT_CLOSED;
	uint32_t gen;
	int r = bl_loaded_open(&o, &gen, err);

	bl_object_close(&o);
	if (r == 0)
		r = bl_seal_final(err);
	if (r == 0)
		r = on ? bl_latency_begin(err) : bl_latency_end(err);
	return r == -ENOENT ? BL_REFUSED : r;
}

static int change_locked(bool on, struct bl_error *err)
{
	int lock, r = bl_probe_process(err);

	if (r == 0)
		r = bl_lock_take("lock", true, &lock, err);
	if (r < 0)
		return r;
	r = change(on, err);
	(void)close(lock);
	return r;
}

static int show(bool json, struct bl_error *err)
{
	struct bl_hook_latency *hooks = calloc(BL_NHOOKS, sizeof(*hooks));
	struct bl_buf b = BL_BUF_INIT;
	int r = hooks ? bl_probe_process(err) : bl_error_set(err, BL_SYSTEM, "out of memory");

	if (r == 0)
		r = bl_seal_inside(err);
	if (r == 0 && !bl_latency_on())
		r = bl_error_set(err, BL_REFUSED, "hooks are not timed; 'enforcer latency on' begins it");
	if (r == 0)
		r = bl_latency_read(hooks, err);
	if (r == 0 && json) {
		json_t *list = bl_latency_json(hooks);

		(void)json_dumpf(list, stdout, JSON_INDENT(2));
		(void)printf("\n");
		json_decref(list);
	} else if (r == 0) {
		bl_latency_text(&b, hooks);
		(void)fputs(bl_buf_text(&b) ? bl_buf_text(&b) : "", stdout);
	}
	bl_buf_free(&b);
	free(hooks);
	return r;
}

int bl_latency(const char *what, bool json, struct bl_error *err)
{
	return what ? change_locked(strcmp(what, "on") == 0, err) : show(json, err);
}
