/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A generation: one policy's tables in a map, and what else is in the image they came from in another, pinned as gen/N/tables and
 * gen/N/image. Made whole and read back before it is published; never changed afterwards but for its hit counters.
 */
#ifndef BL_GENERATION_H
#define BL_GENERATION_H

#include "image_read.h"
#include "object.h"

#define BL_GEN_PATH 256

/* First bytes of gen/N/image, before the image without the words of its tables (bl_image_cut()). */
struct bl_gen_info {
	uint32_t version; /* BL_GEN_INFO_VERSION */
	uint32_t gen;
	uint64_t size;	    /* bytes of the image file */
	uint64_t loaded_ns; /* since 1970 */
	uint32_t flags;	    /* BL_TF_DRY_RUN */
	uint32_t before; /* generation that was in force when this one was made: where a rollback goes; 0: none */
	char path[BL_GEN_PATH]; /* of the image file, as given, cut to fit */
};
#define BL_GEN_INFO_VERSION 2u

/* Makes and pins generation gen, which follows before, for tables of words; ret_fd is the tables' map. On failure nothing is left. */
int bl_gen_make(uint32_t gen, uint32_t before, uint32_t words, uint32_t flags, const struct bl_image *img, const char *path, int *ret_fd,
		struct bl_error *err);

/* Makes the slot name the map: from here on every decision is made by it. */
int bl_gen_publish(const struct bl_object *o, int tables_fd, struct bl_error *err);

int bl_gen_remove(uint32_t gen, struct bl_error *err);

/* What is known of a generation from the kernel's own memory. Start with zeros; free in any state. */
struct bl_gen {
	struct bl_gen_info *info;
	void *whole; /* the image's memory; NULL: behind info */
	struct bl_image image;
	uint32_t words; /* capacity of the tables */
};
/*
 * Its names: of the image's tables only the head is there (bl_image_parse_cut()). What a process that stays should use. -ENOENT if there is no such
 * generation.
 */
int bl_gen_open_names(uint32_t gen, struct bl_gen *ret, struct bl_error *err);
/* The same with the image as it was loaded, byte for byte. */
int bl_gen_open(uint32_t gen, struct bl_gen *ret, struct bl_error *err);
void bl_gen_free(struct bl_gen *g);

/* How many of a policy's profiles refuse anything. */
struct bl_gen_mode {
	uint32_t profiles, enforcing; /* by their own modes */
	bool dry_run;		      /* so none does */
};
struct bl_gen_mode bl_gen_mode(const struct bl_profile *profiles, uint32_t n, bool dry_run);
/* "enforcing", "enforcing 1 of 3 profiles, auditing the others", "auditing...: nothing is refused". */
void bl_gen_mode_text(struct bl_buf *b, const struct bl_gen_mode *m);
static inline bool bl_gen_mode_audits(const struct bl_gen_mode *m)
{
	return m->dry_run || m->enforcing == 0;
}

/* What the kernel's tables say of themselves, and their counters as they are now. */
struct bl_gen_counts {
	struct bl_gen_mode mode;
	uint8_t modes[BL_MAX_PROFILES];
	uint64_t *hits; /* nrules, then those of each profile's default; malloc()ed */
};
/* Over what *ret has. */
int bl_gen_counts_read(uint32_t gen, struct bl_gen_counts *ret, struct bl_error *err);
void bl_gen_counts_free(struct bl_gen_counts *c);

/* The generation that the slot names, 0: none. */
int bl_gen_current(const struct bl_object *o, uint32_t *ret, struct bl_error *err);

#endif
