/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions about memory that becomes executable, and about files that are mapped. */
#ifndef BL_MAPPED_H
#define BL_MAPPED_H

#include "code.h"
#include "several.h"
#include "use.h"

static __always_inline int map_ask_file(struct about *a, struct file *file, __u64 ops)
{
	struct vfsmount *mnt;
	struct dentry *d;
	int name, r;

	if (!ask_begin(a, BL_KEY_PATH))
		return refuse_unknown(ops, BL_R_NO_SCRATCH);
	file_user_path(file, &d, &mnt);
	name = name_of_path(a->s, d, mnt, &a->from);
	r = ask_code(a, ops, d, mnt, name);
	if (r == 0)
		names_note_plain(a);
	return r;
}

PART(question_map) int question_map(__u64 file, __u64 ops)
{
	ABOUT(a) = {};

	switch (who_asks(&a, ops)) {
	case WHO_ASKS:
		return map_ask_file(&a, (struct file *)file, ops);
	case WHO_UNKNOWN:
		return refuse_unknown(ops, BL_R_NO_LABEL);
	case WHO_PROBE:
		return -BL_PROBE_ERRNO;
	default:
		return 0;
	}
}

PART(question_memory) int question_memory(void)
{
	ABOUT(a) = {};
	int r = key_begin(&a, BL_OP_MAP, BL_KEY_CODE);

	return r != 1 ? r : ask_memory(&a);
}

#endif
