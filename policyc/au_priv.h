/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files au_*.c share and nobody else includes (tests of the automaton excepted). */
#ifndef BL_AU_PRIV_H
#define BL_AU_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "automaton.h"

#define AU_KINDS 16u

/* ---- memory: counted, limited while a->limit is not 0; the reason for NULL is in a->err ---- */
void *au_alloc(struct au *a, size_t n);	 /* contents undefined */
void *au_zalloc(struct au *a, size_t n); /* zeroed */
void *au_realloc(struct au *a, void *p, size_t n);
void au_release(struct au *a, void *p); /* NULL is fine */

/* Room for need elements in *p, which is then *cap long. Growth by half: amortised, and never twice the memory. */
int au_grow(struct au *a, void **p, size_t *cap, size_t need, size_t elem);

/* For tests: the n-th allocation from now (0: the next) and all later ones fail; negative: none does. */
void au_alloc_fail_after(struct au *a, long n);
/* For tests: au_build() is over a limit after so many steps. */
void au_limit_work(struct au *a, uint64_t steps);
/* For tests: minimising first tries weights so poor that its verification has to reject them. */
void au_weak_weights(struct au *a);
size_t au_memory(const struct au *a);	       /* bytes allocated now */
unsigned au_minimise_runs(const struct au *a); /* attempts of the last au_minimise() */

/* ---- expressions (au_re.c) ---- */
enum re_op { RE_EMPTY, RE_LIT, RE_SET, RE_CAT, RE_ALT, RE_STAR, RE_OPT };

struct re {
	uint32_t op;
	uint32_t n;    /* RE_LIT: length; RE_SET: symbol */
	uint32_t id;   /* equal expressions have one number */
	uint32_t size; /* instructions at least, UINT32_MAX: so many or more */
	union {
		const struct re *x;
		const uint8_t *bytes; /* RE_LIT */
	};
	const struct re *y;
};

struct au_range {
	uint8_t lo, hi; /* inclusive */
};

/* Symbols: below 256 that byte, else the byte set syms[symbol - 256]. Every set exists once. */
struct au_sym {
	uint8_t bits[32];
	uint32_t first; /* index into au.ranges */
	uint32_t nranges;
};

struct au_entry {
	const struct re *x;
	uint32_t kind;
	uint32_t pattern;
};

/*
 * The nondeterministic program: one word for every instruction, the operation in the top two bits. A symbol goes on to
 * the next instruction when its byte is read; the others read nothing.
 */
enum { NFA_SYM, NFA_SPLIT /* next instruction and arg */, NFA_JMP /* arg */, NFA_MATCH /* entry arg */ };
#define NFA_ARG_MAX ((1u << 30) - 1)
#define NFA_OP(i) ((i) >> 30)
#define NFA_ARG(i) ((i)&NFA_ARG_MAX)
#define NFA_INSN(op, arg) ((uint32_t)(op) << 30 | (arg))

struct nfa {
	uint32_t *prog;
	size_t n, cap;
	uint32_t *owner; /* by instruction: the entry that it serves alone, NFA_SHARED: several */
	size_t owner_cap;
	uint32_t start[AU_KINDS]; /* NFA_NONE: no entry of this kind */
	uint32_t nsplits;
};
#define NFA_SHARED UINT32_MAX
#define NFA_NONE UINT32_MAX

int nfa_make(struct au *a, struct nfa *m);
void nfa_free(struct au *a, struct nfa *m);

/* ---- the deterministic automaton: rows are a default and the ranges of bytes that go elsewhere ---- */
struct au_cell {
	uint8_t lo, hi; /* ascending, disjoint within a row */
	uint16_t pad;
	uint32_t to;
};

struct dfa {
	uint32_t n;    /* states, the dead state 0 included */
	uint32_t *row; /* n + 1: first cell of each state */
	uint32_t *def;
	uint32_t *acc; /* accept set + 1, 0: none */
	size_t state_cap;
	struct au_cell *cells;
	size_t ncells, cell_cap;
	uint32_t start[AU_KINDS];
};

/* Counts few keys fast; no clearing between uses. */
struct au_tally {
	uint32_t now;
	uint32_t gen[1024], key[1024], n[1024];
};

void au_tally_begin(struct au_tally *t);
uint32_t au_tally_add(struct au_tally *t, uint32_t key, uint32_t n); /* count of key with n more */

int dfa_grow(struct au *a, struct dfa *d, uint32_t nstates);
/* Appends the row of state s, which is the next one: best default, adjacent runs joined. */
int dfa_add_row(struct au *a, struct dfa *d, uint32_t s, const struct au_run *runs, unsigned nruns);
unsigned dfa_runs(const struct dfa *d, uint32_t s, struct au_run runs[513]); /* number of runs */
uint32_t dfa_next(const struct dfa *d, uint32_t s, uint8_t byte);
void dfa_shrink(struct au *a, struct dfa *d);
void dfa_free(struct au *a, struct dfa *d);

struct au_accept {
	uint32_t kind;
	uint32_t first, n; /* in au.acc_patterns */
	uint32_t payload;
};

/* Sorts and leaves out what is there twice. Returns how many are left. */
size_t au_sort_unique(uint32_t *v, size_t n);
/* Accept set + 1 of these patterns, which ascend. */
int au_accept_intern(struct au *a, uint32_t kind, const uint32_t *pats, size_t n, uint32_t *ret);

struct au_blame {
	uint32_t pattern; /* ascending */
	uint64_t count;
};

struct au_chunk {
	struct au_chunk *next;
	size_t used, size;
	uint8_t data[];
};

struct au {
	size_t mem;
	size_t limit; /* 0: none */
	int err;      /* why the last allocation failed */
	bool oom;     /* an allocation before au_build() failed */
	bool weak_weights;
	unsigned minimise_runs;
	long fail_after;
	uint64_t max_work; /* steps of au_build() */

	struct au_chunk *chunks;
	struct au_sym *syms;
	size_t nsyms, sym_cap;
	struct au_range *ranges;
	size_t nranges, range_cap;
	uint32_t *sym_tab; /* hash table of symbol - 256 + 1 */
	uint32_t sym_mask;

	struct re **res; /* every expression, by number */
	size_t nres, re_cap;
	uint64_t *re_tab; /* hash table: half of the hash, number + 1 */
	uint32_t re_mask;

	struct au_entry *entries;
	size_t nentries, entry_cap;
	struct au_blame *blame; /* by pattern; of the last au_build() that was over a limit */
	size_t nblame;

	struct dfa dfa;
	struct au_accept *acc;
	size_t nacc, acc_cap;
	uint32_t *acc_patterns;
	size_t nacc_patterns, acc_patterns_cap;
	uint32_t *acc_tab; /* hash table of accept set + 1 */
	uint32_t acc_mask;

	struct au_tally tally;
	uint64_t *words;
	uint32_t *pos; /* by state: word, after au_pack() */
};

static inline uint64_t au_mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

#endif
