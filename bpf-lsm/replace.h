/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names that change: a link, a rename or a mount may not take anything from under the rule that refuses it by its name, nor put something else
 * in its place (DESIGN section 2, point 13). What is asked here is asked besides the operation itself.
 */
#ifndef BL_REPLACE_H
#define BL_REPLACE_H

#include "names.h"

/* Who asks, and room for the answers. 1: go on; otherwise what the hook returns. */
static __always_inline int changes_begin(struct about *a, __u32 op)
{
	switch (who_asks(a, BL_OP_BIT(op))) {
	case WHO_ASKS:
		break;
	case WHO_UNKNOWN:
		return refuse_unknown(BL_OPS_NAMES, BL_R_NO_LABEL);
	default:
		return 0;
	}
	if (!(a->t->ops & BL_OPS_NAMES))
		return 0;
	a->q.op = op;
	return ask_begin(a, BL_KEY_PATH) ? 1 : refuse_unknown(BL_OPS_NAMES, BL_R_NO_SCRATCH);
}

/* Reads a name, which then stands at a->from. */
static __noinline void name_look(struct about *a, __u64 d, __u64 m, struct name_says *says)
{
	__u32 state;

	says->acc = says->below = 0;
	says->name = name_of_path(a->s, (struct dentry *)d, (struct vfsmount *)m, &a->from);
	if (says->name != NAME_OK)
		return;
	state = bl_run(a->t, &a->s->name, a->from, a->t->start[BL_KEY_PATH]);
	says->acc = bl_accept(a->t, state);
	says->below = bl_below(a->t, state, a->from == BL_PATH_MAX - 1);
}

static __always_inline bool mount_hides(const struct names *n, const struct name_says *says)
{
	return (n->flags & BL_QF_EXPLICIT) && says->name == BL_R_DISCONNECTED;
}

/* What the two names, as they are there, say. A name that a further mount does not show is none: nothing is refused by it. */
static __noinline void change_ask(struct about *a)
{
	struct names *n = &a->s->names;
	const struct name_says *old = &a->s->old_name, *new = &a->s->new_name;
	struct dentry *d = (struct dentry *)n->dentry;

	n->reason = n->no_owner ? BL_R_UNREADABLE : BL_R_RULE;
	if (new->name != NAME_OK && !mount_hides(n, new))
		n->reason = new->name;
	if (old->name != NAME_OK && !mount_hides(n, old))
		n->reason = old->name;
	a->q.reason = n->reason;
	a->q.acc[0] = old->acc;
	a->q.acc[1] = new->acc;
	bl_decide_name(a->t, a->l, &a->q, &a->s->result);
	if ((BPF_CORE_READ(d, d_inode, i_mode) & S_IFMT) != S_IFDIR)
		return;
	a->q.acc[0] = old->below;
	a->q.acc[1] = new->below;
	bl_decide_below(a->t, a->l, &a->q, BL_BELOW_MOVED, &a->s->result);
}

/* By one mount that shows both; the report has the old name, which is read last. turn: not 0, why no further mount can be had. */
static __always_inline void change_by_mount(struct about *a, __u64 mount, __u64 other, int turn)
{
	struct scratch *s = a->s;

	if (turn == 0) {
		name_look(a, s->names.other, other, &s->new_name);
		name_look(a, s->names.dentry, vfsmount_of(mount), &s->old_name);
	} else {
		s->old_name.name = turn;
		s->names.ops = 0;
	}
	if (s->old_name.name < 0 || s->new_name.name < 0) {
		s->names.ops = 0; /* without a name: no rule is about it */
		return;
	}
	if (mount_hides(&s->names, &s->old_name) && mount_hides(&s->names, &s->new_name))
		return;
	change_ask(a);
	s->names.open = 1;
}

/* The visible name first, then one mount a turn. */
static long change_step(__u32 i, struct about *a)
{
	struct names *n = &a->s->names;
	__u64 now, other;
	int turn = 0;

	names_close(a);
	if (n->ops == 0)
		return 1;
	if (i == 0) {
		now = n->seen;
		other = n->other_mount;
		if (mount_of((struct vfsmount *)other) != now)
			n->ops = 0; /* a mount moves: its files keep their other names */
	} else {
		turn = mounts_turn(n, i, &now);
		if (turn == MOUNTS_DONE)
			return 1;
		if (turn == 0 && now == 0)
			return 0;
		other = vfsmount_of(now);
	}
	change_by_mount(a, now, other, turn);
	return 0;
}

PART(name_changes) int name_changes(__u64 d, __u64 m, __u64 new_d, __u64 new_m, __u64 op)
{
	ABOUT(a) = {};
	int r = changes_begin(&a, op);

	if (r != 1)
		return r;
	ask_owner(&a, (struct dentry *)d, (struct vfsmount *)m, NULL);
	names_begin(&a, BL_OPS_NAMES, (struct dentry *)d, mount_of((struct vfsmount *)m));
	a.s->names.other = new_d;
	a.s->names.other_mount = new_m;
	mounts_begin(&a.s->names);
	bpf_loop(NAMES_STEPS, change_step, &a, 0);
	return a.s->names.err != 0 ? refusal(a.s->names.err) : 0;
}

PART(names_hide) int names_hide(__u64 d, __u64 m, __u64 op, __u64 what)
{
	ABOUT(a) = {};
	struct name_says *here;
	int r = changes_begin(&a, op);

	if (r != 1)
		return r;
	here = &a.s->old_name;
	name_look(&a, d, m, here);
	if (here->name < 0)
		return 0;
	a.q.reason = here->name != NAME_OK ? here->name : BL_R_RULE;
	a.q.acc[0] = here->below;
	if (what & HIDES)
		bl_decide_below(a.t, a.l, &a.q, BL_BELOW_HIDDEN, &a.s->result);
	a.q.acc[0] = bl_below(a.t, bl_next(a.t, a.t->start[BL_KEY_PATH], '/'), 1);
	if (what & (MOVES | COPIES))
		bl_decide_below(a.t, a.l, &a.q, BL_BELOW_ANYWHERE, &a.s->result);
	return ask_end(&a);
}

#endif
