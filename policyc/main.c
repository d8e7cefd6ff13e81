// SPDX-License-Identifier: GPL-2.0-or-later
/* policyc: checks, compiles, explains and lays out policies. */
#include "cmd.h"
#include "compile.h"
#include "image.h"
#include "image_write.h"
#include "policy_test.h"
#include "save.h"
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "banned.h"

#define VERSION "0.1"

static const char usage_text[] =
	"usage: policyc check [--json] [--Werror] [--no-tests] FILE...\n"
	"       policyc build [--json] [--Werror] [--no-tests] -o|--output IMAGE FILE...\n"
	"       policyc test [--json] [--Werror] FILE...\n"
	"       policyc dump [--json] IMAGE|FILE\n"
	"       policyc explain [--json] [--exe PATH]... [--user NAME|UID] [--cgroup PATH] [--untrusted]\n"
	"                       IMAGE|FILE OPERATION OBJECT\n"
	"       policyc explain --batch IMAGE|FILE  (requests as JSON lines on standard input)\n"
	"       policyc fmt [--json] [--check] [-|FILE...]\n"
	"       policyc --version | --help | -h\n";

int cmd_fail(int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("policyc: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	return status;
}

/* A policy that is right but does not fit is said like any other mistake. */
static void add_tables_error(struct compile *c, const struct tables_error *e)
{
	diag_error(&c->diags, e->loc, e->id, "%s", e->msg.text);
}

/* One line for each test, for `policyc test`. */
static void print_test(void *arg, const char *name, size_t expectations, bool passed)
{
	(void)arg;
	printf("%s  %s (%zu)\n", passed ? "ok    " : "FAILED", name, expectations);
}

static int run_tests(const struct cmd_options *o, struct compile *c, const struct ir *ir, const void *image, size_t len)
{
	struct policy_test_count count;
	struct bl_image img;
	struct bl_error err;

	if (bl_image_parse(image, len, &img, &err) < 0)
		return cmd_fail(EXIT_SYSTEM, "%s", err.text);
	policy_tests_run(c, ir, &img, o->tests && !o->json ? print_test : NULL, NULL, &count);
	if (o->tests && !o->json)
		printf("%zu of %zu tests passed, %zu expectations\n", count.tests - count.failed, count.tests, count.expectations);
	return EXIT_FINE;
}

static int build_image(const struct cmd_options *o, struct compile *c, const struct ir *ir, void **ret, size_t *ret_len)
{
	struct tables_error err;
	int r = image_build(ir, ret, ret_len, &err);

	if (r == -E2BIG)
		add_tables_error(c, &err);
	if (r == -ENOMEM)
		return cmd_fail(EXIT_SYSTEM, "out of memory");
	if (r == 0 && !o->no_tests)
		return run_tests(o, c, ir, *ret, *ret_len);
	return EXIT_FINE;
}

int cmd_compile(const struct cmd_options *o, char *const *files, size_t n, void **ret, size_t *ret_len)
{
	struct compile c;
	struct ir ir;
	void *image = NULL;
	size_t len = 0;
	int status = EXIT_FINE;

	compile_init(&c);
	if (policy_compile(&c, (const char *const *)files, n, &ir) == 0)
		status = build_image(o, &c, &ir, &image, &len);
	diag_print(&c.diags, stderr, o->json ? DIAG_JSON : DIAG_TEXT);
	if (status == EXIT_FINE && c.unreadable)
		status = EXIT_SYSTEM;
	else if (status == EXIT_FINE && (c.diags.nerrors || (o->warnings_are_errors && c.diags.nwarnings)))
		status = EXIT_POLICY;
	compile_free(&c);
	if (status == EXIT_FINE && ret) {
		*ret = image;
		*ret_len = len;
	} else {
		free(image);
	}
	return status;
}

int cmd_check(const struct cmd_options *o, char *const *files, size_t n)
{
	if (n == 0)
		return cmd_fail(EXIT_USAGE, "check needs a policy file");
	return cmd_compile(o, files, n, NULL, NULL);
}

int cmd_test(const struct cmd_options *o, char *const *files, size_t n)
{
	struct cmd_options with = *o;

	if (n == 0)
		return cmd_fail(EXIT_USAGE, "test needs a policy file");
	with.tests = true;
	return cmd_compile(&with, files, n, NULL, NULL);
}

int cmd_build(const struct cmd_options *o, char *const *files, size_t n)
{
	struct bl_error err;
	void *image;
	size_t len;
	int status;

	if (n == 0 || !o->output)
		return cmd_fail(EXIT_USAGE, "build needs -o IMAGE and a policy file");
	status = cmd_compile(o, files, n, &image, &len);
	if (status != EXIT_FINE)
		return status;
	if (save_file(o->output, image, len, &err) < 0)
		status = cmd_fail(EXIT_SYSTEM, "%s", err.text);
	free(image);
	return status;
}

/* Does the file begin as an image does? A file that cannot be read is left to the compiler, which says so. */
static bool is_image(const char *path)
{
	char head[8] = "";
	FILE *f = fopen(path, "rbe");
	bool yes;

	if (!f)
		return false;
	yes = fread(head, 1, sizeof(head), f) == sizeof(head) && memcmp(head, BL_IMAGE_MAGIC, sizeof(head)) == 0;
	fclose(f);
	return yes;
}

int cmd_load(const struct cmd_options *o, char *file, struct bl_image *ret, void **ret_mem)
{
	struct cmd_options with = *o;
	struct bl_error err;
	size_t len;
	int status;

	with.no_tests = true; /* one that fails is a reason to ask what the policy says */
	if (is_image(file)) {
		if (bl_image_file_read(file, 0, ret_mem, &len, &err) < 0)
			return cmd_fail(EXIT_SYSTEM, "%s", err.text);
	} else {
		status = cmd_compile(&with, &file, 1, ret_mem, &len);
		if (status != EXIT_FINE)
			return status;
	}
	if (bl_image_parse(*ret_mem, len, ret, &err) == 0)
		return EXIT_FINE;
	free(*ret_mem);
	*ret_mem = NULL;
	return cmd_fail(EXIT_POLICY, "%s: %s", file, err.text);
}

static const struct command {
	const char *name;
	int (*run)(const struct cmd_options *o, char *const *args, size_t n);
	const char *options; /* letters of those that it takes */
} commands[] = {
	{ "check", cmd_check, "jWN" },
	{ "build", cmd_build, "jWoN" },
	{ "test", cmd_test, "jW" },
	{ "dump", cmd_dump, "j" },
	{ "explain", cmd_explain, "jeucbU" },
	{ "fmt", cmd_fmt, "jC" },
};

static const struct option long_options[] = {
	{ "json", no_argument, NULL, 'j' },        { "Werror", no_argument, NULL, 'W' },
	{ "output", required_argument, NULL, 'o' }, { "exe", required_argument, NULL, 'e' },
	{ "user", required_argument, NULL, 'u' },   { "cgroup", required_argument, NULL, 'c' },
	{ "untrusted", no_argument, NULL, 'U' },    { "batch", no_argument, NULL, 'b' },
	{ "check", no_argument, NULL, 'C' },       { "no-tests", no_argument, NULL, 'N' },
	{ NULL, 0, NULL, 0 },
};

static void set_option(struct cmd_options *o, const char **exes, int letter)
{
	switch (letter) {
	case 'j':
		o->json = true;
		break;
	case 'W':
		o->warnings_are_errors = true;
		break;
	case 'o':
		o->output = optarg;
		break;
	case 'e':
		exes[o->nexes++] = optarg;
		break;
	case 'u':
		o->user = optarg;
		break;
	case 'c':
		o->cgroup = optarg;
		break;
	case 'U':
		o->untrusted = true;
		break;
	case 'b':
		o->batch = true;
		break;
	case 'C':
		o->check = true;
		break;
	case 'N':
		o->no_tests = true;
		break;
	}
}

static int usage(int status)
{
	fputs(usage_text, status == EXIT_FINE ? stdout : stderr);
	return status;
}

static int run(const struct command *cmd, int argc, char **argv)
{
	const char **exes = calloc((size_t)argc, sizeof(*exes));
	struct cmd_options o = { .exes = exes };
	int letter, which, status = EXIT_FINE;

	argv[0] = (char *)"policyc"; /* getopt_long begins its messages with it */
	if (!exes)
		return cmd_fail(EXIT_SYSTEM, "out of memory");
	for (which = -1; status == EXIT_FINE && (letter = getopt_long(argc, argv, "o:", long_options, &which)) != -1;
	     which = -1) {
		if (letter != '?' && !strchr(cmd->options, letter))
			status = cmd_fail(EXIT_USAGE, "%s does not take the option %s%s", cmd->name, which < 0 ? "-" : "--",
					  which < 0 ? (char[]){ (char)letter, '\0' } : long_options[which].name);
		else if (letter == '?')
			status = usage(EXIT_USAGE);
		else
			set_option(&o, exes, letter);
	}
	if (status == EXIT_FINE)
		status = cmd->run(&o, argv + optind, (size_t)(argc - optind));
	free(exes);
	return status;
}

/* Standard output that could not be written is an error like any other. */
static int finish(int status)
{
	if (fflush(stdout) != 0 || ferror(stdout))
		return cmd_fail(EXIT_SYSTEM, "cannot write to standard output: %s", strerror(errno));
	return status;
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return usage(EXIT_USAGE);
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return finish(usage(EXIT_FINE));
	if (strcmp(argv[1], "--version") == 0) {
		printf("policyc %s, image format %u, abi %u\n", VERSION, BL_IMAGE_VERSION, BL_ABI_VERSION);
		return finish(EXIT_FINE);
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(argv[1], commands[i].name) == 0)
			return finish(run(&commands[i], argc - 1, argv + 1));
	}
	cmd_fail(EXIT_USAGE, "unknown command '%s'", argv[1]);
	return usage(EXIT_USAGE);
}
