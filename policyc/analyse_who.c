/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Terms of two policies as one set, and what processes can make of them. */
#include "analyse_who.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "plat_host.h"
#include "decide.h"
#include "name_put.h"
#include "banned.h"

#define UNIONS_MAX 4096u

struct who_cond {
	uint32_t *v; /* clauses: literals, then UINT32_MAX */
	size_t n;
};

/* ---- terms and conditions ---- */

static uint16_t term_number(struct who *w, int side, uint32_t atom)
{
	const struct bl_image *img = w->img[side];
	struct who_term t = {.text = bl_image_str(img, img->atoms[atom].text), .kind = img->atoms[atom].kind};

	if (atom == 0)
		return 0;
	t.sticky = bl_word(img->tables, (uint64_t)img->tables->off_atoms + atom);
	t.entered = t.kind == BL_KEY_EXE && strcmp(t.text, "entered") == 0;
	for (size_t i = 1; i < w->nterms; i++)
		if (w->terms[i].kind == t.kind && w->terms[i].sticky == t.sticky && strcmp(w->terms[i].text, t.text) == 0)
			return (uint16_t)i;
	w->terms[w->nterms] = t;
	return (uint16_t)w->nterms++;
}

static int by_number(const void *x, const void *y)
{
	uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;

	return a < b ? -1 : a > b;
}

struct clause {
	const uint32_t *v;
	size_t n;
};

static int by_clause(const void *x, const void *y)
{
	const struct clause *a = x, *b = y;
	int r = memcmp(a->v, b->v, (a->n < b->n ? a->n : b->n) * sizeof(*a->v));

	return r != 0 ? r : a->n < b->n ? -1 : a->n > b->n;
}

/* One clause with its literals in order; returns the number of literals read. */
static size_t clause_read(struct who *w, int side, uint64_t off, struct clause *ret, bool *last)
{
	const struct bl_tables *t = w->img[side]->tables;
	uint32_t *v = arena_alloc(w->arena, BL_MAX_LITS * sizeof(*v) / 16);
	size_t cap = BL_MAX_LITS / 16, n = 0;
	uint64_t lit;

	do {
		lit = bl_word(t, off + n);
		v = arena_more(w->arena, v, n, &cap, sizeof(*v));
		v[n++] = (uint32_t)w->term[side][BL_LIT_ATOM(lit)] << 2 | (lit & BL_LIT_NEG ? 2u : 0) | (lit & BL_LIT_WEAK ? 1u : 0);
	} while (!(lit & (BL_LIT_END_CLAUSE | BL_LIT_END_COND)));
	*last = (lit & BL_LIT_END_COND) != 0;
	qsort(v, n, sizeof(*v), by_number);
	*ret = (struct clause){.v = v};
	for (size_t i = 0; i < n; i++)
		if (v[i] != 0 && (ret->n == 0 || v[ret->n - 1] != v[i])) /* 0: always holds */
			v[ret->n++] = v[i];
	return n;
}

static uint32_t cond_number(struct who *w, const struct clause *c, size_t n)
{
	struct who_cond k = {0};
	size_t cap = 0;

	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j <= c[i].n; j++) {
			k.v = arena_more(w->arena, k.v, k.n, &cap, sizeof(*k.v));
			k.v[k.n++] = j < c[i].n ? c[i].v[j] : UINT32_MAX;
		}
	}
	for (size_t i = 0; i < w->nconds; i++)
		if (w->conds[i].n == k.n && memcmp(w->conds[i].v, k.v, k.n * sizeof(*k.v)) == 0)
			return (uint32_t)i;
	w->conds = arena_more(w->arena, w->conds, w->nconds, &w->conds_cap, sizeof(*w->conds));
	w->conds[w->nconds] = k;
	return (uint32_t)w->nconds++;
}

static void conds_read(struct who *w, int side)
{
	const struct bl_tables *t = w->img[side]->tables;
	uint64_t off = t->off_lits;

	for (uint32_t i = 0; i < t->nconds; i++) {
		struct clause *c = NULL;
		size_t n = 0, cap = 0, unique = 0;
		bool last = false;

		w->cond_at[side][i] = off;
		while (!last) {
			c = arena_more(w->arena, c, n, &cap, sizeof(*c));
			off += clause_read(w, side, off, &c[n++], &last);
		}
		qsort(c, n, sizeof(*c), by_clause);
		for (size_t k = 0; k < n; k++)
			if (unique == 0 || by_clause(&c[unique - 1], &c[k]) != 0)
				c[unique++] = c[k];
		w->cond[side][i] = cond_number(w, c, unique);
	}
}

void who_init(struct who *w, struct arena *arena, const struct bl_image *old, const struct bl_image *new)
{
	memset(w, 0, sizeof(*w));
	w->arena = arena;
	w->img[0] = old;
	w->img[1] = new;
	w->terms = arena_alloc(arena, WHO_TERMS_MAX * sizeof(*w->terms));
	w->terms[0].text = "any";
	w->nterms = 1;
	for (int side = 0; side < 2; side++) {
		for (uint32_t i = 0; i < w->img[side]->tables->natoms; i++)
			w->term[side][i] = term_number(w, side, i);
		conds_read(w, side);
	}
}

void who_free(struct who *w)
{
	for (size_t i = 0; i < BL_KEY_KINDS; i++)
		walk_free(w->walks[i]);
}

void who_set_add(struct who_set *s, uint32_t term)
{
	if (term != 0)
		s->bits[term / 64] |= 1ULL << (term % 64);
}

uint32_t who_bit(const struct who_domain *d, uint32_t term)
{
	uint32_t i = 0;

	while (d->term[i] != term)
		i++;
	return i;
}

/* ---- what names bring about ---- */

static enum who_group group_of(const struct who_term *t)
{
	switch (t->kind) {
	case BL_KEY_SCRIPT:
		return WHO_SCRIPT;
	case BL_KEY_USER:
		return WHO_USER;
	case BL_KEY_LOGIN:
		return WHO_LOGIN;
	case BL_KEY_CGROUP:
		return WHO_CGROUP;
	case BL_KEY_UNIT:
		return WHO_UNIT;
	case BL_KEY_CONTAINER:
		return WHO_CONTAINER;
	case BL_KEY_GROUP:
		return WHO_GROUP;
	case BL_KEY_CAPABILITY:
		return WHO_CAPABILITY;
	default:
		return t->entered ? WHO_ENTERED : WHO_EXE;
	}
}

static enum bl_kind kind_of(enum who_group g)
{
	static const enum bl_kind kinds[WHO_GROUPS] = {BL_KEY_EXE,  BL_KEY_SCRIPT,    BL_KEY_USER,  BL_KEY_LOGIN,      BL_KEY_CGROUP,
						       BL_KEY_UNIT, BL_KEY_CONTAINER, BL_KEY_GROUP, BL_KEY_CAPABILITY, BL_KEY_EXE};

	return kinds[g];
}

static int walk_get(struct who *w, enum bl_kind kind, const struct walk **ret)
{
	struct walk_part parts[WALK_PARTS] = {{w->img[0]->tables, kind}, {w->img[1]->tables, kind}};
	size_t n = 2;
	int r = 0;

	if (kind == BL_KEY_EXE) {
		parts[n++] = (struct walk_part){w->img[0]->tables, BL_KEY_ANCESTOR};
		parts[n++] = (struct walk_part){w->img[1]->tables, BL_KEY_ANCESTOR};
	}
	if (!w->walks[kind])
		r = walk_run(parts, n, 0, 0, &w->walks[kind]);
	*ret = w->walks[kind];
	return r;
}

/* Which of the domain's terms one hit makes true: of the present program and so on, or of an earlier one. */
static uint64_t hit_holds(const struct who *w, const struct who_domain *d, const struct walk_hit *h, bool past)
{
	uint64_t holds = 0;

	for (unsigned int part = 0; part < WALK_PARTS; part++) {
		const struct bl_tables *t = w->img[part & 1]->tables;
		uint32_t n = h->rec[part] ? (uint32_t)bl_word(t, h->rec[part]) : 0;

		if (part >= 2 && !past)
			break; /* it is no ancestor of itself */
		for (uint32_t i = 1; i <= n; i++) {
			uint32_t term = w->term[part & 1][(uint32_t)bl_word(t, (uint64_t)h->rec[part] + i)];

			for (uint32_t bit = 0; bit < d->nterms; bit++)
				if (d->term[bit] == term && (!past || w->terms[term].sticky != 0))
					holds |= 1ULL << bit;
		}
	}
	return holds;
}

struct choice_list {
	struct who_choice *v;
	size_t n, cap;
};

/* Unless something with the same effect is there. */
static void choice_add(struct who *w, struct choice_list *l, struct who_choice c)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].holds == c.holds)
			return;
	l->v = arena_more(w->arena, l->v, l->n, &l->cap, sizeof(c));
	l->v[l->n++] = c;
}

static void choices_hits(struct who *w, const struct who_domain *d, const struct walk *walk, bool program, bool past,
			 struct choice_list *ret)
{
	for (size_t i = 0; i < walk->nhits; i++) {
		struct who_choice c = {.hit = (uint32_t)i, .more = WHO_NONE};

		if (program && walk->hits[i].root)
			continue;
		c.holds = hit_holds(w, d, &walk->hits[i], past);
		choice_add(w, ret, c);
	}
}

/* Every union of some of them; v[0] is none of them. */
static int choices_unions(struct who *w, const struct choice_list *one, struct choice_list *ret)
{
	choice_add(w, ret, (struct who_choice){.hit = WHO_NONE, .more = WHO_NONE});
	for (size_t i = 0; i < ret->n; i++) {
		for (size_t k = 0; k < one->n; k++)
			choice_add(w, ret, (struct who_choice){.holds = ret->v[i].holds | one->v[k].holds, .hit = one->v[k].hit, .more = (uint32_t)i});
		if (ret->n > UNIONS_MAX)
			return -E2BIG;
	}
	return 0;
}

/* Does some rule say `leave`? Then what an earlier program made true may have ended, and that it ran is still true. */
static bool may_leave(const struct who *w)
{
	return ((w->img[0]->tables->features | w->img[1]->tables->features) & BL_FEAT_TRANSITION) != 0;
}

static void choices_left(struct who *w, const struct who_domain *d, struct choice_list *past)
{
	uint64_t lasting = 0;
	size_t n = past->n;

	for (uint32_t bit = 0; bit < d->nterms; bit++)
		if (w->terms[d->term[bit]].kind == BL_KEY_ANCESTOR)
			lasting |= 1ULL << bit;
	for (size_t i = 0; may_leave(w) && i < n; i++) {
		struct who_choice c = past->v[i];

		c.holds &= lasting;
		choice_add(w, past, c);
	}
}

/* A present one, or none, and any of the past. */
static int choices_past(struct who *w, const struct who_domain *d, const struct walk *walk, struct who_choices *ret)
{
	struct choice_list now = {0}, one = {0}, past = {0}, all = {0};
	int r;

	choices_hits(w, d, walk, true, false, &now);
	choices_hits(w, d, walk, true, true, &one);
	choices_left(w, d, &one);
	r = choices_unions(w, &one, &past);
	if (r < 0)
		return r;
	now.v = arena_more(w->arena, now.v, now.n, &now.cap, sizeof(*now.v));
	now.v[now.n++] = (struct who_choice){.hit = WHO_NONE, .more = WHO_NONE};
	if (now.n * past.n > WHO_STATES_MAX / 16)
		return -E2BIG;
	for (size_t p = 0; p < past.n; p++) {
		for (size_t i = 0; i < now.n; i++) {
			struct who_choice c = {.holds = now.v[i].holds | past.v[p].holds, .hit = now.v[i].hit};

			c.more = past.v[p].holds ? (uint32_t)p : WHO_NONE;
			choice_add(w, &all, c);
		}
	}
	*ret = (struct who_choices){.v = all.v, .n = all.n, .past = past.v, .npast = past.n};
	return 0;
}

static int choices_entered(struct who *w, const struct who_domain *d, struct who_choices *ret)
{
	struct choice_list one = {0}, all = {0};
	int r;

	for (uint32_t bit = 0; bit < d->nterms; bit++)
		if (w->terms[d->term[bit]].entered)
			choice_add(w, &one, (struct who_choice){.holds = 1ULL << bit, .hit = bit, .more = WHO_NONE});
	r = choices_unions(w, &one, &all);
	*ret = (struct who_choices){.v = all.v, .n = all.n};
	return r;
}

static int choices_of(struct who *w, const struct who_domain *d, enum who_group g, struct who_choices *ret)
{
	struct choice_list one = {0}, all = {0};
	const struct walk *walk;
	int r;

	if (g == WHO_ENTERED)
		return choices_entered(w, d, ret);
	r = walk_get(w, kind_of(g), &walk);
	if (r < 0)
		return r;
	if (g == WHO_EXE || g == WHO_SCRIPT)
		return choices_past(w, d, walk, ret);
	choices_hits(w, d, walk, false, false, &one);
	if (g == WHO_UNIT || g == WHO_CONTAINER)
		choice_add(w, &one, (struct who_choice){.hit = WHO_NONE, .more = WHO_NONE});
	if (g != WHO_GROUP && g != WHO_CAPABILITY) {
		*ret = (struct who_choices){.v = one.v, .n = one.n};
		return 0;
	}
	r = choices_unions(w, &one, &all);
	*ret = (struct who_choices){.v = all.v, .n = all.n, .past = all.v, .npast = all.n};
	return r;
}

static int domain_fill(struct who *w, struct who_domain *d)
{
	uint64_t states = 2; /* trusted or not */

	for (uint32_t t = 1; t < w->nterms; t++) {
		if (!(d->set.bits[t / 64] >> (t % 64) & 1))
			continue;
		if (d->nterms == WHO_RELEVANT_MAX)
			return -E2BIG;
		d->term[d->nterms++] = (uint16_t)t;
	}
	for (unsigned int g = 0; g < WHO_GROUPS; g++) {
		bool any = false;
		int r;

		for (size_t i = 0; i < d->nterms; i++)
			any |= group_of(&w->terms[d->term[i]]) == g;
		r = any ? choices_of(w, d, g, &d->by[g]) : 0;
		if (r < 0)
			return r;
		states *= d->by[g].n ? d->by[g].n : 1;
		if (states > WHO_STATES_MAX)
			return -E2BIG;
	}
	return 0;
}

int who_domain(struct who *w, const struct who_set *s, const struct who_domain **ret)
{
	struct who_domain *d = w->domains;
	int r;

	while (d && memcmp(&d->set, s, sizeof(*s)) != 0)
		d = d->next;
	if (!d) {
		d = arena_alloc(w->arena, sizeof(*d));
		d->set = *s;
		r = domain_fill(w, d);
		if (r < 0)
			return r;
		d->next = w->domains;
		w->domains = d;
	}
	*ret = d;
	return 0;
}

/* ---- states ---- */

/* A program without a name is never trusted (label.h). */
static bool nameless(const struct who_domain *d, const struct who_state *s)
{
	return d->by[WHO_EXE].n != 0 && d->by[WHO_EXE].v[s->at[WHO_EXE]].hit == WHO_NONE;
}

static void state_holds(const struct who_domain *d, struct who_state *s)
{
	s->holds = 0;
	for (unsigned int g = 0; g < WHO_GROUPS; g++)
		if (d->by[g].n != 0)
			s->holds |= d->by[g].v[s->at[g]].holds;
	s->untrusted = nameless(d, s);
}

void who_first(const struct who_domain *d, struct who_state *ret)
{
	memset(ret, 0, sizeof(*ret));
	state_holds(d, ret);
}

bool who_next(const struct who_domain *d, bool weak, struct who_state *s)
{
	if (weak && !s->untrusted) {
		s->untrusted = true;
		return true;
	}
	for (unsigned int g = 0; g < WHO_GROUPS; g++) {
		if (s->at[g] + 1 < d->by[g].n) {
			s->at[g]++;
			state_holds(d, s);
			return true;
		}
		s->at[g] = 0;
	}
	return false;
}

/* ---- processes ---- */

static const char *hit_name(const struct who *w, enum who_group g, uint32_t hit)
{
	uint8_t key[BL_PATH_MAX];

	return arena_strndup(w->arena, (const char *)key, walk_key(w->walks[kind_of(g)], hit, key));
}

static uint32_t hit_number(const struct who *w, enum who_group g, uint32_t hit)
{
	uint8_t key[BL_PATH_MAX];
	size_t n = walk_key(w->walks[kind_of(g)], hit, key);
	uint32_t v = 0;

	for (size_t i = 0; i < n; i++)
		v = v << 8 | key[i];
	return v;
}

static void process_programs(const struct who *w, const struct who_choices *c, const struct who_choice *now, struct sim_process *ret)
{
	size_t n = 0, i;
	const char **v;

	for (uint32_t p = now->more; p != WHO_NONE; p = c->past[p].more)
		n += c->past[p].hit != WHO_NONE;
	i = n;
	v = arena_alloc(w->arena, (n + 1) * sizeof(*v));
	for (uint32_t p = now->more; p != WHO_NONE; p = c->past[p].more)
		if (c->past[p].hit != WHO_NONE)
			v[--i] = hit_name(w, WHO_EXE, c->past[p].hit);
	if (now->hit != WHO_NONE)
		v[n++] = hit_name(w, WHO_EXE, now->hit);
	ret->exes = v;
	ret->nexes = n;
}

static void process_groups(const struct who *w, const struct who_choices *c, const struct who_choice *now, struct sim_process *ret)
{
	uint32_t *v = arena_alloc(w->arena, (c->n + 1) * sizeof(*v));

	ret->groups = v;
	for (ret->ngroups = 0; now; now = now->more == WHO_NONE ? NULL : &c->past[now->more])
		if (now->hit != WHO_NONE)
			v[ret->ngroups++] = hit_number(w, WHO_GROUP, now->hit);
}

/* Of the last program. */
static void process_script(const struct who *w, const char *script, struct sim_process *ret)
{
	const char **v = arena_alloc(w->arena, (ret->nexes + 1) * sizeof(*v));

	v[ret->nexes != 0 ? ret->nexes - 1 : 0] = script;
	ret->scripts = v;
}

static bool process_part(const struct who *w, const struct who_choices *c, enum who_group g, const struct who_choice *now,
			 struct sim_process *ret)
{
	bool none = now->hit == WHO_NONE;

	switch (g) {
	case WHO_EXE:
		process_programs(w, c, now, ret);
		return !none || now->more == WHO_NONE;
	case WHO_SCRIPT:
		process_script(w, none ? NULL : hit_name(w, g, now->hit), ret);
		return now->more == WHO_NONE;
	case WHO_USER:
		ret->euid = hit_number(w, g, now->hit);
		return true;
	case WHO_LOGIN:
		ret->login = hit_number(w, g, now->hit);
		return true;
	case WHO_CGROUP:
		ret->cgroup = hit_name(w, g, now->hit);
		return true;
	case WHO_UNIT:
		ret->unit = none ? NULL : hit_name(w, g, now->hit);
		return true;
	case WHO_CONTAINER:
		ret->container = none ? NULL : hit_name(w, g, now->hit);
		return true;
	case WHO_GROUP:
		process_groups(w, c, now, ret);
		return true;
	case WHO_CAPABILITY:
		for (; now; now = now->more == WHO_NONE ? NULL : &c->past[now->more])
			if (now->hit != WHO_NONE)
				ret->capabilities |= 1ULL << hit_number(w, g, now->hit);
		return true;
	default:
		return now->holds == 0;
	}
}

/* A cgroup says which unit and container it is, unless the process was moved to it after its exec; that cannot be simulated. */
static bool moved(const struct who_domain *d, const struct sim_process *p)
{
	struct bl_cgroup_names names;
	struct bl_name n;

	bl_cgroup_names(&n, bl_name_put(&n, p->cgroup, strlen(p->cgroup)), &names);
	return (d->by[WHO_UNIT].n != 0 && !p->unit && names.unit_len != 0) ||
	       (d->by[WHO_CONTAINER].n != 0 && !p->container && names.container_len != 0);
}

bool who_process(const struct who *w, const struct who_domain *d, const struct who_state *s, struct sim_process *ret)
{
	static const char *const anything[] = {"/a"};
	bool ok = true;

	*ret = (struct sim_process){.exes = anything, .nexes = 1, .cgroup = "/", .login = UINT32_MAX, .untrusted = s->untrusted};
	for (unsigned int g = 0; g < WHO_GROUPS; g++)
		if (d->by[g].n != 0)
			ok &= process_part(w, &d->by[g], g, &d->by[g].v[s->at[g]], ret);
	if (ret->nexes == 0 && ret->scripts && ret->scripts[0])
		ok = false; /* a program without a name that a script brought */
	return ok && !moved(d, ret);
}
