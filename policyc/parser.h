/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One file's way from text to tree: lex.l finds the tokens, token.c repairs what would confuse the grammar (braces,
 * missing semicolons), parse.y builds the tree, syntax.c words the messages.
 */
#ifndef BL_PARSER_H
#define BL_PARSER_H

#include "ast.h"
#include "diag.h"
#include "bounds.h"

union PC_STYPE;

struct token {
	int type; /* T_* of parse.h, 0: the end */
	struct ast_word *word;
	struct src_loc loc;
};

/* Those of a file as its grammar was given them, without the end. */
struct tokens {
	struct token *v;
	size_t n, cap;
};

struct parse {
	struct arena *arena;
	struct diags *diags;
	const struct src_file *file;
	void *scanner;
	struct ast_block *tree; /* the result */
	struct tokens *kept;	/* NULL: nobody wants the tokens */

	/* lex.l */
	size_t pos;	     /* bytes read so far */
	size_t word_start;   /* of the word or text that is being read */
	unsigned word_depth; /* its open braces */
	bool word_space;     /* white space was found in them */
	bool word_class;     /* between its brackets */

	/* token.c */
	int start;	/* pseudo token that says what kind of file it is, 0 once delivered */
	int stmt;	/* first token of the current statement, 0 before it */
	int open_stmt;	/* of the statement that the last open brace belongs to */
	unsigned depth; /* open braces */
	struct src_loc open[LIMIT_NESTING];
	struct token last, prev; /* delivered last, and before that */
	struct token held;	 /* to deliver next */
	bool is_held;
	unsigned spare;	    /* '}' that may follow and belong to a '{' that was not counted */
	bool owed;	    /* a ';' was supplied before the '}' that was just delivered, and may follow it */
	bool closing;	    /* the missing '}' before the held token has been reported */
	bool put_semicolon; /* the next token is a ';' that is not in the text */
	bool skip_block;    /* the '{' just delivered is wrong: pass over its block */
	bool skipped;	    /* a block inside the open one was passed over */
	bool stopped;	    /* a limit was exceeded: nothing but the end follows, and nothing more is said */
};

/* What a file is parsed as. */
enum parse_kind { PARSE_FILE, PARSE_BODY };

/* Parses; errors go to diags. The tree has everything that could be understood; never NULL. */
struct ast_block *parse_file(struct arena *arena, struct diags *diags, const struct src_file *file,
			     enum parse_kind kind);

/* The same, and the tokens to *ret, in the arena. If there was an error they may have been supplied or be missing. */
struct ast_block *parse_file_tokens(struct arena *arena, struct diags *diags, const struct src_file *file,
				    enum parse_kind kind, struct tokens *ret);

/* ---- between the parts ---- */
void lex_open(struct parse *p);
void lex_close(struct parse *p);
struct token lex_raw(struct parse *p);
/* Checks a whole file for bytes that no policy has. */
void lex_check_bytes(struct parse *p);

struct token token_next(struct parse *p);
bool token_starts_stmt(int type);
bool token_opens_block(int type); /* first token of a statement that may go on with '{' */

/* p->last cannot stand where it does; expected: the texts of the tokens that could. */
const char *syntax_show(struct parse *p, const struct token *t); /* a token as messages have it */
void syntax_error(struct parse *p, const char *const *expected, size_t n);

#endif
