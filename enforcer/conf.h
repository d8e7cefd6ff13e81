/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration file: `key = value`, one a line, `#` begins a comment. What it does not say has a default. */
#ifndef BL_CONF_H
#define BL_CONF_H

#include "output_conf.h"
#include <limits.h>

#define BL_CONF_FILE "/etc/bailiff/bailiff.conf"
#define BL_CONF_NAME 64 /* bytes of a user's name with the NUL */

struct bl_conf {
	char policy_dir[PATH_MAX];
	char compiler[PATH_MAX]; /* "": the policyc beside this program */
	char compile_user[BL_CONF_NAME];
	uint32_t compile_seconds;
	uint32_t compile_mib;
	bool audit;	   /* mode = audit */
	bool accept_links;
	bool seal;
	bool latency; /* hooks are timed from the start of the daemon */
	uint32_t selftest_seconds; /* between two self-tests of the daemon, 0: none */
	size_t noutputs;
	struct bl_output_conf outputs[BL_OUTPUTS_MAX];
	struct bl_metrics_conf metrics_file, metrics_socket;
	uint32_t metrics_rules; /* series of rules, at most */
};

void bl_conf_defaults(struct bl_conf *ret);

/* Reads text over what *ret has. BL_REFUSED with FILE:LINE and a sentence: an unknown key, one given twice, a value that is none. */
int bl_conf_parse(const char *file, const char *text, size_t len, struct bl_conf *ret, struct bl_error *err);

/* Reads BL_CONF_FILE, which only root may be able to write; without the file all is as by default. */
int bl_conf_read(struct bl_conf *ret, struct bl_error *err);

#endif
