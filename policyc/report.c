/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `policyc report`: what a policy costs, what it needs, what room is left, and what gets round it. */
#include "analyse_size.h"
#include "cmd.h"
#include "gaps.h"
#include "hooks.h"
#include "json.h"
#include "size_class.h"
#include "text.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "banned.h"

struct report {
	const struct bl_image *img;
	const struct bl_tables *t;
	struct sizes sizes;
};

struct row {
	const char *text;
	uint64_t value, limit;
};

static const struct hook {
	const char *name;
	uint64_t ops;
	unsigned int flags;
} hooks[] = {
#define X(name, ops, flags) { #name, ops, flags },
	BL_HOOKS(X)
#undef X
};

struct gap {
	uint64_t ops, features;
	const char *text;
};
enum {
#define X(o, f, t) +1
	NGAPS = 0 GAPS(X)
#undef X
};

static void gaps_take(struct gap ret[NGAPS])
{
	const struct gap all[NGAPS] = {
#define X(o, f, t) { .ops = o, .features = f, .text = t },
		GAPS(X)
#undef X
	};

	memcpy(ret, all, sizeof(all));
}

static bool matters(const struct report *r, const struct gap *g)
{
	return (r->t->ops & g->ops) || (r->t->features & g->features);
}

static const char *feature_text(unsigned int i)
{
	static const char *const texts[] = {
#define X(NAME, n, t) [n] = t,
		BL_FEATURES(X)
#undef X
	};

	return i < sizeof(texts) / sizeof(texts[0]) ? texts[i] : NULL;
}

static const char *part_text(unsigned int i)
{
	static const char *const texts[] = {
#define X(NAME, t) t,
		SIZE_PARTS(X)
#undef X
	};

	return texts[i];
}

/* What is counted against a limit. */
#define ROWS 9
static void rows_take(const struct report *r, struct row ret[ROWS])
{
	const struct bl_tables *t = r->t;
	const struct row rows[ROWS] = {
		{ "words of tables", t->nwords, BL_MAX_WORDS },
		{ "profiles", t->nprofiles, BL_MAX_PROFILES },
		{ "rules", t->nrules, BL_MAX_RULES },
		{ "subject terms", t->natoms, BL_MAX_ATOMS },
		{ "conditions", t->nconds, BL_MAX_CONDS },
		{ "terms in conditions", t->nlits, BL_MAX_LITS },
		{ "rules for one name", r->sizes.list, BL_MAX_LIST },
		{ "of them of one profile", r->sizes.chain, BL_MAX_CHAIN },
		{ "terms that one name satisfies", r->sizes.terms, BL_MAX_ACC_ATOMS },
	};

	memcpy(ret, rows, sizeof(rows));
}

static uint64_t class_bytes(uint32_t words)
{
	return sizeof(struct bl_tables) + 8 * (uint64_t)words;
}

/* ---- for people ---- */

static void text_size(struct bl_buf *b, const struct report *r)
{
	uint32_t first = bl_size_class_first(r->t->nwords);

	bl_buf_printf(b, "states             %" PRIu32 "\n", r->t->nstates);
	bl_buf_printf(b, "tables             %zu bytes\n", r->img->tables_size);
	for (unsigned int i = 0; i < SIZE_PARTS_N; i++)
		bl_buf_printf(b, "  %-26s %10" PRIu64 "\n", part_text(i), r->sizes.bytes[i]);
	bl_buf_printf(b, "image              %zu bytes\n", r->img->size);
	bl_buf_printf(b, "kernel maps        tables: 1 entry of %" PRIu64 " bytes, for up to %" PRIu32 " words; image: 1 entry\n",
		      class_bytes(first), first);
	bl_buf_printf(b, "longest walk       %u bytes of a name, one step each\n", BL_PATH_MAX - 1);
}

static void text_rows(struct bl_buf *b, const struct report *r)
{
	struct row rows[ROWS];

	rows_take(r, rows);
	bl_buf_str(b, "\nlimits                              used      limit       left\n");
	for (size_t i = 0; i < ROWS; i++)
		bl_buf_printf(b, "  %-30s %7" PRIu64 " %10" PRIu64 " %10" PRIu64 "\n", rows[i].text, rows[i].value, rows[i].limit,
			      rows[i].limit - rows[i].value);
}

static void text_needs(struct bl_buf *b, const struct report *r)
{
	bl_buf_str(b, "\nneeds of the kernel side\n");
	for (uint32_t op = 0; op < 64; op++)
		if (r->t->ops & ~BL_OPS_NAMES & BL_OP_BIT(op))
			bl_buf_printf(b, "  %s\n", bl_text_op(op));
	for (unsigned int i = 0; feature_text(i); i++)
		if (r->t->features >> i & 1)
			bl_buf_printf(b, "  %s\n", feature_text(i));
	bl_buf_str(b, "\nhooks\n");
	for (size_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++)
		if (hooks[i].ops == 0 || (hooks[i].ops & bl_needs(r->t)))
			bl_buf_printf(b, "  %s%s%s\n", hooks[i].name, hooks[i].ops == 0 ? " (always)" : "",
				      hooks[i].flags & BL_HOOK_OPTIONAL ? " (where the kernel has it)" : "");
}

static void text_gaps(struct bl_buf *b, const struct report *r)
{
	struct gap g[NGAPS];

	gaps_take(g);
	bl_buf_str(b, "\nknown ways round (policy(5), WHAT IS NOT HELD, says what helps)\n");
	for (size_t i = 0; i < NGAPS; i++)
		if (matters(r, &g[i]))
			bl_buf_printf(b, "  * %s\n", g[i].text);
}

static void report_text(struct bl_buf *b, const struct report *r)
{
	text_size(b, r);
	text_rows(b, r);
	text_needs(b, r);
	text_gaps(b, r);
}

/* ---- for programs ---- */

static void json_list_begin(struct bl_buf *b, const char *name, const char **sep)
{
	bl_buf_printf(b, ",\"%s\":[", name);
	*sep = "";
}

static void json_need(struct bl_buf *b, const char **sep, const char *name)
{
	bl_buf_str(b, *sep);
	bl_json_cstring(b, name);
	*sep = ",";
}

static void json_needs(struct bl_buf *b, const struct report *r)
{
	const char *sep;

	json_list_begin(b, "operations", &sep);
	for (uint32_t op = 0; op < 64; op++)
		if (r->t->ops & ~BL_OPS_NAMES & BL_OP_BIT(op))
			json_need(b, &sep, bl_text_op(op));
	bl_buf_char(b, ']');
	json_list_begin(b, "features", &sep);
	for (unsigned int i = 0; feature_text(i); i++)
		if (r->t->features >> i & 1)
			json_need(b, &sep, feature_text(i));
	bl_buf_char(b, ']');
	json_list_begin(b, "hooks", &sep);
	for (size_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++) {
		if (hooks[i].ops != 0 && !(hooks[i].ops & bl_needs(r->t)))
			continue;
		bl_buf_printf(b, "%s{\"name\":\"%s\",\"optional\":%s}", sep, hooks[i].name,
			      hooks[i].flags & BL_HOOK_OPTIONAL ? "true" : "false");
		sep = ",";
	}
	bl_buf_char(b, ']');
}

static void json_gaps(struct bl_buf *b, const struct report *r)
{
	struct gap g[NGAPS];
	const char *sep;

	gaps_take(g);
	json_list_begin(b, "not_held", &sep);
	for (size_t i = 0; i < NGAPS; i++) {
		if (!matters(r, &g[i]))
			continue;
		bl_buf_str(b, sep);
		bl_json_cstring(b, g[i].text);
		sep = ",";
	}
	bl_buf_char(b, ']');
}

static void report_json(struct bl_buf *b, const struct report *r)
{
	uint32_t first = bl_size_class_first(r->t->nwords);
	struct row rows[ROWS];
	const char *sep;

	bl_buf_printf(b, "{\"states\":%" PRIu32 ",\"bytes\":%zu,\"image_bytes\":%zu,\"map_words\":%" PRIu32 ",\"map_bytes\":%" PRIu64
			 ",\"longest_walk\":%u",
		      r->t->nstates, r->img->tables_size, r->img->size, first, class_bytes(first), BL_PATH_MAX - 1);
	json_list_begin(b, "parts", &sep);
	for (unsigned int i = 0; i < SIZE_PARTS_N; i++) {
		bl_buf_printf(b, "%s{\"name\":\"%s\",\"bytes\":%" PRIu64 "}", sep, part_text(i), r->sizes.bytes[i]);
		sep = ",";
	}
	bl_buf_char(b, ']');
	rows_take(r, rows);
	json_list_begin(b, "limits", &sep);
	for (size_t i = 0; i < ROWS; i++) {
		bl_buf_printf(b, "%s{\"name\":\"%s\",\"used\":%" PRIu64 ",\"limit\":%" PRIu64 "}", sep, rows[i].text, rows[i].value,
			      rows[i].limit);
		sep = ",";
	}
	bl_buf_char(b, ']');
	json_needs(b, r);
	json_gaps(b, r);
	bl_buf_str(b, "}\n");
}

int cmd_report(const struct cmd_options *o, char *const *args, size_t n)
{
	struct bl_buf b = BL_BUF_INIT;
	struct bl_image img;
	struct report r = { .img = &img };
	void *mem = NULL;
	int status;

	if (n != 1)
		return cmd_fail(EXIT_USAGE, "report needs one image or policy file");
	status = cmd_load(o, args[0], &img, &mem);
	if (status != EXIT_FINE)
		return status;
	r.t = img.tables;
	sizes_take(r.t, &r.sizes);
	if (o->json)
		report_json(&b, &r);
	else
		report_text(&b, &r);
	if (!bl_buf_text(&b))
		status = cmd_fail(EXIT_SYSTEM, "out of memory");
	else if (fputs(bl_buf_text(&b), stdout) == EOF)
		status = cmd_fail(EXIT_SYSTEM, "cannot write the report");
	bl_buf_free(&b);
	free(mem);
	return status;
}
