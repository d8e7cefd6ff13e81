/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets the seal, adopts it, and looks after it. */
#include "seal.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "pins.h"
#include "probe.h"
#include "seal.skel.h"
#include "seal_note.h"
#include "trial.h"

#include "banned.h"

const char *bl_seal_word(uint32_t what)
{
	switch (what) {
#define X(NAME, n, w) case BL_SEAL_##NAME: return w;
		BL_SEAL_WHATS(X)
#undef X
	}
	return NULL;
}

/* ---- is it set? ---- */

static int read_seal(struct bl_seal *ret)
{
	int fd = bl_pins_open("seal/maps/seal"), r;
	uint32_t key = 0;

	if (fd < 0)
		return -errno;
	r = bpf_map_lookup_elem(fd, &key, ret) < 0 ? -errno : 0;
	(void)close(fd);
	return r;
}

enum bl_seal_state bl_seal_state(void)
{
	struct bl_seal s;
	int r = read_seal(&s);

	if (r == 0)
		return s.on ? BL_SEAL_ON : BL_SEAL_OFF;
	/* a policy that refuses bpf(2) is no seal */
	return r == -EPERM && bl_pins_has("seal/maps/seal") ? BL_SEAL_OUTSIDE : BL_SEAL_OFF;
}

int bl_seal_inside(struct bl_error *err)
{
	if (bl_seal_state() != BL_SEAL_OUTSIDE)
		return 0;
	return bl_error_set(err, BL_SYSTEM,
			    "the seal is set, and this process is not trusted: run the program file with which it was set, in the machine's own mount "
			    "namespace and root directory, not traced; after an upgrade boot again");
}

int bl_seal_final(struct bl_error *err)
{
	if (bl_seal_state() == BL_SEAL_OFF)
		return 0;
	return bl_error_set(err, BL_REFUSED,
			    "the seal is set: what is in force stays until the machine is booted again; to change it, boot with bailiff=off, change the "
			    "policies, and boot without it");
}

int bl_seal_refused(uint64_t ret[BL_SEAL_WHAT_MAX], struct bl_error *err)
{
	int fd = bl_pins_open("seal/maps/seal_refused");

	for (uint32_t i = 0; fd >= 0 && i < BL_SEAL_WHAT_MAX; i++) {
		if (bpf_map_lookup_elem(fd, &i, &ret[i]) == 0)
			continue;
		(void)close(fd);
		fd = -1;
	}
	if (fd < 0)
		return bl_error_set(err, BL_SYSTEM, "cannot read the counters of the seal: %m");
	(void)close(fd);
	return 0;
}

/* A directory that is not empty cannot be removed; the seal says so first, and otherwise. */
int bl_seal_check(struct bl_error *err)
{
	if (bl_seal_state() != BL_SEAL_ON)
		return 0;
	if (rmdir(BL_PIN_DIR "/maps") < 0 && errno == EPERM)
		return 0;
	return bl_error_set(err, BL_REFUSED, "the seal is broken: it did not refuse to remove %s/maps (%m)", BL_PIN_DIR);
}

/* ---- setting it ---- */

struct making {
	struct seal *skel;
	const struct bl_conf *conf;
	struct bl_seal value;
	struct bl_seal_maps maps;
	int slot;
};

/* Another could put into us what it likes. */
static int not_traced(struct bl_error *err)
{
	char line[128];
	FILE *f = fopen("/proc/self/status", "re");
	long tracer = -1;

	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, "TracerPid:", 10) == 0)
			tracer = strtol(line + 10, NULL, 10);
	if (f)
		(void)fclose(f);
	return tracer == 0 ? 0 : bl_error_set(err, BL_REFUSED, "cannot seal: process %ld traces this one", tracer);
}

/* Hooks that this kernel has not got ask nothing there. */
static int load(struct making *m, struct bl_error *err)
{
	struct bpf_program *prog;
	int r;

	m->skel = seal__open();
	if (!m->skel)
		return bl_error_set(err, BL_SYSTEM, "cannot open the seal's BPF object in this program: %m");
	bpf_object__for_each_program(prog, m->skel->obj)
	{
		if (bpf_program__type(prog) == BPF_PROG_TYPE_LSM && bl_probe_hook_args(bpf_program__name(prog)) < 0)
			(void)bpf_program__set_autoload(prog, false);
	}
	m->skel->rodata->seal_setattr_idmap = bl_probe_hook_args("inode_setattr") == 3;
	r = seal__load(m->skel);
	if (r < 0)
		return bl_error_set(err, BL_SYSTEM, "the kernel refuses the programs of the seal: %s", strerror(-r));
	m->maps = (struct bl_seal_maps){.objects = bpf_map__fd(m->skel->maps.seal_objects),
					.inodes = bpf_map__fd(m->skel->maps.seal_inodes),
					.files = m->skel->progs.seal_files};
	return 0;
}

static int pin_map(struct bpf_map *map, struct bl_error *err)
{
	char path[PATH_MAX];

	bl_pins_path(path, "seal/maps/%s", bpf_map__name(map));
	return bpf_obj_pin(bpf_map__fd(map), path) == 0 ? 0 : bl_error_set(err, BL_SYSTEM, "cannot pin %s: %m", path);
}

static int attach(struct bpf_program *prog, struct bl_error *err)
{
	char path[PATH_MAX];
	int link = bpf_raw_tracepoint_open(NULL, bpf_program__fd(prog)), r;

	if (link < 0)
		return bl_error_set(err, BL_SYSTEM, "cannot attach the seal to the LSM hook %s: %m", bpf_program__name(prog));
	bl_pins_path(path, "seal/links/%s", bpf_program__name(prog));
	r = bpf_obj_pin(link, path) == 0 ? 0 : bl_error_set(err, BL_SYSTEM, "cannot pin %s: %m", path);
	(void)close(link);
	return r;
}

/* Everything passes until the map `seal` says that it is on. */
static int attach_all(struct making *m, struct bl_error *err)
{
	struct bpf_program *prog;
	struct bpf_map *map;
	int r = bl_pins_directory("seal", err);

	if (r == 0)
		r = bl_pins_directory("seal/maps", err);
	if (r == 0)
		r = bl_pins_directory("seal/links", err);
	bpf_object__for_each_map(map, m->skel->obj)
	{
		if (r == 0 && !bpf_map__is_internal(map))
			r = pin_map(map, err);
	}
	bpf_object__for_each_program(prog, m->skel->obj)
	{
		if (r == 0 && bpf_program__type(prog) == BPF_PROG_TYPE_LSM && bpf_program__autoload(prog))
			r = attach(prog, err);
	}
	return r;
}

static int trust_self(int trust, struct bl_error *err)
{
	int pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
	uint32_t one = 1; /* TRUSTED of seal_maps.h */
	int r = pidfd < 0 ? -1 : bpf_map_update_elem(trust, &pidfd, &one, BPF_ANY);

	if (r < 0)
		(void)bl_error_set(err, BL_SYSTEM, "cannot make this process a trusted one: %m");
	if (pidfd >= 0)
		(void)close(pidfd);
	return r < 0 ? BL_SYSTEM : 0;
}

static int note_all(struct making *m, struct bl_error *err)
{
	struct bl_seal_file where;
	int r = bl_seal_note_files(&m->maps, m->conf, &where, &m->value.exe, err);

	if (r < 0)
		return r;
	m->value.version = BL_SEAL_VERSION;
	m->value.daemon = (uint32_t)getpid();
	m->value.bpffs = where.inode.dev;
	m->value.mount = where.mount;
	m->value.mnt_ns = where.mnt_ns;
	m->value.root_mnt = where.root_mnt;
	m->value.root_dentry = where.root_dentry;
	r = bl_seal_note_cgroup(&m->maps, err);
	if (r == 0)
		r = bl_seal_note_objects(&m->maps, err);
	return r < 0 ? r : bl_seal_note_pins(&m->maps, err);
}

/* The two steps that cannot be taken back come last. */
static int turn_on(struct making *m, struct bl_error *err)
{
	uint32_t key = 0;

	if (bpf_map_freeze(m->slot) < 0)
		return bl_error_set(err, BL_SYSTEM, "cannot freeze the map 'slot': %m");
	m->value.on = 1;
	if (bpf_map_update_elem(bpf_map__fd(m->skel->maps.seal), &key, &m->value, BPF_ANY) < 0)
		return bl_error_set(err, BL_SYSTEM, "cannot write the map 'seal': %m");
	return 0;
}

static int make(struct making *m, struct bl_error *err)
{
	int r = load(m, err);

	if (r == 0)
		r = attach_all(m, err);
	if (r == 0)
		r = trust_self(bpf_map__fd(m->skel->maps.seal_trust), err);
	if (r == 0)
		r = note_all(m, err);
	return r < 0 ? r : turn_on(m, err);
}

static int make_all(const struct bl_conf *conf, struct bl_error *err)
{
	struct making m = {.conf = conf, .slot = bl_pins_open("maps/slot")};
	int r = m.slot < 0 ? bl_error_set(err, BL_SYSTEM, "cannot open %s/maps/slot: %m", BL_PIN_DIR) : 0;

	if (r == 0)
		r = bl_pins_remove_tree("seal", err); /* of a daemon that was killed while it made it */
	if (r == 0)
		r = make(&m, err);
	seal__destroy(m.skel);
	if (m.slot >= 0)
		(void)close(m.slot);
	if (r < 0)
		(void)bl_pins_remove_tree("seal", NULL);
	return r;
}

/* The iterator alone; the maps are there. */
static int load_iterator(struct making *m, struct bl_error *err)
{
	struct bpf_program *prog;
	struct bpf_map *map;
	int r;

	m->skel = seal__open();
	if (!m->skel)
		return bl_error_set(err, BL_SYSTEM, "cannot open the seal's BPF object in this program: %m");
	bpf_object__for_each_map(map, m->skel->obj)
		(void)bpf_map__set_autocreate(map, bpf_map__is_internal(map)); /* its constants are looked for even so */
	bpf_object__for_each_program(prog, m->skel->obj)
		(void)bpf_program__set_autoload(prog, prog == m->skel->progs.seal_files);
	r = seal__load(m->skel);
	m->maps.files = m->skel->progs.seal_files;
	return r == 0 ? 0 : bl_error_set(err, BL_SYSTEM, "the kernel refuses a program of the seal: %s", strerror(-r));
}

/* The cgroup of a new daemon can be another one, too. */
static int adopt_open(struct making *m, int seal, struct bl_error *err)
{
	uint32_t key = 0;
	int r = bpf_map_lookup_elem(seal, &key, &m->value) == 0 ? 0 : bl_error_set(err, BL_SYSTEM, "cannot read the map 'seal': %m");

	if (r == 0 && m->value.version != BL_SEAL_VERSION)
		r = bl_error_set(err, BL_REFUSED, "the seal was set by another version; boot again");
	if (r == 0)
		r = load_iterator(m, err);
	if (r == 0)
		r = bl_seal_note_cgroup(&m->maps, err);
	m->value.daemon = (uint32_t)getpid();
	if (r == 0 && bpf_map_update_elem(seal, &key, &m->value, BPF_ANY) < 0)
		r = bl_error_set(err, BL_SYSTEM, "cannot write the map 'seal': %m");
	return r;
}

static int adopt(struct bl_error *err)
{
	struct making m = {.maps.inodes = bl_pins_open("seal/maps/seal_inodes")};
	int seal = bl_pins_open("seal/maps/seal");
	int r = m.maps.inodes < 0 || seal < 0 ? bl_error_set(err, BL_SYSTEM, "cannot open the seal: %m") : adopt_open(&m, seal, err);

	seal__destroy(m.skel);
	if (m.maps.inodes >= 0)
		(void)close(m.maps.inodes);
	if (seal >= 0)
		(void)close(seal);
	return r;
}

int bl_seal_set(const struct bl_conf *conf, struct bl_error *err)
{
	int r;

	if (bl_seal_state() == BL_SEAL_ON)
		return adopt(err);
	r = not_traced(err);
	if (r == 0)
		r = make_all(conf, err);
	return r < 0 ? r : bl_seal_check(err);
}

/* ---- its log ---- */

struct bl_seal_log {
	struct ring_buffer *ring;
	bl_seal_log_fn *fn;
	void *arg;
};

static int on_record(void *arg, void *data, size_t size)
{
	struct bl_seal_log *l = arg;

	if (size >= sizeof(struct bl_seal_record))
		l->fn(l->arg, data);
	return 0;
}

int bl_seal_log_open(bl_seal_log_fn *fn, void *arg, struct bl_seal_log **ret, struct bl_error *err)
{
	struct bl_seal_log *l = calloc(1, sizeof(*l));
	int fd = bl_pins_open("seal/maps/seal_log");

	if (l && fd >= 0) {
		l->fn = fn;
		l->arg = arg;
		l->ring = ring_buffer__new(fd, on_record, l, NULL);
	}
	if (!l || !l->ring) {
		(void)bl_error_set(err, BL_SYSTEM, "cannot open the log of the seal: %m");
		free(l);
		l = NULL;
	}
	if (fd >= 0)
		(void)close(fd);
	*ret = l;
	return l ? 0 : BL_SYSTEM;
}

void bl_seal_log_read(struct bl_seal_log *l)
{
	if (l)
		(void)ring_buffer__consume(l->ring);
}

void bl_seal_log_close(struct bl_seal_log *l)
{
	if (!l)
		return;
	ring_buffer__free(l->ring);
	free(l);
}
