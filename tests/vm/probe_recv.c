// SPDX-License-Identifier: GPL-2.0-or-later
/* Probes about descriptors that come from elsewhere, every way to use one, and what an accepted connection is good for. */
#include "probe.h"

#include <fcntl.h>
#include <linux/aio_abi.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define GIVEN_FD 99 /* a unix socket with a descriptor in it, or a descriptor, for the program that is run */

/* ---- arriving ---- */

static int send_fd(int fd, int to)
{
	union {
		struct cmsghdr h;
		char room[CMSG_SPACE(sizeof(int))];
	} c = { .h = { .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS } };
	struct iovec iov = { .iov_base = (char *)"x", .iov_len = 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &c, .msg_controllen = sizeof(c) };

	memcpy(CMSG_DATA(&c.h), &fd, sizeof(fd));
	return result((int)sendmsg(to, &m, 0));
}

static int open_how(const char *how, const char *path)
{
	int flags = strcmp(how, "r") == 0 ? O_RDONLY : strcmp(how, "w") == 0 ? O_WRONLY : strcmp(how, "a") == 0 ? O_WRONLY | O_APPEND :
		    strcmp(how, "path") == 0 ? O_PATH : strcmp(how, "io") == 0 ? 3 : O_RDWR;

	return open(path, flags | O_CLOEXEC);
}

static int give(const char *program, int fd)
{
	char command[256];
	int s[2];

	if (fd < 0 || socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, s) < 0 || send_fd(fd, s[0]) != 0 || dup2(s[1], GIVEN_FD) < 0)
		return ENOTRECOVERABLE;
	snprintf(command, sizeof(command), "%s take -", program);
	return run_program(command);
}

/* "PROGRAM HOW PATH": PROGRAM gets a descriptor that this process has opened: r, w, a, rw, io, path. EPERM: it does not arrive */
static int do_give(const char *text)
{
	char program[4096], how[16];
	const char *path = word(word(text, program, sizeof(program)), how, sizeof(how));

	return give(program, open_how(how, path));
}

static int take_fd(void)
{
	char x, room[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { .iov_base = &x, .iov_len = 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof(room) };
	int fd;

	if (recvmsg(GIVEN_FD, &m, 0) < 0)
		return -errno;
	if (!CMSG_FIRSTHDR(&m) || CMSG_FIRSTHDR(&m)->cmsg_len < CMSG_LEN(sizeof(int)))
		return m.msg_flags & MSG_CTRUNC ? -EPERM : -ENOMSG;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(fd));
	return fd;
}

static int do_take(const char *unused)
{
	int fd = take_fd();

	(void)unused;
	return fd < 0 ? -fd : 0;
}

/* "PROGRAM ADDRESS PORT": PROGRAM gets a UDP socket that this process has connected */
static int do_give_socket(const char *text)
{
	struct sockaddr_storage ss;
	char program[4096];
	const char *addr = word(text, program, sizeof(program));
	socklen_t len = parse_addr(addr, &ss);
	int fd = socket(ss.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (connect(fd, (struct sockaddr *)&ss, len) < 0)
		return ENOTRECOVERABLE;
	return give(program, fd);
}

/* "PROGRAM TYPE ADDRESS": PROGRAM gets a unix socket, stream or dgram, that this process has connected */
static int do_give_unix(const char *text)
{
	char program[4096], type[16];
	const char *addr = word(word(text, program, sizeof(program)), type, sizeof(type));
	struct sockaddr_un sun;
	socklen_t len = parse_unix(addr, &sun);
	int fd = socket(AF_UNIX, (type[0] == 's' ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);

	if (connect(fd, (struct sockaddr *)&sun, len) < 0)
		return ENOTRECOVERABLE;
	return give(program, fd);
}

/* "PID FD" */
static int do_pidfd_take(const char *text)
{
	int pid = 0, fd = 0, pidfd, got, err;

	if (sscanf(text, "%d %d", &pid, &fd) != 2)
		return EINVAL;
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	got = (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);
	err = result(got);
	if (got >= 0)
		close(got);
	close(pidfd);
	return err;
}

/* ---- using descriptor 3 ---- */

static char buf[4096];

static int temporary(void)
{
	int fd = (int)syscall(SYS_memfd_create, "probe", 1);

	return write(fd, "probe", 5) == 5 && lseek(fd, 0, SEEK_SET) == 0 ? fd : -1;
}

/* On the file system of the test: some kernels copy on one only. */
static int neighbour(void)
{
	int fd = open("/t/d", O_TMPFILE | O_RDWR, 0600);

	return write(fd, "probe", 5) == 5 && lseek(fd, 0, SEEK_SET) == 0 ? fd : -1;
}

static int mapped(int prot, int more, int flags)
{
	char *p = mmap(NULL, 4096, prot, flags, 3, 0);
	int err;

	if (p == MAP_FAILED)
		return errno;
	err = more != 0 ? result(mprotect(p, 4096, prot | more)) : 0;
	munmap(p, 4096);
	return err;
}

static int aio(int op)
{
	aio_context_t ctx = 0;
	struct iocb cb = { .aio_fildes = 3, .aio_lio_opcode = (uint16_t)op, .aio_buf = (uint64_t)buf, .aio_nbytes = 1 }, *list = &cb;
	struct io_event ev;
	int err;

	if (syscall(SYS_io_setup, 1, &ctx) < 0)
		return ENOTRECOVERABLE;
	if (syscall(SYS_io_submit, ctx, 1, &list) != 1)
		err = errno;
	else
		err = syscall(SYS_io_getevents, ctx, 1, 1, &ev, NULL) != 1 ? ENOTRECOVERABLE : ev.res < 0 ? (int)-ev.res : 0;
	syscall(SYS_io_destroy, ctx);
	return err;
}

static int spliced(int out)
{
	int p[2], err;

	if (pipe(p) < 0 || (out && write(p[1], "x", 1) != 1))
		return ENOTRECOVERABLE;
	err = result((int)(out ? splice(p[0], NULL, 3, NULL, 1, 0) : splice(3, NULL, p[1], NULL, 1, 0)));
	close(p[0]);
	close(p[1]);
	return err;
}

static int ring_use(int opcode, unsigned int flags, int fixed)
{
	struct io_uring_sqe sqe = { .opcode = (uint8_t)opcode, .fd = 3, .addr = (uint64_t)buf, .len = 1 };

	return fixed ? uring_fixed(sqe, 3) : uring(sqe, flags);
}

static const char *const use_words[] = {
	"read", "pread", "readv", "preadv2", "sendfile", "splice", "copy", "getdents", "map", "map-later", "map-shared", "aio", "uring",
	"uring-sqpoll", "uring-fixed", "copy-within", "write", "pwrite", "pwritev2", "sendfile-to", "splice-to", "copy-to", "map-write", "map-write-later",
	"aio-write", "uring-write", "fallocate", NULL
};

/* The way, the descriptor being 3. */
static int do_use(const char *way)
{
	struct iovec iov = { .iov_base = buf, .iov_len = 1 };
	int tmp = temporary(), i = 0;

	while (use_words[i] && strcmp(use_words[i], way) != 0)
		i++;
	switch (i) {
	case 0: return result((int)read(3, buf, 1));
	case 1: return result((int)pread(3, buf, 1, 0));
	case 2: return result((int)readv(3, &iov, 1));
	case 3: return result((int)preadv2(3, &iov, 1, 0, 0));
	case 4: return result((int)sendfile(tmp, 3, NULL, 1));
	case 5: return spliced(0);
	case 6: return result((int)copy_file_range(3, NULL, neighbour(), NULL, 1, 0));
	case 7: return result((int)syscall(SYS_getdents64, 3, buf, sizeof(buf)));
	case 8: return mapped(PROT_READ, 0, MAP_PRIVATE);
	case 9: return mapped(PROT_NONE, PROT_READ, MAP_PRIVATE);
	case 10: return mapped(PROT_READ, 0, MAP_SHARED);
	case 11: return aio(IOCB_CMD_PREAD);
	case 12: return ring_use(IORING_OP_READ, 0, 0);
	case 13: return ring_use(IORING_OP_READ, IORING_SETUP_SQPOLL, 0);
	case 14: return ring_use(IORING_OP_READ, 0, 1);
	case 15: return result((int)copy_file_range(3, NULL, 3, &(off_t){ 4096 }, 1, 0));
	case 16: return result((int)write(3, "x", 1));
	case 17: return result((int)pwrite(3, "x", 1, 0));
	case 18: return result((int)pwritev2(3, &iov, 1, 0, 0));
	case 19: return result((int)sendfile(3, tmp, NULL, 1));
	case 20: return spliced(1);
	case 21: return result((int)copy_file_range(neighbour(), NULL, 3, NULL, 1, 0));
	case 22: return mapped(PROT_READ | PROT_WRITE, 0, MAP_SHARED);
	case 23: return mapped(PROT_READ, PROT_WRITE, MAP_SHARED);
	case 24: return aio(IOCB_CMD_PWRITE);
	case 25: return ring_use(IORING_OP_WRITE, 0, 0);
	case 26: return result(fallocate(3, 0, 0, 4096));
	default: return EINVAL;
	}
}

/* ---- accepting: what the connection is good for ---- */

/* Connects from the address (-: any), says something, and stays until it is answered or left alone. */
static pid_t client(const struct sockaddr_storage *to, socklen_t len, const char *from, int proto, int fast)
{
	struct sockaddr_storage me;
	char mine[96];
	pid_t pid = fork();
	socklen_t n;
	int fd;

	if (pid != 0)
		return pid;
	signal(SIGPIPE, SIG_IGN);
	fd = socket(to->ss_family, SOCK_STREAM, proto);
	snprintf(mine, sizeof(mine), "%s 0", from);
	n = *from == '-' ? 0 : parse_addr(mine, &me);
	if (fd < 0 || (n != 0 && bind(fd, (struct sockaddr *)&me, n) < 0))
		_exit(1);
	if (fast) {
		if (sendto(fd, "hello", 5, MSG_FASTOPEN, (const struct sockaddr *)to, len) < 0)
			_exit(1);
	} else if (connect(fd, (const struct sockaddr *)to, len) < 0 || write(fd, "hello", 5) != 5) {
		_exit(1);
	}
	poll(&(struct pollfd){ .fd = fd, .events = POLLIN }, 1, 5000);
	_exit(0);
}

static int listener(const struct sockaddr_storage *at, socklen_t len, int proto)
{
	int fd = socket(at->ss_family, SOCK_STREAM | SOCK_CLOEXEC, proto), one = 1;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){ .tv_sec = 10 }, sizeof(struct timeval));
	if (proto == 0)
		setsockopt(fd, SOL_TCP, TCP_FASTOPEN, &(int){ 5 }, sizeof(int));
	return bind(fd, (const struct sockaddr *)at, len) < 0 || listen(fd, 5) < 0 ? -1 : fd;
}

static const char *const talk_words[] = {
	"none", "recv", "read", "recvmmsg", "splice", "zerocopy", "uring-recv", "uring-read", "send", "write", "sendmmsg", "splice-to", "sendfile",
	"uring-send", "peek", "dup", NULL
};

static int talk(int fd, const char *way)
{
	struct iovec iov = { .iov_base = buf, .iov_len = 5 };
	struct mmsghdr mm = { .msg_hdr = { .msg_iov = &iov, .msg_iovlen = 1 } };
	struct tcp_zerocopy_receive z = { 0 };
	socklen_t zlen = sizeof(z);
	int i = 0;

	poll(&(struct pollfd){ .fd = fd, .events = POLLIN }, 1, 5000);
	if (fd != 3)
		dup2(fd, 3);
	while (talk_words[i] && strcmp(talk_words[i], way) != 0)
		i++;
	switch (i) {
	case 0: return 0;
	case 1: return result((int)recv(fd, buf, 5, 0));
	case 2: return result((int)read(fd, buf, 5));
	case 3: return result(recvmmsg(fd, &mm, 1, 0, NULL));
	case 4: return spliced(0);
	case 5:
		z.address = (uint64_t)mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
		z.length = 4096;
		return result(getsockopt(fd, IPPROTO_TCP, TCP_ZEROCOPY_RECEIVE, &z, &zlen));
	case 6: return ring_use(IORING_OP_RECV, 0, 0);
	case 7: return ring_use(IORING_OP_READ, 0, 0);
	case 8: return result((int)send(fd, "x", 1, MSG_NOSIGNAL));
	case 9: return result((int)write(fd, "x", 1));
	case 10: return result(sendmmsg(fd, &mm, 1, MSG_NOSIGNAL));
	case 11: return spliced(1);
	case 12: return result((int)sendfile(fd, temporary(), NULL, 1));
	case 13: return ring_use(IORING_OP_SEND, 0, 0);
	case 14: return result((int)recv(fd, buf, 5, MSG_PEEK));
	case 15: return result((int)recv(dup(fd), buf, 5, 0));
	default: return EINVAL;
	}
}

static int protocol(const char *kind)
{
	return strncmp(kind, "mptcp", 5) == 0 ? 262 : strcmp(kind, "sctp") == 0 ? IPPROTO_SCTP : 0;
}

/* "KIND ADDRESS PORT CLIENT WAY": accepts, then tries to talk. KIND: tcp, fastopen, mptcp, mptcp-tcp (a TCP client), sctp, uring */
static int do_serve(const char *text)
{
	char kind[32], addr[64], port[16], from[64], both[96];
	const char *way = word(word(word(word(text, kind, sizeof(kind)), addr, sizeof(addr)), port, sizeof(port)), from, sizeof(from));
	struct sockaddr_storage ss;
	int proto = protocol(kind), fd, got, err;
	socklen_t len;
	pid_t pid;

	snprintf(both, sizeof(both), "%s %s", addr, port);
	len = parse_addr(both, &ss);
	fd = listener(&ss, len, proto);
	if (fd < 0)
		return errno;
	if (strchr(from, '.') && strchr(addr, ':')) { /* an IPv4 client of a listener for both */
		snprintf(both, sizeof(both), "127.0.0.1 %s", port);
		len = parse_addr(both, &ss);
	}
	pid = client(&ss, len, from, strcmp(kind, "mptcp-tcp") == 0 ? 0 : proto, strcmp(kind, "fastopen") == 0);
	if (strcmp(kind, "uring") == 0) {
		err = uring_keep((struct io_uring_sqe){ .opcode = IORING_OP_ACCEPT, .fd = fd }, &got);
	} else {
		got = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
		err = result(got);
	}
	if (err == 0) {
		err = talk(got, way);
		close(got);
	}
	close(fd);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return err;
}

/* "PROGRAM ADDRESS PORT CLIENT WAY": this process listens, the client is in the queue, and PROGRAM accepts */
static int do_activate(const char *text)
{
	char program[128], addr[64], port[16], from[64], both[96], command[256];
	const char *way =
		word(word(word(word(text, program, sizeof(program)), addr, sizeof(addr)), port, sizeof(port)), from, sizeof(from));
	struct sockaddr_storage ss;
	socklen_t len;
	int fd, err;
	pid_t pid;

	snprintf(both, sizeof(both), "%s %s", addr, port);
	len = parse_addr(both, &ss);
	fd = listener(&ss, len, 0);
	if (fd < 0 || dup2(fd, GIVEN_FD) < 0)
		return errno;
	pid = client(&ss, len, from, 0, 0);
	poll(&(struct pollfd){ .fd = fd, .events = POLLIN }, 1, 5000);
	snprintf(command, sizeof(command), "%s accept-given %s", program, way);
	err = run_program(command);
	close(GIVEN_FD);
	close(fd);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return err;
}

static int do_accept_given(const char *way)
{
	int got = accept4(GIVEN_FD, NULL, NULL, SOCK_CLOEXEC);

	return got < 0 ? errno : talk(got, way);
}

const struct probe_op probes_recv[] = {
	{ "give", do_give },   { "take", do_take },         { "give-socket", do_give_socket }, { "give-unix", do_give_unix },
	{ "pidfd-take", do_pidfd_take },
	{ "use", do_use },     { "serve", do_serve },       { "activate", do_activate },       { "accept-given", do_accept_given },
	{ NULL, NULL },
};
