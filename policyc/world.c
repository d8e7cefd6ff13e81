/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The processes that there are, and formulas about them. Objects are world_object.c's. */
#include "world.h"

#include <string.h>

#include "arena.h"
#include "banned.h"

static void bit_set(uint64_t *set, uint32_t bit)
{
	set[bit / 64] |= 1ull << (bit % 64);
}

/* ---- what values there are ---- */

/* Must a process have a value of this kind? */
static bool kind_always(unsigned int kind)
{
	return kind == BL_KEY_USER || kind == BL_KEY_GROUP || kind == BL_KEY_LOGIN || kind == BL_KEY_CGROUP;
}

static void kind_atoms(struct world *w, unsigned int kind)
{
	struct world_kind *k = &w->kinds[kind];
	uint32_t *v = arena_alloc(w->arena, w->natoms * sizeof(*v));

	k->many = kind == BL_KEY_GROUP || kind == BL_KEY_CAPABILITY || kind == BL_KEY_ANCESTOR;
	for (uint32_t i = 1; i < w->natoms; i++) {
		const struct ir_atom *a = &w->ir->atoms[i];

		if (a->kind != kind)
			continue;
		v[k->natoms++] = i;
		if (a->sticky == 0)
			bit_set(k->present, i);
		if (a->term.npatterns == 0) /* to have been entered */
			bit_set(k->can, i);
	}
	k->atoms = v;
}

static void option_add(struct world *w, struct world_kind *k, const struct au_examples *e, size_t set)
{
	struct world_option *o = &k->options[k->noptions];
	uint8_t key[BL_PATH_MAX];

	if (!au_example(e, set, key, &o->len))
		return;
	o->key = memcpy(arena_alloc(w->arena, o->len + 1), key, o->len);
	k->noptions++;
	for (size_t i = 0; set != AU_NO_SET && i < w->nmatches[set]; i++) {
		bit_set(o->atoms, w->matches[set][i].index);
		bit_set(k->can, w->matches[set][i].index);
	}
}

static void kind_options(struct world *w, unsigned int kind)
{
	struct world_kind *k = &w->kinds[kind];
	struct au_examples *e;
	size_t n = 2; /* none, and one that no pattern matches */

	for (size_t i = 0; i < au_nsets(w->au); i++) {
		unsigned int of;
		const uint32_t *patterns;
		size_t np;

		au_get_set(w->au, i, &of, &patterns, &np);
		n += of == kind;
	}
	if (au_examples_find(w->au, kind, 0, &e) < 0)
		arena_oom();
	k->options = arena_alloc(w->arena, n * sizeof(*k->options));
	/* the first that fits is the example: no script rather than one of some name, but a program with a name */
	if (!kind_always(kind) && kind != BL_KEY_EXE)
		k->options[k->noptions++].absent = true;
	option_add(w, k, e, AU_NO_SET);
	for (size_t i = 0; i < au_nsets(w->au); i++) {
		unsigned int of;
		const uint32_t *patterns;
		size_t np;

		au_get_set(w->au, i, &of, &patterns, &np);
		if (of == kind)
			option_add(w, k, e, i);
	}
	au_examples_free(w->au, e);
	if (kind == BL_KEY_EXE)
		k->options[k->noptions++].absent = true;
}

static void world_matches_init(struct world *w, const struct owner *owners)
{
	size_t n = au_nsets(w->au), longest = 0;

	w->matches = arena_alloc(w->arena, (n + 1) * sizeof(*w->matches));
	w->nmatches = arena_alloc(w->arena, (n + 1) * sizeof(*w->nmatches));
	for (size_t i = 0; i < n; i++) {
		const uint32_t *patterns;
		unsigned int kind;
		struct match *m;
		size_t np, at = 0;

		au_get_set(w->au, i, &kind, &patterns, &np);
		m = arena_alloc(w->arena, (np + 1) * sizeof(*m));
		while (accept_next(owners, patterns, np, &at, &m[w->nmatches[i]]))
			w->nmatches[i]++;
		w->matches[i] = m;
		longest = w->nmatches[i] > longest ? w->nmatches[i] : longest;
	}
	w->list = arena_alloc(w->arena, (3 * longest + 1) * sizeof(*w->list));
}

/* ---- which values go together ---- */

/*
 * One value decides what is judged by the present state. Terms that are inherited and hold of it hold; otherwise they are free.
 * ret NULL: whether there is such a value is all that is asked.
 */
static bool one_fits(const struct world_kind *k, const uint64_t *pos, const uint64_t *neg, bool trusted,
		     const struct world_option **ret)
{
	for (size_t i = 0; i < k->noptions; i++) {
		const struct world_option *o = &k->options[i];
		uint64_t bad = o->absent && trusted;

		for (size_t j = 0; j < WORLD_WORDS; j++)
			bad |= (o->atoms[j] & neg[j]) | (pos[j] & k->present[j] & ~o->atoms[j]);
		if (bad)
			continue;
		if (ret)
			*ret = o;
		return true;
	}
	return false;
}

/* Every value that makes no wrong atom true may be among the process's; together they make the right ones true. */
static bool many_fit(const struct world_kind *k, const uint64_t *pos, const uint64_t *neg)
{
	uint64_t got[WORLD_WORDS] = {0}, missing = 0;
	bool any = false;

	for (size_t i = 0; i < k->noptions; i++) {
		uint64_t bad = 0;

		for (size_t j = 0; j < WORLD_WORDS; j++)
			bad |= k->options[i].atoms[j] & neg[j];
		if (bad)
			continue;
		any = true;
		for (size_t j = 0; j < WORLD_WORDS; j++)
			got[j] |= k->options[i].atoms[j];
	}
	for (size_t j = 0; j < WORLD_WORDS; j++)
		missing |= pos[j] & ~got[j];
	return any && !missing;
}

static void kind_values(const struct world_kind *k, const int8_t *values, uint64_t *pos, uint64_t *neg)
{
	for (size_t i = 0; i < k->natoms; i++) {
		uint32_t a = k->atoms[i];

		if (values[a] != 0)
			bit_set(values[a] > 0 ? pos : neg, a);
	}
}

static bool kind_fits(const struct world *w, const int8_t *values, const struct world_kind *k, const struct world_option **ret)
{
	/* the kernel calls a program without a name untrusted */
	bool trusted = k == &w->kinds[BL_KEY_EXE] && values[world_var(w, WORLD_UNTRUSTED)] < 0;
	uint64_t pos[WORLD_WORDS] = {0}, neg[WORLD_WORDS] = {0}, never = 0;

	kind_values(k, values, pos, neg);
	for (size_t j = 0; j < WORLD_WORDS; j++)
		never |= pos[j] & ~k->can[j];
	if (never)
		return false;
	return k->many ? many_fit(k, pos, neg) : one_fits(k, pos, neg, trusted, ret);
}

static bool world_fits(const void *arg, const int8_t *values, uint32_t var)
{
	const struct world *w = arg;
	unsigned int kind;

	if (var == world_var(w, WORLD_UNTRUSTED))
		kind = BL_KEY_EXE;
	else if (var < w->natoms)
		kind = w->ir->atoms[var].kind;
	else
		return true;
	return w->kinds[kind].natoms == 0 || kind_fits(w, values, &w->kinds[kind], NULL);
}

/* ---- formulas ---- */

uint32_t world_var(const struct world *w, enum world_var var)
{
	return (uint32_t)w->natoms + var;
}

static logic_f truth(bool value)
{
	return value ? LOGIC_TRUE : LOGIC_FALSE;
}

/* Both of two, or if that is not wanted the opposite; the two are formulas for what is wanted. */
static logic_f both(struct world *w, bool want, logic_f a, logic_f b)
{
	return want ? logic_and(&w->logic, a, b) : logic_or(&w->logic, a, b);
}

static logic_f either(struct world *w, bool want, logic_f a, logic_f b)
{
	return both(w, !want, a, b);
}

static logic_f literal(struct world *w, const struct ir_lit *l, bool want)
{
	logic_f f;

	want ^= l->negate;
	f = l->atom == 0 ? truth(want) : logic_var(l->atom, want);
	return l->weak ? both(w, want, f, logic_var(world_var(w, WORLD_UNTRUSTED), !want)) : f;
}

logic_f world_clause(struct world *w, const struct ir_clause *c, bool want)
{
	logic_f f = truth(want);

	for (size_t i = 0; i < c->nlits; i++)
		f = both(w, want, f, literal(w, &c->lits[i], want));
	return f;
}

static logic_f condition(struct world *w, const struct ir_cond *c, bool want)
{
	logic_f f = truth(!want);

	for (size_t i = 0; i < c->nclauses; i++)
		f = either(w, want, f, world_clause(w, &c->clauses[i], want));
	return f;
}

logic_f world_subject(const struct world *w, uint32_t profile, bool want)
{
	return w->conds[want][profile];
}

/* `if` and `unless`, without owner and peer. */
static logic_f conditions(struct world *w, uint32_t cif, uint32_t cunless, bool want)
{
	logic_f a = cif == BL_COND_NONE ? truth(want) : w->conds[want][cif];
	logic_f b = cunless == BL_COND_NONE ? truth(want) : w->conds[!want][cunless];

	return both(w, want, a, b);
}

/* As accept.c makes entries of it: one for everybody else and one for the owner. */
static logic_f owned(struct world *w, const struct ir_rule *r, bool want)
{
	uint32_t o = world_var(w, WORLD_OWNER);
	logic_f f = truth(!want);

	if (!r->if_owner && !r->unless_owner && !r->unless_mixed)
		return conditions(w, r->cond_if, r->cond_unless, want);
	if (!r->if_owner)
		f = both(w, want, logic_var(o, !want), conditions(w, r->cond_if, r->cond_unless, want));
	if (!r->unless_owner)
		f = either(w, want, f,
			   both(w, want, logic_var(o, want),
				conditions(w, r->cond_if, r->unless_mixed ? r->cond_unless_owner : r->cond_unless, want)));
	return f;
}

static bool always(const struct ir_cond *c)
{
	for (size_t i = 0; i < c->nclauses; i++) {
		const struct ir_lit *l = c->clauses[i].lits;

		if (c->clauses[i].nlits == 0 || (c->clauses[i].nlits == 1 && l->atom == 0 && !l->negate && !l->weak))
			return true;
	}
	return false;
}

/* Of a peer of whom nothing is known a refusal holds and an allowance does not (bl_peer_holds() in decide.h). */
static logic_f peer(struct world *w, const struct ir_rule *r, bool want)
{
	uint32_t unknown = world_var(w, WORLD_UNKNOWN);
	logic_f f;

	if (r->peer == IR_PEER_ANY)
		return truth(want);
	if (r->peer == IR_PEER_DESCENDANT)
		return logic_var(world_var(w, WORLD_DESCENDANT), want);
	f = always(&w->ir->conds[r->peer_cond]) ? truth(want) : logic_var(world_var(w, WORLD_PEER) + r->peer_cond, want);
	return r->verdict >= BL_V_DENY ? either(w, want, f, logic_var(unknown, want)) :
					 both(w, want, f, logic_var(unknown, !want));
}

logic_f world_rule(struct world *w, uint32_t rule, bool want)
{
	const struct ir_rule *r = &w->ir->rules[rule];

	return both(w, want, owned(w, r, want), peer(w, r, want));
}

/* ---- questions ---- */

static uint32_t nvars(const struct world *w)
{
	return world_var(w, WORLD_PEER) + (uint32_t)w->ir->nconds;
}

enum logic_answer world_can(struct world *w, logic_f f, uint64_t *steps, bool keep)
{
	struct logic_query q = {.nvars = nvars(w), .values = w->values, .fits = world_fits, .arg = w, .steps = *steps};
	enum logic_answer a = logic_solve(&w->logic, f, &q);

	*steps = q.steps;
	if (!keep && a == LOGIC_YES)
		world_forget(w);
	return a;
}

void world_forget(struct world *w)
{
	memset(w->values, 0, nvars(w) * sizeof(*w->values));
}

static const struct world_option *nth_value(const struct world_kind *k, const uint64_t *pos, const uint64_t *neg, size_t nth)
{
	uint64_t left[WORLD_WORDS];

	memcpy(left, pos, sizeof(left));
	for (size_t i = 0; i < k->noptions; i++) {
		const struct world_option *o = &k->options[i];
		uint64_t bad = 0, good = 0;

		for (size_t j = 0; j < WORLD_WORDS; j++) {
			bad |= o->atoms[j] & neg[j];
			good |= o->atoms[j] & left[j];
		}
		if (bad || !good)
			continue;
		if (nth-- == 0)
			return o;
		for (size_t j = 0; j < WORLD_WORDS; j++)
			left[j] &= ~o->atoms[j];
	}
	return NULL;
}

const struct world_option *world_value(const struct world *w, enum bl_kind kind, size_t nth)
{
	const struct world_kind *k = &w->kinds[kind];
	uint64_t pos[WORLD_WORDS] = {0}, neg[WORLD_WORDS] = {0};
	const struct world_option *o = NULL;

	kind_values(k, w->values, pos, neg);
	if (k->many)
		return nth_value(k, pos, neg, nth);
	if (nth != 0 || k->natoms == 0 || !kind_fits(w, w->values, k, &o))
		return NULL;
	return o;
}

void world_init(struct world *w, struct arena *arena, const struct ir *ir, size_t natoms, struct au *au, const struct owner *owners)
{
	memset(w, 0, sizeof(*w));
	w->arena = arena;
	w->ir = ir;
	w->natoms = natoms;
	w->au = au;
	logic_init(&w->logic, arena);
	world_matches_init(w, owners);
	for (unsigned int kind = 0; kind < BL_KEY_KINDS; kind++) {
		if (bl_kind_ops(kind) != 0)
			continue;
		kind_atoms(w, kind);
		if (w->kinds[kind].natoms != 0)
			kind_options(w, kind);
	}
	w->values = arena_alloc(arena, nvars(w) * sizeof(*w->values));
	for (int want = 0; want < 2; want++) {
		w->conds[want] = arena_alloc(arena, (ir->nconds + 1) * sizeof(logic_f));
		for (size_t i = 0; i < ir->nconds; i++)
			w->conds[want][i] = condition(w, &ir->conds[i], want != 0);
	}
}

void world_free(struct world *w)
{
	for (size_t i = 0; i < sizeof(w->examples) / sizeof(w->examples[0]); i++)
		au_examples_free(w->au, w->examples[i]);
}
