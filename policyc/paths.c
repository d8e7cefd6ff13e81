/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the patterns of a policy that are about names of the file system, and what they begin with. */
#include "paths.h"

#include <stdlib.h>
#include <string.h>

#include "alike.h"
#include "arena.h"
#include "buf.h"
#include "text.h"
#include "banned.h"

/*
 * Operations that act on a name itself; all others on what a symbolic link at its end leads to. A socket is accepted on the name that
 * bind gave it.
 */
#define NAME_OPS                                                                                                       \
	(BL_OP_BIT(BL_OP_CREATE) | BL_OP_BIT(BL_OP_DELETE) | BL_OP_BIT(BL_OP_RENAME) | BL_OP_BIT(BL_OP_LINK) |         \
	 BL_OP_BIT(BL_OP_MKNOD) | BL_OP_BIT(BL_OP_BIND) | BL_OP_BIT(BL_OP_ACCEPT))
#define CODE_OPS (BL_OP_BIT(BL_OP_EXEC) | BL_OP_BIT(BL_OP_MAP))

/* Names of sockets may be no paths, and those of mounts may be left out. */
static bool is_path(const struct ir_pattern *p)
{
	if (p->any || !p->glob || (p->glob[0] != '/' && p->glob[0] != '{' && p->glob[0] != '\\'))
		return false;
	switch (p->kind) {
	case BL_KEY_PATH:
	case BL_KEY_EXE:
	case BL_KEY_SCRIPT:
	case BL_KEY_ANCESTOR:
	case BL_KEY_UNIX:
	case BL_KEY_SYS:
		return !(p->loc.file && p->loc.file->built_in);
	default:
		return false;
	}
}

static void each_of(const struct ir_term *t, const struct path_use *use, path_fn *fn, void *arg)
{
	for (size_t i = 0; i < t->npatterns; i++)
		if (is_path(&t->patterns[i]))
			fn(arg, &t->patterns[i], use);
}

static void each_object(const struct ir_rule *r, path_fn *fn, void *arg)
{
	for (size_t i = 0; i < r->object.npatterns; i++) {
		const struct ir_pattern *p = &r->object.patterns[i];
		uint64_t ops = (p->ops ? p->ops : r->ops) & bl_kind_ops(p->kind);
		struct path_use use = {.must_exist = ops & CODE_OPS, .follow = ops & ~NAME_OPS};

		if (is_path(p))
			fn(arg, p, &use);
	}
}

void paths_each(const struct ir *ir, path_fn *fn, void *arg)
{
	const struct path_use program = {.must_exist = true, .follow = true};

	for (size_t i = 0; i < ir->natoms; i++)
		each_of(&ir->atoms[i].term, &program, fn, arg);
	for (size_t i = 0; i < ir->nrules; i++)
		each_object(&ir->rules[i], fn, arg);
}

const char *path_fixed(struct arena *arena, const struct glob_prefix *g)
{
	const char *slash = strrchr(g->text, '/');

	if (!g->more)
		return g->text;
	return slash ? arena_strndup(arena, g->text, (size_t)(slash - g->text)) : "";
}

/* ---- all of a policy ---- */

struct found {
	struct arena *arena;
	struct path_prefix *v;
	size_t n, cap;
};

/* The rest of a pattern after its directory, as it could be written. */
static const char *rest_of(struct arena *arena, const struct glob_prefix *g)
{
	const char *slash = strrchr(g->text, '/'), *s;
	struct bl_buf b = BL_BUF_INIT;

	if (!g->more || !slash)
		return "";
	bl_text_pattern(&b, slash);
	bl_buf_str(&b, g->rest);
	if (b.failed)
		arena_oom();
	s = arena_strdup(arena, bl_buf_text(&b));
	bl_buf_free(&b);
	return s;
}

static void add(void *arg, const struct ir_pattern *p, const struct path_use *use)
{
	struct found *all = arg;

	for (const struct glob_prefix *g = glob_prefixes(all->arena, p->glob); g; g = g->next) {
		const char *path = path_fixed(all->arena, g);

		if (path[0] != '/' || path[1] == '\0')
			continue;
		all->v = arena_more(all->arena, all->v, all->n, &all->cap, sizeof(*all->v));
		all->v[all->n++] = (struct path_prefix){.path = path,
							.rest = rest_of(all->arena, g),
							.follow = g->more || use->follow,
							.name = bl_kind_is_name(p->kind),
							.loc = p->loc};
	}
}

static int compare_places(const void *x, const void *y)
{
	const struct path_prefix *a = x, *b = y;
	uint32_t fa = a->loc.file ? a->loc.file->order : 0, fb = b->loc.file ? b->loc.file->order : 0;

	if (fa != fb)
		return fa < fb ? -1 : 1;
	if (a->loc.line != b->loc.line)
		return a->loc.line < b->loc.line ? -1 : 1;
	if (a->loc.col != b->loc.col)
		return a->loc.col < b->loc.col ? -1 : 1;
	return strcmp(a->path, b->path);
}

/* Of a path that stands for itself in one rule and for what it leads to in another, the latter asks for more. */
static int compare_paths(const void *x, const void *y)
{
	const struct path_prefix *a = x, *b = y;
	int r = strcmp(a->path, b->path);

	if (r != 0)
		return r;
	return a->follow != b->follow ? b->follow - a->follow : compare_places(a, b);
}

const struct path_prefix *path_prefixes(struct arena *arena, const struct ir *ir, size_t *ret_n)
{
	struct found all = {.arena = arena};
	size_t n = 0;

	paths_each(ir, add, &all);
	if (all.n > 0)
		qsort(all.v, all.n, sizeof(*all.v), compare_paths);
	for (size_t i = 0; i < all.n; i++)
		if (n == 0 || strcmp(all.v[n - 1].path, all.v[i].path) != 0)
			all.v[n++] = all.v[i];
		else
			all.v[n - 1].name &= all.v[i].name;
	if (n > 0)
		qsort(all.v, n, sizeof(*all.v), compare_places);
	*ret_n = n;
	return all.v;
}
