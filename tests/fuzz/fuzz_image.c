/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as an image: refused with a sentence, or such that nothing the core is asked can go wrong on it. */
#include "fuzz.h"

#include <string.h>

#include "patch.h"

#include "banned.h"

static void check(const void *mem, size_t len, uint64_t seed)
{
	struct bl_error err = {""};
	struct bl_image img;

	if (bl_image_parse(mem, len, &img, &err) < 0) {
		FUZZ_CHECK(err.text[0] != '\0');
		return;
	}
	fuzz_ask(&img, seed);
	fuzz_check_dump(&img);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t len;
	void *mem = patched_image(data, size, &len);

	if (mem)
		check(mem, len, size);
	free(mem);
	return 0;
}
