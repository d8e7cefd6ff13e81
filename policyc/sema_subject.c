/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Terms about processes: in subjects, and in the conditions of rules. */
#include "sema.h"

#include <string.h>

#include "arena.h"
#include "bounds.h"
#include "nearest.h"
#include "sema_cond.h"
#include "banned.h"

struct term_word {
	const char *word;
	enum bl_kind kind;
	const char *example;
};

static const struct term_word term_words[] = {
	{"exe", BL_KEY_EXE, "exe /usr/sbin/nginx"},
	{"script", BL_KEY_SCRIPT, "script /usr/local/bin/backup.py"},
	{"user", BL_KEY_USER, "user root, 1000-1999"},
	{"group", BL_KEY_GROUP, "group adm, 1000-1999"},
	{"login", BL_KEY_LOGIN, "login unset, 1000-1999"},
	{"capability", BL_KEY_CAPABILITY, "capability sys_admin"},
	{"cgroup", BL_KEY_CGROUP, "cgroup /system.slice/nginx.service"},
	{"unit", BL_KEY_UNIT, "unit nginx.service"},
	{"container", BL_KEY_CONTAINER, "container *"},
	{"ancestor", BL_KEY_ANCESTOR, "ancestor /usr/sbin/sshd"},
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
	nearest_try(&near, "owner");
	d = diag_error(s->diags, w->loc, "E-unknown-term", "unknown term '%.64s'", w->text);
	if (near.best)
		diag_help(s->diags, d, "did you mean '%s'?", near.best);
	else
		diag_help(s->diags, d, "terms are any, none, exe, script, user, group, login, capability, cgroup, unit, "
				       "container, ancestor and, in conditions, owner");
}

/* NULL: said already. */
static const struct term_word *term_find(struct sema *s, const struct ast_word *w)
{
	for (size_t i = 0; i < TERM_WORDS; i++) {
		if (strcmp(term_words[i].word, w->text) == 0)
			return &term_words[i];
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
 * Whose inherited term it is: a profile's, "" for what no profile can end (an ancestor stays one), NULL for one that is judged by the
 * present state.
 */
static const char *term_inherited(const struct term_word *t, const struct term_use *use)
{
	if (t->kind == BL_KEY_ANCESTOR)
		return "";
	if (use->subject && (t->kind == BL_KEY_EXE || t->kind == BL_KEY_SCRIPT) && !use->profile->no_inherit)
		return use->profile->name;
	return NULL;
}

/*
 * Adds the literal of an atom. It is weak where the truth of the atom makes a verdict milder: then a program that an
 * untrusted mount namespace may have disguised does not get it (DESIGN section 2, point 7).
 */
static void term_literal(struct sema *s, uint32_t atom, struct src_loc loc, const struct term_use *use, bool negate,
			 struct lits *ret)
{
	lits_add(s, ret,
		 (struct ir_lit){.atom = atom, .negate = negate, .weak = use->weakens != negate, .loc = loc});
}

static void key_add_list(struct arena_buf *b, const struct ast_list *l)
{
	for (const struct ast_word *w = l ? l->first : NULL; w; w = w->next) {
		arena_buf_str(b, "\n"); /* in no word */
		arena_buf_str(b, w->text);
	}
	arena_buf_str(b, "\n\n");
}

/* The same key: the same atoms. */
static const char *term_key(struct sema *s, const struct term_word *t, const struct ast_list *values,
			    const struct ast_list *except, const char *sticky)
{
	struct arena_buf b = {.arena = s->arena};

	arena_buf_str(&b, t->word);
	key_add_list(&b, values);
	key_add_list(&b, except);
	arena_buf_str(&b, sticky ? sticky : "\n");
	return b.s;
}

static bool term_atoms_new(struct sema *s, const struct term_word *t, const struct ast_list *values,
			   const struct ast_list *except, const char *sticky, struct term_memo *m)
{
	struct pats pos = {0}, exc = {0};
	bool ok = true;

	if (values)
		ok = set_values(s, values, t->kind, &pos, &exc);
	if (except)
		ok &= set_values(s, except, t->kind, &exc, NULL);
	if (!ok)
		return false;
	m->pos = m->exc = ATOM_NONE;
	if (values)
		m->pos = atom_get(s, t->word, t->kind, &pos, sticky, values->loc);
	if (exc.n != 0)
		m->exc = atom_get(s, t->word, t->kind, &exc, t->kind == BL_KEY_ANCESTOR ? "" : NULL,
				  except ? except->loc : values->loc);
	return (!values || m->pos != ATOM_NONE) && (exc.n == 0 || m->exc != ATOM_NONE);
}

/* The atoms of `values except exceptions`; either list may be NULL. */
static bool term_atoms(struct sema *s, const struct term_word *t, const struct ast_list *values,
		       const struct ast_list *except, const char *sticky, struct term_memo *ret)
{
	const char *key = term_key(s, t, values, except, sticky);

	for (size_t i = 0; i < s->nmemos; i++) {
		if (strcmp(s->memos[i].key, key) == 0) {
			*ret = s->memos[i];
			return true;
		}
	}
	ret->key = key;
	if (!term_atoms_new(s, t, values, except, sticky, ret))
		return false;
	if (s->nmemos < LIMIT_MEMOS) {
		s->memos = arena_more(s->arena, s->memos, s->nmemos, &s->memos_cap, sizeof(*ret));
		s->memos[s->nmemos++] = *ret;
	}
	return true;
}

/* `exe /a, /b except /c` */
static bool term_values(struct sema *s, const struct ast_term *t, const struct term_use *use, struct lits *ret,
			struct arena_buf *text)
{
	const struct term_word *word = term_find(s, t->head);
	struct term_memo m;

	if (!word)
		return false;
	if (!t->values)
		return term_says(s, t->head->loc, arena_printf(s->arena, "'%s' needs values", word->word),
				 arena_printf(s->arena, "for example '%s'", word->example));
	if (!term_atoms(s, word, t->values, t->except, term_inherited(word, use), &m))
		return false;
	term_literal(s, m.pos, t->values->loc, use, false, ret);
	arena_buf_str(text, s->ir.atoms[m.pos].text);
	if (m.exc == ATOM_NONE)
		return true;
	term_literal(s, m.exc, t->except ? t->except->loc : t->values->loc, use, true, ret);
	arena_buf_str(text, " except ");
	arena_buf_str(text, s->ir.atoms[m.exc].text + strlen(word->word) + 1);
	return true;
}

/* `any` or `any except exe /c` */
static bool term_any(struct sema *s, const struct ast_term *t, const struct term_use *use, struct lits *ret,
		     struct arena_buf *text)
{
	const struct term_word *word;
	struct term_memo m;

	if (t->values)
		return term_says(s, t->values->loc, "'any' has no values", "write 'any' or 'any except exe ...'");
	if (t->except && !t->except_head)
		return term_says(s, t->except->loc, "what 'any' excepts begins with a term's word",
				 "for example 'any except exe /usr/bin/apt'");
	lits_add(s, ret, (struct ir_lit){.weak = use->weakens});
	arena_buf_str(text, "any");
	if (!t->except)
		return true;
	word = term_find(s, t->except_head);
	if (!word || !term_atoms(s, word, NULL, t->except, NULL, &m))
		return false;
	term_literal(s, m.exc, t->except->loc, use, true, ret);
	arena_buf_str(text, " except ");
	arena_buf_str(text, s->ir.atoms[m.exc].text);
	return true;
}

/* `owner`: about the rule's object as much as about the process. */
static bool term_owner(struct sema *s, const struct ast_term *t, const struct term_use *use, struct arena_buf *text)
{
	if (!use->owner_fits)
		return term_says(s, t->head->loc, "'owner' is about the file of a rule",
				 "it belongs in 'if' or 'unless' of a rule about files");
	if (t->values || t->except)
		return term_says(s, t->loc, "'owner' has no values", "it holds if the process's user owns the file");
	*use->owner = true;
	arena_buf_str(text, "owner");
	return true;
}

static bool term_resolve(struct sema *s, const struct ast_term *t, const struct term_use *use, struct lits *ret,
			 struct arena_buf *text)
{
	if (strcmp(t->head->text, "any") == 0)
		return term_any(s, t, use, ret, text);
	if (strcmp(t->head->text, "owner") == 0)
		return term_owner(s, t, use, text);
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
	struct lits lits = {0};
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
		d = diag_error(s->diags, st->terms->loc, "E-conflict",
			       "'subject none' and another subject in one profile");
		diag_note(s->diags, d, *other, "the other one is here");
	}
	*mine = st->terms->loc;
}

void subject_statement(struct sema *s, struct sema_profile *p, const struct ast_stmt *st)
{
	bool none = st->terms && st->terms->n == 1 && strcmp(st->terms->first->head->text, "none") == 0;
	const struct ast_term *t = none ? st->terms->first : NULL;
	struct term_use use = {.profile = p, .subject = true};
	struct ir_clause c = {0};

	if (!st->terms) {
		p->subject_loc = st->loc;
		return;
	}
	subject_check_none(s, p, st, none);
	if (p->subject.len != 0)
		arena_buf_str(&p->subject, " or ");
	if (none) {
		struct lits lits = {0};

		if (t->values || t->except)
			term_says(s, t->loc, "'none' has no values", "write 'subject none;'");
		lits_add(s, &lits, (struct ir_lit){.negate = true});
		c = (struct ir_clause){.lits = lits.v, .nlits = lits.n};
		arena_buf_str(&p->subject, "none");
	} else if (!subject_terms(s, st->terms, &use, &c, &p->subject)) {
		return;
	}
	p->clauses = arena_more(s->arena, p->clauses, p->nclauses, &p->clauses_cap, sizeof(*p->clauses));
	p->clauses[p->nclauses++] = c;
}
