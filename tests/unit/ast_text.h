/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A tree as text with everything that it says, except places: two trees are the same if their texts are. */
#ifndef BL_TEST_AST_TEXT_H
#define BL_TEST_AST_TEXT_H

#include "arena.h"
#include "ast.h"

static void ast_text_block(struct arena_buf *b, const struct ast_block *block);

static void ast_text_word(struct arena_buf *b, const char *label, const struct ast_word *w)
{
	if (!w)
		return;
	arena_buf_str(b, arena_printf(b->arena, " %s:%c%c<%s>", label, w->quoted ? 'q' : '-', w->plain ? 'p' : '-', w->text));
}

static void ast_text_list(struct arena_buf *b, const char *label, const struct ast_list *l)
{
	if (!l)
		return;
	arena_buf_str(b, arena_printf(b->arena, " %s[%zu", label, l->n));
	for (const struct ast_word *w = l->first; w; w = w->next)
		ast_text_word(b, "", w);
	arena_buf_str(b, "]");
}

static void ast_text_terms(struct arena_buf *b, const struct ast_terms *l)
{
	if (!l)
		return;
	arena_buf_str(b, " terms(");
	for (const struct ast_term *t = l->first; t; t = t->next) {
		ast_text_word(b, "head", t->head);
		ast_text_list(b, "values", t->values);
		ast_text_word(b, "except", t->except_head);
		ast_text_list(b, "except", t->except);
		arena_buf_str(b, ";");
	}
	arena_buf_str(b, ")");
}

static void ast_text_parts(struct arena_buf *b, const struct ast_parts *l)
{
	for (const struct ast_part *p = l ? l->first : NULL; p; p = p->next) {
		arena_buf_str(b, arena_printf(b->arena, " part%d", p->kind));
		ast_text_list(b, "values", p->values);
		ast_text_list(b, "except", p->except);
	}
}

static void ast_text_attrs(struct arena_buf *b, const struct ast_attrs *l)
{
	for (const struct ast_attr *t = l ? l->first : NULL; t; t = t->next) {
		arena_buf_str(b, arena_printf(b->arena, " attr%d", t->kind));
		ast_text_terms(b, t->terms);
		ast_text_word(b, "value", t->value);
	}
}

static void ast_text_stmt(struct arena_buf *b, const struct ast_stmt *st)
{
	arena_buf_str(b, arena_printf(b->arena, "stmt%d action%d", st->kind, st->action.verdict));
	ast_text_word(b, "word", st->word);
	ast_text_list(b, "list", st->list);
	ast_text_list(b, "except", st->except);
	ast_text_terms(b, st->terms);
	ast_text_parts(b, st->parts);
	ast_text_attrs(b, st->attrs);
	ast_text_block(b, st->body);
	arena_buf_str(b, "\n");
}

static void ast_text_block(struct arena_buf *b, const struct ast_block *block)
{
	if (!block)
		return;
	arena_buf_str(b, " {\n");
	for (const struct ast_stmt *st = block->first; st; st = st->next)
		ast_text_stmt(b, st);
	arena_buf_str(b, "}");
}

static const char *ast_text(struct arena *a, const struct ast_block *tree)
{
	struct arena_buf b = { .arena = a };

	ast_text_block(&b, tree);
	return b.s;
}

#endif
