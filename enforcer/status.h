/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `enforcer status`: what is in force, read from the kernel's own memory. */
#ifndef BL_STATUS_H
#define BL_STATUS_H

#include "object.h"

/* 0: enforcing or auditing. BL_REFUSED: nothing is loaded, or what is loaded is not in force; it was printed. */
/* The counters over all processors, BL_STAT_MAX of them, added to what *ret has. */
int bl_stats_read(const struct bl_object *o, uint64_t *ret, struct bl_error *err);

int bl_status(bool json, struct bl_error *err);

#endif
