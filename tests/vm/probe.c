// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Does one thing that a policy may refuse, and says what the kernel answered: one line "OP<tab>OBJECT<tab>ERRNO-NAME" (or
 * "ok"). `probe OP OBJECT` does one; `probe -` does one for each line "OP<tab>OBJECT" of standard input. Every probe runs
 * in this process unless it has to end the process (exec).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int result(int r)
{
	return r < 0 ? errno : 0;
}

static int do_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK, 0600);
	int err = result(fd);

	if (fd >= 0)
		close(fd);
	return err;
}

static int do_read(const char *path)
{
	return do_open(path, O_RDONLY);
}

static int do_write(const char *path)
{
	return do_open(path, O_WRONLY);
}

static int do_append(const char *path)
{
	return do_open(path, O_WRONLY | O_APPEND);
}

static int do_rdwr(const char *path)
{
	return do_open(path, O_RDWR);
}

static int do_trunc(const char *path)
{
	return do_open(path, O_WRONLY | O_TRUNC);
}

static int do_truncate(const char *path)
{
	return result(truncate(path, 0));
}

static int do_create(const char *path)
{
	return do_open(path, O_WRONLY | O_CREAT | O_EXCL);
}

static int do_mkdir(const char *path)
{
	return result(mkdir(path, 0700));
}

static int do_mkfifo(const char *path)
{
	return result(mkfifo(path, 0600));
}

static int do_symlink(const char *path)
{
	return result(symlink("/nowhere", path));
}

/* "FROM TO" */
static int two(const char *both, int (*call)(const char *, const char *))
{
	char from[8192], *to;

	snprintf(from, sizeof(from), "%s", both);
	to = strchr(from, ' ');
	if (!to)
		return EINVAL;
	*to++ = '\0';
	return result(call(from, to));
}

static int do_link(const char *both)
{
	return two(both, link);
}

static int do_rename(const char *both)
{
	return two(both, rename);
}

static int exchange(const char *from, const char *to)
{
	return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 2);
}

static int do_exchange(const char *both)
{
	return two(both, exchange);
}

/* Runs fn in a child, which tells the errno if it comes back: a program that was started says nothing. */
static int in_child(int (*fn)(const char *), const char *arg)
{
	int p[2], err = 0, status;
	pid_t pid;

	if (pipe2(p, O_CLOEXEC) < 0)
		return errno;
	pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);

		if (null >= 0) {
			dup2(null, 0);
			dup2(null, 1);
			dup2(null, 2);
		}
		err = fn(arg);
		if (write(p[1], &err, sizeof(err)) < 0)
			_exit(126);
		_exit(0);
	}
	close(p[1]);
	if (read(p[0], &err, sizeof(err)) != sizeof(err))
		err = 0;
	close(p[0]);
	waitpid(pid, &status, 0);
	if (err == 0 && WIFSIGNALED(status))
		return 1000 + WTERMSIG(status);
	return err;
}

static int exec_path(const char *path)
{
	char *const argv[] = { (char *)path, (char *)"--version", NULL }, *const envp[] = { NULL };

	execve(path, argv, envp);
	return errno;
}

static int exec_fd(const char *path)
{
	char *const argv[] = { (char *)path, (char *)"--version", NULL }, *const envp[] = { NULL };
	int fd = open(path, O_PATH);

	if (fd < 0)
		return errno;
	syscall(SYS_execveat, fd, "", argv, envp, AT_EMPTY_PATH);
	return errno;
}

/* A copy of the program in memory. */
static int exec_memfd(const char *path)
{
	char *const argv[] = { (char *)path, (char *)"--version", NULL }, *const envp[] = { NULL };
	int from = open(path, O_RDONLY), to = memfd_create("probe", MFD_CLOEXEC);
	char buf[65536];
	ssize_t n;

	if (from < 0 || to < 0)
		return errno;
	while ((n = read(from, buf, sizeof(buf))) > 0)
		if (write(to, buf, (size_t)n) != n)
			return EIO;
	syscall(SYS_execveat, to, "", argv, envp, AT_EMPTY_PATH);
	return errno;
}

static int do_exec(const char *path)
{
	return in_child(exec_path, path);
}

static int do_fexec(const char *path)
{
	return in_child(exec_fd, path);
}

static int do_memfd_exec(const char *path)
{
	return in_child(exec_memfd, path);
}

/* "ADDRESS PORT" */
static socklen_t parse_addr(const char *text, struct sockaddr_storage *ss)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ss;
	struct sockaddr_in *in = (struct sockaddr_in *)ss;
	char addr[64];
	unsigned int port;

	memset(ss, 0, sizeof(*ss));
	if (sscanf(text, "%63s %u", addr, &port) != 2)
		return 0;
	if (inet_pton(AF_INET, addr, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons((uint16_t)port);
		return sizeof(*in);
	}
	if (inet_pton(AF_INET6, addr, &in6->sin6_addr) == 1) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons((uint16_t)port);
		return sizeof(*in6);
	}
	return 0;
}

enum how { CONNECT, SENDTO };

static int do_net(const char *text, int type, int proto, int flags, enum how how)
{
	struct sockaddr_storage ss;
	socklen_t len = parse_addr(text, &ss);
	int fd, err;

	if (len == 0)
		return EINVAL;
	fd = socket(ss.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, proto);
	if (fd < 0)
		return errno;
	if (how == CONNECT)
		err = result(connect(fd, (struct sockaddr *)&ss, len));
	else
		err = result((int)sendto(fd, "x", 1, flags | MSG_NOSIGNAL, (struct sockaddr *)&ss, len));
	close(fd);
	return err;
}

static int do_tcp(const char *text)
{
	return do_net(text, SOCK_STREAM, IPPROTO_TCP, 0, CONNECT);
}

static int do_udp(const char *text)
{
	return do_net(text, SOCK_DGRAM, IPPROTO_UDP, 0, CONNECT);
}

static int do_udp_send(const char *text)
{
	return do_net(text, SOCK_DGRAM, IPPROTO_UDP, 0, SENDTO);
}

static int do_fastopen(const char *text)
{
	return do_net(text, SOCK_STREAM, IPPROTO_TCP, MSG_FASTOPEN, SENDTO);
}

static int do_mptcp(const char *text)
{
	return do_net(text, SOCK_STREAM, 262, 0, CONNECT);
}

static const struct {
	const char *op;
	int (*run)(const char *object);
} probes[] = {
	{ "read", do_read },       { "write", do_write },         { "append", do_append },   { "rdwr", do_rdwr },
	{ "trunc", do_trunc },     { "truncate", do_truncate },   { "create", do_create },   { "mkdir", do_mkdir },
	{ "mkfifo", do_mkfifo },   { "symlink", do_symlink },     { "link", do_link },       { "rename", do_rename },
	{ "exchange", do_exchange }, { "exec", do_exec },         { "fexec", do_fexec },     { "memfd-exec", do_memfd_exec },
	{ "tcp", do_tcp },         { "udp", do_udp },             { "udp-send", do_udp_send }, { "fastopen", do_fastopen },
	{ "mptcp", do_mptcp },
};

static const char *errno_name(int err)
{
	static char other[16];

	if (err == 0)
		return "ok";
	if (err >= 1000) {
		snprintf(other, sizeof(other), "SIG%d", err - 1000);
		return other;
	}
	return strerrorname_np(err);
}

static int probe(const char *op, const char *object)
{
	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++) {
		if (strcmp(op, probes[i].op) != 0)
			continue;
		printf("%s\t%s\t%s\n", op, object, errno_name(probes[i].run(object)));
		fflush(stdout);
		return 0;
	}
	fprintf(stderr, "probe: unknown probe '%s'\n", op);
	return 2;
}

static int probe_lines(void)
{
	static char line[16384];
	int status = 0;

	while (status == 0 && fgets(line, sizeof(line), stdin)) {
		char *tab = strchr(line, '\t');

		line[strcspn(line, "\n")] = '\0';
		if (!tab) {
			fprintf(stderr, "probe: no tab in '%s'\n", line);
			return 2;
		}
		*tab = '\0';
		status = probe(line, tab + 1);
	}
	return status;
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "-") == 0)
		return probe_lines();
	if (argc == 3)
		return probe(argv[1], argv[2]);
	fprintf(stderr, "usage: probe OP OBJECT | probe -\n");
	return 2;
}
