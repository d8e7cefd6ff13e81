/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parses addresses and networks, and refuses those that could never match what bl_endpoint_canonical() makes of an
 * address. */
#include "net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "arena.h"
#include "num.h"
#include "banned.h"

static int net_bad(struct word_error *err, const char *id, const char *text, const char *help)
{
	*err = (struct word_error){.id = id, .text = text, .help = help};
	return -EINVAL;
}

bool net_looks_like_addr(const char *text)
{
	size_t hex = strspn(text, "0123456789abcdefABCDEF.:");

	if (text[hex] != '\0' && text[hex] != '/' && text[hex] != '%' && text[hex] != '-')
		return false;
	return memchr(text, ':', hex) || (text[0] >= '0' && text[0] <= '9');
}

static int net_parse_bytes(struct arena *a, const char *host, struct ir_addr *n, struct word_error *err)
{
	if (inet_pton(AF_INET, host, n->addr) == 1) {
		n->family = BL_FAM_INET;
		return 0;
	}
	if (inet_pton(AF_INET6, host, n->addr) == 1) {
		n->family = BL_FAM_INET6;
		return 0;
	}
	if (strchr(host, '%'))
		return net_bad(err, "E-address", arena_printf(a, "'%.60s' names an interface", host),
			       "write the address without '%' and what follows it");
	if (net_looks_like_addr(host) && strchr(host, '-'))
		return net_bad(err, "E-address", arena_printf(a, "'%.60s' is no address or network", host),
			       "write a range of addresses as networks, for example 10.0.0.0/30");
	for (const char *c = host; strspn(host, "0123456789.") == strlen(host) && *c; c++) {
		if (c[0] == '0' && c[1] >= '0' && c[1] <= '9' && (c == host || c[-1] == '.'))
			return net_bad(err, "E-address",
				       arena_printf(a, "'%.60s' has a number that begins with a zero", host),
				       "write decimal numbers without leading zeros");
	}
	if (net_looks_like_addr(host))
		return net_bad(err, "E-address", arena_printf(a, "'%.60s' is no address or network", host),
			       "write 192.0.2.1, 192.0.2.0/24 or 2001:db8::/32");
	return net_bad(err, "E-address", arena_printf(a, "'%.60s' is no address or network", host),
		       "host names are not looked up: write addresses");
}

static const char *net_show(struct arena *a, const struct ir_addr *n)
{
	char buf[INET6_ADDRSTRLEN];
	int af = n->family == BL_FAM_INET ? AF_INET : AF_INET6;

	return arena_strdup(a, inet_ntop(af, n->addr, buf, sizeof(buf)));
}

/* Clears the bits after the prefix; true if there were any. */
static bool net_mask(struct ir_addr *n, unsigned bits)
{
	bool found = false;

	for (unsigned i = n->prefix; i < bits; i++) {
		uint8_t bit = (uint8_t)(0x80u >> (i % 8));

		found |= (n->addr[i / 8] & bit) != 0;
		n->addr[i / 8] &= (uint8_t)~bit;
	}
	return found;
}

bool net_is_unspecified(const struct ir_addr *n)
{
	static const uint8_t zero[16];
	bool v4 = n->family == BL_FAM_INET;

	return n->prefix == (v4 ? 32 : 128) && memcmp(n->addr, zero, v4 ? 4 : 16) == 0;
}

/* A v4-mapped address is an IPv4 address by the time it is judged. */
static int net_check_mapped(struct arena *a, const struct ir_addr *n, struct word_error *err)
{
	static const uint8_t head[12] = {[10] = 0xff, [11] = 0xff};
	struct ir_addr v4 = {.family = BL_FAM_INET};
	const char *text;

	if (n->family != BL_FAM_INET6 || n->prefix < 96 || memcmp(n->addr, head, sizeof(head)) != 0)
		return 0;
	memcpy(v4.addr, n->addr + 12, 4);
	text = net_show(a, &v4);
	return net_bad(err, "E-address-mapped", "a v4-mapped address is judged as the IPv4 address in it",
		       n->prefix == 128 ? arena_printf(a, "write %s", text)
					: arena_printf(a, "write %s/%u", text, n->prefix - 96u));
}

int net_parse_addr(struct arena *a, const char *text, struct ir_addr *ret, struct word_error *err)
{
	const char *slash = strchr(text, '/');
	const char *host = slash ? arena_strndup(a, text, (size_t)(slash - text)) : text;
	struct ir_addr n = {0};
	uint32_t bits, prefix;
	int r;

	r = net_parse_bytes(a, host, &n, err);
	if (r < 0)
		return r;
	bits = prefix = n.family == BL_FAM_INET ? 32 : 128;
	if (slash && slash[1] == '\0')
		return net_bad(err, "E-address", "a prefix length is missing after '/'",
			       arena_printf(a, "write %s/%u", host, bits));
	if (slash)
		r = num_parse(a, slash + 1, strlen(slash + 1), "prefix length", 0, bits, &prefix, err);
	if (r < 0)
		return r;
	n.prefix = (uint8_t)prefix;
	if (net_mask(&n, bits))
		return net_bad(err, "E-address-host-bits",
			       arena_printf(a, "'%.60s' has bits set after its prefix", text),
			       arena_printf(a, "did you mean %s/%u?", net_show(a, &n), prefix));
	r = net_check_mapped(a, &n, err);
	if (r < 0)
		return r;
	memcpy(ret->addr, n.addr, sizeof(ret->addr));
	ret->family = n.family;
	ret->prefix = n.prefix;
	return 0;
}
