/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hard links that are made, by whoever it is: notes by what name a file that has or gets another one is refused (linked.h). */
#ifndef BL_MARK_H
#define BL_MARK_H

#include "replace.h"

struct same_name {
	const struct scratch *s;
	const struct bl_linked *known;
	__u32 at;
};

static long same_byte(__u32 i, struct same_name *c)
{
	(void)i;
	if (c->at >= BL_PATH_MAX || c->s->name.buf[c->at & (BL_PATH_MAX - 1)] != c->known->name[c->at & (BL_PATH_MAX - 1)])
		return 1;
	c->at++;
	return 0;
}

static __always_inline bool is_this_name(const struct scratch *s, __u32 from, const struct bl_linked *known)
{
	struct same_name c = { .s = s, .known = known, .at = from };

	if (known->from != from)
		return false;
	bpf_loop(BL_PATH_MAX, same_byte, &c, 0);
	return c.at >= BL_PATH_MAX;
}

/* Notes the name at a->from of the inode of a->s->names.link, in the first place of its that is free. */
static long mark_place(__u32 i, struct about *a)
{
	struct bl_linked_key *k = &a->s->names.link;
	__u32 zero = 0, one = 1;
	struct bl_linked *v;

	k->n = i;
	v = bpf_map_lookup_elem(&linked, k);
	if (v && !is_this_name(a->s, a->from, v))
		return 0;
	if (!v) {
		a->s->linked_from = a->from;
		if (bpf_map_update_elem(&linked, k, a->s, BPF_NOEXIST) != 0)
			return 0;
		bpf_map_update_elem(&linked_any, &zero, &one, BPF_ANY);
	}
	a->s->names.left = 0;
	return 1;
}

/* By the visible name first, then one mount a turn. What could not be noted stays in `left`. */
static long mark_step(__u32 i, struct about *a)
{
	struct names *n = &a->s->names;
	__u64 now = n->seen;
	int turn = 0;

	if (i != 0)
		turn = mounts_turn(n, i, &now);
	if (turn > 0)
		n->left = 1;
	if (turn != 0 || n->left != 0)
		return 1;
	if (now == 0)
		return 0;
	name_look(a, n->dentry, vfsmount_of(now), &a->s->old_name);
	if (a->s->old_name.name != NAME_OK || !bl_name_refused(a->t, a->s->old_name.acc))
		return 0;
	n->left = 1;
	bpf_loop(BL_LINKED_NAMES, mark_place, a, 0);
	return 0;
}

PART(link_mark) int link_mark(__u64 d, __u64 named_d, __u64 named_m)
{
	struct inode *inode = BPF_CORE_READ((struct dentry *)d, d_inode);
	ABOUT(a) = { .task = bpf_get_current_task_btf(), .t = tables_now() };
	struct names *n;

	if (!a.t || !(a.t->ops & BL_OPS_NAMES) || (BPF_CORE_READ(inode, i_mode) & S_IFMT) == S_IFDIR)
		return 0;
	if (d != named_d && BPF_CORE_READ(inode, i_nlink) < 2)
		return 0;
	a.s = scratch_claim(a.task);
	if (a.s) {
		n = &a.s->names;
		__builtin_memset(n, 0, sizeof(*n));
		n->dentry = named_d;
		n->seen = mount_of((struct vfsmount *)named_m);
		n->ns = initial_mounts();
		linked_key(&n->link, inode);
		mounts_begin(n);
		bpf_loop(NAMES_STEPS, mark_step, &a, 0);
		if (n->left == 0)
			return 0;
	}
	stat_add(BL_STAT_UNMARKED);
	return refuse_unknown(BL_OPS_NAMES, BL_R_NO_SCRATCH);
}

#endif
