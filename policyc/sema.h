/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From trees to a checked policy. What is shared between the sema files; outside them only sema_run() is used. */
#ifndef BL_SEMA_H
#define BL_SEMA_H

#include "arena.h"
#include "ast.h"
#include "word_error.h"
#include "diag.h"
#include "ir.h"
#include "names.h"

struct pats {
	struct ir_pattern *v;
	size_t n, cap;
};

enum set_state { SET_NEW, SET_BUSY, SET_DONE, SET_BROKEN };
struct sema_set {
	const struct ast_stmt *ast;
	const char *name;
	enum set_state state;
	bool used;
	enum bl_kind kind; /* BL_KEY_PATH or BL_KEY_NET */
	struct pats pos, exc;
};

struct sema_profile {
	const struct ast_stmt *ast;
	const char *name;
	struct src_loc loc; /* of the name */
	bool no_inherit;
	bool entered;	     /* some rule enters it */
	bool names_accept;   /* some rule names accept: bind does not decide it */
	bool has_unknown; /* statements that were not understood: one may be what seems to be missing */
	struct src_loc mode_loc, inherit_loc, descriptors_loc, none_loc, subject_loc; /* line 0: none yet */
	struct src_loc op_loc[64];				     /* default by operation */
	uint8_t op_width[64];					     /* operations that its word stands for */
	struct arena_buf subject;				     /* canonical text */
	struct ir_clause *clauses;
	size_t nclauses, clauses_cap;
	size_t nstmts; /* rules and defaults, wrong ones included */
};

/* Atoms of a list of values that was written before in the same words: a big set is taken apart once, not in every
 * rule. */
struct term_memo {
	const char *key;
	uint32_t pos, exc; /* ATOM_NONE: none */
};

struct sema {
	struct arena *arena;
	struct diags *diags;
	struct ir ir; /* what is found so far */
	size_t atoms_cap, conds_cap, rules_cap, users_cap, tests_cap, asserts_cap;
	struct sema_set *sets;
	size_t nsets, sets_cap, nshipped; /* the first nshipped sets came with the compiler */
	uint32_t *set_slots;		  /* hash table of set numbers + 1 */
	struct sema_profile *profiles;
	size_t nprofiles, profiles_cap;
	size_t npatterns, nlits;
	unsigned set_depth;
	struct term_memo *memos;
	size_t nmemos, memos_cap;
	bool sets_missing; /* a statement or file was not understood that may have declared what seems to be missing */
	unsigned reported; /* 1 << enum sema_limit: said already */
};

enum sema_limit {
	LIMIT_SAID_SETS,
	LIMIT_SAID_PROFILES,
	LIMIT_SAID_ATOMS,
	LIMIT_SAID_CONDS,
	LIMIT_SAID_LITS,
	LIMIT_SAID_RULES,
	LIMIT_SAID_PATTERNS
};

/* Checks the trees of one policy. The result is good only if no errors were added to diags. */
void sema_run(struct arena *arena, struct diags *diags, struct ast_block *const *trees, size_t n, struct ir *ret);

/* ---- sema.c ---- */
void sema_bad(struct sema *s, const struct ast_word *w, const struct word_error *err);
/* Says once that more than `max` of `what` are too many. */
void sema_over(struct sema *s, enum sema_limit which, struct src_loc loc, const char *what, size_t max);
bool sema_name_ok(const char *name, bool set);
/* Text of a quoted word with \" and \\ resolved; NULL (and a message) if it has any other escape or is no UTF-8. */
const char *sema_text(struct sema *s, const struct ast_word *w);
/* "unknown WHAT 'word'", with the nearest of the words. */
void sema_unknown(struct sema *s, const struct ast_word *w, const char *id, const char *what, const char *const *words,
		  size_t n);

/* ---- sema_set.c ---- */
void set_collect(struct sema *s, const struct ast_stmt *st);
void set_resolve_all(struct sema *s);
void set_warn_unused(struct sema *s);
/* The values of a set that comes with the compiler; no limit counts them. */
const struct pats *set_shipped(struct sema *s, const char *name);
/*
 * Adds the patterns that the words of l stand for, as `kind`. What sets take out goes to exc; exc NULL: the list is
 * itself one of exceptions. False if something was wrong, which has then been said.
 */
bool set_values(struct sema *s, const struct ast_list *l, enum bl_kind kind, struct pats *pos, struct pats *exc);
bool pats_add(struct sema *s, struct pats *p, const struct ir_pattern *one);

/* ---- sema_word.c: one word of a kind ---- */
bool word_check(struct sema *s, const struct ast_word *w, enum bl_kind kind, struct ir_pattern *ret);
bool word_check_glob(struct sema *s, const struct ast_word *w, const char *glob, enum bl_kind kind);
/* The word without its first `skip` bytes as a name that is no path; `what` and `slashes` as glob_check_name() has them. */
bool word_check_name(struct sema *s, const struct ast_word *w, size_t skip, const char *what, bool slashes);
/* kind: BL_KEY_USER or BL_KEY_GROUP */
bool word_check_id(struct sema *s, const struct ast_word *w, enum bl_kind kind, uint32_t *ret_lo, uint32_t *ret_hi);
bool word_check_capability(struct sema *s, const struct ast_word *w, uint32_t *ret);
/* "unknown WHAT 'word'", with the nearest of the table or else the help. */
void word_unknown_name(struct sema *s, const struct ast_word *w, enum bl_names table, const char *what, const char *help);

/* ---- sema_subject.c ---- */
struct term_use {
	const struct sema_profile *profile;
	bool subject;
	bool weakens; /* the clause holding makes a verdict milder */
	bool owner_fits; /* the condition is about a file too */
	bool *owner;	 /* set if `owner` is among the terms */
};
/* One conjunction; its canonical text is added to *text. False: something was wrong, which has been said. */
bool subject_terms(struct sema *s, const struct ast_terms *t, const struct term_use *use, struct ir_clause *ret,
		   struct arena_buf *text);
void subject_statement(struct sema *s, struct sema_profile *p, const struct ast_stmt *st);

/* ---- sema_ops.c ---- */
bool ops_resolve(struct sema *s, const struct ast_list *l, uint64_t *ret);
bool ops_resolve_word(struct sema *s, const struct ast_word *w, uint64_t *ret);
const char *ops_word(unsigned op);
uint64_t ops_of_word(const char *word); /* 0: it is no operation and no group */
bool ops_is_group(const char *word);

/* ---- sema_object.c ---- */
/* Fills in r->object and r->peer; the operations, verdict and profile are there. */
bool object_resolve(struct sema *s, const struct ast_stmt *st, struct ir_rule *r);

/* ---- sema_profile.c ---- */
/* name NULL: it could not be read, which has been said; the rest is checked all the same. */
void profile_collect(struct sema *s, const struct ast_stmt *st, const struct ast_word *name);
void profile_subject(struct sema *s, size_t i); /* all but the rules; conditions are numbered like profiles */
void profile_rules(struct sema *s, size_t i);
void profile_look_ahead(struct sema *s, size_t i); /* before all subjects: what its rules mean for other statements */
uint32_t profile_of_name(const struct sema *s, const char *name); /* number + 1, 0: there is none */
/* The number of the profile of this name; false, and a message, if there is none. */
bool profile_number(struct sema *s, const struct ast_word *w, uint32_t *ret);
/* Says that there is no profile of this name; best: the nearest of those that are there, or NULL. */
void profile_unknown(struct diags *diags, const struct ast_word *w, const char *best);

/* ---- warnings about a policy without errors ---- */
struct overlap;
/* sema_warn.c: all of them */
void warn_policy(struct sema *s);
/* Says that something was not looked for because of -E2BIG; does not return from any other error. */
void warn_too_complex(struct sema *s, int r, const char *what);
/* The first rule of a profile, or of the next that has one. */
size_t warn_first_rule(const struct ir *ir, uint32_t profile);
/* sema_warn_exe.c: terms about programs */
void warn_subjects(struct sema *s);
void warn_weak_globs(struct sema *s);
/* sema_warn_write.c: what can be written and executed */
void warn_write_exec(struct sema *s);
/* sema_warn_lockout.c: profiles that nobody could unload. terms: every atom about programs and cgroups, by its number */
void warn_lockout(struct sema *s, const struct overlap *terms);

/* ---- sema_rule.c ---- */
void rule_statement(struct sema *s, uint32_t profile, const struct ast_stmt *st);
void assert_statements(struct sema *s); /* after all rules; adds nothing to what makes the image */

#endif
