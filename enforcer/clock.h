/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Clocks, in nanoseconds. */
#ifndef BL_CLOCK_H
#define BL_CLOCK_H

#include <stdint.h>
#include <time.h>

#define BL_SECOND_NS 1000000000ull

/* CLOCK_REALTIME: since 1970. CLOCK_BOOTTIME: since the boot, and goes on while the machine sleeps. */
static inline uint64_t bl_clock_ns(clockid_t id)
{
	struct timespec ts;

	(void)clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * BL_SECOND_NS + (uint64_t)ts.tv_nsec;
}

#endif
