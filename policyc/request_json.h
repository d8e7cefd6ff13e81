/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests for `explain --batch`: one JSON object a line. The members are those of the enforcer's events, so that recorded events can be
 * asked of another policy; members it does not know, nested ones included, are passed over.
 */
#ifndef BL_REQUEST_JSON_H
#define BL_REQUEST_JSON_H

#include "simulate.h"

#define REQUEST_VALUES 64u /* of one array */

/*
 * One process: exe, script, cgroup, unit, container, euid, login or auid, groups, or egid alone, capabilities, ancestors (programs or objects with
 * "exe", the oldest first), untrusted.
 */
struct request_process {
	struct sim_process p; /* exes, groups point to the next two */
	const char *exes[REQUEST_VALUES + 1], *scripts[REQUEST_VALUES + 1];
	uint32_t groups[REQUEST_VALUES];
	size_t nancestors;
	bool has_egid;
	uint32_t egid;
	const char *exe; /* NULL or "": nameless */
	const char *script; /* that brought it, NULL: none */
};

struct request {
	struct request_process who, peer; /* peer: the member "peer", an object of the same members */
	bool has_peer;
	const char *op; /* never NULL after parsing, nor is object */
	struct sim_request ask; /* complete but for op */
};

/* Parses one line in place; strings point into it, and ask into *ret. 0, or -EINVAL with *err. */
int request_parse(char *line, size_t len, struct request *ret, struct bl_error *err);

#endif
