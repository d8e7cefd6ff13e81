/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Accept sets: which patterns match together, each such set once. */
#include "automaton.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "au_priv.h"

static int compare_u32(const void *x, const void *y)
{
	uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;

	return (a > b) - (a < b);
}

size_t au_sort_unique(uint32_t *v, size_t n)
{
	size_t k = 0;

	if (n > 1)
		qsort(v, n, sizeof(*v), compare_u32);
	for (size_t i = 0; i < n; i++) {
		if (k == 0 || v[k - 1] != v[i])
			v[k++] = v[i];
	}
	return k;
}

static uint64_t accept_hash(uint32_t kind, const uint32_t *pats, size_t n)
{
	uint64_t h = kind;

	for (size_t i = 0; i < n; i++)
		h = au_mix(h ^ pats[i]);
	return h;
}

static int accept_rehash(struct au *a)
{
	uint32_t mask = a->acc_tab ? 2 * a->acc_mask + 1 : 255;
	uint32_t *tab = au_zalloc(a, ((size_t)mask + 1) * sizeof(*tab));

	if (!tab)
		return a->err;
	for (size_t i = 0; i < a->nacc; i++) {
		const struct au_accept *s = &a->acc[i];
		uint32_t h = accept_hash(s->kind, a->acc_patterns + s->first, s->n) & mask;

		while (tab[h] != 0)
			h = (h + 1) & mask;
		tab[h] = i + 1;
	}
	au_release(a, a->acc_tab);
	a->acc_tab = tab;
	a->acc_mask = mask;
	return 0;
}

static int accept_append(struct au *a, uint32_t kind, const uint32_t *pats, size_t n)
{
	int r = au_grow(a, (void **)&a->acc, &a->acc_cap, a->nacc + 1, sizeof(*a->acc));

	if (r == 0)
		r = au_grow(a, (void **)&a->acc_patterns, &a->acc_patterns_cap, a->nacc_patterns + n,
			    sizeof(*a->acc_patterns));
	if (r < 0)
		return r;
	a->acc[a->nacc++] = (struct au_accept){.kind = kind, .first = a->nacc_patterns, .n = n};
	memcpy(a->acc_patterns + a->nacc_patterns, pats, n * sizeof(*pats));
	a->nacc_patterns += n;
	return 0;
}

int au_accept_intern(struct au *a, uint32_t kind, const uint32_t *pats, size_t n, uint32_t *ret)
{
	uint32_t h;
	int r;

	if (a->nacc * 2 >= a->acc_mask && (r = accept_rehash(a)) < 0)
		return r;
	h = accept_hash(kind, pats, n) & a->acc_mask;
	for (; a->acc_tab[h] != 0; h = (h + 1) & a->acc_mask) {
		const struct au_accept *s = &a->acc[a->acc_tab[h] - 1];

		if (s->kind == kind && s->n == n && memcmp(a->acc_patterns + s->first, pats, n * sizeof(*pats)) == 0)
			break;
	}
	if (a->acc_tab[h] == 0) {
		r = accept_append(a, kind, pats, n);
		if (r < 0)
			return r;
		a->acc_tab[h] = a->nacc;
	}
	*ret = a->acc_tab[h];
	return 0;
}
