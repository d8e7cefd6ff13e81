/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs the decision core on an image that was accepted. The build traps where the core would read beyond the tables
 * (BL_BEYOND_TABLES), and names are found by walking the automaton, so that its records and lists are reached.
 */
#include "fuzz.h"

#include <string.h>

#include "plat_host.h"
#include "decide.h"
#include "rnd.h"

#include "banned.h"

#define ROUNDS 3
#define WALK_MAX 120u

struct asker {
	const struct bl_image *img;
	const struct bl_tables *t;
	struct rnd rnd;
	bool names; /* what is asked is about names that change */
	struct bl_name name;
	struct bl_label label, peer;
};

static uint32_t next_state(const struct bl_tables *t, uint32_t state, uint8_t byte)
{
	uint64_t cell = bl_word(t, (uint64_t)state + t->cls[byte]);

	return (uint32_t)cell == state ? cell >> 32 : bl_word(t, state) >> 32;
}

/* A byte that does not end in the dead state, if one is found soon; otherwise any. */
static uint8_t pick_byte(struct asker *a, uint32_t state)
{
	static const uint8_t likely[] = "/abcdexyz0129.\1\4\6\21";
	uint8_t byte = 0;

	for (int i = 0; i < 12; i++) {
		byte = i % 2 ? (uint8_t)rnd_next(&a->rnd) : RND_PICK(&a->rnd, likely);
		if (next_state(a->t, state, byte) != 0)
			break;
	}
	return byte;
}

/* Makes a name that leads from the start of a kind to a state; its bytes are at the end of a->name. */
static uint32_t walk(struct asker *a, uint32_t kind, uint32_t *ret_state)
{
	uint32_t state = a->t->start[kind], n = 0;
	uint8_t bytes[WALK_MAX];

	while (n < WALK_MAX && state != 0 && !(bl_accept(a->t, state) != 0 && rnd_percent(&a->rnd, 40))) {
		bytes[n] = pick_byte(a, state);
		state = next_state(a->t, state, bytes[n++]);
	}
	memcpy(a->name.buf + BL_PATH_MAX - n, bytes, n);
	*ret_state = state;
	return BL_PATH_MAX - n;
}

/* A process: what its ancestors ran, what it runs, who it is. Made in a->label. */
static void make_label(struct asker *a)
{
	uint64_t leave[BL_MAX_PROFILES / 64], enter[BL_MAX_PROFILES / 64];
	uint32_t state, from;

	memset(&a->label, 0, sizeof(a->label));
	a->label.flags = rnd_percent(&a->rnd, 20) ? BL_LF_UNTRUSTED : 0;
	for (uint32_t i = 0; i < BL_TASK_STICKY && rnd_percent(&a->rnd, 90); i++)
		a->label.sticky[i] = rnd_next(&a->rnd); /* of policies that were loaded before */
	for (uint32_t n = rnd_below(&a->rnd, 3); n > 0; n--) {
		from = walk(a, BL_KEY_EXE, &state);
		bl_label_inherit(a->t, &a->label, &a->name, from);
	}
	for (size_t i = 0; i < BL_MAX_PROFILES / 64; i++) {
		leave[i] = rnd_next(&a->rnd) & rnd_next(&a->rnd);
		enter[i] = rnd_next(&a->rnd) & rnd_next(&a->rnd);
	}
	if (rnd_percent(&a->rnd, 30))
		bl_label_move(a->t, &a->label, (const __u64 *)leave, (const __u64 *)enter);
	bl_label_begin(a->t, &a->label);
	for (uint32_t kind = BL_KEY_EXE; kind < BL_KEY_KINDS; kind++) {
		if (bl_kind_ops(kind) != 0)
			continue;
		from = walk(a, kind, &state);
		bl_label_key(a->t, &a->label, &a->name, from, kind);
	}
	bl_label_finish(a->t, &a->label);
	if (rnd_percent(&a->rnd, 10))
		a->label.flags |= BL_LF_FULL;
	for (uint32_t i = 0; i < a->label.nprof; i++)
		FUZZ_CHECK(a->label.prof[i] < a->t->nprofiles);
}

static void check_report(const struct asker *a, const struct bl_report *rep)
{
	if (rep->verdict == 0)
		return;
	FUZZ_CHECK(rep->profile < a->t->nprofiles);
	FUZZ_CHECK(rep->verdict >= BL_V_LOG && rep->verdict <= BL_V_KILL);
	FUZZ_CHECK(rep->mode == BL_MODE_ENFORCE || rep->mode == BL_MODE_AUDIT);
	FUZZ_CHECK(rep->rule == BL_RULE_NONE || rep->rule < a->t->nrules);
	if (rep->rule != BL_RULE_NONE) {
		FUZZ_CHECK(a->img->rules[rep->rule].profile == rep->profile);
		FUZZ_CHECK(a->img->rules[rep->rule].verdict == rep->verdict);
		if (!a->names)
			FUZZ_CHECK(a->img->rules[rep->rule].ops & BL_OP_BIT(rep->op));
	}
	/* the enforcer attaches no hook for an operation that the tables do not list */
	FUZZ_CHECK((a->t->ops & (a->names ? BL_OPS_NAMES : BL_OP_BIT(rep->op))) != 0);
}

static void check_result(const struct asker *a, const struct bl_result *r)
{
	FUZZ_CHECK(r->verdict >= BL_V_ALLOW && r->verdict <= BL_V_KILL);
	FUZZ_CHECK((r->err != 0) == (r->verdict >= BL_V_DENY) && r->err <= 4095);
	for (uint32_t i = 0; i < BL_TASK_PROFILES; i++)
		check_report(a, &r->reports[i]);
}

static void ask(struct asker *a, struct bl_question *q)
{
	struct bl_result r;

	q->reason = BL_R_RULE;
	q->flags = (rnd_percent(&a->rnd, 50) ? BL_QF_OWNER : 0) | (rnd_percent(&a->rnd, 50) ? BL_QF_DESCENDANT : 0);
	q->peer = rnd_percent(&a->rnd, 50) ? &a->peer : NULL;
	bl_result_init(&r);
	bl_decide(a->t, &a->label, q, &r);
	check_result(a, &r);
	q->reason = BL_R_UNSETTLED;
	bl_result_init(&r);
	bl_decide(a->t, &a->label, q, &r);
	check_result(a, &r);
}

static uint32_t find(struct asker *a, uint32_t kind)
{
	uint32_t state, from = walk(a, kind, &state), ran = bl_run(a->t, &a->name, from, a->t->start[kind]);

	FUZZ_CHECK(ran == state);
	return bl_accept(a->t, state);
}

static void ask_op(struct asker *a, uint32_t op)
{
	for (uint32_t kind = 0; kind < BL_KEY_KINDS; kind++) {
		struct bl_question q = {.op = op};

		if (!(bl_kind_ops(kind) & BL_OP_BIT(op)))
			continue;
		q.acc[0] = find(a, kind);
		if (kind == BL_KEY_PATH && (bl_kind_ops(BL_KEY_CODE) & BL_OP_BIT(op))) {
			q.acc[1] = find(a, BL_KEY_CODE);
			q.acc[2] = find(a, BL_KEY_CODE);
		}
		ask(a, &q);
	}
}

/* A name changes: each of the questions that bpf-lsm/replace.h asks. */
static void ask_names(struct asker *a)
{
	struct bl_question q = {.op = BL_OP_RENAME, .reason = rnd_percent(&a->rnd, 90) ? BL_R_RULE : BL_R_UNSETTLED};
	uint32_t state, below[2];
	struct bl_result r;

	a->names = true;
	for (int i = 0; i < 2; i++) {
		(void)walk(a, BL_KEY_PATH, &state);
		q.acc[i] = bl_accept(a->t, state);
		below[i] = bl_below(a->t, state, rnd_percent(&a->rnd, 50));
	}
	bl_result_init(&r);
	bl_decide_name(a->t, &a->label, &q, &r);
	check_result(a, &r);
	q.acc[0] = below[0];
	q.acc[1] = below[1];
	for (uint32_t what = BL_BELOW_MOVED; what <= BL_BELOW_ANYWHERE; what++) {
		bl_result_init(&r);
		bl_decide_below(a->t, &a->label, &q, what, &r);
		check_result(a, &r);
	}
	a->names = false;
}

void fuzz_ask(const struct bl_image *img, uint64_t seed)
{
	static const uint32_t all[] = {
#define X(NAME, n, w, c) n,
		BL_OPS(X)
#undef X
	};
	struct asker a = {.img = img, .t = img->tables, .rnd = {seed}};

	for (int round = 0; round < ROUNDS; round++) {
		make_label(&a);
		a.peer = a.label;
		make_label(&a);
		for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
			ask_op(&a, all[i]);
		ask_names(&a);
	}
}
