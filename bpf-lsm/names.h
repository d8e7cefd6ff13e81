/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All names of a file. It is asked about by the name by which it was reached (visible), then by the names that the mounts of its file
 * system give it in the initial mount namespace (canonical), and those of its other links, of which only rules that refuse count: DESIGN
 * section 2, point 12. So a bind mount, another mount namespace, a layer of overlayfs or a hard link is no way round a rule.
 */
#ifndef BL_NAMES_H
#define BL_NAMES_H

#include "ask.h"
#include "linked.h"

#define NAMES_STEPS (1u << 17) /* mounts of one file system, of all namespaces, and the operations asked about each name */
#define NAMES_SPARE 128u       /* of these, kept to say that there are more */

/* ---- the mounts of a file system ---- */

static __always_inline bool mounts_are_list(void)
{
	return bpf_core_field_exists(struct mount___list, mnt_instance);
}

static __always_inline __u64 of_instance(__u64 link)
{
	return link - bpf_core_field_offset(struct mount___list, mnt_instance);
}

static __always_inline void mounts_begin(struct names *n)
{
	struct dentry *d = (struct dentry *)n->dentry;
	struct super_block *sb = BPF_CORE_READ(d, d_sb);
	struct super_block___list *l = (void *)sb;
	struct super_block___chain *c = (void *)sb;

	n->count = seq_read(&mount_lock);
	if (n->count & 1) {
		n->mount = n->end = 0; /* it changes: the next turn looks again */
	} else if (mounts_are_list()) {
		n->end = of_instance((__u64)sb + bpf_core_field_offset(struct super_block___list, s_mounts));
		n->mount = of_instance((__u64)BPF_CORE_READ(l, s_mounts.next));
	} else {
		n->end = 0;
		n->mount = (__u64)BPF_CORE_READ(c, s_mounts);
	}
}

static __always_inline bool mounts_end(const struct names *n)
{
	return n->mount == n->end || n->mount == 0;
}

/* The mount at hand if it is one of the namespace, 0 if not; goes on to the next. */
static __always_inline __u64 mounts_take(struct names *n)
{
	struct mount *m = (struct mount *)n->mount;
	struct mount___list *l = (void *)m;
	struct mount___chain *c = (void *)m;

	if (mounts_are_list())
		n->mount = of_instance((__u64)BPF_CORE_READ(l, mnt_instance.next));
	else
		n->mount = (__u64)BPF_CORE_READ(c, mnt_next_for_sb);
	return (__u64)BPF_CORE_READ(m, mnt_ns) == n->ns ? (__u64)m : 0;
}

/* The mounts were read without a lock: did they stay the same meanwhile? */
static __always_inline bool mounts_stayed(const struct names *n)
{
	return !(n->count & 1) && seq_read(&mount_lock) == n->count;
}

#define MOUNTS_DONE (-1)

/*
 * One turn of a loop over the mounts, of which this is step `step`. 0: *ret_mount is the one at hand, 0 if there is nothing to do about it;
 * MOUNTS_DONE; or why there are more than can be had (BL_R_*).
 */
static __always_inline int mounts_turn(struct names *n, __u32 step, __u64 *ret_mount)
{
	bool waits = n->count & 1;

	*ret_mount = 0;
	if (step >= NAMES_STEPS - NAMES_SPARE)
		return waits ? BL_R_UNSETTLED : BL_R_TOO_DEEP;
	if (!mounts_end(n)) {
		__u64 m = mounts_take(n);

		*ret_mount = m == n->seen ? 0 : m;
		return 0;
	}
	if (mounts_stayed(n))
		return MOUNTS_DONE;
	mounts_begin(n);
	return waits || ++n->tries < NAME_TRIES ? 0 : BL_R_UNSETTLED;
}

static __always_inline int name_by_mount(struct about *a, __u64 mount)
{
	return name_walk(a->s, a->s->names.dentry, vfsmount_of(mount), &a->from);
}

/* ---- one name after the other ---- */

/* The number of the only bit of b. */
static __always_inline __u32 bit_number(__u64 b)
{
	return ((b & 0xffffffff00000000) != 0) << 5 | ((b & 0xffff0000ffff0000) != 0) << 4 | ((b & 0xff00ff00ff00ff00) != 0) << 3 |
	       ((b & 0xf0f0f0f0f0f0f0f0) != 0) << 2 | ((b & 0xcccccccccccccccc) != 0) << 1 | ((b & 0xaaaaaaaaaaaaaaaa) != 0);
}

/* Makes the name at a->from, or the reason why there is none, the present one. */
static __always_inline void names_open(struct about *a, __u64 ops, int name)
{
	struct names *n = &a->s->names;

	n->open = 1;
	n->left = ops;
	n->told |= a->s->walk.alike;
	n->reason = name != NAME_OK ? name : n->no_owner ? BL_R_UNREADABLE : BL_R_RULE;
	n->below = 0;
	if (name == NAME_OK && a->s->walk.alike != 0)
		n->below = bl_below(a->t, bl_run_to(a->t, &a->s->name, a->from, a->s->walk.alike, a->t->start[BL_KEY_PATH]), 0);
	n->acc = 0;
	if (n->reason == BL_R_RULE)
		n->acc = bl_accept(a->t, bl_run(a->t, &a->s->name, a->from, a->t->start[BL_KEY_PATH]));
	if (!(n->flags & BL_QF_EXPLICIT))
		n->seen_acc = n->acc;
	else if (n->link.n != 0 && n->acc == n->seen_acc)
		n->left = 0; /* another link, about which the same rules have been asked */
}

/* One operation about the present name. */
static __always_inline void names_decide(struct about *a)
{
	struct names *n = &a->s->names;
	__u32 op = bit_number(n->left & -n->left);

	n->left &= n->left - 1;
	a->q.op = op;
	a->q.flags = op == BL_OP_CREATE ? n->create_flags : n->flags;
	a->q.reason = n->reason;
	a->q.acc[0] = n->acc;
	bl_decide(a->t, a->l, &a->q, &a->s->result);
	if (n->below != 0)
		bl_decide_case(a->t, a->l, &a->q, n->below, &a->s->result);
}

/* The names that follow are not the one by which the file was reached. */
static __always_inline void names_explicit(struct names *n)
{
	n->flags |= BL_QF_EXPLICIT;
	n->create_flags |= BL_QF_EXPLICIT;
}

/* Reports what was said about the present name. */
static __always_inline void names_close(struct about *a)
{
	struct names *n = &a->s->names;
	int r;

	if (!n->open)
		return;
	n->open = 0;
	n->told |= a->s->result.nreports != 0;
	r = ask_end(a);
	if (n->err == 0)
		n->err = -r;
	bl_result_next(&a->s->result);
	names_explicit(n);
}

/* Of another link. What is done to an entry of a directory is not done to the file. */
#define OPS_OF_ENTRIES (BL_OP_BIT(BL_OP_CREATE) | BL_OP_BIT(BL_OP_MKNOD) | BL_OP_BIT(BL_OP_DELETE) | BL_OP_BIT(BL_OP_RENAME))

/* Goes on to the next name. False: there is none. step: of the loop's. */
static __always_inline bool names_next(struct about *a, __u32 step)
{
	struct names *n = &a->s->names;
	int turn, name = NAME_OK;
	__u64 now, ops = n->ops;

	if (ops == 0)
		return false;
	turn = mounts_turn(n, step, &now);
	if (turn == MOUNTS_DONE) {
		if (linked_name(a->s, &a->from) != 0)
			return false;
		ops &= ~OPS_OF_ENTRIES;
	} else if (turn != 0) {
		n->ops = 0; /* further names, but they cannot be had */
		name = turn;
	} else if (now == 0) {
		return true;
	} else {
		name = name_by_mount(a, now);
	}
	if (name != BL_R_DISCONNECTED) /* it shows another part of the file system */
		names_open(a, ops, name);
	return true;
}

static long names_step(__u32 i, struct about *a)
{
	if (a->s->names.left != 0) {
		names_decide(a);
		return 0;
	}
	names_close(a);
	return !names_next(a, i);
}

/* What a->s->names is about; ask_begin() and ask_owner() were before. */
static __noinline void names_begin(struct about *a, __u64 ops, struct dentry *d, __u64 seen)
{
	struct names *n = &a->s->names;

	__builtin_memset(n, 0, sizeof(*n));
	n->dentry = (__u64)d;
	n->seen = seen;
	n->ops = ops & a->l->rule_ops;
	n->ns = initial_mounts();
	n->flags = a->q.flags;
	n->create_flags = a->create_flags;
	n->no_owner = a->no_owner;
}

/* Asks by every name, the present one first. */
static __always_inline int names_ask(struct about *a)
{
	struct names *n = &a->s->names;

	if (n->ops != 0)
		mounts_begin(n);
	bpf_loop(NAMES_STEPS, names_step, a, 0);
	return n->err != 0 ? refusal(n->err) : 0;
}

/*
 * After a question that ended without a refusal: notes whether all of the names allow it without a report. From memory and without a branch: for one on
 * the first name's result the verifier of 6.1 goes only one way, and takes the other out of the program.
 */
static __always_inline void names_note_plain(const struct about *a)
{
	label_of(a)->notes.plain = !(a->s->names.told | a->s->names.link.n);
}

/*
 * Asks every operation of the set ops about a file. name: what name_of_path() said of its visible name, which is at a->from. One that
 * only the kernel reaches (a layer of overlayfs, by a mount of its own) has none: its users were asked about above it.
 */
static __noinline int ask_names(struct about *a, __u64 ops, struct dentry *d, struct vfsmount *m, int name)
{
	struct names *n = &a->s->names;

	names_begin(a, ops, d, m ? mount_of(m) : 0);
	if (name != NAME_KERNEL)
		names_open(a, ops, name);
	else
		names_explicit(n);
	n->told |= (__u32)name;
	return names_ask(a);
}

/* Asks every operation of the set ops about a file: by its visible name, then by the others. ask_begin() was before; source: see ask_owner(). */
static __always_inline int ask_by_names(struct about *a, __u64 ops, struct dentry *d, struct vfsmount *m, struct dentry *source, int name)
{
	ask_owner(a, d, m, source);
	return ask_names(a, ops, d, m, name);
}

#endif
