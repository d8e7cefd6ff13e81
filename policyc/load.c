/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads and parses policy files with what they include: found relative to the including file or else in the directories of
 * the search path, never in a circle.
 */
#include "load.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "bounds.h"
#include "parser.h"
#include "banned.h"

static void load_includes(struct compile *c, struct ast_block *b, const struct src_file *f, enum parse_kind kind);

static int load_read(struct compile *c, const char *name, const struct src_loc *at, const struct src_file **ret)
{
	if (!c->texts)
		return src_read(&c->srcs, name, at, ret);
	for (size_t i = 0; i < c->ntexts; i++) {
		if (strcmp(c->texts[i].name, name) == 0)
			return src_add(&c->srcs, name, c->texts[i].bytes, c->texts[i].len, at, ret);
	}
	src_add(&c->srcs, name, "", 0, at, ret);
	return -ENOENT;
}

void load_failed(struct compile *c, const char *name, int r, struct src_loc loc)
{
	struct diag *d;

	if (r == -EFBIG) {
		d = diag_error(&c->diags, loc, "E-limit", "'%s' is too big", name);
		diag_help(&c->diags, d, "the limit is %u bytes, and %u for all files together", LIMIT_FILE_BYTES,
			  LIMIT_TOTAL_BYTES);
	} else {
		diag_error(&c->diags, loc, "E-read", "'%s' cannot be read: %s", name, strerror(-r));
	}
}

/* A file that was read as a policy before is the same policy; true: it was, or false and it is remembered. */
static bool load_was_read(struct compile *c, const struct src_file *f)
{
	for (size_t i = 0; i < c->nonce; i++) {
		if (src_same(c->once[i], f))
			return true;
	}
	c->once = arena_more(&c->arena, c->once, c->nonce, &c->once_cap, sizeof(*c->once));
	c->once[c->nonce++] = f;
	return false;
}

static struct ast_block *load_parse(struct compile *c, const struct src_file *f, enum parse_kind kind)
{
	struct ast_block *b;

	if (kind == PARSE_FILE && load_was_read(c, f))
		return NULL;
	b = parse_file(&c->arena, &c->diags, f, kind);
	load_includes(c, b, f, kind);
	return b;
}

/* False: there is no such file. Whatever else is wrong with it, reading it will say. */
static bool load_exists(const struct compile *c, const char *name)
{
	struct stat st;

	for (size_t i = 0; i < c->ntexts; i++) {
		if (strcmp(c->texts[i].name, name) == 0)
			return true;
	}
	return !c->texts && (stat(name, &st) == 0 || (errno != ENOENT && errno != ENOTDIR));
}

/* The i-th name that an include in f may mean: relative to the directory of f, then to those of the search path. */
static const char *load_candidate(struct compile *c, const struct src_file *f, const char *name, size_t i)
{
	const char *slash = strrchr(f->name, '/'), *dir;

	if (i == 0)
		return slash ? arena_printf(&c->arena, "%.*s%s", (int)(slash + 1 - f->name), f->name, name) : name;
	dir = c->dirs[i - 1];
	return arena_printf(&c->arena, "%s%s%s", dir, dir[strlen(dir) - 1] == '/' ? "" : "/", name);
}

/* The file that is meant by a name in an include. NULL: there is none, which has been said. */
static const char *load_find(struct compile *c, const struct src_file *f, const struct ast_word *w)
{
	struct arena_buf looked = {.arena = &c->arena};
	struct diag *d;

	if (w->text[0] == '/')
		return w->text;
	for (size_t i = 0; i <= c->ndirs; i++) {
		const char *name = load_candidate(c, f, w->text, i);

		if (load_exists(c, name))
			return name;
		arena_buf_str(&looked, i == 0 ? "" : i == c->ndirs ? " and " : ", ");
		arena_buf_str(&looked, name);
	}
	d = diag_error(&c->diags, w->loc, "E-read", "there is no file '%s' to include", w->text);
	diag_help(&c->diags, d, "looked for %s%s", looked.s, c->ndirs ? "" : "; -I DIR searches more directories");
	return NULL;
}

/* Room for one more file? */
static bool load_check_count(struct compile *c, struct src_loc loc)
{
	struct diag *d;

	if (c->srcs.n < LIMIT_FILES)
		return true;
	d = diag_error(&c->diags, loc, "E-limit", "too many files");
	diag_help(&c->diags, d, "the limit is %u", LIMIT_FILES);
	return false;
}

/* Room for one more file in the chain that ends with f? */
static bool load_check_depth(struct compile *c, const struct src_file *f, struct src_loc loc)
{
	unsigned depth = 0;
	struct diag *d;

	for (const struct src_file *p = f; p; p = p->parent)
		depth++;
	if (depth < LIMIT_INCLUDE_DEPTH)
		return load_check_count(c, loc);
	d = diag_error(&c->diags, loc, "E-limit", "files include files too deeply");
	diag_help(&c->diags, d, "the limit is %u", LIMIT_INCLUDE_DEPTH);
	return false;
}

/* f is the file itself, read again or not, that one of its parents is. */
static void load_say_circle(struct compile *c, const struct src_file *f, struct src_loc loc)
{
	const struct src_file *p = f->parent;
	struct diag *d;

	while (!src_same(p, f))
		p = p->parent;
	d = diag_error(&c->diags, loc, "E-include", "'%s' includes itself", p->name);
	for (const struct src_file *q = f->parent; q != p; q = q->parent) {
		size_t at = q->parent->lines[q->parent_line - 1];

		diag_note(&c->diags, d, src_loc_at(q->parent, at, at), "'%s' is included here", q->name);
	}
}

static void load_include(struct compile *c, struct ast_stmt *st, const struct src_file *f, enum parse_kind kind)
{
	struct src_loc loc = st->word->loc;
	const struct src_file *next;
	const char *name;
	int r;

	st->broken = true; /* until it is read */
	if (st->word->text[0] == '\0' || strchr(st->word->text, '\\')) {
		diag_error(&c->diags, loc, "E-include", "this cannot be the name of a file");
		return;
	}
	if (!load_check_depth(c, f, loc))
		return;
	name = load_find(c, f, st->word);
	if (!name)
		return;
	r = load_read(c, name, &loc, &next);
	if (r == -EDEADLK)
		load_say_circle(c, next, loc);
	else if (r < 0)
		load_failed(c, name, r, loc);
	else
		st->body = load_parse(c, next, kind);
	st->broken = r < 0;
}

static void load_includes(struct compile *c, struct ast_block *b, const struct src_file *f, enum parse_kind kind)
{
	for (struct ast_stmt *st = b->first; st; st = st->next) {
		if (st->kind == AST_INCLUDE)
			load_include(c, st, f, kind);
		else if (st->body)
			load_includes(c, st->body, f, PARSE_BODY);
	}
}

struct ast_block *load_policy(struct compile *c, const char *name)
{
	const struct src_file *f;
	int r;

	if (!load_check_count(c, (struct src_loc){0}))
		return NULL;
	r = load_read(c, name, NULL, &f);
	if (r < 0) {
		load_failed(c, name, r, src_loc_file(f));
		c->unreadable |= r != -EFBIG;
		return NULL;
	}
	return load_parse(c, f, PARSE_FILE);
}
