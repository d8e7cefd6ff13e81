// SPDX-License-Identifier: GPL-2.0-or-later
/* The parts of the hooks' programs that are verified once for all of them: parts.h. */
#include "kernel.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "renew.h"

#include "entry.h"
#include "exec.h"
#include "mapped.h"
#include "mark.h"
#include "question.h"

char LICENSE[] SEC("license") = "GPL";
