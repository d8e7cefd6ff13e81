/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Terms about processes: in subjects, and in the conditions of rules. */
#include "sema.h"

#include <string.h>

#include "arena.h"
#include "nearest.h"
#include "sema_cond.h"

struct term_word {
	const char *word;
	enum bl_kind kind;
	bool supported;
};

static const struct term_word term_words[] = {
	{ "exe", BL_KEY_EXE, true },          { "user", BL_KEY_USER, true },       { "cgroup", BL_KEY_CGROUP, true },
	{ "script", BL_KEY_SCRIPT, false },   { "group", BL_KEY_GROUP, false },    { "login", BL_KEY_USER, false },
	{ "capability", BL_KEY_SYS, false },  { "unit", BL_KEY_CGROUP, false },    { "container", BL_KEY_CGROUP, false },
	{ "ancestor", BL_KEY_EXE, false },    { "owner", BL_KEY_USER, false },
};
#define TERM_WORDS (sizeof(term_words) / sizeof(term_words[0]))

static void term_unknown(struct sema *s, const struct ast_word *w)
{
	struct nearest near;
	struct diag *d;

	nearest_init(&near, w->text);
	for (size_t i = 0; i < TERM_WORDS; i++)
		nearest_try(&near, term_words[i].word);
	nearest_try(&near, "any");
	nearest_try(&near, "none");
	d = diag_error(s->diags, w->loc, "E-unknown-term", "unknown term '%.64s'", w->text);
	if (near.best)
		diag_help(s->diags, d, "did you mean '%s'?", near.best);
	else
		diag_help(s->diags, d, "terms are any, none, exe, user and cgroup");
}

/* The entry of exe, user or cgroup; NULL: said already. */
static const struct term_word *term_find(struct sema *s, const struct ast_word *w)
{
	for (size_t i = 0; i < TERM_WORDS; i++) {
		if (strcmp(term_words[i].word, w->text) != 0)
			continue;
		if (term_words[i].supported)
			return &term_words[i];
		sema_unsupported(s, w->loc, "term", w->text, NULL);
		return NULL;
	}
	term_unknown(s, w);
	return NULL;
}

static bool term_says(struct sema *s, struct src_loc loc, const char *text, const char *help)
{
	struct diag *d = diag_error(s->diags, loc, "E-term", "%s", text);

	diag_help(s->diags, d, "%s", help);
	return false;
}

/*
 * Literal for the values of a term. The literal is weak where the truth of its atom makes a verdict milder: then a program that
 * an untrusted mount namespace may have disguised does not get it (DESIGN section 2, point 7).
 */
static bool term_literal(struct sema *s, const struct term_word *t, struct pats *p, const struct term_use *use,
			 bool negate, struct src_loc loc, struct lits *ret, const char **ret_text)
{
	bool inherited = use->subject && !negate && t->kind == BL_KEY_EXE && !use->profile->no_inherit;
	struct ir_lit lit = { .negate = negate, .weak = use->weakens != negate };

	lit.atom = atom_get(s, t->word, t->kind, p, inherited ? use->profile->name : NULL, loc);
	if (lit.atom == ATOM_NONE)
		return false;
	lits_add(s, ret, lit);
	*ret_text = s->ir.atoms[lit.atom].text;
	return true;
}

static void term_except_text(struct arena_buf *b, const struct pats *exc)
{
	for (size_t i = 0; i < exc->n; i++) {
		arena_buf_str(b, i == 0 ? " except " : ", ");
		arena_buf_str(b, exc->v[i].text);
	}
}

/* `exe /a, /b except /c` */
static bool term_values(struct sema *s, const struct ast_term *t, const struct term_use *use, struct lits *ret,
			struct arena_buf *text)
{
	const struct term_word *word = term_find(s, t->head);
	struct pats pos = { 0 }, exc = { 0 };
	const char *atom;
	bool ok;

	if (!word)
		return false;
	if (!t->values)
		return term_says(s, t->head->loc, arena_printf(s->arena, "'%s' needs values", word->word),
				 word->kind == BL_KEY_USER ? "for example 'user root, 1000-1999'" :
				 word->kind == BL_KEY_EXE  ? "for example 'exe /usr/sbin/nginx'" :
							     "for example 'cgroup /system.slice/nginx.service'");
	ok = set_values(s, t->values, word->kind, &pos, &exc);
	if (t->except)
		ok &= set_values(s, t->except, word->kind, &exc, NULL);
	if (!ok || !term_literal(s, word, &pos, use, false, t->loc, ret, &atom))
		return false;
	arena_buf_str(text, atom);
	if (exc.n == 0)
		return true;
	ok = term_literal(s, word, &exc, use, true, t->loc, ret, &atom);
	term_except_text(text, &exc);
	return ok;
}

/* `any` or `any except exe /c` */
static bool term_any(struct sema *s, const struct ast_term *t, const struct term_use *use, struct lits *ret,
		     struct arena_buf *text)
{
	const struct term_word *word;
	struct pats exc = { 0 };
	const char *atom;

	if (t->values)
		return term_says(s, t->values->loc, "'any' has no values", "write 'any' or 'any except exe ...'");
	if (t->except && !t->except_head)
		return term_says(s, t->except->loc, "what 'any' excepts begins with a term's word",
				 "for example 'any except exe /usr/bin/apt'");
	lits_add(s, ret, (struct ir_lit){ .weak = use->weakens });
	arena_buf_str(text, "any");
	if (!t->except)
		return true;
	word = term_find(s, t->except_head);
	if (!word || !set_values(s, t->except, word->kind, &exc, NULL))
		return false;
	if (!term_literal(s, word, &exc, use, true, t->loc, ret, &atom))
		return false;
	arena_buf_str(text, " except ");
	arena_buf_str(text, atom);
	return true;
}

static bool term_resolve(struct sema *s, const struct ast_term *t, const struct term_use *use, struct lits *ret,
			 struct arena_buf *text)
{
	if (strcmp(t->head->text, "any") == 0)
		return term_any(s, t, use, ret, text);
	if (strcmp(t->head->text, "none") == 0)
		return term_says(s, t->loc, "'none' stands alone",
				 "it is for profiles that are entered only: subject none;");
	if (t->except_head)
		return term_says(s, t->except_head->loc,
				 arena_printf(s->arena, "'except' takes out values of '%.64s'", t->head->text),
				 "write values without a term's word");
	return term_values(s, t, use, ret, text);
}

bool subject_terms(struct sema *s, const struct ast_terms *terms, const struct term_use *use, struct ir_clause *ret,
		   struct arena_buf *text)
{
	struct lits lits = { 0 };
	bool ok = true;

	for (const struct ast_term *t = terms->first; t; t = t->next) {
		arena_buf_str(text, t == terms->first ? "" : " and ");
		ok &= term_resolve(s, t, use, &lits, text);
	}
	ret->lits = lits.v;
	ret->nlits = lits.n;
	return ok;
}

/* `none` and anything else in one profile contradict each other. */
static void subject_check_none(struct sema *s, struct sema_profile *p, const struct ast_stmt *st, bool none)
{
	struct src_loc *mine = none ? &p->none_loc : &p->subject_loc, *other = none ? &p->subject_loc : &p->none_loc;
	struct diag *d;

	if (other->line != 0) {
		d = diag_error(s->diags, st->terms->loc, "E-conflict", "'subject none' and another subject in one profile");
		diag_note(s->diags, d, *other, "the other one is here");
	}
	*mine = st->terms->loc;
}

void subject_statement(struct sema *s, struct sema_profile *p, const struct ast_stmt *st)
{
	bool none = st->terms->n == 1 && strcmp(st->terms->first->head->text, "none") == 0;
	const struct ast_term *t = st->terms->first;
	struct term_use use = { .profile = p, .subject = true };
	struct ir_clause c = { 0 };

	subject_check_none(s, p, st, none);
	if (p->subject.len != 0)
		arena_buf_str(&p->subject, " or ");
	if (none) {
		struct lits lits = { 0 };

		if (t->values || t->except)
			term_says(s, t->loc, "'none' has no values", "write 'subject none;'");
		lits_add(s, &lits, (struct ir_lit){ .negate = true });
		c = (struct ir_clause){ .lits = lits.v, .nlits = lits.n };
		arena_buf_str(&p->subject, "none");
	} else if (!subject_terms(s, st->terms, &use, &c, &p->subject)) {
		return;
	}
	p->clauses = arena_more(s->arena, p->clauses, p->nclauses, &p->clauses_cap, sizeof(*p->clauses));
	p->clauses[p->nclauses++] = c;
}
