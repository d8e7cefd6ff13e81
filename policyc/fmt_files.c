/* SPDX-License-Identifier: GPL-2.0-or-later */
/* policyc fmt: which files are laid out, and where that goes. */
#include "cmd.h"
#include "compile.h"
#include "fmt.h"
#include "load.h"
#include "save.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "banned.h"

#define STDIN_NAME "<stdin>"

/* name NULL: standard input, to standard output. */
static int fmt_deliver(const struct cmd_options *o, const char *name, const struct src_file *f, const struct arena_buf *out)
{
	bool same = out->len == f->len && memcmp(out->s, f->text, out->len) == 0;
	struct bl_error err;

	if (o->check && !same)
		puts(f->name);
	if (o->check)
		return same ? EXIT_FINE : EXIT_POLICY;
	if (!name)
		fwrite(out->s, 1, out->len, stdout);
	else if (!same && save_over(name, out->s, out->len, &err) < 0)
		return cmd_fail(EXIT_SYSTEM, "%s", err.text);
	return EXIT_FINE;
}

static int fmt_compile(const struct cmd_options *o, const char *name, struct compile *c)
{
	struct arena_buf out = { .arena = &c->arena };
	const struct src_file *f;
	int r;

	if (name)
		r = src_read(&c->srcs, name, NULL, &f);
	else
		r = src_read_fd(&c->srcs, STDIN_NAME, STDIN_FILENO, &f);
	if (r < 0) {
		load_failed(c, f->name, r, src_loc_file(f));
		return r == -EFBIG ? EXIT_POLICY : EXIT_SYSTEM;
	}
	if (fmt_text(f, &c->diags, &out) != 0)
		return EXIT_POLICY;
	return fmt_deliver(o, name, f, &out);
}

static int fmt_file(const struct cmd_options *o, const char *name)
{
	struct compile c;
	int status;

	compile_init(&c);
	status = fmt_compile(o, name, &c);
	diag_print(&c.diags, stderr, o->json ? DIAG_JSON : DIAG_TEXT);
	compile_free(&c);
	return status;
}

int cmd_fmt(const struct cmd_options *o, char *const *files, size_t n)
{
	int worst = EXIT_FINE;

	if (n == 0 || (n == 1 && strcmp(files[0], "-") == 0))
		return fmt_file(o, NULL);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(files[i], "-") == 0)
			return cmd_fail(EXIT_USAGE, "fmt reads standard input only if it is given no file");
	}
	for (size_t i = 0; i < n; i++) {
		int status = fmt_file(o, files[i]);

		if (status > worst)
			worst = status;
	}
	return worst;
}
