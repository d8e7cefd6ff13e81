/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a rule is about: names, or peers of a connection. */
#include "sema.h"

#include <string.h>

#include "arena.h"
#include "net.h"
#include "num.h"
#include "banned.h"

/* `connect [tcp|udp] [to ADDRS] [port LIST]`, taken apart. */
struct net_object {
	const struct ast_part *to, *port;
	uint8_t protos[2];
	size_t nprotos;
};

struct port_range {
	uint16_t lo, hi;
	const char *text;
};

static const char *part_word(enum ast_part_kind kind)
{
	static const char *const words[] = {"", "to", "port", "on", "from", "profile"};

	return words[kind];
}

static bool object_says(struct sema *s, struct src_loc loc, const char *text, const char *help)
{
	struct diag *d = diag_error(s->diags, loc, "E-object", "%s", text);

	if (help)
		diag_help(s->diags, d, "%s", help);
	return false;
}

static bool object_is_word(const struct ast_word *w, const char *const *words, size_t n)
{
	for (size_t i = 0; w->plain && i < n; i++) {
		if (strcmp(w->text, words[i]) == 0)
			return true;
	}
	return false;
}

/* Objects of exec that have no name. */
static bool object_check_nameless(struct sema *s, const struct ast_list *l)
{
	static const char *const words[] = {"memfd", "deleted", "anonymous", "fstype"};
	bool ok = true;

	for (const struct ast_word *w = l->first; w; w = w->next) {
		if (object_is_word(w, words, sizeof(words) / sizeof(words[0]))) {
			sema_unsupported(s, w->loc, "object", w->text, NULL);
			ok = false;
		}
	}
	return ok;
}

/* One term: what is in pos and not in exc. */
static bool object_join(struct sema *s, struct pats *pos, const struct pats *exc, struct ir_term *ret)
{
	for (size_t i = 0; i < exc->n; i++) {
		struct ir_pattern p = exc->v[i];

		p.except = true;
		if (!pats_add(s, pos, &p))
			return false;
	}
	ret->patterns = pos->v;
	ret->npatterns = pos->n;
	return true;
}

static bool object_paths(struct sema *s, const struct ast_part *part, struct ir_term *ret)
{
	struct pats pos = {0}, exc = {0};
	bool ok;

	if (part->kind != AST_PART_PLAIN)
		return object_says(s, part->loc,
				   arena_printf(s->arena, "'%s' belongs to network operations", part_word(part->kind)),
				   "the object of this rule is a list of paths");
	if (!object_check_nameless(s, part->values))
		return false;
	if (part->next && part->next->kind == AST_PART_PLAIN)
		return object_says(
			s, part->next->values->first->loc,
			arena_printf(s->arena, "missing ',' before '%.80s'", part->next->values->first->text),
			"commas separate the values of a list");
	if (part->next)
		return object_paths(s, part->next, ret);
	ok = set_values(s, part->values, BL_KEY_PATH, &pos, &exc);
	if (part->except)
		ok &= set_values(s, part->except, BL_KEY_PATH, &exc, NULL);
	return ok && object_join(s, &pos, &exc, ret);
}

static bool net_protos(struct sema *s, const struct ast_part *part, struct net_object *ret)
{
	static const char *const words[] = {"tcp", "udp"}, *const unix_words[] = {"unix"};

	for (const struct ast_word *w = part->values->first; w; w = w->next) {
		uint8_t proto = strcmp(w->text, "udp") == 0 ? BL_PROTO_UDP : BL_PROTO_TCP;

		if (object_is_word(w, unix_words, 1)) {
			sema_unsupported(s, w->loc, "object", w->text, NULL);
			return false;
		}
		if (!object_is_word(w, words, 2) && (net_looks_like_addr(w->text) || w->text[0] == '$'))
			return object_says(s, w->loc, arena_printf(s->arena, "'to' is missing before '%.80s'", w->text),
					   "for example 'connect tcp to 192.0.2.0/24 port 443'");
		if (!object_is_word(w, words, 2))
			return object_says(s, w->loc, arena_printf(s->arena, "'%.80s' is no protocol", w->text),
					   "write tcp or udp, then 'to' and addresses, then 'port' and numbers");
		if (ret->nprotos == 0 || (ret->nprotos == 1 && ret->protos[0] != proto))
			ret->protos[ret->nprotos++] = proto;
	}
	if (part->except)
		return object_says(s, part->except->loc, "protocols have no exceptions", "list those that are meant");
	return true;
}

static bool net_part(struct sema *s, const struct ast_part *part, bool first, struct net_object *ret)
{
	const struct ast_part **at = part->kind == AST_PART_TO ? &ret->to : &ret->port;
	struct diag *d;

	switch (part->kind) {
	case AST_PART_PLAIN:
		if (!first && object_is_word(part->values->first, (const char *const[]){"tcp", "udp"}, 2))
			return object_says(s, part->loc, "the protocol comes first",
					   "for example 'connect tcp to 192.0.2.0/24 port 443'");
		return net_protos(s, part, ret);
	case AST_PART_TO:
	case AST_PART_PORT:
		if (*at) {
			d = diag_error(s->diags, part->loc, "E-duplicate", "a second '%s' in one rule",
				       part_word(part->kind));
			diag_help(s->diags, d, "separate values by ','");
			diag_note(s->diags, d, (*at)->loc, "the first one is here");
			return false;
		}
		*at = part;
		return true;
	default:
		return object_says(s, part->loc,
				   arena_printf(s->arena, "'%s' does not belong to 'connect'", part_word(part->kind)),
				   "write 'to' for the peer's address");
	}
}

static bool net_ports(struct sema *s, const struct ast_part *part, struct port_range *ports, size_t *ret_n)
{
	struct word_error err;
	uint32_t lo, hi;
	bool ok = true;

	if (part->except)
		return object_says(s, part->except->loc, "ports have no exceptions", "write ranges without them");
	for (const struct ast_word *w = part->values->first; w; w = w->next) {
		if (num_parse_range(s->arena, w->text, "port", 0, 65535, &lo, &hi, &err) < 0) {
			sema_bad(s, w, &err);
			ok = false;
			continue;
		}
		ports[(*ret_n)++] = (struct port_range){.lo = (uint16_t)lo, .hi = (uint16_t)hi, .text = w->text};
	}
	return ok;
}

/* "tcp to 192.0.2.0/24 port 443" */
static const char *net_text(struct sema *s, uint8_t proto, const char *addr, const char *port)
{
	const char *word = proto == BL_PROTO_TCP ? "tcp" : proto == BL_PROTO_UDP ? "udp" : "";

	return arena_printf(s->arena, "%s%s%s%s%s%s", word, *word && (addr || port) ? " " : "",
			    addr ? (addr[0] ? "to " : "") : "", addr ? addr : "",
			    addr && port ? " port "
			    : port	 ? "port "
					 : "",
			    port ? port : "");
}

/* Every protocol with every address with every port. */
static bool net_multiply(struct sema *s, const struct net_object *o, const struct pats *addrs,
			 const struct port_range *ports, size_t nports, struct pats *ret)
{
	size_t np = o->nprotos ? o->nprotos : 1, na = addrs->n ? addrs->n : 1, nq = nports ? nports : 1;

	for (size_t i = 0; i < np * na * nq; i++) {
		const struct port_range *port = nports ? &ports[i % nq] : NULL;
		struct ir_pattern p = {.kind = BL_KEY_NET, .net.any_port = true};
		const char *addr = NULL;

		if (addrs->n) {
			p = addrs->v[i / nq % na];
			addr = p.text;
		} else {
			p.loc = o->port ? o->port->loc : (struct src_loc){0};
		}
		p.net.proto = o->nprotos ? o->protos[i / nq / na] : 0;
		p.net.any_port = !port;
		p.net.port_lo = port ? port->lo : 0;
		p.net.port_hi = port ? port->hi : 0;
		p.text = net_text(s, p.net.proto, addr, port ? port->text : NULL);
		if (!pats_add(s, ret, &p))
			return false;
	}
	return true;
}

static bool object_net(struct sema *s, const struct ast_part *parts, struct ir_term *ret)
{
	struct pats addrs = {0}, exc = {0}, all = {0};
	struct port_range *ports = NULL;
	struct net_object o = {0};
	size_t nports = 0;
	bool ok = true;

	for (const struct ast_part *p = parts; ok && p; p = p->next)
		ok = net_part(s, p, p == parts, &o);
	if (!ok)
		return false;
	if (o.to) {
		ok = set_values(s, o.to->values, BL_KEY_NET, &addrs, &exc);
		if (o.to->except)
			ok &= set_values(s, o.to->except, BL_KEY_NET, &exc, NULL);
	}
	if (o.port) {
		ports = arena_alloc(s->arena, o.port->values->n * sizeof(*ports));
		ok &= net_ports(s, o.port, ports, &nports);
	}
	if (!ok || !net_multiply(s, &o, &addrs, ports, nports, &all))
		return false;
	for (size_t i = 0; i < all.n; i++)
		all.v[i].loc = all.v[i].loc.file ? all.v[i].loc : parts->loc;
	return object_join(s, &all, &exc, ret);
}

/* The first operation of either kind, for a message about both. */
static unsigned first_op(uint64_t ops)
{
	return (unsigned)__builtin_ctzll(ops);
}

/* `deny read write /a`: the first word of the object is an operation. */
static bool object_is_op(const struct ast_part *part)
{
	const struct ast_word *w = part->kind == AST_PART_PLAIN ? part->values->first : NULL;

	return w && w->plain && ops_is_word(w->text);
}

bool object_resolve(struct sema *s, const struct ast_stmt *rule, uint64_t ops, struct ir_term *ret)
{
	uint64_t paths = ops & OPS_OF_PATHS, nets = ops & ~OPS_OF_PATHS;

	*ret = (struct ir_term){0};
	if (!rule->parts)
		return true;
	if (object_is_op(rule->parts->first))
		return object_says(s, rule->parts->first->values->first->loc,
				   arena_printf(s->arena, "missing ',' before '%s'",
						rule->parts->first->values->first->text),
				   "commas separate operations");
	if (paths && nets)
		return object_says(s, rule->parts->first->loc,
				   arena_printf(s->arena, "'%s' takes paths and '%s' takes addresses",
						ops_word(first_op(paths)), ops_word(first_op(nets))),
				   "write a rule for each");
	return nets ? object_net(s, rule->parts->first, ret) : object_paths(s, rule->parts->first, ret);
}
