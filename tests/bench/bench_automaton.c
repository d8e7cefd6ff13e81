/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long building, minimising and packing take, and the memory at most in use, for three sizes. Every case runs in a
 * process of its own. Twice each: every accept set distinct, and as few rules would have it, eight payloads.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "abi.h"
#include "au_priv.h"
#include "automaton.h"

static uint64_t seed = 1;

static uint32_t rnd(void)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return seed >> 32;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct re *lit(struct au *a, const char *s)
{
	return re_lit(a, s, strlen(s));
}

static struct re *set(struct au *a, unsigned lo, unsigned hi)
{
	uint8_t bits[32] = {0};

	for (unsigned b = lo; b <= hi; b++)
		bits[b / 8] |= 1u << (b % 8);
	return re_set(a, bits);
}

static struct re *not_slash(struct au *a)
{
	uint8_t bits[32];

	memset(bits, 0xff, sizeof(bits));
	bits['/' / 8] &= (uint8_t) ~(1u << ('/' % 8));
	return re_set(a, bits);
}

static struct re *cats(struct au *a, struct re **x, size_t n)
{
	struct re *all = re_empty(a);

	for (size_t i = 0; i < n; i++)
		all = re_cat(a, all, x[i]);
	return all;
}

static void add_globs(struct au *a, uint32_t n)
{
	struct re *c = not_slash(a), *star = re_star(a, c), *slash = lit(a, "/");
	struct re *dirs = re_cat(a, slash, re_star(a, re_cat(a, re_cat(a, c, star), slash)));
	uint8_t ch[32] = {0};

	ch['c' / 8] |= 1 << ('c' % 8);
	ch['h' / 8] |= 1 << ('h' % 8);
	for (uint32_t i = 0; i < n; i++) {
		char x[64], y[64];

		snprintf(x, sizeof(x), "/opt/app%08x", rnd());
		snprintf(y, sizeof(y), "file%08x", rnd());
		struct re *parts[] = {lit(a, x), star, lit(a, "/data"), dirs, lit(a, y), c, lit(a, "."), re_set(a, ch)};

		au_add(a, BL_KEY_PATH, cats(a, parts, sizeof(parts) / sizeof(parts[0])), i);
	}
}

static void add_literals(struct au *a, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		char x[80];

		snprintf(x, sizeof(x), "/srv/%08x/%08x/%08x%04x.dat", rnd(), rnd(), rnd(), rnd() & 0xffff);
		au_add(a, BL_KEY_PATH, lit(a, x), i);
	}
}

static struct re *ports(struct au *a, unsigned lo, unsigned hi)
{
	struct re *x;

	if (lo / 256 == hi / 256)
		return re_cat(a, set(a, lo / 256, lo / 256), set(a, lo % 256, hi % 256));
	x = re_alt(a, re_cat(a, set(a, lo / 256, lo / 256), set(a, lo % 256, 255)),
		   re_cat(a, set(a, hi / 256, hi / 256), set(a, 0, hi % 256)));
	if (lo / 256 + 1 < hi / 256)
		x = re_alt(a, x, re_cat(a, set(a, lo / 256 + 1, hi / 256 - 1), set(a, 0, 255)));
	return x;
}

static void add_prefixes(struct au *a, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		uint32_t addr = rnd(), len = 8 + rnd() % 25, from = rnd() % 65536, to = rnd() % 65536;
		struct re *x = re_empty(a);

		for (uint32_t j = 0; j < 4; j++) {
			uint32_t byte = addr >> (24 - 8 * j) & 255, bits = len > 8 * j ? len - 8 * j : 0;
			uint32_t mask = bits >= 8 ? 0 : 255u >> bits;

			x = re_cat(a, x, set(a, byte & ~mask, byte | mask));
		}
		x = re_cat(a, x, ports(a, from < to ? from : to, from < to ? to : from));
		au_add(a, BL_KEY_NET, x, i);
	}
}

static void run(const char *name, void (*add)(struct au *a, uint32_t n), uint32_t n, uint32_t payloads)
{
	struct au *a = au_new();
	struct au_packed k = {0};
	size_t built, small, used = 0;
	struct rusage ru;
	uint32_t worst = 0;
	double t[5];
	int r;

	add(a, n);
	t[0] = now();
	r = au_build(a, NULL, &worst);
	t[1] = now();
	for (size_t i = 0; i < au_nsets(a); i++)
		au_set_payload(a, i, payloads != 0 ? 1 + (uint32_t)(au_mix(i) % payloads) : 1 + (uint32_t)i);
	built = au_nstates(a);
	t[2] = now();
	if (r == 0)
		r = au_minimise(a);
	t[3] = now();
	small = au_nstates(a);
	if (r == 0)
		r = au_pack(a, 256, &k);
	t[4] = now();
	getrusage(RUSAGE_SELF, &ru);
	for (size_t i = 0; i < k.nwords; i++)
		used += k.words[i] != 0;
	printf("%-9s %6u %6zu sets: %d, build %.3f minimise %.3f pack %.3f = %.3f s, %.1f MiB; states %zu -> %zu, "
	       "words %zu = %.2f x %zu\n",
	       name, n, au_nsets(a), r, t[1] - t[0], t[3] - t[2], t[4] - t[3], t[1] - t[0] + t[4] - t[2],
	       (double)ru.ru_maxrss / 1024, built, small, k.nwords, (double)k.nwords / (double)used, used);
	au_free(a);
}

static void bench(const char *name, void (*add)(struct au *a, uint32_t n), uint32_t n, uint32_t payloads)
{
	fflush(stdout);
	if (fork() == 0) {
		run(name, add, n, payloads);
		fflush(stdout);
		_exit(0);
	}
	wait(NULL);
}

int main(void)
{
	for (uint32_t payloads = 0; payloads <= 8; payloads += 8) {
		bench("globs", add_globs, 1000, payloads);
		bench("literals", add_literals, 10000, payloads);
		bench("prefixes", add_prefixes, 10000, payloads);
	}
	return 0;
}
