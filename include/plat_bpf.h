/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the decision core reads its tables and loops inside a BPF program. */
#ifndef BL_PLAT_BPF_H
#define BL_PLAT_BPF_H

#include "abi.h"
#include <bpf/bpf_helpers.h>

#define BL_FN static __attribute__((unused, noinline))
#define BL_INLINE __always_inline
#define BL_CB static __attribute__((unused, noinline))

/* Words of the tables' map value less one, set before load to the size class. */
extern const volatile __u64 bl_word_last;

/*
 * What the image's checks have made sure of, said once more for the verifier: as one instruction that is executed, like a mask, which would want a
 * power of two. In 64 bits right before the address is formed, in assembler: clang knows ways to write it that the verifier of 6.1 does not follow.
 */
#define bl_bound(i, last) asm volatile("if %0 <= %1 goto +1\n\t%0 = 0" : "+r"(i) : "r"(last))

static __always_inline __u64 bl_word(const struct bl_tables *t, __u64 i)
{
	__u64 last = bl_word_last;

	bl_bound(i, last);
	return *(const __u64 *)((const char *)t + sizeof(*t) + i * 8);
}

static __always_inline void bl_hit(struct bl_tables *t, __u64 i)
{
	__u64 last = bl_word_last;

	bl_bound(i, last);
	__sync_fetch_and_add((__u64 *)((char *)t + sizeof(*t) + i * 8), 1);
}

/* n must be a constant power of two. */
#define bl_mask(i, n) \
	({ \
		__u64 bl_m_ = (i); \
		asm volatile("%0 &= %1" : "+r"(bl_m_) : "i"((n)-1)); \
		bl_m_; \
	})

#define bl_loop(n, fn, ctx) bpf_loop(n, fn, ctx, 0)

#endif
