/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words the messages about syntax, and tells token.c how to go on after them. */
#include "parser.h"

#include <string.h>

#include "arena.h"
#include "nearest.h"
#include "parse.h"
#include "banned.h"

#define SHOWN_MAX 40

static bool syntax_expects(const char *const *expected, size_t n, const char *text)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(expected[i], text) == 0)
			return true;
	}
	return false;
}

/* What a token looks like in a message: its text in the file. */
const char *syntax_show(struct parse *p, const struct token *t)
{
	size_t from = src_offset(p->file, t->loc.line, t->loc.col);
	size_t n = src_offset(p->file, t->loc.end_line, t->loc.end_col) - from;
	const char *quote = t->type == T_STRING ? "" : "'", *cut = n > SHOWN_MAX ? "..." : "";

	if (t->type == 0)
		return "the end of the file";
	return arena_printf(p->arena, "%s%.*s%s%s", quote, n > SHOWN_MAX ? SHOWN_MAX : (int)n, p->file->text + from,
			    cut, quote);
}

static bool syntax_is_value(int type)
{
	return type == T_NAME || type == T_VALUE || type == T_STRING;
}

/* Is a token, in the middle of a line, a statement's first? Not if the statement ends at once. */
static bool syntax_begins(const struct parse *p, const struct token *t)
{
	const char *rest = p->file->text + src_offset(p->file, t->loc.end_line, t->loc.end_col);

	return token_starts_stmt(t->type) && rest[strspn(rest, " \t")] != ';' && rest[strspn(rest, " \t")] != ',';
}

/* A statement that should have ended before the token. */
static bool syntax_semicolon_missing(const struct parse *p, const char *const *expected, size_t n)
{
	if (!syntax_expects(expected, n, ";") || p->prev.type == 0)
		return false;
	return p->last.type == T_CLOSE || p->last.type == 0 || syntax_begins(p, &p->last) ||
	       p->last.loc.line > p->prev.loc.end_line;
}

/* "a, b or c"; keywords and signs in quotation marks, descriptions without. */
static const char *syntax_list(struct parse *p, const char *const *expected, size_t n)
{
	struct arena_buf b = {.arena = p->arena};

	for (size_t i = 0; i < n; i++) {
		bool literal = !strchr(expected[i], ' ');

		arena_buf_str(&b, i == 0 ? "" : i + 1 == n ? " or " : ", ");
		arena_buf_str(&b, literal ? "'" : "");
		arena_buf_str(&b, expected[i]);
		arena_buf_str(&b, literal ? "'" : "");
	}
	return b.s;
}

/* Words that are names too go without saying where a name is expected. Returns how many are left. */
static size_t syntax_plain(const char *const *expected, size_t n, const char **ret)
{
	static const char *const soft[] = {"fstype", "source", "target", "type", "protocol", "as", "expect", "never"};
	bool name = syntax_expects(expected, n, "a name");
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (!name || !syntax_expects(soft, sizeof(soft) / sizeof(soft[0]), expected[i]))
			ret[kept++] = expected[i];
	}
	return kept;
}

static void syntax_help(struct parse *p, struct diag *d, const char *const *all, size_t nall)
{
	const char **expected = arena_alloc(p->arena, (nall + 1) * sizeof(*expected));
	size_t n = syntax_plain(all, nall, expected);
	const struct token *t = &p->last;
	bool action =
		p->prev.type == T_ALLOW || p->prev.type == T_DENY || p->prev.type == T_KILL || p->prev.type == T_LOG;

	if (action && (t->type == T_VALUE || t->type == T_STRING))
		diag_help(p->diags, d, "an operation comes first, as in 'allow read %s'", t->word->text);
	else if (t->word && t->word->plain && t->type != T_NAME && syntax_expects(expected, n, "quoted text"))
		diag_help(p->diags, d, "it is a word of the language; as a name it is written \"%s\"", t->word->text);
	else if (t->type == T_SEMICOLON && p->prev.type == T_CLOSE)
		diag_help(p->diags, d, "no ';' follows a block");
	else if (p->stmt == T_NAME && t->type == T_OPEN)
		diag_help(p->diags, d, "no statement of this name has a block");
	else if (n > 0 && n <= 6)
		diag_help(p->diags, d, "expected %s", syntax_list(p, expected, n));
}

void syntax_error(struct parse *p, const char *const *expected, size_t n)
{
	const struct token *t = &p->last;
	struct diag *d;

	if (p->stopped)
		return;
	if (t->type == T_OPEN && (!token_opens_block(p->open_stmt) || p->depth > 1))
		p->skip_block = true;
	if (syntax_semicolon_missing(p, expected, n)) {
		d = diag_error(p->diags, p->prev.loc, "E-syntax", "missing ';' after %s", syntax_show(p, &p->prev));
		diag_help(p->diags, d, "a statement ends with ';'");
		p->put_semicolon = t->type != T_CLOSE && t->type != 0 && t->type != T_OPEN;
		return;
	}
	if (syntax_is_value(t->type) && syntax_is_value(p->prev.type) && syntax_expects(expected, n, ",")) {
		d = diag_error(p->diags, t->loc, "E-syntax", "missing ',' before %s", syntax_show(p, t));
		diag_help(p->diags, d, "%s", nearest_after_list(p->arena, t->word->text));
		return;
	}
	d = diag_error(p->diags, t->loc, "E-syntax", "unexpected %s", syntax_show(p, t));
	syntax_help(p, d, expected, n);
}
