/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The loaded object: programs and maps that outlive a policy and the enforcer, held by their pins. */
#include "object.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bailiff.skel.h"
#include "charge.h"
#include "parts.h"
#include "pins.h"
#include "probe.h"
#include "text.h"

#include "banned.h"

/* ---- libbpf's messages ---- */

#define LOG_SIZE (64u << 10)

/* libbpf has one print function for the process, without an argument: hence file scope. */
static char log_text[LOG_SIZE];
static size_t log_used;

/* Appends the end of a text: a message can have all of the verifier's log in it, which says at its end what is wrong. */
static void log_add(const char *text, size_t n)
{
	const size_t most = LOG_SIZE / 4;

	if (n > most) {
		text += n - most;
		n = most;
	}
	if (log_used + n >= LOG_SIZE) { /* keep the younger half */
		memmove(log_text, log_text + log_used - LOG_SIZE / 2, LOG_SIZE / 2);
		log_used = LOG_SIZE / 2;
	}
	memcpy(log_text + log_used, text, n + 1);
	log_used += n;
}

static int log_print(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	char *text;
	int n;

	if (level == LIBBPF_DEBUG)
		return 0;
	n = vasprintf(&text, fmt, ap);
	if (n < 0)
		return 0;
	log_add(text, n);
	free(text);
	return 0;
}

void bl_object_log_init(void)
{
	(void)libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	(void)libbpf_set_print(log_print);
}

const char *bl_object_log_tail(int lines)
{
	size_t at = log_used;

	while (at > 0 && (at == log_used || log_text[at - 1] != '\n' || --lines > 0))
		at--;
	return log_text + at;
}

/* ---- load ---- */

/* The first operation that needs a hook, for messages. */
static const char *op_of_hook(const struct bl_hook *h, uint64_t ops)
{
	uint64_t both = h->ops & ops;

	for (uint32_t op = 0; op < 64; op++)
		if ((both & ~(BL_NEED_USE | BL_NEED_PEER) & BL_OP_BIT(op)) != 0)
			return bl_text_op(op);
	if (both & BL_NEED_PEER)
		return "accept from";
	return both & BL_NEED_USE ? "descriptors strict" : "any operation";
}

/* That the kernel lacks a hook is noted for later loads, which then need not read its types to find that out again. Nothing depends on it. */
static void note_absent(const struct bl_hook *h)
{
	char path[PATH_MAX];

	bl_pins_path(path, "absent");
	(void)mkdir(path, 0700);
	bl_pins_path(path, "absent/%s", h->name);
	(void)mkdir(path, 0700);
}

/*
 * Only programs that the policy needs are loaded, and only those that no earlier load has pinned: each costs the verifier's time. Without
 * a hook that the policy needs nothing is loaded.
 */
static int choose_programs(struct bpf_object *obj, uint64_t ops, struct bl_error *err)
{
	bool have[BL_NHOOKS];
	int r = bl_probe_hooks(have, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < BL_NHOOKS; i++) {
		const struct bl_hook *h = &bl_hooks[i];
		struct bpf_program *prog = bpf_object__find_program_by_name(obj, h->name);

		if (!prog)
			return bl_error_set(err, BL_SYSTEM,
					    "no program for the hook %s in this enforcer: it was "
					    "built wrongly",
					    h->name);
		if (have[i] && bl_hook_needed(h, ops) && !bl_pins_has("progs/%s", h->name))
			continue;
		if (!have[i] && (h->flags & BL_HOOK_OPTIONAL) == 0 && bl_hook_needed(h, ops))
			return bl_error_set(err, BL_REFUSED,
					    "this kernel has no LSM hook '%s', which rules for '%s' need; "
					    "take these rules out or use a kernel that has it",
					    h->name, op_of_hook(h, ops));
		(void)bpf_program__set_autoload(prog, false);
		if (!have[i])
			note_absent(h);
	}
	return 0;
}

static int size_tables(const struct bpf_object *obj, uint32_t words, struct bl_error *err)
{
	struct bpf_map *slot = bpf_object__find_map_by_name(obj, "slot");
	struct bpf_map *inner = slot ? bpf_map__inner_map(slot) : NULL;
	int r = inner ? bpf_map__set_value_size(inner, (uint32_t)sizeof(struct bl_tables) + 8 * words) : -ENOENT;

	return r < 0 ? bl_error_set(err, BL_SYSTEM, "cannot set the size of the tables: %s", strerror(-r)) : 0;
}

/* The name under which a map is pinned, NULL: it is not. bpffs takes no '.' in a name. */
static const char *pin_name(const struct bpf_map *map)
{
	const char *name = bpf_map__name(map), *dot = strchr(name, '.');

	if (!bpf_map__is_internal(map))
		return name;
	return dot && strcmp(dot, ".bss") == 0 ? "bss" : NULL;
}

/* Programs that are loaded later work on the maps of the first ones. */
static int reuse_maps(struct bpf_object *obj, struct bl_error *err)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, obj)
	{
		const char *name = pin_name(map);
		int fd, r;

		if (!name)
			continue;
		fd = bl_pins_open("maps/%s", name);
		if (fd < 0)
			return bl_error_set(err, BL_SYSTEM, "cannot open %s/maps/%s: %m", BL_PIN_DIR, name);
		r = bpf_map__reuse_fd(map, fd);
		(void)close(fd);
		if (r < 0)
			return bl_error_set(err, BL_SYSTEM, "cannot use the map %s again: %s", name, strerror(-r));
	}
	return 0;
}

int bl_object_fit(struct bpf_object *obj, uint32_t words, bool pinned, struct bl_error *err)
{
	int r = size_tables(obj, words, err);

	return r == 0 && pinned ? reuse_maps(obj, err) : r;
}

static int pin_maps(struct bpf_object *obj, struct bl_error *err)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, obj)
	{
		char path[PATH_MAX];
		int r;

		if (!pin_name(map))
			continue;
		bl_pins_path(path, "maps/%s", pin_name(map));
		r = bpf_obj_pin(bpf_map__fd(map), path);
		if (r < 0)
			return bl_error_set(err, BL_SYSTEM, "cannot pin the map %s: %s", bpf_map__name(map),
					    strerror(-r));
	}
	return 0;
}

static int pin_programs(struct bpf_object *obj, struct bl_error *err)
{
	struct bpf_program *prog;

	bpf_object__for_each_program(prog, obj)
	{
		char path[PATH_MAX];
		int r;

		if (!bpf_program__autoload(prog))
			continue;
		bl_pins_path(path, "progs/%s", bpf_program__name(prog));
		r = bpf_obj_pin(bpf_program__fd(prog), path);
		if (r < 0)
			return bl_error_set(err, BL_SYSTEM, "cannot pin the program %s: %s", bpf_program__name(prog),
					    strerror(-r));
	}
	return 0;
}

/* What the verifier and libbpf would say in their own words, or not at all. */
static int may_read_kernel(struct bl_error *err)
{
	char mode[BL_PROBE_TEXT];

	bl_probe_lockdown(mode);
	if (strcmp(mode, "confidentiality") == 0)
		return bl_error_set(err, BL_SYSTEM, "the kernel's lockdown mode is confidentiality; %s", BL_LOCKDOWN_CURE);
	if (!bl_probe_symbols())
		return bl_error_set(err, BL_SYSTEM, "the kernel does not say where its symbols are (/proc/kallsyms), which the programs need; %s",
				    BL_SYMBOLS_CURE);
	return 0;
}

static int load_skeleton(struct bailiff *skel, uint32_t words, uint64_t ops, bool more, struct bl_error *err)
{
	int r = may_read_kernel(err);

	if (r == 0)
		r = choose_programs(skel->obj, ops, err);
	if (r == 0)
		r = bl_object_fit(skel->obj, words, more, err);
	if (r < 0)
		return r;
	skel->rodata->bl_word_last = words - 1;
	skel->rodata->bl_setattr_idmap = bl_probe_hook_args("inode_setattr") == 3;
	r = bailiff__load(skel);
	if (r < 0)
		return bl_error_set(err, BL_SYSTEM, "the kernel refuses the BPF programs: %s", strerror(-r));
	r = more ? 0 : pin_maps(skel->obj, err);
	if (r == 0)
		r = bl_parts_load(skel->obj, words, err);
	if (r == 0)
		r = bl_parts_join(skel->obj, err);
	return r < 0 ? r : pin_programs(skel->obj, err); /* last: what is pinned has its parts in their places */
}

static int load_programs(uint32_t words, uint64_t ops, bool more, struct bl_error *err)
{
	struct bailiff *skel = bailiff__open();
	int r;

	if (!skel)
		return bl_error_set(err, BL_SYSTEM, "cannot open the BPF object in this program: %m");
	r = load_skeleton(skel, words, ops, more, err);
	bailiff__destroy(skel);
	return r;
}

int bl_object_load(uint32_t words, uint64_t ops, struct bl_error *err)
{
	struct bl_charge c;
	int r = bl_charge_begin(&c, err);

	if (r == 0)
		r = load_programs(words, ops, false, err);
	bl_charge_end(&c);
	return r;
}

/* Is a program missing that the policy needs and the kernel could have? */
static bool programs_missing(uint64_t ops)
{
	for (size_t i = 0; i < BL_NHOOKS; i++)
		if (bl_hook_needed(&bl_hooks[i], ops) && !bl_pins_has("progs/%s", bl_hooks[i].name) && !bl_pins_has("absent/%s", bl_hooks[i].name))
			return true;
	return false;
}

int bl_object_load_more(uint32_t words, uint64_t ops, struct bl_error *err)
{
	return programs_missing(ops) ? load_programs(words, ops, true, err) : 0;
}

/* ---- open ---- */

static int open_map(const char *name, int *ret, struct bl_error *err)
{
	int fd = bl_pins_open("maps/%s", name);

	if (fd < 0)
		return bl_error_set(err, BL_SYSTEM, "cannot open %s/maps/%s: %m", BL_PIN_DIR, name);
	*ret = fd;
	return 0;
}

/* A map with the same name from another version could have another layout. */
int bl_object_check_control(const struct bl_object *o, struct bl_error *err)
{
	struct bpf_map_info info = {0};
	uint32_t len = sizeof(info);
	struct bl_control c;
	int r;

	if (bpf_obj_get_info_by_fd(o->control, &info, &len) < 0)
		return bl_error_set(err, BL_SYSTEM, "cannot ask about the map 'control': %m");
	if (info.value_size != sizeof(c))
		return bl_error_set(err, BL_REFUSED,
				    "the loaded programs are of another version than this enforcer; "
				    "run 'enforcer unload' first");
	r = bl_object_control_get(o, &c, err);
	if (r < 0)
		return r;
	if (c.abi != BL_ABI_VERSION && c.abi != 0)
		return bl_error_set(err, BL_REFUSED,
				    "the loaded programs are of version %" PRIu32 ", this enforcer is of %u; "
				    "run 'enforcer unload' first",
				    c.abi, BL_ABI_VERSION);
	return 0;
}

int bl_object_open(struct bl_object *ret, struct bl_error *err)
{
	struct bl_object o = BL_OBJECT_CLOSED;
	int r = open_map("slot", &o.slot, err);

	if (r == 0)
		r = open_map("control", &o.control, err);
	if (r == 0)
		r = open_map("events", &o.events, err);
	if (r == 0)
		r = open_map("stats", &o.stats, err);
	if (r == 0)
		r = bl_object_check_control(&o, err);
	if (r < 0)
		bl_object_close(&o);
	else
		*ret = o;
	return r;
}

void bl_object_close(struct bl_object *o)
{
	int *const fds[] = {&o->slot, &o->control, &o->events, &o->stats};

	for (size_t i = 0; i < BL_ARRAY_SIZE(fds); i++) {
		if (*fds[i] >= 0)
			(void)close(*fds[i]);
		*fds[i] = -1;
	}
}

int bl_object_control_get(const struct bl_object *o, struct bl_control *ret, struct bl_error *err)
{
	uint32_t key = 0;

	if (bpf_map_lookup_elem(o->control, &key, ret) < 0)
		return bl_error_set(err, BL_SYSTEM, "cannot read the map 'control': %m");
	return 0;
}

int bl_object_control_set(const struct bl_object *o, const struct bl_control *c, struct bl_error *err)
{
	uint32_t key = 0;

	if (bpf_map_update_elem(o->control, &key, c, BPF_ANY) < 0)
		return bl_error_set(err, BL_SYSTEM, "cannot write the map 'control': %m");
	return 0;
}

int bl_object_slot_id(const struct bl_object *o, uint32_t *ret, struct bl_error *err)
{
	uint32_t key = 0;

	if (bpf_map_lookup_elem(o->slot, &key, ret) == 0)
		return 0;
	if (errno != ENOENT)
		return bl_error_set(err, BL_SYSTEM, "cannot read the map 'slot': %m");
	*ret = 0;
	return 0;
}

/* ---- links ---- */

bool bl_object_needs(size_t hook, uint64_t ops)
{
	const struct bl_hook *h = &bl_hooks[hook];

	return bl_hook_needed(h, ops) && ((h->flags & BL_HOOK_OPTIONAL) == 0 || bl_pins_has("progs/%s", h->name));
}

bool bl_object_attached(size_t hook)
{
	return bl_pins_has("links/%s", bl_hooks[hook].name);
}

static int attach_one(const struct bl_hook *h, struct bl_error *err)
{
	char path[PATH_MAX];
	int prog = bl_pins_open("progs/%s", h->name), link, r;

	if (prog < 0)
		return bl_error_set(err, BL_SYSTEM, "cannot open %s/progs/%s: %m", BL_PIN_DIR, h->name);
	link = bpf_raw_tracepoint_open(NULL, prog);
	r = errno;
	(void)close(prog);
	if (link < 0)
		return bl_error_set(err, BL_SYSTEM, "cannot attach to the LSM hook %s: %s%s", h->name, strerror(r),
				    r == E2BIG ? "; too many other BPF programs are attached to it" : "");
	bl_pins_path(path, "links/%s", h->name);
	r = bpf_obj_pin(link, path);
	(void)close(link);
	if (r < 0)
		return bl_error_set(err, BL_SYSTEM, "cannot pin %s: %s", path, strerror(-r));
	return 0;
}

int bl_object_attach(uint64_t ops, bool added[BL_NHOOKS], struct bl_error *err)
{
	for (size_t i = 0; i < BL_NHOOKS; i++) {
		const struct bl_hook *h = &bl_hooks[i];
		int r;

		if (!bl_hook_needed(h, ops) || bl_object_attached(i))
			continue;
		if (!bl_pins_has("progs/%s", h->name)) {
			if ((h->flags & BL_HOOK_OPTIONAL) != 0)
				continue;
			return bl_error_set(err, BL_REFUSED,
					    "this kernel has no LSM hook '%s', which rules for '%s' need; take these "
					    "rules out or use a kernel that has it",
					    h->name, op_of_hook(h, ops));
		}
		r = attach_one(h, err);
		if (r < 0)
			return r;
		if (added)
			added[i] = true;
	}
	return 0;
}

int bl_object_detach(const bool which[BL_NHOOKS], struct bl_error *err)
{
	for (size_t i = 0; i < BL_NHOOKS; i++) {
		int r = which[i] ? bl_pins_remove(err, "links/%s", bl_hooks[i].name) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

int bl_object_detach_unneeded(uint64_t ops, struct bl_error *err)
{
	bool which[BL_NHOOKS];

	for (size_t i = 0; i < BL_NHOOKS; i++)
		which[i] = !bl_hook_needed(&bl_hooks[i], ops) && bl_object_attached(i);
	return bl_object_detach(which, err);
}
