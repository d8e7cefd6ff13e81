/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a checked pattern of any kind matches, as an expression for the automaton. */
#ifndef BL_PATTERN_H
#define BL_PATTERN_H

#include "automaton.h"
#include "ir.h"

/* The byte strings are those that decide.h makes: names, bl_key_id(), bl_key_net(). NULL: out of memory. */
struct re *pattern_to_re(struct au *a, const struct ir_pattern *p);

#endif
