/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that is taken piece by piece and given back at once. Out of memory is a message on stderr and exit status 3,
 * so nobody who uses an arena has to handle it.
 */
#ifndef BL_ARENA_H
#define BL_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena_chunk;
struct arena {
	struct arena_chunk *chunks; /* newest first */
	size_t used, size;	    /* of the newest */
};

void arena_init(struct arena *a);
void arena_free(struct arena *a); /* everything; the arena is empty and usable afterwards */

void *arena_alloc(struct arena *a, size_t n); /* zeroed, aligned for anything, never NULL */
char *arena_strndup(struct arena *a, const char *s, size_t n);
char *arena_strdup(struct arena *a, const char *s);
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

/* Says "policyc: out of memory" and exits with status 3. */
_Noreturn void arena_oom(void);

/* Room for one more element: returns v, or a bigger copy of it. *cap is in elements of `size` bytes; n are in use. */
void *arena_more(struct arena *a, void *v, size_t n, size_t *cap, size_t size);

/* A string that grows; s is always terminated once something was added. */
struct arena_buf {
	struct arena *arena;
	char *s;
	size_t len, cap;
};
void arena_buf_add(struct arena_buf *b, const char *s, size_t n);
void arena_buf_str(struct arena_buf *b, const char *s);

#endif
