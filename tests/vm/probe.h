/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the probe's files share. */
#ifndef PROBE_H
#define PROBE_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include <linux/io_uring.h>

struct probe_op {
	const char *op;
	int (*run)(const char *object); /* the errno, 0: it was done */
};

/* Each ends with an entry without a name. */
extern const struct probe_op probes_fail[], probes_net[], probes_recv[], probes_sys[], probes_ways[];

/* errno if r is negative, else 0 */
int result(int r);

/* Runs another probe in this process; the errno, ENOTSUP if there is none of that name. */
int run_probe(const char *op, const char *object);

/* Cuts off the first word; returns what follows it. */
const char *word(const char *text, char *ret, size_t size);

/* Runs fn in a child that ends with it; what ends the child otherwise is its signal (1000 + number). */
int apart(int (*fn)(const char *), const char *arg);

/* "ADDRESS PORT"; 0: it is none */
/* PATH, @NAME, or - for no address at all. */
struct sockaddr_un;
socklen_t parse_unix(const char *text, struct sockaddr_un *sun);
socklen_t parse_addr(const char *text, struct sockaddr_storage *ss);

/* One request on a ring of its own. */
int uring(struct io_uring_sqe sqe, unsigned int flags);

/* One whose result is a number: it goes to *ret. */
int uring_keep(struct io_uring_sqe sqe, int *ret);

/* One on a ring whose table of files has one place, with fd in it. */
int uring_table(struct io_uring_sqe sqe, int fd);

/* One on a registered file: fd becomes the ring's only one. */
int uring_fixed(struct io_uring_sqe sqe, int fd);

/* Runs another probe, "PROGRAM OP OBJECT"; what that found. */
int run_program(const char *text);

#endif
