/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as an image: refused with a sentence, or such that nothing the core is asked can go wrong on it. */
#include "fuzz.h"

#include <string.h>

#include "patch.h"

#include "banned.h"

/* The number of states in the head is checked last and counts for nothing: a change that got so far gets on. */
static int parse(void *mem, size_t len, struct bl_image *img, struct bl_error *err)
{
	int r = bl_image_parse(mem, len, img, err);
	const struct bl_section *s = (const void *)((struct bl_image_head *)mem + 1);
	unsigned n;

	if (r == 0 || sscanf(err->text, "tables: %u states can be reached", &n) != 1)
		return r;
	((struct bl_tables *)((char *)mem + s[BL_SEC_TABLES - 1].off))->nstates = n;
	bl_image_seal(mem, len);
	return bl_image_parse(mem, len, img, err);
}

static void check(void *mem, size_t len, uint64_t seed)
{
	struct bl_error err = {""};
	struct bl_image img;

	if (parse(mem, len, &img, &err) < 0) {
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
