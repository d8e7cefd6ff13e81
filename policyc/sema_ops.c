/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words for operations, and which of them this version enforces. */
#include "sema.h"

#include <string.h>

#include "arena.h"
#include "nearest.h"
#include "banned.h"

#define WRITE_OPS (BL_OP_BIT(BL_OP_WRITE) | BL_OP_BIT(BL_OP_APPEND) | BL_OP_BIT(BL_OP_TRUNCATE))

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

/* `exec` is an operation as well as a class, and as long as `map` is not enforced it is the operation. */
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

bool ops_is_word(const char *text)
{
	for (size_t i = 0; i < OP_WORDS; i++) {
		if (strcmp(op_words[i].word, text) == 0)
			return true;
	}
	return group_ops(text) != 0;
}

static const char *ops_list(struct sema *s, uint64_t ops)
{
	struct arena_buf b = {.arena = s->arena};

	for (size_t i = 0; i < OP_WORDS; i++) {
		if (!(ops & BL_OP_BIT(op_words[i].op)))
			continue;
		arena_buf_str(&b, b.len ? ", " : "");
		arena_buf_str(&b, op_words[i].word);
	}
	return b.s;
}

static void ops_unsupported_group(struct sema *s, const struct ast_word *w, uint64_t ops)
{
	uint64_t parts = WRITE_OPS & ~BL_OP_BIT(BL_OP_WRITE);
	struct diag *d;

	d = diag_error(s->diags, w->loc, "E-unsupported",
		       "'%s' contains operations that are not enforced by this version: %s", w->text,
		       ops_list(s, ops & ~BL_OPS_ENFORCED & ~parts));
	if (ops & BL_OPS_ENFORCED)
		diag_help(s->diags, d, "name the others instead: %s", ops_list(s, ops & BL_OPS_ENFORCED));
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
		diag_help(s->diags, d, "operations are %s", ops_list(s, BL_OPS_ENFORCED));
}

bool ops_resolve_word(struct sema *s, const struct ast_word *w, uint64_t *ret)
{
	uint64_t ops = group_ops(w->text);

	if (ops != 0) {
		if (ops & ~BL_OPS_ENFORCED & ~WRITE_OPS)
			ops_unsupported_group(s, w, ops);
		*ret = ops;
		return !(ops & ~BL_OPS_ENFORCED & ~WRITE_OPS);
	}
	for (size_t i = 0; i < OP_WORDS; i++) {
		if (strcmp(op_words[i].word, w->text) != 0)
			continue;
		*ret = op_words[i].op == BL_OP_WRITE ? WRITE_OPS : BL_OP_BIT(op_words[i].op);
		if (BL_OPS_ENFORCED & BL_OP_BIT(op_words[i].op))
			return true;
		sema_unsupported(s, w->loc, "operation", w->text, *ret & WRITE_OPS ? "'write' contains it" : NULL);
		return false;
	}
	ops_unknown(s, w);
	return false;
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
