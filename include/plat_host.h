/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the decision core reads its tables and loops when it runs in user space. */
#ifndef BL_PLAT_HOST_H
#define BL_PLAT_HOST_H

#include "abi.h"

#define BL_FN static inline __attribute__((unused))
#define BL_INLINE inline __attribute__((unused))
#define BL_CB static inline __attribute__((unused))

/* What is read beyond the tables: 0, as from a zeroed map value. Checked tables never lead there, and the fuzzers stop if they do. */
#ifndef BL_BEYOND_TABLES
#define BL_BEYOND_TABLES() 0
#endif

/* Word i of the tables. */
static inline __u64 bl_word(const struct bl_tables *t, __u64 i)
{
	return i < t->nwords ? t->w[i] : BL_BEYOND_TABLES();
}

static inline void bl_hit(struct bl_tables *t, __u64 i)
{
	if (i < t->nwords)
		t->w[i]++;
}

/* An index that the caller has already bounded; the kernel's verifier wants to see it. */
#define bl_mask(i, n) ((i) & ((n)-1))

/* Calls fn(i, ctx) for i from 0 below n until it returns non-zero. */
#define bl_loop(n, fn, ctx) \
	do { \
		for (__u32 bl_i_ = 0; bl_i_ < (__u32)(n) && fn(bl_i_, ctx) == 0; bl_i_++) \
			; \
	} while (0)

#endif
