// SPDX-License-Identifier: GPL-2.0-or-later
/* Guards, the classes of directories under each, and how both are laid out. */
#include "below.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "banned.h"

/* That a record has an entry with this guard, for some operation. */
struct record_use {
	uint64_t guard;
	uint32_t record;
	uint32_t rule;
};

/* Directories: the states after their names and '/'. */
struct dirs {
	uint32_t *states;
	size_t n;
	bool dead; /* there are some of which nothing below matches any pattern */
};

struct find {
	struct words *w;
	const struct ir *ir;
	struct au *au;
	struct below *b;
	struct record_use *uses; /* by guard, then by record and rule */
	size_t nuses, cap;
	uint64_t *guards; /* ascending */
	uint32_t nguards;
	struct dirs dirs;
	struct words outputs;	/* what a guard refuses by a record: each distinct one once */
	uint32_t *output, *rank; /* by accept set */
	uint32_t *class, *least; /* by state */
	bool *same;		/* by guard: all directories are of one class */
	struct tables_error *err;
};

/* ---- guards ---- */

static uint32_t list_of(const struct words *w, uint32_t record, uint32_t op)
{
	return (uint32_t)(w->v[record + BL_OP_SLOT(op) / 2] >> (op % 2 != 0 ? 32 : 0));
}

static int add_use(struct find *f, uint64_t entry, uint32_t record)
{
	if (f->nuses == f->cap) {
		size_t cap = f->cap ? f->cap * 2 : 256;
		struct record_use *u = realloc(f->uses, cap * sizeof(*u));

		if (!u)
			return -ENOMEM;
		f->uses = u;
		f->cap = cap;
	}
	f->uses[f->nuses++] = (struct record_use){ BL_BELOW_GUARD(entry), record, BL_ENT_RULE(entry) };
	return 0;
}

static int take_record(struct find *f, uint32_t record)
{
	for (uint32_t op = 0; op < 64; op++) {
		uint32_t list = bl_kind_ops(BL_KEY_PATH) & BL_OP_BIT(op) ? list_of(f->w, record, op) : 0;

		for (uint64_t i = 1; list != 0 && i <= f->w->v[list]; i++) {
			uint64_t e = f->w->v[list + i];
			int r = BL_ENT_VERDICT(e) >= BL_V_DENY ? add_use(f, e, record) : 0;

			if (r < 0)
				return r;
		}
	}
	return 0;
}

static int by_number(const void *x, const void *y)
{
	uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;

	return (a > b) - (a < b);
}

static int by_guard(const void *x, const void *y)
{
	const struct record_use *a = x, *b = y;

	if (a->guard != b->guard)
		return a->guard < b->guard ? -1 : 1;
	if (a->record != b->record)
		return a->record < b->record ? -1 : 1;
	return (a->rule > b->rule) - (a->rule < b->rule);
}

/* The records of names, each once. */
static int take_records(struct find *f)
{
	size_t n = 0, nsets = au_nsets(f->au);
	uint32_t *records = malloc((nsets + 1) * sizeof(*records));
	int r = records ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < nsets; i++) {
		const uint32_t *patterns;
		unsigned int kind;
		size_t len;

		au_get_set(f->au, i, &kind, &patterns, &len);
		if (kind == BL_KEY_PATH && au_get_payload(f->au, i) != 0)
			records[n++] = au_get_payload(f->au, i);
	}
	if (r == 0)
		qsort(records, n, sizeof(*records), by_number);
	for (size_t i = 0; r == 0 && i < n; i++)
		if (i == 0 || records[i] != records[i - 1])
			r = take_record(f, records[i]);
	free(records);
	return r;
}

static int too_many(struct tables_error *err, const struct ir *ir, uint32_t rule)
{
	err->loc = ir->rules[rule].loc;
	err->id = "E-too-many-rules";
	bl_error_set(&err->msg, 0, "names are refused under more than %u different conditions, this rule's among them", BL_MAX_LIST);
	return -E2BIG;
}

static int number_guards(struct find *f)
{
	size_t n = 0;

	if (f->nuses != 0)
		qsort(f->uses, f->nuses, sizeof(*f->uses), by_guard);
	for (size_t i = 0; i < f->nuses; i++) {
		uint32_t p = BL_ENT_PROFILE(f->uses[i].guard);

		f->b->profiles[p / 64] |= 1ULL << (p % 64);
		n += i == 0 || f->uses[i].guard != f->uses[i - 1].guard;
		if (n > BL_MAX_LIST)
			return too_many(f->err, f->ir, f->uses[i].rule);
	}
	f->guards = malloc((n + 1) * sizeof(*f->guards));
	f->same = calloc(n + 1, sizeof(*f->same));
	if (!f->guards || !f->same)
		return -ENOMEM;
	for (size_t i = 0; i < f->nuses; i++)
		if (i == 0 || f->uses[i].guard != f->uses[i - 1].guard)
			f->guards[f->nguards++] = f->uses[i].guard;
	return 0;
}

/* ---- directories ---- */

#define SEEN_NAME 1u  /* a name can end in this state */
#define SEEN_SLASH 2u /* it stands after a directory's name and '/' */

struct walk {
	struct find *f;
	uint8_t *seen;
	uint64_t *queue;
	size_t n;
};

static void walk_reach(struct walk *k, uint32_t state, uint8_t how)
{
	if (state == 0)
		k->f->dirs.dead = true;
	if (state == 0 || (k->seen[state] & how))
		return;
	k->seen[state] |= how;
	k->queue[k->n++] = (uint64_t)how << 32 | state;
	if (how == SEEN_SLASH)
		k->f->dirs.states[k->f->dirs.n++] = state;
}

/* A component has one byte at least, and a name no byte 0. */
static void walk_from(struct walk *k, uint32_t state, uint8_t how)
{
	struct au_run runs[AU_RUNS];
	unsigned n = au_runs(k->f->au, state, runs);

	for (unsigned i = 0; i < n; i++) {
		unsigned lo = runs[i].lo, end = i + 1 < n ? runs[i + 1].lo : 256;

		if (lo == '/' && how == SEEN_NAME)
			walk_reach(k, runs[i].to, SEEN_SLASH);
		else if (lo < '/' && end > '/' && how == SEEN_NAME)
			walk_reach(k, runs[i].to, SEEN_SLASH);
		if (end - lo > (lo == 0) + (lo <= '/' && end > '/' ? 1u : 0u))
			walk_reach(k, runs[i].to, SEEN_NAME);
	}
}

static int find_dirs(struct find *f)
{
	size_t n = au_nstates(f->au) + 1;
	struct walk k = { .f = f, .seen = calloc(n, 1), .queue = malloc(2 * n * sizeof(*k.queue)) };
	int r = 0;

	f->dirs.states = malloc(n * sizeof(*f->dirs.states));
	if (!k.seen || !k.queue || !f->dirs.states)
		r = -ENOMEM;
	if (r == 0)
		walk_reach(&k, au_next(f->au, au_start(f->au, BL_KEY_PATH), '/'), SEEN_SLASH);
	for (size_t i = 0; r == 0 && i < k.n; i++)
		walk_from(&k, (uint32_t)k.queue[i], (uint8_t)(k.queue[i] >> 32));
	free(k.seen);
	free(k.queue);
	return r;
}

/* ---- classes ---- */

/*
 * What a guard refuses by a record: each operation for which an entry of the guard can decide, with the conditions under which another rule
 * allows before it does.
 */
static int output_of(struct find *f, uint64_t guard, uint32_t record, uint32_t *ret)
{
	uint64_t v[BL_OP_SLOTS * (1 + BL_MAX_CHAIN)];
	size_t n = 0;

	for (uint32_t op = 0; op < 64; op++) {
		uint32_t list = bl_kind_ops(BL_KEY_PATH) & BL_OP_BIT(op) ? list_of(f->w, record, op) : 0;
		size_t first = n++;
		bool decides = false;

		for (uint64_t i = 1; list != 0 && !decides && i <= f->w->v[list]; i++) {
			uint64_t e = f->w->v[list + i];

			if (BL_BELOW_GUARD(e) == guard)
				decides = true;
			else if (BL_ENT_PROFILE(e) == BL_ENT_PROFILE(guard) && BL_ENT_VERDICT(e) < BL_V_DENY)
				v[n++] = e & ~0xfffffffULL; /* neither its rule nor whether it logs */
		}
		if (decides)
			v[first] = op | (n - first) << 8;
		else
			n = first;
	}
	return words_intern(&f->outputs, v, n, ret);
}

static size_t uses_end(const struct find *f, size_t i)
{
	size_t end = i;

	while (end < f->nuses && f->uses[end].guard == f->uses[i].guard)
		end++;
	return end;
}

/* The first use of a record among [from, end), or end. */
static size_t use_of(const struct find *f, size_t from, size_t end, uint32_t record)
{
	size_t lo = from, hi = end;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (f->uses[mid].record < record)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < end && f->uses[lo].record == record ? lo : end;
}

uint32_t below_rank(const struct ir *ir, uint32_t rule)
{
	const struct ir_term *o = &ir->rules[rule].object;

	for (size_t i = 0; i < o->npatterns; i++)
		if (o->patterns[i].kind == BL_KEY_PATH && !o->patterns[i].any && strncmp(o->patterns[i].glob, "/**", 3) != 0)
			return rule;
	return rule | BELOW_ANYWHERE;
}

/* What each accept set is under the guard of the uses [from, end). Sets of other kinds can have the records of names. */
static int take_outputs(struct find *f, size_t from, size_t end)
{
	for (size_t i = 0; i < au_nsets(f->au); i++) {
		uint32_t record = au_get_payload(f->au, i);
		size_t u = record != 0 ? use_of(f, from, end, record) : end;
		int r;

		f->output[i] = 0;
		f->rank[i] = UINT32_MAX;
		if (u == end)
			continue;
		r = output_of(f, f->uses[u].guard, record, &f->output[i]);
		if (r < 0)
			return r;
		for (; u < end && f->uses[u].record == record; u++) {
			uint32_t rank = below_rank(f->ir, f->uses[u].rule);

			f->rank[i] = rank < f->rank[i] ? rank : f->rank[i];
		}
	}
	return 0;
}

int below_entry_add(struct below *b, const struct below_entry *e)
{
	if (b->n == b->cap) {
		size_t cap = b->cap ? b->cap * 2 : 1024;
		struct below_entry *v = realloc(b->entries, cap * sizeof(*v));

		if (!v)
			return -ENOMEM;
		b->entries = v;
		b->cap = cap;
	}
	b->entries[b->n++] = *e;
	return 0;
}

static int add_classes(struct find *f, uint32_t guard)
{
	bool same = !f->dirs.dead;

	for (size_t i = 0; i < f->dirs.n; i++) {
		struct below_entry e = { .state = f->dirs.states[i], .guard = guard, .mount = UINT32_MAX };
		int r;

		e.class = f->class[e.state];
		e.rank = f->least[e.state];
		same = same && e.class == f->class[f->dirs.states[0]];
		r = e.class != 0 ? below_entry_add(f->b, &e) : 0;
		if (r < 0)
			return r;
	}
	f->same[guard] = same;
	return 0;
}

static int find_classes(struct find *f)
{
	size_t nstates = au_nstates(f->au) + 1, nsets = au_nsets(f->au) + 1;
	struct au_classes *c = NULL;
	int r = au_classes_new(f->au, &c);

	f->output = malloc(nsets * sizeof(*f->output));
	f->rank = malloc(nsets * sizeof(*f->rank));
	f->class = malloc(nstates * sizeof(*f->class));
	f->least = malloc(nstates * sizeof(*f->least));
	if (r == 0 && (!f->output || !f->rank || !f->class || !f->least))
		r = -ENOMEM;
	if (r == 0)
		r = words_init(&f->outputs, 1);
	for (size_t from = 0, end, g = 0; r == 0 && from < f->nuses; from = end, g++) {
		end = uses_end(f, from);
		r = take_outputs(f, from, end);
		if (r == 0)
			r = au_classes_find(c, f->output, f->rank, f->class, f->least);
		if (r == 0)
			r = add_classes(f, (uint32_t)g);
	}
	au_classes_free(c);
	return r;
}

/* ---- mounts ---- */

static int by_rule(const void *x, const void *y)
{
	const struct below_use *a = x, *b = y;

	if (a->rule != b->rule)
		return a->rule < b->rule ? -1 : 1;
	return (a->guard > b->guard) - (a->guard < b->guard);
}

static int find_mounts(struct find *f)
{
	struct below_use *uses = malloc((f->nuses + 1) * sizeof(*uses));
	uint32_t root = au_next(f->au, au_start(f->au, BL_KEY_PATH), '/');
	size_t n = 0;
	int r;

	if (!uses)
		return -ENOMEM;
	for (size_t i = 0, g = 0; i < f->nuses; i++) {
		g += i != 0 && f->uses[i].guard != f->uses[i - 1].guard;
		uses[i] = (struct below_use){ .rule = f->uses[i].rule, .guard = (uint32_t)g };
	}
	qsort(uses, f->nuses, sizeof(*uses), by_rule);
	for (size_t i = 0; i < f->nuses; i++)
		if (n == 0 || by_rule(&uses[n - 1], &uses[i]) != 0)
			uses[n++] = uses[i];
	r = below_mounts(f->b, f->ir, f->au, root, uses, n, f->err);
	free(uses);
	return r;
}

/* ---- lists ---- */

static int by_state(const void *x, const void *y)
{
	const struct below_entry *a = x, *b = y;

	if (a->state != b->state)
		return a->state < b->state ? -1 : 1;
	return (a->guard > b->guard) - (a->guard < b->guard);
}

/* One entry for each state and guard. */
static void join_entries(struct below *b)
{
	size_t n = 0;

	if (b->n != 0)
		qsort(b->entries, b->n, sizeof(*b->entries), by_state);
	for (size_t i = 0; i < b->n; i++) {
		struct below_entry *to = n != 0 ? &b->entries[n - 1] : NULL;
		const struct below_entry *e = &b->entries[i];

		if (!to || by_state(to, e) != 0) {
			b->entries[n++] = *e;
			continue;
		}
		to->class = e->class > to->class ? e->class : to->class;
		to->rank = e->rank < to->rank ? e->rank : to->rank;
		to->mount = e->mount < to->mount ? e->mount : to->mount;
	}
	b->n = n;
}

static int add_list(struct find *f, const struct below_entry *e, size_t n, uint32_t *ret)
{
	uint64_t v[1 + 2 * BL_MAX_LIST];

	v[0] = n;
	for (size_t i = 0; i < n; i++) {
		uint32_t rank = e[i].class != 0 ? e[i].rank : e[i].mount;

		v[1 + 2 * i] = f->guards[e[i].guard] | BELOW_RULE(rank);
		v[2 + 2 * i] = e[i].class | (f->same[e[i].guard] ? BL_BELOW_SAME : 0);
		v[2 + 2 * i] |= rank & BELOW_ANYWHERE ? BL_BELOW_LOOSE : 0;
		if (e[i].mount != UINT32_MAX)
			v[2 + 2 * i] |= (uint64_t)(BELOW_RULE(e[i].mount) + 1) << BL_BELOW_MOUNT_SHIFT;
	}
	return words_intern(f->w, v, 1 + 2 * n, ret);
}

static int add_lists(struct find *f)
{
	struct below *b = f->b;
	int r = 0;

	join_entries(b);
	b->states = malloc((b->n + 1) * sizeof(*b->states));
	b->lists = malloc((b->n + 1) * sizeof(*b->lists));
	if (!b->states || !b->lists)
		return -ENOMEM;
	for (size_t i = 0, end; r == 0 && i < b->n; i = end) {
		for (end = i; end < b->n && b->entries[end].state == b->entries[i].state;)
			end++;
		b->states[b->nlists] = b->entries[i].state;
		r = add_list(f, &b->entries[i], end - i, &b->lists[b->nlists++]);
	}
	return r;
}

int below_find(struct words *w, const struct ir *ir, struct au *au, struct below *ret, struct tables_error *err)
{
	struct find f = { .w = w, .ir = ir, .au = au, .b = ret, .err = err };
	int r;

	memset(ret, 0, sizeof(*ret));
	r = take_records(&f);
	if (r == 0 && f.nuses != 0) {
		r = number_guards(&f);
		if (r == 0)
			r = find_dirs(&f);
		if (r == 0)
			r = find_classes(&f);
		if (r == 0)
			r = find_mounts(&f);
		if (r == 0)
			r = add_lists(&f);
	}
	free(f.uses);
	free(f.guards);
	free(f.same);
	free(f.dirs.states);
	words_free(&f.outputs);
	free(f.output);
	free(f.rank);
	free(f.class);
	free(f.least);
	return r;
}

static int compare_words(const void *x, const void *y)
{
	uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;

	return (a > b) - (a < b);
}

int below_add(struct words *w, const struct au *au, const struct below *b, uint32_t *ret_off)
{
	uint64_t *v = malloc((b->nlists + 1) * sizeof(*v));
	int r;

	if (!v)
		return -ENOMEM;
	for (size_t i = 0; i < b->nlists; i++)
		v[i] = (uint64_t)au_word(au, b->states[i]) << 32 | b->lists[i];
	qsort(v, b->nlists, sizeof(*v), compare_words);
	*ret_off = (uint32_t)w->n;
	r = words_add(w, v, b->nlists);
	free(v);
	return r;
}

void below_free(struct below *b)
{
	free(b->entries);
	free(b->states);
	free(b->lists);
	memset(b, 0, sizeof(*b));
}
