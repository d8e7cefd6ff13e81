/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text exposition format of Prometheus, version 0.0.4: for each metric a line of help, one with its type, and its series. That the series of
 * a metric differ in their labels is the caller's to see to.
 */
#ifndef BL_METRICS_TEXT_H
#define BL_METRICS_TEXT_H

#include "buf.h"
#include <stdint.h>

#define BL_METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* Begins a metric; name without the prefix bailiff_, type "gauge", "counter" or "histogram". */
void bl_metric_begin(struct bl_buf *b, const char *name, const char *type, const char *help);

/* A label of a series: what bl_text_escape() makes of the value, so that different bytes stay different, and all is UTF-8. NULL: no more labels. */
struct bl_label_pair {
	const char *name, *value;
};

/* A series of the metric that was begun last, whose name is given again (of a histogram with _bucket, _sum or _count). labels end with a name NULL; NULL: there are none. */
void bl_metric_value(struct bl_buf *b, const char *name, const struct bl_label_pair *labels, uint64_t value);

/* The same of nanoseconds, as seconds. */
void bl_metric_seconds(struct bl_buf *b, const char *name, const struct bl_label_pair *labels, uint64_t ns);

/* A metric with one series without labels. */
void bl_metric_one(struct bl_buf *b, const char *name, const char *type, const char *help, uint64_t value);

#endif
