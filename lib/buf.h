/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A string that grows. Start with BL_BUF_INIT, end with bl_buf_free(). A failed allocation is remembered and later
 * calls do nothing, so that only the end has to look: bl_buf_text() then is NULL.
 */
#ifndef BL_BUF_H
#define BL_BUF_H

#include <stdbool.h>
#include <stddef.h>

struct bl_buf {
	char *data; /* len bytes, then NUL; NULL while empty */
	size_t len;
	size_t cap;
	bool failed;
};
#define BL_BUF_INIT                                                                                                    \
	{                                                                                                              \
		NULL, 0, 0, false                                                                                      \
	}

void bl_buf_add(struct bl_buf *b, const void *bytes, size_t n);
void bl_buf_str(struct bl_buf *b, const char *s);
void bl_buf_char(struct bl_buf *b, char c);
void bl_buf_printf(struct bl_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Empties it and keeps the memory. */
void bl_buf_reset(struct bl_buf *b);
/* The text, NUL-terminated, owned by b; NULL if memory ran out on the way. */
const char *bl_buf_text(const struct bl_buf *b);
void bl_buf_free(struct bl_buf *b);

#endif
