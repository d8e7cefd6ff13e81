/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `enforcer doctor`: what this machine lacks, each with the exact cure. */
#ifndef BL_DOCTOR_H
#define BL_DOCTOR_H

#include "enforcer.h"

/* Prints the list. 0: all is fine. BL_REFUSED: something is not. */
int bl_doctor(bool json, struct bl_error *err);

#endif
