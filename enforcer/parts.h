/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parts: functions of hooks' programs that are programs of their own, so that the kernel verifies them once (bpf-lsm/parts.h). A part is loaded for
 * the first program that has its function and then put in the place of that function in each (BPF_PROG_TYPE_EXT, bpf_tracing_prog_attach() in
 * kernel/bpf/syscall.c).
 */
#ifndef BL_PARTS_LOAD_H
#define BL_PARTS_LOAD_H

#include "enforcer.h"

struct bpf_object;

/* Loads the parts that the loaded programs of obj have as functions and that are not pinned yet, and pins them. words: of the tables. */
int bl_parts_load(const struct bpf_object *obj, uint32_t words, struct bl_error *err);

/* Puts the pinned parts in their places in the loaded programs of obj, and pins that. */
int bl_parts_join(const struct bpf_object *obj, struct bl_error *err);

#endif
