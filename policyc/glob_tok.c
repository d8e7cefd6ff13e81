/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cuts globs into elements and multiplies their braces out. */
#include "glob_tok.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "bounds.h"
#include "banned.h"

static int cut_bad(struct word_error *err, const char *id, const char *text, const char *help, size_t off, size_t len)
{
	if (err)
		*err = (struct word_error){.id = id, .text = text, .help = help, .off = off, .len = len};
	return -EINVAL;
}

/* One byte of a class, with its backslash. Returns its length. */
static size_t class_byte(const char *s, uint8_t *ret)
{
	if (s[0] == '\\' && s[1] != '\0') {
		*ret = (uint8_t)s[1];
		return 2;
	}
	*ret = (uint8_t)s[0];
	return 1;
}

/* Calls for each range of the class whose text is s..end, first byte after '[' and '!'. */
static const char *class_range(const char *s, const char *end, uint8_t *lo, uint8_t *hi)
{
	s += class_byte(s, lo);
	*hi = *lo;
	if (end - s >= 2 && *s == '-') {
		s++;
		s += class_byte(s, hi);
	}
	return s;
}

void glob_class(const char *glob, const struct glob_tok *t, uint8_t bits[32])
{
	const char *s = glob + t->at + 1, *end = glob + t->at + t->len - 1;
	bool negate = *s == '!';
	uint8_t lo, hi;

	memset(bits, 0, 32);
	for (s += negate; s < end;) {
		s = class_range(s, end, &lo, &hi);
		for (unsigned b = lo; b <= hi; b++)
			bits[b / 8] |= (uint8_t)(1u << (b % 8));
	}
	for (unsigned i = 0; negate && i < 32; i++)
		bits[i] = (uint8_t)~bits[i];
	bits['/' / 8] &= (uint8_t) ~(1u << ('/' % 8));
}

static int class_check_ranges(struct arena *arena, const char *glob, size_t at, size_t end, struct word_error *err)
{
	const char *s = glob + at + 1 + (glob[at + 1] == '!');
	uint8_t lo, hi;

	while (s < glob + end) {
		const char *from = s;

		s = class_range(s, glob + end, &lo, &hi);
		if (lo > hi)
			return cut_bad(
				err, "E-glob-class",
				arena_printf(arena, "the range %.*s is the wrong way round", (int)(s - from), from),
				arena_printf(arena, "write %c-%c", hi, lo), (size_t)(from - glob), (size_t)(s - from));
	}
	return 0;
}

/* The class that begins at `at`; writes its length. */
static int class_cut(struct arena *arena, const char *glob, size_t at, size_t *ret_len, struct word_error *err)
{
	struct glob_tok t = {.at = (uint16_t)at};
	uint8_t bits[32], any = 0;
	size_t end = at + 1;
	int r;

	while (glob[end] != '\0' && glob[end] != ']')
		end += glob[end] == '\\' && glob[end + 1] != '\0' ? 2 : 1;
	*ret_len = end + 1 - at;
	if (!err)
		return 0;
	if (glob[end] == '\0')
		return cut_bad(err, "E-glob-class", "'[' without ']'", "a '[' that is part of a name is written \\[",
			       at, 1);
	if (glob[at + 1] == '^')
		return cut_bad(err, "E-glob-class", "'^' does not negate a class", "write [! for every byte but these",
			       at, 2);
	if (glob[at + 1] == '[' && (glob[at + 2] == ':' || glob[at + 2] == '=' || glob[at + 2] == '.'))
		return cut_bad(err, "E-glob-class", "named classes do not exist here",
			       "write the bytes, for example [a-z] or [0-9]", at, 2);
	r = class_check_ranges(arena, glob, at, end, err);
	if (r < 0)
		return r;
	t.len = (uint16_t)*ret_len;
	glob_class(glob, &t, bits);
	for (unsigned i = 0; i < 32; i++)
		any |= bits[i];
	if (any == 0 || end == at + 1u + (glob[at + 1] == '!'))
		return cut_bad(err, "E-glob-class", "the class matches no byte that can be in a component",
			       "a ']' in a class is written \\]; '/' is in no class", at, *ret_len);
	return 0;
}

static int cut_escape(const char *glob, size_t i, struct glob_tok *t, struct word_error *err)
{
	if (glob[i + 1] == '\0')
		return cut_bad(err, "E-glob-escape", "a backslash at the end takes nothing",
			       "a backslash that is part of the name is written \\\\", i, 1);
	if (glob[i + 1] == '/')
		return cut_bad(err, "E-glob-escape", "'/' cannot be part of a name", "write '/' without a backslash", i,
			       2);
	t->type = GLOB_BYTE;
	t->byte = (uint8_t)glob[i + 1];
	t->len = 2;
	return 0;
}

static enum glob_type cut_type(char c, unsigned depth)
{
	switch (c) {
	case '/':
		return GLOB_SLASH;
	case '?':
		return GLOB_ANY;
	case '*':
		return GLOB_STAR;
	case '[':
		return GLOB_CLASS;
	case '{':
		return GLOB_OPEN;
	case '}':
		return GLOB_CLOSE;
	case ',':
		return depth > 0 ? GLOB_COMMA : GLOB_BYTE;
	default:
		return GLOB_BYTE;
	}
}

/* Braces must balance, and each pair have alternatives. */
static int cut_brace(struct arena *arena, const struct glob_tok *t, size_t *stack, unsigned *depth, bool *comma,
		     struct word_error *err)
{
	switch (t->type) {
	case GLOB_OPEN:
		if (*depth == LIMIT_NESTING)
			return cut_bad(err, "E-limit", "braces are nested too deeply",
				       err ? arena_printf(arena, "the limit is %u", LIMIT_NESTING) : NULL, t->at, 1);
		stack[*depth] = t->at;
		comma[(*depth)++] = false;
		return 0;
	case GLOB_COMMA:
		comma[*depth - 1] = true;
		return 0;
	case GLOB_CLOSE:
		if (*depth == 0)
			return cut_bad(err, "E-glob-brace", "'}' without '{'",
				       "a '}' that is part of a name is written \\}", t->at, 1);
		if (!comma[--*depth])
			return cut_bad(err, "E-glob-brace", "braces with one alternative",
				       "separate alternatives by ',', or take the braces out", stack[*depth],
				       t->at + 1 - stack[*depth]);
		return 0;
	default:
		return 0;
	}
}

int glob_cut(struct arena *arena, const char *glob, struct glob_tok *toks, struct word_error *err)
{
	size_t stack[LIMIT_NESTING], n = 0, len;
	bool comma[LIMIT_NESTING];
	unsigned depth = 0;
	int r = 0;

	for (size_t i = 0; glob[i] != '\0'; i += toks[n - 1].len) {
		struct glob_tok *t = &toks[n++];

		*t = (struct glob_tok){.at = (uint16_t)i, .len = 1, .byte = (uint8_t)glob[i]};
		t->type = cut_type(glob[i], depth);
		if (glob[i] == ']')
			return cut_bad(err, "E-glob-class", "']' without '['",
				       "a ']' that is part of a name is written \\]", i, 1);
		if (glob[i] == '\\') {
			r = cut_escape(glob, i, t, err);
		} else if (t->type == GLOB_CLASS) {
			r = class_cut(arena, glob, i, &len, err);
			t->len = (uint16_t)len;
		} else {
			r = cut_brace(arena, t, stack, &depth, comma, err);
		}
		if (r < 0)
			return r;
	}
	if (depth != 0)
		return cut_bad(err, "E-glob-brace", "'{' without '}'", "a '{' that is part of a name is written \\{",
			       stack[depth - 1], 1);
	return (int)n;
}

size_t glob_next_bar(const struct glob_tok *t, size_t i)
{
	unsigned depth = 0;

	for (i++;; i++) {
		if (t[i].type == GLOB_OPEN)
			depth++;
		else if (depth == 0 && (t[i].type == GLOB_COMMA || t[i].type == GLOB_CLOSE))
			return i;
		else if (t[i].type == GLOB_CLOSE)
			depth--;
	}
}

static size_t group_end(const struct glob_tok *t, size_t open)
{
	size_t i = glob_next_bar(t, open);

	while (t[i].type != GLOB_CLOSE)
		i = glob_next_bar(t, i);
	return i;
}

/* Simple braces stay part of one component and cannot make it empty, so they can be kept as they are. */
static bool group_is_simple(const struct glob_tok *t, size_t open, size_t close)
{
	for (size_t i = open; i < close; i++) {
		bool bar = t[i].type == GLOB_OPEN || t[i].type == GLOB_COMMA;

		if (t[i].type == GLOB_SLASH || t[i].type == GLOB_STAR)
			return false;
		if (bar && (t[i + 1].type == GLOB_COMMA || t[i + 1].type == GLOB_CLOSE))
			return false;
	}
	return true;
}

/* Replaces the first braces from `from` on by each of their alternatives in turn. */
static int each_from(const struct glob_tok *t, size_t n, size_t from, bool keep_simple, glob_fn *fn, void *arg)
{
	size_t open = from, close, bar;
	struct glob_tok *alt;
	int r = 0;

	for (; open < n; open++) {
		if (t[open].type != GLOB_OPEN)
			continue;
		close = group_end(t, open);
		if (!keep_simple || !group_is_simple(t, open, close))
			break;
		open = close;
	}
	if (open >= n)
		return fn(arg, t, n);
	alt = malloc(n * sizeof(*alt));
	if (!alt)
		return -ENOMEM;
	memcpy(alt, t, open * sizeof(*alt));
	for (size_t at = open; r == 0 && at != close; at = bar) {
		size_t len;

		bar = glob_next_bar(t, at);
		len = bar - at - 1;
		memcpy(alt + open, t + at + 1, len * sizeof(*alt));
		memcpy(alt + open + len, t + close + 1, (n - close - 1) * sizeof(*alt));
		r = each_from(alt, open + len + n - close - 1, open, keep_simple, fn, arg);
	}
	free(alt);
	return r;
}

int glob_each(const struct glob_tok *t, size_t n, bool keep_simple, glob_fn *fn, void *arg)
{
	return each_from(t, n, 0, keep_simple, fn, arg);
}
