/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables' check, second half: whatever the automaton can lead a decision to. */
#include "tables_check.h"

#include <inttypes.h>

#include "banned.h"

/* ---- accept records ---- */

/* Marks n words as a record or a list that nothing else overlaps. */
static int take_record(struct bl_check *c, const char *what, uint64_t off, uint64_t n)
{
	if (off < BL_DEAD_WORDS || off >= c->t->nwords || n > c->t->nwords - off)
		return FAIL(c, "%s at word %" PRIu64 " is not inside the words", what, off);
	for (uint64_t i = off; i < off + n; i++) {
		if (c->note[i] != 0)
			return FAIL(c, "%s at word %" PRIu64 " overlaps something else", what, off);
		c->note[i] = NOTE_RECORD;
	}
	return 0;
}

static int check_cond(const struct bl_check *c, uint32_t off, uint32_t cond)
{
	if (cond == BL_COND_NONE || cond < c->t->nconds)
		return 0;
	return FAIL(c, "list at word %" PRIu32 " names condition %" PRIu32 ", there are %" PRIu32, off, cond,
		    c->t->nconds);
}

/* One entry by itself. */
static int check_entry(const struct bl_check *c, uint32_t off, uint64_t e)
{
	const struct bl_meta_rule *rule;
	bool logs;

	if (BL_ENT_PROFILE(e) >= c->t->nprofiles)
		return FAIL(c, "list at word %" PRIu32 " names profile %" PRIu32 ", there are %" PRIu32, off,
			    BL_ENT_PROFILE(e), c->t->nprofiles);
	if (BL_ENT_RULE(e) >= c->t->nrules)
		return FAIL(c, "list at word %" PRIu32 " names rule %" PRIu32 ", there are %" PRIu32, off,
			    BL_ENT_RULE(e), c->t->nrules);
	if (BL_ENT_VERDICT(e) < BL_V_ALLOW || BL_ENT_VERDICT(e) > BL_V_KILL)
		return FAIL(c, "list at word %" PRIu32 ": verdict %" PRIu32 " is not one", off, BL_ENT_VERDICT(e));
	if ((BL_ENT_FLAGS(e) & ~BL_EF_ALL) != 0 || (e >> 20 & 0xf) != 0)
		return FAIL(c, "list at word %" PRIu32 ": unknown flags in 0x%" PRIx64, off, e);
	if (check_cond(c, off, BL_ENT_IF(e)) < 0 || check_cond(c, off, BL_ENT_UNLESS(e)) < 0)
		return -EINVAL;
	rule = c->rules ? &c->rules[BL_ENT_RULE(e)] : NULL;
	/* a socket that a log rule could use is created without a report */
	logs = rule && rule->verdict == BL_V_LOG && (BL_ENT_FLAGS(e) & BL_EF_IMPLIED) && BL_ENT_VERDICT(e) == BL_V_ALLOW;
	if (rule && (rule->profile != BL_ENT_PROFILE(e) || (rule->verdict != BL_ENT_VERDICT(e) && !logs)))
		return FAIL(c, "list at word %" PRIu32 " disagrees with rule %" PRIu32 " on profile or verdict", off,
			    BL_ENT_RULE(e));
	return 0;
}

/* Entries and their order. */
static int check_list(struct bl_check *c, uint32_t off)
{
	uint32_t chain = 0;
	uint64_t n, before = 0;
	int r;

	if (off < BL_DEAD_WORDS || off >= c->t->nwords)
		return FAIL(c, "list at word %" PRIu32 " is not inside the words", off);
	n = c->t->w[off];
	if (n == 0 || n > BL_MAX_LIST)
		return FAIL(c, "list at word %" PRIu32 " has %" PRIu64 " entries, expected 1 to %u", off, n,
			    BL_MAX_LIST);
	r = take_record(c, "list", off, n + 1);
	if (r < 0)
		return r;
	for (uint64_t i = 0; i < n; i++) {
		uint64_t e = c->t->w[off + 1 + i];

		r = check_entry(c, off, e);
		if (r < 0)
			return r;
		c->features |= BL_ENT_FLAGS(e) & (BL_EF_OWNER | BL_EF_NOT_OWNER) ? BL_FEAT_OWNER : 0;
		c->features |= BL_ENT_FLAGS(e) & BL_EF_PEER ? BL_FEAT_PEER : 0;
		chain = i != 0 && BL_ENT_PROFILE(e) == BL_ENT_PROFILE(before) ? chain + 1 : 1;
		if (i != 0 && BL_ENT_PROFILE(e) < BL_ENT_PROFILE(before))
			return FAIL(c, "list at word %" PRIu32 ": profiles do not ascend", off);
		if (chain > BL_MAX_CHAIN)
			return FAIL(c, "list at word %" PRIu32 ": more than %u entries of one profile", off,
				    BL_MAX_CHAIN);
		if (chain > 1 && BL_ENT_IF(before) == BL_COND_NONE && BL_ENT_UNLESS(before) == BL_COND_NONE &&
		    (BL_ENT_FLAGS(before) & ~BL_EF_IMPLIED) == 0)
			return FAIL(c, "list at word %" PRIu32 ": an entry without condition hides another", off);
		before = e;
	}
	return 0;
}

/* Whether the hooks for an operation are attached and fail closed if a list can refuse or report it. */
static int check_list_op(struct bl_check *c, uint32_t off, uint32_t op)
{
	for (uint64_t i = 0; i < c->t->w[off]; i++) {
		uint64_t e = c->t->w[off + 1 + i];

		if (BL_ENT_VERDICT(e) >= BL_V_LOG && (c->t->ops & BL_OP_BIT(op)) == 0)
			return FAIL(c, "rule %" PRIu32 " is about operation %" PRIu32 ", which the tables do not list",
				    BL_ENT_RULE(e), op);
		if (BL_ENT_VERDICT(e) >= BL_V_DENY && (bl_profile_at(c->t, BL_ENT_PROFILE(e))->rule_ops & BL_OP_BIT(op)) == 0)
			return FAIL(c,
				    "rule %" PRIu32 " refuses operation %" PRIu32 ", which its profile does not list",
				    BL_ENT_RULE(e), op);
		if (c->kind == BL_KEY_PATH && BL_ENT_VERDICT(e) >= BL_V_DENY &&
		    (bl_profile_at(c->t, BL_ENT_PROFILE(e))->rule_ops & BL_OPS_NAMES) == 0)
			return FAIL(c, "rule %" PRIu32 " refuses by name, which its profile does not list", BL_ENT_RULE(e));
	}
	return 0;
}

/* The operation whose list is in a slot of a record of this kind, 0: none. */
static uint32_t slot_op(enum bl_kind kind, uint32_t slot)
{
	for (uint32_t op = slot; op < 64; op += BL_OP_SLOTS)
		if ((bl_kind_ops(kind) & bl_check_known_ops() & BL_OP_BIT(op)) != 0)
			return op;
	return 0;
}

static int check_slot(struct bl_check *c, uint32_t acc, uint32_t slot)
{
	uint32_t off = (uint32_t)(c->t->w[acc + slot / 2] >> (slot % 2 != 0 ? 32 : 0)), op = slot_op(c->kind, slot);
	int r;

	if (off == 0)
		return 0;
	if (op == 0)
		return FAIL(c, "record at word %" PRIu32 " has a list in slot %" PRIu32 ", which no operation uses",
			    acc, slot);
	if (off >= c->t->nwords || (c->note[off] & NOTE_LIST) == 0) {
		r = check_list(c, off);
		if (r < 0)
			return r;
		c->note[off] |= NOTE_LIST;
	}
	if ((c->note[off] & NOTE_OP(op)) != 0)
		return 0;
	c->note[off] |= NOTE_OP(op);
	return check_list_op(c, off, op);
}

/* Whether a record of this side begins here; a state has the same notes but for NOTE_RECORD. */
static bool is_record(const struct bl_check *c, uint32_t acc, uint64_t side)
{
	return (c->note[acc] & (NOTE_RECORD | NOTE_LIST | side)) == (NOTE_RECORD | side);
}

static int check_object_record(struct bl_check *c, uint32_t acc)
{
	int r;

	if (!is_record(c, acc, NOTE_OBJECT)) {
		r = take_record(c, "record", acc, BL_OP_SLOTS / 2);
		if (r < 0)
			return r;
	}
	c->note[acc] |= NOTE_OBJECT;
	for (uint32_t slot = 0; slot < BL_OP_SLOTS; slot++) {
		r = check_slot(c, acc, slot);
		if (r < 0)
			return r;
	}
	return 0;
}

static int check_subject_record(struct bl_check *c, uint32_t acc)
{
	uint64_t n = c->t->w[acc];
	int r;

	if (is_record(c, acc, NOTE_SUBJECT))
		return 0;
	if (n == 0 || n > BL_MAX_ACC_ATOMS)
		return FAIL(c, "record at word %" PRIu32 " has %" PRIu64 " terms, expected 1 to %u", acc, n,
			    BL_MAX_ACC_ATOMS);
	r = take_record(c, "record", acc, n + 1);
	if (r < 0)
		return r;
	c->note[acc] |= NOTE_SUBJECT;
	for (uint64_t i = 0; i < n; i++)
		if (c->t->w[acc + 1 + i] >= c->t->natoms)
			return FAIL(c, "record at word %" PRIu32 " names term %" PRIu64 ", there are %" PRIu32, acc,
				    (uint64_t)c->t->w[acc + 1 + i], c->t->natoms);
	return 0;
}

static bool kind_is_object(enum bl_kind kind)
{
	return bl_kind_ops(kind) != 0;
}

static int check_record(struct bl_check *c, uint32_t acc)
{
	int r;

	if (acc == 0)
		return 0;
	if (acc < BL_DEAD_WORDS || acc >= c->t->nwords)
		return FAIL(c, "record at word %" PRIu32 " is not inside the words", acc);
	if (is_record(c, acc, NOTE_KIND(c->kind)))
		return 0;
	r = kind_is_object(c->kind) ? check_object_record(c, acc) : check_subject_record(c, acc);
	if (r == 0)
		c->note[acc] |= NOTE_KIND(c->kind);
	return r;
}

/* ---- the automaton ---- */

/* A state that some byte string leads to. Puts it in the queue if it is new for this kind. */
static int reach(struct bl_check *c, uint32_t s)
{
	uint64_t side = kind_is_object(c->kind) ? NOTE_OBJECT : NOTE_SUBJECT;
	uint64_t *note;

	if (s == 0)
		return 0;
	if (s < BL_DEAD_WORDS || s < c->t->off_states || (uint64_t)s + 255 >= c->t->nwords)
		return FAIL(c, "state %" PRIu32 " is not inside the words of the automaton", s);
	note = &c->note[s];
	if ((*note & NOTE_KIND(c->kind)) != 0 && (*note & (NOTE_RECORD | NOTE_FIXED)) == 0)
		return 0;
	if ((*note & (NOTE_FIXED | NOTE_RECORD)) != 0)
		return FAIL(c, "state %" PRIu32 " is inside something else", s);
	if ((*note & (NOTE_OBJECT | NOTE_SUBJECT) & ~side) != 0)
		return FAIL(c, "state %" PRIu32 " is both about objects and about subjects", s);
	if (((uint32_t)c->t->w[s] & BL_CELL_HEAD) == 0)
		return FAIL(c, "state %" PRIu32 " has no head", s);
	c->nstates += (*note & (NOTE_OBJECT | NOTE_SUBJECT)) == 0;
	*note |= NOTE_KIND(c->kind) | side;
	if (s > c->max_state)
		c->max_state = s;
	c->queue[c->nqueue++] = s;
	return 0;
}

static int check_state(struct bl_check *c, uint32_t s)
{
	const __u64 *w = c->t->w;
	int r = check_record(c, (uint32_t)w[s] & ~BL_CELL_HEAD);

	if (r < 0)
		return r;
	r = reach(c, (uint32_t)(w[s] >> 32));
	for (uint32_t i = 0; r == 0 && i < c->nclasses; i++) {
		uint64_t cell = w[s + c->classes[i]];

		if ((uint32_t)cell == s)
			r = reach(c, (uint32_t)(cell >> 32));
	}
	return r;
}

uint64_t bl_kind_feature(uint32_t kind)
{
	static const uint64_t features[BL_KEY_KINDS] = {
		[BL_KEY_EXE] = BL_FEAT_EXE,	      [BL_KEY_SCRIPT] = BL_FEAT_SCRIPT,
		[BL_KEY_USER] = BL_FEAT_USER,	      [BL_KEY_GROUP] = BL_FEAT_GROUP,
		[BL_KEY_LOGIN] = BL_FEAT_LOGIN,	      [BL_KEY_CAPABILITY] = BL_FEAT_CAPABILITY,
		[BL_KEY_CGROUP] = BL_FEAT_CGROUP,     [BL_KEY_UNIT] = BL_FEAT_UNIT,
		[BL_KEY_CONTAINER] = BL_FEAT_CONTAINER, [BL_KEY_ANCESTOR] = BL_FEAT_ANCESTOR,
		[BL_KEY_UNIX] = BL_FEAT_UNIX,	      [BL_KEY_CODE] = BL_FEAT_CODE,
	};

	return kind < BL_KEY_KINDS ? features[kind] : 0;
}

static int check_kind(struct bl_check *c, enum bl_kind kind)
{
	int r;

	if (c->t->start[kind] != 0)
		c->features |= bl_kind_feature(kind);
	c->kind = kind;
	c->nqueue = 0;
	r = reach(c, c->t->start[kind]);
	for (uint32_t i = 0; r == 0 && i < c->nqueue; i++)
		r = check_state(c, c->queue[i]);
	return r;
}

/* No word that belongs to something else may be taken for a cell: the states' words are theirs alone. */
static int check_rows(const struct bl_check *c)
{
	if (c->max_state == 0)
		return 0;
	for (uint64_t i = c->t->off_states; i <= (uint64_t)c->max_state + 255; i++)
		if ((c->note[i] & (NOTE_FIXED | NOTE_RECORD)) != 0)
			return FAIL(c, "word %" PRIu64 " is in the automaton and in something else", i);
	return 0;
}

static void find_classes(struct bl_check *c)
{
	bool seen[256] = {true}; /* class 0 never has a cell */

	for (int i = 0; i < 256; i++) {
		uint8_t k = c->t->cls[i];

		if (!seen[k])
			c->classes[c->nclasses++] = k;
		seen[k] = true;
	}
}

static int check_automaton(struct bl_check *c)
{
	find_classes(c);
	for (int kind = 0; kind < (int)BL_KEY_KINDS; kind++) {
		int r = check_kind(c, kind);

		if (r < 0)
			return r;
	}
	if ((c->features & ~c->t->features) != 0)
		return FAIL(c, "features 0x%" PRIx64 " are used that the head does not list",
			    c->features & ~(uint64_t)c->t->features);
	if (((c->features ^ c->t->features) & (BL_FEAT_STRICT | BL_FEAT_ACCEPT_FROM)) != 0)
		return FAIL(c, "features 0x%" PRIx64 " are listed that no profile has",
			    (uint64_t)((c->features ^ c->t->features) & (BL_FEAT_STRICT | BL_FEAT_ACCEPT_FROM)));
	if (c->nstates != c->t->nstates)
		return FAIL(c, "%" PRIu32 " states can be reached, the head says %" PRIu32, c->nstates, c->t->nstates);
	return check_rows(c);
}

/* ---- what is below directories ---- */

static int check_below_pair(const struct bl_check *c, uint32_t off, uint64_t e, uint64_t w)
{
	uint32_t mount = BL_BELOW_MOUNT(w);

	if (check_entry(c, off, e) < 0)
		return -EINVAL;
	if (BL_ENT_VERDICT(e) < BL_V_DENY || (BL_ENT_FLAGS(e) & ~(BL_EF_OWNER | BL_EF_NOT_OWNER)) != 0)
		return FAIL(c, "list at word %" PRIu32 ": 0x%" PRIx64 " does not refuse by name", off, e);
	if ((bl_profile_at(c->t, BL_ENT_PROFILE(e))->rule_ops & BL_OPS_NAMES) == 0)
		return FAIL(c, "rule %" PRIu32 " refuses by name, which its profile does not list", BL_ENT_RULE(e));
	if ((w & ~BL_BELOW_KNOWN) != 0 || (BL_BELOW_CLASS(w) == 0 && mount == 0))
		return FAIL(c, "list at word %" PRIu32 ": 0x%" PRIx64 " is no class", off, w);
	if (mount == 0)
		return 0;
	return check_entry(c, off, BL_BELOW_GUARD(e) | (mount - 1));
}

static int check_below_list(struct bl_check *c, uint32_t off)
{
	uint64_t n;

	if (off < BL_DEAD_WORDS || off >= c->t->nwords)
		return FAIL(c, "list at word %" PRIu32 " is not inside the words", off);
	if ((c->note[off] & NOTE_BELOW) != 0)
		return 0;
	n = c->t->w[off];
	if (n == 0 || n > BL_MAX_LIST)
		return FAIL(c, "list at word %" PRIu32 " has %" PRIu64 " entries, expected 1 to %u", off, n, BL_MAX_LIST);
	if (take_record(c, "list", off, 1 + 2 * n) < 0)
		return -EINVAL;
	c->note[off] |= NOTE_BELOW;
	for (uint64_t i = 0; i < n; i++) {
		const __u64 *e = &c->t->w[off + 1 + 2 * i];

		if (check_below_pair(c, off, e[0], e[1]) < 0)
			return -EINVAL;
		if (i != 0 && BL_BELOW_GUARD(e[0]) <= BL_BELOW_GUARD(e[-2]))
			return FAIL(c, "list at word %" PRIu32 ": conditions do not ascend", off);
	}
	return 0;
}

/* After the automaton: a directory is one of its states. */
static int check_below(struct bl_check *c)
{
	const uint64_t state = NOTE_KIND(BL_KEY_PATH) | NOTE_OBJECT;
	uint64_t before = 0;

	for (uint32_t i = 0; i < c->t->nbelow; i++) {
		uint64_t w = c->t->w[c->t->off_below + i], s = w >> 32;

		if (s <= before)
			return FAIL(c, "directory %" PRIu32 ": states do not ascend", i);
		before = s;
		if (s >= c->t->nwords || (c->note[s] & (state | NOTE_RECORD | NOTE_FIXED | NOTE_LIST)) != state)
			return FAIL(c, "directory %" PRIu32 ": word %" PRIu64 " is no state about names", i, s);
		if (check_below_list(c, (uint32_t)w) < 0)
			return -EINVAL;
	}
	return 0;
}

int bl_check_states(struct bl_check *c)
{
	int r = check_automaton(c);

	return r < 0 ? r : check_below(c);
}
