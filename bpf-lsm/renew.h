/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who, anew: the parts that make the label of the running task, at an exec and when the one it has does not hold any more. */
#ifndef BL_RENEW_H
#define BL_RENEW_H

#include "label.h"
#include "parts.h"

/* The program becomes an ancestor. */
static __always_inline void exec_ancestor(const struct bl_tables *t, struct bl_label *l, struct task_struct *task)
{
	SCRATCH s = scratch_claim(task);
	__u32 from = s ? label_get_exe(l, task, s) : BL_PATH_MAX;

	if (s && from < BL_PATH_MAX)
		bl_label_key(t, l, &s->name, from, BL_KEY_ANCESTOR);
	else
		l->flags |= BL_LF_LOST;
}

/*
 * What the exec leaves of the program before it: an ancestor's name, and the profiles that rules move the process from and to. A
 * reload between question and exec gives profiles other numbers: the process, of which it cannot be told any more what it may do, ends.
 */
static __always_inline void exec_lineage(struct bl_label *l, struct task_struct *task, const struct pending *p)
{
	const struct bl_tables *t = tables_now();

	if (label_unknown(l))
		l->flags |= BL_LF_LOST;
	if (t && (t->features & BL_FEAT_ANCESTOR) && l->exe_len != 0)
		exec_ancestor(t, l, task);
	if (p->moves == 0)
		return;
	if (t && p->moves == 1 && t->gen == p->gen) {
		bl_label_move(t, l, p->leave, p->enter);
	} else {
		stat_add(BL_STAT_FAIL_CLOSED);
		bpf_send_signal(SIGKILL);
	}
}

/* A long name without room is found out when it is needed. */
static __always_inline void exec_name(struct bl_label *l, struct task_struct *task, const struct pending *p)
{
	struct long_exe *whole = NULL;

	if (p->len > BL_EXE_INLINE)
		whole = bpf_task_storage_get(&long_pending, task, 0, 0);
	(void)label_set_exe(l, task, p->name, whole ? &whole->name : NULL, p->len);
	if (whole)
		bpf_task_storage_delete(&long_pending, task);
}

static __always_inline void exec_program(struct bl_label *l, struct task_struct *task, const struct pending *p)
{
	if (l->gen != 0)
		exec_lineage(l, task, p);
	l->flags = (l->flags & BL_LF_LOST) | p->flags;
	l->script_len = p->script_len;
	__builtin_memcpy(l->script, p->script, sizeof(l->script));
	l->gen = 1;
	l->cred = 0; /* the first question computes it */
	if (p->flags & BL_LF_NAMELESS)
		l->exe_len = 0;
	else
		exec_name(l, task, p);
}

/*
 * Makes the label of the running task that of the program it has just executed. first: the exec is not over yet, and what cannot be had now the next
 * question may have. Otherwise what the exec said is lost: what runs is found out as of a process from before the policy, and what it could be is
 * refused for good. first: see parts.h.
 */
static __always_inline int exec_note(__u32 first)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_label *tl = bpf_task_storage_get(&labels, task, 0, 0);
	struct pending *p = bpf_task_storage_get(&pending, task, 0, 0);
	__u32 execs = task->self_exec_id;

	if (!tl)
		return 0;
	if (p && p->execs + 1 == execs) {
		exec_program(&tl->l, task, p);
		bpf_task_storage_delete(&pending, task);
	} else if (first) {
		return 0;
	} else {
		tl->l.flags |= BL_LF_LOST;
		tl->l.gen = 0;
	}
	tl->execs = execs;
	return 0;
}

/* The label of the running task, made if there is none. NULL: there is no memory, or the look-up is busy. */
static __always_inline struct task_label *label_make(struct task_struct *task)
{
	return bpf_task_storage_get(&labels, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
}

static long label_wait(__u32 i, void *none)
{
	(void)i;
	(void)none;
	return label_make(bpf_get_current_task_btf()) != NULL;
}

/*
 * Up to 6.1 a look-up fails while another task of this processor is in the middle of one, which happens only if the kernel can be preempted
 * (preempt=full). It goes on when this task's time is over. 6.2, which brought struct mnt_idmap, looks up without that lock.
 */
static __always_inline struct task_label *label_make_patiently(struct task_struct *task)
{
	struct task_label *tl = label_make(task);

	if (tl || bpf_core_type_exists(struct mnt_idmap))
		return tl;
	bpf_loop(LABEL_WAITS, label_wait, NULL, 0);
	return label_make(task);
}

/* The label of a task of which it is known what it has executed. */
static __always_inline int label_remake(const struct bl_tables *t, struct task_label *tl, struct task_struct *task)
{
	SCRATCH s = scratch_claim(task);
	struct bl_label *l = &tl->l;

	if (!s)
		return -ENOMEM;
	if (l->gen == 0 || label_unknown(l)) {
		label_first(t, l, task, s);
		if (!task_sets_up(task))
			task_label_place(tl, task, s);
		tl->execs = task->self_exec_id;
	}
	task_label_compute(t, tl, task, s);
	confined_update(t, l, (__u64)task);
	if (label_unknown(l))
		l->cred = 0; /* for the next question to try again */
	return 0;
}

__noinline int label_renew(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct bl_tables *t = tables_now();
	struct task_label *tl = label_make_patiently(task);

	if (!t || !tl)
		return -ENOMEM;
	if (tl->l.gen != 0 && tl->execs != task->self_exec_id)
		exec_note(0);
	return label_remake(t, tl, task);
}

PART(label_renew) int part_label_renew(void)
{
	return label_renew();
}

PART(exec_noted) int exec_noted(__u32 first)
{
	return exec_note(first);
}

#endif
