// SPDX-License-Identifier: GPL-2.0-or-later
/* Makes names. */
#include "gen_name.h"

#include <stdio.h>
#include <string.h>

#include "banned.h"

struct name {
	uint8_t s[BL_PATH_MAX];
	size_t len;
	size_t wide; /* where components can be put in without a change for the glob: behind the slash of a `**` */
};

static void put(struct name *n, uint8_t byte)
{
	if (n->len < sizeof(n->s))
		n->s[n->len++] = byte;
}

static uint8_t any_byte(struct rnd *r)
{
	static const char often[] = "ab12xetc.n9z*";
	uint8_t byte = (uint8_t)(1 + rnd_below(r, 255));

	return rnd_percent(r, 90) || byte == '/' ? (uint8_t)often[rnd_below(r, sizeof(often) - 1)] : byte;
}

static void put_bytes(struct rnd *r, struct name *n, uint32_t count)
{
	while (count-- > 0)
		put(n, any_byte(r));
}

/* The brace that belongs to the one at s, or the next comma on its level; s points behind the opening one or a comma.
 */
static const char *next_bar(const char *s)
{
	for (int depth = 0; *s; s++) {
		if (*s == '\\' && s[1])
			s++;
		else if (*s == '{')
			depth++;
		else if (depth == 0 && (*s == ',' || *s == '}'))
			return s;
		else if (*s == '}')
			depth--;
	}
	return s;
}

/* Replaces the first braces of text by one of their alternatives. False: there are none. */
static bool choose_alternative(struct rnd *r, char *text, size_t size)
{
	const char *open = text, *bars[64], *tail;
	size_t n = 0, pick;
	char rest[BL_PATH_MAX];

	while (*open && *open != '{')
		open += *open == '\\' && open[1] ? 2 : 1;
	if (!*open)
		return false;
	bars[n++] = open;
	do
		bars[n] = next_bar(bars[n - 1] + 1);
	while (*bars[n] == ',' && ++n < 63);
	pick = rnd_below(r, (uint32_t)n);
	tail = *bars[n] ? bars[n] + 1 : bars[n];
	(void)snprintf(rest, sizeof(rest), "%.*s%s", (int)(bars[pick + 1] - bars[pick] - 1), bars[pick] + 1, tail);
	(void)snprintf(text + (open - text), size - (size_t)(open - text), "%s", rest);
	return true;
}

/* `**`: none or some components. Returns how many bytes of the glob are done with. */
static size_t put_components(struct rnd *r, struct name *n, const char *glob)
{
	uint32_t count = rnd_below(r, 3);

	n->wide = n->len;
	if (count == 0 && glob[2] == '/')
		return 3;
	for (uint32_t i = 0; i < (count ? count : 1); i++) {
		if (i > 0)
			put(n, '/');
		put_bytes(r, n, 1 + rnd_below(r, 3));
	}
	return 2;
}

static size_t put_class(struct rnd *r, struct name *n, const char *glob)
{
	const char *end = strchr(glob + 2, ']');
	size_t len = end ? (size_t)(end - glob) + 1 : 1;

	if (glob[1] == '!' || len < 3)
		put(n, any_byte(r));
	else
		put(n, (uint8_t)glob[1 + rnd_below(r, (uint32_t)len - 2)]);
	return len;
}

static void put_glob(struct rnd *r, struct name *n, const char *glob)
{
	while (*glob) {
		if (glob[0] == '*' && glob[1] == '*') {
			glob += put_components(r, n, glob);
		} else if (*glob == '[') {
			glob += put_class(r, n, glob);
		} else if (*glob == '*' || *glob == '?') {
			put_bytes(r, n, *glob == '?' ? 1 : rnd_below(r, 4));
			glob++;
		} else {
			glob += *glob == '\\' && glob[1];
			put(n, (uint8_t)*glob++);
		}
	}
}

static void insert(struct name *n, size_t at, size_t count, uint8_t byte)
{
	if (at > n->len || n->len + count > sizeof(n->s))
		return;
	memmove(n->s + at + count, n->s + at, n->len - at);
	memset(n->s + at, byte, count);
	n->len += count;
}

/* One change that the automaton should notice. */
static void spoil(struct rnd *r, struct name *n)
{
	size_t at = rnd_below(r, (uint32_t)n->len);

	switch (rnd_below(r, 6)) {
	case 0:
		n->s[at] = any_byte(r);
		break;
	case 1:
		insert(n, at, 1, any_byte(r));
		break;
	case 2:
		n->len = at ? at : n->len;
		break;
	case 3:
		put(n, '/');
		put_bytes(r, n, 1 + rnd_below(r, 4));
		break;
	case 4:
		put_bytes(r, n, 1);
		break;
	default:
		memmove(n->s + at, n->s + at + 1, n->len - at - 1);
		n->len -= n->len > 1;
		break;
	}
}

/* Lengths at and around limits; in the place of a `**`, if there is one, the name still matches. */
static void stretch(struct rnd *r, struct name *n)
{
	static const size_t lens[] = {254, 255, 256, 257, 2048, 4094, 4095, 4096};
	size_t len = RND_PICK(r, lens), at = n->wide && n->wide <= n->len ? n->wide : 1, count;

	if (n->len >= len)
		return;
	count = len - n->len;
	insert(n, at, count, 'f');
	for (size_t i = at + 1 + rnd_below(r, 200); i + 1 < at + count; i += 2 + rnd_below(r, 250))
		n->s[i] = '/';
	if (count > 1)
		n->s[at + count - 1] = '/';
}

uint32_t gen_name(struct rnd *r, const char *glob, struct bl_name *ret)
{
	struct name n = {.len = 0};
	char text[BL_PATH_MAX + 1];

	(void)snprintf(text, sizeof(text), "%s", glob ? glob : "/*/**");
	while (choose_alternative(r, text, sizeof(text)))
		;
	put_glob(r, &n, text);
	if (n.len == 0)
		put(&n, '/');
	if (rnd_percent(r, 25))
		spoil(r, &n);
	if (rnd_percent(r, 4))
		stretch(r, &n);
	if (rnd_percent(r, 1))
		n.len = 1;
	memcpy(ret->buf + BL_PATH_MAX - n.len, n.s, n.len);
	return (uint32_t)(BL_PATH_MAX - n.len);
}
