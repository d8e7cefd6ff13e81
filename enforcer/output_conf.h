/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the configuration says of an output: `KIND [WHERE] [format=F] [size=N] [keep=N]`. */
#ifndef BL_OUTPUT_CONF_H
#define BL_OUTPUT_CONF_H

#include <limits.h>

#include "enforcer.h"
#include "format.h"

#define BL_OUTPUTS_MAX 8

enum bl_output_kind { BL_OUTPUT_STDOUT, BL_OUTPUT_FILE, BL_OUTPUT_JOURNAL, BL_OUTPUT_SYSLOG };

struct bl_output_conf {
	enum bl_output_kind kind;
	enum bl_format format;
	char where[PATH_MAX]; /* path of a file or socket; or udp:ADDRESS:PORT */
	uint64_t size;	      /* bytes at which a file is put aside */
	uint32_t keep;	      /* how many of those are kept */
};

/* Takes value apart, in place. NULL, or what is wrong with it. */
const char *bl_output_parse(char *value, struct bl_output_conf *ret);

/* The address of udp:ADDRESS:PORT, an IPv6 one in brackets. False: it is none. */
struct sockaddr_storage;
bool bl_output_udp(const char *where, struct sockaddr_storage *ret, unsigned int *ret_len);

#endif
