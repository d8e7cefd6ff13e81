/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a test says, as requests. A test names one thing at each place: patterns have no answer. */
#include "policy_test_priv.h"

#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "ids.h"
#include "names.h"
#include "sema.h"
#include "banned.h"

#define A (&t->c->arena)

/* A word as the bytes it stands for: backslashes resolved. */
static const char *literal(struct testing *t, const struct ast_word *w)
{
	char *out = arena_alloc(A, strlen(w->text) + 1);
	size_t n = 0;

	for (const char *c = w->text; *c; c++) {
		if (strchr("*?[{$", *c) && (*c != '$' || c == w->text)) {
			test_says(t, w->loc, "a test asks about one name, not about a pattern", "write a name that the pattern matches");
			return NULL;
		}
		if (*c == '\\' && c[1])
			c++;
		out[n++] = *c;
	}
	out[n] = '\0';
	return out;
}

static bool read_id(struct testing *t, const struct ast_word *w, bool group, uint32_t *ret)
{
	enum bl_kind kind = group ? BL_KEY_GROUP : BL_KEY_USER;
	struct word_error err;
	uint32_t hi;
	int r;

	if (strcmp(w->text, "unset") == 0 && !group) {
		*ret = UINT32_MAX;
		return true;
	}
	if (!ids_is_number(w->text)) {
		r = ids_find(kind, w->text, ret);
		return r == 0 || test_says(t, w->loc, arena_printf(A, "'%.64s' does not exist on this machine", w->text),
					   "write its number");
	}
	if (ids_parse(A, kind, w->text, ret, &hi, &err) < 0)
		return test_says(t, w->loc, err.text, err.help);
	return *ret == hi || test_says(t, w->loc, "a test asks about one number, not about a range", NULL);
}

/* ---- who ---- */

static bool read_groups(struct testing *t, const struct ast_list *l, struct sim_process *p)
{
	uint32_t *v = arena_alloc(A, l->n * sizeof(*v));

	for (const struct ast_word *w = l->first; w; w = w->next) {
		if (!read_id(t, w, true, &v[p->ngroups]))
			return false;
		p->ngroups++;
	}
	p->groups = v;
	return true;
}

static bool read_caps(struct testing *t, const struct ast_list *l, struct sim_process *p)
{
	for (const struct ast_word *w = l->first; w; w = w->next) {
		int32_t v = bl_names_value(BL_NAMES_CAPABILITY, w->text);

		if (v < 0)
			return test_says(t, w->loc, arena_printf(A, "unknown capability '%.64s'", w->text), NULL);
		p->capabilities |= 1ULL << v;
	}
	return true;
}

static bool read_path(struct testing *t, const struct ast_word *w, const char **ret)
{
	*ret = literal(t, w);
	if (!*ret)
		return false;
	return **ret == '/' || test_says(t, w->loc, arena_printf(A, "'%.80s' is not a full path: it has to begin with '/'", *ret), NULL);
}

/* exe begins a lineage, each exec goes on with it. */
static bool read_program(struct testing *t, const struct ast_word *head, const struct ast_word *w, struct sim_process *p)
{
	const char **v = arena_alloc(A, (p->nexes + 1) * sizeof(*v));
	bool exec = strcmp(head->text, "exec") == 0;

	if (exec && p->nexes == 0)
		return test_says(t, head->loc, "'exec' before any 'exe'", "write 'exe /a exec /b': /a ran, and executed /b");
	if (!exec && p->nexes != 0)
		return test_says(t, head->loc, "a second 'exe'", "write 'exe /a exec /b': /a ran, and executed /b");
	for (size_t i = 0; i < p->nexes; i++)
		v[i] = p->exes[i];
	p->exes = v;
	return read_path(t, w, &v[p->nexes++]);
}

static bool read_namespace(struct testing *t, const struct ast_word *w, struct sim_process *p)
{
	p->untrusted = strcmp(w->text, "untrusted") == 0;
	return p->untrusted || strcmp(w->text, "host") == 0 ||
	       test_says(t, w->loc, arena_printf(A, "unknown namespace '%.64s'", w->text), "write host or untrusted");
}

static bool read_term(struct testing *t, const struct ast_term *term, struct sim_process *p)
{
	const char *head = term->head->text;
	const struct ast_word *w = term->values ? term->values->first : NULL;

	if (!w || term->except)
		return test_says(t, term->loc, arena_printf(A, "'%.64s' needs one value here", head), NULL);
	if (strcmp(head, "group") == 0)
		return read_groups(t, term->values, p);
	if (strcmp(head, "capability") == 0)
		return read_caps(t, term->values, p);
	if (w->next)
		return test_says(t, w->next->loc, arena_printf(A, "a second value for '%.64s'", head), "a process has one");
	if (strcmp(head, "exe") == 0 || strcmp(head, "exec") == 0)
		return read_program(t, term->head, w, p);
	if (strcmp(head, "script") == 0)
		return read_path(t, w, &p->script);
	if (strcmp(head, "cgroup") == 0)
		return read_path(t, w, &p->cgroup);
	if (strcmp(head, "unit") == 0)
		return (p->unit = literal(t, w)) != NULL;
	if (strcmp(head, "container") == 0)
		return (p->container = literal(t, w)) != NULL;
	if (strcmp(head, "user") == 0)
		return read_id(t, w, false, &p->euid);
	if (strcmp(head, "login") == 0)
		return read_id(t, w, false, &p->login);
	if (strcmp(head, "namespace") == 0)
		return read_namespace(t, w, p);
	return test_says(t, term->head->loc, arena_printf(A, "'%.64s' says nothing of a process here", head),
			 "exe, exec, script, user, group, login, capability, cgroup, unit, container and namespace do");
}

bool test_read_process(struct testing *t, const struct ast_terms *terms, bool whole, struct sim_process *ret)
{
	*ret = (struct sim_process){.cgroup = "/", .login = UINT32_MAX};
	for (const struct ast_term *term = terms->first; term; term = term->next) {
		if (!read_term(t, term, ret))
			return false;
	}
	return whole || ret->nexes <= 1 || test_says(t, terms->loc, "'exec' does not belong to a peer", NULL);
}

/* ---- what ---- */

/* The parts of one expectation by their words. */
struct what {
	const struct ast_part *by[AST_PART_COUNT];
	struct sim_request base;
	uint32_t op;
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

static bool add_names(struct testing *t, const struct what *w, struct test_objects *ret)
{
	for (const struct ast_word *v = values(w, AST_PART_PLAIN); v; v = v->next) {
		const char *name = literal(t, v);

		if (!name || !add(t, w, name, ret))
			return false;
	}
	return true;
}

static bool add_code(struct testing *t, struct what *w, struct test_objects *ret)
{
	for (const struct ast_word *v = values(w, AST_PART_FSTYPE); v; v = v->next) {
		w->base.fstype = literal(t, v);
		if (!w->base.fstype || !add(t, w, "/fstype", ret))
			return false;
	}
	w->base.fstype = NULL;
	for (const struct ast_word *v = values(w, AST_PART_PLAIN); v; v = v->next) {
		const char *name = literal(t, v);

		w->base.deleted = v->plain && strcmp(v->text, "deleted") == 0;
		if (!name || !add(t, w, w->base.deleted ? "/deleted" : name, ret))
			return false;
	}
	return w->by[AST_PART_FSTYPE] || need(t, w, AST_PART_PLAIN, "this expectation names no program", "for example 'exec /usr/bin/id'");
}

/* "tcp 10.0.0.5:443" for one protocol, address and port. */
static const char *endpoint(struct testing *t, const char *proto, const char *addr, const char *port)
{
	bool v6 = strchr(addr, ':') != NULL;

	if (!port)
		return arena_printf(A, "%s %s", proto, addr);
	return v6 ? arena_printf(A, "%s [%s]:%s", proto, addr, port) : arena_printf(A, "%s %s:%s", proto, addr, port);
}

static bool add_endpoints(struct testing *t, const struct what *w, const char *proto, const struct ast_word *addr,
			  struct test_objects *ret)
{
	bool other = strcmp(proto, "other") == 0;

	if (!other && !need(t, w, AST_PART_PORT, "this expectation names no port", "write 'port' and a number"))
		return false;
	for (const struct ast_word *p = values(w, AST_PART_PORT); p; p = p->next) {
		const char *text = endpoint(t, proto, addr ? addr->text : "0.0.0.0", p->text);
		const struct ast_word *from = values(w, AST_PART_FROM);

		if (strchr(p->text, '-'))
			return test_says(t, p->loc, "a test asks about one port, not about a range", NULL);
		if (from)
			text = arena_printf(A, "%s from %s", text, from->text);
		if (!add(t, w, text, ret))
			return false;
	}
	return !other || add(t, w, endpoint(t, proto, addr->text, NULL), ret);
}

static bool add_unix(struct testing *t, const struct what *w, enum ast_part_kind side, struct test_objects *ret)
{
	if (!w->by[side])
		return add(t, w, "unix", ret);
	for (const struct ast_word *v = values(w, side); v; v = v->next) {
		const char *name = literal(t, v);

		if (!name || !add(t, w, arena_printf(A, "unix %s", name), ret))
			return false;
	}
	return true;
}

static bool add_net_proto(struct testing *t, const struct what *w, const char *proto, enum ast_part_kind side,
			  struct test_objects *ret)
{
	if (strcmp(proto, "unix") == 0)
		return add_unix(t, w, side, ret);
	if (w->op != BL_OP_BIND && !need(t, w, side, "this expectation names no address", "write 'to' (accept: 'on') and an address"))
		return false;
	if (w->op == BL_OP_ACCEPT && !need(t, w, AST_PART_FROM, "this expectation names no peer", "write 'from' and an address"))
		return false;
	if (!w->by[side])
		return add_endpoints(t, w, proto, NULL, ret);
	for (const struct ast_word *v = values(w, side); v; v = v->next) {
		if (strchr(v->text, '/') || v->text[0] == '$')
			return test_says(t, v->loc, "a test asks about one address, not about a network", NULL);
		if (!add_endpoints(t, w, proto, v, ret))
			return false;
	}
	return true;
}

static bool add_net(struct testing *t, const struct what *w, struct test_objects *ret)
{
	enum ast_part_kind side = w->op == BL_OP_CONNECT ? AST_PART_TO : AST_PART_ON;

	if (!need(t, w, AST_PART_PLAIN, "this expectation names no protocol", "write tcp, udp or unix, or 'other' for the rest"))
		return false;
	for (const struct ast_word *v = values(w, AST_PART_PLAIN); v; v = v->next) {
		if (!add_net_proto(t, w, v->text, side, ret))
			return false;
	}
	return true;
}

static bool add_sock(struct testing *t, const struct what *w, struct test_objects *ret)
{
	for (const struct ast_word *v = values(w, AST_PART_PLAIN); v; v = v->next) {
		const struct ast_word *type = values(w, AST_PART_TYPE), *protocol = values(w, AST_PART_PROTOCOL);
		const char *text;

		if (v->plain && (strcmp(v->text, "tcp") == 0 || strcmp(v->text, "udp") == 0))
			text = v->text[0] == 't' ? "inet stream tcp" : "inet dgram udp";
		else if (!type)
			return test_says(t, v->loc, "this expectation names no type of socket", "write 'type' and stream, dgram or raw");
		else
			text = arena_printf(A, "%s %s %s", v->text, type->text, protocol ? protocol->text : "0");
		if (!add(t, w, text, ret))
			return false;
	}
	return need(t, w, AST_PART_PLAIN, "this expectation names no socket", "for example 'socket inet type stream'");
}

static bool add_mount(struct testing *t, const struct what *w, struct test_objects *ret)
{
	static const char help[] = "write 'fstype', 'source' and 'target'";

	if (!need(t, w, AST_PART_FSTYPE, "this expectation names no file system type", help) ||
	    !need(t, w, AST_PART_SOURCE, "this expectation names no source", help) ||
	    !need(t, w, AST_PART_TARGET, "this expectation names no target", help))
		return false;
	return add(t, w,
		   arena_printf(A, "%s %s on %s", values(w, AST_PART_FSTYPE)->text, values(w, AST_PART_SOURCE)->text,
				values(w, AST_PART_TARGET)->text),
		   ret);
}

static bool add_ids(struct testing *t, const struct what *w, struct test_objects *ret)
{
	for (const struct ast_word *v = values(w, AST_PART_PLAIN); v; v = v->next) {
		uint32_t id;

		if (!read_id(t, v, w->op == BL_OP_SETGID, &id) || !add(t, w, arena_printf(A, "%u", id), ret))
			return false;
	}
	return need(t, w, AST_PART_PLAIN, "this expectation names no id", NULL);
}

/* signal and ptrace: whom is in w->base */
static bool add_signal(struct testing *t, const struct what *w, struct test_objects *ret)
{
	if (w->op == BL_OP_PTRACE)
		return add(t, w, "", ret);
	return need(t, w, AST_PART_PLAIN, "this expectation names no signal", "for example 'signal TERM to exe /usr/sbin/nginx'") &&
	       add_names(t, w, ret);
}

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

static bool read_parts(struct testing *t, const struct ast_stmt *st, struct what *w)
{
	for (const struct ast_part *p = st->parts ? st->parts->first : NULL; p; p = p->next) {
		if (p->except)
			return test_says(t, p->except->loc, "a test has no exceptions", NULL);
		if (p->kind >= AST_PART_PEER && !read_peer(t, p, w))
			return false;
		if (w->by[p->kind])
			return test_says(t, p->loc, "twice the same part", "separate values by ','");
		w->by[p->kind] = p;
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

	if (bit & bl_kind_ops(BL_KEY_CODE))
		return add_code(t, w, ret);
	if (bit & bl_kind_ops(BL_KEY_PATH))
		return need(t, w, AST_PART_PLAIN, "this expectation names no file", NULL) && add_names(t, w, ret);
	if (bit & bl_kind_ops(BL_KEY_NET))
		return add_net(t, w, ret);
	if (bit & bl_kind_ops(BL_KEY_SOCK))
		return add_sock(t, w, ret);
	switch (w->op) {
	case BL_OP_PTRACE:
	case BL_OP_SIGNAL:
		return add_signal(t, w, ret);
	case BL_OP_MOUNT:
		return add_mount(t, w, ret);
	case BL_OP_SETUID:
	case BL_OP_SETGID:
		return add_ids(t, w, ret);
	default:
		if (w->by[AST_PART_PLAIN])
			return add_names(t, w, ret);
		return add(t, w, w->op == BL_OP_MODULE ? "memory" : "", ret);
	}
}

/* An operation's word asks that operation; a group's word each of the group. */
static uint64_t asked_ops(const char *word)
{
	uint32_t op = sim_op(word);

	return op != 0 ? BL_OP_BIT(op) : ops_of_word(word);
}

bool test_read_expect(struct testing *t, const struct ast_stmt *st, struct test_expect *e, struct test_objects *ret)
{
	struct what w = {.loc = st->loc};

	for (uint32_t i = 0; st->word && i < t->ir->nprofiles; i++) {
		if (strcmp(t->ir->profiles[i].name, st->word->text) == 0)
			e->profile = i;
	}
	if (st->word && e->profile == UINT32_MAX)
		return test_says(t, st->word->loc, arena_printf(A, "unknown profile '%.64s'", st->word->text), NULL);
	if (!read_parts(t, st, &w) || !read_attrs(t, st, &w))
		return false;
	for (const struct ast_word *word = st->list->first; word; word = word->next) {
		uint64_t ops = asked_ops(word->text);

		if (ops == 0)
			return test_says(t, word->loc, arena_printf(A, "unknown operation '%.64s'", word->text), NULL);
		for (w.op = 1; w.op < 64; w.op++) {
			if ((ops & BL_OP_BIT(w.op)) && !add_objects(t, &w, ret))
				return false;
		}
	}
	return true;
}
