/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `enforcer status`: what is in force, for people and as JSON. */
#ifndef BL_STATUS_H
#define BL_STATUS_H

#include "enforcer.h"

/* 0: enforcing or auditing. BL_REFUSED: nothing is loaded, or what is loaded is not in force; it was printed. */
int bl_status(bool json, struct bl_error *err);

#endif
