/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions about a file's attributes, where the kernel says no more of the file than its entry. */
#ifndef BL_ENTRY_H
#define BL_ENTRY_H

#include "names.h"

/* Looks for the oldest mount that shows the file, the first of a list and the last of a chain; its name is left at a->from. */
static long names_find(__u32 i, struct about *a)
{
	struct names *n = &a->s->names;
	__u64 now;

	(void)i;
	if (mounts_end(n)) {
		if (!(n->count & 1))
			return 1;
		mounts_begin(n);
		return 0;
	}
	now = mounts_take(n);
	if (now == 0 || name_by_mount(a, now) == BL_R_DISCONNECTED)
		return 0; /* it shows another part of the file system */
	n->seen = now;
	return mounts_are_list();
}

static __always_inline void names_search(struct about *a, __u64 ns)
{
	a->s->names.ns = ns;
	mounts_begin(&a->s->names);
	bpf_loop(NAMES_STEPS, names_find, a, 0);
}

/*
 * Asks every operation of the set ops about a file of which there is only the entry. Its visible name is that of the oldest mount that shows it in the
 * initial mount namespace; if none does, in the task's own. kernel: there is none, it was asked about above.
 */
static __always_inline int ask_entry(struct about *a, __u64 ops, struct dentry *d, bool kernel)
{
	struct task_struct *task = a->task;
	struct names *n;
	int name;

	if (!ask_begin(a, BL_KEY_PATH))
		return refuse_unknown(ops, BL_R_NO_SCRATCH);
	if (BPF_CORE_READ(d, d_sb, s_flags) & SB_NOUSER)
		return 0;
	n = &a->s->names;
	ask_owner(a, d, NULL, NULL);
	names_begin(a, ops, d, 0);
	if (!kernel) {
		names_search(a, n->ns);
		if (n->seen == 0)
			names_search(a, (__u64)BPF_CORE_READ(task, nsproxy, mnt_ns));
		if (n->seen == 0)
			name = mounts_end(n) ? BL_R_DETACHED : BL_R_TOO_DEEP;
		else
			name = name_by_mount(a, n->seen);
		n->ns = initial_mounts();
		names_open(a, ops, name);
	} else {
		names_explicit(n);
	}
	return names_ask(a);
}

/* Has the ioctl that led here been asked about already, by the name of its descriptor? file_setattr(2) leads here without one. */
static __always_inline bool flags_asked(struct about *a, struct dentry *d)
{
	struct notes *n = &label_of(a)->notes;
	__u64 was = n->flagging;

	n->flagging = 0;
	return was != 0 && was == (__u64)BPF_CORE_READ(d, d_inode);
}

PART(question_attr) int question_attr(__u64 d, __u32 flags)
{
	struct task_struct *task = bpf_get_current_task_btf();
	ABOUT(a) = {};

	switch (who_asks(&a, BL_OP_BIT(BL_OP_ATTR))) {
	case WHO_ASKS:
		return flags && flags_asked(&a, (struct dentry *)d) ? 0 : ask_entry(&a, BL_OP_BIT(BL_OP_ATTR), (struct dentry *)d, kernel_acts(task));
	case WHO_UNKNOWN:
		return refuse_unknown(BL_OP_BIT(BL_OP_ATTR), BL_R_NO_LABEL);
	case WHO_PROBE:
		return -BL_PROBE_ERRNO;
	default:
		return 0;
	}
}

#endif
