/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The contract's numbers and byte strings as words for people. */
#include "text.h"

#include "names.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "abi.h"
#include "utf8.h"

#include "banned.h"

/* ---- words ---- */

const char *bl_text_op(uint32_t op)
{
	switch (op) {
#define X(NAME, n, w, c)                                                                                               \
	case n:                                                                                                        \
		return w;
		BL_OPS(X)
#undef X
	}
	return "?";
}

const char *bl_text_class(uint32_t op)
{
	static const char *const names[] = {"?", "file", "exec", "network", "system"};

	switch (op) {
#define X(NAME, n, w, c)                                                                                               \
	case n:                                                                                                        \
		return names[BL_CLASS_##c];
		BL_OPS(X)
#undef X
	}
	return "?";
}

const char *bl_text_verdict(uint32_t verdict)
{
	static const char *const names[] = {"?", "allow", "log", "deny", "kill"};

	return verdict <= BL_V_KILL ? names[verdict] : "?";
}

const char *bl_text_mode(uint32_t mode)
{
	if (mode == BL_MODE_ENFORCE)
		return "enforce";
	return mode == BL_MODE_AUDIT ? "audit" : "?";
}

const char *bl_text_reason(uint32_t reason)
{
	switch (reason) {
#define X(NAME, n, w, t)                                                                                               \
	case n:                                                                                                        \
		return w;
		BL_REASONS(X)
#undef X
	}
	return "?";
}

const char *bl_text_reason_long(uint32_t reason)
{
	switch (reason) {
#define X(NAME, n, w, t)                                                                                               \
	case n:                                                                                                        \
		return t;
		BL_REASONS(X)
#undef X
	}
	return "a reason that this program does not know";
}

const char *bl_text_kind(uint32_t kind)
{
	static const char *const names[] = {"path",  "exe",	  "script", "user",	 "group",    "cgroup", "net",  "sys",
					    "login", "capability", "unit",   "container", "ancestor", "unix",   "sock", "code"};

	return kind < sizeof(names) / sizeof(names[0]) ? names[kind] : "?";
}

const char *bl_text_stat(uint32_t stat)
{
	switch (stat) {
#define X(NAME, n, w)                                                                                                  \
	case n:                                                                                                        \
		return w;
		BL_STATS(X)
#undef X
	}
	return NULL;
}

/* ---- byte strings ---- */

static void escape(struct bl_buf *b, const uint8_t *p, size_t n, bool backslash)
{
	for (size_t i = 0; i < n;) {
		uint32_t c;
		size_t len = bl_utf8_char(p + i, n - i, &c);

		if (len != 0 && (c != '\\' || !backslash) && !bl_utf8_invisible(c)) {
			bl_buf_add(b, p + i, len);
			i += len;
			continue;
		}
		for (len += len == 0; len > 0; len--)
			bl_buf_printf(b, "\\x%02x", p[i++]);
	}
}

void bl_text_escape(struct bl_buf *b, const void *bytes, size_t n)
{
	escape(b, bytes, n, true);
}

void bl_text_source(struct bl_buf *b, const char *s)
{
	escape(b, (const uint8_t *)s, strlen(s), false);
}

void bl_text_pattern(struct bl_buf *b, const char *name)
{
	static const char special[] = "*?[]{}\\,;\"=#$ ";

	for (size_t n; *name; name += n) {
		n = strcspn(name, special);
		bl_text_escape(b, name, n);
		if (n == 0) {
			bl_buf_char(b, '\\');
			bl_buf_char(b, *name);
			n = 1;
		}
	}
}

void bl_text_hex(struct bl_buf *b, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < n; i++)
		bl_buf_printf(b, "%02x", p[i]);
}

static const char *proto_text(uint8_t proto)
{
	switch (proto) {
	case BL_PROTO_TCP:
		return "tcp";
	case BL_PROTO_UDP:
		return "udp";
	case BL_PROTO_OTHER:
		return "other";
	}
	return NULL;
}

/* Joins the halves that bl_key_halves() makes of a byte. False: these are none. */
static bool join_halves(uint8_t *to, size_t bytes, const uint8_t *halves)
{
	for (size_t i = 0; i < bytes; i++) {
		if (halves[2 * i] > 15 || halves[2 * i + 1] > 15)
			return false;
		to[i] = (uint8_t)(halves[2 * i] << 4 | halves[2 * i + 1]);
	}
	return true;
}

/*
 * protocol, family, then in halves 4 or 16 address bytes, perhaps 2 port bytes, for an accept the peer's address: bl_key_net(),
 * bl_key_accept()
 */
bool bl_text_net(const void *key, size_t n, struct bl_text_net *ret)
{
	const uint8_t *p = key;
	bool v6 = n >= 2 && p[1] == BL_FAM_INET6;
	size_t addr_len = v6 ? 16 : 4;
	uint8_t bytes[34];
	size_t len = n < 2 ? 0 : (n - 2) / 2;

	*ret = (struct bl_text_net){.v6 = v6, .addr = ""};
	if (n < 2 || n % 2 != 0 || len > sizeof(bytes) || !proto_text(p[0]) || (!v6 && p[1] != BL_FAM_INET))
		return false;
	ret->proto = proto_text(p[0]);
	ret->has_peer = len > addr_len + 2;
	ret->has_port = len == addr_len + 2 || len == 2 * addr_len + 2;
	if (len != addr_len + (ret->has_port ? 2 : 0) + (ret->has_peer ? addr_len : 0) || !join_halves(bytes, len, p + 2))
		return false;
	if (ret->has_port)
		ret->port = (uint16_t)(bytes[addr_len] << 8 | bytes[addr_len + 1]);
	return inet_ntop(v6 ? AF_INET6 : AF_INET, bytes, ret->addr, sizeof(ret->addr)) &&
	       (!ret->has_peer || inet_ntop(v6 ? AF_INET6 : AF_INET, bytes + len - addr_len, ret->peer, sizeof(ret->peer)));
}

static bool text_net(struct bl_buf *b, const uint8_t *p, size_t n)
{
	struct bl_text_net e;

	if (!bl_text_net(p, n, &e))
		return false;
	bl_buf_printf(b, "%s ", e.proto);
	bl_buf_printf(b, e.v6 && e.has_port ? "[%s]" : "%s", e.addr);
	if (e.has_port)
		bl_buf_printf(b, ":%u", e.port);
	if (e.has_peer)
		bl_buf_printf(b, " from %s", e.peer);
	return true;
}

static void text_name_of(struct bl_buf *b, enum bl_names table, uint32_t value)
{
	const char *word = bl_names_word(table, value);

	if (word)
		bl_buf_str(b, word);
	else
		bl_buf_printf(b, "%" PRIu32, value);
}

static bool text_unix(struct bl_buf *b, const uint8_t *p, size_t n)
{
	bl_buf_str(b, n != 0 ? "unix " : "unix");
	bl_text_escape(b, p, n);
	return true;
}

/* family, type, protocol: bl_key_sock() */
static bool text_sock(struct bl_buf *b, const uint8_t *p, size_t n)
{
	if (n != 5)
		return false;
	text_name_of(b, BL_NAMES_FAMILY, (uint32_t)(p[0] << 8 | p[1]));
	bl_buf_char(b, ' ');
	text_name_of(b, BL_NAMES_SOCK_TYPE, p[2]);
	bl_buf_char(b, ' ');
	text_name_of(b, BL_NAMES_PROTOCOL, (uint32_t)(p[3] << 8 | p[4]));
	return true;
}

static bool text_id(struct bl_buf *b, const uint8_t *p, size_t n)
{
	if (n != 4)
		return false;
	bl_buf_printf(b, "%" PRIu32, (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]);
	return true;
}

static bool text_path(struct bl_buf *b, const uint8_t *p, size_t n)
{
	if (n == 0 || p[0] != BL_OBJ_NAMELESS) {
		bl_text_escape(b, p, n);
		return true;
	}
	bl_buf_str(b, "(an object without a name");
	if (n > 1) {
		bl_buf_str(b, ": ");
		bl_text_escape(b, p + 1, n - 1);
	}
	bl_buf_char(b, ')');
	return true;
}

/* "TYPE SOURCE on TARGET" */
static bool text_mount(struct bl_buf *b, const uint8_t *p, size_t n)
{
	const uint8_t *source = memchr(p, 0, n), *target = source ? memchr(source + 1, 0, n - (size_t)(source + 1 - p)) : NULL;

	if (!target)
		return false;
	bl_text_escape(b, p, (size_t)(source - p));
	bl_buf_char(b, ' ');
	bl_text_escape(b, source + 1, (size_t)(target - source - 1));
	bl_buf_str(b, " on ");
	bl_text_escape(b, target + 1, n - (size_t)(target + 1 - p));
	return true;
}

/* The operation's number and what abi.h says follows it. */
static bool text_sys(struct bl_buf *b, const uint8_t *p, size_t n)
{
	if (n == 0)
		return false;
	switch (p[0]) {
	case BL_OP_CAPABILITY:
	case BL_OP_SIGNAL:
		if (n != 2)
			return false;
		text_name_of(b, p[0] == BL_OP_SIGNAL ? BL_NAMES_SIGNAL : BL_NAMES_CAPABILITY, p[1]);
		return true;
	case BL_OP_SETUID:
	case BL_OP_SETGID:
		return text_id(b, p + 1, n - 1);
	case BL_OP_MOUNT:
		return text_mount(b, p + 1, n - 1);
	case BL_OP_MODULE:
		if (n == 2 && p[1] == BL_OBJ_NAMELESS) {
			bl_buf_str(b, "memory");
			return true;
		}
		return text_path(b, p + 1, n - 1);
	case BL_OP_UMOUNT:
	case BL_OP_PIVOT:
		return text_path(b, p + 1, n - 1);
	default:
		return n == 1;
	}
}

static bool text_code(struct bl_buf *b, const uint8_t *p, size_t n)
{
	if (n == 0)
		return false;
	if (p[0] == BL_CODE_FSTYPE) {
		bl_buf_str(b, "fstype ");
		bl_text_escape(b, p + 1, n - 1);
		return true;
	}
	bl_buf_str(b, p[0] == BL_CODE_MEMFD ? "memfd" : p[0] == BL_CODE_DELETED ? "deleted" : "anonymous");
	return n == 1;
}

static bool text_capability(struct bl_buf *b, const uint8_t *p, size_t n)
{
	if (n != 1)
		return false;
	text_name_of(b, BL_NAMES_CAPABILITY, p[0]);
	return true;
}

bool bl_text_nameless(uint32_t kind, const void *key, size_t n)
{
	return kind == BL_KEY_PATH && n == 1 && *(const uint8_t *)key == BL_OBJ_NAMELESS;
}

void bl_text_object(struct bl_buf *b, uint32_t kind, const void *key, size_t n)
{
	bool done = false;

	switch (kind) {
	case BL_KEY_PATH:
	case BL_KEY_EXE:
	case BL_KEY_SCRIPT:
	case BL_KEY_CGROUP:
	case BL_KEY_UNIT:
	case BL_KEY_CONTAINER:
	case BL_KEY_ANCESTOR:
		done = text_path(b, key, n);
		break;
	case BL_KEY_USER:
	case BL_KEY_GROUP:
	case BL_KEY_LOGIN:
		done = text_id(b, key, n);
		break;
	case BL_KEY_CAPABILITY:
		done = text_capability(b, key, n);
		break;
	case BL_KEY_UNIX:
		done = text_unix(b, key, n);
		break;
	case BL_KEY_SOCK:
		done = text_sock(b, key, n);
		break;
	case BL_KEY_SYS:
		done = text_sys(b, key, n);
		break;
	case BL_KEY_CODE:
		done = text_code(b, key, n);
		break;
	case BL_KEY_NET:
		done = text_net(b, key, n);
		break;
	}
	if (done)
		return;
	bl_buf_str(b, "0x");
	bl_text_hex(b, key, n);
}

void bl_text_time(struct bl_buf *b, uint64_t ns)
{
	time_t sec = (time_t)(ns / 1000000000);
	struct tm tm;

	if (!gmtime_r(&sec, &tm)) {
		bl_buf_str(b, "?");
		return;
	}
	bl_buf_printf(b, "%04d-%02d-%02dT%02d:%02d:%02d.%03uZ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
		      tm.tm_hour, tm.tm_min, tm.tm_sec, (unsigned int)(ns / 1000000 % 1000));
}
