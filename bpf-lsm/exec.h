/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an exec asks, and what it notes for the label to come. */
#ifndef BL_EXEC_H
#define BL_EXEC_H

#include "code.h"

/* The file that was judged first turns out to be a script: its name is kept. */
static __always_inline void pending_script(struct pending *p)
{
	if (p->files != 1 || (p->flags & BL_LF_NAMELESS))
		return;
	p->script_len = p->len != 0 ? p->len : BL_EXE_INLINE + 1; /* more than fits: the label will be full */
	__builtin_memcpy(p->script, p->name, sizeof(p->script));
}

/* Keeps the name in the scratch buffer as that of the program to be. False: there is no memory for it. */
static __always_inline bool pending_set(struct pending *p, const struct about *a, const struct file *f, int name)
{
	struct long_exe *whole;

	pending_script(p);
	p->files++;
	p->file = (__u64)f;
	p->flags = task_untrusted(a->task);
	p->len = BL_PATH_MAX - a->from;
	if (name != NAME_OK) {
		p->flags |= BL_LF_UNTRUSTED | (name != BL_R_UNSETTLED ? BL_LF_NAMELESS : 0); /* see label_unknown() */
		p->len = 0;
		return true;
	}
	__builtin_memcpy(p->name, name_end(&a->s->name), sizeof(p->name));
	if (p->len > BL_EXE_INLINE) {
		whole = bpf_task_storage_get(&long_pending, a->task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
		if (!whole)
			return false;
		bpf_probe_read_kernel(whole->name.buf, BL_PATH_MAX, a->s->name.buf);
	}
	return true;
}

/* Adds what the rules that decided say about profiles after the exec. */
static __always_inline void pending_moves(struct pending *p, const struct about *a)
{
	const struct bl_result *r = &a->s->result;

	if (r->moves == 0)
		return;
	p->moves = p->moves == 0 || (p->moves == 1 && p->gen == a->t->gen) ? 1 : MOVES_MIXED;
	p->gen = a->t->gen;
	for (__u32 i = 0; i < BL_MAX_PROFILES / 64; i++) {
		p->leave[i] |= r->leave[i];
		p->enter[i] |= r->enter[i];
	}
}

/* What an exec before this one left must not become what this program is. */
static __always_inline void pending_begin(struct pending *p, const struct task_struct *task)
{
	p->file = 0;
	p->files = p->script_len = p->moves = 0;
	p->execs = task->self_exec_id;
	__builtin_memset(p->leave, 0, sizeof(p->leave));
	__builtin_memset(p->enter, 0, sizeof(p->enter));
}

/* A unit or a container is entered with the first exec in its cgroup, and that exec is judged by its profile (DESIGN 2, point 5). */
static __noinline enum who exec_place(struct about *a, enum who who)
{
	task_label_place(label_of(a), a->task, a->s); /* also if only a later policy will ask */
	if (!(a->t->features & (BL_FEAT_UNIT | BL_FEAT_CONTAINER)))
		return who;
	task_label_compute(a->t, label_of(a), a->task, a->s);
	return label_is_free(a->l) ? WHO_NOBODY : WHO_ASKS;
}

/*
 * The question of an exec about one file. Tasks in no profile go through it too: the program makes them what they are next. 1: allowed, and
 * profiles change.
 */
static __always_inline int exec_question(struct about *a, struct file *f, enum who who, bool first)
{
	struct pending *p = bpf_task_storage_get(&pending, a->task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	struct vfsmount *m = BPF_CORE_READ(f, f_path.mnt);
	struct dentry *d = BPF_CORE_READ(f, f_path.dentry);
	int name, r;

	if (!p || !ask_begin(a, BL_KEY_PATH))
		return refuse_memory(BL_R_NO_SCRATCH);
	if (first) {
		pending_begin(p, a->task);
		who = exec_place(a, who);
	}
	name = name_of_path(a->s, d, m, &a->from);
	if (!pending_set(p, a, f, name))
		return refuse_memory(BL_R_NO_SCRATCH);
	if (who == WHO_NOBODY)
		return 0;
	r = ask_code(a, BL_OP_BIT(BL_OP_EXEC), d, m, name);
	pending_moves(p, a);
	return r != 0 ? r : p->moves != 0;
}

/* Has the present exec asked about this file? Not inline: the answer is a number. */
static __noinline bool exec_has_asked(__u64 file)
{
	struct pending *p = bpf_task_storage_get(&pending, bpf_get_current_task_btf(), 0, 0);

	return p && p->file == file;
}

PART(question_exec) int question_exec(__u64 file, __u32 first)
{
	ABOUT(a) = {};
	enum who who;
	int r;

	if (!first && exec_has_asked(file))
		return 0; /* in bprm_creds_for_exec */
	who = who_asks(&a, BL_OP_BIT(BL_OP_EXEC));
	if (who == WHO_PROBE)
		return -BL_PROBE_ERRNO;
	if (who == WHO_UNKNOWN) {
		r = refuse_unknown(BL_OP_BIT(BL_OP_EXEC), BL_R_NO_LABEL);
		return r != 0 ? r : refuse_memory(BL_R_NO_LABEL);
	}
	if (!a.l) {
		bpf_task_storage_delete(&pending, bpf_get_current_task_btf());
		return 0;
	}
	return exec_question(&a, (struct file *)file, who, first);
}

#endif
