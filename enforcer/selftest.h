/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Proof that the kernel really calls the programs: a child does what is to be blocked, and has to be blocked. */
#ifndef BL_SELFTEST_H
#define BL_SELFTEST_H

#include "object.h"

/*
 * Tries every action whose hooks are attached. 0: all were blocked by our programs. BL_REFUSED: one was not, with the
 * likely reason. Nothing but the child is affected. The caller holds the lock.
 */
int bl_selftest(const struct bl_object *o, struct bl_error *err);

#endif
