// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs a command and, at the n-th of its system calls of some kind, kills it or makes the call fail, from outside (ptrace): the command needs no fault
 * points, and n = 1, 2, ... until the command comes to its end are all there can be.
 *
 *     nth [-o FILE] [-c CALLS] kill N COMMAND...	SIGKILL right after its N-th successful call
 *     nth [-o FILE] [-c CALLS] ERRNO N COMMAND...	its N-th call is not made and fails with that; N 0: none
 *
 * CALLS: change (what another process can see afterwards, the default), unlink, bpf, or the name of one, as rename or MAP_CREATE; PUBLISH is the update of a
 * map of maps, which puts a generation in force. FILE gets the number of calls and the name of the one that was hit, "-" if none was; with N 0 then lines of
 * the same form for each name. The command's own process is looked at, not what it forks. Exit status: the command's, 137 if it was killed. x86-64 only.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct {
	long number;
	const char *name;
	bool unlinks;
} changes[] = {
	{SYS_mkdir, "mkdir", false},	   {SYS_mkdirat, "mkdirat", false},	{SYS_unlink, "unlink", true},	     {SYS_unlinkat, "unlinkat", true},
	{SYS_rmdir, "rmdir", true},	   {SYS_rename, "rename", false},	{SYS_renameat, "renameat", false},   {SYS_renameat2, "renameat2", false},
	{SYS_link, "link", false},	   {SYS_linkat, "linkat", false},	{SYS_symlink, "symlink", false},     {SYS_mount, "mount", false},
	{SYS_umount2, "umount", false},	   {SYS_write, "write", false},		{SYS_pwrite64, "pwrite", false},     {SYS_writev, "writev", false},
	{SYS_fsync, "fsync", false},	   {SYS_fdatasync, "fdatasync", false}, {SYS_ftruncate, "ftruncate", false}, {SYS_fchmod, "fchmod", false},
	{SYS_fchown, "fchown", false},	   {SYS_chmod, "chmod", false},		{SYS_bind, "bind", false},	     {SYS_flock, "flock", false},
};

static const struct {
	unsigned int command;
	const char *name;
	bool changes;
} bpf_calls[] = {
	{BPF_MAP_CREATE, "MAP_CREATE", false},
	{BPF_MAP_LOOKUP_ELEM, "MAP_LOOKUP_ELEM", false},
	{BPF_MAP_UPDATE_ELEM, "MAP_UPDATE_ELEM", true},
	{BPF_MAP_DELETE_ELEM, "MAP_DELETE_ELEM", true},
	{BPF_MAP_GET_NEXT_KEY, "MAP_GET_NEXT_KEY", false},
	{BPF_PROG_LOAD, "PROG_LOAD", false},
	{BPF_OBJ_PIN, "OBJ_PIN", true},
	{BPF_OBJ_GET, "OBJ_GET", false},
	{BPF_PROG_GET_FD_BY_ID, "PROG_GET_FD_BY_ID", false},
	{BPF_OBJ_GET_INFO_BY_FD, "OBJ_GET_INFO_BY_FD", false},
	{BPF_RAW_TRACEPOINT_OPEN, "RAW_TRACEPOINT_OPEN", true},
	{BPF_BTF_LOAD, "BTF_LOAD", false},
	{BPF_BTF_GET_FD_BY_ID, "BTF_GET_FD_BY_ID", false},
	{BPF_MAP_FREEZE, "MAP_FREEZE", true},
	{BPF_LINK_CREATE, "LINK_CREATE", true},
	{BPF_LINK_UPDATE, "LINK_UPDATE", true},
	{BPF_LINK_DETACH, "LINK_DETACH", true},
	{BPF_ITER_CREATE, "ITER_CREATE", false},
	{BPF_PROG_BIND_MAP, "PROG_BIND_MAP", false},
};

static const struct {
	const char *name;
	int value;
} errnos[] = {{"kill", 0}, {"ENOMEM", ENOMEM}, {"EPERM", EPERM}, {"ENOSPC", ENOSPC}, {"EIO", EIO}, {"EAGAIN", EAGAIN}};

static const char publish[] = "PUBLISH";

enum calls { CHANGE, UNLINK, BPF };
static const char *only; /* the calls of this name; NULL: all */

static void die(const char *what)
{
	perror(what);
	exit(3);
}

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Is it a map of maps that the call is about? Its descriptor comes first in the arguments in memory. */
static bool of_maps(pid_t pid, const struct user_regs_struct *regs)
{
	long word = (errno = 0, ptrace(PTRACE_PEEKDATA, pid, regs->rsi, 0));
	char path[64], line[64];
	bool found = false;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", pid, (int)word);
	f = errno == 0 ? fopen(path, "r") : NULL;
	while (f && !found && fgets(line, sizeof(line), f))
		found = strncmp(line, "map_type:", 9) == 0 && strtol(line + 9, NULL, 10) == BPF_MAP_TYPE_ARRAY_OF_MAPS;
	if (f)
		(void)fclose(f);
	return found;
}

static const char *name_of_bpf(pid_t pid, const struct user_regs_struct *regs, size_t which)
{
	return bpf_calls[which].command == BPF_MAP_UPDATE_ELEM && of_maps(pid, regs) ? publish : bpf_calls[which].name;
}

/* The name of a call of that sort, NULL: it is none. */
static const char *name_of(pid_t pid, enum calls calls, const struct user_regs_struct *regs)
{
	long n = (long)regs->orig_rax;

	for (size_t i = 0; n == SYS_bpf && i < COUNT(bpf_calls); i++)
		if (bpf_calls[i].command == (unsigned int)regs->rdi)
			return calls == BPF || (calls == CHANGE && bpf_calls[i].changes) ? name_of_bpf(pid, regs, i) : NULL;
	if (n == SYS_bpf)
		return calls == UNLINK ? NULL : "bpf";
	if (calls == BPF)
		return NULL;
	if (calls == CHANGE && ((n == SYS_openat && (regs->rdx & (O_CREAT | O_TRUNC)) != 0) || (n == SYS_open && (regs->rsi & (O_CREAT | O_TRUNC)) != 0)))
		return "open";
	for (size_t i = 0; i < COUNT(changes); i++)
		if (changes[i].number == n)
			return calls == CHANGE || changes[i].unlinks ? changes[i].name : NULL;
	return NULL;
}

static const char *wanted(pid_t pid, enum calls calls, const struct user_regs_struct *regs)
{
	const char *name = name_of(pid, calls, regs);

	return name && only && strcmp(name, only) != 0 ? NULL : name;
}

static struct {
	const char *name;
	unsigned long n;
} seen[COUNT(bpf_calls) + COUNT(changes) + 4]; /* "bpf", "open", PUBLISH and an end */

static void note(const char *name)
{
	size_t i = 0;

	while (seen[i].name && strcmp(seen[i].name, name) != 0)
		i++;
	seen[i].name = name;
	seen[i].n++;
}

/* To the next stop; false: it has ended, with that status. */
static bool go_on(pid_t pid, int *status)
{
	int sig = 0;

	for (;;) {
		if (ptrace(PTRACE_SYSCALL, pid, 0, sig) < 0)
			die("PTRACE_SYSCALL");
		if (waitpid(pid, status, __WALL) < 0)
			die("waitpid");
		if (!WIFSTOPPED(*status))
			return false;
		if (WSTOPSIG(*status) == (SIGTRAP | 0x80))
			return true;
		sig = *status >> 16 != 0 ? 0 : WSTOPSIG(*status); /* an exec is no signal */
	}
}

static pid_t start(char **argv)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		die("fork");
	if (pid == 0) {
		(void)ptrace(PTRACE_TRACEME, 0, 0, 0);
		(void)execvp(argv[0], argv);
		die(argv[0]);
	}
	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status)) /* at its execve */
		exit(3);
	if (ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL) < 0)
		die("PTRACE_SETOPTIONS");
	return pid;
}

/* Returns the status of waitpid(2). */
static int look_at(pid_t pid, enum calls calls, int error, unsigned long n, unsigned long *count, const char **hit)
{
	struct user_regs_struct regs;
	int status;

	while (go_on(pid, &status)) { /* a call begins */
		const char *name;
		bool fails;

		if (ptrace(PTRACE_GETREGS, pid, 0, &regs) < 0)
			die("PTRACE_GETREGS");
		name = wanted(pid, calls, &regs);
		fails = name && error != 0 && *count + 1 == n;
		if (fails) {
			regs.orig_rax = (unsigned long)-1;
			if (ptrace(PTRACE_SETREGS, pid, 0, &regs) < 0)
				die("PTRACE_SETREGS");
		}
		if (!go_on(pid, &status)) /* it ends */
			break;
		if (!name)
			continue;
		if (ptrace(PTRACE_GETREGS, pid, 0, &regs) < 0)
			die("PTRACE_GETREGS");
		if (fails) {
			regs.rax = (unsigned long)-error;
			if (ptrace(PTRACE_SETREGS, pid, 0, &regs) < 0)
				die("PTRACE_SETREGS");
		}
		if (error == 0 && (long)regs.rax < 0)
			continue;
		note(name);
		if (++*count != n)
			continue;
		*hit = name;
		if (error == 0) {
			(void)kill(pid, SIGKILL);
			(void)waitpid(pid, &status, __WALL);
			break;
		}
	}
	return status;
}

static void usage(void)
{
	(void)fprintf(stderr, "usage: nth [-o FILE] [-c change|unlink|bpf|NAME] kill|ENOMEM|EPERM|ENOSPC|EIO|EAGAIN N COMMAND...\n");
	exit(2);
}

static enum calls calls_of(const char *name)
{
	if (strcmp(name, "unlink") == 0)
		return UNLINK;
	if (strcmp(name, "bpf") == 0)
		return BPF;
	if (strcmp(name, "change") == 0)
		return CHANGE;
	only = name;
	if (strcmp(name, publish) == 0)
		return BPF;
	for (size_t i = 0; i < COUNT(bpf_calls); i++)
		if (strcmp(bpf_calls[i].name, name) == 0)
			return BPF;
	for (size_t i = 0; i < COUNT(changes); i++)
		if (strcmp(changes[i].name, name) == 0)
			return CHANGE;
	if (strcmp(name, "open") != 0)
		usage();
	return CHANGE;
}

static void write_file(const char *file, unsigned long count, const char *hit, bool all)
{
	FILE *f = fopen(file, "w");
	bool fine = f && fprintf(f, "%lu %s\n", count, hit) > 0;

	for (size_t i = 0; fine && all && seen[i].name; i++)
		fine = fprintf(f, "%lu %s\n", seen[i].n, seen[i].name) > 0;
	if (!fine || fclose(f) != 0)
		die(file);
}

int main(int argc, char **argv)
{
	const char *file = NULL, *hit = "-";
	enum calls calls = CHANGE;
	unsigned long count = 0;
	size_t what = 0;
	int o, status;

	while ((o = getopt(argc, argv, "+o:c:")) != -1) {
		if (o == 'o')
			file = optarg;
		else if (o == 'c')
			calls = calls_of(optarg);
		else
			usage();
	}
	if (argc - optind < 3)
		usage();
	while (what < COUNT(errnos) && strcmp(errnos[what].name, argv[optind]) != 0)
		what++;
	if (what == COUNT(errnos))
		usage();
	status = look_at(start(argv + optind + 2), calls, errnos[what].value, strtoul(argv[optind + 1], NULL, 10), &count, &hit);
	if (file)
		write_file(file, count, hit, strtoul(argv[optind + 1], NULL, 10) == 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
