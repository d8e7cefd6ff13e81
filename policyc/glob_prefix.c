/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all names that a glob matches begin with. */
#include "glob.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "glob_tok.h"
#include "banned.h"

struct prefixes {
	struct arena *arena;
	const char *glob;
	struct glob_prefix *first, **last;
};

static int add_prefix(void *arg, const struct glob_tok *t, size_t n)
{
	struct prefixes *all = arg;
	struct glob_prefix *p = arena_alloc(all->arena, sizeof(*p));
	struct arena_buf rest = {.arena = all->arena};
	char *text = arena_alloc(all->arena, n + 1);
	size_t i;

	for (i = 0; i < n && (t[i].type == GLOB_BYTE || t[i].type == GLOB_SLASH); i++)
		text[i] = t[i].type == GLOB_SLASH ? '/' : (char)t[i].byte;
	text[i] = '\0';
	p->text = text;
	p->more = i < n;
	arena_buf_str(&rest, "");
	for (; i < n; i++)
		arena_buf_add(&rest, all->glob + t[i].at, t[i].len);
	p->rest = rest.s;
	*all->last = p;
	all->last = &p->next;
	return 0;
}

const struct glob_prefix *glob_prefixes(struct arena *arena, const char *glob)
{
	struct glob_tok *t = malloc((strlen(glob) + 1) * sizeof(*t));
	struct prefixes all = {.arena = arena, .glob = glob};
	int n;

	if (!t)
		arena_oom();
	all.last = &all.first;
	n = glob_cut(NULL, glob, t, NULL);
	if (n > 0 && glob_each(t, (size_t)n, false, add_prefix, &all) == -ENOMEM)
		arena_oom();
	free(t);
	return all.first;
}
