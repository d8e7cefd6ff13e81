/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Takes byte strings apart into characters without trusting them to be UTF-8. */
#ifndef BL_UTF8_H
#define BL_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Length of the character at p, of n bytes left (n > 0), and the character in *ret. 0: the first byte begins none that
 * is valid (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF).
 */
size_t bl_utf8_char(const uint8_t *p, size_t n, uint32_t *ret);

/*
 * Whether a character does something else than show itself: control characters, and those that reorder, hide or break a
 * line, with which a file name could forge what an administrator sees.
 */
bool bl_utf8_invisible(uint32_t c);

#endif
