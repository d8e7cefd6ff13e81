/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hard links that are there before a load: the files that the policy refuses by a literal name and that have others (bpf-lsm/linked.h). */
#ifndef BL_HARDLINKS_H
#define BL_HARDLINKS_H

#include "enforcer.h"
#include "image_read.h"

/*
 * Notes for the loaded programs by what name such files are refused. What is noted stays until the programs are unloaded; it says nothing
 * that the policy does not say. 0, or an error after which some may be noted.
 */
int bl_hardlinks_note(const struct bl_image *img, struct bl_error *err);

#endif
