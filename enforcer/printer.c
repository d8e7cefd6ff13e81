/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints events on stdout as lines of text or JSON. */
#include "printer.h"

#include <stdio.h>

#include "banned.h"

void bl_printer_event(struct bl_printer *p, const struct bl_event_view *e)
{
	bl_buf_reset(&p->line);
	if (p->json)
		(void)bl_event_json(&p->line, &p->names, e);
	else
		bl_event_text(&p->line, &p->names, e);
	if (!bl_buf_text(&p->line))
		return;
	if (printf("%s\n", bl_buf_text(&p->line)) < 0 || fflush(stdout) != 0)
		p->broken = true;
}

void bl_printer_free(struct bl_printer *p)
{
	bl_names_free(&p->names);
	bl_buf_free(&p->line);
}
