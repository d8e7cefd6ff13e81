/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the automaton's blame for patterns to the rules that they are written in. */
#include "blame.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "banned.h"

/* A rule that did less than this part of what the worst did is left alone: it may well be innocent. */
#define BLAME_PART 4

/* A rule or a term; its patterns are consecutive. */
struct suspect {
	uint64_t count;
	struct src_loc loc; /* of its worst pattern */
	uint64_t worst;
};

static int compare_suspects(const void *x, const void *y)
{
	const struct suspect *s = x, *t = y;

	return (s->count < t->count) - (s->count > t->count);
}

static size_t find_suspects(const struct au *a, const struct owner *owners, const struct src_loc *locs,
			    size_t npatterns, struct suspect *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < npatterns; i++) {
		uint64_t count = au_blame(a, (uint32_t)i);
		struct suspect *s;

		if (i == 0 || owners[i].index != owners[i - 1].index || owners[i].atom != owners[i - 1].atom)
			ret[n++] = (struct suspect){.loc = locs[i]};
		s = &ret[n - 1];
		s->count += count;
		if (count > s->worst) {
			s->worst = count;
			s->loc = locs[i];
		}
	}
	return n;
}

int blame_rules(const struct au *a, const struct owner *owners, const struct src_loc *locs, size_t npatterns,
		struct tables_error *err)
{
	struct suspect *v = calloc(npatterns + 1, sizeof(*v));
	size_t n;

	if (!v)
		return -ENOMEM;
	n = find_suspects(a, owners, locs, npatterns, v);
	qsort(v, n, sizeof(*v), compare_suspects);
	err->id = "E-too-complex";
	err->help = "where a '*' or '**' stands before other characters, each such pattern can double the states: begin these "
		    "patterns with the directories that are meant";
	err->note = "and this one";
	err->loc = v[0].loc;
	for (size_t i = 1; i < n && i < TABLES_WORST && v[i].count >= v[0].count / BLAME_PART; i++)
		err->others[err->nothers++] = v[i].loc;
	free(v);
	return bl_error_set(&err->msg, -E2BIG,
			    "the patterns of this policy together need more states than can be had; this one takes part in most");
}
