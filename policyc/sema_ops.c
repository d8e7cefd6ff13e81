/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words for operations and for groups of them. */
#include "sema.h"

#include <string.h>

#include "arena.h"
#include "nearest.h"
#include "banned.h"

struct op_word {
	const char *word;
	enum bl_op op;
	enum bl_class class;
};

static const struct op_word op_words[] = {
#define X(NAME, n, w, c) {w, BL_OP_##NAME, BL_CLASS_##c},
	BL_OPS(X)
#undef X
};
#define OP_WORDS (sizeof(op_words) / sizeof(op_words[0]))

/* The class exec is no group of its own: the operation `exec` contains `map` (DESIGN section 2, point 16). */
static const char *const group_words[] = {"file", "network", "system", "modify"};
#define GROUP_WORDS (sizeof(group_words) / sizeof(group_words[0]))

const char *ops_word(unsigned op)
{
	for (size_t i = 0; i < OP_WORDS; i++) {
		if (op_words[i].op == op)
			return op_words[i].word;
	}
	return "?";
}

static uint64_t group_ops(const char *word)
{
	static const enum bl_class classes[] = {BL_CLASS_FILE, BL_CLASS_NETWORK, BL_CLASS_SYSTEM, BL_CLASS_FILE};
	uint64_t ops = 0;

	for (size_t g = 0; g < GROUP_WORDS; g++) {
		if (strcmp(word, group_words[g]) != 0)
			continue;
		for (size_t i = 0; i < OP_WORDS; i++) {
			if (op_words[i].class == classes[g])
				ops |= BL_OP_BIT(op_words[i].op);
		}
	}
	if (strcmp(word, "modify") == 0)
		ops &= ~BL_OP_BIT(BL_OP_READ);
	return ops;
}

bool ops_is_group(const char *word)
{
	return group_ops(word) != 0;
}

uint64_t ops_of_word(const char *word)
{
	for (size_t i = 0; i < OP_WORDS; i++) {
		if (strcmp(op_words[i].word, word) != 0)
			continue;
		if (op_words[i].op == BL_OP_WRITE)
			return BL_OP_BIT(BL_OP_WRITE) | BL_OP_BIT(BL_OP_APPEND) | BL_OP_BIT(BL_OP_TRUNCATE);
		if (op_words[i].op == BL_OP_EXEC)
			return BL_OP_BIT(BL_OP_EXEC) | BL_OP_BIT(BL_OP_MAP);
		return BL_OP_BIT(op_words[i].op);
	}
	return group_ops(word);
}

static const char *ops_list(struct sema *s)
{
	struct arena_buf b = {.arena = s->arena};

	for (size_t i = 0; i < OP_WORDS; i++) {
		arena_buf_str(&b, b.len ? ", " : "");
		arena_buf_str(&b, op_words[i].word);
	}
	return b.s;
}

static void ops_unknown(struct sema *s, const struct ast_word *w)
{
	struct nearest near;
	struct diag *d;

	nearest_init(&near, w->text);
	for (size_t i = 0; i < OP_WORDS; i++)
		nearest_try(&near, op_words[i].word);
	for (size_t i = 0; i < GROUP_WORDS; i++)
		nearest_try(&near, group_words[i]);
	d = diag_error(s->diags, w->loc, "E-unknown-op", "unknown operation '%.64s'", w->text);
	if (near.best)
		diag_help(s->diags, d, "did you mean '%s'?", near.best);
	else
		diag_help(s->diags, d, "operations are %s; groups of them file, modify, network and system",
			  ops_list(s));
}

bool ops_resolve_word(struct sema *s, const struct ast_word *w, uint64_t *ret)
{
	*ret = ops_of_word(w->text);
	if (*ret == 0)
		ops_unknown(s, w);
	return *ret != 0;
}

bool ops_resolve(struct sema *s, const struct ast_list *l, uint64_t *ret)
{
	bool ok = true;

	*ret = 0;
	for (const struct ast_word *w = l->first; w; w = w->next) {
		uint64_t one = 0;

		ok &= ops_resolve_word(s, w, &one);
		*ret |= one;
	}
	return ok;
}
