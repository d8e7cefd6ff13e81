/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A checked policy: what sema makes of the tree, and what emit turns into an image. Nothing in it can be wrong any more:
 * names are resolved, numbers in range, sets expanded, globs valid. Numbers are indices. Everything lives in the arena of the
 * compilation.
 */
#ifndef BL_IR_H
#define BL_IR_H

#include "abi.h"
#include "src.h"
#include <stdbool.h>
#include <stddef.h>

/* Addresses: those whose first `prefix` bits are those of addr. */
struct ir_addr {
	uint8_t family; /* enum bl_family; 0: both, any address */
	uint8_t prefix;
	uint8_t addr[16];
};

/* One pattern: bytes of a kind. `except` makes a match of it take the whole term's match away. */
struct ir_pattern {
	enum bl_kind kind;
	bool except;
	bool any;           /* every byte string of the kind; nothing else counts */
	bool implied;       /* SOCK: of a rule about addresses; decides only where no rule about sockets does */
	uint64_t ops;       /* BL_OP_BIT of the rule's operations that it is about, 0: all of them */
	const char *text;   /* as an administrator would write it, for dump and messages */
	const char *glob;   /* names: the glob, as written; UNIX; CODE: the file system type; SYS: the path or target */
	const char *fstype; /* SYS, mount: globs, NULL: any */
	const char *source;
	bool and_below;     /* CGROUP: the name itself and everything below it */
	uint8_t op;         /* SYS: enum bl_op */
	uint8_t code;       /* CODE: enum bl_code */
	bool nameless;      /* SYS, module: and what has no name */
	uint32_t lo, hi;    /* USER, GROUP, LOGIN, CAPABILITY, SYS: inclusive range */
	struct ir_net {     /* NET */
		uint8_t proto;     /* enum bl_proto; 0: any */
		bool any_port;     /* also matches sockets without ports */
		bool accept;       /* the peer's address follows */
		struct ir_addr at; /* the peer of a connect, the local end otherwise */
		struct ir_addr peer;
		uint16_t port_lo, port_hi; /* inclusive, unless any_port */
	} net;
	struct ir_sock {    /* SOCK; -1: any */
		int32_t family, type, protocol;
	} sock;
	struct src_loc loc;
};

/* What a rule is about: it matches if some pattern without `except` does and no pattern of the same term with it. */
struct ir_term {
	struct ir_pattern *patterns;
	size_t npatterns;
};

/* A subject term: true or false of a process. Atom 0 always holds and has no term. */
struct ir_atom {
	enum bl_kind kind;
	struct ir_term term;
	uint64_t sticky;  /* hash of profile name and canonical text, 0: judged by the present state */
	uint32_t profile; /* whose subject it makes inherited, + 1; 0: none's */
	const char *text; /* canonical: "exe /usr/sbin/nginx, /usr/sbin/x except /a" */
};

struct ir_lit {
	uint32_t atom;
	bool negate;
	bool weak; /* weakens a verdict: never holds in an untrusted mount namespace */
	struct src_loc loc; /* of the term's values, where it is first written */
};

/* OR of clauses, each an AND of literals. Conditions 0 to nprofiles - 1 are the profiles' subjects. */
struct ir_clause {
	struct ir_lit *lits;
	size_t nlits;
};
struct ir_cond {
	struct ir_clause *clauses;
	size_t nclauses;
};

/* Whom a rule about processes is about. */
enum ir_peer { IR_PEER_ANY, IR_PEER_COND, IR_PEER_DESCENDANT };

struct ir_rule {
	uint32_t profile;
	enum bl_verdict verdict;
	uint64_t ops;        /* BL_OP_BIT, groups expanded: `write` carries append and truncate, `exec` carries map */
	struct ir_term object; /* npatterns 0: matches every object of its operations */
	uint32_t cond_if;     /* BL_COND_NONE: none */
	uint32_t cond_unless; /* alternatives without `owner` */
	bool if_owner;
	bool unless_owner;    /* an alternative is `owner` alone */
	bool unless_mixed;    /* some alternatives are `owner` and more: then, for the owner, instead of cond_unless: */
	uint32_t cond_unless_owner;
	enum ir_peer peer;
	uint32_t peer_cond;
	bool quiet, leave;
	uint32_t enter;       /* profile + 1, 0: none */
	uint32_t err;         /* positive errno of a refusal */
	const char *message;  /* NULL: none */
	const char *tag;
	const char *severity;
	const char *text;     /* as written, white space folded, without the semicolon */
	struct src_loc loc;
};

struct ir_profile {
	const char *name;
	uint64_t hash;         /* FNV-1a 64 of the name, never 0 */
	enum bl_mode mode;
	bool strict;           /* descriptors are judged when they are used, too */
	uint64_t deny_ops;     /* BL_OP_BIT that the default refuses */
	const char *subject;   /* canonical text */
	uint32_t entered;      /* atom of what a rule's `enter` put in, 0: none does */
	struct src_loc loc;
	struct src_loc default_loc; /* line 0: no default statement */
};

struct ir_user {
	const char *name;
	enum bl_kind kind; /* BL_KEY_USER or BL_KEY_GROUP */
	uint32_t id;
};

struct ast_stmt;

/* `assert never`: that what the rule matches is refused to every process for which must holds and no unless does. */
struct ir_assert {
	struct ir_rule rule; /* of no profile: operations, object, message, place */
	struct ir_clause must;
	struct ir_clause *unless;
	size_t nunless;
};

struct ir {
	struct ir_profile *profiles;
	size_t nprofiles;
	struct ir_rule *rules; /* in the order written; a profile's rules are contiguous */
	size_t nrules;
	struct ir_atom *atoms;
	size_t natoms;
	size_t nall_atoms; /* those that only assertions name follow; no image has them */
	struct ir_cond *conds;
	size_t nconds;
	struct ir_user *users;
	size_t nusers;
	const struct ast_stmt **tests; /* AST_TEST and AST_ASSERT, in the order read; checked.h gives them meaning */
	size_t ntests;
	struct ir_assert *asserts; /* of the AST_ASSERT among them */
	size_t nasserts;
};

#endif
