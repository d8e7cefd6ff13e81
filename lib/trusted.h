/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that decide what is enforced: read only when nobody but root can have written them. */
#ifndef BL_TRUSTED_H
#define BL_TRUSTED_H

#include "errmsg.h"
#include <stddef.h>
#include <sys/stat.h>

/* Whether what was opened belongs to root and is writable by nobody else. 0, or -EPERM with a sentence that names path. */
int bl_trusted_check(const struct stat *st, const char *path, struct bl_error *err);

/*
 * The whole of an open regular file of at most max bytes. ret_buf is malloc()ed. -EINVAL: not a regular file; -EFBIG; -EAGAIN: it
 * changed meanwhile; or what fstat(2) and read(2) say. what ("an image") and path are for the sentence.
 */
int bl_trusted_slurp(int fd, const char *path, const char *what, size_t max, void **ret_buf, size_t *ret_len, struct bl_error *err);

/* bl_trusted_slurp() after bl_trusted_check(). */
int bl_trusted_read(int fd, const char *path, const char *what, size_t max, void **ret_buf, size_t *ret_len, struct bl_error *err);

#endif
