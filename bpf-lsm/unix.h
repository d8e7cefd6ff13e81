/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unix sockets: the address of the one that is talked to. A path is the real name of the socket's file, whatever name it was bound or
 * reached by; the kernel looks it up itself and tells a hook the two sockets.
 */
#ifndef BL_UNIX_H
#define BL_UNIX_H

#include "several.h"

#define SUN_PATH 2 /* offset of sun_path in struct sockaddr_un */
#define SUN_PATH_MAX 108

/* "@name": n bytes of an abstract name, from kernel memory. */
static __always_inline void unix_key_abstract(struct about *a, const void *name, __u32 n)
{
	__u64 at = BL_PATH_MAX - (n & 127);

	asm volatile("%0 &= 4095" : "+r"(at));
	if ((n & 127) != 0)
		bpf_probe_read_kernel(a->s->name.buf + at, n & 127, name);
	a->from = BL_PATH_MAX - (n & 127);
	bl_key_byte(&a->s->name, &a->from, '@');
}

/* Writes the address that sk is bound to; the empty key if to none. 0, or why it could not be had (BL_R_*). */
static __noinline __u32 unix_key(struct about *a, __u64 sk)
{
	struct unix_sock *u = (struct unix_sock *)sk;
	struct unix_address *addr = BPF_CORE_READ(u, addr);
	const char *path = (const char *)addr + bpf_core_field_offset(struct unix_address, name) + SUN_PATH;
	__u32 len;
	char first = 0;
	int r;

	a->from = BL_PATH_MAX;
	if (!addr)
		return 0;
	len = BPF_CORE_READ(addr, len) - SUN_PATH;
	if (len == 0 || len > SUN_PATH_MAX || bpf_probe_read_kernel(&first, 1, path) != 0)
		return BL_R_UNREADABLE;
	if (first == 0) {
		unix_key_abstract(a, path + 1, len - 1);
		return 0;
	}
	r = name_of_path(a->s, BPF_CORE_READ(u, path.dentry), BPF_CORE_READ(u, path.mnt), &a->from);
	return r < 0 ? BL_R_UNREADABLE : r;
}

/* Asks about the address that a socket is bound to. */
static __always_inline int unix_ask(struct about *a, __u32 op, __u64 sk)
{
	__u32 reason;
	int r = key_begin(a, op, BL_KEY_UNIX);

	if (r != 1)
		return r;
	reason = unix_key(a, sk);
	return key_ask(a, op, reason);
}

/* connect() of streams and of sequenced packets */
SEC("lsm/unix_stream_connect")
int BPF_PROG(unix_stream_connect, struct sock *sk, struct sock *other, struct sock *newsk, int ret)
{
	ABOUT(a) = {};

	return ret != 0 ? ret : unix_ask(&a, BL_OP_CONNECT, (__u64)other);
}

/*
 * connect() of datagram sockets, and every send of one. A send that names no address asks nothing: what the hooks of connect() and
 * sendmsg() noted before this one tells.
 */
SEC("lsm/unix_may_send")
int BPF_PROG(unix_may_send, struct socket *sock, struct socket *other, int ret)
{
	struct notes *n = notes_get();
	__u64 sk = (__u64)BPF_CORE_READ(sock, sk), peer = (__u64)BPF_CORE_READ(other, sk);
	ABOUT(a) = {};

	if (ret != 0)
		return ret;
	/* to the peer, and no address was named; a later message of sendmmsg() is told by the former alone */
	if ((!n || n->naming != sk) && (__u64)BPF_CORE_READ((struct unix_sock *)sk, peer) == peer)
		return 0;
	if (n)
		n->naming = 0;
	return unix_ask(&a, BL_OP_CONNECT, peer);
}

/* A connect, or a send that names an address, of a unix socket is under way. */
static __always_inline void unix_names(struct about *a, const struct sock *sk)
{
	label_of(a)->notes.naming = (__u64)sk;
}

/* One that names none. */
static __always_inline void unix_names_not(__u64 addr)
{
	struct sock *sk = (struct sock *)addr;
	struct notes *n;

	if (BPF_CORE_READ(sk, __sk_common.skc_family) != AF_UNIX || BPF_CORE_READ(sk, sk_type) != SOCK_DGRAM)
		return;
	n = notes_get();
	if (n)
		n->naming = 0;
}

/*
 * The file of a socket that is being bound is about to be made: bind() at its path, beside the question about the new file. A global
 * function, as question_file() is.
 */
__noinline int unix_bind_path(__u64 mnt, __u64 d)
{
	ABOUT(a) = {};
	int r = key_begin(&a, BL_OP_BIND, BL_KEY_UNIX);

	if (r != 1)
		return r;
	if (label_of(&a)->notes.binding == 0)
		return 0; /* mknod() of a socket file */
	label_of(&a)->notes.binding = 0;
	r = name_of_path(a.s, (struct dentry *)d, (struct vfsmount *)mnt, &a.from);
	return key_ask(&a, BL_OP_BIND, r < 0 ? BL_R_UNREADABLE : r);
}

#endif
