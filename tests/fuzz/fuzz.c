/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inputs cut into files; outputs checked: UTF-8, JSON, the same twice. */
#include "fuzz.h"

#include <string.h>

#include "dump.h"
#include "utf8.h"

#include "banned.h"

size_t fuzz_files(const uint8_t *data, size_t size, struct compile_text ret[FUZZ_FILES])
{
	static const char *const names[FUZZ_FILES] = {"0", "1", "2", "3", "4", "5"};
	size_t n = 0;

	for (;;) {
		const uint8_t *cut = n + 1 < FUZZ_FILES && size != 0 ? memchr(data, 0xff, size) : NULL;
		size_t len = cut ? (size_t)(cut - data) : size;

		ret[n] = (struct compile_text){.name = names[n], .bytes = data, .len = len};
		n++;
		if (!cut)
			return n;
		data += len + 1;
		size -= len + 1;
	}
}

/* The character at p; false: none, or one that hides. */
static bool shown(const uint8_t *p, size_t n, size_t *ret_len)
{
	uint32_t c;

	*ret_len = bl_utf8_char(p, n, &c);
	return *ret_len != 0 && (c == '\n' || c == '\t' || !bl_utf8_invisible(c));
}

void fuzz_check_text(const char *text, size_t len)
{
	size_t step;

	for (size_t i = 0; i < len; i += step)
		FUZZ_CHECK(shown((const uint8_t *)text + i, len - i, &step));
}

/* ---- JSON (RFC 8259), as strict as it is written there ---- */

static const char *json_value(const char *p, unsigned depth);

static const char *json_string(const char *p)
{
	if (*p++ != '"')
		return NULL;
	while (*p != '"') {
		if ((unsigned char)*p < 0x20)
			return NULL;
		if (*p++ != '\\')
			continue;
		if (*p == 'u' && strspn(p + 1, "0123456789abcdefABCDEF") >= 4)
			p += 5;
		else if (*p != '\0' && strchr("\"\\/bfnrt", *p))
			p++;
		else
			return NULL;
	}
	return p + 1;
}

static const char *json_number(const char *p)
{
	size_t n = strspn(p, "0123456789");

	return n == 0 || (n > 1 && *p == '0') ? NULL : p + n; /* we write no others */
}

/* After the opening bracket: values with commas between, names before them if close is a brace. */
static const char *json_members(const char *p, char close, unsigned depth)
{
	if (*p == close)
		return p + 1;
	for (;;) {
		if (close == '}') {
			p = json_string(p);
			if (!p || *p++ != ':')
				return NULL;
		}
		p = json_value(p, depth);
		if (!p)
			return NULL;
		if (*p == close)
			return p + 1;
		if (*p++ != ',')
			return NULL;
	}
}

static const char *json_value(const char *p, unsigned depth)
{
	static const char *const words[] = {"true", "false", "null"};

	if (depth == 0)
		return NULL;
	if (*p == '{' || *p == '[')
		return json_members(p + 1, *p == '{' ? '}' : ']', depth - 1);
	if (*p == '"')
		return json_string(p);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strncmp(p, words[i], strlen(words[i])) == 0)
			return p + strlen(words[i]);
	}
	return json_number(p);
}

void fuzz_check_json(const char *text, size_t len)
{
	FUZZ_CHECK(strlen(text) == len);
	fuzz_check_text(text, len);
	for (const char *p = text; *p != '\0'; p++) {
		p = json_value(p, 16);
		FUZZ_CHECK(p && *p == '\n');
	}
}

/* ---- what the compiler prints ---- */

static char *print_diags(const struct diags *ds, enum diag_form form, size_t *ret_len)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, ret_len);

	FUZZ_CHECK(f);
	diag_print(ds, f, form);
	FUZZ_CHECK(fclose(f) == 0);
	return text;
}

void fuzz_check_diags(const struct diags *ds)
{
	size_t len;
	char *text = print_diags(ds, DIAG_TEXT, &len);

	FUZZ_CHECK((len != 0) == (ds->nerrors + ds->nwarnings != 0));
	fuzz_check_text(text, len);
	free(text);
	text = print_diags(ds, DIAG_JSON, &len);
	fuzz_check_json(text, len);
	free(text);
}

static void check_dump(const struct bl_image *img, void (*dump)(struct bl_buf *b, const struct bl_image *img),
		       void (*check)(const char *text, size_t len))
{
	struct bl_buf b = BL_BUF_INIT, again = BL_BUF_INIT;

	dump(&b, img);
	dump(&again, img);
	FUZZ_CHECK(bl_buf_text(&b) && b.len == again.len && memcmp(b.data, again.data, b.len) == 0);
	check(b.data, b.len);
	bl_buf_free(&b);
	bl_buf_free(&again);
}

void fuzz_check_dump(const struct bl_image *img)
{
	check_dump(img, dump_text, fuzz_check_text);
	check_dump(img, dump_json, fuzz_check_json);
}
