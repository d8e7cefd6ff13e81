/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What /proc says of a process. */
#ifndef BL_PROC_H
#define BL_PROC_H

#include <stdbool.h>
#include <stdint.h>

/* When a process began, in ticks since the boot (proc(5), field 22 of stat). False: there is none, or it cannot be read. */
bool bl_proc_start(uint32_t pid, uint64_t *ret_ticks);

/* Nanoseconds of a tick. */
uint64_t bl_proc_tick_ns(void);

#endif
