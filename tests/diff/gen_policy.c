// SPDX-License-Identifier: GPL-2.0-or-later
/* Writes random policies. */
#include "gen_policy.h"

#include <arpa/inet.h>
#include <stddef.h>

#include "buf.h"

#include "banned.h"

#define SETS 3 /* $p0 to $p2 are paths, $n0 to $n2 addresses; the last of each has exceptions */

static const char *const words[] = {"a", "b", "ab", "etc", "usr", "bin", "x1", "x2", "lib", "srv"};
static const char *const globs[] = {
	"*",	   "?",	   "a*",	 "*b",	"x[12]",  "[!a]*", "{a,b}", "x{1,2,}", "*[ab]?", "e?c", "{usr,srv,lib}",
	"[a-e]?*", "*b*c", "{a,{b,x?}}", "\\*", "us[!q]", "?b"};

/* ---- values ---- */

static void add_long_component(struct rnd *r, struct bl_buf *b)
{
	uint32_t n = 100 + rnd_below(r, 155);

	for (uint32_t i = 0; i < n; i++)
		bl_buf_char(b, 'n');
}

static void add_component(struct rnd *r, struct bl_buf *b)
{
	uint32_t what = rnd_below(r, 1000);

	if (what < 8)
		add_long_component(r, b);
	else if (what < 600)
		bl_buf_str(b, RND_PICK(r, words));
	else if (what < 910)
		bl_buf_str(b, RND_PICK(r, globs));
	else
		bl_buf_str(b, "**");
}

void gen_path(struct rnd *r, struct bl_buf *b)
{
	uint32_t n = 1 + rnd_below(r, 5);

	if (rnd_percent(r, 1)) {
		bl_buf_str(b, "/");
		return;
	}
	if (rnd_below(r, 400) == 0)
		n = 15;
	for (uint32_t i = 0; i < n; i++) {
		bl_buf_char(b, '/');
		if (n == 15)
			add_long_component(r, b);
		else
			add_component(r, b);
	}
}

/* The bits after the prefix are cleared, as the compiler wants it. */
static void add_net_bytes(struct bl_buf *b, int af, const uint8_t *addr, unsigned prefix)
{
	uint8_t net[16] = {0};
	char text[INET6_ADDRSTRLEN];

	for (unsigned i = 0; i < prefix; i++)
		net[i / 8] |= addr[i / 8] & (uint8_t)(0x80u >> (i % 8));
	bl_buf_printf(b, "%s/%u", inet_ntop(af, net, text, sizeof(text)), prefix);
}

static void add_net4(struct rnd *r, struct bl_buf *b)
{
	static const uint8_t addrs[][4] = {
		{10, 1, 2, 3}, {10, 1, 2, 200}, {127, 0, 0, 1}, {192, 168, 1, 77}, {10, 128, 0, 0}};
	static const unsigned prefixes[] = {0, 1, 7, 8, 9, 15, 16, 23, 24, 25, 31, 32};

	add_net_bytes(b, AF_INET, addrs[rnd_below(r, 5)], RND_PICK(r, prefixes));
}

static void add_net6(struct rnd *r, struct bl_buf *b)
{
	static const uint8_t addrs[][16] = {
		{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 1, [15] = 5},
		{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0x80, 1, [15] = 0x85},
		{[15] = 1},
		{0xfe, 0x80, [15] = 1},
	};
	static const unsigned prefixes[] = {0, 3, 10, 32, 48, 49, 63, 64, 65, 112, 121, 127, 128};
	const uint8_t *addr = addrs[rnd_below(r, 4)];
	unsigned prefix = RND_PICK(r, prefixes);

	add_net_bytes(b, AF_INET6, addr, prefix);
}

static void add_addr(struct rnd *r, struct bl_buf *b)
{
	if (rnd_percent(r, 60))
		add_net4(r, b);
	else
		add_net6(r, b);
}

/* Ranges around the same few numbers: nested, touching, overlapping. */
static void add_range(struct rnd *r, struct bl_buf *b, const uint32_t *at, uint32_t n, uint32_t max)
{
	uint32_t lo = at[rnd_below(r, n)], hi = at[rnd_below(r, n)];

	lo += lo < max && rnd_percent(r, 20);
	if (lo > hi || rnd_percent(r, 40))
		hi = lo;
	if (lo == hi)
		bl_buf_printf(b, "%u", lo);
	else
		bl_buf_printf(b, "%u-%u", lo, hi);
}

static void add_user(struct rnd *r, struct bl_buf *b)
{
	static const uint32_t at[] = {0, 1, 33, 255, 256, 1000, 1999, 65534, 65536, 16777215, 4294967294u};

	if (rnd_percent(r, 5))
		bl_buf_str(b, "root");
	else
		add_range(r, b, at, sizeof(at) / sizeof(at[0]), 4294967294u);
}

static void add_port(struct rnd *r, struct bl_buf *b)
{
	static const uint32_t at[] = {0, 1, 22, 80, 255, 256, 443, 1023, 1024, 5432, 8080, 32768, 65280, 65535};

	add_range(r, b, at, sizeof(at) / sizeof(at[0]), 65535);
}

typedef void add_fn(struct rnd *r, struct bl_buf *b);

static void add_list(struct rnd *r, struct bl_buf *b, add_fn *one, uint32_t max)
{
	uint32_t n = 1 + rnd_below(r, max);

	for (uint32_t i = 0; i < n; i++) {
		bl_buf_str(b, i == 0 ? " " : ", ");
		one(r, b);
	}
}

/* A list, sometimes with a set in it or with exceptions. */
static void add_values(struct rnd *r, struct bl_buf *b, add_fn *one, char set)
{
	if (set && rnd_percent(r, 4)) {
		bl_buf_printf(b, " $%c%d", set, SETS - 1);
		return;
	}
	add_list(r, b, one, 3);
	if (set && rnd_percent(r, 8))
		bl_buf_printf(b, ", $%c%u%s", set, rnd_below(r, SETS - 1),
			      set == 'p' && rnd_percent(r, 30) ? "/x1" : "");
	if (rnd_percent(r, 20)) {
		bl_buf_str(b, " except");
		add_list(r, b, one, 2);
	}
}

static void add_sets(struct rnd *r, struct bl_buf *b)
{
	for (int i = 0; i < SETS; i++) {
		bl_buf_printf(b, "set p%d =", i);
		add_list(r, b, gen_path, 3);
		if (i == SETS - 1) {
			bl_buf_str(b, " except");
			add_list(r, b, gen_path, 2);
		}
		bl_buf_printf(b, ";\nset n%d =", i);
		add_list(r, b, add_addr, 3);
		if (i == SETS - 1) {
			bl_buf_str(b, " except");
			add_list(r, b, add_addr, 2);
		}
		bl_buf_str(b, ";\n");
	}
}

/* ---- who ---- */

static void add_term(struct rnd *r, struct bl_buf *b)
{
	uint32_t what = rnd_below(r, 100);

	if (what < 50) {
		bl_buf_str(b, "exe");
		add_values(r, b, gen_path, 'p');
	} else if (what < 70) {
		bl_buf_str(b, "user");
		add_values(r, b, add_user, 0);
	} else if (what < 85) {
		bl_buf_str(b, "cgroup");
		add_values(r, b, gen_path, 'p');
	} else if (what < 92) {
		bl_buf_str(b, "any");
	} else {
		bl_buf_str(b, "any except exe");
		add_list(r, b, gen_path, 3);
	}
}

static void add_terms(struct rnd *r, struct bl_buf *b)
{
	uint32_t more = rnd_below(r, 4);

	add_term(r, b);
	for (uint32_t i = 2; i <= more; i++) {
		bl_buf_str(b, " and ");
		add_term(r, b);
	}
}

static void add_subjects(struct rnd *r, struct bl_buf *b)
{
	uint32_t n = 1 + rnd_below(r, 3);

	if (rnd_percent(r, 2)) {
		bl_buf_str(b, "\tsubject none;\n");
		return;
	}
	for (uint32_t i = 0; i < n; i++) {
		bl_buf_str(b, "\tsubject ");
		add_terms(r, b);
		bl_buf_str(b, ";\n");
	}
}

/* ---- what ---- */

static void add_action(struct rnd *r, struct bl_buf *b)
{
	uint32_t what = rnd_below(r, 100);

	bl_buf_str(b, what < 30 ? "allow" : what < 65 ? "deny" : what < 82 ? "kill" : "log");
}

/* Some of the operations of files, or all that there are. */
static void add_ops(struct rnd *r, struct bl_buf *b, bool net)
{
	static const char *const ops[] = {"read", "write", "create", "exec", "connect"};
	uint32_t mask = 1 + rnd_below(r, net ? 31 : 15), n = 0;

	for (uint32_t i = 0; i < 5; i++) {
		if (mask >> i & 1)
			bl_buf_printf(b, "%s %s", n++ ? "," : "", ops[i]);
	}
}

static void add_conditions(struct rnd *r, struct bl_buf *b, uint32_t percent)
{
	while (rnd_percent(r, percent)) {
		bl_buf_str(b, rnd_percent(r, 60) ? " unless " : " if ");
		add_terms(r, b);
	}
}

static void add_net_object(struct rnd *r, struct bl_buf *b)
{
	static const char *const protos[] = {"", "", " tcp", " udp", " tcp, udp"};

	bl_buf_str(b, RND_PICK(r, protos));
	if (rnd_percent(r, 75)) {
		bl_buf_str(b, " to");
		add_values(r, b, add_addr, 'n');
	}
	if (rnd_percent(r, 60)) {
		bl_buf_str(b, " port");
		add_list(r, b, add_port, 3);
	}
}

static void add_rule(struct rnd *r, struct bl_buf *b)
{
	uint32_t what = rnd_below(r, 100);

	bl_buf_char(b, '\t');
	add_action(r, b);
	if (what < 60) {
		add_ops(r, b, false);
		add_values(r, b, gen_path, 'p');
	} else if (what < 92) {
		bl_buf_str(b, " connect");
		add_net_object(r, b);
	} else {
		add_ops(r, b, true);
	}
	add_conditions(r, b, 30);
	if (rnd_percent(r, 5))
		bl_buf_str(b, " message \"m \\\"x\\\"\" tag \"T1\" severity high");
	bl_buf_str(b, ";\n");
}

static void add_defaults(struct rnd *r, struct bl_buf *b)
{
	static const char *const ops[] = {"read", "write", "create", "exec", "connect"};

	if (rnd_percent(r, 50))
		return;
	for (uint32_t i = 0; i < 5; i++) {
		if (rnd_percent(r, 40))
			bl_buf_printf(b, "\tdefault %s %s;\n", rnd_percent(r, 85) ? "deny" : "allow", ops[i]);
	}
}

static void add_head(struct rnd *r, struct bl_buf *b, uint32_t i)
{
	bl_buf_printf(b, "profile q%u {\n", i);
	if (rnd_percent(r, 25))
		bl_buf_printf(b, "\tmode %s;\n", rnd_percent(r, 75) ? "audit" : "enforce");
	if (rnd_percent(r, 15))
		bl_buf_str(b, "\tinherit no;\n");
	if (rnd_percent(r, 20))
		bl_buf_str(b, "\tdescriptors strict;\n");
}

/* ---- shapes ---- */

static void add_mixed(struct rnd *r, struct bl_buf *b)
{
	uint32_t n = 1 + rnd_below(r, 6);

	for (uint32_t i = 0; i < n; i++) {
		uint32_t rules = rnd_below(r, 12);

		add_head(r, b, i);
		add_subjects(r, b);
		for (uint32_t k = 0; k < rules; k++)
			add_rule(r, b);
		add_defaults(r, b);
		bl_buf_str(b, "}\n");
	}
}

/* Few different conditions for many rules about the same names. */
static void add_tall_rules(struct rnd *r, struct bl_buf *b)
{
	for (uint32_t k = 0; k < 4; k++) {
		bl_buf_char(b, '\t');
		add_action(r, b);
		bl_buf_str(b, k % 2 ? " read, write, connect" : " read, exec /usr/**");
		if (k < 3)
			bl_buf_printf(b, " %s user %u", rnd_percent(r, 50) ? "if" : "unless", rnd_below(r, 6));
		bl_buf_str(b, ";\n");
	}
}

static void add_tall(struct rnd *r, struct bl_buf *b)
{
	uint32_t n = rnd_percent(r, 50) ? 256 : 100 + rnd_below(r, 100);

	for (uint32_t i = 0; i < n; i++) {
		add_head(r, b, i);
		bl_buf_printf(b, "\tsubject exe /usr/bin/%u, /a/*%u;\n", i, i % 10);
		add_tall_rules(r, b);
		bl_buf_str(b, "}\n");
	}
}

static void add_crowd(struct rnd *r, struct bl_buf *b)
{
	uint32_t n = 28 + rnd_below(r, 40);

	for (uint32_t i = 0; i < n; i++) {
		add_head(r, b, i);
		bl_buf_printf(b, "\tsubject %s;\n", rnd_percent(r, 80) ? "any" : "user 0-999");
		add_rule(r, b);
		bl_buf_str(b, "}\n");
	}
}

static void add_sticky(struct rnd *r, struct bl_buf *b)
{
	uint32_t n = 24 + rnd_below(r, 36);

	for (uint32_t i = 0; i < n; i++) {
		add_head(r, b, i);
		bl_buf_printf(b, "\tsubject exe /usr/**/%u, /%s/*, /srv/%u-*;\n", i, words[i % 3], i % 7);
		for (uint32_t k = rnd_below(r, 3); k > 0; k--)
			add_rule(r, b);
		bl_buf_str(b, "}\n");
	}
}

/* n rules about names that share only their beginning; they decide how many states the automaton has. */
static void add_literals(struct rnd *r, struct bl_buf *b, uint32_t n, uint32_t digits)
{
	for (uint32_t i = 0; i < n; i++) {
		bl_buf_char(b, '\t');
		add_action(r, b);
		bl_buf_printf(b, " read, exec /usr/%s/", RND_PICK(r, words));
		for (uint32_t k = 0; k < digits; k += 16)
			bl_buf_printf(b, "%016llx", (unsigned long long)rnd_next(r));
		if (i % 100 == 0)
			add_conditions(r, b, 60);
		bl_buf_str(b, ";\n");
	}
}

/* Many rules in the second size class of the tables, few long ones in the third and fourth: states cost time to
 * compile. */
static void add_huge(struct rnd *r, struct bl_buf *b)
{
	static const uint32_t sizes[][2] = {{1500, 16}, {60, 2400}, {150, 3200}, {40, 800}};
	const uint32_t *size = sizes[rnd_below(r, 4)];

	bl_buf_str(b, "profile huge {\n\tsubject any;\n");
	add_literals(r, b, size[0], size[1]);
	bl_buf_str(b, "}\n");
}

/* 34 * 60 * 2 literals and one for the subject: 15 below the limit. */
static void add_lits(struct rnd *r, struct bl_buf *b)
{
	bl_buf_str(b, "profile lits {\n\tsubject any;\n");
	for (uint32_t i = 0; i < 34; i++) {
		bl_buf_char(b, '\t');
		add_action(r, b);
		bl_buf_str(b, " read, exec /etc/*");
		for (uint32_t k = 0; k < 60; k++)
			bl_buf_printf(b, " unless user %u and cgroup /%u", rnd_below(r, 200), rnd_below(r, 150));
		bl_buf_str(b, ";\n");
	}
	bl_buf_str(b, "}\n");
}

enum gen_shape gen_shape(uint32_t i)
{
	switch (i % 40) {
	case 3:
		return GEN_TALL;
	case 7:
	case 27:
		return GEN_CROWD;
	case 11:
	case 31:
		return GEN_STICKY;
	case 17:
		return GEN_HUGE;
	case 23:
		return GEN_LITS;
	default:
		return GEN_MIXED;
	}
}

void gen_policy(struct rnd *r, enum gen_shape shape, struct bl_buf *ret)
{
	static void (*const shapes[])(struct rnd * r, struct bl_buf * b) = {
		[GEN_MIXED] = add_mixed,   [GEN_TALL] = add_tall, [GEN_CROWD] = add_crowd,
		[GEN_STICKY] = add_sticky, [GEN_HUGE] = add_huge, [GEN_LITS] = add_lits,
	};

	add_sets(r, ret);
	shapes[shape](r, ret);
}
