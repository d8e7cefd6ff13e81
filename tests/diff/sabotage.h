/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The decision core on this side with a mistake put into it. Includes nothing of the core: sabotage.c alters that
 * first. */
#ifndef TESTS_DIFF_SABOTAGE_H
#define TESTS_DIFF_SABOTAGE_H

struct ask;
struct ask_answer;
struct bl_name;
struct bl_tables;

enum sabotage {
	SABOTAGE_NONE,
	SABOTAGE_PORT,	 /* keys have the next port */
	SABOTAGE_UNLESS, /* `unless` is ignored */
	SABOTAGE_WEAK,	 /* terms that weaken hold for untrusted programs too */
	SABOTAGE_FULL,	 /* a label that is full does not say so */
	SABOTAGE_CLASS,	 /* all directories look alike to what is refused below them */
};

/* The mistake with this name on the command line; SABOTAGE_NONE: there is none. */
enum sabotage sabotage_find(const char *word);
void sabotage_answer(enum sabotage what, const struct bl_tables *t, const struct ask *in, struct ask_answer *out,
		     struct bl_name *scratch);

#endif
