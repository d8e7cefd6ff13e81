/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who asks in a test, and words that stand for one thing: a pattern has no answer. */
#include "policy_test_priv.h"

#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "ids.h"
#include "names.h"
#include "sema.h"
#include "banned.h"

#define A (&t->c->arena)

const char *test_literal(struct testing *t, const struct ast_word *w)
{
	char *out = arena_alloc(A, strlen(w->text) + 1);
	size_t n = 0;

	for (const char *c = w->text; *c; c++) {
		if (strchr("*?[{$", *c) && (*c != '$' || c == w->text)) {
			test_says(t, w->loc, "a test asks about one name, not about a pattern", "write a name that the pattern matches");
			return NULL;
		}
		if (*c == '\\' && c[1])
			c++;
		out[n++] = *c;
	}
	out[n] = '\0';
	return out;
}

bool test_read_id(struct testing *t, const struct ast_word *w, bool group, uint32_t *ret)
{
	const char *what = group ? "group" : "user";
	struct word_error err;
	uint32_t hi;
	int r;

	if (!ids_is_number(w->text)) {
		r = ids_find(group ? BL_KEY_GROUP : BL_KEY_USER, w->text, ret);
		return r == 0 || test_says(t, w->loc, arena_printf(A, "%s '%.64s' does not exist on this machine", what, w->text),
					   "write its number");
	}
	if (ids_parse(A, group ? BL_KEY_GROUP : BL_KEY_USER, w->text, ret, &hi, &err) < 0)
		return test_says(t, w->loc, err.text, err.help);
	return *ret == hi || test_says(t, w->loc, "a test asks about one number, not about a range", "write one of them");
}

/* ---- who ---- */

static bool read_groups(struct testing *t, const struct ast_list *l, struct sim_process *p)
{
	uint32_t *v = arena_alloc(A, l->n * sizeof(*v));

	for (const struct ast_word *w = l->first; w; w = w->next) {
		if (!test_read_id(t, w, true, &v[p->ngroups]))
			return false;
		p->ngroups++;
	}
	p->groups = v;
	return true;
}

static bool read_caps(struct testing *t, const struct ast_list *l, struct sim_process *p)
{
	for (const struct ast_word *w = l->first; w; w = w->next) {
		int32_t v = bl_names_value(BL_NAMES_CAPABILITY, w->text);

		if (v < 0)
			return test_says(t, w->loc, arena_printf(A, "unknown capability '%.64s'", w->text),
					 "as in capabilities(7), in small letters and without cap_: for example net_admin");
		p->capabilities |= 1ULL << v;
	}
	return true;
}

static bool read_path(struct testing *t, const struct ast_word *w, const char **ret)
{
	*ret = test_literal(t, w);
	if (!*ret)
		return false;
	return **ret == '/' || test_says(t, w->loc, arena_printf(A, "'%.80s' is not a full path", *ret), "it has to begin with '/'");
}

static bool read_name(struct testing *t, const struct ast_word *w, const char **ret)
{
	*ret = test_literal(t, w);
	return *ret != NULL;
}

/* exe begins a lineage, each exec goes on with it. */
static bool read_program(struct testing *t, const struct ast_word *head, const struct ast_word *w, struct sim_process *p)
{
	const char **v = arena_alloc(A, (p->nexes + 1) * sizeof(*v)), **scripts = arena_alloc(A, (p->nexes + 1) * sizeof(*v));
	bool exec = strcmp(head->text, "exec") == 0;

	if (exec && p->nexes == 0)
		return test_says(t, head->loc, "'exec' before any 'exe'", "write 'exe /a exec /b': /a ran, and executed /b");
	for (size_t i = 0; i < p->nexes; i++) {
		v[i] = p->exes[i];
		scripts[i] = p->scripts[i];
	}
	scripts[p->nexes] = NULL;
	p->exes = v;
	p->scripts = scripts;
	return read_path(t, w, &v[p->nexes++]);
}

/* The #! file that brought the program before it. */
static bool read_script(struct testing *t, const struct ast_word *head, const struct ast_word *w, struct sim_process *p)
{
	const char **scripts = arena_alloc(A, (p->nexes + 1) * sizeof(*scripts));

	if (p->nexes == 0)
		return test_says(t, head->loc, "'script' before its interpreter",
				 "write 'exe /usr/bin/python3.11 script /x': that program runs /x");
	if (p->scripts[p->nexes - 1])
		return test_says(t, head->loc, "a second 'script' of one program", "write one for each 'exe' and 'exec'");
	for (size_t i = 0; i + 1 < p->nexes; i++)
		scripts[i] = p->scripts[i];
	p->scripts = scripts;
	return read_path(t, w, &scripts[p->nexes - 1]);
}

static bool read_login(struct testing *t, const struct ast_word *w, uint32_t *ret)
{
	*ret = UINT32_MAX;
	return strcmp(w->text, "unset") == 0 || test_read_id(t, w, false, ret);
}

static bool read_namespace(struct testing *t, const struct ast_word *w, struct sim_process *p)
{
	p->untrusted = strcmp(w->text, "untrusted") == 0;
	return p->untrusted || strcmp(w->text, "host") == 0 ||
	       test_says(t, w->loc, arena_printf(A, "unknown namespace '%.64s'", w->text), "write host or untrusted");
}

static bool read_one(struct testing *t, const struct ast_word *head, const struct ast_word *w, struct sim_process *p)
{
	if (strcmp(head->text, "exe") == 0 || strcmp(head->text, "exec") == 0)
		return read_program(t, head, w, p);
	if (strcmp(head->text, "script") == 0)
		return read_script(t, head, w, p);
	if (strcmp(head->text, "cgroup") == 0)
		return read_path(t, w, &p->cgroup);
	if (strcmp(head->text, "unit") == 0)
		return read_name(t, w, &p->unit);
	if (strcmp(head->text, "container") == 0)
		return read_name(t, w, &p->container);
	if (strcmp(head->text, "user") == 0)
		return test_read_id(t, w, false, &p->euid);
	if (strcmp(head->text, "login") == 0)
		return read_login(t, w, &p->login);
	return read_namespace(t, w, p);
}

static const char *const one_words[] = {"exe", "exec", "script", "cgroup", "unit", "container", "user", "login", "namespace"};

static bool is_one(const char *word)
{
	for (size_t i = 0; i < sizeof(one_words) / sizeof(one_words[0]); i++) {
		if (strcmp(one_words[i], word) == 0)
			return true;
	}
	return false;
}

static bool read_term(struct testing *t, const struct ast_term *term, struct sim_process *p)
{
	const char *head = term->head->text;
	bool groups = strcmp(head, "group") == 0, caps = strcmp(head, "capability") == 0;

	if (!groups && !caps && !is_one(head))
		return test_says(t, term->head->loc, arena_printf(A, "'%.64s' does not say what a process is", head),
				 "write exe, exec, script, user, group, login, capability, cgroup, unit, container or namespace");
	if (!term->values)
		return test_says(t, term->head->loc, arena_printf(A, "'%.64s' needs a value", head), "a test asks about one process");
	if (term->except || term->except_head)
		return test_says(t, term->except->loc, "a test has no exceptions", "it asks about one process");
	if (groups)
		return read_groups(t, term->values, p);
	if (caps)
		return read_caps(t, term->values, p);
	if (term->values->n > 1)
		return test_says(t, term->values->first->next->loc, arena_printf(A, "a second value for '%.64s'", head),
				 "a process has one");
	return read_one(t, term->head, term->values->first, p);
}

/* What can be said once was said before. */
static bool check_again(struct testing *t, const struct ast_terms *terms, const struct ast_term *term)
{
	const char *head = term->head->text;
	struct diag *d;

	if (strcmp(head, "exec") == 0 || strcmp(head, "script") == 0)
		return true;
	for (const struct ast_term *old = terms->first; old != term; old = old->next) {
		if (strcmp(old->head->text, head) != 0)
			continue;
		d = diag_error(&t->c->diags, term->head->loc, "E-test-form", "a second '%.64s' of one process", head);
		diag_help(&t->c->diags, d, "%s",
			  strcmp(head, "exe") == 0 ? "write 'exe /a exec /b': /a ran, and executed /b" : "say it once");
		diag_note(&t->c->diags, d, old->head->loc, "the first one is here");
		return false;
	}
	return true;
}

bool test_read_process(struct testing *t, const struct ast_terms *terms, bool whole, struct sim_process *ret)
{
	*ret = (struct sim_process){.cgroup = "/", .login = UINT32_MAX};
	for (const struct ast_term *term = terms->first; term; term = term->next) {
		if (!check_again(t, terms, term) || !read_term(t, term, ret))
			return false;
	}
	return whole || ret->nexes <= 1 ||
	       test_says(t, terms->loc, "'exec' does not belong to the other process", "say what it runs with 'exe'");
}
