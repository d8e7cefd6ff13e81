/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's side of its socket. */
#include "control.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "banned.h"

struct client {
	int fd; /* -1: free */
	bool hello;
	bool waiting; /* epoll tells when it takes more */
	enum bl_ctl_want want;
	uint64_t cursor; /* next event to send */
	uint64_t number; /* no other client ever has it */
	bool asked;	 /* a change */
};

struct record {
	void *data;
	size_t size;
};

struct bl_ctl {
	int epoll;
	int listener;
	struct client clients[BL_CTL_CLIENTS];
	struct record history[BL_CTL_HISTORY];
	uint64_t total;	 /* events ever; number i is in history[i % BL_CTL_HISTORY] */
	uint64_t oldest; /* that is still there */
	size_t bytes;	 /* of all of them */
	uint64_t numbers;
	bl_ctl_ask *ask;
	void *ask_arg;
	bl_ctl_tell *tell;
	void *tell_arg;
};

#define LISTENER BL_CTL_CLIENTS /* its epoll data; clients have their index */

static void client_drop(struct client *cl)
{
	if (cl->fd >= 0)
		(void)close(cl->fd);
	*cl = (struct client){.fd = -1};
}

/* 1: sent; 0: not now; negative: the client is gone. */
static int client_send(const struct client *cl, enum bl_ctl_type type, uint64_t arg, const void *data, size_t size)
{
	struct bl_ctl_msg m = {.version = BL_CTL_VERSION, .type = type, .arg = arg};
	struct iovec iov[2] = {{&m, sizeof(m)}, {(void *)data, size}};
	struct msghdr h = {.msg_iov = iov, .msg_iovlen = size > 0 ? 2 : 1};
	ssize_t n;

	do
		n = sendmsg(cl->fd, &h, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n >= 0)
		return 1;
	return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -errno;
}

static void client_refuse(struct client *cl, const char *why)
{
	(void)client_send(cl, BL_CTL_ERROR, 0, why, strlen(why));
	client_drop(cl);
}

static void client_wait(struct bl_ctl *c, struct client *cl, bool for_room)
{
	struct epoll_event ev = {.events = EPOLLIN | (for_room ? EPOLLOUT : 0),
				 .data.u32 = (uint32_t)(cl - c->clients)};

	if (cl->waiting == for_room)
		return;
	cl->waiting = for_room;
	(void)epoll_ctl(c->epoll, EPOLL_CTL_MOD, cl->fd, &ev);
}

/* Sends what the client has not had. */
static void client_push(struct bl_ctl *c, struct client *cl)
{
	int r = 1;

	if (cl->fd < 0 || !cl->hello || cl->want == BL_WANT_NOTHING)
		return;
	if (cl->cursor < c->oldest) {
		client_refuse(cl, "too slow: events it has not had are no longer kept");
		return;
	}
	while (r > 0 && cl->cursor < c->total) {
		const struct record *rec = &c->history[cl->cursor % BL_CTL_HISTORY];

		r = client_send(cl, BL_CTL_EVENT, cl->cursor, rec->data, rec->size);
		cl->cursor += r > 0;
	}
	if (r > 0 && cl->want == BL_WANT_HISTORY) {
		r = client_send(cl, BL_CTL_END, 0, NULL, 0);
		if (r > 0)
			r = -EPIPE; /* done with it */
	}
	if (r < 0)
		client_drop(cl);
	else
		client_wait(c, cl, r == 0);
}

/* The few packets fit into the socket's buffer, or else the client does not read. */
static void client_state(struct bl_ctl *c, struct client *cl)
{
	struct bl_daemon_state daemon = {0};
	struct bl_output_state state;
	int r = 1;

	for (size_t i = 0; r > 0 && c->tell && c->tell(c->tell_arg, i, &state, &daemon); i++)
		r = client_send(cl, BL_CTL_OUTPUT, i, &state, sizeof(state));
	if (r > 0)
		r = client_send(cl, BL_CTL_STATE, 0, &daemon, sizeof(daemon));
	if (r > 0)
		(void)client_send(cl, BL_CTL_END, 0, NULL, 0);
	client_drop(cl);
}

/* What a client may send. */
struct packet {
	struct bl_ctl_msg m;
	struct bl_ctl_change change;
	char name[PATH_MAX];
};

static void client_hello(struct bl_ctl *c, struct client *cl, const struct packet *p, size_t n)
{
	struct bl_ctl_msg m = p->m;
	char why[128];

	if (n != sizeof(m) || m.type != BL_CTL_HELLO || m.version != BL_CTL_VERSION) {
		(void)snprintf(why, sizeof(why), "the daemon speaks version %u of the control protocol",
			       BL_CTL_VERSION);
		client_refuse(cl, why);
		return;
	}
	if (m.arg > BL_WANT_MAX) {
		client_refuse(cl, "the daemon does not know what is wanted");
		return;
	}
	cl->hello = true;
	cl->want = (enum bl_ctl_want)m.arg;
	cl->cursor = c->oldest;
	if (client_send(cl, BL_CTL_WELCOME, (uint64_t)getpid(), NULL, 0) <= 0)
		client_drop(cl);
	else if (cl->want == BL_WANT_STATE)
		client_state(c, cl);
	else
		client_push(c, cl);
}

/* What is asked for is the daemon's to judge; here only its form is. fd, -1: none, stays the caller's. */
static const char *take_change(struct bl_ctl *c, struct client *cl, struct packet *p, size_t n, int fd)
{
	struct bl_policy policy = {0};
	struct bl_change change = {.what = p->change.what,
				   .how = {.options = p->change.options, .trial_seconds = p->change.trial_seconds}};
	struct bl_error err;
	const char *why;

	if (p->m.version != BL_CTL_VERSION || p->m.type != BL_CTL_CHANGE || n < sizeof(p->m) + sizeof(p->change) || cl->want != BL_WANT_NOTHING ||
	    cl->asked || p->change.pad != 0 || (p->change.options & ~BL_LOAD_KNOWN) != 0 || !c->ask)
		return "the daemon does not know what is wanted";
	p->name[n - sizeof(p->m) - sizeof(p->change)] = '\0';
	if (p->change.what == BL_CHANGE_LOAD) {
		if (fd < 0)
			return "there is no image to load";
		if (bl_policy_read_fd(fd, p->name, &policy, &err) < 0)
			return "the image cannot be read";
		change.policy = &policy;
	} else if (p->change.what != BL_CHANGE_CONFIRM && p->change.what != BL_CHANGE_ROLLBACK) {
		return "the daemon does not know what is wanted";
	}
	why = c->ask(c->ask_arg, cl->number, &change);
	if (why)
		bl_policy_free(&policy);
	else
		cl->asked = true;
	return why;
}

/* The descriptor that came with a message, -1: none. Any others are closed. */
static int take_descriptor(struct msghdr *h)
{
	int fd = -1;

	for (struct cmsghdr *m = CMSG_FIRSTHDR(h); m; m = CMSG_NXTHDR(h, m)) {
		size_t n = m->cmsg_level == SOL_SOCKET && m->cmsg_type == SCM_RIGHTS ? (m->cmsg_len - CMSG_LEN(0)) / sizeof(int) : 0;

		for (size_t i = 0; i < n; i++) {
			int one;

			memcpy(&one, CMSG_DATA(m) + i * sizeof(int), sizeof(one));
			if (fd >= 0)
				(void)close(one);
			else
				fd = one;
		}
	}
	return fd;
}

static void client_read(struct bl_ctl *c, struct client *cl)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct packet p = {.m.version = 0};
	struct iovec iov = {&p, sizeof(p) - 1};
	struct msghdr h = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(cl->fd, &h, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	const char *why;
	int fd;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		client_drop(cl);
		return;
	}
	fd = take_descriptor(&h);
	if ((h.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
		client_refuse(cl, "the daemon does not know what is wanted");
	else if (!cl->hello)
		client_hello(c, cl, &p, (size_t)n);
	else if ((why = take_change(c, cl, &p, (size_t)n, fd)) != NULL)
		client_refuse(cl, why);
	if (fd >= 0)
		(void)close(fd);
}

void bl_ctl_on_change(struct bl_ctl *c, bl_ctl_ask *fn, void *arg)
{
	c->ask = fn;
	c->ask_arg = arg;
}

void bl_ctl_on_state(struct bl_ctl *c, bl_ctl_tell *fn, void *arg)
{
	c->tell = fn;
	c->tell_arg = arg;
}

void bl_ctl_done(struct bl_ctl *c, uint64_t client, enum bl_exit status, const char *text)
{
	for (size_t i = 0; i < BL_CTL_CLIENTS; i++) {
		struct client *cl = &c->clients[i];

		if (cl->fd < 0 || cl->number != client)
			continue;
		(void)client_send(cl, BL_CTL_DONE, (uint64_t)status, text, strnlen(text, BL_CTL_TEXT));
		client_drop(cl);
	}
}

static void client_new(struct bl_ctl *c)
{
	struct client cl = {.fd = accept4(c->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)};
	struct epoll_event ev = {.events = EPOLLIN};
	struct ucred cred = {.uid = (uid_t)-1};
	socklen_t len = sizeof(cred);
	uint32_t i = 0;

	if (cl.fd < 0)
		return;
	if (getsockopt(cl.fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0 || cred.uid != 0) {
		client_refuse(&cl, "only root may talk to the daemon");
		return;
	}
	while (i < BL_CTL_CLIENTS && c->clients[i].fd >= 0)
		i++;
	if (i == BL_CTL_CLIENTS) {
		client_refuse(&cl, "the daemon has as many clients as it takes");
		return;
	}
	ev.data.u32 = i;
	cl.number = ++c->numbers;
	if (epoll_ctl(c->epoll, EPOLL_CTL_ADD, cl.fd, &ev) < 0)
		client_drop(&cl);
	else
		c->clients[i] = cl;
}

void bl_ctl_serve(struct bl_ctl *c)
{
	struct epoll_event ev[BL_CTL_CLIENTS + 1];
	int n = epoll_wait(c->epoll, ev, BL_CTL_CLIENTS + 1, 0);

	for (int i = 0; i < n; i++) {
		struct client *cl = &c->clients[ev[i].data.u32 % BL_CTL_CLIENTS];

		if (ev[i].data.u32 == LISTENER) {
			client_new(c);
			continue;
		}
		if (cl->fd >= 0 && (ev[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0)
			client_read(c, cl);
		if (cl->fd >= 0 && (ev[i].events & EPOLLOUT) != 0)
			client_push(c, cl);
	}
}

static void history_drop(struct bl_ctl *c)
{
	struct record *rec = &c->history[c->oldest++ % BL_CTL_HISTORY];

	c->bytes -= rec->size;
	free(rec->data);
	*rec = (struct record){NULL, 0};
}

void bl_ctl_event(struct bl_ctl *c, const void *data, size_t size)
{
	void *copy = malloc(size);

	if (!copy)
		return; /* the history misses one; outputs had it */
	memcpy(copy, data, size);
	while (c->oldest < c->total && (c->total - c->oldest == BL_CTL_HISTORY || c->bytes + size > BL_CTL_BYTES))
		history_drop(c);
	c->history[c->total++ % BL_CTL_HISTORY] = (struct record){copy, size};
	c->bytes += size;
	for (size_t i = 0; i < BL_CTL_CLIENTS; i++)
		client_push(c, &c->clients[i]);
}

static int listen_on(const char *path, int *ret_fd, struct bl_error *err)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mode_t mask;
	int r;

	if (fd < 0)
		return bl_error_set(err, BL_SYSTEM, "cannot make a socket: %m");
	(void)snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
	(void)unlink(path); /* of a daemon that is gone: the events lock says that none runs */
	mask = umask(0177);
	r = bind(fd, (const struct sockaddr *)&sun, sizeof(sun));
	(void)umask(mask);
	if (r < 0 || listen(fd, BL_CTL_CLIENTS) < 0) {
		(void)bl_error_set(err, BL_SYSTEM, "cannot listen on %s: %m", path);
		(void)close(fd);
		return BL_SYSTEM;
	}
	*ret_fd = fd;
	return 0;
}

int bl_ctl_open(struct bl_ctl **ret, struct bl_error *err)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.u32 = LISTENER};
	struct bl_ctl *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return bl_error_set(err, BL_SYSTEM, "out of memory");
	for (size_t i = 0; i < BL_CTL_CLIENTS; i++)
		c->clients[i].fd = -1;
	c->listener = -1;
	c->epoll = epoll_create1(EPOLL_CLOEXEC);
	r = c->epoll < 0 ? bl_error_set(err, BL_SYSTEM, "cannot make an epoll instance: %m") : 0;
	if (r == 0)
		r = listen_on(BL_SOCKET, &c->listener, err);
	if (r == 0 && epoll_ctl(c->epoll, EPOLL_CTL_ADD, c->listener, &ev) < 0)
		r = bl_error_set(err, BL_SYSTEM, "cannot watch %s: %m", BL_SOCKET);
	if (r < 0)
		bl_ctl_close(c);
	else
		*ret = c;
	return r;
}

int bl_ctl_fd(const struct bl_ctl *c)
{
	return c->epoll;
}

void bl_ctl_close(struct bl_ctl *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < BL_CTL_CLIENTS; i++)
		client_drop(&c->clients[i]);
	for (size_t i = 0; i < BL_CTL_HISTORY; i++)
		free(c->history[i].data);
	if (c->listener >= 0) {
		(void)close(c->listener);
		(void)unlink(BL_SOCKET);
	}
	if (c->epoll >= 0)
		(void)close(c->epoll);
	free(c);
}
