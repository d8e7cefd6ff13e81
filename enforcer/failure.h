/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The last change of policy that failed, kept until one succeeds, and an alarm, kept until it is over: for `status`. */
#ifndef BL_FAILURE_H
#define BL_FAILURE_H

#include "enforcer.h"

#define BL_FAILURE_FILE BL_RUN_DIR "/last-failure"
#define BL_ALARM_FILE BL_RUN_DIR "/alarm"

struct bl_failure {
	uint64_t at_ns; /* since 1970 */
	char text[sizeof(((struct bl_error *)NULL)->text)];
};

/* Notes it; nothing depends on whether that succeeds. what is in front of why. */
void bl_failure_note(const char *what, const char *why);
void bl_failure_forget(void);

/* Whether there is one. */
bool bl_failure_read(struct bl_failure *ret);

/* The same for an alarm: the daemon's self-test has failed since it last passed. */
void bl_alarm_note(const char *why);
void bl_alarm_forget(void);
bool bl_alarm_read(struct bl_failure *ret);

#endif
