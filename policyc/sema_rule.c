/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules: verdict, operations, object, conditions, attributes. */
#include "sema.h"

#include <errno.h>
#include <string.h>

#include "arena.h"
#include "bounds.h"
#include "nearest.h"
#include "num.h"
#include "sema_cond.h"
#include "banned.h"

/* A rule's text as it is shown in events: white space folded, comments left out, no semicolon. */
static const char *rule_text(struct sema *s, struct src_loc l)
{
	size_t i = src_offset(l.file, l.line, l.col), end = src_offset(l.file, l.end_line, l.end_col), n = 0;
	const char *t = l.file->text;
	char *out = arena_alloc(s->arena, end - i + 1);
	bool quoted = false;

	for (; i < end; i++) {
		bool space = t[i] == ' ' || t[i] == '\t' || t[i] == '\n' || t[i] == '\r';

		if (!quoted && t[i] == '#' && n > 0 && out[n - 1] == ' ') {
			i += strcspn(t + i, "\n");
			continue;
		}
		if (t[i] == '"')
			quoted = !quoted;
		if (t[i] == '\\' && i + 1 < end && t[i + 1] != '\n') {
			out[n++] = t[i++];
			out[n++] = t[i];
		} else if (quoted || !space) {
			out[n++] = t[i];
		} else if (n > 0 && out[n - 1] != ' ') {
			out[n++] = ' ';
		}
	}
	while (n > 0 && (out[n - 1] == ' ' || out[n - 1] == ';'))
		n--;
	out[n] = '\0';
	return out;
}

static const char *attr_word(enum ast_attr_kind kind)
{
	static const char *const words[AST_ATTR_COUNT] = {"if",	   "unless", "message", "tag",	"severity",
							  "errno", "quiet",  "enter",	"leave"};

	return words[kind];
}

#define ERRNO_LAST 133u /* EHWPOISON: include/uapi/asm-generic/errno.h */

static bool attr_says(struct sema *s, const struct ast_attr *at, const char *text, const char *help)
{
	struct diag *d = diag_error(s->diags, at->loc, "E-attribute", "%s", text);

	diag_help(s->diags, d, "%s", help);
	return false;
}

/* Does the profile's subject have a term that is inherited? */
static bool rule_can_leave(const struct sema *s, uint32_t profile)
{
	for (size_t i = 0; i < s->ir.natoms; i++) {
		if (s->ir.atoms[i].profile == profile + 1)
			return true;
	}
	return false;
}

static const char *attr_text(struct sema *s, const struct ast_attr *at, size_t max)
{
	const char *text = sema_text(s, at->value);
	struct diag *d;

	if (!text || strlen(text) <= max)
		return text;
	d = diag_error(s->diags, at->value->loc, "E-limit", "the %s has %zu bytes", attr_word(at->kind), strlen(text));
	diag_help(s->diags, d, "the limit is %zu", max);
	return NULL;
}

static bool attr_severity(struct sema *s, const struct ast_attr *at, struct ir_rule *r)
{
	static const char *const words[] = {"low", "medium", "high", "critical"};

	for (size_t i = 0; i < 4; i++) {
		if (strcmp(at->value->text, words[i]) == 0) {
			r->severity = words[i];
			return true;
		}
	}
	sema_unknown(s, at->value, "E-unknown-value", "severity", words, 4);
	return false;
}

/* By name, as errno(3) has them, or by number. */
static bool attr_errno(struct sema *s, const struct ast_attr *at, struct ir_rule *r)
{
	struct word_error err;
	struct nearest near;
	uint32_t n = 0;
	struct diag *d;

	if (r->verdict < BL_V_DENY)
		return attr_says(s, at, "'errno' is for rules that refuse", "write it in a deny rule");
	if (at->value->text[0] >= '0' && at->value->text[0] <= '9') {
		if (num_parse(s->arena, at->value->text, strlen(at->value->text), "errno", 1, ERRNO_LAST, &n, &err) < 0) {
			sema_bad(s, at->value, &err);
			return false;
		}
	}
	nearest_init(&near, at->value->text);
	for (uint32_t i = 1; n == 0 && i <= ERRNO_LAST; i++) {
		const char *name = strerrorname_np((int)i);

		nearest_try(&near, name ? name : "");
		n = name && strcmp(name, at->value->text) == 0 ? i : 0;
	}
	if (n == BL_PROBE_ERRNO)
		return attr_says(s, at, "EKEYREJECTED is what the enforcer's self-test looks for", "take another, for example EACCES");
	r->err = n;
	if (n != 0)
		return true;
	d = diag_error(s->diags, at->value->loc, "E-unknown-value", "unknown errno '%.64s'", at->value->text);
	if (near.best)
		diag_help(s->diags, d, "did you mean '%s'?", near.best);
	else
		diag_help(s->diags, d, "as in errno(3), for example EACCES");
	return false;
}

static bool attr_enter(struct sema *s, const struct ast_attr *at, struct ir_rule *r)
{
	const struct sema_profile *p;
	uint32_t n;
	struct diag *d;

	if (!profile_number(s, at->value, &n))
		return false;
	p = &s->profiles[n];
	r->enter = n + 1;
	if (!p->no_inherit)
		return true;
	d = diag_error(s->diags, at->value->loc, "E-conflict", "'%s' cannot be entered: it has 'inherit no'", p->name);
	diag_help(s->diags, d, "to have been entered is inherited");
	diag_note(s->diags, d, p->inherit_loc, "it is said here");
	return false;
}

/* `enter` and `leave` are about what an exec that goes on makes of the process. */
static bool attr_moves(struct sema *s, const struct ast_attr *at, struct ir_rule *r)
{
	if (!(r->ops & BL_OP_BIT(BL_OP_EXEC)))
		return attr_says(s, at, arena_printf(s->arena, "'%s' is for rules about exec", attr_word(at->kind)),
				 "profiles change when a program is executed");
	if (r->verdict >= BL_V_DENY)
		return attr_says(s, at, arena_printf(s->arena, "'%s' is for rules that allow", attr_word(at->kind)),
				 "an exec that is refused changes nothing");
	if (at->kind == AST_ATTR_ENTER)
		return attr_enter(s, at, r);
	if (!rule_can_leave(s, r->profile))
		return attr_says(s, at, "'leave' would change nothing: no term of this profile's subject is inherited",
				 "membership by the present state ends by itself");
	r->leave = true;
	return true;
}

static bool attr_value(struct sema *s, const struct ast_attr *at, struct ir_rule *r)
{
	switch (at->kind) {
	case AST_ATTR_MESSAGE:
		r->message = attr_text(s, at, LIMIT_MESSAGE_BYTES);
		return r->message != NULL;
	case AST_ATTR_TAG:
		r->tag = attr_text(s, at, LIMIT_TAG_BYTES);
		return r->tag != NULL;
	case AST_ATTR_SEVERITY:
		return attr_severity(s, at, r);
	case AST_ATTR_ERRNO:
		return attr_errno(s, at, r);
	case AST_ATTR_QUIET:
		r->quiet = true;
		return r->verdict != BL_V_ALLOW ||
		       attr_says(s, at, "'quiet' is for rules that are reported", "a plain allow is silent anyway");
	case AST_ATTR_ENTER:
	case AST_ATTR_LEAVE:
		return attr_moves(s, at, r);
	default:
		return true;
	}
}

static bool rule_attrs(struct sema *s, const struct ast_stmt *st, struct ir_rule *r)
{
	const struct ast_attr *seen[AST_ATTR_COUNT] = {0};
	bool ok = true;

	for (const struct ast_attr *at = st->attrs ? st->attrs->first : NULL; at; at = at->next) {
		bool many = at->kind == AST_ATTR_IF || at->kind == AST_ATTR_UNLESS;
		struct diag *d;

		if (seen[at->kind] && !many) {
			d = diag_error(s->diags, at->loc, "E-duplicate", "a second '%s' in one rule",
				       attr_word(at->kind));
			diag_note(s->diags, d, seen[at->kind]->loc, "the first one is here");
			ok = false;
			continue;
		}
		seen[at->kind] = at;
		ok &= attr_value(s, at, r);
	}
	return ok;
}

/* All `if`s are one clause. */
static bool rule_if(struct sema *s, const struct ast_stmt *st, const struct term_use *use, struct ir_rule *r)
{
	struct arena_buf text = {.arena = s->arena};
	struct lits all = {0};
	struct ir_clause c;
	bool ok = true;

	for (const struct ast_attr *at = st->attrs->first; at; at = at->next) {
		if (at->kind != AST_ATTR_IF)
			continue;
		ok &= subject_terms(s, at->terms, use, &c, &text);
		for (size_t i = 0; i < c.nlits; i++)
			lits_add(s, &all, c.lits[i]);
	}
	if (!ok || all.n == 0)
		return ok;
	c = (struct ir_clause){.lits = all.v, .nlits = all.n};
	r->cond_if = cond_get(s, memcpy(arena_alloc(s->arena, sizeof(c)), &c, sizeof(c)), 1, st->loc);
	return r->cond_if != BL_COND_NONE;
}

struct clauses {
	struct ir_clause *v;
	size_t n, cap;
};

static void clauses_add(struct sema *s, struct clauses *l, const struct ir_clause *c)
{
	l->v = arena_more(s->arena, l->v, l->n, &l->cap, sizeof(*c));
	l->v[l->n++] = *c;
}

/*
 * Each `unless` is a clause of its own. Those with `owner` are conditions on the object too: the rule then has one condition for the
 * owner of the file and one for everybody else.
 */
static bool rule_unless(struct sema *s, const struct ast_stmt *st, const struct term_use *use, struct ir_rule *r)
{
	struct arena_buf text = {.arena = s->arena};
	struct clauses plain = {0}, owned = {0};
	struct ir_clause c;
	bool ok = true;

	for (const struct ast_attr *at = st->attrs->first; at; at = at->next) {
		if (at->kind != AST_ATTR_UNLESS)
			continue;
		*use->owner = false;
		ok &= subject_terms(s, at->terms, use, &c, &text);
		r->unless_owner |= *use->owner && c.nlits == 0;
		r->unless_mixed |= *use->owner && c.nlits != 0;
		if (!*use->owner)
			clauses_add(s, &plain, &c);
		if (c.nlits != 0)
			clauses_add(s, &owned, &c);
	}
	if (!ok)
		return false;
	if (plain.n != 0) {
		r->cond_unless = cond_get(s, plain.v, plain.n, st->loc);
		ok = r->cond_unless != BL_COND_NONE;
	}
	if (!r->unless_mixed)
		return ok;
	r->cond_unless_owner = cond_get(s, owned.v, owned.n, st->loc);
	return ok && r->cond_unless_owner != BL_COND_NONE;
}

/* What lets a rule match more often weakens an allow, what lets it match less often weakens a denial. */
static bool rule_conditions(struct sema *s, const struct ast_stmt *st, struct ir_rule *r)
{
	bool refuses = r->verdict >= BL_V_DENY, fits = !(r->ops & ~bl_kind_ops(BL_KEY_PATH)), owner = false, ok;
	struct term_use of_if = {.weakens = !refuses, .owner_fits = fits, .owner = &owner};
	struct term_use of_unless = {.weakens = refuses, .owner_fits = fits, .owner = &owner};

	if (!st->attrs)
		return true;
	ok = rule_if(s, st, &of_if, r);
	r->if_owner = owner;
	return rule_unless(s, st, &of_unless, r) && ok;
}

/* Where no rule of the profile names accept, one about bind decides it too. */
static uint64_t rule_accept(const struct sema *s, uint32_t profile, uint64_t ops)
{
	if ((ops & BL_OP_BIT(BL_OP_BIND)) && !s->profiles[profile].names_accept)
		return ops | BL_OP_BIT(BL_OP_ACCEPT);
	return ops;
}

void rule_statement(struct sema *s, uint32_t profile, const struct ast_stmt *st)
{
	struct ir_rule r = {.profile = profile, .verdict = st->action.verdict, .loc = st->loc};
	bool ok;

	r.cond_if = r.cond_unless = r.cond_unless_owner = BL_COND_NONE;
	ok = ops_resolve(s, st->list, &r.ops);
	r.ops = rule_accept(s, profile, r.ops);
	ok = ok && object_resolve(s, st, &r);
	ok &= rule_attrs(s, st, &r);
	ok &= rule_conditions(s, st, &r);
	if (!ok)
		return;
	if (s->ir.nrules == BL_MAX_RULES) {
		sema_over(s, LIMIT_SAID_RULES, st->loc, "rules", BL_MAX_RULES);
		return;
	}
	if (r.verdict >= BL_V_DENY && r.err == 0)
		r.err = EPERM;
	r.text = rule_text(s, st->loc);
	s->ir.rules = arena_more(s->arena, s->ir.rules, s->ir.nrules, &s->rules_cap, sizeof(r));
	s->ir.rules[s->ir.nrules++] = r;
}

/* ---- assertions ---- */

static bool assert_attr(struct sema *s, const struct ast_attr *at, struct ir_assert *a)
{
	struct term_use use = {.weakens = at->kind == AST_ATTR_UNLESS};
	struct arena_buf text = {.arena = s->arena};
	struct clauses unless = {.v = a->unless, .n = a->nunless, .cap = a->nunless};
	struct lits all = {.v = a->must.lits, .n = a->must.nlits, .cap = a->must.nlits};
	struct ir_clause c;

	switch (at->kind) {
	case AST_ATTR_IF:
	case AST_ATTR_UNLESS:
		if (!subject_terms(s, at->terms, &use, &c, &text))
			return false;
		if (at->kind == AST_ATTR_UNLESS)
			clauses_add(s, &unless, &c);
		for (size_t i = 0; at->kind == AST_ATTR_IF && i < c.nlits; i++)
			lits_add(s, &all, c.lits[i]);
		a->unless = unless.v;
		a->nunless = unless.n;
		a->must = (struct ir_clause){.lits = all.v, .nlits = all.n};
		return true;
	case AST_ATTR_MESSAGE:
		if (a->rule.message)
			return attr_says(s, at, "a second 'message' in one assertion", "one is enough");
		return attr_value(s, at, &a->rule);
	default:
		return attr_says(s, at, arena_printf(s->arena, "'%s' does not belong to an assertion", attr_word(at->kind)),
				 "it may have 'if', 'unless' and 'message'");
	}
}

static void assert_statement(struct sema *s, const struct ast_stmt *st)
{
	struct ir_assert a = {.rule = {.verdict = BL_V_DENY, .loc = st->loc}};
	bool ok;

	a.rule.cond_if = a.rule.cond_unless = a.rule.cond_unless_owner = BL_COND_NONE;
	for (const struct ast_part *p = st->parts ? st->parts->first : NULL; p; p = p->next) {
		struct diag *d;

		if (p->kind < AST_PART_PEER)
			continue;
		d = diag_error(s->diags, p->loc, "E-object", "an assertion is about every other process");
		diag_help(s->diags, d, "leave out what follows 'to'");
		return;
	}
	ok = ops_resolve(s, st->list, &a.rule.ops) && object_resolve(s, st, &a.rule);
	for (const struct ast_attr *at = st->attrs ? st->attrs->first : NULL; at; at = at->next)
		ok &= assert_attr(s, at, &a);
	if (!ok)
		return;
	s->ir.asserts = arena_more(s->arena, s->ir.asserts, s->ir.nasserts, &s->asserts_cap, sizeof(a));
	s->ir.asserts[s->ir.nasserts++] = a;
}

void assert_statements(struct sema *s)
{
	size_t natoms = s->ir.natoms, nusers = s->ir.nusers;

	for (size_t i = 0; i < s->ir.ntests; i++)
		if (s->ir.tests[i]->kind == AST_ASSERT)
			assert_statement(s, s->ir.tests[i]);
	s->ir.nall_atoms = s->ir.natoms;
	s->ir.natoms = natoms;
	s->ir.nusers = nusers;
}
