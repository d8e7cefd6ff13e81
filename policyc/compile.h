/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The front end as one call: files in, a checked policy and diagnostics out. No state outside struct compile.
 *
 *     struct compile c;
 *     struct ir ir;
 *     compile_init(&c);
 *     if (policy_compile(&c, paths, n, &ir) == 0)
 *             ... use ir, which lives in c ...
 *     compile_finish(&c);
 *     diag_print(&c.diags, stderr, DIAG_TEXT);
 *     compile_free(&c);
 */
#ifndef BL_COMPILE_H
#define BL_COMPILE_H

#include "arena.h"
#include "diag.h"
#include "ir.h"
#include "src.h"

struct ast_block;

/* Policy text in memory. */
struct compile_text {
	const char *name;
	const void *bytes;
	size_t len;
};

struct compile {
	struct arena arena; /* of everything: files, tree, ir, messages. Later phases may use it too. */
	struct src_set srcs;
	struct diags diags; /* later phases add theirs before diag_print() */
	const char *const *dirs; /* searched for included files after the including file's own; set by the caller */
	size_t ndirs;
	const char *here;   /* set by the caller: the directory that is / of the machine to compare with; NULL: none */
	bool unreadable;    /* a file named by the caller could not be read: exit status 3 rather than 1 */
	/* private */
	const struct compile_text *texts; /* what includes are searched in; NULL: the file system */
	size_t ntexts;
	struct ast_block *const *trees;
	size_t ntrees;
	const struct src_file **once; /* files that were read as a whole policy */
	size_t nonce, once_cap;
};

void compile_init(struct compile *c); /* one compilation; compile_free() and compile_init() for the next */
void compile_free(struct compile *c); /* everything, *ret of policy_compile() included */

/* Returns the number of errors, and writes *ret only if there are none. Warnings are in c->diags either way. */
int policy_compile(struct compile *c, const char *const *paths, size_t n, struct ir *ret);

/* The same for texts[0]; includes are looked up among all texts by name, and nothing is read from the file system. */
int policy_compile_text(struct compile *c, const struct compile_text *texts, size_t n, struct ir *ret);

/* After all phases that warn, those that come after policy_compile() included: takes out the warnings that remarks silence (remark.h). */
void compile_finish(struct compile *c);

#endif
