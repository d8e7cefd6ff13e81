/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An event as a Detection Finding (2004) of the Open Cybersecurity Schema Framework, with the profiles security_control and container. What
 * has no attribute there is in `unmapped`. tests/unit/ocsf.fields has the definitions that this keeps to.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "event_tree.h"
#include "text.h"

#include "banned.h"

#define OCSF_VERSION "1.3.0"
#define CATEGORY_FINDINGS 2
#define CLASS_DETECTION 2004
#define ACTIVITY_CREATE 1

/* timestamp_t: milliseconds since 1970 */
static json_t *time_of(uint64_t wall_ns)
{
	return bl_tree_number(wall_ns / 1000000);
}

static json_t *file(const uint8_t *path, size_t n)
{
	const uint8_t *slash = memrchr(path, '/', n);
	json_t *o = json_object();

	/* the name of "/" is itself; what kind of file it is the event does not say */
	bl_tree_put(o, "name", slash && slash + 1 < path + n ? bl_tree_bytes(slash + 1, (size_t)(path + n - slash - 1)) : bl_tree_bytes(path, n));
	bl_tree_put(o, "path", bl_tree_bytes(path, n));
	bl_tree_put(o, "type_id", json_integer(0));
	return o;
}

static json_t *user(uint32_t uid)
{
	char id[16];

	(void)snprintf(id, sizeof(id), "%" PRIu32, uid);
	return json_pack("{s:s}", "uid", id);
}

static json_t *process_of(const struct bl_event_view *e, uint32_t pid, uint64_t start_ns, const uint8_t *comm, const uint8_t *exe, size_t exe_len)
{
	struct bl_buf b = BL_BUF_INIT;
	json_t *o = json_object();

	bl_tree_put(o, "pid", bl_tree_number(pid));
	bl_buf_printf(&b, "%s-%" PRIu32 "-%" PRIx64, bl_boot_id(), pid, start_ns);
	bl_tree_put(o, "uid", bl_tree_taken(&b));
	bl_tree_put(o, "name", bl_tree_known(comm, strnlen((const char *)comm, BL_COMM_LEN)));
	bl_tree_put(o, "created_time", time_of(e->more->wall_ns - (e->ev->boot_ns - start_ns)));
	if (exe_len > 0)
		bl_tree_put(o, "file", file(exe, exe_len));
	return o;
}

/* Each is the parent_process of the one before. */
static json_t *process(const struct bl_event_view *e)
{
	const struct bl_event *ev = e->ev;
	json_t *parent = NULL, *o;

	for (size_t i = ev->nancestors; i-- > 0;) {
		const struct bl_ancestor *a = &ev->ancestors[i];

		o = process_of(e, a->pid, a->start_ns, a->comm, e->exes[i], e->more->exe_len[i]);
		bl_tree_put(o, "parent_process", parent);
		parent = o;
	}
	o = process_of(e, ev->pid, ev->start_ns, ev->comm, e->exe, ev->exe_len);
	bl_tree_put(o, "parent_process", parent);
	bl_tree_put(o, "tid", bl_tree_number(ev->tid));
	bl_tree_put(o, "user", user(ev->euid));
	bl_tree_put(o, "session.terminal", bl_tree_known(ev->tty, strnlen((const char *)ev->tty, BL_TTY_LEN)));
	if (ev->container_len > 0)
		bl_tree_put(o, "container.uid", bl_tree_bytes(e->container, ev->container_len));
	return o;
}

static void put_net(json_t *evidence, const struct bl_event_view *e)
{
	struct bl_text_net n;
	bool out = e->ev->op == BL_OP_CONNECT;

	if (!bl_text_net(e->obj, e->ev->obj_len, &n))
		return;
	bl_tree_put(evidence, "connection_info.direction_id", json_integer(out ? 2 : 1)); /* outbound, inbound */
	bl_tree_put(evidence, "connection_info.protocol_ver_id", json_integer(n.v6 ? 6 : 4));
	if (strcmp(n.proto, "other") != 0)
		bl_tree_put(evidence, "connection_info.protocol_name", json_string(n.proto));
	bl_tree_put(evidence, "dst_endpoint.ip", json_string(n.addr));
	if (n.has_port)
		bl_tree_put(evidence, "dst_endpoint.port", json_integer(n.port));
	if (n.has_peer)
		bl_tree_put(evidence, "src_endpoint.ip", json_string(n.peer));
}

static json_t *evidence(const struct bl_event_view *e)
{
	json_t *o = json_object();

	bl_tree_put(o, "actor.process", process(e));
	bl_tree_put(o, "actor.user", user(e->ev->uid));
	if (e->ev->kind == BL_KEY_PATH && e->ev->obj_len > 0 && e->obj[0] == '/')
		bl_tree_put(o, "file", file(e->obj, e->ev->obj_len));
	if (e->ev->kind == BL_KEY_NET)
		put_net(o, e);
	return o;
}

static void put_class(json_t *o)
{
	bl_tree_put(o, "category_uid", json_integer(CATEGORY_FINDINGS));
	bl_tree_put(o, "class_uid", json_integer(CLASS_DETECTION));
	bl_tree_put(o, "activity_id", json_integer(ACTIVITY_CREATE));
	bl_tree_put(o, "type_uid", json_integer(CLASS_DETECTION * 100 + ACTIVITY_CREATE));
}

/* Blocked; or let through: logged by a rule that says so, detected by one that would refuse. */
static void put_outcome(json_t *o, const struct bl_event *ev, const struct bl_event_names *names)
{
	int level = bl_event_severity(names), disposition = bl_event_refused(ev) ? 2 : ev->verdict == BL_V_LOG ? 17 : 15;

	bl_tree_put(o, "action_id", json_integer(bl_event_refused(ev) ? 2 : 1));
	bl_tree_put(o, "disposition_id", json_integer(disposition));
	bl_tree_put(o, "severity_id", json_integer(level < 0 ? 1 : level + 2));
	bl_tree_put(o, "status_id", json_integer(1));
	bl_tree_put(o, "is_alert", json_boolean(ev->verdict >= BL_V_DENY || (ev->flags & BL_EVF_ALARM) != 0));
}

static void put_metadata(json_t *o, const struct bl_event *ev)
{
	struct bl_buf b = BL_BUF_INIT;

	bl_tree_put(o, "metadata.version", json_string(OCSF_VERSION));
	bl_tree_put(o, "metadata.profiles", json_pack("[s,s]", "security_control", "container"));
	bl_tree_put(o, "metadata.product", json_pack("{s:s,s:s}", "name", "Bailiff", "vendor_name", "Bailiff"));
	bl_event_id(&b, ev);
	bl_tree_put(o, "metadata.uid", bl_tree_taken(&b));
	bl_tree_put(o, "metadata.sequence", bl_tree_number(ev->seq));
}

static void put_finding(json_t *o, const struct bl_event_view *e, const struct bl_event_names *names)
{
	struct bl_buf b = BL_BUF_INIT;

	bl_event_id(&b, e->ev);
	bl_tree_put(o, "finding_info.uid", bl_tree_taken(&b));
	bl_buf_printf(&b, "%s %s", bl_event_verdict(e->ev), bl_event_op(e->ev));
	bl_tree_put(o, "finding_info.title", bl_tree_taken(&b));
	bl_tree_put(o, "finding_info.desc", bl_tree_text(names->message));
	if (names->tag)
		bl_tree_put(o, "finding_info.types", json_pack("[o]", bl_tree_text(names->tag)));
	bl_tree_put(o, "policy.name", bl_tree_text(names->profile));
	bl_tree_put(o, "policy.desc", bl_tree_text(names->rule));
	if (!names->file)
		return;
	bl_buf_printf(&b, "%s:%" PRIu32, names->file, names->line);
	bl_tree_put(o, "policy.uid", bl_tree_taken(&b));
}

/* The members that have no field of the schema. */
static const char *const others[] = {
	"schema", "boot_ns", "first_boot_ns", "summary", "generation", "mode", "kind", "object", "canonical", "untrusted", "reason", "script", "gid",
	"egid", "auid", "cgroup", "cgroup_id", "unit", NULL
};

json_t *bl_event_ocsf(struct bl_gen_names *n, const struct bl_event_view *e)
{
	struct bl_event_names names;
	struct bl_buf b = BL_BUF_INIT;
	json_t *o = json_object();

	bl_tree_put(o, "time", time_of(e->more->wall_ns));
	bl_event_text(&b, n, e);
	bl_tree_put(o, "message", bl_tree_taken(&b));
	bl_tree_put(o, "count", bl_tree_number(e->ev->count));
	bl_event_names(n, e->ev, &names);
	put_class(o);
	put_outcome(o, e->ev, &names);
	put_metadata(o, e->ev);
	put_finding(o, e, &names);
	bl_tree_put(o, "evidences", json_pack("[o]", evidence(e)));
	bl_tree_put(o, "unmapped", bl_tree_members(n, e, others));
	return o;
}
