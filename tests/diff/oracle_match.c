// SPDX-License-Identifier: GPL-2.0-or-later
/* Matches globs the slow way. */
#include "oracle_match.h"

#include <string.h>

#include "bounds.h"

#include "banned.h"

#define TOKENS (LIMIT_TOKEN_BYTES + 1)

enum { TOK_BYTE, TOK_ANY, TOK_CLASS, TOK_STAR, TOK_COMPONENTS };

struct tok {
	uint8_t type;
	uint8_t byte;
	const char *class, *class_end; /* behind '[', at ']' */
};

/* A glob without braces, and where in it a match can stand. */
struct sim {
	struct tok toks[TOKENS];
	size_t n;
	bool at[TOKENS + 2], next[TOKENS + 2];	  /* before token i */
	bool in[TOKENS + 2], next_in[TOKENS + 2]; /* inside the `**` i, with at least one byte of it taken */
	size_t lo, hi;				  /* outside of lo..hi all of them are false: long globs would take long */
};

static bool class_has(const struct tok *t, uint8_t byte)
{
	const char *s = t->class + (*t->class == '!');
	bool found = false;

	for (; s < t->class_end; s++) {
		if (s + 2 < t->class_end && s[1] == '-') {
			found |= byte >= (uint8_t)s[0] && byte <= (uint8_t)s[2];
			s += 2;
		} else {
			found |= byte == (uint8_t)*s;
		}
	}
	return byte != '/' && found != (*t->class == '!');
}

static void cut(struct sim *m, const char *glob)
{
	m->n = 0;
	while (*glob) {
		struct tok *t = &m->toks[m->n++];

		*t = (struct tok){.type = TOK_BYTE, .byte = (uint8_t)*glob};
		if (glob[0] == '*' && glob[1] == '*') {
			t->type = TOK_COMPONENTS;
			glob++;
		} else if (*glob == '*') {
			t->type = TOK_STAR;
		} else if (*glob == '?') {
			t->type = TOK_ANY;
		} else if (*glob == '\\') {
			t->byte = (uint8_t) * ++glob;
		} else if (*glob == '[') {
			t->type = TOK_CLASS;
			t->class = glob + 1;
			glob = t->class_end = strchr(glob + 2, ']');
		}
		glob++;
	}
}

static void stand(struct sim *m, bool *where, size_t i)
{
	where[i] = true;
	if (i > m->hi)
		m->hi = i;
}

/* Steps that take no byte; tokens from left to right, so one pass is enough. */
static void skip(struct sim *m)
{
	for (size_t i = m->lo; i < m->n && i <= m->hi; i++) {
		if (m->in[i] || (m->at[i] && m->toks[i].type == TOK_STAR))
			stand(m, m->at, i + 1);
		if (m->at[i] && m->toks[i].type == TOK_COMPONENTS && i + 1 < m->n)
			stand(m, m->at, i + 2); /* no component, and then no slash after it */
	}
}

/* False: nothing can match any more. */
static bool take(struct sim *m, uint8_t byte)
{
	size_t lo = m->lo, hi = m->hi;

	memset(m->next + lo, 0, hi - lo + 2);
	memset(m->next_in + lo, 0, hi - lo + 2);
	for (size_t i = lo; i <= hi && i < m->n; i++) {
		const struct tok *t = &m->toks[i];

		if (m->in[i] || (m->at[i] && t->type == TOK_COMPONENTS && byte != '/'))
			stand(m, m->next_in, i);
		if (!m->at[i])
			continue;
		if ((t->type == TOK_BYTE && t->byte == byte) || (t->type == TOK_ANY && byte != '/') ||
		    (t->type == TOK_CLASS && class_has(t, byte)))
			stand(m, m->next, i + 1);
		if (t->type == TOK_STAR && byte != '/')
			stand(m, m->next, i);
	}
	memcpy(m->at + lo, m->next + lo, hi - lo + 2);
	memcpy(m->in + lo, m->next_in + lo, hi - lo + 2);
	while (m->lo <= m->hi && !m->at[m->lo] && !m->in[m->lo])
		m->lo++;
	return m->lo <= m->hi;
}

static bool match_plain(const char *glob, struct text name)
{
	static struct sim m; /* too big for the stack */

	if (strcmp(glob, "/") != 0 && name.len == 1)
		return false; /* the root is no component of anything */
	cut(&m, glob);
	memset(m.at, 0, m.n + 2);
	memset(m.in, 0, m.n + 2);
	m.lo = m.hi = 0;
	stand(&m, m.at, 0);
	skip(&m);
	for (size_t i = 0; i < name.len; i++) {
		if (!take(&m, name.s[i]))
			return false;
		skip(&m);
	}
	return m.at[m.n];
}

/* The end of an alternative that begins at s. */
static const char *alternative_end(const char *s)
{
	int depth = 0;

	for (; depth > 0 || (*s != ',' && *s != '}'); s++) {
		if (*s == '\\')
			s++;
		depth += *s == '{' ? 1 : *s == '}' ? -1 : 0;
	}
	return s;
}

/* Puts the alternatives of the first braces in the place of them, one after the other. */
bool match_glob(const char *glob, struct text name)
{
	char one[LIMIT_TOKEN_BYTES + 1];
	const char *open = glob, *close, *from;

	while (*open && *open != '{')
		open += *open == '\\' ? 2 : 1;
	if (!*open)
		return match_plain(glob, name);
	for (close = alternative_end(open + 1); *close == ',';)
		close = alternative_end(close + 1);
	for (from = open + 1; from <= close; from = alternative_end(from) + 1) {
		size_t head = (size_t)(open - glob), n = (size_t)(alternative_end(from) - from);

		memcpy(one, glob, head);
		memcpy(one + head, from, n);
		memcpy(one + head + n, close + 1, strlen(close + 1) + 1);
		if (match_glob(one, name))
			return true;
	}
	return false;
}

/* The cgroup itself or one above it. */
bool match_cgroup(const char *glob, struct text name)
{
	if (match_glob(glob, name) || match_glob(glob, (struct text){name.s, 1}))
		return true;
	for (size_t i = 1; i < name.len; i++) {
		if (name.s[i] == '/' && match_glob(glob, (struct text){name.s, i}))
			return true;
	}
	return false;
}

bool match_is_name(struct text name)
{
	if (name.len == 0 || name.s[0] != '/' || (name.len > 1 && name.s[name.len - 1] == '/'))
		return false;
	for (size_t i = 1; i < name.len; i++) {
		if (name.s[i] == '/' && name.s[i - 1] == '/')
			return false;
	}
	return true;
}
