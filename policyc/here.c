/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks up the fixed parts of patterns below a root directory, one component after the other. */
#include "here.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "glob.h"
#include "banned.h"

#define MAX_LINKS 40 /* as many as the kernel follows */

/* Operations that act on a name itself; all others on what a symbolic link at its end leads to. */
#define NAME_OPS                                                                                                       \
	(BL_OP_BIT(BL_OP_CREATE) | BL_OP_BIT(BL_OP_DELETE) | BL_OP_BIT(BL_OP_RENAME) | BL_OP_BIT(BL_OP_LINK) |         \
	 BL_OP_BIT(BL_OP_MKNOD))
#define CODE_OPS (BL_OP_BIT(BL_OP_EXEC) | BL_OP_BIT(BL_OP_MAP))

struct here {
	struct arena *arena;
	struct diags *diags;
	const char *root;
};

/* What a pattern is for. */
struct here_use {
	bool must_exist; /* a name without wildcards is that of a program */
	bool follow;	 /* a link at the end of the name is followed */
};

/* A name on its way: what is resolved, "" being the root, and what is left, which begins with '/' or is empty. */
struct walk {
	const char *done, *left;
	unsigned links;
	bool last; /* what is looked at is the last component */
};

/* Goes on with the target of the link at `name`, of which the component was the last of w->done. */
static int walk_link(const struct here *h, struct walk *w, const char *name)
{
	char target[PATH_MAX];
	ssize_t n = readlink(name, target, sizeof(target) - 1);

	if (n < 0)
		return -errno;
	if (++w->links > MAX_LINKS)
		return -ELOOP;
	target[n] = '\0';
	if (target[0] == '/')
		w->done = "";
	w->left = arena_printf(h->arena, "%s%s%s", target[0] == '/' ? "" : "/", target, w->left);
	return 0;
}

static const char *parent_of(struct arena *a, const char *dir)
{
	const char *slash = strrchr(dir, '/');

	return slash ? arena_strndup(a, dir, (size_t)(slash - dir)) : "";
}

/* One component. */
static int walk_step(const struct here *h, struct walk *w, bool follow)
{
	const char *at = w->left + strspn(w->left, "/"), *name;
	size_t n = strcspn(at, "/");
	struct stat st;

	w->left = at + n;
	w->last = w->left[strspn(w->left, "/")] == '\0';
	if (n == 0 || (n == 1 && at[0] == '.'))
		return 0;
	if (n == 2 && memcmp(at, "..", 2) == 0) {
		w->done = parent_of(h->arena, w->done);
		return 0;
	}
	name = arena_printf(h->arena, "%s/%.*s", w->done, (int)n, at);
	if (lstat(arena_printf(h->arena, "%s%s", h->root, name), &st) < 0) {
		w->done = name;
		return -errno;
	}
	if (S_ISLNK(st.st_mode) && (follow || !w->last))
		return walk_link(h, w, arena_printf(h->arena, "%s%s", h->root, name));
	w->done = name;
	return 0;
}

/* Resolves a name. 0 or a negative errno; w->done is how far it came. */
static int walk_name(const struct here *h, const char *name, bool follow, struct walk *w)
{
	int r = 0;

	*w = (struct walk){.done = "", .left = name};
	while (r == 0 && w->left[0] != '\0')
		r = walk_step(h, w, follow);
	return r;
}

/* A name as a pattern that matches it alone. */
static const char *escaped(struct arena *a, const char *name)
{
	struct arena_buf b = {.arena = a};

	arena_buf_str(&b, "");
	for (; *name; name++) {
		if (strchr("*?[]{}\\,;\"=#$ ", *name))
			arena_buf_str(&b, "\\");
		arena_buf_add(&b, name, 1);
	}
	return b.s;
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

/* One alternative of a pattern. Returns true if something was said. */
static bool check_prefix(const struct here *h, const struct ir_pattern *p, const struct glob_prefix *g,
			 const struct here_use *use)
{
	const char *dir = g->more ? parent_of(h->arena, g->text) : g->text;
	struct walk w;
	int r = walk_name(h, dir, g->more || use->follow, &w);

	/* What the rule is for may be made later, but not the directory. */
	if (r == -ENOENT && !g->more && !use->must_exist && w.last)
		r = 0;
	if (r < 0)
		say_missing(h, p, r == -ENOENT || r == -ENOTDIR ? w.done : dir, r);
	else if (strcmp(w.done, strcmp(dir, "/") == 0 ? "" : dir) != 0)
		say_link(h, p, w.done, g);
	else
		return false;
	return true;
}

static void check_pattern(const struct here *h, const struct ir_pattern *p, const struct here_use *use)
{
	if (p->loc.file && p->loc.file->built_in)
		return;
	for (const struct glob_prefix *g = glob_prefixes(h->arena, p->glob); g; g = g->next) {
		if (check_prefix(h, p, g, use))
			return;
	}
}

void here_check(struct arena *arena, struct diags *diags, const struct ir *ir, const char *root)
{
	struct here h = {.arena = arena, .diags = diags, .root = strcmp(root, "/") == 0 ? "" : root};
	const struct here_use program = {.must_exist = true, .follow = true};

	for (size_t i = 0; i < ir->natoms; i++) {
		const struct ir_atom *a = &ir->atoms[i];

		for (size_t k = 0; (a->kind == BL_KEY_EXE || a->kind == BL_KEY_SCRIPT) && k < a->term.npatterns; k++)
			check_pattern(&h, &a->term.patterns[k], &program);
	}
	for (size_t i = 0; i < ir->nrules; i++) {
		const struct ir_rule *r = &ir->rules[i];
		struct here_use use = {.must_exist = r->ops & CODE_OPS, .follow = r->ops & ~NAME_OPS};

		for (size_t k = 0; k < r->object.npatterns; k++) {
			if (r->object.patterns[k].kind == BL_KEY_PATH && !r->object.patterns[k].any)
				check_pattern(&h, &r->object.patterns[k], &use);
		}
	}
}
