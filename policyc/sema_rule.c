/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules: verdict, operations, object, conditions, attributes. */
#include "sema.h"

#include <errno.h>
#include <string.h>

#include "arena.h"
#include "bounds.h"
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
	case AST_ATTR_IF:
	case AST_ATTR_UNLESS:
		return true;
	default:
		sema_unsupported(s, at->loc, "attribute", attr_word(at->kind), NULL);
		return false;
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

/* Each `unless` is a clause of its own. */
static bool rule_unless(struct sema *s, const struct ast_stmt *st, const struct term_use *use, struct ir_rule *r)
{
	struct arena_buf text = {.arena = s->arena};
	struct ir_clause *clauses = NULL, c;
	size_t n = 0, cap = 0;
	bool ok = true;

	for (const struct ast_attr *at = st->attrs->first; at; at = at->next) {
		if (at->kind != AST_ATTR_UNLESS)
			continue;
		ok &= subject_terms(s, at->terms, use, &c, &text);
		clauses = arena_more(s->arena, clauses, n, &cap, sizeof(c));
		clauses[n++] = c;
	}
	if (!ok || n == 0)
		return ok;
	r->cond_unless = cond_get(s, clauses, n, st->loc);
	return r->cond_unless != BL_COND_NONE;
}

/* What lets a rule match more often weakens an allow, what lets it match less often weakens a denial. */
static bool rule_conditions(struct sema *s, const struct ast_stmt *st, struct ir_rule *r)
{
	bool refuses = r->verdict == BL_V_DENY || r->verdict == BL_V_KILL;
	struct term_use of_if = {.weakens = !refuses}, of_unless = {.weakens = refuses};
	bool ok;

	r->cond_if = r->cond_unless = BL_COND_NONE;
	if (!st->attrs)
		return true;
	ok = rule_if(s, st, &of_if, r);
	return rule_unless(s, st, &of_unless, r) && ok;
}

void rule_statement(struct sema *s, uint32_t profile, const struct ast_stmt *st)
{
	struct ir_rule r = {.profile = profile, .verdict = st->action.verdict, .loc = st->loc};
	bool ok;

	ok = ops_resolve(s, st->list, &r.ops);
	ok = ok && object_resolve(s, st, r.ops, &r.object);
	ok &= rule_attrs(s, st, &r);
	ok &= rule_conditions(s, st, &r);
	if (!ok)
		return;
	if (s->ir.nrules == BL_MAX_RULES) {
		sema_over(s, LIMIT_SAID_RULES, st->loc, "rules", BL_MAX_RULES);
		return;
	}
	r.err = r.verdict >= BL_V_DENY ? EPERM : 0;
	r.text = rule_text(s, st->loc);
	s->ir.rules = arena_more(s->arena, s->ir.rules, s->ir.nrules, &s->rules_cap, sizeof(r));
	s->ir.rules[s->ir.nrules++] = r;
}
