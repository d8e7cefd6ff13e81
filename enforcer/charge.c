/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes maps in a cgroup without a limit. */
#include "charge.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "probe.h"

#include "banned.h"

bool bl_charge_cgroup(char ret[PATH_MAX])
{
	FILE *f = fopen("/proc/self/cgroup", "re");
	char line[PATH_MAX + 8];
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f))
		found = strncmp(line, "0::/", 4) == 0;
	if (f)
		(void)fclose(f);
	if (!found)
		return false;
	line[strcspn(line, "\n")] = '\0';
	(void)snprintf(ret, PATH_MAX, "%.*s", PATH_MAX - 1, line + 3);
	return true;
}

int bl_charge_move(const char *file)
{
	int fd = open(file, O_WRONLY | O_CLOEXEC);
	bool moved = fd >= 0 && write(fd, "0", 1) == 1;

	if (fd >= 0)
		(void)close(fd);
	return moved ? 0 : -1;
}

static bool has_limit(const char *cgroup, const char *what)
{
	char path[2 * PATH_MAX], line[BL_PROBE_TEXT];

	(void)snprintf(path, sizeof(path), "%s%s/%s", BL_CGROUP_ROOT, cgroup, what);
	return bl_probe_line(path, line) == 0 && strcmp(line, "max") != 0;
}

/* Cuts the path to the nearest cgroup with a limit; false: there is none. */
static bool limited(char cgroup[PATH_MAX])
{
	while (cgroup[0] == '/' && cgroup[1] != '\0') {
		if (has_limit(cgroup, "memory.max") || has_limit(cgroup, "memory.high"))
			return true;
		*strrchr(cgroup, '/') = '\0';
	}
	return false;
}

int bl_charge_begin(struct bl_charge *ret, struct bl_error *err)
{
	char cgroup[PATH_MAX], home[PATH_MAX];

	ret->home[0] = '\0';
	if (!bl_charge_cgroup(home))
		return 0;
	memcpy(cgroup, home, sizeof(cgroup));
	if (!limited(cgroup))
		return 0;
	if (strlen(home) + sizeof(BL_CGROUP_ROOT "/cgroup.procs") > sizeof(ret->home) || bl_charge_move(BL_CGROUP_ROOT_PROCS) < 0)
		return bl_error_set(err, BL_REFUSED,
				    "the cgroup %s has a limit of memory, to which the labels of all processes would be charged, and this process cannot leave "
				    "it (%m); run it in another one",
				    cgroup);
	(void)snprintf(ret->home, sizeof(ret->home), "%s%.*s/cgroup.procs", BL_CGROUP_ROOT, (int)strlen(home), home);
	return 0;
}

void bl_charge_end(const struct bl_charge *c)
{
	if (c->home[0] != '\0')
		(void)bl_charge_move(c->home);
}
