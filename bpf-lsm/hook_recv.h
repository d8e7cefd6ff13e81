/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptors that the process did not open itself. One that arrives (SCM_RIGHTS, pidfd_getfd, seccomp's notifications, io_uring) is judged
 * then. One that came through exec is judged whenever it is used, by profiles that say so (`descriptors strict`), as is every other.
 */
#ifndef BL_HOOK_RECV_H
#define BL_HOOK_RECV_H

#include "hook_net.h"

/* What a descriptor is good for. */
static __always_inline __u64 held_ops(const struct file *f)
{
	__u32 mode = f->f_mode, flags = f->f_flags;
	bool both = (flags & O_ACCMODE) == O_ACCMODE; /* see open_ops() */
	__u64 ops = 0;

	if ((mode & FMODE_READ) || both)
		ops |= BL_OP_BIT(BL_OP_READ);
	if (mode & FMODE_WRITE)
		ops |= BL_OP_BIT(flags & O_APPEND ? BL_OP_APPEND : BL_OP_WRITE);
	else if (both)
		ops |= BL_OP_BIT(BL_OP_WRITE);
	return ops;
}

/* The address of a socket's peer, at a->from. NO_PEER: it has none, or one without an address; 0, or why it could not be had (BL_R_*). */
#define NO_PEER (~0u)
static __always_inline __u32 received_peer(struct about *a, const struct sock *sk)
{
	__u64 other;
	__u32 r;

	if (BPF_CORE_READ(sk, __sk_common.skc_family) == AF_UNIX) {
		a->kind = BL_KEY_UNIX;
		other = (__u64)BPF_CORE_READ((struct unix_sock *)sk, peer);
		r = other != 0 ? unix_key(a, other) : NO_PEER;
		return r == 0 && a->from == BL_PATH_MAX ? NO_PEER : r;
	}
	if (!peer_read(&a->s->endpoint, sk))
		return NO_PEER;
	bl_endpoint_canonical(&a->s->endpoint);
	a->from = bl_key_net(&a->s->name, &a->s->endpoint);
	return 0;
}

/*
 * A socket with a peer. Whether this end connected or accepted nobody can tell, so a default says nothing, and neither does an allowance:
 * a rule that refuses to connect to the peer does. A global function: its frame is its own.
 */
__noinline int receive_socket(__u64 addr)
{
	ABOUT(a) = {};
	int r = key_begin(&a, BL_OP_CONNECT, BL_KEY_NET);
	__u32 reason;

	if (r != 1)
		return r;
	reason = received_peer(&a, (const struct sock *)addr);
	if (reason == NO_PEER)
		return 0;
	a.q.flags = BL_QF_EXPLICIT;
	return key_ask(&a, BL_OP_CONNECT, reason);
}

SEC("lsm/file_receive")
int BPF_PROG(file_receive, struct file *file, int ret)
{
	struct socket *sock;
	__u64 ops = held_ops(file);

	if (ret != 0)
		return ret;
	if (file_is_socket(file)) {
		sock = BPF_CORE_READ(file, private_data);
		return answer(receive_socket((__u64)BPF_CORE_READ(sock, sk)));
	}
	if (ops == 0)
		return 0;
	return question(ops, file->f_path.dentry, file->f_path.mnt);
}

/*
 * Reading and writing of every kind but through memory. What the kernel reads of a program that it executes, and what it does below
 * overlayfs, was asked about otherwise.
 */
SEC("lsm/file_permission")
int BPF_PROG(file_permission, struct file *file, int mask, int ret)
{
	__u64 ops = 0;

	if (ret != 0)
		return ret;
	if (file_is_socket(file))
		return refused_inode(file->f_inode);
	if ((file->f_flags & FMODE_EXEC_FLAG) || file_is_backing(file))
		return 0;
	if (mask & MAY_READ)
		ops |= BL_OP_BIT(BL_OP_READ);
	if (mask & MAY_WRITE)
		ops |= BL_OP_BIT(file->f_flags & O_APPEND ? BL_OP_APPEND : BL_OP_WRITE);
	return answer(question_use(number_of(file), ops));
}

#endif
