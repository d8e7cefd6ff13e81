/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who: the label of the running task. It is computed when first needed, and again when the generation, the cgroup or the
 * credentials are not those it was computed with: no hook sees a cgroup change.
 */
#ifndef BL_LABEL_H
#define BL_LABEL_H

#include "name.h"
#include "scratch.h"

#define LINEAGE_STEPS 256
#define CGROUP_STEPS 256
#define LABEL_WAITS (1u << 19) /* looks for a label: milliseconds, more than a tick of the scheduler */
#define LABEL_GROUPS 1024 /* supplementary groups; a process with more has a full label */

extern const void init_user_ns __ksym;

/* The notes of the running task. NULL: it has no label. */
static __always_inline struct notes *notes_get(void)
{
	struct task_label *tl = bpf_task_storage_get(&labels, bpf_get_current_task_btf(), 0, 0);

	return tl ? &tl->notes : NULL;
}

/* Kernel threads and the machine's first process: a policy must not be able to lock out a boot. */
static __always_inline bool task_exempt(struct task_struct *task)
{
	return (task->flags & PF_KTHREAD) || task->tgid == 1;
}

/* A process of the enforcer's, by pid and start; it leaves the start empty, and the first hook that sees it fills it in. */
static __always_inline bool task_is_enforcer(struct bl_control *c, struct task_struct *task)
{
#pragma unroll
	for (__u32 i = 0; i < BL_EXEMPT_MAX; i++) {
		struct bl_exempt *e = &c->exempt[i];
		__u64 start;

		if (e->tgid == 0 || (__u32)task->tgid != e->tgid)
			continue;
		start = BPF_CORE_READ(task, group_leader, start_boottime);
		if (e->start == 0)
			e->start = start;
		if (e->start == start)
			return true;
	}
	return false;
}

/* A program executed where anybody may have arranged the names himself (DESIGN section 2, point 7). */
static __always_inline __u32 task_untrusted(struct task_struct *task)
{
	return BPF_CORE_READ(task, nsproxy, mnt_ns, user_ns, level) > 0 ? BL_LF_UNTRUSTED : 0;
}

/*
 * The kernel's own mappings of a program and its ELF interpreter ask nothing: they happen in a new mm before its loader has
 * called set_binfmt() (load_elf_binary() in fs/binfmt_elf.c), and nothing of the process runs in it before that. fork copies
 * the field, and nothing clears it: a mapping made by a program always finds it set.
 */
static __always_inline bool mm_is_being_made(const struct task_struct *task)
{
	struct mm_struct *mm = task->mm;

	return mm && !mm->binfmt;
}

/* Name of the program that runs in mm. */
static __noinline int exe_name(struct scratch *s, struct mm_struct *mm, __u32 *ret_from)
{
	struct file *f = BPF_CORE_READ(mm, exe_file);
	struct dentry *d;

	if (!f)
		return NAME_NAMELESS;
	d = BPF_CORE_READ(f, f_path.dentry);
	return name_of_path(s, d, BPF_CORE_READ(f, f_path.mnt), ret_from);
}

/* The end of a name, as much of it as a label holds. */
static __always_inline const __u8 *name_end(const struct bl_name *n)
{
	return n->buf + BL_PATH_MAX - BL_EXE_INLINE;
}

/* Keeps the program's name: len bytes that end where end does, the whole of them in n if they do not fit. -ENOMEM: there is no memory for a long one. */
static __always_inline int label_set_exe(struct bl_label *l, struct task_struct *task, const __u8 *end, const struct bl_name *n, __u32 len)
{
	l->exe_len = len;
	__builtin_memcpy(l->exe, end, BL_EXE_INLINE);
	if (len > BL_EXE_INLINE) {
		struct long_exe *e = n ? bpf_task_storage_get(&long_exe, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE) : NULL;

		if (!e)
			return -ENOMEM;
		bpf_probe_read_kernel(e->name.buf, BL_PATH_MAX, n->buf);
	}
	return 0;
}

/* Puts the program's name back at the end of the scratch buffer. Returns where it begins, BL_PATH_MAX if there is none. */
static __always_inline __u32 label_get_exe(const struct bl_label *l, struct task_struct *task, struct scratch *s)
{
	__u32 len = l->exe_len;

	if (len == 0 || len > BL_PATH_MAX)
		return BL_PATH_MAX;
	if (len > BL_EXE_INLINE) {
		struct long_exe *e = bpf_task_storage_get(&long_exe, task, 0, 0);

		if (!e)
			return BL_PATH_MAX;
		bpf_probe_read_kernel(s->name.buf, BL_PATH_MAX, e->name.buf);
	} else {
		__builtin_memcpy(s->name.buf + BL_PATH_MAX - BL_EXE_INLINE, l->exe, BL_EXE_INLINE);
	}
	return BL_PATH_MAX - len;
}

struct lineage {
	const struct bl_tables *t;
	struct bl_label *l;
	struct scratch *s; /* s->lineage is the task at hand: the stack is short */
	__u32 unsettled; /* the name of one could not be had, this time */
	__u32 pad;
};

/* One ancestor of a process that was running before the policy: what it passes on is its program's inherited terms. */
static long lineage_step(__u32 i, struct lineage *c)
{
	struct task_struct *child = (struct task_struct *)c->s->lineage, *task;
	struct mm_struct *mm;
	__u32 from = BL_PATH_MAX;
	int name;

	(void)i;
	task = BPF_CORE_READ(child, real_parent);
	if ((__u64)task == (__u64)child || BPF_CORE_READ(task, tgid) <= 1 || (BPF_CORE_READ(task, flags) & PF_KTHREAD))
		return 1;
	c->s->lineage = (__u64)task;
	mm = BPF_CORE_READ(task, mm);
	name = mm ? exe_name(c->s, mm, &from) : NAME_NAMELESS;
	if (name == NAME_OK)
		bl_label_inherit(c->t, c->l, &c->s->name, from);
	c->unsettled |= name == BL_R_UNSETTLED;
	return 0;
}

/*
 * Is it not known what program a task runs, though that has a name? The label is full then, and the task's next question tries again. A program
 * without a name has BL_LF_NAMELESS.
 */
static __always_inline bool label_unknown(const struct bl_label *l)
{
	return l->exe_len == 0 && !(l->flags & BL_LF_NAMELESS);
}

/* First label of a task: its program by the name it has now, and what its living ancestors pass on (DESIGN 2, point 8). */
static __always_inline void label_first(const struct bl_tables *t, struct bl_label *l, struct task_struct *task, struct scratch *s)
{
	struct lineage c = { .t = t, .l = l, .s = s };
	struct mm_struct *mm = task->mm;
	__u32 from = BL_PATH_MAX;
	int name;

	s->lineage = (__u64)task;
	if (bpf_loop(LINEAGE_STEPS, lineage_step, &c, 0) >= LINEAGE_STEPS)
		l->flags |= BL_LF_LOST;
	l->flags = (l->flags & BL_LF_LOST) | task_untrusted(task);
	l->exe_len = 0;
	name = mm ? exe_name(s, mm, &from) : NAME_NAMELESS;
	if (name == NAME_OK && !c.unsettled && label_set_exe(l, task, name_end(&s->name), &s->name, BL_PATH_MAX - from) == 0)
		return;
	l->flags |= BL_LF_UNTRUSTED;
	l->exe_len = 0;
	if (name != NAME_OK && name != BL_R_UNSETTLED && !c.unsettled)
		l->flags |= BL_LF_NAMELESS;
}

struct cgroup_walk {
	struct scratch *s;
	__u64 kn;
	__u32 at;
	__u32 done; /* the root was reached */
};

static __always_inline __u64 kernfs_parent(struct kernfs_node *kn)
{
	struct kernfs_node___rcu *rcu = (void *)kn;

	if (bpf_core_field_exists(struct kernfs_node___rcu, __parent))
		return (__u64)BPF_CORE_READ(rcu, __parent);
	return (__u64)BPF_CORE_READ(kn, parent);
}

static long cgroup_step(__u32 i, struct cgroup_walk *w)
{
	struct kernfs_node *kn = (struct kernfs_node *)w->kn;
	__u64 up = kernfs_parent(kn), at;
	long len;

	(void)i;
	if (up == 0) {
		w->done = 1;
		return 1;
	}
	len = bpf_probe_read_kernel_str(w->s->component, sizeof(w->s->component),
					BPF_CORE_READ(kn, name));
	if (len <= 1 || len > 256 || w->at < len)
		return 1;
	len--; /* without the NUL */
	at = w->at - len;
	asm volatile("%0 &= 4095" : "+r"(at));
	bpf_probe_read_kernel(w->s->name.buf + at, len & 255, w->s->component);
	at--;
	asm volatile("%0 &= 4095" : "+r"(at));
	w->s->name.buf[at] = '/';
	w->at = at;
	w->kn = up;
	return 0;
}

/* Path of the task's cgroup below the cgroup2 root, whatever its cgroup namespace. BL_PATH_MAX: it could not be had. */
static __noinline __u32 cgroup_name(struct scratch *s, struct task_struct *task)
{
	struct cgroup_walk w = { .s = s, .at = BL_PATH_MAX };

	w.kn = (__u64)BPF_CORE_READ(task, cgroups, dfl_cgrp, kn);
	bpf_loop(CGROUP_STEPS, cgroup_step, &w, 0);
	if (!w.done)
		return BL_PATH_MAX;
	if (w.at == BL_PATH_MAX) {
		w.at--;
		s->name.buf[BL_PATH_MAX - 1] = '/';
	}
	return w.at;
}

/* Puts the unit and the container of the task's cgroup into s->parts. A global function: the kernel verifies it once for a program. */
__noinline int cgroup_parts(struct scratch *s, __u32 from)
{
	if (!s)
		return 0;
	s->parts.unit_len = s->parts.container_len = 0;
	if (from < BL_PATH_MAX)
		bl_cgroup_names(&s->name, from, &s->parts);
	return 0;
}

/* Copies s->name.buf[from..from + len] to the end of a label's field. */
#define PART_KEEP(field, s, from, len) \
	({ \
		__u64 n_ = (len), src_ = (from), dst_; \
		if (n_ > sizeof(field)) \
			n_ = 0; \
		dst_ = sizeof(field) - n_; \
		asm volatile("%0 &= %1" : "+r"(dst_) : "i"(sizeof(field) - 1)); \
		asm volatile("%0 &= 4095" : "+r"(src_)); \
		asm volatile("%0 &= %1" : "+r"(n_) : "i"(2 * sizeof(field) - 1)); \
		bpf_probe_read_kernel((field) + dst_, n_, (s)->name.buf + src_); \
		n_; \
	})

/* What bpf_get_current_cgroup_id() says, without a call. */
static __always_inline __u64 task_cgid(const struct task_struct *task)
{
	return task->cgroups->dfl_cgrp->kn->id;
}

/* Takes the unit and the container of the present cgroup into the label. */
static __noinline void label_place(struct bl_label *l, struct task_struct *task, struct scratch *s)
{
	cgroup_parts(s, cgroup_name(s, task));
	l->unit_len = PART_KEEP(l->unit, s, s->parts.unit, s->parts.unit_len);
	l->container_len = PART_KEEP(l->container, s, s->parts.container, s->parts.container_len);
}

/* The same of a label that is kept. A cgroup keeps its name. */
static __always_inline void task_label_place(struct task_label *tl, struct task_struct *task, struct scratch *s)
{
	__u64 cgid = task_cgid(task);

	if (tl->place != cgid)
		label_place(&tl->l, task, s);
	tl->place = cgid;
}

/* A child of the service manager that has not run its program yet is still setting up, in whatever cgroup it is. */
static __always_inline bool task_sets_up(struct task_struct *task)
{
	struct task_struct *parent = BPF_CORE_READ(task, real_parent);
	struct mm_struct *mm = task->mm;

	return (task->flags & PF_FORKNOEXEC) && BPF_CORE_READ(parent, tgid) == 1 && mm &&
	       BPF_CORE_READ(mm, exe_file) == BPF_CORE_READ(parent, mm, exe_file);
}

/*
 * overlayfs, which passes on what was asked above it and copies up, works with the credentials of its mount. io_uring can
 * do so for users: a task with a ring is never taken for the kernel.
 */
static __always_inline bool kernel_acts(const struct task_struct *task)
{
	return task->cred != task->real_cred && !task->io_uring && !(task->flags & PF_IO_WORKER);
}

/* The credentials by which a task is judged. */
static __always_inline const struct cred *task_cred(const struct task_struct *task)
{
	return kernel_acts(task) ? task->real_cred : task->cred;
}

static __always_inline __u64 task_caps(struct task_struct *task)
{
	const struct cred *cred = task_cred(task);
	__u64 caps = 0;

	if ((__u64)cred->user_ns == (__u64)&init_user_ns)
		bpf_core_read(&caps, sizeof(caps), &cred->cap_effective);
	return caps;
}

/*
 * Does the label not hold any more? What these tables look at is compared, but for the supplementary groups, of whose change a hook tells
 * (task_fix_setgroups). The address of credentials alone does not tell: it can be used again.
 */
static __always_inline bool label_stale(const struct bl_tables *t, const struct bl_label *l, struct task_struct *task)
{
	bool rare = t->features & (BL_FEAT_GROUP | BL_FEAT_LOGIN | BL_FEAT_CAPABILITY);
	const struct cred *cred;

	if (l->gen != t->gen || l->cred == 0)
		return true;
	if (t->start[BL_KEY_CGROUP] != 0 && l->cgid != task_cgid(task))
		return true;
	if (t->start[BL_KEY_USER] == 0 && !rare)
		return false;
	cred = task_cred(task);
	if (l->cred != (__u64)cred || l->euid != cred->euid.val)
		return true;
	return rare && (l->egid != cred->egid.val || l->login != task->loginuid.val || l->caps != task_caps(task));
}

/*
 * The byte strings about a task, numbered: one of each kind, then one for each capability, then one for each supplementary group. One loop
 * goes over them, so that the verifier goes through bl_label_key() once and not for each of them.
 */
enum { OWN_EXE, OWN_USER, OWN_CGROUP, OWN_SCRIPT, OWN_UNIT, OWN_CONTAINER, OWN_LOGIN, OWN_GROUP, OWN_CAPS, OWN_GROUPS = OWN_CAPS + 64 };

struct own {
	const struct bl_tables *t;
	struct bl_label *l;
	struct scratch *s;
	struct task_struct *task;
};

/* This one stands at the end of the buffer. */
static __always_inline void own_key(struct scratch *s, __u32 kind, __u32 from)
{
	s->key_kind = kind;
	s->key_from = from;
}

/* A name that is kept in the label, from its end. */
#define OWN_KEPT(c, field, len, kind) \
	do { \
		if ((c)->l->len > sizeof((c)->l->field)) { \
			(c)->l->flags |= BL_LF_FULL; \
		} else if ((c)->l->len != 0) { \
			__builtin_memcpy((c)->s->name.buf + BL_PATH_MAX - sizeof((c)->l->field), (c)->l->field, sizeof((c)->l->field)); \
			own_key((c)->s, kind, BL_PATH_MAX - (c)->l->len); \
		} \
	} while (0)

static __noinline void own_exe(struct own *c)
{
	__u32 from = label_get_exe(c->l, c->task, c->s);

	if (from < BL_PATH_MAX)
		own_key(c->s, BL_KEY_EXE, from);
	else if (c->l->exe_len != 0 || label_unknown(c->l))
		c->l->flags |= BL_LF_FULL; /* there was no memory to keep a long one, or it could not be read */
}

static __noinline void own_cgroup(struct own *c)
{
	__u32 from = cgroup_name(c->s, c->task);

	if (from < BL_PATH_MAX)
		own_key(c->s, BL_KEY_CGROUP, from);
	else
		c->l->flags |= BL_LF_FULL;
}

static __noinline void own_many(struct own *c, __u32 i)
{
	struct scratch *s = c->s;
	__u32 gid = 0;

	if (i < OWN_GROUPS) {
		if (!(c->t->features & BL_FEAT_CAPABILITY) || !(c->l->caps >> ((i - OWN_CAPS) & 63) & 1))
			return;
		s->name.buf[BL_PATH_MAX - 1] = i - OWN_CAPS;
		own_key(s, BL_KEY_CAPABILITY, BL_PATH_MAX - 1);
		return;
	}
	bpf_probe_read_kernel(&gid, sizeof(gid), (const void *)(s->gids + 4 * (__u64)(i - OWN_GROUPS)));
	own_key(s, BL_KEY_GROUP, bl_key_id(&s->name, gid));
}

/* Writes the i-th; the terms that few policies use only if this one does. */
static __noinline void own_put(struct own *c, __u32 i)
{
	__u64 features = c->t->features;
	struct scratch *s = c->s;

	if (i == OWN_EXE)
		own_exe(c);
	else if (i == OWN_USER)
		own_key(s, BL_KEY_USER, bl_key_id(&s->name, c->l->euid));
	else if (i == OWN_CGROUP && c->t->start[BL_KEY_CGROUP] != 0)
		own_cgroup(c);
	else if (i == OWN_SCRIPT && (features & BL_FEAT_SCRIPT))
		OWN_KEPT(c, script, script_len, BL_KEY_SCRIPT);
	else if (i == OWN_UNIT && (features & BL_FEAT_UNIT))
		OWN_KEPT(c, unit, unit_len, BL_KEY_UNIT);
	else if (i == OWN_CONTAINER && (features & BL_FEAT_CONTAINER))
		OWN_KEPT(c, container, container_len, BL_KEY_CONTAINER);
	else if (i == OWN_LOGIN && (features & BL_FEAT_LOGIN))
		own_key(s, BL_KEY_LOGIN, bl_key_id(&s->name, c->l->login));
	else if (i == OWN_GROUP && (features & BL_FEAT_GROUP))
		own_key(s, BL_KEY_GROUP, bl_key_id(&s->name, c->l->egid));
	else if (i >= OWN_CAPS)
		own_many(c, i);
}

static long own_step(__u32 i, struct own *c)
{
	struct scratch *s = c->s;

	if (i >= s->own_end)
		return 1;
	s->key_kind = BL_KEY_PATH; /* none */
	own_put(c, i);
	if (s->key_kind != BL_KEY_PATH)
		bl_label_key(c->t, c->l, &s->name, s->key_from, s->key_kind);
	return 0;
}

/* How many of them there are for this policy. */
static __always_inline __u32 own_count(struct own *c, const struct cred *cred)
{
	struct group_info *info = BPF_CORE_READ(cred, group_info);
	__u32 n = BPF_CORE_READ(info, ngroups);

	if (!(c->t->features & (BL_FEAT_GROUP | BL_FEAT_CAPABILITY)))
		return OWN_CAPS;
	if (!(c->t->features & BL_FEAT_GROUP))
		return OWN_GROUPS;
	c->s->gids = (__u64)info + bpf_core_field_offset(struct group_info, gid);
	if (n > LABEL_GROUPS) {
		c->l->flags |= BL_LF_FULL;
		n = LABEL_GROUPS;
	}
	return OWN_GROUPS + n;
}

/* Keeps for the day when no label can be had what a task could be refused. */
static __always_inline void confined_set(__u64 task, __u64 ops)
{
	if (bpf_map_update_elem(&confined, &task, &ops, BPF_ANY) == 0)
		return;
	stat_add(BL_STAT_UNTRACKED);
	__sync_fetch_and_or(&global.untracked, ops);
}

/* What a task could be refused the last time that it was known. Where some did not fit, of the others it is not known that they are none of these. */
static __always_inline __u64 confined_ops(__u64 task)
{
	__u64 *known = bpf_map_lookup_elem(&confined, &task);

	return known ? *known : global.untracked;
}

/* Beside the operations: what else is asked of the task (hooks.h has the same bits for a policy). */
#define CONFINED_USE (1ULL << 63)
#define CONFINED_PEER (1ULL << 62)

/* Keeps what the task could be refused. */
static __always_inline void confined_update(const struct bl_tables *t, const struct bl_label *l, __u64 task)
{
	__u64 ops = l->refusable;

	if (ops != 0 && bl_asks_use(t, l))
		ops |= CONFINED_USE;
	if (ops != 0 && bl_asks_peer(l))
		ops |= CONFINED_PEER;
	if (ops != 0)
		confined_set(task, ops);
	else
		bpf_map_delete_elem(&confined, &task);
}

/* No profile has anything to say of the task. */
static __always_inline bool label_is_free(const struct bl_label *l)
{
	return l->nprof == 0 && !(l->flags & BL_LF_FULL);
}

/* A hash of all that an answer depends on. 0: it is not known what the task is, or was. */
static __always_inline __u64 label_alike(const struct bl_label *l)
{
	__u64 h = mixed(secret(), (__u64)l->gen << 32 | l->nprof);

	if ((l->flags & BL_LF_FULL) || label_unknown(l))
		return 0;
	for (__u32 i = 0; i < BL_MAX_CONDS / 64; i++)
		h = mixed(h, l->conds[i]);
	for (__u32 i = 0; i < BL_TASK_PROFILES / 8; i++)
		h = mixed(h, ((const __u64 *)l->prof)[i]);
	return h | 1;
}

/* Computes the label for these tables and the present state. l->exe and l->sticky are known. */
static __always_inline void label_compute(const struct bl_tables *t, struct bl_label *l, struct task_struct *task, struct scratch *s)
{
	struct own c = { .t = t, .l = l, .s = s, .task = task };
	const struct cred *cred = task_cred(task);

	l->cgid = task_cgid(task);
	l->cred = (__u64)cred;
	l->euid = cred->euid.val;
	l->egid = cred->egid.val;
	l->login = task->loginuid.val;
	l->caps = task_caps(task);
	stat_add(BL_STAT_LABELS);
	bl_label_begin(t, l);
	s->own_end = own_count(&c, cred);
	bpf_loop(OWN_GROUPS + LABEL_GROUPS, own_step, &c, 0);
	bl_label_finish(t, l);
}

/* The same for the label of a task that is kept. */
static __always_inline void task_label_compute(const struct bl_tables *t, struct task_label *tl, struct task_struct *task, struct scratch *s)
{
	label_compute(t, &tl->l, task, s);
	tl->alike = label_alike(&tl->l);
}

#endif
