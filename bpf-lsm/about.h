/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A question while it is asked. */
#ifndef BL_ABOUT_H
#define BL_ABOUT_H

#include "label.h"

/* What is known about the question when a report is made. */
struct about {
	struct bl_tables *t;
	struct bl_label *l;
	struct scratch *s;
	struct task_struct *task;
	__u32 kind; /* enum bl_kind */
	__u32 from; /* the object is s->name.buf[from..]; BL_PATH_MAX: none */
	__u32 create_flags; /* q.flags when BL_OP_CREATE is asked: of the file that gets the name */
	__u32 no_owner; /* whose it is cannot be told */
	struct bl_question q; /* what a hook knows of the object besides: flags, acc[1] and acc[2], peer */
};

static __always_inline void about_end(struct about *a)
{
	scratch_end(&a->s);
}

/* A variable: its room is given back when the function that asks ends. */
#define ABOUT(a) __attribute__((cleanup(about_end))) struct about a

/* The label, with what is kept beside it. */
static __always_inline struct task_label *label_of(const struct about *a)
{
	return (struct task_label *)a->l;
}

#endif
