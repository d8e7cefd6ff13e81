/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Regular expressions over bytes to one minimised, packed deterministic automaton.
 *
 * Use: au_new(); for every pattern build an expression and au_add() it under a kind (enum bl_kind: each has a start
 * state of its own) and a pattern number; au_build() makes the deterministic automaton; every distinct (kind, set of
 * patterns that match together) is an accept set, for which the caller says with au_set_payload() what the state stands
 * for; au_minimise() merges states that nothing tells apart any more; au_pack() lays it out as abi.h describes.
 *
 * All memory belongs to the automaton and goes with au_free(). Functions that can fail return 0 or a negative errno;
 * out of memory anywhere is -ENOMEM from the next au_build().
 */
#ifndef BL_AUTOMATON_H
#define BL_AUTOMATON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct au;
struct re;

struct au_limits {
	uint32_t max_states; /* deterministic states before minimising; 0: 2 million */
	size_t max_memory;   /* bytes; 0: 192 MiB */
};

struct au *au_new(void); /* NULL: out of memory */
void au_free(struct au *a);

/* ---- expressions; NULL arguments give NULL, so that only the last result needs a check ---- */
struct re *re_empty(struct au *a);			      /* the empty string */
struct re *re_set(struct au *a, const uint8_t bits[32]);      /* one byte b with bits[b / 8] >> (b % 8) & 1 */
struct re *re_lit(struct au *a, const void *bytes, size_t n); /* these bytes */
struct re *re_cat(struct au *a, struct re *x, struct re *y);
struct re *re_alt(struct au *a, struct re *x, struct re *y);
struct re *re_star(struct au *a, struct re *x); /* any number of x, none included */
struct re *re_opt(struct au *a, struct re *x);	/* x or nothing */

/* Adds a pattern. Expressions may be shared between patterns. kind < 16; the same pattern number may be added
 * repeatedly. */
int au_add(struct au *a, unsigned kind, struct re *x, uint32_t pattern);

/*
 * -E2BIG: over a limit, or over the fixed number of steps that keeps hostile input to seconds; *ret_worst_pattern then
 * is the pattern that au_blame() says the most of.
 */
int au_build(struct au *a, const struct au_limits *lim, uint32_t *ret_worst_pattern);
/*
 * After -E2BIG: how much this pattern has made of the automaton so far, for comparison with others; 0: nothing, or the
 * pattern is not there.
 */
uint64_t au_blame(const struct au *a, uint32_t pattern);

/* Accept sets, numbered from 0. Patterns ascend. Valid between au_build() and au_free(). */
size_t au_nsets(const struct au *a);
void au_get_set(const struct au *a, size_t set, unsigned *ret_kind, const uint32_t **ret_patterns, size_t *ret_n);
/* 0 (the initial value): as if nothing matched. Anything below 2^31 else. Equal payloads are alike for minimising. */
void au_set_payload(struct au *a, size_t set, uint32_t payload);
uint32_t au_get_payload(const struct au *a, size_t set);

/*
 * Examples, between au_build() and au_minimise(): of the byte strings of a kind that an operation can be about (keyshape.h) the shortest
 * for each accept set, one that reads well among equals.
 */
#define AU_NO_SET SIZE_MAX /* strings that no pattern matches */
struct au_examples;
int au_examples_find(struct au *a, unsigned kind, unsigned op, struct au_examples **ret);
void au_examples_free(struct au *a, struct au_examples *e); /* NULL is fine */
/* Is there one? Writes it if buf is not NULL: at most shape_max(kind) bytes. */
bool au_example(const struct au_examples *e, size_t set, uint8_t *buf, size_t *ret_len);
/* The accept set of one byte string. */
size_t au_find_set(const struct au *a, unsigned kind, const void *bytes, size_t n);

int au_minimise(struct au *a);

/*
 * Classes of the states by what they lead to, seen with other eyes than those of the payloads. au_classes_find(): `output` and `rank` have
 * an element for each accept set. States are of one class if all byte strings lead from both to equal outputs; class 0: to none but output
 * 0. least: the least rank of a set with an output that is reached, UINT32_MAX: there is none. Both have au_nstates() + 1 elements.
 */
struct au_classes;
int au_classes_new(struct au *a, struct au_classes **ret);
int au_classes_find(struct au_classes *c, const uint32_t *output, const uint32_t *rank, uint32_t *ret_class, uint32_t *ret_least);
void au_classes_free(struct au_classes *c); /* NULL is fine */

size_t au_nstates(const struct au *a); /* without the dead state */
/* State numbers are 1 to au_nstates(); 0 is dead. For tests and examples. */
uint32_t au_start(const struct au *a, unsigned kind);
uint32_t au_next(const struct au *a, uint32_t state, uint8_t byte);
uint32_t au_payload(const struct au *a, uint32_t state);

/* What follows a state: run i goes to `to` for the bytes from lo to before the next one's, the last for those up to 255. */
struct au_run {
	uint32_t lo;
	uint32_t to;
};
#define AU_RUNS 513
unsigned au_runs(const struct au *a, uint32_t state, struct au_run runs[AU_RUNS]); /* how many */

struct au_packed {
	uint64_t *words;    /* nwords; words[0] is word first_word of the tables; belongs to the automaton */
	size_t nwords;	    /* padding of 256 words that no state owns included */
	uint32_t start[16]; /* word index of each kind's start state, 0: nothing of this kind can match */
	uint8_t cls[256];   /* byte class, 1 to 255; 0: takes every state's default (if there are 256 classes) */
};

/*
 * Lays the automaton out from word first_word (>= 256) on, header words and cells as abi.h has them: each state's
 * default is its most frequent successor, rows are fitted into each other's holes. Deterministic: same input, same
 * words.
 */
int au_pack(struct au *a, uint32_t first_word, struct au_packed *ret);
uint32_t au_word(const struct au *a, uint32_t state); /* where au_pack() put it */

#endif
