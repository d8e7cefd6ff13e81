/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `enforcer doctor`: what this machine lacks, each with the exact cure. */
#include "doctor.h"

#include <jansson.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "load.h"
#include "probe.h"
#include "seal.h"

#include "banned.h"

enum outcome { FINE, WARNING, FAILED };

struct finding {
	enum outcome outcome;
	char what[256];
	char cure[1024]; /* "" if there is nothing to cure */
};

#define MAX_FINDINGS (BL_NHOOKS + 32)
struct findings {
	struct finding list[MAX_FINDINGS];
	size_t n;
	bool bad;
};

static void add(struct findings *f, enum outcome outcome, const char *what, const char *cure)
{
	struct finding *one;

	f->bad |= outcome == FAILED;
	if (f->n == MAX_FINDINGS)
		return;
	one = &f->list[f->n++];
	one->outcome = outcome;
	(void)snprintf(one->what, sizeof(one->what), "%s", what);
	(void)snprintf(one->cure, sizeof(one->cure), "%s", outcome == FINE ? "" : cure);
}

static void add_if(struct findings *f, bool fine, const char *what, const char *cure)
{
	add(f, fine ? FINE : FAILED, what, cure);
}

/* ---- checks ---- */

static void check_lsm(struct findings *f)
{
	char list[BL_PROBE_TEXT], value[BL_PROBE_TEXT], what[256], cure[1024];

	if (bl_probe_lsm_list(list) < 0) {
		(void)snprintf(what, sizeof(what), "the kernel's LSM list (/sys/kernel/security/lsm: %s)",
			       strerror(errno));
		add(f, FAILED, what, "run: mount -t securityfs securityfs /sys/kernel/security");
		return;
	}
	bl_probe_lsm_cure(list, value);
	(void)snprintf(what, sizeof(what), "bpf in the kernel's LSM list (found: %.200s)", list);
	(void)snprintf(cure, sizeof(cure),
		       "put lsm=%s on the kernel command line and boot again; the kernel needs "
		       "CONFIG_BPF_LSM=y",
		       value);
	add_if(f, bl_probe_list_has(list, "bpf"), what, cure);
}

static void check_caps(struct findings *f)
{
	static const struct {
		unsigned int cap;
		const char *what;
	} caps[] = {
		{CAP_SYS_ADMIN, "capability CAP_SYS_ADMIN"},
		{CAP_BPF, "capability CAP_BPF"},
		{CAP_PERFMON, "capability CAP_PERFMON"},
		{CAP_MAC_ADMIN, "capability CAP_MAC_ADMIN"},
	};

	add_if(f, geteuid() == 0, "run as root", "run it with sudo or as a service");
	for (size_t i = 0; i < BL_ARRAY_SIZE(caps); i++)
		add_if(f, bl_probe_cap(caps[i].cap), caps[i].what,
		       "run as root of the machine itself, or add it to the capabilities of the service or container");
	add_if(f, bl_probe_initial_userns(), "the machine's own user namespace", "run it outside of any container");
	add_if(f, bl_probe_initial_pidns(), "the machine's own pid namespace", "run it outside of any container");
}

static void check_lockdown(struct findings *f)
{
	char mode[BL_PROBE_TEXT], what[256];

	bl_probe_lockdown(mode);
	(void)snprintf(what, sizeof(what), "lockdown mode (found: %.100s)", mode);
	add_if(f, strcmp(mode, "confidentiality") != 0, what, BL_LOCKDOWN_CURE);
}

static void check_symbols(struct findings *f)
{
	add_if(f, bl_probe_symbols(), "addresses of the kernel's symbols (/proc/kallsyms)", BL_SYMBOLS_CURE);
}

static void check_mounts(struct findings *f)
{
	add_if(f, bl_probe_fs_is(BL_BPFFS, BPF_FS_MAGIC), "BPF file system on " BL_BPFFS,
	       "run: mount -t bpf bpf " BL_BPFFS " (the enforcer does it when it loads)");
	add_if(f, bl_probe_fs_is("/sys/fs/cgroup", CGROUP2_SUPER_MAGIC), "cgroup2 on /sys/fs/cgroup",
	       "boot with systemd.unified_cgroup_hierarchy=1, or run: mount -t cgroup2 cgroup2 /sys/fs/cgroup");
}

static void check_hooks(struct findings *f)
{
	struct bl_error err = {""};
	bool have[BL_NHOOKS];
	char what[256];
	int r = bl_probe_hooks(have, &err);

	add_if(f, r == 0, "the kernel's type information (BTF)", err.text);
	for (size_t i = 0; r == 0 && i < BL_NHOOKS; i++) {
		bool optional = (bl_hooks[i].flags & BL_HOOK_OPTIONAL) != 0;

		(void)snprintf(what, sizeof(what), "LSM hook %s%s", bl_hooks[i].name,
			       have[i] || !optional ? "" : " (absent; the kernel asks the same through another one)");
		add_if(f, have[i] || optional, what,
		       "use Linux 6.1 or later with CONFIG_BPF_LSM, CONFIG_SECURITY_PATH and CONFIG_SECURITY_NETWORK");
	}
}

static void check_features(struct findings *f)
{
	char jit[BL_PROBE_TEXT];

	if (bl_probe_line("/proc/sys/net/core/bpf_jit_enable", jit) == 0 && strcmp(jit, "0") == 0)
		add(f, WARNING, "BPF just-in-time compiler",
		    "run: sysctl net.core.bpf_jit_enable=1 (without it every "
		    "decision is many times slower)");
	else
		add(f, FINE, "BPF just-in-time compiler", "");
	add_if(f, bl_probe_task_storage(), "BPF task storage", "use Linux 6.1 or later");
	add_if(f, bl_probe_ringbuf(), "BPF ring buffer", "use Linux 6.1 or later");
	add_if(f, bl_probe_loop(), "BPF helper bpf_loop", "use Linux 6.1 or later");
}

static void add_gap(void *arg, const char *gap, const char *cure)
{
	char what[256];

	(void)snprintf(what, sizeof(what), "the seal does not hold this: %s", gap);
	add(arg, WARNING, what, cure);
}

/* Where a seal is wanted or set: what it does not hold, with the policy that is in force. */
static void check_seal(struct findings *f)
{
	struct bl_object o = BL_OBJECT_CLOSED;
	struct bl_conf *conf = malloc(sizeof(*conf));
	struct bl_gen g = {0};
	uint32_t gen;

	if (!conf)
		return;
	bl_conf_defaults(conf);
	if (geteuid() == 0 && ((bl_conf_read(conf, NULL) == 0 && conf->seal) || bl_seal_state() != BL_SEAL_OFF)) {
		if (bl_loaded_open(&o, &gen, NULL) == 0)
			(void)bl_gen_open(gen, &g, NULL);
		bl_seal_gaps(g.image.tables, add_gap, f);
	}
	bl_gen_free(&g);
	bl_object_close(&o);
	free(conf);
}

/* ---- printing ---- */

static void print_text(const struct findings *f)
{
	static const char *const words[] = {"ok  ", "warn", "FAIL"};

	for (size_t i = 0; i < f->n; i++) {
		(void)printf("%s  %s\n", words[f->list[i].outcome], f->list[i].what);
		if (f->list[i].cure[0] != '\0')
			(void)printf("      cure: %s\n", f->list[i].cure);
	}
}

static void print_json(const struct findings *f)
{
	static const char *const words[] = {"ok", "warning", "fail"};
	json_t *top = json_object(), *list = json_array();

	for (size_t i = 0; i < f->n; i++) {
		json_t *o = json_object();

		(void)json_object_set_new(o, "check", json_string(f->list[i].what));
		(void)json_object_set_new(o, "result", json_string(words[f->list[i].outcome]));
		if (f->list[i].cure[0] != '\0')
			(void)json_object_set_new(o, "cure", json_string(f->list[i].cure));
		(void)json_array_append_new(list, o);
	}
	(void)json_object_set_new(top, "ok", json_boolean(!f->bad));
	(void)json_object_set_new(top, "checks", list);
	(void)json_dumpf(top, stdout, JSON_INDENT(2));
	(void)printf("\n");
	json_decref(top);
}

int bl_doctor(bool json, struct bl_error *err)
{
	struct findings f = {.n = 0};

	check_lsm(&f);
	check_caps(&f);
	check_lockdown(&f);
	check_symbols(&f);
	check_mounts(&f);
	check_hooks(&f);
	/* What the kernel has cannot be asked without the right to. */
	if (bl_probe_cap(CAP_BPF) || bl_probe_cap(CAP_SYS_ADMIN))
		check_features(&f);
	check_seal(&f);
	if (json)
		print_json(&f);
	else
		print_text(&f);
	return f.bad ? bl_error_set(err, BL_REFUSED, "%s", "") : 0;
}
