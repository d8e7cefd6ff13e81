/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hooks of the system class: capabilities, other processes, mounts, modules, ids and what else acts on the machine. */
#ifndef BL_HOOK_SYS_H
#define BL_HOOK_SYS_H

#include "peer.h"

/* Does the task see the initial mount namespace? */
static __noinline bool task_in_init_ns(void)
{
	struct task_struct *task = bpf_get_current_task_btf();

	return (__u64)BPF_CORE_READ(task, nsproxy, mnt_ns) == initial_mounts();
}

/* The key is what stands at a->from, after the operation's number. */
static __always_inline int sys_ask(struct about *a, __u32 op, __u32 reason)
{
	if (reason == 0)
		bl_key_byte(&a->s->name, &a->from, op);
	return key_ask(a, op, reason);
}

/* The question of an operation that has no object. */
static __always_inline int sys_question(__u32 op)
{
	ABOUT(a) = {};
	int r = key_begin(&a, op, BL_KEY_SYS);

	return r != 1 ? r : sys_ask(&a, op, 0);
}

/* About a path. What has no name is BL_OBJ_NAMELESS. */
static __always_inline int sys_question_path(__u32 op, struct dentry *d, struct vfsmount *m)
{
	ABOUT(a) = {};
	int r = key_begin(&a, op, BL_KEY_SYS);

	if (r != 1)
		return r;
	r = name_of_path(a.s, d, m, &a.from);
	if (r < 0) {
		a.from = BL_PATH_MAX;
		bl_key_byte(&a.s->name, &a.from, BL_OBJ_NAMELESS);
		r = 0;
	}
	return sys_ask(&a, op, r);
}

/* ---- capabilities ---- */

/*
 * The kernel asks about a capability that the task has. Where it only wonders (CAP_OPT_NOAUDIT) the answer may still open a door: such a question
 * is answered alike, but not reported, and kills nobody; about another's credentials (a victim of the OOM killer) it is none of the task's, and
 * overlayfs acts with those of its mount.
 */
SEC("lsm/capable")
int BPF_PROG(capable, const struct cred *cred, struct user_namespace *ns, int cap, unsigned int opts, int ret)
{
	ABOUT(a) = {};
	int r;

	if (ret != 0 || ((opts & CAP_OPT_NOAUDIT) && (__u64)cred != (__u64)bpf_get_current_task_btf()->cred) ||
	    kernel_acts(bpf_get_current_task_btf()))
		return ret;
	r = key_begin(&a, BL_OP_CAPABILITY, BL_KEY_SYS);
	if (r != 1)
		return r;
	bl_key_byte(&a.s->name, &a.from, cap);
	bl_key_byte(&a.s->name, &a.from, BL_OP_CAPABILITY);
	key_one(&a, BL_OP_CAPABILITY, 0);
	if (!(opts & CAP_OPT_NOAUDIT))
		return keys_end(&a);
	return a.s->result.verdict >= BL_V_DENY ? refusal(a.s->result.err) : 0;
}

/* ---- other processes ---- */

/* A process may always trace and signal itself. */
static __always_inline bool task_is_self(const struct task_struct *task)
{
	return (__u32)task->tgid == bpf_get_current_pid_tgid() >> 32;
}

/* Reading another's secrets (PTRACE_MODE_READ) is asked about like tracing it. What only hides numbers in /proc is not reported. */
SEC("lsm/ptrace_access_check")
int BPF_PROG(ptrace_access_check, struct task_struct *child, unsigned int mode, int ret)
{
	ABOUT(a) = {};
	int r;

	if (ret != 0 || task_is_self(child))
		return ret;
	r = key_begin(&a, BL_OP_PTRACE, BL_KEY_SYS);
	if (r != 1)
		return r;
	peer_set(&a, child);
	a.from = BL_PATH_MAX;
	bl_key_byte(&a.s->name, &a.from, BL_OP_PTRACE);
	key_one(&a, BL_OP_PTRACE, 0);
	if (!(mode & PTRACE_MODE_NOAUDIT))
		return keys_end(&a);
	return a.s->result.verdict >= BL_V_DENY ? refusal(a.s->result.err) : 0;
}

/*
 * The task lets its parent trace it: the parent's profiles decide, as if it had attached. What could be refused to the parent is, if there is
 * no label of it.
 */
SEC("lsm/ptrace_traceme")
int BPF_PROG(ptrace_traceme, struct task_struct *parent, int ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct bl_label *tracer;
	ABOUT(a) = {};

	if (ret != 0 || task_is_self(parent) || task_exempt(parent))
		return ret;
	if (who_asks(&a, BL_OP_BIT(BL_OP_PTRACE)) == WHO_PROBE || !a.t)
		return 0;
	a.task = task;
	a.from = BL_PATH_MAX;
	if (!ask_begin(&a, BL_KEY_SYS))
		return refuse_unknown(BL_OP_BIT(BL_OP_PTRACE), BL_R_NO_SCRATCH);
	tracer = peer_label(&a, parent);
	if (!tracer)
		return refuse_unknown_task((__u64)parent, 0, BL_OP_BIT(BL_OP_PTRACE), BL_R_NO_LABEL);
	a.q.peer = a.l;
	a.q.flags = BL_QF_DESCENDANT;
	a.l = tracer;
	a.from = BL_PATH_MAX;
	return sys_ask(&a, BL_OP_PTRACE, 0);
}

/*
 * What the kernel itself sends does not come here. Where a device reports, `cred` is of who asked for it, and the running task anybody. The
 * verifier believes that no argument is NULL, so this one is read as a number.
 */
SEC("lsm/task_kill")
int BPF_PROG(task_kill, struct task_struct *p, void *info, int sig, __u64 unused, int ret)
{
	ABOUT(a) = {};
	__u64 cred = 0;
	int r;

	if (ret != 0 || sig == 0 || bpf_get_func_arg(ctx, 3, &cred) != 0 || cred != 0 || task_is_self(p))
		return ret;
	r = key_begin(&a, BL_OP_SIGNAL, BL_KEY_SYS);
	if (r != 1)
		return r;
	peer_set(&a, p);
	a.from = BL_PATH_MAX;
	bl_key_byte(&a.s->name, &a.from, sig);
	return sys_ask(&a, BL_OP_SIGNAL, 0);
}

/* ---- mounts ---- */

/* Puts a string of the kernel's and the 0 after it in front of what is there. NULL is the empty string. 0, or why not (BL_R_*). */
static __noinline __u32 key_string(struct about *a, const char *text)
{
	long len = 1;
	__u64 at;

	if (text)
		len = bpf_probe_read_kernel_str(a->s->component, sizeof(a->s->component), text);
	if (len < 1)
		return BL_R_UNREADABLE;
	if (len >= 256 || a->from <= len + 1) /* 255 bytes fit, and what is cut off cannot be told from that */
		return BL_R_TOO_LONG;
	bl_key_byte(&a->s->name, &a->from, 0);
	len--;
	at = a->from - len;
	asm volatile("%0 &= 4095" : "+r"(at));
	if (len > 0)
		bpf_probe_read_kernel(a->s->name.buf + at, len & 255, a->s->component);
	a->from = at;
	return 0;
}

/* "type 0 source 0 target"; the target is (d, m). */
static __noinline __u32 mount_key(struct about *a, struct dentry *d, struct vfsmount *m, const char *source, const char *type)
{
	int r = name_of_path(a->s, d, m, &a->from);
	__u32 bad;

	if (r != 0)
		return r < 0 ? BL_R_UNREADABLE : r;
	bad = key_string(a, source);
	return bad != 0 ? bad : key_string(a, type);
}

static const char type_bind[] = "bind", type_move[] = "move", type_remount[] = "remount", type_propagation[] = "propagation";

/* What a mount() does beside mounting a file system, by its flags, in the order in which the kernel looks at them (path_mount() in fs/namespace.c). */
static __always_inline const char *mount_type(unsigned long flags, const char *type)
{
	if (flags & MS_REMOUNT)
		return type_remount;
	if (flags & MS_BIND)
		return type_bind;
	if (flags & MS_PROPAGATION)
		return type_propagation;
	return flags & MS_MOVE ? type_move : type;
}

/* The question of mount(). A global function, as question_file() is: two of them in one frame are more than the stack holds. */
__noinline int mount_ask(__u64 dev_name, __u64 type, __u64 d, __u64 m, __u64 flags)
{
	const char *what = mount_type(flags, (const char *)type);
	bool mounts = what != type_remount && what != type_propagation;
	ABOUT(a) = {};
	__u32 reason;
	int r = key_begin(&a, BL_OP_MOUNT, BL_KEY_SYS);

	if (r != 1)
		return r;
	reason = mount_key(&a, (struct dentry *)d, (struct vfsmount *)m, mounts ? (const char *)dev_name : NULL, what);
	r = sys_ask(&a, BL_OP_MOUNT, reason);
	label_of(&a)->notes.remounting = 0;
	if (r == 0 && (flags & MS_REMOUNT) && !(flags & MS_BIND))
		label_of(&a)->notes.remounting = (__u64)BPF_CORE_READ((struct vfsmount *)m, mnt_sb);
	return r;
}

/*
 * A mount that moves is told by the text that names it: where it was cannot be known. In other mount namespaces than the initial one no mount
 * changes canonical names, and services and containers start with such mounts: names are not asked about there.
 */
SEC("lsm/sb_mount")
int BPF_PROG(sb_mount, const char *dev_name, const struct path *path, const char *type, unsigned long flags, void *data, int ret)
{
	__u64 d = number_of(path->dentry), m = number_of(path->mnt), hides = HIDES;
	int other;

	if (ret != 0)
		return ret;
	ret = mount_ask(number_of(dev_name), number_of(type), d, m, flags);
	if ((flags & MS_REMOUNT) || (!(flags & MS_BIND) && (flags & MS_PROPAGATION)) || !task_in_init_ns())
		return answer(ret);
	if (!(flags & MS_BIND) && (flags & MS_MOVE))
		hides |= MOVES;
	other = names_hide(d, m, BL_OP_MOUNT, hides);
	return two_answers(ret, other);
}

/*
 * Settings of a file system are changed. mount() has asked; fsconfig() knows no name of where it is mounted, and is refused to whom any remount
 * could be.
 */
SEC("lsm/sb_remount")
int BPF_PROG(sb_remount, struct super_block *sb, void *mnt_opts, int ret)
{
	ABOUT(a) = {};
	int r;

	if (ret != 0)
		return ret;
	r = key_begin(&a, BL_OP_MOUNT, BL_KEY_SYS);
	if (r != 1)
		return r;
	if (label_of(&a)->notes.remounting == (__u64)sb && (called_by(NR_MOUNT) || called_by(NR_MOUNT_I386))) {
		label_of(&a)->notes.remounting = 0;
		return 0;
	}
	return sys_ask(&a, BL_OP_MOUNT, BL_R_UNREADABLE);
}

/*
 * Attaches what fsmount() or open_tree() made, or moves a mount. A clone of less than a whole file system is a bind mount; one of a whole
 * cannot be told from a new mount of that type.
 */
__noinline int attach_ask(__u64 from_d, __u64 from_m, __u64 to_d, __u64 to_m, bool moves)
{
	struct mount *m = (struct mount *)mount_of((struct vfsmount *)from_m);
	struct dentry *d = (struct dentry *)from_d;
	const char *type, *source;
	ABOUT(a) = {};
	int r = key_begin(&a, BL_OP_MOUNT, BL_KEY_SYS);

	if (r != 1)
		return r;
	type = BPF_CORE_READ(d, d_sb, s_type, name);
	source = BPF_CORE_READ(m, mnt_devname);
	if (moves)
		type = type_move;
	else if (d != BPF_CORE_READ(d, d_sb, s_root))
		type = type_bind;
	return sys_ask(&a, BL_OP_MOUNT, mount_key(&a, (struct dentry *)to_d, (struct vfsmount *)to_m, source, type));
}

/* Is the mount attached somewhere? */
static __noinline bool mount_has_place(__u64 mnt)
{
	return walk_top(mount_of((struct vfsmount *)mnt)) == NAME_OK;
}

SEC("lsm/move_mount")
int BPF_PROG(move_mount, const struct path *from_path, const struct path *to_path, int ret)
{
	__u64 d = number_of(from_path->dentry), m = number_of(from_path->mnt);
	__u64 to_d = number_of(to_path->dentry), to_m = number_of(to_path->mnt);
	bool moves = mount_has_place(m);
	int other;

	if (ret != 0)
		return ret;
	ret = attach_ask(d, m, to_d, to_m, moves);
	if (!task_in_init_ns())
		return answer(ret);
	other = names_hide(to_d, to_m, BL_OP_MOUNT, HIDES);
	ret = two_answers(ret, other);
	if (!moves)
		return ret;
	other = name_changes(d, m, to_d, to_m, BL_OP_MOUNT);
	return two_answers(ret, other);
}

SEC("lsm/sb_umount")
int BPF_PROG(sb_umount, struct vfsmount *mnt, int flags, int ret)
{
	return ret != 0 ? ret : sys_question_path(BL_OP_UMOUNT, BPF_CORE_READ(mnt, mnt_root), (struct vfsmount *)number_of(mnt));
}

__noinline int pivot_ask(__u64 d, __u64 m)
{
	return sys_question_path(BL_OP_PIVOT, (struct dentry *)d, (struct vfsmount *)m);
}

/*
 * About the new root. In the initial mount namespace every name changes.
 */
SEC("lsm/sb_pivotroot")
int BPF_PROG(sb_pivotroot, const struct path *old_path, const struct path *new_path, int ret)
{
	__u64 d = number_of(new_path->dentry), m = number_of(new_path->mnt);
	int other;

	if (ret != 0)
		return ret;
	ret = pivot_ask(d, m);
	if (!task_in_init_ns())
		return answer(ret);
	other = names_hide(d, m, BL_OP_PIVOT, MOVES);
	return two_answers(ret, other);
}

/* ---- modules, kexec ---- */

#define ID_IS(id, type, value) \
	(bpf_core_enum_value_exists(enum type, value) && (__u64)(id) == bpf_core_enum_value(enum type, value))

SEC("lsm/kernel_read_file")
int BPF_PROG(kernel_read_file, struct file *file, int id, bool contents, int ret)
{
	if (ret != 0)
		return ret;
	if (ID_IS(id, kernel_read_file_id, READING_KEXEC_IMAGE))
		return sys_question(BL_OP_KEXEC);
	if (!ID_IS(id, kernel_read_file_id, READING_MODULE) && !ID_IS(id, kernel_read_file_id, READING_MODULE_COMPRESSED))
		return 0;
	return sys_question_path(BL_OP_MODULE, BPF_CORE_READ(file, f_path.dentry), BPF_CORE_READ(file, f_path.mnt));
}

/* From memory: there is no name. */
static __always_inline int module_question(void)
{
	ABOUT(a) = {};
	int r = key_begin(&a, BL_OP_MODULE, BL_KEY_SYS);

	if (r != 1)
		return r;
	bl_key_byte(&a.s->name, &a.from, BL_OBJ_NAMELESS);
	return sys_ask(&a, BL_OP_MODULE, 0);
}

SEC("lsm/kernel_load_data")
int BPF_PROG(kernel_load_data, int id, bool contents, int ret)
{
	if (ret != 0)
		return ret;
	if (ID_IS(id, kernel_load_data_id, LOADING_KEXEC_IMAGE))
		return sys_question(BL_OP_KEXEC);
	return ID_IS(id, kernel_load_data_id, LOADING_MODULE) ? module_question() : 0;
}

/*
 * The kernel is about to start modprobe on behalf of the task: of a kernel thread, so that the hooks above would see nobody of ours. It knows an alias,
 * and no file.
 */
SEC("lsm/kernel_module_request")
int BPF_PROG(kernel_module_request, char *alias, int ret)
{
	return ret != 0 ? ret : module_question();
}

/* ---- what has no object ---- */

/* 7.2 has an argument more, so that there is no `ret` here: after a refusal by another program this one is not called. */
SEC("lsm/bpf")
int BPF_PROG(bpf, int cmd)
{
	return sys_question(BL_OP_BPF);
}

/* 6.1 and 6.12 pass (attributes, what for), 7.2 only what for. Of several calls in one perf_event_open(2) one is asked about. */
SEC("lsm/perf_event_open")
int perf_event_open(__u64 *ctx)
{
	__u64 what = ctx[0];

	if (what >= 4096) /* an address */
		what = ctx[1];
	return (__u32)what == PERF_SECURITY_OPEN ? sys_question(BL_OP_PERF) : 0;
}

SEC("lsm/userns_create")
int BPF_PROG(userns_create, const struct cred *cred, int ret)
{
	return ret != 0 ? ret : sys_question(BL_OP_USERNS);
}

/* ---- ids ---- */

struct ids {
	struct about *a;
	__u32 op;
};

/* One of the four ids wanted; not asked about if it is held, or was asked about before. */
static long ids_step(__u32 i, struct ids *c)
{
	struct scratch *s = c->a->s;
	__u32 id = s->ids[bl_mask(i, 4)];
	bool known = false;

	for (__u32 j = 0; j < 8; j++)
		known |= (j >= 4 || j < i) && s->ids[j] == id;
	if (known)
		return 0;
	c->a->from = bl_key_id(&s->name, id);
	bl_key_byte(&s->name, &c->a->from, c->op);
	key_one(c->a, c->op, 0);
	return 0;
}

static __always_inline int ids_ask(struct about *a, __u32 op)
{
	struct ids c = { .a = a, .op = op };

	bpf_loop(4, ids_step, &c, 0);
	return keys_end(a);
}

SEC("lsm/task_fix_setuid")
int BPF_PROG(task_fix_setuid, struct cred *new, const struct cred *old, int flags, int ret)
{
	ABOUT(a) = {};
	int r;

	if (ret != 0)
		return ret;
	r = key_begin(&a, BL_OP_SETUID, BL_KEY_SYS);
	if (r != 1)
		return r;
	a.s->ids[0] = new->uid.val;
	a.s->ids[1] = new->euid.val;
	a.s->ids[2] = new->suid.val;
	a.s->ids[3] = new->fsuid.val;
	a.s->ids[4] = old->uid.val;
	a.s->ids[5] = old->euid.val;
	a.s->ids[6] = old->suid.val;
	a.s->ids[7] = old->fsuid.val;
	return ids_ask(&a, BL_OP_SETUID);
}

static __always_inline void gids_held(struct scratch *s, const struct cred *old)
{
	s->ids[4] = old->gid.val;
	s->ids[5] = old->egid.val;
	s->ids[6] = old->sgid.val;
	s->ids[7] = old->fsgid.val;
}

SEC("lsm/task_fix_setgid")
int BPF_PROG(task_fix_setgid, struct cred *new, const struct cred *old, int flags, int ret)
{
	ABOUT(a) = {};
	int r;

	if (ret != 0)
		return ret;
	r = key_begin(&a, BL_OP_SETGID, BL_KEY_SYS);
	if (r != 1)
		return r;
	a.s->ids[0] = new->gid.val;
	a.s->ids[1] = new->egid.val;
	a.s->ids[2] = new->sgid.val;
	a.s->ids[3] = new->fsgid.val;
	gids_held(a.s, old);
	return ids_ask(&a, BL_OP_SETGID);
}

#define GROUPS_MAX 65536 /* NGROUPS_MAX in include/uapi/linux/limits.h */

struct groups {
	struct about *a;
	__u64 list, held; /* struct group_info */
	__u32 n, nheld;
	__u32 id, lo, hi, found;
};

static __always_inline __u32 group_at(__u64 info, __u32 i)
{
	__u32 gid = ~0u;

	bpf_probe_read_kernel(&gid, 4, (const void *)(info + bpf_core_field_offset(struct group_info, gid) + 4ULL * i));
	return gid;
}

/* The kernel keeps the list sorted. */
static long group_search(__u32 i, struct groups *c)
{
	__u32 mid = (c->lo + c->hi) / 2, gid;

	(void)i;
	if (c->lo >= c->hi)
		return 1;
	gid = group_at(c->held, mid);
	c->found = gid == c->id;
	if (gid < c->id)
		c->lo = mid + 1;
	else
		c->hi = mid;
	return c->found;
}

static long setgroups_step(__u32 i, struct groups *c)
{
	struct scratch *s = c->a->s;

	if (i >= c->n)
		return 1;
	c->id = group_at(c->list, i);
	c->found = s->ids[4] == c->id || s->ids[5] == c->id || s->ids[6] == c->id || s->ids[7] == c->id;
	c->lo = 0;
	c->hi = c->nheld;
	if (!c->found)
		bpf_loop(17, group_search, c, 0);
	if (c->found)
		return 0;
	c->a->from = bl_key_id(&s->name, c->id);
	bl_key_byte(&s->name, &c->a->from, BL_OP_SETGID);
	key_one(c->a, BL_OP_SETGID, 0);
	return 0;
}

static __always_inline int setgroups(const struct cred *new, const struct cred *old)
{
	ABOUT(a) = {};
	struct groups c = { .a = &a };
	int r = key_begin(&a, BL_OP_SETGID, BL_KEY_SYS);

	if (r != 1)
		return r;
	gids_held(a.s, old);
	c.list = (__u64)new->group_info;
	c.held = (__u64)old->group_info;
	c.n = BPF_CORE_READ(new, group_info, ngroups);
	c.nheld = BPF_CORE_READ(old, group_info, ngroups);
	bpf_loop(GROUPS_MAX, setgroups_step, &c, 0);
	return keys_end(&a);
}

/* A change of supplementary groups is not to be seen in the credentials without reading them all: the label is computed again. */
SEC("lsm/task_fix_setgroups")
int BPF_PROG(task_fix_setgroups, struct cred *new, const struct cred *old, int ret)
{
	struct bl_label *l;

	if (ret == 0)
		ret = setgroups(new, old);
	l = bpf_task_storage_get(&labels, bpf_get_current_task_btf(), 0, 0);
	if (l)
		l->cred = 0;
	else if (ret == 0 && confined_ops((__u64)bpf_get_current_task()) != 0)
		return refuse_memory(BL_R_NO_LABEL);
	return ret;
}

#endif
