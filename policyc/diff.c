/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `policyc diff`: what changes from one policy to another. */
#include "cmd.h"
#include "diff_print.h"
#include "text.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "banned.h"

static const char *change_text(enum diff_change c)
{
	static const char *const texts[] = {
#define X(NAME, w, t) t,
		DIFF_CHANGES(X)
#undef X
	};

	return texts[c];
}

static void put_ops(struct bl_buf *b, uint64_t ops)
{
	const char *sep = "";

	for (uint32_t op = 1; op < 64; op++) {
		if (!(ops & BL_OP_BIT(op)))
			continue;
		bl_buf_printf(b, "%s%s", sep, bl_text_op(op));
		sep = ", ";
	}
}

/* ---- for people ---- */

static void text_profile(struct bl_buf *b, const struct diff *d, const struct diff_profile *p)
{
	const struct bl_image *const *img = d->who.img;

	for (int side = 0; side < 2; side++) {
		const struct bl_meta_profile *m;

		if (p->at[!side] != CHAIN_NOBODY)
			continue;
		m = &img[side]->profiles[p->at[side]];
		bl_buf_printf(b, "profile %s: only in the %s policy (%s:%u)\n", p->name, diff_sides[side], bl_image_str(img[side], m->file),
			      m->line);
		return;
	}
	if (p->mode)
		bl_buf_printf(b, "profile %s: the mode was %s and is %s\n", p->name, bl_text_mode(bl_profile_at(img[0]->tables, p->at[0])->mode),
			      bl_text_mode(bl_profile_at(img[1]->tables, p->at[1])->mode));
	if (p->subject)
		bl_buf_printf(b, "profile %s: the subject was '%s' and is '%s'\n", p->name,
			      bl_image_str(img[0], img[0]->profiles[p->at[0]].subject),
			      bl_image_str(img[1], img[1]->profiles[p->at[1]].subject));
	if (p->strict)
		bl_buf_printf(b, "profile %s: descriptors are %s judged when they are used\n", p->name,
			      bl_profile_at(img[1]->tables, p->at[1])->flags & BL_PF_STRICT ? "now" : "no longer");
	for (int side = 0; p->defaults && side < 2; side++) {
		uint64_t more = bl_profile_at(img[side]->tables, p->at[side])->deny_ops & ~bl_profile_at(img[!side]->tables, p->at[!side])->deny_ops;

		if (more == 0)
			continue;
		bl_buf_printf(b, "profile %s: the default %s refuses ", p->name, side ? "now" : "no longer");
		put_ops(b, more);
		bl_buf_char(b, '\n');
	}
}

static void text_condition(struct bl_buf *b, const char **sep, const char *text, const char *holds)
{
	bl_buf_printf(b, "%s%s %s", *sep, text, holds);
	*sep = ", ";
}

static void text_terms(struct bl_buf *b, const struct diff *d, const struct who_domain *dom, uint64_t known, uint64_t holds,
		       const char **sep, const char *whose)
{
	for (uint32_t i = 0; i < dom->nterms; i++) {
		const struct who_term *t = &d->who.terms[dom->term[i]];

		if (!(known >> i & 1))
			continue;
		bl_buf_printf(b, "%s%s%s%s %s", *sep, whose, t->entered ? "having been " : "", t->text,
			      holds >> i & 1 ? "holds" : "does not");
		if (t->sticky != 0 && t->kind != BL_KEY_ANCESTOR && !t->entered)
			bl_buf_str(b, " (inherited)");
		*sep = ", ";
	}
}

static void text_when(struct bl_buf *b, const struct diff *d, const struct diff_item *it)
{
	const struct chain_case *w = &it->when;
	const char *sep = "    when ";

	/* what holds comes first */
	for (int v = 1; v >= 0; v--) {
		uint64_t self = v ? w->self : ~w->self, peer = v ? w->peer : ~w->peer;

		text_terms(b, d, it->self, w->self_known & self, w->self, &sep, "");
		if (w->owner == v)
			text_condition(b, &sep, "owner", v ? "holds" : "does not");
		text_terms(b, d, it->peer, w->peer_known & peer, w->peer, &sep, "of the peer ");
		if (w->descendant == v)
			text_condition(b, &sep, "the peer", v ? "is a descendant" : "is no descendant");
	}
	if (w->untrusted > 0) /* most are not */
		text_condition(b, &sep, "the program", "is untrusted");
	if (w->peer_untrusted > 0)
		text_condition(b, &sep, "the peer's program", "is untrusted");
	if (sep[0] == ',')
		bl_buf_char(b, '\n');
}

static void put_rule(struct bl_buf *b, const struct bl_image *img, uint32_t rule)
{
	const struct bl_meta_rule *r = &img->rules[rule];

	bl_buf_printf(b, "%s:%u: %s", bl_image_str(img, r->file), r->line, bl_image_str(img, r->text));
}

static void text_answer(struct bl_buf *b, const struct diff *d, const struct diff_item *it, int side)
{
	const struct chain_answer *a = &it->answer[side];
	const struct bl_image *img = d->who.img[side];
	uint32_t p = d->profiles[it->profile].at[side];

	bl_buf_printf(b, "    %s: %-5s  ", diff_sides[side], diff_act_word(a->act));
	if (a->rule != BL_RULE_NONE) {
		put_rule(b, img, a->rule);
		bl_buf_str(b, a->implied ? " (it could use this socket)" : "");
	} else if (p == CHAIN_NOBODY) {
		bl_buf_str(b, "there is no such profile");
	} else if (a->act == CHAIN_NONE) {
		bl_buf_str(b, "the process is not in the profile");
	} else if (a->by_default) {
		bl_buf_printf(b, "%s:%u: the default", bl_image_str(img, img->profiles[p].file), img->profiles[p].default_line);
	} else {
		bl_buf_str(b, "no rule matches");
	}
	bl_buf_char(b, '\n');
}

static void text_item(struct bl_buf *b, const struct diff *d, const struct diff_item *it)
{
	bl_buf_printf(b, "%s %s: ", d->profiles[it->profile].name, bl_text_op(it->op));
	if (it->change == DIFF_UNNAMED) {
		bl_buf_printf(b, "%s refused when the object's name cannot be had\n", it->refused ? "now" : "no longer");
		return;
	}
	bl_buf_str(b, change_text(it->change));
	if (it->details != 0) {
		bl_buf_str(b, " (");
		diff_put_details(b, it->details, ", ", "");
		bl_buf_char(b, ')');
	}
	bl_buf_str(b, ", for example ");
	object_example_text(b, &it->object);
	bl_buf_printf(b, "  [%" PRIu64 " %s of object]\n", it->count, it->count == 1 ? "kind" : "kinds");
	text_when(b, d, it);
	text_answer(b, d, it, 0);
	text_answer(b, d, it, 1);
}

static void diff_text(struct bl_buf *b, const struct diff *d)
{
	for (size_t i = 0; i < d->nprofiles; i++)
		text_profile(b, d, &d->profiles[i]);
	for (size_t i = 0; i < d->nitems; i++)
		text_item(b, d, &d->items[i]);
}

/* ---- the command ---- */

static void say_gaps(const struct diff *d)
{
	for (size_t i = 0; i < d->ngaps; i++) {
		const struct diff_gap *g = &d->gaps[i];

		if (g->profile == SIZE_MAX)
			cmd_fail(EXIT_SYSTEM, "%s: the patterns of the two policies together have too many states to compare", bl_text_op(g->op));
		else
			cmd_fail(EXIT_SYSTEM, "profile %s, %s: too many combinations of subject terms to compare",
				 d->profiles[g->profile].name, bl_text_op(g->op));
	}
}

static int compare(const struct cmd_options *o, const struct bl_image *old, const struct bl_image *new)
{
	struct bl_buf b = BL_BUF_INIT;
	int status = EXIT_FINE;
	struct arena arena;
	struct diff d;

	arena_init(&arena);
	diff_policies(&arena, old, new, &d);
	if (o->json)
		diff_json(&b, &d);
	else
		diff_text(&b, &d);
	if (b.failed)
		status = cmd_fail(EXIT_SYSTEM, "out of memory");
	else if (b.len != 0 && fputs(bl_buf_text(&b), stdout) == EOF)
		status = cmd_fail(EXIT_SYSTEM, "cannot write the differences");
	say_gaps(&d);
	if (status == EXIT_FINE && d.ngaps != 0)
		status = EXIT_SYSTEM;
	if (status == EXIT_FINE && diff_any(&d))
		status = EXIT_POLICY;
	diff_free(&d);
	arena_free(&arena);
	bl_buf_free(&b);
	return status;
}

/* 1 says that policies differ: one that is wrong is a wrong argument. */
static int load(const struct cmd_options *o, char *file, struct bl_image *ret, void **ret_mem)
{
	int status = cmd_load(o, file, ret, ret_mem);

	return status == EXIT_POLICY ? EXIT_USAGE : status;
}

int cmd_diff(const struct cmd_options *o, char *const *args, size_t n)
{
	void *old_mem = NULL, *new_mem = NULL;
	struct bl_image old, new;
	int status;

	if (n != 2)
		return cmd_fail(EXIT_USAGE, "diff needs two images or policy files, the old one first");
	status = load(o, args[0], &old, &old_mem);
	if (status == EXIT_FINE)
		status = load(o, args[1], &new, &new_mem);
	if (status == EXIT_FINE)
		status = compare(o, &old, &new);
	free(old_mem);
	free(new_mem);
	return status;
}
