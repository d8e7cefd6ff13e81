/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses and ports: networks as numbers of 32 or 128 bits, compared by shifting them. What a rule says is kept as
 * numbers here and written as text for the compiler, so its parser is under test too.
 */
#include "match.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "banned.h"

typedef unsigned __int128 wide;

struct net {
	bool six;
	unsigned prefix;
	wide addr;
};

struct range {
	uint32_t lo, hi;
};

enum { ANY_PROTO = 0, TCP = 1, UDP = 2 };

struct net_rule {
	unsigned protos; /* TCP | UDP, or ANY_PROTO */
	struct net nets[MATCH_VALUES], except[MATCH_VALUES];
	struct range ports[MATCH_VALUES];
	uint32_t nnets, nexcept, nports; /* no net: any address; no port: any, or none */
};

/* Where a connection goes, as people would say it. */
struct place {
	bool six;
	wide addr;
	unsigned proto; /* TCP, UDP, or neither */
	bool has_port;
	uint32_t port;
};

static struct net_rule rules[MATCH_RULES];
static uint32_t nrules;
static struct place last;

/* ---- numbers ---- */

static unsigned width(bool six)
{
	return six ? 128 : 32;
}

/* The bits after the prefix. */
static wide tail(const struct net *n)
{
	unsigned bits = width(n->six) - n->prefix;

	return bits == 128 ? ~(wide)0 : ((wide)1 << bits) - 1;
}

static wide wide_rnd(struct rnd *r)
{
	wide high = rnd_next(r);

	return high << 64 | rnd_next(r);
}

static void wide_bytes(bool six, wide v, uint8_t *to)
{
	for (unsigned n = width(six) / 8, i = 0; i < n; i++)
		to[i] = (uint8_t)(v >> (8 * (n - 1 - i)));
}

/* ---- rules ---- */

static const uint32_t often4[] = {0, 0x0a010203, 0x0a0102c8, 0x7f000001, 0xc0a8014d, 0x0a800000, 0xffffffff, 0x00ffffff};

static wide often6(struct rnd *r)
{
	const wide doc = (wide)0x20010db8 << 96, v4 = (wide)0xffff << 32;
	const wide values[] = {0, 1, ~(wide)0, doc | 5, doc | (wide)0x80010000 << 64, v4 - 1, v4 << 1, (wide)0xfe80 << 112};

	return RND_PICK(r, values);
}

static wide make_addr(struct rnd *r, bool six)
{
	wide v = rnd_percent(r, 30) ? wide_rnd(r) : six ? often6(r) : RND_PICK(r, often4);

	return six ? v : (uint32_t)v;
}

/* Two kinds of networks that the compiler refuses, because no connection is ever judged as going there. */
static bool never_matches(const struct net *n)
{
	if (n->prefix == width(n->six) && n->addr == 0)
		return true;
	return n->six && n->prefix >= 96 && n->addr >> 32 == 0xffff;
}

static struct net make_net(struct rnd *r)
{
	struct net n;

	do {
		n.six = rnd_percent(r, 45);
		n.prefix = rnd_below(r, width(n.six) + 1);
		n.addr = make_addr(r, n.six) & ~tail(&n);
	} while (never_matches(&n));
	return n;
}

static void put_nets(struct rnd *r, struct bl_buf *text, struct net *nets, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		char show[INET6_ADDRSTRLEN];
		uint8_t bytes[16];

		nets[i] = make_net(r);
		wide_bytes(nets[i].six, nets[i].addr, bytes);
		bl_buf_printf(text, "%s %s/%u", i == 0 ? "" : ",",
			      inet_ntop(nets[i].six ? AF_INET6 : AF_INET, bytes, show, sizeof(show)), nets[i].prefix);
	}
}

static void put_ports(struct rnd *r, struct bl_buf *text, struct range *ports, uint32_t n)
{
	static const uint32_t often[] = {0, 1, 15, 16, 22, 80, 255, 256, 443, 1023, 1024, 4095, 4096, 8080, 65279, 65535};

	for (uint32_t i = 0; i < n; i++) {
		uint32_t a = rnd_percent(r, 50) ? RND_PICK(r, often) : rnd_below(r, 65536);
		uint32_t b = rnd_percent(r, 40) ? a : rnd_percent(r, 50) ? RND_PICK(r, often) : rnd_below(r, 65536);

		ports[i] = (struct range){a < b ? a : b, a < b ? b : a};
		bl_buf_printf(text, "%s %u", i == 0 ? " port" : ",", ports[i].lo);
		if (a != b)
			bl_buf_printf(text, "-%u", ports[i].hi);
	}
}

static uint32_t addresses_make(struct rnd *r, struct bl_buf *text)
{
	static const char *const protos[] = {"", " tcp", " udp", " tcp, udp"};

	nrules = 1 + rnd_below(r, MATCH_RULES);
	for (uint32_t i = 0; i < nrules; i++) {
		struct net_rule *n = &rules[i];

		n->protos = rnd_below(r, 4);
		n->nnets = rnd_percent(r, 90) ? 1 + rnd_below(r, MATCH_VALUES) : 0;
		n->nexcept = n->nnets != 0 && rnd_percent(r, 25) ? 1 + rnd_below(r, MATCH_VALUES) : 0;
		n->nports = rnd_percent(r, 70) ? 1 + rnd_below(r, MATCH_VALUES) : 0;
		bl_buf_printf(text, "profile p%u { subject any; deny connect%s%s", i, protos[n->protos],
			      n->nnets != 0 ? " to" : "");
		put_nets(r, text, n->nets, n->nnets);
		if (n->nexcept != 0)
			bl_buf_str(text, " except");
		put_nets(r, text, n->except, n->nexcept);
		put_ports(r, text, n->ports, n->nports);
		bl_buf_str(text, "; }\n");
	}
	return nrules;
}

/* ---- objects ---- */

/* An address at the edges of a network, in it, or anywhere. */
static wide near_net(struct rnd *r, const struct net *n)
{
	switch (rnd_below(r, 8)) {
	case 0:
		return n->addr;
	case 1:
		return n->addr | tail(n);
	case 2:
		return n->addr - 1;
	case 3:
		return (n->addr | tail(n)) + 1;
	case 4:
		return make_addr(r, n->six);
	default:
		return n->addr | (wide_rnd(r) & tail(n));
	}
}

static uint32_t near_range(struct rnd *r, const struct range *p)
{
	switch (rnd_below(r, 6)) {
	case 0:
		return p->lo;
	case 1:
		return p->hi;
	case 2:
		return (p->lo - 1) & 0xffff;
	case 3:
		return (p->hi + 1) & 0xffff;
	case 4:
		return rnd_below(r, 65536);
	default:
		return p->lo + rnd_below(r, p->hi - p->lo + 1);
	}
}

/* What the core is given: as the socket's caller wrote it, IPv4 perhaps as a v4-mapped address. */
static struct bl_endpoint endpoint_of(struct rnd *r, const struct place *p)
{
	struct bl_endpoint e = {.has_port = p->has_port, .port = (uint16_t)p->port};
	bool mapped = !p->six && rnd_percent(r, 40);

	e.proto = p->proto == TCP ? BL_PROTO_TCP : p->proto == UDP ? BL_PROTO_UDP : BL_PROTO_OTHER;
	e.family = p->six || mapped ? BL_FAM_INET6 : BL_FAM_INET;
	wide_bytes(e.family == BL_FAM_INET6, mapped ? (wide)0xffff << 32 | p->addr : p->addr, e.addr);
	return e;
}

/* Where that leads: a v4-mapped address to the IPv4 address in it, the unspecified address to this host. */
static void place_settle(struct place *p)
{
	if (p->six && p->addr >> 32 == 0xffff) {
		p->six = false;
		p->addr = (uint32_t)p->addr;
	}
	if (p->addr == 0)
		p->addr = p->six ? 1 : 0x7f000001;
}

static bool addresses_object(struct rnd *r, struct bl_name *key, uint32_t *ret_from)
{
	const struct net_rule *n = &rules[rnd_below(r, nrules)];
	struct net net = n->nnets == 0		     ? make_net(r)
			 : n->nexcept != 0 && rnd_percent(r, 30) ? n->except[rnd_below(r, n->nexcept)]
						     : n->nets[rnd_below(r, n->nnets)];
	struct bl_endpoint e;

	last = (struct place){.six = net.six, .addr = near_net(r, &net), .has_port = rnd_percent(r, 92)};
	last.addr &= net.six ? ~(wide)0 : 0xffffffff;
	last.proto = rnd_percent(r, 60) && n->protos != ANY_PROTO ? n->protos : rnd_below(r, 3);
	if (last.proto == (TCP | UDP))
		last.proto = rnd_percent(r, 50) ? TCP : UDP;
	if (last.has_port)
		last.port = n->nports != 0 ? near_range(r, &n->ports[rnd_below(r, n->nports)]) : rnd_below(r, 65536);
	e = endpoint_of(r, &last);
	place_settle(&last);
	bl_endpoint_canonical(&e);
	*ret_from = bl_key_net(key, &e);
	return true;
}

static bool some_contain(const struct net *nets, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (nets[i].six == last.six && (last.addr & ~tail(&nets[i])) == nets[i].addr)
			return true;
	}
	return false;
}

static bool some_port(const struct range *ports, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (last.has_port && last.port >= ports[i].lo && last.port <= ports[i].hi)
			return true;
	}
	return false;
}

static uint32_t addresses_judge(void)
{
	uint32_t mask = 0;

	for (uint32_t i = 0; i < nrules; i++) {
		const struct net_rule *n = &rules[i];

		if (n->protos != ANY_PROTO && !(n->protos & last.proto))
			continue;
		if (n->nnets != 0 && !some_contain(n->nets, n->nnets))
			continue;
		if (some_contain(n->except, n->nexcept))
			continue;
		if (n->nports == 0 || some_port(n->ports, n->nports))
			mask |= 1u << i;
	}
	return mask;
}

static void addresses_print(void)
{
	char show[INET6_ADDRSTRLEN];
	uint8_t bytes[16];

	wide_bytes(last.six, last.addr, bytes);
	printf("#   %s %s", last.proto == TCP ? "tcp" : last.proto == UDP ? "udp" : "other",
	       inet_ntop(last.six ? AF_INET6 : AF_INET, bytes, show, sizeof(show)));
	if (last.has_port)
		printf(" port %u", last.port);
	printf("\n");
}

const struct matcher match_addresses = {.what = "addresses",
					.kind = BL_KEY_NET,
					.op = BL_OP_CONNECT,
					.make = addresses_make,
					.object = addresses_object,
					.judge = addresses_judge,
					.print_object = addresses_print};
