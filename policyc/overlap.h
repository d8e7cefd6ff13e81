/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which of many patterns match the same names: for warnings, which want an example.
 *
 * Patterns are added under numbers that ascend; after overlap_build() there are groups, one for each distinct set of
 * numbers that match together. Patterns of different kinds (enum bl_kind) never do.
 */
#ifndef BL_OVERLAP_H
#define BL_OVERLAP_H

#include "ir.h"

struct arena;
struct overlap;

struct overlap_group {
	const uint32_t *numbers; /* ascending */
	size_t n;
};

struct overlap *overlap_new(void); /* NULL: out of memory */
void overlap_free(struct overlap *o);
void overlap_add(struct overlap *o, const struct ir_pattern *p, uint32_t number);
/* 0, -ENOMEM, or -E2BIG: comparing these would take too long. */
int overlap_build(struct overlap *o);

size_t overlap_ngroups(const struct overlap *o);
struct overlap_group overlap_group(const struct overlap *o, size_t i);
/* A shortest name of a kind that exactly group i matches, in the arena; NULL: out of memory, or group i is of another kind. */
const char *overlap_example(struct arena *a, const struct overlap *o, enum bl_kind kind, size_t i);
/* What a name of a kind is matched by. */
struct overlap_group overlap_at(const struct overlap *o, enum bl_kind kind, const char *name);

#endif
