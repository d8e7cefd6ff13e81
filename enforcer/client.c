/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A client's side of the daemon's socket. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "control.h"

#include "banned.h"

struct packet {
	struct bl_ctl_msg m;
	uint8_t data[BL_RECORD_MAX];
};

/* A daemon that refuses may close before it has read our hello: that is told once, and what it said comes after it. */
static ssize_t receive_bytes(int fd, struct packet *p)
{
	bool reset = false;

	for (;;) {
		ssize_t n = recv(fd, p, sizeof(*p), MSG_TRUNC);

		if (n >= 0 || (errno != EINTR && (errno != ECONNRESET || reset)))
			return n;
		reset |= errno == ECONNRESET;
	}
}

/* One packet; *ret_size is that of its data. */
static int receive(int fd, struct packet *p, size_t *ret_size, struct bl_error *err)
{
	ssize_t n = receive_bytes(fd, p);

	if (n < 0)
		return bl_error_set(err, BL_SYSTEM, "cannot read from the daemon: %m");
	if (n == 0)
		return bl_error_set(err, BL_SYSTEM,
				    "the daemon has gone, or has dropped this client because it was too "
				    "slow; run the command again");
	if (n < (ssize_t)sizeof(p->m) || n > (ssize_t)sizeof(*p) || p->m.version != BL_CTL_VERSION)
		return bl_error_set(err, BL_SYSTEM, "the daemon speaks another version of the control protocol than %u",
				    BL_CTL_VERSION);
	*ret_size = (size_t)n - sizeof(p->m);
	if (p->m.type == BL_CTL_ERROR)
		return bl_error_set(err, BL_SYSTEM, "the daemon says: %.*s", (int)*ret_size, (const char *)p->data);
	return 0;
}

static int say_hello(int fd, enum bl_ctl_want want, uint32_t *ret_pid, struct bl_error *err)
{
	const struct bl_ctl_msg hello = {.version = BL_CTL_VERSION, .type = BL_CTL_HELLO, .arg = want};
	const struct timeval wait = {.tv_sec = 5}, forever = {0};
	struct packet *p;
	size_t size;
	int r;

	if (send(fd, &hello, sizeof(hello), MSG_NOSIGNAL) < 0 && errno != EPIPE)
		return bl_error_set(err, BL_SYSTEM, "cannot talk to the daemon: %m");
	p = malloc(sizeof(*p));
	if (!p)
		return bl_error_set(err, BL_SYSTEM, "out of memory");
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	r = receive(fd, p, &size, err);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &forever, sizeof(forever));
	if (r == 0 && p->m.type != BL_CTL_WELCOME)
		r = bl_error_set(err, BL_SYSTEM, "the daemon does not answer as it should");
	if (r == 0)
		*ret_pid = (uint32_t)p->m.arg;
	free(p);
	return r;
}

int bl_ctl_connect(enum bl_ctl_want want, int *ret_fd, uint32_t *ret_pid, struct bl_error *err)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), r;

	if (fd < 0)
		return bl_error_set(err, BL_SYSTEM, "cannot make a socket: %m");
	(void)snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", BL_SOCKET);
	if (connect(fd, (const struct sockaddr *)&sun, sizeof(sun)) < 0) {
		r = errno == ENOENT || errno == ECONNREFUSED ? -ENOENT : BL_SYSTEM;
		(void)bl_error_set(err, r, "cannot connect to the daemon at %s: %m", BL_SOCKET);
		(void)close(fd);
		return r;
	}
	r = say_hello(fd, want, ret_pid, err);
	if (r < 0)
		(void)close(fd);
	else
		*ret_fd = fd;
	return r;
}

/* One packet. 0, 1: that was all, or fn does not want more; or an error. */
static int listen_once(int fd, struct packet *p, bl_ctl_fn *fn, void *arg, struct bl_error *err)
{
	struct bl_event_view view;
	size_t size;
	int r = receive(fd, p, &size, err);

	if (r < 0)
		return r;
	if (p->m.type == BL_CTL_END)
		return 1;
	if (p->m.type != BL_CTL_EVENT || !bl_record_decode(p->data, size, &view))
		return bl_error_set(err, BL_SYSTEM, "the daemon sent something that is no event");
	return fn(&view, p->data, size, arg) != 0;
}

int bl_ctl_listen(int fd, bl_ctl_fn *fn, void *arg, struct bl_error *err)
{
	struct packet *p = malloc(sizeof(*p));
	int r = p ? 0 : bl_error_set(err, BL_SYSTEM, "out of memory");

	while (r == 0)
		r = listen_once(fd, p, fn, arg, err);
	free(p);
	return r < 0 ? r : 0;
}

int bl_ctl_drain(int fd, bl_ctl_fn *fn, void *arg, struct bl_error *err)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};
	struct packet *p = malloc(sizeof(*p));
	int r = p ? 0 : bl_error_set(err, BL_SYSTEM, "out of memory");

	while (r == 0 && poll(&pfd, 1, 0) > 0)
		r = listen_once(fd, p, fn, arg, err);
	free(p);
	return r < 0 ? r : 0;
}

int bl_ctl_state(int fd, struct bl_daemon_state *ret_daemon, struct bl_output_state *ret, size_t max, size_t *ret_n, struct bl_error *err)
{
	struct packet *p = malloc(sizeof(*p));
	size_t size, n = 0;
	int r = p ? 0 : bl_error_set(err, BL_SYSTEM, "out of memory");

	while (r == 0) {
		r = receive(fd, p, &size, err);
		if (r < 0 || p->m.type == BL_CTL_END)
			break;
		if (p->m.type == BL_CTL_STATE && size == sizeof(*ret_daemon))
			memcpy(ret_daemon, p->data, sizeof(*ret_daemon));
		else if (p->m.type != BL_CTL_OUTPUT || size != sizeof(*ret))
			r = bl_error_set(err, BL_SYSTEM, "the daemon does not answer as it should");
		else if (n < max)
			memcpy(&ret[n++], p->data, sizeof(*ret));
	}
	for (size_t i = 0; i < n; i++)
		ret[i].name[BL_OUTPUT_TEXT - 1] = ret[i].error[BL_OUTPUT_TEXT - 1] = '\0';
	*ret_n = n;
	free(p);
	return r;
}

/* ---- changes ---- */

/* A file with these bytes that nobody else can write to. */
static int memory_file(const void *bytes, size_t size, struct bl_error *err)
{
	int fd = memfd_create("image", MFD_CLOEXEC);
	size_t done = 0;

	while (fd >= 0 && done < size) {
		ssize_t n = write(fd, (const char *)bytes + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	if (fd >= 0 && done == size && fchmod(fd, 0600) == 0 && lseek(fd, 0, SEEK_SET) == 0)
		return fd;
	(void)bl_error_set(err, BL_SYSTEM, "cannot make a file in memory: %m");
	if (fd >= 0)
		(void)close(fd);
	return BL_SYSTEM;
}

static int send_change(int fd, const struct bl_change *c, int image, struct bl_error *err)
{
	struct bl_ctl_msg m = {.version = BL_CTL_VERSION, .type = BL_CTL_CHANGE};
	struct bl_ctl_change change = {.what = c->what, .options = c->how.options, .trial_seconds = c->how.trial_seconds};
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {.bytes = {0}};
	char *name = c->policy ? c->policy->name : (char *)"";
	struct iovec iov[] = {{&m, sizeof(m)}, {&change, sizeof(change)}, {name, strnlen(name, PATH_MAX - 2)}};
	struct msghdr h = {.msg_iov = iov, .msg_iovlen = BL_ARRAY_SIZE(iov)};

	if (image >= 0) {
		h.msg_control = &control;
		h.msg_controllen = sizeof(control);
		control.align = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int))};
		memcpy(CMSG_DATA(&control.align), &image, sizeof(image));
	}
	if (sendmsg(fd, &h, MSG_NOSIGNAL) < 0)
		return bl_error_set(err, BL_SYSTEM, "cannot talk to the daemon: %m");
	return 0;
}

static int change_done(int fd, struct bl_buf *say, struct bl_error *err)
{
	struct packet *p = malloc(sizeof(*p));
	size_t size;
	int r;

	if (!p)
		return bl_error_set(err, BL_SYSTEM, "out of memory");
	r = receive(fd, p, &size, err);
	if (r == 0 && p->m.type != BL_CTL_DONE)
		r = bl_error_set(err, BL_SYSTEM, "the daemon does not answer as it should");
	else if (r == 0 && p->m.arg == BL_EXIT_FINE)
		bl_buf_add(say, p->data, size);
	else if (r == 0)
		r = bl_error_set(err, p->m.arg == BL_EXIT_REFUSED ? BL_REFUSED : BL_SYSTEM, "%.*s", (int)size, (const char *)p->data);
	free(p);
	return r;
}

int bl_ctl_change(const struct bl_change *c, struct bl_buf *say, struct bl_error *err)
{
	int image = -1, fd, r;
	uint32_t pid;

	r = bl_ctl_connect(BL_WANT_NOTHING, &fd, &pid, err);
	if (r < 0)
		return r;
	if (c->policy) {
		image = memory_file(c->policy->image, c->policy->size, err);
		r = image < 0 ? image : 0;
	}
	if (r == 0)
		r = send_change(fd, c, image, err);
	if (r == 0)
		r = change_done(fd, say, err);
	if (image >= 0)
		(void)close(image);
	(void)close(fd);
	return r;
}
