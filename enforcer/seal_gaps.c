/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the seal does not hold, for want of lockdown or of rules: each gap with its cure. */
#include "seal.h"

#include <linux/capability.h>
#include <string.h>

#include "probe.h"
#include "plat_host.h"
#include "decide.h"
#include "key.h"

#include "banned.h"

/* Would a root process of which nothing else is known be refused this? */
static bool refused(const struct bl_tables *t, uint32_t op, const char *object, size_t len)
{
	struct bl_question q = {.op = op, .reason = BL_R_RULE};
	struct bl_label l;
	struct bl_result r;
	struct bl_name n;
	uint32_t from = BL_PATH_MAX;

	if (!t || (t->flags & BL_TF_DRY_RUN))
		return false;
	memset(&l, 0, sizeof(l));
	memset(&n, 0, sizeof(n));
	bl_label_begin(t, &l);
	bl_label_key(t, &l, &n, bl_key_id(&n, 0), BL_KEY_USER);
	bl_label_finish(t, &l);
	while (len > 0)
		bl_key_byte(&n, &from, (uint8_t)object[--len]);
	bl_key_byte(&n, &from, (uint8_t)op);
	q.acc[0] = bl_accept(t, bl_run(t, &n, from, t->start[BL_KEY_SYS]));
	bl_result_init(&r);
	bl_decide(t, &l, &q, &r);
	return r.verdict >= BL_V_DENY;
}

static bool line_is(const char *path, const char *value)
{
	char line[BL_PROBE_TEXT];

	return bl_probe_line(path, line) == 0 && strcmp(line, value) == 0;
}

void bl_seal_gaps(const struct bl_tables *t, void (*fn)(void *arg, const char *gap, const char *cure), void *arg)
{
	static const char nameless[] = {BL_OBJ_NAMELESS}, rawio[] = {CAP_SYS_RAWIO};
	char mode[BL_PROBE_TEXT];
	bool locked;

	bl_probe_lockdown(mode);
	locked = strcmp(mode, "none") != 0;
	if (!locked && !line_is("/proc/sys/kernel/modules_disabled", "1") &&
	    !(refused(t, BL_OP_MODULE, nameless, 1) && refused(t, BL_OP_MODULE, "/x", 2)))
		fn(arg, "kernel modules can take enforcement away",
		   "boot with lockdown=integrity, set kernel.modules_disabled=1 after the boot, or load a policy with: profile sealed { subject any; deny module; }");
	if (!locked && !line_is("/proc/sys/kernel/kexec_load_disabled", "1") && !refused(t, BL_OP_KEXEC, "", 0))
		fn(arg, "another kernel can be started by kexec",
		   "boot with lockdown=integrity, set kernel.kexec_load_disabled=1, or load a policy with: profile sealed { subject any; deny kexec; }");
	if (!locked && !refused(t, BL_OP_CAPABILITY, rawio, 1))
		fn(arg, "the kernel's memory can be written to through /dev/mem, /dev/port and MSRs",
		   "boot with lockdown=integrity, or load a policy with: profile sealed { subject any; deny capability sys_rawio; }");
	if (!locked)
		fn(arg, "the kernel's memory can be written to through PCI devices, ACPI tables, a hibernation image and the kernel's debugger",
		   "boot with lockdown=integrity");
}
