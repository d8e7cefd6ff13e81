/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decimal numbers, strictly. */
#include "num.h"

#include <errno.h>
#include <string.h>

#include "arena.h"
#include "banned.h"

#define SHOWN_MAX 40

static int num_bad(struct word_error *err, const char *id, const char *text, const char *help)
{
	*err = (struct word_error){.id = id, .text = text, .help = help};
	return -EINVAL;
}

int num_parse(struct arena *a, const char *text, size_t n, const char *what, uint32_t lo, uint32_t hi, uint32_t *ret,
	      struct word_error *err)
{
	int shown = n > SHOWN_MAX ? SHOWN_MAX : (int)n;
	size_t zeros = 0;
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++) {
		if (text[i] < '0' || text[i] > '9')
			n = 0;
	}
	if (n == 0)
		return num_bad(err, "E-number", arena_printf(a, "%s '%.*s' is not a number", what, shown, text),
			       arena_printf(a, "a %s is a decimal number from %u to %u", what, lo, hi));
	while (zeros + 1 < n && text[zeros] == '0')
		zeros++;
	if (zeros != 0)
		return num_bad(err, "E-number",
			       arena_printf(a,
					    "%s '%.*s' begins with a zero, which means base eight in other languages",
					    what, shown, text),
			       arena_printf(a, "write %.*s", n - zeros > SHOWN_MAX ? SHOWN_MAX : (int)(n - zeros),
					    text + zeros));
	for (size_t i = 0; i < n && v <= UINT32_MAX; i++)
		v = v * 10 + (uint64_t)(text[i] - '0');
	if (v < lo || v > hi)
		return num_bad(err, "E-range", arena_printf(a, "%s %.*s is out of range", what, shown, text),
			       arena_printf(a, "the range is %u to %u", lo, hi));
	*ret = (uint32_t)v;
	return 0;
}

int num_parse_range(struct arena *a, const char *text, const char *what, uint32_t lo, uint32_t hi, uint32_t *ret_lo,
		    uint32_t *ret_hi, struct word_error *err)
{
	const char *dash = strchr(text, '-');
	size_t n = dash ? (size_t)(dash - text) : strlen(text);
	uint32_t first, last;
	int r;

	r = num_parse(a, text, n, what, lo, hi, &first, err);
	last = first;
	if (r == 0 && dash)
		r = num_parse(a, dash + 1, strlen(dash + 1), what, lo, hi, &last, err);
	if (r < 0)
		return r;
	if (first > last)
		return num_bad(err, "E-range", arena_printf(a, "the range %u-%u is the wrong way round", first, last),
			       arena_printf(a, "write %u-%u", last, first));
	*ret_lo = first;
	*ret_hi = last;
	return 0;
}
