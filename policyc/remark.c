/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the remarks in comments, the statements that they stand beside, and the warnings that they silence. */
#include "remark.h"

#include <string.h>

#include "ast.h"
#include "nearest.h"
#include "banned.h"

/* Every warning, and when it can be silenced. */
enum remark_when { NEVER, ALWAYS, HERE /* it is only given with --here */ };
static const struct {
	const char *id;
	enum remark_when when;
} warnings[] = {
	{"W-allow", NEVER},	   {"W-contradicted", ALWAYS}, {"W-copy", ALWAYS},	  {"W-duplicate", ALWAYS},
	{"W-empty", NEVER},	   {"W-empty-profile", ALWAYS}, {"W-empty-rule", ALWAYS}, {"W-impossible", ALWAYS},
	{"W-lockout", ALWAYS},	   {"W-missing", HERE},	       {"W-no-network", ALWAYS},  {"W-no-tests", NEVER},
	{"W-shadowed", ALWAYS},
	{"W-shell", ALWAYS},	   {"W-symlink", HERE},	       {"W-too-complex", NEVER},  {"W-unused-set", ALWAYS},
	{"W-weak-glob", ALWAYS},   {"W-write-exec", ALWAYS},
};
#define WARNINGS (sizeof(warnings) / sizeof(warnings[0]))

/* One ID of a remark. */
struct remark {
	const struct src_comment *comment;
	struct src_loc loc; /* of the ID */
	const char *id;	    /* of warnings[] */
	bool here;
	bool used;
};

struct remarks {
	struct compile *c;
	struct remark *v;
	size_t n, cap;
	const struct ast_stmt **stmts; /* of all files, outer ones first */
	size_t nstmts, stmts_cap;
};

static struct diag *remark_bad(struct remarks *r, struct src_loc loc, const char *text, const char *help)
{
	struct diag *d = diag_warning(&r->c->diags, loc, "W-allow", "%s", text);

	diag_help(&r->c->diags, d, "%s", help);
	return d;
}

static void remark_unknown(struct remarks *r, struct src_loc loc, const char *id)
{
	struct nearest near;
	struct arena *a = &r->c->arena;

	nearest_init(&near, id);
	for (size_t i = 0; i < WARNINGS; i++)
		nearest_try(&near, warnings[i].id);
	if (strncmp(id, "E-", 2) == 0)
		remark_bad(r, loc, arena_printf(a, "'%.64s' cannot be silenced", id),
			   "only warnings can be");
	else
		remark_bad(r, loc, arena_printf(a, "no warning has the id '%.64s'", id),
			   near.best ? arena_printf(a, "did you mean '%s'?", near.best) : "policyc(1) lists them");
}

static void remark_id(struct remarks *r, const struct src_comment *c, struct src_loc loc, const char *id)
{
	size_t i = 0;

	while (i < WARNINGS && strcmp(warnings[i].id, id) != 0)
		i++;
	if (i == WARNINGS) {
		remark_unknown(r, loc, id);
		return;
	}
	if (warnings[i].when == NEVER) {
		remark_bad(r, loc, arena_printf(&r->c->arena, "'%s' cannot be silenced", id),
			   "it is about no statement of the policy");
		return;
	}
	r->v = arena_more(&r->c->arena, r->v, r->n, &r->cap, sizeof(*r->v));
	r->v[r->n++] = (struct remark){
		.comment = c,
		.loc = loc,
		.id = warnings[i].id,
		.here = warnings[i].when == HERE,
	};
}

/* The part of a comment from..end. */
static struct src_loc remark_loc(const struct src_comment *c, const char *from, const char *end)
{
	struct src_loc l = c->loc;

	l.col += (uint32_t)(from - c->text);
	l.end_col = l.col + (uint32_t)(end - from);
	return l;
}

static const char *skip_space(const char *s)
{
	return s + strspn(s, " \t");
}

/* Is it a remark? Returns what follows "policyc:". */
static const char *remark_begin(const struct src_comment *c)
{
	const char *s = skip_space(c->text + 1);

	return strncmp(s, "policyc:", 8) == 0 ? skip_space(s + 8) : NULL;
}

/* allow ID[, ID][: reason] */
static void remark_read(struct remarks *r, const struct src_comment *c)
{
	static const char help[] = "write '# policyc: allow W-ID, W-ID: reason'";
	const char *s = remark_begin(c), *end;

	if (!s)
		return;
	if (strncmp(s, "allow", 5) != 0 || skip_space(s + 5) == s + 5) {
		remark_bad(r, c->loc, "this remark is not understood", help);
		return;
	}
	for (s = skip_space(s + 5);; s = skip_space(end + 1)) {
		end = s + strcspn(s, ",: \t");
		if (end == s) {
			remark_bad(r, remark_loc(c, s, end), "the id of a warning is missing", help);
			return;
		}
		remark_id(r, c, remark_loc(c, s, end), arena_strndup(&r->c->arena, s, (size_t)(end - s)));
		end = skip_space(end);
		if (*end == '\0' || *end == ':')
			return;
		if (*end != ',') {
			remark_bad(r, remark_loc(c, end, end + strcspn(end, " \t,:")), "',' or ':' is missing", help);
			return;
		}
	}
}

static void add_statements(struct remarks *r, const struct ast_block *b)
{
	for (const struct ast_stmt *st = b->first; st; st = st->next) {
		r->stmts = arena_more(&r->c->arena, r->stmts, r->nstmts, &r->stmts_cap, sizeof(struct ast_stmt *));
		r->stmts[r->nstmts++] = st;
		if (st->body)
			add_statements(r, st->body);
	}
}

/* The line that a comment on a line of its own is about: the next that is no such comment. */
static uint32_t line_after(const struct src_comment *c)
{
	uint32_t line = c->loc.line + 1;

	for (; c->next && c->next->alone && c->next->loc.line == line; c = c->next)
		line++;
	return line;
}

static bool stands_beside(const struct src_comment *c, const struct ast_stmt *st)
{
	if (st->loc.file != c->loc.file)
		return false;
	if (c->alone && st->loc.line == line_after(c))
		return true;
	return st->loc.line == c->loc.line || st->loc.end_line == c->loc.line;
}

static bool loc_before(uint32_t line, uint32_t col, uint32_t line2, uint32_t col2)
{
	return line != line2 ? line < line2 : col < col2;
}

/* The innermost statement that a place lies in. */
static const struct ast_stmt *statement_of(const struct remarks *r, struct src_loc l)
{
	const struct ast_stmt *found = NULL;

	for (size_t i = 0; i < r->nstmts; i++) {
		const struct src_loc *s = &r->stmts[i]->loc;

		if (s->file == l.file && !loc_before(l.line, l.col, s->line, s->col) &&
		    loc_before(l.line, l.col, s->end_line, s->end_col))
			found = r->stmts[i];
	}
	return found;
}

static bool remark_silences(struct remarks *r, const struct diag *d)
{
	const struct ast_stmt *st = NULL;
	bool found = false;

	for (size_t i = 0; d->warning && i < r->n; i++) {
		struct remark *m = &r->v[i];

		if (m->comment->loc.file != d->loc.file || strcmp(m->id, d->id) != 0)
			continue;
		st = st ? st : statement_of(r, d->loc);
		if (st && stands_beside(m->comment, st))
			m->used = found = true;
	}
	return found;
}

/* The same ID of the same remark, in a file that is included more than once. */
static bool remark_same(const struct remark *a, const struct remark *b)
{
	return src_same(a->loc.file, b->loc.file) && a->loc.line == b->loc.line && a->loc.col == b->loc.col;
}

static bool remark_is_news(const struct remarks *r, size_t i)
{
	for (size_t k = 0; k < r->n; k++) {
		if (k != i && remark_same(&r->v[k], &r->v[i]) && (r->v[k].used || k < i))
			return false;
	}
	return true;
}

static void warn_useless(struct remarks *r)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct remark *m = &r->v[i];

		if (m->used || (m->here && !r->c->here) || !remark_is_news(r, i))
			continue;
		remark_bad(r, m->loc, arena_printf(&r->c->arena, "there is no %s here to silence", m->id),
			   "take the remark out; it silences warnings about the statement it stands beside");
	}
}

void remarks_apply(struct compile *c, struct ast_block *const *trees, size_t n)
{
	struct remarks r = {.c = c};
	struct diags *ds = &c->diags;
	bool all_known = ds->nerrors == 0 && ds->n == ds->nwarnings;
	size_t kept = 0, had = ds->n;

	for (size_t i = 0; i < c->srcs.n; i++) {
		for (const struct src_comment *m = c->srcs.files[i]->comments->first; m; m = m->next)
			remark_read(&r, m);
	}
	if (r.n == 0)
		return;
	for (size_t i = 0; i < n; i++)
		add_statements(&r, trees[i]);
	for (size_t i = 0; i < ds->n; i++) {
		if (i < had && remark_silences(&r, ds->v[i]))
			ds->nwarnings--;
		else
			ds->v[kept++] = ds->v[i];
	}
	ds->n = kept;
	if (all_known)
		warn_useless(&r);
}
