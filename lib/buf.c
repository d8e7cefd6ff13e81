/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A string that grows. */
#include "buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "banned.h"

/* Room for n more bytes and the NUL. */
static bool buf_reserve(struct bl_buf *b, size_t n)
{
	size_t cap = b->cap != 0 ? b->cap : 128;
	char *p;

	if (b->failed || n > SIZE_MAX / 4 - b->len) {
		b->failed = true;
		return false;
	}
	while (cap < b->len + n + 1)
		cap *= 2;
	if (cap == b->cap)
		return true;
	p = realloc(b->data, cap);
	if (!p) {
		b->failed = true;
		return false;
	}
	b->data = p;
	b->cap = cap;
	return true;
}

void bl_buf_add(struct bl_buf *b, const void *bytes, size_t n)
{
	if (!buf_reserve(b, n))
		return;
	if (n != 0)
		memcpy(b->data + b->len, bytes, n);
	b->len += n;
	b->data[b->len] = '\0';
}

void bl_buf_str(struct bl_buf *b, const char *s)
{
	bl_buf_add(b, s, strlen(s));
}

void bl_buf_char(struct bl_buf *b, char c)
{
	bl_buf_add(b, &c, 1);
}

void bl_buf_printf(struct bl_buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || !buf_reserve(b, (size_t)n)) {
		b->failed = true;
		return;
	}
	va_start(ap, fmt);
	(void)vsnprintf(b->data + b->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
}

void bl_buf_reset(struct bl_buf *b)
{
	b->len = 0;
	b->failed = false;
	if (b->data)
		b->data[0] = '\0';
}

const char *bl_buf_text(const struct bl_buf *b)
{
	if (b->failed)
		return NULL;
	return b->data ? b->data : "";
}

void bl_buf_free(struct bl_buf *b)
{
	free(b->data);
	*b = (struct bl_buf)BL_BUF_INIT;
}
