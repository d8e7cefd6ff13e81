/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Chains of rules as functions of who asks; truth has three values, so that what does not matter can be found. */
#include "analyse_chain.h"

#include <string.h>

#include "plat_host.h"
#include "banned.h"

/* A condition, its terms by their bits in a domain. */
struct code_clause {
	uint64_t pos, neg, weak_pos, weak_neg;
	bool never[2]; /* for trusted programs, for untrusted ones */
};
struct code_cond {
	struct code_clause *v;
	size_t n;
};

struct code_entry {
	const struct code_cond *cond_if, *cond_unless, *peer; /* NULL: none */
	uint32_t flags, verdict, rule;
	bool descendant;
};

struct chain_code {
	const struct chain *chain;
	const struct code_cond *subject;
	struct code_entry *v[BL_ACCS];
	bool audit, deny;
};

static const struct bl_tables *tables(const struct chain *c)
{
	return c->who->img[c->side]->tables;
}

static uint64_t entry(const struct chain *c, unsigned int list, uint32_t i)
{
	return bl_word(tables(c), (uint64_t)c->list[list] + 1 + c->from[list] + i);
}

static uint64_t rule_word(const struct who *who, int side, uint32_t rule)
{
	const struct bl_tables *t = who->img[side]->tables;

	return bl_word(t, (uint64_t)t->off_rules + rule);
}

static uint64_t profile_word(const struct chain *c, unsigned int i)
{
	return bl_word(tables(c), (uint64_t)tables(c)->off_profiles + (uint64_t)c->profile * BL_PROFILE_WORDS + i);
}

static bool profile_denies(const struct chain *c)
{
	return (profile_word(c, 1) & BL_OP_BIT(c->op)) != 0;
}

static bool profile_audits(const struct chain *c)
{
	return (tables(c)->flags & BL_TF_DRY_RUN) || (uint32_t)profile_word(c, 3) == BL_MODE_AUDIT;
}

void chain_init(struct chain *c, const struct who *who, int side, uint32_t profile, uint32_t op, const uint32_t list[BL_ACCS])
{
	memset(c, 0, sizeof(*c));
	c->who = who;
	c->side = side;
	c->profile = profile;
	c->op = op;
	for (unsigned int k = 0; k < BL_ACCS; k++) {
		uint32_t n = list[k] ? (uint32_t)bl_word(tables(c), list[k]) : 0;

		c->list[k] = list[k];
		while (c->from[k] < n && BL_ENT_PROFILE(entry(c, k, 0)) < profile)
			c->from[k]++;
		while (c->from[k] + c->n[k] < n && BL_ENT_PROFILE(entry(c, k, c->n[k])) == profile)
			c->n[k]++;
	}
}

/* ---- what is written ---- */

static bool cond_same(const struct who *w, uint32_t old, uint32_t new)
{
	if (old == BL_COND_NONE || new == BL_COND_NONE)
		return old == new;
	return w->cond[0][old] == w->cond[1][new];
}

static const char *rule_text(const struct who *w, int side, uint32_t rule, enum chain_detail what)
{
	const struct bl_meta_rule *m = &w->img[side]->rules[rule];

	return bl_image_str(w->img[side], what == CHAIN_MESSAGE ? m->message : what == CHAIN_TAG ? m->tag : m->severity);
}

/* "": none */
static const char *rule_enters(const struct who *w, int side, uint32_t rule)
{
	uint32_t p = rule == BL_RULE_NONE ? 0 : BL_RULE_ENTER(rule_word(w, side, rule));

	return p == 0 ? "" : bl_image_str(w->img[side], w->img[side]->profiles[p - 1].name);
}

static unsigned int report_details(const struct who *w, uint32_t old, uint32_t new)
{
	static const enum chain_detail texts[] = {CHAIN_MESSAGE, CHAIN_TAG, CHAIN_SEVERITY};
	const uint32_t rule[2] = {old, new};
	unsigned int d = 0;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const char *said[2];

		for (int side = 0; side < 2; side++)
			said[side] = rule[side] == BL_RULE_NONE ? "" : rule_text(w, side, rule[side], texts[i]);
		d |= strcmp(said[0], said[1]) != 0 ? (unsigned int)texts[i] : 0;
	}
	for (int side = 0; side < 2; side++)
		if (rule[side] != BL_RULE_NONE && (rule_word(w, side, rule[side]) & BL_RULE_QUIET))
			d ^= CHAIN_QUIET;
	return d;
}

static bool refuses(enum chain_act act)
{
	return act == CHAIN_DENY || act == CHAIN_KILL;
}

static unsigned int exec_details(const struct who *w, uint32_t old, uint32_t new)
{
	const uint32_t rule[2] = {old, new};
	unsigned int d = strcmp(rule_enters(w, 0, old), rule_enters(w, 1, new)) != 0 ? CHAIN_ENTER : 0;

	for (int side = 0; side < 2; side++)
		if (rule[side] != BL_RULE_NONE && (rule_word(w, side, rule[side]) & BL_RULE_LEAVE))
			d ^= CHAIN_LEAVE;
	return d;
}

unsigned int chain_details(const struct who *w, uint32_t op, const struct chain_answer *old, const struct chain_answer *new)
{
	uint32_t err[2] = {1, 1}; /* EPERM of a default */
	unsigned int d = 0;

	if (old->act > CHAIN_ALLOW && new->act > CHAIN_ALLOW)
		d |= report_details(w, old->rule, new->rule);
	if (op == BL_OP_EXEC && !refuses(old->act) && !refuses(new->act))
		d |= exec_details(w, old->rule, new->rule);
	if (old->rule != BL_RULE_NONE)
		err[0] = BL_RULE_ERRNO(rule_word(w, 0, old->rule));
	if (new->rule != BL_RULE_NONE)
		err[1] = BL_RULE_ERRNO(rule_word(w, 1, new->rule));
	return refuses(old->act) && refuses(new->act) && err[0] != err[1] ? d | CHAIN_ERRNO : d;
}

static bool rule_same(const struct who *w, uint32_t old, uint32_t new, bool peer)
{
	uint64_t a = rule_word(w, 0, old), b = rule_word(w, 1, new);

	if (BL_RULE_ERRNO(a) != BL_RULE_ERRNO(b) || report_details(w, old, new) != 0 || exec_details(w, old, new) != 0)
		return false;
	if (!peer)
		return true;
	if ((a ^ b) & BL_RULE_DESCENDANT)
		return false;
	return (a & BL_RULE_DESCENDANT) || cond_same(w, BL_RULE_PEER_COND(a), BL_RULE_PEER_COND(b));
}

static bool entry_same(const struct who *w, uint64_t old, uint64_t new)
{
	return BL_ENT_FLAGS(old) == BL_ENT_FLAGS(new) && BL_ENT_VERDICT(old) == BL_ENT_VERDICT(new) &&
	       cond_same(w, BL_ENT_IF(old), BL_ENT_IF(new)) && cond_same(w, BL_ENT_UNLESS(old), BL_ENT_UNLESS(new)) &&
	       rule_same(w, BL_ENT_RULE(old), BL_ENT_RULE(new), (BL_ENT_FLAGS(old) & BL_EF_PEER) != 0);
}

/* Rules of several lists are in an order that has to be compared too; that is left to those who look. */
static bool one_list(const struct chain *c)
{
	unsigned int lists = 0;

	for (unsigned int k = 0; k < BL_ACCS; k++)
		lists += c->n[k] != 0;
	return lists <= 1;
}

bool chain_same(const struct chain *old, const struct chain *new)
{
	if (old->profile == CHAIN_NOBODY || new->profile == CHAIN_NOBODY)
		return old->profile == new->profile;
	if (!cond_same(old->who, old->profile, new->profile) || profile_audits(old) != profile_audits(new) ||
	    profile_denies(old) != profile_denies(new) || !one_list(old) || !one_list(new))
		return false;
	for (unsigned int k = 0; k < BL_ACCS; k++) {
		if (old->n[k] != new->n[k])
			return false;
		for (uint32_t i = 0; i < old->n[k]; i++)
			if (!entry_same(old->who, entry(old, k, i), entry(new, k, i)))
				return false;
	}
	return true;
}

/* ---- what it depends on ---- */

static void cond_needs(const struct chain *c, uint32_t cond, struct who_set *set, bool *weak)
{
	uint64_t at, lit;

	if (cond == BL_COND_NONE)
		return;
	at = c->who->cond_at[c->side][cond];
	do {
		lit = bl_word(tables(c), at++);
		who_set_add(set, c->who->term[c->side][BL_LIT_ATOM(lit)]);
		*weak |= (lit & BL_LIT_WEAK) != 0;
	} while (!(lit & BL_LIT_END_COND));
}

void chain_add_needs(const struct chain *c, struct chain_needs *ret)
{
	if (c->profile == CHAIN_NOBODY)
		return;
	cond_needs(c, c->profile, &ret->self, &ret->self_weak);
	for (unsigned int k = 0; k < BL_ACCS; k++) {
		for (uint32_t i = 0; i < c->n[k]; i++) {
			uint64_t e = entry(c, k, i), rule = rule_word(c->who, c->side, BL_ENT_RULE(e));

			cond_needs(c, BL_ENT_IF(e), &ret->self, &ret->self_weak);
			cond_needs(c, BL_ENT_UNLESS(e), &ret->self, &ret->self_weak);
			ret->owner |= (BL_ENT_FLAGS(e) & (BL_EF_OWNER | BL_EF_NOT_OWNER)) != 0;
			if (!(BL_ENT_FLAGS(e) & BL_EF_PEER))
				continue;
			ret->descendant |= (rule & BL_RULE_DESCENDANT) != 0;
			ret->peer_any |= !(rule & BL_RULE_DESCENDANT);
			if (!(rule & BL_RULE_DESCENDANT))
				cond_needs(c, BL_RULE_PEER_COND(rule), &ret->peer, &ret->peer_weak);
		}
	}
}

/* ---- what it does ---- */

static void clause_add(struct code_clause *cl, uint32_t term, uint64_t lit, const struct who_domain *d)
{
	bool weak = (lit & BL_LIT_WEAK) != 0, neg = (lit & BL_LIT_NEG) != 0;
	uint64_t bit;

	if (term == 0) { /* it always holds; where it is weak, for trusted programs */
		cl->never[0] |= neg;
		cl->never[1] |= neg != weak;
		return;
	}
	bit = 1ULL << who_bit(d, term);
	*(neg ? &cl->neg : &cl->pos) |= bit;
	if (weak)
		*(neg ? &cl->weak_neg : &cl->weak_pos) |= bit;
}

static const struct code_cond *cond_compile(struct arena *arena, const struct chain *c, uint32_t cond, const struct who_domain *d)
{
	struct code_cond *ret;
	size_t cap = 0;
	uint64_t at, lit;

	if (cond == BL_COND_NONE)
		return NULL;
	ret = arena_alloc(arena, sizeof(*ret));
	at = c->who->cond_at[c->side][cond];
	do {
		struct code_clause cl = {0};

		do {
			lit = bl_word(tables(c), at++);
			clause_add(&cl, c->who->term[c->side][BL_LIT_ATOM(lit)], lit, d);
		} while (!(lit & (BL_LIT_END_CLAUSE | BL_LIT_END_COND)));
		ret->v = arena_more(arena, ret->v, ret->n, &cap, sizeof(cl));
		ret->v[ret->n++] = cl;
	} while (!(lit & BL_LIT_END_COND));
	return ret;
}

struct chain_code *chain_compile(struct arena *arena, const struct chain *c, const struct who_domain *self,
				 const struct who_domain *peer)
{
	struct chain_code *code = arena_alloc(arena, sizeof(*code));

	code->chain = c;
	if (c->profile == CHAIN_NOBODY)
		return code;
	code->subject = cond_compile(arena, c, c->profile, self);
	code->audit = profile_audits(c);
	code->deny = profile_denies(c);
	for (unsigned int k = 0; k < BL_ACCS; k++) {
		code->v[k] = arena_alloc(arena, (c->n[k] + 1) * sizeof(*code->v[k]));
		for (uint32_t i = 0; i < c->n[k]; i++) {
			uint64_t e = entry(c, k, i), rule = rule_word(c->who, c->side, BL_ENT_RULE(e));
			struct code_entry *ret = &code->v[k][i];

			ret->cond_if = cond_compile(arena, c, BL_ENT_IF(e), self);
			ret->cond_unless = cond_compile(arena, c, BL_ENT_UNLESS(e), self);
			ret->flags = BL_ENT_FLAGS(e);
			ret->verdict = BL_ENT_VERDICT(e);
			ret->rule = BL_ENT_RULE(e);
			ret->descendant = (rule & BL_RULE_DESCENDANT) != 0;
			if ((ret->flags & BL_EF_PEER) && !ret->descendant)
				ret->peer = cond_compile(arena, c, BL_RULE_PEER_COND(rule), peer);
		}
	}
	return code;
}

/* 0, 1, or -1: it depends on what is not known. */
static int clause_holds(const struct code_clause *c, uint64_t holds, uint64_t known, bool untrusted)
{
	uint64_t neg = untrusted ? c->neg & ~c->weak_neg : c->neg;

	if (c->never[untrusted] || (untrusted && c->weak_pos != 0) || (c->pos & known & ~holds) || (neg & known & holds))
		return 0;
	return (c->pos | neg) & ~known ? -1 : 1;
}

static int cond_holds_one(const struct code_cond *c, uint64_t holds, uint64_t known, bool untrusted)
{
	int any = 0;

	for (size_t i = 0; i < c->n; i++) {
		int r = clause_holds(&c->v[i], holds, known, untrusted);

		if (r == 1)
			return 1;
		any |= r;
	}
	return any;
}

static int cond_holds(const struct code_cond *c, uint64_t holds, uint64_t known, int untrusted)
{
	int a;

	if (untrusted >= 0)
		return cond_holds_one(c, holds, known, untrusted != 0);
	a = cond_holds_one(c, holds, known, false);
	return a == cond_holds_one(c, holds, known, true) ? a : -1;
}

/* False as soon as one is; otherwise not known if one is not. */
static int both(int a, int b)
{
	if (a == 0 || b == 0)
		return 0;
	return a < 0 || b < 0 ? -1 : 1;
}

static int negated(int a)
{
	return a < 0 ? a : !a;
}

static int entry_holds(const struct code_entry *e, const struct chain_case *s)
{
	int r = 1;

	if (e->cond_if)
		r = both(r, cond_holds(e->cond_if, s->self, s->self_known, s->untrusted));
	if (e->cond_unless)
		r = both(r, negated(cond_holds(e->cond_unless, s->self, s->self_known, s->untrusted)));
	if (e->flags & BL_EF_OWNER)
		r = both(r, s->owner);
	if (e->flags & BL_EF_NOT_OWNER)
		r = both(r, negated(s->owner));
	if (e->flags & BL_EF_PEER)
		r = both(r, e->descendant ? s->descendant : cond_holds(e->peer, s->peer, s->peer_known, s->peer_untrusted));
	return r;
}

/* The entry that decides; *unknown if that depends on what is not known. */
static const struct code_entry *first_entry(const struct chain_code *code, const struct chain_case *s, bool *unknown)
{
	const struct code_entry *first = NULL;

	for (unsigned int k = 0; k < BL_ACCS; k++) {
		for (uint32_t i = 0; i < code->chain->n[k]; i++) {
			const struct code_entry *e = &code->v[k][i];
			int r = entry_holds(e, s);

			*unknown |= r < 0;
			if (r == 0)
				continue;
			if (!first || e->rule < first->rule)
				first = e;
			break;
		}
	}
	return first;
}

static enum chain_act act_of(uint32_t verdict, bool audit)
{
	switch (verdict) {
	case BL_V_LOG:
		return CHAIN_LOG;
	case BL_V_DENY:
		return audit ? CHAIN_WOULD_DENY : CHAIN_DENY;
	case BL_V_KILL:
		return audit ? CHAIN_WOULD_KILL : CHAIN_KILL;
	default:
		return CHAIN_ALLOW;
	}
}

struct chain_answer chain_decide(const struct chain_code *code, const struct chain_case *s)
{
	struct chain_answer a = {.act = CHAIN_NONE, .rule = BL_RULE_NONE};
	const struct code_entry *e;
	bool unknown = false;
	int in;

	if (code->chain->profile == CHAIN_NOBODY)
		return a;
	in = cond_holds(code->subject, s->self, s->self_known, s->untrusted);
	if (in == 0)
		return a;
	e = first_entry(code, s, &unknown);
	if (in < 0 || unknown) {
		a.act = CHAIN_UNKNOWN;
	} else if (e) {
		a.act = act_of(e->verdict, code->audit);
		a.rule = e->rule;
		a.implied = (e->flags & BL_EF_IMPLIED) != 0;
	} else {
		a.act = act_of(code->deny ? BL_V_DENY : BL_V_ALLOW, code->audit);
		a.by_default = code->deny;
	}
	return a;
}
