// SPDX-License-Identifier: GPL-2.0-or-later
/* Runs the decision core on an image for one request. */
#include "simulate.h"
#include "object_text.h"
#include "plat_host.h"
#include "decide.h"
#include "name_put.h"
#include <errno.h>
#include <string.h>
#include "banned.h"

static int check_name(const char *what, const char *s, bool path, struct bl_error *err)
{
	if (path && s[0] != '/')
		return bl_error_set(err, -EINVAL, "%s '%s' is not a full path: it has to begin with '/'", what, s);
	if (strlen(s) >= BL_PATH_MAX)
		return bl_error_set(err, -EINVAL, "%s has %zu bytes, a name at most %u", what, strlen(s), BL_PATH_MAX - 1);
	return 0;
}

static const char *script_of(const struct sim_process *p, size_t i)
{
	return p->scripts ? p->scripts[i] : NULL;
}

static int check_process(const struct sim_process *p, struct bl_error *err)
{
	int r = check_name("cgroup", p->cgroup, true, err);

	for (size_t i = 0; r == 0 && i < p->nexes; i++) {
		r = check_name("program", p->exes[i], true, err);
		if (r == 0 && script_of(p, i))
			r = check_name("script", script_of(p, i), true, err);
	}
	if (r == 0 && p->unit)
		r = check_name("unit", p->unit, false, err);
	if (r == 0 && p->container)
		r = check_name("container", p->container, false, err);
	return r;
}

static void take_name(const struct bl_tables *t, struct bl_label *l, struct bl_name *n, const char *s, uint32_t kind)
{
	if (s && s[0] != '\0')
		bl_label_key(t, l, n, bl_name_put(n, s, strlen(s)), kind);
}

static void take_id(const struct bl_tables *t, struct bl_label *l, struct bl_name *n, uint32_t id, uint32_t kind)
{
	bl_label_key(t, l, n, bl_key_id(n, id), kind);
}

/* What the cgroup's path says of unit and container, unless the process says it itself. */
static void take_cgroup(const struct bl_tables *t, struct bl_label *l, struct bl_name *n, const struct sim_process *p)
{
	struct bl_cgroup_names names;
	char unit[BL_UNIT_MAX], container[BL_CONTAINER_MAX];

	bl_cgroup_names(n, bl_name_put(n, p->cgroup, strlen(p->cgroup)), &names);
	memcpy(unit, n->buf + names.unit, names.unit_len);
	memcpy(container, n->buf + names.container, names.container_len);
	take_name(t, l, n, p->cgroup, BL_KEY_CGROUP);
	if (p->unit)
		take_name(t, l, n, p->unit, BL_KEY_UNIT);
	else if (names.unit_len != 0)
		bl_label_key(t, l, n, bl_name_put(n, unit, names.unit_len), BL_KEY_UNIT);
	if (p->container)
		take_name(t, l, n, p->container, BL_KEY_CONTAINER);
	else if (names.container_len != 0)
		bl_label_key(t, l, n, bl_name_put(n, container, names.container_len), BL_KEY_CONTAINER);
}

/* The label while the i-th program of the lineage runs; what is inherited is in it. */
static void take_all(const struct bl_tables *t, struct bl_label *l, struct bl_name *n, const struct sim_process *p, size_t i)
{
	l->flags &= BL_LF_LOST;
	l->flags |= (p->untrusted ? BL_LF_UNTRUSTED : 0) | (p->nexes == 0 ? BL_LF_NAMELESS : 0);
	bl_label_begin(t, l);
	if (p->nexes != 0) {
		take_name(t, l, n, p->exes[i], BL_KEY_EXE);
		take_name(t, l, n, script_of(p, i), BL_KEY_SCRIPT);
	}
	take_id(t, l, n, p->euid, BL_KEY_USER);
	take_id(t, l, n, p->login, BL_KEY_LOGIN);
	for (size_t k = 0; k < p->ngroups; k++)
		take_id(t, l, n, p->groups[k], BL_KEY_GROUP);
	for (uint8_t cap = 0; cap < 64; cap++)
		if (p->capabilities >> cap & 1)
			bl_label_key(t, l, n, bl_name_put(n, &cap, 1), BL_KEY_CAPABILITY);
	take_cgroup(t, l, n, p);
	bl_label_finish(t, l);
}

/* Asks for the exec of one file, if there is one. */
static void ask_exec(const struct bl_tables *t, const struct bl_label *l, struct bl_name *n, const char *file, struct bl_result *r)
{
	struct bl_question q = { .op = BL_OP_EXEC, .reason = BL_R_RULE };

	if (!file)
		return;
	q.acc[0] = bl_accept(t, bl_run(t, n, bl_name_put(n, file, strlen(file)), t->start[BL_KEY_PATH]));
	bl_decide(t, l, &q, r);
}

/*
 * The exec that ends one program of a lineage and begins the next: what its deciding rules say of profiles happens. A script is asked
 * about, and its interpreter.
 */
static void step(const struct bl_tables *t, struct bl_label *l, struct bl_name *n, const struct sim_process *p, size_t i)
{
	struct bl_result r;

	bl_result_init(&r);
	ask_exec(t, l, n, script_of(p, i + 1), &r);
	ask_exec(t, l, n, p->exes[i + 1], &r);
	if (r.moves != 0)
		bl_label_move(t, l, r.leave, r.enter);
	take_name(t, l, n, p->exes[i], BL_KEY_ANCESTOR);
}

static void build_label(const struct bl_tables *t, struct bl_label *l, struct bl_name *n, const struct sim_process *p)
{
	memset(l, 0, sizeof(*l));
	for (size_t i = 0; i + 1 < p->nexes; i++) {
		take_all(t, l, n, p, i);
		step(t, l, n, p, i);
	}
	take_all(t, l, n, p, p->nexes != 0 ? p->nexes - 1 : 0);
}

static uint32_t find(const struct bl_tables *t, const struct bl_name *n, uint32_t from, uint32_t kind)
{
	return bl_accept(t, bl_run(t, n, from, t->start[kind]));
}

/* What code is beside its name. */
static int take_code(const struct bl_tables *t, const struct sim_request *q, uint8_t code, struct bl_name *n,
		     struct bl_question *ret, struct bl_error *err)
{
	char fstype[64] = { BL_CODE_FSTYPE };

	if (!(BL_OP_BIT(q->op) & bl_kind_ops(BL_KEY_CODE)))
		return 0;
	if (q->deleted && code == 0)
		code = BL_CODE_DELETED;
	if (code != 0)
		ret->acc[1] = find(t, n, bl_name_put(n, &code, 1), BL_KEY_CODE);
	if (!q->fstype)
		return 0;
	if (strlen(q->fstype) + 2 > sizeof(fstype))
		return bl_error_set(err, -EINVAL, "'%.40s...' is no file system type", q->fstype);
	memcpy(fstype + 1, q->fstype, strlen(q->fstype));
	ret->acc[2] = find(t, n, bl_name_put(n, fstype, strlen(fstype)), BL_KEY_CODE);
	return 0;
}

/* Binding a unix socket to a path makes the file too. */
static void ask_create(const struct bl_tables *t, struct sim_answer *a)
{
	struct bl_question q = { .op = BL_OP_CREATE, .reason = BL_R_RULE };
	struct bl_name n;

	if (a->kind != BL_KEY_UNIX || a->question.op != BL_OP_BIND || a->key_len == 0 || a->key[0] != '/')
		return;
	q.acc[0] = find(t, &n, bl_name_put(&n, a->key, a->key_len), BL_KEY_PATH);
	bl_decide(t, &a->label, &q, &a->result);
}

/* A bind to :: is one to 0.0.0.0 too, unless the socket is made IPv6 only, which nobody says here. */
static void ask_dual_stack(const struct bl_tables *t, struct sim_answer *a)
{
	struct bl_question q = { .op = BL_OP_BIND, .reason = BL_R_RULE };
	struct bl_endpoint e = { .family = BL_FAM_INET, .proto = a->key[0], .has_port = a->key_len == 2 + 2 * (16 + 2) };
	static const uint8_t zero[2 * 16]; /* halves, see bl_key_net() */
	const uint8_t *port = a->key + 2 + sizeof(zero);
	struct bl_name n;

	if (a->kind != BL_KEY_NET || a->question.op != BL_OP_BIND || a->key[1] != BL_FAM_INET6 || memcmp(a->key + 2, zero, sizeof(zero)) != 0)
		return;
	e.port = e.has_port ? (uint16_t)(port[0] << 12 | port[1] << 8 | port[2] << 4 | port[3]) : 0;
	q.acc[0] = find(t, &n, bl_key_net(&n, &e), BL_KEY_NET);
	bl_decide(t, &a->label, &q, &a->result);
}

/* What the tables say below the directory with this name. */
static uint32_t below(const struct bl_tables *t, struct bl_name *n, const void *name, size_t len)
{
	uint32_t state = bl_run(t, n, bl_name_put(n, name, len), t->start[BL_KEY_PATH]);

	return bl_below(t, state, len == 1);
}

/* The object, whose name is in a->key, gets the name q->to. */
static int ask_change(const struct bl_tables *t, const struct sim_request *q, struct sim_answer *a, struct bl_error *err)
{
	struct bl_question ask = { .op = q->op, .reason = BL_R_RULE, .flags = a->question.flags };
	struct bl_name n;
	int r;

	if (!q->to)
		return 0;
	if (q->op != BL_OP_RENAME && q->op != BL_OP_LINK)
		return bl_error_set(err, -EINVAL, "only rename and link give a new name");
	r = check_name("new name", q->to, true, err);
	if (r < 0)
		return r;
	ask.acc[0] = a->question.acc[0];
	ask.acc[1] = find(t, &n, bl_name_put(&n, q->to, strlen(q->to)), BL_KEY_PATH);
	bl_decide_name(t, &a->label, &ask, &a->result);
	if (!q->directory)
		return 0;
	ask.acc[0] = below(t, &n, a->key, a->key_len);
	ask.acc[1] = below(t, &n, q->to, strlen(q->to));
	bl_decide_below(t, &a->label, &ask, BL_BELOW_MOVED, &a->result);
	return 0;
}

/* A mount: the key is its operation, type, source and target. */
static void ask_hide(const struct bl_tables *t, struct sim_answer *a)
{
	struct bl_question ask = { .op = BL_OP_MOUNT, .reason = BL_R_RULE };
	const uint8_t *type = a->key + 1, *source, *target;
	struct bl_name n;

	if (a->kind != BL_KEY_SYS || a->question.op != BL_OP_MOUNT)
		return;
	source = memchr(type, 0, a->key_len - 1);
	target = source ? memchr(source + 1, 0, (size_t)(a->key + a->key_len - source - 1)) : NULL;
	if (!target || strcmp((const char *)type, "remount") == 0 || strcmp((const char *)type, "propagation") == 0)
		return;
	target++;
	ask.acc[0] = below(t, &n, target, (size_t)(a->key + a->key_len - target));
	bl_decide_below(t, &a->label, &ask, BL_BELOW_HIDDEN, &a->result);
}

int sim_ask(const struct bl_image *img, const struct sim_request *q, struct sim_answer *ret, struct bl_error *err)
{
	const struct bl_tables *t = img->tables;
	struct bl_name n;
	uint32_t from;
	uint8_t code;
	int r;

	memset(ret, 0, sizeof(*ret));
	r = check_process(&q->who, err);
	if (r == 0 && q->peer)
		r = check_process(q->peer, err);
	if (r < 0)
		return r;
	build_label(t, &ret->label, &n, &q->who);
	if (q->peer)
		build_label(t, &ret->peer, &n, q->peer);
	r = object_parse(q->op, q->object, q->object_len, &n, &ret->kind, &from, &code, err);
	if (r < 0)
		return r;
	/* who is in no profile with `from` is asked before the wait, without a peer: so events have it */
	if (q->op == BL_OP_ACCEPT && ret->kind == BL_KEY_NET && (ret->label.flags & BL_LF_FROM) && !strstr(q->object, " from "))
		return bl_error_set(err, -EINVAL, "'%s': an accept is written PROTOCOL LOCAL:PORT from ADDRESS where a rule says from whom",
				    q->object);
	ret->question = (struct bl_question){ .op = q->op, .reason = BL_R_RULE, .peer = q->peer ? &ret->peer : NULL };
	ret->question.flags = (q->owner ? BL_QF_OWNER : 0) | (q->descendant ? BL_QF_DESCENDANT : 0) |
			      (q->canonical ? BL_QF_EXPLICIT : 0);
	ret->key_len = BL_PATH_MAX - from;
	memcpy(ret->key, n.buf + from, ret->key_len);
	ret->question.acc[0] = find(t, &n, from, ret->kind);
	r = take_code(t, q, code, &n, &ret->question, err);
	if (r < 0)
		return r;
	bl_result_init(&ret->result);
	bl_decide(t, &ret->label, &ret->question, &ret->result);
	ask_create(t, ret);
	ask_dual_stack(t, ret);
	if (!q->alone)
		ask_hide(t, ret);
	return ask_change(t, q, ret, err);
}

uint32_t sim_op(const char *word)
{
#define X(NAME, n, w, c) \
	if (strcmp(word, w) == 0) \
		return n;
	BL_OPS(X)
#undef X
	return 0;
}

/* The entries of profile p in one list, from where it was left off. */
static uint64_t entry_at(const struct bl_tables *t, uint32_t list, uint32_t p, uint32_t *at)
{
	uint32_t n = list ? (uint32_t)bl_word(t, list) : 0;

	for (; *at < n; (*at)++) {
		uint64_t e = bl_word(t, (uint64_t)list + 1 + *at);

		if (BL_ENT_PROFILE(e) == p)
			return e;
	}
	return 0;
}

bool sim_considered(const struct bl_image *img, const struct sim_answer *a, uint32_t p, uint32_t i, struct sim_considered *ret)
{
	const struct bl_tables *t = img->tables;
	uint32_t at[BL_ACCS] = { 0 };

	for (;; i--) {
		uint64_t first = 0;
		int from = 0;

		for (int k = 0; k < (int)BL_ACCS; k++) {
			uint64_t e = entry_at(t, bl_acc_list(t, a->question.acc[k], a->question.op), p, &at[k]);

			if (e != 0 && bl_entry_first(first, e) == e) {
				first = e;
				from = k;
			}
		}
		if (first == 0)
			return false;
		at[from]++;
		if (i > 0)
			continue;
		ret->rule = BL_ENT_RULE(first);
		ret->holds = bl_entry_holds(t, &a->label, &a->question, first);
		ret->implied = (BL_ENT_FLAGS(first) & BL_EF_IMPLIED) != 0;
		return true;
	}
}
