/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the enforcer's files share. Functions return 0 or one of the two negative errnos below with a sentence in *err;
 * only main.c prints errors.
 */
#ifndef BL_ENFORCER_H
#define BL_ENFORCER_H

#include "errmsg.h"
#include "hooks.h"
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BL_REFUSED                                                                                                     \
	(-EKEYREJECTED)	 /* the policy or the image is refused, or enforcement is not as asked: exit status 1 */
#define BL_SYSTEM (-EIO) /* the machine does not let us: exit status 3 */

enum bl_exit { BL_EXIT_FINE = 0, BL_EXIT_REFUSED = 1, BL_EXIT_USAGE = 2, BL_EXIT_SYSTEM = 3 };

#define BL_BPFFS "/sys/fs/bpf"
#define BL_PIN_DIR BL_BPFFS "/bailiff" /* maps/NAME, progs/HOOK, parts/NAME, joins/HOOK-NAME, links/HOOK, gen/N/tables, gen/N/image, latency/HOOK-* */
#define BL_RUN_DIR "/run/bailiff"
#define BL_SOCKET BL_RUN_DIR "/control.sock"

#define BL_ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* One hook of include/hooks.h. */
struct bl_hook {
	const char *name;
	uint64_t ops; /* BL_OP_BIT; 0: attached always */
	uint32_t flags;
};
#define X(hook, ops, flags) +1
enum { BL_NHOOKS = 0 BL_HOOKS(X) };
#undef X
extern const struct bl_hook bl_hooks[BL_NHOOKS];

/* Whether tables with these operations need the hook. */
static inline bool bl_hook_needed(const struct bl_hook *h, uint64_t ops)
{
	return h->ops == 0 || (h->ops & ops) != 0;
}

#endif
