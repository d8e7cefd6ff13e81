/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Objects of operations: names, addresses, and for code what it is besides its name. */
#include "analyse_object.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "plat_host.h"
#include "decide.h"
#include "text.h"
#include "banned.h"

void objects_init(struct objects *o, const struct bl_tables *old, const struct bl_tables *new)
{
	memset(o, 0, sizeof(*o));
	o->tables[0] = old;
	o->tables[1] = new;
}

static void forget(struct objects *o)
{
	for (size_t i = 0; i < BL_KEY_KINDS; i++) {
		walk_free(o->own[i]);
		o->own[i] = NULL;
	}
	o->n = 0;
	free(o->index);
	o->index = NULL;
	o->nindex = 0;
}

void objects_free(struct objects *o)
{
	forget(o);
	for (size_t i = 0; i < BL_KEY_KINDS; i++)
		walk_free(o->walks[i]);
	free(o->v);
}

/* ---- each combination of lists once ---- */

static size_t slot(const struct objects *o, const struct object *x)
{
	uint64_t h = 0;
	size_t i;

	for (unsigned int k = 0; k < 2 * BL_ACCS; k++)
		h = (h ^ x->list[k / BL_ACCS][k % BL_ACCS]) * 0x9e3779b97f4a7c15ULL;
	for (i = (size_t)(h ^ h >> 31) & (o->nindex - 1); o->index[i] != OBJECT_NONE; i = (i + 1) & (o->nindex - 1))
		if (memcmp(o->v[o->index[i]].list, x->list, sizeof(x->list)) == 0)
			break;
	return i;
}

static void index_grow(struct objects *o)
{
	free(o->index);
	o->nindex = o->nindex ? o->nindex * 2 : 256;
	o->index = malloc(o->nindex * sizeof(*o->index));
	if (!o->index)
		arena_oom();
	memset(o->index, 0xff, o->nindex * sizeof(*o->index));
	for (uint32_t i = 0; i < o->n; i++)
		o->index[slot(o, &o->v[i])] = i;
}

static int add(struct objects *o, const struct object *x)
{
	size_t at;

	if (o->n * 2 >= o->nindex)
		index_grow(o);
	at = slot(o, x);
	if (o->index[at] != OBJECT_NONE)
		return 0;
	if (o->n == OBJECTS_MAX)
		return -E2BIG;
	if (o->n == o->cap) {
		o->cap = o->cap ? o->cap * 2 : 256;
		o->v = reallocarray(o->v, o->cap, sizeof(*o->v));
		if (!o->v)
			arena_oom();
	}
	o->index[at] = (uint32_t)o->n;
	o->v[o->n++] = *x;
	return 0;
}

/* ---- what there is ---- */

static void lists_of(const struct objects *o, struct object *x, unsigned int acc, const uint32_t rec[2])
{
	for (int side = 0; side < 2; side++)
		x->list[side][acc] = bl_acc_list(o->tables[side], rec[side], o->op);
}

static void lists_of_key(const struct objects *o, struct object *x, unsigned int acc, enum bl_kind kind, uint8_t byte)
{
	struct bl_name n;
	uint32_t rec[2];

	n.buf[BL_PATH_MAX - 1] = byte;
	for (int side = 0; side < 2; side++)
		rec[side] = bl_accept(o->tables[side], bl_run(o->tables[side], &n, BL_PATH_MAX - 1, o->tables[side]->start[kind]));
	lists_of(o, x, acc, rec);
}

static int walk_of(struct objects *o, enum bl_kind kind, struct walk **ret)
{
	bool own = kind == BL_KEY_NET || kind == BL_KEY_SYS; /* whose shapes differ by operation */
	struct walk **w = own ? &o->own[kind] : &o->walks[kind];
	const struct walk_part parts[] = {{o->tables[0], kind}, {o->tables[1], kind}};
	/* one walk is for all operations on files: root_fits() sorts out "/" */
	int r = *w ? 0 : walk_run(parts, 2, kind == BL_KEY_PATH ? BL_OP_READ : o->op, 0, w);

	*ret = *w;
	return r;
}

static bool used(const struct objects *o, enum bl_kind kind)
{
	return o->tables[0]->start[kind] != 0 || o->tables[1]->start[kind] != 0;
}

/* The name of a file system type, as a question can carry it (simulate.h); 0: too long to be one. */
static size_t fstype_name(const struct objects *o, size_t hit, char ret[OBJECT_FSTYPE])
{
	uint8_t key[BL_PATH_MAX];
	size_t n = walk_key(o->walks[BL_KEY_CODE], hit, key);

	if (n < 2 || n > OBJECT_FSTYPE)
		return 0;
	memcpy(ret, key + 1, n - 1);
	ret[n - 1] = '\0';
	return n - 1;
}

/* Code of every type of file system that rules tell apart. */
static int add_fstypes(struct objects *o, struct object *x)
{
	char name[OBJECT_FSTYPE];
	struct walk *w;
	int r;

	if (!used(o, BL_KEY_CODE))
		return add(o, x);
	r = walk_of(o, BL_KEY_CODE, &w);
	for (size_t i = 0; r == 0 && i < w->nhits; i++) {
		if (fstype_name(o, i, name) == 0)
			continue;
		x->fstype = w->hits[i].rec[0] || w->hits[i].rec[1] ? (uint32_t)i : OBJECT_NONE;
		lists_of(o, x, 2, w->hits[i].rec);
		r = add(o, x);
	}
	return r;
}

static int add_code(struct objects *o, struct object *x)
{
	static const uint8_t named[] = {0, BL_CODE_DELETED}, nameless[] = {BL_CODE_MEMFD, BL_CODE_ANONYMOUS};
	int r = 0;

	if (!(bl_kind_ops(BL_KEY_CODE) & BL_OP_BIT(o->op)))
		return add(o, x);
	for (size_t i = 0; r == 0 && i < 2; i++) {
		x->code = x->hit == OBJECT_NONE ? nameless[i] : named[i];
		if (x->code == 0)
			x->list[0][1] = x->list[1][1] = 0;
		else
			lists_of_key(o, x, 1, BL_KEY_CODE, x->code);
		r = add_fstypes(o, x);
	}
	return r;
}

/* "/" can be listed and changed, mounted on and left, and that is all. */
static bool root_fits(enum bl_kind kind, uint32_t op)
{
	if (kind == BL_KEY_SYS)
		return op != BL_OP_MODULE;
	return kind != BL_KEY_PATH || op == BL_OP_READ || op == BL_OP_ATTR || op == BL_OP_SETID;
}

static int find_kind(struct objects *o, enum bl_kind kind)
{
	struct object x = {.kind = kind, .fstype = OBJECT_NONE};
	struct walk *w;
	int r = walk_of(o, kind, &w);

	for (size_t i = 0; r == 0 && i < w->nhits; i++) {
		if (w->hits[i].root && !root_fits(kind, o->op))
			continue;
		x.hit = (uint32_t)i;
		lists_of(o, &x, 0, w->hits[i].rec);
		r = add_code(o, &x);
	}
	if (r < 0 || kind != BL_KEY_PATH || !(bl_kind_ops(BL_KEY_CODE) & BL_OP_BIT(o->op)))
		return r;
	x.hit = OBJECT_NONE;
	lists_of_key(o, &x, 0, BL_KEY_PATH, BL_OBJ_NAMELESS);
	return add_code(o, &x);
}

int objects_find(struct objects *o, uint32_t op)
{
	int r = 0;

	forget(o);
	o->op = op;
	for (unsigned int kind = 0; r == 0 && kind < BL_KEY_KINDS; kind++)
		if ((bl_kind_ops(kind) & BL_OP_BIT(op)) && kind != BL_KEY_CODE)
			r = find_kind(o, kind);
	return r;
}

/* ---- examples ---- */

void objects_example(const struct objects *o, size_t i, struct object_example *ret)
{
	const struct object *x = &o->v[i];
	const struct walk *w = o->own[x->kind] ? o->own[x->kind] : o->walks[x->kind];

	memset(ret, 0, sizeof(*ret));
	ret->kind = x->kind;
	ret->code = x->code;
	if (x->hit != OBJECT_NONE) {
		ret->len = walk_key(w, x->hit, ret->key);
	} else {
		ret->key[0] = BL_OBJ_NAMELESS;
		ret->len = 1;
	}
	if (x->fstype != OBJECT_NONE)
		fstype_name(o, x->fstype, ret->fstype);
}

void object_example_text(struct bl_buf *b, const struct object_example *e)
{
	if (e->code == BL_CODE_MEMFD || e->code == BL_CODE_ANONYMOUS)
		bl_text_object(b, BL_KEY_CODE, &e->code, 1);
	else
		bl_text_object(b, e->kind, e->key, e->len);
	if (e->code == BL_CODE_DELETED)
		bl_buf_str(b, " (deleted)");
	if (e->fstype[0] == '\0')
		return;
	bl_buf_str(b, " on ");
	bl_text_escape(b, e->fstype, strlen(e->fstype));
}
