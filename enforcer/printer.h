/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints events on stdout as lines of text or JSON. */
#ifndef BL_PRINTER_H
#define BL_PRINTER_H

#include "events.h"

struct bl_printer {
	struct bl_gen_names names;
	struct bl_buf line;
	bool json;
	bool broken; /* nobody reads any more */
};

void bl_printer_event(struct bl_printer *p, const struct bl_event_view *e);
void bl_printer_free(struct bl_printer *p);

#endif
