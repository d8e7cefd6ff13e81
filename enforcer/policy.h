/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where policies come from: an image file, policy texts, the policy directory, the last good one. In the end each is an image in memory. */
#ifndef BL_POLICY_H
#define BL_POLICY_H

#include "buf.h"
#include "conf.h"

struct bl_policy {
	char *name; /* for messages and `status` */
	void *image;
	size_t size;
};
/* Accepts NULL members. */
void bl_policy_free(struct bl_policy *p);

/* Reads an image file, which only root may be able to write. Whether it is an image is looked at when it is loaded. */
int bl_policy_read(const char *path, struct bl_policy *ret, struct bl_error *err);
/* The same for an open file. */
int bl_policy_read_fd(int fd, const char *name, struct bl_policy *ret, struct bl_error *err);

/*
 * One image file, or policy files, which are compiled. With each policy file goes its directory: the files below it whose names end in
 * ".policy" are what it can include. said: what policyc says.
 */
int bl_policy_from_files(const struct bl_conf *conf, char *const *files, size_t n, struct bl_policy *ret, struct bl_buf *said,
			 struct bl_error *err);

/*
 * Compiles what conf->policy_dir has. -ENOENT: there is no such directory. BL_REFUSED: the policies do not compile, there are none,
 * or somebody else than root can write to one.
 */
int bl_policy_from_dir(const struct bl_conf *conf, struct bl_policy *ret, struct bl_buf *said, struct bl_error *err);

/* What policyc diff says of an old image and a new one goes to out; *ret_status is its exit status. */
int bl_policy_diff(const struct bl_conf *conf, const struct bl_policy *old, const struct bl_policy *new, struct bl_buf *out,
		   struct bl_buf *said, int *ret_status, struct bl_error *err);

/* ---- the last good one: what the policy directory was compiled to when that last came into force ---- */

#define BL_STATE_DIR "/var/lib/bailiff"
#define BL_LAST_GOOD BL_STATE_DIR "/last-good.bpi"

/* Writes the image, whose head has its hash, whole or not at all, and returns when it is on the disk. */
int bl_policy_keep(const struct bl_policy *p, struct bl_error *err);

#endif
