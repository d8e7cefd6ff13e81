/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What /proc says of a process. */
#include "proc.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"

#include "banned.h"

bool bl_proc_start(uint32_t pid, uint64_t *ret_ticks)
{
	char path[64], text[1024], *p;
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%" PRIu32 "/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
	if (fd >= 0)
		(void)close(fd);
	if (n <= 0)
		return false;
	text[n] = '\0';
	p = strrchr(text, ')'); /* behind it, field 3 and on */
	for (int field = 2; p && field < 22; field++)
		p = strchr(p + 1, ' ');
	return p && sscanf(p, "%" SCNu64, ret_ticks) == 1;
}

uint64_t bl_proc_tick_ns(void)
{
	return BL_SECOND_NS / (uint64_t)sysconf(_SC_CLK_TCK);
}
