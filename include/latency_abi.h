/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the programs that time the hooks and the enforcer say to each other. Nothing of it is policy. */
#ifndef BL_LATENCY_ABI_H
#define BL_LATENCY_ABI_H

#include "hooks.h"

#define X(hook, ops, flags) +1
enum { BL_LATENCY_HOOKS = 0 BL_HOOKS(X) };
#undef X

/* Bucket i has the calls that took less than BL_LATENCY_FIRST << i ns and not less than half of it; the last one all that took longer. */
#define BL_LATENCY_FIRST 128u
#define BL_LATENCY_BUCKETS 26u

/* Calls of one hook, on one processor. */
struct bl_latency {
	__u64 ns;
	__u64 buckets[BL_LATENCY_BUCKETS];
};

#endif
