/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which of the known words somebody may have meant. */
#ifndef BL_NEAREST_H
#define BL_NEAREST_H

struct nearest {
	const char *word;
	const char *best; /* NULL: nothing is near enough */
	unsigned distance;
};

void nearest_init(struct nearest *n, const char *word);
void nearest_try(struct nearest *n, const char *candidate);

#endif
