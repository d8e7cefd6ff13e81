/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Equal denials: counted, and told of by few events. What is equal says struct bl_repeat. */
#ifndef BL_REPEAT_H
#define BL_REPEAT_H

#include "about.h"

struct mixer {
	const struct scratch *s;
	__u64 h;
	__u32 at;
	__u32 pad;
};

static __always_inline void mix(struct mixer *c, __u64 w)
{
	c->h = mixed(c->h, w);
}

/* Eight bytes of the object. */
static long mix_step(__u32 i, struct mixer *c)
{
	__u64 at = c->at & ~7u;

	(void)i;
	if (c->at >= BL_PATH_MAX)
		return 1;
	asm volatile("%0 &= 4088" : "+r"(at));
	mix(c, *(const __u64 *)(c->s->name.buf + at) >> (8 * (c->at & 7))); /* without what stands before it */
	c->at = (c->at & ~7u) + 8;
	return 0;
}

static __always_inline __u64 repeat_key(const struct about *a, const struct bl_report *rep)
{
	struct mixer c = { .s = a->s, .h = secret(), .at = a->from };
	struct task_struct *task = a->task;

	mix(&c, (bpf_get_current_pid_tgid() & ~0xffffffffull) | BPF_CORE_READ(task, self_exec_id));
	mix(&c, (__u64)a->t->gen << 32 | rep->rule);
	mix(&c, (__u64)rep->profile << 32 | rep->op);
	mix(&c, (__u64)rep->reason << 32 | (__u64)rep->mode << 24 | a->kind << 16 | (a->q.flags & 0xffff));
	mix(&c, (__u64)task_cred(task)->euid.val << 32 | task_cred(task)->egid.val);
	mix(&c, bpf_get_current_cgroup_id());
	bpf_loop(BL_PATH_MAX / 8, mix_step, &c, 0);
	return c.h | 1; /* 0 is none */
}

/* Tells how many there were of others, whose slot this is no more. */
static __always_inline void repeat_ended(struct scratch *s, const struct bl_repeat *was)
{
	struct bl_repeated *r = (void *)&s->event;

	r->version = BL_REPEATED_VERSION;
	r->size = sizeof(*r);
	r->was = *was;
	bpf_ringbuf_output(&events, r, sizeof(*r), 0);
}

/* Counts a report. True: it makes an event, which says the rest. */
static __noinline bool repeat_counts(const struct about *a, const struct bl_report *rep)
{
	struct bl_repeat was = {};
	struct repeat *r;
	__u64 now, key;
	bool tells;
	__u32 slot;

	a->s->repeat.key = 0;
	a->s->repeat.count = 1;
	if (rep->verdict != BL_V_DENY)
		return true;
	key = repeat_key(a, rep);
	slot = key / 2 % BL_REPEATS;
	r = bpf_map_lookup_elem(&repeats, &slot);
	if (!r)
		return true;
	now = bpf_ktime_get_boot_ns();
	bpf_spin_lock(&r->lock);
	if (r->key != key || now - r->last_ns > BL_REPEAT_NS) {
		was.key = r->key;
		was.count = r->count;
		was.next = r->next;
		was.first_ns = r->first_ns;
		was.last_ns = r->last_ns;
		r->key = key;
		r->count = 0;
		r->next = 1;
		r->first_ns = now;
	}
	r->count++;
	r->last_ns = now;
	tells = r->count == r->next;
	if (tells)
		r->next *= 10;
	a->s->repeat.count = r->count;
	a->s->repeat.first_ns = r->first_ns;
	bpf_spin_unlock(&r->lock);
	a->s->repeat.key = key;
	if (was.count * 10 != was.next)
		repeat_ended(a->s, &was);
	return tells;
}

#endif
