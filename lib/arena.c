/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory that is taken piece by piece and given back at once. */
#include "arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "banned.h"

#define ARENA_ALIGN 16u
#ifndef ARENA_FIRST /* the fuzzers' build has 0: every piece is a chunk, and ASan sees its end */
#define ARENA_FIRST 4096u
#endif
#ifndef ARENA_BIGGEST
#define ARENA_BIGGEST (1u << 20)
#endif

struct arena_chunk {
	struct arena_chunk *next;
	size_t size;
	_Alignas(ARENA_ALIGN) unsigned char bytes[];
};

_Noreturn void arena_oom(void)
{
	static const char text[] = "policyc: out of memory\n";

	fwrite(text, 1, sizeof(text) - 1, stderr);
	exit(3);
}

void arena_init(struct arena *a)
{
	memset(a, 0, sizeof(*a));
}

void arena_free(struct arena *a)
{
	struct arena_chunk *next;

	for (struct arena_chunk *c = a->chunks; c; c = next) {
		next = c->next;
		free(c);
	}
	arena_init(a);
}

/* Chunks double, so that a small policy takes little and a big one takes few. */
static void arena_add_chunk(struct arena *a, size_t n)
{
	size_t size = a->chunks ? a->chunks->size * 2 : ARENA_FIRST;
	struct arena_chunk *c;

	if (size > ARENA_BIGGEST)
		size = ARENA_BIGGEST;
	if (size < n)
		size = n;
	c = calloc(1, sizeof(*c) + size);
	if (!c)
		arena_oom();
	c->next = a->chunks;
	c->size = size;
	a->chunks = c;
	a->used = 0;
	a->size = size;
}

void *arena_alloc(struct arena *a, size_t n)
{
	void *p;

	if (n > SIZE_MAX / 4)
		arena_oom();
	n = (n + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
	if (!a->chunks || n > a->size - a->used)
		arena_add_chunk(a, n);
	p = a->chunks->bytes + a->used;
	a->used += n;
	return p;
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
	char *p = arena_alloc(a, n + 1);

	memcpy(p, s, n);
	return p;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
	va_list again;
	char *p;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0)
		arena_oom();
	p = arena_alloc(a, (size_t)n + 1);
	vsnprintf(p, (size_t)n + 1, fmt, ap);
	return p;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *p;

	va_start(ap, fmt);
	p = arena_vprintf(a, fmt, ap);
	va_end(ap);
	return p;
}

void *arena_more(struct arena *a, void *v, size_t n, size_t *cap, size_t size)
{
	void *p;

	if (n < *cap)
		return v;
	*cap = *cap ? *cap * 2 : 8;
	if (*cap > SIZE_MAX / 4 / size)
		arena_oom();
	p = arena_alloc(a, *cap * size);
	if (n != 0)
		memcpy(p, v, n * size);
	return p;
}

void arena_buf_add(struct arena_buf *b, const char *s, size_t n)
{
	if (b->cap - b->len <= n) {
		size_t cap = (b->len + n + 1) * 2;
		char *p = arena_alloc(b->arena, cap < 64 ? 64 : cap);

		if (b->len != 0)
			memcpy(p, b->s, b->len);
		b->s = p;
		b->cap = cap < 64 ? 64 : cap;
	}
	memcpy(b->s + b->len, s, n);
	b->len += n;
	b->s[b->len] = '\0';
}

void arena_buf_str(struct arena_buf *b, const char *s)
{
	arena_buf_add(b, s, strlen(s));
}
