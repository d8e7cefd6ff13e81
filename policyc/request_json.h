/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests for `explain --batch`: one JSON object a line. The members are those of the enforcer's events, so that recorded events can be
 * asked of another policy; members it does not know, nested ones included, are passed over.
 */
#ifndef BL_REQUEST_JSON_H
#define BL_REQUEST_JSON_H

#include "simulate.h"

struct request {
	char *exe;    /* NULL: nameless */
	char *op;     /* NULL: missing */
	char *object; /* NULL: missing */
	size_t object_len;
	char *cgroup; /* NULL: "/" */
	uint32_t euid;
	bool untrusted;
};

/* Parses one line in place; strings point into it. 0, or -EINVAL with *err. */
int request_parse(char *line, size_t len, struct request *ret, struct bl_error *err);

#endif
