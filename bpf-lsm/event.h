/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reports: counted by rule and by reason, then sent to whoever reads them. Nothing here can change a verdict or wait. */
#ifndef BL_EVENT_H
#define BL_EVENT_H

#include "repeat.h"

/* One process that the task descends from; s->lineage is the one before. A process whose parent has ended has another. */
static long ancestor_step(__u32 i, const struct about *about)
{
	struct scratch *s = about->s;
	struct task_struct *child = (struct task_struct *)s->lineage, *task = BPF_CORE_READ(child, real_parent, group_leader);
	struct bl_ancestor *a = &s->event.ancestors[bl_mask(i, BL_EVENT_ANCESTORS)];

	a->pid = BPF_CORE_READ(task, tgid);
	if (a->pid == 0)
		return 1;
	a->pad = 0;
	a->start_ns = BPF_CORE_READ(task, start_boottime);
	bpf_core_read(a->comm, sizeof(a->comm), &task->comm);
	s->lineage = (__u64)task;
	s->event.nancestors++;
	return 0;
}

static __always_inline void event_tty(struct bl_event *e, struct task_struct *task)
{
	struct tty_struct *tty = BPF_CORE_READ(task, signal, tty);

	if (tty)
		bpf_core_read_str(e->tty, sizeof(e->tty), &tty->name);
}

static __always_inline void event_head(struct bl_event *e, const struct about *a, const struct bl_report *rep)
{
	struct task_struct *task = a->task;
	__u64 uid_gid = bpf_get_current_uid_gid(), pid_tgid = bpf_get_current_pid_tgid();

	__builtin_memset(e, 0, BL_EVENT_HEAD);
	e->version = BL_EVENT_VERSION;
	e->seq = __sync_fetch_and_add(&global.event_seq, 1) + 1;
	e->boot_ns = bpf_ktime_get_boot_ns();
	e->cgid = bpf_get_current_cgroup_id();
	e->start_ns = BPF_CORE_READ(task, group_leader, start_boottime);
	e->repeat = a->s->repeat.key;
	e->count = a->s->repeat.count;
	e->first_ns = a->s->repeat.key != 0 ? a->s->repeat.first_ns : e->boot_ns;
	e->gen = a->t->gen;
	e->rule = rep->rule;
	e->profile = rep->profile;
	e->verdict = rep->verdict;
	e->mode = rep->mode;
	e->reason = rep->reason;
	e->op = rep->op;
	e->pid = pid_tgid >> 32;
	e->tid = (__u32)pid_tgid;
	e->ppid = BPF_CORE_READ(task, real_parent, tgid);
	e->uid = (__u32)uid_gid;
	e->euid = task_cred(task)->euid.val;
	e->gid = uid_gid >> 32;
	e->egid = BPF_CORE_READ(task, cred, egid.val);
	e->login = BPF_CORE_READ(task, loginuid.val);
	e->kind = a->kind;
	e->flags = (a->q.flags & BL_QF_EXPLICIT ? BL_EVF_CANONICAL : 0) | (a->l->flags & BL_LF_UNTRUSTED ? BL_EVF_UNTRUSTED : 0);
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	event_tty(e, task);
	a->s->lineage = (__u64)task;
	bpf_loop(BL_EVENT_ANCESTORS, ancestor_step, (void *)a, 0);
}

/*
 * Writes buf[from..] of a name to the record at off, in whole pieces of the buffer: the verifier cannot relate an offset to a
 * length. The bytes before the name in its first piece land before off, and are overwritten by what is written after.
 */
static __noinline void event_put_name(struct bpf_dynptr *d, __u32 off, const __u8 *buf, __u32 from)
{
	__u32 first = from & ~(BL_CHUNK - 1u);

	off -= from - first;
	for (__u32 i = 0; i < BL_PATH_MAX / BL_CHUNK; i++) {
		__u64 at = first + i * BL_CHUNK;

		if (at >= BL_PATH_MAX)
			break;
		asm volatile("%0 &= %1" : "+r"(at) : "i"(BL_PATH_MAX - BL_CHUNK));
		bpf_dynptr_write(d, off + i * BL_CHUNK, (void *)(buf + at), BL_CHUNK, 0);
	}
}

/* Writes the last n bytes of a label's field, at most all, to the record at off. Without a branch: each doubles what the verifier goes through. */
#define EVENT_PUT(d, off, field, n) \
	do { \
		__u64 n_ = (n), at_ = sizeof(field) - n_; \
		asm volatile("%0 &= %1" : "+r"(at_) : "i"(sizeof(field) - 1)); \
		asm volatile("%0 &= %1" : "+r"(n_) : "i"(2 * sizeof(field) - 1)); \
		bpf_dynptr_write(d, off, (void *)((field) + at_), n_, 0); \
	} while (0)

static __always_inline void event_put_exe(struct bpf_dynptr *d, __u32 off, const struct about *a)
{
	__u32 len = a->l->exe_len;

	if (len > BL_EXE_INLINE) {
		struct long_exe *e = bpf_task_storage_get(&long_exe, a->task, 0, 0);

		if (e)
			event_put_name(d, off, e->name.buf, BL_PATH_MAX - len);
		return;
	}
	EVENT_PUT(d, off, a->l->exe, len);
}

/* What stands behind the head, from the end: event_put_name() spoils what is before it. */
static __always_inline void event_put(struct bpf_dynptr *d, const struct about *a, const struct bl_event *e)
{
	__u32 off = e->size - e->obj_len;

	event_put_name(d, off, a->s->name.buf, a->from);
	off -= e->container_len;
	EVENT_PUT(d, off, a->l->container, e->container_len);
	off -= e->unit_len;
	EVENT_PUT(d, off, a->l->unit, e->unit_len);
	off -= e->script_len;
	EVENT_PUT(d, off, a->l->script, e->script_len);
	event_put_exe(d, off - e->exe_len, a);
}

static __noinline void event_send(const struct about *a, const struct bl_report *rep)
{
	__u32 exe_len = a->l->exe_len, obj_len = BL_PATH_MAX - a->from;
	struct bl_event *e = &a->s->event;
	struct bpf_dynptr d;
	__u64 head;

	stat_add(BL_STAT_PRODUCED);
	if (exe_len > BL_PATH_MAX || obj_len > BL_PATH_MAX) {
		stat_add(BL_STAT_DROPPED);
		return;
	}
	if (!repeat_counts(a, rep)) {
		stat_add(BL_STAT_REPEATED);
		return;
	}
	event_head(e, a, rep);
	head = BL_EVENT_HEAD + sizeof(struct bl_ancestor) * e->nancestors;
	e->exe_len = exe_len;
	e->script_len = a->l->script_len <= sizeof(a->l->script) ? a->l->script_len : 0;
	e->unit_len = a->l->unit_len; /* label_place() has looked at these */
	e->container_len = a->l->container_len;
	e->obj_len = obj_len;
	e->size = head + exe_len + e->script_len + e->unit_len + e->container_len + obj_len;
	if (bpf_ringbuf_reserve_dynptr(&events, e->size, 0, &d) != 0) {
		stat_add(BL_STAT_DROPPED);
		bpf_ringbuf_discard_dynptr(&d, 0);
		return;
	}
	event_put(&d, a, e);
	asm volatile("%0 &= 511" : "+r"(head));
	bpf_dynptr_write(&d, 0, e, head, 0);
	bpf_ringbuf_submit_dynptr(&d, 0);
}
_Static_assert(sizeof(struct bl_event) < 512 && sizeof(struct scratch) - __builtin_offsetof(struct scratch, event) > 511, "see event_send()");

static __always_inline void report_count(const struct about *a, const struct bl_report *rep)
{
	if (rep->rule != BL_RULE_NONE)
		bl_hit(a->t, (__u64)a->t->off_hits + rep->rule);
	else if (rep->reason == BL_R_DEFAULT)
		bl_hit(a->t, (__u64)a->t->off_hits + a->t->nrules + rep->profile);
	if (rep->reason < BL_R_MAX)
		stat_add(BL_STAT_REASON0 + rep->reason);
	if (rep->reason > BL_R_DEFAULT)
		stat_add(BL_STAT_FAIL_CLOSED);
}

static long report_step(__u32 i, struct about *a)
{
	struct bl_report *rep = &a->s->result.reports[bl_mask(i, BL_TASK_PROFILES)];

	if (rep->verdict == 0)
		return 0;
	report_count(a, rep);
	if (rep->rule == BL_RULE_NONE || !(bl_word(a->t, (__u64)a->t->off_rules + rep->rule) & BL_RULE_QUIET))
		event_send(a, rep);
	return 0;
}

/* Reports whatever the profiles said. */
static __always_inline void reports_send(struct about *a)
{
	stat_add(BL_STAT_DECISIONS);
	bpf_loop(BL_TASK_PROFILES, report_step, a, 0);
}

#endif
