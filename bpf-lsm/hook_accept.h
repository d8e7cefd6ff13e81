/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * accept(). The hook of that name runs before the wait for somebody who connects. If a profile of the process has rules that say from
 * whom, it only notes where the socket listens, and the question is put when the connection that was taken is given its socket: sock_graft,
 * in the same system call, whatever the protocol did before (SYN cookies, fast open, a queue filled before the process began to listen).
 * inet_conn_request, in an interrupt, would refuse the packet, but could only judge who once listened, not who accepts.
 */
#ifndef BL_HOOK_ACCEPT_H
#define BL_HOOK_ACCEPT_H

#include "hook_net.h"

/* Notes what sock_graft needs to know. */
static __always_inline int accept_later(struct about *a, const struct sock_kind *k, const struct sock *sk, __u64 newsock)
{
	struct notes *n = &label_of(a)->notes;

	local_read(&n->accept_local, k, sk);
	n->accept_dual = local_is_dual(&n->accept_local, sk);
	n->accepting = newsock;
	return 0;
}

static __always_inline int accept_question(const struct sock *sk, __u64 newsock)
{
	ABOUT(a) = {};
	struct sock_kind k;
	int r;

	sock_kind(&k, sk);
	if (k.family == AF_UNIX)
		return unix_ask(&a, BL_OP_ACCEPT, (__u64)sk);
	if (k.family != AF_INET && k.family != AF_INET6)
		return 0;
	r = key_begin(&a, BL_OP_ACCEPT, BL_KEY_NET);
	if (r != 1)
		return r;
	if (bl_asks_peer(a.l))
		return accept_later(&a, &k, sk, newsock);
	local_read(&a.s->endpoint, &k, sk);
	return local_ask(&a, BL_OP_ACCEPT, sk);
}

SEC("lsm/socket_accept")
int BPF_PROG(socket_accept, struct socket *sock, struct socket *newsock, int ret)
{
	struct notes *n = notes_get();
	struct sock *sk = BPF_CORE_READ(sock, sk);

	if (n)
		n->accepting = 0;
	return ret != 0 || !sk ? ret : accept_question(sk, (__u64)newsock);
}

/* Decides, and reports. */
static __noinline int accept_ask(struct about *a, const struct sock *sk)
{
	struct scratch *s = a->s;
	struct bl_endpoint *local = &s->endpoint, *peer = &s->peer;
	struct notes *n = &label_of(a)->notes;
	__u32 reason = 0;

	*local = n->accept_local;
	bl_endpoint_unmap(local);
	if (!peer_read(peer, sk))
		reason = BL_R_UNREADABLE;
	bl_endpoint_unmap(peer);
	if (n->accept_dual)
		local->family = peer->family; /* its address is all zero */
	if (local->family != peer->family)
		reason = BL_R_UNREADABLE;
	a->from = bl_key_accept(&s->name, local, peer);
	return key_ask(a, BL_OP_ACCEPT, reason);
}

static __always_inline int accept_judge(const struct sock *sk)
{
	ABOUT(a) = {};
	int r = key_begin(&a, BL_OP_ACCEPT, BL_KEY_NET);

	return r == 1 ? accept_ask(&a, sk) : r;
}

/* The note could not be read: who could be refused a connection is. */
static __always_inline int accept_unknown(const struct sock *sk)
{
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);

	if (family != AF_INET && family != AF_INET6)
		return 0;
	return refuse_unknown_of(CONFINED_PEER, BL_OP_BIT(BL_OP_ACCEPT), BL_R_NO_SCRATCH);
}

SEC("lsm/sock_graft")
int BPF_PROG(sock_graft, struct sock *sk, struct socket *parent)
{
	struct notes *n = notes_get();
	int r;

	if (!n) {
		r = accept_unknown(sk);
	} else {
		if (n->accepting == 0 || n->accepting != (__u64)parent)
			return 0;
		n->accepting = 0;
		r = accept_judge(sk);
	}
	/* a connection that cannot be marked must not be left to who was refused it */
	if (r != 0 && !refuse_socket(parent, -r)) {
		stat_add(BL_STAT_FAIL_CLOSED);
		bpf_send_signal(SIGKILL);
	}
	return 0;
}

#endif
