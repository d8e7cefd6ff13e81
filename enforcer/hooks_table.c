/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hooks of include/hooks.h as a table. */
#include "enforcer.h"

#include "banned.h"

const struct bl_hook bl_hooks[BL_NHOOKS] = {
#define X(hook, ops, flags) {#hook, ops, flags},
	BL_HOOKS(X)
#undef X
};
