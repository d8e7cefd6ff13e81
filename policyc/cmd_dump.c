// SPDX-License-Identifier: GPL-2.0-or-later
/* `policyc dump`. */
#include "cmd.h"
#include "dump.h"
#include <stdlib.h>
#include "banned.h"

int cmd_dump(const struct cmd_options *o, char *const *args, size_t n)
{
	struct bl_buf b = BL_BUF_INIT;
	struct bl_image img;
	void *mem = NULL;
	int status;

	if (n != 1)
		return cmd_fail(EXIT_USAGE, "dump needs one image or policy file");
	status = cmd_load(o, args[0], &img, &mem);
	if (status != EXIT_FINE)
		return status;
	if (o->json)
		dump_json(&b, &img);
	else
		dump_text(&b, &img);
	if (!bl_buf_text(&b))
		status = cmd_fail(EXIT_SYSTEM, "out of memory");
	else if (fputs(bl_buf_text(&b), stdout) == EOF)
		status = cmd_fail(EXIT_SYSTEM, "cannot write the dump");
	bl_buf_free(&b);
	free(mem);
	return status;
}
