/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Nearest known word by edit distance: insertions, deletions, substitutions and swaps of neighbours cost 1. */
#include "nearest.h"

#include <stddef.h>
#include <string.h>

#include "arena.h"
#include "banned.h"

#define WORD_MAX 48u

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;

	return m < c ? m : c;
}

/* Optimal string alignment in three rows. */
static unsigned distance(const char *a, size_t la, const char *b, size_t lb)
{
	unsigned rows[3][WORD_MAX + 1];

	for (size_t j = 0; j <= lb; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= la; i++) {
		unsigned *now = rows[i % 3], *last = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];

		now[0] = (unsigned)i;
		for (size_t j = 1; j <= lb; j++) {
			now[j] = min3(last[j] + 1, now[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    before[j - 2] + 1 < now[j])
				now[j] = before[j - 2] + 1;
		}
	}
	return rows[la % 3][lb];
}

void nearest_init(struct nearest *n, const char *word)
{
	size_t len = strlen(word);

	n->word = word;
	n->best = NULL;
	n->distance = len < 3 ? 1 : (unsigned)len / 3 + 1; /* must be below this */
	if (len >= 3 && n->distance < 3)
		n->distance = 3;
	if (len > WORD_MAX)
		n->distance = 0;
}

void nearest_try(struct nearest *n, const char *candidate)
{
	size_t la = strlen(n->word), lb = strlen(candidate);
	unsigned d;

	if (n->distance == 0 || lb > WORD_MAX)
		return;
	d = distance(n->word, la, candidate, lb);
	if (d < n->distance && d < la && d < lb) {
		n->distance = d;
		n->best = candidate;
	}
}

const char *nearest_after_list(struct arena *a, const char *word)
{
	static const char *const words[] = {"except", "and", "if", "unless", "message", "tag", "severity", "errno", "quiet", "enter",
					    "leave", "to", "port", "on", "from", "fstype", "source", "target", "type", "protocol"};
	struct nearest n;

	nearest_init(&n, word);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		nearest_try(&n, words[i]);
	if (!n.best)
		return "commas separate the values of a list";
	return arena_printf(a, "commas separate the values of a list; or did you mean '%s'?", n.best);
}
