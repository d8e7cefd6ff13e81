/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What this kernel and this machine have, found by asking them, never by the kernel's version. */
#include "probe.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "banned.h"

#define BTF_FILE "/sys/kernel/btf/vmlinux"

int bl_probe_line(const char *path, char ret[BL_PROBE_TEXT])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = read(fd, ret, BL_PROBE_TEXT - 1);
	(void)close(fd);
	if (n < 0)
		return -1;
	ret[n] = '\0';
	ret[strcspn(ret, "\n")] = '\0';
	return 0;
}

/* ---- security modules ---- */

int bl_probe_lsm_list(char ret[BL_PROBE_TEXT])
{
	return bl_probe_line("/sys/kernel/security/lsm", ret);
}

bool bl_probe_list_has(const char *list, const char *word)
{
	size_t n = strlen(word);

	while (*list != '\0') {
		size_t len = strcspn(list, ",");

		if (len == n && memcmp(list, word, n) == 0)
			return true;
		list += len;
		list += *list == ',';
	}
	return false;
}

/* `capability` is always on and always first; naming it in lsm= does nothing. */
void bl_probe_lsm_cure(const char *list, char ret[BL_PROBE_TEXT])
{
	size_t used = 0;

	ret[0] = '\0';
	while (*list != '\0') {
		size_t len = strcspn(list, ",");
		bool drop = len == strlen("capability") && memcmp(list, "capability", len) == 0;

		if (!drop && used + len + sizeof(",bpf") < BL_PROBE_TEXT) {
			memcpy(ret + used, list, len);
			used += len;
			ret[used++] = ',';
		}
		list += len;
		list += *list == ',';
	}
	(void)snprintf(ret + used, BL_PROBE_TEXT - used, "bpf");
}

void bl_probe_lockdown(char ret[BL_PROBE_TEXT])
{
	char line[BL_PROBE_TEXT];
	char *open, *close;

	(void)snprintf(ret, BL_PROBE_TEXT, "none");
	if (bl_probe_line("/sys/kernel/security/lockdown", line) < 0)
		return;
	open = strchr(line, '[');
	close = open ? strchr(open, ']') : NULL;
	if (!close)
		return;
	*close = '\0';
	(void)snprintf(ret, BL_PROBE_TEXT, "%s", open + 1);
}

/* ---- this process ---- */

bool bl_probe_cap(unsigned int cap)
{
	uint64_t eff = 0;
	char line[256];
	FILE *f = fopen("/proc/self/status", "re");

	if (!f)
		return geteuid() == 0;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "CapEff: %" SCNx64, &eff) == 1)
			break;
	(void)fclose(f);
	return (eff >> cap & 1) != 0;
}

/* Inode numbers of the first namespaces: PROC_USER_INIT_INO and PROC_PID_INIT_INO in include/linux/proc_ns.h. */
static bool ns_is(const char *path, ino_t ino)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_ino == ino;
}

bool bl_probe_initial_userns(void)
{
	return ns_is("/proc/self/ns/user", 0xeffffffdu);
}

bool bl_probe_initial_pidns(void)
{
	return ns_is("/proc/self/ns/pid", 0xeffffffcu);
}

bool bl_probe_fs_is(const char *path, long magic)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && (long)fs.f_type == magic;
}

/* ---- the kernel command line ---- */

int bl_switch_parse(const char *cmdline, enum bl_switch *ret, struct bl_error *err)
{
	static const char key[] = "bailiff=";
	int r = 0;

	*ret = BL_SWITCH_NONE;
	for (const char *p = cmdline + strspn(cmdline, " \n"); *p != '\0'; p += strspn(p, " \n")) {
		size_t n = strcspn(p, " \n"), k = sizeof(key) - 1;

		if (n >= k && memcmp(p, key, k) == 0) {
			r = 0;
			if (n == k + 3 && memcmp(p + k, "off", 3) == 0)
				*ret = BL_SWITCH_OFF;
			else if (n == k + 5 && memcmp(p + k, "audit", 5) == 0)
				*ret = BL_SWITCH_AUDIT;
			else
				r = bl_error_set(err, BL_REFUSED,
						 "the kernel command line has '%.*s': only bailiff=off and bailiff=audit mean something, and nothing is "
						 "loaded before it is clear what is wanted",
						 (int)n, p);
		}
		p += n;
	}
	return r;
}

int bl_probe_switch(enum bl_switch *ret, struct bl_error *err)
{
	char text[8192]; /* COMMAND_LINE_SIZE is at most 4096 on any architecture of ours */
	int fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (n < 0)
		(void)bl_error_set(err, BL_SYSTEM, "cannot read the kernel command line (/proc/cmdline): %m");
	if (fd >= 0)
		(void)close(fd);
	if (n < 0)
		return BL_SYSTEM;
	text[n] = '\0';
	return bl_switch_parse(text, ret, err);
}

/* ---- the kernel ---- */

/* Symbols of each processor's memory come first, and the first of them is at 0. */
bool bl_probe_symbols(void)
{
	FILE *f = fopen("/proc/kallsyms", "re");
	unsigned long long address = 0;
	char line[1024];

	while (f && address == 0 && fgets(line, sizeof(line), f))
		address = strtoull(line, NULL, 16);
	if (f)
		(void)fclose(f);
	return address != 0;
}

static int no_btf(struct bl_error *err)
{
	return bl_error_set(err, BL_SYSTEM, "the kernel has no BTF (" BTF_FILE ": %s); use a kernel built with CONFIG_DEBUG_INFO_BTF=y",
			    strerror(errno));
}

int bl_probe_hooks(bool *have, struct bl_error *err)
{
	struct btf *btf = btf__load_vmlinux_btf();

	if (!btf)
		return no_btf(err);
	for (size_t i = 0; i < BL_NHOOKS; i++) {
		char name[128];

		(void)snprintf(name, sizeof(name), "bpf_lsm_%s", bl_hooks[i].name);
		have[i] = btf__find_by_name_kind(btf, name, BTF_KIND_FUNC) > 0;
	}
	btf__free(btf);
	return 0;
}

int bl_probe_hook_args(const char *hook)
{
	struct btf *btf = btf__load_vmlinux_btf();
	const struct btf_type *t;
	char name[128];
	int id, n = -1;

	if (!btf)
		return -1;
	(void)snprintf(name, sizeof(name), "bpf_lsm_%s", hook);
	id = btf__find_by_name_kind(btf, name, BTF_KIND_FUNC);
	t = id > 0 ? btf__type_by_id(btf, (uint32_t)id) : NULL;
	t = t ? btf__type_by_id(btf, t->type) : NULL;
	if (t && btf_is_func_proto(t))
		n = btf_vlen(t);
	btf__free(btf);
	return n;
}

bool bl_probe_task_storage(void)
{
	return libbpf_probe_bpf_map_type(BPF_MAP_TYPE_TASK_STORAGE, NULL) == 1;
}

bool bl_probe_ringbuf(void)
{
	return libbpf_probe_bpf_map_type(BPF_MAP_TYPE_RINGBUF, NULL) == 1;
}

/* libbpf cannot ask for LSM programs; the helper is in the set that all types have. */
bool bl_probe_loop(void)
{
	return libbpf_probe_bpf_helper(BPF_PROG_TYPE_KPROBE, BPF_FUNC_loop, NULL) == 1;
}

/* ---- all of it ---- */

int bl_probe_process(struct bl_error *err)
{
	static const struct {
		unsigned int cap;
		const char *name;
	} caps[] = {
		{CAP_SYS_ADMIN, "CAP_SYS_ADMIN"},
		{CAP_BPF, "CAP_BPF"},
		{CAP_PERFMON, "CAP_PERFMON"},
		{CAP_MAC_ADMIN, "CAP_MAC_ADMIN"},
	};

	if (geteuid() != 0)
		return bl_error_set(err, BL_SYSTEM, "this needs root (now uid %u); run it with sudo or as a service",
				    (unsigned int)geteuid());
	for (size_t i = 0; i < BL_ARRAY_SIZE(caps); i++)
		if (!bl_probe_cap(caps[i].cap))
			return bl_error_set(err, BL_SYSTEM,
					    "this process has no %s; run it as root of the machine itself, or add %s "
					    "to the capabilities of its service or container",
					    caps[i].name, caps[i].name);
	if (!bl_probe_initial_userns())
		return bl_error_set(err, BL_SYSTEM,
				    "this process is in a user namespace of its own (a container?); "
				    "run it on the machine itself");
	if (!bl_probe_initial_pidns())
		return bl_error_set(err, BL_SYSTEM,
				    "this process is in a pid namespace of its own (a container?); "
				    "run it on the machine itself");
	return 0;
}

int bl_probe_ready(struct bl_error *err)
{
	char list[BL_PROBE_TEXT], cure[BL_PROBE_TEXT];
	int r = bl_probe_process(err);

	if (r < 0)
		return r;
	if (bl_probe_lsm_list(list) < 0)
		return bl_error_set(err, BL_SYSTEM,
				    "cannot read /sys/kernel/security/lsm: %m; "
				    "run: mount -t securityfs securityfs /sys/kernel/security");
	if (!bl_probe_list_has(list, "bpf")) {
		bl_probe_lsm_cure(list, cure);
		return bl_error_set(err, BL_SYSTEM,
				    "BPF is not in the kernel's LSM list (found: %s), so that nothing would be "
				    "enforced; put lsm=%s on the kernel command line and boot again",
				    list, cure);
	}
	/* Which hooks it has is looked up when programs are loaded, which a reload seldom does: finding a name in it takes long. */
	return access(BTF_FILE, R_OK) < 0 ? no_btf(err) : 0;
}
