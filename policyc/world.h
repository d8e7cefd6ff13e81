/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What processes and what objects there are, as far as a policy can tell them apart: for the analyses that say what can never happen.
 *
 * A process is a combination of booleans: one for each term about processes (atom), and a few for what else conditions ask. Terms that the
 * present state decides can only hold together as the automaton has it: a user is one number, a program has one name. What was
 * inherited is free, but for the present program's own. An object is an accept set that some byte string of the right form reaches.
 *
 * Everything lives in the arena but what world_free() releases; out of memory ends the program, as arena.h has it.
 */
#ifndef BL_WORLD_H
#define BL_WORLD_H

#include "abi.h"
#include "accept.h"
#include "automaton.h"
#include "ir.h"
#include "logic.h"

#define WORLD_WORDS (BL_MAX_ATOMS / 64)

/* One value, or none, that the present state can have of a kind: which atoms it makes true. */
struct world_option {
	uint64_t atoms[WORLD_WORDS];
	bool absent; /* no value at all */
	const uint8_t *key;
	size_t len;
};

struct world_kind {
	const uint32_t *atoms; /* of this kind */
	size_t natoms;
	uint64_t present[WORLD_WORDS]; /* atoms that are true exactly if the value makes them */
	uint64_t can[WORLD_WORDS];     /* atoms that something can make true */
	struct world_option *options;
	size_t noptions;
	bool many; /* a process has several values */
};

/* Booleans besides the atoms. */
enum world_var {
	WORLD_UNTRUSTED,  /* executed in a mount namespace of an unprivileged user namespace */
	WORLD_OWNER,	  /* the process's user owns the file */
	WORLD_DESCENDANT, /* the peer descends from the process */
	WORLD_UNKNOWN,	  /* nothing is known of the peer */
	WORLD_PEER	  /* the first of one for each condition on peers */
};

/* What an operation is about. Files that are executed or mapped can be in up to three accept sets. */
struct world_object {
	unsigned int op;
	unsigned int kind;
	size_t set[3];	/* AU_NO_SET: none; the second and third: what code is, and the type of its file system */
	uint8_t code;	/* BL_CODE_*, 0: none of those that have a word */
	bool nameless;
};

struct world {
	struct arena *arena;
	const struct ir *ir;
	size_t natoms;
	struct au *au;
	struct logic logic;
	struct world_kind kinds[BL_KEY_KINDS];
	logic_f *conds[2]; /* by truth wanted, then by condition */
	int8_t *values;
	const struct match **matches; /* by accept set */
	size_t *nmatches;
	struct match *list; /* of the object looked at last */
	struct au_examples *examples[BL_KEY_KINDS + 64]; /* by kind, or after those by operation */
};

/* owners: as tables_watch has them. natoms: of ir->atoms, those that only assertions name included. */
void world_init(struct world *w, struct arena *arena, const struct ir *ir, size_t natoms, struct au *au, const struct owner *owners);
void world_free(struct world *w);

/* ---- formulas: that something holds, or does not ---- */
logic_f world_clause(struct world *w, const struct ir_clause *c, bool want);
logic_f world_subject(const struct world *w, uint32_t profile, bool want);
logic_f world_rule(struct world *w, uint32_t rule, bool want); /* its conditions */
uint32_t world_var(const struct world *w, enum world_var var);

/*
 * Is there a process for which f holds? steps: the budget, counted down. With keep the values that make it hold are left in w->values
 * until world_forget().
 */
enum logic_answer world_can(struct world *w, logic_f f, uint64_t *steps, bool keep);
void world_forget(struct world *w);

/* After world_can() with keep: the value of a kind that agrees, NULL: any does. nth: of a kind of which there are several. */
const struct world_option *world_value(const struct world *w, enum bl_kind kind, size_t nth);

/* ---- objects ---- */
/* Calls f for every object of an operation that the policy tells from others, until it returns false. */
void world_objects(struct world *w, unsigned int op, bool (*f)(void *arg, const struct world_object *o), void *arg);
/* The rules that match it for its operation, in their order, implied ones included; *ret is valid until the next call. */
size_t world_matches(struct world *w, const struct world_object *o, const struct match **ret);
/* An example of such an object, as explain takes it. In the arena. */
const char *world_object_text(struct world *w, const struct world_object *o);

#endif
