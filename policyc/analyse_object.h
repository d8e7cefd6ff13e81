/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an operation can be about, as far as two policies tell it apart: every combination of lists of rules that some object has, each
 * once, with one such object.
 */
#ifndef BL_ANALYSE_OBJECT_H
#define BL_ANALYSE_OBJECT_H

#include "analyse_walk.h"
#include "buf.h"

#define OBJECTS_MAX 4000000u
#define OBJECT_FSTYPE 63u /* bytes of a file system type's name with its NUL */

struct object {
	uint32_t list[2][BL_ACCS]; /* old, new: by what the object is; 0: none */
	/* private: the example */
	enum bl_kind kind;
	uint32_t hit, fstype; /* OBJECT_NONE: no name; no file system type that matters */
	uint8_t code;	      /* BL_CODE_*, 0: nothing besides its name */
};
#define OBJECT_NONE UINT32_MAX

struct objects {
	const struct bl_tables *tables[2];
	uint32_t op;
	struct object *v;
	size_t n;
	/* private */
	struct walk *walks[BL_KEY_KINDS]; /* of kinds that one walk serves for every operation */
	struct walk *own[BL_KEY_KINDS];	  /* of this operation */
	size_t cap, nindex;
	uint32_t *index;
};

void objects_init(struct objects *o, const struct bl_tables *old, const struct bl_tables *new);
void objects_free(struct objects *o);

/* Finds those of an operation; what was found before is forgotten. 0, or -E2BIG: too many. */
int objects_find(struct objects *o, uint32_t op);

/* The i-th one's example: a byte string of a kind, and what it is besides (exec and map). */
struct object_example {
	enum bl_kind kind;
	uint8_t key[BL_PATH_MAX];
	size_t len;
	uint8_t code;	 /* BL_CODE_* */
	char fstype[OBJECT_FSTYPE]; /* "": one that no rule names */
};
void objects_example(const struct objects *o, size_t i, struct object_example *ret);

/* As people read it: "/usr/bin/x", "memfd", "/usr/bin/x (deleted) on tmpfs", "tcp 10.0.0.1:80". */
void object_example_text(struct bl_buf *b, const struct object_example *e);

#endif
