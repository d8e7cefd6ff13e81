/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between scanner and grammar: counts braces, and supplies the brace or semicolon that is missing, so that one mistake
 * is one message and what follows it is still understood.
 */
#include "parser.h"

#include <string.h>

#include "arena.h"
#include "parse.h"
#include "banned.h"

bool token_starts_stmt(int type)
{
	switch (type) {
	case T_INCLUDE:
	case T_SET:
	case T_PROFILE:
	case T_SUBJECT:
	case T_MODE:
	case T_DEFAULT:
	case T_INHERIT:
	case T_ALLOW:
	case T_DENY:
	case T_KILL:
	case T_LOG:
	case T_TEST:
	case T_ASSERT:
	case T_AS:
	case T_EXPECT:
		return true;
	default:
		return false;
	}
}

bool token_opens_block(int type)
{
	return type == T_PROFILE || type == T_TEST || type == T_NAME;
}

static struct token token_hold(struct parse *p, struct token t, int deliver)
{
	p->held = t;
	p->is_held = true;
	t.type = deliver;
	return t;
}

static struct token token_end(struct parse *p)
{
	return (struct token){.loc = src_loc_at(p->file, p->file->len, p->file->len)};
}

static struct token token_open(struct parse *p, struct token t)
{
	if (p->depth == LIMIT_NESTING) {
		struct diag *d = diag_error(p->diags, t.loc, "E-limit", "braces are nested too deeply");

		diag_help(p->diags, d, "the limit is %u", LIMIT_NESTING);
		p->stopped = true;
		return token_end(p);
	}
	p->open[p->depth++] = t.loc;
	return t;
}

static bool token_can_end(int type)
{
	return type == T_NAME || type == T_VALUE || type == T_STRING || type == T_QUIET || type == T_LEAVE ||
	       type == T_DESCENDANT;
}

/* t cannot go on with the statement that the last token could have ended. */
static bool token_semicolon_missing(const struct parse *p, const struct token *t)
{
	bool new_line = t->loc.line > p->last.loc.end_line;

	if (p->stmt == 0 || token_opens_block(p->stmt) || !token_can_end(p->last.type))
		return false;
	if (t->type == 0 || t->type == T_CLOSE)
		return true;
	if (t->type == T_NAME && p->stmt != T_ASSERT && p->stmt != T_AS)
		return new_line && (p->last.type == T_VALUE || p->last.type == T_STRING);
	return new_line && token_starts_stmt(t->type);
}

/* `profile NAME` and then a statement. */
static bool token_open_missing(const struct parse *p, const struct token *t)
{
	return p->stmt == T_PROFILE && p->prev.type == T_PROFILE && token_can_end(p->last.type) &&
	       token_starts_stmt(t->type);
}

/* Says that a sign is missing after the last token, and delivers it before t. */
static struct token token_insert(struct parse *p, struct token t, int type, const char *sign)
{
	struct diag *d;

	d = diag_error(p->diags, p->last.loc, "E-syntax", "missing '%s' after %s", sign, syntax_show(p, &p->last));
	if (type == T_SEMICOLON)
		diag_help(p->diags, d, "a statement ends with ';'");
	p->owed = type == T_SEMICOLON && t.type == T_CLOSE;
	t = token_hold(p, t, type);
	t.word = NULL;
	t.loc = p->last.loc;
	t.loc.line = t.loc.end_line;
	t.loc.col = t.loc.end_col;
	return type == T_OPEN ? token_open(p, t) : t;
}

/* The text ends, or another profile begins, inside a block. */
static struct token token_close_missing(struct parse *p, struct token t)
{
	struct diag *d;

	if (p->skipped)
		p->closing = true; /* the block that was passed over may have taken this one's '}' */
	if (p->closing) {
		; /* said already */
	} else if (t.type == 0) {
		diag_error(p->diags, p->open[p->depth - 1], "E-syntax", "this '{' is never closed");
	} else {
		d = diag_error(p->diags, t.loc, "E-syntax", "missing '}' before 'profile'");
		diag_help(p->diags, d, "profiles do not nest");
		diag_note(p->diags, d, p->open[p->depth - 1], "the block begins here");
	}
	if (!p->closing && t.type != 0)
		p->spare++;
	p->closing = true;
	p->depth--;
	p->skipped &= p->depth > 0;
	return token_hold(p, t, T_CLOSE);
}

/* A block that belongs to nothing known: passes over it, its '{' has been delivered. Its end stands for a ';'. */
static struct token token_skip_block(struct parse *p)
{
	unsigned depth = 1;
	struct token t;

	p->skip_block = false;
	do {
		t = lex_raw(p);
		if (t.type == T_OPEN)
			depth++;
		else if (t.type == T_CLOSE)
			depth--;
	} while (depth > 0 && t.type != 0 && !p->stopped);
	p->depth--;
	p->stmt = 0;
	p->skipped = true;
	if (t.type != 0)
		t = lex_raw(p);
	return t.type == T_SEMICOLON ? t : token_hold(p, t, T_SEMICOLON);
}

/* A token that only repeats a mistake: a second '{', which is said here, and those after it; a ';' after '}' that was missed before it. */
static bool token_is_spare(struct parse *p, const struct token *t, bool said)
{
	bool owed = p->owed && p->last.type == T_CLOSE;

	if (t->type == T_OPEN && p->last.type == T_OPEN && p->open_stmt == T_PROFILE) {
		if (!said)
			diag_error(p->diags, t->loc, "E-syntax", "a second '{'");
		p->spare++;
		return true;
	}
	if (p->last.type == T_CLOSE)
		p->owed = false;
	return owed && t->type == T_SEMICOLON;
}

static struct token token_fetch(struct parse *p)
{
	bool again = false;
	struct token t;

	if (p->stopped || p->diags->nerrors >= LIMIT_DIAGS_KEPT) {
		p->stopped = true;
		return token_end(p);
	}
	if (p->skip_block)
		return token_skip_block(p);
	if (p->put_semicolon) {
		p->put_semicolon = false;
		return token_hold(p, p->last, T_SEMICOLON);
	}
	for (;;) {
		t = p->is_held ? p->held : lex_raw(p);
		if (token_is_spare(p, &t, again)) {
			p->is_held = false;
			again = true;
			continue;
		}
		if (token_semicolon_missing(p, &t))
			return token_insert(p, t, T_SEMICOLON, ";");
		if (token_open_missing(p, &t))
			return token_insert(p, t, T_OPEN, "{");
		if (p->depth > 0 && (t.type == 0 || (t.type == T_PROFILE && p->stmt == 0)))
			return token_close_missing(p, t);
		p->is_held = p->closing = false;
		if (t.type == T_OPEN)
			return token_open(p, t);
		if (t.type != T_CLOSE)
			return t;
		if (p->depth > 0) {
			p->depth--;
			p->skipped &= p->depth > 0;
			return t;
		}
		if (p->spare > 0)
			p->spare--;
		else
			diag_error(p->diags, t.loc, "E-syntax", "'}' without a '{' before it");
	}
}

/* After `to` a word about processes begins a peer; anywhere else it is a name. */
static int token_after_to(const struct token *t)
{
	static const struct {
		const char *word;
		int type;
	} words[] = {
		{"exe", T_TERM},     {"script", T_TERM}, {"user", T_TERM},	{"group", T_TERM},
		{"login", T_TERM},   {"cgroup", T_TERM}, {"capability", T_TERM}, {"unit", T_TERM},
		{"ancestor", T_TERM}, {"any", T_TERM},	  {"container", T_TERM}, {"same", T_SAME},
		{"descendant", T_DESCENDANT},
	};

	for (size_t i = 0; t->type == T_NAME && i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i].word, t->word->text) == 0)
			return words[i].type;
	}
	return t->type;
}

static struct token token_start(struct parse *p)
{
	struct token t = {.type = p->start, .loc = src_loc_at(p->file, 0, 0)};

	p->start = 0;
	return t;
}

static void token_keep(struct parse *p, const struct token *t)
{
	struct tokens *k = p->kept;

	k->v = arena_more(p->arena, k->v, k->n, &k->cap, sizeof(*k->v));
	k->v[k->n++] = *t;
}

struct token token_next(struct parse *p)
{
	struct token t;

	if (p->start != 0)
		return token_start(p);
	t = token_fetch(p);
	if (p->last.type == T_TO)
		t.type = token_after_to(&t);
	if (t.type == T_OPEN)
		p->open_stmt = p->stmt;
	if (t.type == T_SEMICOLON || t.type == T_OPEN || t.type == T_CLOSE)
		p->stmt = 0;
	else if (p->stmt == 0)
		p->stmt = t.type;
	p->prev = p->last;
	p->last = t;
	if (p->kept && t.type != 0)
		token_keep(p, &t);
	return t;
}
