/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The decision core on the kernel's side: one loaded object for each size of the tables. */
#ifndef TESTS_DIFF_KERNEL_SIDE_H
#define TESTS_DIFF_KERNEL_SIDE_H

#include "native.h"

#include <stddef.h>

#define KERNEL_CLASSES 4

struct kernel_class {
	struct diff *skel; /* NULL: not loaded yet */
	struct ask_slot *slot;
	struct bl_tables *value; /* what is written to the map */
};

struct kernel_side {
	struct kernel_class classes[KERNEL_CLASSES];
	struct kernel_class *now; /* where the tables in force are */
	unsigned used[KERNEL_CLASSES];
};

/* Puts tables of len bytes in force. 0, or negative errno with a message on stderr. */
int kernel_tables(struct kernel_side *k, const struct bl_tables *t, size_t len);

/* Answers the request in k->now->slot->in to ->out. */
int kernel_answer(struct kernel_side *k);

void kernel_free(struct kernel_side *k);

#endif
