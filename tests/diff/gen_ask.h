/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random requests that a policy has something to say about: names made from its own patterns, then spoilt now and then.
 */
#ifndef TESTS_DIFF_GEN_ASK_H
#define TESTS_DIFF_GEN_ASK_H

#include "native.h"
#include "rnd.h"

#include <stdio.h>

struct ir;

/* Writes only what a request uses of names: the rest of ret is as it was. */
void gen_ask(struct rnd *r, const struct ir *ir, struct ask *ret);

void gen_ask_print(const struct ask *q, FILE *out);

#endif
