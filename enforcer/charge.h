/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whose memory it is that a map takes. The kernel charges a map, and what programs store in it later, labels of all processes above all, to the cgroup in
 * which it was made (Linux: bpf_map_save_memcg()); in one with a limit labels would run out with it.
 */
#ifndef BL_CHARGE_H
#define BL_CHARGE_H

#include <limits.h>

#include "enforcer.h"

/*
 * If this process's cgroup, or one above it, has a limit of memory (memory.max, memory.high), moves the process to the root of the tree, until
 * bl_charge_end(), which goes back to `home`. BL_REFUSED: there is a limit, and the process cannot leave. Without cgroup2 nothing happens.
 */
struct bl_charge {
	char home[PATH_MAX]; /* the file cgroup.procs to go back by; empty: it stayed */
};
int bl_charge_begin(struct bl_charge *ret, struct bl_error *err);
void bl_charge_end(const struct bl_charge *c);

/* The cgroup of this process below the root of cgroup2, "/" and what follows; false: it has none. */
bool bl_charge_cgroup(char ret[PATH_MAX]);

/* Moves this process; file: a cgroup.procs. */
int bl_charge_move(const char *file);
#define BL_CGROUP_ROOT "/sys/fs/cgroup"
#define BL_CGROUP_ROOT_PROCS BL_CGROUP_ROOT "/cgroup.procs"

#endif
