/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An event as one line of JSON: everything there is, always valid UTF-8. */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event_tree.h"
#include "json.h"
#include "text.h"

#include "banned.h"

static void set_number(json_t *o, const char *key, uint64_t v)
{
	(void)json_object_set_new(o, key, json_integer((json_int_t)v));
}

json_t *bl_tree_bytes(const void *bytes, size_t n)
{
	struct bl_buf clean = BL_BUF_INIT;
	json_t *v;

	(void)bl_json_clean(&clean, bytes, n);
	v = bl_buf_text(&clean) ? json_stringn(clean.data ? clean.data : "", clean.len) : json_null();
	bl_buf_free(&clean);
	return v;
}

/* Bytes as a string; if that does not say them exactly, KEY_hex does. */
static void set_bytes(json_t *o, const char *key, const void *bytes, size_t n)
{
	struct bl_buf clean = BL_BUF_INIT, hex = BL_BUF_INIT;
	char hex_key[32];

	if (!bl_json_clean(&clean, bytes, n)) {
		(void)snprintf(hex_key, sizeof(hex_key), "%s_hex", key);
		bl_text_hex(&hex, bytes, n);
		(void)json_object_set_new(o, hex_key, bl_buf_text(&hex) ? json_string(bl_buf_text(&hex)) : json_null());
	}
	(void)json_object_set_new(o, key, bl_tree_bytes(bytes, n));
	bl_buf_free(&clean);
	bl_buf_free(&hex);
}

static void set_string(json_t *o, const char *key, const char *s)
{
	if (s)
		set_bytes(o, key, s, strlen(s));
	else
		(void)json_object_set_new(o, key, json_null());
}

static void set_object(json_t *o, const struct bl_event_view *e)
{
	struct bl_buf text = BL_BUF_INIT;

	if (bl_event_is_notice(e->ev)) {
		(void)json_object_set_new(o, "kind", json_string("notice"));
		set_bytes(o, "object", e->obj, e->ev->obj_len);
		return;
	}
	(void)json_object_set_new(o, "kind", json_string(bl_text_kind(e->ev->kind)));
	if (e->ev->kind == BL_KEY_PATH) {
		set_bytes(o, "object", e->obj,
			  bl_text_nameless(e->ev->kind, e->obj, e->ev->obj_len) ? 0 : e->ev->obj_len);
		return;
	}
	bl_text_object(&text, e->ev->kind, e->obj, e->ev->obj_len);
	set_string(o, "object", bl_buf_text(&text));
	bl_buf_free(&text);
}

static void set_rule(json_t *o, const struct bl_event *ev, const struct bl_event_names *names)
{
	json_t *rule = json_object();

	if (names->profile || bl_event_is_notice(ev))
		set_string(o, "profile", names->profile);
	else
		set_number(o, "profile", ev->profile);
	if (ev->rule != BL_RULE_NONE)
		set_number(rule, "number", ev->rule);
	set_string(rule, "file", names->file);
	set_number(rule, "line", names->line);
	set_string(rule, "text", names->rule);
	(void)json_object_set_new(o, "rule", rule);
	(void)json_object_set_new(o, "reason", json_string(bl_event_is_notice(ev) ? bl_event_op(ev) : bl_text_reason(ev->reason)));
	set_string(o, "message", names->message);
	set_string(o, "tag", names->tag);
	set_string(o, "severity", names->severity);
}

/* An empty one is not known, or there is none. */
static void set_known(json_t *o, const char *key, const void *bytes, size_t n)
{
	if (n > 0)
		set_bytes(o, key, bytes, n);
	else
		(void)json_object_set_new(o, key, json_null());
}

/* The oldest first, as a batch request of policyc has them. */
static json_t *ancestors(const struct bl_event_view *e)
{
	json_t *list = json_array();

	for (size_t i = e->ev->nancestors; i-- > 0;) {
		const struct bl_ancestor *a = &e->ev->ancestors[i];
		json_t *o = json_object();

		set_number(o, "pid", a->pid);
		set_number(o, "start_ns", a->start_ns);
		set_bytes(o, "comm", a->comm, strnlen((const char *)a->comm, BL_COMM_LEN));
		set_known(o, "exe", e->exes[i], e->more->exe_len[i]);
		(void)json_array_append_new(list, o);
	}
	return list;
}

static void set_process(json_t *o, const struct bl_event_view *e)
{
	const struct bl_event *ev = e->ev;

	set_number(o, "pid", ev->pid);
	set_number(o, "tid", ev->tid);
	set_number(o, "ppid", ev->ppid);
	set_number(o, "start_ns", ev->start_ns);
	set_bytes(o, "comm", ev->comm, strnlen((const char *)ev->comm, BL_COMM_LEN));
	set_bytes(o, "exe", e->exe, ev->exe_len);
	set_known(o, "script", e->script, ev->script_len);
	(void)json_object_set_new(o, "untrusted", json_boolean(ev->flags & BL_EVF_UNTRUSTED));
	set_number(o, "uid", ev->uid);
	set_number(o, "euid", ev->euid);
	set_number(o, "gid", ev->gid);
	set_number(o, "egid", ev->egid);
	set_number(o, "auid", ev->login);
	set_known(o, "tty", ev->tty, strnlen((const char *)ev->tty, BL_TTY_LEN));
	set_number(o, "cgroup_id", ev->cgid);
	set_known(o, "cgroup", e->cgroup, e->more->cgroup_len);
	set_bytes(o, "unit", e->unit, ev->unit_len);
	set_bytes(o, "container", e->container, ev->container_len);
	(void)json_object_set_new(o, "ancestors", ancestors(e));
}

json_t *bl_event_tree(struct bl_gen_names *n, const struct bl_event_view *e)
{
	const struct bl_event *ev = e->ev;
	struct bl_buf text = BL_BUF_INIT;
	struct bl_event_names names;
	json_t *o = json_object();

	bl_event_names(n, ev, &names);
	set_number(o, "schema", BL_EVENT_SCHEMA);
	bl_event_id(&text, ev);
	set_string(o, "id", bl_buf_text(&text));
	bl_buf_reset(&text);
	bl_text_time(&text, e->more->wall_ns);
	set_string(o, "time", bl_buf_text(&text));
	bl_buf_free(&text);
	set_number(o, "boot_ns", ev->boot_ns);
	set_number(o, "seq", ev->seq);
	set_number(o, "generation", ev->gen);
	set_number(o, "count", ev->count);
	set_number(o, "first_boot_ns", ev->first_ns);
	(void)json_object_set_new(o, "summary", json_boolean(ev->flags & BL_EVF_SUMMARY));
	(void)json_object_set_new(o, "verdict", json_string(bl_event_verdict(ev)));
	(void)json_object_set_new(o, "mode", json_string(bl_text_mode(ev->mode)));
	(void)json_object_set_new(o, "op", json_string(bl_event_op(ev)));
	set_object(o, e);
	(void)json_object_set_new(o, "canonical", json_boolean(ev->flags & BL_EVF_CANONICAL));
	set_rule(o, ev, &names);
	set_process(o, e);
	return o;
}

int bl_tree_print(struct bl_buf *b, json_t *o)
{
	char *line = json_dumps(o, JSON_COMPACT);

	json_decref(o);
	if (!line)
		return -ENOMEM;
	bl_buf_str(b, line);
	free(line);
	return 0;
}

int bl_event_json(struct bl_buf *b, struct bl_gen_names *n, const struct bl_event_view *e)
{
	return bl_tree_print(b, bl_event_tree(n, e));
}

void bl_tree_put(json_t *o, const char *path, json_t *v)
{
	const char *dot;

	for (; v && (dot = strchr(path, '.')) != NULL; path = dot + 1) {
		json_t *next = json_object_getn(o, path, (size_t)(dot - path));

		if (!next) {
			next = json_object();
			(void)json_object_setn_new(o, path, (size_t)(dot - path), next);
		}
		o = next;
	}
	if (v)
		(void)json_object_set_new(o, path, v);
}

json_t *bl_tree_known(const void *bytes, size_t n)
{
	return n > 0 ? bl_tree_bytes(bytes, n) : NULL;
}

json_t *bl_tree_text(const char *s)
{
	return s ? bl_tree_known(s, strlen(s)) : NULL;
}

json_t *bl_tree_taken(struct bl_buf *b)
{
	json_t *v = bl_buf_text(b) ? bl_tree_known(b->data, b->len) : NULL;

	bl_buf_free(b);
	return v;
}

json_t *bl_tree_number(uint64_t v)
{
	return json_integer((json_int_t)v);
}

json_t *bl_tree_members(struct bl_gen_names *n, const struct bl_event_view *e, const char *const *names)
{
	json_t *tree = bl_event_tree(n, e), *o = json_object();

	for (; *names; names++) {
		json_t *v = json_object_get(tree, *names);

		if (v && !json_is_null(v))
			(void)json_object_set(o, *names, v);
	}
	json_decref(tree);
	return o;
}
