// SPDX-License-Identifier: GPL-2.0-or-later
/* The decision core with one mistake, chosen at run time: a test that passes with it tests nothing. */
#include "sabotage.h"

#include <stddef.h>
#include <string.h>

#include "plat_host.h"

static enum sabotage active; /* file scope: macros inside the core look at it */

static inline __u32 true_unless(__u64 entry)
{
	return BL_ENT_UNLESS(entry);
}

static inline __u64 true_weak(void)
{
	return BL_LIT_WEAK;
}

static inline __u32 true_full(void)
{
	return BL_LF_FULL;
}

static inline __u32 true_class(__u64 w)
{
	return BL_BELOW_CLASS(w);
}

/* From here on the core sees these. */
#undef BL_ENT_UNLESS
#undef BL_LIT_WEAK
#undef BL_LF_FULL
#undef BL_BELOW_CLASS
#define BL_ENT_UNLESS(e) (active == SABOTAGE_UNLESS ? BL_COND_NONE : true_unless(e))
#define BL_LIT_WEAK (active == SABOTAGE_WEAK ? 0 : true_weak())
#define BL_BELOW_CLASS(w) (active == SABOTAGE_CLASS ? 1u : true_class(w))
#define BL_LF_FULL (active == SABOTAGE_FULL ? 0 : true_full())

#include "native.h"

#include "banned.h"

enum sabotage sabotage_find(const char *word)
{
	static const char *const words[] = {"", "port", "unless", "weak", "full", "class"};

	for (size_t i = 1; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i], word) == 0)
			return (enum sabotage)i;
	}
	return SABOTAGE_NONE;
}

void sabotage_answer(enum sabotage what, const struct bl_tables *t, const struct ask *in, struct ask_answer *out,
		     struct bl_name *scratch)
{
	static struct ask altered; /* too big for the stack */

	active = what;
	altered = *in;
	for (size_t i = 0; what == SABOTAGE_PORT && i < ASK_OBJECTS; i++)
		altered.objects[i].endpoint.port++;
	ask_run(t, &altered, out, scratch);
	active = SABOTAGE_NONE;
}
