/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The forms in which an event is given out. */
#include "format.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "event_tree.h"
#include "text.h"

#include "banned.h"

/* So that all events are found at once: journalctl MESSAGE_ID=... */
#define MESSAGE_ID "7a9d2c5be0f64b1f8c35a1d6e04b9f27"

const char *bl_format_word(enum bl_format f)
{
	static const char *const words[] = {
#define X(NAME, w) w,
		BL_FORMATS(X)
#undef X
	};

	return words[f];
}

/* RFC 5424, 6.2.1: 2 critical to 6 informational. */
static int priority(const struct bl_event *ev, const struct bl_event_names *names)
{
	static const int by_severity[] = {5, 4, 3, 2};
	int level = bl_event_severity(names);

	if (level >= 0)
		return by_severity[level];
	if (ev->verdict < BL_V_DENY)
		return 6;
	return bl_event_refused(ev) ? 4 : 5;
}

/* ---- fields: every member of the event, `rule` taken apart ---- */

typedef void field_fn(void *arg, const char *name, const char *value, size_t len);

static void one_field(field_fn *fn, void *arg, const char *name, const json_t *v)
{
	char *text;

	if (json_is_null(v))
		return;
	if (json_is_string(v)) {
		fn(arg, name, json_string_value(v), json_string_length(v));
		return;
	}
	text = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY);
	if (text)
		fn(arg, name, text, strlen(text));
	free(text);
}

static void all_fields(struct bl_gen_names *n, const struct bl_event_view *e, field_fn *fn, void *arg)
{
	json_t *tree = bl_event_tree(n, e), *v, *w;
	const char *name, *member;
	char path[64];

	json_object_foreach(tree, name, v) {
		if (!json_is_object(v)) {
			one_field(fn, arg, name, v);
			continue;
		}
		json_object_foreach(v, member, w) {
			(void)snprintf(path, sizeof(path), "%s_%s", name, member);
			one_field(fn, arg, path, w);
		}
	}
	json_decref(tree);
}

/* ---- syslog ---- */

/* PARAM-NAME is what our members are called; in a PARAM-VALUE three characters are escaped (6.3.3). */
static void put_param(void *arg, const char *name, const char *value, size_t len)
{
	struct bl_buf *b = arg;

	bl_buf_printf(b, " %s=\"", name);
	for (size_t i = 0; i < len; i++) {
		if (strchr("\"\\]", value[i]) && value[i] != '\0')
			bl_buf_char(b, '\\');
		bl_buf_char(b, value[i]);
	}
	bl_buf_char(b, '"');
}

static void put_syslog(struct bl_buf *b, struct bl_gen_names *n, const struct bl_event_view *e)
{
	enum { AUTHPRIV = 10 };
	static const char in_host[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
	struct bl_event_names names;
	char host[256] = "";

	bl_event_names(n, e->ev, &names);
	bl_buf_printf(b, "<%d>1 ", AUTHPRIV * 8 + priority(e->ev, &names));
	bl_text_time(b, e->more->wall_ns);
	if (gethostname(host, sizeof(host) - 1) < 0 || host[0] == '\0' || host[strspn(host, in_host)])
		(void)snprintf(host, sizeof(host), "-");
	/* 32473 is the number that RFC 5612 sets aside for what has none of its own */
	bl_buf_printf(b, " %s bailiff %ld %s [bailiff@32473", host, (long)getpid(), bl_event_verdict(e->ev));
	all_fields(n, e, put_param, b);
	bl_buf_str(b, "] \xef\xbb\xbf");
	bl_event_text(b, n, e);
}

/* ---- the journal ---- */

static void put_bytes(struct bl_buf *b, const char *field, const char *value, size_t len)
{
	uint32_t size = (uint32_t)(strlen(field) + 1 + len);

	bl_buf_add(b, &size, sizeof(size));
	bl_buf_printf(b, "%s=", field);
	bl_buf_add(b, value, len);
}

static void put_field(void *arg, const char *name, const char *value, size_t len)
{
	char field[80];
	size_t n;

	n = (size_t)snprintf(field, sizeof(field), "BAILIFF_%s", name);
	for (size_t i = 0; i < n; i++)
		field[i] = (char)toupper((unsigned char)field[i]);
	put_bytes(arg, field, value, len);
}

static void put_journal(struct bl_buf *b, struct bl_gen_names *n, const struct bl_event_view *e)
{
	struct bl_buf text = BL_BUF_INIT;
	struct bl_event_names names;
	char level[4];

	bl_event_names(n, e->ev, &names);
	bl_event_text(&text, n, e);
	if (bl_buf_text(&text))
		put_bytes(b, "MESSAGE", text.data, text.len);
	bl_buf_free(&text);
	(void)snprintf(level, sizeof(level), "%d", priority(e->ev, &names));
	put_bytes(b, "PRIORITY", level, strlen(level));
	put_bytes(b, "MESSAGE_ID", MESSAGE_ID, strlen(MESSAGE_ID));
	put_bytes(b, "SYSLOG_IDENTIFIER", "bailiff", 7);
	all_fields(n, e, put_field, b);
}

bool bl_format_field(const char *data, size_t size, size_t *at, const char **ret, size_t *ret_len)
{
	uint32_t n;

	if (size - *at < sizeof(n))
		return false;
	memcpy(&n, data + *at, sizeof(n));
	if (size - *at - sizeof(n) < n)
		return false;
	*ret = data + *at + sizeof(n);
	*ret_len = n;
	*at += sizeof(n) + n;
	return true;
}

void bl_format(struct bl_buf *b, enum bl_format f, struct bl_gen_names *n, const struct bl_event_view *e)
{
	switch (f) {
	case BL_FORMAT_TEXT:
		bl_event_text(b, n, e);
		break;
	case BL_FORMAT_JSON:
		(void)bl_tree_print(b, bl_event_tree(n, e));
		break;
	case BL_FORMAT_ECS:
		(void)bl_tree_print(b, bl_event_ecs(n, e));
		break;
	case BL_FORMAT_OCSF:
		(void)bl_tree_print(b, bl_event_ocsf(n, e));
		break;
	case BL_FORMAT_SYSLOG:
		put_syslog(b, n, e);
		break;
	case BL_FORMAT_JOURNAL:
		put_journal(b, n, e);
		break;
	case BL_FORMAT_COUNT:
		break;
	}
}
