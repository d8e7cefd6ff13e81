/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The decision core: byte strings of objects and subjects that are not names of files. Part of decide.h. */
#ifndef BL_KEY_H
#define BL_KEY_H

#include "run.h"

static inline void bl_key_byte(struct bl_name *n, __u32 *from, __u8 b)
{
	*from -= 1;
	n->buf[bl_mask(*from, BL_PATH_MAX)] = b;
}

/* An id as 4 bytes, most significant first. Returns where the string begins. */
BL_FN __u32 bl_key_id(struct bl_name *n, __u32 id)
{
	__u32 from = BL_PATH_MAX;

	for (int i = 0; i < 4; i++)
		bl_key_byte(n, &from, id >> (8 * i));
	return from;
}

struct bl_endpoint {
	__u8 proto;  /* enum bl_proto */
	__u8 family; /* enum bl_family */
	__u8 has_port;
	__u8 pad;
	__u16 port; /* host order */
	__u16 pad2;
	__u8 addr[16]; /* network order; IPv4 in the first four */
};

/* v4-mapped IPv6 is IPv4 (RFC 4291, 2.5.5.2). */
BL_FN void bl_endpoint_unmap(struct bl_endpoint *e)
{
	__u8 head = 0;

	if (e->family != BL_FAM_INET6)
		return;
	for (int i = 0; i < 10; i++)
		head |= e->addr[i];
	if (head != 0 || e->addr[10] != 0xff || e->addr[11] != 0xff)
		return;
	e->family = BL_FAM_INET;
	for (int i = 0; i < 4; i++)
		e->addr[i] = e->addr[12 + i];
	for (int i = 4; i < 16; i++)
		e->addr[i] = 0;
}

/*
 * Where a connection really goes: to the unspecified address means to this host (ip_route_connect() in include/net/route.h,
 * tcp_v6_connect() in net/ipv6/tcp_ipv6.c).
 */
BL_FN void bl_endpoint_canonical(struct bl_endpoint *e)
{
	__u8 any = 0;

	bl_endpoint_unmap(e);
	for (int i = 0; i < 16; i++)
		any |= e->addr[i];
	if (any != 0)
		return;
	if (e->family == BL_FAM_INET)
		e->addr[0] = 127;
	e->addr[e->family == BL_FAM_INET ? 3 : 15] = 1;
}

/* A byte as two of 16 values, the high half first: a state for addresses then has at most 16 cells, not 256. */
static inline void bl_key_halves(struct bl_name *n, __u32 *from, __u8 b)
{
	bl_key_byte(n, from, b & 15);
	bl_key_byte(n, from, b >> 4);
}

static BL_INLINE void bl_key_addr(struct bl_name *n, __u32 *from, const struct bl_endpoint *e)
{
	if (e->family == BL_FAM_INET6) {
		for (int i = 15; i >= 4; i--)
			bl_key_halves(n, from, e->addr[i]);
	}
	for (int i = 3; i >= 0; i--)
		bl_key_halves(n, from, e->addr[i]);
}

static BL_INLINE void bl_key_port(struct bl_name *n, __u32 *from, const struct bl_endpoint *e)
{
	if (!e->has_port)
		return;
	bl_key_halves(n, from, e->port & 0xff);
	bl_key_halves(n, from, e->port >> 8);
}

/*
 * protocol, family, then in halves: 4 or 16 address bytes, 2 port bytes if there is a port. Returns where the string
 * begins.
 */
BL_FN __u32 bl_key_net(struct bl_name *n, const struct bl_endpoint *e)
{
	__u32 from = BL_PATH_MAX;

	bl_key_port(n, &from, e);
	bl_key_addr(n, &from, e);
	bl_key_byte(n, &from, e->family);
	bl_key_byte(n, &from, e->proto);
	return from;
}

/* What an accept is about: as bl_key_net() of the local end, then the peer's address, which is of the same family. */
BL_FN __u32 bl_key_accept(struct bl_name *n, const struct bl_endpoint *local, const struct bl_endpoint *peer)
{
	__u32 from = BL_PATH_MAX;

	bl_key_addr(n, &from, peer);
	bl_key_port(n, &from, local);
	bl_key_addr(n, &from, local);
	bl_key_byte(n, &from, local->family);
	bl_key_byte(n, &from, local->proto);
	return from;
}

/* A socket to be made. Protocol 0 of inet and inet6 is what the kernel takes for the type; MPTCP is TCP (linux/in.h). */
BL_FN __u32 bl_key_sock(struct bl_name *n, __u32 family, __u32 type, __u32 protocol)
{
	__u32 from = BL_PATH_MAX;

	if (family == 2 || family == 10) {
		if ((protocol == 0 && type == 1) || protocol == 262)
			protocol = 6;
		else if (protocol == 0 && type == 2)
			protocol = 17;
		else if (protocol == 0 && type == 5)
			protocol = 132; /* SCTP */
		else if (protocol == 0 && type == 6)
			protocol = 33; /* DCCP */
	}
	bl_key_byte(n, &from, protocol & 0xff);
	bl_key_byte(n, &from, protocol >> 8);
	bl_key_byte(n, &from, type);
	bl_key_byte(n, &from, family & 0xff);
	bl_key_byte(n, &from, family >> 8);
	return from;
}

/* ---- what a cgroup's path says ---- */

/*
 * Parts of a name in a struct bl_name: where each begins and how long it is; length 0: there is none. What the search counts in is here,
 * too: in a map's value the verifier sees that one turn of a loop is like another.
 */
struct bl_cgroup_names {
	__u32 unit, unit_len;
	__u32 container, container_len;
	__u32 at;
	__u32 start;   /* of the component */
	__u32 hex;     /* length of the run of hexadecimal digits before `at` */
	__u32 dot_hex; /* of the one before the component's last dot */
};

struct bl_cgroup_ctx {
	const struct bl_name *n;
	struct bl_cgroup_names *r;
};

#define BL_CONTAINER_ID 64u /* digits of the ids that docker, podman, containerd and cri-o give */

/* Are there these bytes at `at`? */
#define BL_IS_AT(c, pos, text) \
	({ \
		int same_ = 1; \
		for (unsigned i_ = 0; i_ < sizeof(text) - 1; i_++) \
			same_ &= (c)->n->buf[bl_mask((pos) + i_, BL_PATH_MAX)] == (__u8)(text)[i_]; \
		same_; \
	})

static BL_INLINE void bl_cgroup_container(struct bl_cgroup_ctx *c, __u32 end, __u32 hex)
{
	__u32 skip = 0;

	if (hex == BL_CONTAINER_ID && !BL_IS_AT(c, c->r->start, "libpod-conmon-"))
		skip = end - c->r->start - BL_CONTAINER_ID;
	else if (BL_IS_AT(c, c->r->start, "lxc.payload."))
		skip = 12;
	else if (BL_IS_AT(c, c->r->start, "systemd-nspawn@"))
		skip = 15;
	else if (BL_IS_AT(c, c->r->start, "machine-"))
		skip = 8;
	else
		return;
	if (c->r->start + skip >= end || end - c->r->start - skip > BL_CONTAINER_MAX)
		return;
	c->r->container = c->r->start + skip;
	c->r->container_len = end - c->r->start - skip;
}

/* Bytes start..at are a component. */
static BL_INLINE void bl_cgroup_component(struct bl_cgroup_ctx *c)
{
	__u32 len = c->r->at - c->r->start, end = c->r->at;
	int scope = len > 6 && BL_IS_AT(c, c->r->at - 6, ".scope"), service = len > 8 && BL_IS_AT(c, c->r->at - 8, ".service");

	if ((scope || service) && c->r->unit_len == 0 && len <= BL_UNIT_MAX) {
		c->r->unit = c->r->start;
		c->r->unit_len = len;
	}
	if (scope || service)
		end -= scope ? 6 : 8;
	if (c->r->container_len == 0 && len != 0)
		bl_cgroup_container(c, end, scope || service ? c->r->dot_hex : c->r->hex);
}

BL_CB long bl_cgroup_step(__u32 i, struct bl_cgroup_ctx *c)
{
	__u8 b = c->r->at < BL_PATH_MAX ? c->n->buf[bl_mask(c->r->at, BL_PATH_MAX)] : '/';

	(void)i;
	if (b == '/') {
		bl_cgroup_component(c);
		c->r->start = c->r->at + 1;
		c->r->dot_hex = 0;
	} else if (b == '.') {
		c->r->dot_hex = c->r->hex;
	}
	if ((b >= '0' && b <= '9') || (b >= 'a' && b <= 'f'))
		c->r->hex++;
	else
		c->r->hex = 0;
	return c->r->at++ >= BL_PATH_MAX;
}

/*
 * The unit and the container that a cgroup (bytes from..BL_PATH_MAX of n) belongs to. The unit is the outermost component that ends in
 * .service or .scope: what a service delegates lies below it and cannot imitate one. The container is the outermost component that
 * ends in an id of 64 digits (before .scope, if it has that), or the name in lxc.payload.NAME, machine-NAME.scope or
 * systemd-nspawn@NAME.service.
 */
BL_FN void bl_cgroup_names(const struct bl_name *n, __u32 from, struct bl_cgroup_names *r)
{
	struct bl_cgroup_ctx c = { .n = n, .r = r };

	__builtin_memset(r, 0, sizeof(*r));
	r->at = r->start = from + 1;
	bl_loop(BL_PATH_MAX, bl_cgroup_step, &c);
}

#endif
