// SPDX-License-Identifier: GPL-2.0-or-later
/* Lays out accept records and the lists they point to, each distinct one once. */
#include "accept.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "banned.h"

int words_init(struct words *w, size_t zeroed)
{
	memset(w, 0, sizeof(*w));
	w->cap = zeroed + 4096;
	w->nindex = 1024;
	w->v = calloc(w->cap, sizeof(*w->v));
	w->index = calloc(w->nindex, sizeof(*w->index));
	w->lengths = calloc(w->nindex, sizeof(*w->lengths));
	w->n = zeroed;
	return w->v && w->index && w->lengths ? 0 : -ENOMEM;
}

void words_free(struct words *w)
{
	free(w->v);
	free(w->index);
	free(w->lengths);
	memset(w, 0, sizeof(*w));
}

int words_add(struct words *w, const uint64_t *v, size_t n)
{
	if (w->n + n > w->cap) {
		size_t cap = (w->n + n) * 2;
		uint64_t *more = realloc(w->v, cap * sizeof(*more));

		if (!more)
			return -ENOMEM;
		w->v = more;
		w->cap = cap;
	}
	memcpy(w->v + w->n, v, n * sizeof(*v));
	w->n += n;
	return 0;
}

static size_t hash_words(const uint64_t *v, size_t n)
{
	uint64_t h = 0xcbf29ce484222325ULL;

	for (size_t i = 0; i < n; i++)
		h = (h ^ v[i] ^ (v[i] >> 29)) * 0x9e3779b97f4a7c15ULL;
	return h ^ (h >> 32);
}

static size_t find_slot(const struct words *w, const uint64_t *v, size_t n)
{
	size_t i = hash_words(v, n) & (w->nindex - 1);

	while (w->index[i] != 0 &&
	       (w->lengths[i] != n || memcmp(w->v + w->index[i], v, n * sizeof(*v)) != 0))
		i = (i + 1) & (w->nindex - 1);
	return i;
}

static int grow_index(struct words *w)
{
	struct words big = *w;

	big.nindex = w->nindex * 2;
	big.index = calloc(big.nindex, sizeof(*big.index));
	big.lengths = calloc(big.nindex, sizeof(*big.lengths));
	if (!big.index || !big.lengths) {
		free(big.index);
		free(big.lengths);
		return -ENOMEM;
	}
	for (size_t i = 0; i < w->nindex; i++) {
		size_t at;

		if (w->index[i] == 0)
			continue;
		at = find_slot(&big, w->v + w->index[i], w->lengths[i]);
		big.index[at] = w->index[i];
		big.lengths[at] = w->lengths[i];
	}
	free(w->index);
	free(w->lengths);
	*w = big;
	return 0;
}

int words_intern(struct words *w, const uint64_t *v, size_t n, uint32_t *ret_off)
{
	size_t at;
	int r;

	if (w->used * 2 >= w->nindex && (r = grow_index(w)) < 0)
		return r;
	at = find_slot(w, v, n);
	if (w->index[at] == 0) {
		uint32_t off = (uint32_t)w->n;

		r = words_add(w, v, n);
		if (r < 0)
			return r;
		w->index[at] = off;
		w->lengths[at] = (uint32_t)n;
		w->used++;
	}
	*ret_off = w->index[at];
	return 0;
}

/* Next owner that these patterns match, from *at on: some pattern of it and none of its exceptions. False: no more. */
static bool next_owner(const struct owner *owners, const uint32_t *patterns, size_t n, size_t *at, uint32_t *ret)
{
	while (*at < n) {
		const struct owner *first = &owners[patterns[*at]];
		bool matches = false, excepted = false;

		while (*at < n && owners[patterns[*at]].index == first->index &&
		       owners[patterns[*at]].atom == first->atom) {
			if (owners[patterns[*at]].except)
				excepted = true;
			else
				matches = true;
			(*at)++;
		}
		if (matches && !excepted) {
			*ret = first->index;
			return true;
		}
	}
	return false;
}

static int too_long(struct tables_error *err, const struct ir_rule *r, const char *what, unsigned int limit)
{
	err->loc = r->loc;
	err->id = "E-too-many-rules";
	bl_error_set(&err->msg, 0, "more than %u %s match the same name for the same operation, this one among them", limit,
		     what);
	return -E2BIG;
}

/* The list for one operation: of each profile the matching rules up to the first without a condition. */
static int op_list(struct words *w, const struct ir *ir, const uint32_t *rules, size_t n, unsigned int op, uint32_t *ret_off,
		   struct tables_error *err)
{
	uint64_t list[1 + BL_MAX_LIST];
	uint32_t len = 0, chain = 0, profile = UINT32_MAX;
	bool closed = false;

	for (size_t i = 0; i < n; i++) {
		const struct ir_rule *r = &ir->rules[rules[i]];

		if (!(r->ops & BL_OP_BIT(op)))
			continue;
		if (r->profile != profile) {
			profile = r->profile;
			closed = false;
			chain = 0;
		}
		if (closed)
			continue;
		if (++chain > BL_MAX_CHAIN)
			return too_long(err, r, "rules with conditions of one profile", BL_MAX_CHAIN);
		if (++len > BL_MAX_LIST)
			return too_long(err, r, "rules", BL_MAX_LIST);
		list[len] = BL_ENT(r->profile, 0, r->cond_if, r->cond_unless, r->verdict, rules[i]);
		closed = r->cond_if == BL_COND_NONE && r->cond_unless == BL_COND_NONE;
	}
	*ret_off = 0;
	if (len == 0)
		return 0;
	list[0] = len;
	return words_intern(w, list, 1 + len, ret_off);
}

static int object_record(struct words *w, const struct ir *ir, const uint32_t *rules, size_t n, unsigned int kind,
			 uint32_t *ret_off, struct tables_error *err)
{
	unsigned int lo = kind == BL_KEY_NET ? BL_OP_SOCKET : BL_OP_READ;
	unsigned int hi = kind == BL_KEY_NET ? BL_OP_ACCEPT : BL_OP_MAP;
	uint64_t rec[BL_OP_SLOTS / 2] = { 0 };
	bool any = false;

	for (unsigned int op = lo; op <= hi; op++) {
		uint32_t off;
		int r = op_list(w, ir, rules, n, op, &off, err);

		if (r < 0)
			return r;
		rec[BL_OP_SLOT(op) / 2] |= (uint64_t)off << (op & 1 ? 32 : 0);
		any |= off != 0;
	}
	*ret_off = 0;
	return any ? words_intern(w, rec, BL_OP_SLOTS / 2, ret_off) : 0;
}

static int subject_record(struct words *w, const uint32_t *atoms, size_t n, uint32_t *ret_off, struct tables_error *err)
{
	uint64_t rec[1 + BL_MAX_ACC_ATOMS];

	if (n > BL_MAX_ACC_ATOMS) {
		err->id = "E-too-many-terms";
		bl_error_set(&err->msg, 0, "more than %u subject terms hold for the same name", BL_MAX_ACC_ATOMS);
		return -E2BIG;
	}
	rec[0] = n;
	for (size_t i = 0; i < n; i++)
		rec[1 + i] = atoms[i];
	return words_intern(w, rec, 1 + n, ret_off);
}

int accept_record(struct words *w, const struct ir *ir, const struct owner *owners, unsigned int kind, const uint32_t *patterns,
		  size_t n, uint32_t *ret_off, struct tables_error *err)
{
	uint32_t *ids = malloc((n ? n : 1) * sizeof(*ids));
	size_t at = 0, nids = 0;
	int r;

	*ret_off = 0;
	if (!ids)
		return -ENOMEM;
	while (next_owner(owners, patterns, n, &at, &ids[nids]))
		nids++;
	if (nids == 0)
		r = 0;
	else if (kind == BL_KEY_PATH || kind == BL_KEY_NET || kind == BL_KEY_SYS)
		r = object_record(w, ir, ids, nids, kind, ret_off, err);
	else
		r = subject_record(w, ids, nids, ret_off, err);
	free(ids);
	return r;
}
