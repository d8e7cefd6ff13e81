/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Collects diagnostics, and chooses and orders those that are printed. */
#include "diag.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "bounds.h"
#include "banned.h"

void diag_init(struct diags *ds, struct arena *arena)
{
	memset(ds, 0, sizeof(*ds));
	ds->arena = arena;
}

/* Beyond what is kept there is only counting: nobody reads the thousandth message. But no number of warnings hides an error. */
static struct diag *diag_new(struct diags *ds, struct src_loc loc, const char *id, bool warning)
{
	struct diag *d = &ds->spare;
	size_t *count = warning ? &ds->nwarnings : &ds->nerrors;

	if (++*count <= LIMIT_DIAGS_KEPT) {
		d = arena_alloc(ds->arena, sizeof(*d));
		ds->v = arena_more(ds->arena, ds->v, ds->n, &ds->cap, sizeof(struct diag *));
		ds->v[ds->n] = d;
		d->seq = ds->n++;
	}
	d->warning = warning;
	d->loc = loc;
	d->id = id;
	d->text = "";
	return d;
}

static struct diag *diag_say(struct diags *ds, struct diag *d, const char *fmt, va_list ap)
{
	if (d != &ds->spare)
		d->text = arena_vprintf(ds->arena, fmt, ap);
	return d;
}

struct diag *diag_error(struct diags *ds, struct src_loc loc, const char *id, const char *fmt, ...)
{
	struct diag *d;
	va_list ap;

	va_start(ap, fmt);
	d = diag_say(ds, diag_new(ds, loc, id, false), fmt, ap);
	va_end(ap);
	return d;
}

struct diag *diag_warning(struct diags *ds, struct src_loc loc, const char *id, const char *fmt, ...)
{
	struct diag *d;
	va_list ap;

	va_start(ap, fmt);
	d = diag_say(ds, diag_new(ds, loc, id, true), fmt, ap);
	va_end(ap);
	return d;
}

void diag_help(struct diags *ds, struct diag *d, const char *fmt, ...)
{
	va_list ap;

	if (d == &ds->spare)
		return;
	va_start(ap, fmt);
	d->help = arena_vprintf(ds->arena, fmt, ap);
	va_end(ap);
}

void diag_note(struct diags *ds, struct diag *d, struct src_loc loc, const char *fmt, ...)
{
	struct diag_note *n, **at = &d->notes;
	va_list ap;

	if (d == &ds->spare)
		return;
	n = arena_alloc(ds->arena, sizeof(*n));
	va_start(ap, fmt);
	n->text = arena_vprintf(ds->arena, fmt, ap);
	va_end(ap);
	n->loc = loc;
	while (*at)
		at = &(*at)->next;
	*at = n;
}

void diag_promote(struct diags *ds)
{
	for (size_t i = 0; i < ds->n; i++) {
		ds->v[i]->promoted |= ds->v[i]->warning;
		ds->v[i]->warning = false;
	}
	ds->nerrors += ds->nwarnings;
	ds->nwarnings = 0;
}

static int diag_cmp_u32(uint32_t a, uint32_t b)
{
	return a < b ? -1 : a > b;
}

static int diag_cmp(const void *x, const void *y)
{
	const struct diag *a = *(const struct diag *const *)x, *b = *(const struct diag *const *)y;
	int r;

	r = diag_cmp_u32(a->loc.file ? a->loc.file->order + 1 : 0, b->loc.file ? b->loc.file->order + 1 : 0);
	if (r == 0)
		r = diag_cmp_u32(a->loc.line, b->loc.line);
	if (r == 0)
		r = diag_cmp_u32(a->loc.col, b->loc.col);
	if (r == 0)
		r = a->seq < b->seq ? -1 : 1;
	return r;
}

static void diag_print_rest(FILE *out, enum diag_form form, size_t errors, size_t warnings)
{
	if (errors + warnings == 0)
		return;
	if (form == DIAG_JSON) {
		fprintf(out, "{\"severity\":\"summary\",\"errors_not_shown\":%zu,\"warnings_not_shown\":%zu}\n", errors,
			warnings);
		return;
	}
	fputs("policyc:", out);
	if (errors != 0)
		fprintf(out, " %zu more error%s", errors, errors == 1 ? "" : "s");
	if (warnings != 0)
		fprintf(out, "%s %zu more warning%s", errors ? " and" : "", warnings, warnings == 1 ? "" : "s");
	fputs(" not shown\n", out);
}

static bool diag_has_kind(const char *const *kinds, size_t n, const char *id)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(kinds[i], id) == 0)
			return true;
	return false;
}

/* Where not all fit: of each kind the first, then of each the second, and so on. So a flood of one kind hides no other. Returns how many. */
static size_t diag_choose(const struct diags *ds, struct diag **sorted, bool warning, size_t room)
{
	const char *kinds[LIMIT_DIAGS_PRINTED];
	size_t n, all = 0;

	do {
		n = 0;
		for (size_t i = 0; i < ds->n && all < room; i++) {
			struct diag *d = sorted[i];

			if (d->warning != warning || d->shown || diag_has_kind(kinds, n, d->id))
				continue;
			d->shown = true;
			kinds[n++] = d->id;
			all++;
		}
	} while (n != 0);
	return all;
}

void diag_print(const struct diags *ds, FILE *out, enum diag_form form)
{
	bool colour = form == DIAG_TEXT && !getenv("NO_COLOR") && isatty(fileno(out));
	size_t errors, warnings;
	struct diag **v;

	v = arena_alloc(ds->arena, (ds->n + 1) * sizeof(struct diag *));
	if (ds->n != 0)
		memcpy(v, ds->v, ds->n * sizeof(struct diag *));
	qsort(v, ds->n, sizeof(struct diag *), diag_cmp);
	for (size_t i = 0; i < ds->n; i++)
		v[i]->shown = false;
	errors = diag_choose(ds, v, false, LIMIT_DIAGS_PRINTED);
	warnings = diag_choose(ds, v, true, LIMIT_DIAGS_PRINTED - errors);
	for (size_t i = 0; i < ds->n; i++) {
		if (!v[i]->shown)
			continue;
		if (form == DIAG_JSON)
			diag_print_json(v[i], out);
		else
			diag_print_text(v[i], out, colour);
	}
	diag_print_rest(out, form, ds->nerrors - errors, ds->nwarnings - warnings);
}
