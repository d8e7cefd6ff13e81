/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How one event, or text of metrics, is written to each kind of output. */
#define SD_JOURNAL_SUPPRESS_LOCATION
#include "output_write.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "banned.h"

#define FIELDS 64 /* of one event in the journal; there are fewer members */

static int failed(int r, const char *what, const char *which, char *error, size_t n)
{
	(void)snprintf(error, n, "%s %s: %s", what, which, strerror(-r));
	return r;
}

/* ---- files and standard output ---- */

/* All of the bytes, or none of them where that can be undone. */
static int write_all(int fd, struct iovec *iov, int count)
{
	size_t left = 0;

	for (int i = 0; i < count; i++)
		left += iov[i].iov_len;
	while (left > 0) {
		ssize_t n = writev(fd, iov, count);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		left -= (size_t)n;
		for (int i = 0; i < count; i++) {
			size_t part = (size_t)n < iov[i].iov_len ? (size_t)n : iov[i].iov_len;

			iov[i].iov_base = (char *)iov[i].iov_base + part;
			iov[i].iov_len -= part;
			n -= (ssize_t)part;
		}
	}
	return 0;
}

static int write_line(int fd, const char *data, size_t size)
{
	return write_all(fd, (struct iovec[]){{(void *)data, size}, {(void *)"\n", 1}}, 2);
}

/* Not through a link at its end, and no device or FIFO: what is there may be somebody's trap. */
static int file_open(struct bl_sink *s)
{
	struct stat st;
	int fd = open(s->conf.where, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600), r = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		r = -errno;
	else if (!S_ISREG(st.st_mode))
		r = -ENOTSUP;
	if (r < 0) {
		(void)close(fd);
		return r;
	}
	s->fd = fd;
	s->size = (uint64_t)st.st_size;
	return 0;
}

/* PATH becomes PATH.1, that PATH.2, and so on; the last goes. */
static void rotate(struct bl_sink *s)
{
	char from[PATH_MAX + 16], to[PATH_MAX + 16];

	bl_sink_close(s);
	if (s->conf.keep == 0)
		(void)unlink(s->conf.where);
	for (uint32_t i = s->conf.keep; i > 0; i--) {
		(void)snprintf(to, sizeof(to), "%s.%" PRIu32, s->conf.where, i);
		if (i > 1)
			(void)snprintf(from, sizeof(from), "%s.%" PRIu32, s->conf.where, i - 1);
		else
			(void)snprintf(from, sizeof(from), "%s", s->conf.where);
		(void)rename(from, to);
	}
}

/* Somebody has taken the file away: logrotate, or an administrator. */
static bool file_is_gone(const struct bl_sink *s)
{
	struct stat st, now;

	return fstat(s->fd, &st) < 0 || st.st_nlink == 0 || stat(s->conf.where, &now) < 0 || st.st_ino != now.st_ino || st.st_dev != now.st_dev;
}

static int file_write(struct bl_sink *s, const char *data, size_t size, char *error, size_t n)
{
	int r = 0;

	if (s->fd >= 0 && file_is_gone(s))
		bl_sink_close(s);
	if (s->fd < 0)
		r = file_open(s);
	if (r == 0 && s->size > 0 && s->size + size + 1 > s->conf.size) {
		rotate(s);
		r = file_open(s);
	}
	if (r < 0)
		return failed(r, "cannot open", s->conf.where, error, n);
	r = write_line(s->fd, data, size);
	if (r < 0) {
		(void)!ftruncate(s->fd, (off_t)s->size); /* no half lines */
		return failed(r, "cannot write to", s->conf.where, error, n);
	}
	s->size += size + 1;
	return 0;
}

/* ---- the file of metrics: always a whole text ---- */

/* A new file under another name, so that nobody waits there with a link or a file that is open. */
static int replace_make(const struct bl_sink *s, const char *temp, const char *data, size_t size)
{
	int fd, r = unlink(temp) < 0 && errno != ENOENT ? -errno : 0;

	if (r < 0)
		return r;
	fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	r = write_all(fd, (struct iovec[]){{(void *)data, size}}, 1);
	if (r == 0 && (fchmod(fd, (mode_t)s->conf.mode) < 0 || fsync(fd) < 0)) /* some disks say only then that they are full */
		r = -errno;
	(void)close(fd);
	return r;
}

static int replace_write(const struct bl_sink *s, const char *data, size_t size, char *error, size_t n)
{
	char temp[PATH_MAX + 8];
	int r;

	(void)snprintf(temp, sizeof(temp), "%s.tmp", s->conf.where);
	r = replace_make(s, temp, data, size);
	if (r == 0 && rename(temp, s->conf.where) < 0)
		r = -errno;
	if (r < 0) {
		(void)unlink(temp);
		return failed(r, "cannot replace", s->conf.where, error, n);
	}
	return 0;
}

/* ---- the journal ---- */

static int journal_write(const char *data, size_t size, char *error, size_t n)
{
	struct iovec iov[FIELDS];
	const char *field;
	size_t len, at = 0;
	int count = 0, r;

	while (count < FIELDS && bl_format_field(data, size, &at, &field, &len))
		iov[count++] = (struct iovec){(void *)field, len};
	if (access("/run/systemd/journal/socket", F_OK) < 0) /* sd_journal_sendv() takes it for a success */
		return failed(-errno, "cannot write to", "the journal", error, n);
	r = sd_journal_sendv(iov, count);
	return r < 0 ? failed(r, "cannot write to", "the journal", error, n) : 0;
}

/* ---- syslog: a datagram for each event ---- */

static int syslog_open(struct bl_sink *s)
{
	struct sockaddr_storage addr = {0};
	struct sockaddr_un *sun = (void *)&addr;
	unsigned int len = sizeof(*sun);
	int fd, r;

	if (!bl_output_udp(s->conf.where, &addr, &len)) {
		sun->sun_family = AF_UNIX;
		(void)snprintf(sun->sun_path, sizeof(sun->sun_path), "%.100s", s->conf.where);
	}
	fd = socket(addr.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&addr, len) < 0) {
		r = -errno;
		(void)close(fd);
		return r;
	}
	s->fd = fd;
	return 0;
}

static int syslog_send(struct bl_sink *s, const char *data, size_t size)
{
	ssize_t n;
	int r = s->fd < 0 ? syslog_open(s) : 0;

	if (r < 0)
		return r;
	do
		n = send(s->fd, data, size, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	r = n < 0 ? -errno : 0;
	if (r < 0 && r != -EMSGSIZE)
		bl_sink_close(s); /* whoever listens next has another socket of this name */
	return r;
}

static int syslog_write(struct bl_sink *s, const char *data, size_t size, char *error, size_t n)
{
	int r = syslog_send(s, data, size);

	if (r < 0 && r != -EMSGSIZE)
		r = syslog_send(s, data, size);
	return r < 0 ? failed(r, "cannot send to", s->conf.where, error, n) : 0;
}

/* ---- */

int bl_sink_write(struct bl_sink *s, const char *data, size_t size, char *error, size_t error_size)
{
	int r = 0;

	switch (s->conf.kind) {
	case BL_OUTPUT_FILE:
		return file_write(s, data, size, error, error_size);
	case BL_OUTPUT_JOURNAL:
		return journal_write(data, size, error, error_size);
	case BL_OUTPUT_SYSLOG:
		return syslog_write(s, data, size, error, error_size);
	case BL_OUTPUT_METRICS:
		return replace_write(s, data, size, error, error_size);
	case BL_OUTPUT_STDOUT:
		r = write_line(STDOUT_FILENO, data, size);
	}
	return r < 0 ? failed(r, "cannot write to", "standard output", error, error_size) : 0;
}

void bl_sink_close(struct bl_sink *s)
{
	if (s->fd >= 0)
		(void)close(s->fd);
	s->fd = -1;
}
