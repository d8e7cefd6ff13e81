/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of a file where the kernel says no more than its entry: those by which the mounts of its file system show it in the initial
 * mount namespace; if none does, in the task's own. The oldest mount's name is the file's; by the others only a rule that refuses counts.
 */
#ifndef BL_ALIAS_H
#define BL_ALIAS_H

#include "ask.h"

extern const void init_nsproxy __ksym;

#define ALIAS_MOUNTS 16384 /* mounts of one file system, of all namespaces */

static __always_inline bool mounts_are_list(void)
{
	return bpf_core_field_exists(struct mount___list, mnt_instance);
}

static __always_inline __u64 of_instance(__u64 link)
{
	return link - bpf_core_field_offset(struct mount___list, mnt_instance);
}

static __always_inline void alias_begin(struct alias *w)
{
	struct super_block *sb = (struct super_block *)w->sb;
	struct super_block___list *l = (void *)sb;
	struct super_block___chain *c = (void *)sb;

	if (mounts_are_list()) {
		w->end = of_instance((__u64)sb + bpf_core_field_offset(struct super_block___list, s_mounts));
		w->mount = of_instance((__u64)BPF_CORE_READ(l, s_mounts.next));
	} else {
		w->end = 0;
		w->mount = (__u64)BPF_CORE_READ(c, s_mounts);
	}
}

static __always_inline __u64 alias_next(__u64 mount)
{
	struct mount___list *l = (void *)mount;
	struct mount___chain *c = (void *)mount;

	if (mounts_are_list())
		return of_instance((__u64)BPF_CORE_READ(l, mnt_instance.next));
	return (__u64)BPF_CORE_READ(c, mnt_next_for_sb);
}

static __always_inline int alias_name(struct about *a, __u64 mount)
{
	return name_walk(a->s, a->s->alias.dentry, mount + bpf_core_field_offset(struct mount, mnt), &a->from);
}

/* The mount at hand if it is one of the namespace, 0 if not; goes on to the next. */
static __always_inline __u64 alias_mount(struct alias *w)
{
	struct mount *m = (struct mount *)w->mount;

	w->mount = alias_next((__u64)m);
	return (__u64)BPF_CORE_READ(m, mnt_ns) == w->ns ? (__u64)m : 0;
}

static __always_inline bool alias_end(const struct alias *w)
{
	return w->mount == w->end || w->mount == 0;
}

/* Looks for the oldest mount that shows the file: the first of a list, the last of a chain. */
static long alias_find(__u32 i, struct about *a)
{
	struct alias *w = &a->s->alias;
	__u64 now;

	(void)i;
	if (alias_end(w))
		return 1;
	now = alias_mount(w);
	if (now == 0 || alias_name(a, now) == BL_R_DISCONNECTED)
		return 0; /* it shows another part of the file system */
	w->oldest = now;
	return mounts_are_list();
}

/* Asks by one name. One operation, so that there is no loop over them: the kernel allows 8 frames. */
static long alias_ask(__u32 i, struct about *a)
{
	struct alias *w = &a->s->alias;
	__u64 now = 0;
	int r;

	(void)i;
	w->name = w->reason;
	if (w->reason == 0) {
		if (alias_end(w))
			return 1;
		now = alias_mount(w);
		if (now == 0)
			return 0;
		w->name = alias_name(a, now);
		if (w->name == BL_R_DISCONNECTED)
			return 0;
		a->q.acc[0] = bl_accept(a->t, bl_run(a->t, &a->s->name, a->from, a->t->start[BL_KEY_PATH]));
	}
	a->q.reason = w->name != 0 ? w->name : BL_R_RULE;
	a->q.flags = w->flags | (now == w->oldest ? w->explicit : BL_QF_EXPLICIT);
	bl_result_init(&a->s->result);
	bl_decide(a->t, a->l, &a->q, &a->s->result);
	r = ask_end(a);
	if (w->err == 0)
		w->err = -r;
	return w->reason != 0;
}

static __always_inline void alias_search(struct about *a, __u64 ns)
{
	struct alias *w = &a->s->alias;

	w->ns = ns;
	alias_begin(w);
	bpf_loop(ALIAS_MOUNTS, alias_find, a, 0);
}

/* Asks the operation about a file by the names that it has. */
static __always_inline int ask_aliases(struct about *a, __u32 op, struct dentry *d, bool explicit)
{
	struct super_block *sb = BPF_CORE_READ(d, d_sb);
	const struct nsproxy *init = (const void *)&init_nsproxy;
	struct task_struct *task = a->task;
	struct alias *w;

	if (!ask_begin(a, BL_KEY_PATH))
		return refuse_unknown(BL_OP_BIT(op), BL_R_NO_SCRATCH);
	if (BPF_CORE_READ(sb, s_flags) & SB_NOUSER)
		return 0;
	w = &a->s->alias;
	__builtin_memset(w, 0, sizeof(*w));
	w->sb = (__u64)sb;
	w->dentry = number_of(d);
	w->explicit = explicit ? BL_QF_EXPLICIT : 0;
	a->q.op = op;
	if (!ask_owner(a, d, NULL, NULL))
		w->reason = BL_R_UNREADABLE;
	w->flags = a->q.flags;
	alias_search(a, (__u64)BPF_CORE_READ(init, mnt_ns));
	if (w->oldest == 0)
		alias_search(a, (__u64)BPF_CORE_READ(task, nsproxy, mnt_ns));
	if (w->oldest == 0)
		w->reason = alias_end(w) ? BL_R_DETACHED : BL_R_TOO_DEEP;
	alias_begin(w);
	bpf_loop(ALIAS_MOUNTS, alias_ask, a, 0);
	return w->err != 0 ? refusal(w->err) : 0;
}

#endif
