/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks a compiled policy a question without a kernel: the decision core run here, on an image. */
#ifndef BL_SIMULATE_H
#define BL_SIMULATE_H

#include "abi.h"
#include "errmsg.h"
#include "image_read.h"
#include <stdbool.h>
#include <stddef.h>

/* A process. Strings belong to the caller. */
struct sim_process {
	const char *const *exes; /* lineage: programs run one after the other, the last runs now */
	size_t nexes;		 /* 0: the program has no name */
	const char *const *scripts; /* for each of them the #! file that brought it, NULL: none did; NULL: none of them */
	const char *cgroup;
	const char *unit;	 /* NULL: what the cgroup says */
	const char *container;
	uint32_t euid;
	const uint32_t *groups;	 /* effective gid and supplementary ones */
	size_t ngroups;
	uint32_t login;		 /* UINT32_MAX: nobody logged in */
	uint64_t capabilities;	 /* effective, 1 << CAP_* */
	bool untrusted;		 /* executed in a mount namespace of an unprivileged user namespace */
};

/* Who asks, and what. */
struct sim_request {
	struct sim_process who;
	const struct sim_process *peer; /* of signal and ptrace; NULL: not known */
	bool descendant;		/* the peer descends from the process */
	bool owner;			/* the process's user owns the file */
	bool canonical;			/* the object is a further name of the file: only rules that refuse count */
	uint32_t op;
	const char *object; /* as bl_text_object() writes it, see object_parse() */
	size_t object_len;
	bool deleted;	    /* exec and map: of a file that has no name any more */
	const char *fstype; /* exec and map: type of the file system, NULL: one that no rule names */
	const char *to;	    /* rename and link: the object's new name, NULL: only the operation itself is asked about */
	bool directory;	    /* the object is one */
	bool alone;	    /* not what a mount hides */
};

struct sim_answer {
	struct bl_label label;
	struct bl_label peer;
	struct bl_question question;
	struct bl_result result;
	uint8_t key[BL_PATH_MAX]; /* the byte string that was looked up */
	size_t key_len;
	uint32_t kind;
};

/*
 * Asks. 0, or -EINVAL with *err: a name that is not one, an address that cannot be read. What the execs of the lineage make of the
 * process (terms that stay true, `enter` and `leave`) is part of the label. Besides what is asked, the bind of a unix socket to a path asks
 * to create the path, and a bind to :: asks for 0.0.0.0. A mount asks what it hides, and a change of name what that takes from under a rule.
 */
int sim_ask(const struct bl_image *img, const struct sim_request *q, struct sim_answer *ret, struct bl_error *err);

/* The operation with this name, 0 if there is none. */
uint32_t sim_op(const char *word);

/* The i-th rule of the chain that profile p considers for this answer, in order; false: no more. */
struct sim_considered {
	uint32_t rule;
	bool holds;
	bool implied; /* creating a socket that the rule could use */
};
bool sim_considered(const struct bl_image *img, const struct sim_answer *a, uint32_t p, uint32_t i, struct sim_considered *ret);

#endif
