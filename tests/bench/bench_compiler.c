/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * policyc build, as a user runs it, on big and on hostile policies: wall time from exec to exit, best of several runs,
 * and the most memory it had resident; where there is a like rule, apparmor_parser on the same. Prints one table; results
 * are in docs/bench-compiler.md. Names are hashes: consecutive numbers would be minimised away.
 *
 * This process stays small, because a child's peak counts what it was before its exec.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RUNS 5
#define ENOUGH 20.0 /* seconds: no further run of a case that took so long in all */
#define SEED 20261121u

static uint64_t state;

static uint64_t rnd(void)
{
	uint64_t z = state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static unsigned below(unsigned n)
{
	return (unsigned)((rnd() >> 32) * n >> 32);
}

static unsigned hash32(void)
{
	return (unsigned)(rnd() >> 32);
}

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "bench_compiler: %s: %s\n", what, strerror(errno));
	exit(3);
}

/* ---- policies: the rules of a case, in our language or in AppArmor's ---- */

enum form { OURS, APPARMOR };

/* A rule that allows reading what matches. */
static void put_path(FILE *f, enum form form, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static void put_path(FILE *f, enum form form, const char *fmt, ...)
{
	va_list ap;

	fputs(form == OURS ? "    allow read " : "  ", f);
	va_start(ap, fmt);
	vfprintf(f, fmt, ap);
	va_end(ap);
	fputs(form == OURS ? ";\n" : " r,\n", f);
}

static void put_globs(FILE *f, enum form form, unsigned n)
{
	while (n-- > 0) {
		unsigned app = hash32(), file = hash32();

		put_path(f, form, "/opt/app%08x*/data/**/file%08x?.[ch]", app, file);
	}
}

static void put_literals(FILE *f, enum form form, unsigned n)
{
	while (n-- > 0) {
		unsigned a = hash32(), b = hash32(), c = hash32(), d = hash32();

		put_path(f, form, "/srv/%08x/%08x/%08x%04x.dat", a, b, c, d & 0xffff);
	}
}

static void put_names(FILE *f, enum form form, unsigned n)
{
	while (n-- > 0)
		put_path(f, form, "/**/%08x", hash32());
}

static void put_two_parts(FILE *f, enum form form, unsigned n)
{
	while (n-- > 0) {
		unsigned x = hash32(), y = hash32();

		put_path(f, form, "/**/x%04x*y%04x", x & 0xffff, y & 0xffff);
	}
}

/* As bad as it gets: what was seen of each name has to be remembered beside that of all others. */
static void put_anywhere(FILE *f, enum form form, unsigned n)
{
	while (n-- > 0) {
		unsigned x = hash32(), y = hash32();

		put_path(f, form, "/**/*x%02x*y%02x", x & 0xff, y & 0xff);
	}
}

/* A network of any length, one in eight of them IPv6. */
static void put_net(FILE *f)
{
	if (below(8) == 0) {
		static const unsigned lengths[] = {32, 48, 56, 64, 128};
		unsigned len = lengths[below(5)];

		fprintf(f, "2%03x:%x", below(0x1000), hash32() >> 16);
		for (unsigned bits = 32; bits < 128; bits += 16) {
			unsigned word = hash32() >> 16;

			if (bits >= len)
				word = 0;
			else if (len - bits < 16)
				word &= 0xffffu << (16 - (len - bits));
			fprintf(f, ":%x", word & 0xffff);
		}
		fprintf(f, "/%u", len);
	} else {
		unsigned len = 8 + below(25), addr = (hash32() | 0x01000000) & (0xffffffffu << (32 - len));

		fprintf(f, "%u.%u.%u.%u/%u", addr >> 24, addr >> 16 & 255, addr >> 8 & 255, addr & 255, len);
	}
}

/* Each network with a port or a range of ports of its own. */
static void put_nets(FILE *f, enum form form, unsigned n)
{
	(void)form;
	while (n-- > 0) {
		unsigned port = 1 + below(60000), more = below(2) * below(5000);

		fputs("    allow connect tcp to ", f);
		put_net(f);
		fprintf(f, " port %u", port);
		if (more != 0)
			fprintf(f, "-%u", port + more);
		fputs(";\n", f);
	}
}

static void put_net_set(FILE *f, enum form form, unsigned n)
{
	(void)form;
	fputs("    allow connect tcp to ", f);
	for (unsigned i = 0; i < n; i++) {
		if (i != 0)
			fputs(",\n        ", f);
		put_net(f);
	}
	fputs(" port 443, 8000-8100;\n", f);
}

struct scenario {
	const char *name;
	void (*put)(FILE *f, enum form form, unsigned n);
	unsigned n;
	bool apparmor; /* also has such rules */
	double goal_s; /* 0: none */
	double goal_mib;
	bool may_refuse; /* exit status 1 is a result */
};

static const struct scenario scenarios[] = {
	{"1,000 x /opt/app#*/data/**/file#?.[ch]", put_globs, 1000, true, 0.10, 16, false},
	{"10,000 literal paths", put_literals, 10000, true, 0.25, 64, false},
	{"2,000 literal paths", put_literals, 2000, true, 0, 0, false},
	{"10,000 networks, each with ports", put_nets, 10000, false, 0.25, 0, false},
	{"10,000 networks in one rule", put_net_set, 10000, false, 0.25, 0, false},
	{"1,000 x /**/#", put_names, 1000, true, 0, 0, false},
	{"20 x /**/x#*y#", put_two_parts, 20, true, 5, 256, true},
	{"100 x /**/x#*y#", put_two_parts, 100, true, 5, 256, true},
	{"1,000 x /**/x#*y#", put_two_parts, 1000, true, 5, 256, true},
	{"10 x /**/*x#*y#", put_anywhere, 10, true, 5, 256, true},
	{"20 x /**/*x#*y#", put_anywhere, 20, false, 5, 256, true},
	{"1,000 x /**/*x#*y#", put_anywhere, 1000, false, 5, 256, true},
};

static void write_policy(const char *path, const struct scenario *s, enum form form)
{
	FILE *f = fopen(path, "we");

	if (!f)
		die(path);
	state = SEED;
	fputs(form == OURS ? "profile bench {\n    subject exe /bench;\n    default deny read, connect;\n"
			   : "profile bench /bench {\n",
	      f);
	s->put(f, form, s->n);
	fputs("}\n", f);
	if (fclose(f) != 0)
		die(path);
}

/* ---- runs ---- */

struct outcome {
	double seconds; /* the best */
	double cpu;	/* seconds, the best: on a busy machine the figure to compare */
	double mib;	/* the most */
	int status;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* What the program says goes to the file errors. */
static void run_once(char *const argv[], const char *errors, struct outcome *o)
{
	double begun = now(), took;
	pid_t pid = fork();
	struct rusage ru;
	int status;

	if (pid < 0)
		die("fork");
	if (pid == 0) {
		dup2(open(errors, O_WRONLY | O_CREAT | O_TRUNC, 0600), 2);
		dup2(2, 1);
		execvp(argv[0], argv);
		_exit(127);
	}
	if (wait4(pid, &status, 0, &ru) < 0)
		die("wait4");
	took = now() - begun;
	o->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	o->seconds = o->seconds == 0 || took < o->seconds ? took : o->seconds;
	took = (double)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) +
	       (double)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec) / 1e6;
	o->cpu = o->cpu == 0 || took < o->cpu ? took : o->cpu;
	o->mib = (double)ru.ru_maxrss / 1024 > o->mib ? (double)ru.ru_maxrss / 1024 : o->mib;
}

static struct outcome run_best(char *const argv[], const char *errors)
{
	struct outcome o = {0};
	double begun = now();

	for (int i = 0; i < RUNS && (i == 0 || now() - begun < ENOUGH); i++)
		run_once(argv, errors, &o);
	return o;
}

/* The last line that a program left. */
static void keep_last_line(const char *errors, char *to, size_t size)
{
	FILE *f = fopen(errors, "re");

	to[0] = '\0';
	while (f && fgets(to, (int)size, f))
		to[strcspn(to, "\n")] = '\0';
	if (f)
		fclose(f);
}

static void print_outcome(const struct outcome *o)
{
	printf(" %.3f s", o->seconds);
	if (o->status != 0)
		printf(" (status %d)", o->status);
	printf(" | %.3f s | %.1f MiB |", o->cpu, o->mib);
}

static char failure[256]; /* why apparmor_parser did not compile its rules */

/* False: policyc failed where it should not. */
static bool run_scenario(const struct scenario *s, const char *policyc, const char *dir, bool apparmor)
{
	char ours[512], theirs[512], image[512], errors[512];
	char *build[] = {(char *)policyc, "build", "-o", image, ours, NULL};
	char *parse[] = {"apparmor_parser", "-Q", "-K", "-o", "/dev/null", theirs, NULL};
	struct outcome o;
	struct stat st = {0};

	snprintf(ours, sizeof(ours), "%s/bench.policy", dir);
	snprintf(theirs, sizeof(theirs), "%s/bench.apparmor", dir);
	snprintf(image, sizeof(image), "%s/bench.bpi", dir);
	snprintf(errors, sizeof(errors), "%s/bench.errors", dir);
	unlink(image);
	write_policy(ours, s, OURS);
	o = run_best(build, errors);
	printf("| %s |", s->name);
	print_outcome(&o);
	if (stat(image, &st) == 0)
		printf(" %.2f MiB |", (double)st.st_size / (1 << 20));
	else
		printf(" refused |");
	if (s->goal_s == 0)
		printf(" - |");
	else if (s->goal_mib == 0)
		printf(" %.2f s |", s->goal_s);
	else
		printf(" %.2f s, %.0f MiB |", s->goal_s, s->goal_mib);
	if (apparmor && s->apparmor) {
		struct outcome a;

		write_policy(theirs, s, APPARMOR);
		a = run_best(parse, errors);
		print_outcome(&a);
		if (a.status != 0)
			keep_last_line(errors, failure, sizeof(failure));
	} else {
		printf(" - | - | - |");
	}
	printf("\n");
	fflush(stdout);
	return o.status == 0 || (o.status == 1 && s->may_refuse);
}

/* ---- the table ---- */

static void print_cpu(void)
{
	char line[256];
	FILE *f = fopen("/proc/cpuinfo", "re");

	while (f && fgets(line, sizeof(line), f)) {
		if (strncmp(line, "model name", 10) == 0) {
			line[strcspn(line, "\n")] = '\0';
			printf("%s", strchr(line, ':') ? strchr(line, ':') + 2 : line);
			break;
		}
	}
	if (f)
		fclose(f);
	printf(", %ld processors", sysconf(_SC_NPROCESSORS_ONLN));
}

static void print_head(const char *commit, bool apparmor)
{
	time_t t = time(NULL);
	struct utsname u;
	double load = 0;
	struct tm tm;
	char day[32];

	if (getloadavg(&load, 1) != 1)
		load = -1;
	uname(&u);
	gmtime_r(&t, &tm);
	strftime(day, sizeof(day), "%Y-%m-%d", &tm);
	printf("# What compiling costs\n\nMade by `make bench-compiler`: %s, commit %s, ", day, commit);
	print_cpu();
	printf(", load %.1f before, Linux %s %s.\n", load, u.release, u.machine);
	printf("Every `#` is a hash, another in each rule. Whole programs, from exec to exit, files in the page cache; best time and peak resident memory of %d runs.\n",
	       RUNS);
	if (!apparmor)
		printf("apparmor_parser: skipped, it is not installed (Debian package apparmor).\n");
	printf("\n| rules | policyc | CPU | memory | image | goal | apparmor_parser | CPU | memory |\n"
	       "|---|---|---|---|---|---|---|---|---|\n");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	char dir[] = "/tmp/bailiff-bench-XXXXXX", path[4096];
	static const char *const left[] = {"bench.policy", "bench.apparmor", "bench.bpi", "bench.errors"};
	char *version[] = {"apparmor_parser", "--version", NULL};
	struct outcome o = {0};
	bool apparmor, ok = true;

	if (argc != 3) {
		fprintf(stderr, "usage: bench_compiler POLICYC COMMIT\n");
		return 2;
	}
	if (!mkdtemp(dir))
		die(dir);
	snprintf(path, sizeof(path), "%s:/usr/sbin:/sbin", getenv("PATH") ? getenv("PATH") : "/usr/bin:/bin");
	setenv("PATH", path, 1);
	snprintf(path, sizeof(path), "%s/bench.errors", dir);
	run_once(version, path, &o);
	apparmor = o.status == 0;
	print_head(argv[2], apparmor);
	for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++)
		ok &= run_scenario(&scenarios[i], argv[1], dir, apparmor);
	if (failure[0] != '\0')
		printf("\nWhere apparmor_parser has status 1 it said: %s\n", failure);
	for (size_t i = 0; i < sizeof(left) / sizeof(left[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, left[i]);
		unlink(path);
	}
	rmdir(dir);
	return ok ? 0 : 1;
}
