/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a checked glob matches, as an expression for the automaton. */
#include "glob.h"

#include <stdlib.h>
#include <string.h>

#include "glob_tok.h"
#include "banned.h"

struct glob_re {
	struct au *a;
	const char *glob;
	struct re *sum; /* of the alternatives so far */
};

static struct re *re_not_slash(struct au *a)
{
	uint8_t bits[32];

	memset(bits, 0xff, sizeof(bits));
	bits['/' / 8] &= (uint8_t) ~(1u << ('/' % 8));
	return re_set(a, bits);
}

/* A component of any name: one byte or more. */
static struct re *re_name(struct au *a)
{
	return re_cat(a, re_not_slash(a), re_star(a, re_not_slash(a)));
}

static struct re *re_elements(const struct glob_re *g, const struct glob_tok *t, size_t n);

/* Braces that stayed in: t[0] is GLOB_OPEN. Writes the index of their end. */
static struct re *re_group(const struct glob_re *g, const struct glob_tok *t, size_t *ret_end)
{
	struct re *sum = NULL;
	size_t at = 0, bar;

	for (; t[at].type != GLOB_CLOSE; at = bar) {
		struct re *x;

		bar = glob_next_bar(t, at);
		x = re_elements(g, t + at + 1, bar - at - 1);
		sum = at == 0 ? x : re_alt(g->a, sum, x);
	}
	*ret_end = at;
	return sum;
}

/* Plain bytes from t[0] on, as one literal. */
static struct re *re_bytes(const struct glob_re *g, const struct glob_tok *t, size_t n, size_t *ret_last)
{
	uint8_t buf[256];
	size_t len = 0;

	for (; len < n && len < sizeof(buf) && (t[len].type == GLOB_BYTE || t[len].type == GLOB_SLASH); len++)
		buf[len] = t[len].type == GLOB_SLASH ? '/' : t[len].byte;
	*ret_last = len - 1;
	return re_lit(g->a, buf, len);
}

/* Components with their slashes, or a part of one. */
static struct re *re_elements(const struct glob_re *g, const struct glob_tok *t, size_t n)
{
	struct re *x, *all = NULL;
	uint8_t bits[32];
	size_t end;

	for (size_t i = 0; i < n; i++) {
		end = 0;
		if (t[i].type == GLOB_BYTE || t[i].type == GLOB_SLASH)
			x = re_bytes(g, t + i, n - i, &end);
		else if (t[i].type == GLOB_ANY)
			x = re_not_slash(g->a);
		else if (t[i].type == GLOB_STAR)
			x = re_star(g->a, re_not_slash(g->a));
		else if (t[i].type == GLOB_OPEN)
			x = re_group(g, t + i, &end);
		else {
			glob_class(g->glob, &t[i], bits);
			x = re_set(g->a, bits);
		}
		all = i == 0 ? x : re_cat(g->a, all, x);
		i += end;
	}
	return n == 0 ? re_empty(g->a) : all;
}

/* How many stars a component is, if it is nothing else: 0, 1 or 2. */
static size_t component_stars(const struct glob_tok *t, size_t n)
{
	return n <= 2 && (n < 1 || t[0].type == GLOB_STAR) && (n < 2 || t[1].type == GLOB_STAR) ? n : 0;
}

/* '/' and a component of stars: a whole `**` is any number of both, at least one of them at the end of the glob. */
static struct re *re_stars(const struct glob_re *g, size_t n, bool last)
{
	struct re *any = re_cat(g->a, re_lit(g->a, "/", 1), re_name(g->a));

	if (n == 1)
		return any;
	return last ? re_cat(g->a, any, re_star(g->a, any)) : re_star(g->a, any);
}

/* The end of the component whose slash is t[0]. */
static size_t component_end(const struct glob_tok *t, size_t n)
{
	size_t end = 1;

	while (end < n && t[end].type != GLOB_SLASH)
		end++;
	return end;
}

/* The end of the components from t[0] on that are more than stars; of one at least. */
static size_t plain_end(const struct glob_tok *t, size_t n)
{
	size_t end = component_end(t, n), next;

	while (end < n) {
		next = end + component_end(t + end, n - end);
		if (component_stars(t + end + 1, next - end - 1) != 0)
			break;
		end = next;
	}
	return end;
}

/* What comes before the first '/': a lone `**` is everything. */
static struct re *re_beginning(const struct glob_re *g, const struct glob_tok *t, size_t n)
{
	uint8_t bits[32];

	memset(bits, 0xff, sizeof(bits));
	if (n == 2 && t[0].type == GLOB_STAR && t[1].type == GLOB_STAR)
		return re_star(g->a, re_set(g->a, bits));
	return re_elements(g, t, n);
}

static int re_alternative(void *arg, const struct glob_tok *t, size_t n)
{
	struct re *all = NULL, *x;
	struct glob_re *g = arg;
	size_t len, stars;

	for (size_t i = 0; i < n; i += len) {
		len = component_end(t + i, n - i);
		if (t[i].type != GLOB_SLASH) { /* a name that is no path */
			all = re_beginning(g, t, len);
			continue;
		}
		stars = component_stars(t + i + 1, len - 1);
		if (stars == 0)
			len = plain_end(t + i, n - i);
		x = stars != 0 ? re_stars(g, stars, i + len == n) : re_elements(g, t + i, len);
		all = i == 0 ? x : re_cat(g->a, all, x);
	}
	g->sum = g->sum ? re_alt(g->a, g->sum, all) : all;
	return g->sum ? 0 : -1;
}

struct re *glob_to_re(struct au *a, const char *glob)
{
	struct glob_re g = {.a = a, .glob = glob};
	struct glob_tok *t = malloc((strlen(glob) + 1) * sizeof(*t));
	int n;

	if (!t)
		return NULL;
	n = glob_cut(NULL, glob, t, NULL);
	if (n < 0 || glob_each(t, (size_t)n, true, re_alternative, &g) != 0)
		g.sum = NULL;
	free(t);
	return g.sum;
}
