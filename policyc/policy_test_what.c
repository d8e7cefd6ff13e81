/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is asked in a test: the operations and objects of an expectation, each combination as a request of its own. */
#include "policy_test_priv.h"

#include <arpa/inet.h>
#include <string.h>

#include "arena.h"
#include "nearest.h"
#include "num.h"
#include "sema.h"
#include "sema_object.h"
#include "banned.h"

#define A (&t->c->arena)

/* One expectation: its parts by their words, and the operation in question. */
struct what {
	const struct ast_part *by[AST_PART_COUNT];
	struct sim_request base;
	uint32_t op;
	bool several; /* operations in one expectation */
	struct src_loc loc;
};

static bool add(struct testing *t, const struct what *w, const char *text, struct test_objects *ret)
{
	struct sim_request q = w->base;

	q.op = w->op;
	q.object = text;
	q.object_len = strlen(text);
	ret->v = arena_more(A, ret->v, ret->n, &ret->cap, sizeof(q));
	ret->v[ret->n++] = q;
	return true;
}

static const struct ast_word *values(const struct what *w, enum ast_part_kind kind)
{
	return w->by[kind] ? w->by[kind]->values->first : NULL;
}

static bool need(struct testing *t, const struct what *w, enum ast_part_kind kind, const char *text, const char *help)
{
	return w->by[kind] || test_says(t, w->loc, text, help);
}

static bool is_absolute(struct testing *t, const struct ast_word *w, const char *name)
{
	return name[0] == '/' ||
	       test_says(t, w->loc, arena_printf(A, "'%.80s' is not a full path", name), "it has to begin with '/'");
}

static bool add_paths(struct testing *t, const struct what *w, struct test_objects *ret)
{
	for (const struct ast_word *v = values(w, AST_PART_PLAIN); v; v = v->next) {
		const char *name = test_literal(t, v);

		if (!name || !is_absolute(t, v, name) || !add(t, w, name, ret))
			return false;
	}
	return true;
}

/* ---- code ---- */

static bool add_code_of(struct testing *t, struct what *w, const struct ast_word *v, struct test_objects *ret)
{
	bool memfd = object_is_word(v, "memfd"), anonymous = object_is_word(v, "anonymous");
	const char *name;

	w->base.deleted = object_is_word(v, "deleted");
	if (w->base.deleted || memfd || anonymous)
		return add(t, w, w->base.deleted ? "/deleted" : v->text, ret);
	name = test_literal(t, v);
	return name && is_absolute(t, v, name) && add(t, w, name, ret);
}

/* Without a path a file of the type is meant, by a name that rules with patterns can match as well. */
static bool add_code(struct testing *t, struct what *w, struct test_objects *ret)
{
	static const struct ast_word some = {.text = "/fstype"};
	const struct ast_word *type = values(w, AST_PART_FSTYPE), *first = values(w, AST_PART_PLAIN);

	if (!type && !first)
		return test_says(t, w->loc, "this expectation names no program", "for example 'exec /usr/bin/id'");
	do {
		w->base.fstype = type ? test_literal(t, type) : NULL;
		if (type && !w->base.fstype)
			return false;
		for (const struct ast_word *v = first ? first : &some; v; v = v->next) {
			if (!add_code_of(t, w, v, ret))
				return false;
		}
		type = type ? type->next : NULL;
	} while (type);
	w->base.deleted = false;
	w->base.fstype = NULL;
	return true;
}

/* ---- network ---- */

static bool check_address(struct testing *t, const struct ast_word *w)
{
	uint8_t addr[16];

	if (strchr(w->text, '/') || w->text[0] == '$')
		return test_says(t, w->loc, "a test asks about one address, not about a network", "write an address of it");
	return inet_pton(AF_INET, w->text, addr) == 1 || inet_pton(AF_INET6, w->text, addr) == 1 ||
	       test_says(t, w->loc, arena_printf(A, "'%.60s' is no address", w->text), "for example 192.0.2.1 or 2001:db8::1");
}

static bool check_port(struct testing *t, const struct ast_word *w)
{
	struct word_error err;
	uint32_t n;

	if (strchr(w->text, '-'))
		return test_says(t, w->loc, "a test asks about one port, not about a range", "write one of them");
	return num_parse(A, w->text, strlen(w->text), "port", 0, 65535, &n, &err) == 0 || test_says(t, w->loc, err.text, err.help);
}

static bool check_all(struct testing *t, const struct what *w, enum ast_part_kind kind,
		      bool (*check)(struct testing *t, const struct ast_word *w))
{
	for (const struct ast_word *v = values(w, kind); v; v = v->next) {
		if (!check(t, v))
			return false;
	}
	return true;
}

/* "tcp 10.0.0.5:443", "tcp 10.0.0.1:80 from 10.0.0.5" */
static const char *endpoint(struct testing *t, const char *proto, const char *addr, const struct ast_word *port,
			    const struct ast_word *from)
{
	bool v6 = strchr(addr, ':') != NULL;

	return arena_printf(A, "%s %s%s%s%s%s%s%s", proto, v6 ? "[" : "", addr, v6 ? "]" : "", port ? ":" : "", port ? port->text : "",
			    from ? " from " : "", from ? from->text : "");
}

/* Every port with every address with every peer. A bind without an address is one to all of them. */
static bool add_endpoints(struct testing *t, const struct what *w, const char *proto, enum ast_part_kind side,
			  struct test_objects *ret)
{
	static const struct ast_word all = {.text = "::"};
	const struct ast_word *addrs = values(w, side), *ports = values(w, AST_PART_PORT), *froms = values(w, AST_PART_FROM);

	for (const struct ast_word *a = addrs ? addrs : &all; a; a = a->next) {
		const struct ast_word *p = ports;

		do {
			const struct ast_word *f = froms;

			do {
				add(t, w, endpoint(t, proto, a->text, p, f), ret);
				f = f ? f->next : NULL;
			} while (f);
			p = p ? p->next : NULL;
		} while (p);
	}
	return true;
}

static bool add_inet(struct testing *t, const struct what *w, const char *proto, enum ast_part_kind side, struct test_objects *ret)
{
	if (strcmp(proto, "other") != 0 &&
	    !need(t, w, AST_PART_PORT, "this expectation names no port", "write 'port' and a number"))
		return false;
	if (w->op != BL_OP_BIND && !need(t, w, side, "this expectation names no address",
					 w->op == BL_OP_CONNECT ? "write 'to' and an address" : "write 'on' and the local address"))
		return false;
	if (w->op == BL_OP_ACCEPT && !need(t, w, AST_PART_FROM, "this expectation names no peer", "write 'from' and an address"))
		return false;
	return check_all(t, w, side, check_address) && check_all(t, w, AST_PART_FROM, check_address) &&
	       check_all(t, w, AST_PART_PORT, check_port) && add_endpoints(t, w, proto, side, ret);
}

static bool add_unix(struct testing *t, const struct what *w, enum ast_part_kind side, struct test_objects *ret)
{
	const struct ast_part *wrong = w->by[AST_PART_PORT] ? w->by[AST_PART_PORT] : w->by[AST_PART_FROM];

	if (wrong)
		return test_says(t, wrong->loc, arena_printf(A, "'%s' does not belong to unix sockets", part_word(wrong->kind)),
				 "they have a path, or a name that begins with '@'");
	if (!w->by[side])
		return add(t, w, "unix", ret);
	for (const struct ast_word *v = values(w, side); v; v = v->next) {
		const char *name = test_literal(t, v);

		if (!name)
			return false;
		if (name[0] != '/' && name[0] != '@')
			return test_says(t, v->loc, arena_printf(A, "'%.60s' is no address of a unix socket", name),
					 "write a path, or @name for an abstract one");
		add(t, w, arena_printf(A, "unix %s", name), ret);
	}
	return true;
}

static bool add_net(struct testing *t, const struct what *w, struct test_objects *ret)
{
	static const char help[] = "write tcp, udp, unix, or other for the rest";
	enum ast_part_kind side = w->op == BL_OP_CONNECT ? AST_PART_TO : AST_PART_ON;

	for (const struct ast_word *v = values(w, AST_PART_PLAIN); v; v = v->next) {
		bool is_unix = object_is_word(v, "unix");

		if (!is_unix && !object_is_word(v, "tcp") && !object_is_word(v, "udp") && !object_is_word(v, "other"))
			return test_says(t, v->loc, arena_printf(A, "'%.60s' is no protocol", v->text), help);
		if (!(is_unix ? add_unix(t, w, side, ret) : add_inet(t, w, v->text, side, ret)))
			return false;
	}
	return need(t, w, AST_PART_PLAIN, "this expectation names no protocol", help);
}

static bool check_sock_word(struct testing *t, const struct ast_word *w, enum bl_names table, const char *what, const char *help)
{
	struct word_error err;
	uint32_t n;

	if (bl_names_value(table, w->text) >= 0)
		return true;
	if (w->text[0] >= '0' && w->text[0] <= '9')
		return num_parse(A, w->text, strlen(w->text), what, 0, table == BL_NAMES_SOCK_TYPE ? 15 : 65535, &n, &err) == 0 ||
		       test_says(t, w->loc, err.text, err.help);
	return test_says(t, w->loc, arena_printf(A, "unknown %s '%.64s'", what, w->text), help);
}

static bool check_family(struct testing *t, const struct ast_word *w)
{
	return check_sock_word(t, w, BL_NAMES_FAMILY, "family of sockets", "for example inet, inet6, unix, netlink or packet");
}

static bool check_type(struct testing *t, const struct ast_word *w)
{
	return check_sock_word(t, w, BL_NAMES_SOCK_TYPE, "type of socket", "for example stream, dgram or raw");
}

static bool check_protocol(struct testing *t, const struct ast_word *w)
{
	return check_sock_word(t, w, BL_NAMES_PROTOCOL, "protocol", "for example tcp, udp or icmp, or a number");
}

static bool add_sock_of(struct testing *t, const struct what *w, const struct ast_word *family, struct test_objects *ret)
{
	const struct ast_word *first = values(w, AST_PART_PROTOCOL);

	if (!check_family(t, family) || !check_all(t, w, AST_PART_TYPE, check_type) ||
	    !check_all(t, w, AST_PART_PROTOCOL, check_protocol))
		return false;
	for (const struct ast_word *type = values(w, AST_PART_TYPE); type; type = type->next) {
		const struct ast_word *p = first;

		do {
			add(t, w, arena_printf(A, "%s %s %s", family->text, type->text, p ? p->text : "0"), ret);
			p = p ? p->next : NULL;
		} while (p);
	}
	return need(t, w, AST_PART_TYPE, "this expectation names no type of socket", "write 'type' and stream, dgram or raw");
}

/* tcp and udp are sockets of both families, as in a rule. */
static bool add_sock(struct testing *t, const struct what *w, struct test_objects *ret)
{
	const struct ast_part *more = w->by[AST_PART_TYPE] ? w->by[AST_PART_TYPE] : w->by[AST_PART_PROTOCOL];

	for (const struct ast_word *v = values(w, AST_PART_PLAIN); v; v = v->next) {
		bool tcp = object_is_word(v, "tcp");

		if (!tcp && !object_is_word(v, "udp")) {
			if (!add_sock_of(t, w, v, ret))
				return false;
			continue;
		}
		if (more)
			return test_says(t, more->loc,
					 arena_printf(A, "'%s' after tcp or udp, which say it already", part_word(more->kind)),
					 "write inet or inet6 instead");
		add(t, w, tcp ? "inet stream tcp" : "inet dgram udp", ret);
		add(t, w, tcp ? "inet6 stream tcp" : "inet6 dgram udp", ret);
	}
	return need(t, w, AST_PART_PLAIN, "this expectation names no socket", "for example 'socket inet type stream'");
}

/* ---- system ---- */

static bool check_mount_part(struct testing *t, const struct ast_word *w)
{
	const char *name = test_literal(t, w);

	if (!name)
		return false;
	return !strchr(name, ' ') || test_says(t, w->loc, "a test cannot ask about a mount with a space in its parts",
					       "ask about a name without one that the same patterns match");
}

static bool add_mount(struct testing *t, const struct what *w, struct test_objects *ret)
{
	static const char help[] = "write 'fstype', 'source' and 'target'";

	if (!need(t, w, AST_PART_FSTYPE, "this expectation names no file system type", help) ||
	    !need(t, w, AST_PART_SOURCE, "this expectation names no source", help) ||
	    !need(t, w, AST_PART_TARGET, "this expectation names no target", help) ||
	    !check_all(t, w, AST_PART_FSTYPE, check_mount_part) || !check_all(t, w, AST_PART_SOURCE, check_mount_part) ||
	    !check_all(t, w, AST_PART_TARGET, check_mount_part))
		return false;
	for (const struct ast_word *f = values(w, AST_PART_FSTYPE); f; f = f->next) {
		for (const struct ast_word *s = values(w, AST_PART_SOURCE); s; s = s->next) {
			for (const struct ast_word *d = values(w, AST_PART_TARGET); d; d = d->next) {
				if (!is_absolute(t, d, d->text))
					return false;
				add(t, w, arena_printf(A, "%s %s on %s", test_literal(t, f), test_literal(t, s), test_literal(t, d)), ret);
			}
		}
	}
	return true;
}

static bool add_ids(struct testing *t, const struct what *w, struct test_objects *ret)
{
	for (const struct ast_word *v = values(w, AST_PART_PLAIN); v; v = v->next) {
		uint32_t id;

		if (!test_read_id(t, v, w->op == BL_OP_SETGID, &id) || !add(t, w, arena_printf(A, "%u", id), ret))
			return false;
	}
	return need(t, w, AST_PART_PLAIN, w->op == BL_OP_SETGID ? "this expectation names no group" : "this expectation names no user",
		    "write its name or number");
}

static bool add_words(struct testing *t, const struct what *w, enum bl_names table, const char *what, struct test_objects *ret)
{
	for (const struct ast_word *v = values(w, AST_PART_PLAIN); v; v = v->next) {
		struct word_error err;
		uint32_t n;

		if (table == BL_NAMES_SIGNAL && v->text[0] >= '0' && v->text[0] <= '9') {
			if (num_parse(A, v->text, strlen(v->text), what, 1, 64, &n, &err) < 0)
				return test_says(t, v->loc, err.text, err.help);
		} else if (bl_names_value(table, v->text) < 0) {
			return test_says(t, v->loc, arena_printf(A, "unknown %s '%.64s'", what, v->text),
					 table == BL_NAMES_SIGNAL ? "as in signal(7), in capitals and without SIG: for example TERM"
								  : "as in capabilities(7), in small letters and without cap_");
		}
		add(t, w, v->text, ret);
	}
	return true;
}

/* signal and ptrace: whom is in w->base */
static bool read_peer(struct testing *t, const struct ast_part *p, struct what *w)
{
	struct sim_process *peer;

	if (p->kind == AST_PART_DESCENDANT) {
		w->base.descendant = true;
		return true;
	}
	if (p->kind != AST_PART_PEER)
		return test_says(t, p->loc, "a test says what the other process is, not which profile it is in",
				 "for example 'to exe /usr/sbin/nginx'");
	peer = arena_alloc(A, sizeof(*peer));
	w->base.peer = peer;
	return test_read_process(t, p->terms, false, peer);
}

static bool add_system(struct testing *t, const struct what *w, struct test_objects *ret)
{
	switch (w->op) {
	case BL_OP_CAPABILITY:
		return need(t, w, AST_PART_PLAIN, "this expectation names no capability", "for example 'capability net_admin'") &&
		       add_words(t, w, BL_NAMES_CAPABILITY, "capability", ret);
	case BL_OP_SIGNAL:
		return need(t, w, AST_PART_PLAIN, "this expectation names no signal",
			    "for example 'signal TERM to exe /usr/sbin/nginx'") &&
		       add_words(t, w, BL_NAMES_SIGNAL, "signal", ret);
	case BL_OP_MOUNT:
		return add_mount(t, w, ret);
	case BL_OP_SETUID:
	case BL_OP_SETGID:
		return add_ids(t, w, ret);
	case BL_OP_UMOUNT:
	case BL_OP_PIVOT:
		return need(t, w, AST_PART_PLAIN, "this expectation names no directory", "for example 'umount /mnt'") &&
		       add_paths(t, w, ret);
	case BL_OP_MODULE: /* without a path: one that is given as memory */
		return w->by[AST_PART_PLAIN] ? add_paths(t, w, ret) : add(t, w, "memory", ret);
	default:
		return add(t, w, "", ret);
	}
}

/* ---- all of them ---- */

#define PART(kind) (1u << AST_PART_##kind)

/* The parts that an expectation about an operation can have. */
static uint32_t op_parts(uint32_t op)
{
	switch (op) {
	case BL_OP_EXEC:
	case BL_OP_MAP:
		return PART(PLAIN) | PART(FSTYPE);
	case BL_OP_SOCKET:
		return PART(PLAIN) | PART(TYPE) | PART(PROTOCOL);
	case BL_OP_CONNECT:
		return PART(PLAIN) | PART(TO) | PART(PORT);
	case BL_OP_BIND:
		return PART(PLAIN) | PART(ON) | PART(PORT);
	case BL_OP_ACCEPT:
		return PART(PLAIN) | PART(ON) | PART(PORT) | PART(FROM);
	case BL_OP_PTRACE:
		return PART(PEER) | PART(PROFILE) | PART(SAME) | PART(DESCENDANT);
	case BL_OP_SIGNAL:
		return PART(PLAIN) | PART(PEER) | PART(PROFILE) | PART(SAME) | PART(DESCENDANT);
	case BL_OP_MOUNT:
		return PART(FSTYPE) | PART(SOURCE) | PART(TARGET);
	case BL_OP_BPF:
	case BL_OP_PERF:
	case BL_OP_KEXEC:
	case BL_OP_USERNS:
		return 0;
	default:
		return PART(PLAIN);
	}
}

/* Nothing that is written is passed over. */
static bool check_parts(struct testing *t, const struct what *w)
{
	const char *help = w->several ? "write an expectation for each operation" : "take it out";
	uint32_t good = op_parts(w->op);

	for (unsigned kind = 0; kind < AST_PART_COUNT; kind++) {
		const struct ast_part *p = w->by[kind];

		if (!p || (good & 1u << kind))
			continue;
		if (kind == AST_PART_PLAIN)
			return test_says(t, p->loc, arena_printf(A, "'%s' takes no such object", ops_word(w->op)), help);
		return test_says(t, p->loc, arena_printf(A, "'%s' does not belong to '%s'", part_word((enum ast_part_kind)kind), ops_word(w->op)),
				 help);
	}
	return true;
}

static bool read_parts(struct testing *t, const struct ast_stmt *st, struct what *w)
{
	for (const struct ast_part *p = st->parts ? st->parts->first : NULL; p; p = p->next) {
		if (p->except)
			return test_says(t, p->except->loc, "a test has no exceptions", "it asks about what is written");
		if (w->by[p->kind] && p->kind == AST_PART_PLAIN)
			return test_says(t, p->loc, arena_printf(A, "missing ',' before '%.80s'", p->values->first->text),
					 nearest_after_list(A, p->values->first->text));
		if (w->by[p->kind])
			return test_says(t, p->loc, arena_printf(A, "a second '%s' in one expectation", part_word(p->kind)),
					 "separate values by ','");
		w->by[p->kind] = p;
		if (p->kind >= AST_PART_PEER && !read_peer(t, p, w))
			return false;
	}
	return true;
}

/* `if owner` is what an expectation can say about the file. */
static bool read_attrs(struct testing *t, const struct ast_stmt *st, struct what *w)
{
	for (const struct ast_attr *at = st->attrs ? st->attrs->first : NULL; at; at = at->next) {
		const struct ast_term *term = at->kind == AST_ATTR_IF ? at->terms->first : NULL;

		if (!term || term->next || term->values || term->except || strcmp(term->head->text, "owner") != 0)
			return test_says(t, at->loc, "only 'if owner' can follow an expectation", "who asks is said by 'as'");
		w->base.owner = true;
	}
	return true;
}

static bool add_objects(struct testing *t, struct what *w, struct test_objects *ret)
{
	uint64_t bit = BL_OP_BIT(w->op);

	if (!check_parts(t, w))
		return false;
	if (w->base.owner && !(bit & bl_kind_ops(BL_KEY_PATH)))
		return test_says(t, w->loc, "'if owner' is about the file of an expectation", "take it out");
	if (bit & bl_kind_ops(BL_KEY_CODE))
		return add_code(t, w, ret);
	if (bit & bl_kind_ops(BL_KEY_PATH))
		return need(t, w, AST_PART_PLAIN, "this expectation names no file", "write its full path") && add_paths(t, w, ret);
	if (bit & bl_kind_ops(BL_KEY_NET))
		return add_net(t, w, ret);
	if (bit & bl_kind_ops(BL_KEY_SOCK))
		return add_sock(t, w, ret);
	return add_system(t, w, ret);
}

/* An operation's word asks that operation; a group's word each of the group. */
static bool read_op(struct testing *t, const struct ast_word *w, uint64_t *ret)
{
	struct sema s = {.arena = A, .diags = &t->c->diags};
	uint32_t op = sim_op(w->text);

	*ret = op != 0 ? BL_OP_BIT(op) : 0;
	return op != 0 || ops_resolve_word(&s, w, ret);
}

static bool read_profile(struct testing *t, const struct ast_word *w, uint32_t *ret)
{
	struct nearest near;

	nearest_init(&near, w->text);
	for (uint32_t i = 0; i < t->ir->nprofiles; i++) {
		nearest_try(&near, t->ir->profiles[i].name);
		if (strcmp(t->ir->profiles[i].name, w->text) != 0)
			continue;
		*ret = i;
		return true;
	}
	profile_unknown(&t->c->diags, w, near.best);
	return false;
}

bool test_read_expect(struct testing *t, const struct ast_stmt *st, struct test_expect *e, struct test_objects *ret)
{
	struct what w = {.loc = st->loc};
	uint64_t ops;

	if (st->word && !read_profile(t, st->word, &e->profile))
		return false;
	if (!read_parts(t, st, &w) || !read_attrs(t, st, &w))
		return false;
	for (const struct ast_word *word = st->list->first; word; word = word->next) {
		if (!read_op(t, word, &ops))
			return false;
		w.several = st->list->n > 1 || (ops & (ops - 1)) != 0;
		for (w.op = 1; w.op < 64; w.op++) {
			if ((ops & BL_OP_BIT(w.op)) && !add_objects(t, &w, ret))
				return false;
		}
	}
	return true;
}
