/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compares two policies: every operation, every object that they tell apart, every profile, everybody who can ask. */
#include "analyse_diff.h"

#include <stdlib.h>
#include <string.h>

#include "plat_host.h"
#include "banned.h"

#define CASES_MAX 2000000u   /* of one chain */
#define WORK_MAX 400000000u /* cases times rules, in all */

/* The comparison of one operation. */
struct run {
	struct diff *d;
	struct arena *arena;
	struct objects objects;
	uint32_t op;
	uint64_t work;
	struct state {
		bool done, gap;
		uint16_t changes;		       /* where no rule matches */
		struct diff_item *items[DIFF_COUNT]; /* NULL: not seen */
	} *state; /* by profile */
	uint64_t *present; /* set of profiles that have a rule for the object */
};

/* ---- profiles ---- */

static const char *profile_name(const struct bl_image *img, uint32_t p)
{
	return bl_image_str(img, img->profiles[p].name);
}

static uint64_t profile_word(const struct bl_image *img, uint32_t p, unsigned int i)
{
	return bl_word(img->tables, (uint64_t)img->tables->off_profiles + (uint64_t)p * BL_PROFILE_WORDS + i);
}

static void profile_compare(const struct diff *d, struct diff_profile *p)
{
	const struct bl_image *const *img = d->who.img;

	if (p->at[0] == CHAIN_NOBODY || p->at[1] == CHAIN_NOBODY)
		return;
	p->subject = d->who.cond[0][p->at[0]] != d->who.cond[1][p->at[1]];
	p->mode = (uint32_t)profile_word(img[0], p->at[0], 3) != (uint32_t)profile_word(img[1], p->at[1], 3);
	p->strict = ((BL_PROFILE_FLAGS(profile_word(img[0], p->at[0], 3)) ^ BL_PROFILE_FLAGS(profile_word(img[1], p->at[1], 3))) &
		     BL_PF_STRICT) != 0;
	p->defaults = profile_word(img[0], p->at[0], 1) != profile_word(img[1], p->at[1], 1);
}

static void profiles_pair(struct diff *d)
{
	const struct bl_image *old = d->who.img[0], *new = d->who.img[1];
	size_t n = old->tables->nprofiles;

	d->profiles = arena_alloc(d->who.arena, (n + new->tables->nprofiles + 1) * sizeof(*d->profiles));
	for (uint32_t i = 0; i < n; i++)
		d->profiles[i] = (struct diff_profile){.name = profile_name(old, i), .at = {i, CHAIN_NOBODY}};
	d->nprofiles = n;
	for (uint32_t i = 0; i < new->tables->nprofiles; i++) {
		size_t k = 0;

		while (k < n && strcmp(d->profiles[k].name, profile_name(new, i)) != 0)
			k++;
		if (k == n) {
			k = d->nprofiles++;
			d->profiles[k] = (struct diff_profile){.name = profile_name(new, i), .at = {CHAIN_NOBODY, 0}};
		}
		d->profiles[k].at[1] = i;
	}
	for (size_t i = 0; i < d->nprofiles; i++)
		profile_compare(d, &d->profiles[i]);
}

/* ---- one case ---- */

static bool refuses(enum chain_act act)
{
	return act == CHAIN_DENY || act == CHAIN_KILL;
}

enum diff_change diff_change_of(enum chain_act old, enum chain_act new)
{
	if (old == CHAIN_NONE)
		old = CHAIN_ALLOW;
	if (new == CHAIN_NONE)
		new = CHAIN_ALLOW;
	if (old == new)
		return DIFF_COUNT;
	if (refuses(old) && !refuses(new))
		return DIFF_ALLOWED;
	switch (new) {
	case CHAIN_DENY:
		return DIFF_DENIED;
	case CHAIN_KILL:
		return DIFF_KILLED;
	case CHAIN_WOULD_DENY:
		return DIFF_WOULD_DENY;
	case CHAIN_WOULD_KILL:
		return DIFF_WOULD_KILL;
	default:
		return new == CHAIN_LOG ? DIFF_LOGGED : DIFF_SILENT;
	}
}

/* DIFF_COUNT: nothing changes. */
static enum diff_change change_of(const struct run *r, const struct chain_answer a[2], unsigned int *details)
{
	enum diff_change c = diff_change_of(a[0].act, a[1].act);

	*details = c == DIFF_COUNT ? chain_details(&r->d->who, r->op, &a[0], &a[1]) : 0;
	return *details ? DIFF_DETAIL : c;
}

/* Two chains and all that they depend on. */
struct pair {
	struct chain chain[2];
	struct chain_needs needs;
	struct chain_code *code[2];
	const struct who_domain *self, *peer;
	struct who_state self_state, peer_state;
	struct chain_case now;
};

static void decide(const struct pair *p, const struct chain_case *s, struct chain_answer ret[2])
{
	for (int side = 0; side < 2; side++)
		ret[side] = chain_decide(p->code[side], s);
}

static void take_states(struct pair *p)
{
	p->now.self = p->self_state.holds;
	p->now.peer = p->peer_state.holds;
	p->now.untrusted = p->self_state.untrusted;
	p->now.peer_untrusted = p->peer_state.untrusted;
}

static void first_case(struct pair *p)
{
	p->now = (struct chain_case){.self_known = UINT64_MAX, .peer_known = UINT64_MAX};
	who_first(p->self, &p->self_state);
	who_first(p->peer, &p->peer_state);
	take_states(p);
}

static bool next_case(struct pair *p)
{
	bool more = true;

	if (p->needs.owner && !p->now.owner) {
		p->now.owner = 1;
		return true;
	}
	p->now.owner = 0;
	if (p->needs.descendant && !p->now.descendant) {
		p->now.descendant = 1;
		return true;
	}
	p->now.descendant = 0;
	if (!who_next(p->peer, p->needs.peer_weak, &p->peer_state)) {
		who_first(p->peer, &p->peer_state);
		more = who_next(p->self, p->needs.self_weak, &p->self_state);
	}
	take_states(p);
	return more;
}

/* ---- examples ---- */

static bool still_so(const struct pair *p, const struct chain_case *s, const struct chain_answer want[2])
{
	struct chain_answer a[2];

	decide(p, s, a);
	for (int side = 0; side < 2; side++)
		if (a[side].act != want[side].act || a[side].rule != want[side].rule)
			return false;
	return true;
}

static void forget_bit(const struct pair *p, struct chain_case *s, uint64_t *known, uint64_t bit, const struct chain_answer want[2])
{
	*known &= ~bit;
	if (!still_so(p, s, want))
		*known |= bit;
}

static void forget_flag(const struct pair *p, struct chain_case *s, int8_t *flag, const struct chain_answer want[2])
{
	int8_t was = *flag;

	*flag = -1;
	if (!still_so(p, s, want))
		*flag = was;
}

/* Leaves of a case what the answers follow from; what does not hold goes first. */
static struct chain_case what_matters(const struct pair *p, const struct chain_answer want[2])
{
	struct chain_case s = p->now;

	s.self_known = p->self->nterms < 64 ? (1ULL << p->self->nterms) - 1 : UINT64_MAX;
	s.peer_known = p->peer->nterms < 64 ? (1ULL << p->peer->nterms) - 1 : UINT64_MAX;
	forget_flag(p, &s, &s.untrusted, want);
	forget_flag(p, &s, &s.peer_untrusted, want);
	forget_flag(p, &s, &s.owner, want);
	forget_flag(p, &s, &s.descendant, want);
	for (int holds = 0; holds < 2; holds++) {
		for (unsigned int i = 0; i < 64; i++) {
			if ((s.self_known >> i & 1) && (s.self >> i & 1) == (uint64_t)holds)
				forget_bit(p, &s, &s.self_known, 1ULL << i, want);
			if ((s.peer_known >> i & 1) && (s.peer >> i & 1) == (uint64_t)holds)
				forget_bit(p, &s, &s.peer_known, 1ULL << i, want);
		}
	}
	return s;
}

static void item_example(struct run *r, struct diff_item *it, const struct pair *p, size_t object)
{
	objects_example(&r->objects, object, &it->object);
	it->when = what_matters(p, it->answer);
	it->self = p->self;
	it->peer = p->peer;
	it->owner = p->now.owner;
	it->descendant = p->now.descendant;
	it->has_peer = p->needs.peer_any;
	it->can_simulate = who_process(&r->d->who, p->self, &p->self_state, &it->process) &&
			   who_process(&r->d->who, p->peer, &p->peer_state, &it->peer_process);
}

static struct diff_item *item_new(struct run *r, size_t profile, enum diff_change change)
{
	struct diff_item *it = arena_alloc(r->arena, sizeof(*it));

	it->profile = profile;
	it->op = r->op;
	it->change = change;
	r->state[profile].items[change] = it;
	return it;
}

/* ---- two chains ---- */

static void gap(struct run *r, size_t profile)
{
	struct diff *d = r->d;

	if (profile != SIZE_MAX && r->state[profile].gap)
		return;
	if (profile != SIZE_MAX)
		r->state[profile].gap = true;
	d->gaps = arena_more(r->arena, d->gaps, d->ngaps, &d->gaps_cap, sizeof(*d->gaps));
	d->gaps[d->ngaps++] = (struct diff_gap){.profile = profile, .op = r->op};
}

static bool prepare(struct run *r, struct pair *p, struct arena *scratch)
{
	for (int side = 0; side < 2; side++)
		chain_add_needs(&p->chain[side], &p->needs);
	if (who_domain(&r->d->who, &p->needs.self, &p->self) < 0 || who_domain(&r->d->who, &p->needs.peer, &p->peer) < 0)
		return false;
	for (int side = 0; side < 2; side++)
		p->code[side] = chain_compile(scratch, &p->chain[side], p->self, p->peer);
	return true;
}

/* The changes between two chains, as a set of 1 << DIFF_*; of each that was not seen before the first case is kept. */
static uint16_t compare_cases(struct run *r, size_t profile, size_t object, struct pair *p)
{
	uint64_t cases = 0;
	uint16_t changes = 0;

	first_case(p);
	do {
		struct chain_answer a[2];
		unsigned int details;
		enum diff_change c;

		r->work += 2 + p->chain[0].n[0] + p->chain[1].n[0];
		if (++cases > CASES_MAX || r->work > WORK_MAX) {
			gap(r, profile);
			return changes;
		}
		decide(p, &p->now, a);
		c = change_of(r, a, &details);
		if (c == DIFF_COUNT || (changes >> c & 1))
			continue;
		changes |= (uint16_t)(1u << c);
		if (!r->state[profile].items[c]) {
			struct diff_item *it = item_new(r, profile, c);

			memcpy(it->answer, a, sizeof(a));
			it->details = details;
			item_example(r, it, p, object);
		}
	} while (next_case(p));
	return changes;
}

static uint16_t compare(struct run *r, size_t profile, size_t object)
{
	const struct diff_profile *dp = &r->d->profiles[profile];
	struct arena scratch;
	struct pair p = {.needs = {.owner = false}};
	uint16_t changes = 0;

	for (int side = 0; side < 2; side++)
		chain_init(&p.chain[side], &r->d->who, side, dp->at[side], r->op, r->objects.v[object].list[side]);
	if (chain_same(&p.chain[0], &p.chain[1]))
		return 0;
	arena_init(&scratch);
	if (prepare(r, &p, &scratch))
		changes = compare_cases(r, profile, object, &p);
	else
		gap(r, profile);
	arena_free(&scratch);
	return changes;
}

/* ---- one operation ---- */

static void count(struct run *r, size_t profile, uint16_t changes)
{
	for (unsigned int c = 0; c < DIFF_COUNT; c++)
		if (changes >> c & 1)
			r->state[profile].items[c]->count++;
}

/* Which profiles have a rule for the object. */
static void mark_present(struct run *r, const struct object *x)
{
	size_t words = r->d->nprofiles / 64 + 1;

	memset(r->present, 0, words * sizeof(*r->present));
	for (size_t side = 0; side < 2; side++) {
		const struct bl_tables *t = r->objects.tables[side];
		uint32_t last = CHAIN_NOBODY;

		for (unsigned int k = 0; k < BL_ACCS; k++) {
			uint32_t n = x->list[side][k] ? (uint32_t)bl_word(t, x->list[side][k]) : 0;

			for (uint32_t i = 1; i <= n; i++) {
				uint32_t p = BL_ENT_PROFILE(bl_word(t, (uint64_t)x->list[side][k] + i));
				size_t at = 0;

				if (p == last)
					continue;
				last = p;
				while (r->d->profiles[at].at[side] != p)
					at++;
				r->present[at / 64] |= 1ULL << (at % 64);
			}
		}
	}
}

static void compare_object(struct run *r, size_t object)
{
	mark_present(r, &r->objects.v[object]);
	for (size_t p = 0; p < r->d->nprofiles; p++) {
		struct state *s = &r->state[p];
		uint16_t changes;

		if (r->present[p / 64] >> (p % 64) & 1) {
			changes = compare(r, p, object);
		} else { /* it is the same for all objects without a rule */
			if (!s->done)
				s->changes = compare(r, p, object);
			s->done = true;
			changes = s->changes;
		}
		count(r, p, changes);
	}
}

/* A change that only a name that cannot be had shows. Where another change of the operation is told of it says no more. */
static void compare_unnamed(struct run *r, size_t profile)
{
	const struct diff_profile *p = &r->d->profiles[profile];
	bool refuses_now[2];

	for (unsigned int c = 0; c < DIFF_COUNT; c++)
		if (r->state[profile].items[c])
			return;
	if (p->at[0] == CHAIN_NOBODY || p->at[1] == CHAIN_NOBODY)
		return;
	for (int side = 0; side < 2; side++)
		refuses_now[side] = (profile_word(r->d->who.img[side], p->at[side], 2) & BL_OP_BIT(r->op)) != 0;
	if (refuses_now[0] != refuses_now[1])
		item_new(r, profile, DIFF_UNNAMED)->refused = refuses_now[1];
}

static void keep_items(struct run *r)
{
	struct diff *d = r->d;

	for (size_t p = 0; p < d->nprofiles; p++) {
		compare_unnamed(r, p);
		for (unsigned int c = 0; c < DIFF_COUNT; c++) {
			if (!r->state[p].items[c])
				continue;
			d->items = arena_more(r->arena, d->items, d->nitems, &d->items_cap, sizeof(*d->items));
			d->items[d->nitems++] = *r->state[p].items[c];
		}
	}
}

static void compare_op(struct run *r, uint32_t op)
{
	r->op = op;
	memset(r->state, 0, r->d->nprofiles * sizeof(*r->state));
	if (objects_find(&r->objects, op) < 0) {
		gap(r, SIZE_MAX);
		return;
	}
	for (size_t i = 0; i < r->objects.n; i++)
		compare_object(r, i);
	keep_items(r);
}

static int by_place(const void *x, const void *y)
{
	const struct diff_item *a = x, *b = y;

	if (a->profile != b->profile)
		return a->profile < b->profile ? -1 : 1;
	if (a->op != b->op)
		return a->op < b->op ? -1 : 1;
	return a->change < b->change ? -1 : a->change > b->change;
}

void diff_policies(struct arena *arena, const struct bl_image *old, const struct bl_image *new, struct diff *ret)
{
	static const uint32_t ops[] = {
#define X(NAME, n, w, c) n,
		BL_OPS(X)
#undef X
	};
	struct run r = {.d = ret, .arena = arena};

	memset(ret, 0, sizeof(*ret));
	who_init(&ret->who, arena, old, new);
	profiles_pair(ret);
	r.state = arena_alloc(arena, (ret->nprofiles + 1) * sizeof(*r.state));
	r.present = arena_alloc(arena, (ret->nprofiles / 64 + 1) * sizeof(*r.present));
	objects_init(&r.objects, old->tables, new->tables);
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		compare_op(&r, ops[i]);
	objects_free(&r.objects);
	if (ret->nitems != 0)
		qsort(ret->items, ret->nitems, sizeof(*ret->items), by_place);
}

void diff_free(struct diff *d)
{
	who_free(&d->who);
}

bool diff_any(const struct diff *d)
{
	if (d->nitems != 0)
		return true;
	for (size_t i = 0; i < d->nprofiles; i++) {
		const struct diff_profile *p = &d->profiles[i];

		if (p->at[0] == CHAIN_NOBODY || p->at[1] == CHAIN_NOBODY || p->mode || p->subject || p->strict || p->defaults)
			return true;
	}
	return false;
}
