/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Profiles: their names, subjects, modes and defaults. Rules are sema_rule.c's. */
#include "sema.h"

#include <string.h>

#include "arena.h"
#include "bounds.h"
#include "nearest.h"
#include "sema_cond.h"
#include "banned.h"

static const struct sema_profile *profile_find(const struct sema *s, const char *name)
{
	for (size_t i = 0; i < s->nprofiles; i++) {
		if (s->profiles[i].name && strcmp(s->profiles[i].name, name) == 0)
			return &s->profiles[i];
	}
	return NULL;
}

uint32_t profile_of_name(const struct sema *s, const char *name)
{
	const struct sema_profile *p = profile_find(s, name);

	return p ? (uint32_t)(p - s->profiles) + 1 : 0;
}

void profile_unknown(struct diags *diags, const struct ast_word *w, const char *best)
{
	struct diag *d = diag_error(diags, w->loc, "E-unknown-profile", "unknown profile '%.64s'", w->text);

	if (best)
		diag_help(diags, d, "did you mean '%s'?", best);
	else
		diag_help(diags, d, "no profile of this policy has this name");
}

bool profile_number(struct sema *s, const struct ast_word *w, uint32_t *ret)
{
	uint32_t n = profile_of_name(s, w->text);
	struct nearest near;

	*ret = n - 1;
	if (n != 0)
		return true;
	nearest_init(&near, w->text);
	for (size_t i = 0; i < s->nprofiles; i++)
		nearest_try(&near, s->profiles[i].name ? s->profiles[i].name : "");
	profile_unknown(s->diags, w, near.best);
	return false;
}

void profile_collect(struct sema *s, const struct ast_stmt *st, const struct ast_word *name)
{
	const struct sema_profile *old = name ? profile_find(s, name->text) : NULL;
	struct sema_profile p = {.ast = st, .loc = name ? name->loc : st->loc, .subject.arena = s->arena};
	struct diag *d;

	if (name && !sema_name_ok(name->text, false)) {
		d = diag_error(s->diags, name->loc, "E-name", "'%.80s' cannot be the name of a profile", name->text);
		diag_help(s->diags, d, "letters, digits and _.+@-, at most %u bytes", LIMIT_NAME_BYTES);
		name = NULL;
	}
	if (old) {
		d = diag_error(s->diags, name->loc, "E-duplicate", "a second profile with the name '%s'", name->text);
		diag_note(s->diags, d, old->loc, "the first one is here");
		name = NULL;
	}
	if (s->nprofiles == BL_MAX_PROFILES) {
		sema_over(s, LIMIT_SAID_PROFILES, p.loc, "profiles", BL_MAX_PROFILES);
		return;
	}
	p.name = name ? name->text : NULL;
	s->profiles = arena_more(s->arena, s->profiles, s->nprofiles, &s->profiles_cap, sizeof(p));
	s->profiles[s->nprofiles++] = p;
}

/* True, and a message, if the statement was there already. */
static bool profile_again(struct sema *s, const struct ast_stmt *st, struct src_loc *first, const char *word)
{
	struct diag *d;

	if (first->line == 0) {
		*first = st->loc;
		return false;
	}
	d = diag_error(s->diags, st->loc, "E-conflict", "a second '%s' in one profile", word);
	diag_note(s->diags, d, *first, "the first one is here");
	return true;
}

static void mode_statement(struct sema *s, struct sema_profile *p, struct ir_profile *ir, const struct ast_stmt *st)
{
	static const char *const words[] = {"enforce", "audit"};

	if (profile_again(s, st, &p->mode_loc, "mode"))
		return;
	if (strcmp(st->word->text, "enforce") == 0)
		ir->mode = BL_MODE_ENFORCE;
	else if (strcmp(st->word->text, "audit") == 0)
		ir->mode = BL_MODE_AUDIT;
	else
		sema_unknown(s, st->word, "E-unknown-value", "mode", words, 2);
}

static void inherit_statement(struct sema *s, struct sema_profile *p, const struct ast_stmt *st)
{
	static const char *const words[] = {"no"};

	if (profile_again(s, st, &p->inherit_loc, "inherit"))
		return;
	if (strcmp(st->word->text, "no") == 0)
		p->no_inherit = true;
	else
		sema_unknown(s, st->word, "E-unknown-value", "value of 'inherit'", words, 1);
}

static void descriptors_statement(struct sema *s, struct sema_profile *p, struct ir_profile *ir, const struct ast_stmt *st)
{
	static const char *const words[] = {"strict"};

	if (profile_again(s, st, &p->descriptors_loc, "descriptors"))
		return;
	if (strcmp(st->word->text, "strict") == 0)
		ir->strict = true;
	else
		sema_unknown(s, st->word, "E-unknown-value", "value of 'descriptors'", words, 1);
}

/*
 * The narrower word decides: an operation beats its class (DESIGN section 2, point 9), and as `truncate` is part of `write`, `write` of
 * `modify` and that of `file`, each beats the next.
 */
static void default_op(struct sema *s, struct sema_profile *p, struct ir_profile *ir, const struct ast_stmt *st,
		       const struct ast_word *w)
{
	uint64_t ops;
	uint8_t width;
	struct diag *d;

	if (!ops_resolve_word(s, w, &ops))
		return;
	width = (uint8_t)__builtin_popcountll(ops);
	for (unsigned op = 0; op < 64; op++) {
		if (!(ops & BL_OP_BIT(op)) || (p->op_loc[op].line != 0 && p->op_width[op] < width))
			continue;
		if (p->op_loc[op].line != 0 && p->op_width[op] == width) {
			d = diag_error(s->diags, w->loc, "E-conflict", "a second default for '%s'", w->text);
			diag_help(s->diags, d, "take one of them out");
			diag_note(s->diags, d, p->op_loc[op], "the first one is here");
			return;
		}
		p->op_loc[op] = w->loc;
		p->op_width[op] = width;
		ir->deny_ops &= ~BL_OP_BIT(op);
		if (st->action.verdict == BL_V_DENY)
			ir->deny_ops |= BL_OP_BIT(op);
	}
}

static void default_statement(struct sema *s, struct sema_profile *p, struct ir_profile *ir, const struct ast_stmt *st)
{
	struct diag *d;

	p->nstmts++;
	if (st->action.verdict != BL_V_ALLOW && st->action.verdict != BL_V_DENY) {
		d = diag_error(s->diags, st->action.loc, "E-default", "a default is 'allow' or 'deny'");
		diag_help(s->diags, d, "write a last rule without an object instead");
		return;
	}
	if (ir->default_loc.line == 0)
		ir->default_loc = st->loc;
	for (const struct ast_word *w = st->list->first; w; w = w->next)
		default_op(s, p, ir, st, w);
}

static void profile_misplaced(struct sema *s, const struct ast_stmt *st)
{
	static const char *const words[] = {"subject", "mode", "inherit", "descriptors", "default", "allow",
					    "deny",    "kill", "log",	  "include"};
	struct diag *d;

	if (st->kind == AST_UNKNOWN) {
		sema_unknown(s, st->word, "E-unknown-statement", "statement", words, sizeof(words) / sizeof(words[0]));
		return;
	}
	d = diag_error(s->diags, st->word->loc, "E-misplaced", "'%s' does not belong inside a profile", st->word->text);
	diag_help(s->diags, d, "move it out of the braces");
}

/* Statements that the subjects depend on come first, wherever they are written. */
static void profile_inherit(struct sema *s, struct sema_profile *p, const struct ast_block *b)
{
	for (const struct ast_stmt *st = b->first; st; st = st->next) {
		if (st->kind == AST_INHERIT)
			inherit_statement(s, p, st);
		else if (st->kind == AST_INCLUDE && st->body)
			profile_inherit(s, p, st->body);
	}
}

static void profile_head(struct sema *s, struct sema_profile *p, struct ir_profile *ir, const struct ast_block *b)
{
	for (const struct ast_stmt *st = b->first; st; st = st->next) {
		switch (st->kind) {
		case AST_SUBJECT:
			subject_statement(s, p, st);
			break;
		case AST_MODE:
			mode_statement(s, p, ir, st);
			break;
		case AST_DESCRIPTORS:
			descriptors_statement(s, p, ir, st);
			break;
		case AST_DEFAULT:
			default_statement(s, p, ir, st);
			break;
		case AST_UNKNOWN:
		case AST_MISPLACED:
			p->has_unknown = true;
			profile_misplaced(s, st);
			break;
		case AST_INCLUDE:
			if (st->body)
				profile_head(s, p, ir, st->body);
			break;
		default:
			break;
		}
	}
}

static void profile_rule_list(struct sema *s, size_t i, const struct ast_block *b)
{
	for (const struct ast_stmt *st = b->first; st; st = st->next) {
		if (st->kind == AST_RULE) {
			s->profiles[i].nstmts++;
			rule_statement(s, (uint32_t)i, st);
		} else if (st->kind == AST_INCLUDE && st->body) {
			profile_rule_list(s, i, st->body);
		}
	}
}

/* What rules say that matters before they are read in order. */
static void look_ahead(struct sema *s, struct sema_profile *p, const struct ast_block *b)
{
	for (const struct ast_stmt *st = b->first; st; st = st->next) {
		if (st->kind == AST_INCLUDE && st->body)
			look_ahead(s, p, st->body);
		if (st->kind != AST_RULE)
			continue;
		for (const struct ast_word *w = st->list->first; w; w = w->next)
			p->names_accept |= strcmp(w->text, "accept") == 0;
		for (const struct ast_attr *at = st->attrs ? st->attrs->first : NULL; at; at = at->next) {
			uint32_t n = at->kind == AST_ATTR_ENTER ? profile_of_name(s, at->value->text) : 0;

			if (n != 0)
				s->profiles[n - 1].entered = true;
		}
	}
}

void profile_look_ahead(struct sema *s, size_t i)
{
	look_ahead(s, &s->profiles[i], s->profiles[i].ast->body);
}

/* A profile that rules enter has one more alternative in its subject: having been entered, which is inherited. */
static void profile_entered(struct sema *s, struct sema_profile *p, struct ir_profile *ir)
{
	struct pats none = {0};
	struct lits lits = {0};

	if (!p->entered || !p->name)
		return;
	ir->entered = atom_get(s, "entered", BL_KEY_EXE, &none, p->name, p->loc);
	if (ir->entered == ATOM_NONE)
		return;
	lits_add(s, &lits, (struct ir_lit){.atom = ir->entered});
	p->clauses = arena_more(s->arena, p->clauses, p->nclauses, &p->clauses_cap, sizeof(*p->clauses));
	p->clauses[p->nclauses++] = (struct ir_clause){.lits = lits.v, .nlits = lits.n};
}

/* Without a rule or a default about accept, what decides bind decides it (DESIGN section 2, point 19). */
static void profile_accept_default(const struct sema_profile *p, struct ir_profile *ir)
{
	if (p->names_accept || p->op_width[BL_OP_ACCEPT] == 1 || p->op_loc[BL_OP_BIND].line == 0)
		return;
	ir->deny_ops &= ~BL_OP_BIT(BL_OP_ACCEPT);
	ir->deny_ops |= ir->deny_ops & BL_OP_BIT(BL_OP_BIND) ? BL_OP_BIT(BL_OP_ACCEPT) : 0;
}

void profile_subject(struct sema *s, size_t i)
{
	struct sema_profile *p = &s->profiles[i];
	struct ir_profile *ir = &s->ir.profiles[i];
	struct diag *d;

	*ir = (struct ir_profile){.name = p->name ? p->name : "", .mode = BL_MODE_ENFORCE, .loc = p->loc};
	ir->hash = sema_hash(ir->name, NULL);
	profile_inherit(s, p, p->ast->body);
	profile_head(s, p, ir, p->ast->body);
	if (p->subject_loc.line == 0 && p->none_loc.line == 0 && !p->has_unknown) {
		d = diag_error(s->diags, p->loc, "E-no-subject", "profile '%s' has no subject", ir->name);
		diag_help(s->diags, d, "say whom it confines, for example 'subject exe /usr/sbin/nginx;'");
	}
	ir->subject = p->subject.s ? p->subject.s : "";
	profile_entered(s, p, ir);
	profile_accept_default(p, ir);
	cond_new(s, p->clauses, p->nclauses, p->loc);
}

void profile_rules(struct sema *s, size_t i)
{
	struct sema_profile *p = &s->profiles[i];
	struct diag *d;

	profile_rule_list(s, i, p->ast->body);
	if (p->nstmts != 0 || s->diags->nerrors != 0)
		return;
	d = diag_warning(s->diags, p->loc, "W-empty-profile", "profile '%s' has no rules and no defaults",
			 s->ir.profiles[i].name);
	diag_help(s->diags, d, "it allows everything");
}
