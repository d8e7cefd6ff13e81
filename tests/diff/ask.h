/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One request to the decision core and its whole answer. Compiled for both sides, so that the sequence of calls is the
 * same for certain: it is that of label_first() and label_compute() in bpf-lsm/label.h, then of key_decide() in
 * bpf-lsm/several.h and of bpf-lsm/replace.h. Include decide.h first.
 */
#ifndef TESTS_DIFF_ASK_H
#define TESTS_DIFF_ASK_H

/* Powers of two: the verifier bounds an index by a mask. */
#define ASK_ANCESTORS 8u
#define ASK_OBJECTS 4u
#define ASK_KEY 64u /* bytes of a key kept for the comparison; BL_KEY_NET_MAX of them can be meant */

struct ask_object {
	__u64 ops;  /* BL_OP_BIT, numbers below 32 */
	__u32 kind; /* BL_KEY_PATH: names[] from `from`; BL_KEY_NET: endpoint, not canonical yet */
	__u32 from;
	__u32 reason; /* not 0: the object's name could not be had */
	__u32 flags; /* BL_QF_USE */
	struct bl_endpoint endpoint;
};

struct ask {
	__u32 nancestors;
	__u32 nobjects;
	__u32 flags; /* BL_LF_* */
	__u32 euid;
	__u32 exe_from;	   /* BL_PATH_MAX: it has no name */
	__u32 cgroup_from; /* BL_PATH_MAX: its name could not be had */
	__u32 change;	   /* enum bl_below_what: the first object, a path, gets the name of the second, too; 0: it does not */
	__u32 pad;
	__u32 ancestor_from[ASK_ANCESTORS];
	__u64 sticky[BL_TASK_STICKY];
	struct ask_object objects[ASK_OBJECTS];
	struct bl_name exe, cgroup;
	struct bl_name ancestors[ASK_ANCESTORS];
	struct bl_name names[ASK_OBJECTS];
};

/* Everything in it is written for every request, or was zero before. */
struct ask_answer {
	struct bl_label label;
	struct bl_result result;
	struct bl_result change, below; /* of the change of a name: the object's own, and what is below it */
	__u32 acc[ASK_OBJECTS];
	__u32 from[ASK_OBJECTS];
	struct bl_endpoint endpoints[ASK_OBJECTS];
	__u8 keys[ASK_OBJECTS][ASK_KEY];
};

/* What the two sides work in: the value of the BPF side's map. */
struct ask_slot {
	struct ask in;
	struct ask_answer out;
	struct bl_name scratch;
};

struct ask_ctx {
	const struct bl_tables *t;
	const struct ask *in;
	struct ask_answer *out;
	struct bl_name *scratch;
	__u64 ops;
	struct bl_question q;
};

BL_CB long ask_ancestor(__u32 i, struct ask_ctx *c)
{
	__u64 at = bl_mask(i, ASK_ANCESTORS);

	if (i >= c->in->nancestors)
		return 1;
	bl_label_inherit(c->t, &c->out->label, &c->in->ancestors[at], c->in->ancestor_from[at]);
	return 0;
}

_Static_assert(sizeof(struct bl_label) % 16 == 0, "cleared in halves");
BL_FN void ask_label(struct ask_ctx *c)
{
	struct bl_label *l = &c->out->label;
	__u32 from;

	/* clang writes out up to 1024 bytes, and calls a function that is not there for more */
	__builtin_memset(l, 0, sizeof(*l) / 2);
	asm volatile("" ::: "memory");
	__builtin_memset((__u64 *)l + sizeof(*l) / 16, 0, sizeof(*l) / 2);
	__builtin_memcpy(l->sticky, c->in->sticky, sizeof(l->sticky));
	bl_loop(ASK_ANCESTORS, ask_ancestor, c);
	l->flags = (l->flags & BL_LF_LOST) | c->in->flags;
	l->euid = c->in->euid;
	bl_label_begin(c->t, l);
	if (c->in->exe_from < BL_PATH_MAX)
		bl_label_key(c->t, l, &c->in->exe, c->in->exe_from, BL_KEY_EXE);
	from = bl_key_id(c->scratch, l->euid);
	bl_label_key(c->t, l, c->scratch, from, BL_KEY_USER);
	if (c->in->cgroup_from < BL_PATH_MAX)
		bl_label_key(c->t, l, &c->in->cgroup, c->in->cgroup_from, BL_KEY_CGROUP);
	else
		l->flags |= BL_LF_FULL;
	bl_label_finish(c->t, l);
}

BL_CB long ask_op(__u32 op, struct ask_ctx *c)
{
	if (!(c->ops & BL_OP_BIT(op)))
		return 0;
	c->q.op = op;
	bl_decide(c->t, &c->out->label, &c->q, &c->out->result);
	return 0;
}

/* Turns the i-th object into its key and keeps on the way all that could differ. Returns the accept record. */
BL_FN __u32 ask_lookup(struct ask_ctx *c, __u32 i)
{
	__u64 at = bl_mask(i, ASK_OBJECTS);
	const struct ask_object *o = &c->in->objects[at];
	struct bl_endpoint *e = &c->out->endpoints[at];
	__u8 *tail = c->scratch->buf + BL_PATH_MAX - ASK_KEY;
	__u32 from = o->from;

	if (o->kind != BL_KEY_NET)
		return bl_accept(c->t, bl_run(c->t, &c->in->names[at], from, c->t->start[BL_KEY_PATH]));
	__builtin_memset(tail, 0, ASK_KEY);
	*e = o->endpoint;
	bl_endpoint_canonical(e);
	from = bl_key_net(c->scratch, e);
	c->out->from[at] = from;
	__builtin_memcpy(c->out->keys[at], tail, ASK_KEY);
	return bl_accept(c->t, bl_run(c->t, c->scratch, from, c->t->start[BL_KEY_NET]));
}

BL_CB long ask_object(__u32 i, struct ask_ctx *c)
{
	__u64 at = bl_mask(i, ASK_OBJECTS);

	if (i >= c->in->nobjects)
		return 1;
	c->ops = c->in->objects[at].ops;
	c->q.reason = c->in->objects[at].reason != 0 ? c->in->objects[at].reason : BL_R_RULE;
	c->q.flags = c->in->objects[at].flags;
	c->q.acc[0] = 0;
	if (c->q.reason == BL_R_RULE)
		c->q.acc[0] = ask_lookup(c, i);
	c->out->acc[at] = c->q.acc[0];
	bl_loop(32, ask_op, c);
	return 0;
}

BL_FN __u32 ask_below(struct ask_ctx *c, __u32 i)
{
	__u64 at = bl_mask(i, ASK_OBJECTS);
	__u32 from = c->in->objects[at].from, state = bl_run(c->t, &c->in->names[at], from, c->t->start[BL_KEY_PATH]);

	return bl_below(c->t, state, from == BL_PATH_MAX - 1);
}

/* As name_changes() and names_hide() in bpf-lsm/replace.h. */
BL_FN void ask_change(struct ask_ctx *c)
{
	__u32 what = c->in->change;

	bl_result_init(&c->out->change);
	bl_result_init(&c->out->below);
	if (what == 0)
		return;
	c->q.op = BL_OP_RENAME;
	c->q.reason = c->in->objects[0].reason | c->in->objects[1].reason;
	if (c->q.reason == 0)
		c->q.reason = BL_R_RULE;
	c->q.acc[0] = ask_lookup(c, 0);
	c->q.acc[1] = ask_lookup(c, 1);
	bl_decide_name(c->t, &c->out->label, &c->q, &c->out->change);
	c->q.acc[0] = ask_below(c, 0);
	c->q.acc[1] = ask_below(c, 1);
	if (what == BL_BELOW_ANYWHERE)
		c->q.acc[0] = bl_below(c->t, bl_next(c->t, c->t->start[BL_KEY_PATH], '/'), 1);
	bl_decide_below(c->t, &c->out->label, &c->q, what, &c->out->below);
}

/* All of it: who, then every question of one system call. */
static inline void ask_run(const struct bl_tables *t, const struct ask *in, struct ask_answer *out,
			   struct bl_name *scratch)
{
	struct ask_ctx c = {.t = t, .in = in, .out = out, .scratch = scratch};

	ask_label(&c);
	bl_result_init(&out->result);
	bl_loop(ASK_OBJECTS, ask_object, &c);
	ask_change(&c);
}

#endif
