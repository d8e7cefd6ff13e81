// SPDX-License-Identifier: GPL-2.0-or-later
/* A program that does nothing for each hook that Bailiff can use: what BPF itself costs, below which no policy in BPF can get. */
#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>

#include "hooks.h"

#define EMPTY(hook, ops, flags) \
	SEC("lsm/" #hook) \
	int hook(void *ctx) \
	{ \
		return 0; \
	}
BL_HOOKS(EMPTY)

char _license[] SEC("license") = "GPL";
