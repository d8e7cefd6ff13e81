// SPDX-License-Identifier: GPL-2.0-or-later
/* Decides from the checked policy, as DESIGN section 2 says it. */
#include "oracle.h"

#include <errno.h>
#include <string.h>

#include "ir.h"
#include "oracle_match.h"

#include "banned.h"

struct oracle {
	const struct ir *ir;
	const struct bl_tables *t;
	const struct ask *q;
	bool atoms[BL_MAX_ATOMS];
	bool conds[BL_MAX_CONDS];
	uint64_t sticky[BL_MAX_ATOMS + BL_TASK_STICKY];
	size_t nsticky;
	bool full;
};

static struct text name_text(const struct bl_name *n, uint32_t from)
{
	return (struct text){n->buf + from, BL_PATH_MAX - from};
}

/* ---- who ---- */

static bool atom_matches(const struct ir_atom *a, enum bl_kind kind, struct text name, uint32_t id)
{
	for (size_t i = 0; a->kind == kind && i < a->term.npatterns; i++) {
		const struct ir_pattern *p = &a->term.patterns[i];

		if (kind == BL_KEY_USER	 ? id >= p->lo && id <= p->hi
		    : kind == BL_KEY_EXE ? match_glob(p->glob, name)
					 : match_cgroup(p->glob, name))
			return true;
	}
	return false;
}

static void sticky_add(struct oracle *o, uint64_t hash)
{
	for (size_t i = 0; i < o->nsticky; i++) {
		if (o->sticky[i] == hash)
			return;
	}
	if (hash != 0)
		o->sticky[o->nsticky++] = hash;
}

static bool has_sticky(const struct oracle *o, uint64_t hash)
{
	for (size_t i = 0; i < o->nsticky; i++) {
		if (o->sticky[i] == hash)
			return hash != 0;
	}
	return false;
}

static bool is_known(const struct ir *ir, uint64_t hash)
{
	for (size_t i = 1; i < ir->natoms; i++) {
		if (ir->atoms[i].sticky == hash)
			return hash != 0;
	}
	return false;
}

static void atoms_find(struct oracle *o)
{
	const struct ask *q = o->q;

	for (size_t i = 0; i < BL_TASK_STICKY; i++) {
		if (is_known(o->ir, q->sticky[i])) /* others give way when room is short */
			sticky_add(o, q->sticky[i]);
	}
	for (size_t i = 1; i < o->ir->natoms; i++) {
		const struct ir_atom *a = &o->ir->atoms[i];
		const struct text none = {NULL, 0};

		for (uint32_t k = 0; a->sticky && k < q->nancestors; k++) {
			if (atom_matches(a, BL_KEY_EXE, name_text(&q->ancestors[k], q->ancestor_from[k]), 0))
				sticky_add(o, a->sticky);
		}
		o->atoms[i] = atom_matches(a, BL_KEY_USER, none, q->euid);
		if (q->exe_from < BL_PATH_MAX)
			o->atoms[i] |= atom_matches(a, BL_KEY_EXE, name_text(&q->exe, q->exe_from), 0);
		if (q->cgroup_from < BL_PATH_MAX)
			o->atoms[i] |= atom_matches(a, BL_KEY_CGROUP, name_text(&q->cgroup, q->cgroup_from), 0);
		if (o->atoms[i])
			sticky_add(o, a->sticky);
		o->atoms[i] |= has_sticky(o, a->sticky);
	}
	o->atoms[0] = true;
	o->full = q->cgroup_from == BL_PATH_MAX || o->nsticky > BL_TASK_STICKY;
}

static bool clause_holds(const struct oracle *o, const struct ir_clause *c)
{
	for (size_t i = 0; i < c->nlits; i++) {
		bool v = o->atoms[c->lits[i].atom];

		if (c->lits[i].weak && (o->q->flags & BL_LF_UNTRUSTED))
			v = false;
		if (v == c->lits[i].negate)
			return false;
	}
	return true;
}

static void conds_find(struct oracle *o)
{
	size_t profiles = 0;

	for (size_t i = 0; i < o->ir->nconds; i++) {
		for (size_t k = 0; k < o->ir->conds[i].nclauses; k++)
			o->conds[i] |= clause_holds(o, &o->ir->conds[i].clauses[k]);
		profiles += i < o->ir->nprofiles && o->conds[i];
	}
	o->full |= profiles > BL_TASK_PROFILES;
}

/* ---- what ---- */

static struct bl_endpoint really(struct bl_endpoint e)
{
	static const uint8_t zero[16], mapped[12] = {[10] = 0xff, [11] = 0xff};

	if (e.family == BL_FAM_INET6 && memcmp(e.addr, mapped, 12) == 0) {
		e.family = BL_FAM_INET;
		memmove(e.addr, e.addr + 12, 4);
		memset(e.addr + 4, 0, 12);
	}
	if (memcmp(e.addr, zero, 16) != 0)
		return e;
	if (e.family == BL_FAM_INET) {
		e.addr[0] = 127;
		e.addr[3] = 1;
	} else {
		e.addr[15] = 1;
	}
	return e;
}

static bool net_matches(const struct ir_net *n, const struct bl_endpoint *e)
{
	if ((n->proto && n->proto != e->proto) || (n->at.family && n->at.family != e->family))
		return false;
	for (unsigned i = 0; n->at.family && i < n->at.prefix; i++) {
		if ((n->at.addr[i / 8] ^ e->addr[i / 8]) & (0x80u >> (i % 8)))
			return false;
	}
	return n->any_port || (e->has_port && e->port >= n->port_lo && e->port <= n->port_hi);
}

static bool object_matches(const struct ir_rule *r, const struct ask *q, uint32_t at)
{
	const struct ask_object *o = &q->objects[at];
	struct bl_endpoint e = really(o->endpoint);
	struct text name = name_text(&q->names[at], o->from);
	bool matches = false;

	if (r->object.npatterns == 0)
		return true;
	for (size_t i = 0; i < r->object.npatterns; i++) {
		const struct ir_pattern *p = &r->object.patterns[i];
		bool m = false;

		if (o->kind == BL_KEY_NET && p->kind == BL_KEY_NET)
			m = net_matches(&p->net, &e);
		else if (o->kind == BL_KEY_PATH && p->kind == BL_KEY_PATH && name.s[0] == '/')
			m = match_glob(p->glob, name);
		if (m && p->except)
			return false;
		matches |= m;
	}
	return matches;
}

static bool rule_matches(const struct oracle *o, const struct ir_rule *r, uint32_t op, uint32_t at)
{
	if (!(r->ops & BL_OP_BIT(op)))
		return false;
	if (r->cond_if != BL_COND_NONE && !o->conds[r->cond_if])
		return false;
	if (r->cond_unless != BL_COND_NONE && o->conds[r->cond_unless])
		return false;
	return object_matches(r, o->q, at);
}

static bool could_refuse(const struct ir *ir, uint32_t p, uint32_t op)
{
	bool can = ir->profiles[p].deny_ops & BL_OP_BIT(op);

	for (size_t i = 0; i < ir->nrules; i++)
		can |= ir->rules[i].profile == p && ir->rules[i].verdict >= BL_V_DENY &&
		       (ir->rules[i].ops & BL_OP_BIT(op));
	return can;
}

static struct bl_report profile_says(const struct oracle *o, uint32_t p, uint32_t op, uint32_t at)
{
	uint32_t reason = o->full ? BL_R_LABEL_FULL : o->q->objects[at].reason;
	struct bl_report rep = {.rule = BL_RULE_NONE, .verdict = BL_V_ALLOW, .profile = (uint8_t)p, .op = op};

	rep.mode = o->t->flags & BL_TF_DRY_RUN ? BL_MODE_AUDIT : (uint8_t)o->ir->profiles[p].mode;
	rep.reason = (uint8_t)(reason ? reason : BL_R_RULE);
	if (reason != 0) {
		rep.verdict = could_refuse(o->ir, p, op) ? BL_V_DENY : BL_V_ALLOW;
		return rep;
	}
	for (uint32_t i = 0; i < o->ir->nrules; i++) {
		if (o->ir->rules[i].profile == p && rule_matches(o, &o->ir->rules[i], op, at)) {
			rep.verdict = (uint8_t)o->ir->rules[i].verdict;
			rep.rule = i;
			return rep;
		}
	}
	if (o->ir->profiles[p].deny_ops & BL_OP_BIT(op)) {
		rep.verdict = BL_V_DENY;
		rep.reason = BL_R_DEFAULT;
	}
	return rep;
}

/* place: the profile's among those that are asked */
static void add(struct bl_result *r, uint32_t place, const struct bl_report *rep)
{
	struct bl_report *slot = &r->reports[place % BL_TASK_PROFILES];

	if (rep->verdict >= BL_V_DENY && place < BL_TASK_PROFILES)
		r->refusing |= 1u << place;
	if (rep->verdict > BL_V_ALLOW && (rep->verdict > slot->verdict ||
					  (rep->verdict == slot->verdict && rep->mode < slot->mode))) {
		*slot = *rep;
		r->nreports++;
	}
	if (rep->mode == BL_MODE_ENFORCE && rep->verdict > r->verdict) {
		r->verdict = rep->verdict;
		if (rep->verdict >= BL_V_DENY)
			r->err = EPERM; /* the only one that the language has so far */
	}
}

static void question(const struct oracle *o, uint32_t op, uint32_t at, struct bl_result *r)
{
	uint32_t place = 0;

	for (uint32_t p = 0; p < o->ir->nprofiles; p++) {
		struct bl_report rep;

		if (!o->full && !o->conds[p])
			continue;
		place++;
		if ((o->q->objects[at].flags & BL_QF_USE) && !o->ir->profiles[p].strict)
			continue;
		rep = profile_says(o, p, op, at);
		add(r, place - 1, &rep);
	}
}

/* Of the profiles that a label lists. */
static uint32_t strict_flag(const struct oracle *o)
{
	uint32_t n = 0, strict = 0;

	for (uint32_t p = 0; p < o->ir->nprofiles && n < BL_TASK_PROFILES; p++) {
		if (!o->conds[p])
			continue;
		n++;
		strict |= o->ir->profiles[p].strict ? BL_LF_STRICT : 0;
	}
	return strict;
}

/* What a rule of the profile refuses about the operation and the at-th object; NULL: nothing. */
static const struct ir_rule *refuses(const struct oracle *o, uint32_t p, uint32_t op, uint32_t at)
{
	for (uint32_t i = 0; i < o->ir->nrules; i++) {
		const struct ir_rule *r = &o->ir->rules[i];

		if (r->profile == p && rule_matches(o, r, op, at))
			return r->verdict >= BL_V_DENY ? r : NULL;
	}
	return NULL;
}

static bool refuses_names(const struct bl_tables *t, uint32_t p)
{
	return t->w[t->off_profiles + p * BL_PROFILE_WORDS + 2] & BL_OPS_NAMES;
}

/* The first object gets the name of the second: what is refused by a rule must stay so. */
static void change(const struct oracle *o, uint32_t reason, struct bl_result *r)
{
	uint32_t place = 0;

	for (uint32_t p = 0; p < o->ir->nprofiles; p++) {
		struct bl_report rep = {.rule = BL_RULE_NONE, .profile = (uint8_t)p, .op = BL_OP_RENAME};

		if (!o->full && !o->conds[p])
			continue;
		place++;
		rep.mode = o->t->flags & BL_TF_DRY_RUN ? BL_MODE_AUDIT : (uint8_t)o->ir->profiles[p].mode;
		rep.reason = (uint8_t)(o->full ? BL_R_LABEL_FULL : reason ? reason : BL_R_RULE);
		if (rep.reason != BL_R_RULE) {
			rep.verdict = refuses_names(o->t, p) ? BL_V_DENY : BL_V_ALLOW;
			add(r, place - 1, &rep);
			continue;
		}
		for (uint32_t op = BL_OP_READ; op <= BL_OP_MAP; op++) {
			const struct ir_rule *old = op == BL_OP_CREATE || op == BL_OP_MKNOD ? NULL : refuses(o, p, op, 0);

			if (!old || refuses(o, p, op, 1))
				continue;
			rep.verdict = (uint8_t)old->verdict;
			rep.rule = (uint32_t)(old - o->ir->rules);
			add(r, place - 1, &rep);
		}
	}
}

/* Are all names such as a kernel gives? About others the language says nothing. */
static bool names_ok(const struct ask *q)
{
	bool ok = q->exe_from == BL_PATH_MAX || match_is_name(name_text(&q->exe, q->exe_from));

	ok &= q->cgroup_from == BL_PATH_MAX || match_is_name(name_text(&q->cgroup, q->cgroup_from));
	for (uint32_t i = 0; i < q->nancestors; i++)
		ok &= match_is_name(name_text(&q->ancestors[i], q->ancestor_from[i]));
	for (uint32_t i = 0; i < q->nobjects; i++) {
		const struct ask_object *o = &q->objects[i];

		if (o->kind == BL_KEY_PATH && q->names[i].buf[BL_PATH_MAX - 1] != BL_OBJ_NAMELESS)
			ok &= match_is_name(name_text(&q->names[i], o->from));
	}
	return ok;
}

enum oracle_says oracle_check(const struct ir *ir, const struct bl_tables *t, const struct ask *q,
			      const struct ask_answer *a, struct ask_answer *ret)
{
	struct oracle o = {.ir = ir, .t = t, .q = q};
	struct bl_result *r = &ret->result;

	memset(ret, 0, sizeof(*ret));
	if (!names_ok(q))
		return ORACLE_SILENT;
	atoms_find(&o);
	conds_find(&o);
	r->verdict = BL_V_ALLOW;
	for (uint32_t i = 0; i < q->nobjects; i++) {
		for (uint32_t op = 0; op < 32; op++) {
			if (q->objects[i].ops & BL_OP_BIT(op))
				question(&o, op, i, r);
		}
	}
	ret->change.verdict = BL_V_ALLOW;
	if (q->change != 0)
		change(&o, q->objects[0].reason | q->objects[1].reason, &ret->change);
	if (memcmp(&ret->change, &a->change, sizeof(a->change)) != 0)
		return ORACLE_DIFFERS;
	ret->label.flags = (q->flags & ~BL_LF_FULL) | (o.full ? BL_LF_FULL : 0) | strict_flag(&o);
	return ret->label.flags == (a->label.flags & ~BL_LF_LOST) && memcmp(r, &a->result, sizeof(*r)) == 0 ? ORACLE_AGREES
											    : ORACLE_DIFFERS;
}
