/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Images made of small inputs: a valid one with changes, sealed again. */
#include "patch.h"

#include <string.h>

#include "fuzz.h"
#include "image_write.h"

#include "banned.h"

/* Between them they have every section, table and kind of the format. */
static const char *const policies[] = {
	"profile p { subject any; deny read /a; }",

	"profile a { subject exe /bin/a, /bin/b* except /bin/bc; deny read, write /x/**, /y/?[a-c] except /x/k; allow exec; }\n"
	"profile b { subject user 0, 7-9; mode audit; kill exec /x/*.c message \"no\" tag \"t\" severity high; log write /y/*; }\n",

	"profile a { subject exe /bin/a; subject user root; deny connect tcp to 10.0.0.0/8 port 80-90; default deny connect; }\n"
	"profile b { subject cgroup /s/**; deny connect udp to fd00::/16, 1.2.3.4 port 53; log connect to ::1; deny read; }\n",

	"profile a { subject any except exe /s/*; deny read /d/* if user 0; deny read /d/* unless exe /e; allow read /d/*; }\n"
	"profile b { subject exe /e and user 5; inherit no; deny write /d/f if exe /f unless user 8; deny create, read /d/f; }\n"
	"profile c { subject cgroup /g; default deny read, exec; allow read /d/f; allow exec; }\n",
};
#define POLICIES (sizeof(policies) / sizeof(policies[0]))

static struct bl_buf bases[POLICIES];

static void make_base(size_t i)
{
	struct compile_text text = {.name = "base", .bytes = policies[i], .len = strlen(policies[i])};
	struct tables_error te;
	struct compile c;
	struct ir ir;
	void *mem;
	size_t len;

	compile_init(&c);
	if (policy_compile_text(&c, &text, 1, &ir) != 0)
		diag_print(&c.diags, stderr, DIAG_TEXT);
	FUZZ_CHECK(c.diags.nerrors == 0 && image_build(&ir, &mem, &len, &te) == 0);
	bl_buf_add(&bases[i], mem, len);
	free(mem);
	compile_free(&c);
}

/* One change. Places are counted in units from the beginning of what `where` names. */
struct patch {
	uint8_t how;
	uint8_t where;
	uint16_t index;
	uint32_t value;
};

enum how { SET, ADD, FLIP, COPY, GROW, SHRINK, HOWS };
/* Sections by their number; the tables also by what is in them; the frame. */
enum where { FRAME, HEAD = BL_SEC_COUNT + 1, WORDS, PROFILES, LITS, STICKY, ATOMS, RULES, HITS, STATES, START, CLASSES, LAST, STATE, RECORD, LIST, WHERES };

/* The sections while they change. */
struct parts {
	struct bl_buf v[BL_SEC_COUNT + 1];
};

static void take_apart(struct parts *p, const struct bl_buf *base)
{
	const struct bl_section *s = (const void *)(base->data + sizeof(struct bl_image_head));

	for (int i = 1; i <= BL_SEC_COUNT; i++)
		bl_buf_add(&p->v[i], base->data + s[i - 1].off, s[i - 1].len);
}

/* The n-th word from off_states on that is the head of a state, with an accept record if `record`; 0: none. */
static size_t find_state(const struct bl_tables *t, size_t nwords, unsigned n, bool record)
{
	size_t last = 0;

	for (size_t i = t->off_states; i < nwords; i++) {
		uint32_t low = (uint32_t)t->w[i];

		if ((low & BL_CELL_HEAD) == 0 || (record && low == BL_CELL_HEAD))
			continue;
		last = i;
		if (n-- == 0)
			break;
	}
	return last;
}

/* STATE, RECORD, LIST: the low bits of the index say which, the others where in it. */
static size_t found_offset(const struct bl_tables *t, size_t len, enum where where, unsigned index)
{
	size_t nwords = (len - sizeof(*t)) / 8, at = find_state(t, nwords, index % 16, where != STATE);

	if (where != STATE && at != 0)
		at = (uint32_t)t->w[at] & ~BL_CELL_HEAD;
	if (where == LIST && at < nwords) {
		size_t slot = at + index / 16 % 8;
		uint64_t two = slot < nwords ? t->w[slot] : 0;

		at = (uint32_t)two != 0 ? (uint32_t)two : (uint32_t)(two >> 32);
	}
	return sizeof(*t) + 8 * at + 4 * (size_t)(where == LIST ? index / 128 % 16 : index / 16 % 16);
}

/* First byte of what a patch counts from, in the tables' section. */
static size_t table_offset(const struct bl_tables *t, enum where where)
{
	const size_t words = sizeof(*t);

	switch (where) {
	case WORDS:
		return words + 8 * BL_DEAD_WORDS;
	case PROFILES:
		return words + 8 * (size_t)t->off_profiles;
	case LITS:
		return words + 8 * (size_t)t->off_lits;
	case STICKY:
		return words + 8 * (size_t)t->off_sticky;
	case ATOMS:
		return words + 8 * (size_t)t->off_atoms;
	case RULES:
		return words + 8 * (size_t)t->off_rules;
	case HITS:
		return words + 8 * (size_t)t->off_hits;
	case STATES:
		return words + 8 * (size_t)t->off_states;
	case START:
		return offsetof(struct bl_tables, start);
	case CLASSES:
		return offsetof(struct bl_tables, cls);
	case LAST: /* the words that states near the end are made of */
		return words + 8 * ((size_t)t->nwords - BL_DEAD_WORDS);
	default:
		return 0;
	}
}

static void change(char *at, enum how how, uint32_t value, const char *buf, size_t len)
{
	uint32_t have;

	memcpy(&have, at, sizeof(have));
	if (how == SET)
		have = value;
	else if (how == ADD)
		have += (uint32_t)(int32_t)(int8_t)value;
	else if (how == FLIP)
		have ^= 1u << value % 32;
	else if (how == COPY)
		memcpy(&have, buf + value % (len / 4) * 4, sizeof(have));
	memcpy(at, &have, sizeof(have));
}

static void resize(struct bl_buf *b, enum how how, uint32_t value)
{
	static const char zeros[64 * 8];
	size_t n = value % 64 * 8;

	if (how == GROW)
		bl_buf_add(b, zeros, n);
	else
		b->len -= n < b->len ? n : b->len;
}

static void apply(struct parts *p, const struct patch *x)
{
	enum where where = x->where % WHERES;
	struct bl_buf *b = &p->v[where == FRAME || where >= HEAD ? BL_SEC_TABLES : where];
	enum how how = x->how % HOWS;
	struct bl_tables *t = (void *)b->data;
	size_t at = (size_t)x->index * 4;

	if (where == FRAME)
		return;
	if (how == GROW || how == SHRINK) {
		resize(b, how, x->value);
		if (b == &p->v[BL_SEC_TABLES] && b->len >= sizeof(*t))
			((struct bl_tables *)b->data)->nwords = (uint32_t)((b->len - sizeof(*t)) / 8);
		return;
	}
	if (where >= STATE && b->len >= sizeof(*t))
		at = found_offset(t, b->len, where, x->index);
	else if (where >= HEAD && b->len >= sizeof(*t))
		at += table_offset(t, where);
	if (b->len >= 4 && at <= b->len - 4)
		change(b->data + at, how, x->value, b->data, b->len);
}

static void put_together(const struct parts *p, struct bl_buf *image)
{
	struct bl_image_head head = {.version = BL_IMAGE_VERSION, .abi = BL_ABI_VERSION, .nsections = BL_SEC_COUNT};
	struct bl_section s[BL_SEC_COUNT] = {0};
	uint64_t at = sizeof(head) + sizeof(s), end = at;

	memcpy(head.magic, BL_IMAGE_MAGIC, sizeof(head.magic));
	for (uint32_t i = 1; i <= BL_SEC_COUNT; i++) {
		s[i - 1] = (struct bl_section){.type = i, .off = at, .len = p->v[i].len};
		end = at + p->v[i].len;
		at = (end + 7) / 8 * 8;
	}
	head.size = at;
	bl_buf_add(image, &head, sizeof(head));
	bl_buf_add(image, s, sizeof(s));
	for (uint32_t i = 1; i <= BL_SEC_COUNT; i++) {
		bl_buf_add(image, p->v[i].data, p->v[i].len);
		bl_buf_add(image, "\0\0\0\0\0\0\0", -image->len % 8);
	}
}

static void patched(const struct bl_buf *base, const uint8_t *data, size_t size, struct bl_buf *image)
{
	struct parts p = {0};
	struct patch x;

	take_apart(&p, base);
	for (size_t i = 0; i + sizeof(x) <= size; i += sizeof(x)) {
		memcpy(&x, data + i, sizeof(x));
		apply(&p, &x);
	}
	put_together(&p, image);
	for (size_t i = 0; i + sizeof(x) <= size; i += sizeof(x)) {
		memcpy(&x, data + i, sizeof(x));
		if (x.where % WHERES == FRAME)
			change(image->data + x.index % (sizeof(struct bl_image_head) + BL_SEC_COUNT * sizeof(struct bl_section)) / 4 * 4,
			       x.how % HOWS, x.value, image->data, image->len);
	}
	for (int i = 1; i <= BL_SEC_COUNT; i++)
		bl_buf_free(&p.v[i]);
}

/* Bytes as they are, with what nothing gets past put right. */
static void as_given(const uint8_t *data, size_t size, struct bl_buf *image)
{
	struct bl_image_head *h;

	bl_buf_add(image, data, size);
	if (size < sizeof(*h))
		return;
	h = (void *)image->data;
	memcpy(h->magic, BL_IMAGE_MAGIC, sizeof(h->magic));
	h->version = BL_IMAGE_VERSION;
	h->abi = BL_ABI_VERSION;
	h->size = size;
}

void *patched_image(const uint8_t *data, size_t size, size_t *ret_len)
{
	struct bl_buf image = BL_BUF_INIT;
	void *exact;
	size_t which;

	if (size == 0)
		return NULL;
	for (size_t i = 0; i < POLICIES && !bases[i].data; i++)
		make_base(i);
	which = data[0] % (POLICIES + 1);
	if (which < POLICIES)
		patched(&bases[which], data + 1, size - 1, &image);
	else
		as_given(data + 1, size - 1, &image);
	/* exactly as long as it is: ASan then sees what is read beyond it */
	exact = malloc(image.len ? image.len : 1);
	FUZZ_CHECK(exact);
	if (image.len != 0)
		memcpy(exact, image.data, image.len);
	*ret_len = image.len;
	bl_image_seal(exact, image.len);
	bl_buf_free(&image);
	return exact;
}
