// SPDX-License-Identifier: GPL-2.0-or-later
/* Probes about sockets: making, binding, listening, accepting, and unix sockets by their addresses. */
#include "probe.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- unix sockets: PATH, @NAME, or - for no address at all ---- */

socklen_t parse_unix(const char *text, struct sockaddr_un *sun)
{
	size_t n = strlen(text);

	memset(sun, 0, sizeof(*sun));
	sun->sun_family = AF_UNIX;
	if (strcmp(text, "-") == 0)
		return offsetof(struct sockaddr_un, sun_path);
	if (n > sizeof(sun->sun_path))
		n = sizeof(sun->sun_path);
	memcpy(sun->sun_path, text, n);
	if (text[0] != '@')
		return sizeof(*sun);
	sun->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
}

static int unix_connect(const char *text, int type)
{
	struct sockaddr_un sun;
	socklen_t len = parse_unix(text, &sun);
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), err;

	if (fd < 0)
		return errno;
	err = result(connect(fd, (struct sockaddr *)&sun, len));
	close(fd);
	return err;
}

static int do_unix_stream(const char *text)
{
	return unix_connect(text, SOCK_STREAM);
}

static int do_unix_seq(const char *text)
{
	return unix_connect(text, SOCK_SEQPACKET);
}

static int do_unix_dgram(const char *text)
{
	return unix_connect(text, SOCK_DGRAM);
}

static int unix_send(int fd, const char *text)
{
	struct sockaddr_un sun;
	socklen_t len = parse_unix(text, &sun);

	return result((int)sendto(fd, "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT, (struct sockaddr *)&sun, len));
}

static int do_unix_send(const char *text)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), err = unix_send(fd, text);

	close(fd);
	return err;
}

static int do_unix_uring(const char *text)
{
	struct sockaddr_un sun;
	socklen_t len = parse_unix(text, &sun);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return uring((struct io_uring_sqe){ .opcode = IORING_OP_CONNECT, .fd = fd, .addr = (uint64_t)&sun, .off = len }, 0);
}

static int unix_held = -1;

/* A datagram socket that stays connected for the next two. */
static int do_unix_hold(const char *text)
{
	struct sockaddr_un sun;
	socklen_t len = parse_unix(text, &sun);

	if (unix_held < 0)
		unix_held = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return result(connect(unix_held, (struct sockaddr *)&sun, len));
}

static int do_unix_held_send(const char *unused)
{
	(void)unused;
	return result((int)send(unix_held, "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT));
}

static int do_unix_held_sendto(const char *text)
{
	return unix_send(unix_held, text);
}

/* Both ends of a pair of each type send without a name. */
static int do_unix_pair(const char *unused)
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET };
	int s[2];

	(void)unused;
	for (size_t i = 0; i < 3; i++) {
		if (socketpair(AF_UNIX, types[i] | SOCK_CLOEXEC, 0, s) < 0 || send(s[0], "x", 1, 0) < 0 || send(s[1], "x", 1, 0) < 0)
			return errno;
		close(s[0]);
		close(s[1]);
	}
	return 0;
}

/* Binds, and listens if the type can. */
static int unix_listen(const char *text, int type, int *ret)
{
	struct sockaddr_un sun;
	socklen_t len = parse_unix(text, &sun);

	*ret = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	if (*ret < 0 || bind(*ret, (struct sockaddr *)&sun, len) < 0)
		return errno;
	return type == SOCK_DGRAM ? 0 : result(listen(*ret, 5));
}

static int unix_listening(const char *text, int type)
{
	int fd, err = unix_listen(text, type, &fd);

	close(fd);
	return err;
}

static int do_unix_listen(const char *text)
{
	return unix_listening(text, SOCK_STREAM);
}

static int do_unix_dgram_bind(const char *text)
{
	return unix_listening(text, SOCK_DGRAM);
}

/* A client of this process's own; then accept(). */
static int do_unix_accept(const char *text)
{
	struct sockaddr_un sun;
	socklen_t len = parse_unix(text, &sun);
	int fd, err = unix_listen(text, SOCK_STREAM, &fd), client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), got;

	if (err == 0)
		err = result(connect(client, (struct sockaddr *)&sun, len)) ? ENOTRECOVERABLE : 0;
	if (err == 0) {
		got = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
		err = result(got);
		close(got);
	}
	close(client);
	close(fd);
	return err;
}

/* ---- sockets to be made: "FAMILY TYPE PROTOCOL", numbers ---- */

static int do_socket(const char *text)
{
	int f = 0, t = 0, p = 0, fd, err;

	if (sscanf(text, "%d %d %d", &f, &t, &p) != 3)
		return EINVAL;
	fd = socket(f, t | SOCK_CLOEXEC | SOCK_NONBLOCK, p);
	err = result(fd);
	if (fd >= 0)
		close(fd);
	return err;
}

static int do_socketpair(const char *text)
{
	int f = 0, t = 0, p = 0, s[2];

	if (sscanf(text, "%d %d %d", &f, &t, &p) != 3)
		return EINVAL;
	if (socketpair(f, t | SOCK_CLOEXEC, p, s) < 0)
		return errno;
	close(s[0]);
	close(s[1]);
	return 0;
}

static int do_uring_socket(const char *text)
{
	int f = 0, t = 0, p = 0;

	if (sscanf(text, "%d %d %d", &f, &t, &p) != 3)
		return EINVAL;
	return uring((struct io_uring_sqe){ .opcode = 45 /* IORING_OP_SOCKET */, .fd = f, .off = (uint64_t)t, .len = (uint32_t)p }, 0);
}

/* ---- the local end: "ADDRESS PORT" ---- */

static int bound(const char *text, int type, int proto, int v6only, int *ret)
{
	struct sockaddr_storage ss;
	socklen_t len = parse_addr(text, &ss);
	int one = 1;

	if (len == 0)
		return EINVAL;
	*ret = socket(ss.ss_family, type | SOCK_CLOEXEC, proto);
	if (*ret < 0)
		return errno;
	setsockopt(*ret, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (v6only)
		setsockopt(*ret, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	return result(bind(*ret, (struct sockaddr *)&ss, len));
}

static int binding(const char *text, int type, int proto, int v6only)
{
	int fd = -1, err = bound(text, type, proto, v6only, &fd);

	if (fd >= 0)
		close(fd);
	return err;
}

static int do_bind_tcp(const char *text)
{
	return binding(text, SOCK_STREAM, 0, 0);
}

static int do_bind_udp(const char *text)
{
	return binding(text, SOCK_DGRAM, 0, 0);
}

static int do_bind_v6only(const char *text)
{
	return binding(text, SOCK_STREAM, 0, 1);
}

static int do_bind_mptcp(const char *text)
{
	return binding(text, SOCK_STREAM, 262, 0);
}

static int do_bind_raw(const char *text)
{
	return binding(text, SOCK_RAW, IPPROTO_UDP, 0);
}

static int do_bind_sctp(const char *text)
{
	return binding(text, SOCK_STREAM, IPPROTO_SCTP, 0);
}

static int do_bind_uring(const char *text)
{
	struct sockaddr_storage ss;
	socklen_t len = parse_addr(text, &ss);
	int fd = socket(ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return uring((struct io_uring_sqe){ .opcode = 56 /* IORING_OP_BIND */, .fd = fd, .addr = (uint64_t)&ss, .off = len }, 0);
}

/* "OPTION ADDRESS PORT [ADDRESS PORT]": sctp_bindx() or sctp_connectx(), which are socket options, with one address or two */
static int sctp_option(const char *text, int option)
{
	struct sockaddr_storage ss;
	char buf[2 * sizeof(ss)], addr[64], port[16], one[96];
	size_t n = 0;
	int fd = -1, err;

	while (*text && n + sizeof(ss) <= sizeof(buf)) {
		socklen_t len;

		text = word(word(text, addr, sizeof(addr)), port, sizeof(port));
		snprintf(one, sizeof(one), "%s %s", addr, port);
		len = parse_addr(one, &ss);
		if (len == 0)
			return EINVAL;
		memcpy(buf + n, &ss, len);
		n += len;
		if (fd < 0)
			fd = socket(ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK, IPPROTO_SCTP);
	}
	if (fd < 0)
		return errno;
	err = result(setsockopt(fd, 132, option, buf, (socklen_t)n) < 0 ? -1 : 0);
	close(fd);
	return err;
}

static int do_sctp_bindx(const char *text)
{
	return sctp_option(text, 100); /* SCTP_SOCKOPT_BINDX_ADD in linux/sctp.h */
}

static int do_sctp_connectx(const char *text)
{
	return sctp_option(text, 110); /* SCTP_SOCKOPT_CONNECTX */
}

static int do_listen(const char *text)
{
	int fd = -1, err = bound(text, SOCK_STREAM, 0, 0, &fd);

	if (err == 0)
		err = result(listen(fd, 5));
	if (fd >= 0)
		close(fd);
	return err;
}

static int listening(int family, int proto)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, proto), err = fd < 0 ? errno : result(listen(fd, 5));

	if (fd >= 0)
		close(fd);
	return err;
}

/* Without bind(): "4", "6", or "mptcp" */
static int do_listen_unbound(const char *text)
{
	if (strcmp(text, "mptcp") == 0)
		return listening(AF_INET, 262);
	return listening(*text == '6' ? AF_INET6 : AF_INET, 0);
}

/* "ADDRESS PORT CLIENT": CLIENT (an address, or - for any) connects to the bound address from another process; accept() in this one */
static int accepting(const char *text, int proto, int uring_too)
{
	char addr[64], port[16], both[96];
	const char *from = word(word(text, addr, sizeof(addr)), port, sizeof(port));
	int fd = -1, err, got, status;
	pid_t pid;

	snprintf(both, sizeof(both), "%s %s", addr, port);
	err = bound(both, SOCK_STREAM, proto, 0, &fd);
	if (err == 0)
		err = result(listen(fd, 5));
	if (err != 0)
		return err;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){ .tv_sec = 10 }, sizeof(struct timeval));
	pid = fork();
	if (pid == 0) {
		dup2(open("/dev/null", O_WRONLY), 1);
		execl("/t/peer", "/t/peer", "reach", both, from, (char *)NULL);
		_exit(1);
	}
	if (uring_too) {
		err = uring((struct io_uring_sqe){ .opcode = IORING_OP_ACCEPT, .fd = fd }, 0);
	} else {
		got = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
		err = result(got);
		if (err == 0)
			close(got);
	}
	close(fd);
	waitpid(pid, &status, 0);
	return err;
}

static int do_accept(const char *text)
{
	return accepting(text, 0, 0);
}

static int do_accept_mptcp(const char *text)
{
	return accepting(text, 262, 0);
}

static int do_accept_uring(const char *text)
{
	return accepting(text, 0, 1);
}

/* "ADDRESS PORT FROM": the other process of the above */
static int do_reach(const char *text)
{
	struct sockaddr_storage ss, me;
	char addr[64], port[16], both[96], mine[96];
	const char *from = word(word(text, addr, sizeof(addr)), port, sizeof(port));
	socklen_t len;
	int fd;

	snprintf(both, sizeof(both), "%s %s", addr, port);
	len = parse_addr(both, &ss);
	snprintf(mine, sizeof(mine), "%s 0", from);
	fd = socket(ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || (*from != '-' && bind(fd, (struct sockaddr *)&me, parse_addr(mine, &me)) < 0))
		return errno;
	return result(connect(fd, (struct sockaddr *)&ss, len));
}

const struct probe_op probes_net[] = {
	{ "unix-stream", do_unix_stream }, { "unix-seq", do_unix_seq }, { "unix-dgram", do_unix_dgram },
	{ "unix-send", do_unix_send }, { "unix-uring", do_unix_uring }, { "unix-hold", do_unix_hold },
	{ "unix-held-send", do_unix_held_send }, { "unix-held-sendto", do_unix_held_sendto }, { "unix-pair", do_unix_pair },
	{ "unix-listen", do_unix_listen }, { "unix-dgram-bind", do_unix_dgram_bind }, { "unix-accept", do_unix_accept },
	{ "socket", do_socket }, { "socketpair", do_socketpair }, { "uring-socket", do_uring_socket },
	{ "bind-tcp", do_bind_tcp }, { "bind-udp", do_bind_udp }, { "bind-v6only", do_bind_v6only },
	{ "bind-mptcp", do_bind_mptcp }, { "bind-raw", do_bind_raw }, { "bind-sctp", do_bind_sctp },
	{ "bind-uring", do_bind_uring }, { "sctp-bindx", do_sctp_bindx }, { "sctp-connectx", do_sctp_connectx },
	{ "listen", do_listen }, { "listen-unbound", do_listen_unbound },
	{ "accept", do_accept }, { "accept-mptcp", do_accept_mptcp }, { "accept-uring", do_accept_uring }, { "reach", do_reach },
	{ NULL, NULL },
};
