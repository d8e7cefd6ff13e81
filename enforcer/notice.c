/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events that no rule made. */
#include "notice.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "proc.h"
#include "seal.h"

#include "banned.h"

/* ev has everything but what is the same for all of them, and sizes. exe_of: /proc/NUMBER/exe or /proc/self/exe; who has ended by now has none. */
static void put_record(struct bl_buf *b, struct bl_event *ev, const char *exe_of, const char *text)
{
	struct bl_event_more more = {.wall_ns = bl_clock_ns(CLOCK_REALTIME) - (bl_clock_ns(CLOCK_BOOTTIME) - ev->boot_ns)};
	char exe[BL_PATH_MAX];
	ssize_t n = readlink(exe_of, exe, sizeof(exe));

	ev->version = BL_EVENT_VERSION;
	ev->count = 1;
	ev->first_ns = ev->boot_ns;
	ev->rule = BL_RULE_NONE;
	ev->mode = BL_MODE_ENFORCE;
	ev->reason = BL_R_RULE;
	ev->op = BL_NOTICE_NUMBER;
	ev->kind = BL_NOTICE_NUMBER;
	ev->login = UINT32_MAX;
	ev->exe_len = (uint16_t)(n > 0 && (size_t)n < sizeof(exe) ? n : 0);
	ev->obj_len = (uint16_t)strnlen(text, BL_PATH_MAX);
	ev->size = BL_EVENT_HEAD + (uint32_t)ev->exe_len + ev->obj_len;
	bl_buf_add(b, ev, BL_EVENT_HEAD);
	bl_buf_add(b, exe, ev->exe_len);
	bl_buf_add(b, text, ev->obj_len);
	while (b->len % 8 != 0)
		bl_buf_char(b, '\0');
	bl_buf_add(b, &more, sizeof(more));
}

void bl_notice_seal(struct bl_buf *b, const struct bl_seal_record *r, uint32_t gen)
{
	const char *word = bl_seal_word(r->what);
	char exe_of[64];
	struct bl_event ev = {.boot_ns = r->boot_ns,
			      .start_ns = r->start_ns,
			      .gen = gen,
			      .verdict = BL_V_DENY,
			      .pid = r->pid,
			      .tid = r->tid,
			      .ppid = r->ppid,
			      .uid = r->uid,
			      .euid = r->euid,
			      .gid = r->gid,
			      .egid = r->egid,
			      .flags = BL_EVF_SEAL};

	memcpy(ev.comm, r->comm, sizeof(ev.comm));
	(void)snprintf(exe_of, sizeof(exe_of), "/proc/%" PRIu32 "/exe", r->pid);
	put_record(b, &ev, exe_of, word ? word : "?");
}

void bl_notice_alarm(struct bl_buf *b, const char *text, bool begins, uint32_t gen)
{
	uint64_t start = 0;
	struct bl_event ev = {.boot_ns = bl_clock_ns(CLOCK_BOOTTIME),
			      .gen = gen,
			      .verdict = BL_V_LOG,
			      .pid = (uint32_t)getpid(),
			      .tid = (uint32_t)gettid(),
			      .ppid = (uint32_t)getppid(),
			      .uid = getuid(),
			      .euid = geteuid(),
			      .gid = getgid(),
			      .egid = getegid(),
			      .flags = BL_EVF_ALARM | (begins ? 0 : BL_EVF_OVER),
			      .comm = "enforcer"};

	if (bl_proc_start(ev.pid, &start))
		ev.start_ns = start * bl_proc_tick_ns();
	put_record(b, &ev, "/proc/self/exe", text);
}
