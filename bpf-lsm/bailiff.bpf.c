// SPDX-License-Identifier: GPL-2.0-or-later
/* The kernel side of Bailiff, the same for every kernel: the hooks. Who, what, verdict and the hooks are each a header of their own; parts.bpf.c has what they share. */
#include "kernel.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "missing.h"

#include "hook_accept.h"
#include "hook_attr.h"
#include "hook_exec.h"
#include "hook_file.h"
#include "hook_ioctl.h"
#include "hook_map.h"
#include "hook_net.h"
#include "hook_recv.h"
#include "hook_sys.h"

char LICENSE[] SEC("license") = "GPL";
