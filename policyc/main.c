// SPDX-License-Identifier: GPL-2.0-or-later
/* policyc: checks, compiles, explains and lays out policies. */
#include "assert.h"
#include "cmd.h"
#include "compile.h"
#include "dead.h"
#include "here.h"
#include "image.h"
#include "image_write.h"
#include "policy_test.h"
#include "save.h"
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "banned.h"

#define VERSION "0.1"

static const char usage_text[] =
	"usage: policyc check [--json] [--Werror] [--no-tests] [--here [--root DIR]] [-I DIR]... FILE...\n"
	"       policyc build [--json] [--Werror] [--no-tests] [--here [--root DIR]] [-I DIR]...\n"
	"                     -o|--output IMAGE FILE...\n"
	"       policyc test [--json] [--Werror] [-I DIR]... FILE...\n"
	"       policyc dump [--json] [-I DIR]... IMAGE|FILE\n"
	"       policyc explain [--json] [--exe PATH]... [--script PATH] [--user NAME|UID] [--login NAME|UID]\n"
	"                       [--groups GROUP,...] [--capabilities NAME,...] [--cgroup PATH] [--unit NAME]\n"
	"                       [--container ID] [--untrusted] [--owner] [--deleted] [--fstype NAME]\n"
	"                       [--canonical] [--peer PATH] [--descendant] [--to PATH] [--directory]\n"
	"                       [-I DIR]... IMAGE|FILE OPERATION [OBJECT]\n"
	"       policyc explain --batch [-I DIR]... IMAGE|FILE  (requests as JSON lines on standard input)\n"
	"       policyc diff [--json] [-I DIR]... OLD NEW\n"
	"       policyc report [--json] [-I DIR]... IMAGE|FILE\n"
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
	struct diag *d = diag_error(&c->diags, e->loc, e->id, "%s", e->msg.text);

	if (e->help)
		diag_help(&c->diags, d, "%s", e->help);
	for (size_t i = 0; i < e->nothers; i++)
		diag_note(&c->diags, d, e->others[i], "%s", e->note);
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
	int r;

	if (bl_image_parse(image, len, &img, &err) < 0)
		return cmd_fail(EXIT_SYSTEM, "%s", err.text);
	r = assert_run(c, ir);
	if (r < 0)
		return cmd_fail(EXIT_SYSTEM, "%s", strerror(-r));
	policy_tests_run(c, ir, &img, o->tests && !o->json ? print_test : NULL, NULL, &count);
	if (o->tests && !o->json && ir->nasserts != 0)
		printf("%zu of %zu assertions hold\n", ir->nasserts - (size_t)r, ir->nasserts);
	if (o->tests && !o->json)
		printf("%zu of %zu tests passed, %zu expectations\n", count.tests - count.failed, count.tests, count.expectations);
	return EXIT_FINE;
}

static void warn_no_tests(struct compile *c)
{
	diag_warning(&c->diags, (struct src_loc){ .file = NULL }, "W-no-tests",
		     "the tests and assertions of this policy were not run, because of --no-tests");
}

/* Ends what can be warned of, too. */
static int build_image(const struct cmd_options *o, struct compile *c, const struct ir *ir, void **ret, size_t *ret_len)
{
	struct dead dead = {.arena = &c->arena, .diags = &c->diags};
	struct tables_watch watch = dead_watch(&dead);
	struct tables_error err;
	struct bl_image img;
	struct bl_error bad;
	int r = image_build_watched(ir, &watch, ret, ret_len, &err);

	if (r == -E2BIG)
		add_tables_error(c, &err);
	if (r == -ENOMEM)
		return cmd_fail(EXIT_SYSTEM, "out of memory");
	if (c->here && r == 0 && bl_image_parse(*ret, *ret_len, &img, &bad) < 0)
		return cmd_fail(EXIT_SYSTEM, "%s", bad.text);
	if (c->here)
		here_check(&c->arena, &c->diags, ir, c->here, r == 0 ? img.tables : NULL);
	if (o->no_tests && !o->asking && ir->ntests != 0)
		warn_no_tests(c);
	compile_finish(c);
	if (r == 0 && !o->no_tests && (o->tests || ir->ntests + ir->nasserts != 0))
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
	c.dirs = o->dirs;
	c.ndirs = o->ndirs;
	c.here = !o->here ? NULL : o->root ? o->root : "/";
	if (policy_compile(&c, (const char *const *)files, n, &ir) == 0)
		status = build_image(o, &c, &ir, &image, &len);
	else
		compile_finish(&c);
	if (o->warnings_are_errors)
		diag_promote(&c.diags);
	diag_print(&c.diags, stderr, o->json ? DIAG_JSON : DIAG_TEXT);
	if (status == EXIT_FINE && c.unreadable)
		status = EXIT_SYSTEM;
	else if (status == EXIT_FINE && c.diags.nerrors)
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
	char head[sizeof(((struct bl_image_head *)NULL)->magic)];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	bool yes;

	if (fd < 0)
		return false;
	yes = read(fd, head, sizeof(head)) == sizeof(head) && memcmp(head, BL_IMAGE_MAGIC, sizeof(head)) == 0;
	close(fd);
	return yes;
}

int cmd_load(const struct cmd_options *o, char *file, struct bl_image *ret, void **ret_mem)
{
	struct cmd_options with = *o;
	struct bl_error err;
	size_t len;
	int status, r;

	with.no_tests = with.asking = true; /* one that fails is a reason to ask what the policy says */
	if (is_image(file)) {
		if (bl_image_file_read(file, 0, ret_mem, &len, &err) < 0)
			return cmd_fail(EXIT_SYSTEM, "%s", err.text);
	} else {
		status = cmd_compile(&with, &file, 1, ret_mem, &len);
		if (status != EXIT_FINE)
			return status;
	}
	r = bl_image_parse(*ret_mem, len, ret, &err);
	if (r == 0)
		return EXIT_FINE;
	free(*ret_mem);
	*ret_mem = NULL;
	return cmd_fail(r == -ENOMEM ? EXIT_SYSTEM : EXIT_POLICY, "%s: %s", file, err.text);
}

static const struct command {
	const char *name;
	int (*run)(const struct cmd_options *o, char *const *args, size_t n);
	const char *options; /* letters of those that it takes */
} commands[] = {
	{ "check", cmd_check, "jWNIHR" },
	{ "build", cmd_build, "jWoNIHR" },
	{ "test", cmd_test, "jWI" },
	{ "dump", cmd_dump, "jI" },
	{ "explain", cmd_explain, "jeucbUISLGPTnwDFpdty" },
	{ "diff", cmd_diff, "jI" },
	{ "report", cmd_report, "jI" },
	{ "fmt", cmd_fmt, "jC" },
};

static const struct option long_options[] = {
	{ "json", no_argument, NULL, 'j' },        { "Werror", no_argument, NULL, 'W' },
	{ "output", required_argument, NULL, 'o' }, { "exe", required_argument, NULL, 'e' },
	{ "user", required_argument, NULL, 'u' },   { "cgroup", required_argument, NULL, 'c' },
	{ "untrusted", no_argument, NULL, 'U' },    { "batch", no_argument, NULL, 'b' },
	{ "check", no_argument, NULL, 'C' },        { "no-tests", no_argument, NULL, 'N' },
	{ "script", required_argument, NULL, 'S' }, { "login", required_argument, NULL, 'L' },
	{ "groups", required_argument, NULL, 'G' }, { "capabilities", required_argument, NULL, 'P' },
	{ "unit", required_argument, NULL, 'T' },   { "container", required_argument, NULL, 'n' },
	{ "owner", no_argument, NULL, 'w' },        { "deleted", no_argument, NULL, 'D' },
	{ "fstype", required_argument, NULL, 'F' }, { "peer", required_argument, NULL, 'p' },
	{ "descendant", no_argument, NULL, 'd' },   { "canonical", no_argument, NULL, 'A' },
	{ "to", required_argument, NULL, 't' },       { "directory", no_argument, NULL, 'y' },
	{ "here", no_argument, NULL, 'H' },         { "root", required_argument, NULL, 'R' },
	{ NULL, 0, NULL, 0 },
};

/* The lists that options add to; room for every argument. */
struct option_lists {
	const char **exes, **dirs;
};

static void set_option(struct cmd_options *o, const struct option_lists *lists, int letter)
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
		lists->exes[o->nexes++] = optarg;
		break;
	case 'I':
		lists->dirs[o->ndirs++] = optarg;
		break;
	case 'H':
		o->here = true;
		break;
	case 'R':
		o->root = optarg;
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
	case 'S':
		o->script = optarg;
		break;
	case 'L':
		o->login = optarg;
		break;
	case 'G':
		o->groups = optarg;
		break;
	case 'P':
		o->capabilities = optarg;
		break;
	case 'T':
		o->unit = optarg;
		break;
	case 'n':
		o->container = optarg;
		break;
	case 'w':
		o->owner = true;
		break;
	case 'D':
		o->deleted = true;
		break;
	case 'F':
		o->fstype = optarg;
		break;
	case 'p':
		o->peer = optarg;
		break;
	case 'd':
		o->descendant = true;
		break;
	case 'A':
		o->canonical = true;
		break;
	case 't':
		o->to = optarg;
		break;
	case 'y':
		o->directory = true;
		break;
	}
}

static int usage(int status)
{
	fputs(usage_text, status == EXIT_FINE ? stdout : stderr);
	return status;
}

/* What can be wrong with an option that getopt_long(3) accepted; which: of long_options, -1: a short one. */
static int check_option(const struct command *cmd, int letter, int which)
{
	struct stat st;

	if (letter == '?')
		return usage(EXIT_USAGE);
	if (!strchr(cmd->options, letter))
		return cmd_fail(EXIT_USAGE, "%s does not take the option %s%s", cmd->name, which < 0 ? "-" : "--",
				which < 0 ? (char[]){ (char)letter, '\0' } : long_options[which].name);
	if (letter == 'W' && which < 0 && strcmp(optarg, "error") != 0)
		return cmd_fail(EXIT_USAGE, "unknown option -W%s; there is -Werror", optarg);
	if ((letter == 'I' || letter == 'R') && stat(optarg, &st) < 0)
		return cmd_fail(EXIT_USAGE, "%s %s: %s", letter == 'I' ? "-I" : "--root", optarg, strerror(errno));
	if ((letter == 'I' || letter == 'R') && !S_ISDIR(st.st_mode))
		return cmd_fail(EXIT_USAGE, "%s %s: not a directory", letter == 'I' ? "-I" : "--root", optarg);
	return EXIT_FINE;
}

static int read_options(const struct command *cmd, int argc, char **argv, struct cmd_options *o,
			const struct option_lists *lists)
{
	int letter, which = -1, status = EXIT_FINE;

	while (status == EXIT_FINE && (letter = getopt_long(argc, argv, "o:I:W:", long_options, &which)) != -1) {
		status = check_option(cmd, letter, which);
		set_option(o, lists, letter);
		which = -1;
	}
	if (status == EXIT_FINE && o->root && !o->here)
		status = cmd_fail(EXIT_USAGE, "--root is for --here");
	return status;
}

static int run(const struct command *cmd, int argc, char **argv)
{
	struct option_lists lists = { .exes = calloc((size_t)argc, sizeof(char *)), .dirs = calloc((size_t)argc, sizeof(char *)) };
	struct cmd_options o = { .exes = lists.exes, .dirs = lists.dirs };
	int status;

	argv[0] = (char *)"policyc"; /* getopt_long begins its messages with it */
	if (!lists.exes || !lists.dirs)
		status = cmd_fail(EXIT_SYSTEM, "out of memory");
	else
		status = read_options(cmd, argc, argv, &o, &lists);
	if (status == EXIT_FINE)
		status = cmd->run(&o, argv + optind, (size_t)(argc - optind));
	free(lists.exes);
	free(lists.dirs);
	return status;
}

/* Standard output that could not be written is an error like any other. */
static int finish(int status)
{
	if (fflush(stdout) != 0 || ferror(stdout))
		return cmd_fail(EXIT_SYSTEM, "cannot write to standard output: %s", strerror(errno));
	return status;
}

static bool asks_for_help(const char *arg)
{
	return strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0;
}

int main(int argc, char **argv)
{
	signal(SIGXFSZ, SIG_IGN); /* a limit of file size is an error of write() */
	if (argc < 2)
		return usage(EXIT_USAGE);
	if (asks_for_help(argv[1]))
		return finish(usage(EXIT_FINE));
	if (strcmp(argv[1], "--version") == 0) {
		printf("policyc %s, image format %u, abi %u\n", VERSION, BL_IMAGE_VERSION, BL_ABI_VERSION);
		return finish(EXIT_FINE);
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(argv[1], commands[i].name) == 0)
			return finish(argc == 3 && asks_for_help(argv[2]) ? usage(EXIT_FINE) : run(&commands[i], argc - 1, argv + 1));
	}
	cmd_fail(EXIT_USAGE, "unknown command '%s'", argv[1]);
	return usage(EXIT_USAGE);
}
