/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hooks for the network: sockets to be made, where one is about to talk to, and where it is to be reached. */
#ifndef BL_HOOK_NET_H
#define BL_HOOK_NET_H

#include "route.h"
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
static __always_inline void sock_kind_of(struct sock_kind *k, __u16 family, __u16 type, __u16 proto)
{
	k->family = family;
	k->raw = type == SOCK_RAW;
	k->has_port = !k->raw && proto != IPPROTO_ICMP && proto != IPPROTO_ICMPV6;
	if (k->family == AF_SMC || proto == IPPROTO_TCP || proto == IPPROTO_MPTCP)
		k->proto = BL_PROTO_TCP;
	else if (proto == IPPROTO_UDP || proto == IPPROTO_UDPLITE)
		k->proto = BL_PROTO_UDP;
	else
		k->proto = BL_PROTO_OTHER;
}

static __always_inline void sock_kind(struct sock_kind *k, const struct sock *sk)
{
	sock_kind_of(k, BPF_CORE_READ(sk, __sk_common.skc_family), BPF_CORE_READ(sk, sk_type), BPF_CORE_READ(sk, sk_protocol));
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
	__u64 n = len;

	if (k->family != AF_INET && k->family != AF_INET6 && k->family != AF_SMC)
		return 1;
	if (len < 2)
		return -1;
	if (n > sizeof(sa))
		n = sizeof(sa);
	asm volatile("%0 &= 31" : "+r"(n));
	bpf_probe_read_kernel(&sa, n, name);
	if (sa.family == AF_UNSPEC) {
		if (!sending || (k->family == AF_INET6 && !k->raw))
			return 1;
		sa.family = k->family == AF_INET6 ? AF_INET6 : AF_INET;
	}
	if (sa.family != AF_INET && sa.family != AF_INET6)
		return 1; /* the protocol refuses it: EAFNOSUPPORT */
	if (len < (sa.family == AF_INET ? 8 : 24))
		return -1;
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

union endpoint_words {
	struct bl_endpoint e;
	__u64 w[3];
};
_Static_assert(sizeof(union endpoint_words) == 24, "all of an endpoint is in the words");

/* The question about one address; who asks is known. */
static __always_inline int net_ask(struct about *a, const struct sock_kind *k, const void *name, int len, bool sending)
{
	union endpoint_words to = {};
	int bad = endpoint_read(&to.e, k, name, len, sending);
	__u64 known = bad == 0 ? key_seen(a, BL_OP_CONNECT, to.w[0], to.w[1], to.w[2]) : 0;

	if (bad > 0 || is_seen(known))
		return 0;
	if (!ask_begin(a, BL_KEY_NET))
		return refuse_unknown(BL_OP_BIT(BL_OP_CONNECT), BL_R_NO_SCRATCH);
	if (bad < 0)
		return key_ask(a, BL_OP_CONNECT, BL_R_BAD_ADDRESS);
	a->s->endpoint = to.e;
	bl_endpoint_canonical(&a->s->endpoint);
	a->from = bl_key_net(&a->s->name, &a->s->endpoint);
	return key_ask_once(a, BL_OP_CONNECT, known);
}

/* Who asks, for hooks of the network. 1: go on; otherwise what the hook returns. */
static __always_inline int net_who(struct about *a)
{
	switch (who_asks(a, BL_OP_BIT(BL_OP_CONNECT))) {
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
	ABOUT(a) = {};
	struct sock_kind k;
	int r = net_who(&a);

	if (r != 1 || !sk)
		return r == 1 ? 0 : r; /* a socket being released has no sk */
	sock_kind_of(&k, sk->__sk_common.skc_family, sk->sk_type, sk->sk_protocol);
	if (k.family != AF_UNIX)
		return net_ask(&a, &k, name, len, sending);
	unix_names(&a, sk);
	return 0;
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
	ret = refused_socket(sock);
	if (ret != 0)
		return ret;
	if (message_routes(msg))
		return answer(route_question()); /* refuses whom the address could be refused */
	if (!msg->msg_name) {
		unix_names_not((__u64)BPF_CORE_READ(sock, sk));
		return 0;
	}
	return net_question(sock->sk, msg->msg_name, msg->msg_namelen, true);
}

SEC("lsm/socket_recvmsg")
int BPF_PROG(socket_recvmsg, struct socket *sock, struct msghdr *msg, int size, int flags, int ret)
{
	return ret != 0 ? ret : refused_socket(sock);
}

/* TCP_ZEROCOPY_RECEIVE gives data, too. */
SEC("lsm/socket_getsockopt")
int BPF_PROG(socket_getsockopt, struct socket *sock, int level, int optname, int ret)
{
	return ret != 0 ? ret : refused_socket(sock);
}

/* ---- sockets to be made ---- */

/* socketpair() makes two, and asks twice. The kernel's own sockets, those below MPTCP and SMC among them, ask nothing. */
SEC("lsm/socket_create")
int BPF_PROG(socket_create, int family, int type, int protocol, int kern, int ret)
{
	ABOUT(a) = {};
	__u64 known;
	int r;

	if (ret != 0 || kern != 0)
		return ret;
	r = who_goes_on(&a, BL_OP_SOCKET);
	if (r != 1)
		return r;
	known = key_seen(&a, BL_OP_SOCKET, (__u32)family, (__u32)type, (__u32)protocol);
	if (is_seen(known))
		return 0;
	if (!ask_begin(&a, BL_KEY_SOCK))
		return refuse_unknown(BL_OP_BIT(BL_OP_SOCKET), BL_R_NO_SCRATCH);
	a.from = bl_key_sock(&a.s->name, family, type, protocol);
	return key_ask_once(&a, BL_OP_SOCKET, known);
}

/* ---- the local end ---- */

/*
 * Decides about a->s->endpoint, a local end. For accept the key ends in the peer's address; there is none yet, so the rules are such
 * that every address will do (bl_asks_peer()), and the report leaves it out.
 */
static __noinline void local_decide(struct about *a, __u32 op)
{
	struct bl_endpoint *e = &a->s->endpoint;
	__u32 before = a->s->result.nreports;

	bl_endpoint_unmap(e);
	if (op == BL_OP_ACCEPT)
		a->from = bl_key_accept(&a->s->name, e, e);
	else
		a->from = bl_key_net(&a->s->name, e);
	key_decide(a, op, 0);
	if (op == BL_OP_ACCEPT)
		a->from = bl_key_net(&a->s->name, e);
	key_keep(a, before);
}

/* An IPv6 socket bound to :: takes IPv4 too, unless it says that it does not. */
static __always_inline bool local_is_dual(const struct bl_endpoint *e, const struct sock *sk)
{
	__u8 any = 0;

	for (int i = 0; i < 16; i++)
		any |= e->addr[i];
	return e->family == BL_FAM_INET6 && any == 0 && !BPF_CORE_READ_BITFIELD_PROBED(sk, __sk_common.skc_ipv6only);
}

static __always_inline int local_ask(struct about *a, __u32 op, const struct sock *sk)
{
	bool dual = local_is_dual(&a->s->endpoint, sk);

	local_decide(a, op);
	if (dual) {
		a->s->endpoint.family = BL_FAM_INET; /* its address is all zero */
		local_decide(a, op);
	}
	return keys_end(a);
}

/* Where a socket is bound. A port of TCP that the kernel chose is 0: the rule that let it choose is the one that counts. */
static __always_inline void local_read(struct bl_endpoint *e, const struct sock_kind *k, const struct sock *sk)
{
	__builtin_memset(e, 0, sizeof(*e));
	e->proto = k->proto;
	e->has_port = k->has_port;
	if (BPF_CORE_READ(sk, sk_protocol) != IPPROTO_TCP ||
	    (BPF_CORE_READ_BITFIELD_PROBED(sk, sk_userlocks) & SOCK_BINDPORT_LOCK))
		e->port = BPF_CORE_READ(sk, __sk_common.skc_num);
	if (k->family == AF_INET6) {
		e->family = BL_FAM_INET6;
		bpf_core_read(e->addr, 16, &sk->__sk_common.skc_v6_rcv_saddr);
	} else {
		e->family = BL_FAM_INET;
		bpf_core_read(e->addr, 4, &sk->__sk_common.skc_rcv_saddr);
	}
}

/* The other end of a connected socket. False: it has none that is an address. */
static __noinline bool peer_read(struct bl_endpoint *e, const struct sock *sk)
{
	struct sock_kind k;
	__u8 any = 0;

	__builtin_memset(e, 0, sizeof(*e));
	sock_kind(&k, sk);
	if (k.family != AF_INET && k.family != AF_INET6)
		return false;
	e->proto = k.proto;
	e->has_port = k.has_port;
	e->port = __builtin_bswap16(BPF_CORE_READ(sk, __sk_common.skc_dport));
	if (k.family == AF_INET6) {
		e->family = BL_FAM_INET6;
		bpf_core_read(e->addr, 16, &sk->__sk_common.skc_v6_daddr);
	} else {
		e->family = BL_FAM_INET;
		bpf_core_read(e->addr, 4, &sk->__sk_common.skc_daddr);
	}
	for (int i = 0; i < 16; i++)
		any |= e->addr[i];
	return any != 0;
}

/* A bind. A unix path is asked about when its file is made (unix_bind_path()): only then is its name known. */
static __always_inline int unix_bind(struct about *a, __u64 sk, const void *name, int len)
{
	char first = 1;

	if (!ask_begin(a, BL_KEY_UNIX))
		return refuse_unknown(BL_OP_BIT(BL_OP_BIND), BL_R_NO_SCRATCH);
	label_of(a)->notes.binding = 0;
	if (len > SUN_PATH)
		bpf_probe_read_kernel(&first, 1, name + SUN_PATH);
	if (len > SUN_PATH && first != 0) {
		label_of(a)->notes.binding = sk;
		return 0;
	}
	if (len > SUN_PATH)
		unix_key_abstract(a, name + SUN_PATH + 1, len - SUN_PATH - 1);
	return key_ask(a, BL_OP_BIND, 0);
}

static __always_inline int net_bind(struct about *a, const struct sock_kind *k, const struct sock *sk, const void *name, int len)
{
	int bad;

	if (!ask_begin(a, BL_KEY_NET))
		return refuse_unknown(BL_OP_BIT(BL_OP_BIND), BL_R_NO_SCRATCH);
	bad = endpoint_read(&a->s->endpoint, k, name, len, true);
	if (bad > 0)
		return 0;
	if (bad < 0)
		return key_ask(a, BL_OP_BIND, BL_R_BAD_ADDRESS);
	return local_ask(a, BL_OP_BIND, sk);
}

SEC("lsm/socket_bind")
int BPF_PROG(socket_bind, struct socket *sock, struct sockaddr *address, int addrlen, int ret)
{
	struct sock *sk = BPF_CORE_READ(sock, sk);
	ABOUT(a) = {};
	struct sock_kind k;
	int r;

	if (ret != 0 || !sk)
		return ret;
	r = who_goes_on(&a, BL_OP_BIND);
	if (r != 1)
		return r;
	sock_kind(&k, sk);
	if (k.family == AF_UNIX)
		return unix_bind(&a, (__u64)sk, address, addrlen);
	return net_bind(&a, &k, sk, address, addrlen);
}

/* The question about where a socket is bound. SMC does not say: the socket that is bound is one below it. */
static __always_inline int local_question(__u32 op, const struct sock *sk)
{
	ABOUT(a) = {};
	struct sock_kind k;
	int r;

	sock_kind(&k, sk);
	if (k.family == AF_UNIX)
		return unix_ask(&a, op, (__u64)sk);
	if (k.family != AF_INET && k.family != AF_INET6)
		return 0;
	r = key_begin(&a, op, BL_KEY_NET);
	if (r != 1)
		return r;
	local_read(&a.s->endpoint, &k, sk);
	return local_ask(&a, op, sk);
}

SEC("lsm/socket_listen")
int BPF_PROG(socket_listen, struct socket *sock, int backlog, int ret)
{
	struct sock *sk = BPF_CORE_READ(sock, sk);

	return ret != 0 || !sk ? ret : local_question(BL_OP_BIND, sk);
}

/* ---- SCTP: several addresses at once, by a socket option ---- */

#define SCTP_ADDRS 128 /* beyond, the call is refused as one whose name could not be had */

struct sctp_addrs {
	struct about *a;
	__u32 op;
	__u64 sk;
	struct sock_kind k;
};

/* Reads the next address of the list. False: there is none, or the protocol refuses the call: EINVAL. */
static __always_inline bool sctp_next(struct scratch *s, const struct sctp_addrs *c)
{
	__u32 len, left = s->list_left;
	__u64 at = s->list_at;
	__u16 family = 0;

	if (left < 2)
		return false;
	bpf_probe_read_kernel(&family, 2, (const void *)at);
	len = family == AF_INET ? 16 : family == AF_INET6 ? 28 : 0;
	if (len == 0 || left < len || endpoint_read(&s->endpoint, &c->k, (const void *)at, len, false) != 0)
		return false;
	s->list_at = at + len;
	s->list_left = left - len;
	if (c->op == BL_OP_CONNECT)
		bl_endpoint_canonical(&s->endpoint);
	else
		s->list_dual = local_is_dual(&s->endpoint, (const struct sock *)c->sk);
	return true;
}

/* One address, or the other family of the one before. */
static long sctp_address(__u32 i, struct sctp_addrs *c)
{
	struct scratch *s = c->a->s;

	if (s->list_dual) {
		s->list_dual = 0;
		s->endpoint.family = BL_FAM_INET; /* its address is all zero */
	} else if (!sctp_next(s, c)) {
		return 1;
	}
	local_decide(c->a, c->op);
	return 0;
}

static __always_inline int sctp_question(struct sctp_addrs *c, __u64 list, __u32 len)
{
	int r = key_begin(c->a, c->op, BL_KEY_NET);

	if (r != 1)
		return r;
	sock_kind(&c->k, (const struct sock *)c->sk);
	c->a->s->list_at = list;
	c->a->s->list_left = len;
	c->a->s->list_dual = 0;
	bpf_loop(SCTP_ADDRS, sctp_address, c, 0);
	if (c->a->s->list_left >= 16 || c->a->s->list_dual) {
		c->a->from = BL_PATH_MAX;
		key_one(c->a, c->op, BL_R_TOO_LONG);
	}
	return keys_end(c->a);
}

/*
 * Only what a system call asks: what comes in a packet is judged in an interrupt, where the running task is anybody. The address of a send
 * is asked about by socket_sendmsg.
 */
SEC("lsm/sctp_bind_connect")
int BPF_PROG(sctp_bind_connect, struct sock *sk, int optname, struct sockaddr *address, int addrlen, int ret)
{
	ABOUT(a) = {};
	struct sctp_addrs c = { .a = &a, .sk = (__u64)sk };

	if (ret != 0)
		return ret;
	if (optname == SCTP_SOCKOPT_BINDX_ADD)
		c.op = BL_OP_BIND;
	else if (optname == SCTP_SOCKOPT_CONNECTX)
		c.op = BL_OP_CONNECT;
	else
		return 0;
	return sctp_question(&c, (__u64)address, addrlen);
}

#endif
