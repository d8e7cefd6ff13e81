/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A diagnostic for people: place, text, the line, a caret, help, notes. */
#include "diag.h"

#include <string.h>

#include "utf8.h"
#include "banned.h"

#define SHOWN_BYTES 160u /* of a line; what is cut off is shown as "..." */
#define SHOWN_BEFORE 60u

/* Length of the character at s; bytes that are no UTF-8 are one each. *ret_shown: it can be shown as it is. */
static size_t char_len(const char *s, size_t n, bool *ret_shown)
{
	uint32_t c = 0;
	size_t len = bl_utf8_char((const uint8_t *)s, n, &c);

	*ret_shown = len != 0 && (c == '\t' || !bl_utf8_invisible(c));
	return len ? len : 1;
}

/* What could move the cursor or hide text is shown as '?': a policy must not deceive the administrator who checks it.
 */
static void put_safe(FILE *out, const char *s, size_t n)
{
	bool shown;

	for (size_t i = 0; i < n;) {
		size_t len = char_len(s + i, n - i, &shown);

		if (shown)
			fwrite(s + i, 1, len, out);
		else
			putc('?', out);
		i += len;
	}
}

static void put_place(FILE *out, struct src_loc l)
{
	if (!l.file)
		fputs("policyc: ", out);
	else
		put_safe(out, l.file->name, strlen(l.file->name));
	if (l.file && l.line != 0)
		fprintf(out, ":%u:%u: ", l.line, l.col);
	else if (l.file)
		fputs(": ", out);
}

static void put_chain(FILE *out, const struct src_file *f)
{
	for (; f && f->parent; f = f->parent) {
		fputs("in file included from ", out);
		put_safe(out, f->parent->name, strlen(f->parent->name));
		fprintf(out, ":%u:\n", f->parent_line);
	}
}

/* As many columns as s takes: tabs stay tabs, the further bytes of a character take none. */
static void put_blank(FILE *out, const char *s, size_t n)
{
	bool shown;

	for (size_t i = 0; i < n;) {
		putc(s[i] == '\t' ? '\t' : ' ', out);
		i += char_len(s + i, n - i, &shown);
	}
}

static void put_underline(FILE *out, const char *s, size_t n)
{
	size_t columns = 0;
	bool shown;

	for (size_t i = 0; i < n; columns++)
		i += char_len(s + i, n - i, &shown);
	putc('^', out);
	for (size_t i = 1; i < columns; i++)
		putc('~', out);
}

static void put_source(FILE *out, const struct diag *d, bool colour)
{
	size_t len, from = 0, col, end, to;
	int width;
	const char *line = src_line(d->loc.file, d->loc.line, &len);

	if (!line)
		return;
	col = d->loc.col - 1 < len ? d->loc.col - 1 : len;
	end = d->loc.end_line == d->loc.line && d->loc.end_col - 1 < len ? d->loc.end_col - 1 : len;
	if (len > SHOWN_BYTES && col > SHOWN_BEFORE)
		from = col - SHOWN_BEFORE;
	to = len - from > SHOWN_BYTES ? from + SHOWN_BYTES : len;
	if (end > to)
		end = to;
	width = fprintf(out, "%5u ", d->loc.line);
	fprintf(out, "| %s", from ? "..." : "");
	put_safe(out, line + from, to - from);
	fprintf(out, "%s\n%*s| %s", to < len ? "..." : "", width, "", from ? "   " : "");
	put_blank(out, line + from, col - from);
	if (colour)
		fputs("\033[32m", out);
	put_underline(out, line + col, end > col ? end - col : 0);
	if (colour)
		fputs("\033[0m", out);
	if (d->help) {
		fputs(" help: ", out);
		put_safe(out, d->help, strlen(d->help));
	}
	putc('\n', out);
}

void diag_print_text(const struct diag *d, FILE *out, bool colour)
{
	put_chain(out, d->loc.file);
	put_place(out, d->loc);
	fprintf(out, "%s%s%s: ",
		!colour	     ? ""
		: d->warning ? "\033[1;35m"
			     : "\033[1;31m",
		d->warning ? "warning" : "error", colour ? "\033[0m" : "");
	put_safe(out, d->text, strlen(d->text));
	fprintf(out, " [%s%s]\n", d->id, d->promoted ? ", --Werror" : "");
	if (d->loc.file && d->loc.line != 0) {
		put_source(out, d, colour);
	} else if (d->help) {
		fputs("      | help: ", out);
		put_safe(out, d->help, strlen(d->help));
		putc('\n', out);
	}
	for (const struct diag_note *n = d->notes; n; n = n->next) {
		put_place(out, n->loc);
		fputs("note: ", out);
		put_safe(out, n->text, strlen(n->text));
		putc('\n', out);
	}
}
