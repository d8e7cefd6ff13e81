/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks one word of a list as the kind of value that its place asks for. */
#include "sema.h"

#include <errno.h>
#include <string.h>

#include "arena.h"
#include "glob.h"
#include "ids.h"
#include "net.h"
#include "banned.h"

#define CGROUP_MOUNT "/sys/fs/cgroup"

bool word_check_glob(struct sema *s, const struct ast_word *w, const char *glob, enum bl_kind kind)
{
	size_t n = strlen(CGROUP_MOUNT);
	struct word_error err;

	if (glob_check(s->arena, glob, &err) < 0) {
		/* Parts of a set's member are not in the word that uses it. */
		if (glob != w->text)
			err.len = 0;
		sema_bad(s, w, &err);
		return false;
	}
	if (kind == BL_KEY_CGROUP && strncmp(glob, CGROUP_MOUNT, n) == 0 && (glob[n] == '/' || glob[n] == '\0')) {
		err = (struct word_error){.id = "E-cgroup", .text = "a cgroup is named below " CGROUP_MOUNT};
		err.help = arena_printf(s->arena, "write %s", glob[n] ? glob + n : "/");
		sema_bad(s, w, &err);
		return false;
	}
	return true;
}

static bool word_add_id(struct sema *s, enum bl_kind kind, const char *name, uint32_t id)
{
	struct ir *ir = &s->ir;

	ir->users = arena_more(s->arena, ir->users, ir->nusers, &s->users_cap, sizeof(*ir->users));
	ir->users[ir->nusers++] = (struct ir_user){.name = name, .kind = kind, .id = id};
	return true;
}

/* A user or a group. */
static bool word_check_id(struct sema *s, const struct ast_word *w, enum bl_kind kind, struct ir_pattern *ret)
{
	const char *what = kind == BL_KEY_USER ? "user" : "group";
	struct word_error err = {.id = kind == BL_KEY_USER ? "E-unknown-user" : "E-unknown-group"};
	int r;

	if (ids_is_number(w->text)) {
		r = ids_parse(s->arena, kind, w->text, &ret->lo, &ret->hi, &err);
		if (r < 0)
			sema_bad(s, w, &err);
		return r == 0;
	}
	for (size_t i = 0; i < s->ir.nusers; i++) {
		if (s->ir.users[i].kind == kind && strcmp(s->ir.users[i].name, w->text) == 0) {
			ret->lo = ret->hi = s->ir.users[i].id;
			return true;
		}
	}
	r = ids_find(kind, w->text, &ret->lo);
	ret->hi = ret->lo;
	if (r == 0)
		return word_add_id(s, kind, w->text, ret->lo);
	if (r == -ENOENT)
		err.text = arena_printf(s->arena, "%s '%.64s' does not exist on this machine", what, w->text);
	else
		err.text = arena_printf(s->arena, "%s '%.64s' cannot be looked up: %s", what, w->text, strerror(-r));
	err.help = "write its number";
	sema_bad(s, w, &err);
	return false;
}

bool word_check(struct sema *s, const struct ast_word *w, enum bl_kind kind, struct ir_pattern *ret)
{
	struct word_error err;

	*ret = (struct ir_pattern){.kind = kind, .text = w->text, .loc = w->loc};
	switch (kind) {
	case BL_KEY_USER:
	case BL_KEY_GROUP:
		return word_check_id(s, w, kind, ret);
	case BL_KEY_NET:
		ret->net.any_port = true;
		if (net_parse_addr(s->arena, w->text, &ret->net, &err) == 0)
			return true;
		sema_bad(s, w, &err);
		return false;
	default:
		ret->glob = w->text;
		ret->and_below = kind == BL_KEY_CGROUP;
		return word_check_glob(s, w, w->text, kind);
	}
}
