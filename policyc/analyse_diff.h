/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What changes from one policy to another, computed from the tables and not from the text. Profiles are compared by name, each by itself;
 * of each (profile, operation, change) one example is kept. What only a failure brings about (a full label, an unknown peer) is
 * not looked at, but for names that cannot be had.
 */
#ifndef BL_ANALYSE_DIFF_H
#define BL_ANALYSE_DIFF_H

#include "analyse_chain.h"
#include "analyse_object.h"

/* X(NAME, "word in JSON", "words for people") */
#define DIFF_CHANGES(X) \
	X(ALLOWED, "allowed", "newly allowed") \
	X(DENIED, "denied", "newly denied") \
	X(KILLED, "killed", "newly killed") \
	X(WOULD_DENY, "would-deny", "newly reported, would be denied") \
	X(WOULD_KILL, "would-kill", "newly reported, would be killed") \
	X(LOGGED, "logged", "newly logged") \
	X(SILENT, "silent", "no longer reported") \
	X(DETAIL, "detail", "reported or done differently") \
	X(UNNAMED, "unnamed", "changed where the object's name cannot be had")

enum diff_change {
#define X(NAME, w, t) DIFF_##NAME,
	DIFF_CHANGES(X)
#undef X
	DIFF_COUNT
};

struct diff_item {
	size_t profile; /* index of a struct diff_profile */
	uint32_t op;
	enum diff_change change;
	uint64_t count; /* kinds of objects that show it */
	/* DIFF_UNNAMED: none of what follows but refused; */
	bool refused; /* under the new policy */
	unsigned int details; /* CHAIN_*, of DIFF_DETAIL */
	struct chain_answer answer[2];
	struct object_example object;
	struct chain_case when; /* what matters of it is known, the rest is not */
	const struct who_domain *self, *peer; /* which terms; NULL: none */
	bool can_simulate;
	struct sim_process process, peer_process; /* can_simulate: one that shows it */
	bool has_peer, owner, descendant;
};

struct diff_profile {
	const char *name;
	uint32_t at[2]; /* its number on either side, CHAIN_NOBODY: it is not there */
	bool subject, mode, strict, defaults; /* changed */
};

struct diff {
	struct who who;
	struct diff_profile *profiles;
	size_t nprofiles;
	struct diff_item *items; /* by profile, operation, change */
	size_t nitems, items_cap;
	struct diff_gap {
		size_t profile; /* SIZE_MAX: all of them */
		uint32_t op;
	} *gaps; /* what was too much to compare */
	size_t ngaps, gaps_cap;
};

/* *ret lives in the arena, refers to both images, and ends with diff_free(). */
void diff_policies(struct arena *arena, const struct bl_image *old, const struct bl_image *new, struct diff *ret);
void diff_free(struct diff *d);

/* What a change from one act to another is; DIFF_COUNT: none, though the rules may differ in what is seen of them. */
enum diff_change diff_change_of(enum chain_act old, enum chain_act new);

/* Is anything different? What could not be compared does not count. */
bool diff_any(const struct diff *d);

#endif
