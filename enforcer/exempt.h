/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Processes of the enforcer that no profile holds for. The map that names them can be written by root only, and by nobody to whom a policy in
 * force refuses bpf(2): so who may change what is enforced cannot lock himself out half-way through a change.
 */
#ifndef BL_EXEMPT_H
#define BL_EXEMPT_H

#include "object.h"

/* Names process tgid, 0: none; the caller holds the lock. If it is this process, the programs meet it at once. */
int bl_exempt_set(const struct bl_object *o, enum bl_exempt_who who, uint32_t tgid, struct bl_error *err);

/* Takes the name back if it is still tgid's. */
void bl_exempt_clear(const struct bl_object *o, enum bl_exempt_who who, uint32_t tgid);

/*
 * Exempts this process as the one that changes what is in force; the caller holds the lock. 0, also if nothing is loaded;
 * -EPERM: a policy in force refuses bpf(2) to this process.
 */
int bl_exempt_begin(struct bl_error *err);
void bl_exempt_end(void);

#endif
