/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON strings (RFC 8259) from any bytes at all. */
#ifndef BL_JSON_H
#define BL_JSON_H

#include "buf.h"
#include <stdbool.h>
#include <stddef.h>

/*
 * Appends a string in quotes. Bytes that are no UTF-8 become U+FFFD each. Returns whether the string says exactly what
 * the bytes are; if not, the caller adds a member with bl_json_hex().
 */
bool bl_json_string(struct bl_buf *b, const void *bytes, size_t n);

/* The same for a C string; NULL becomes null. */
bool bl_json_cstring(struct bl_buf *b, const char *s);

/* Appends the bytes as a string of hexadecimal digits, in quotes. */
void bl_json_hex(struct bl_buf *b, const void *bytes, size_t n);

/* Appends the bytes as valid UTF-8, neither quoted nor escaped, for other JSON libraries. Returns as bl_json_string().
 */
bool bl_json_clean(struct bl_buf *b, const void *bytes, size_t n);

#endif
