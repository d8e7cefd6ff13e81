/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The smallest rule that would have allowed what an event says was refused. */
#ifndef BL_ALLOW_H
#define BL_ALLOW_H

#include "events.h"

enum bl_allow {
	BL_ALLOW_RULE,	  /* the rule was written */
	BL_ALLOW_NAMES,	  /* refused for what the name would change: no allowance is an exemption */
	BL_ALLOW_FAILURE, /* refused because something could not be found out: no rule decides that */
	BL_ALLOW_UNKNOWN, /* the policy is not known any more */
};

/*
 * Appends the rule, `allow ...;` on one line, as text that policyc takes. Before all other rules of the profile it allows this operation on this
 * object to this program, and as little else as the language can say: bytes that cannot be written are `?`, a signal is to anybody. img, which may be
 * NULL, is that of the event's generation.
 */
enum bl_allow bl_allow_rule(struct bl_buf *b, const struct bl_image *img, const struct bl_event_view *e);

#endif
