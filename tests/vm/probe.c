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
#include <linux/io_uring.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"

int result(int r)
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
socklen_t parse_addr(const char *text, struct sockaddr_storage *ss)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ss;
	struct sockaddr_in *in = (struct sockaddr_in *)ss;
	char addr[64], *scope;
	unsigned int port;

	memset(ss, 0, sizeof(*ss));
	if (sscanf(text, "%63s %u", addr, &port) != 2)
		return 0;
	scope = strchr(addr, '%'); /* an interface's number */
	if (scope) {
		in6->sin6_scope_id = (uint32_t)atoi(scope + 1);
		*scope = '\0';
	}
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

enum how { CONNECT, SENDTO, SENDMSG, SENDMMSG, SHORT, UNSPEC_SEND };

static int net_call(int fd, struct sockaddr_storage *ss, socklen_t len, int flags, enum how how)
{
	struct iovec iov = { .iov_base = (char *)"x", .iov_len = 1 };
	struct mmsghdr mm = { .msg_hdr = { .msg_name = ss, .msg_namelen = len, .msg_iov = &iov, .msg_iovlen = 1 } };

	flags |= MSG_NOSIGNAL;
	switch (how) {
	case CONNECT:
		return result(connect(fd, (struct sockaddr *)ss, len));
	case SHORT:
		return result(connect(fd, (struct sockaddr *)ss, 7));
	case SENDMSG:
		return result((int)sendmsg(fd, &mm.msg_hdr, flags));
	case SENDMMSG:
		return result(sendmmsg(fd, &mm, 1, flags));
	case UNSPEC_SEND:
		ss->ss_family = AF_UNSPEC;
		break;
	case SENDTO:
		break;
	}
	return result((int)sendto(fd, "x", 1, flags, (struct sockaddr *)ss, len));
}

/* family 0: the address's own */
static int net_family(const char *text, int family, int type, int proto, int flags, enum how how)
{
	struct sockaddr_storage ss;
	socklen_t len = parse_addr(text, &ss);
	int fd, err;

	if (len == 0)
		return EINVAL;
	fd = socket(family ? family : ss.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, proto);
	if (fd < 0)
		return errno;
	err = net_call(fd, &ss, len, flags, how);
	close(fd);
	return err;
}

static int do_net(const char *text, int type, int proto, int flags, enum how how)
{
	return net_family(text, 0, type, proto, flags, how);
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

/* ---- probes about other probes: "WORD... OP OBJECT" ---- */

static int run_one(const char *op, const char *object);

const char *word(const char *text, char *ret, size_t size)
{
	size_t n = strcspn(text, " ");

	snprintf(ret, size, "%.*s", (int)n, text);
	return text[n] ? text + n + 1 : text + n;
}

int run_probe(const char *op, const char *object)
{
	int err = run_one(op, object);

	return err < 0 ? ENOTSUP : err;
}

static int nested(const char *text)
{
	char op[64];
	const char *object = word(text, op, sizeof(op));

	return run_probe(op, object);
}

int apart(int (*fn)(const char *), const char *arg)
{
	int p[2], err, status;
	pid_t pid;

	if (pipe2(p, O_CLOEXEC) < 0)
		return errno;
	pid = fork();
	if (pid == 0) {
		err = fn(arg);
		_exit(write(p[1], &err, sizeof(err)) < 0);
	}
	err = pid < 0 ? errno : 0;
	close(p[1]);
	if (pid > 0 && read(p[0], &err, sizeof(err)) != sizeof(err))
		err = 0;
	close(p[0]);
	if (pid < 0)
		return err;
	waitpid(pid, &status, 0);
	return err == 0 && WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : err;
}

static int do_fork(const char *text)
{
	return apart(nested, text);
}

struct job {
	const char *text;
	int err;
	sem_t go, done;
};

static void *job_thread(void *arg)
{
	struct job *j = arg;

	j->err = nested(j->text);
	return NULL;
}

static int do_thread(const char *text)
{
	struct job j = { .text = text };
	pthread_t t;
	int err = pthread_create(&t, NULL, job_thread, &j);

	if (err)
		return err;
	pthread_join(t, NULL);
	return j.err;
}

static void *worker_thread(void *arg)
{
	struct job *j = arg;

	for (;;) {
		sem_wait(&j->go);
		j->err = nested(j->text);
		sem_post(&j->done);
	}
	return NULL;
}

/* In a thread that stays: the first call makes it. */
static int do_worker(const char *text)
{
	static struct job j;
	static pthread_t t;
	static bool there;

	if (!there) {
		sem_init(&j.go, 0, 0);
		sem_init(&j.done, 0, 0);
		if (pthread_create(&t, NULL, worker_thread, &j) != 0)
			return EAGAIN;
		there = true;
	}
	j.text = text;
	sem_post(&j.go);
	sem_wait(&j.done);
	return j.err;
}

/* In a child that stays: the first call makes it. "child child OP OBJECT" is its child. */
static int do_child(const char *text)
{
	static int fd = -1;
	static char line[16384];
	ssize_t n;
	int s[2], err;

	if (fd < 0) {
		if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, s) < 0)
			return errno;
		if (fork() == 0) {
			close(s[0]);
			while ((n = recv(s[1], line, sizeof(line) - 1, 0)) > 0) {
				line[n] = '\0';
				err = nested(strdup(line));
				send(s[1], &err, sizeof(err), 0);
			}
			_exit(0);
		}
		close(s[1]);
		fd = s[0];
	}
	send(fd, text, strlen(text), 0);
	return recv(fd, &err, sizeof(err), 0) == sizeof(err) ? err : EIO;
}

/* In a grandchild whose parent has gone. */
static int do_orphan(const char *text)
{
	int p[2], err;
	pid_t pid, parent;

	if (pipe2(p, O_CLOEXEC) < 0)
		return errno;
	pid = fork();
	if (pid == 0) {
		parent = getpid();
		if (fork() != 0)
			_exit(0);
		while (getppid() == parent)
			usleep(1000);
		err = nested(text);
		_exit(write(p[1], &err, sizeof(err)) < 0);
	}
	close(p[1]);
	waitpid(pid, NULL, 0);
	if (read(p[0], &err, sizeof(err)) != sizeof(err))
		err = EIO;
	close(p[0]);
	return err;
}

/* "UID OP OBJECT", and back */
static int do_uid(const char *text)
{
	char uid[16];
	const char *rest = word(text, uid, sizeof(uid));
	int err;

	if (seteuid((uid_t)atoi(uid)) < 0)
		return errno;
	err = nested(rest);
	return seteuid(0) < 0 ? ENOTRECOVERABLE : err;
}

static int chroot_here(const char *text)
{
	char dir[4096];
	const char *rest = word(text, dir, sizeof(dir));

	if (chroot(dir) < 0 || chdir("/") < 0)
		return ENOTRECOVERABLE;
	return nested(rest);
}

static int do_chroot(const char *text)
{
	return apart(chroot_here, text);
}

static int pivot_here(const char *text)
{
	char dir[4096];
	const char *rest = word(text, dir, sizeof(dir));

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount(dir, dir, NULL, MS_BIND | MS_REC, NULL) < 0 || chdir(dir) < 0 ||
	    syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return ENOTRECOVERABLE;
	return nested(rest);
}

static int do_pivot(const char *text)
{
	return apart(pivot_here, text);
}

static int in_here(const char *text)
{
	char dir[4096];
	const char *rest = word(text, dir, sizeof(dir));

	return chdir(dir) < 0 ? ENOTRECOVERABLE : nested(rest);
}

static int do_in(const char *text)
{
	return apart(in_here, text);
}

/* "COUNT LENGTH OP OBJECT": so many directories below each other with names so long; they are made if they are not there */
static int deep_here(const char *text)
{
	char count[16], length[16], name[256];
	const char *rest = word(word(text, count, sizeof(count)), length, sizeof(length));

	memset(name, 'd', sizeof(name));
	name[atoi(length)] = '\0';
	for (int i = 0; i < atoi(count); i++)
		if (chdir(name) < 0 && (mkdir(name, 0755) < 0 || chdir(name) < 0))
			return ENOTRECOVERABLE;
	return nested(rest);
}

static int do_deep(const char *text)
{
	return apart(deep_here, text);
}

/* ---- running a program that answers in its turn: "PROGRAM ARGUMENT..." ---- */

enum spawn { SPAWN_FORK, SPAWN_VFORK, SPAWN_POSIX };

extern char **environ;

static pid_t spawn_one(char **argv, enum spawn how, int fd)
{
	pid_t pid = -1;
	int err;

	if (how == SPAWN_POSIX) {
		err = posix_spawn(&pid, argv[0], NULL, NULL, argv, environ);
		if (err != 0 && write(fd, &err, sizeof(err)) < 0)
			return -1;
		return err ? -1 : pid;
	}
	pid = how == SPAWN_VFORK ? vfork() : fork();
	if (pid == 0) {
		execv(argv[0], argv);
		err = errno;
		_exit(write(fd, &err, sizeof(err)) < 0);
	}
	return pid;
}

static int spawn_wait(const char *text, enum spawn how)
{
	char *argv[64], *copy = strdup(text), *save, number[16];
	int p[2], err, status = 0;
	size_t n = 0;
	pid_t pid;

	for (char *w = strtok_r(copy, " ", &save); w && n < 63; w = strtok_r(NULL, " ", &save))
		argv[n++] = w;
	argv[n] = NULL;
	if (n == 0 || pipe(p) < 0)
		return EINVAL;
	fcntl(p[0], F_SETFD, FD_CLOEXEC);
	snprintf(number, sizeof(number), "%d", p[1]);
	setenv("PROBE_FD", number, 1);
	fflush(stdout);
	pid = spawn_one(argv, how, p[1]);
	unsetenv("PROBE_FD");
	close(p[1]);
	if (read(p[0], &err, sizeof(err)) != sizeof(err))
		err = -1;
	close(p[0]);
	if (pid > 0)
		waitpid(pid, &status, 0);
	free(copy);
	if (err >= 0)
		return err;
	return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status) ? ECHILD : 0;
}

int run_program(const char *text)
{
	return spawn_wait(text, SPAWN_FORK);
}

static int do_run(const char *text)
{
	return spawn_wait(text, SPAWN_FORK);
}

static int do_run_vfork(const char *text)
{
	return spawn_wait(text, SPAWN_VFORK);
}

static int do_run_spawn(const char *text)
{
	return spawn_wait(text, SPAWN_POSIX);
}

/* "CGROUP OP OBJECT": in a child born in another cgroup */
static int do_into(const char *text)
{
	char dir[4096];
	const char *rest = word(text, dir, sizeof(dir));
	int p[2], err, fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct {
		uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
	} args = { .flags = 0x200000000ull, .exit_signal = SIGCHLD, .cgroup = (uint64_t)fd };
	long pid;

	if (fd < 0 || pipe2(p, O_CLOEXEC) < 0)
		return errno;
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid < 0)
		return errno;
	if (pid == 0) {
		err = nested(rest);
		_exit(write(p[1], &err, sizeof(err)) < 0);
	}
	close(p[1]);
	close(fd);
	if (read(p[0], &err, sizeof(err)) != sizeof(err))
		err = EIO;
	close(p[0]);
	waitpid((pid_t)pid, NULL, 0);
	return err;
}

/* "COUNT OP OBJECT": all at once in so many processes; EBADMSG if they do not agree */
static int do_many(const char *text)
{
	char count[16];
	const char *rest = word(text, count, sizeof(count));
	int p[2], go[2], err, first = -1, n = atoi(count), got = 0;
	char c;

	if (pipe2(p, O_CLOEXEC) < 0 || pipe2(go, O_CLOEXEC) < 0)
		return errno;
	for (int i = 0; i < n; i++) {
		pid_t pid = fork();

		if (pid < 0)
			return errno;
		if (pid == 0) {
			close(go[1]);
			err = read(go[0], &c, 1) == 0 ? nested(rest) : EIO;
			_exit(write(p[1], &err, sizeof(err)) < 0);
		}
	}
	close(go[1]);
	close(p[1]);
	while (read(p[0], &err, sizeof(err)) == sizeof(err)) {
		got++;
		first = first < 0 || first == err ? err : EBADMSG;
	}
	close(p[0]);
	close(go[0]);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	return got == n ? first : ECHILD;
}

/* "PID PATH": another process, stopped in a system call, is made to open PATH for reading */
static int do_inject(const char *text)
{
	char word0[16];
	const char *path = word(text, word0, sizeof(word0));
	struct user_regs_struct old, r;
	pid_t pid = atoi(word0);
	uint64_t at, words[64] = { 0 };
	int status, err = 0;

	snprintf((char *)words, sizeof(words), "%s", path);
	if (ptrace(PTRACE_ATTACH, pid, NULL, NULL) < 0)
		return errno;
	waitpid(pid, &status, __WALL);
	ptrace(PTRACE_GETREGS, pid, NULL, &old);
	r = old;
	at = (old.rsp - 4096) & ~15ull;
	for (size_t i = 0; i < 64; i++)
		ptrace(PTRACE_POKEDATA, pid, (void *)(at + 8 * i), (void *)words[i]);
	for (int call = 0; call < 2; call++) { /* open, then close what it got */
		r.rip = old.rip - 2;
		r.orig_rax = (unsigned long long)-1;
		r.rax = call == 0 ? SYS_openat : SYS_close;
		r.rdi = call == 0 ? (unsigned long long)AT_FDCWD : r.rdi;
		r.rsi = at;
		r.rdx = O_RDONLY;
		ptrace(PTRACE_SETREGS, pid, NULL, &r);
		ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL);
		waitpid(pid, &status, __WALL);
		ptrace(PTRACE_GETREGS, pid, NULL, &r);
		if (call == 0 && (long long)r.rax < 0) {
			err = (int)-(long long)r.rax;
			break;
		}
		r.rdi = r.rax;
	}
	ptrace(PTRACE_SETREGS, pid, NULL, &old);
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
	return err;
}

/* ---- other ways of opening a file ---- */

static int closing(int fd)
{
	int err = result(fd);

	if (fd >= 0)
		close(fd);
	return err;
}

static int do_openat2(const char *path)
{
	uint64_t how[3] = { O_RDONLY | O_CLOEXEC };

	return closing((int)syscall(SYS_openat2, AT_FDCWD, path, how, sizeof(how)));
}

static int do_o_path(const char *path)
{
	return do_open(path, O_PATH);
}

static int do_tmpfile(const char *dir)
{
	return do_open(dir, O_TMPFILE | O_RDWR);
}

/* With the kernel's own mark of an exec in the flags (__FMODE_EXEC): not for users. */
static int do_flag_exec(const char *path)
{
	return do_open(path, O_RDONLY | 0x20);
}

static int do_unix_bind(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), err;

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
	err = result(bind(fd, (struct sockaddr *)&sun, sizeof(sun)));
	close(fd);
	return err;
}

static int do_mknod(const char *path)
{
	return result(mknod(path, S_IFREG | 0600, 0));
}

static int do_list(const char *dir)
{
	return do_open(dir, O_RDONLY | O_DIRECTORY);
}

static int reopen(int fd, int flags)
{
	char path[64];
	int err;

	if (fd < 0)
		return errno;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	err = do_open(path, flags);
	close(fd);
	return err;
}

static int do_fd_read(const char *path)
{
	return reopen(open(path, O_PATH | O_CLOEXEC), O_RDONLY);
}

static int do_fd_write(const char *path)
{
	return reopen(open(path, O_PATH | O_CLOEXEC), O_WRONLY);
}

static int do_reopen(const char *what)
{
	int p[2] = { -1, -1 };

	if (strcmp(what, "memfd") == 0)
		return reopen(memfd_create("probe", MFD_CLOEXEC), O_RDWR);
	if (strcmp(what, "eventfd") == 0)
		return reopen(eventfd(0, EFD_CLOEXEC), O_RDWR);
	if (strcmp(what, "socket") == 0)
		return reopen(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), O_RDWR);
	if (strcmp(what, "pipe") == 0 && pipe2(p, O_CLOEXEC) == 0) {
		int err = reopen(p[0], O_RDWR);

		close(p[1]);
		return err;
	}
	return EINVAL;
}

/* By its handle, on the mount of the working directory. */
static int do_handle(const char *path)
{
	union {
		struct file_handle h;
		char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} u = { .h.handle_bytes = MAX_HANDLE_SZ };
	int mount;

	if (name_to_handle_at(AT_FDCWD, path, &u.h, &mount, 0) < 0)
		return errno;
	return closing(open_by_handle_at(AT_FDCWD, &u.h, O_RDONLY | O_CLOEXEC));
}

static int below(int dir, const char *name)
{
	int err;

	if (dir < 0)
		return errno;
	err = closing(openat(dir, name, O_RDONLY | O_CLOEXEC));
	close(dir);
	return err;
}

/* "DIR NAME": below a copy of the mount that is nowhere */
static int do_open_tree(const char *text)
{
	char dir[4096];
	const char *name = word(text, dir, sizeof(dir));

	return below((int)syscall(SYS_open_tree, AT_FDCWD, dir, 1 | O_CLOEXEC), name);
}

/* "DIR NAME": DIR is a mount, and is taken away before the open */
static int do_lazy(const char *text)
{
	char dir[4096];
	const char *name = word(text, dir, sizeof(dir));
	int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (umount2(dir, MNT_DETACH) < 0)
		return ENOTRECOVERABLE;
	return below(fd, name);
}

static int held = -1;

/* Keeps a descriptor for a probe of the same process. */
static int do_hold(const char *path)
{
	held = open(path, O_RDWR | O_CLOEXEC);
	return result(held);
}

static int do_held_ftruncate(const char *unused)
{
	(void)unused;
	return result(ftruncate(held, 0));
}

/* ---- io_uring, one request ---- */

static int uring_one(struct io_uring_sqe sqe, unsigned int flags, int fixed, int *ret)
{
	struct io_uring_params p = { .flags = flags, .sq_thread_idle = 100 };
	int fd = (int)syscall(SYS_io_uring_setup, 4, &p), res = -ETIME;
	size_t len = p.sq_off.array + p.sq_entries * sizeof(unsigned int), cq = p.cq_off.cqes + p.cq_entries * 16;
	char *ring, *sqes;

	if (fd < 0)
		return errno;
	ring = mmap(NULL, len > cq ? len : cq, PROT_READ | PROT_WRITE, MAP_SHARED, fd, IORING_OFF_SQ_RING);
	sqes = mmap(NULL, p.sq_entries * sizeof(sqe), PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)IORING_OFF_SQES);
	if (ring == MAP_FAILED || sqes == MAP_FAILED)
		return errno;
	if (fixed >= 0 && syscall(SYS_io_uring_register, fd, IORING_REGISTER_FILES, &fixed, 1) < 0)
		return errno;
	memcpy(sqes, &sqe, sizeof(sqe));
	*(unsigned int *)(ring + p.sq_off.array) = 0;
	__atomic_store_n((unsigned int *)(ring + p.sq_off.tail), 1, __ATOMIC_RELEASE);
	if (flags & IORING_SETUP_SQPOLL)
		syscall(SYS_io_uring_enter, fd, 1, 0, IORING_ENTER_SQ_WAKEUP, NULL, 0);
	else
		syscall(SYS_io_uring_enter, fd, 1, 0, 0, NULL, 0);
	for (int i = 0; i < 5000; i++) {
		if (__atomic_load_n((unsigned int *)(ring + p.cq_off.tail), __ATOMIC_ACQUIRE) != 0) {
			res = ((struct io_uring_cqe *)(ring + p.cq_off.cqes))->res;
			break;
		}
		usleep(1000);
		syscall(SYS_io_uring_enter, fd, 0, 0, IORING_ENTER_GETEVENTS, NULL, 0);
	}
	close(fd);
	*ret = res;
	return res < 0 ? -res : 0;
}

int uring(struct io_uring_sqe sqe, unsigned int flags)
{
	int res;

	return uring_one(sqe, flags, -1, &res);
}

int uring_keep(struct io_uring_sqe sqe, int *ret)
{
	return uring_one(sqe, 0, -1, ret);
}

int uring_table(struct io_uring_sqe sqe, int fd)
{
	int res;

	return uring_one(sqe, 0, fd, &res);
}

int uring_fixed(struct io_uring_sqe sqe, int fd)
{
	int res;

	sqe.fd = 0;
	sqe.flags |= IOSQE_FIXED_FILE;
	return uring_one(sqe, 0, fd, &res);
}

static int uring_open(const char *path, unsigned int flags, uint8_t sqe_flags)
{
	return uring((struct io_uring_sqe){ .opcode = IORING_OP_OPENAT, .flags = sqe_flags, .fd = AT_FDCWD,
					    .addr = (uint64_t)path, .open_flags = O_RDONLY }, flags);
}

static int do_uring_read(const char *path)
{
	return uring_open(path, 0, 0);
}

static int do_uring_async(const char *path)
{
	return uring_open(path, 0, IOSQE_ASYNC);
}

static int do_uring_sqpoll(const char *path)
{
	return uring_open(path, IORING_SETUP_SQPOLL, 0);
}

static int do_uring_connect(const char *text)
{
	struct sockaddr_storage ss;
	socklen_t len = parse_addr(text, &ss);
	int fd = socket(ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return uring((struct io_uring_sqe){ .opcode = IORING_OP_CONNECT, .fd = fd, .addr = (uint64_t)&ss, .off = len }, 0);
}

static int do_uring_sendmsg(const char *text)
{
	struct sockaddr_storage ss;
	struct iovec iov = { .iov_base = (char *)"x", .iov_len = 1 };
	struct msghdr m = { .msg_name = &ss, .msg_namelen = parse_addr(text, &ss), .msg_iov = &iov, .msg_iovlen = 1 };
	int fd = socket(ss.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return uring((struct io_uring_sqe){ .opcode = IORING_OP_SENDMSG, .fd = fd, .addr = (uint64_t)&m, .len = 1 }, 0);
}

/* ---- other ways of running a program ---- */

static int exec_fd_flags(int fd, int flags)
{
	char *const argv[] = { (char *)"probe", (char *)"--version", NULL }, *const envp[] = { NULL };

	if (fd >= 0)
		syscall(SYS_execveat, fd, "", argv, envp, AT_EMPTY_PATH | flags);
	return errno;
}

static int exec_fd_cloexec(const char *path)
{
	return exec_fd_flags(open(path, O_PATH | O_CLOEXEC), 0);
}

static int do_fexec_cloexec(const char *path)
{
	return in_child(exec_fd_cloexec, path);
}

/* AT_EXECVE_CHECK: since 6.14 */
static int do_exec_check(const char *path)
{
	int fd = open(path, O_PATH | O_CLOEXEC);
	char *const argv[] = { (char *)"probe", NULL }, *const envp[] = { NULL };

	return result((int)syscall(SYS_execveat, fd, "", argv, envp, AT_EMPTY_PATH | 0x10000));
}

static int exec_deleted(const char *path)
{
	int fd = open(path, O_PATH | O_CLOEXEC);

	return unlink(path) < 0 ? ENOTRECOVERABLE : exec_fd_flags(fd, 0);
}

static int do_deleted_exec(const char *path)
{
	return in_child(exec_deleted, path);
}

static void *exec_in_thread(void *arg)
{
	struct job *j = arg;

	j->err = exec_path(j->text);
	return NULL;
}

static int exec_thread(const char *path)
{
	struct job j = { .text = path };
	pthread_t t;

	if (pthread_create(&t, NULL, exec_in_thread, &j) != 0)
		return EAGAIN;
	pthread_join(t, NULL);
	return j.err;
}

static int do_thread_exec(const char *path)
{
	return in_child(exec_thread, path);
}

/* "PATH OP OBJECT": an exec that is expected to fail, then the probe */
static int do_try_exec(const char *text)
{
	char path[4096];
	const char *rest = word(text, path, sizeof(path));

	exec_path(path);
	return nested(rest);
}

/* ---- other ways to an address ---- */

static int do_sendmsg(const char *text)
{
	return do_net(text, SOCK_DGRAM, IPPROTO_UDP, 0, SENDMSG);
}

static int do_sendmmsg(const char *text)
{
	return do_net(text, SOCK_DGRAM, IPPROTO_UDP, 0, SENDMMSG);
}

static int do_short(const char *text)
{
	return do_net(text, SOCK_DGRAM, IPPROTO_UDP, 0, SHORT);
}

static int do_unspec_send(const char *text)
{
	return do_net(text, SOCK_DGRAM, IPPROTO_UDP, 0, UNSPEC_SEND);
}

static int do_udp6_v4(const char *text)
{
	return net_family(text, AF_INET6, SOCK_DGRAM, IPPROTO_UDP, 0, CONNECT);
}

static int do_udplite(const char *text)
{
	return do_net(text, SOCK_DGRAM, IPPROTO_UDPLITE, 0, CONNECT);
}

static int do_raw(const char *text)
{
	return do_net(text, SOCK_RAW, IPPROTO_UDP, 0, CONNECT);
}

static int do_raw_send(const char *text)
{
	return do_net(text, SOCK_RAW, IPPROTO_UDP, 0, SENDTO);
}

static int do_ping(const char *text)
{
	return do_net(text, SOCK_DGRAM, strchr(text, ':') ? IPPROTO_ICMPV6 : IPPROTO_ICMP, 0, CONNECT);
}

static int do_ping_send(const char *text)
{
	struct sockaddr_storage ss;
	socklen_t len = parse_addr(text, &ss);
	int fd = socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP);
	char echo[8] = { 8 };

	return fd < 0 ? errno : result((int)sendto(fd, echo, sizeof(echo), 0, (struct sockaddr *)&ss, len));
}

static int do_sctp(const char *text)
{
	return do_net(text, SOCK_STREAM, IPPROTO_SCTP, 0, CONNECT);
}

static int do_sctp_send(const char *text)
{
	return do_net(text, SOCK_SEQPACKET, IPPROTO_SCTP, 0, SENDTO);
}

/* sctp_connectx() is a socket option: SCTP_SOCKOPT_CONNECTX in linux/sctp.h */
static int do_connectx(const char *text)
{
	struct sockaddr_storage ss;
	socklen_t len = parse_addr(text, &ss);
	int fd = socket(ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK, IPPROTO_SCTP);

	return fd < 0 ? errno : result(setsockopt(fd, 132, 110, &ss, len) < 0 ? -1 : 0);
}

static int do_smc(const char *text)
{
	return net_family(text, 43, SOCK_STREAM, strchr(text, ':') ? 1 : 0, 0, CONNECT);
}

/* TCP_FASTOPEN_CONNECT: connect() only takes the address down, the first write goes out. */
static int do_fastopen_connect(const char *text)
{
	struct sockaddr_storage ss;
	socklen_t len = parse_addr(text, &ss);
	int fd = socket(ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1, err;

	setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &one, sizeof(one));
	err = result(connect(fd, (struct sockaddr *)&ss, len));
	if (err == 0)
		err = result((int)send(fd, "x", 1, MSG_NOSIGNAL));
	close(fd);
	return err;
}

static int do_hold_udp(const char *text)
{
	struct sockaddr_storage ss;
	socklen_t len = parse_addr(text, &ss);

	held = socket(ss.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return result(connect(held, (struct sockaddr *)&ss, len));
}

static int do_held_send(const char *unused)
{
	int err;

	(void)unused;
	err = result((int)send(held, "x", 1, MSG_NOSIGNAL));
	return err == ECONNREFUSED ? result((int)send(held, "x", 1, MSG_NOSIGNAL)) : err; /* of the packet before */
}

/* Takes the address off the held socket. */
static int do_unspec(const char *unused)
{
	struct sockaddr sa = { .sa_family = AF_UNSPEC };

	(void)unused;
	return result(connect(held, &sa, sizeof(sa)));
}

static int do_unix(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), err;

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
	err = result(connect(fd, (struct sockaddr *)&sun, sizeof(sun)));
	close(fd);
	return err;
}

#define SCM_FD 99

/* "PROGRAM ADDRESS PORT": PROGRAM gets a UDP socket of this process, and is to send to the address with it */
static int do_scm(const char *text)
{
	char program[4096], command[8192];
	const char *addr = word(text, program, sizeof(program));
	union {
		struct cmsghdr h;
		char room[CMSG_SPACE(sizeof(int))];
	} c = { .h = { .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS } };
	struct iovec iov = { .iov_base = (char *)"x", .iov_len = 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &c, .msg_controllen = sizeof(c) };
	int fd = socket(strchr(addr, ':') ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), s[2];

	memcpy(CMSG_DATA(&c.h), &fd, sizeof(fd));
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, s) < 0 || sendmsg(s[0], &m, 0) < 0 || dup2(s[1], SCM_FD) < 0)
		return ENOTRECOVERABLE;
	snprintf(command, sizeof(command), "%s scm-use %s", program, addr);
	return spawn_wait(command, SPAWN_FORK);
}

static int do_scm_use(const char *text)
{
	struct sockaddr_storage ss;
	socklen_t len = parse_addr(text, &ss);
	char x, room[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { .iov_base = &x, .iov_len = 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof(room) };
	int fd;

	if (recvmsg(SCM_FD, &m, 0) < 0 || !CMSG_FIRSTHDR(&m))
		return ENOTRECOVERABLE;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(fd));
	return net_call(fd, &ss, len, 0, SENDTO);
}

#include "probe_code.h"
#include "probe_file.h"

static const struct probe_op probes[] = {
	{ "read", do_read },       { "write", do_write },         { "append", do_append },   { "rdwr", do_rdwr },
	{ "trunc", do_trunc },     { "truncate", do_truncate },   { "create", do_create },   { "mkdir", do_mkdir },
	{ "mkfifo", do_mkfifo },   { "symlink", do_symlink },     { "link", do_link },       { "rename", do_rename },
	{ "exchange", do_exchange }, { "exec", do_exec },         { "fexec", do_fexec },     { "memfd-exec", do_memfd_exec },
	{ "tcp", do_tcp },         { "udp", do_udp },             { "udp-send", do_udp_send }, { "fastopen", do_fastopen },
	{ "mptcp", do_mptcp },
	/* ways of opening */
	{ "openat2", do_openat2 }, { "o-path", do_o_path }, { "tmpfile", do_tmpfile }, { "list", do_list },
	{ "fd-read", do_fd_read }, { "fd-write", do_fd_write }, { "handle", do_handle }, { "open-tree", do_open_tree },
	{ "flag-exec", do_flag_exec }, { "unix-bind", do_unix_bind }, { "mknod", do_mknod }, { "lazy", do_lazy }, { "reopen", do_reopen }, { "uring-read", do_uring_read }, { "uring-async", do_uring_async },
	{ "uring-sqpoll", do_uring_sqpoll }, { "hold", do_hold }, { "held-ftruncate", do_held_ftruncate },
	/* other ways of running a program */
	{ "fexec-cloexec", do_fexec_cloexec }, { "exec-check", do_exec_check }, { "deleted-exec", do_deleted_exec },
	{ "thread-exec", do_thread_exec }, { "try-exec", do_try_exec },
	/* other ways to an address */
	{ "sendmsg", do_sendmsg }, { "sendmmsg", do_sendmmsg }, { "fastopen-connect", do_fastopen_connect },
	{ "short", do_short }, { "unspec", do_unspec }, { "unspec-send", do_unspec_send }, { "udp6-v4", do_udp6_v4 },
	{ "udplite", do_udplite }, { "raw", do_raw }, { "raw-send", do_raw_send }, { "ping", do_ping },
	{ "ping-send", do_ping_send }, { "sctp", do_sctp }, { "sctp-send", do_sctp_send }, { "connectx", do_connectx },
	{ "smc", do_smc }, { "unix", do_unix }, { "uring-connect", do_uring_connect }, { "uring-sendmsg", do_uring_sendmsg },
	{ "hold-udp", do_hold_udp }, { "held-send", do_held_send }, { "scm", do_scm }, { "scm-use", do_scm_use },
	/* where or as whom: the rest of the object is a probe of its own */
	{ "thread", do_thread }, { "worker", do_worker }, { "child", do_child }, { "fork", do_fork }, { "orphan", do_orphan },
	{ "uid", do_uid }, { "chroot", do_chroot }, { "pivot", do_pivot }, { "in", do_in }, { "deep", do_deep },
	{ "run", do_run }, { "run-vfork", do_run_vfork }, { "run-spawn", do_run_spawn }, { "into", do_into },
	{ "many", do_many }, { "inject", do_inject },
	PROBES_CODE, PROBES_FILE,
	{ NULL, NULL },
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

/* The errno of one probe, -1 if there is none of that name. */
static int run_one(const char *op, const char *object)
{
	static const struct probe_op *const all[] = { probes, probes_fail, probes_net, probes_recv, probes_sys, probes_ways };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		for (const struct probe_op *p = all[i]; p->op; p++)
			if (strcmp(op, p->op) == 0)
				return p->run(object);
	fprintf(stderr, "probe: unknown probe '%s'\n", op);
	return -1;
}

static int probe(const char *op, const char *object)
{
	const char *fd = getenv("PROBE_FD"); /* `run` of another probe waits for the answer there */
	int answer = fd ? atoi(fd) : -1, err;

	unsetenv("PROBE_FD");
	err = run_one(op, object);
	if (err < 0)
		return 2;
	if (answer >= 0)
		return write(answer, &err, sizeof(err)) < 0 ? 2 : 0;
	printf("%s\t%s\t%s\n", op, object, errno_name(err));
	fflush(stdout);
	return 0;
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

/* An object in several words. */
static int probe_words(int argc, char **argv)
{
	static char object[16384];
	size_t at = 0;

	for (int i = 2; i < argc && at < sizeof(object); i++)
		at += (size_t)snprintf(object + at, sizeof(object) - at, "%s%s", i > 2 ? " " : "", argv[i]);
	return probe(argv[1], object);
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "-") == 0)
		return probe_lines();
	if (argc == 3)
		return probe(argv[1], argv[2]);
	if (argc > 3)
		return probe_words(argc, argv);
	fprintf(stderr, "usage: probe OP OBJECT | probe -\n");
	return 2;
}
