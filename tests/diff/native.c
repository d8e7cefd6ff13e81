// SPDX-License-Identifier: GPL-2.0-or-later
/* The decision core as policyc runs it. */
#include "native.h"

#include "banned.h"

void native_answer(const struct bl_tables *t, const struct ask *in, struct ask_answer *out, struct bl_name *scratch)
{
	ask_run(t, in, out, scratch);
}
