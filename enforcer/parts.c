/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Functions of hooks' programs that are programs of their own: loads them, and puts them in their places. */
#include "parts.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "object.h"
#include "parts.skel.h"
#include "pins.h"

#include "banned.h"

#define X(function) +1
enum { NPARTS = 0 BL_PARTS(X) };
#undef X

static const char *const part_names[NPARTS] = {
#define X(function) #function,
	BL_PARTS(X)
#undef X
};

/* The number of a part, NPARTS: it is none. */
static size_t part_number(const char *function)
{
	size_t i = 0;

	while (i < NPARTS && strcmp(part_names[i], function) != 0)
		i++;
	return i;
}

/* ---- the functions of a program ---- */

/* The BTF number of the function for each part; 0: the program, of obj, does not have it. */
static int functions_of(const struct bpf_object *obj, int prog, uint32_t ret[NPARTS], struct bl_error *err)
{
	const struct btf *btf = bpf_object__btf(obj);
	struct bpf_prog_info info = {0};
	uint32_t len = sizeof(info), n;
	struct bpf_func_info *functions;
	int r;

	if (bpf_obj_get_info_by_fd(prog, &info, &len) < 0)
		return bl_error_set(err, BL_SYSTEM, "cannot ask about a program: %m");
	n = info.nr_func_info;
	functions = calloc(n != 0 ? n : 1, sizeof(*functions));
	if (!functions)
		return bl_error_set(err, BL_SYSTEM, "out of memory");
	info = (struct bpf_prog_info){.nr_func_info = n, .func_info_rec_size = sizeof(*functions), .func_info = (uintptr_t)functions};
	r = bpf_obj_get_info_by_fd(prog, &info, &len);
	if (r < 0)
		r = bl_error_set(err, BL_SYSTEM, "cannot ask about a program's functions: %m");
	memset(ret, 0, NPARTS * sizeof(ret[0]));
	for (uint32_t i = 0; r == 0 && i < n; i++) {
		const struct btf_type *t = btf__type_by_id(btf, functions[i].type_id);
		size_t part = t ? part_number(btf__name_by_offset(btf, t->name_off)) : NPARTS;

		if (part < NPARTS)
			ret[part] = functions[i].type_id;
	}
	free(functions);
	return r;
}

/* ---- load ---- */

/* For each part that is not pinned a program that has its function, -1: none. Returns how many there are. */
static int targets_find(const struct bpf_object *obj, int ret[NPARTS], struct bl_error *err)
{
	struct bpf_program *prog;
	int n = 0, r = 0;

	for (size_t i = 0; i < NPARTS; i++)
		ret[i] = -1;
	bpf_object__for_each_program(prog, obj)
	{
		uint32_t ids[NPARTS];

		if (r < 0 || !bpf_program__autoload(prog))
			continue;
		r = functions_of(obj, bpf_program__fd(prog), ids, err);
		for (size_t i = 0; r == 0 && i < NPARTS; i++) {
			if (ids[i] == 0 || ret[i] >= 0 || bl_pins_has("parts/%s", part_names[i]))
				continue;
			ret[i] = bpf_program__fd(prog);
			n++;
		}
	}
	return r < 0 ? r : n;
}

/* The part that a program is; its section says so. */
static size_t part_of(const struct bpf_program *prog)
{
	const char *section = bpf_program__section_name(prog), *slash = strchr(section, '/');

	return slash ? part_number(slash + 1) : NPARTS;
}

static int part_pin(const struct bpf_program *prog, struct bl_error *err)
{
	char path[PATH_MAX];
	int r;

	bl_pins_path(path, "parts/%s", part_names[part_of(prog)]);
	r = bpf_obj_pin(bpf_program__fd(prog), path);
	return r < 0 ? bl_error_set(err, BL_SYSTEM, "cannot pin %s: %s", path, strerror(-r)) : 0;
}

static int load_skeleton(struct parts *skel, uint32_t words, const int targets[NPARTS], struct bl_error *err)
{
	struct bpf_program *prog;
	int r = bl_object_fit(skel->obj, words, true, err);

	skel->rodata->bl_word_last = words - 1;
	bpf_object__for_each_program(prog, skel->obj)
	{
		size_t i = part_of(prog);

		if (r < 0)
			return r;
		if (i == NPARTS)
			return bl_error_set(err, BL_SYSTEM, "the program %s is no part: this enforcer was built wrongly", bpf_program__name(prog));
		(void)bpf_program__set_autoload(prog, targets[i] >= 0);
		if (targets[i] >= 0 && bpf_program__set_attach_target(prog, targets[i], part_names[i]) < 0)
			r = bl_error_set(err, BL_SYSTEM, "cannot tell libbpf where %s belongs: %m", part_names[i]);
	}
	if (r == 0)
		r = parts__load(skel);
	if (r < 0)
		return bl_error_set(err, BL_SYSTEM, "the kernel refuses the BPF programs: %s", strerror(-r));
	bpf_object__for_each_program(prog, skel->obj) if (r == 0 && bpf_program__autoload(prog)) r = part_pin(prog, err);
	return r;
}

int bl_parts_load(const struct bpf_object *obj, uint32_t words, struct bl_error *err)
{
	int targets[NPARTS], r = targets_find(obj, targets, err);
	struct parts *skel;

	if (r <= 0)
		return r;
	skel = parts__open();
	if (!skel)
		return bl_error_set(err, BL_SYSTEM, "cannot open the BPF object in this program: %m");
	r = load_skeleton(skel, words, targets, err);
	parts__destroy(skel);
	return r;
}

/* ---- join ---- */

static int join_one(const char *hook, int prog, const char *part, uint32_t btf_id, struct bl_error *err)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .target_btf_id = btf_id);
	int fd = bl_pins_open("parts/%s", part), link, r;
	char path[PATH_MAX];

	if (fd < 0)
		return bl_error_set(err, BL_SYSTEM, "cannot open %s/parts/%s: %m", BL_PIN_DIR, part);
	link = bpf_link_create(fd, prog, 0, &opts);
	(void)close(fd);
	if (link < 0)
		return bl_error_set(err, BL_SYSTEM, "cannot put %s in its place in the program %s: %s", part, hook, strerror(-link));
	bl_pins_path(path, "joins/%s-%s", hook, part);
	r = bpf_obj_pin(link, path);
	(void)close(link);
	return r < 0 ? bl_error_set(err, BL_SYSTEM, "cannot pin %s: %s", path, strerror(-r)) : 0;
}

/* Pins of a program that is not pinned itself are those of an interrupted load. */
static int join_all(const char *hook, int prog, const uint32_t ids[NPARTS], struct bl_error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < NPARTS; i++) {
		r = bl_pins_remove(err, "joins/%s-%s", hook, part_names[i]);
		if (r == 0 && ids[i] != 0)
			r = join_one(hook, prog, part_names[i], ids[i], err);
	}
	return r;
}

int bl_parts_join(const struct bpf_object *obj, struct bl_error *err)
{
	struct bpf_program *prog;
	int r = 0;

	bpf_object__for_each_program(prog, obj)
	{
		uint32_t ids[NPARTS];

		if (r < 0 || !bpf_program__autoload(prog))
			continue;
		r = functions_of(obj, bpf_program__fd(prog), ids, err);
		if (r == 0)
			r = join_all(bpf_program__name(prog), bpf_program__fd(prog), ids, err);
	}
	return r;
}
