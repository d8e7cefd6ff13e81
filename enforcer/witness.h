/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who took a pin away: remembered by the daemon for its alarms, where no seal keeps everybody from it. */
#ifndef BL_WITNESS_H
#define BL_WITNESS_H

#include "buf.h"
#include "enforcer.h"

/* Attached until bl_witness_close(); needs the capabilities of a load. */
struct bl_witnesses;
int bl_witness_open(struct bl_witnesses **ret, struct bl_error *err);
void bl_witness_close(struct bl_witnesses *w);

/* Takes note of what has happened. w may be NULL. */
void bl_witness_read(struct bl_witnesses *w);

/* Appends ": by (rm)[12] uid=0 auid=1000" for the last one who took DIR/NAME away, or else unmounted a BPF file system; nothing if nobody was seen to. */
void bl_witness_say(const struct bl_witnesses *w, const char *dir, const char *name, struct bl_buf *b);

#endif
