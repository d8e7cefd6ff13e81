/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How one event is written to each kind of output; called by its thread, and may wait for as long as it takes. */
#ifndef BL_OUTPUT_WRITE_H
#define BL_OUTPUT_WRITE_H

#include "output_conf.h"

struct bl_sink {
	struct bl_output_conf conf;
	int fd; /* -1: not open */
	uint64_t size; /* of the file */
};

/* 0, or a negative errno and what went wrong in error: nothing of the event was written. */
int bl_sink_write(struct bl_sink *s, const char *data, size_t size, char *error, size_t error_size);

void bl_sink_close(struct bl_sink *s);

#endif
