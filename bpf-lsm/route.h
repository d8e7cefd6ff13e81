/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Source routes: a packet with one goes first where the route says, to an address that nobody was asked about. Whoever may set one may send to
 * anybody, without any privilege. Nothing of today needs them, so they are refused to whom any address is refused.
 */
#ifndef BL_ROUTE_H
#define BL_ROUTE_H

#include "ask.h"

#define ROUTE_MESSAGES 64 /* control messages of one send that are looked at; with more it is refused like one with a route */

/* By socket option: for all that the socket sends. What a flow label stands for can have a route, too. */
static __always_inline bool option_routes(int level, int name)
{
	if (level == IPPROTO_IP)
		return name == IP_OPTIONS;
	return level == IPPROTO_IPV6 &&
	       (name == IPV6_RTHDR || name == IPV6_2292RTHDR || name == IPV6_2292PKTOPTIONS || name == IPV6_FLOWLABEL_MGR);
}

/* By control message: for one packet (ip_cmsg_send() in net/ipv4/ip_sockglue.c, ip6_datagram_send_ctl() in net/ipv6/datagram.c). Not inline: the stack is
 * the question's. */
static __noinline bool message_routes(const struct msghdr *msg)
{
	__u64 at = (__u64)msg->msg_control, left = msg->msg_controllen;

	for (int i = 0; i < ROUTE_MESSAGES; i++) {
		struct cmsghdr c = {};

		if (left < sizeof(c))
			return false;
		if (bpf_probe_read_kernel(&c, sizeof(c), (const void *)at) != 0)
			return true;
		if (c.cmsg_len < sizeof(c) || c.cmsg_len > left)
			return false; /* the kernel refuses it: EINVAL */
		if (c.cmsg_level == IPPROTO_IP && c.cmsg_type == IP_RETOPTS)
			return true;
		if (c.cmsg_level == IPPROTO_IPV6 && (c.cmsg_type == IPV6_RTHDR || c.cmsg_type == IPV6_2292RTHDR))
			return true;
		c.cmsg_len = (c.cmsg_len + 7) & ~7ull;
		if (c.cmsg_len >= left)
			return false;
		at += c.cmsg_len;
		left -= c.cmsg_len;
	}
	return true;
}

static __always_inline int route_question(void)
{
	return question_unnamed(0, 0, BL_OP_CONNECT);
}

SEC("lsm/socket_setsockopt")
int BPF_PROG(socket_setsockopt, struct socket *sock, int level, int optname, int ret)
{
	return ret != 0 || !option_routes(level, optname) ? ret : answer(route_question());
}

#endif
