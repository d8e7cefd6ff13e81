/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the forms of objects share. Each function returns false where something was wrong, which has then been said. */
#ifndef BL_SEMA_OBJECT_H
#define BL_SEMA_OBJECT_H

#include "sema.h"

/* ---- sema_object.c ---- */
const char *part_word(enum ast_part_kind kind);
bool object_says(struct sema *s, struct src_loc loc, const char *text, const char *help); /* false */
bool object_is_word(const struct ast_word *w, const char *word); /* this word, not quoted */
/* One term: what is in pos and not in exc. */
bool object_join(struct sema *s, struct pats *pos, const struct pats *exc, struct ir_term *ret);
/* The parts of a rule about op by their kinds, ret[AST_PART_COUNT]; allowed: 1 << kind. */
bool object_sort(struct sema *s, const struct ast_part *parts, uint32_t allowed, const char *op, const struct ast_part **ret);
/* Values of one part; those that it takes out go to exc. */
bool object_values(struct sema *s, const struct ast_part *p, enum bl_kind kind, struct pats *pos, struct pats *exc);

/* ---- sema_net.c ---- */
bool object_net(struct sema *s, const struct ast_part *parts, struct ir_rule *r);
bool object_sock(struct sema *s, const struct ast_part *parts, struct ir_rule *r);
/* Adds the sockets that a rule about addresses allows to be made (DESIGN section 2, point 19). */
bool net_implied(struct sema *s, struct ir_rule *r);

/* ---- sema_sys.c ---- */
bool object_caps(struct sema *s, const struct ast_part *parts, struct ir_rule *r);
bool object_peer(struct sema *s, const struct ast_part *parts, struct ir_rule *r);
bool object_mount(struct sema *s, const struct ast_part *parts, struct ir_rule *r);
bool object_sys_path(struct sema *s, const struct ast_part *parts, struct ir_rule *r);
bool object_ids(struct sema *s, const struct ast_part *parts, struct ir_rule *r);

#endif
