/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the two forms of `policyc diff` share, and the one for programs. */
#ifndef BL_DIFF_PRINT_H
#define BL_DIFF_PRINT_H

#include "analyse_diff.h"

extern const char *const diff_sides[]; /* "old", "new" */
const char *diff_act_word(enum chain_act act);
/* What of two rules differs (CHAIN_*): `errno, message`, each in quotes. */
void diff_put_details(struct bl_buf *b, unsigned int details, const char *between, const char *quote);

void diff_json(struct bl_buf *b, const struct diff *d);

/* An example as `explain --batch` takes it (request_json.h). False: it cannot be asked there, and nothing was added. */
bool diff_json_request(struct bl_buf *b, const struct diff_item *it);

#endif
