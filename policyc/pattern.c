/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Patterns of every kind as expressions over the bytes of their keys. */
#include "pattern.h"

#include <string.h>

#include "glob.h"
#include "banned.h"

/* One byte from lo to hi. */
static struct re *re_range(struct au *a, uint8_t lo, uint8_t hi)
{
	uint8_t bits[32] = {0};

	for (unsigned b = lo; b <= hi; b++)
		bits[b / 8] |= (uint8_t)(1u << (b % 8));
	return re_set(a, bits);
}

/*
 * Numbers are digits from 0 to max, a byte each. Bytes above max do not occur in a key where a digit is meant, so what
 * matches max also matches them: that leaves most states without a case for them.
 */
static struct re *re_digit(struct au *a, uint8_t lo, uint8_t hi, uint8_t max)
{
	return re_range(a, lo, hi == max ? 0xff : hi);
}

static struct re *re_any_digits(struct au *a, size_t n)
{
	struct re *x = re_empty(a);

	for (size_t i = 0; i < n; i++)
		x = re_cat(a, x, re_range(a, 0, 0xff));
	return x;
}

static bool digits_are(const uint8_t *digits, uint8_t value, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (digits[i] != value)
			return false;
	}
	return true;
}

static struct re *re_either(struct au *a, struct re *x, struct re *y)
{
	return x ? re_alt(a, x, y) : y;
}

#define DIGITS 4 /* of the longest number */

/* Numbers of n digits, most significant first, from lo to hi: the first digit alone decides between its bounds. */
static struct re *re_number(struct au *a, const uint8_t *lo, const uint8_t *hi, uint8_t max, size_t n)
{
	const uint8_t zeros[DIGITS] = {0}, ends[DIGITS] = {max, max, max, max};
	unsigned from, to;
	struct re *x = NULL;

	if (n == 0)
		return re_empty(a);
	from = lo[0];
	to = hi[0] + 1u;
	if (lo[0] == hi[0])
		return re_cat(a, re_digit(a, lo[0], lo[0], max), re_number(a, lo + 1, hi + 1, max, n - 1));
	if (!digits_are(lo + 1, 0, n - 1)) {
		x = re_cat(a, re_digit(a, lo[0], lo[0], max), re_number(a, lo + 1, ends, max, n - 1));
		from++;
	}
	if (!digits_are(hi + 1, max, n - 1)) {
		struct re *y = re_number(a, zeros, hi + 1, max, n - 1);

		x = re_either(a, x, re_cat(a, re_digit(a, hi[0], hi[0], max), y));
		to--;
	}
	if (from == to)
		return x;
	return re_either(a, x, re_cat(a, re_digit(a, (uint8_t)from, (uint8_t)(to - 1), max), re_any_digits(a, n - 1)));
}

static struct re *re_id(struct au *a, uint32_t lo, uint32_t hi)
{
	uint8_t l[4], h[4];

	for (unsigned i = 0; i < 4; i++) {
		l[i] = (uint8_t)(lo >> (24 - 8 * i));
		h[i] = (uint8_t)(hi >> (24 - 8 * i));
	}
	return re_number(a, l, h, 0xff, 4);
}

static struct re *re_anything(struct au *a)
{
	return re_star(a, re_range(a, 0, 0xff));
}

static struct re *re_cgroup(struct au *a, const struct ir_pattern *p)
{
	if (!p->and_below)
		return glob_to_re(a, p->glob);
	if (strcmp(p->glob, "/") == 0)
		return re_cat(a, re_lit(a, "/", 1), re_anything(a));
	return re_cat(a, glob_to_re(a, p->glob), re_opt(a, re_cat(a, re_lit(a, "/", 1), re_anything(a))));
}

/* ---- addresses and ports: every byte as two halves, see bl_key_net() ---- */

/* The address alone, without its family. */
static struct re *re_addr(struct au *a, const struct ir_addr *n)
{
	unsigned halves = n->family == BL_FAM_INET ? 8 : 32, known = n->prefix / 4, more = n->prefix % 4;
	uint8_t digits[32], free = (uint8_t)(15u >> more), half;
	struct re *x;

	for (unsigned i = 0; i < halves; i++)
		digits[i] = i % 2 == 0 ? n->addr[i / 2] >> 4 : n->addr[i / 2] & 15;
	x = re_lit(a, digits, known);
	if (more != 0) {
		half = digits[known++];
		x = re_cat(a, x, re_digit(a, half, half | free, 15));
	}
	return re_cat(a, x, re_any_digits(a, halves - known));
}

static struct re *re_ports(struct au *a, uint16_t from, uint16_t to)
{
	uint8_t lo[DIGITS], hi[DIGITS];

	for (unsigned i = 0; i < DIGITS; i++) {
		lo[i] = from >> (12 - 4 * i) & 15;
		hi[i] = to >> (12 - 4 * i) & 15;
	}
	return re_number(a, lo, hi, 15, DIGITS);
}

/* Both ends are of one family. */
static struct re *re_net_family(struct au *a, const struct ir_net *n, uint8_t family)
{
	struct ir_addr any = {.family = family};
	struct re *x = re_cat(a, re_lit(a, &family, 1), re_addr(a, n->at.family == 0 ? &any : &n->at));

	x = re_cat(a, x, n->any_port ? re_opt(a, re_any_digits(a, 4)) : re_ports(a, n->port_lo, n->port_hi));
	return n->accept ? re_cat(a, x, re_addr(a, n->peer.family == 0 ? &any : &n->peer)) : x;
}

static struct re *re_net(struct au *a, const struct ir_net *n)
{
	struct re *proto = n->proto == 0 ? re_range(a, 0, 0xff) : re_lit(a, &n->proto, 1), *x = NULL;
	static const uint8_t families[] = {BL_FAM_INET, BL_FAM_INET6};

	for (size_t i = 0; i < 2; i++) {
		uint8_t f = families[i];

		if ((n->at.family != 0 && n->at.family != f) || (n->peer.family != 0 && n->peer.family != f))
			continue;
		x = x ? re_alt(a, x, re_net_family(a, n, f)) : re_net_family(a, n, f);
	}
	return x ? re_cat(a, proto, x) : NULL;
}

/* A number of n bytes, -1: any. */
static struct re *re_exactly(struct au *a, int32_t value, size_t n)
{
	const uint8_t be[2] = {(uint8_t)(value >> 8), (uint8_t)value};

	return value < 0 ? re_any_digits(a, n) : re_lit(a, be + 2 - n, n);
}

static struct re *re_sock(struct au *a, const struct ir_sock *s)
{
	return re_cat(a, re_cat(a, re_exactly(a, s->family, 2), re_exactly(a, s->type, 1)), re_exactly(a, s->protocol, 2));
}

/* NULL: any bytes without 0. */
static struct re *re_mount_part(struct au *a, const char *glob)
{
	return glob ? glob_to_re(a, glob) : re_star(a, re_range(a, 1, 0xff));
}

static struct re *re_sys(struct au *a, const struct ir_pattern *p)
{
	struct re *x = re_lit(a, &p->op, 1), *y;
	const uint8_t zero = 0, nameless = BL_OBJ_NAMELESS;

	switch (p->op) {
	case BL_OP_CAPABILITY:
	case BL_OP_SIGNAL:
		return re_cat(a, x, re_range(a, (uint8_t)p->lo, (uint8_t)p->hi));
	case BL_OP_SETUID:
	case BL_OP_SETGID:
		return re_cat(a, x, re_id(a, p->lo, p->hi));
	case BL_OP_MOUNT:
		x = re_cat(a, re_cat(a, x, re_mount_part(a, p->fstype)), re_lit(a, &zero, 1));
		x = re_cat(a, re_cat(a, x, re_mount_part(a, p->source)), re_lit(a, &zero, 1));
		return re_cat(a, x, re_mount_part(a, p->glob));
	default:
		y = glob_to_re(a, p->glob);
		return re_cat(a, x, p->nameless ? re_alt(a, y, re_lit(a, &nameless, 1)) : y);
	}
}

static struct re *re_code(struct au *a, const struct ir_pattern *p)
{
	struct re *x = re_lit(a, &p->code, 1);

	return p->code == BL_CODE_FSTYPE ? re_cat(a, x, glob_to_re(a, p->glob)) : x;
}

static struct re *re_one_byte(struct au *a, const struct ir_pattern *p)
{
	return re_range(a, (uint8_t)p->lo, (uint8_t)p->hi);
}

struct re *pattern_to_re(struct au *a, const struct ir_pattern *p)
{
	if (p->any)
		return re_anything(a);
	switch (p->kind) {
	case BL_KEY_USER:
	case BL_KEY_GROUP:
	case BL_KEY_LOGIN:
		return re_id(a, p->lo, p->hi);
	case BL_KEY_CAPABILITY:
		return re_one_byte(a, p);
	case BL_KEY_CGROUP:
		return re_cgroup(a, p);
	case BL_KEY_NET:
		return re_net(a, &p->net);
	case BL_KEY_SOCK:
		return re_sock(a, &p->sock);
	case BL_KEY_SYS:
		return re_sys(a, p);
	case BL_KEY_CODE:
		return re_code(a, p);
	default:
		return glob_to_re(a, p->glob);
	}
}
