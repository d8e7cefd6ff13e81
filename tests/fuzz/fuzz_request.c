/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a line of `explain --batch`: refused with a sentence, or answered. */
#include "fuzz.h"

#include <string.h>

#include "image_write.h"
#include "request_json.h"
#include "simulate.h"

#include "banned.h"

static const char policy[] = "profile a { subject exe /a* and user 0-9; subject cgroup /c/**; deny read, write /d/**; default deny connect; }\n"
			     "profile b { subject any; deny connect tcp to 10.0.0.0/8, fd00::/8 port 1-99; deny exec /e if exe /f; }\n"
			     "profile c { subject group 1-9; subject script /s* and capability net_raw; subject unit u*; deny signal TERM to exe /a*; }\n"
			     "profile d { subject ancestor /a; subject login unset and container *; deny mount fstype e* source s* target /t/**; "
			     "deny socket inet type raw; deny connect unix to /u, @v*; deny accept tcp from 10.0.0.0/8 on 127.0.0.1 port 80; "
			     "deny exec memfd, deleted; deny exec fstype tmpfs; deny capability net_raw; deny setuid 1-9; deny module /m; "
			     "deny ptrace to descendant; deny read /h/** unless owner; }\n";

static void make_image(struct bl_image *ret)
{
	struct compile_text text = {.name = "policy", .bytes = policy, .len = sizeof(policy) - 1};
	struct tables_error te;
	struct bl_error err;
	struct compile c;
	struct ir ir;
	void *mem;
	size_t len;

	compile_init(&c);
	FUZZ_CHECK(policy_compile_text(&c, &text, 1, &ir) == 0);
	FUZZ_CHECK(image_build(&ir, &mem, &len, &te) == 0 && bl_image_parse(mem, len, ret, &err) == 0);
	compile_free(&c);
}

static void ask(const struct bl_image *img, struct request *r, struct bl_error *err)
{
	static struct sim_answer a;

	r->ask.op = sim_op(r->op);
	if (r->ask.op == 0)
		return;
	if (sim_ask(img, &r->ask, &a, err) < 0)
		FUZZ_CHECK(err->text[0] != '\0');
	else
		FUZZ_CHECK(a.result.verdict == BL_V_ALLOW || a.result.verdict == BL_V_DENY);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct bl_image img;
	struct bl_error err = {""};
	struct request r;
	char *line = malloc(size + 1);

	if (!img.tables)
		make_image(&img);
	FUZZ_CHECK(line);
	if (size != 0)
		memcpy(line, data, size);
	line[size] = '\0'; /* as getline() leaves it */
	if (request_parse(line, size, &r, &err) < 0)
		FUZZ_CHECK(err.text[0] != '\0');
	else
		ask(&img, &r, &err);
	free(line);
	return 0;
}
