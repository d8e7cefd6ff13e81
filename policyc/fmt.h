/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The canonical layout of policy text. It is made from the tokens and comments of a file, not from its tree, so a new statement needs
 * no rule of its own here. In short; policyc(1) has the whole:
 *
 * - a statement begins a line, indented by 4 columns for each block around it; a block's '{' ends the line of its head, its '}' has one
 *   of its own, an empty block is `{}`
 * - words, texts and comments keep their bytes; one space between words, none before ',' and ';'
 * - a statement that does not fit in 100 columns is broken before `if` and `unless`, before the first attribute after them, and then
 *   where a line would be too long: after commas and before other words of the language; 4 columns further in
 * - at most one blank line between statements, exactly one round blocks of the file, none at the edges of a block
 * - a comment stays behind what it was behind, after two spaces, or has a line of its own, indented like what follows
 */
#ifndef BL_FMT_H
#define BL_FMT_H

#include "arena.h"
#include "diag.h"
#include "src.h"

#define FMT_COLUMNS 100u
#define FMT_INDENT 4u

/*
 * Appends f's text in canonical layout to *ret, whose arena and that of ds live as long. Returns the number of errors found, which are in
 * ds; then nothing was appended. Only syntax is looked at: no included file is read, and words may mean nothing. A file of statements
 * for inside a profile is understood as one.
 *
 * What was appended parses to the same tokens, with the same comments between them, and is its own canonical layout.
 */
int fmt_text(const struct src_file *f, struct diags *ds, struct arena_buf *ret);

#endif
