/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Constructors of the tree. */
#include "ast.h"

#include "arena.h"
#include "banned.h"

/* Adds elem to the singly linked list l, which is made if it is NULL. */
#define AST_APPEND(arena, l, elem)                                                                                     \
	do {                                                                                                           \
		if (!(l))                                                                                              \
			(l) = arena_alloc((arena), sizeof(*(l)));                                                      \
		if ((l)->last)                                                                                         \
			(l)->last->next = (elem);                                                                      \
		else                                                                                                   \
			(l)->first = (elem);                                                                           \
		(l)->last = (elem);                                                                                    \
	} while (0)

struct src_loc ast_span(struct src_loc a, struct src_loc b)
{
	a.end_line = b.end_line;
	a.end_col = b.end_col;
	return a;
}

struct ast_stmt *ast_stmt(struct arena *a, enum ast_kind kind, struct src_loc loc, struct ast_word *word)
{
	struct ast_stmt *s = arena_alloc(a, sizeof(*s));

	s->kind = kind;
	s->loc = loc;
	s->word = word;
	return s;
}

struct ast_block *ast_block_add(struct arena *a, struct ast_block *b, struct ast_stmt *s)
{
	if (s)
		AST_APPEND(a, b, s);
	else if (!b)
		b = arena_alloc(a, sizeof(*b));
	return b;
}

struct ast_list *ast_list_add(struct arena *a, struct ast_list *l, struct ast_word *w)
{
	AST_APPEND(a, l, w);
	l->loc = l->n++ == 0 ? w->loc : ast_span(l->loc, w->loc);
	return l;
}

struct ast_term *ast_term(struct arena *a, struct src_loc loc, struct ast_word *head, struct ast_list *values)
{
	struct ast_term *t = arena_alloc(a, sizeof(*t));

	t->loc = loc;
	t->head = head;
	t->values = values;
	return t;
}

struct ast_terms *ast_terms_add(struct arena *a, struct ast_terms *l, struct ast_term *t)
{
	AST_APPEND(a, l, t);
	l->loc = l->n++ == 0 ? t->loc : ast_span(l->loc, t->loc);
	return l;
}

struct ast_part *ast_part(struct arena *a, struct src_loc loc, enum ast_part_kind kind, struct ast_list *values)
{
	struct ast_part *p = arena_alloc(a, sizeof(*p));

	p->loc = loc;
	p->kind = kind;
	p->values = values;
	return p;
}

struct ast_parts *ast_parts_add(struct arena *a, struct ast_parts *l, struct ast_part *p)
{
	AST_APPEND(a, l, p);
	return l;
}

struct ast_attr *ast_attr(struct arena *a, struct src_loc loc, enum ast_attr_kind kind, struct ast_word *value)
{
	struct ast_attr *t = arena_alloc(a, sizeof(*t));

	t->loc = loc;
	t->kind = kind;
	t->value = value;
	return t;
}

struct ast_attrs *ast_attrs_add(struct arena *a, struct ast_attrs *l, struct ast_attr *t)
{
	AST_APPEND(a, l, t);
	return l;
}
