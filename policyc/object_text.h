/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text of an object, as events and `explain` show it, back to the byte string that the automaton reads. */
#ifndef BL_OBJECT_TEXT_H
#define BL_OBJECT_TEXT_H

#include "abi.h"
#include "errmsg.h"
#include <stddef.h>
#include <stdint.h>

struct bl_name;

/*
 * Text by operation: files, umount, pivot: a path. exec, map: a path, or "memfd", "anonymous". connect, bind: "tcp 10.0.0.5:80",
 * "udp [2001:db8::1]:53", "other 10.0.0.1", "unix /run/x", "unix @name", "unix" (no address). accept: the local end, " from ", the
 * peer's address; unix as above. socket: "inet stream tcp", numbers allowed. capability: "sys_admin". signal: "TERM" or a number.
 * setuid, setgid: a number. mount: "TYPE SOURCE on TARGET". module: a path, or "memory". The others: "".
 * Writes the key at the end of n; *ret_from is where it begins, *ret_code what else code is (BL_CODE_*), 0: nothing. 0, or -EINVAL
 * with *err.
 */
int object_parse(uint32_t op, const char *text, size_t len, struct bl_name *n, uint32_t *ret_kind, uint32_t *ret_from,
		 uint8_t *ret_code, struct bl_error *err);

#endif
