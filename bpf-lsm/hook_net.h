/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hooks for the network: where a socket is about to talk to. */
#ifndef BL_HOOK_NET_H
#define BL_HOOK_NET_H

#include "unix.h"

struct sockaddr_any {
	__u16 family;
	__u16 port; /* network order */
	__u8 rest[24]; /* IPv4: address at 0; IPv6: flow 4, address at 4 */
};

/* What of a socket says where an address given to it leads. */
struct sock_kind {
	__u16 family;
	__u8 proto; /* enum bl_proto */
	__u8 has_port;
	__u8 raw;
};

/* The protocol is what a rule says, not the number on the wire: MPTCP is TCP, and so is SMC, which begins as it and may stay. */
static __always_inline void sock_kind(struct sock_kind *k, const struct sock *sk)
{
	__u32 proto = BPF_CORE_READ(sk, sk_protocol);

	k->family = BPF_CORE_READ(sk, __sk_common.skc_family);
	k->raw = BPF_CORE_READ(sk, sk_type) == SOCK_RAW;
	k->has_port = !k->raw && proto != IPPROTO_ICMP && proto != IPPROTO_ICMPV6;
	if (k->family == AF_SMC || proto == IPPROTO_TCP || proto == IPPROTO_MPTCP)
		k->proto = BL_PROTO_TCP;
	else if (proto == IPPROTO_UDP || proto == IPPROTO_UDPLITE)
		k->proto = BL_PROTO_UDP;
	else
		k->proto = BL_PROTO_OTHER;
}

/*
 * What address a name of len bytes is for this socket. 0: *e is filled; 1: it names nobody to connect to; -1: it is too
 * short for its family. When sending, IPv4 takes AF_UNSPEC as AF_INET (udp_sendmsg() in net/ipv4/udp.c, raw_sendmsg() in
 * net/ipv4/raw.c) and raw IPv6 as AF_INET6 (rawv6_sendmsg() in net/ipv6/raw.c); UDP over IPv6 takes it as no address.
 */
static __always_inline int endpoint_read(struct bl_endpoint *e, const struct sock_kind *k, const void *name, int len,
					 bool sending)
{
	struct sockaddr_any sa = {};

	if (k->family != AF_INET && k->family != AF_INET6 && k->family != AF_SMC)
		return 1;
	if (len < 2)
		return -1;
	bpf_probe_read_kernel(&sa.family, 2, name);
	if (sa.family == AF_UNSPEC) {
		if (!sending || (k->family == AF_INET6 && !k->raw))
			return 1;
		sa.family = k->family == AF_INET6 ? AF_INET6 : AF_INET;
	}
	if (sa.family != AF_INET && sa.family != AF_INET6)
		return 1; /* the protocol refuses it: EAFNOSUPPORT */
	if (len < (sa.family == AF_INET ? 8 : 24))
		return -1;
	bpf_probe_read_kernel(&sa.port, sa.family == AF_INET ? 6 : 22, name + 2);
	__builtin_memset(e, 0, sizeof(*e));
	e->proto = k->proto;
	e->has_port = k->has_port;
	e->port = __builtin_bswap16(sa.port);
	if (sa.family == AF_INET) {
		e->family = BL_FAM_INET;
		__builtin_memcpy(e->addr, sa.rest, 4);
	} else {
		e->family = BL_FAM_INET6;
		__builtin_memcpy(e->addr, sa.rest + 4, 16);
	}
	return 0;
}

/* The question about one address; who asks is known. */
static __always_inline int net_ask(struct about *a, const struct sock_kind *k, const void *name, int len, bool sending)
{
	int bad;

	if (!ask_begin(a, BL_KEY_NET))
		return refuse_unknown(BL_OP_BIT(BL_OP_CONNECT), BL_R_NO_SCRATCH);
	bad = endpoint_read(&a->s->endpoint, k, name, len, sending);
	if (bad > 0)
		return 0;
	if (bad < 0)
		return ask_all(a, BL_OP_BIT(BL_OP_CONNECT), BL_KEY_NET, BL_R_BAD_ADDRESS);
	bl_endpoint_canonical(&a->s->endpoint);
	a->from = bl_key_net(&a->s->name, &a->s->endpoint);
	return ask_all(a, BL_OP_BIT(BL_OP_CONNECT), BL_KEY_NET, 0);
}

/* Who asks, for hooks of the network. 1: go on; otherwise what the hook returns. */
static __always_inline int net_who(struct about *a)
{
	switch (who_asks(a, BL_OP_CONNECT)) {
	case WHO_ASKS:
		return 1;
	case WHO_UNKNOWN:
		return refuse_unknown(BL_OP_BIT(BL_OP_CONNECT), BL_R_NO_LABEL);
	case WHO_PROBE:
		return -BL_PROBE_ERRNO;
	default:
		return 0;
	}
}

static __always_inline int net_question(const struct sock *sk, const void *name, int len, bool sending)
{
	struct about a = {};
	struct sock_kind k;
	int r = net_who(&a);

	if (r != 1 || !sk)
		return r == 1 ? 0 : r; /* a socket being released has no sk */
	sock_kind(&k, sk);
	if (k.family == AF_UNIX)
		return unix_names(&a, sk);
	return net_ask(&a, &k, name, len, sending);
}

SEC("lsm/socket_connect")
int BPF_PROG(socket_connect, struct socket *sock, struct sockaddr *address, int addrlen, int ret)
{
	return ret != 0 ? ret : net_question(sock->sk, address, addrlen, false);
}

/* A send that names its address connects for that one packet; with MSG_FASTOPEN a TCP socket for good. */
SEC("lsm/socket_sendmsg")
int BPF_PROG(socket_sendmsg, struct socket *sock, struct msghdr *msg, int size, int ret)
{
	if (ret != 0)
		return ret;
	if (!msg->msg_name) {
		unix_names_not((__u64)BPF_CORE_READ(sock, sk));
		return 0;
	}
	return net_question(sock->sk, msg->msg_name, msg->msg_namelen, true);
}

#endif
