/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes calls with a known better replacement compile errors. Every .c file of ours includes it last. */
#ifndef BL_BANNED_H
#define BL_BANNED_H

/*
 * No bound: strcpy, strcat, stpcpy, sprintf, vsprintf, gets. No terminator or a surprise: strncpy, strncat. State
 * shared with everybody: strtok, localtime, gmtime, ctime, asctime. No way
 * to see an error: atoi, atol, atoll, atof. A race: mktemp, tmpnam, tempnam.
 */
#pragma GCC poison strcpy strcat stpcpy sprintf vsprintf gets strncpy strncat strtok
#pragma GCC poison localtime gmtime ctime asctime atoi atol atoll atof mktemp tmpnam tempnam

#endif
