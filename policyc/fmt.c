/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lays out policy text from its tokens and comments. */
#include "fmt.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "parse.h"
#include "parser.h"
#include "banned.h"

#define FMT_COMMENT (-1)

/* A token or a comment. */
struct fmt_item {
	const char *text;
	uint32_t len;
	uint32_t line, end_line;
	int type;   /* T_* or FMT_COMMENT */
	bool alone; /* a comment on a line of its own */
	bool blank; /* a blank line comes before it */
};

struct fmt {
	struct arena_buf *out;
	struct fmt_item *v;
	size_t n;
	unsigned depth; /* blocks around what is being written */
	size_t column;	/* written to the present line */
};

/* One statement, up to its ';' or '{'. */
struct fmt_stmt {
	size_t from, end;
	bool broken;	 /* it needs more than one line */
	bool attributes; /* the last clause was one */
};

/* ---- items ---- */

static struct fmt_item fmt_item(const struct src_file *f, const struct src_loc *loc, int type)
{
	size_t from = src_offset(f, loc->line, loc->col);

	return (struct fmt_item){
		.text = f->text + from,
		.len = (uint32_t)(src_offset(f, loc->end_line, loc->end_col) - from),
		.line = loc->line,
		.end_line = loc->end_line,
		.type = type,
	};
}

static size_t fmt_count(const struct src_comment *c)
{
	size_t n = 0;

	for (; c; c = c->next)
		n++;
	return n;
}

/* The file's tokens and comments in the order of the text. */
static void fmt_items(struct fmt *m, struct arena *a, const struct src_file *f, const struct tokens *t)
{
	const struct src_comment *c = f->comments->first;
	size_t i = 0;

	m->v = arena_alloc(a, (t->n + fmt_count(c) + 1) * sizeof(*m->v));
	while (i < t->n || c) {
		struct fmt_item *it = &m->v[m->n++];

		/* nothing follows a comment on its line */
		if (c && (i == t->n || c->loc.line < t->v[i].loc.line)) {
			*it = fmt_item(f, &c->loc, FMT_COMMENT);
			it->alone = c->alone;
			c = c->next;
		} else {
			*it = fmt_item(f, &t->v[i].loc, t->v[i].type);
			i++;
		}
	}
}

/* ---- blank lines ---- */

/* A block of the file's own is set off, with the comments that stand directly above its head. */
static void fmt_set_off(struct fmt *m, size_t head)
{
	while (head > 0 && m->v[head - 1].alone && !m->v[head].blank)
		head--;
	if (head > 0)
		m->v[head].blank = true;
}

/* Which items at the beginning of a line have a blank line before them. */
static void fmt_mark_blanks(struct fmt *m)
{
	size_t head = SIZE_MAX;	   /* first token of the present statement */
	bool first = true;	   /* nothing but a '{' is before it */
	bool after_block = false;
	unsigned depth = 0;

	for (size_t i = 0; i < m->n; i++) {
		struct fmt_item *it = &m->v[i];

		if (it->type == T_CLOSE) {
			head = SIZE_MAX;
			first = false;
			after_block = --depth == 0;
			continue;
		}
		if (head == SIZE_MAX && (it->type != FMT_COMMENT || it->alone)) {
			it->blank = !first && (after_block || it->line > m->v[i - 1].end_line + 1);
			first = after_block = false;
		}
		if (it->type == FMT_COMMENT)
			continue;
		if (head == SIZE_MAX)
			head = i;
		if (it->type == T_OPEN && depth++ == 0)
			fmt_set_off(m, head);
		first = it->type == T_OPEN;
		if (it->type == T_OPEN || it->type == T_SEMICOLON)
			head = SIZE_MAX;
	}
}

/* ---- writing ---- */

/* Columns that bytes take: one for each character, if they are UTF-8. */
static size_t fmt_width(const struct fmt_item *it)
{
	size_t n = 0;

	for (uint32_t i = 0; i < it->len; i++)
		n += ((unsigned char)it->text[i] & 0xc0) != 0x80;
	return n;
}

static void fmt_put(struct fmt *m, const struct fmt_item *it)
{
	arena_buf_add(m->out, it->text, it->len);
	m->column += fmt_width(it);
}

static void fmt_spaces(struct fmt *m, size_t n)
{
	for (size_t i = 0; i < n; i++)
		arena_buf_add(m->out, " ", 1);
	m->column += n;
}

static void fmt_newline(struct fmt *m)
{
	arena_buf_add(m->out, "\n", 1);
	m->column = 0;
}

/* Ends a line, after the comment that stands behind it: returns the item after that. */
static size_t fmt_end_line(struct fmt *m, size_t next)
{
	if (next < m->n && m->v[next].type == FMT_COMMENT && !m->v[next].alone) {
		fmt_spaces(m, 2);
		fmt_put(m, &m->v[next++]);
	}
	fmt_newline(m);
	return next;
}

/* ---- statements ---- */

static bool fmt_is_condition(int type)
{
	return type == T_IF || type == T_UNLESS;
}

static bool fmt_is_attribute(int type)
{
	switch (type) {
	case T_MESSAGE:
	case T_TAG:
	case T_SEVERITY:
	case T_ERRNO:
	case T_QUIET:
	case T_ENTER:
	case T_LEAVE:
		return true;
	default:
		return false;
	}
}

static bool fmt_is_sign(int type)
{
	return type == T_SEMICOLON || type == T_COMMA || type == T_EQUALS || type == T_OPEN || type == T_CLOSE;
}

/* A word of the language, of whatever statement. */
static bool fmt_is_keyword(int type)
{
	return type != FMT_COMMENT && type != T_NAME && type != T_VALUE && type != T_STRING && !fmt_is_sign(type);
}

static size_t fmt_gap(const struct fmt_item *it)
{
	return it->type == T_COMMA || it->type == T_SEMICOLON ? 0 : it->type == FMT_COMMENT ? 2 : 1;
}

/* May the line end before item i, which is not the first of the statement? */
static bool fmt_may_break(const struct fmt *m, const struct fmt_stmt *s, size_t i)
{
	int type = m->v[i].type, before = m->v[i - 1].type;

	if (before == T_COMMA || fmt_is_condition(type) || fmt_is_attribute(type))
		return true;
	/* a word that begins statements is taken for one if it begins a line: see token.c */
	return i > s->from + 1 && fmt_is_keyword(type) && !fmt_is_keyword(before) && !token_starts_stmt(type);
}

/* Columns of what cannot be taken apart from item i on, without the space before it. */
static size_t fmt_piece_width(const struct fmt *m, const struct fmt_stmt *s, size_t i)
{
	size_t n = fmt_width(&m->v[i]);

	while (++i < s->end && m->v[i].type != FMT_COMMENT && !fmt_may_break(m, s, i))
		n += fmt_gap(&m->v[i]) + fmt_width(&m->v[i]);
	return n;
}

/* Must the line end before item i of a statement that has several lines? */
static bool fmt_must_break(const struct fmt *m, struct fmt_stmt *s, size_t i)
{
	const struct fmt_item *it = &m->v[i];
	bool after_attributes = s->attributes;

	if (m->v[i - 1].type == FMT_COMMENT || it->alone)
		return true;
	if (fmt_is_condition(it->type) || fmt_is_attribute(it->type))
		s->attributes = fmt_is_attribute(it->type);
	if (fmt_is_condition(it->type) || (fmt_is_attribute(it->type) && !after_attributes))
		return true;
	return it->type != FMT_COMMENT && fmt_may_break(m, s, i) && m->column + 1 + fmt_piece_width(m, s, i) > FMT_COLUMNS;
}

/* Does it need more than one line? A comment inside it ends a line. */
static bool fmt_is_long(const struct fmt *m, const struct fmt_stmt *s)
{
	size_t n = m->depth * FMT_INDENT + fmt_width(&m->v[s->from]);

	for (size_t i = s->from + 1; i < s->end; i++) {
		if (m->v[i].type == FMT_COMMENT)
			return true;
		n += fmt_gap(&m->v[i]) + fmt_width(&m->v[i]);
	}
	return n > FMT_COLUMNS;
}

static struct fmt_stmt fmt_stmt(const struct fmt *m, size_t from)
{
	struct fmt_stmt s = { .from = from, .end = from };
	int type;

	/* one without an end ends before a '}' or with the file */
	while (s.end < m->n && m->v[s.end].type != T_CLOSE) {
		type = m->v[s.end++].type;
		if (type == T_SEMICOLON || type == T_OPEN)
			break;
	}
	s.broken = fmt_is_long(m, &s);
	return s;
}

/* Writes a statement without the end of its last line; returns the item after it. */
static size_t fmt_write_stmt(struct fmt *m, size_t from)
{
	struct fmt_stmt s = fmt_stmt(m, from);

	fmt_spaces(m, m->depth * FMT_INDENT);
	fmt_put(m, &m->v[from]);
	for (size_t i = from + 1; i < s.end; i++) {
		const struct fmt_item *it = &m->v[i];

		if (s.broken && fmt_must_break(m, &s, i)) {
			fmt_newline(m);
			fmt_spaces(m, (m->depth + (it->type != T_OPEN)) * FMT_INDENT);
		} else {
			fmt_spaces(m, fmt_gap(it));
		}
		fmt_put(m, it);
	}
	if (m->v[s.end - 1].type != T_OPEN)
		return s.end;
	if (s.end < m->n && m->v[s.end].type == T_CLOSE)
		fmt_put(m, &m->v[s.end++]);
	else
		m->depth++;
	return s.end;
}

static void fmt_write(struct fmt *m)
{
	size_t i = 0;

	while (i < m->n) {
		const struct fmt_item *it = &m->v[i];

		if (it->blank)
			fmt_newline(m);
		if (it->type == FMT_COMMENT || it->type == T_CLOSE) {
			m->depth -= it->type == T_CLOSE;
			fmt_spaces(m, m->depth * FMT_INDENT);
			fmt_put(m, it);
			i++;
		} else {
			i = fmt_write_stmt(m, i);
		}
		i = fmt_end_line(m, i);
	}
}

/* ---- whole files ---- */

/* A file whose statements all belong inside a profile is one that profiles include. */
static enum parse_kind fmt_kind(struct arena *a, const struct src_file *f)
{
	enum parse_kind kind = PARSE_FILE;
	const struct ast_stmt *st;
	struct diags ds;

	diag_init(&ds, a);
	for (st = parse_file(a, &ds, f, PARSE_FILE)->first; st; st = st->next) {
		if (st->kind == AST_MISPLACED)
			kind = PARSE_BODY;
		else if (st->kind != AST_INCLUDE)
			return PARSE_FILE;
	}
	return kind;
}

static bool fmt_same(const struct fmt_item *x, const struct fmt_item *y)
{
	return x->type == y->type && x->len == y->len && memcmp(x->text, y->text, x->len) == 0;
}

/*
 * Reads the layout back. White space matters in a few words that mean nothing, such as one with a brace that nothing closes; they are
 * better not moved.
 */
static void fmt_check(const struct fmt *m, struct arena *a, const struct src_file *f, enum parse_kind kind, struct diags *ds)
{
	struct tokens tokens = { 0 };
	struct fmt again = { 0 };
	struct src_set srcs;
	const struct src_file *out;
	struct diags none;
	struct diag *d;
	size_t i = 0, from;

	src_init(&srcs, a);
	diag_init(&none, a);
	if (src_add(&srcs, f->name, m->out->s, m->out->len, NULL, &out) < 0) {
		d = diag_error(ds, src_loc_file(f), "E-limit", "'%s' would be too big in canonical layout", f->name);
		diag_help(ds, d, "the limit is %u bytes", LIMIT_FILE_BYTES);
		return;
	}
	parse_file_tokens(a, &none, out, kind, &tokens);
	fmt_items(&again, a, out, &tokens);
	while (i < m->n && i < again.n && fmt_same(&m->v[i], &again.v[i]))
		i++;
	if (i == m->n && i == again.n && none.nerrors == 0)
		return;
	from = i < m->n ? (size_t)(m->v[i].text - f->text) : f->len;
	d = diag_error(ds, src_loc_at(f, from, i < m->n ? from + m->v[i].len : from), "E-layout",
		       "in canonical layout this would be read differently");
	diag_help(ds, d, "nothing was changed; 'policyc check' says what is wrong with it");
}

int fmt_text(const struct src_file *f, struct diags *ds, struct arena_buf *ret)
{
	struct arena *a = ret->arena;
	struct arena_buf out = { .arena = a };
	enum parse_kind kind = fmt_kind(a, f);
	struct fmt m = { .out = &out };
	struct tokens tokens = { 0 };
	size_t before = ds->nerrors;

	arena_buf_str(&out, "");
	parse_file_tokens(a, ds, f, kind, &tokens);
	if (ds->nerrors == before) {
		fmt_items(&m, a, f, &tokens);
		fmt_mark_blanks(&m);
		fmt_write(&m);
		fmt_check(&m, a, f, kind, ds);
	}
	if (ds->nerrors == before)
		arena_buf_add(ret, out.s, out.len);
	return ds->nerrors - before > INT_MAX ? INT_MAX : (int)(ds->nerrors - before);
}
