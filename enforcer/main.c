/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The enforcer: puts policy images in force and shows what they do. */
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "abi.h"
#include "change.h"
#include "daemon.h"
#include "doctor.h"
#include "failure.h"
#include "image.h"
#include "latency.h"
#include "metrics.h"
#include "probe.h"
#include "status.h"
#include "top.h"
#include "trial.h"
#include "why.h"

#include "banned.h"

struct options {
	bool json, follow, diff, once, help;
	unsigned int load;  /* BL_LOAD_* */
	uint32_t seconds;   /* --for */
	char *const *files; /* given */
	size_t nfiles;
};

enum {
	OPT_DRY_RUN = 1,
	OPT_JSON = 2,
	OPT_FOLLOW = 4,
	OPT_ACCEPT_LINKS = 8,
	OPT_DIFF = 16,
	OPT_FOR = 32,
	OPT_ONCE = 1024,
	ARG_MAY = 64,
	ARG_MUST = 128,
	ARG_MORE = 256,
	SETTLES = 512, /* ends a trial whose time is up before it does anything */
};
#define TRIAL_SECONDS 60
#define TRIAL_MAX (24 * 3600)

struct command {
	const char *name;
	const char *args;
	const char *what;
	unsigned int takes; /* OPT_*, ARG_* */
	int (*run)(const struct options *opt, struct bl_error *err);
};

/* What policyc says goes to standard error, what we do to standard output. */
static int print_both(int r, struct bl_buf *said, struct bl_buf *say)
{
	if (said->len > 0 && bl_buf_text(said))
		(void)fputs(bl_buf_text(said), stderr);
	if (r == 0 && say->len > 0 && bl_buf_text(say))
		(void)fputs(bl_buf_text(say), stdout);
	bl_buf_free(said);
	bl_buf_free(say);
	return r;
}

/* The configuration, malloc()ed. */
static int read_conf(struct bl_conf **ret, struct bl_error *err)
{
	struct bl_conf *c = malloc(sizeof(*c));
	int r = c ? bl_conf_read(c, err) : bl_error_set(err, BL_SYSTEM, "out of memory");

	if (r < 0)
		free(c);
	else
		*ret = c;
	return r;
}

/* An image that is in force, out of the kernel's memory. */
static int loaded_policy(struct bl_policy *ret, struct bl_error *err)
{
	struct bl_object o = BL_OBJECT_CLOSED;
	struct bl_gen g = {0};
	uint32_t gen = 0;
	int r = bl_loaded_open(&o, &gen, err);

	bl_object_close(&o);
	if (r == 0)
		r = bl_gen_open(gen, &g, err);
	if (r == 0) {
		ret->image = malloc(g.image.size);
		if (!ret->image)
			r = bl_error_set(err, BL_SYSTEM, "out of memory");
		else
			memcpy(ret->image, g.image.data, g.image.size);
		ret->size = g.image.size;
	}
	bl_gen_free(&g);
	return r == -ENOENT ? BL_REFUSED : r;
}

static int run_diff(const struct options *opt, struct bl_error *err)
{
	struct bl_buf said = BL_BUF_INIT, say = BL_BUF_INIT;
	struct bl_policy old = {0}, new = {0};
	struct bl_conf *conf = NULL;
	int status = 0, r = bl_probe_process(err);

	if (r == 0)
		r = read_conf(&conf, err);
	if (r == 0)
		r = loaded_policy(&old, err);
	if (r == 0)
		r = bl_policy_read(opt->files[0], &new, err);
	if (r == 0)
		r = bl_policy_diff(conf, &old, &new, &say, &said, &status, err);
	r = print_both(r, &said, &say);
	bl_policy_free(&old);
	bl_policy_free(&new);
	free(conf);
	if (r == 0 && status == BL_EXIT_USAGE) /* it means a wrong policy, and we have asked for nothing else */
		status = BL_EXIT_REFUSED;
	return r < 0 ? r : status == BL_EXIT_FINE ? 0 : bl_error_set(err, status == BL_EXIT_REFUSED ? BL_REFUSED : BL_SYSTEM, "%s", "");
}

static int change(const struct bl_change *c, struct bl_error *err)
{
	struct bl_buf said = BL_BUF_INIT, say = BL_BUF_INIT;

	return print_both(bl_change(c, &say, err), &said, &say);
}

static int run_load(const struct options *opt, struct bl_error *err)
{
	struct bl_policy p = {0};
	const struct bl_change c = {.what = BL_CHANGE_LOAD, .policy = &p, .how.options = opt->load};
	int r;

	if (opt->diff)
		return run_diff(opt, err);
	r = bl_policy_read(opt->files[0], &p, err);
	if (r == 0)
		r = change(&c, err);
	bl_policy_free(&p);
	return r;
}

static int run_try(const struct options *opt, struct bl_error *err)
{
	struct bl_policy p = {0};
	const struct bl_change c = {.what = BL_CHANGE_LOAD,
				    .policy = &p,
				    .how = {.options = opt->load, .trial_seconds = opt->seconds ? opt->seconds : TRIAL_SECONDS}};
	struct bl_buf said = BL_BUF_INIT, say = BL_BUF_INIT;
	struct bl_conf *conf = NULL;
	int r = bl_probe_process(err);

	if (r == 0)
		r = read_conf(&conf, err);
	if (r == 0)
		r = bl_policy_from_files(conf, opt->files, opt->nfiles, &p, &said, err);
	if (r == 0)
		r = bl_change(&c, &say, err);
	bl_policy_free(&p);
	free(conf);
	return print_both(r, &said, &say);
}

static int run_confirm(const struct options *opt, struct bl_error *err)
{
	const struct bl_change c = {.what = BL_CHANGE_CONFIRM};

	(void)opt;
	return change(&c, err);
}

static int run_rollback(const struct options *opt, struct bl_error *err)
{
	const struct bl_change c = {.what = BL_CHANGE_ROLLBACK};

	(void)opt;
	return change(&c, err);
}

static int run_reload(const struct options *opt, struct bl_error *err)
{
	struct bl_buf said = BL_BUF_INIT, say = BL_BUF_INIT;
	struct bl_conf *conf = NULL;
	int r = bl_probe_process(err);

	(void)opt;
	if (r == 0) {
		r = read_conf(&conf, err);
		if (r < 0)
			bl_failure_note("", err->text);
	}
	if (r == 0)
		r = bl_change_reload(conf, -1, &said, &say, err);
	free(conf);
	return print_both(r, &said, &say);
}

static int run_run(const struct options *opt, struct bl_error *err)
{
	const struct bl_run_options o = {.image = opt->nfiles > 0 ? opt->files[0] : NULL, .load = opt->load, .json = opt->json};

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

/* With as many series as the daemon serves. */
static int run_metrics(const struct options *opt, struct bl_error *err)
{
	struct bl_conf *conf = NULL;
	int r = read_conf(&conf, err);

	(void)opt;
	if (r == 0)
		r = bl_metrics(conf->metrics_rules, err);
	free(conf);
	return r;
}

static int run_why(const struct options *opt, struct bl_error *err)
{
	return bl_why(opt->files[0], opt->json, err);
}

static int run_top(const struct options *opt, struct bl_error *err)
{
	return bl_top(opt->once, opt->json, err);
}

static int run_latency(const struct options *opt, struct bl_error *err)
{
	return bl_latency(opt->nfiles > 0 ? opt->files[0] : NULL, opt->json, err);
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
	{"load", "IMAGE [--dry-run] [--accept-links] [--diff]", "put a policy in force", OPT_DRY_RUN | OPT_ACCEPT_LINKS | OPT_DIFF | ARG_MUST | SETTLES,
	 run_load},
	{"try", "[--for TIME] [--dry-run] [--accept-links] FILE...", "put a policy in force that goes again unless it is confirmed",
	 OPT_DRY_RUN | OPT_ACCEPT_LINKS | OPT_FOR | ARG_MUST | ARG_MORE | SETTLES, run_try},
	{"confirm", "", "keep the policy that is on trial", SETTLES, run_confirm},
	{"rollback", "", "go back to the policy that was in force before", SETTLES, run_rollback},
	{"reload", "", "compile the policy directory and put it in force", SETTLES, run_reload},
	{"run", "[IMAGE] [--dry-run] [--accept-links] [--json]", "load or adopt a policy, then print and serve its events",
	 OPT_DRY_RUN | OPT_ACCEPT_LINKS | OPT_JSON | ARG_MAY, run_run},
	{"status", "[--json]", "what is in force, with hits and counters", OPT_JSON | SETTLES, run_status},
	{"metrics", "", "the same for Prometheus", SETTLES, run_metrics},
	{"events", "[--json] [--follow]", "what was refused or reported", OPT_JSON | OPT_FOLLOW | SETTLES, run_events},
	{"why", "[--json] PID|UNIT|EXE", "the last refusals in plain words, and what would allow them", OPT_JSON | ARG_MUST | SETTLES, run_why},
	{"top", "[--once] [--json]", "what is being refused and reported, by profile and rule", OPT_ONCE | OPT_JSON | SETTLES, run_top},
	{"latency", "[on|off] [--json]", "how long the hooks' programs take, as histograms", OPT_JSON | ARG_MAY | SETTLES, run_latency},
	{"doctor", "[--json]", "what this machine lacks, and the cure", OPT_JSON, run_doctor},
	{"unload", "", "end enforcement and remove everything", 0, run_unload},
};

static void print_usage(FILE *to)
{
	(void)fprintf(to, "usage: enforcer COMMAND [OPTIONS]\n");
	for (size_t i = 0; i < BL_ARRAY_SIZE(commands); i++)
		(void)fprintf(to, "  %-8s %-49s %s\n", commands[i].name, commands[i].args, commands[i].what);
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
	size_t max = c->takes & ARG_MORE ? SIZE_MAX : (c->takes & (ARG_MAY | ARG_MUST)) != 0;

	ret->files = argv + optind;
	ret->nfiles = (size_t)(argc - optind);
	if (ret->nfiles > max)
		return usage_error(c, "too many arguments: ", argv[argc - 1]);
	if ((c->takes & ARG_MUST) != 0 && ret->nfiles == 0)
		return usage_error(c, c->run == run_why ? "whose refusals? a pid, a unit or a program's path" :
							  "an image is missing; 'policyc build' makes one", "");
	if (c->run == run_latency && ret->nfiles > 0 && (ret->json || (strcmp(ret->files[0], "on") != 0 && strcmp(ret->files[0], "off") != 0)))
		return usage_error(c, ret->json ? "--json shows what is measured; leave out " : "on or off is wanted, not ", ret->files[0]);
	if (ret->diff && ret->load != 0)
		return usage_error(c, "--diff loads nothing; leave out ", ret->load & BL_LOAD_DRY_RUN ? "--dry-run" : "--accept-links");
	if (ret->load != 0 && ret->nfiles == 0)
		return usage_error(c, ret->load & BL_LOAD_DRY_RUN ? "--dry-run" : "--accept-links",
				   " needs an image: what is loaded stays as it was loaded");
	return 0;
}

/* "90", "60s", "5m", "2h": seconds, 0 if it is none of these or not from 1 s to a day. */
static uint32_t parse_time(const char *text)
{
	unsigned long n, unit = 1;
	char *end;

	errno = 0;
	n = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || errno != 0 || n > TRIAL_MAX)
		return 0;
	if (*end == 'm' || *end == 'h')
		unit = *end == 'm' ? 60 : 3600;
	if (*end != '\0' && (strchr("smh", *end) == NULL || end[1] != '\0'))
		return 0;
	return n * unit > TRIAL_MAX ? 0 : (uint32_t)(n * unit);
}

static int parse_options(const struct command *c, int argc, char **argv, struct options *ret)
{
	static const struct option longs[] = {
		{"dry-run", no_argument, NULL, OPT_DRY_RUN},
		{"accept-links", no_argument, NULL, OPT_ACCEPT_LINKS},
		{"json", no_argument, NULL, OPT_JSON},
		{"follow", no_argument, NULL, OPT_FOLLOW},
		{"diff", no_argument, NULL, OPT_DIFF},
		{"once", no_argument, NULL, OPT_ONCE},
		{"for", required_argument, NULL, OPT_FOR},
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
		ret->diff |= o == OPT_DIFF;
		ret->once |= o == OPT_ONCE;
		if (o == OPT_FOR) {
			ret->seconds = parse_time(optarg);
			if (ret->seconds == 0)
				return usage_error(c, "--for wants a time from 1s to 24h, not ", optarg);
		}
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
	bool written = fflush(stdout) == 0;

	if (written && ferror(stdout)) { /* an earlier part is lost, and nobody knows why any more */
		written = false;
		errno = EIO;
	}
	if (!written && errno != EPIPE) /* a reader that has enough, as head, need not be told */
		(void)fprintf(stderr, "enforcer: cannot write to standard output: %m\n");
	if (r == 0)
		return written ? BL_EXIT_FINE : BL_EXIT_SYSTEM;
	print_error(err->text);
	if (r == BL_SYSTEM && log[0] != '\0')
		(void)fprintf(stderr, "libbpf said:\n%s", log);
	return r == BL_REFUSED ? BL_EXIT_REFUSED : BL_EXIT_SYSTEM;
}

static int run_command(const struct command *c, int argc, char **argv)
{
	struct bl_error err = {""};
	struct options opt = {.nfiles = 0};
	int status = parse_options(c, argc, argv, &opt);

	if (status != 0)
		return status;
	if (opt.help) {
		(void)printf("usage: enforcer %s %s\n%s\n", c->name, c->args, c->what);
		return report(0, &err);
	}
	bl_object_log_init();
	if ((c->takes & SETTLES) != 0 && geteuid() == 0 && bl_trial_settle(true, &err) == 1)
		print_error(err.text);
	err.text[0] = '\0';
	return report(c->run(&opt, &err), &err);
}

/* A standard descriptor that is closed would be the next file that is opened, and what is printed would be written into that. */
static void fill_standard(void)
{
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) < 0)
			exit(BL_EXIT_SYSTEM);
}

int main(int argc, char **argv)
{
	const struct command *c = argc > 1 ? find_command(argv[1]) : NULL;
	struct bl_error none = {""};

	fill_standard();
	(void)signal(SIGPIPE, SIG_IGN);
	if (c)
		return run_command(c, argc - 1, argv + 1);
	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		print_usage(stdout);
		return report(0, &none);
	}
	if (argc > 1 && strcmp(argv[1], "--version") == 0) {
		(void)printf("enforcer of Bailiff: tables version %u, image format %u\n", BL_ABI_VERSION,
			     BL_IMAGE_VERSION);
		return report(0, &none);
	}
	if (argc > 1)
		(void)fprintf(stderr, "enforcer: no such command: %s\n", argv[1]);
	print_usage(stderr);
	return BL_EXIT_USAGE;
}
