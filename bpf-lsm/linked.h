/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hard links. A file that is refused by its name is refused by the names of its other links, too: who can be refused something by a name
 * that the file has had since the policy was loaded, is (DESIGN section 3). Here is what is known; mark.h and the enforcer, at a load, note it.
 */
#ifndef BL_LINKED_H
#define BL_LINKED_H

#include "inode.h"
#include "maps.h"
#include <bpf/bpf_core_read.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, BL_LINKED_MAX);
	__type(key, struct bl_linked_key);
	__type(value, struct bl_linked);
} linked SEC(".maps");

/* Is there anything in it? Spares all others the search. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} linked_any SEC(".maps");

static __always_inline bool linked_are_any(void)
{
	__u32 zero = 0, *any = bpf_map_lookup_elem(&linked_any, &zero);

	return any && *any != 0;
}

static __always_inline void linked_key(struct bl_linked_key *k, const struct inode *inode)
{
	__builtin_memset(k, 0, sizeof(*k));
	k->inode = inode_numbers(inode);
}

/* Leaves the next name of s->names.dentry's inode at *ret_from. 0, or -1: there is none. A global function, as name_walk() is. */
__noinline int linked_name(struct scratch *s, __u32 *ret_from)
{
	struct bl_linked_key *k, key;
	struct bl_linked *v;
	struct dentry *d;

	if (!s || !ret_from || !linked_are_any())
		return -1;
	k = &s->names.link;
	d = (struct dentry *)s->names.dentry;
	if (k->inode.ino == 0)
		linked_key(k, BPF_CORE_READ(d, d_inode));
	if (k->n >= BL_LINKED_NAMES)
		return -1;
	key = *k;
	v = bpf_map_lookup_elem(&linked, &key);
	if (!v)
		return -1;
	k->n++;
	s->walk.alike = 0;
	bpf_probe_read_kernel(s->name.buf, BL_PATH_MAX, v->name);
	*ret_from = v->from;
	return 0;
}

#endif
