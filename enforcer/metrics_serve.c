/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The metrics' socket. */
#include "metrics_serve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "metrics_text.h"

#include "banned.h"

struct client {
	int fd; /* -1: free */
	time_t until;
	char request[BL_METRICS_REQUEST];
	size_t got;
	struct bl_buf answer; /* empty: the request is not all there */
	size_t sent;
};

struct bl_metrics_server {
	int epoll;
	int listener;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	struct client clients[BL_METRICS_CLIENTS];
	bl_metrics_fn *fn;
	void *arg;
	struct bl_buf text; /* made at most once a second, however many ask */
	time_t made;
};

#define LISTENER BL_METRICS_CLIENTS /* its epoll data; clients have their index */

static time_t now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

static void client_drop(struct client *cl)
{
	if (cl->fd >= 0)
		(void)close(cl->fd);
	bl_buf_free(&cl->answer);
	*cl = (struct client){.fd = -1, .answer = BL_BUF_INIT};
}

/* ---- HTTP ---- */

static void answer(struct bl_buf *b, const char *status, const char *more, const char *type, const char *body, size_t size, bool head)
{
	bl_buf_printf(b, "HTTP/1.0 %s\r\n%sContent-Type: %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n", status, more, type, size);
	if (!head)
		bl_buf_add(b, body, size);
}

static void answer_short(struct bl_buf *b, const char *status, const char *more, bool head)
{
	struct bl_buf line = BL_BUF_INIT;

	bl_buf_printf(&line, "%s\n", status);
	if (bl_buf_text(&line))
		answer(b, status, more, "text/plain; charset=utf-8", bl_buf_text(&line), line.len, head);
	bl_buf_free(&line);
}

static const char *text_now(struct bl_metrics_server *m, size_t *ret_size)
{
	if (m->text.len == 0 || m->made != now()) {
		bl_buf_free(&m->text);
		m->fn(m->arg, &m->text);
		m->made = now();
	}
	*ret_size = m->text.len;
	return bl_buf_text(&m->text);
}

/* A request whose lines are all there; NUL-terminated. */
static void take_request(struct bl_metrics_server *m, struct client *cl)
{
	bool head = strncmp(cl->request, "HEAD ", 5) == 0, get = strncmp(cl->request, "GET ", 4) == 0;
	const char *target = cl->request + (head ? 5 : 4), *text;
	size_t size = strcspn(target, " \r\n");
	const char *version = target + size;
	bool metrics = strncmp(target, "/metrics", 8) == 0 && (size == 8 || target[8] == '?');

	if (!head && !get) {
		answer_short(&cl->answer, "405 Method Not Allowed", "Allow: GET, HEAD\r\n", false);
	} else if (strncmp(version, " HTTP/1.", 8) != 0) {
		answer_short(&cl->answer, "400 Bad Request", "", head);
	} else if (!metrics) {
		answer_short(&cl->answer, "404 Not Found", "", head);
	} else {
		text = text_now(m, &size);
		if (text)
			answer(&cl->answer, "200 OK", "", BL_METRICS_TYPE, text, size, head);
		else
			answer_short(&cl->answer, "503 Service Unavailable", "", head);
	}
}

/* ---- clients ---- */

static void client_write(struct client *cl)
{
	while (cl->sent < cl->answer.len) {
		ssize_t n = send(cl->fd, cl->answer.data + cl->sent, cl->answer.len - cl->sent, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		if (n <= 0)
			break;
		cl->sent += (size_t)n;
	}
	client_drop(cl);
}

static void client_read(struct bl_metrics_server *m, struct client *cl)
{
	struct epoll_event ev = {.events = EPOLLOUT, .data.u32 = (uint32_t)(cl - m->clients)};
	ssize_t n = recv(cl->fd, cl->request + cl->got, sizeof(cl->request) - 1 - cl->got, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return;
	if (n <= 0 || memchr(cl->request + cl->got, '\0', (size_t)n)) {
		client_drop(cl);
		return;
	}
	cl->got += (size_t)n;
	cl->request[cl->got] = '\0';
	if (strstr(cl->request, "\r\n\r\n") || strstr(cl->request, "\n\n"))
		take_request(m, cl);
	else if (cl->got == sizeof(cl->request) - 1)
		answer_short(&cl->answer, "431 Request Header Fields Too Large", "", false);
	else
		return;
	if (!bl_buf_text(&cl->answer) || epoll_ctl(m->epoll, EPOLL_CTL_MOD, cl->fd, &ev) < 0)
		client_drop(cl);
	else
		client_write(cl);
}

/* The connection is taken out of the queue in any case, or the daemon would be told of it for ever. */
static void client_new(struct bl_metrics_server *m)
{
	int fd = accept4(m->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct epoll_event ev = {.events = EPOLLIN};
	uint32_t i = 0;

	if (fd < 0)
		return;
	while (i < BL_METRICS_CLIENTS && m->clients[i].fd >= 0)
		i++;
	ev.data.u32 = i;
	if (i == BL_METRICS_CLIENTS || epoll_ctl(m->epoll, EPOLL_CTL_ADD, fd, &ev) < 0) {
		(void)close(fd);
		return;
	}
	m->clients[i].fd = fd;
	m->clients[i].until = now() + BL_METRICS_SECONDS;
}

void bl_metrics_serve(struct bl_metrics_server *m)
{
	struct epoll_event ev[BL_METRICS_CLIENTS + 1];
	int n = epoll_wait(m->epoll, ev, BL_METRICS_CLIENTS + 1, 0);

	for (int i = 0; i < n; i++) {
		struct client *cl = &m->clients[ev[i].data.u32 % BL_METRICS_CLIENTS];

		if (ev[i].data.u32 == LISTENER)
			client_new(m);
		else if (cl->fd >= 0 && cl->answer.len > 0)
			client_write(cl);
		else if (cl->fd >= 0)
			client_read(m, cl);
	}
}

void bl_metrics_tick(struct bl_metrics_server *m)
{
	for (size_t i = 0; m && i < BL_METRICS_CLIENTS; i++)
		if (m->clients[i].fd >= 0 && m->clients[i].until <= now())
			client_drop(&m->clients[i]);
}

/* ---- begin and end ---- */

static int listen_on(struct bl_metrics_server *m, mode_t mode, struct bl_error *err)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	struct stat st;
	mode_t mask;
	int r;

	m->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (m->listener < 0)
		return bl_error_set(err, BL_SYSTEM, "cannot make a socket: %m");
	if (lstat(m->path, &st) == 0 && !S_ISSOCK(st.st_mode))
		return bl_error_set(err, BL_REFUSED, "metrics-socket: there is something at %s that is no socket", m->path);
	(void)unlink(m->path); /* of a daemon that is gone: the events lock says that none runs */
	(void)snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", m->path);
	mask = umask(0777 & ~mode);
	r = bind(m->listener, (const struct sockaddr *)&sun, sizeof(sun));
	(void)umask(mask);
	if (r < 0 || listen(m->listener, BL_METRICS_CLIENTS) < 0)
		return bl_error_set(err, BL_SYSTEM, "metrics-socket: cannot listen on %s: %m", m->path);
	return 0;
}

int bl_metrics_open(const struct bl_metrics_conf *conf, bl_metrics_fn *fn, void *arg, struct bl_metrics_server **ret, struct bl_error *err)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.u32 = LISTENER};
	struct bl_metrics_server *m = calloc(1, sizeof(*m));
	int r;

	if (!m)
		return bl_error_set(err, BL_SYSTEM, "out of memory");
	for (size_t i = 0; i < BL_METRICS_CLIENTS; i++)
		m->clients[i].fd = -1;
	m->fn = fn;
	m->arg = arg;
	m->listener = -1;
	(void)snprintf(m->path, sizeof(m->path), "%.107s", conf->where);
	m->epoll = epoll_create1(EPOLL_CLOEXEC);
	r = m->epoll < 0 ? bl_error_set(err, BL_SYSTEM, "cannot make an epoll instance: %m") : listen_on(m, (mode_t)conf->mode, err);
	if (r == 0 && epoll_ctl(m->epoll, EPOLL_CTL_ADD, m->listener, &ev) < 0)
		r = bl_error_set(err, BL_SYSTEM, "cannot watch %s: %m", m->path);
	if (r == 0) {
		*ret = m;
		return 0;
	}
	m->path[0] = '\0'; /* not ours */
	bl_metrics_close(m);
	return r;
}

int bl_metrics_fd(const struct bl_metrics_server *m)
{
	return m->epoll;
}

void bl_metrics_close(struct bl_metrics_server *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < BL_METRICS_CLIENTS; i++)
		client_drop(&m->clients[i]);
	if (m->listener >= 0)
		(void)close(m->listener);
	if (m->path[0] != '\0')
		(void)unlink(m->path);
	if (m->epoll >= 0)
		(void)close(m->epoll);
	bl_buf_free(&m->text);
	free(m);
}
