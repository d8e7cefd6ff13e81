/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON strings (RFC 8259) from any bytes at all. */
#include "json.h"

#include <stdint.h>
#include <string.h>

#include "text.h"
#include "utf8.h"

#include "banned.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

static void json_char(struct bl_buf *b, const uint8_t *p, size_t len, uint32_t c)
{
	static const char escaped[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
	const char *e = c != 0 && c < 0x80 ? strchr(escaped, (int)c) : NULL;

	if (e)
		bl_buf_printf(b, "\\%c", letters[e - escaped]);
	else if (bl_utf8_invisible(c) && c <= 0xffff)
		bl_buf_printf(b, "\\u%04x", c);
	else
		bl_buf_add(b, p, len);
}

static bool json_chars(struct bl_buf *b, const uint8_t *p, size_t n, bool escape)
{
	bool exact = true;

	for (size_t i = 0; i < n;) {
		uint32_t c = 0;
		size_t len = bl_utf8_char(p + i, n - i, &c);

		if (len == 0) {
			exact = false;
			len = 1;
			bl_buf_str(b, REPLACEMENT);
		} else if (escape) {
			json_char(b, p + i, len, c);
		} else {
			bl_buf_add(b, p + i, len);
		}
		i += len;
	}
	return exact;
}

bool bl_json_string(struct bl_buf *b, const void *bytes, size_t n)
{
	bool exact;

	bl_buf_char(b, '"');
	exact = json_chars(b, bytes, n, true);
	bl_buf_char(b, '"');
	return exact;
}

bool bl_json_cstring(struct bl_buf *b, const char *s)
{
	if (s)
		return bl_json_string(b, s, strlen(s));
	bl_buf_str(b, "null");
	return true;
}

void bl_json_hex(struct bl_buf *b, const void *bytes, size_t n)
{
	bl_buf_char(b, '"');
	bl_text_hex(b, bytes, n);
	bl_buf_char(b, '"');
}

bool bl_json_clean(struct bl_buf *b, const void *bytes, size_t n)
{
	return json_chars(b, bytes, n, false);
}
