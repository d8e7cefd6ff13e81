/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random policies as text: everything that the front end accepts, made of so few words that patterns meet often. */
#ifndef TESTS_DIFF_GEN_POLICY_H
#define TESTS_DIFF_GEN_POLICY_H

#include "rnd.h"

struct bl_buf;

enum gen_shape {
	GEN_MIXED,  /* a few profiles with all kinds of rules */
	GEN_TALL,   /* up to 256 profiles whose rules meet in the same names: lists up to BL_MAX_LIST */
	GEN_CROWD,  /* more profiles for everybody than a label holds */
	GEN_STICKY, /* more inherited terms than a label holds */
	GEN_HUGE,   /* tables beyond the first size class */
	GEN_LITS,   /* conditions up to BL_MAX_LITS */
};

/* The shape of the i-th policy. */
enum gen_shape gen_shape(uint32_t i);
/* Appends a path with wildcards, as rules have it. */
void gen_path(struct rnd *r, struct bl_buf *b);
void gen_policy(struct rnd *r, enum gen_shape shape, struct bl_buf *ret);

#endif
