/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A diagnostic for programs: one JSON object a line. */
#include "diag.h"

#include "arena.h"
#include "buf.h"
#include "json.h"
#include "banned.h"

static void put_string(FILE *out, const char *s)
{
	struct bl_buf b = BL_BUF_INIT;

	bl_json_cstring(&b, s);
	if (!bl_buf_text(&b))
		arena_oom();
	fputs(bl_buf_text(&b), out);
	bl_buf_free(&b);
}

static void put_member(FILE *out, const char *key, const char *value)
{
	fprintf(out, ",\"%s\":", key);
	put_string(out, value);
}

static void put_place(FILE *out, struct src_loc l)
{
	if (!l.file)
		return;
	put_member(out, "file", l.file->name);
	if (l.line != 0)
		fprintf(out, ",\"line\":%u,\"column\":%u,\"end_line\":%u,\"end_column\":%u", l.line, l.col, l.end_line,
			l.end_col);
}

void diag_print_json(const struct diag *d, FILE *out)
{
	const char *sep = "";

	fprintf(out, "{\"severity\":\"%s\"", d->warning ? "warning" : "error");
	put_member(out, "id", d->id);
	if (d->promoted)
		fputs(",\"werror\":true", out);
	put_place(out, d->loc);
	put_member(out, "message", d->text);
	if (d->help)
		put_member(out, "help", d->help);
	fputs(",\"notes\":[", out);
	for (const struct diag_note *n = d->notes; n; n = n->next) {
		fprintf(out, "%s{\"severity\":\"note\"", sep);
		put_place(out, n->loc);
		put_member(out, "message", n->text);
		putc('}', out);
		sep = ",";
	}
	fputs("],\"included_from\":[", out);
	sep = "";
	for (const struct src_file *f = d->loc.file; f && f->parent; f = f->parent) {
		fprintf(out, "%s{\"line\":%u", sep, f->parent_line);
		put_member(out, "file", f->parent->name);
		putc('}', out);
		sep = ",";
	}
	fputs("]}\n", out);
}
