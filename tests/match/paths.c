/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Paths: globs in lists, with and without exceptions; matched by oracle_match.c, one after the other. */
#include "match.h"

#include <stdio.h>
#include <string.h>

#include "gen_name.h"
#include "gen_policy.h"
#include "oracle_match.h"

#include "banned.h"

struct path_rule {
	struct bl_buf globs[MATCH_VALUES], except[MATCH_VALUES];
	uint32_t nglobs, nexcept;
};

static struct path_rule rules[MATCH_RULES];
static uint32_t nrules;
static const struct bl_name *last;
static uint32_t last_from;

static void make_list(struct rnd *r, struct bl_buf *text, struct bl_buf *globs, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		bl_buf_free(&globs[i]);
		gen_path(r, &globs[i]);
		bl_buf_printf(text, "%s %s", i == 0 ? "" : ",", bl_buf_text(&globs[i]));
	}
}

static uint32_t paths_make(struct rnd *r, struct bl_buf *text)
{
	nrules = 1 + rnd_below(r, MATCH_RULES);
	for (uint32_t i = 0; i < nrules; i++) {
		struct path_rule *p = &rules[i];

		p->nglobs = 1 + rnd_below(r, MATCH_VALUES);
		p->nexcept = rnd_percent(r, 25) ? 1 + rnd_below(r, MATCH_VALUES) : 0;
		bl_buf_printf(text, "profile p%u { subject any; deny read", i);
		make_list(r, text, p->globs, p->nglobs);
		if (p->nexcept != 0)
			bl_buf_str(text, " except");
		make_list(r, text, p->except, p->nexcept);
		bl_buf_str(text, "; }\n");
	}
	return nrules;
}

static struct text name_of_last(void)
{
	return (struct text){last->buf + last_from, BL_PATH_MAX - last_from};
}

static bool paths_object(struct rnd *r, struct bl_name *key, uint32_t *ret_from)
{
	const struct path_rule *p = &rules[rnd_below(r, nrules)];
	const struct bl_buf *near = p->nexcept != 0 && rnd_percent(r, 30) ? &p->except[rnd_below(r, p->nexcept)]
									  : &p->globs[rnd_below(r, p->nglobs)];

	last = key;
	last_from = *ret_from = gen_name(r, rnd_percent(r, 3) ? NULL : bl_buf_text((struct bl_buf *)near), key);
	return BL_PATH_MAX - last_from < BL_PATH_MAX && match_is_name(name_of_last());
}

static bool some_match(struct bl_buf *globs, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (match_glob(bl_buf_text(&globs[i]), name_of_last()))
			return true;
	}
	return false;
}

static uint32_t paths_judge(void)
{
	uint32_t mask = 0;

	for (uint32_t i = 0; i < nrules; i++) {
		struct path_rule *p = &rules[i];

		if (some_match(p->globs, p->nglobs) && !some_match(p->except, p->nexcept))
			mask |= 1u << i;
	}
	return mask;
}

static void paths_print(void)
{
	printf("#   path ");
	for (size_t i = last_from; i < BL_PATH_MAX; i++)
		printf(last->buf[i] > 32 && last->buf[i] < 127 ? "%c" : "\\x%02x", last->buf[i]);
	printf("\n");
}

const struct matcher match_paths = {.what = "paths",
				    .kind = BL_KEY_PATH,
				    .op = BL_OP_READ,
				    .make = paths_make,
				    .object = paths_object,
				    .judge = paths_judge,
				    .print_object = paths_print};
