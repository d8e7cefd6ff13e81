/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The automaton says what its expressions say: against a matcher that shares nothing with it, at every stage. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "au_priv.h"
#include "automaton.h"

#include "plat_host.h"
#include "decide.h"

#define FIRST 300u

/* ---- expressions of the test, and what they match ---- */

enum { T_EMPTY, T_LIT, T_SET, T_CAT, T_ALT, T_STAR, T_OPT };

struct tre {
	int op;
	int x, y; /* nodes */
	unsigned n;
	uint8_t bits[32]; /* T_LIT: bytes */
};

struct pool {
	struct tre t[4096];
	int n;
	uint64_t seed;
};

static uint32_t rnd(struct pool *p, uint32_t n)
{
	p->seed = p->seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(p->seed >> 33) % n;
}

static int tre_new(struct pool *p, int op, int x, int y)
{
	p->t[p->n] = (struct tre){.op = op, .x = x, .y = y};
	return p->n++;
}

static void bits_set(uint8_t bits[32], unsigned b)
{
	bits[b / 8] |= 1u << (b % 8);
}

static int tre_range(struct pool *p, unsigned lo, unsigned hi)
{
	int t = tre_new(p, T_SET, 0, 0);

	for (unsigned b = lo; b <= hi; b++)
		bits_set(p->t[t].bits, b);
	return t;
}

/* Ends (bit i: after i bytes) of the matches of t in s that begin at one of these places. */
static uint64_t tre_ends(const struct pool *p, int t, const uint8_t *s, unsigned len, uint64_t from)
{
	const struct tre *e = &p->t[t];
	uint64_t to = 0, last;

	switch (e->op) {
	case T_EMPTY:
		return from;
	case T_LIT:
		for (unsigned i = 0; i + e->n <= len; i++) {
			if ((from >> i & 1) && memcmp(s + i, e->bits, e->n) == 0)
				to |= 1ULL << (i + e->n);
		}
		return to;
	case T_SET:
		for (unsigned i = 0; i < len; i++) {
			if ((from >> i & 1) && (e->bits[s[i] / 8] >> (s[i] % 8) & 1))
				to |= 1ULL << (i + 1);
		}
		return to;
	case T_CAT:
		return tre_ends(p, e->y, s, len, tre_ends(p, e->x, s, len, from));
	case T_ALT:
		return tre_ends(p, e->x, s, len, from) | tre_ends(p, e->y, s, len, from);
	case T_OPT:
		return from | tre_ends(p, e->x, s, len, from);
	default:
		do {
			last = from;
			from |= tre_ends(p, e->x, s, len, from);
		} while (from != last);
		return from;
	}
}

static bool tre_matches(const struct pool *p, int t, const uint8_t *s, unsigned len)
{
	return tre_ends(p, t, s, len, 1) >> len & 1;
}

/* The automaton's expression. Shared nodes stay shared. */
static struct re *tre_make(struct au *a, const struct pool *p, int t, struct re **memo)
{
	const struct tre *e = &p->t[t];
	struct re *x, *y;

	if (memo[t])
		return memo[t];
	switch (e->op) {
	case T_EMPTY:
		return memo[t] = re_empty(a);
	case T_LIT:
		return memo[t] = re_lit(a, e->bits, e->n);
	case T_SET:
		return memo[t] = re_set(a, e->bits);
	case T_STAR:
		return memo[t] = re_star(a, tre_make(a, p, e->x, memo));
	case T_OPT:
		return memo[t] = re_opt(a, tre_make(a, p, e->x, memo));
	default:
		x = tre_make(a, p, e->x, memo);
		y = tre_make(a, p, e->y, memo);
		return memo[t] = e->op == T_CAT ? re_cat(a, x, y) : re_alt(a, x, y);
	}
}

/* ---- random ones ---- */

static const uint8_t ALPHABET[] = {'a', 'b', 'c', '/', 0, 255, 'd'};

static int random_leaf(struct pool *p, unsigned letters)
{
	int t;

	switch (rnd(p, 8)) {
	case 0:
		return tre_new(p, T_EMPTY, 0, 0);
	case 1:
	case 2:
		t = tre_new(p, T_SET, 0, 0);
		for (unsigned b = 0; b < 256; b++) {
			if (b != '/' && rnd(p, 32) != 0)
				bits_set(p->t[t].bits, b);
		}
		return t;
	case 3:
		t = tre_new(p, T_SET, 0, 0);
		for (unsigned i = rnd(p, 4); i-- > 0;)
			bits_set(p->t[t].bits, ALPHABET[rnd(p, letters)]);
		return t;
	case 4:
		t = (int)rnd(p, 256);
		return tre_range(p, t, t + rnd(p, 256 - t));
	default:
		t = tre_new(p, T_LIT, 0, 0);
		p->t[t].n = rnd(p, 4);
		for (unsigned i = 0; i < p->t[t].n; i++)
			p->t[t].bits[i] = ALPHABET[rnd(p, letters)];
		return t;
	}
}

static int random_tre(struct pool *p, unsigned size, unsigned letters)
{
	unsigned left;
	int x, y;

	if (size <= 1)
		return random_leaf(p, letters);
	switch (rnd(p, 8)) {
	case 0:
		return tre_new(p, T_STAR, random_tre(p, size - 1, letters), 0);
	case 1:
		return tre_new(p, T_OPT, random_tre(p, size - 1, letters), 0);
	default:
		left = 1 + rnd(p, size - 1);
		x = random_tre(p, left, letters);
		/* Now and then the same expression again, or any earlier one. */
		y = rnd(p, 8) == 0 ? (int)rnd(p, p->n) : rnd(p, 8) == 0 ? x : random_tre(p, size - left, letters);
		return tre_new(p, rnd(p, 3) == 0 ? T_ALT : T_CAT, x, y);
	}
}

/* A string that is likely to match: a walk through the expression. */
static unsigned random_match(struct pool *p, int t, uint8_t *s, unsigned len, unsigned max)
{
	const struct tre *e = &p->t[t];
	unsigned b;

	switch (e->op) {
	case T_LIT:
		for (unsigned i = 0; i < e->n && len < max; i++)
			s[len++] = e->bits[i];
		return len;
	case T_SET:
		b = rnd(p, 256);
		for (unsigned i = 0; i < 256; i++, b = (b + 1) % 256) {
			if ((e->bits[b / 8] >> (b % 8) & 1) && len < max) {
				s[len++] = b;
				break;
			}
		}
		return len;
	case T_CAT:
		len = random_match(p, e->x, s, len, max);
		return random_match(p, e->y, s, len, max);
	case T_ALT:
		return random_match(p, rnd(p, 2) ? e->x : e->y, s, len, max);
	case T_STAR:
	case T_OPT:
		for (unsigned i = rnd(p, e->op == T_OPT ? 2 : 4); i-- > 0;)
			len = random_match(p, e->x, s, len, max);
		return len;
	default:
		return len;
	}
}

/* ---- running ---- */

static uint32_t walk(const struct au *a, unsigned kind, const uint8_t *s, size_t len)
{
	uint32_t state = au_start(a, kind);

	for (size_t i = 0; i < len; i++)
		state = au_next(a, state, s[i]);
	return au_payload(a, state);
}

static struct bl_tables *tables_of(const struct au_packed *k, uint32_t first)
{
	struct bl_tables *t = calloc(1, sizeof(*t) + (first + k->nwords) * sizeof(t->w[0]));

	ck_assert_ptr_nonnull(t);
	t->nwords = first + k->nwords;
	t->w[0] = BL_CELL_HEAD;
	memcpy(t->start, k->start, sizeof(t->start));
	memcpy(t->cls, k->cls, sizeof(t->cls));
	memcpy(t->w + first, k->words, k->nwords * sizeof(t->w[0]));
	return t;
}

static uint32_t run(const struct bl_tables *t, struct bl_name *n, unsigned kind, const void *s, size_t len)
{
	memcpy(n->buf + BL_PATH_MAX - len, s, len);
	return bl_accept(t, bl_run(t, n, BL_PATH_MAX - len, t->start[kind]));
}

static bool is_head(const struct au_packed *k, uint64_t i)
{
	return i < k->nwords && ((uint32_t)k->words[i] & BL_CELL_HEAD);
}

/* Whether a word is a header, or a cell of a state near enough before it that says something else than its default. */
static bool word_is_sound(const struct au_packed *k, uint32_t first, size_t i)
{
	uint32_t low = (uint32_t)k->words[i], high = k->words[i] >> 32;

	if (high != 0 && (high < first || !is_head(k, high - first)))
		return false;
	if (low & BL_CELL_HEAD)
		return true;
	return low >= first && low - first < i && i - (low - first) < 256 && is_head(k, low - first) &&
	       k->words[low - first] >> 32 != high;
}

/* As many headers as states, nothing but them and their cells, nothing in the padding. */
static void check_layout(const struct au *a, const struct au_packed *k, uint32_t first)
{
	size_t heads = 0, unsound = 0;

	for (size_t i = 0; i < k->nwords; i++) {
		heads += is_head(k, i);
		if (k->words[i] != 0)
			unsound += i >= k->nwords - 256 || !word_is_sound(k, first, i);
	}
	ck_assert_uint_eq(unsound, 0);
	ck_assert_uint_eq(heads, au_nstates(a));
}

/* No two states agree on everything, and every state leads somewhere: table filling. */
static void check_minimal(const struct au *a)
{
	uint32_t n = au_nstates(a) + 1, alike = 0;
	uint8_t *apart = calloc(n, n);
	bool changed = true;

	ck_assert_ptr_nonnull(apart);
	for (uint32_t i = 0; i < n * n; i++)
		apart[i] = au_payload(a, i / n) != au_payload(a, i % n);
	while (changed) {
		changed = false;
		for (uint32_t i = 0; i < n * n; i++) {
			for (unsigned b = 0; b < 256 && !apart[i]; b++) {
				if (apart[au_next(a, i / n, b) * n + au_next(a, i % n, b)])
					apart[i] = changed = true;
			}
		}
	}
	for (uint32_t i = 0; i < n * n; i++)
		alike += i / n != i % n && !apart[i];
	free(apart);
	ck_assert_uint_eq(alike, 0);
}

/* Payload by accept set: the smallest matching pattern of the kind, + 1. Sets too few, so that states merge. */
static void payload_smallest(struct au *a)
{
	for (size_t i = 0; i < au_nsets(a); i++) {
		const uint32_t *pats;
		unsigned kind;
		size_t n;

		au_get_set(a, i, &kind, &pats, &n);
		ck_assert_uint_gt(n, 0);
		for (size_t j = 1; j < n; j++)
			ck_assert_uint_lt(pats[j - 1], pats[j]);
		au_set_payload(a, i, 1 + pats[0]);
	}
}

/* ---- random expressions, random strings ---- */

#define PATTERNS 4u
#define KINDS 3u
#define STRINGS 110u
#define MAX_STRING 40u

struct round {
	struct pool pool;
	struct re *memo[4096];
	int pattern[PATTERNS];
	unsigned kind[PATTERNS];
	uint8_t s[STRINGS][MAX_STRING];
	unsigned len[STRINGS];
	uint32_t expect[STRINGS][KINDS];
	struct bl_name name;
};

static void round_make(struct round *r, struct au *a, uint64_t seed)
{
	unsigned letters = 2 + seed % 6;

	memset(r, 0, sizeof(*r));
	r->pool.seed = seed * 77777 + 3;
	for (unsigned i = 0; i < PATTERNS; i++) {
		r->pattern[i] = random_tre(&r->pool, 1 + rnd(&r->pool, 14), letters);
		r->kind[i] = rnd(&r->pool, KINDS);
		ck_assert_int_eq(au_add(a, r->kind[i], tre_make(a, &r->pool, r->pattern[i], r->memo), i), 0);
	}
	for (unsigned i = 0; i < STRINGS; i++) {
		if (i % 2 == 0) {
			r->len[i] = random_match(&r->pool, r->pattern[rnd(&r->pool, PATTERNS)], r->s[i], 0, MAX_STRING);
		} else {
			r->len[i] = rnd(&r->pool, 10);
			for (unsigned j = 0; j < r->len[i]; j++)
				r->s[i][j] = ALPHABET[rnd(&r->pool, letters)];
		}
		if (i % 8 == 0 && r->len[i] > 0)
			r->s[i][rnd(&r->pool, r->len[i])] = rnd(&r->pool, 256);
	}
}

static void round_expect(struct round *r)
{
	for (unsigned i = 0; i < STRINGS; i++) {
		for (unsigned p = PATTERNS; p-- > 0;) {
			if (tre_matches(&r->pool, r->pattern[p], r->s[i], r->len[i]))
				r->expect[i][r->kind[p]] = 1 + p;
		}
	}
}

static uint64_t round_walk(struct round *r, const struct au *a)
{
	uint64_t n = 0, wrong = 0;

	for (unsigned i = 0; i < STRINGS; i++) {
		for (unsigned k = 0; k < KINDS; k++, n++)
			wrong += walk(a, k, r->s[i], r->len[i]) != r->expect[i][k];
	}
	ck_assert_uint_eq(wrong, 0);
	return n;
}

static uint64_t round_packed(struct round *r, struct au *a, uint32_t first)
{
	struct au_packed k;
	struct bl_tables *t;
	uint64_t n = 0, wrong = 0;

	ck_assert_int_eq(au_pack(a, first, &k), 0);
	check_layout(a, &k, first);
	t = tables_of(&k, first);
	for (unsigned i = 0; i < STRINGS; i++) {
		for (unsigned kind = 0; kind < KINDS; kind++, n++)
			wrong += run(t, &r->name, kind, r->s[i], r->len[i]) != r->expect[i][kind];
	}
	ck_assert_uint_eq(wrong, 0);
	free(t);
	return n;
}

START_TEST(random_all_stages)
{
	struct round *r = malloc(sizeof(*r));
	uint64_t n = 0, skipped = 0, minimal = 0;
	clock_t begin = clock();

	ck_assert_ptr_nonnull(r);
	for (uint64_t seed = 0; seed < 1200 && (clock() - begin) / CLOCKS_PER_SEC < 20; seed++) {
		const struct au_limits lim = {.max_states = 20000, .max_memory = 16u << 20};
		struct au *a = au_new();
		uint32_t worst;

		round_make(r, a, seed);
		if (au_build(a, &lim, &worst) == 0) {
			round_expect(r);
			payload_smallest(a);
			n += round_walk(r, a);
			n += round_packed(r, a, FIRST);
			if (seed % 16 == 0)
				au_weak_weights(a);
			ck_assert_int_eq(au_minimise(a), 0);
			n += round_walk(r, a);
			n += round_packed(r, a, 256);
			if (au_nstates(a) < 40) {
				check_minimal(a);
				minimal++;
			}
		} else {
			skipped++;
		}
		au_free(a);
	}
	free(r);
	printf("automaton: %llu comparisons, %llu automata checked to be minimal, %llu skipped\n",
	       (unsigned long long)n, (unsigned long long)minimal, (unsigned long long)skipped);
	ck_assert_uint_ge(n, 200000);
	ck_assert_uint_ge(minimal, 100);
	ck_assert_uint_lt(skipped, 50);
}
END_TEST

/* ---- targeted ---- */

struct one {
	struct au *a;
	struct bl_tables *t;
	struct bl_name name;
};

static void one_make(struct one *o, struct re *x)
{
	struct au_packed k;
	uint32_t worst;

	ck_assert_int_eq(au_add(o->a, BL_KEY_PATH, x, 7), 0);
	ck_assert_int_eq(au_build(o->a, NULL, &worst), 0);
	payload_smallest(o->a);
	ck_assert_int_eq(au_minimise(o->a), 0);
	ck_assert_int_eq(au_pack(o->a, FIRST, &k), 0);
	check_layout(o->a, &k, FIRST);
	o->t = tables_of(&k, FIRST);
}

static bool one_matches(struct one *o, const char *s)
{
	bool yes = walk(o->a, BL_KEY_PATH, (const uint8_t *)s, strlen(s)) == 8;

	ck_assert_int_eq(yes, run(o->t, &o->name, BL_KEY_PATH, s, strlen(s)) == 8);
	return yes;
}

static void one_free(struct one *o)
{
	free(o->t);
	au_free(o->a);
}

static struct re *lit(struct au *a, const char *s)
{
	return re_lit(a, s, strlen(s));
}

static struct re *range(struct au *a, unsigned lo, unsigned hi)
{
	uint8_t bits[32] = {0};

	for (unsigned b = lo; b <= hi; b++)
		bits_set(bits, b);
	return re_set(a, bits);
}

static struct re *not_slash(struct au *a)
{
	uint8_t bits[32];

	memset(bits, 0xff, sizeof(bits));
	bits['/' / 8] &= (uint8_t) ~(1u << ('/' % 8));
	return re_set(a, bits);
}

START_TEST(star_of_nullable)
{
	struct one o = {.a = au_new()};
	struct re *x = re_opt(o.a, re_star(o.a, re_alt(o.a, lit(o.a, "a"), re_empty(o.a))));

	one_make(&o, re_cat(o.a, re_star(o.a, re_cat(o.a, x, re_opt(o.a, lit(o.a, "b")))), lit(o.a, "c")));
	ck_assert(one_matches(&o, "c"));
	ck_assert(one_matches(&o, "aabbabc"));
	ck_assert(!one_matches(&o, ""));
	ck_assert(!one_matches(&o, "ab"));
	ck_assert(!one_matches(&o, "cc"));
	ck_assert_uint_eq(au_nstates(o.a), 2);
	one_free(&o);
}
END_TEST

START_TEST(shared_inside_one)
{
	struct one o = {.a = au_new()};
	struct re *x = re_alt(o.a, lit(o.a, "a"), lit(o.a, "bb"));

	one_make(&o, re_cat(o.a, x, re_cat(o.a, lit(o.a, "-"), x)));
	ck_assert(one_matches(&o, "a-bb"));
	ck_assert(one_matches(&o, "bb-bb"));
	ck_assert(one_matches(&o, "a-a"));
	ck_assert(!one_matches(&o, "a-"));
	ck_assert(!one_matches(&o, "a-a-a"));
	ck_assert(!one_matches(&o, "aa"));
	one_free(&o);
}
END_TEST

START_TEST(nothing_matches)
{
	struct one o = {.a = au_new()};

	one_make(&o, re_cat(o.a, lit(o.a, "abc"), re_set(o.a, (uint8_t[32]){0})));
	ck_assert_uint_eq(au_nstates(o.a), 0);
	ck_assert_uint_eq(o.t->start[BL_KEY_PATH], 0);
	ck_assert(!one_matches(&o, "abc"));
	one_free(&o);
}
END_TEST

START_TEST(empty_automaton)
{
	struct au *a = au_new();
	struct au_packed k;
	uint32_t worst;

	ck_assert_int_eq(au_build(a, NULL, &worst), 0);
	ck_assert_int_eq(au_minimise(a), 0);
	ck_assert_int_eq(au_pack(a, 256, &k), 0);
	ck_assert_uint_eq(k.nwords, 256);
	ck_assert_uint_eq(au_nstates(a), 0);
	au_free(a);
	au_free(NULL);
}
END_TEST

/* Sets of patterns differ by kind, payload 0 is as no match, equal payloads merge across kinds. */
START_TEST(sets_and_payloads)
{
	struct au *a = au_new();
	struct re *x = lit(a, "ab");
	const uint32_t *pats;
	uint32_t worst;
	unsigned kind;
	size_t n;

	ck_assert_int_eq(au_add(a, 0, x, 9), 0);
	ck_assert_int_eq(au_add(a, 0, x, 3), 0);
	ck_assert_int_eq(au_add(a, 0, x, 9), 0);
	ck_assert_int_eq(au_add(a, 5, x, 9), 0);
	ck_assert_int_eq(au_add(a, 6, x, 1), 0);
	ck_assert_int_eq(au_add(a, 16, x, 1), -EINVAL);
	ck_assert_int_eq(au_build(a, NULL, &worst), 0);
	ck_assert_uint_eq(au_nsets(a), 3);
	au_get_set(a, 0, &kind, &pats, &n);
	ck_assert(kind == 0 && n == 2 && pats[0] == 3 && pats[1] == 9);
	au_get_set(a, 1, &kind, &pats, &n);
	ck_assert(kind == 5 && n == 1 && pats[0] == 9);
	ck_assert_uint_eq(au_nstates(a), 9);
	au_set_payload(a, 0, 77);
	au_set_payload(a, 1, 77);
	ck_assert_uint_eq(walk(a, 5, (const uint8_t *)"ab", 2), 77);
	ck_assert_int_eq(au_minimise(a), 0);
	ck_assert_uint_eq(au_nstates(a), 3);
	ck_assert_uint_eq(au_start(a, 0), au_start(a, 5));
	ck_assert_uint_eq(au_start(a, 6), 0);
	ck_assert_uint_eq(walk(a, 0, (const uint8_t *)"ab", 2), 77);
	au_free(a);
}
END_TEST

START_TEST(defaults_stay_apart)
{
	/* The classic: any bytes, then one of two names; every state has a live default. */
	struct one o = {.a = au_new()};
	struct re *any = re_star(o.a, range(o.a, 0, 255));

	one_make(&o, re_cat(o.a, any, re_alt(o.a, lit(o.a, ".c"), lit(o.a, ".h"))));
	ck_assert(one_matches(&o, "x.c"));
	ck_assert(one_matches(&o, "x.c.h"));
	ck_assert(!one_matches(&o, "x.c."));
	ck_assert_uint_eq(au_nstates(o.a), 3);
	check_minimal(o.a);
	one_free(&o);
}
END_TEST

/* ---- 256 classes ---- */

static void check_256(struct au *a, bool with_default)
{
	struct bl_name *name = calloc(1, sizeof(*name));
	uint8_t seen[256] = {0};
	struct au_packed k;
	struct bl_tables *t;
	uint32_t worst, wrong = 0;

	for (unsigned b = 0; b < 256; b++) {
		uint8_t s[2] = {b, 255 - b};

		ck_assert_int_eq(au_add(a, BL_KEY_USER, re_lit(a, s, 2), b), 0);
	}
	/* Byte 0 is now an exception more often than others: class 0 has to be some other byte's. */
	ck_assert_int_eq(au_add(a, BL_KEY_GROUP, re_lit(a, "\0\0\0\0", 4), 2000), 0);
	if (with_default)
		ck_assert_int_eq(au_add(a, BL_KEY_USER, re_cat(a, range(a, 0, 255), range(a, 0, 255)), 1000), 0);
	ck_assert_int_eq(au_build(a, NULL, &worst), 0);
	payload_smallest(a);
	ck_assert_int_eq(au_minimise(a), 0);
	ck_assert_int_eq(au_pack(a, FIRST, &k), 0);
	check_layout(a, &k, FIRST);
	for (unsigned b = 0; b < 256; b++)
		seen[k.cls[b]]++;
	for (unsigned c = 0; c < 256; c++)
		ck_assert_uint_eq(seen[c], 1);
	ck_assert_uint_ne(k.cls[0], 0);
	t = tables_of(&k, FIRST);
	for (unsigned i = 0; i < 65536; i++) {
		uint8_t s[2] = {i >> 8, i & 255};
		uint32_t want = s[0] + s[1] == 255 ? 1u + s[0] : with_default ? 1001 : 0;

		wrong += walk(a, BL_KEY_USER, s, 2) != want;
		wrong += run(t, name, BL_KEY_USER, s, 2) != want;
	}
	ck_assert_uint_eq(wrong, 0);
	free(t);
	free(name);
	au_free(a);
}

START_TEST(all_bytes_distinct)
{
	check_256(au_new(), false);
	check_256(au_new(), true);
}
END_TEST

/* Ranges cut everywhere, as the bounds of address prefixes and ports cut them. */
START_TEST(random_ranges)
{
	struct pool p = {.seed = 5};
	uint8_t lo[400][3], hi[400][3];
	struct au *a = au_new();
	struct au_packed k;
	struct bl_tables *t;
	struct bl_name *name = calloc(1, sizeof(*name));
	uint32_t worst, wrong = 0;

	for (unsigned i = 0; i < 400; i++) {
		struct re *x = re_empty(a);

		for (unsigned j = 0; j < 3; j++) {
			lo[i][j] = rnd(&p, 256);
			hi[i][j] = lo[i][j] + rnd(&p, (256u - lo[i][j]) / (1 + i % 9) + 1) % (256u - lo[i][j]);
			x = re_cat(a, x, range(a, lo[i][j], hi[i][j]));
		}
		ck_assert_int_eq(au_add(a, BL_KEY_NET, x, i), 0);
	}
	ck_assert_int_eq(au_build(a, NULL, &worst), 0);
	payload_smallest(a);
	ck_assert_int_eq(au_minimise(a), 0);
	ck_assert_int_eq(au_pack(a, FIRST, &k), 0);
	check_layout(a, &k, FIRST);
	t = tables_of(&k, FIRST);
	for (unsigned n = 0; n < 20000; n++) {
		uint8_t s[3] = {rnd(&p, 256), rnd(&p, 256), rnd(&p, 256)};
		uint32_t want = 0;

		for (unsigned i = 400; i-- > 0;) {
			if (s[0] >= lo[i][0] && s[0] <= hi[i][0] && s[1] >= lo[i][1] && s[1] <= hi[i][1] &&
			    s[2] >= lo[i][2] && s[2] <= hi[i][2])
				want = i + 1;
		}
		wrong += walk(a, BL_KEY_NET, s, 3) != want;
		wrong += run(t, name, BL_KEY_NET, s, 3) != want;
	}
	ck_assert_uint_eq(wrong, 0);
	free(t);
	free(name);
	au_free(a);
}
END_TEST

/* ---- long chains ---- */

#define LONG 100000u

START_TEST(long_chains)
{
	struct au *a = au_new();
	char *s = malloc(LONG);
	struct re *left = lit(a, "x"), *right = lit(a, "x"), *cat = lit(a, "x"), *deep = lit(a, "x");
	uint32_t worst;

	for (unsigned i = 0; i < LONG; i++) {
		char c = (char)('a' + i % 23);
		struct re *x = re_lit(a, &c, 1);

		s[i] = c;
		left = re_alt(a, left, x);
		right = re_alt(a, x, right);
		cat = re_cat(a, cat, x);
		deep = re_opt(a, re_cat(a, x, deep));
	}
	ck_assert_int_eq(au_add(a, 0, re_lit(a, s, LONG), 0), 0);
	ck_assert_int_eq(au_add(a, 1, re_star(a, re_alt(a, left, right)), 1), 0);
	ck_assert_int_eq(au_add(a, 2, cat, 2), 0);
	ck_assert_int_eq(au_add(a, 3, deep, 3), 0);
	ck_assert_int_eq(au_build(a, NULL, &worst), 0);
	payload_smallest(a);
	ck_assert_int_eq(au_minimise(a), 0);
	ck_assert_uint_eq(walk(a, 0, (uint8_t *)s, LONG), 1);
	ck_assert_uint_eq(walk(a, 0, (uint8_t *)s, LONG - 1), 0);
	ck_assert_uint_eq(walk(a, 1, (uint8_t *)s, LONG), 2);
	ck_assert_uint_eq(walk(a, 2, (uint8_t *)s, LONG), 0);
	ck_assert_uint_eq(walk(a, 3, (uint8_t *)"", 0), 4);
	free(s);
	au_free(a);
}
END_TEST

/* ---- limits ---- */

/* "/", then components and "/" any number of times, then x, then name. */
static struct re *hostile(struct au *a, unsigned i)
{
	struct re *comp = re_star(a, not_slash(a));
	struct re *dirs = re_star(a, re_cat(a, re_cat(a, not_slash(a), comp), lit(a, "/")));
	char y[16];

	snprintf(y, sizeof(y), "y%u", i);
	return re_cat(
		a, lit(a, "/"),
		re_cat(a, dirs,
		       re_cat(a, lit(a, "x"), re_cat(a, comp, re_cat(a, lit(a, y), re_cat(a, comp, lit(a, "z")))))));
}

START_TEST(stops_in_time)
{
	struct au *a = au_new();
	struct timespec t0, t1;
	uint32_t worst = 12345;

	for (unsigned i = 0; i < 40; i++)
		ck_assert_int_eq(au_add(a, BL_KEY_PATH, hostile(a, i), 100 + i), 0);
	clock_gettime(CLOCK_MONOTONIC, &t0);
	ck_assert_int_eq(au_build(a, NULL, &worst), -E2BIG);
	clock_gettime(CLOCK_MONOTONIC, &t1);
	ck_assert(worst >= 100 && worst < 140);
	printf("automaton: hostile patterns stopped after %.2f s\n",
	       (double)(t1.tv_sec - t0.tv_sec) + (double)(t1.tv_nsec - t0.tv_nsec) / 1e9);
	ck_assert_int_lt(t1.tv_sec - t0.tv_sec, 100); /* under valgrind; 2 without */
	ck_assert_uint_eq(au_nstates(a), 0);
	au_free(a);
}
END_TEST

/* (a|b)* a (a|b)^16 blows up; the literals beside it do not. */
static struct au *blow_up(void)
{
	struct au *a = au_new();
	struct re *ab = range(a, 'a', 'b'), *x = re_cat(a, re_star(a, ab), lit(a, "a"));

	for (unsigned i = 0; i < 16; i++)
		x = re_cat(a, x, ab);
	au_add(a, 0, lit(a, "/etc/passwd"), 1);
	au_add(a, 0, x, 2);
	au_add(a, 0, lit(a, "/etc/shadow"), 3);
	return a;
}

START_TEST(limits_name_the_worst)
{
	struct au *a = blow_up();
	size_t before = au_memory(a);
	uint32_t worst = 0;

	ck_assert_int_eq(au_build(a, &(struct au_limits){.max_states = 1000}, &worst), -E2BIG);
	ck_assert_uint_eq(worst, 2);
	worst = 0;
	ck_assert_int_eq(au_build(a, &(struct au_limits){.max_memory = 1 << 20}, &worst), -E2BIG);
	ck_assert_uint_eq(worst, 2);
	ck_assert_uint_lt(au_memory(a), before + 65536);
	ck_assert_int_eq(au_build(a, NULL, &worst), 0);
	au_free(a);
}
END_TEST

/* What a pattern shares with others is nobody's fault, unless they are the same throughout. */
START_TEST(blame_is_for_ones_own)
{
	struct au *a = blow_up();
	struct re *ab = range(a, 'a', 'b'), *x = re_cat(a, re_star(a, ab), lit(a, "a"));
	uint32_t worst = 0;

	for (unsigned i = 0; i < 16; i++)
		x = re_cat(a, x, ab);
	au_add(a, 0, re_cat(a, re_star(a, ab), lit(a, "c")), 4);
	ck_assert_int_eq(au_build(a, &(struct au_limits){.max_states = 1000}, &worst), -E2BIG);
	ck_assert_uint_eq(worst, 2);
	ck_assert_uint_gt(au_blame(a, 2), 2000);
	ck_assert_uint_lt(au_blame(a, 4), 20); /* waits for its 'c' in every state */
	ck_assert_uint_lt(au_blame(a, 1), 20);
	ck_assert_uint_eq(au_blame(a, 5), 0);
	au_add(a, 0, x, 5);
	ck_assert_int_eq(au_build(a, &(struct au_limits){.max_states = 1000}, &worst), -E2BIG);
	ck_assert_uint_eq(worst, 2);
	ck_assert_uint_gt(au_blame(a, 2), 2000);
	ck_assert_int_eq(au_build(a, NULL, &worst), 0);
	ck_assert_uint_eq(au_blame(a, 2), 0);
	au_free(a);
}
END_TEST

/* One expression under several patterns and kinds, each of its alternatives. */
START_TEST(expressions_added_again)
{
	struct au *a = au_new();
	struct re *x = re_alt(a, re_alt(a, lit(a, "ab"), lit(a, "ac")), re_cat(a, lit(a, "a"), re_star(a, lit(a, "d"))));
	const uint32_t *patterns;
	unsigned kind;
	uint32_t worst, s;
	size_t n;

	au_add(a, 0, x, 1);
	au_add(a, 1, x, 2);
	au_add(a, 0, lit(a, "ab"), 3);
	au_add(a, 0, x, 4);
	ck_assert_int_eq(au_build(a, NULL, &worst), 0);
	for (size_t i = 0; i < au_nsets(a); i++)
		au_set_payload(a, i, i + 1);
	for (const char *const *t = (const char *const[]){"ab", "ac", "add", NULL}; *t; t++) {
		s = au_start(a, 0);
		for (const char *c = *t; *c; c++)
			s = au_next(a, s, (uint8_t)*c);
		ck_assert_uint_gt(au_payload(a, s), 0);
		au_get_set(a, au_payload(a, s) - 1, &kind, &patterns, &n);
		ck_assert_uint_eq(kind, 0);
		ck_assert_uint_eq(n, strcmp(*t, "ab") == 0 ? 3 : 2);
		ck_assert_uint_eq(patterns[0], 1);
		ck_assert_uint_eq(patterns[n - 1], 4);
	}
	s = au_next(a, au_next(a, au_start(a, 1), 'a'), 'c');
	ck_assert_uint_gt(au_payload(a, s), 0);
	au_get_set(a, au_payload(a, s) - 1, &kind, &patterns, &n);
	ck_assert(kind == 1 && n == 1 && patterns[0] == 2);
	au_free(a);
}
END_TEST

/* A thousand names anywhere take the memory of their names, not of a thousand loops in every state. */
START_TEST(beginnings_are_shared)
{
	struct au *a = au_new();
	struct re *dirs = re_star(a, re_cat(a, lit(a, "/"), re_cat(a, not_slash(a), re_star(a, not_slash(a)))));
	size_t before;
	uint32_t worst;

	for (unsigned i = 0; i < 1000; i++) {
		char name[16];

		snprintf(name, sizeof(name), "/%08x", i * 0x9e3779b1u);
		ck_assert_int_eq(au_add(a, BL_KEY_PATH, re_cat(a, dirs, lit(a, name)), i), 0);
	}
	before = au_memory(a);
	ck_assert_int_eq(au_build(a, &(struct au_limits){.max_memory = before + (3u << 20)}, &worst), 0);
	ck_assert_uint_gt(au_nstates(a), 6000);
	au_free(a);
}
END_TEST

START_TEST(steps_are_limited)
{
	struct au *a = blow_up();
	uint32_t worst = 0;

	au_limit_work(a, 100000);
	ck_assert_int_eq(au_build(a, NULL, &worst), -E2BIG);
	ck_assert_uint_eq(worst, 2);
	au_limit_work(a, UINT64_MAX);
	ck_assert_int_eq(au_build(a, NULL, &worst), 0);
	au_free(a);
}
END_TEST

START_TEST(packs_densely)
{
	struct au *a = blow_up();
	struct au_packed k;
	size_t used = 0;
	uint32_t worst;

	ck_assert_int_eq(au_build(a, NULL, &worst), 0);
	payload_smallest(a);
	ck_assert_int_eq(au_minimise(a), 0);
	ck_assert_int_eq(au_pack(a, 256, &k), 0);
	for (size_t i = 0; i < k.nwords; i++)
		used += k.words[i] != 0;
	ck_assert_uint_le(k.nwords - 256, used + used / 4);
	ck_assert_uint_le(used, 3 * au_nstates(a));
	au_free(a);
}
END_TEST

START_TEST(state_limit_is_exact)
{
	struct au *a = au_new();
	uint32_t worst = 0;

	au_add(a, 0, lit(a, "0123456789"), 4);
	ck_assert_int_eq(au_build(a, &(struct au_limits){.max_states = 10}, &worst), -E2BIG);
	ck_assert_uint_eq(worst, 4);
	ck_assert_int_eq(au_build(a, &(struct au_limits){.max_states = 11}, &worst), 0);
	ck_assert_uint_eq(au_nstates(a), 11);
	au_free(a);
}
END_TEST

/* An expression that is 2^60 times itself. */
START_TEST(doubling)
{
	struct au *a = au_new();
	struct re *x = lit(a, "ab"), *e = re_empty(a);
	uint32_t worst = 0;

	for (unsigned i = 0; i < 60; i++) {
		x = re_cat(a, x, x);
		e = re_cat(a, e, re_alt(a, e, re_star(a, e)));
	}
	au_add(a, 0, lit(a, "small"), 5);
	au_add(a, 0, e, 7);
	au_add(a, 0, x, 6);
	ck_assert_int_eq(au_build(a, NULL, &worst), -E2BIG);
	ck_assert_uint_eq(worst, 6);
	au_free(a);
}
END_TEST

/* ---- out of memory, determinism ---- */

/* All stages with the n-th allocation failing. Returns whether nothing failed. */
static bool try_all(long n)
{
	struct au *a = au_new();
	struct au_packed k;
	uint32_t worst;
	int r;

	ck_assert_ptr_nonnull(a);
	au_alloc_fail_after(a, n);
	for (unsigned i = 0; i < 20; i++) {
		r = au_add(a, i % 3, hostile(a, i % 2), i);
		ck_assert(r == 0 || r == -ENOMEM);
	}
	r = au_build(a, NULL, &worst);
	if (r == 0) {
		payload_smallest(a);
		r = au_minimise(a);
	}
	if (r == 0)
		r = au_pack(a, FIRST, &k);
	ck_assert(r == 0 || r == -ENOMEM);
	au_free(a);
	return r == 0;
}

START_TEST(allocations_fail)
{
	long n = 0;

	while (!try_all(n))
		n++;
	printf("automaton: %ld allocations made to fail\n", n);
	ck_assert_int_gt(n, 40);
}
END_TEST

START_TEST(null_arguments)
{
	struct au *a = au_new();
	uint32_t worst;

	ck_assert_ptr_null(re_cat(a, NULL, re_empty(a)));
	ck_assert_ptr_null(re_alt(a, re_empty(a), NULL));
	ck_assert_ptr_null(re_star(a, NULL));
	ck_assert_ptr_null(re_opt(a, NULL));
	ck_assert_int_eq(au_add(a, 0, NULL, 1), -ENOMEM);
	ck_assert_int_eq(au_build(a, NULL, &worst), -ENOMEM);
	au_free(a);
}
END_TEST

START_TEST(weak_weights_are_caught)
{
	/* Two states that differ in which byte, not in how many, leads to the same payload. */
	struct au *a = au_new();
	uint32_t worst;

	au_add(a, 0, lit(a, "ax"), 1);
	au_add(a, 0, lit(a, "by"), 1);
	ck_assert_int_eq(au_build(a, NULL, &worst), 0);
	payload_smallest(a);
	au_weak_weights(a);
	ck_assert_int_eq(au_minimise(a), 0);
	ck_assert_uint_eq(au_minimise_runs(a), 2);
	ck_assert_uint_eq(au_nstates(a), 4);
	check_minimal(a);
	au_free(a);
}
END_TEST

START_TEST(deterministic)
{
	struct round *r = malloc(sizeof(*r));

	for (uint64_t seed = 2000; seed < 2010; seed++) {
		struct au *a[2];
		struct au_packed k[2];
		uint32_t worst;

		for (int i = 0; i < 2; i++) {
			a[i] = au_new();
			round_make(r, a[i], seed);
			ck_assert_int_eq(au_build(a[i], NULL, &worst), 0);
			payload_smallest(a[i]);
			ck_assert_int_eq(au_minimise(a[i]), 0);
			ck_assert_int_eq(au_pack(a[i], FIRST, &k[i]), 0);
		}
		ck_assert_uint_eq(k[0].nwords, k[1].nwords);
		ck_assert_mem_eq(k[0].words, k[1].words, k[0].nwords * sizeof(uint64_t));
		ck_assert_mem_eq(k[0].start, k[1].start, sizeof(k[0].start));
		ck_assert_mem_eq(k[0].cls, k[1].cls, sizeof(k[0].cls));
		au_free(a[0]);
		au_free(a[1]);
	}
	free(r);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		star_of_nullable,   shared_inside_one,	   nothing_matches,
		empty_automaton,    sets_and_payloads,	   defaults_stay_apart,
		all_bytes_distinct, random_ranges,	   long_chains,
		stops_in_time,	    limits_name_the_worst, state_limit_is_exact,
		blame_is_for_ones_own, beginnings_are_shared, expressions_added_again,
		steps_are_limited,  packs_densely,	   doubling,
		allocations_fail,   null_arguments,	   weak_weights_are_caught,
		deterministic,	    random_all_stages,
	};
	Suite *s = suite_create("automaton");
	TCase *c = tcase_create("all");
	SRunner *sr;
	int failed;

	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_test(c, tests[i]);
	tcase_set_timeout(c, 120);
	suite_add_tcase(s, c);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
