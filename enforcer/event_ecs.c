/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An event by the Elastic Common Schema. Fields of other people's names have their published meaning; what has no place there is below
 * `bailiff`. tests/unit/ecs.fields has the definitions that this keeps to.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "event_tree.h"
#include "text.h"

#include "banned.h"

#define ECS_VERSION "8.11.0"

/* Ids are keywords in this schema. */
static json_t *id(uint32_t v)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%" PRIu32, v);
	return json_string(text);
}

static json_t *time_of(uint64_t wall_ns)
{
	struct bl_buf b = BL_BUF_INIT;

	bl_text_time(&b, wall_ns);
	return bl_tree_taken(&b);
}

/* What the schema says an operation is: category and type, of those that it expects together. */
static void put_kind(json_t *o, const struct bl_event *ev)
{
	const char *category = "host", *type = "change";

	switch (bl_event_is_notice(ev) ? BL_NOTICE_NUMBER : ev->op) {
	case BL_NOTICE_NUMBER:
		break;
	case BL_OP_READ:
		category = "file", type = "access";
		break;
	case BL_OP_CREATE:
	case BL_OP_MKNOD:
		category = "file", type = "creation";
		break;
	case BL_OP_DELETE:
		category = "file", type = "deletion";
		break;
	case BL_OP_EXEC:
		category = "process", type = "start";
		break;
	case BL_OP_MAP:
		category = "library", type = "start";
		break;
	case BL_OP_CAPABILITY:
	case BL_OP_PTRACE:
	case BL_OP_SIGNAL:
		category = "process", type = "access";
		break;
	case BL_OP_SETUID:
	case BL_OP_SETGID:
		category = "process";
		break;
	case BL_OP_MODULE:
		category = "driver", type = "start";
		break;
	default:
		if (strcmp(bl_text_class(ev->op), "file") == 0)
			category = "file";
		else if (strcmp(bl_text_class(ev->op), "network") == 0)
			category = "network", type = bl_event_refused(ev) ? "denied" : "allowed";
	}
	bl_tree_put(o, "event.category", json_pack("[s]", category));
	bl_tree_put(o, "event.type", json_pack("[s]", type));
}

static void put_event(json_t *o, const struct bl_event_view *e, const struct bl_event_names *names)
{
	static const int severity[] = {21, 47, 73, 99};
	const struct bl_event *ev = e->ev;
	struct bl_buf b = BL_BUF_INIT;
	int level = bl_event_severity(names);

	bl_tree_put(o, "event.kind", json_string(ev->flags & BL_EVF_ALARM ? "alert" : "event"));
	put_kind(o, ev);
	bl_tree_put(o, "event.outcome", json_string(bl_event_refused(ev) ? "failure" : "success"));
	bl_tree_put(o, "event.action", json_string(bl_event_op(ev)));
	bl_tree_put(o, "event.module", json_string("bailiff"));
	bl_tree_put(o, "event.dataset", json_string("bailiff.events"));
	bl_tree_put(o, "event.provider", json_string("bailiff"));
	bl_event_id(&b, ev);
	bl_tree_put(o, "event.id", bl_tree_taken(&b));
	bl_tree_put(o, "event.sequence", bl_tree_number(ev->seq));
	bl_tree_put(o, "event.reason", json_string(bl_event_is_notice(ev) ? bl_event_op(ev) : bl_text_reason_long(ev->reason)));
	if (level >= 0)
		bl_tree_put(o, "event.severity", json_integer(severity[level]));
	if (names->tag)
		bl_tree_put(o, "tags", json_pack("[o]", bl_tree_text(names->tag)));
}

static void put_rule(json_t *o, const struct bl_event *ev, const struct bl_event_names *names)
{
	struct bl_buf b = BL_BUF_INIT;

	bl_tree_put(o, "rule.ruleset", bl_tree_text(names->profile));
	bl_tree_put(o, "rule.name", bl_tree_text(names->rule ? names->rule : ev->reason == BL_R_DEFAULT ? "default" : NULL));
	bl_tree_put(o, "rule.description", bl_tree_text(names->message));
	if (!names->file)
		return;
	bl_buf_printf(&b, "%s:%" PRIu32, names->file, names->line);
	bl_tree_put(o, "rule.id", bl_tree_taken(&b));
}

/* A process's name below prefix: an id that is no other process's, number, start, program. */
static void put_process(json_t *o, const struct bl_event_view *e, uint32_t pid, uint64_t start_ns, const uint8_t *comm, json_t *exe)
{
	struct bl_buf b = BL_BUF_INIT;

	bl_tree_put(o, "pid", bl_tree_number(pid));
	bl_buf_printf(&b, "%s-%" PRIu32 "-%" PRIx64, bl_boot_id(), pid, start_ns);
	bl_tree_put(o, "entity_id", bl_tree_taken(&b));
	bl_tree_put(o, "start", time_of(e->more->wall_ns - (e->ev->boot_ns - start_ns)));
	bl_tree_put(o, "name", bl_tree_known(comm, strnlen((const char *)comm, BL_COMM_LEN)));
	bl_tree_put(o, "executable", exe);
}

static json_t *process(const struct bl_event_view *e)
{
	const struct bl_event *ev = e->ev;
	const struct bl_ancestor *parent = ev->ancestors;
	json_t *o = json_object(), *p = json_object();

	put_process(o, e, ev->pid, ev->start_ns, ev->comm, bl_tree_known(e->exe, ev->exe_len));
	bl_tree_put(o, "thread.id", bl_tree_number(ev->tid));
	bl_tree_put(o, "user.id", id(ev->euid));
	bl_tree_put(o, "group.id", id(ev->egid));
	bl_tree_put(o, "real_user.id", id(ev->uid));
	bl_tree_put(o, "real_group.id", id(ev->gid));
	if (ev->nancestors > 0) {
		put_process(p, e, parent->pid, parent->start_ns, parent->comm, bl_tree_known(e->exes[0], e->more->exe_len[0]));
		bl_tree_put(o, "parent", p);
	} else {
		json_decref(p);
	}
	return o;
}

static void put_net(json_t *o, const struct bl_event_view *e)
{
	struct bl_text_net n;
	bool out = e->ev->op == BL_OP_CONNECT;

	if (!bl_text_net(e->obj, e->ev->obj_len, &n))
		return;
	if (strcmp(n.proto, "other") != 0)
		bl_tree_put(o, "network.transport", json_string(n.proto));
	bl_tree_put(o, "network.type", json_string(n.v6 ? "ipv6" : "ipv4"));
	bl_tree_put(o, out ? "destination.ip" : "server.ip", json_string(n.addr));
	if (n.has_port)
		bl_tree_put(o, out ? "destination.port" : "server.port", json_integer(n.port));
	if (n.has_peer)
		bl_tree_put(o, "client.ip", json_string(n.peer));
}

static void put_object(json_t *o, const struct bl_event_view *e)
{
	const uint8_t *slash = memrchr(e->obj, '/', e->ev->obj_len);

	if (e->ev->kind == BL_KEY_NET)
		put_net(o, e);
	if (e->ev->kind != BL_KEY_PATH || !slash)
		return;
	bl_tree_put(o, "file.path", bl_tree_bytes(e->obj, e->ev->obj_len));
	bl_tree_put(o, "file.name", bl_tree_known(slash + 1, (size_t)(e->obj + e->ev->obj_len - slash - 1)));
}

/* The members that have no field of the schema. */
static const char *const others[] = {
	"schema", "boot_ns", "count", "first_boot_ns", "summary", "generation", "verdict", "mode", "kind", "object", "canonical", "untrusted", "reason", "severity",
	"script", "auid", "tty", "cgroup", "cgroup_id", "unit", "ancestors", NULL
};

json_t *bl_event_ecs(struct bl_gen_names *n, const struct bl_event_view *e)
{
	const struct bl_event *ev = e->ev;
	struct bl_event_names names;
	struct bl_buf b = BL_BUF_INIT;
	json_t *o = json_object();

	bl_tree_put(o, "@timestamp", time_of(e->more->wall_ns));
	bl_event_text(&b, n, e);
	bl_tree_put(o, "message", bl_tree_taken(&b));
	bl_tree_put(o, "ecs.version", json_string(ECS_VERSION));
	bl_event_names(n, ev, &names);
	put_event(o, e, &names);
	put_rule(o, ev, &names);
	bl_tree_put(o, "process", process(e));
	bl_tree_put(o, "user.id", id(ev->uid));
	bl_tree_put(o, "user.effective.id", id(ev->euid));
	bl_tree_put(o, "group.id", id(ev->gid));
	put_object(o, e);
	bl_tree_put(o, "container.id", bl_tree_known(e->container, ev->container_len));
	bl_tree_put(o, "service.name", bl_tree_known(e->unit, ev->unit_len));
	bl_tree_put(o, "host.boot.id", bl_tree_text(bl_boot_id()));
	bl_tree_put(o, "bailiff", bl_tree_members(n, e, others));
	return o;
}
