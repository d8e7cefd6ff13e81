/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the commands of policyc share. Each command returns the program's exit status. */
#ifndef BL_CMD_H
#define BL_CMD_H

#include "image_read.h"
#include <stdbool.h>
#include <stdio.h>

enum exit_status { EXIT_FINE = 0, EXIT_POLICY = 1, EXIT_USAGE = 2, EXIT_SYSTEM = 3 };

struct cmd_options {
	bool json;
	bool warnings_are_errors;
	bool no_tests;		 /* the policy's own tests and assertions are not run... */
	bool asking;		 /* ...and nothing need be said of that: the policy is only asked about */
	bool tests;		 /* they are told of one by one */
	const char *const *dirs; /* -I, in the order given */
	size_t ndirs;
	bool here;
	const char *root; /* of the machine to compare with, NULL: / */
	const char *output;      /* build -o */
	const char *const *exes; /* explain --exe, in the order given */
	size_t nexes;
	const char *user, *login;
	const char *groups, *capabilities; /* with ',' between them */
	const char *script, *cgroup, *unit, *container;
	const char *peer; /* program of the other process */
	const char *fstype;
	const char *to; /* new name of what is renamed or linked */
	bool untrusted, owner, deleted, descendant, canonical, directory;
	bool batch;
	bool check; /* fmt --check */
};

int cmd_check(const struct cmd_options *o, char *const *files, size_t n);
int cmd_build(const struct cmd_options *o, char *const *files, size_t n);
int cmd_test(const struct cmd_options *o, char *const *files, size_t n);
int cmd_dump(const struct cmd_options *o, char *const *args, size_t n);
int cmd_explain(const struct cmd_options *o, char *const *args, size_t n);
int cmd_diff(const struct cmd_options *o, char *const *args, size_t n);
int cmd_report(const struct cmd_options *o, char *const *args, size_t n);
int cmd_fmt(const struct cmd_options *o, char *const *files, size_t n);

/*
 * Compiles policy files to an image in memory and prints the diagnostics on stderr. *ret is malloc()ed, set on EXIT_FINE only.
 * ret may be NULL: everything is checked, that the policy fits included.
 */
int cmd_compile(const struct cmd_options *o, char *const *files, size_t n, void **ret, size_t *ret_len);

/* Reads an image, or compiles a policy: whichever the file is. *ret_mem holds what *ret points into. */
int cmd_load(const struct cmd_options *o, char *file, struct bl_image *ret, void **ret_mem);

/* "policyc: " and the message, to stderr; returns status. */
int cmd_fail(int status, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
