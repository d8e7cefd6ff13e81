/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes records as the kernel and enrich.c do, for tests of what is done with them. */
#ifndef EVENT_RECORD_H
#define EVENT_RECORD_H

#include <string.h>

#include "events.h"

struct event_text {
	const char *exe, *script, *unit, *container, *cgroup; /* NULL: "" */
	const char *obj;
	size_t obj_len; /* 0: of the string */
	const char *exes[BL_EVENT_ANCESTORS];
};

static size_t event_put(struct bl_buf *b, const char *s)
{
	size_t n = s ? strlen(s) : 0;

	bl_buf_add(b, s, n);
	return n;
}

/* ev has all but lengths and sizes; ancestors too. */
static void event_record(struct bl_buf *b, const struct bl_event *of, const struct event_text *t)
{
	struct bl_event_more more = {.wall_ns = 1795256088901000000};
	struct bl_event *ev;

	bl_buf_reset(b);
	bl_buf_add(b, of, BL_EVENT_HEAD + of->nancestors * sizeof(struct bl_ancestor));
	((struct bl_event *)b->data)->exe_len = (uint16_t)event_put(b, t->exe);
	((struct bl_event *)b->data)->script_len = (uint16_t)event_put(b, t->script);
	((struct bl_event *)b->data)->unit_len = (uint16_t)event_put(b, t->unit);
	((struct bl_event *)b->data)->container_len = (uint16_t)event_put(b, t->container);
	ev = (struct bl_event *)b->data;
	ev->obj_len = (uint16_t)(t->obj_len ? t->obj_len : t->obj ? strlen(t->obj) : 0);
	bl_buf_add(b, t->obj, ev->obj_len);
	ev = (struct bl_event *)b->data;
	ev->version = BL_EVENT_VERSION;
	ev->size = (uint32_t)b->len;
	while (b->len % 8 != 0)
		bl_buf_char(b, '\0');
	more.cgroup_len = (uint16_t)(t->cgroup ? strlen(t->cgroup) : 0);
	for (size_t i = 0; i < BL_EVENT_ANCESTORS; i++)
		more.exe_len[i] = (uint16_t)(t->exes[i] ? strlen(t->exes[i]) : 0);
	bl_buf_add(b, &more, sizeof(more));
	(void)event_put(b, t->cgroup);
	for (size_t i = 0; i < BL_EVENT_ANCESTORS; i++)
		(void)event_put(b, t->exes[i]);
}

/* A read of /etc/shadow, as generation 1 with one rule would refuse it. */
static const struct bl_event event_example = {
	.seq = 42,
	.count = 1,
	.first_ns = 7847735404,
	.boot_ns = 7847735404,
	.cgid = 3021,
	.start_ns = 7840000000,
	.gen = 1,
	.verdict = BL_V_DENY,
	.mode = BL_MODE_ENFORCE,
	.reason = BL_R_RULE,
	.op = BL_OP_READ,
	.pid = 183,
	.tid = 184,
	.ppid = 170,
	.uid = 1000,
	.euid = 0,
	.gid = 1000,
	.egid = 42,
	.login = 1000,
	.kind = BL_KEY_PATH,
	.comm = "cat",
	.tty = "pts0",
	.nancestors = 2,
	.ancestors = {{.start_ns = 6200000000, .pid = 170, .comm = "bash"}, {.start_ns = 10000000, .pid = 1, .comm = "systemd"}},
};
static const struct event_text event_example_text = {
	.exe = "/usr/bin/cat",
	.unit = "session-2.scope",
	.cgroup = "/user.slice/session-2.scope",
	.obj = "/etc/shadow",
	.exes = {"/usr/bin/bash"},
};

#endif
