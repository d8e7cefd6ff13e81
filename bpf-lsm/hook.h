/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What hooks of files have in common: they say which operation and which file. */
#ifndef BL_HOOK_H
#define BL_HOOK_H

#include "ask.h"

/* What a hook returns for a question about a file. */
static __always_inline int question(__u64 ops, struct dentry *d, struct vfsmount *m)
{
	return answer(question_file(number_of(d), number_of(m), 0, ops, 0));
}

/* The same of an open or a truncation. */
static __always_inline int question_content(__u64 ops, const struct path *path)
{
	return answer(question_file(number_of(path->dentry), number_of(path->mnt), 0, ops, number_of(path)));
}

#endif
