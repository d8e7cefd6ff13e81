/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of the kernel's numbers, as policies and events have them. */
#ifndef BL_NAMES_H
#define BL_NAMES_H

#include <stddef.h>
#include <stdint.h>

enum bl_names {
	BL_NAMES_CAPABILITY, /* sys_admin: linux/capability.h without CAP_ */
	BL_NAMES_SIGNAL,     /* TERM: signal(7) without SIG */
	BL_NAMES_FAMILY,     /* inet6: linux/socket.h, AF_* */
	BL_NAMES_SOCK_TYPE,  /* stream: linux/net.h, SOCK_* */
	BL_NAMES_PROTOCOL    /* tcp: linux/in.h, IPPROTO_* */
};

/* The number of a word, -1 if it is none. */
int32_t bl_names_value(enum bl_names table, const char *word);

/* The word for a number, NULL if it has none. */
const char *bl_names_word(enum bl_names table, uint32_t value);

/* The i-th word of a table, NULL after the last: for messages and completion. */
const char *bl_names_at(enum bl_names table, size_t i);

#endif
