// SPDX-License-Identifier: GPL-2.0-or-later
/* Reads one JSON object (RFC 8259) with string, number, true, false and null members; strings are decoded in place. */
#include "request_json.h"
#include "names.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "banned.h"

#define MAX_DEPTH 32

struct cursor {
	char *at, *end;
	struct bl_error *err;
};

static int bad(struct cursor *c, const char *what)
{
	return bl_error_set(c->err, -EINVAL, "not a JSON object: %s", what);
}

static void skip_space(struct cursor *c)
{
	while (c->at < c->end && strchr(" \t\r\n", *c->at) && *c->at != '\0')
		c->at++;
}

static bool take(struct cursor *c, char wanted)
{
	skip_space(c);
	if (c->at >= c->end || *c->at != wanted)
		return false;
	c->at++;
	return true;
}

static int hex4(struct cursor *c, uint32_t *ret)
{
	uint32_t v = 0;

	for (int i = 0; i < 4; i++, c->at++) {
		char ch = c->at < c->end ? *c->at : '?';

		if (ch >= '0' && ch <= '9')
			v = v * 16 + (uint32_t)(ch - '0');
		else if ((ch | 32) >= 'a' && (ch | 32) <= 'f')
			v = v * 16 + (uint32_t)((ch | 32) - 'a' + 10);
		else
			return bad(c, "\\u needs four hexadecimal digits");
	}
	*ret = v;
	return 0;
}

static char *put_utf8(char *out, uint32_t v)
{
	if (v < 0x80) {
		*out++ = (char)v;
	} else if (v < 0x800) {
		*out++ = (char)(0xc0 | v >> 6);
		*out++ = (char)(0x80 | (v & 0x3f));
	} else if (v < 0x10000) {
		*out++ = (char)(0xe0 | v >> 12);
		*out++ = (char)(0x80 | (v >> 6 & 0x3f));
		*out++ = (char)(0x80 | (v & 0x3f));
	} else {
		*out++ = (char)(0xf0 | v >> 18);
		*out++ = (char)(0x80 | (v >> 12 & 0x3f));
		*out++ = (char)(0x80 | (v >> 6 & 0x3f));
		*out++ = (char)(0x80 | (v & 0x3f));
	}
	return out;
}

/* After "\u": one code point, surrogate pairs joined. */
static int unicode(struct cursor *c, char **out)
{
	uint32_t hi, lo;

	if (hex4(c, &hi) < 0)
		return -EINVAL;
	if (hi >= 0xd800 && hi < 0xdc00) {
		if (c->end - c->at < 6 || c->at[0] != '\\' || c->at[1] != 'u')
			return bad(c, "half a surrogate pair");
		c->at += 2;
		if (hex4(c, &lo) < 0)
			return -EINVAL;
		if (lo < 0xdc00 || lo > 0xdfff)
			return bad(c, "half a surrogate pair");
		hi = 0x10000 + ((hi - 0xd800) << 10) + (lo - 0xdc00);
	} else if (hi >= 0xdc00 && hi < 0xe000) {
		return bad(c, "half a surrogate pair");
	}
	*out = put_utf8(*out, hi);
	return 0;
}

static int escape(struct cursor *c, char **out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	char ch = c->at < c->end ? *c->at++ : '\0';
	const char *p = ch != '\0' ? strchr(from, ch) : NULL;

	if (ch == 'u')
		return unicode(c, out);
	if (!p)
		return bad(c, "unknown escape in a string");
	*(*out)++ = to[p - from];
	return 0;
}

/* After the opening quote. The decoded string is never longer than its text, so it fits in its place. */
static int string(struct cursor *c, char **ret, size_t *ret_len)
{
	char *out = c->at;

	*ret = out;
	while (c->at < c->end && *c->at != '"') {
		char ch = *c->at++;

		if ((unsigned char)ch < 0x20)
			return bad(c, "a control character in a string");
		if (ch != '\\')
			*out++ = ch;
		else if (escape(c, &out) < 0)
			return -EINVAL;
	}
	if (c->at >= c->end)
		return bad(c, "a string does not end");
	c->at++;
	*out = '\0';
	*ret_len = (size_t)(out - *ret);
	return 0;
}

/* A number or a word, left in place with its length. */
static int bare(struct cursor *c, char **ret, size_t *ret_len)
{
	skip_space(c);
	*ret = c->at;
	while (c->at < c->end && !strchr(",]} \t\r\n", *c->at))
		c->at++;
	*ret_len = (size_t)(c->at - *ret);
	return *ret_len != 0 ? 0 : bad(c, "a value is missing");
}

static int skip_value(struct cursor *c, int depth)
{
	char *s, close;
	size_t n;

	if (depth > MAX_DEPTH)
		return bad(c, "nested too deeply");
	if (take(c, '"'))
		return string(c, &s, &n);
	if (!take(c, '{') && !(c->at < c->end && *c->at == '['))
		return bare(c, &s, &n);
	close = c->at[-1] == '{' ? '}' : ']';
	if (close == ']')
		c->at++;
	if (take(c, close))
		return 0;
	do {
		if (close == '}' && (!take(c, '"') || string(c, &s, &n) < 0 || !take(c, ':')))
			return bad(c, "a member has no name");
		if (skip_value(c, depth + 1) < 0)
			return -EINVAL;
	} while (take(c, ','));
	return take(c, close) ? 0 : bad(c, "an object or array does not end");
}

static int number(struct cursor *c, const char *name, uint32_t *ret)
{
	unsigned long long v;
	char *s, *end;
	size_t n;

	if (bare(c, &s, &n) < 0)
		return -EINVAL;
	errno = 0;
	v = strtoull(s, &end, 10);
	if (s[0] < '0' || s[0] > '9' || end != s + n || errno != 0 || v > UINT32_MAX)
		return bl_error_set(c->err, -EINVAL, "\"%s\" is not a number from 0 to 4294967295", name);
	*ret = (uint32_t)v;
	return 0;
}

static int text(struct cursor *c, const char *name, const char **ret)
{
	size_t len;
	char *s;

	*ret = NULL;
	skip_space(c);
	if (c->end - c->at >= 4 && memcmp(c->at, "null", 4) == 0) {
		c->at += 4;
		return 0;
	}
	if (!take(c, '"'))
		return bl_error_set(c->err, -EINVAL, "\"%s\" is not a string", name);
	if (string(c, &s, &len) < 0)
		return -EINVAL;
	*ret = s;
	if (strlen(s) != len)
		return bl_error_set(c->err, -EINVAL, "\"%s\" contains a NUL", name);
	return 0;
}

static int boolean(struct cursor *c, const char *name, bool *ret)
{
	size_t n;
	char *s;

	if (bare(c, &s, &n) < 0)
		return -EINVAL;
	*ret = n == 4 && memcmp(s, "true", 4) == 0;
	if (!*ret && !(n == 5 && memcmp(s, "false", 5) == 0))
		return bl_error_set(c->err, -EINVAL, "\"%s\" is neither true nor false", name);
	return 0;
}

/* ---- members ---- */

typedef int element_fn(struct cursor *c, const char *name, struct request_process *q, size_t i);

static int one_group(struct cursor *c, const char *name, struct request_process *q, size_t i)
{
	q->p.ngroups = i + 1;
	return number(c, name, &q->groups[i]);
}

/* After the opening brace of what an event says of an ancestor: its exe, NULL: it is not known. */
static int ancestor_object(struct cursor *c, const char **ret)
{
	char *name;
	size_t n;

	*ret = NULL;
	if (take(c, '}'))
		return 0;
	do {
		if (!take(c, '"') || string(c, &name, &n) < 0 || !take(c, ':'))
			return bad(c, "a member has no name");
		if ((strcmp(name, "exe") == 0 ? text(c, name, ret) : skip_value(c, 0)) < 0)
			return -EINVAL;
	} while (take(c, ','));
	return take(c, '}') ? 0 : bad(c, "an object or array does not end");
}

/* One whose program is not known is passed over. */
static int one_ancestor(struct cursor *c, const char *name, struct request_process *q, size_t i)
{
	const char *exe;

	(void)i;
	if (take(c, '{')) {
		if (ancestor_object(c, &exe) < 0)
			return -EINVAL;
	} else {
		if (text(c, name, &exe) < 0)
			return -EINVAL;
		if (!exe)
			return bl_error_set(c->err, -EINVAL, "\"%s\" contains something that is not a string", name);
	}
	if (exe)
		q->exes[q->nancestors++] = exe;
	return 0;
}

static int one_capability(struct cursor *c, const char *name, struct request_process *q, size_t i)
{
	const char *word;
	int32_t v;

	(void)i;
	if (text(c, name, &word) < 0)
		return -EINVAL;
	v = word ? bl_names_value(BL_NAMES_CAPABILITY, word) : -1;
	if (v < 0)
		return bl_error_set(c->err, -EINVAL, "unknown capability '%s'", word ? word : "null");
	q->p.capabilities |= 1ULL << v;
	return 0;
}

static int array(struct cursor *c, const char *name, element_fn *fn, struct request_process *q)
{
	size_t n = 0;

	if (!take(c, '['))
		return bl_error_set(c->err, -EINVAL, "\"%s\" is not an array", name);
	if (take(c, ']'))
		return 0;
	do {
		if (n == REQUEST_VALUES)
			return bl_error_set(c->err, -EINVAL, "\"%s\" has more than %u values", name, REQUEST_VALUES);
		if (fn(c, name, q, n++) < 0)
			return -EINVAL;
	} while (take(c, ','));
	return take(c, ']') ? 0 : bad(c, "an array does not end");
}

/* A member about a process. 1: it is none. */
static int process_member(struct cursor *c, const char *name, struct request_process *q)
{
	if (strcmp(name, "exe") == 0)
		return text(c, name, &q->exe);
	if (strcmp(name, "script") == 0)
		return text(c, name, &q->script);
	if (strcmp(name, "cgroup") == 0)
		return text(c, name, &q->p.cgroup);
	if (strcmp(name, "unit") == 0)
		return text(c, name, &q->p.unit);
	if (strcmp(name, "container") == 0)
		return text(c, name, &q->p.container);
	if (strcmp(name, "euid") == 0)
		return number(c, name, &q->p.euid);
	if (strcmp(name, "login") == 0 || strcmp(name, "auid") == 0)
		return number(c, name, &q->p.login);
	if (strcmp(name, "egid") == 0) {
		q->has_egid = true;
		return number(c, name, &q->egid);
	}
	if (strcmp(name, "untrusted") == 0)
		return boolean(c, name, &q->p.untrusted);
	if (strcmp(name, "groups") == 0)
		return array(c, name, one_group, q);
	if (strcmp(name, "capabilities") == 0)
		return array(c, name, one_capability, q);
	if (strcmp(name, "ancestors") == 0)
		return array(c, name, one_ancestor, q);
	return 1;
}

static int members(struct cursor *c, struct request *q, struct request_process *who);

static int request_member(struct cursor *c, const char *name, struct request *q)
{
	if (strcmp(name, "op") == 0)
		return text(c, name, &q->op);
	if (strcmp(name, "object") == 0)
		return text(c, name, &q->ask.object);
	if (strcmp(name, "owner") == 0)
		return boolean(c, name, &q->ask.owner);
	if (strcmp(name, "canonical") == 0)
		return boolean(c, name, &q->ask.canonical);
	if (strcmp(name, "deleted") == 0)
		return boolean(c, name, &q->ask.deleted);
	if (strcmp(name, "descendant") == 0)
		return boolean(c, name, &q->ask.descendant);
	if (strcmp(name, "fstype") == 0)
		return text(c, name, &q->ask.fstype);
	if (strcmp(name, "to") == 0)
		return text(c, name, &q->ask.to);
	if (strcmp(name, "directory") == 0)
		return boolean(c, name, &q->ask.directory);
	if (strcmp(name, "peer") != 0)
		return skip_value(c, 0);
	if (!take(c, '{'))
		return skip_value(c, 0); /* null: not known */
	q->has_peer = true;
	return members(c, NULL, &q->peer);
}

/* After the opening brace, of a request or of the process in it (q NULL). */
static int members(struct cursor *c, struct request *q, struct request_process *who)
{
	size_t n;
	char *name;

	if (take(c, '}'))
		return 0;
	do {
		int r;

		if (!take(c, '"') || string(c, &name, &n) < 0)
			return bad(c, "a member has no name");
		if (!take(c, ':'))
			return bad(c, "a ':' is missing");
		r = process_member(c, name, who);
		if (r > 0)
			r = q ? request_member(c, name, q) : skip_value(c, 0);
		if (r < 0)
			return -EINVAL;
	} while (take(c, ','));
	return take(c, '}') ? 0 : bad(c, "it does not end with '}'");
}

static void process_finish(struct request_process *q)
{
	q->p.nexes = q->nancestors;
	if (q->exe && q->exe[0]) {
		q->scripts[q->p.nexes] = q->script;
		q->exes[q->p.nexes++] = q->exe;
	} else {
		q->p.nexes = 0;
	}
	q->p.scripts = q->scripts;
	q->p.untrusted |= q->p.nexes == 0;
	q->p.exes = q->exes;
	if (q->p.ngroups == 0 && q->has_egid)
		q->groups[q->p.ngroups++] = q->egid;
	q->p.groups = q->groups;
	q->p.cgroup = q->p.cgroup ? q->p.cgroup : "/";
}

int request_parse(char *line, size_t len, struct request *ret, struct bl_error *err)
{
	struct cursor c = { .at = line, .end = line + len, .err = err };

	memset(ret, 0, sizeof(*ret));
	ret->who.p.login = ret->peer.p.login = UINT32_MAX;
	if (!take(&c, '{'))
		return bad(&c, "it does not begin with '{'");
	if (members(&c, ret, &ret->who) < 0)
		return -EINVAL;
	skip_space(&c);
	if (c.at != c.end)
		return bad(&c, "something follows it");
	if (!ret->op || !ret->ask.object)
		return bl_error_set(err, -EINVAL, "\"%s\" is missing", ret->op ? "object" : "op");
	ret->ask.object_len = strlen(ret->ask.object);
	process_finish(&ret->who);
	process_finish(&ret->peer);
	ret->ask.who = ret->who.p;
	ret->ask.peer = ret->has_peer ? &ret->peer.p : NULL;
	return 0;
}
