/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names that change: a link, a rename or a mount may not take anything from under the rule that refuses it by its name, nor put something else
 * in its place (DESIGN section 2, point 13). What is asked here is asked besides the operation itself.
 */
#ifndef BL_REPLACE_H
#define BL_REPLACE_H

#include "question.h"

/* Does the task see the initial mount namespace? */
static __noinline bool task_in_init_ns(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct nsproxy *init = (const void *)&init_nsproxy;

	return BPF_CORE_READ(task, nsproxy, mnt_ns) == BPF_CORE_READ(init, mnt_ns);
}

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

/* What the tables say of one name. */
struct name_says {
	__u32 acc;
	__u32 below;
};

/* Reads a name, which then stands at a->from. As name_of_path(). */
static __noinline int name_look(struct about *a, __u64 d, __u64 m, struct name_says *says)
{
	int r = name_of_path(a->s, (struct dentry *)d, (struct vfsmount *)m, &a->from);
	__u32 state;

	if (r != NAME_OK)
		return r;
	state = bl_run(a->t, &a->s->name, a->from, a->t->start[BL_KEY_PATH]);
	says->acc = bl_accept(a->t, state);
	says->below = bl_below(a->t, state, a->from == BL_PATH_MAX - 1);
	return NAME_OK;
}

static __always_inline void name_ask(struct about *a, struct dentry *d, const struct name_says *old, const struct name_says *new)
{
	a->q.acc[0] = old->acc;
	a->q.acc[1] = new->acc;
	bl_decide_name(a->t, a->l, &a->q, &a->s->result);
	if ((BPF_CORE_READ(d, d_inode, i_mode) & S_IFMT) != S_IFDIR)
		return;
	a->q.acc[0] = old->below;
	a->q.acc[1] = new->below;
	bl_decide_below(a->t, a->l, &a->q, BL_BELOW_MOVED, &a->s->result);
}

/* What is (d, m) gets the name of (new_d, new_m). A global function, as question_file() is. The report has the old name, which is read last. */
__noinline int name_changes(__u64 d, __u64 m, __u64 new_d, __u64 new_m, __u64 op)
{
	struct name_says old = {}, new = {};
	struct about a = {};
	int r = changes_begin(&a, op), other;

	if (r != 1)
		return r;
	other = name_look(&a, new_d, new_m, &new);
	r = name_look(&a, d, m, &old);
	if (r < 0 || other < 0)
		return 0;
	if (r == NAME_OK)
		r = other;
	if (!ask_owner(&a, (struct dentry *)d, (struct vfsmount *)m, NULL) && r == NAME_OK)
		r = BL_R_UNREADABLE;
	a.q.reason = r != NAME_OK ? r : BL_R_RULE;
	name_ask(&a, (struct dentry *)d, &old, &new);
	return ask_end(&a);
}

#define HIDES 1ULL /* something is mounted over it */
#define MOVES 2ULL /* mounts move from places that are not known */

/* What mounting at (d, m) changes. */
__noinline int names_hide(__u64 d, __u64 m, __u64 op, __u64 what)
{
	struct name_says here = {};
	struct about a = {};
	int r = changes_begin(&a, op);

	if (r != 1)
		return r;
	r = name_look(&a, d, m, &here);
	if (r < 0)
		return 0;
	a.q.reason = r != NAME_OK ? r : BL_R_RULE;
	a.q.acc[0] = here.below;
	if (what & HIDES)
		bl_decide_below(a.t, a.l, &a.q, BL_BELOW_HIDDEN, &a.s->result);
	a.q.acc[0] = bl_below(a.t, bl_next(a.t, a.t->start[BL_KEY_PATH], '/'), 1);
	if (what & MOVES)
		bl_decide_below(a.t, a.l, &a.q, BL_BELOW_ANYWHERE, &a.s->result);
	return ask_end(&a);
}

#endif
