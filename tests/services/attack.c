// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Somebody else's code inside a service: preloaded into it, it waits for a signal and then, in the process that got it, tries what an
 * attacker would. Each try is one line "NAME ERRNO" in $ATTACK_LOG, a file that the service may append to; "NAME ok" is a success.
 * $ATTACK_CONFIG is the service's configuration, $ATTACK_DIR where it may write. The signal's value is the pid of a neighbour.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ATTACK_SIGNAL (SIGRTMIN + 7)

static int out = -1;
static char log_name[256], config[256], place[256];

static void say(const char *name, int err)
{
	char line[128];
	int n = snprintf(line, sizeof(line), "%s %s\n", name, err == 0 ? "ok" : strerrorname_np(err));

	if (write(out, line, (size_t)n) < 0)
		abort();
}

static int as_errno(long r)
{
	return r < 0 ? errno : 0;
}

/* Executes file, or what fd is; returns why it could not be. */
static int run(const char *file, int fd)
{
	char *argv[] = {(char *)"sh", (char *)"-c", (char *)"exit 0", NULL}, *envp[] = {NULL};
	int status = 0;
	pid_t pid = fork();

	if (pid < 0)
		return errno;
	if (pid == 0) {
		if (fd >= 0)
			syscall(SYS_execveat, fd, "", argv, envp, AT_EMPTY_PATH);
		else
			execve(file, argv, envp);
		_exit(errno);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
}

static int open_as(const char *name, int flags)
{
	int fd = open(name, flags | O_CLOEXEC, 0755), err = errno;

	if (fd < 0)
		return err;
	close(fd);
	return 0;
}

static int dial(const char *address, int port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), err;

	if (fd < 0)
		return errno;
	inet_pton(AF_INET, address, &to.sin_addr);
	err = as_errno(connect(fd, (struct sockaddr *)&to, sizeof(to)));
	close(fd);
	return err;
}

/* An ELF program that does nothing but end, made of what is at hand: the first page of this library will do, it need not run. */
static const unsigned char program[] = {
	0x7f, 'E', 'L', 'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 62, 0, 1, 0, 0, 0, 0x78, 0, 0x40, 0, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x40, 0, 0x38, 0, 1, 0, 0, 0, 0, 0, 0, 0,
	/* one segment, readable and executable */
	1, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0,
	0x84, 0, 0, 0, 0, 0, 0, 0, 0x84, 0, 0, 0, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0,
	/* mov $60, %eax; xor %edi, %edi; syscall */
	0xb8, 60, 0, 0, 0, 0x31, 0xff, 0x0f, 0x05, 0, 0, 0};

static void drop(void)
{
	char name[300];
	int fd, err;

	snprintf(name, sizeof(name), "%s/dropped", place);
	unlink(name);
	fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	if (fd < 0) {
		say("drop", errno);
	} else {
		err = as_errno(write(fd, program, sizeof(program)));
		close(fd);
		say("drop", err != 0 ? err : run(name, -1));
		unlink(name);
	}
	fd = (int)syscall(SYS_memfd_create, "x", 0);
	if (fd >= 0 && write(fd, program, sizeof(program)) < 0)
		abort();
	say("memfd", fd < 0 ? errno : run(NULL, fd));
	close(fd);
}

static void attack(int sig, siginfo_t *info, void *context)
{
	pid_t neighbour = info->si_value.sival_int;
	int fd;

	(void)sig;
	(void)context;
	out = open(log_name, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
	if (out < 0)
		return;
	say("shell", run("/usr/bin/dash", -1));
	say("shadow", open_as("/etc/shadow", O_RDONLY));
	say("config", open_as(config, O_WRONLY));
	say("cron", open_as("/etc/cron.d/attack", O_WRONLY | O_CREAT));
	say("connect", dial("203.0.113.66", 4444));
	say("metadata", dial("169.254.169.254", 80));
	drop();
	say("ptrace", as_errno(ptrace(PTRACE_SEIZE, neighbour, NULL, NULL)));
	say("kill", as_errno(kill(neighbour, SIGTERM)));
	fd = open("/usr/lib/attack.ko", O_RDONLY | O_CLOEXEC);
	say("module", fd < 0 ? errno : as_errno(syscall(SYS_finit_module, fd, "", 0)));
	close(fd);
	say("end", 0);
	close(out);
}

__attribute__((constructor)) static void begin(void)
{
	struct sigaction action = {.sa_sigaction = attack, .sa_flags = SA_SIGINFO | SA_RESTART};
	const char *l = getenv("ATTACK_LOG"), *c = getenv("ATTACK_CONFIG"), *d = getenv("ATTACK_DIR");

	if (l == NULL || c == NULL || d == NULL)
		return;
	snprintf(log_name, sizeof(log_name), "%s", l);
	snprintf(config, sizeof(config), "%s", c);
	snprintf(place, sizeof(place), "%s", d);
	sigaction(ATTACK_SIGNAL, &action, NULL);
}
