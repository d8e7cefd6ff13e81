/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The image file (.bpi): what policyc writes and the enforcer loads. Little endian. A header, a table of sections, the
 * sections, each 8-byte aligned and in the order of their numbers, nothing between or after them but zero bytes of alignment.
 * BL_SEC_TABLES is copied into the kernel as it is; the rest is for people: names, places, texts.
 */
#ifndef BL_IMAGE_H
#define BL_IMAGE_H

#include "abi.h"

#define BL_IMAGE_MAGIC "BAILIFF\n"
#define BL_IMAGE_VERSION 2u
#define BL_IMAGE_MAX (64u << 20) /* bytes of a whole file */

struct bl_image_head {
	__u8 magic[8];
	__u32 version; /* BL_IMAGE_VERSION */
	__u32 abi;     /* BL_ABI_VERSION */
	__u64 size;    /* of the whole file */
	__u32 nsections;
	__u32 pad;
	__u8 sha256[32]; /* of the whole file with these 32 bytes zero */
};
_Static_assert(sizeof(struct bl_image_head) == 64, "image head");

enum bl_section_type {
	BL_SEC_TABLES = 1,   /* struct bl_tables */
	BL_SEC_STRINGS = 2,  /* NUL-terminated strings; offset 0 is "" */
	BL_SEC_PROFILES = 3, /* struct bl_meta_profile, by profile number */
	BL_SEC_RULES = 4,    /* struct bl_meta_rule, by rule number */
	BL_SEC_ATOMS = 5,    /* struct bl_meta_atom, by atom number */
	BL_SEC_USERS = 6,    /* struct bl_meta_id: names that were resolved to numbers at compile time */
	BL_SEC_PREFIXES = 7, /* struct bl_meta_prefix: names that must not go through symbolic links where the image is loaded */
	BL_SEC_COUNT = 7     /* all of them are there, in this order */
};

struct bl_section {
	__u32 type;
	__u32 pad;
	__u64 off;
	__u64 len;
};

/* Strings are offsets into BL_SEC_STRINGS. Files are named as the compiler was given them. */
struct bl_meta_profile {
	__u32 name;
	__u32 file;
	__u32 line;
	__u32 default_line; /* of the default statement, 0: none */
	__u32 subject;      /* canonical text */
	__u32 pad;
};

struct bl_meta_rule {
	__u32 profile;
	__u32 file;
	__u32 line;
	__u32 col;
	__u32 verdict; /* enum bl_verdict */
	__u32 text;    /* the rule as written, white space folded */
	__u32 message; /* 0: none */
	__u32 tag;
	__u32 severity;
	__u32 pad;
	__u64 ops; /* BL_OP_BIT */
};

struct bl_meta_atom {
	__u32 text; /* canonical: "exe /usr/sbin/nginx" */
	__u32 kind; /* enum bl_kind */
};

struct bl_meta_id {
	__u32 name;
	__u32 kind; /* BL_KEY_USER or BL_KEY_GROUP */
	__u32 id;
	__u32 pad;
};

/* What all names that a pattern matches begin with: the directory before the first wildcard, or the whole name. Each once. */
#define BL_PREFIX_FOLLOW 1u /* a link at the end of the name counts as well: the object has the name of what it leads to */
#define BL_PREFIX_NAME 2u   /* all that begins with it are names of files or programs: the automaton reads them as they are */
#define BL_PREFIX_FLAGS (BL_PREFIX_FOLLOW | BL_PREFIX_NAME)
struct bl_meta_prefix {
	__u32 path; /* the bytes of the name, '/' first */
	__u32 rest; /* how the pattern goes on, as written */
	__u32 file; /* one place where it is written */
	__u32 line;
	__u32 flags; /* BL_PREFIX_* */
	__u32 pad;
};

#endif
