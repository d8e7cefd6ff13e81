/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Questions that were answered by letting the task do it, without a report: a keyed hash of each is one word of a table, until another one takes its
 * place. Where all that the answer depends on is in the hash, the word is the answer to the next such question. Addresses of the kernel are not
 * such: something else may get them. For those there is an inode's storage (remember.h), and a word only says that it would be worth its while.
 */
#ifndef BL_SEEN_H
#define BL_SEEN_H

#include "maps.h"

#define SEEN_BITS 13
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1 << SEEN_BITS);
	__type(key, __u32);
	__type(value, __u64);
} seen SEC(".maps");

static __always_inline volatile __u64 *seen_place(__u64 key)
{
	__u32 at = key >> (64 - SEEN_BITS);

	return bpf_map_lookup_elem(&seen, &at);
}

/* key: of the question; 0: it has none. */
static __always_inline bool is_seen(__u64 key)
{
	volatile __u64 *place = seen_place(key);

	return key != 0 && place && *place == key;
}

static __always_inline void see(__u64 key)
{
	volatile __u64 *place = seen_place(key);

	if (key != 0 && place)
		*place = key;
}

#endif
