/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which byte strings of a kind an operation can be about, and which of them read well: what the kernel side can make, no more. A walk
 * through an automaton goes through a shape at the same time, to find examples that exist:
 *
 *     state = shape_start(kind, op);
 *     n = shape_pick(state, lo, hi, bytes);           one byte for each way to go on with lo..hi, nice ones first
 *     next = shape_step(state, bytes[i]);             0: no such string
 *     shape_ends(next)                                such a string may end here
 */
#ifndef BL_KEYSHAPE_H
#define BL_KEYSHAPE_H

#include "abi.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * op: enum bl_op for kinds of objects, else 0. Paths are those of named objects: BL_OBJ_NAMELESS is no string of BL_KEY_PATH here. Of
 * BL_KEY_CODE only file system types.
 */
uint32_t shape_start(enum bl_kind kind, unsigned int op);
uint32_t shape_step(uint32_t state, uint8_t byte);
bool shape_ends(uint32_t state);

#define SHAPE_PICKS 6u
size_t shape_pick(uint32_t state, uint8_t lo, uint8_t hi, uint8_t ret[SHAPE_PICKS]);

/* Longest string of a kind. */
size_t shape_max(enum bl_kind kind);

#endif
