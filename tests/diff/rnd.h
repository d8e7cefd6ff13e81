/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random numbers that are the same on every machine: splitmix64. */
#ifndef TESTS_DIFF_RND_H
#define TESTS_DIFF_RND_H

#include <stdbool.h>
#include <stdint.h>

struct rnd {
	uint64_t state;
};

static inline uint64_t rnd_next(struct rnd *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

/* The generator of the i-th thing of a kind: it can be made again without those before it. */
static inline struct rnd rnd_fork(uint64_t seed, uint64_t i)
{
	struct rnd r = {seed * 0x2545f4914f6cdd1dull + i};

	r.state = rnd_next(&r);
	return r;
}

/* 0 to n - 1. */
static inline uint32_t rnd_below(struct rnd *r, uint32_t n)
{
	return (uint32_t)((rnd_next(r) >> 32) * n >> 32);
}

static inline bool rnd_percent(struct rnd *r, uint32_t percent)
{
	return rnd_below(r, 100) < percent;
}

#define RND_PICK(r, array) ((array)[rnd_below(r, sizeof(array) / sizeof((array)[0]))])

#endif
