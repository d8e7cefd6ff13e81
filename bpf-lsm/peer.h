/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whom a question is about, where that is another process. A label is written by its own task only, and may be old: what another task is
 * now is worked out in memory of the one that asks.
 */
#ifndef BL_PEER_H
#define BL_PEER_H

#include "several.h"

#define DESCENT_STEPS 256

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct bl_label);
} peers SEC(".maps");

struct descent {
	__u64 task;
	__u32 tgid;
	__u32 found;
};

static long descent_step(__u32 i, struct descent *c)
{
	struct task_struct *task = (struct task_struct *)c->task, *up = BPF_CORE_READ(task, real_parent);

	(void)i;
	if (!up || (__u64)up == c->task)
		return 1;
	c->found = (__u32)BPF_CORE_READ(up, tgid) == c->tgid;
	c->task = (__u64)up;
	return c->found;
}

/* Does the task descend from the process tgid? Of a line longer than DESCENT_STEPS it is not known, and no allowance holds. */
static __always_inline bool task_descends(const struct task_struct *task, __u32 tgid)
{
	struct descent c = { .task = (__u64)task, .tgid = tgid };

	bpf_loop(DESCENT_STEPS, descent_step, &c, 0);
	return c.found;
}

/* PID 1, kernel threads and the running enforcer are in no profile, whatever its subject says (DESIGN section 2, point 8). */
static __always_inline void peer_exempt(const struct bl_tables *t, struct bl_label *l, struct task_struct *peer)
{
	__u32 zero = 0, n = t->nprofiles;
	struct bl_control *c = bpf_map_lookup_elem(&control, &zero);

	if (!task_exempt(peer) && !(c && task_is_enforcer(c, peer)))
		return;
	l->nprof = 0;
	for (__u32 i = 0; i < BL_MAX_PROFILES / 64; i++) {
		if (n >= 64 * (i + 1))
			l->conds[i] = 0;
		else if (n > 64 * i)
			l->conds[i] &= ~0ULL << (n - 64 * i);
	}
}

/*
 * What the task `peer` is, computed for these tables in storage of the running task. The label that it has tells what it inherited and what
 * it runs; the rest is what it is now. NULL: there is no memory.
 */
static __noinline struct bl_label *peer_label(struct about *a, struct task_struct *peer)
{
	struct task_label *known = bpf_task_storage_get(&labels, peer, 0, 0);
	struct bl_label *l = bpf_task_storage_get(&peers, bpf_get_current_task_btf(), 0, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!l)
		return NULL;
	if (known && known->l.gen != 0) {
		bpf_probe_read_kernel(l, sizeof(*l), &known->l);
		if (known->execs != BPF_CORE_READ(peer, self_exec_id))
			l->flags |= BL_LF_LOST;
	} else {
		__builtin_memset(l, 0, __builtin_offsetof(struct bl_label, exe));
		__builtin_memset(l->sticky, 0, sizeof(l->sticky));
		label_first(a->t, l, peer, a->s);
		if (!task_sets_up(peer))
			label_place(l, peer, a->s);
	}
	label_compute(a->t, l, peer, a->s);
	peer_exempt(a->t, l, peer);
	return l;
}

/* Puts the peer in the question. */
static __always_inline void peer_set(struct about *a, struct task_struct *peer)
{
	a->q.peer = peer_label(a, peer);
	if (task_descends(peer, bpf_get_current_pid_tgid() >> 32))
		a->q.flags |= BL_QF_DESCENDANT;
}

#endif
