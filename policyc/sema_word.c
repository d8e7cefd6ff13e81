/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks one word of a list as the kind of value that its place asks for. */
#include "sema.h"

#include <errno.h>
#include <string.h>

#include "arena.h"
#include "glob.h"
#include "ids.h"
#include "names.h"
#include "nearest.h"
#include "net.h"
#include "num.h"
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

bool word_check_name(struct sema *s, const struct ast_word *w, size_t skip, const char *what, bool slashes)
{
	const char *name = w->text + skip;
	struct word_error err;

	if ((slashes && name[0] == '/' ? glob_check(s->arena, name, &err)
				       : glob_check_name(s->arena, name, what, slashes, &err)) == 0)
		return true;
	err.off += skip;
	sema_bad(s, w, &err);
	return false;
}

static void word_add_user(struct sema *s, const char *name, enum bl_kind kind, uint32_t id)
{
	struct ir *ir = &s->ir;

	ir->users = arena_more(s->arena, ir->users, ir->nusers, &s->users_cap, sizeof(*ir->users));
	ir->users[ir->nusers++] = (struct ir_user){.name = name, .kind = kind, .id = id};
}

bool word_check_id(struct sema *s, const struct ast_word *w, enum bl_kind kind, uint32_t *ret_lo, uint32_t *ret_hi)
{
	const char *what = kind == BL_KEY_USER ? "user" : "group";
	struct word_error err = {.id = kind == BL_KEY_USER ? "E-unknown-user" : "E-unknown-group"};
	int r;

	if (ids_is_number(w->text)) {
		r = ids_parse(s->arena, kind, w->text, ret_lo, ret_hi, &err);
		if (r < 0)
			sema_bad(s, w, &err);
		return r == 0;
	}
	for (size_t i = 0; i < s->ir.nusers; i++) {
		if (s->ir.users[i].kind == kind && strcmp(s->ir.users[i].name, w->text) == 0) {
			*ret_lo = *ret_hi = s->ir.users[i].id;
			return true;
		}
	}
	r = ids_find(kind, w->text, ret_lo);
	*ret_hi = *ret_lo;
	if (r == 0) {
		word_add_user(s, w->text, kind, *ret_lo);
		return true;
	}
	if (r == -ENOENT)
		err.text = arena_printf(s->arena, "%s '%.64s' does not exist on this machine", what, w->text);
	else
		err.text = arena_printf(s->arena, "%s '%.64s' cannot be looked up: %s", what, w->text, strerror(-r));
	err.help = "write its number";
	sema_bad(s, w, &err);
	return false;
}

/* A login id; nobody logged in is a value of its own (audit(8): 4294967295, "unset"). */
static bool word_check_login(struct sema *s, const struct ast_word *w, struct ir_pattern *ret)
{
	if (strcmp(w->text, "unset") != 0)
		return word_check_id(s, w, BL_KEY_USER, &ret->lo, &ret->hi);
	ret->lo = ret->hi = UINT32_MAX;
	return true;
}

void word_unknown_name(struct sema *s, const struct ast_word *w, enum bl_names table, const char *what, const char *help)
{
	struct nearest near;
	struct diag *d;

	nearest_init(&near, w->text);
	for (size_t i = 0; bl_names_at(table, i); i++)
		nearest_try(&near, bl_names_at(table, i));
	d = diag_error(s->diags, w->loc, "E-unknown-value", "unknown %s '%.64s'", what, w->text);
	if (near.best)
		diag_help(s->diags, d, "did you mean '%s'?", near.best);
	else
		diag_help(s->diags, d, "%s", help);
}

bool word_check_capability(struct sema *s, const struct ast_word *w, uint32_t *ret)
{
	int32_t value = bl_names_value(BL_NAMES_CAPABILITY, w->text);
	const char *name = strncasecmp(w->text, "cap_", 4) == 0 ? w->text + 4 : w->text;
	struct diag *d;

	if (value >= 0) {
		*ret = (uint32_t)value;
		return true;
	}
	for (size_t i = 0; bl_names_at(BL_NAMES_CAPABILITY, i); i++) {
		if (strcasecmp(bl_names_at(BL_NAMES_CAPABILITY, i), name) != 0)
			continue;
		d = diag_error(s->diags, w->loc, "E-unknown-value", "unknown capability '%.64s'", w->text);
		diag_help(s->diags, d, "write %s", bl_names_at(BL_NAMES_CAPABILITY, i));
		return false;
	}
	word_unknown_name(s, w, BL_NAMES_CAPABILITY, "capability",
			  "as in capabilities(7), in small letters and without cap_: for example net_admin");
	return false;
}

/* The address of a unix socket: a path, or '@' and a name. */
static bool word_check_unix(struct sema *s, const struct ast_word *w, struct ir_pattern *ret)
{
	struct diag *d;

	ret->glob = w->text;
	if (w->text[0] == '@')
		return word_check_name(s, w, 1, "an abstract socket", true);
	if (w->text[0] == '/')
		return word_check_glob(s, w, w->text, BL_KEY_PATH);
	d = diag_error(s->diags, w->loc, "E-address", "'%.60s' is no address of a unix socket", w->text);
	diag_help(s->diags, d, "write a path, or @name for an abstract one");
	return false;
}

bool word_check(struct sema *s, const struct ast_word *w, enum bl_kind kind, struct ir_pattern *ret)
{
	struct word_error err;

	*ret = (struct ir_pattern){.kind = kind, .text = w->text, .loc = w->loc};
	switch (kind) {
	case BL_KEY_USER:
		return word_check_id(s, w, BL_KEY_USER, &ret->lo, &ret->hi);
	case BL_KEY_GROUP:
		return word_check_id(s, w, BL_KEY_GROUP, &ret->lo, &ret->hi);
	case BL_KEY_LOGIN:
		return word_check_login(s, w, ret);
	case BL_KEY_CAPABILITY:
		if (!word_check_capability(s, w, &ret->lo))
			return false;
		ret->hi = ret->lo;
		return true;
	case BL_KEY_UNIT:
		ret->glob = w->text;
		return word_check_name(s, w, 0, "a unit", false);
	case BL_KEY_CONTAINER:
		ret->glob = w->text;
		return word_check_name(s, w, 0, "a container", false);
	case BL_KEY_UNIX:
		return word_check_unix(s, w, ret);
	case BL_KEY_NET:
		ret->net.any_port = true;
		if (net_parse_addr(s->arena, w->text, &ret->net.at, &err) == 0)
			return true;
		sema_bad(s, w, &err);
		return false;
	default:
		ret->glob = w->text;
		ret->and_below = kind == BL_KEY_CGROUP;
		return word_check_glob(s, w, w->text, kind);
	}
}
