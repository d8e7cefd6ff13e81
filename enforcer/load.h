/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Puts a policy in force, takes one out, and looks whether one is: whole or not at all. */
#ifndef BL_LOAD_H
#define BL_LOAD_H

#include "generation.h"
#include "policy.h"

#define BL_LOAD_DRY_RUN 1u	/* every profile is in audit mode */
#define BL_LOAD_ACCEPT_LINKS 2u /* patterns may go through symbolic links of this machine */
#define BL_LOAD_KEEP 4u		/* in force, it is the last good one; one without profiles is refused */
#define BL_LOAD_UNLESS_SAME 8u	/* what is in force stays if it is the same image with the same options */
#define BL_LOAD_KNOWN 15u

struct bl_load_how {
	unsigned int options; /* BL_LOAD_* */
	uint32_t trial_seconds; /* not 0: it goes back after that time unless it is confirmed */
};

struct bl_load_result {
	uint32_t gen;
	uint32_t old_gen; /* 0: the first; gen: nothing was changed (BL_LOAD_UNLESS_SAME) */
	uint32_t nrules;
	uint32_t nwords, words; /* of tables: needed, there */
	size_t nhooks;		/* attached */
	size_t nlinks;		/* prefixes of patterns that go through symbolic links, accepted */
	uint32_t trial_seconds;
	struct bl_gen_mode mode;
	bool forced_audit;	/* by the kernel command line */
	struct bl_error late; /* links that were made during the load and could not be noted, "": there are none */
	struct bl_error not_kept; /* BL_LOAD_KEEP: why it could not be, "": it is */
};

/*
 * Checks and loads a policy. The first load makes everything, later ones switch over. A failure changes nothing. The caller holds
 * the lock. -EPERM: a policy in force refuses bpf(2) to this process.
 */
int bl_load(const struct bl_policy *p, const struct bl_load_how *how, struct bl_load_result *ret, struct bl_error *err);

/* What there is to say about a load, lines of text. */
void bl_load_describe(struct bl_buf *b, const char *name, const struct bl_load_result *res);

/*
 * Attaches what the image needs, proves that it is called, and makes the slot name the tables made from it: everything that can fail, then the
 * switch. Whatever was attached for it is taken back if it does fail. *late: hard links that were made meanwhile could not be noted.
 * The caller holds the lock.
 */
int bl_switch_over(const struct bl_object *o, const struct bl_image *img, int tables_fd, struct bl_error *late, struct bl_error *err);

/* Removes the hooks that ops does not need and all generations but two. Nothing depends on it. The caller holds the lock. */
void bl_load_clean_up(uint64_t ops, uint32_t now, uint32_t before);

/* Removes links, then everything else, and looks whether anything is left. Takes the lock. -ENOENT: nothing is loaded.
 */
int bl_unload(struct bl_error *err);
/* The caller holds the lock. */
int bl_unload_locked(struct bl_error *err);

/*
 * Opens what is loaded. -ENOENT: nothing is, with a sentence that says how to load. The object is open only
 * if 0 is returned; *ret_gen is never 0 then.
 */
int bl_loaded_open(struct bl_object *ret, uint32_t *ret_gen, struct bl_error *err);

size_t bl_attached_count(void);

#endif
