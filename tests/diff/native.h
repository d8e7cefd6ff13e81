/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The decision core on this side. */
#ifndef TESTS_DIFF_NATIVE_H
#define TESTS_DIFF_NATIVE_H

#include "plat_host.h"
#include "decide.h"
#include "ask.h"

void native_answer(const struct bl_tables *t, const struct ask *in, struct ask_answer *out, struct bl_name *scratch);

#endif
