/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is in force and how it does: read from the kernel's own memory. */
#include "status_read.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "load.h"
#include "pins.h"
#include "probe.h"
#include "seal.h"

#include "banned.h"

int bl_stats_read(const struct bl_object *o, uint64_t *ret, struct bl_error *err)
{
	int ncpus = libbpf_num_possible_cpus();
	uint64_t *values;

	values = ncpus > 0 ? calloc((size_t)ncpus, sizeof(*values)) : NULL;
	if (!values)
		return bl_error_set(err, BL_SYSTEM, "cannot find out the number of processors");
	for (uint32_t i = 0; i < BL_STAT_MAX; i++) {
		if (bpf_map_lookup_elem(o->stats, &i, values) < 0) {
			free(values);
			return bl_error_set(err, BL_SYSTEM, "cannot read the counters: %m");
		}
		for (int cpu = 0; cpu < ncpus; cpu++)
			ret[i] += values[cpu];
	}
	free(values);
	return 0;
}

/* A kernel that knows less leaves zeros. */
static void read_program(struct bl_hook_state *h, const char *name)
{
	struct bpf_prog_info info = {0};
	uint32_t len = sizeof(info);
	int fd = bl_pins_open("progs/%s", name);

	h->loaded = fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &len) == 0;
	if (h->loaded) {
		h->runs = info.run_cnt;
		h->ns = info.run_time_ns;
		h->missed = info.recursion_misses;
	}
	if (fd >= 0)
		(void)close(fd);
}

static void read_hooks(struct bl_status *s)
{
	uint64_t needs = bl_needs(s->gen.image.tables);
	char line[BL_PROBE_TEXT];

	s->timed = bl_probe_line("/proc/sys/kernel/bpf_stats_enabled", line) == 0 && strcmp(line, "1") == 0;
	for (size_t i = 0; i < BL_NHOOKS; i++) {
		struct bl_hook_state *h = &s->hooks[i];

		*h = (struct bl_hook_state){.attached = bl_object_attached(i)};
		read_program(h, bl_hooks[i].name);
		h->needed = bl_object_needs(i, needs);
	}
}

static int read_generation(struct bl_status *s, uint32_t gen, struct bl_error *err)
{
	int r = 0;

	if (s->gen.info && s->gen.info->gen != gen)
		bl_gen_free(&s->gen);
	if (!s->gen.info)
		r = bl_gen_open_names(gen, &s->gen, err);
	if (r == 0)
		r = bl_trial_get(gen, &s->trial, err);
	if (r == 0)
		r = bl_gen_counts_read(gen, &s->counts, err);
	return r;
}

static int read_loaded(struct bl_status *s, struct bl_error *err)
{
	struct bl_object o = BL_OBJECT_CLOSED;
	char list[BL_PROBE_TEXT];
	uint32_t gen;
	int r = bl_loaded_open(&o, &gen, err);

	if (r == 0)
		r = read_generation(s, gen, err);
	memset(s->stats, 0, sizeof(s->stats));
	if (r == 0)
		r = bl_stats_read(&o, s->stats, err);
	s->sealed = bl_seal_state() == BL_SEAL_ON;
	if (r == 0 && s->sealed)
		r = bl_seal_refused(s->refused, err);
	bl_object_close(&o);
	if (r < 0)
		return r;
	s->bpf_listed = bl_probe_lsm_list(list) == 0 && bl_probe_list_has(list, "bpf");
	read_hooks(s);
	s->latency_on = bl_latency_on();
	return bl_latency_read(s->latency, err);
}

int bl_status_read(struct bl_status *s, struct bl_error *err)
{
	int r;

	if (!bl_failure_read(&s->failure))
		s->failure.text[0] = '\0';
	s->under_way = bl_lock_held("lock");
	if (!bl_alarm_read(&s->alarm))
		s->alarm.text[0] = '\0';
	r = bl_seal_inside(err);
	if (r == 0)
		r = read_loaded(s, err);
	if (r < 0)
		bl_gen_free(&s->gen);
	return r;
}

void bl_status_ask(struct bl_status *s)
{
	int fd;

	s->noutputs = 0;
	s->daemon_pid = 0;
	if (bl_ctl_connect(BL_WANT_STATE, &fd, &s->daemon_pid, NULL) != 0)
		return;
	if (bl_ctl_state(fd, &s->daemon, s->outputs, BL_OUTPUTS_ALL, &s->noutputs, NULL) < 0)
		s->daemon = (struct bl_daemon_state){0};
	(void)close(fd);
}

void bl_status_free(struct bl_status *s)
{
	if (!s)
		return;
	bl_gen_free(&s->gen);
	bl_gen_counts_free(&s->counts);
}

const char *bl_status_not_in_force(const struct bl_status *s)
{
	if (!s->bpf_listed)
		return "bpf is not in the kernel's LSM list; see 'enforcer doctor'";
	for (size_t i = 0; i < BL_NHOOKS; i++)
		if (s->hooks[i].needed && !s->hooks[i].attached)
			return "a hook that the policy needs is not attached; load the policy again";
	if (s->alarm.text[0] != '\0')
		return s->alarm.text;
	return NULL;
}

const char *bl_status_state(const struct bl_status *s)
{
	if (!s->gen.info)
		return "not-loaded";
	if (bl_status_not_in_force(s))
		return "not-enforcing";
	return bl_gen_mode_audits(&s->counts.mode) ? "auditing" : "enforcing";
}
