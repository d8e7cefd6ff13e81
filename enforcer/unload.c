/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ends enforcement, and looks whether it has ended. */
#include <bpf/bpf.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "load.h"
#include "pins.h"
#include "probe.h"
#include "seal.h"

#include "banned.h"

struct programs {
	uint32_t ids[2 * BL_NHOOKS];
	size_t n;
};

static void program_add(struct programs *p, int fd)
{
	struct bpf_prog_info info = {0};
	uint32_t len = sizeof(info);

	if (fd < 0)
		return;
	if (p->n < BL_ARRAY_SIZE(p->ids) && bpf_obj_get_info_by_fd(fd, &info, &len) == 0)
		p->ids[p->n++] = info.id;
	(void)close(fd);
}

static int hook_add(const char *name, void *arg)
{
	program_add(arg, bl_pins_open("progs/%s", name));
	return 0;
}

static int part_add(const char *name, void *arg)
{
	program_add(arg, bl_pins_open("parts/%s", name));
	return 0;
}

static size_t programs_left(const struct programs *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++) {
		int fd = bpf_prog_get_fd_by_id(p->ids[i]);

		if (fd < 0)
			continue;
		(void)close(fd);
		n++;
	}
	return n;
}

/* The kernel frees links and programs a little after the last pin of them has gone, one after the other: 5 s are for each. */
static int verify_gone(const struct programs *p, struct bl_error *err)
{
	const struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
	size_t left = p->n, now;
	bool there;
	int r = bl_pins_exist(&there, err);

	if (r < 0)
		return r;
	if (there)
		return bl_error_set(err, BL_SYSTEM, "something made %s again; run 'enforcer unload' again", BL_PIN_DIR);
	for (int i = 0; i < 250; i++) {
		now = programs_left(p);
		if (now == 0)
			return 0;
		if (now < left)
			i = 0;
		left = now;
		(void)nanosleep(&pause, NULL);
	}
	return bl_error_set(err, BL_SYSTEM,
			    "%zu of %zu programs are still in the kernel although nothing of ours holds "
			    "them; 'bpftool prog' and 'bpftool link' show who does",
			    left, p->n);
}

/* Ends all enforcement at once: hooks, and the parts in them, go one after the other. */
static int nothing_in_force(struct bl_error *err)
{
	int slot = bl_pins_open("maps/slot"), r = 0;
	uint32_t key = 0;

	if (slot < 0)
		return 0; /* an interrupted load or unload */
	if (bpf_map_delete_elem(slot, &key) < 0 && errno != ENOENT)
		r = bl_error_set(err, BL_SYSTEM, "cannot take the policy out of the map 'slot': %m");
	(void)close(slot);
	(void)syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0); /* until no hook has it in hand */
	return r;
}

/* By the policy in force, with whatever errno: what is pinned cannot be opened. */
static bool bpf_refused(void)
{
	int slot = bl_pins_open("maps/slot");
	bool is = slot < 0 && errno != ENOENT;

	if (slot >= 0)
		(void)close(slot);
	return is;
}

/* Ends enforcement and remembers the programs, whose end is waited for. */
static int end_it(struct programs *p, struct bl_error *err)
{
	(void)bl_pins_each("progs", hook_add, p);
	(void)bl_pins_each("parts", part_add, p);
	return nothing_in_force(err);
}

/* Who is refused bpf(2) takes the links away first, and is not any more when the kernel has let go of them: for 5 s it is asked. */
static int remove_links(struct programs *p, struct bl_error *err)
{
	const struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
	bool refused = bpf_refused();
	int r = bl_pins_remove_tree("links", err);

	if (r < 0 || !refused)
		return r;
	for (int i = 0; i < 250 && bpf_refused(); i++)
		(void)nanosleep(&pause, NULL);
	return end_it(p, err);
}

int bl_unload_locked(struct bl_error *err)
{
	struct programs p = {.n = 0};
	bool there;
	int r = bl_pins_exist(&there, err);

	if (r < 0)
		return r;
	if (!there)
		return bl_error_set(err, -ENOENT, "nothing is loaded");
	r = bl_seal_final(err);
	if (r < 0)
		return r;
	r = end_it(&p, err);
	if (r == 0)
		r = remove_links(&p, err);
	if (r == 0)
		r = bl_pins_remove_tree("", err);
	return r < 0 ? r : verify_gone(&p, err);
}

int bl_unload(struct bl_error *err)
{
	int lock, r;

	r = bl_probe_process(err);
	if (r < 0)
		return r;
	r = bl_lock_take("lock", true, &lock, err);
	if (r < 0)
		return r;
	r = bl_unload_locked(err);
	(void)close(lock);
	return r;
}
