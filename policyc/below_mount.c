// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Directories that patterns name on their way: for /srv/x?y/secret/z those are /, /srv, every /srv/x?y and its secret. Each such beginning of a
 * pattern is a node, which all patterns that begin so share, with the states of the automaton to which it leads.
 */
#include "below.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "glob.h"
#include "glob_tok.h"
#include "banned.h"

/* Runs of states looked at: what takes longer is refused, as it would be by au_build(). */
#ifndef MAX_MOUNT_WORK
#define MAX_MOUNT_WORK (1ULL << 29)
#endif

struct node {
	uint32_t key;	/* word of its key in mounts.keys: ascending, as nodes are made */
	uint32_t first; /* of its states in mounts.pool */
	uint32_t n;
};

struct node_use {
	uint32_t node, guard, rank;
};

struct states {
	uint32_t *v;
	uint32_t n;
	uint32_t *stamp; /* by state: number of the set that it was last put into */
};

struct mounts {
	struct below *b;
	const struct au *au;
	struct words keys; /* number of the node before, and the component's elements */
	struct node *nodes;
	size_t nnodes, node_cap;
	uint32_t *pool;
	size_t npool, pool_cap;
	struct node_use *uses;
	size_t nuses, use_cap;
	struct states now, next;
	uint32_t set; /* number of the present set */
	uint64_t work;
	const char *glob;
	const struct below_use *rule_uses; /* of the rule at hand */
	size_t nrule_uses;
	uint32_t rank;
};

static int grow(void **v, size_t *cap, size_t need, size_t elem)
{
	size_t n = *cap + *cap / 2 + 256;
	void *p;

	if (need <= *cap)
		return 0;
	p = realloc(*v, (n < need ? need : n) * elem);
	if (!p)
		return -ENOMEM;
	*v = p;
	*cap = n < need ? need : n;
	return 0;
}

/* ---- sets of states ---- */

static void set_put(struct mounts *m, struct states *s, uint32_t state)
{
	if (state == 0 || s->stamp[state] == m->set)
		return;
	s->stamp[state] = m->set;
	s->v[s->n++] = state;
}

static bool any_in(const uint8_t bits[32], unsigned lo, unsigned end)
{
	for (unsigned b = lo; b < end; b++)
		if (bits[b / 8] >> (b % 8) & 1)
			return true;
	return false;
}

/* Where one of these bytes leads from a state. */
static void step_state(struct mounts *m, uint32_t state, const uint8_t bits[32])
{
	struct au_run runs[AU_RUNS];
	unsigned n = au_runs(m->au, state, runs);

	m->work += n;
	for (unsigned i = 0; i < n; i++)
		if (any_in(bits, runs[i].lo, i + 1 < n ? runs[i + 1].lo : 256))
			set_put(m, &m->next, runs[i].to);
}

static void swap(struct mounts *m)
{
	struct states s = m->now;

	m->now = m->next;
	m->next = s;
	m->next.n = 0;
	m->set++;
}

/* The bytes that an element with several matches. A name has no byte 0. */
static void bits_of(const struct mounts *m, const struct glob_tok *t, uint8_t bits[32])
{
	memset(bits, 0xff, 32);
	if (t->type == GLOB_CLASS)
		glob_class(m->glob, t, bits);
	bits['/' / 8] &= (uint8_t)~(1u << ('/' % 8));
	bits[0] &= 0xfe;
}

static void step(struct mounts *m, const struct glob_tok *t)
{
	uint8_t bits[32];

	m->next.n = 0;
	m->set++;
	if (t->type == GLOB_BYTE || t->type == GLOB_SLASH) {
		m->work += m->now.n;
		for (uint32_t i = 0; i < m->now.n; i++)
			set_put(m, &m->next, au_next(m->au, m->now.v[i], t->type == GLOB_SLASH ? '/' : t->byte));
		swap(m);
		return;
	}
	bits_of(m, t, bits);
	if (t->type == GLOB_STAR) {
		for (uint32_t i = 0; i < m->now.n; i++)
			set_put(m, &m->next, m->now.v[i]);
		for (uint32_t i = 0; i < m->next.n; i++) /* grows */
			step_state(m, m->next.v[i], bits);
	} else {
		for (uint32_t i = 0; i < m->now.n; i++)
			step_state(m, m->now.v[i], bits);
	}
	swap(m);
}

/* ---- nodes ---- */

/* The states after a component that is t[0..n) and the slash after it. */
static int node_walk(struct mounts *m, uint32_t before, const struct glob_tok *t, size_t n)
{
	const struct glob_tok slash = { .type = GLOB_SLASH };
	const struct node *from = &m->nodes[before];
	int r;

	m->set++;
	m->now.n = 0;
	for (uint32_t i = 0; i < from->n; i++)
		set_put(m, &m->now, m->pool[from->first + i]);
	for (size_t i = 0; i < n; i++)
		step(m, &t[i]);
	step(m, &slash);
	if (m->work > MAX_MOUNT_WORK)
		return -E2BIG;
	r = grow((void **)&m->pool, &m->pool_cap, m->npool + m->now.n, sizeof(*m->pool));
	if (r == 0 && m->now.n != 0)
		memcpy(m->pool + m->npool, m->now.v, m->now.n * sizeof(*m->pool));
	return r;
}

static int node_add(struct mounts *m, uint32_t key, uint32_t n)
{
	int r = grow((void **)&m->nodes, &m->node_cap, m->nnodes + 1, sizeof(*m->nodes));

	if (r < 0)
		return r;
	m->nodes[m->nnodes++] = (struct node){ .key = key, .first = (uint32_t)m->npool, .n = n };
	m->npool += n;
	return 0;
}

static uint32_t node_of_key(const struct mounts *m, uint32_t key)
{
	size_t lo = 0, hi = m->nnodes - 1;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (m->nodes[mid].key < key)
			lo = mid + 1;
		else
			hi = mid;
	}
	return (uint32_t)lo;
}

/* The node after `before` and a component. */
static int node_after(struct mounts *m, uint32_t before, const struct glob_tok *t, size_t n, uint32_t *ret)
{
	uint64_t *key = malloc((1 + 5 * n) * sizeof(*key));
	size_t len = 1, had = m->keys.n;
	uint32_t off;
	int r;

	if (!key)
		return -ENOMEM;
	key[0] = before;
	for (size_t i = 0; i < n; i++) {
		key[len++] = (uint64_t)t[i].type << 8 | (t[i].type == GLOB_BYTE ? t[i].byte : 0);
		if (t[i].type == GLOB_CLASS) {
			glob_class(m->glob, &t[i], (uint8_t *)&key[len]);
			len += 4;
		}
	}
	r = words_intern(&m->keys, key, len, &off);
	free(key);
	if (r == 0 && off == had) {
		r = node_walk(m, before, t, n);
		if (r == 0)
			r = node_add(m, off, m->now.n);
	}
	if (r == 0)
		*ret = node_of_key(m, off);
	return r;
}

static int use_node(struct mounts *m, uint32_t node)
{
	for (size_t i = 0; i < m->nrule_uses; i++) {
		int r = grow((void **)&m->uses, &m->use_cap, m->nuses + 1, sizeof(*m->uses));

		if (r < 0)
			return r;
		m->uses[m->nuses++] = (struct node_use){ node, m->rule_uses[i].guard, m->rank };
	}
	return 0;
}

/* ---- patterns ---- */

static bool is_any_depth(const struct glob_tok *t, size_t n)
{
	return n == 2 && t[0].type == GLOB_STAR && t[1].type == GLOB_STAR;
}

/* One alternative of a pattern: t[0] is a slash. */
static int take_alternative(void *arg, const struct glob_tok *t, size_t n)
{
	struct mounts *m = arg;
	uint32_t node = 0;
	int r = 0;

	for (size_t at = 1, end; r == 0 && at < n; at = end + 1) {
		for (end = at; end < n && t[end].type != GLOB_SLASH;)
			end++;
		if (is_any_depth(t + at, end - at))
			break;
		r = use_node(m, node);
		if (r == 0 && end < n)
			r = node_after(m, node, t + at, end - at, &node);
	}
	return r;
}

static int take_pattern(struct mounts *m, const struct ir_pattern *p)
{
	struct glob_tok *t;
	int n, r;

	if (p->kind != BL_KEY_PATH || p->any || p->except)
		return 0;
	t = malloc((strlen(p->glob) + 1) * sizeof(*t));
	if (!t)
		return -ENOMEM;
	m->glob = p->glob;
	n = glob_cut(NULL, p->glob, t, NULL);
	r = n > 0 ? glob_each(t, (size_t)n, false, take_alternative, m) : 0;
	free(t);
	return r;
}

static int by_node(const void *x, const void *y)
{
	const struct node_use *a = x, *b = y;

	if (a->node != b->node)
		return a->node < b->node ? -1 : 1;
	if (a->guard != b->guard)
		return a->guard < b->guard ? -1 : 1;
	return (a->rank > b->rank) - (a->rank < b->rank);
}

static int add_entries(struct mounts *m)
{
	if (m->nuses != 0)
		qsort(m->uses, m->nuses, sizeof(*m->uses), by_node);
	for (size_t i = 0; i < m->nuses; i++) {
		const struct node_use *u = &m->uses[i];
		const struct node *k = &m->nodes[u->node];

		if (i != 0 && u->node == u[-1].node && u->guard == u[-1].guard)
			continue;
		for (uint32_t s = 0; s < k->n; s++) {
			struct below_entry e = { .state = m->pool[k->first + s], .guard = u->guard, .rank = UINT32_MAX, .mount = u->rank };
			int r = below_entry_add(m->b, &e);

			if (r < 0)
				return r;
		}
	}
	return 0;
}

static int take_rules(struct mounts *m, const struct ir *ir, const struct below_use *uses, size_t nuses, struct tables_error *err)
{
	int r = 0;

	for (size_t i = 0, end; r == 0 && i < nuses; i = end) {
		const struct ir_rule *rule = &ir->rules[uses[i].rule];

		for (end = i; end < nuses && uses[end].rule == uses[i].rule;)
			end++;
		m->rule_uses = &uses[i];
		m->nrule_uses = end - i;
		m->rank = below_rank(ir, uses[i].rule);
		for (size_t k = 0; r == 0 && k < rule->object.npatterns; k++)
			r = take_pattern(m, &rule->object.patterns[k]);
		if (r == -E2BIG) {
			err->loc = rule->loc;
			err->id = "E-too-big";
			bl_error_set(&err->msg, 0, "too many directories lead to what this rule refuses");
		}
	}
	return r;
}

static int init(struct mounts *m, uint32_t root)
{
	size_t n = au_nstates(m->au) + 1;
	uint32_t *stamp = calloc(n, sizeof(*stamp));
	int r = words_init(&m->keys, 1);

	m->now = (struct states){ .v = malloc(n * sizeof(*m->now.v)), .stamp = stamp };
	m->next = (struct states){ .v = malloc(n * sizeof(*m->next.v)), .stamp = stamp };
	if (!stamp || !m->now.v || !m->next.v)
		return -ENOMEM;
	if (r == 0)
		r = grow((void **)&m->pool, &m->pool_cap, 1, sizeof(*m->pool));
	if (r < 0)
		return r;
	m->pool[0] = root;
	return node_add(m, 0, root != 0);
}

int below_mounts(struct below *b, const struct ir *ir, const struct au *au, uint32_t root, const struct below_use *uses, size_t nuses,
		 struct tables_error *err)
{
	struct mounts m = { .b = b, .au = au };
	int r = init(&m, root);

	if (r == 0)
		r = take_rules(&m, ir, uses, nuses, err);
	if (r == 0)
		r = add_entries(&m);
	words_free(&m.keys);
	free(m.nodes);
	free(m.pool);
	free(m.uses);
	free(m.now.v);
	free(m.next.v);
	free(m.now.stamp);
	return r;
}
