/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is said about rules that never decide, and who decides instead of them. */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "dead_priv.h"
#include "text.h"
#include "banned.h"

#define HIDERS_SHOWN 3u
#define HIDERS_MAX 256u /* more than these are not told apart */

struct hider {
	uint32_t rule;
	unsigned int op;
	const char *object; /* one that it decides instead */
};

/* A rule that is going to be reported. */
struct finding {
	uint32_t rule;
	uint64_t ops; /* for which it never decides, as far as that is said */
	struct hider *hiders;
	size_t nhiders, cap;
};

struct report {
	struct dead_run *d;
	struct finding *v;
	size_t n, cap;
	uint32_t *of_rule; /* index in v + 1, 0: none */
	const struct match *m; /* the object being looked at */
};

/* ---- for which operations it is said ---- */

#define FILE_OPS 0xffeull
#define MODIFY_OPS (FILE_OPS & ~BL_OP_BIT(BL_OP_READ))
#define NETWORK_OPS (15ull << BL_OP_SOCKET)
#define SYSTEM_OPS (0x1fffull << BL_OP_CAPABILITY)

/* Words that stand for several operations; a part of one that never decides is the normal case and not said. */
static const struct unit {
	uint64_t ops;
	const char *word;
} units[] = {
	{FILE_OPS, "file"},
	{MODIFY_OPS, "modify"},
	{NETWORK_OPS, "network"},
	{SYSTEM_OPS, "system"},
	{BL_OP_BIT(BL_OP_WRITE) | BL_OP_BIT(BL_OP_APPEND) | BL_OP_BIT(BL_OP_TRUNCATE), "write"},
	{BL_OP_BIT(BL_OP_EXEC) | BL_OP_BIT(BL_OP_MAP), "exec"},
	{BL_OP_BIT(BL_OP_BIND) | BL_OP_BIT(BL_OP_ACCEPT), "bind"},
};

static void word_add(struct arena_buf *b, const char *word)
{
	arena_buf_str(b, b->len ? ", '" : "'");
	arena_buf_str(b, word);
	arena_buf_str(b, "'");
}

/* Those of the rule's words of which nothing ever decides; their list is added to b. */
static uint64_t whole_words(uint64_t ops, uint64_t dead, struct arena_buf *b)
{
	uint64_t said = 0;

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if ((ops & units[i].ops) != units[i].ops)
			continue;
		ops &= ~units[i].ops;
		if (units[i].ops & ~dead)
			continue;
		said |= units[i].ops;
		word_add(b, units[i].word);
	}
	for (unsigned int op = 0; op < 64; op++) {
		if (!(ops & dead & BL_OP_BIT(op)))
			continue;
		said |= BL_OP_BIT(op);
		word_add(b, bl_text_op(op));
	}
	return said;
}

/* " for 'read', 'exec'", or nothing if that is all that the rule is about. */
static const char *for_words(struct report *rep, const struct finding *f)
{
	struct arena_buf b = {.arena = rep->d->pub->arena};
	uint64_t ops = rep->d->ir->rules[f->rule].ops;

	if (f->ops == ops)
		return "";
	whole_words(ops, f->ops, &b);
	return arena_printf(rep->d->pub->arena, " for %s", b.s);
}

/*
 * A statement that several profiles include is one rule in each. What it decides in any of them is not dead, and what it decides in none
 * is said once, of the first.
 */
static uint64_t dead_in_all(const struct dead_run *d, uint32_t rule)
{
	const struct ir_rule *r = &d->ir->rules[rule];
	uint64_t dead = r->ops & ~d->alive[rule];

	for (uint32_t i = 0; dead != 0 && r->loc.file->parent && i < d->ir->nrules; i++) {
		const struct ir_rule *o = &d->ir->rules[i];

		if (o->loc.line == r->loc.line && o->loc.col == r->loc.col && src_same(o->loc.file, r->loc.file))
			dead &= i < rule && !d->idle[o->profile] ? 0 : ~d->alive[i];
	}
	return dead;
}

static void collect(struct report *rep)
{
	struct dead_run *d = rep->d;

	for (uint32_t i = 0; i < d->ir->nrules; i++) {
		struct arena_buf b = {.arena = d->pub->arena};
		struct finding f = {.rule = i};

		if (!(d->ir->rules[i].ops & ~d->alive[i]) || d->idle[d->ir->rules[i].profile])
			continue;
		f.ops = whole_words(d->ir->rules[i].ops, dead_in_all(d, i), &b);
		if (f.ops == 0)
			continue;
		rep->v = arena_more(d->pub->arena, rep->v, rep->n, &rep->cap, sizeof(f));
		rep->v[rep->n++] = f;
		rep->of_rule[i] = (uint32_t)rep->n;
	}
}

/* ---- who decides instead ---- */

static bool hider_known(const struct finding *f, uint32_t rule)
{
	for (size_t i = 0; i < f->nhiders; i++)
		if (f->hiders[i].rule == rule)
			return true;
	return f->nhiders == HIDERS_MAX;
}

static void hider_add(struct report *rep, struct finding *f, uint32_t rule, const struct world_object *o)
{
	struct hider h = {.rule = rule, .op = o->op, .object = world_object_text(&rep->d->w, o)};

	f->hiders = arena_more(rep->d->pub->arena, f->hiders, f->nhiders, &f->cap, sizeof(h));
	f->hiders[f->nhiders++] = h;
}

/* Which of the earlier rules decide where f's rule would? */
static void find_hiders(struct report *rep, struct finding *f, size_t n, const struct world_object *o)
{
	struct dead_run *d = rep->d;
	size_t mark = logic_mark(&d->w.logic);
	logic_f left = dead_alone(d, f->rule);

	for (size_t i = 0; i < n && left != LOGIC_FALSE; i++) {
		uint32_t e = d->earlier[i];

		if (!hider_known(f, e) &&
		    dead_ask(d, logic_and(&d->w.logic, left, world_rule(&d->w, e, true))) == LOGIC_YES)
			hider_add(rep, f, e, o);
		left = dead_without(d, left, &e, 1);
	}
	logic_release(&d->w.logic, mark);
}

static bool look_again(void *arg, const struct world_object *o)
{
	struct report *rep = arg;
	struct dead_run *d = rep->d;
	size_t n = world_matches(&d->w, o, &rep->m), nearlier = 0;
	uint32_t profile = UINT32_MAX;

	for (size_t i = 0; i < n; i++) {
		uint32_t rule = rep->m[i].index;
		struct finding *f = rep->of_rule[rule] ? &rep->v[rep->of_rule[rule] - 1] : NULL;

		if (rep->m[i].implied)
			continue;
		if (d->ir->rules[rule].profile != profile)
			nearlier = 0;
		profile = d->ir->rules[rule].profile;
		if (f && (f->ops & BL_OP_BIT(o->op)))
			find_hiders(rep, f, nearlier, o);
		d->earlier[nearlier++] = rule;
	}
	return true;
}

static int by_rule(const void *x, const void *y)
{
	const struct hider *a = x, *b = y;

	return (a->rule > b->rule) - (a->rule < b->rule);
}

static void find_all_hiders(struct report *rep)
{
	uint64_t ops = 0;

	for (size_t i = 0; i < rep->n; i++)
		ops |= rep->v[i].ops;
	for (unsigned int op = 0; op < 64; op++) {
		if (ops & BL_OP_BIT(op))
			world_objects(&rep->d->w, op, look_again, rep);
	}
	for (size_t i = 0; i < rep->n; i++) {
		if (rep->v[i].nhiders != 0)
			qsort(rep->v[i].hiders, rep->v[i].nhiders, sizeof(struct hider), by_rule);
	}
}

/* ---- the same again ---- */

static bool same_object(const struct ir_term *a, const struct ir_term *b)
{
	if (a->npatterns != b->npatterns)
		return false;
	for (size_t i = 0; i < a->npatterns; i++) {
		const struct ir_pattern *x = &a->patterns[i], *y = &b->patterns[i];

		if (x->kind != y->kind || x->except != y->except || x->ops != y->ops || strcmp(x->text, y->text) != 0)
			return false;
	}
	return true;
}

static bool same_outcome(const struct ir_rule *a, const struct ir_rule *b)
{
	return a->verdict == b->verdict && a->enter == b->enter && a->leave == b->leave;
}

static bool same_rule(const struct ir_rule *a, const struct ir_rule *b)
{
	return a->ops == b->ops && a->cond_if == b->cond_if && a->cond_unless == b->cond_unless &&
	       a->cond_unless_owner == b->cond_unless_owner && a->if_owner == b->if_owner &&
	       a->unless_owner == b->unless_owner && a->unless_mixed == b->unless_mixed && a->peer == b->peer &&
	       a->peer_cond == b->peer_cond && same_outcome(a, b) && same_object(&a->object, &b->object);
}

/* The first rule that f's repeats, NULL: it repeats none. */
static const struct ir_rule *repeats(const struct dead_run *d, const struct finding *f)
{
	const struct ir_rule *r = &d->ir->rules[f->rule];

	for (size_t i = 0; i < f->nhiders; i++)
		if (same_rule(&d->ir->rules[f->hiders[i].rule], r))
			return &d->ir->rules[f->hiders[i].rule];
	/* that one may be hidden itself */
	for (uint32_t i = f->rule, n = 0; i-- > 0 && d->ir->rules[i].profile == r->profile && n < HIDERS_MAX; n++)
		if (same_rule(&d->ir->rules[i], r))
			return &d->ir->rules[i];
	return NULL;
}

/* ---- messages ---- */

static void say_hiders(struct report *rep, struct diag *diag, const struct finding *f)
{
	struct diags *ds = rep->d->pub->diags;

	for (size_t i = 0; i < f->nhiders && i < HIDERS_SHOWN; i++) {
		const struct hider *h = &f->hiders[i];
		const struct ir_rule *r = &rep->d->ir->rules[h->rule];
		const char *space = h->object[0] ? " " : "";

		if (i + 1 < HIDERS_SHOWN || f->nhiders == HIDERS_SHOWN)
			diag_note(ds, diag, r->loc, "this rule decides '%s%s%s' before it", bl_text_op(h->op), space,
				  h->object);
		else
			diag_note(ds, diag, r->loc, "this rule decides '%s%s%s' before it, and %s%zu more decide%s the rest",
				  bl_text_op(h->op), space, h->object, f->nhiders == HIDERS_MAX ? "at least " : "",
				  f->nhiders - HIDERS_SHOWN, f->nhiders == HIDERS_SHOWN + 1 ? "s" : "");
	}
}

static void say_hidden(struct report *rep, const struct finding *f)
{
	const struct ir_rule *r = &rep->d->ir->rules[f->rule], *first = repeats(rep->d, f);
	struct diags *ds = rep->d->pub->diags;
	const char *words = for_words(rep, f);
	struct diag *d;
	bool same = true;

	if (first) {
		d = diag_warning(ds, r->loc, "W-duplicate", "this rule is written again and never decides anything");
		diag_note(ds, d, first->loc, "it is written here first");
		return;
	}
	for (size_t i = 0; i < f->nhiders; i++)
		same &= same_outcome(r, &rep->d->ir->rules[f->hiders[i].rule]);
	if (same) {
		d = diag_warning(ds, r->loc, "W-shadowed",
				 "this rule never decides anything%s: rules before it say the same for all that it matches", words);
		diag_help(ds, d, "leave it out");
	} else {
		d = diag_warning(ds, r->loc, "W-contradicted",
				 "this rule never decides anything%s: rules before it say otherwise", words);
		diag_help(ds, d, "the first rule that matches decides; move this one before them, or leave it out");
	}
	say_hiders(rep, d, f);
}

static void say_empty(struct report *rep, const struct finding *f)
{
	const struct ir_rule *r = &rep->d->ir->rules[f->rule];
	bool excepts = false;

	for (size_t i = 0; i < r->object.npatterns; i++)
		excepts |= r->object.patterns[i].except;
	diag_warning(rep->d->pub->diags, r->loc, "W-empty-rule", "this rule matches nothing%s: %s", for_words(rep, f),
		     excepts ? "its exceptions leave nothing of its object" : "nothing that there is fits its object");
}

/* False: the conditions can hold. */
static bool say_impossible(struct report *rep, const struct finding *f)
{
	struct dead_run *d = rep->d;
	const struct ir_rule *r = &d->ir->rules[f->rule];
	const struct ir_profile *p = &d->ir->profiles[r->profile];
	struct diag *diag;

	if (dead_ask(d, dead_alone(d, f->rule)) != LOGIC_NO)
		return false;
	if (dead_ask(d, world_rule(&d->w, f->rule, true)) == LOGIC_NO) {
		diag_warning(d->pub->diags, r->loc, "W-impossible",
			     "this rule never decides anything: its conditions can never hold together");
		return true;
	}
	diag = diag_warning(d->pub->diags, r->loc, "W-impossible",
			    "this rule never decides anything: its conditions hold for no process in profile '%s'", p->name);
	diag_note(d->pub->diags, diag, p->loc, "its subject is '%s'", p->subject);
	return true;
}

static void say(struct report *rep, const struct finding *f)
{
	if (!(rep->d->matched[f->rule] & f->ops))
		say_empty(rep, f);
	else if (!say_impossible(rep, f) && f->nhiders != 0)
		say_hidden(rep, f);
}

static void say_idle(const struct dead_run *d, uint32_t profile)
{
	const struct ir_profile *p = &d->ir->profiles[profile];
	struct diag *diag = diag_warning(d->pub->diags, p->loc, "W-impossible",
					 "no process can be in profile '%s': its subject is '%s'", p->name, p->subject);

	if (strcmp(p->subject, "none") == 0)
		diag_help(d->pub->diags, diag, "no rule has 'enter %s'", p->name);
	else
		diag_help(d->pub->diags, diag, "these terms can never hold together");
}

void dead_report(struct dead_run *d)
{
	struct report rep = {.d = d};

	rep.of_rule = arena_alloc(d->pub->arena, (d->ir->nrules + 1) * sizeof(*rep.of_rule));
	for (uint32_t p = 0; p < d->ir->nprofiles; p++)
		if (d->idle[p])
			say_idle(d, p);
	collect(&rep);
	if (rep.n != 0)
		find_all_hiders(&rep);
	for (size_t i = 0; i < rep.n; i++)
		say(&rep, &rep.v[i]);
}
