/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The contract's numbers and byte strings as words for people. */
#include "text.h"

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
	static const char *const names[] = {"path", "exe", "script", "user", "group", "cgroup", "net", "sys"};

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

/* protocol, family, 4 or 16 address bytes, perhaps 2 port bytes: bl_key_net() */
static bool text_net(struct bl_buf *b, const uint8_t *p, size_t n)
{
	char addr[INET6_ADDRSTRLEN];
	bool v6 = n >= 2 && p[1] == BL_FAM_INET6, has_port;
	size_t addr_len = v6 ? 16 : 4;

	if (n < 2 || !proto_text(p[0]) || (!v6 && p[1] != BL_FAM_INET))
		return false;
	if (n != 2 + addr_len && n != 4 + addr_len)
		return false;
	has_port = n == 4 + addr_len;
	if (!inet_ntop(v6 ? AF_INET6 : AF_INET, p + 2, addr, sizeof(addr)))
		return false;
	bl_buf_printf(b, "%s ", proto_text(p[0]));
	bl_buf_printf(b, v6 && has_port ? "[%s]" : "%s", addr);
	if (has_port)
		bl_buf_printf(b, ":%u", p[n - 2] << 8 | p[n - 1]);
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
		done = text_path(b, key, n);
		break;
	case BL_KEY_USER:
	case BL_KEY_GROUP:
		done = text_id(b, key, n);
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
