/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks a compiled policy a question without a kernel: the decision core run here, on an image. */
#ifndef BL_SIMULATE_H
#define BL_SIMULATE_H

#include "abi.h"
#include "errmsg.h"
#include "image_read.h"
#include <stdbool.h>
#include <stddef.h>

/* Who asks, and what. Strings belong to the caller. */
struct sim_request {
	const char *const *exes; /* lineage: programs run one after the other, the last runs now; none: nameless */
	size_t nexes;
	const char *cgroup;
	uint32_t euid;
	bool untrusted; /* executed in a mount namespace of an unprivileged user namespace */
	uint32_t op;
	const void *object; /* for connect: text, as sim_endpoint() reads it; otherwise a path, or "" for a nameless object */
	size_t object_len;
};

struct sim_answer {
	struct bl_label label;
	struct bl_result result;
	uint32_t acc; /* accept record of the object */
	uint8_t key[BL_PATH_MAX]; /* the byte string that was looked up */
	size_t key_len;
	uint32_t kind;
};

/*
 * Asks. 0, or -EINVAL with *err: a name that is not one, an address that cannot be read. What exec makes of the lineage (terms that stay
 * true) is part of the label.
 */
int sim_ask(const struct bl_image *img, const struct sim_request *q, struct sim_answer *ret, struct bl_error *err);

/* "tcp 10.0.0.5:80", "udp [2001:db8::1]:53", "other 10.0.0.1": protocol, address, port. */
struct bl_endpoint;
int sim_endpoint(const char *text, struct bl_endpoint *ret, struct bl_error *err);

/* The operation with this name, 0 if there is none. */
uint32_t sim_op(const char *word);

/* The i-th rule of the chain that profile p considers for this answer, in order. UINT32_MAX: no more. */
uint32_t sim_considered(const struct bl_image *img, const struct sim_answer *a, uint32_t op, uint32_t p, uint32_t i, bool *ret_holds);

#endif
