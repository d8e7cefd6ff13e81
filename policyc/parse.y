%require "3.6"
%code top {
/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The grammar. Actions call constructors and nothing else: what words mean is sema's business. */
}
%define api.pure full
%define api.prefix {pc_}
%define api.token.prefix {T_}
%define api.location.type {struct src_loc}
%define parse.error custom
%define parse.lac full
%locations
%param {struct parse *p}

%code requires {
#include "parser.h"
}

%code {
#include "arena.h"

#define YYLLOC_DEFAULT(cur, rhs, n) \
	do { \
		if (n) { \
			(cur) = ast_span(YYRHSLOC(rhs, 1), YYRHSLOC(rhs, n)); \
		} else { \
			(cur) = YYRHSLOC(rhs, 0); \
			(cur).line = (cur).end_line; \
			(cur).col = (cur).end_col; \
		} \
	} while (0)

static int pc_lex(union PC_STYPE *v, struct src_loc *loc, struct parse *p);
static void pc_error(struct src_loc *loc, struct parse *p, const char *text);
#define A (p->arena)
}

%union {
	struct ast_word *word;
	struct ast_list *list;
	struct ast_term *term;
	struct ast_terms *terms;
	struct ast_part *part;
	struct ast_parts *parts;
	struct ast_attr *attr;
	struct ast_attrs *attrs;
	struct ast_action action;
	struct ast_stmt *stmt;
	struct ast_block *block;
	int kind;
}

%token END 0 "the end of the file"
%token START_FILE "the start of the file" START_BODY "the start of an included file"
%token <word> NAME "a name" VALUE "a value" STRING "quoted text"
%token <word> SEMICOLON ";" COMMA "," EQUALS "=" OPEN "{" CLOSE "}"
%token <word> INCLUDE "include" SET "set" EXCEPT "except" PROFILE "profile" SUBJECT "subject" MODE "mode"
%token <word> DEFAULT "default" INHERIT "inherit" DESCRIPTORS "descriptors" ALLOW "allow" DENY "deny" KILL "kill" LOG "log"
%token <word> IF "if" UNLESS "unless" AND "and" MESSAGE "message" TAG "tag" SEVERITY "severity"
%token <word> ERRNO "errno" QUIET "quiet" ENTER "enter" LEAVE "leave" TEST "test" ASSERT "assert"
%token <word> TO "to" PORT "port" ON "on" FROM "from" FSTYPE "fstype" SOURCE "source" TARGET "target" TYPE "type"
%token <word> PROTOCOL "protocol" AS "as" EXPECT "expect" NEVER "never"
%token <word> TERM "a term" SAME "same" DESCENDANT "descendant" /* after `to` only, see token.c */

%type <word> name item soft body_word top_word test_word
%type <list> list except_opt ops values_opt
%type <term> term as_term peer_term
%type <terms> terms as_terms peer
%type <part> part peer_part
%type <parts> parts object
%type <attr> attr
%type <attrs> attrs
%type <action> action
%type <stmt> top stmt rule test_stmt
%type <block> file body test_body
%type <kind> part_word

%%

start:
	START_FILE file { p->tree = $2; }
	| START_BODY body { p->tree = $2; }
	;

file:
	%empty { $$ = ast_block_add(A, NULL, NULL); }
	| file top { $$ = ast_block_add(A, $1, $2); }
	;

top:
	INCLUDE STRING ";" { $$ = ast_stmt(A, AST_INCLUDE, @$, $2); }
	| SET name "=" values_opt except_opt ";" {
		$$ = ast_stmt(A, AST_SET, @$, $2);
		$$->list = $4;
		$$->except = $5;
	}
	| SET name error ";" {
		$$ = ast_stmt(A, AST_SET, @$, $2);
		$$->broken = true;
		yyerrok;
	}
	| PROFILE name "{" body close {
		$$ = ast_stmt(A, AST_PROFILE, @$, $2);
		$$->body = $4;
	}
	| PROFILE error "{" body close {
		$$ = ast_stmt(A, AST_PROFILE, @$, NULL);
		$$->body = $4;
		yyerrok;
	}
	| PROFILE error ";" { $$ = NULL; yyerrok; }
	| TEST STRING "{" test_body close {
		$$ = ast_stmt(A, AST_TEST, @$, $2);
		$$->body = $4;
	}
	| TEST error "{" test_body close { $$ = NULL; yyerrok; }
	| TEST error ";" { $$ = NULL; yyerrok; }
	| ASSERT NEVER ops object attrs ";" {
		$$ = ast_stmt(A, AST_ASSERT, @$, $1);
		$$->list = $3;
		$$->parts = $4;
		$$->attrs = $5;
	}
	| ASSERT error ";" { $$ = NULL; yyerrok; }
	| NAME junk ";" { $$ = ast_stmt(A, AST_UNKNOWN, @$, $1); }
	| NAME name "{" body close {
		$$ = ast_stmt(A, AST_UNKNOWN, @$, $1);
		$$->list = ast_list_add(A, NULL, $2);
		$$->body = $4;
	}
	| NAME error "{" body close { $$ = NULL; yyerrok; }
	| NAME error ";" { $$ = NULL; yyerrok; }
	| body_word junk ";" { $$ = ast_stmt(A, AST_MISPLACED, @$, $1); }
	| test_word junk ";" { $$ = ast_stmt(A, AST_MISPLACED, @$, $1); }
	| error ";" { $$ = NULL; yyerrok; }
	| error "}" { $$ = NULL; yyerrok; }
	;

body_word: SUBJECT | MODE | INHERIT | DESCRIPTORS | DEFAULT | ALLOW | DENY | KILL | LOG;
top_word: SET | ASSERT;
test_word: AS | EXPECT;

close:
	"}"
	| error "}" { yyerrok; }
	;

body:
	%empty { $$ = ast_block_add(A, NULL, NULL); }
	| body stmt { $$ = ast_block_add(A, $1, $2); }
	;

stmt:
	SUBJECT terms ";" {
		$$ = ast_stmt(A, AST_SUBJECT, @$, $1);
		$$->terms = $2;
	}
	| SUBJECT error ";" { $$ = ast_stmt(A, AST_SUBJECT, @$, $1); yyerrok; }
	| MODE NAME ";" { $$ = ast_stmt(A, AST_MODE, @$, $2); }
	| INHERIT NAME ";" { $$ = ast_stmt(A, AST_INHERIT, @$, $2); }
	| DESCRIPTORS NAME ";" { $$ = ast_stmt(A, AST_DESCRIPTORS, @$, $2); }
	| DEFAULT action ops ";" {
		$$ = ast_stmt(A, AST_DEFAULT, @$, $1);
		$$->action = $2;
		$$->list = $3;
	}
	| rule
	| INCLUDE STRING ";" { $$ = ast_stmt(A, AST_INCLUDE, @$, $2); }
	| NAME junk ";" { $$ = ast_stmt(A, AST_UNKNOWN, @$, $1); }
	| TEST junk ";" { $$ = ast_stmt(A, AST_MISPLACED, @$, $1); }
	| TEST junk "{" test_body close { $$ = ast_stmt(A, AST_MISPLACED, @$, $1); }
	| top_word junk ";" { $$ = ast_stmt(A, AST_MISPLACED, @$, $1); }
	| test_word junk ";" { $$ = ast_stmt(A, AST_MISPLACED, @$, $1); }
	| error ";" { $$ = NULL; yyerrok; }
	;

test_body:
	%empty { $$ = ast_block_add(A, NULL, NULL); }
	| test_body test_stmt { $$ = ast_block_add(A, $1, $2); }
	;

test_stmt:
	AS as_terms ";" {
		$$ = ast_stmt(A, AST_AS, @$, $1);
		$$->terms = $2;
	}
	| EXPECT action ops object attrs ";" {
		$$ = ast_stmt(A, AST_EXPECT, @$, NULL);
		$$->action = $2;
		$$->list = $3;
		$$->parts = $4;
		$$->attrs = $5;
	}
	| EXPECT PROFILE name action ops object attrs ";" {
		$$ = ast_stmt(A, AST_EXPECT, @$, $3);
		$$->action = $4;
		$$->list = $5;
		$$->parts = $6;
		$$->attrs = $7;
	}
	| NAME junk ";" { $$ = ast_stmt(A, AST_UNKNOWN, @$, $1); }
	| body_word junk ";" { $$ = ast_stmt(A, AST_MISPLACED, @$, $1); }
	| TEST junk ";" { $$ = ast_stmt(A, AST_MISPLACED, @$, $1); }
	| TEST junk "{" test_body close { $$ = ast_stmt(A, AST_MISPLACED, @$, $1); }
	| top_word junk ";" { $$ = ast_stmt(A, AST_MISPLACED, @$, $1); }
	| error ";" { $$ = NULL; yyerrok; }
	;

as_terms:
	as_term { $$ = ast_terms_add(A, NULL, $1); }
	| as_terms as_term { $$ = ast_terms_add(A, $1, $2); }
	;

as_term: NAME list { $$ = ast_term(A, @$, $1, $2); };

rule:
	action ops object attrs ";" {
		$$ = ast_stmt(A, AST_RULE, @$, NULL);
		$$->action = $1;
		$$->list = $2;
		$$->parts = $3;
		$$->attrs = $4;
	}
	;

action:
	ALLOW { $$ = (struct ast_action){ BL_V_ALLOW, @1 }; }
	| DENY { $$ = (struct ast_action){ BL_V_DENY, @1 }; }
	| KILL { $$ = (struct ast_action){ BL_V_KILL, @1 }; }
	| LOG { $$ = (struct ast_action){ BL_V_LOG, @1 }; }
	;

ops:
	NAME { $$ = ast_list_add(A, NULL, $1); }
	| ops "," NAME { $$ = ast_list_add(A, $1, $3); }
	;

parts:
	%empty { $$ = NULL; }
	| parts part { $$ = ast_parts_add(A, $1, $2); }
	;

part:
	list except_opt {
		$$ = ast_part(A, @$, AST_PART_PLAIN, $1);
		$$->except = $2;
	}
	| part_word list except_opt {
		$$ = ast_part(A, @$, (enum ast_part_kind)$1, $2);
		$$->except = $3;
	}
	;

/* What a rule is about; a peer comes last, because its terms go on as long as they can. */
object:
	parts
	| parts peer_part { $$ = ast_parts_add(A, $1, $2); }
	;

peer_part:
	TO PROFILE name { $$ = ast_part(A, @$, AST_PART_PROFILE, ast_list_add(A, NULL, $3)); }
	| TO SAME PROFILE { $$ = ast_part(A, @$, AST_PART_SAME, NULL); }
	| TO DESCENDANT { $$ = ast_part(A, @$, AST_PART_DESCENDANT, NULL); }
	| TO peer {
		$$ = ast_part(A, @$, AST_PART_PEER, NULL);
		$$->terms = $2;
	}
	;

peer:
	peer_term { $$ = ast_terms_add(A, NULL, $1); }
	| peer AND term { $$ = ast_terms_add(A, $1, $3); }
	;

peer_term:
	TERM { $$ = ast_term(A, @$, $1, NULL); }
	| TERM list { $$ = ast_term(A, @$, $1, $2); }
	| TERM list EXCEPT list {
		$$ = ast_term(A, @$, $1, $2);
		$$->except = $4;
	}
	| TERM EXCEPT NAME list {
		$$ = ast_term(A, @$, $1, NULL);
		$$->except_head = $3;
		$$->except = $4;
	}
	;

part_word:
	TO { $$ = AST_PART_TO; }
	| PORT { $$ = AST_PART_PORT; }
	| ON { $$ = AST_PART_ON; }
	| FROM { $$ = AST_PART_FROM; }
	| FSTYPE { $$ = AST_PART_FSTYPE; }
	| SOURCE { $$ = AST_PART_SOURCE; }
	| TARGET { $$ = AST_PART_TARGET; }
	| TYPE { $$ = AST_PART_TYPE; }
	| PROTOCOL { $$ = AST_PART_PROTOCOL; }
	;

attrs:
	%empty { $$ = NULL; }
	| attrs attr { $$ = ast_attrs_add(A, $1, $2); }
	;

attr:
	IF terms {
		$$ = ast_attr(A, @$, AST_ATTR_IF, NULL);
		$$->terms = $2;
	}
	| UNLESS terms {
		$$ = ast_attr(A, @$, AST_ATTR_UNLESS, NULL);
		$$->terms = $2;
	}
	| MESSAGE STRING { $$ = ast_attr(A, @$, AST_ATTR_MESSAGE, $2); }
	| TAG STRING { $$ = ast_attr(A, @$, AST_ATTR_TAG, $2); }
	| SEVERITY NAME { $$ = ast_attr(A, @$, AST_ATTR_SEVERITY, $2); }
	| ERRNO item { $$ = ast_attr(A, @$, AST_ATTR_ERRNO, $2); }
	| QUIET { $$ = ast_attr(A, @$, AST_ATTR_QUIET, NULL); }
	| ENTER name { $$ = ast_attr(A, @$, AST_ATTR_ENTER, $2); }
	| LEAVE { $$ = ast_attr(A, @$, AST_ATTR_LEAVE, NULL); }
	;

terms:
	term { $$ = ast_terms_add(A, NULL, $1); }
	| terms AND term { $$ = ast_terms_add(A, $1, $3); }
	;

term:
	NAME { $$ = ast_term(A, @$, $1, NULL); }
	| NAME list { $$ = ast_term(A, @$, $1, $2); }
	| NAME list EXCEPT list {
		$$ = ast_term(A, @$, $1, $2);
		$$->except = $4;
	}
	| NAME list EXCEPT NAME list {
		$$ = ast_term(A, @$, $1, $2);
		$$->except_head = $4;
		$$->except = $5;
	}
	| NAME EXCEPT list {
		$$ = ast_term(A, @$, $1, NULL);
		$$->except = $3;
	}
	| NAME EXCEPT NAME list {
		$$ = ast_term(A, @$, $1, NULL);
		$$->except_head = $3;
		$$->except = $4;
	}
	;

values_opt:
	%empty { $$ = NULL; }
	| list
	;

except_opt:
	%empty { $$ = NULL; }
	| EXCEPT list { $$ = $2; }
	;

list:
	item { $$ = ast_list_add(A, NULL, $1); }
	| list "," item { $$ = ast_list_add(A, $1, $3); }
	;

item: NAME | VALUE | STRING;
name: NAME | STRING | soft;
/* Words of the language that are names too, where nothing else can be meant. */
soft: FSTYPE | SOURCE | TARGET | TYPE | PROTOCOL | AS | EXPECT | NEVER;

junk:
	%empty
	| junk_tokens
	;

junk_tokens:
	junk_token
	| junk_tokens junk_token
	;

junk_token:
	NAME | VALUE | STRING | "," | "=" | INCLUDE | SET | EXCEPT | PROFILE | SUBJECT | MODE | DEFAULT | INHERIT | DESCRIPTORS
	| ALLOW | DENY | KILL | LOG | IF | UNLESS | AND | MESSAGE | TAG | SEVERITY | ERRNO | QUIET | ENTER | LEAVE
	| TEST | ASSERT | TO | PORT | ON | FROM | soft | TERM | SAME | DESCENDANT
	;

%%

static int pc_lex(union PC_STYPE *v, struct src_loc *loc, struct parse *p)
{
	struct token t = token_next(p);

	v->word = t.word;
	*loc = t.loc;
	return t.type;
}

/* Bison calls it only when it is out of memory: syntax errors go to yyreport_syntax_error(). */
static void pc_error(struct src_loc *loc, struct parse *p, const char *text)
{
	(void)loc;
	(void)p;
	(void)text;
	arena_oom();
}

static int yyreport_syntax_error(const yypcontext_t *ctx, struct parse *p)
{
	yysymbol_kind_t kinds[YYNTOKENS];
	const char *names[YYNTOKENS];
	int n = yypcontext_expected_tokens(ctx, kinds, YYNTOKENS);

	if (n < 0)
		return n;
	for (int i = 0; i < n; i++)
		names[i] = yysymbol_name(kinds[i]);
	syntax_error(p, names, (size_t)n);
	return 0;
}

struct ast_block *parse_file_tokens(struct arena *arena, struct diags *diags, const struct src_file *file,
				    enum parse_kind kind, struct tokens *ret)
{
	struct parse p = { .arena = arena, .diags = diags, .file = file, .kept = ret };

	p.start = kind == PARSE_FILE ? T_START_FILE : T_START_BODY;
	lex_check_bytes(&p);
	lex_open(&p);
	if (pc_parse(&p) == 2)
		arena_oom();
	lex_close(&p);
	return p.tree ? p.tree : ast_block_add(arena, NULL, NULL);
}

struct ast_block *parse_file(struct arena *arena, struct diags *diags, const struct src_file *file,
			     enum parse_kind kind)
{
	return parse_file_tokens(arena, diags, file, kind, NULL);
}
