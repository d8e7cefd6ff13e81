/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tree that the grammar builds: what is written, in the order written, with places and without meaning. */
#ifndef BL_AST_H
#define BL_AST_H

#include "abi.h"
#include "src.h"

struct arena;

/* One word as written; backslashes are still in it, quotation marks are not. */
struct ast_word {
	const char *text;
	struct src_loc loc;
	bool quoted;
	bool plain; /* letters, digits and _.+@- only, a letter or _ first */
	struct ast_word *next;
};

struct ast_list {
	struct ast_word *first, *last;
	size_t n;
	struct src_loc loc;
};

/* A term about a process: `exe /a, /b except /c`, or `any except exe /c` with except_head. */
struct ast_term {
	struct ast_word *head;
	struct ast_list *values;
	struct ast_word *except_head;
	struct ast_list *except;
	struct src_loc loc;
	struct ast_term *next;
};

struct ast_terms {
	struct ast_term *first, *last;
	size_t n;
	struct src_loc loc;
};

/* A part of a rule's object: values with an optional word in front. */
enum ast_part_kind {
	AST_PART_PLAIN,
	AST_PART_TO,
	AST_PART_PORT,
	AST_PART_ON,
	AST_PART_FROM,
	AST_PART_FSTYPE,
	AST_PART_SOURCE,
	AST_PART_TARGET,
	AST_PART_TYPE,
	AST_PART_PROTOCOL,
	AST_PART_PEER,	     /* to TERMS */
	AST_PART_PROFILE,    /* to profile NAME; the name is the only value */
	AST_PART_SAME,	     /* to same profile */
	AST_PART_DESCENDANT, /* to descendant */
	AST_PART_COUNT
};
struct ast_part {
	enum ast_part_kind kind;
	struct ast_list *values; /* NULL: none can follow the word */
	struct ast_list *except;
	struct ast_terms *terms; /* AST_PART_PEER */
	struct src_loc loc;
	struct ast_part *next;
};

struct ast_parts {
	struct ast_part *first, *last;
};

enum ast_attr_kind {
	AST_ATTR_IF,
	AST_ATTR_UNLESS,
	AST_ATTR_MESSAGE,
	AST_ATTR_TAG,
	AST_ATTR_SEVERITY,
	AST_ATTR_ERRNO,
	AST_ATTR_QUIET,
	AST_ATTR_ENTER,
	AST_ATTR_LEAVE,
	AST_ATTR_COUNT
};
struct ast_attr {
	enum ast_attr_kind kind;
	struct ast_terms *terms; /* if, unless */
	struct ast_word *value;
	struct src_loc loc;
	struct ast_attr *next;
};

struct ast_attrs {
	struct ast_attr *first, *last;
};

struct ast_action {
	enum bl_verdict verdict;
	struct src_loc loc;
};

enum ast_kind {
	AST_INCLUDE,  /* word; body once the file is read */
	AST_SET,      /* word, list, except */
	AST_PROFILE,  /* word (NULL: its name could not be read), body */
	AST_SUBJECT,  /* terms */
	AST_MODE,     /* word */
	AST_INHERIT,  /* word */
	AST_DESCRIPTORS, /* word */
	AST_DEFAULT,  /* action, list */
	AST_RULE,     /* action, list, parts, attrs */
	AST_TEST,     /* word (its name), body of AST_AS and AST_EXPECT */
	AST_AS,	      /* terms */
	AST_EXPECT,   /* word (a profile's name) or NULL, action, list, parts, attrs */
	AST_ASSERT,   /* list, parts, attrs */
	AST_UNKNOWN,  /* word: a statement that begins with no known word; list and body if it looks like a profile */
	AST_MISPLACED /* word: a statement that belongs elsewhere */
};

struct ast_stmt {
	enum ast_kind kind;
	bool broken;	    /* what is wrong with it has been said: SET after its name, INCLUDE without its file */
	struct src_loc loc; /* of the whole statement, its semicolon included */
	struct ast_word *word;
	struct ast_list *list, *except;
	struct ast_terms *terms;
	struct ast_action action;
	struct ast_parts *parts;
	struct ast_attrs *attrs;
	struct ast_block *body;
	struct ast_stmt *next;
};

struct ast_block {
	struct ast_stmt *first, *last;
};

/* Constructors. The append functions take NULL for a list that has no element yet. */
struct ast_stmt *ast_stmt(struct arena *a, enum ast_kind kind, struct src_loc loc, struct ast_word *word);
struct ast_block *ast_block_add(struct arena *a, struct ast_block *b, struct ast_stmt *s);
struct ast_list *ast_list_add(struct arena *a, struct ast_list *l, struct ast_word *w);
struct ast_term *ast_term(struct arena *a, struct src_loc loc, struct ast_word *head, struct ast_list *values);
struct ast_terms *ast_terms_add(struct arena *a, struct ast_terms *l, struct ast_term *t);
struct ast_part *ast_part(struct arena *a, struct src_loc loc, enum ast_part_kind kind, struct ast_list *values);
struct ast_parts *ast_parts_add(struct arena *a, struct ast_parts *l, struct ast_part *p);
struct ast_attr *ast_attr(struct arena *a, struct src_loc loc, enum ast_attr_kind kind, struct ast_word *value);
struct ast_attrs *ast_attrs_add(struct arena *a, struct ast_attrs *l, struct ast_attr *t);

/* From the beginning of a to the end of b. */
struct src_loc ast_span(struct src_loc a, struct src_loc b);

#endif
