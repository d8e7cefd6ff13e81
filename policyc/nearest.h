/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which of the known words somebody may have meant. */
#ifndef BL_NEAREST_H
#define BL_NEAREST_H

struct arena;

struct nearest {
	const char *word;
	const char *best; /* NULL: nothing is near enough */
	unsigned distance;
};

void nearest_init(struct nearest *n, const char *word);
void nearest_try(struct nearest *n, const char *candidate);

/* What to do about a word that follows a list without a ',': it is one more value, or a misspelt word of what can follow. */
const char *nearest_after_list(struct arena *a, const char *word);

#endif
