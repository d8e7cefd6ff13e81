/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a policy with includes: the front end ends, and what it says can be read by people and by programs. */
#include "fuzz.h"

#include "banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct compile_text files[FUZZ_FILES];
	struct compile c;
	struct ir ir;
	int errors;

	compile_init(&c);
	errors = policy_compile_text(&c, files, fuzz_files(data, size, files), &ir);
	FUZZ_CHECK((size_t)errors == c.diags.nerrors);
	fuzz_check_diags(&c.diags);
	compile_free(&c);
	return 0;
}
