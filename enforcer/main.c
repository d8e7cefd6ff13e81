/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The enforcer: puts policy images in force and shows what they do. */
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "abi.h"
#include "daemon.h"
#include "doctor.h"
#include "image.h"
#include "load.h"
#include "status.h"

#include "banned.h"

struct options {
	bool json, follow, help;
	unsigned int load; /* BL_LOAD_* */
	const char *image; /* NULL: none given */
};

enum { OPT_DRY_RUN = 1, OPT_JSON = 2, OPT_FOLLOW = 4, ARG_MAY = 8, ARG_MUST = 16, OPT_ACCEPT_LINKS = 32 };

struct command {
	const char *name;
	const char *args;
	const char *what;
	unsigned int takes; /* OPT_*, ARG_* */
	int (*run)(const struct options *opt, struct bl_error *err);
};

static int run_load(const struct options *opt, struct bl_error *err)
{
	struct bl_load_result res;
	int r = bl_load(opt->image, opt->load, &res, err);

	if (r < 0)
		return r;
	(void)printf("loaded %s as generation %" PRIu32 ": %" PRIu32 " profiles, %" PRIu32 " rules, %" PRIu32
		     " of %" PRIu32 " words, %zu hooks; self-test passed, %s\n",
		     opt->image, res.gen, res.nprofiles, res.nrules, res.nwords, res.words, res.nhooks,
		     res.dry_run ? "dry run: nothing is refused" : "enforcing");
	if (res.dry_run && res.old_gen != 0)
		(void)printf("generation %" PRIu32 " is not in force any more: until the next load nothing is refused\n",
			     res.old_gen);
	if (res.nlinks != 0)
		(void)printf(BL_LINKS_ACCEPTED "\n", res.nlinks);
	return 0;
}

static int run_run(const struct options *opt, struct bl_error *err)
{
	const struct bl_run_options o = {.image = opt->image, .load = opt->load, .json = opt->json};

	return bl_daemon_run(&o, err);
}

static int run_events(const struct options *opt, struct bl_error *err)
{
	const struct bl_watch_options o = {.json = opt->json, .follow = opt->follow};

	return bl_events_watch(&o, err);
}

static int run_status(const struct options *opt, struct bl_error *err)
{
	return bl_status(opt->json, err);
}

static int run_doctor(const struct options *opt, struct bl_error *err)
{
	return bl_doctor(opt->json, err);
}

static int run_unload(const struct options *opt, struct bl_error *err)
{
	int r = bl_unload(err);

	(void)opt;
	if (r == -ENOENT) {
		(void)printf("nothing was loaded\n");
		return 0;
	}
	if (r == 0)
		(void)printf("unloaded; nothing is enforced any more\n");
	return r;
}

static const struct command commands[] = {
	{"load", "IMAGE [--dry-run] [--accept-links]", "put a policy in force", OPT_DRY_RUN | OPT_ACCEPT_LINKS | ARG_MUST,
	 run_load},
	{"run", "[IMAGE] [--dry-run] [--accept-links] [--json]", "load or adopt a policy, then print and serve its events",
	 OPT_DRY_RUN | OPT_ACCEPT_LINKS | OPT_JSON | ARG_MAY, run_run},
	{"status", "[--json]", "what is in force, with hits and counters", OPT_JSON, run_status},
	{"events", "[--json] [--follow]", "what was refused or reported", OPT_JSON | OPT_FOLLOW, run_events},
	{"doctor", "[--json]", "what this machine lacks, and the cure", OPT_JSON, run_doctor},
	{"unload", "", "end enforcement and remove everything", 0, run_unload},
};

static void print_usage(FILE *to)
{
	(void)fprintf(to, "usage: enforcer COMMAND [OPTIONS]\n");
	for (size_t i = 0; i < BL_ARRAY_SIZE(commands); i++)
		(void)fprintf(to, "  %-7s %-46s %s\n", commands[i].name, commands[i].args, commands[i].what);
	(void)fprintf(to, "  --help, --version\n"
			  "exit status: 0 fine, 1 policy refused or not enforced, 2 usage, 3 system\n");
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < BL_ARRAY_SIZE(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static int usage_error(const struct command *c, const char *what, const char *which)
{
	(void)fprintf(stderr, "enforcer %s: %s%s\nusage: enforcer %s %s\n", c->name, what, which, c->name, c->args);
	return BL_EXIT_USAGE;
}

static int parse_arguments(const struct command *c, int argc, char **argv, struct options *ret)
{
	int left = argc - optind;

	if ((c->takes & (ARG_MAY | ARG_MUST)) != 0 && left > 0) {
		ret->image = argv[optind];
		left--;
	}
	if (left > 0)
		return usage_error(c, "too many arguments: ", argv[argc - 1]);
	if ((c->takes & ARG_MUST) != 0 && !ret->image)
		return usage_error(c, "an image is missing; 'policyc build' makes one", "");
	if (ret->load != 0 && !ret->image)
		return usage_error(c, ret->load & BL_LOAD_DRY_RUN ? "--dry-run" : "--accept-links",
				   " needs an image: what is loaded stays as it was loaded");
	return 0;
}

static int parse_options(const struct command *c, int argc, char **argv, struct options *ret)
{
	static const struct option longs[] = {
		{"dry-run", no_argument, NULL, OPT_DRY_RUN},
		{"accept-links", no_argument, NULL, OPT_ACCEPT_LINKS},
		{"json", no_argument, NULL, OPT_JSON},
		{"follow", no_argument, NULL, OPT_FOLLOW},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int o;

	opterr = 0;
	while ((o = getopt_long(argc, argv, "hf", longs, NULL)) != -1) {
		if (o == 'f')
			o = OPT_FOLLOW;
		if (o == 'h') {
			ret->help = true;
			return 0;
		}
		if (o == '?' || (c->takes & (unsigned int)o) == 0)
			return usage_error(c, "no such option: ", argv[optind - 1]);
		ret->load |= (o == OPT_DRY_RUN ? BL_LOAD_DRY_RUN : 0) | (o == OPT_ACCEPT_LINKS ? BL_LOAD_ACCEPT_LINKS : 0);
		ret->json |= o == OPT_JSON;
		ret->follow |= o == OPT_FOLLOW;
	}
	return parse_arguments(c, argc, argv, ret);
}

static void print_error(const char *text)
{
	for (size_t n; *text; text += n) {
		n = strcspn(text, "\n");
		(void)fprintf(stderr, "enforcer: %.*s\n", (int)n, text);
		n += text[n] == '\n';
	}
}

/* The one place where errors are printed. */
static int report(int r, const struct bl_error *err)
{
	const char *log = bl_object_log_tail(40);

	if (r == 0)
		return fflush(stdout) == 0 ? BL_EXIT_FINE : BL_EXIT_SYSTEM;
	(void)fflush(stdout);
	print_error(err->text);
	if (r == BL_SYSTEM && log[0] != '\0')
		(void)fprintf(stderr, "libbpf said:\n%s", log);
	return r == BL_REFUSED ? BL_EXIT_REFUSED : BL_EXIT_SYSTEM;
}

static int run_command(const struct command *c, int argc, char **argv)
{
	struct bl_error err = {""};
	struct options opt = {.image = NULL};
	int status = parse_options(c, argc, argv, &opt);

	if (status != 0)
		return status;
	if (opt.help) {
		(void)printf("usage: enforcer %s %s\n%s\n", c->name, c->args, c->what);
		return BL_EXIT_FINE;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	bl_object_log_init();
	return report(c->run(&opt, &err), &err);
}

int main(int argc, char **argv)
{
	const struct command *c = argc > 1 ? find_command(argv[1]) : NULL;

	if (c)
		return run_command(c, argc - 1, argv + 1);
	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		print_usage(stdout);
		return BL_EXIT_FINE;
	}
	if (argc > 1 && strcmp(argv[1], "--version") == 0) {
		(void)printf("enforcer of Bailiff: tables version %u, image format %u\n", BL_ABI_VERSION,
			     BL_IMAGE_VERSION);
		return BL_EXIT_FINE;
	}
	if (argc > 1)
		(void)fprintf(stderr, "enforcer: no such command: %s\n", argv[1]);
	print_usage(stderr);
	return BL_EXIT_USAGE;
}
