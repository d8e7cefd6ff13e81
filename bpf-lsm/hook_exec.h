/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hooks for running code, and for keeping labels right across fork and exec. The first file of an exec is judged in
 * bprm_creds_for_exec, which also serves a mere check (AT_EXECVE_CHECK); each interpreter after it in bprm_check_security. The
 * label changes in bprm_committed_creds, when nothing can fail any more.
 */
#ifndef BL_HOOK_EXEC_H
#define BL_HOOK_EXEC_H

#include "hook.h"

/* Does the label say anything that could not be found out of a child without one? */
static __always_inline bool label_carries(const struct bl_label *l)
{
	__u64 any = l->nprof | (l->flags & (BL_LF_FULL | BL_LF_LOST));

	for (__u32 i = 0; i < BL_TASK_STICKY; i++)
		any |= l->sticky[i];
	return any != 0;
}

SEC("lsm/task_alloc")
int BPF_PROG(task_alloc, struct task_struct *child, unsigned long clone_flags, int ret)
{
	struct about a = {};
	__u64 key = (__u64)child, *known, mine;
	struct task_label *cl;

	if (ret != 0)
		return ret;
	switch (who_asks(&a, 0)) {
	case WHO_PROBE:
		return 0;
	case WHO_UNKNOWN:
		/* a task that was confined must not get a child of which nobody knows */
		return confined_ops((__u64)bpf_get_current_task()) != 0 ? refuse_memory(BL_R_NO_LABEL) : 0;
	default:
		if (!a.l)
			return 0; /* no policy, or exempt: the child is judged by what it is */
	}
	cl = bpf_task_storage_get(&labels, child, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!cl)
		return label_carries(a.l) ? refuse_memory(BL_R_NO_LABEL) : 0;
	bpf_probe_read_kernel(cl, __builtin_offsetof(struct task_label, notes), a.l); /* more than the compiler copies by itself; it is a struct task_label's */
	mine = (__u64)a.task;
	known = bpf_map_lookup_elem(&confined, &mine);
	if (known)
		confined_set(key, *known);
	if (a.l->exe_len > BL_EXE_INLINE) {
		struct long_exe *from = bpf_task_storage_get(&long_exe, a.task, 0, 0);
		struct long_exe *to = bpf_task_storage_get(&long_exe, child, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);

		if (!from || !to)
			return refuse_memory(BL_R_NO_LABEL);
		bpf_probe_read_kernel(to->name.buf, BL_PATH_MAX, from->name.buf);
	}
	return 0;
}

SEC("lsm/task_free")
int BPF_PROG(task_free, struct task_struct *task)
{
	__u64 key = (__u64)task;

	bpf_map_delete_elem(&confined, &key);
	return 0;
}

/* An exec that changes profiles is a secure one (AT_SECURE). */
static __always_inline int exec_file(struct linux_binprm *bprm, bool first)
{
	int r = question_exec(number_of(bprm->file), first);

	if (r <= 0)
		return answer(r);
	bpf_bprm_opts_set(bprm, BPF_F_BPRM_SECUREEXEC);
	return 0;
}

SEC("lsm/bprm_creds_for_exec")
int BPF_PROG(bprm_creds_for_exec, struct linux_binprm *bprm, int ret)
{
	return ret != 0 ? ret : exec_file(bprm, true);
}

SEC("lsm/bprm_check_security")
int BPF_PROG(bprm_check_security, struct linux_binprm *bprm, int ret)
{
	return ret != 0 ? ret : exec_file(bprm, false);
}

SEC("lsm/bprm_committed_creds")
int BPF_PROG(bprm_committed_creds, const struct linux_binprm *bprm)
{
	exec_noted(1);
	return 0;
}

#endif
