// SPDX-License-Identifier: GPL-2.0-or-later
#include "object_text.h"
#include "names.h"
#include "plat_host.h"
#include "decide.h"
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "banned.h"

static uint32_t put_bytes(struct bl_name *n, uint32_t from, const void *s, size_t len)
{
	memcpy(n->buf + from - len, s, len);
	return from - (uint32_t)len;
}

static int parse_path(const char *s, size_t len, struct bl_name *n, uint32_t *from, struct bl_error *err)
{
	if (len == 0 || s[0] != '/')
		return bl_error_set(err, -EINVAL, "object '%.*s' is not a full path: it has to begin with '/'", (int)len, s);
	if (len >= BL_PATH_MAX)
		return bl_error_set(err, -EINVAL, "object has %zu bytes, a name at most %u", len, BL_PATH_MAX - 1);
	*from = put_bytes(n, *from, s, len);
	return 0;
}

/* Cuts ADDRESS[:PORT] in two; IPv6 with a port is in brackets. */
static int split_port(char *text, char **ret_host, struct bl_endpoint *e, struct bl_error *err)
{
	char *port = NULL, *end = strchr(text, ':');
	unsigned long n;

	*ret_host = text;
	if (text[0] == '[') {
		end = strchr(text, ']');
		if (!end || (end[1] != '\0' && end[1] != ':'))
			return bl_error_set(err, -EINVAL, "'%s': an IPv6 address is written [ADDRESS] or [ADDRESS]:PORT", text);
		port = end[1] == ':' ? end + 2 : NULL;
		*ret_host = text + 1;
	} else if (end && !strchr(end + 1, ':')) {
		port = end + 1;
	} else {
		return 0;
	}
	*end = '\0';
	if (!port)
		return 0;
	n = strtoul(port, &end, 10);
	if (port[0] < '0' || port[0] > '9' || *end != '\0' || n > 65535)
		return bl_error_set(err, -EINVAL, "port '%s' is not a number from 0 to 65535", port);
	e->has_port = 1;
	e->port = (uint16_t)n;
	return 0;
}

static int parse_endpoint(const char *text, struct bl_endpoint *ret, struct bl_error *err)
{
	static const struct {
		const char *word;
		uint8_t proto;
	} protos[] = { { "tcp ", BL_PROTO_TCP }, { "udp ", BL_PROTO_UDP }, { "other ", BL_PROTO_OTHER } };
	struct bl_endpoint e = { 0 };
	char addr[128], *host;
	int r;

	for (size_t i = 0; i < sizeof(protos) / sizeof(protos[0]); i++) {
		if (strncmp(text, protos[i].word, strlen(protos[i].word)) == 0) {
			e.proto = protos[i].proto;
			text += strlen(protos[i].word);
			break;
		}
	}
	if (e.proto == 0 || strlen(text) >= sizeof(addr))
		return bl_error_set(err, -EINVAL, "'%s' is not an endpoint: write tcp|udp|other ADDRESS[:PORT]", text);
	memcpy(addr, text, strlen(text) + 1);
	r = split_port(addr, &host, &e, err);
	if (r < 0)
		return r;
	if (inet_pton(AF_INET, host, e.addr) == 1)
		e.family = BL_FAM_INET;
	else if (inet_pton(AF_INET6, host, e.addr) == 1)
		e.family = BL_FAM_INET6;
	else
		return bl_error_set(err, -EINVAL, "'%s' is neither an IPv4 nor an IPv6 address", host);
	*ret = e;
	return 0;
}

static int parse_net(uint32_t op, const char *text, struct bl_name *n, uint32_t *ret_kind, uint32_t *from, struct bl_error *err)
{
	const char *peer_text = op == BL_OP_ACCEPT ? strstr(text, " from ") : NULL;
	struct bl_endpoint e, peer;
	char local[160];
	int r;

	if (strcmp(text, "unix") == 0 || strncmp(text, "unix ", 5) == 0) {
		*ret_kind = BL_KEY_UNIX;
		if (strlen(text) > BL_PATH_MAX)
			return bl_error_set(err, -EINVAL, "a socket's address has at most %u bytes", BL_PATH_MAX);
		*from = put_bytes(n, *from, text + (text[4] ? 5 : 4), strlen(text) - (text[4] ? 5 : 4));
		return 0;
	}
	*ret_kind = BL_KEY_NET;
	if ((size_t)(peer_text ? peer_text - text : 0) >= sizeof(local))
		return bl_error_set(err, -EINVAL, "'%s' is not an endpoint", text);
	if (peer_text) {
		memcpy(local, text, (size_t)(peer_text - text));
		local[peer_text - text] = '\0';
	}
	r = parse_endpoint(peer_text ? local : text, &e, err);
	if (r < 0)
		return r;
	if (op == BL_OP_CONNECT)
		bl_endpoint_canonical(&e);
	else
		bl_endpoint_unmap(&e);
	if (!peer_text) { /* no rule says from whom: hook_net.h puts the local address there, too */
		*from = op == BL_OP_ACCEPT ? bl_key_accept(n, &e, &e) : bl_key_net(n, &e);
		return 0;
	}
	snprintf(local, sizeof(local), "tcp %s", peer_text + 6);
	r = parse_endpoint(local, &peer, err);
	if (r < 0)
		return r;
	bl_endpoint_unmap(&peer);
	if (peer.family != e.family)
		return bl_error_set(err, -EINVAL, "'%s': both ends are of one family", text);
	*from = bl_key_accept(n, &e, &peer);
	return 0;
}

/* The next word of *text as a number of a table. */
static int parse_word(const char **text, enum bl_names table, const char *what, uint32_t max, uint32_t *ret, struct bl_error *err)
{
	size_t len = strcspn(*text, " ");
	char word[32], *end;
	int32_t v;

	if (len == 0 || len >= sizeof(word))
		return bl_error_set(err, -EINVAL, "'%s' is no %s", *text, what);
	memcpy(word, *text, len);
	word[len] = '\0';
	*text += len + ((*text)[len] == ' ');
	v = bl_names_value(table, word);
	*ret = v >= 0 ? (uint32_t)v : (uint32_t)strtoul(word, &end, 10);
	if (v < 0 && (word[0] < '0' || word[0] > '9' || *end || *ret > max))
		return bl_error_set(err, -EINVAL, "unknown %s '%s'", what, word);
	return 0;
}

static int parse_sock(const char *text, struct bl_name *n, uint32_t *from, struct bl_error *err)
{
	uint32_t family, type, protocol = 0;
	int r = parse_word(&text, BL_NAMES_FAMILY, "family of sockets", 65535, &family, err);

	if (r == 0)
		r = parse_word(&text, BL_NAMES_SOCK_TYPE, "type of socket", 15, &type, err);
	if (r == 0 && *text)
		r = parse_word(&text, BL_NAMES_PROTOCOL, "protocol", 65535, &protocol, err);
	if (r == 0 && *text)
		r = bl_error_set(err, -EINVAL, "'%s' follows a socket's family, type and protocol", text);
	if (r == 0)
		*from = bl_key_sock(n, family, type, protocol);
	return r;
}

static int parse_mount(const char *text, struct bl_name *n, uint32_t *from, struct bl_error *err)
{
	const char *source = strchr(text, ' '), *target = NULL;
	int r;

	for (const char *p = source ? strstr(source, " on /") : NULL; p; p = strstr(p + 1, " on /"))
		target = p;
	if (!source || !target || source == text || target <= source)
		return bl_error_set(err, -EINVAL, "'%s': a mount is written TYPE SOURCE on TARGET", text);
	if (strlen(text) >= BL_PATH_MAX)
		return bl_error_set(err, -EINVAL, "a mount has at most %u bytes", BL_PATH_MAX - 1);
	r = parse_path(target + 4, strlen(target + 4), n, from, err);
	if (r < 0)
		return r;
	*from = put_bytes(n, *from, "", 1);
	*from = put_bytes(n, *from, source + 1, (size_t)(target - source - 1));
	*from = put_bytes(n, *from, "", 1);
	*from = put_bytes(n, *from, text, (size_t)(source - text));
	return 0;
}

static int parse_sys_value(uint32_t op, const char *text, struct bl_name *n, uint32_t *from, struct bl_error *err)
{
	uint32_t v;
	char *end;
	int r = 0;

	switch (op) {
	case BL_OP_CAPABILITY:
		r = parse_word(&text, BL_NAMES_CAPABILITY, "capability", 63, &v, err);
		break;
	case BL_OP_SIGNAL:
		r = parse_word(&text, BL_NAMES_SIGNAL, "signal", 64, &v, err);
		break;
	case BL_OP_SETUID:
	case BL_OP_SETGID:
		v = (uint32_t)strtoul(text, &end, 10);
		if (text[0] < '0' || text[0] > '9' || *end)
			return bl_error_set(err, -EINVAL, "'%s' is no number of a user or group", text);
		*from = bl_key_id(n, v);
		return 0;
	default:
		return text[0] ? bl_error_set(err, -EINVAL, "this operation has no object") : 0;
	}
	if (r == 0 && *text)
		r = bl_error_set(err, -EINVAL, "'%s' is one word too many", text);
	if (r == 0)
		bl_key_byte(n, from, (uint8_t)v);
	return r;
}

static int parse_sys(uint32_t op, const char *text, struct bl_name *n, uint32_t *from, struct bl_error *err)
{
	int r = 0;

	if (op == BL_OP_MOUNT)
		r = parse_mount(text, n, from, err);
	else if (op == BL_OP_MODULE && strcmp(text, "memory") == 0)
		bl_key_byte(n, from, BL_OBJ_NAMELESS);
	else if (op == BL_OP_UMOUNT || op == BL_OP_PIVOT || op == BL_OP_MODULE)
		r = parse_path(text, strlen(text), n, from, err);
	else
		r = parse_sys_value(op, text, n, from, err);
	if (r == 0)
		bl_key_byte(n, from, (uint8_t)op);
	return r;
}

/* \\xNN, as bl_text_escape() writes it, back to the byte. Returns the length, or -1: a zero byte, which no name has. */
static int unescape(const char *text, size_t len, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		char hex[3] = "", *end;
		unsigned long v;

		out[n++] = text[i];
		if (text[i] != '\\' || len - i < 4 || text[i + 1] != 'x')
			continue;
		memcpy(hex, text + i + 2, 2);
		v = strtoul(hex, &end, 16);
		if (end != hex + 2)
			continue;
		if (v == 0)
			return -1;
		out[n - 1] = (char)v;
		i += 3;
	}
	out[n] = '\0';
	return (int)n;
}

/* Objects of code that have no name. */
static uint8_t parse_code(const char *text, size_t len)
{
	if (len == 0 || (len == 5 && memcmp(text, "memfd", 5) == 0))
		return BL_CODE_MEMFD;
	return len == 9 && memcmp(text, "anonymous", 9) == 0 ? BL_CODE_ANONYMOUS : 0;
}

int object_parse(uint32_t op, const char *text, size_t len, struct bl_name *n, uint32_t *ret_kind, uint32_t *ret_from,
		 uint8_t *ret_code, struct bl_error *err)
{
	uint64_t bit = BL_OP_BIT(op);
	char plain[2 * BL_PATH_MAX];

	*ret_from = BL_PATH_MAX;
	*ret_code = 0;
	*ret_kind = BL_KEY_PATH;
	if ((bit & bl_kind_ops(BL_KEY_CODE)) && (*ret_code = parse_code(text, len)) != 0) {
		bl_key_byte(n, ret_from, BL_OBJ_NAMELESS);
		return 0;
	}
	if (memchr(text, '\0', len))
		return bl_error_set(err, -EINVAL, "\"object\" contains a NUL");
	if (bit & bl_kind_ops(BL_KEY_PATH))
		return parse_path(text, len, n, ret_from, err);
	if (len >= sizeof(plain))
		return bl_error_set(err, -EINVAL, "object has %zu bytes, it can have at most %zu", len, sizeof(plain) - 1);
	if (unescape(text, len, plain) < 0)
		return bl_error_set(err, -EINVAL, "\"object\" contains a NUL");
	text = plain;
	if (bit & bl_kind_ops(BL_KEY_NET))
		return parse_net(op, text, n, ret_kind, ret_from, err);
	if (bit & bl_kind_ops(BL_KEY_SOCK)) {
		*ret_kind = BL_KEY_SOCK;
		return parse_sock(text, n, ret_from, err);
	}
	*ret_kind = BL_KEY_SYS;
	return parse_sys(op, text, n, ret_from, err);
}
