/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks up the fixed parts of patterns below a root directory, one component after the other. */
#include "here.h"

#include <errno.h>
#include <string.h>

#include "alike.h"
#include "arena.h"
#include "glob.h"
#include "paths.h"
#include "text.h"
#include "walk.h"
#include "banned.h"

struct here {
	struct arena *arena;
	struct diags *diags;
	const char *root;
	const struct bl_tables *tables;
	struct bl_walk walk;
};

/* A name as a pattern that matches it alone. */
static const char *escaped(struct arena *a, const char *name)
{
	struct bl_buf b = BL_BUF_INIT;
	const char *s;

	bl_text_pattern(&b, name);
	if (b.failed)
		arena_oom();
	s = arena_strdup(a, bl_buf_text(&b));
	bl_buf_free(&b);
	return s;
}

/* A set that many rules use has each of its values reported once. */
static bool said_already(const struct here *h, const struct ir_pattern *p, const char *id)
{
	for (size_t i = 0; i < h->diags->n; i++) {
		const struct diag *d = h->diags->v[i];

		if (d->loc.file == p->loc.file && d->loc.line == p->loc.line && d->loc.col == p->loc.col &&
		    strcmp(d->id, id) == 0)
			return true;
	}
	return false;
}

static void say_link(const struct here *h, const struct ir_pattern *p, const char *dir, const struct glob_prefix *g)
{
	const char *tail = strrchr(g->text, '/');
	struct diag *d;

	if (said_already(h, p, "W-symlink"))
		return;
	d = diag_warning(h->diags, p->loc, "W-symlink", "'%s' goes through a symbolic link here: no name matches it",
			 arena_printf(h->arena, "%s%s", g->text, g->rest));
	diag_help(h->diags, d, "write %s%s%s", escaped(h->arena, dir), g->more ? escaped(h->arena, tail) : "", g->rest);
}

static void say_missing(const struct here *h, const struct ir_pattern *p, const char *name, int err)
{
	struct diag *d;

	if (said_already(h, p, "W-missing"))
		return;
	if (err != -ENOENT && err != -ENOTDIR) {
		d = diag_warning(h->diags, p->loc, "W-missing", "'%s' cannot be looked at here: %s", name, strerror(-err));
		if (err == -EACCES)
			diag_help(h->diags, d, "run policyc as root");
		return;
	}
	d = diag_warning(h->diags, p->loc, "W-missing", "'%s' does not exist here", name);
	diag_help(h->diags, d, "a pattern for what does not exist matches nothing");
}

/* The link is another name of what the policy says the same of. */
static bool is_harmless(const struct here *h, const struct ir_pattern *p, const char *name)
{
	return h->tables && bl_kind_is_name(p->kind) && bl_names_alike(h->tables, name, h->walk.done);
}

/* One alternative of a pattern. Returns true if something was said. */
static bool check_prefix(struct here *h, const struct ir_pattern *p, const struct glob_prefix *g,
			 const struct path_use *use)
{
	const char *dir = path_fixed(h->arena, g);
	struct bl_walk *w = &h->walk;
	int r = bl_walk_name(h->root, dir, g->more || use->follow, w);

	/* What the rule is for may be made later, but not the directory. */
	if (r == -ENOENT && !g->more && !use->must_exist && w->last)
		r = 0;
	if (r < 0)
		say_missing(h, p, r == -ENOENT || r == -ENOTDIR ? arena_strdup(h->arena, w->done) : dir, r);
	else if (strcmp(w->done, strcmp(dir, "/") == 0 ? "" : dir) != 0 && !is_harmless(h, p, dir))
		say_link(h, p, w->done, g);
	else
		return false;
	return true;
}

static void check_pattern(void *arg, const struct ir_pattern *p, const struct path_use *use)
{
	struct here *h = arg;

	for (const struct glob_prefix *g = glob_prefixes(h->arena, p->glob); g; g = g->next) {
		if (g->text[0] == '/' && check_prefix(h, p, g, use))
			return;
	}
}

void here_check(struct arena *arena, struct diags *diags, const struct ir *ir, const char *root, const struct bl_tables *t)
{
	struct here h = {.arena = arena, .diags = diags, .root = strcmp(root, "/") == 0 ? "" : root, .tables = t};

	paths_each(ir, check_pattern, &h);
}
