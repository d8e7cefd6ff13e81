/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which patterns match the same names: an automaton whose accept sets are the groups. */
#include "overlap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "automaton.h"
#include "pattern.h"
#include "banned.h"

/* A warning is not worth more. */
#define MAX_STATES 400000u
#define MAX_MEMORY (128u << 20)

struct overlap {
	struct au *au;
	bool failed; /* out of memory */
};

struct overlap *overlap_new(void)
{
	struct overlap *o = calloc(1, sizeof(*o));

	if (o)
		o->au = au_new();
	if (!o || o->au)
		return o;
	free(o);
	return NULL;
}

void overlap_free(struct overlap *o)
{
	if (!o)
		return;
	au_free(o->au);
	free(o);
}

void overlap_add(struct overlap *o, const struct ir_pattern *p, uint32_t number)
{
	o->failed |= au_add(o->au, p->kind, pattern_to_re(o->au, p), number) < 0;
}

int overlap_build(struct overlap *o)
{
	struct au_limits lim = {.max_states = MAX_STATES, .max_memory = MAX_MEMORY};
	uint32_t worst;
	int r = o->failed ? -ENOMEM : au_build(o->au, &lim, &worst);

	for (size_t i = 0; r == 0 && i < au_nsets(o->au); i++)
		au_set_payload(o->au, i, (uint32_t)i + 1);
	return r;
}

size_t overlap_ngroups(const struct overlap *o)
{
	return au_nsets(o->au);
}

struct overlap_group overlap_group(const struct overlap *o, size_t i)
{
	struct overlap_group g;
	unsigned kind;

	au_get_set(o->au, i, &kind, &g.numbers, &g.n);
	return g;
}

/* Bytes in the order in which an example has them rather than others. */
static void example_bytes(uint8_t ret[255])
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyz0123456789-_.ABCDEFGHIJKLMNOPQRSTUVWXYZ/";
	size_t n = sizeof(first) - 1;

	memcpy(ret, first, n);
	for (unsigned b = 1; b < 256; b++) {
		if (!memchr(first, (int)b, sizeof(first) - 1))
			ret[n++] = (uint8_t)b;
	}
}

/* Breadth first from the start state: how each state is first reached. Returns the first that stands for group i, 0: none. */
static uint32_t search(const struct overlap *o, enum bl_kind kind, size_t i, uint32_t *from, uint8_t *by)
{
	uint32_t *queue = calloc(au_nstates(o->au) + 1, sizeof(*queue)), start = au_start(o->au, kind), found = 0;
	size_t head = 0, tail = 0;
	uint8_t bytes[255];

	if (!queue || start == 0) {
		free(queue);
		return 0;
	}
	example_bytes(bytes);
	queue[tail++] = start;
	from[start] = start;
	while (head < tail && found == 0) {
		uint32_t s = queue[head++];

		for (size_t k = 0; k < sizeof(bytes); k++) {
			uint32_t next = au_next(o->au, s, bytes[k]);

			if (next == 0 || from[next] != 0)
				continue;
			from[next] = s;
			by[next] = bytes[k];
			queue[tail++] = next;
		}
		if (au_payload(o->au, s) == i + 1)
			found = s;
	}
	free(queue);
	return found;
}

const char *overlap_example(struct arena *a, const struct overlap *o, enum bl_kind kind, size_t i)
{
	size_t n = au_nstates(o->au) + 1, len = 0;
	uint32_t *from = calloc(n, sizeof(*from)), start = au_start(o->au, kind), s;
	uint8_t *by = calloc(n, 1);
	char *name = NULL;

	s = from && by ? search(o, kind, i, from, by) : 0;
	for (uint32_t t = s; t != 0 && t != start; t = from[t])
		len++;
	if (s != 0)
		name = arena_alloc(a, len + 1);
	for (; s != 0 && s != start; s = from[s])
		name[--len] = (char)by[s];
	free(from);
	free(by);
	return name;
}

struct overlap_group overlap_at(const struct overlap *o, enum bl_kind kind, const char *name)
{
	uint32_t s = au_start(o->au, kind), group;

	for (; *name; name++)
		s = au_next(o->au, s, (uint8_t)*name);
	group = au_payload(o->au, s);
	return group == 0 ? (struct overlap_group){0} : overlap_group(o, group - 1);
}
