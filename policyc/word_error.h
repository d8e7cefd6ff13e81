/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is wrong with a word: filled in by the modules that check words, and made a diagnostic by sema. */
#ifndef BL_WORD_ERROR_H
#define BL_WORD_ERROR_H

#include <stddef.h>

struct word_error {
	const char *id;	  /* E-... */
	const char *text; /* in the arena given to the check */
	const char *help; /* NULL: none */
	size_t off, len;  /* which bytes of the word; len 0: all of it */
};

#endif
