/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Objects of the network: ends of connections, and sockets to be made. */
#include "sema_object.h"

#include <string.h>

#include "arena.h"
#include "names.h"
#include "net.h"
#include "num.h"
#include "banned.h"

#define FAM_UNIX 1   /* AF_* of linux/socket.h */
#define FAM_INET 2
#define FAM_INET6 10
#define TYPE_STREAM 1 /* SOCK_* of linux/net.h */
#define TYPE_DGRAM 2
#define IPPROTO_UDP_LITE 136

#define NET_OPS (BL_OP_BIT(BL_OP_CONNECT) | BL_OP_BIT(BL_OP_BIND) | BL_OP_BIT(BL_OP_ACCEPT))

/* `tcp, udp, unix` in front of a rule about addresses. */
struct net_protos {
	uint8_t v[2]; /* enum bl_proto */
	size_t n;
	bool is_unix;
};

/* Ports and addresses of one rule, sets expanded. */
struct net_object {
	struct net_protos protos;
	struct pats to, on, from; /* NET patterns that are addresses only; to and on serve UNIX too */
	struct pats exc;
	struct port_range {
		uint16_t lo, hi;
		const char *text;
	} *ports;
	size_t nports;
	struct src_loc loc;
};

static bool net_read_protos(struct sema *s, const struct ast_part *part, struct net_protos *ret)
{
	for (const struct ast_word *w = part->values->first; w; w = w->next) {
		bool tcp = object_is_word(w, "tcp"), udp = object_is_word(w, "udp");
		uint8_t proto = udp ? BL_PROTO_UDP : BL_PROTO_TCP;

		if (object_is_word(w, "unix")) {
			ret->is_unix = true;
			continue;
		}
		if (!tcp && !udp)
			return object_says(s, w->loc, arena_printf(s->arena, "'%.80s' is no protocol", w->text),
					   "write tcp, udp or unix, then 'to' and addresses, then 'port' and numbers");
		if (ret->n == 0 || (ret->n == 1 && ret->v[0] != proto))
			ret->v[ret->n++] = proto;
	}
	if (part->except)
		return object_says(s, part->except->loc, "protocols have no exceptions", "list those that are meant");
	return true;
}

static bool net_read_ports(struct sema *s, const struct ast_part *part, struct net_object *o)
{
	struct word_error err;
	uint32_t lo, hi;
	bool ok = true;

	if (part->except)
		return object_says(s, part->except->loc, "ports have no exceptions", "write ranges without them");
	o->ports = arena_alloc(s->arena, part->values->n * sizeof(*o->ports));
	for (const struct ast_word *w = part->values->first; w; w = w->next) {
		if (num_parse_range(s->arena, w->text, "port", 0, 65535, &lo, &hi, &err) < 0) {
			sema_bad(s, w, &err);
			ok = false;
			continue;
		}
		o->ports[o->nports++] = (struct port_range){.lo = (uint16_t)lo, .hi = (uint16_t)hi, .text = w->text};
	}
	return ok;
}

/* A part that only some of the rule's operations have. */
static bool net_check_side(struct sema *s, const struct ast_part *p, uint64_t ops, uint64_t good)
{
	unsigned op = (unsigned)__builtin_ctzll(ops & ~good ? ops & ~good : 1);

	if (!p || !(ops & ~good))
		return true;
	return object_says(s, p->loc, arena_printf(s->arena, "'%s' does not belong to '%s'", part_word(p->kind), ops_word(op)),
			   op == BL_OP_CONNECT ? "write 'to' for the peer's address"
			   : p->kind == AST_PART_TO ? "write 'on' for the local address"
						    : "only 'accept' knows a peer that comes");
}

/* "tcp from 192.0.2.0/24 on 10.0.0.1 port 443" */
static const char *net_text(struct sema *s, uint8_t proto, const char *word, const struct ir_pattern *at,
			    const struct ir_pattern *from, const char *port)
{
	struct arena_buf b = {.arena = s->arena};

	arena_buf_str(&b, proto == BL_PROTO_TCP ? " tcp" : proto == BL_PROTO_UDP ? " udp" : "");
	if (from)
		arena_buf_str(&b, arena_printf(s->arena, " from %s", from->text));
	if (at)
		arena_buf_str(&b, arena_printf(s->arena, " %s %s", word, at->text));
	if (port)
		arena_buf_str(&b, arena_printf(s->arena, " port %s", port));
	return b.s ? b.s + 1 : "";
}

struct net_one {
	unsigned op;
	uint8_t proto;
	const struct ir_pattern *at, *from; /* NULL: any */
	const struct port_range *port;
};

static bool net_add(struct sema *s, const struct net_object *o, const struct net_one *n, struct pats *ret)
{
	struct ir_pattern p = {.kind = BL_KEY_NET, .ops = BL_OP_BIT(n->op), .loc = o->loc};

	if (n->at) {
		p.net.at = n->at->net.at;
		p.loc = n->at->loc;
	}
	if (n->from) {
		p.net.peer = n->from->net.at;
		p.loc = n->from->loc;
	}
	p.net.accept = n->op == BL_OP_ACCEPT;
	p.net.proto = n->proto;
	p.net.any_port = !n->port;
	p.net.port_lo = n->port ? n->port->lo : 0;
	p.net.port_hi = n->port ? n->port->hi : 0;
	p.text = net_text(s, n->proto, n->op == BL_OP_CONNECT ? "to" : "on", n->at, n->from, n->port ? n->port->text : NULL);
	return pats_add(s, ret, &p);
}

/* Every protocol with every address with every port. */
static bool net_multiply(struct sema *s, const struct net_object *o, unsigned op, struct pats *ret)
{
	const struct pats *at = op == BL_OP_CONNECT ? &o->to : &o->on, *from = &o->from;
	size_t np = o->protos.n ? o->protos.n : 1, na = at->n ? at->n : 1, nq = o->nports ? o->nports : 1;
	size_t nf = op == BL_OP_ACCEPT && from->n ? from->n : 1;

	for (size_t i = 0; i < np * na * nq * nf; i++) {
		struct net_one n = {.op = op, .proto = o->protos.n ? o->protos.v[i / nq / na / nf] : 0};

		n.port = o->nports ? &o->ports[i % nq] : NULL;
		n.at = at->n ? &at->v[i / nq % na] : NULL;
		n.from = op == BL_OP_ACCEPT && from->n ? &from->v[i / nq / na % nf] : NULL;
		if (!net_add(s, o, &n, ret))
			return false;
	}
	return true;
}

/* Exceptions of a side hold for every protocol and port, and whatever the other side is. */
static bool net_except(struct sema *s, const struct net_object *o, const struct pats *exc, bool of_peer, uint64_t ops,
		       struct pats *ret)
{
	for (size_t i = 0; i < exc->n; i++) {
		for (unsigned op = BL_OP_CONNECT; op <= BL_OP_ACCEPT; op++) {
			struct net_one n = {.op = op, .at = of_peer ? NULL : &exc->v[i], .from = of_peer ? &exc->v[i] : NULL};

			if ((ops & BL_OP_BIT(op)) && !net_add(s, o, &n, ret))
				return false;
		}
	}
	return true;
}

/* No peer has the unspecified address: who connects to it connects to this host (bl_endpoint_canonical()). */
static bool net_check_peers(struct sema *s, const struct pats *p, enum ast_part_kind side)
{
	struct diag *d;
	bool ok = true;

	for (size_t i = 0; i < p->n; i++) {
		const struct ir_addr *n = &p->v[i].net.at;
		bool v4 = n->family == BL_FAM_INET;

		if (!net_is_unspecified(n))
			continue;
		ok = false;
		if (side == AST_PART_FROM)
			d = diag_error(s->diags, p->v[i].loc, "E-address-unspecified", "nobody connects from %s", v4 ? "0.0.0.0" : "::");
		else
			d = diag_error(s->diags, p->v[i].loc, "E-address-unspecified",
				       "a connection to %s goes to this host's loopback address", v4 ? "0.0.0.0" : "::");
		diag_help(s->diags, d, "%s", v4 ? "write 127.0.0.1, or 0.0.0.0/0 for all of IPv4" : "write ::1, or ::/0 for all of IPv6");
	}
	return ok;
}

static bool net_addrs(struct sema *s, const struct ast_part *part, struct pats *pos, struct pats *exc)
{
	if (!part)
		return true;
	if (!object_values(s, part, BL_KEY_NET, pos, exc))
		return false;
	return part->kind == AST_PART_ON || (net_check_peers(s, pos, part->kind) && net_check_peers(s, exc, part->kind));
}

static bool net_inet(struct sema *s, const struct ast_part **by, struct net_object *o, struct ir_rule *r)
{
	struct pats exc_at = {0}, exc_from = {0}, all = {0}, exc = {0};
	bool ok = net_addrs(s, by[AST_PART_TO], &o->to, &exc_at);

	ok &= net_addrs(s, by[AST_PART_ON], &o->on, &exc_at);
	ok &= net_addrs(s, by[AST_PART_FROM], &o->from, &exc_from);
	if (by[AST_PART_PORT])
		ok &= net_read_ports(s, by[AST_PART_PORT], o);
	for (unsigned op = BL_OP_CONNECT; ok && op <= BL_OP_ACCEPT; op++) {
		if (r->ops & BL_OP_BIT(op))
			ok = net_multiply(s, o, op, &all);
	}
	ok = ok && net_except(s, o, &exc_at, false, r->ops, &exc) && net_except(s, o, &exc_from, true, r->ops, &exc);
	return ok && object_join(s, &all, &exc, &r->object);
}

/* Every unix socket: an empty address is one that has none. */
static bool unix_any(struct sema *s, struct src_loc loc, struct pats *ret)
{
	struct ir_pattern p = {.kind = BL_KEY_UNIX, .glob = "**", .text = "unix", .loc = loc};

	return pats_add(s, ret, &p);
}

static bool net_unix(struct sema *s, const struct ast_part **by, struct ir_rule *r)
{
	const struct ast_part *part = by[AST_PART_TO] ? by[AST_PART_TO] : by[AST_PART_ON];
	struct pats pos = {0}, exc = {0};

	if (by[AST_PART_PORT])
		return object_says(s, by[AST_PART_PORT]->loc, "unix sockets have no ports", "take 'port' out");
	if (by[AST_PART_FROM])
		return object_says(s, by[AST_PART_FROM]->loc, "who connects to a unix socket has no address",
				   "say with 'on' which socket it is");
	if (!part)
		return unix_any(s, by[AST_PART_PLAIN]->loc, &pos) && object_join(s, &pos, &exc, &r->object);
	if (!object_values(s, part, BL_KEY_UNIX, &pos, &exc))
		return false;
	for (size_t i = 0; i < pos.n; i++)
		pos.v[i].text = arena_printf(s->arena, "unix %s %s", part_word(part->kind), pos.v[i].text);
	return object_join(s, &pos, &exc, &r->object);
}

/* Words without one in front are protocols, and come first. */
static bool net_check_plain(struct sema *s, const struct ast_part *p, bool first)
{
	static const char *const words[] = {"tcp", "udp", "unix"};

	for (const struct ast_word *w = p->values->first; w; w = w->next) {
		if (strchr("/@", w->text[0]))
			return object_says(s, w->loc, arena_printf(s->arena, "'to' is missing before '%.80s'", w->text),
					   "for example 'connect unix to /run/postgresql/*' ('on' for bind)");
		if (w->text[0] == '$' || (net_looks_like_addr(w->text) && strpbrk(w->text, ".:")))
			return object_says(s, w->loc, arena_printf(s->arena, "'to' is missing before '%.80s'", w->text),
					   "for example 'connect tcp to 192.0.2.0/24 port 443'");
	}
	for (size_t i = 0; !first && i < 3; i++) {
		if (object_is_word(p->values->first, words[i]))
			return object_says(s, p->loc, "the protocol comes first",
					   "for example 'connect tcp to 192.0.2.0/24 port 443'");
	}
	return true;
}

bool object_net(struct sema *s, const struct ast_part *parts, struct ir_rule *r)
{
	const uint32_t allowed = 1u << AST_PART_PLAIN | 1u << AST_PART_TO | 1u << AST_PART_ON | 1u << AST_PART_FROM |
				 1u << AST_PART_PORT;
	const struct ast_part *by[AST_PART_COUNT] = {0}, *plain;
	const char *op = ops_word((unsigned)__builtin_ctzll(r->ops));
	struct net_object o = {.loc = parts->loc};
	bool address;

	for (const struct ast_part *p = parts; p; p = p->next) {
		if (p->kind == AST_PART_PLAIN && !net_check_plain(s, p, p == parts))
			return false;
	}
	if (!object_sort(s, parts, allowed, op, by))
		return false;
	plain = by[AST_PART_PLAIN];
	address = by[AST_PART_TO] || by[AST_PART_ON] || by[AST_PART_FROM] || by[AST_PART_PORT];
	if (plain && !net_read_protos(s, plain, &o.protos))
		return false;
	if (!net_check_side(s, by[AST_PART_TO], r->ops, BL_OP_BIT(BL_OP_CONNECT)) ||
	    !net_check_side(s, by[AST_PART_ON], r->ops, BL_OP_BIT(BL_OP_BIND) | BL_OP_BIT(BL_OP_ACCEPT)) ||
	    !net_check_side(s, by[AST_PART_FROM], r->ops, BL_OP_BIT(BL_OP_ACCEPT)))
		return false;
	if (o.protos.is_unix && o.protos.n != 0 && address)
		return object_says(s, plain->loc, "addresses of unix sockets and of others in one rule", "write a rule for each");
	if (o.protos.is_unix && o.protos.n == 0)
		return net_unix(s, by, r);
	if (!net_inet(s, by, &o, r))
		return false;
	if (o.protos.is_unix) {
		struct pats all = {.v = r->object.patterns, .n = r->object.npatterns, .cap = r->object.npatterns};

		if (!unix_any(s, plain->loc, &all))
			return false;
		r->object.patterns = all.v;
		r->object.npatterns = all.n;
	}
	return true;
}

/* ---- sockets to be made ---- */

static bool sock_add(struct sema *s, struct pats *p, struct src_loc loc, struct ir_sock sock, bool implied)
{
	const char *f = sock.family >= 0 ? bl_names_word(BL_NAMES_FAMILY, (uint32_t)sock.family) : "any";
	const char *t = sock.type >= 0 ? bl_names_word(BL_NAMES_SOCK_TYPE, (uint32_t)sock.type) : "any";
	struct ir_pattern one = {.kind = BL_KEY_SOCK, .ops = BL_OP_BIT(BL_OP_SOCKET), .implied = implied, .sock = sock, .loc = loc};

	one.text = arena_printf(s->arena, "socket %s type %s protocol %s", f ? f : arena_printf(s->arena, "%d", sock.family),
				t ? t : arena_printf(s->arena, "%d", sock.type),
				sock.protocol >= 0 ? arena_printf(s->arena, "%d", sock.protocol) : "any");
	for (size_t i = 0; i < p->n; i++) {
		if (p->v[i].kind == BL_KEY_SOCK && strcmp(p->v[i].text, one.text) == 0)
			return true;
	}
	return pats_add(s, p, &one);
}

/* The sockets that a protocol's word stands for. */
static bool sock_add_proto(struct sema *s, struct pats *p, struct src_loc loc, int32_t family, uint8_t proto, bool implied)
{
	struct ir_sock sock = {family, -1, -1};

	if (proto == BL_PROTO_TCP)
		sock = (struct ir_sock){family, TYPE_STREAM, BL_PROTO_TCP};
	if (proto == BL_PROTO_UDP)
		sock = (struct ir_sock){family, TYPE_DGRAM, BL_PROTO_UDP};
	if (!sock_add(s, p, loc, sock, implied) || proto != BL_PROTO_UDP)
		return proto != BL_PROTO_UDP;
	sock.protocol = IPPROTO_UDP_LITE;
	return sock_add(s, p, loc, sock, implied);
}

static bool sock_number(struct sema *s, const struct ast_word *w, enum bl_names table, const char *what, uint32_t max,
			const char *help, int32_t *ret)
{
	struct word_error err;
	uint32_t n;

	*ret = bl_names_value(table, w->text);
	if (*ret >= 0)
		return true;
	if (w->text[0] < '0' || w->text[0] > '9') {
		word_unknown_name(s, w, table, what, help);
		return false;
	}
	if (num_parse(s->arena, w->text, strlen(w->text), what, 0, max, &n, &err) < 0) {
		sema_bad(s, w, &err);
		return false;
	}
	*ret = (int32_t)n;
	return true;
}

struct sock_values {
	int32_t *v;
	size_t n;
};

static bool sock_part(struct sema *s, const struct ast_part *part, enum bl_names table, const char *what, uint32_t max,
		      const char *help, struct sock_values *ret)
{
	if (part && part->except)
		return object_says(s, part->except->loc, "this list has no exceptions", "list those that are meant");
	ret->v = arena_alloc(s->arena, (part ? part->values->n : 1) * sizeof(*ret->v));
	if (!part) {
		ret->v[ret->n++] = -1;
		return true;
	}
	for (const struct ast_word *w = part->values->first; w; w = w->next) {
		if (!sock_number(s, w, table, what, max, help, &ret->v[ret->n++]))
			return false;
	}
	return true;
}

/* `socket tcp, udp` */
static bool sock_protos(struct sema *s, const struct ast_part **by, struct pats *ret)
{
	const struct ast_part *more = by[AST_PART_TYPE] ? by[AST_PART_TYPE] : by[AST_PART_PROTOCOL];

	if (more)
		return object_says(s, more->loc,
				   arena_printf(s->arena, "'%s' after tcp or udp, which say it already", part_word(more->kind)),
				   "write inet or inet6 instead");
	for (const struct ast_word *w = by[AST_PART_PLAIN]->values->first; w; w = w->next) {
		uint8_t proto = object_is_word(w, "tcp") ? BL_PROTO_TCP : BL_PROTO_UDP;

		if (!object_is_word(w, "tcp") && !object_is_word(w, "udp"))
			return object_says(s, w->loc, "families and protocols in one list", "write a rule for each");
		if (!sock_add_proto(s, ret, w->loc, FAM_INET, proto, false) ||
		    !sock_add_proto(s, ret, w->loc, FAM_INET6, proto, false))
			return false;
	}
	return true;
}

bool object_sock(struct sema *s, const struct ast_part *parts, struct ir_rule *r)
{
	const uint32_t allowed = 1u << AST_PART_PLAIN | 1u << AST_PART_TYPE | 1u << AST_PART_PROTOCOL;
	const struct ast_part *by[AST_PART_COUNT] = {0};
	struct sock_values f = {0}, t = {0}, p = {0};
	struct pats pos = {0}, exc = {0};
	const struct ast_word *w;

	if (!object_sort(s, parts, allowed, "socket", by))
		return false;
	w = by[AST_PART_PLAIN] ? by[AST_PART_PLAIN]->values->first : NULL;
	if (w && (object_is_word(w, "tcp") || object_is_word(w, "udp")))
		return sock_protos(s, by, &pos) && object_join(s, &pos, &exc, &r->object);
	if (!sock_part(s, by[AST_PART_PLAIN], BL_NAMES_FAMILY, "family of sockets", 65535,
		       "for example inet, inet6, unix, netlink or packet", &f) ||
	    !sock_part(s, by[AST_PART_TYPE], BL_NAMES_SOCK_TYPE, "type of socket", 15, "for example stream, dgram or raw", &t) ||
	    !sock_part(s, by[AST_PART_PROTOCOL], BL_NAMES_PROTOCOL, "protocol", 65535, "for example tcp, udp or icmp, or a number", &p))
		return false;
	for (size_t i = 0; i < f.n * t.n * p.n; i++) {
		struct ir_sock one = {f.v[i / p.n / t.n], t.v[i / p.n % t.n], p.v[i % p.n]};

		if (!sock_add(s, &pos, parts->loc, one, false))
			return false;
	}
	return object_join(s, &pos, &exc, &r->object);
}

/* ---- sockets that other rules need ---- */

/* A rule without an object, put in patterns, so that others can stand beside them. */
static bool any_patterns(struct sema *s, struct ir_rule *r, struct pats *all)
{
	for (unsigned kind = 0; kind < BL_KEY_KINDS; kind++) {
		struct ir_pattern p = {.kind = (enum bl_kind)kind, .any = true, .text = "any", .loc = r->loc};

		/* what code is besides its name has a name too, or stands for one */
		p.ops = r->ops & bl_kind_ops(kind);
		if (p.ops != 0 && kind != BL_KEY_CODE && !pats_add(s, all, &p))
			return false;
	}
	return true;
}

static bool implied_of(struct sema *s, const struct ir_pattern *p, struct pats *all)
{
	uint8_t family = p->net.at.family ? p->net.at.family : p->net.peer.family;

	if (p->kind == BL_KEY_UNIX)
		return sock_add(s, all, p->loc, (struct ir_sock){FAM_UNIX, -1, -1}, true);
	if (p->kind != BL_KEY_NET)
		return true;
	if (family != BL_FAM_INET6 && !sock_add_proto(s, all, p->loc, FAM_INET, p->net.proto, true))
		return false;
	return family == BL_FAM_INET || sock_add_proto(s, all, p->loc, FAM_INET6, p->net.proto, true);
}

bool net_implied(struct sema *s, struct ir_rule *r)
{
	struct pats all = {.v = r->object.patterns, .n = r->object.npatterns, .cap = r->object.npatterns};
	size_t n;

	if (r->verdict > BL_V_LOG || !(r->ops & NET_OPS) || (r->ops & BL_OP_BIT(BL_OP_SOCKET)) ||
	    !(s->ir.profiles[r->profile].deny_ops & BL_OP_BIT(BL_OP_SOCKET)))
		return true;
	if (all.n == 0 && !any_patterns(s, r, &all))
		return false;
	n = all.n;
	for (size_t i = 0; i < n; i++) {
		struct ir_pattern p = all.v[i];

		if (!p.except && !implied_of(s, &p, &all))
			return false;
	}
	r->object.patterns = all.v;
	r->object.npatterns = all.n;
	return true;
}
