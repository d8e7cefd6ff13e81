/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers of users and groups by their names, as this machine has them. */
#ifndef BL_OWNER_H
#define BL_OWNER_H

#include "abi.h"

/* kind: BL_KEY_USER or BL_KEY_GROUP. 0, -ENOENT: there is none of this name, or the negative errno of the look-up. */
int bl_owner_find(enum bl_kind kind, const char *name, __u32 *ret);

#endif
