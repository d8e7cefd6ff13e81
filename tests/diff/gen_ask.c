// SPDX-License-Identifier: GPL-2.0-or-later
/* Makes requests: who first, then what about. */
#include "gen_ask.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "gen_name.h"
#include "ir.h"

#include "banned.h"

/* ---- who ---- */

static const struct ir_pattern *pick_pattern(struct rnd *r, const struct ir_term *t)
{
	return t->npatterns ? &t->patterns[rnd_below(r, (uint32_t)t->npatterns)] : NULL;
}

/* As the label keeps them: each once, no gap before the last. */
static void sticky_set(struct ask *q, uint64_t hash)
{
	uint32_t i = 0;

	while (i < BL_TASK_STICKY && q->sticky[i] != 0 && q->sticky[i] != hash)
		i++;
	if (i < BL_TASK_STICKY)
		q->sticky[i] = hash;
}

/* Makes the program, or one of its ancestors, or what an ancestor left behind, such that the atom holds. */
static void satisfy_exe(struct rnd *r, const struct ir_atom *a, const char *glob, struct ask *q)
{
	uint32_t how = rnd_below(r, 10), i;

	if (how < 6) {
		q->exe_from = gen_name(r, glob, &q->exe);
	} else if (how < 9) {
		i = q->nancestors < ASK_ANCESTORS ? q->nancestors++ : rnd_below(r, ASK_ANCESTORS);
		q->ancestor_from[i] = gen_name(r, glob, &q->ancestors[i]);
	} else {
		sticky_set(q, a->sticky);
	}
}

/* A number in the range or next to it. */
static uint32_t near_range(struct rnd *r, uint32_t lo, uint32_t hi)
{
	switch (rnd_below(r, 8)) {
	case 0:
		return lo - 1;
	case 1:
		return hi + 1;
	case 2:
	case 3:
		return lo;
	case 4:
	case 5:
		return hi;
	default:
		return lo + (uint32_t)(rnd_next(r) % ((uint64_t)hi - lo + 1));
	}
}

static void satisfy_atom(struct rnd *r, const struct ir_atom *a, struct ask *q)
{
	const struct ir_pattern *p = pick_pattern(r, &a->term);

	if (!p)
		return;
	if (a->kind == BL_KEY_EXE)
		satisfy_exe(r, a, p->glob, q);
	else if (a->kind == BL_KEY_USER)
		q->euid = near_range(r, p->lo, p->hi);
	else if (a->kind == BL_KEY_CGROUP)
		q->cgroup_from = gen_name(r, p->glob, &q->cgroup);
}

static void satisfy_cond(struct rnd *r, const struct ir *ir, uint32_t cond, struct ask *q)
{
	const struct ir_clause *c;

	if (cond == BL_COND_NONE || ir->conds[cond].nclauses == 0)
		return;
	c = &ir->conds[cond].clauses[rnd_below(r, (uint32_t)ir->conds[cond].nclauses)];
	for (size_t i = 0; i < c->nlits; i++) {
		if (!c->lits[i].negate || rnd_percent(r, 25))
			satisfy_atom(r, &ir->atoms[c->lits[i].atom], q);
	}
}

/* What a past life left: hashes of this policy's terms, and of another's. */
static void fill_sticky(struct rnd *r, const struct ir *ir, struct ask *q)
{
	uint32_t n = rnd_percent(r, 70) ? 0 : rnd_percent(r, 70) ? rnd_below(r, 4) : 24 + rnd_below(r, 9);

	memset(q->sticky, 0, sizeof(q->sticky));
	for (uint32_t i = 0; i < n; i++) {
		uint64_t hash = ir->atoms[rnd_below(r, (uint32_t)ir->natoms)].sticky;

		sticky_set(q, hash && rnd_percent(r, 60) ? hash : rnd_next(r));
	}
}

static void make_lineage(struct rnd *r, const struct ir *ir, struct ask *q)
{
	q->nancestors = rnd_percent(r, 50) ? 0 : rnd_below(r, ASK_ANCESTORS + 1);
	for (uint32_t i = 0; i < q->nancestors; i++) {
		const struct ir_atom *a = &ir->atoms[rnd_below(r, (uint32_t)ir->natoms)];
		const struct ir_pattern *p = a->kind == BL_KEY_EXE ? pick_pattern(r, &a->term) : NULL;

		q->ancestor_from[i] = gen_name(r, p ? p->glob : NULL, &q->ancestors[i]);
	}
}

static void make_process(struct rnd *r, const struct ir *ir, struct ask *q)
{
	static const uint32_t euids[] = {0, 0, 1, 2, 3, 1000, 65534, 4294967295u};

	fill_sticky(r, ir, q);
	make_lineage(r, ir, q);
	q->flags = rnd_percent(r, 20) ? BL_LF_UNTRUSTED : 0;
	q->flags |= rnd_percent(r, 3) ? BL_LF_FULL : 0; /* of the label before: has no effect */
	q->euid = RND_PICK(r, euids);
	q->exe_from = gen_name(r, NULL, &q->exe);
	q->cgroup_from = gen_name(r, rnd_percent(r, 50) ? "/" : NULL, &q->cgroup);
}

/* Failures come last, when nothing can be satisfied any more. */
static void fail_process(struct rnd *r, struct ask *q)
{
	if (rnd_percent(r, 3)) {
		q->exe_from = BL_PATH_MAX;
		q->flags |= BL_LF_NAMELESS | BL_LF_UNTRUSTED;
	}
	if (rnd_percent(r, 1))
		q->cgroup_from = BL_PATH_MAX;
}

/* ---- what about ---- */

static void map_to_v6(struct bl_endpoint *e)
{
	memmove(e->addr + 12, e->addr, 4);
	memset(e->addr, 0, 10);
	e->addr[10] = e->addr[11] = 0xff;
	e->family = BL_FAM_INET6;
}

/* Carries into the bytes before: the address below or above a network. */
static void step_addr(uint8_t *addr, int bytes, int by)
{
	while (bytes-- > 0) {
		int v = addr[bytes] + by;

		addr[bytes] = (uint8_t)v;
		if (v >= 0 && v <= 255)
			return;
	}
}

/* First, last or any address of the network, or the one next to it. */
static void make_addr(struct rnd *r, const struct ir_net *n, struct bl_endpoint *e)
{
	int bytes = n->at.family == BL_FAM_INET ? 4 : 16;
	uint32_t where = rnd_below(r, 5);

	e->family = n->at.family;
	memcpy(e->addr, n->at.addr, 16);
	for (int i = n->at.prefix; where > 0 && i < bytes * 8; i++) {
		if (where == 1 || (rnd_next(r) & 1))
			e->addr[i / 8] |= (uint8_t)(0x80u >> (i % 8));
	}
	if (rnd_percent(r, 15))
		step_addr(e->addr, bytes, where == 1 ? 1 : where == 0 ? -1 : 255);
}

static void make_some_addr(struct rnd *r, struct bl_endpoint *e)
{
	e->family = rnd_percent(r, 60) ? BL_FAM_INET : BL_FAM_INET6;
	if (rnd_percent(r, 40))
		return; /* unspecified */
	for (int i = 0; i < (e->family == BL_FAM_INET ? 4 : 16); i++)
		e->addr[i] = (uint8_t)rnd_next(r);
}

static void make_endpoint(struct rnd *r, const struct ir_net *n, struct bl_endpoint *e)
{
	static const uint8_t protos[] = {BL_PROTO_TCP, BL_PROTO_TCP, BL_PROTO_UDP, BL_PROTO_OTHER};

	memset(e, 0, sizeof(*e));
	e->proto = n && n->proto && rnd_percent(r, 85) ? n->proto : RND_PICK(r, protos);
	e->has_port = e->proto != BL_PROTO_OTHER && rnd_percent(r, 97);
	e->port = (uint16_t)rnd_next(r);
	if (n && !n->any_port)
		e->port = (uint16_t)near_range(r, n->port_lo, n->port_hi);
	if (n && n->at.family && rnd_percent(r, 90))
		make_addr(r, n, e);
	else
		make_some_addr(r, e);
	if (e->family == BL_FAM_INET && rnd_percent(r, 25))
		map_to_v6(e);
}

/* The operation that the rule names is asked, others sometimes too, as one system call can. */
static uint64_t make_ops(struct rnd *r, uint64_t wanted, uint64_t all)
{
	uint64_t ops = wanted & all;

	if (rnd_percent(r, 60) && ops) {
		while (ops & (ops - 1))
			ops &= rnd_next(r) | (ops & -ops);
		return ops;
	}
	ops = rnd_next(r) & rnd_next(r) & all;
	return ops ? ops : all & -all;
}

/* Why a name could not be had. A full label is no such reason: bl_decide() finds out by itself. */
static uint32_t make_reason(struct rnd *r)
{
	uint32_t reason = BL_R_TOO_LONG + rnd_below(r, BL_R_MAX - BL_R_TOO_LONG);

	return reason == BL_R_LABEL_FULL ? BL_R_UNREADABLE : reason;
}

static void make_object(struct rnd *r, const struct ir_rule *rule, struct ask *q, uint32_t i)
{
	const uint64_t path_ops = bl_kind_ops(BL_KEY_PATH), net_ops = BL_OP_BIT(BL_OP_CONNECT);
	const struct ir_pattern *p = rule ? pick_pattern(r, &rule->object) : NULL;
	bool net = p ? p->kind == BL_KEY_NET : rule && (rule->ops & path_ops) ? false : rnd_percent(r, 40);
	struct ask_object *o = &q->objects[i];

	memset(o, 0, sizeof(*o));
	o->kind = net ? BL_KEY_NET : BL_KEY_PATH;
	o->ops = make_ops(r, rule ? rule->ops : 0, net ? net_ops : path_ops);
	o->reason = rnd_percent(r, 3) ? make_reason(r) : 0;
	o->flags = rnd_percent(r, 20) ? BL_QF_USE : 0;
	o->from = BL_PATH_MAX;
	if (net)
		make_endpoint(r, p ? &p->net : NULL, &o->endpoint);
	else if (rnd_percent(r, 2))
		bl_key_byte(&q->names[i], &o->from, BL_OBJ_NAMELESS);
	else
		o->from = gen_name(r, p ? p->glob : NULL, &q->names[i]);
}

/* The first object gets the second's name: both are paths, and neither is BL_OBJ_NAMELESS. */
static void make_change(struct rnd *r, struct ask *q)
{
	q->change = 0;
	for (uint32_t i = 0; i < 2; i++)
		if (q->nobjects < 2 || q->objects[i].kind != BL_KEY_PATH || q->names[i].buf[BL_PATH_MAX - 1] == BL_OBJ_NAMELESS)
			return;
	q->change = BL_BELOW_MOVED + rnd_below(r, BL_BELOW_ANYWHERE);
}

void gen_ask(struct rnd *r, const struct ir *ir, struct ask *q)
{
	uint32_t n = rnd_percent(r, 50) ? 1 : 1 + rnd_below(r, ASK_OBJECTS);
	const struct ir_rule *rule = NULL;

	if (ir->nrules > 0 && rnd_percent(r, 95))
		rule = &ir->rules[rnd_below(r, (uint32_t)ir->nrules)];
	make_process(r, ir, q);
	if (rule && rnd_percent(r, 45))
		satisfy_cond(r, ir, rule->cond_unless, q);
	if (rule && rnd_percent(r, 80))
		satisfy_cond(r, ir, rule->cond_if, q);
	if (rnd_percent(r, 85))
		satisfy_cond(r, ir, rule ? rule->profile : rnd_below(r, (uint32_t)ir->nprofiles), q);
	fail_process(r, q);
	q->nobjects = n;
	for (uint32_t i = 0; i < n; i++)
		make_object(r, rule, q, i);
	make_change(r, q);
}

/* ---- for people ---- */

static void print_name(const char *what, const struct bl_name *n, uint32_t from, FILE *out)
{
	fprintf(out, "#   %s (%u bytes) ", what, BL_PATH_MAX - from);
	for (uint32_t i = from; i < BL_PATH_MAX; i++) {
		if (isprint(n->buf[i]) && n->buf[i] != '\\')
			fputc(n->buf[i], out);
		else
			fprintf(out, "\\x%02x", n->buf[i]);
	}
	fputc('\n', out);
}

static void print_object(const struct ask *q, uint32_t i, FILE *out)
{
	const struct ask_object *o = &q->objects[i];
	const struct bl_endpoint *e = &o->endpoint;

	fprintf(out, "#   object %u: ops 0x%" PRIx64 " reason %u flags %u\n", i, (uint64_t)o->ops, o->reason, o->flags);
	if (o->kind == BL_KEY_PATH) {
		print_name("path", &q->names[i], o->from, out);
		return;
	}
	fprintf(out, "#   proto %u family %u has_port %u port %u addr ", e->proto, e->family, e->has_port, e->port);
	for (size_t k = 0; k < sizeof(e->addr); k++)
		fprintf(out, "%02x", e->addr[k]);
	fputc('\n', out);
}

void gen_ask_print(const struct ask *q, FILE *out)
{
	fprintf(out, "#   flags 0x%x euid %u, %u ancestors, sticky", q->flags, q->euid, q->nancestors);
	for (uint32_t i = 0; i < BL_TASK_STICKY; i++)
		fprintf(out, " %" PRIx64, (uint64_t)q->sticky[i]);
	fputc('\n', out);
	for (uint32_t i = 0; i < q->nancestors; i++)
		print_name("ancestor", &q->ancestors[i], q->ancestor_from[i], out);
	print_name("exe", &q->exe, q->exe_from, out);
	print_name("cgroup", &q->cgroup, q->cgroup_from, out);
	for (uint32_t i = 0; i < q->nobjects; i++)
		print_object(q, i, out);
}
