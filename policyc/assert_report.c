/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A counterexample in words: who, what, and why no profile refuses it. */
#include <string.h>

#include "arena.h"
#include "assert_priv.h"
#include "buf.h"
#include "text.h"
#include "banned.h"

#define NOTES 3u /* profiles told of, of each sort */

/* ---- a whole process ---- */

static bool is_option(const struct world_option *o, uint32_t atom)
{
	return o && (o->atoms[atom / 64] >> (atom % 64) & 1);
}

/* Terms of which nothing is said yet are as the values that were chosen make them, what could be inherited is not. */
static void complete(struct world *w)
{
	uint32_t untrusted = world_var(w, WORLD_UNTRUSTED), nvars = world_var(w, WORLD_PEER) + (uint32_t)w->ir->nconds;
	const struct world_option *exe = world_value(w, BL_KEY_EXE, 0);

	if (exe && exe->absent)
		w->values[untrusted] = 1;
	for (unsigned int kind = 0; kind < BL_KEY_KINDS; kind++) {
		const struct world_kind *k = &w->kinds[kind];
		uint64_t got[WORLD_WORDS] = {0};
		const struct world_option *o;

		for (size_t n = 0; (o = world_value(w, (enum bl_kind)kind, n)); n++)
			for (size_t j = 0; j < WORLD_WORDS; j++)
				got[j] |= o->atoms[j];
		for (size_t i = 0; i < k->natoms; i++) {
			uint32_t a = k->atoms[i];

			if (w->values[a] == 0)
				w->values[a] = got[a / 64] >> (a % 64) & 1 ? 1 : -1;
		}
	}
	for (uint32_t i = (uint32_t)w->natoms; i < nvars; i++)
		if (w->values[i] == 0)
			w->values[i] = -1;
}

/* Which kinds anything was said of, before the rest is filled in. */
static uint32_t kinds_said(const struct world *w)
{
	uint32_t said = 0;

	for (uint32_t i = 1; i < w->natoms; i++)
		if (w->values[i] != 0 && w->ir->atoms[i].term.npatterns != 0)
			said |= 1u << w->ir->atoms[i].kind;
	return said;
}

/* ---- who ---- */

static const char *key_text(struct assert_run *r, enum bl_kind kind, const struct world_option *o)
{
	struct bl_buf b = BL_BUF_INIT;
	const char *text;

	bl_text_object(&b, kind, o->key, o->len);
	if (b.failed)
		arena_oom();
	text = arena_strdup(&r->c->arena, bl_buf_text(&b));
	bl_buf_free(&b);
	return text;
}

static void add(struct arena_buf *b, const char *word, const char *value)
{
	arena_buf_str(b, b->len ? ", " : " with ");
	arena_buf_str(b, word);
	arena_buf_str(b, value);
}

static void add_values(struct assert_run *r, struct arena_buf *b, enum bl_kind kind, const char *word)
{
	const struct world_option *o;

	for (size_t n = 0; (o = world_value(&r->w, kind, n)); n++) {
		if (!o->absent)
			add(b, word, key_text(r, kind, o));
		else if (kind == BL_KEY_EXE)
			add(b, "a program that has no name", "");
	}
}

/* What holds because of what ran before. */
static void add_inherited(struct assert_run *r, struct arena_buf *b, enum bl_kind kind)
{
	const struct world_option *now = world_value(&r->w, kind, 0);

	for (uint32_t i = 1; i < r->w.natoms; i++) {
		const struct ir_atom *a = &r->with.atoms[i];

		if (a->kind != kind || a->sticky == 0 || r->w.values[i] <= 0 || is_option(now, i))
			continue;
		if (a->term.npatterns == 0)
			add(b, "profile entered: ", r->with.profiles[a->profile - 1].name);
		else
			add(b, "an earlier ", a->text);
	}
}

static const char *who(struct assert_run *r, uint32_t said)
{
	static const struct {
		enum bl_kind kind;
		const char *word;
	} kinds[] = {
		{BL_KEY_EXE, "exe "},	  {BL_KEY_SCRIPT, "script "},	      {BL_KEY_USER, "user "},
		{BL_KEY_GROUP, "group "}, {BL_KEY_LOGIN, "login "},	      {BL_KEY_CAPABILITY, "capability "},
		{BL_KEY_UNIT, "unit "},	  {BL_KEY_CONTAINER, "container "}, {BL_KEY_CGROUP, "cgroup "},
		{BL_KEY_ANCESTOR, "ancestor "},
	};
	struct arena_buf b = {.arena = &r->c->arena};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (said & 1u << kinds[i].kind)
			add_values(r, &b, kinds[i].kind, kinds[i].word);
	add_inherited(r, &b, BL_KEY_EXE);
	add_inherited(r, &b, BL_KEY_SCRIPT);
	if (r->w.values[world_var(&r->w, WORLD_UNTRUSTED)] > 0 && !(b.s && strstr(b.s, "no name")))
		add(&b, "a mount namespace of its own user namespace", "");
	if (r->w.values[world_var(&r->w, WORLD_OWNER)] > 0)
		add(&b, "the file's owner as its user", "");
	return b.s ? b.s : "";
}

/* ---- why ---- */

static bool holds(struct assert_run *r, logic_f f)
{
	return logic_value(&r->w.logic, f, r->w.values) > 0;
}

/* Why a rule that matches does not hold. */
static const char *why_not(struct assert_run *r, const struct ir_rule *rule)
{
	bool owner = r->w.values[world_var(&r->w, WORLD_OWNER)] > 0;
	uint32_t unless = owner && rule->unless_mixed ? rule->cond_unless_owner : rule->cond_unless;

	if ((unless != BL_COND_NONE && holds(r, r->w.conds[1][unless])) || (owner && rule->unless_owner))
		return "its 'unless' holds";
	if ((rule->cond_if != BL_COND_NONE && !holds(r, r->w.conds[1][rule->cond_if])) || (rule->if_owner && !owner))
		return "its 'if' does not hold";
	return "it is about other peers";
}

/* The first entry of a profile that holds; refusals that were passed over before it are told of. False: none. */
static bool decided(struct assert_run *r, struct diag *d, const struct match *m, size_t n, uint32_t p, struct assert_entry *ret)
{
	size_t at = 0, told = 0;

	while (assert_next(r, m, n, p, &at, ret)) {
		if (holds(r, world_rule(&r->w, ret->rule, true)))
			return true;
		if (ret->refuses && told++ < NOTES)
			diag_note(&r->c->diags, d, r->with.rules[ret->rule].loc,
				  "this rule of profile '%s' would refuse it, but %s", r->ir->profiles[p].name,
				  why_not(r, &r->with.rules[ret->rule]));
	}
	return false;
}

static void say_inside(struct assert_run *r, struct diag *d, const struct match *m, size_t n, uint32_t p)
{
	const struct ir_profile *profile = &r->ir->profiles[p];
	struct assert_entry e;

	if (decided(r, d, m, n, p, &e))
		diag_note(&r->c->diags, d, r->with.rules[e.rule].loc, "this rule of profile '%s' allows it", profile->name);
	else
		diag_note(&r->c->diags, d, profile->loc, "no rule of profile '%s' decides, and its default allows it",
			  profile->name);
}

/* Would the profile refuse it to some process? */
static bool could_refuse(const struct assert_run *r, const struct match *m, size_t n, uint32_t p, unsigned int op)
{
	bool any = (r->ir->profiles[p].deny_ops & BL_OP_BIT(op)) != 0;
	struct assert_entry e;

	for (size_t at = 0; assert_next(r, m, n, p, &at, &e);)
		any |= e.refuses;
	return any;
}

static void why(struct assert_run *r, struct diag *d, const struct world_object *o)
{
	const struct match *m;
	size_t n = world_matches(&r->w, o, &m), inside = 0, outside = 0;

	for (uint32_t p = 0; p < r->ir->nprofiles; p++) {
		const struct ir_profile *profile = &r->ir->profiles[p];

		if (holds(r, world_subject(&r->w, p, true))) {
			if (inside++ < NOTES)
				say_inside(r, d, m, n, p);
		} else if (could_refuse(r, m, n, p, o->op) && outside++ < NOTES) {
			diag_note(&r->c->diags, d, profile->loc, "profile '%s' could refuse it, but its subject does not hold: %s",
				  profile->name, profile->subject);
		}
	}
	if (inside == 0)
		diag_help(&r->c->diags, d, "the process is in no profile");
	else if (inside > NOTES)
		diag_help(&r->c->diags, d, "nor does any of %zu more profiles that the process is in refuse it", inside - NOTES);
	else
		diag_help(&r->c->diags, d, "no profile refuses it");
}

static void witness(struct assert_run *r, const struct world_object *o, const char *object)
{
	const struct world_option *exe = world_value(&r->w, BL_KEY_EXE, 0), *cgroup = world_value(&r->w, BL_KEY_CGROUP, 0);
	const struct world_option *user = world_value(&r->w, BL_KEY_USER, 0);
	struct assert_witness *x = &r->witness[r->index];

	*x = (struct assert_witness){.fails = true, .op = o->op, .object = object, .exe = "/example", .cgroup = "/"};
	if (exe)
		x->exe = exe->absent ? NULL : arena_strndup(&r->c->arena, (const char *)exe->key, exe->len);
	if (cgroup)
		x->cgroup = arena_strndup(&r->c->arena, (const char *)cgroup->key, cgroup->len);
	for (size_t i = 0; user && i < 4; i++)
		x->user = x->user << 8 | user->key[i];
	x->untrusted = r->w.values[world_var(&r->w, WORLD_UNTRUSTED)] > 0;
}

void assert_report(struct assert_run *r, const struct world_object *o)
{
	const char *object = world_object_text(&r->w, o), *message = r->a->rule.message;
	uint32_t said = kinds_said(&r->w);
	struct diag *d;

	complete(&r->w);
	d = diag_error(&r->c->diags, r->a->rule.loc, "E-assert", "this assertion fails%s%s: a process%s can do '%s%s%s'",
		       message ? ": " : "", message ? message : "", who(r, said), bl_text_op(o->op), object[0] ? " " : "", object);
	why(r, d, o);
	if (r->witness)
		witness(r, o, object);
}
