// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The seal: programs of their own that keep everybody, root included, from taking away, changing or going round those of bailiff.bpf.c. They
 * know no policy. Trusted is whoever runs the enforcer's program file under conditions that let nobody else decide what it does (seal_exec.h).
 */
#include "kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "seal_exec.h"
#include "seal_file.h"
#include "seal_mount.h"
#include "seal_object.h"
#include "seal_task.h"

char LICENSE[] SEC("license") = "GPL";
