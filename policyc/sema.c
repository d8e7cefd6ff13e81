/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs the checks in order, and words the messages that several of them give. */
#include "sema.h"

#include <string.h>

#include "arena.h"
#include "bounds.h"
#include "nearest.h"
#include "shipped.h"
#include "utf8.h"
#include "banned.h"

void sema_bad(struct sema *s, const struct ast_word *w, const struct word_error *err)
{
	struct src_loc loc = w->loc;
	struct diag *d;

	if (err->len != 0 && loc.line == loc.end_line) {
		loc.col += (uint32_t)err->off + (w->quoted ? 1 : 0);
		loc.end_col = loc.col + (uint32_t)err->len;
	}
	d = diag_error(s->diags, loc, err->id, "%s", err->text);
	if (err->help)
		diag_help(s->diags, d, "%s", err->help);
}

void sema_over(struct sema *s, enum sema_limit which, struct src_loc loc, const char *what, size_t max)
{
	struct diag *d;

	if (s->reported & 1u << which)
		return;
	s->reported |= 1u << which;
	d = diag_error(s->diags, loc, "E-limit", "too many %s", what);
	diag_help(s->diags, d, "the limit is %zu", max);
}

bool sema_name_ok(const char *name, bool set)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
	const char *more = set ? "0123456789-" : "0123456789-.+@";
	size_t n = strlen(name);

	if (n == 0 || n > LIMIT_NAME_BYTES || (set && !strchr(letters, name[0])))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!strchr(letters, name[i]) && !strchr(more, name[i]))
			return false;
	}
	return true;
}

const char *sema_text(struct sema *s, const struct ast_word *w)
{
	char *out = arena_alloc(s->arena, strlen(w->text) + 1);
	size_t n = 0, len = strlen(w->text);
	struct word_error err = {.id = "E-string", .len = 1};
	uint32_t c;

	for (size_t i = 0; i < len; i++) {
		err.off = i;
		if (w->text[i] == '\\' && w->text[i + 1] != '"' && w->text[i + 1] != '\\') {
			err.text = "unknown escape in quoted text";
			err.help = "only \\\" and \\\\ exist";
			err.len = 2;
			sema_bad(s, w, &err);
			return NULL;
		}
		i += w->text[i] == '\\';
		out[n++] = w->text[i];
	}
	for (size_t i = 0, step; i < n; i += step) {
		step = bl_utf8_char((const uint8_t *)out + i, n - i, &c);
		if (step == 0) {
			err.text = "the text is not valid UTF-8";
			err.help = "events carry it as JSON, which is UTF-8";
			err.len = 0;
			sema_bad(s, w, &err);
			return NULL;
		}
	}
	return out;
}

void sema_unknown(struct sema *s, const struct ast_word *w, const char *id, const char *what, const char *const *words,
		  size_t n)
{
	struct arena_buf list = {.arena = s->arena};
	struct nearest near;
	struct diag *d;

	nearest_init(&near, w->text);
	for (size_t i = 0; i < n; i++) {
		nearest_try(&near, words[i]);
		arena_buf_str(&list, i == 0 ? "" : i + 1 == n ? " or " : ", ");
		arena_buf_str(&list, words[i]);
	}
	d = diag_error(s->diags, w->loc, id, "unknown %s '%.64s'", what, w->text);
	if (near.best)
		diag_help(s->diags, d, "did you mean '%s'?", near.best);
	else
		diag_help(s->diags, d, "write %s", list.s);
}

static void top_unknown(struct sema *s, const struct ast_stmt *st)
{
	static const char *const words[] = {"include", "set", "profile", "test", "assert"};

	sema_unknown(s, st->word, "E-unknown-statement", "statement", words, sizeof(words) / sizeof(words[0]));
	if (st->body)
		profile_collect(s, st, st->list->first);
	else
		s->sets_missing = true;
}

/* What a test asks is policy_test.c's business; what cannot be part of one is said even if nobody runs it. */
static void test_collect(struct sema *s, const struct ast_stmt *test)
{
	static const char *const words[] = {"as", "expect"};
	struct diag *d;

	for (const struct ast_stmt *st = test->body ? test->body->first : NULL; st; st = st->next) {
		if (st->kind == AST_UNKNOWN) {
			sema_unknown(s, st->word, "E-unknown-statement", "statement", words, 2);
		} else if (st->kind == AST_MISPLACED) {
			d = diag_error(s->diags, st->word->loc, "E-misplaced", "'%s' does not belong inside a test", st->word->text);
			diag_help(s->diags, d, "a test is made of 'as' and 'expect'");
		}
	}
	s->ir.tests = arena_more(s->arena, s->ir.tests, s->ir.ntests, &s->tests_cap, sizeof(*s->ir.tests));
	s->ir.tests[s->ir.ntests++] = test;
}

static void top_statement(struct sema *s, const struct ast_stmt *st)
{
	struct diag *d;

	switch (st->kind) {
	case AST_SET:
		set_collect(s, st);
		break;
	case AST_PROFILE:
		profile_collect(s, st, st->word);
		break;
	case AST_TEST:
	case AST_ASSERT:
		test_collect(s, st);
		break;
	case AST_UNKNOWN:
		top_unknown(s, st);
		break;
	case AST_MISPLACED:
		if (strcmp(st->word->text, "as") == 0 || strcmp(st->word->text, "expect") == 0) {
			d = diag_error(s->diags, st->word->loc, "E-misplaced", "'%s' belongs inside a test", st->word->text);
			diag_help(s->diags, d, "write test \"...\" { ... } around it");
			break;
		}
		d = diag_error(s->diags, st->word->loc, "E-misplaced", "'%s' belongs inside a profile", st->word->text);
		diag_help(s->diags, d, "write profile NAME { ... } around it");
		break;
	default:
		break;
	}
}

static void top_block(struct sema *s, const struct ast_block *b)
{
	for (const struct ast_stmt *st = b->first; st; st = st->next) {
		s->sets_missing |= st->kind == AST_INCLUDE && st->broken;
		if (st->kind != AST_INCLUDE)
			top_statement(s, st);
		else if (st->body)
			top_block(s, st->body);
	}
}

static void warn_empty(struct diags *diags)
{
	struct diag *d = diag_warning(diags, (struct src_loc){.file = NULL}, "W-empty", "there is no profile in this policy");

	diag_help(diags, d, "it allows everything; a policy is made of 'profile NAME { ... }'");
}

/* Atom 0 always holds. */
static void sema_atom_any(struct sema *s)
{
	s->ir.atoms = arena_more(s->arena, s->ir.atoms, 0, &s->atoms_cap, sizeof(*s->ir.atoms));
	s->ir.atoms[0] = (struct ir_atom){.text = "any"};
	s->ir.natoms = 1;
}

void sema_run(struct arena *arena, struct diags *diags, struct ast_block *const *trees, size_t n, struct ir *ret)
{
	struct sema s = {.arena = arena, .diags = diags};

	sema_atom_any(&s);
	top_block(&s, shipped_sets(arena, diags));
	s.nshipped = s.nsets;
	for (size_t i = 0; i < n; i++)
		top_block(&s, trees[i]);
	set_resolve_all(&s);
	s.ir.profiles = arena_alloc(arena, (s.nprofiles + 1) * sizeof(*s.ir.profiles));
	s.ir.nprofiles = s.nprofiles;
	for (size_t i = 0; i < s.nprofiles; i++)
		profile_look_ahead(&s, i);
	for (size_t i = 0; i < s.nprofiles; i++)
		profile_subject(&s, i);
	for (size_t i = 0; i < s.nprofiles; i++)
		profile_rules(&s, i);
	if (!s.ir.rules) /* so that a pointer past the last of no rules is one */
		s.ir.rules = arena_alloc(arena, sizeof(*s.ir.rules));
	assert_statements(&s);
	/* What an error hid may have used it. */
	if (diags->nerrors == 0)
		set_warn_unused(&s);
	if (diags->nerrors == 0 && s.nprofiles == 0)
		warn_empty(diags);
	if (diags->nerrors == 0)
		warn_policy(&s);
	*ret = s.ir;
}
