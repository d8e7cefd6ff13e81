/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the configuration says of an output: `KIND [WHERE] [format=F] [size=N] [keep=N]`, and of where metrics go: `PATH [mode=M] [interval=N]`.
 */
#ifndef BL_OUTPUT_CONF_H
#define BL_OUTPUT_CONF_H

#include <limits.h>

#include "enforcer.h"
#include "format.h"

#define BL_OUTPUTS_MAX 8
#define BL_OUTPUTS_ALL (BL_OUTPUTS_MAX + 1) /* with the file of metrics */

enum bl_output_kind { BL_OUTPUT_STDOUT, BL_OUTPUT_FILE, BL_OUTPUT_JOURNAL, BL_OUTPUT_SYSLOG, BL_OUTPUT_METRICS };

struct bl_output_conf {
	enum bl_output_kind kind;
	enum bl_format format;
	char where[PATH_MAX]; /* path of a file or socket; or udp:ADDRESS:PORT */
	uint64_t size;	      /* bytes at which a file is put aside */
	uint32_t keep;	      /* how many of those are kept */
	uint32_t mode;	      /* of the file of metrics */
};

/* Takes value apart, in place. NULL, or what is wrong with it. */
const char *bl_output_parse(char *value, struct bl_output_conf *ret);

struct bl_metrics_conf {
	char where[PATH_MAX]; /* "": nowhere */
	uint32_t mode;
	uint32_t seconds; /* between two texts; a file's */
};
enum bl_metrics_kind { BL_METRICS_FILE, BL_METRICS_SOCKET };
/* The same for metrics. */
const char *bl_metrics_parse(char *value, enum bl_metrics_kind kind, struct bl_metrics_conf *ret);

/* The address of udp:ADDRESS:PORT, an IPv6 one in brackets. False: it is none. */
struct sockaddr_storage;
bool bl_output_udp(const char *where, struct sockaddr_storage *ret, unsigned int *ret_len);

#endif
