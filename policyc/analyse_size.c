/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walks through every state once. */
#include "analyse_size.h"

#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "plat_host.h"
#include "decide.h"
#include "banned.h"

struct take {
	const struct bl_tables *t;
	struct sizes *s;
	uint32_t *queue, n;
	uint8_t *seen; /* by word: state, list or record */
};

static void take_list(struct take *k, uint32_t off)
{
	uint32_t n = off ? (uint32_t)bl_word(k->t, off) : 0, chain = 0, profile = UINT32_MAX;

	if (n == 0 || k->seen[off])
		return;
	k->seen[off] = 1;
	if (n > k->s->list)
		k->s->list = n;
	for (uint32_t i = 1; i <= n; i++) {
		uint32_t p = BL_ENT_PROFILE(bl_word(k->t, (uint64_t)off + i));

		chain = p == profile ? chain + 1 : 1;
		profile = p;
		if (chain > k->s->chain)
			k->s->chain = chain;
	}
}

static void take_record(struct take *k, uint32_t acc, uint64_t ops)
{
	if (acc == 0 || k->seen[acc])
		return;
	k->seen[acc] = 1;
	if (ops == 0 && (uint32_t)bl_word(k->t, acc) > k->s->terms)
		k->s->terms = (uint32_t)bl_word(k->t, acc);
	for (uint32_t op = 0; op < 64; op++)
		if (ops & BL_OP_BIT(op))
			take_list(k, bl_acc_list(k->t, acc, op));
}

static void reach(struct take *k, uint32_t state)
{
	if (state == 0 || k->seen[state])
		return;
	k->seen[state] = 1;
	k->queue[k->n++] = state;
}

static void take_kind(struct take *k, unsigned int kind)
{
	k->n = 0;
	reach(k, k->t->start[kind]);
	for (uint32_t i = 0; i < k->n; i++) {
		uint32_t s = k->queue[i];

		take_record(k, bl_accept(k->t, s), bl_kind_ops(kind));
		reach(k, (uint32_t)(bl_word(k->t, s) >> 32));
		for (uint32_t c = 1; c < 256; c++) {
			uint64_t cell = bl_word(k->t, (uint64_t)s + c);

			if ((uint32_t)cell == s)
				reach(k, (uint32_t)(cell >> 32));
		}
	}
}

/* Words from one part of the tables to whichever begins next. */
static uint64_t part_words(const struct bl_tables *t, uint32_t off)
{
	const uint32_t offs[] = {t->off_profiles, t->off_lits, t->off_sticky, t->off_atoms, t->off_rules, t->off_hits,
				 t->off_below, t->nwords};
	uint32_t end = t->nwords;

	for (size_t i = 0; i < sizeof(offs) / sizeof(offs[0]); i++)
		if (offs[i] > off && offs[i] < end)
			end = offs[i];
	return end - off;
}

static void take_parts(const struct bl_tables *t, uint64_t *bytes)
{
	uint64_t rest = t->nwords;

	bytes[SIZE_STATES] = 8 * part_words(t, t->off_states);
	bytes[SIZE_BELOW] = 8 * (uint64_t)t->nbelow;
	bytes[SIZE_PROFILES] = 8 * (uint64_t)t->nprofiles * BL_PROFILE_WORDS;
	bytes[SIZE_CONDS] = 8 * (uint64_t)t->nlits;
	bytes[SIZE_TERMS] = 8 * ((uint64_t)t->natoms + 2 * (uint64_t)t->nsticky);
	bytes[SIZE_RULES] = 8 * (uint64_t)t->nrules;
	bytes[SIZE_HITS] = 8 * ((uint64_t)t->nrules + t->nprofiles);
	for (unsigned int i = SIZE_STATES; i < SIZE_PARTS_N; i++)
		rest -= bytes[i] / 8;
	bytes[SIZE_HEAD] = sizeof(*t) + 8 * BL_DEAD_WORDS;
	bytes[SIZE_LISTS] = 8 * (rest - BL_DEAD_WORDS);
}

void sizes_take(const struct bl_tables *t, struct sizes *ret)
{
	struct take k = {.t = t, .s = ret};

	memset(ret, 0, sizeof(*ret));
	take_parts(t, ret->bytes);
	k.queue = malloc((size_t)t->nwords * sizeof(*k.queue));
	k.seen = calloc(t->nwords, 1);
	if (!k.queue || !k.seen)
		arena_oom();
	for (unsigned int kind = 0; kind < BL_KEY_KINDS; kind++)
		take_kind(&k, kind);
	free(k.queue);
	free(k.seen);
}
