/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is in force and how it does: read from the kernel's own memory, for `status` and for the metrics. */
#ifndef BL_STATUS_READ_H
#define BL_STATUS_READ_H

#include "abi.h"
#include "control.h"
#include "failure.h"
#include "generation.h"
#include "latency.h"
#include "seal_abi.h"
#include "trial.h"

/* Runs and times of a hook's program are the kernel's, counted while kernel.bpf_stats_enabled is 1. */
struct bl_hook_state {
	bool attached;
	bool needed; /* by the policy in force, on this kernel */
	bool loaded; /* there is a program, and so these: */
	uint64_t runs;
	uint64_t ns;
	uint64_t missed; /* not run because it was running already on that processor */
};

/* Start with zeros; free in any state. */
struct bl_status {
	struct bl_gen gen; /* info NULL: nothing is loaded, and only failure, under_way and the daemon's are known */
	struct bl_gen_counts counts;
	uint64_t stats[BL_STAT_MAX];
	struct bl_hook_state hooks[BL_NHOOKS];
	bool latency_on;
	struct bl_hook_latency latency[BL_NHOOKS];
	bool timed; /* kernel.bpf_stats_enabled is 1 */
	bool bpf_listed;
	struct bl_trial trial;
	struct bl_failure failure; /* text "": there is none */
	struct bl_failure alarm;   /* text "": there is none */
	bool sealed;
	uint64_t refused[BL_SEAL_WHAT_MAX]; /* by the seal */
	bool under_way;		   /* somebody changes what is in force */
	uint32_t daemon_pid;	   /* 0: none */
	struct bl_daemon_state daemon;
	struct bl_output_state outputs[BL_OUTPUTS_ALL];
	size_t noutputs;
};

/*
 * All but what is the daemon's. What a generation never changes is read once: s may be one that was read before. -ENOENT: nothing is loaded, with a
 * sentence that says so.
 */
int bl_status_read(struct bl_status *s, struct bl_error *err);

/* Asks the daemon for the rest; without one daemon_pid is 0. Not for the daemon itself. */
void bl_status_ask(struct bl_status *s);

void bl_status_free(struct bl_status *s);

/* Why what is loaded is not in force, NULL: it is. */
const char *bl_status_not_in_force(const struct bl_status *s);

/* "enforcing" (some profile is), "auditing", "not-enforcing", "not-loaded". */
const char *bl_status_state(const struct bl_status *s);

/* Hits of a rule; of profile i's default as rule nrules + i. */
static inline uint64_t bl_status_hits(const struct bl_status *s, uint32_t i)
{
	return s->counts.hits[i];
}

/* The counters over all processors, BL_STAT_MAX of them, added to what *ret has. */
int bl_stats_read(const struct bl_object *o, uint64_t *ret, struct bl_error *err);

#endif
