/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests: a policy from text to its image. */
#ifndef TESTS_UNIT_BUILD_TEXT_H
#define TESTS_UNIT_BUILD_TEXT_H

#include <check.h>
#include <string.h>

#include "compile.h"
#include "image_read.h"
#include "image_write.h"

/* Compiles text, which must have no mistake, to an image. *mem: the image, for the caller to free. What image_build() said, and *te then. */
static inline int build_try(const char *text, void **mem, struct bl_image *img, struct tables_error *te)
{
	struct compile_text t = { .name = "test.policy", .bytes = text, .len = strlen(text) };
	struct bl_error err;
	struct compile c;
	struct ir ir;
	size_t len;
	int r;

	*mem = NULL;
	compile_init(&c);
	r = policy_compile_text(&c, &t, 1, &ir);
	if (r != 0)
		diag_print(&c.diags, stderr, DIAG_TEXT);
	ck_assert_msg(r == 0, "%s", text);
	r = image_build(&ir, mem, &len, te);
	compile_free(&c);
	if (r == 0)
		ck_assert_msg(bl_image_parse(*mem, len, img, &err) == 0, "%s", err.text);
	return r;
}

/* One that fits. */
static inline void build_text(const char *text, void **mem, struct bl_image *img)
{
	struct tables_error te;

	ck_assert_msg(build_try(text, mem, img, &te) == 0, "%s", te.msg.text);
}

#endif
