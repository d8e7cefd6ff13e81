/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The contract's numbers and byte strings as words for people. */
#ifndef BL_TEXT_H
#define BL_TEXT_H

#include "buf.h"
#include <stdbool.h>
#include <stdint.h>

/* ---- words; "?" for a number that is none ---- */
const char *bl_text_op(uint32_t op);		  /* "read" */
const char *bl_text_class(uint32_t op);		  /* "file", "exec", "network", "system" */
const char *bl_text_verdict(uint32_t verdict);	  /* "allow", "log", "deny", "kill" */
const char *bl_text_mode(uint32_t mode);	  /* "enforce", "audit" */
const char *bl_text_reason(uint32_t reason);	  /* "name-too-long" */
const char *bl_text_reason_long(uint32_t reason); /* "the name has more than 4095 bytes" */
const char *bl_text_kind(uint32_t kind);	  /* "path", "exe", "net" */
const char *bl_text_stat(uint32_t stat);	  /* "events_dropped"; NULL for a number without a name */

/*
 * Bytes as they can be shown on a terminal: printable UTF-8 as it is; control characters, characters that reorder or
 * hide text, a backslash, and bytes that are no UTF-8 as \xNN. Two different byte strings never look the same.
 */
void bl_text_escape(struct bl_buf *b, const void *bytes, size_t n);
/* The same for text of a policy, whose backslashes are its own and stay. */
void bl_text_source(struct bl_buf *b, const char *s);

/* A name as a pattern that matches it alone, as it is written in a policy. What cannot be shown is as bl_text_escape() has it. */
void bl_text_pattern(struct bl_buf *b, const char *name);

/*
 * An object or subject of a kind (enum bl_kind): a path escaped; a network key as "tcp 10.0.0.5:5432" or
 * "udp [2001:db8::1]:53"; an id as a number. Anything that is not of its kind's form in hexadecimal.
 */
/* Is this the key of an object without a name (memfd)? In JSON its name is "". */
bool bl_text_nameless(uint32_t kind, const void *key, size_t n);
void bl_text_object(struct bl_buf *b, uint32_t kind, const void *key, size_t n);

/* The parts of a BL_KEY_NET key; false: it is none. */
struct bl_text_net {
	const char *proto; /* "tcp", "udp", "other" */
	bool v6, has_port, has_peer;
	uint16_t port;
	char addr[46], peer[46]; /* INET6_ADDRSTRLEN; the peer's of an accept */
};
bool bl_text_net(const void *key, size_t n, struct bl_text_net *ret);

void bl_text_hex(struct bl_buf *b, const void *bytes, size_t n);

/* "2026-11-21T10:00:00.123Z", from nanoseconds since 1970; UTC. */
void bl_text_time(struct bl_buf *b, uint64_t ns);

#endif
