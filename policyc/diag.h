/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Diagnostics: collected from all phases, printed once, sorted by file and position. Every kind of message has an id
 * that begins with E- (error) or W- (warning).
 *
 *     struct diag *d = diag_error(diags, loc, "E-unknown-op", "unknown operation '%s'", word);
 *     diag_help(diags, d, "did you mean '%s'?", nearest);
 *     diag_note(diags, d, other_loc, "the profile begins here");
 */
#ifndef BL_DIAG_H
#define BL_DIAG_H

#include "src.h"
#include <stdio.h>

struct arena;

struct diag_note {
	struct src_loc loc;
	const char *text;
	struct diag_note *next;
};

struct diag {
	bool warning;
	bool promoted;	    /* a warning that was made an error */
	struct src_loc loc; /* line 0: the file as a whole; file NULL: none */
	const char *id;
	const char *text;
	const char *help;
	struct diag_note *notes;
	size_t seq;
	bool shown; /* of diag_print() */
};

struct diags {
	struct arena *arena;
	struct diag **v; /* the first LIMIT_DIAGS_KEPT errors and as many warnings */
	size_t n, cap;
	size_t nerrors, nwarnings; /* all of them */
	struct diag spare;
};

#define DIAG_FMT(n) __attribute__((format(printf, n, (n) + 1)))

void diag_init(struct diags *ds, struct arena *arena);
/* The result is never NULL and belongs to ds; id must outlive ds (a literal). */
struct diag *diag_error(struct diags *ds, struct src_loc loc, const char *id, const char *fmt, ...) DIAG_FMT(4);
struct diag *diag_warning(struct diags *ds, struct src_loc loc, const char *id, const char *fmt, ...) DIAG_FMT(4);
void diag_help(struct diags *ds, struct diag *d, const char *fmt, ...) DIAG_FMT(3);
void diag_note(struct diags *ds, struct diag *d, struct src_loc loc, const char *fmt, ...) DIAG_FMT(4);

/* Makes every warning an error, which its text then says. After the last phase: phases ask for nerrors. */
void diag_promote(struct diags *ds);

/* Forms of output. Text is coloured if the stream is a terminal and NO_COLOR is not set. */
enum diag_form { DIAG_TEXT, DIAG_JSON };
/* At most LIMIT_DIAGS_PRINTED, then a line that says how many more. Where not all fit, errors before warnings, and some of each id. */
void diag_print(const struct diags *ds, FILE *out, enum diag_form form);

/* The two forms, for diag_print(). */
void diag_print_text(const struct diag *d, FILE *out, bool colour);
void diag_print_json(const struct diag *d, FILE *out);

#endif
