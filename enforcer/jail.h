/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs policyc where it can do no harm: as a user without capabilities, without network, in a root directory that has the system's libraries
 * and copies of the files it is to read, with limited time and memory. What it writes is believed by nobody.
 */
#ifndef BL_JAIL_H
#define BL_JAIL_H

#include "buf.h"
#include "conf.h"

struct bl_jail_file {
	const char *path; /* absolute; there it will be */
	const void *bytes;
	size_t len;
};

struct bl_jail {
	const struct bl_conf *conf;
	const struct bl_jail_file *files;
	size_t nfiles;
	const char *const *args; /* of policyc, NULL at the end */
};

/* The policyc that would be run; ret has PATH_MAX bytes. */
int bl_jail_compiler(const struct bl_conf *conf, char *ret, struct bl_error *err);

/*
 * Runs policyc to its end. ret_out: what it wrote on standard output, malloc()ed, at most BL_IMAGE_MAX bytes; said: what on standard error.
 * 0 and *ret_status, its exit status; BL_REFUSED: time was up, or a signal ended it; BL_SYSTEM. Needs root.
 */
int bl_jail_run(const struct bl_jail *j, void **ret_out, size_t *ret_len, struct bl_buf *said, int *ret_status, struct bl_error *err);

#endif
