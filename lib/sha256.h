/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SHA-256 (FIPS 180-4). */
#ifndef BL_SHA256_H
#define BL_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define BL_SHA256_SIZE 32

struct bl_sha256 {
	uint32_t h[8];
	uint64_t len; /* bytes taken in */
	uint8_t block[64];
};

void bl_sha256_init(struct bl_sha256 *c);
void bl_sha256_add(struct bl_sha256 *c, const void *bytes, size_t n);
void bl_sha256_end(struct bl_sha256 *c, uint8_t ret[BL_SHA256_SIZE]);

/* All three for one piece of memory. */
void bl_sha256(const void *bytes, size_t n, uint8_t ret[BL_SHA256_SIZE]);

#endif
