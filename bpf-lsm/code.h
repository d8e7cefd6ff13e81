/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions about code, for exec and map: beside its name it is memory, deleted, or on a file system of some type. */
#ifndef BL_CODE_H
#define BL_CODE_H

#include "names.h"

#define FSTYPE_MAX 64u /* a longer name of a file system type is cut: no kernel has one */
_Static_assert(2 * FSTYPE_MAX <= 256, "both halves of the scratch for one component");

/* The accept record of the kind BL_KEY_CODE for the last n bytes of the buffer. */
static __always_inline __u32 code_accept(const struct about *a, __u32 n)
{
	return bl_accept(a->t, bl_run(a->t, &a->s->name, BL_PATH_MAX - n, a->t->start[BL_KEY_CODE]));
}

/* Is it memory that memfd_create() gave? Its name is the kernel's: no user makes files on such file systems. */
static __always_inline bool dentry_is_memfd(struct dentry *d)
{
	char head[6] = {};

	bpf_probe_read_kernel(head, sizeof(head), BPF_CORE_READ(d, d_name.name));
	return head[0] == 'm' && head[1] == 'e' && head[2] == 'm' && head[3] == 'f' && head[4] == 'd' && head[5] == ':';
}

static __noinline __u32 code_of(struct dentry *d, bool nameless)
{
	if (nameless)
		return dentry_is_memfd(d) ? BL_CODE_MEMFD : BL_CODE_ANONYMOUS;
	return BPF_CORE_READ(d, d_inode, i_nlink) == 0 ? BL_CODE_DELETED : 0;
}

/* What of the object no name says, by way of the end of the buffer, which is put back. d NULL: it is in no file system of the user's. */
static __noinline void code_look_up(struct about *a, struct dentry *d, __u32 code)
{
	struct scratch *s = a->s;
	__u8 *end = s->name.buf + BL_PATH_MAX, *kept = s->component;
	__u64 at;
	long n;

	if (a->t->start[BL_KEY_CODE] == 0)
		return;
	__builtin_memcpy(kept, end - FSTYPE_MAX, FSTYPE_MAX);
	if (code != 0) {
		end[-1] = code;
		a->q.acc[1] = code_accept(a, 1);
	}
	if (d) {
		n = bpf_probe_read_kernel_str(kept + FSTYPE_MAX, FSTYPE_MAX, BPF_CORE_READ(d, d_sb, s_type, name));
		if (n > 1 && n <= FSTYPE_MAX) {
			at = BL_PATH_MAX - (n - 1);
			asm volatile("%0 &= 4095" : "+r"(at));
			bpf_probe_read_kernel(s->name.buf + at, (n - 1) & (FSTYPE_MAX - 1), kept + FSTYPE_MAX);
			at--;
			asm volatile("%0 &= 4095" : "+r"(at));
			s->name.buf[at] = BL_CODE_FSTYPE;
			a->q.acc[2] = code_accept(a, n);
		}
	}
	__builtin_memcpy(end - FSTYPE_MAX, kept, FSTYPE_MAX);
}

/* The present name of code that has none: memory, or a file of a file system that only the kernel uses. */
static __always_inline void code_nameless(struct about *a, __u64 ops, __u32 code)
{
	code_look_up(a, NULL, code);
	a->from = BL_PATH_MAX;
	bl_key_byte(&a->s->name, &a->from, BL_OBJ_NAMELESS);
	a->s->walk.alike = 0;
	names_open(a, ops, NAME_OK);
	a->s->name.buf[BL_PATH_MAX - 1] = code; /* what an event calls it */
	a->kind = BL_KEY_CODE;
}

/* Asks about executable memory, which has no name. */
static __always_inline int ask_memory(struct about *a)
{
	struct names *n = &a->s->names;

	__builtin_memset(n, 0, sizeof(*n));
	code_nameless(a, BL_OP_BIT(BL_OP_MAP), BL_CODE_ANONYMOUS);
	names_decide(a);
	return ask_end(a);
}

/* Asks about the file whose name (or enum name_result) name_of_path() has just found. */
static __always_inline int ask_code(struct about *a, __u64 ops, struct dentry *d, struct vfsmount *m, int name)
{
	bool nameless = name == NAME_NAMELESS || name == NAME_KERNEL;
	__u32 code = code_of(d, nameless);

	ask_owner(a, d, m, NULL);
	names_begin(a, nameless ? 0 : ops, d, mount_of(m));
	if (nameless) {
		code_nameless(a, ops, code);
	} else {
		code_look_up(a, d, code); /* if the name could not be had, for nothing */
		names_open(a, ops, name);
	}
	a->s->names.told |= (__u32)name;
	return names_ask(a);
}

#endif
