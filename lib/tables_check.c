/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks the tables of a policy so thoroughly that no decision on them can go wrong: every number that the decision
 * core uses as an index, every list and condition it walks, every state of the automaton it can reach. Here: the head, and the
 * tables whose places it says; tables_states.c has the rest.
 */
#include "tables_check.h"

#include <inttypes.h>
#include <stdlib.h>

#include "banned.h"

static uint64_t known_features(void)
{
#define X(NAME, n, t) | (1ULL << (n))
	return 0 BL_FEATURES(X);
#undef X
}

/* ---- head ---- */

struct limit {
	const char *what;
	uint32_t have, max;
};

static int check_limits(const struct bl_check *c)
{
	const struct bl_tables *t = c->t;
	const struct limit limits[] = {
		{"words", t->nwords, BL_MAX_WORDS},
		{"profiles", t->nprofiles, BL_MAX_PROFILES},
		{"conditions", t->nconds, BL_MAX_CONDS},
		{"terms", t->natoms, BL_MAX_ATOMS},
		{"literals", t->nlits, BL_MAX_LITS},
		{"rules", t->nrules, BL_MAX_RULES},
		{"inherited terms", t->nsticky, BL_MAX_ATOMS},
	};

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		if (limits[i].have > limits[i].max)
			return FAIL(c, "%" PRIu32 " %s, the limit is %" PRIu32, limits[i].have, limits[i].what,
				    limits[i].max);
	if (t->nwords < BL_DEAD_WORDS)
		return FAIL(c, "%" PRIu32 " words, the dead state alone has %u", t->nwords, BL_DEAD_WORDS);
	if (t->natoms == 0)
		return FAIL(c, "no terms; number 0, which always holds, is missing");
	if (t->nconds < t->nprofiles)
		return FAIL(c, "%" PRIu32 " conditions are fewer than the %" PRIu32 " profiles", t->nconds,
			    t->nprofiles);
	return 0;
}

static int check_head(const struct bl_check *c, size_t len)
{
	const struct bl_tables *t = c->t;

	if (len < sizeof(*t))
		return FAIL(c, "%zu bytes are too few for the head", len);
	if (t->magic != BL_TABLES_MAGIC)
		return FAIL(c, "wrong magic number 0x%08" PRIx32, t->magic);
	if (t->abi != BL_ABI_VERSION)
		return bl_error_set(c->err, -EPROTONOSUPPORT, "tables are of version %" PRIu32 ", this program has %u",
				    t->abi, BL_ABI_VERSION);
	if (len - sizeof(*t) != (uint64_t)t->nwords * 8)
		return FAIL(c, "%" PRIu32 " words do not make the %zu bytes that there are", t->nwords, len);
	if ((t->flags & ~BL_TF_DRY_RUN) != 0)
		return FAIL(c, "unknown flags 0x%" PRIx32, t->flags);
	if (t->gen != 0)
		return FAIL(c, "generation %" PRIu32 " is already set", t->gen);
	if (t->pad != 0)
		return FAIL(c, "padding is not zero");
	for (size_t i = 0; i < sizeof(t->reserved) / sizeof(t->reserved[0]); i++)
		if (t->reserved[i] != 0)
			return FAIL(c, "reserved words are not zero");
	if ((t->features & ~known_features()) != 0)
		return FAIL(c, "unknown features in 0x%" PRIx64, (uint64_t)t->features);
	if ((t->ops & ~bl_check_known_ops()) != 0)
		return FAIL(c, "unknown operations in 0x%" PRIx64, (uint64_t)t->ops);
	return check_limits(c);
}

/* ---- fixed tables ---- */

static int take_fixed(struct bl_check *c, const char *what, uint32_t off, uint64_t n)
{
	if (n == 0)
		return 0;
	if (off >= c->t->nwords || n > c->t->nwords - off)
		return FAIL(c, "%s are not inside the words: %" PRIu32 " + %" PRIu64 " of %" PRIu32, what, off, n,
			    c->t->nwords);
	for (uint64_t i = off; i < off + n; i++) {
		if (c->note[i] != 0)
			return FAIL(c, "%s overlap something else at word %" PRIu64, what, i);
		c->note[i] = NOTE_FIXED;
	}
	return 0;
}

static int take_all_fixed(struct bl_check *c)
{
	const struct bl_tables *t = c->t;
	const struct {
		const char *what;
		uint32_t off;
		uint64_t n;
	} tables[] = {
		{"words of the dead state", 0, BL_DEAD_WORDS},
		{"profiles", t->off_profiles, (uint64_t)t->nprofiles * BL_PROFILE_WORDS},
		{"literals", t->off_lits, t->nlits},
		{"inherited terms", t->off_sticky, 2 * (uint64_t)t->nsticky},
		{"terms", t->off_atoms, t->natoms},
		{"rules", t->off_rules, t->nrules},
		{"hit counters", t->off_hits, (uint64_t)t->nrules + t->nprofiles},
		{"directories", t->off_below, t->nbelow},
	};

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		int r = take_fixed(c, tables[i].what, tables[i].off, tables[i].n);

		if (r < 0)
			return r;
	}
	return 0;
}

static int check_dead(const struct bl_check *c)
{
	if (c->t->w[0] != BL_CELL_HEAD)
		return FAIL(c, "word 0 is not the head of the dead state");
	for (uint32_t i = 1; i < BL_DEAD_WORDS; i++)
		if (c->t->w[i] != 0)
			return FAIL(c, "word %" PRIu32 " of the dead state is not zero", i);
	return 0;
}

static int check_profiles(struct bl_check *c)
{
	for (uint32_t i = 0; i < c->t->nprofiles; i++) {
		const struct bl_profile *p = bl_profile_at(c->t, i);

		if (p->mode != BL_MODE_ENFORCE && p->mode != BL_MODE_AUDIT)
			return FAIL(c, "profile %" PRIu32 ": mode %" PRIu32 " is neither enforce nor audit", i,
				    p->mode);
		if (p->entered >= c->t->natoms || (p->entered != 0 && c->t->w[c->t->off_atoms + p->entered] == 0))
			return FAIL(c, "profile %" PRIu32 " is entered by term %" PRIu32 ", which is not inherited", i,
				    p->entered);
		if ((p->flags & ~BL_PF_ALL) != 0)
			return FAIL(c, "profile %" PRIu32 " has unknown flags 0x%x", i, (unsigned int)p->flags);
		c->features |= (p->flags & BL_PF_STRICT) != 0 ? BL_FEAT_STRICT : 0;
		c->features |= (p->flags & BL_PF_FROM) != 0 ? BL_FEAT_ACCEPT_FROM : 0;
		if (p->hash == 0)
			return FAIL(c, "profile %" PRIu32 ": its name has no hash", i);
		if (((p->deny_ops | p->rule_ops) & ~c->t->ops) != 0)
			return FAIL(c, "profile %" PRIu32 " refuses operations that the tables do not list", i);
		for (uint32_t k = 0; k < i; k++)
			if (bl_profile_at(c->t, k)->hash == p->hash)
				return FAIL(c, "profiles %" PRIu32 " and %" PRIu32 " have the same hash", k, i);
	}
	return 0;
}

/* What the rules and defaults say is what the profiles and the head list: a hook hangs on it. */
static int check_ops(const struct bl_check *c)
{
	uint64_t all = 0;

	for (uint32_t p = 0; c->rules && p < c->t->nprofiles; p++) {
		uint64_t refuse = 0;

		for (uint32_t i = 0; i < c->t->nrules; i++) {
			if (c->rules[i].profile == p && c->rules[i].verdict >= BL_V_DENY)
				refuse |= c->rules[i].ops;
			if (c->rules[i].profile == p && c->rules[i].verdict >= BL_V_LOG)
				all |= c->rules[i].ops;
		}
		if (refuse != (bl_profile_at(c->t, p)->rule_ops & ~BL_OPS_NAMES))
			return FAIL(c, "profile %" PRIu32 " lists other operations than its rules refuse", p);
		all |= refuse | bl_profile_at(c->t, p)->deny_ops;
	}
	if (c->rules && all != (c->t->ops & ~BL_OPS_NAMES))
		return FAIL(c, "the operations are 0x%" PRIx64 ", by rules and defaults they are 0x%" PRIx64,
			    (uint64_t)c->t->ops, all);
	return 0;
}

static int check_lits(const struct bl_check *c)
{
	const uint64_t known = 0xffff | BL_LIT_NEG | BL_LIT_WEAK | BL_LIT_END_CLAUSE | BL_LIT_END_COND;
	uint64_t last = BL_LIT_END_COND;
	uint32_t conds = 0;

	for (uint32_t i = 0; i < c->t->nlits; i++) {
		last = c->t->w[c->t->off_lits + i];
		if ((last & ~known) != 0)
			return FAIL(c, "literal %" PRIu32 ": unknown bits in 0x%" PRIx64, i, last);
		if (BL_LIT_ATOM(last) >= c->t->natoms)
			return FAIL(c, "literal %" PRIu32 " names term %" PRIu32 ", there are %" PRIu32, i,
				    BL_LIT_ATOM(last), c->t->natoms);
		conds += (last & BL_LIT_END_COND) != 0;
	}
	if ((last & BL_LIT_END_COND) == 0)
		return FAIL(c, "the last condition has no end");
	if (conds != c->t->nconds)
		return FAIL(c, "the literals make %" PRIu32 " conditions, expected %" PRIu32, conds, c->t->nconds);
	return 0;
}

static int check_sticky(const struct bl_check *c)
{
	const __u64 *w = c->t->w;
	uint64_t before = 0;
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->t->nsticky; i++) {
		uint64_t hash = w[c->t->off_sticky + 2 * (size_t)i], what = w[c->t->off_sticky + 2 * (size_t)i + 1];
		uint64_t atom = BL_STICKY_ATOM(what);

		if (hash <= before)
			return FAIL(c, "inherited term %" PRIu32 ": hashes do not ascend", i);
		before = hash;
		if (atom == 0 || atom >= c->t->natoms)
			return FAIL(c, "inherited term %" PRIu32 " names term %" PRIu64 ", there are %" PRIu32, i, atom,
				    c->t->natoms);
		if (BL_STICKY_PROFILE(what) > c->t->nprofiles)
			return FAIL(c, "inherited term %" PRIu32 " belongs to profile %" PRIu32 ", there are %" PRIu32, i,
				    BL_STICKY_PROFILE(what) - 1, c->t->nprofiles);
		if (w[c->t->off_atoms + atom] != hash)
			return FAIL(c, "inherited term %" PRIu32 ": term %" PRIu64 " has another hash", i, atom);
	}
	for (uint32_t i = 0; i < c->t->natoms; i++)
		n += w[c->t->off_atoms + i] != 0;
	if (n != c->t->nsticky)
		return FAIL(c, "%" PRIu32 " terms have a hash, but %" PRIu32 " are listed as inherited", n,
			    c->t->nsticky);
	return 0;
}

static int check_rules(struct bl_check *c)
{
	for (uint32_t i = 0; i < c->t->nrules; i++) {
		uint64_t w = c->t->w[c->t->off_rules + i];

		if (BL_RULE_ERRNO(w) == 0 || (w & ~BL_RULE_KNOWN) != 0)
			return FAIL(c, "rule %" PRIu32 ": 0x%" PRIx64 " is not a rule's word", i, w);
		c->features |= BL_RULE_ENTER(w) != 0 || (w & BL_RULE_LEAVE) != 0 ? BL_FEAT_TRANSITION : 0;
		c->features |= (w & BL_RULE_QUIET) != 0 ? BL_FEAT_QUIET : 0;
		if (BL_RULE_ENTER(w) != 0 &&
		    (BL_RULE_ENTER(w) > c->t->nprofiles || bl_profile_at(c->t, BL_RULE_ENTER(w) - 1)->entered == 0))
			return FAIL(c, "rule %" PRIu32 " enters profile %" PRIu32 ", which cannot be entered", i,
				    BL_RULE_ENTER(w) - 1);
		if (BL_RULE_PEER_COND(w) != 0 && BL_RULE_PEER_COND(w) >= c->t->nconds)
			return FAIL(c, "rule %" PRIu32 " names condition %" PRIu32 ", there are %" PRIu32, i,
				    BL_RULE_PEER_COND(w), c->t->nconds);
	}
	for (uint64_t i = 0; i < (uint64_t)c->t->nrules + c->t->nprofiles; i++)
		if (c->t->w[c->t->off_hits + i] != 0)
			return FAIL(c, "hit counter %" PRIu64 " does not begin at 0", i);
	return 0;
}

static int check_all(struct bl_check *c)
{
	static int (*const steps[])(const struct bl_check *) = {
		check_dead, check_ops, check_lits, check_sticky,
	};
	int r = take_all_fixed(c);

	if (r == 0)
		r = check_profiles(c);
	for (size_t i = 0; r == 0 && i < sizeof(steps) / sizeof(steps[0]); i++)
		r = steps[i](c);
	if (r == 0)
		r = check_rules(c);
	return r < 0 ? r : bl_check_states(c);
}

int bl_tables_check(const struct bl_tables *t, size_t len, const struct bl_meta_rule *rules, struct bl_error *err)
{
	struct bl_check c = {.t = t, .rules = rules, .err = err};
	int r = check_head(&c, len);

	if (r < 0)
		return r;
	c.note = calloc(t->nwords, sizeof(*c.note));
	c.queue = calloc(t->nwords, sizeof(*c.queue));
	if (c.note && c.queue)
		r = check_all(&c);
	else
		r = bl_error_set(err, -ENOMEM, "out of memory for checking the tables");
	free(c.note);
	free(c.queue);
	return r;
}
