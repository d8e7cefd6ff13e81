/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Puts a policy in force, takes one out, and looks whether one is: whole or not at all. */
#ifndef BL_LOAD_H
#define BL_LOAD_H

#include "generation.h"

struct bl_load_result {
	uint32_t gen;
	uint32_t old_gen; /* 0: the first */
	uint32_t nprofiles, nrules;
	uint32_t nwords, words; /* of tables: needed, there */
	size_t nhooks;		/* attached */
	size_t nlinks;		/* prefixes of patterns that go through symbolic links, accepted */
	bool dry_run;
};

#define BL_LOAD_DRY_RUN 1u	/* every profile is in audit mode */
#define BL_LOAD_ACCEPT_LINKS 2u /* patterns may go through symbolic links of this machine */
#define BL_LINKS_ACCEPTED "%zu prefixes of patterns go through symbolic links on this machine: accepted, no name matches them"

/*
 * Reads, checks and loads an image file. options: BL_LOAD_*. The first load makes everything, later ones switch over. A
 * failure changes nothing. Takes the lock.
 */
int bl_load(const char *path, unsigned int options, struct bl_load_result *ret, struct bl_error *err);

/* Removes links, then everything else, and looks whether anything is left. Takes the lock. -ENOENT: nothing is loaded.
 */
int bl_unload(struct bl_error *err);

/*
 * Opens what is loaded. -ENOENT: nothing is, with a sentence that says how to load. The object is open only if 0 is
 * returned; *ret_gen is never 0 then.
 */
int bl_loaded_open(struct bl_object *ret, uint32_t *ret_gen, struct bl_error *err);

size_t bl_attached_count(void);

#endif
