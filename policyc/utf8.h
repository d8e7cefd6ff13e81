/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a message needs to know of UTF-8. */
#ifndef BL_UTF8_H
#define BL_UTF8_H

#include <stddef.h>

/* Bytes of the valid character that begins at s, of which n bytes can be read; 0: there is none. */
size_t utf8_len(const char *s, size_t n);

#endif
