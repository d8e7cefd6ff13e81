/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the fuzz targets share: input cut into files, and what every output has to be. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "buf.h"
#include "compile.h"
#include "image_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A finding: says what does not hold, and ends the fuzzer, which keeps the input. */
#define FUZZ_CHECK(cond) \
	do { \
		if (!(cond)) { \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #cond); \
			abort(); \
		} \
	} while (0)

#define FUZZ_FILES 6

/*
 * Cuts an input at each byte 0xff, which no UTF-8 has, into at most FUZZ_FILES files; they are named "0", "1" and so on, and 0 is
 * the policy that includes the others. Returns how many; they point into data.
 */
size_t fuzz_files(const uint8_t *data, size_t size, struct compile_text ret[FUZZ_FILES]);

/* Checks that text is UTF-8 in which nothing is hidden. */
void fuzz_check_text(const char *text, size_t len);
/* Checks that every line of text is one JSON value, in UTF-8. */
void fuzz_check_json(const char *text, size_t len);
/* Prints the diagnostics in both forms and checks them. */
void fuzz_check_diags(const struct diags *ds);

/*
 * Asks an accepted image many questions about names that its automaton knows, and checks that every answer names profiles and
 * rules that exist. The same seed asks the same questions.
 */
void fuzz_ask(const struct bl_image *img, uint64_t seed);
/* Prints the image in both forms of `policyc dump` and checks them. */
void fuzz_check_dump(const struct bl_image *img);

#endif
