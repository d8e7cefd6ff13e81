/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SHA-256 (FIPS 180-4). */
#include "sha256.h"

#include <string.h>

#include "banned.h"

/* First 32 bits of the fractional parts of the cube roots of the first 64 primes (4.2.2). */
static const uint32_t k256[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t ror(uint32_t x, unsigned n)
{
	return x >> n | x << (32 - n);
}

static void sha256_schedule(const uint8_t *p, uint32_t w[64])
{
	for (int i = 0; i < 16; i++)
		w[i] = (uint32_t)p[4 * i] << 24 | (uint32_t)p[4 * i + 1] << 16 | (uint32_t)p[4 * i + 2] << 8 |
		       p[4 * i + 3];
	for (int i = 16; i < 64; i++) {
		uint32_t s0 = ror(w[i - 15], 7) ^ ror(w[i - 15], 18) ^ w[i - 15] >> 3;
		uint32_t s1 = ror(w[i - 2], 17) ^ ror(w[i - 2], 19) ^ w[i - 2] >> 10;

		w[i] = w[i - 16] + s0 + w[i - 7] + s1;
	}
}

/* One round (6.2.2). The caller passes on the eight values turned by one place instead of moving them. */
static inline void sha256_round(uint32_t a, uint32_t b, uint32_t c, uint32_t *d, uint32_t e, uint32_t f, uint32_t g,
				uint32_t *h, uint32_t kw)
{
	/* the standard's functions with fewer instructions: rotations of rotations, one AND for a choice, two for a majority */
	uint32_t s1 = ror(ror(ror(e, 14) ^ e, 5) ^ e, 6);
	uint32_t t1 = *h + s1 + (g ^ (e & (f ^ g))) + kw;
	uint32_t s0 = ror(ror(ror(a, 9) ^ a, 11) ^ a, 2);

	*d += t1;
	*h = t1 + s0 + ((a & b) | (c & (a | b)));
}

static void sha256_block(uint32_t h[8], const uint8_t *p)
{
	uint32_t w[64], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4], f = h[5], g = h[6], x = h[7];

	sha256_schedule(p, w);
	for (int i = 0; i < 64; i += 8) {
		sha256_round(a, b, c, &d, e, f, g, &x, k256[i] + w[i]);
		sha256_round(x, a, b, &c, d, e, f, &g, k256[i + 1] + w[i + 1]);
		sha256_round(g, x, a, &b, c, d, e, &f, k256[i + 2] + w[i + 2]);
		sha256_round(f, g, x, &a, b, c, d, &e, k256[i + 3] + w[i + 3]);
		sha256_round(e, f, g, &x, a, b, c, &d, k256[i + 4] + w[i + 4]);
		sha256_round(d, e, f, &g, x, a, b, &c, k256[i + 5] + w[i + 5]);
		sha256_round(c, d, e, &f, g, x, a, &b, k256[i + 6] + w[i + 6]);
		sha256_round(b, c, d, &e, f, g, x, &a, k256[i + 7] + w[i + 7]);
	}
	h[0] += a;
	h[1] += b;
	h[2] += c;
	h[3] += d;
	h[4] += e;
	h[5] += f;
	h[6] += g;
	h[7] += x;
}

void bl_sha256_init(struct bl_sha256 *c)
{
	/* Square roots of the first eight primes (5.3.3). */
	static const uint32_t h0[8] = {
		0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
	};

	memcpy(c->h, h0, sizeof(c->h));
	c->len = 0;
}

void bl_sha256_add(struct bl_sha256 *c, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;

	while (n > 0) {
		size_t at = c->len % 64, m = 64 - at;

		if (m > n)
			m = n;
		if (m == 64) {
			sha256_block(c->h, p);
		} else {
			memcpy(c->block + at, p, m);
			if (at + m == 64)
				sha256_block(c->h, c->block);
		}
		c->len += m;
		p += m;
		n -= m;
	}
}

void bl_sha256_end(struct bl_sha256 *c, uint8_t ret[BL_SHA256_SIZE])
{
	uint64_t bits = c->len * 8;
	uint8_t pad[72] = {0x80};
	size_t n = (c->len % 64 < 56 ? 56 : 120) - c->len % 64;

	for (int i = 0; i < 8; i++)
		pad[n + i] = (uint8_t)(bits >> (56 - 8 * i));
	bl_sha256_add(c, pad, n + 8);
	for (int i = 0; i < 32; i++)
		ret[i] = (uint8_t)(c->h[i / 4] >> (24 - 8 * (i % 4)));
}

void bl_sha256(const void *bytes, size_t n, uint8_t ret[BL_SHA256_SIZE])
{
	struct bl_sha256 c;

	bl_sha256_init(&c);
	bl_sha256_add(&c, bytes, n);
	bl_sha256_end(&c, ret);
}
