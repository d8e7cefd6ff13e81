/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What this kernel and this machine have, found by asking them, never by the kernel's version. */
#ifndef BL_PROBE_H
#define BL_PROBE_H

#include "enforcer.h"

#define BL_PROBE_TEXT 512

/* /sys/kernel/security/lsm; -1 with errno if it cannot be read. */
int bl_probe_lsm_list(char ret[BL_PROBE_TEXT]);
/* Whether a comma-separated list has a word. */
bool bl_probe_list_has(const char *list, const char *word);
/* The value for `lsm=` on the kernel command line that adds bpf to such a list. */
void bl_probe_lsm_cure(const char *list, char ret[BL_PROBE_TEXT]);

/* The chosen word of /sys/kernel/security/lockdown, "none" if the kernel has no lockdown. */
void bl_probe_lockdown(char ret[BL_PROBE_TEXT]);

/* In that mode the verifier knows no such helper, on any kernel: bpf_base_func_proto() and bpf_tracing_func_proto(). */
#define BL_LOCKDOWN_CURE \
	"boot with lockdown=integrity or without lockdown=: in confidentiality mode the kernel refuses bpf_probe_read_kernel(), which names of files need"

/* Whether an effective capability is held by this process. */
bool bl_probe_cap(unsigned int cap);

/* Whether this process is in the machine's own user and pid namespaces: only there are its numbers the kernel's. */
bool bl_probe_initial_userns(void);
bool bl_probe_initial_pidns(void);

bool bl_probe_fs_is(const char *path, long magic);

/* First line of a small file, without the newline; -1 with errno. */
int bl_probe_line(const char *path, char ret[BL_PROBE_TEXT]);

/* `bailiff=` on the kernel command line, which the administrator at the boot loader has and nobody else. */
enum bl_switch { BL_SWITCH_NONE, BL_SWITCH_OFF, BL_SWITCH_AUDIT };
/* BL_REFUSED: it says neither off nor audit. The last one counts. Calls no bpf(2). */
int bl_probe_switch(enum bl_switch *ret, struct bl_error *err);
/* The same for the text of a command line. */
int bl_switch_parse(const char *cmdline, enum bl_switch *ret, struct bl_error *err);

/*
 * Whether /proc/kallsyms tells this process where the kernel's symbols are (Linux: kallsyms_show_value()). libbpf takes the zeros that it shows
 * otherwise for addresses, and the programs then read no lock and no namespace.
 */
bool bl_probe_symbols(void);
#define BL_SYMBOLS_CURE "add CAP_SYSLOG to the capabilities of the service, and set kernel.kptr_restrict to 0 or 1 with sysctl while it loads programs"

/* Which of bl_hooks this kernel has; fails without BTF. have has BL_NHOOKS elements. */
int bl_probe_hooks(bool *have, struct bl_error *err);

/* Arguments of a hook in this kernel, -1 if it has none of that name: some got one more in front. */
int bl_probe_hook_args(const char *hook);

bool bl_probe_task_storage(void);
bool bl_probe_ringbuf(void);
bool bl_probe_loop(void);

/* Everything that loading needs before it touches the kernel, one after the other: the first that fails, with its cure.
 */
int bl_probe_ready(struct bl_error *err);
/* The part of it about this process: root of the machine itself, with the capabilities that loading and unloading take. */
int bl_probe_process(struct bl_error *err);

#endif
