/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text exposition format of Prometheus. */
#include "metrics_text.h"

#include <inttypes.h>
#include <string.h>

#include "text.h"

#include "banned.h"

#define PREFIX "bailiff_"

/* In help a quote stays as it is. */
static void put_escaped(struct bl_buf *b, const char *s, bool label)
{
	for (; *s; s++) {
		if (*s == '\n')
			bl_buf_str(b, "\\n");
		else if (*s == '\\' || (label && *s == '"'))
			bl_buf_printf(b, "\\%c", *s);
		else
			bl_buf_char(b, *s);
	}
}

void bl_metric_begin(struct bl_buf *b, const char *name, const char *type, const char *help)
{
	bl_buf_printf(b, "# HELP " PREFIX "%s ", name);
	put_escaped(b, help, false);
	bl_buf_printf(b, "\n# TYPE " PREFIX "%s %s\n", name, type);
}

static void put_series(struct bl_buf *b, const char *name, const struct bl_label_pair *labels)
{
	struct bl_buf clean = BL_BUF_INIT;
	char before = '{';

	bl_buf_printf(b, PREFIX "%s", name);
	for (; labels && labels->name; labels++, before = ',') {
		bl_buf_reset(&clean);
		bl_text_escape(&clean, labels->value, strlen(labels->value));
		bl_buf_printf(b, "%c%s=\"", before, labels->name);
		b->failed |= clean.failed;
		put_escaped(b, clean.failed ? "" : bl_buf_text(&clean), true);
		bl_buf_char(b, '"');
	}
	if (before == ',')
		bl_buf_char(b, '}');
	bl_buf_free(&clean);
}

void bl_metric_value(struct bl_buf *b, const char *name, const struct bl_label_pair *labels, uint64_t value)
{
	put_series(b, name, labels);
	bl_buf_printf(b, " %" PRIu64 "\n", value);
}

void bl_metric_seconds(struct bl_buf *b, const char *name, const struct bl_label_pair *labels, uint64_t ns)
{
	put_series(b, name, labels);
	bl_buf_printf(b, " %" PRIu64 ".%09" PRIu64 "\n", ns / 1000000000, ns % 1000000000);
}

void bl_metric_one(struct bl_buf *b, const char *name, const char *type, const char *help, uint64_t value)
{
	bl_metric_begin(b, name, type, help);
	bl_metric_value(b, name, NULL, value);
}
