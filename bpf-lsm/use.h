/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions that only profiles with `descriptors strict` answer: about a file that is used through a descriptor. */
#ifndef BL_USE_H
#define BL_USE_H

#include "names.h"

/* About a file; who asks is known, and that bl_asks_use(). */
static __always_inline int ask_use(struct about *a, __u64 ops, struct file *file)
{
	struct vfsmount *m;
	struct dentry *d;
	int name;

	a->q.flags = BL_QF_USE;
	if (!ask_begin(a, BL_KEY_PATH))
		return refuse_unknown_of(CONFINED_USE, ops, BL_R_NO_SCRATCH);
	file_user_path(file, &d, &m);
	name = name_of_path(a->s, d, m, &a->from);
	if (name == NAME_NAMELESS || name == NAME_KERNEL)
		return 0;
	return ask_by_names(a, ops, d, m, NULL, name);
}

PART(question_use) int question_use(__u64 file, __u64 ops)
{
	ABOUT(a) = {};

	if (ops == 0)
		return 0;
	switch (who_asks(&a, BL_OP_BIT(BL_OP_READ))) {
	case WHO_ASKS:
		return bl_asks_use(a.t, a.l) ? ask_use(&a, ops, (struct file *)file) : 0;
	case WHO_UNKNOWN:
		return refuse_unknown_of(CONFINED_USE, ops, BL_R_NO_LABEL);
	default:
		return 0; /* the self-test asks when it opens */
	}
}

#endif
