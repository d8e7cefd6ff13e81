/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Breadth first through the product of packed automata; a byte stands for all that no automaton and no shape tells from it. */
#include "analyse_walk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "keyshape.h"
#include "plat_host.h"
#include "banned.h"

#define NONE UINT32_MAX

/* One reached combination of states. */
struct walk_node {
	uint32_t state[WALK_PARTS];
	uint32_t shape;
	uint32_t parent;
	uint16_t len;
	uint8_t byte; /* by which it was reached */
};

/* Ways to go on from a state of the shape, the nicest first: one for each class of bytes and next state of the shape. */
struct ways {
	uint32_t shape;
	uint16_t n;
	struct way {
		uint32_t next;
		uint8_t byte;
		bool ends;
	} v[];
};

struct walker {
	struct walk *w;
	struct walk_part parts[WALK_PARTS];
	size_t nparts;
	size_t max_nodes, node_cap, hit_cap, len_max;
	uint8_t cls[256]; /* bytes of one class are alike in every automaton */
	uint32_t *index;  /* open hash of nodes, NONE: free */
	size_t nindex;
	uint32_t *hit_index;
	size_t nhit_index;
	struct ways **ways; /* open hash by state of the shape */
	size_t nways, ways_used;
};

static void *grown(void *v, size_t n, size_t size)
{
	v = reallocarray(v, n, size);
	if (!v)
		arena_oom();
	return v;
}

static uint32_t *index_new(size_t n)
{
	uint32_t *v = grown(NULL, n, sizeof(*v));

	memset(v, 0xff, n * sizeof(*v));
	return v;
}

static size_t hash_states(const uint32_t *v, size_t n, uint32_t more)
{
	uint64_t h = more + 0x9e3779b97f4a7c15ULL;

	for (size_t i = 0; i < n; i++)
		h = (h ^ v[i]) * 0xff51afd7ed558ccdULL;
	return (size_t)(h ^ (h >> 29));
}

/* ---- classes of bytes, and what reads well ---- */

static void classes_join(struct walker *k)
{
	unsigned int n = 0;

	for (unsigned int b = 0; b < 256; b++) {
		unsigned int same = 0;

		for (bool alike = false; same < b && !alike; same += !alike) {
			alike = true;
			for (size_t i = 0; i < k->nparts; i++)
				alike &= k->parts[i].tables->cls[same] == k->parts[i].tables->cls[b];
		}
		k->cls[b] = same < b ? k->cls[same] : (uint8_t)n++;
	}
}

/* What an example would have at this place of an address with port, and of the peer's address after it, if it could. */
static unsigned int favourite_net(const uint8_t *key, unsigned int len)
{
	static const uint8_t v4[] = {10, 0, 0, 1, 0, 80, 10, 0, 0, 2};
	static const uint8_t v6[] = {0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 80,
				     0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2};
	unsigned int at = (len - 2) / 2, bytes = key[1] == BL_FAM_INET ? sizeof(v4) : sizeof(v6);
	uint8_t byte;

	if (len < 2)
		return len == 0 ? BL_PROTO_TCP : BL_FAM_INET;
	byte = at >= bytes ? 0 : key[1] == BL_FAM_INET ? v4[at] : v6[at];
	return len % 2 ? byte & 15 : byte >> 4;
}

/* The byte that an example would have here if it could: 10.0.0.1 port 80, 2001:db8::1, id 1000. */
static unsigned int favourite(const struct walker *k, const struct walk_node *at, const uint8_t *key)
{
	static const uint8_t id[] = {0, 0, 3, 0xe8}, sock[] = {0, 2, 1, 0, 6};
	unsigned int len = at->len;

	switch (k->parts[0].kind) {
	case BL_KEY_NET:
		return favourite_net(key, len);
	case BL_KEY_USER:
	case BL_KEY_GROUP:
	case BL_KEY_LOGIN:
		return id[len & 3];
	case BL_KEY_SOCK:
		return len == 4 && key[2] == 2 ? BL_PROTO_UDP : sock[len < 5 ? len : 4];
	case BL_KEY_SYS:
		return len > 0 && (key[0] == BL_OP_SETUID || key[0] == BL_OP_SETGID) ? id[(len - 1) & 3] : 'a';
	default:
		return 'a';
	}
}

static bool is_text(enum bl_kind kind, const struct walk_node *at, const uint8_t *key)
{
	switch (kind) {
	case BL_KEY_NET:
	case BL_KEY_USER:
	case BL_KEY_GROUP:
	case BL_KEY_LOGIN:
	case BL_KEY_SOCK:
	case BL_KEY_CAPABILITY:
		return false;
	case BL_KEY_SYS:
		return at->len > 0 && key[0] >= BL_OP_MOUNT && key[0] <= BL_OP_MODULE;
	default:
		return true;
	}
}

/* The i-th nicest byte. */
static uint8_t nice_byte(bool text, unsigned int i)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_-/.,+:@=%~#!^&()[]{}<>;'$*?|`\"\\ ";
	unsigned int n = sizeof(first) - 1;

	if (!text)
		return (uint8_t)i;
	if (i < n)
		return (uint8_t)first[i];
	for (unsigned int b = 255, at = n; b > 0; b--) { /* the rest: bytes of UTF-8 before control characters */
		if (!memchr(first, (int)b, n) && at++ == i)
			return (uint8_t)b;
	}
	return 0;
}

static void way_add(const struct walker *k, struct ways *s, uint64_t *seen, uint8_t byte)
{
	uint32_t next = shape_step(s->shape, byte);
	uint8_t c = k->cls[byte];

	if (next == 0)
		return;
	for (unsigned int i = 0; (seen[c / 64] >> (c % 64) & 1) && i < s->n; i++)
		if (k->cls[s->v[i].byte] == c && s->v[i].next == next)
			return;
	seen[c / 64] |= 1ULL << (c % 64);
	s->v[s->n++] = (struct way){.next = next, .byte = byte, .ends = shape_ends(next)};
}

static size_t node_key(const struct walk *w, uint32_t at, uint8_t *ret)
{
	size_t len = w->nodes[at].len;

	for (; w->nodes[at].parent != NONE; at = w->nodes[at].parent)
		ret[w->nodes[at].len - 1] = w->nodes[at].byte;
	return len;
}

static struct ways *ways_make(const struct walker *k, uint32_t node)
{
	const struct walk_node *at = &k->w->nodes[node];
	struct ways *s = grown(NULL, 1, sizeof(*s) + 257 * sizeof(s->v[0]));
	uint8_t key[BL_PATH_MAX];
	uint64_t seen[4] = {0};
	bool text;

	node_key(k->w, node, key);
	text = is_text(k->parts[0].kind, at, key);
	s->shape = at->shape;
	s->n = 0;
	way_add(k, s, seen, (uint8_t)favourite(k, at, key));
	for (unsigned int i = 0; i < 256; i++)
		way_add(k, s, seen, nice_byte(text, i));
	return s;
}

static size_t ways_slot(const struct walker *k, uint32_t shape)
{
	size_t i = hash_states(&shape, 1, 0) & (k->nways - 1);

	while (k->ways[i] && k->ways[i]->shape != shape)
		i = (i + 1) & (k->nways - 1);
	return i;
}

static void ways_grow(struct walker *k)
{
	struct ways **old = k->ways;
	size_t n = k->nways;

	k->nways = n * 2;
	k->ways = calloc(k->nways, sizeof(struct ways *));
	if (!k->ways)
		arena_oom();
	for (size_t i = 0; i < n; i++)
		if (old[i])
			k->ways[ways_slot(k, old[i]->shape)] = old[i];
	free(old);
}

static const struct ways *ways_get(struct walker *k, uint32_t node)
{
	size_t at;

	if (k->ways_used * 2 >= k->nways)
		ways_grow(k);
	at = ways_slot(k, k->w->nodes[node].shape);
	if (!k->ways[at]) {
		k->ways[at] = ways_make(k, node);
		k->ways_used++;
	}
	return k->ways[at];
}

/* ---- nodes and hits ---- */

static size_t node_slot(const struct walker *k, const uint32_t *state, uint32_t shape)
{
	size_t i = hash_states(state, k->nparts, shape) & (k->nindex - 1);

	for (; k->index[i] != NONE; i = (i + 1) & (k->nindex - 1)) {
		const struct walk_node *n = &k->w->nodes[k->index[i]];

		if (n->shape == shape && memcmp(n->state, state, sizeof(n->state)) == 0)
			break;
	}
	return i;
}

static void index_grow(struct walker *k)
{
	free(k->index);
	k->nindex *= 2;
	k->index = index_new(k->nindex);
	for (uint32_t i = 0; i < k->w->nnodes; i++)
		k->index[node_slot(k, k->w->nodes[i].state, k->w->nodes[i].shape)] = i;
}

static size_t hit_slot(const struct walker *k, const struct walk_hit *hit)
{
	size_t i = hash_states(hit->rec, k->nparts, hit->root) & (k->nhit_index - 1);

	for (; k->hit_index[i] != NONE; i = (i + 1) & (k->nhit_index - 1)) {
		const struct walk_hit *h = &k->w->hits[k->hit_index[i]];

		if (h->root == hit->root && memcmp(h->rec, hit->rec, sizeof(h->rec)) == 0)
			break;
	}
	return i;
}

static void hit_index_grow(struct walker *k)
{
	free(k->hit_index);
	k->nhit_index *= 2;
	k->hit_index = index_new(k->nhit_index);
	for (uint32_t i = 0; i < k->w->nhits; i++)
		k->hit_index[hit_slot(k, &k->w->hits[i])] = i;
}

static void add_hit(struct walker *k, uint32_t node)
{
	const struct walk_node *n = &k->w->nodes[node];
	struct walk_hit hit = {.root = n->len != 0 && n->len <= 2 && n->byte == '/', .node = node};
	size_t at;

	for (size_t i = 0; i < k->nparts; i++)
		hit.rec[i] = n->state[i] ? (uint32_t)bl_word(k->parts[i].tables, n->state[i]) & ~BL_CELL_HEAD : 0;
	at = hit_slot(k, &hit);
	if (k->hit_index[at] != NONE) {
		struct walk_hit *old = &k->w->hits[k->hit_index[at]];

		/* an address with a port is more usual than that of a raw socket, which has none */
		if (k->parts[0].kind == BL_KEY_NET && k->w->nodes[old->node].len + 4 == n->len)
			old->node = node;
		return;
	}
	if (k->w->nhits == k->hit_cap) {
		k->hit_cap = k->hit_cap ? k->hit_cap * 2 : 64;
		k->w->hits = grown(k->w->hits, k->hit_cap, sizeof(hit));
	}
	k->hit_index[at] = (uint32_t)k->w->nhits;
	k->w->hits[k->w->nhits++] = hit;
	if (k->w->nhits * 2 >= k->nhit_index)
		hit_index_grow(k);
}

static int reach(struct walker *k, const struct walk_node *n, bool ends)
{
	size_t at = node_slot(k, n->state, n->shape);

	if (k->index[at] != NONE)
		return 0;
	if (k->w->nnodes == k->max_nodes)
		return -E2BIG;
	if (k->w->nnodes == k->node_cap) {
		k->node_cap = k->node_cap ? k->node_cap * 2 : 1024;
		k->w->nodes = grown(k->w->nodes, k->node_cap, sizeof(*n));
	}
	k->index[at] = (uint32_t)k->w->nnodes;
	k->w->nodes[k->w->nnodes++] = *n;
	if (ends)
		add_hit(k, k->index[at]);
	if (k->w->nnodes * 2 >= k->nindex)
		index_grow(k);
	return 0;
}

/* decide.h's bl_step() */
static uint32_t next_state(const struct bl_tables *t, uint32_t state, uint8_t byte)
{
	uint64_t cell;

	if (state == 0)
		return 0;
	cell = bl_word(t, (uint64_t)state + t->cls[byte]);
	if ((uint32_t)cell != state)
		cell = bl_word(t, state);
	return (uint32_t)(cell >> 32);
}

static int expand(struct walker *k, uint32_t from)
{
	const struct ways *s = ways_get(k, from);
	struct walk_node at = k->w->nodes[from], last = {.shape = 0};
	int r = 0;

	if (at.len >= k->len_max)
		return 0;
	for (unsigned int i = 0; r == 0 && i < s->n; i++) {
		struct walk_node n = {.shape = s->v[i].next, .parent = from, .byte = s->v[i].byte};

		n.len = (uint16_t)(at.len + 1);
		for (size_t p = 0; p < k->nparts; p++)
			n.state[p] = next_state(k->parts[p].tables, at.state[p], n.byte);
		/* most ways lead to the default, as the one before */
		if (n.shape == last.shape && memcmp(n.state, last.state, sizeof(n.state)) == 0)
			continue;
		r = reach(k, &n, s->v[i].ends);
		last = n;
	}
	return r;
}

static int walk_all(struct walker *k, unsigned int op)
{
	struct walk_node first = {.parent = NONE, .shape = shape_start(k->parts[0].kind, op)};
	int r;

	for (size_t i = 0; i < k->nparts; i++)
		first.state[i] = k->parts[i].tables->start[k->parts[i].kind];
	r = reach(k, &first, shape_ends(first.shape));
	for (uint32_t i = 0; r == 0 && i < k->w->nnodes; i++)
		r = expand(k, i);
	return r;
}

int walk_run(const struct walk_part *parts, size_t nparts, unsigned int op, size_t max_nodes, struct walk **ret)
{
	struct walker k = {.nparts = nparts, .max_nodes = max_nodes ? max_nodes : WALK_NODES};
	int r;

	memcpy(k.parts, parts, nparts * sizeof(*parts));
	k.w = calloc(1, sizeof(*k.w));
	k.nways = 64;
	k.ways = calloc(k.nways, sizeof(struct ways *));
	if (!k.w || !k.ways)
		arena_oom();
	k.nindex = 1024;
	k.index = index_new(k.nindex);
	k.nhit_index = 64;
	k.hit_index = index_new(k.nhit_index);
	k.len_max = shape_max(parts[0].kind);
	classes_join(&k);
	r = walk_all(&k, op);
	for (size_t i = 0; i < k.nways; i++)
		free(k.ways[i]);
	free(k.ways);
	free(k.index);
	free(k.hit_index);
	if (r < 0) {
		walk_free(k.w);
		return r;
	}
	*ret = k.w;
	return 0;
}

void walk_free(struct walk *w)
{
	if (!w)
		return;
	free(w->hits);
	free(w->nodes);
	free(w);
}

size_t walk_key(const struct walk *w, size_t hit, uint8_t ret[BL_PATH_MAX])
{
	return node_key(w, w->hits[hit].node, ret);
}
