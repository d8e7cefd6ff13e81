// SPDX-License-Identifier: GPL-2.0-or-later
/* Runs the decision core on an image for one request. */
#include "simulate.h"
#include "plat_host.h"
#include "decide.h"
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "banned.h"

/* Puts a string at the end of the buffer, as the kernel side's walk does. */
static uint32_t put_name(struct bl_name *n, const void *s, size_t len)
{
	memcpy(n->buf + BL_PATH_MAX - len, s, len);
	return (uint32_t)(BL_PATH_MAX - len);
}

static int check_path(const char *what, const char *s, size_t len, struct bl_error *err)
{
	if (len == 0 || s[0] != '/')
		return bl_error_set(err, -EINVAL, "%s '%.*s' is not a full path: it has to begin with '/'", what, (int)len, s);
	if (len >= BL_PATH_MAX)
		return bl_error_set(err, -EINVAL, "%s has %zu bytes, a name at most %u", what, len, BL_PATH_MAX - 1);
	return 0;
}

static int build_label(const struct bl_image *img, const struct sim_request *q, struct bl_name *n, struct bl_label *l,
		       struct bl_error *err)
{
	const struct bl_tables *t = img->tables;
	uint32_t from;
	int r;

	memset(l, 0, sizeof(*l));
	for (size_t i = 0; i + 1 < q->nexes; i++) {
		r = check_path("program", q->exes[i], strlen(q->exes[i]), err);
		if (r < 0)
			return r;
		from = put_name(n, q->exes[i], strlen(q->exes[i]));
		bl_label_inherit(t, l, n, from);
	}
	l->flags &= BL_LF_LOST;
	l->flags |= (q->untrusted ? BL_LF_UNTRUSTED : 0) | (q->nexes == 0 ? BL_LF_NAMELESS | BL_LF_UNTRUSTED : 0);
	bl_label_begin(t, l);
	if (q->nexes > 0) {
		const char *exe = q->exes[q->nexes - 1];

		r = check_path("program", exe, strlen(exe), err);
		if (r < 0)
			return r;
		bl_label_key(t, l, n, put_name(n, exe, strlen(exe)), BL_KEY_EXE);
	}
	bl_label_key(t, l, n, bl_key_id(n, q->euid), BL_KEY_USER);
	r = check_path("cgroup", q->cgroup, strlen(q->cgroup), err);
	if (r < 0)
		return r;
	bl_label_key(t, l, n, put_name(n, q->cgroup, strlen(q->cgroup)), BL_KEY_CGROUP);
	bl_label_finish(t, l);
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

int sim_endpoint(const char *text, struct bl_endpoint *ret, struct bl_error *err)
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

static int put_object(const struct sim_request *q, struct bl_name *n, uint32_t *ret_kind, uint32_t *ret_from,
		      struct bl_error *err)
{
	struct bl_endpoint e;
	int r;

	if (q->op >= BL_OP_SOCKET) {
		r = sim_endpoint(q->object, &e, err);
		if (r < 0)
			return r;
		bl_endpoint_canonical(&e);
		*ret_from = bl_key_net(n, &e);
		*ret_kind = BL_KEY_NET;
		return 0;
	}
	*ret_kind = BL_KEY_PATH;
	if (q->object_len == 0 && q->op != BL_OP_EXEC)
		return bl_error_set(err, -EINVAL, "an object without a name is asked about for exec only");
	if (q->object_len == 0) {
		*ret_from = BL_PATH_MAX;
		bl_key_byte(n, ret_from, BL_OBJ_NAMELESS);
		return 0;
	}
	r = check_path("object", q->object, q->object_len, err);
	if (r == 0)
		*ret_from = put_name(n, q->object, q->object_len);
	return r;
}

int sim_ask(const struct bl_image *img, const struct sim_request *q, struct sim_answer *ret, struct bl_error *err)
{
	uint32_t from = BL_PATH_MAX;
	struct bl_name n;
	int r;

	memset(ret, 0, sizeof(*ret));
	r = build_label(img, q, &n, &ret->label, err);
	if (r == 0)
		r = put_object(q, &n, &ret->kind, &from, err);
	if (r < 0)
		return r;
	ret->key_len = BL_PATH_MAX - from;
	memcpy(ret->key, n.buf + from, ret->key_len);
	ret->acc = bl_accept(img->tables, bl_run(img->tables, &n, from, img->tables->start[ret->kind]));
	bl_result_init(&ret->result);
	bl_decide(img->tables, &ret->label, ret->acc, q->op, &ret->result);
	return 0;
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

uint32_t sim_considered(const struct bl_image *img, const struct sim_answer *a, uint32_t op, uint32_t p, uint32_t i, bool *ret_holds)
{
	const struct bl_tables *t = img->tables;
	uint64_t two = a->acc ? bl_word(t, (uint64_t)a->acc + BL_OP_SLOT(op) / 2) : 0;
	uint32_t list = op & 1 ? (uint32_t)(two >> 32) : (uint32_t)two;
	uint32_t n = list ? (uint32_t)bl_word(t, list) : 0;

	for (uint32_t k = 0; k < n; k++) {
		uint64_t e = bl_word(t, (uint64_t)list + 1 + k);

		if (BL_ENT_PROFILE(e) != p || i-- > 0)
			continue;
		*ret_holds = bl_entry_holds(&a->label, e);
		return BL_ENT_RULE(e);
	}
	return UINT32_MAX;
}
