/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets, and lists of values with sets in them. */
#include "sema.h"

#include <string.h>

#include "arena.h"
#include "bounds.h"
#include "nearest.h"
#include "net.h"
#include "banned.h"

static bool set_resolve(struct sema *s, struct sema_set *set);

bool pats_add(struct sema *s, struct pats *p, const struct ir_pattern *one)
{
	if (++s->npatterns > LIMIT_PATTERNS) {
		sema_over(s, LIMIT_SAID_PATTERNS, one->loc, "patterns, sets expanded", LIMIT_PATTERNS);
		return false;
	}
	p->v = arena_more(s->arena, p->v, p->n, &p->cap, sizeof(*p->v));
	p->v[p->n++] = *one;
	return true;
}

#define SET_SLOTS (2 * LIMIT_SETS) /* a power of two, never more than half full */

/* Where the number of the set of this name is, plus one, or has to be put. */
static uint32_t *set_slot(struct sema *s, const char *name, size_t n)
{
	uint32_t h = 2166136261u;

	if (!s->set_slots)
		s->set_slots = arena_alloc(s->arena, SET_SLOTS * sizeof(*s->set_slots));
	for (size_t i = 0; i < n; i++)
		h = (h ^ (uint8_t)name[i]) * 16777619u;
	for (h %= SET_SLOTS; s->set_slots[h] != 0; h = (h + 1) % SET_SLOTS) {
		const char *has = s->sets[s->set_slots[h] - 1].name;

		if (strncmp(has, name, n) == 0 && has[n] == '\0')
			break;
	}
	return &s->set_slots[h];
}

static struct sema_set *set_find(struct sema *s, const char *name, size_t n)
{
	uint32_t number = *set_slot(s, name, n);

	return number != 0 ? &s->sets[number - 1] : NULL;
}

void set_collect(struct sema *s, const struct ast_stmt *st)
{
	const char *name = st->word->text;
	struct sema_set *old = set_find(s, name, strlen(name));
	struct diag *d;

	if (!sema_name_ok(name, true)) {
		d = diag_error(s->diags, st->word->loc, "E-name", "'%.80s' cannot be the name of a set", name);
		diag_help(s->diags, d, "letters, digits, _ and -, a letter or _ first, at most %u bytes",
			  LIMIT_NAME_BYTES);
		return;
	}
	if (old && old->ast->loc.file->built_in) {
		d = diag_error(s->diags, st->word->loc, "E-duplicate", "'%s' is a set that comes with the compiler", name);
		diag_help(s->diags, d, "choose another name; policy(5) says what is in $%s", name);
		return;
	}
	if (old) {
		d = diag_error(s->diags, st->word->loc, "E-duplicate", "a second set with the name '%s'", name);
		diag_note(s->diags, d, old->ast->word->loc, "the first one is here");
		return;
	}
	if (s->nsets - s->nshipped == LIMIT_SETS) {
		sema_over(s, LIMIT_SAID_SETS, st->word->loc, "sets", LIMIT_SETS);
		return;
	}
	s->sets = arena_more(s->arena, s->sets, s->nsets, &s->sets_cap, sizeof(*s->sets));
	s->sets[s->nsets++] = (struct sema_set){
		.ast = st,
		.name = name,
		.state = st->broken ? SET_BROKEN : SET_NEW,
	};
	*set_slot(s, name, strlen(name)) = (uint32_t)s->nsets;
}

static void set_unknown(struct sema *s, const struct ast_word *w, const char *name)
{
	struct nearest near;
	struct diag *d;

	nearest_init(&near, name);
	for (size_t i = 0; i < s->nsets; i++)
		nearest_try(&near, s->sets[i].name);
	if (!near.best && s->sets_missing)
		return;
	d = diag_error(s->diags, w->loc, "E-unknown-set", "unknown set '$%s'", name);
	if (near.best)
		diag_help(s->diags, d, "did you mean '$%s'?", near.best);
	else
		diag_help(s->diags, d, "sets are declared outside profiles: set %s = ...;", name);
}

/* Finds the set that a word begins with, resolved; *ret_rest is what follows its name. NULL: said already, or to be
 * ignored. */
static struct sema_set *set_of_word(struct sema *s, const struct ast_word *w, const char **ret_rest)
{
	size_t n = strspn(w->text + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");
	const char *name = arena_strndup(s->arena, w->text + 1, n), *rest = w->text + 1 + n;
	struct sema_set *set = set_find(s, name, n);
	struct diag *d;

	if (n == 0 || (*rest != '\0' && *rest != '/')) {
		d = diag_error(s->diags, w->loc, "E-set-use",
			       "after '$' comes the name of a set, and then '/' or nothing");
		diag_help(s->diags, d, "write $name or $name/rest");
		return NULL;
	}
	if (!set) {
		set_unknown(s, w, name);
		return NULL;
	}
	set->used = true;
	if (set->state == SET_BUSY) {
		d = diag_error(s->diags, w->loc, "E-set-cycle", "set '$%s' contains itself", name);
		diag_note(s->diags, d, set->ast->word->loc, "the set is declared here");
		return NULL;
	}
	if (!set_resolve(s, set))
		return NULL;
	*ret_rest = rest;
	return set;
}

static const char *set_kind_name(enum bl_kind kind)
{
	switch (kind) {
	case BL_KEY_NET:
		return "addresses";
	case BL_KEY_USER:
	case BL_KEY_LOGIN:
		return "users";
	case BL_KEY_GROUP:
		return "groups";
	case BL_KEY_CAPABILITY:
		return "capabilities";
	case BL_KEY_UNIT:
		return "units";
	case BL_KEY_CONTAINER:
		return "containers";
	default:
		return "paths";
	}
}

/* Is there room for n more patterns? Says if not: at w, which asks for them. */
static bool set_room(struct sema *s, const struct ast_word *w, size_t n)
{
	if (s->npatterns + n <= LIMIT_PATTERNS)
		return true;
	sema_over(s, LIMIT_SAID_PATTERNS, w->loc, "patterns, sets expanded", LIMIT_PATTERNS);
	return false;
}

static bool set_add_members(struct sema *s, const struct ast_word *w, const struct pats *from, const char *rest,
			    enum bl_kind kind, struct pats *to)
{
	bool ok = set_room(s, w, from->n);

	for (size_t i = 0; ok && i < from->n; i++) {
		struct ir_pattern p = from->v[i];

		p.except = false;
		if (kind != BL_KEY_NET && kind != BL_KEY_UNIT) {
			p.kind = kind;
			p.and_below = kind == BL_KEY_CGROUP;
			if (rest[0] != '\0')
				p.text = p.glob =
					arena_printf(s->arena, "%s%s", strcmp(p.glob, "/") == 0 ? "" : p.glob, rest);
			if (rest[0] != '\0' || kind == BL_KEY_CGROUP)
				ok = word_check_glob(s, w, p.glob, kind);
		}
		ok = ok && pats_add(s, to, &p);
	}
	return ok;
}

/* A whole list that is one set: the set's own array will do. Who adds to it gets a copy, because it is full. */
static bool set_share(struct sema *s, const struct ast_word *w, const struct pats *from, struct pats *to)
{
	if (!set_room(s, w, from->n))
		return false;
	s->npatterns += from->n;
	*to = (struct pats){.v = from->v, .n = from->n, .cap = from->n};
	return true;
}

/* Where a set is declared. Nobody can look into those that come with the compiler by file and line. */
static void set_note(struct sema *s, struct diag *d, const struct sema_set *set)
{
	struct src_loc loc = set->ast->word->loc;

	if (loc.file->built_in)
		diag_note(s->diags, d, (struct src_loc){.file = NULL}, "this set comes with the compiler; policy(5) says what is in it");
	else
		diag_note(s->diags, d, loc, "the set is declared here");
}

/* A set in a list. One that takes values out must be the whole list, because the list has one exception for all its
 * values. */
static bool set_use(struct sema *s, const struct ast_word *w, enum bl_kind kind, bool alone, struct pats *pos,
		    struct pats *exc)
{
	const char *rest, *has, *wants = set_kind_name(kind);
	struct sema_set *set = set_of_word(s, w, &rest);
	struct diag *d;

	if (!set)
		return false;
	has = set_kind_name(set->kind);
	if (strcmp(has, wants) != 0 || (set->kind != BL_KEY_PATH && rest[0] != '\0')) {
		if (strcmp(has, wants) != 0)
			d = diag_error(s->diags, w->loc, "E-set-kind", "'$%s' is a set of %s, and %s are wanted here",
				       set->name, has, wants);
		else
			d = diag_error(s->diags, w->loc, "E-set-kind", "nothing can follow the name of a set of %s", has);
		set_note(s, d, set);
		return false;
	}
	if (set->exc.n != 0 && (!exc || !alone)) {
		d = diag_error(s->diags, w->loc, "E-set-except",
			       "'$%s' has an 'except' and cannot be one of several values%s", set->name,
			       exc ? "" : " or an exception");
		diag_help(s->diags, d, exc ? "write it in a rule or line of its own" : "list the values instead");
		diag_note(s->diags, d, set->ast->except->loc, "the values it takes out are here");
		return false;
	}
	if (alone && rest[0] == '\0' && kind == set->kind && pos->n == 0) {
		if (!set_share(s, w, &set->pos, pos))
			return false;
	} else if (!set_add_members(s, w, &set->pos, rest, kind, pos)) {
		return false;
	}
	return set->exc.n == 0 || set_add_members(s, w, &set->exc, rest, kind, exc);
}

bool set_values(struct sema *s, const struct ast_list *l, enum bl_kind kind, struct pats *pos, struct pats *exc)
{
	struct ir_pattern p;
	bool ok = true;

	for (const struct ast_word *w = l->first; w; w = w->next) {
		if (w->text[0] == '$')
			ok &= set_use(s, w, kind, l->n == 1, pos, exc);
		else if (word_check(s, w, kind, &p))
			ok &= pats_add(s, pos, &p);
		else
			ok = false;
	}
	return ok;
}

/* Names of units are told by the two types that processes can be in; no path is without a slash. */
static bool looks_like_unit(const char *word)
{
	return !strchr(word, '/') && (strstr(word, ".service") || strstr(word, ".scope"));
}

/* What a word in a set seems to be; *ret_sure: it cannot be anything else. */
static enum bl_kind set_word_kind(struct sema *s, const struct ast_word *w, bool *ret_sure)
{
	*ret_sure = true;
	if (w->text[0] == '$') {
		size_t n = strcspn(w->text + 1, "/");
		struct sema_set *other = set_find(s, w->text + 1, n);

		*ret_sure = other && other->state != SET_BUSY && set_resolve(s, other);
		return *ret_sure ? other->kind : BL_KEY_PATH;
	}
	if (net_looks_like_addr(w->text))
		return BL_KEY_NET;
	if (looks_like_unit(w->text))
		return BL_KEY_UNIT;
	*ret_sure = strpbrk(w->text, "/*?[{") != NULL;
	return BL_KEY_PATH;
}

/* All members must be of one kind. */
static bool set_find_kind(struct sema *s, struct sema_set *set)
{
	const struct ast_list *lists[2] = {set->ast->list, set->ast->except};
	const struct ast_word *first = NULL;
	bool sure;

	set->kind = BL_KEY_PATH;
	for (size_t i = 0; i < 2; i++) {
		for (const struct ast_word *w = lists[i] ? lists[i]->first : NULL; w; w = w->next) {
			enum bl_kind kind = set_word_kind(s, w, &sure);
			struct diag *d;

			if (!sure || (first && kind == set->kind))
				continue;
			if (!first) {
				first = w;
				set->kind = kind;
				continue;
			}
			d = diag_error(s->diags, w->loc, "E-set-kind", "a set of %s cannot contain %s",
				       set_kind_name(set->kind), set_kind_name(kind));
			diag_help(s->diags, d, "make two sets of it");
			diag_note(s->diags, d, first->loc, "its first value is here");
			return false;
		}
	}
	return true;
}

static bool set_resolve(struct sema *s, struct sema_set *set)
{
	const struct ast_stmt *st = set->ast;
	bool ok = true;
	struct diag *d;

	if (set->state == SET_DONE || set->state == SET_BROKEN)
		return set->state == SET_DONE;
	set->state = SET_BUSY;
	if (s->set_depth == LIMIT_SET_DEPTH) {
		d = diag_error(s->diags, st->word->loc, "E-limit", "sets contain sets too deeply");
		diag_help(s->diags, d, "the limit is %u", LIMIT_SET_DEPTH);
		set->state = SET_BROKEN;
		return false;
	}
	s->set_depth++;
	if (!st->list) {
		d = diag_error(s->diags, st->word->loc, "E-set-empty", "set '%s' is empty", set->name);
		diag_help(s->diags, d, "a rule with an empty set would never match");
		ok = false;
	}
	ok = ok && set_find_kind(s, set);
	ok = ok && set_values(s, st->list, set->kind, &set->pos, &set->exc);
	if (ok && st->except)
		ok = set_values(s, st->except, set->kind, &set->exc, NULL);
	s->set_depth--;
	set->state = ok ? SET_DONE : SET_BROKEN;
	return ok;
}

const struct pats *set_shipped(struct sema *s, const char *name)
{
	struct sema_set *set = set_find(s, name, strlen(name));
	size_t npatterns = s->npatterns;

	s->npatterns = 0;
	set_resolve(s, set);
	s->npatterns = npatterns;
	return &set->pos;
}

/* Shipped sets are resolved when they are used. */
void set_resolve_all(struct sema *s)
{
	for (size_t i = s->nshipped; i < s->nsets; i++)
		set_resolve(s, &s->sets[i]);
}

/* An included file may be a library, of which nobody uses everything. */
void set_warn_unused(struct sema *s)
{
	for (size_t i = s->nshipped; i < s->nsets; i++) {
		const struct sema_set *set = &s->sets[i];

		if (!set->used && !set->ast->loc.file->parent)
			diag_warning(s->diags, set->ast->word->loc, "W-unused-set", "set '%s' is not used", set->name);
	}
}
