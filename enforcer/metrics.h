/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All that `status` knows, and what the hooks' programs cost, as metrics of Prometheus. */
#ifndef BL_METRICS_H
#define BL_METRICS_H

#include "status_read.h"

/*
 * Appends the text. max_rules bounds how many rules have a series of their own: those with the most hits; the hits of the others are one number. All other
 * labels are bounded by the tables: profiles, hooks, reasons, outputs.
 */
void bl_metrics_text(struct bl_buf *b, const struct bl_status *s, uint32_t max_rules);

/* `enforcer metrics`: prints it. Nothing loaded is a metric, too, and no failure. */
int bl_metrics(uint32_t max_rules, struct bl_error *err);

#endif
