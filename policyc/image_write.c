// SPDX-License-Identifier: GPL-2.0-or-later
/* Lays out an image: tables for the kernel, and beside them the names and places that people are told. */
#include "image_write.h"
#include "arena.h"
#include "buf.h"
#include "image.h"
#include "image_read.h"
#include "paths.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "banned.h"

struct strings {
	struct bl_buf buf;
	const char *last; /* file names repeat from rule to rule */
	uint32_t last_off;
};

static uint32_t put_string(struct strings *s, const char *text)
{
	uint32_t off = (uint32_t)s->buf.len;

	if (!text || text[0] == '\0')
		return 0;
	if (text == s->last)
		return s->last_off;
	bl_buf_add(&s->buf, text, strlen(text) + 1);
	return off;
}

static uint32_t put_file(struct strings *s, const struct src_file *f)
{
	if (!f)
		return 0;
	s->last_off = put_string(s, f->name);
	s->last = f->name;
	return s->last_off;
}

static void put_profiles(const struct ir *ir, struct strings *s, struct bl_buf *out)
{
	for (size_t i = 0; i < ir->nprofiles; i++) {
		const struct ir_profile *p = &ir->profiles[i];
		struct bl_meta_profile m = { 0 };

		m.name = put_string(s, p->name);
		m.file = put_file(s, p->loc.file);
		m.line = p->loc.line;
		m.default_line = p->default_loc.line;
		m.subject = put_string(s, p->subject);
		bl_buf_add(out, &m, sizeof(m));
	}
}

static void put_rules(const struct ir *ir, struct strings *s, struct bl_buf *out)
{
	for (size_t i = 0; i < ir->nrules; i++) {
		const struct ir_rule *r = &ir->rules[i];
		struct bl_meta_rule m = { .profile = r->profile, .verdict = r->verdict, .ops = r->ops };

		m.file = put_file(s, r->loc.file);
		m.line = r->loc.line;
		m.col = r->loc.col;
		m.text = put_string(s, r->text);
		m.message = put_string(s, r->message);
		m.tag = put_string(s, r->tag);
		m.severity = put_string(s, r->severity);
		bl_buf_add(out, &m, sizeof(m));
	}
}

static void put_rest(const struct ir *ir, struct strings *s, struct bl_buf *atoms, struct bl_buf *users)
{
	for (size_t i = 0; i < ir->natoms; i++) {
		struct bl_meta_atom m = { .text = put_string(s, ir->atoms[i].text), .kind = ir->atoms[i].kind };

		bl_buf_add(atoms, &m, sizeof(m));
	}
	for (size_t i = 0; i < ir->nusers; i++) {
		const struct ir_user *u = &ir->users[i];
		struct bl_meta_id m = { .name = put_string(s, u->name), .kind = u->kind, .id = u->id };

		bl_buf_add(users, &m, sizeof(m));
	}
}

static void put_prefixes(const struct ir *ir, struct strings *s, struct bl_buf *out)
{
	const struct path_prefix *v;
	struct arena a;
	size_t n;

	arena_init(&a);
	v = path_prefixes(&a, ir, &n);
	for (size_t i = 0; i < n; i++) {
		struct bl_meta_prefix m = { .line = v[i].loc.line };

		m.flags = (v[i].follow ? BL_PREFIX_FOLLOW : 0) | (v[i].name ? BL_PREFIX_NAME : 0);
		m.path = put_string(s, v[i].path);
		m.rest = put_string(s, v[i].rest);
		m.file = put_file(s, v[i].loc.file);
		bl_buf_add(out, &m, sizeof(m));
	}
	arena_free(&a);
}

static void put_section(struct bl_buf *image, unsigned int type, const void *data, size_t len)
{
	static const char zeros[8];
	struct bl_section sec = { .type = type, .off = image->len, .len = len };
	size_t at = sizeof(struct bl_image_head) + (type - 1) * sizeof(sec);

	if (image->failed)
		return;
	memcpy(image->data + at, &sec, sizeof(sec));
	if (len != 0)
		bl_buf_add(image, data, len);
	bl_buf_add(image, zeros, -image->len & 7);
}

static int assemble(const struct bl_tables *t, size_t tlen, struct bl_buf part[BL_SEC_COUNT + 1], void **ret, size_t *ret_len)
{
	struct bl_image_head head = { .version = BL_IMAGE_VERSION, .abi = BL_ABI_VERSION, .nsections = BL_SEC_COUNT };
	struct bl_buf image = BL_BUF_INIT;
	struct bl_section none[BL_SEC_COUNT] = { 0 };

	memcpy(head.magic, BL_IMAGE_MAGIC, sizeof(head.magic));
	bl_buf_add(&image, &head, sizeof(head));
	bl_buf_add(&image, none, sizeof(none));
	put_section(&image, BL_SEC_TABLES, t, tlen);
	for (unsigned int type = BL_SEC_STRINGS; type <= BL_SEC_COUNT; type++) {
		if (part[type].failed)
			image.failed = true;
		put_section(&image, type, part[type].data, part[type].len);
	}
	if (image.failed) {
		bl_buf_free(&image);
		return -ENOMEM;
	}
	((struct bl_image_head *)image.data)->size = image.len;
	bl_image_seal(image.data, image.len);
	*ret = image.data;
	*ret_len = image.len;
	return 0;
}

/* What no reader would take must not be written. */
static int check_size(void **image, size_t len, struct tables_error *err)
{
	if (len <= BL_IMAGE_MAX)
		return 0;
	free(*image);
	*image = NULL;
	err->id = "E-too-big";
	err->help = "shorter messages and shorter lists of values, or fewer rules";
	return bl_error_set(&err->msg, -E2BIG, "the image takes %zu KiB, and %u KiB is the most that is loaded; the texts of the rules are part of it",
			    (len + 1023) / 1024, BL_IMAGE_MAX / 1024);
}

int image_build(const struct ir *ir, void **ret, size_t *ret_len, struct tables_error *err)
{
	return image_build_watched(ir, NULL, ret, ret_len, err);
}

int image_build_watched(const struct ir *ir, const struct tables_watch *w, void **ret, size_t *ret_len, struct tables_error *err)
{
	struct bl_buf part[BL_SEC_COUNT + 1] = { 0 };
	struct strings s = { .buf = BL_BUF_INIT };
	struct bl_tables *t = NULL;
	size_t tlen;
	int r = tables_build_watched(ir, w, &t, &tlen, err);

	if (r < 0)
		return r;
	bl_buf_add(&s.buf, "", 1);
	put_profiles(ir, &s, &part[BL_SEC_PROFILES]);
	put_rules(ir, &s, &part[BL_SEC_RULES]);
	put_rest(ir, &s, &part[BL_SEC_ATOMS], &part[BL_SEC_USERS]);
	put_prefixes(ir, &s, &part[BL_SEC_PREFIXES]);
	part[BL_SEC_STRINGS] = s.buf;
	r = assemble(t, tlen, part, ret, ret_len);
	for (unsigned int i = 0; i <= BL_SEC_COUNT; i++)
		bl_buf_free(&part[i]);
	free(t);
	return r < 0 ? r : check_size(ret, *ret_len, err);
}
