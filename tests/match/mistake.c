/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Breaks one thing in good tables. */
#include "match.h"

#include <string.h>

#include "banned.h"

static const char *const words[] = {"", "cell", "default", "class", "accept", "list"};

enum mistake mistake_find(const char *word)
{
	for (size_t i = 1; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i], word) == 0)
			return (enum mistake)i;
	}
	return MISTAKE_NONE;
}

/* Is there what the mistake is about, at this word of the automaton? */
static bool is_candidate(enum mistake m, const struct bl_tables *t, uint64_t w)
{
	bool head = w & BL_CELL_HEAD;
	uint32_t low = (uint32_t)w & ~BL_CELL_HEAD, accept = head ? low : 0;

	switch (m) {
	case MISTAKE_CELL:
		return !head && low != 0;
	case MISTAKE_DEFAULT:
		return head && w >> 32 != 0;
	case MISTAKE_ACCEPT:
		return accept != 0;
	case MISTAKE_LIST: /* atoms' records are shorter, and before those of objects in no order: slot 1 tells */
		return accept != 0 && t->w[accept] >> 32 != 0 && t->w[accept] >> 32 < t->off_states;
	default:
		return false;
	}
}

static void spoil(enum mistake m, struct bl_tables *t, __u64 *w)
{
	switch (m) {
	case MISTAKE_CELL: /* nobody's: its byte takes the default */
		*w &= ~0xffffffffULL;
		break;
	case MISTAKE_DEFAULT:
		*w &= 0xffffffffULL;
		break;
	case MISTAKE_ACCEPT:
		*w &= ~0xffffffffULL | BL_CELL_HEAD;
		break;
	default: /* the list of one record loses its last entry */
		t->w[t->w[(uint32_t)*w & ~BL_CELL_HEAD] >> 32]--;
		break;
	}
}

void mistake_make(enum mistake m, struct rnd *r, struct bl_tables *t)
{
	uint32_t n = 0, pick;

	if (m == MISTAKE_CLASS) { /* one byte is read as its neighbour */
		pick = rnd_below(r, 255);
		t->cls[pick] = t->cls[pick + 1];
		return;
	}
	for (uint32_t i = t->off_states; i < t->off_profiles; i++)
		n += is_candidate(m, t, t->w[i]);
	if (n == 0)
		return;
	pick = rnd_below(r, n);
	for (uint32_t i = t->off_states; i < t->off_profiles; i++) {
		if (is_candidate(m, t, t->w[i]) && pick-- == 0) {
			spoil(m, t, &t->w[i]);
			return;
		}
	}
}
