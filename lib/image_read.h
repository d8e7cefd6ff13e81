/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads a policy image (include/image.h) and believes nothing in it: what bl_image_parse() has accepted can be handed
 * to the decision core and to the kernel without another look.
 */
#ifndef BL_IMAGE_READ_H
#define BL_IMAGE_READ_H

#include "errmsg.h"
#include <stddef.h>
#include <stdint.h>

#include "image.h"

/* Pointers into the memory that was parsed, which has to outlive this. */
struct bl_image {
	const void *data;
	size_t size;
	const struct bl_image_head *head;
	const struct bl_tables *tables;
	size_t tables_size; /* bytes, head and words */
	const char *strings;
	size_t strings_size;
	const struct bl_meta_profile *profiles; /* tables->nprofiles */
	const struct bl_meta_rule *rules;	/* tables->nrules */
	const struct bl_meta_atom *atoms;	/* tables->natoms */
	const struct bl_meta_id *users;
	size_t nusers;
	const struct bl_meta_prefix *prefixes;
	size_t nprefixes;
};

/*
 * Checks buf, which must be 8-byte aligned as malloc() makes it, and describes it in *ret. 0, or -EINVAL (not a valid
 * image), -EPROTONOSUPPORT (of another version), -ENOMEM, with a sentence in *err. Any bytes at all may be given.
 */
int bl_image_parse(const void *buf, size_t len, struct bl_image *ret, struct bl_error *err);

/*
 * An image without the words of its tables, which the kernel has anyway: the rest is what names things. bl_image_cut() appends it; then the tables are
 * their head only, tables_size says so, and nothing of w[] may be looked at.
 */
struct bl_buf;
void bl_image_cut(struct bl_buf *b, const struct bl_image *img);
/* Describes a cut image, which was made by bl_image_cut() of one that was parsed: what its texts are is checked, but not the hash. Errors as above. */
int bl_image_parse_cut(const void *buf, size_t len, struct bl_image *ret, struct bl_error *err);
/* Makes it whole again: words are the tables' as they were. malloc()ed memory of head->size bytes, to be parsed; NULL: out of memory. */
void *bl_image_whole(const struct bl_image *cut, const uint64_t *words);
/* How many words were cut out. */
size_t bl_image_cut_words(const struct bl_image *cut);

/* The string at an offset of a parsed image; offsets in its structures are valid. */
static inline const char *bl_image_str(const struct bl_image *img, uint32_t off)
{
	return off < img->strings_size ? img->strings + off : "";
}

/* Writes the hash of a whole image into its head; what policyc does last. */
void bl_image_seal(void *buf, size_t len);

#define BL_IMAGE_TRUSTED 1u /* the file must belong to root and be writable by nobody else */

/*
 * Reads a file, at most BL_IMAGE_MAX bytes, after checking the opened file itself. 0 and malloc()ed memory, or a
 * negative errno with a sentence that names path.
 */
int bl_image_file_read(const char *path, unsigned int flags, void **ret_buf, size_t *ret_len, struct bl_error *err);

/* The feature (BL_FEAT_*) that keys of this kind are, 0: none. */
uint64_t bl_kind_feature(uint32_t kind);

/* Profile i of the tables, which were checked to have it. */
static inline const struct bl_profile *bl_profile_at(const struct bl_tables *t, uint32_t i)
{
	return (const struct bl_profile *)&t->w[t->off_profiles + (size_t)i * BL_PROFILE_WORDS];
}

/* Checks tables alone; part of bl_image_parse(). rules may be NULL: then entries are not compared with them. */
int bl_tables_check(const struct bl_tables *t, size_t len, const struct bl_meta_rule *rules, struct bl_error *err);

#endif
