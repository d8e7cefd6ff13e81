// SPDX-License-Identifier: GPL-2.0-or-later
/* What is in an image, for people and for programs. */
#include "dump.h"
#include "json.h"
#include "text.h"
#include "banned.h"

static void put_ops(struct bl_buf *b, uint64_t ops, const char *between, const char *quote)
{
	const char *sep = "";

	for (uint32_t op = 1; op < 64; op++) {
		if (!(ops & ~BL_OPS_NAMES & BL_OP_BIT(op)))
			continue;
		bl_buf_printf(b, "%s%s%s%s", sep, quote, bl_text_op(op), quote);
		sep = between;
	}
}

static void put_hash(struct bl_buf *b, const struct bl_image *img)
{
	bl_text_hex(b, img->head->sha256, sizeof(img->head->sha256));
}

/* A text of the image. Whoever made the image chose it: it must not steer the terminal. */
static void put_text(struct bl_buf *b, const char *before, const struct bl_image *img, uint32_t text)
{
	bl_buf_str(b, before);
	bl_text_source(b, bl_image_str(img, text));
}

static void put_place(struct bl_buf *b, const struct bl_image *img, uint32_t file, uint32_t line)
{
	put_text(b, "  # ", img, file);
	bl_buf_printf(b, ":%u\n", line);
}

static void text_profile(struct bl_buf *b, const struct bl_image *img, uint32_t i)
{
	const struct bl_meta_profile *m = &img->profiles[i];
	const struct bl_profile *p = bl_profile_at(img->tables, i);

	put_text(b, "\nprofile ", img, m->name);
	put_place(b, img, m->file, m->line);
	put_text(b, "    subject ", img, m->subject);
	bl_buf_printf(b, "\n    mode    %s\n", bl_text_mode(p->mode));
	if (p->flags & BL_PF_STRICT)
		bl_buf_str(b, "    descriptors strict\n");
	if (p->deny_ops) {
		bl_buf_str(b, "    default deny ");
		put_ops(b, p->deny_ops, ", ", "");
		bl_buf_char(b, '\n');
	}
	for (uint32_t r = 0; r < img->tables->nrules; r++) {
		if (img->rules[r].profile != i)
			continue;
		bl_buf_printf(b, "    %-6u", r);
		put_text(b, " ", img, img->rules[r].text);
		put_place(b, img, img->rules[r].file, img->rules[r].line);
	}
}

void dump_text(struct bl_buf *b, const struct bl_image *img)
{
	const struct bl_tables *t = img->tables;

	bl_buf_printf(b, "image    format %u, abi %u, %zu bytes\nsha256   ", img->head->version, img->head->abi, img->size);
	put_hash(b, img);
	bl_buf_printf(b, "\ntables   %zu bytes: %u states, %u profiles, %u rules, %u terms, %u conditions\n", img->tables_size,
		      t->nstates, t->nprofiles, t->nrules, t->natoms, t->nconds);
	bl_buf_str(b, "needs    ");
	put_ops(b, t->ops, ", ", "");
	bl_buf_char(b, '\n');
	for (size_t i = 0; i < img->nusers; i++) {
		put_text(b, "user     ", img, img->users[i].name);
		bl_buf_printf(b, " is %u\n", img->users[i].id);
	}
	for (uint32_t i = 0; i < t->nprofiles; i++)
		text_profile(b, img, i);
}

static void json_member(struct bl_buf *b, const char *name, const char *value)
{
	bl_buf_printf(b, ",\"%s\":", name);
	bl_json_cstring(b, value);
}

static void json_rule(struct bl_buf *b, const struct bl_image *img, uint32_t r)
{
	const struct bl_meta_rule *m = &img->rules[r];

	bl_buf_printf(b, "{\"rule\":%u,\"line\":%u,\"column\":%u,\"verdict\":\"%s\",\"ops\":[", r, m->line, m->col,
		      bl_text_verdict(m->verdict));
	put_ops(b, m->ops, ",", "\"");
	bl_buf_char(b, ']');
	json_member(b, "file", bl_image_str(img, m->file));
	json_member(b, "text", bl_image_str(img, m->text));
	if (m->message)
		json_member(b, "message", bl_image_str(img, m->message));
	if (m->tag)
		json_member(b, "tag", bl_image_str(img, m->tag));
	if (m->severity)
		json_member(b, "severity", bl_image_str(img, m->severity));
	bl_buf_char(b, '}');
}

static void json_profile(struct bl_buf *b, const struct bl_image *img, uint32_t i)
{
	const struct bl_meta_profile *m = &img->profiles[i];
	const struct bl_profile *p = bl_profile_at(img->tables, i);
	const char *sep = "";

	bl_buf_printf(b, "{\"profile\":%u,\"line\":%u,\"mode\":\"%s\",\"strict\":%s,\"default_deny\":[", i, m->line, bl_text_mode(p->mode),
		      p->flags & BL_PF_STRICT ? "true" : "false");
	put_ops(b, p->deny_ops, ",", "\"");
	bl_buf_char(b, ']');
	json_member(b, "name", bl_image_str(img, m->name));
	json_member(b, "file", bl_image_str(img, m->file));
	json_member(b, "subject", bl_image_str(img, m->subject));
	bl_buf_str(b, ",\"rules\":[");
	for (uint32_t r = 0; r < img->tables->nrules; r++) {
		if (img->rules[r].profile != i)
			continue;
		bl_buf_str(b, sep);
		json_rule(b, img, r);
		sep = ",";
	}
	bl_buf_str(b, "]}");
}

void dump_json(struct bl_buf *b, const struct bl_image *img)
{
	const struct bl_tables *t = img->tables;

	bl_buf_printf(b, "{\"format\":%u,\"abi\":%u,\"bytes\":%zu,\"sha256\":\"", img->head->version, img->head->abi, img->size);
	put_hash(b, img);
	bl_buf_printf(b, "\",\"tables\":{\"bytes\":%zu,\"states\":%u,\"rules\":%u,\"terms\":%u,\"conditions\":%u},\"needs\":[",
		      img->tables_size, t->nstates, t->nrules, t->natoms, t->nconds);
	put_ops(b, t->ops, ",", "\"");
	bl_buf_str(b, "],\"users\":[");
	for (size_t i = 0; i < img->nusers; i++) {
		bl_buf_printf(b, "%s{\"id\":%u", i ? "," : "", img->users[i].id);
		json_member(b, "name", bl_image_str(img, img->users[i].name));
		bl_buf_char(b, '}');
	}
	bl_buf_str(b, "],\"profiles\":[");
	for (uint32_t i = 0; i < t->nprofiles; i++) {
		if (i)
			bl_buf_char(b, ',');
		json_profile(b, img, i);
	}
	bl_buf_str(b, "]}\n");
}
