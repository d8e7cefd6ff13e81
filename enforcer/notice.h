/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events that no rule made: what the seal refused, and alarms. Records as the kernel's have them, so that they go wherever events go. */
#ifndef BL_NOTICE_H
#define BL_NOTICE_H

#include "events.h"
#include "seal_abi.h"

/* A refusal by the seal; gen is in force. b gets a record for bl_record_decode(). */
void bl_notice_seal(struct bl_buf *b, const struct bl_seal_record *r, uint32_t gen);

/* What the daemon has to say of itself, as the process that says so. begins: it is an alarm, and not the end of one. */
void bl_notice_alarm(struct bl_buf *b, const char *text, bool begins, uint32_t gen);

#endif
