/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Policy files in memory, and places in them. Text stays in memory so that a message shows the line that was compiled.
 */
#ifndef BL_SRC_H
#define BL_SRC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

struct src_comments;

struct src_file {
	const char *name; /* as given on the command line or by the include */
	const char *text; /* len bytes, then NUL */
	size_t len;
	const struct src_file *parent; /* the file that includes this one, NULL: none */
	uint32_t parent_line;
	const uint32_t *lines; /* offset of the first byte of each line */
	uint32_t nlines;
	uint32_t order;	   /* files are numbered as they are read */
	uint64_t dev, ino; /* what file it is; both 0: text from memory, its name says it */
	bool built_in;	   /* text of the compiler's own */
	struct src_comments *comments; /* never NULL; filled when the file is parsed */
};

/* Lines and columns count from 1; a column is a byte. end_col is one past the last byte, on end_line. */
struct src_loc {
	const struct src_file *file;
	uint32_t line, col, end_line, end_col;
};

/* A comment: text and place from the '#' to the last byte of its line that is no white space. */
struct src_comment {
	struct src_loc loc;
	const char *text;
	bool alone; /* there is nothing before it on its line */
	struct src_comment *next;
};

/* Those of a file, in the order of the text. */
struct src_comments {
	struct src_comment *first, *last;
};

/* All files of one compilation. Everything lives in the arena. */
struct src_set {
	struct arena *arena;
	const struct src_file **files;
	size_t n, cap;
	size_t total; /* bytes read */
};

void src_init(struct src_set *s, struct arena *arena);

/*
 * Reads a file of at most LIMIT_FILE_BYTES. 0 or a negative errno: -EFBIG if it is bigger or all files together are
 * above LIMIT_TOTAL_BYTES, -EDEADLK if it is one of the files that include it. A file that cannot be read is registered
 * too, without text, so that a message can name it: *ret is always written.
 */
int src_read(struct src_set *s, const char *path, const struct src_loc *included_at, const struct src_file **ret);

/* The same for a file that is open and that nothing includes. */
int src_read_fd(struct src_set *s, const char *name, int fd, const struct src_file **ret);

/* The same for text that is already in memory; the bytes are copied. -EFBIG if there are too many. */
int src_add(struct src_set *s, const char *name, const void *bytes, size_t len, const struct src_loc *included_at,
	    const struct src_file **ret);

/* Text of the compiler's own: in no set, and no limit counts it. Lives in the arena; text must outlive it. */
const struct src_file *src_built_in(struct arena *arena, const char *name, const char *text);

bool src_same(const struct src_file *a, const struct src_file *b);

/* The place of the bytes from..end. */
struct src_loc src_loc_at(const struct src_file *f, size_t from, size_t end);
size_t src_offset(const struct src_file *f, uint32_t line, uint32_t col);

/* The file itself, for messages that have no line. */
struct src_loc src_loc_file(const struct src_file *f);

/* A line without its newline; NULL if there is none of that number. */
const char *src_line(const struct src_file *f, uint32_t line, size_t *ret_len);

#endif
