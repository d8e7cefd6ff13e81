/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The front end as one call: load, check, count the errors. */
#include "compile.h"

#include <limits.h>
#include <string.h>

#include "load.h"
#include "remark.h"
#include "sema.h"
#include "banned.h"

void compile_init(struct compile *c)
{
	memset(c, 0, sizeof(*c));
	arena_init(&c->arena);
	src_init(&c->srcs, &c->arena);
	diag_init(&c->diags, &c->arena);
}

void compile_free(struct compile *c)
{
	arena_free(&c->arena);
	memset(c, 0, sizeof(*c));
}

static int compile_trees(struct compile *c, struct ast_block *const *trees, size_t n, struct ir *ret)
{
	struct ir ir;

	sema_run(&c->arena, &c->diags, trees, n, &ir);
	c->trees = trees;
	c->ntrees = n;
	if (c->diags.nerrors == 0)
		*ret = ir;
	return c->diags.nerrors > INT_MAX ? INT_MAX : (int)c->diags.nerrors;
}

int policy_compile(struct compile *c, const char *const *paths, size_t n, struct ir *ret)
{
	struct ast_block **trees = arena_alloc(&c->arena, (n + 1) * sizeof(*trees));
	size_t ntrees = 0;

	for (size_t i = 0; i < n; i++) {
		trees[ntrees] = load_policy(c, paths[i]);
		ntrees += trees[ntrees] != NULL;
	}
	return compile_trees(c, trees, ntrees, ret);
}

int policy_compile_text(struct compile *c, const struct compile_text *texts, size_t n, struct ir *ret)
{
	struct ast_block **tree = arena_alloc(&c->arena, sizeof(*tree));

	c->texts = texts;
	c->ntexts = n;
	*tree = load_policy(c, texts[0].name);
	return compile_trees(c, tree, *tree ? 1 : 0, ret);
}

void compile_finish(struct compile *c)
{
	remarks_apply(c, c->trees, c->ntrees);
}
