/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections whose accept was refused once it was known from whom they come. The kernel has taken them from the queue by then and no
 * hook can turn accept() into an error, so the socket is given out dead: whatever would move data through it is refused, to everybody.
 */
#ifndef BL_REFUSED_H
#define BL_REFUSED_H

#include "maps.h"

/* By the socket's inode, which the file of every descriptor for it leads to. The value is a positive errno. */
struct {
	__uint(type, BPF_MAP_TYPE_INODE_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u32);
} refused SEC(".maps");

/* -err as the verifier wants to see it: it loses the range of a BPF_NEG. */
static __always_inline int refusal(__u32 err)
{
	__u64 e = err, r;

	asm volatile("%1 &= 4095; %0 = 0; %0 -= %1" : "=&r"(r), "+r"(e));
	return r;
}

/* What a global function said, as the verifier wants to see it. */
static __always_inline int answer(int r)
{
	return r != 0 ? refusal(-r) : 0;
}

/* The first refusal of two. */
static __always_inline int two_answers(int a, int b)
{
	return answer(a != 0 ? a : b);
}

static __always_inline int refused_inode(struct inode *inode)
{
	__u32 *err = bpf_inode_storage_get(&refused, inode, 0, 0);

	return err ? refusal(*err) : 0;
}

/* What a hook returns of a socket that is about to be used. One of the kernel's own has no file. */
static __always_inline int refused_socket(struct socket *sock)
{
	struct file *f = sock->file;

	return f ? refused_inode(f->f_inode) : 0;
}

/* False: the kernel has no memory to remember it. */
static __always_inline bool refuse_socket(struct socket *sock, __u32 err)
{
	struct file *f = sock->file;

	return f && bpf_inode_storage_get(&refused, f->f_inode, &err, BPF_LOCAL_STORAGE_GET_F_CREATE);
}

#endif
