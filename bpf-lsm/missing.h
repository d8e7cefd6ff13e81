/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What stands in the hooks' programs where a part (parts.h) belongs. No hook is attached without its parts; were one lost, who is known to be in a
 * profile that could refuse what is asked would be refused it.
 */
#ifndef BL_MISSING_H
#define BL_MISSING_H

#include "ask.h"

/* Weak: the compiler must not think that it knows what a part returns, and what of its arguments it looks at. */
#define MISSING __weak __noinline int

static __noinline int part_missing(__u64 ops)
{
	return tables_now() ? refuse_unknown(ops, BL_R_NO_LABEL) : 0;
}

MISSING label_renew(void)
{
	return -ENOMEM;
}

MISSING exec_noted(__u32 first)
{
	return part_missing(0);
}

MISSING question_file(__u64 d, __u64 m, __u64 source, __u64 ops, __u64 path)
{
	return part_missing(ops);
}

MISSING question_unnamed(__u64 d, __u64 m, __u32 op)
{
	return part_missing(BL_OP_BIT(op));
}

MISSING question_attr(__u64 d, __u32 flags)
{
	return part_missing(BL_OP_BIT(BL_OP_ATTR));
}

MISSING question_exec(__u64 file, __u32 first)
{
	return part_missing(BL_OP_BIT(BL_OP_EXEC));
}

MISSING question_map(__u64 file, __u64 ops)
{
	return part_missing(ops);
}

MISSING question_memory(void)
{
	return part_missing(BL_OP_BIT(BL_OP_MAP));
}

MISSING question_use(__u64 file, __u64 ops)
{
	return part_missing(ops);
}

MISSING name_changes(__u64 d, __u64 m, __u64 new_d, __u64 new_m, __u64 op)
{
	return part_missing(BL_OPS_NAMES);
}

MISSING names_hide(__u64 d, __u64 m, __u64 op, __u64 what)
{
	return part_missing(BL_OPS_NAMES);
}

MISSING link_mark(__u64 d, __u64 named_d, __u64 named_m)
{
	return part_missing(BL_OPS_NAMES);
}

#endif
