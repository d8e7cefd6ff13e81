/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a policy's text may be at most; what a compiled policy may be at most is in abi.h. Each is tested at the limit
 * and above. */
#ifndef BL_BOUNDS_H
#define BL_BOUNDS_H

#define LIMIT_INCLUDE_DEPTH 16u	      /* files in one chain, the first included */
#define LIMIT_FILES 1024u	      /* files read in one compilation, repeated ones counted again */
#define LIMIT_FILE_BYTES (16u << 20)  /* of one file */
#define LIMIT_TOTAL_BYTES (64u << 20) /* of all files, repeated ones counted again */
#define LIMIT_TOKEN_BYTES 4096u	      /* of one word or quoted text */
#define LIMIT_NESTING 8u	      /* braces in braces, of blocks and of patterns */
#define LIMIT_ALTERNATIVES 4096u      /* of one pattern's braces, multiplied out */
#define LIMIT_EXPANDED (1u << 20)     /* bytes of one pattern, braces multiplied out */
#define LIMIT_SETS 4096u
#define LIMIT_SET_DEPTH 64u	/* sets in sets */
#define LIMIT_PATTERNS 1000000u /* of all sets, rules and terms, sets expanded */
#define LIMIT_NAME_BYTES 64u	/* of a profile's or a set's name */
#define LIMIT_MESSAGE_BYTES 512u
#define LIMIT_TAG_BYTES 64u
#define LIMIT_MEMOS 1024u /* remembered lists of values; a cache, nothing is refused above it */
#define LIMIT_DIAGS_PRINTED 20u
#define LIMIT_DIAGS_KEPT 1000u

#endif
