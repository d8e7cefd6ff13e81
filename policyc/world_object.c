/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The objects that there are, one for each combination of accept sets that some object is in. */
#include "world.h"

#include <string.h>

#include "arena.h"
#include "buf.h"
#include "keyshape.h"
#include "text.h"
#include "banned.h"

static const uint8_t nameless_key[] = {BL_OBJ_NAMELESS};

/* Strings of a kind differ in form by operation where one kind serves several. */
static struct au_examples *examples(struct world *w, unsigned int kind, unsigned int op)
{
	bool by_op = kind == BL_KEY_NET || kind == BL_KEY_SYS;
	size_t slot = by_op ? BL_KEY_KINDS + op : kind;

	if (kind == BL_KEY_PATH && shape_start(kind, op) != shape_start(kind, BL_OP_READ))
		slot = BL_KEY_KINDS + BL_OP_WRITE;
	if (!w->examples[slot] && au_examples_find(w->au, kind, op, &w->examples[slot]) < 0)
		arena_oom();
	return w->examples[slot];
}

struct walk {
	struct world *w;
	bool (*f)(void *arg, const struct world_object *o);
	void *arg;
	bool go_on;
};

static void visit(struct walk *k, const struct world_object *o)
{
	if (k->go_on)
		k->go_on = k->f(k->arg, o);
}

/* What is on no file system that a rule names, or on none at all, and each set of types. */
static void each_fstype(struct walk *k, struct world_object o)
{
	const struct au_examples *e;

	if (au_start(k->w->au, BL_KEY_CODE) == 0) {
		visit(k, &o);
		return;
	}
	e = examples(k->w, BL_KEY_CODE, o.op);
	for (size_t i = 0; k->go_on && i <= au_nsets(k->w->au); i++) {
		o.set[2] = i == 0 ? AU_NO_SET : i - 1;
		if (i == 0 || au_example(e, o.set[2], NULL, NULL))
			visit(k, &o);
	}
}

static void each_code(struct walk *k, struct world_object o)
{
	static const uint8_t named[] = {0, BL_CODE_DELETED}, nameless[] = {BL_CODE_MEMFD, BL_CODE_ANONYMOUS};
	const uint8_t *codes = o.nameless ? nameless : named;

	if (!(BL_OP_BIT(o.op) & bl_kind_ops(BL_KEY_CODE))) {
		visit(k, &o);
		return;
	}
	for (size_t i = 0; i < 2; i++) {
		o.code = codes[i];
		o.set[1] = codes[i] ? au_find_set(k->w->au, BL_KEY_CODE, &codes[i], 1) : AU_NO_SET;
		/* deleted or not is the same where no rule asks */
		if (o.nameless || codes[i] == 0 || o.set[1] != AU_NO_SET)
			each_fstype(k, o);
	}
}

static void each_of_kind(struct walk *k, unsigned int kind, unsigned int op)
{
	struct world_object o = {.op = op, .kind = kind, .set = {0, AU_NO_SET, AU_NO_SET}};
	const struct au_examples *e = examples(k->w, kind, op);

	for (size_t i = 0; k->go_on && i <= au_nsets(k->w->au); i++) {
		o.set[0] = i == au_nsets(k->w->au) ? AU_NO_SET : i;
		if (au_example(e, o.set[0], NULL, NULL))
			each_code(k, o);
	}
	/* what has no name is asked about as code only */
	if (kind != BL_KEY_PATH || !(BL_OP_BIT(op) & bl_kind_ops(BL_KEY_CODE)))
		return;
	o.set[0] = au_find_set(k->w->au, kind, nameless_key, sizeof(nameless_key));
	o.nameless = true;
	each_code(k, o);
}

void world_objects(struct world *w, unsigned int op, bool (*f)(void *arg, const struct world_object *o), void *arg)
{
	struct walk k = {.w = w, .f = f, .arg = arg, .go_on = true};

	for (unsigned int kind = 0; kind < BL_KEY_KINDS; kind++) {
		bool rules = au_start(w->au, kind) != 0 || (kind == BL_KEY_PATH && au_start(w->au, BL_KEY_CODE) != 0);

		if ((bl_kind_ops(kind) & BL_OP_BIT(op)) && kind != BL_KEY_CODE && rules)
			each_of_kind(&k, kind, op);
	}
}

static size_t add_matches(struct world *w, size_t n, size_t set, uint64_t bit)
{
	for (size_t i = 0; set != AU_NO_SET && i < w->nmatches[set]; i++) {
		if (w->matches[set][i].ops & bit)
			w->list[n++] = w->matches[set][i];
	}
	return n;
}

/* A few elements in two sorted pieces; a rule can be in both. */
static size_t merge_matches(struct match *v, size_t n)
{
	size_t k = 0;

	for (size_t i = 1; i < n; i++) {
		struct match m = v[i];
		size_t j = i;

		for (; j > 0 && v[j - 1].index > m.index; j--)
			v[j] = v[j - 1];
		v[j] = m;
	}
	for (size_t i = 0; i < n; i++) {
		if (k == 0 || v[k - 1].index != v[i].index || v[k - 1].implied != v[i].implied)
			v[k++] = v[i];
	}
	return k;
}

size_t world_matches(struct world *w, const struct world_object *o, const struct match **ret)
{
	size_t n = add_matches(w, 0, o->set[0], BL_OP_BIT(o->op)), first = n;

	*ret = w->list;
	n = add_matches(w, n, o->set[1], BL_OP_BIT(o->op));
	n = add_matches(w, n, o->set[2], BL_OP_BIT(o->op));
	return n == first ? n : merge_matches(w->list, n);
}

static void code_text(struct world *w, const struct world_object *o, struct bl_buf *b)
{
	uint8_t key[BL_PATH_MAX];
	size_t len;

	if (o->code == BL_CODE_DELETED)
		bl_buf_str(b, ", deleted");
	if (o->set[2] == AU_NO_SET || !au_example(examples(w, BL_KEY_CODE, o->op), o->set[2], key, &len))
		return;
	bl_buf_str(b, " on ");
	bl_text_object(b, BL_KEY_CODE, key, len);
}

const char *world_object_text(struct world *w, const struct world_object *o)
{
	struct bl_buf b = BL_BUF_INIT;
	uint8_t key[BL_PATH_MAX];
	const char *text;
	size_t len;

	if (o->nameless)
		bl_text_object(&b, BL_KEY_CODE, &o->code, 1);
	else if (au_example(examples(w, o->kind, o->op), o->set[0], key, &len))
		bl_text_object(&b, o->kind, key, len);
	code_text(w, o, &b);
	if (b.failed)
		arena_oom();
	text = arena_strdup(w->arena, b.len ? bl_buf_text(&b) : "");
	bl_buf_free(&b);
	return text;
}
