/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One question from beginning to end: who asks, the self-test, what about, verdict, report. Every hook goes through here. */
#ifndef BL_ASK_H
#define BL_ASK_H

#include "event.h"
#include "owner.h"
#include "parts.h"
#include "refused.h"

enum who {
	WHO_NOBODY = 0, /* no policy, or a task that no profile holds: let it pass */
	WHO_ASKS = 1,
	WHO_UNKNOWN = 2, /* no label could be had */
	WHO_PROBE = 3,   /* the self-test */
};

/*
 * Fills a with the tables and the label, current for this moment. ops: what will be asked, for the self-test. layer: overlayfs asks, with the
 * credentials of its mount, after the task was asked about the same with its own.
 */
static __always_inline enum who who_asks_layer(struct about *a, __u64 ops, bool layer)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u32 zero = 0;
	struct bl_control *c = bpf_map_lookup_elem(&control, &zero);

	if (!c || c->abi != BL_ABI_VERSION)
		return WHO_NOBODY;
	if (c->probe_tgid != 0 && c->probe_tgid == (__u32)task->tgid) {
		__sync_fetch_and_or(&c->probe_seen, ops);
		return WHO_PROBE;
	}
	a->t = tables_now();
	if (!a->t || task_exempt(task) || task_is_enforcer(c, task))
		return WHO_NOBODY;
	a->task = task;
	a->from = BL_PATH_MAX;
	a->l = bpf_task_storage_get(&labels, task, 0, 0);
	if (!a->l || (layer ? a->l->gen != a->t->gen : label_stale(a->t, a->l, task))) {
		if (label_renew() != 0)
			return WHO_UNKNOWN;
		a->t = tables_now();
		a->l = bpf_task_storage_get(&labels, task, 0, 0);
		if (!a->t) {
			a->l = NULL;
			return WHO_NOBODY;
		}
		if (!a->l || a->l->gen != a->t->gen) /* a reload in between */
			return WHO_UNKNOWN;
	}
	return label_is_free(a->l) ? WHO_NOBODY : WHO_ASKS;
}

static __always_inline enum who who_asks(struct about *a, __u64 ops)
{
	return who_asks_layer(a, ops, false);
}

/*
 * The question cannot be put, for want of a label or of room: what the task was the last time decides, and only what it could be
 * refused then is. all: CONFINED_* that must be asked of it, besides. No event can be made either; the counter of the reason tells.
 */
static __noinline int refuse_unknown_task(__u64 task, __u64 all, __u64 ops, __u32 reason)
{
	__u64 known = confined_ops(task);

	if (!(known & ops) || (known & all) != all)
		return 0;
	stat_add(BL_STAT_REASON0 + (reason & 15));
	stat_add(BL_STAT_FAIL_CLOSED);
	return -EPERM;
}

static __always_inline int refuse_unknown_of(__u64 all, __u64 ops, __u32 reason)
{
	return refuse_unknown_task((__u64)bpf_get_current_task(), all, ops, reason);
}

static __always_inline int refuse_unknown(__u64 ops, __u32 reason)
{
	return refuse_unknown_of(0, ops, reason);
}

/* A fork or an exec that cannot be noted, whoever asks: a process of which nothing is known is in no profile. */
static __noinline int refuse_memory(__u32 reason)
{
	stat_add(BL_STAT_REASON0 + (reason & 15));
	stat_add(BL_STAT_FAIL_CLOSED);
	return -ENOMEM;
}

/* Begins a question; the answers to it are collected in a->s->result. False: there is no room for it. */
static __always_inline bool ask_begin(struct about *a, __u32 kind)
{
	a->kind = kind;
	a->s = scratch_claim(a->task);
	if (!a->s)
		return false;
	bl_result_init(&a->s->result);
	return true;
}

/* Is the task in the system call nr? In one of the kernel's own threads it is in none. */
static __noinline bool called_by(__u32 nr)
{
	struct pt_regs___call *regs = (void *)bpf_task_pt_regs(bpf_get_current_task_btf());

	return ((__u32)BPF_CORE_READ(regs, orig_ax) & ~NR_X32_BIT) == nr;
}

/* Reports, and turns the result into what the hook returns. */
static __always_inline int ask_end(struct about *a)
{
	struct bl_result *r = &a->s->result;

	if (r->nreports == 0)
		return 0;
	reports_send(a);
	if (r->verdict < BL_V_DENY)
		return 0;
	if (r->verdict == BL_V_KILL)
		bpf_send_signal(SIGKILL);
	return refusal(r->err);
}

/*
 * What the policy wants to know of the file's owner. source: the entry of the file that gets a name here, NULL: a new one.
 */
static __always_inline void ask_owner(struct about *a, struct dentry *d, struct vfsmount *m, struct dentry *source)
{
	int owner, creator;

	if (!(a->t->features & BL_FEAT_OWNER))
		return;
	owner = owner_is((__u64)BPF_CORE_READ(d, d_inode), number_of(m));
	creator = source ? owner_is((__u64)BPF_CORE_READ(source, d_inode), number_of(m)) : 1;
	a->q.flags |= owner > 0 ? BL_QF_OWNER : 0;
	a->create_flags = creator > 0 ? BL_QF_OWNER : 0;
	a->no_owner = owner < 0 || creator < 0;
}

#endif
