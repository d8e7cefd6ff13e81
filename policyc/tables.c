// SPDX-License-Identifier: GPL-2.0-or-later
/* Builds the tables: automaton over all patterns, accept records, profiles, conditions. */
#include "tables.h"
#include "accept.h"
#include "automaton.h"
#include "below.h"
#include "image_read.h"
#include "blame.h"
#include "pattern.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "banned.h"


struct build {
	const struct ir *ir;
	struct au *au;
	struct owner *owners; /* by pattern number of the automaton */
	struct src_loc *locs; /* where it is written, for messages */
	size_t npatterns, cap;
	struct words w;
	struct below below;
	struct bl_tables head;
	struct tables_error *err;
	const struct tables_watch *watch; /* NULL: nobody looks */
};

static int add_owner(struct build *b, const struct owner *owner, struct src_loc loc)
{
	if (b->npatterns == b->cap) {
		size_t cap = b->cap ? b->cap * 2 : 256;
		struct owner *o = realloc(b->owners, cap * sizeof(*o));
		struct src_loc *l = o ? realloc(b->locs, cap * sizeof(*l)) : NULL;

		if (o)
			b->owners = o;
		if (!l)
			return -ENOMEM;
		b->locs = l;
		b->cap = cap;
	}
	b->owners[b->npatterns] = *owner;
	b->locs[b->npatterns++] = loc;
	return 0;
}

/* ops: what the owner is about; a pattern can be about a part of that. */
static int add_pattern(struct build *b, const struct ir_pattern *p, uint32_t index, bool atom, uint64_t ops)
{
	struct owner o = { .index = index, .atom = atom, .except = p->except, .implied = p->implied };
	uint32_t id = (uint32_t)b->npatterns;
	int r;

	o.ops = p->implied ? p->ops : p->ops ? p->ops & ops : ops;
	r = add_owner(b, &o, p->loc);
	return r == 0 ? au_add(b->au, p->kind, pattern_to_re(b->au, p), id) : r;
}

/* Patterns that others imply come after the rest: accept.c takes them in groups. */
static int add_term(struct build *b, const struct ir_term *t, uint32_t index, bool atom, uint64_t ops)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < t->npatterns; i++)
		if (!t->patterns[i].implied)
			r = add_pattern(b, &t->patterns[i], index, atom, ops);
	for (size_t i = 0; r == 0 && i < t->npatterns; i++)
		if (t->patterns[i].implied)
			r = add_pattern(b, &t->patterns[i], index, atom, ops);
	return r;
}

/* A rule without an object matches whatever there is; what code is besides its name has a name too, or stands for one. */
static int add_any(struct build *b, uint32_t rule)
{
	const struct ir_rule *r = &b->ir->rules[rule];
	int e = 0;

	for (unsigned int kind = 0; e == 0 && kind < BL_KEY_KINDS; kind++) {
		struct ir_pattern p = { .kind = (enum bl_kind)kind, .any = true, .loc = r->loc };

		if ((r->ops & bl_kind_ops(kind)) != 0 && kind != BL_KEY_CODE)
			e = add_pattern(b, &p, rule, false, r->ops);
	}
	return e;
}

static int add_patterns(struct build *b)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < b->ir->natoms; i++)
		r = add_term(b, &b->ir->atoms[i].term, (uint32_t)i, true, UINT64_MAX);
	for (size_t i = 0; r == 0 && i < b->ir->nrules; i++)
		r = b->ir->rules[i].object.npatterns == 0 ? add_any(b, (uint32_t)i) :
							    add_term(b, &b->ir->rules[i].object, (uint32_t)i, false,
								     b->ir->rules[i].ops);
	return r;
}

static int build_automaton(struct build *b)
{
	uint32_t worst;
	int r = au_build(b->au, NULL, &worst);

	return r == -E2BIG ? blame_rules(b->au, b->owners, b->locs, b->npatterns, b->err) : r;
}

static int set_payloads(struct build *b)
{
	for (size_t i = 0; i < au_nsets(b->au); i++) {
		const uint32_t *patterns;
		unsigned int kind;
		uint32_t off;
		size_t n;
		int r;

		au_get_set(b->au, i, &kind, &patterns, &n);
		r = accept_record(&b->w, b->ir, b->owners, kind, patterns, n, &off, b->err);
		if (r < 0)
			return r;
		au_set_payload(b->au, i, off);
	}
	return 0;
}

static int add_automaton(struct build *b)
{
	struct au_packed p;
	int r = build_automaton(b);

	if (r == 0)
		r = set_payloads(b);
	if (r == 0 && b->watch)
		r = b->watch->see(b->watch->arg, b->ir, b->au, b->owners);
	if (r == 0)
		r = au_minimise(b->au);
	if (r == 0)
		r = below_find(&b->w, b->ir, b->au, &b->below, b->err);
	if (r == 0)
		r = au_pack(b->au, (uint32_t)b->w.n, &p);
	if (r < 0)
		return r;
	b->head.off_states = (uint32_t)b->w.n;
	b->head.nstates = (uint32_t)au_nstates(b->au);
	memcpy(b->head.start, p.start, sizeof(b->head.start));
	memcpy(b->head.cls, p.cls, sizeof(b->head.cls));
	r = words_add(&b->w, p.words, p.nwords);
	b->head.nbelow = (uint32_t)b->below.nlists;
	return r < 0 ? r : below_add(&b->w, b->au, &b->below, &b->head.off_below);
}

/* What rules of a profile refuse, and what it could refuse or report. */
static void profile_ops(const struct ir *ir, uint32_t p, uint64_t *refuse, uint64_t *say)
{
	*refuse = 0;
	*say = ir->profiles[p].deny_ops;
	for (size_t i = 0; i < ir->nrules; i++) {
		if (ir->rules[i].profile != p)
			continue;
		if (ir->rules[i].verdict >= BL_V_DENY)
			*refuse |= ir->rules[i].ops;
		if (ir->rules[i].verdict >= BL_V_LOG)
			*say |= ir->rules[i].ops;
	}
}

/* Does the rule say whom to accept from? */
static bool says_from(const struct ir_rule *r)
{
	for (size_t i = 0; i < r->object.npatterns; i++)
		if (r->object.patterns[i].kind == BL_KEY_NET && r->object.patterns[i].net.peer.family != 0)
			return true;
	return false;
}

static uint16_t profile_flags(const struct ir *ir, uint32_t p)
{
	uint16_t flags = ir->profiles[p].strict ? BL_PF_STRICT : 0;

	for (size_t i = 0; i < ir->nrules; i++)
		if (ir->rules[i].profile == p && says_from(&ir->rules[i]))
			flags |= BL_PF_FROM;
	return flags;
}

static int add_profiles(struct build *b)
{
	b->head.off_profiles = (uint32_t)b->w.n;
	b->head.nprofiles = (uint32_t)b->ir->nprofiles;
	for (uint32_t i = 0; i < b->ir->nprofiles; i++) {
		const struct ir_profile *p = &b->ir->profiles[i];
		struct bl_profile k = { .hash = p->hash, .deny_ops = p->deny_ops, .mode = p->mode, .entered = (uint16_t)p->entered,
					.flags = profile_flags(b->ir, i) };
		uint64_t v[BL_PROFILE_WORDS], refuse, say, names = 0;
		int r;

		profile_ops(b->ir, i, &refuse, &say);
		if (b->below.profiles[i / 64] >> (i % 64) & 1)
			names = BL_OPS_NAMES;
		k.rule_ops = refuse | names;
		b->head.ops |= say | names;
		memcpy(v, &k, sizeof(v));
		r = words_add(&b->w, v, BL_PROFILE_WORDS);
		if (r < 0)
			return r;
	}
	return 0;
}

static int add_conds(struct build *b)
{
	b->head.off_lits = (uint32_t)b->w.n;
	b->head.nconds = (uint32_t)b->ir->nconds;
	for (size_t i = 0; i < b->ir->nconds; i++) {
		const struct ir_cond *c = &b->ir->conds[i];

		for (size_t j = 0; j < c->nclauses; j++) {
			for (size_t k = 0; k < c->clauses[j].nlits; k++) {
				const struct ir_lit *l = &c->clauses[j].lits[k];
				bool last = k + 1 == c->clauses[j].nlits;
				uint64_t v = l->atom | (l->negate ? BL_LIT_NEG : 0) | (l->weak ? BL_LIT_WEAK : 0) |
					     (last ? BL_LIT_END_CLAUSE : 0) |
					     (last && j + 1 == c->nclauses ? BL_LIT_END_COND : 0);
				int r = words_add(&b->w, &v, 1);

				if (r < 0)
					return r;
				b->head.nlits++;
			}
		}
	}
	return 0;
}

struct sticky {
	uint64_t hash, atom;
};

static int by_hash(const void *x, const void *y)
{
	const struct sticky *a = x, *b = y;

	return a->hash < b->hash ? -1 : a->hash > b->hash;
}

static int add_atoms(struct build *b)
{
	struct sticky sticky[BL_MAX_ATOMS];
	size_t n = 0;
	int r = 0;

	b->head.off_atoms = (uint32_t)b->w.n;
	b->head.natoms = (uint32_t)b->ir->natoms;
	for (size_t i = 0; r == 0 && i < b->ir->natoms; i++) {
		uint64_t hash = b->ir->atoms[i].sticky;

		if (hash != 0)
			sticky[n++] = (struct sticky){ .hash = hash,
						       .atom = i | (uint64_t)b->ir->atoms[i].profile << 32 };
		r = words_add(&b->w, &hash, 1);
	}
	qsort(sticky, n, sizeof(sticky[0]), by_hash);
	b->head.off_sticky = (uint32_t)b->w.n;
	b->head.nsticky = (uint32_t)n;
	if (r == 0)
		r = words_add(&b->w, (const uint64_t *)sticky, 2 * n);
	return r;
}

static uint64_t rule_word(const struct ir_rule *r)
{
	uint64_t v = r->err ? r->err : EPERM; /* allow and log refuse nothing */

	v |= (uint64_t)r->enter << BL_RULE_ENTER_SHIFT;
	v |= (r->quiet ? BL_RULE_QUIET : 0) | (r->leave ? BL_RULE_LEAVE : 0);
	if (r->peer == IR_PEER_DESCENDANT)
		v |= BL_RULE_DESCENDANT;
	if (r->peer == IR_PEER_COND)
		v |= (uint64_t)r->peer_cond << BL_RULE_PEER_SHIFT;
	return v;
}

static int add_rules(struct build *b)
{
	int r = 0;

	b->head.off_rules = (uint32_t)b->w.n;
	b->head.nrules = (uint32_t)b->ir->nrules;
	for (size_t i = 0; r == 0 && i < b->ir->nrules; i++) {
		uint64_t v = rule_word(&b->ir->rules[i]);

		r = words_add(&b->w, &v, 1);
	}
	b->head.off_hits = (uint32_t)b->w.n;
	for (size_t i = 0; r == 0 && i < b->ir->nrules + b->ir->nprofiles; i++) {
		uint64_t zero = 0;

		r = words_add(&b->w, &zero, 1);
	}
	return r;
}

static int build_all(struct build *b)
{
	int r = add_patterns(b);

	if (r == 0)
		r = add_automaton(b);
	if (r == 0)
		r = add_profiles(b);
	if (r == 0)
		r = add_conds(b);
	if (r == 0)
		r = add_atoms(b);
	if (r == 0)
		r = add_rules(b);
	if (r == 0 && b->w.n > BL_MAX_WORDS) {
		b->err->id = "E-too-big";
		b->err->help = "a pattern for a directory takes less than the names in it";
		r = bl_error_set(&b->err->msg, -E2BIG, "the tables take %zu KiB, and %u KiB is the most the kernel side holds",
				 (b->w.n + 127) / 128, BL_MAX_WORDS / 128);
	}
	return r;
}

/* What the kernel side must be able to do besides operations. */
static uint64_t features(const struct build *b)
{
	uint64_t f = 0;

	for (size_t i = 0; i < b->ir->nprofiles; i++)
		f |= b->ir->profiles[i].strict ? BL_FEAT_STRICT : 0;
	for (uint32_t kind = 0; kind < BL_KEY_KINDS; kind++)
		f |= b->head.start[kind] != 0 ? bl_kind_feature(kind) : 0;
	for (size_t i = 0; i < b->ir->nrules; i++) {
		const struct ir_rule *r = &b->ir->rules[i];

		f |= r->if_owner || r->unless_owner || r->unless_mixed ? BL_FEAT_OWNER : 0;
		f |= r->peer != IR_PEER_ANY ? BL_FEAT_PEER : 0;
		f |= r->leave || r->enter != 0 ? BL_FEAT_TRANSITION : 0;
		f |= r->quiet ? BL_FEAT_QUIET : 0;
		f |= says_from(r) ? BL_FEAT_ACCEPT_FROM : 0;
	}
	return f;
}

/* Makes room for the head before the words. */
static int finish(struct build *b, struct bl_tables **ret, size_t *ret_len)
{
	size_t len = sizeof(struct bl_tables) + b->w.n * 8;
	struct bl_tables *t = realloc(b->w.v, len);

	if (!t)
		return -ENOMEM;
	b->w.v = NULL;
	memmove(t->w, (const void *)t, b->w.n * 8);
	t->w[0] = BL_CELL_HEAD; /* the dead state */
	b->head.magic = BL_TABLES_MAGIC;
	b->head.abi = BL_ABI_VERSION;
	b->head.nwords = (uint32_t)b->w.n;
	b->head.features = features(b);
	*t = b->head;
	*ret = t;
	*ret_len = len;
	return 0;
}

static void build_free(struct build *b)
{
	au_free(b->au);
	below_free(&b->below);
	words_free(&b->w);
	free(b->owners);
	free(b->locs);
}

int tables_show(const struct ir *ir, const struct tables_watch *w, struct tables_error *err)
{
	struct build b = { .ir = ir, .err = err };
	int r;

	memset(err, 0, sizeof(*err));
	b.au = au_new();
	r = b.au ? add_patterns(&b) : -ENOMEM;
	if (r == 0)
		r = build_automaton(&b);
	if (r == 0)
		r = w->see(w->arg, ir, b.au, b.owners);
	build_free(&b);
	return r;
}

int tables_build(const struct ir *ir, struct bl_tables **ret, size_t *ret_len, struct tables_error *err)
{
	return tables_build_watched(ir, NULL, ret, ret_len, err);
}

int tables_build_watched(const struct ir *ir, const struct tables_watch *w, struct bl_tables **ret, size_t *ret_len,
			 struct tables_error *err)
{
	struct build b = { .ir = ir, .err = err, .watch = w };
	int r;

	memset(err, 0, sizeof(*err));
	b.au = au_new();
	r = b.au ? words_init(&b.w, BL_DEAD_WORDS) : -ENOMEM;
	if (r == 0)
		r = build_all(&b);
	if (r == 0)
		r = finish(&b, ret, ret_len);
	build_free(&b);
	return r;
}
