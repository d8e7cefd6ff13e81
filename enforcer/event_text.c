/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An event as a line for people. */
#include <inttypes.h>
#include <string.h>

#include "events.h"
#include "text.h"

#include "banned.h"

static void text_who(struct bl_buf *b, const struct bl_event_view *e)
{
	const struct bl_event *ev = e->ev;

	bl_buf_str(b, " by ");
	if (ev->exe_len > 0) {
		bl_text_object(b, BL_KEY_EXE, e->exe, ev->exe_len);
	} else {
		bl_buf_char(b, '(');
		bl_text_escape(b, ev->comm, strnlen((const char *)ev->comm, BL_COMM_LEN));
		bl_buf_char(b, ')');
	}
	bl_buf_printf(b, "[%" PRIu32 "] uid=%" PRIu32, ev->pid, ev->uid);
	if (ev->euid != ev->uid)
		bl_buf_printf(b, " euid=%" PRIu32, ev->euid);
}

static void text_place(struct bl_buf *b, const struct bl_event_names *names)
{
	bl_text_escape(b, names->file, strlen(names->file));
	bl_buf_printf(b, ":%" PRIu32, names->line);
}

static void text_profile(struct bl_buf *b, const struct bl_event *ev, const struct bl_event_names *names)
{
	if (names->profile)
		bl_text_escape(b, names->profile, strlen(names->profile));
	else
		bl_buf_printf(b, "%u", ev->profile);
}

static void text_why(struct bl_buf *b, const struct bl_event *ev, const struct bl_event_names *names)
{
	if (bl_event_is_notice(ev))
		return;
	if (ev->reason == BL_R_DEFAULT) {
		bl_buf_str(b, " default of profile ");
		text_profile(b, ev, names);
		if (names->file) {
			bl_buf_str(b, " (");
			text_place(b, names);
			bl_buf_char(b, ')');
		}
		return;
	}
	bl_buf_str(b, " profile ");
	text_profile(b, ev, names);
	if (ev->reason != BL_R_RULE) {
		bl_buf_printf(b, " because %s (%s)", bl_text_reason_long(ev->reason), bl_text_reason(ev->reason));
	} else if (names->rule) {
		bl_buf_str(b, " rule ");
		text_place(b, names);
	} else if (ev->rule != BL_RULE_NONE) {
		bl_buf_printf(b, " rule %" PRIu32, ev->rule);
	}
}

static void text_generation(struct bl_buf *b, const struct bl_event *ev, const struct bl_event_names *names)
{
	if (!names->profile && !bl_event_is_notice(ev))
		bl_buf_printf(b, " of generation %" PRIu32, ev->gen);
}

static void text_extra(struct bl_buf *b, const char *before, const char *text, const char *after)
{
	if (!text)
		return;
	bl_buf_str(b, before);
	bl_text_escape(b, text, strlen(text));
	bl_buf_str(b, after);
}

void bl_event_text(struct bl_buf *b, struct bl_gen_names *n, const struct bl_event_view *e)
{
	const struct bl_event *ev = e->ev;
	struct bl_event_names names;

	bl_event_names(n, ev, &names);
	bl_text_time(b, e->more->wall_ns);
	bl_buf_printf(b, " %s %s ", bl_event_verdict(ev), bl_event_op(ev));
	if (bl_event_is_notice(ev))
		bl_text_escape(b, e->obj, ev->obj_len);
	else if (ev->obj_len > 0)
		bl_text_object(b, ev->kind, e->obj, ev->obj_len);
	else
		bl_buf_str(b, "(unknown name)");
	if (ev->flags & BL_EVF_CANONICAL)
		bl_buf_str(b, " (reached by another name)");
	text_who(b, e);
	text_why(b, ev, &names);
	text_generation(b, ev, &names);
	if (ev->count > 1)
		bl_buf_printf(b, " (%" PRIu64 " times)", (uint64_t)ev->count);
	text_extra(b, " \"", names.message, "\"");
	text_extra(b, " tag ", names.tag, "");
	text_extra(b, " severity ", names.severity, "");
}
