/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The metrics' socket: HTTP/1.0 over a unix socket, of which it knows GET and HEAD of /metrics. A client that sends or reads too slowly, or not at all, is
 * dropped when its time is up, and nobody waits for it.
 */
#ifndef BL_METRICS_SERVE_H
#define BL_METRICS_SERVE_H

#include "buf.h"
#include "output_conf.h"

#define BL_METRICS_CLIENTS 8
#define BL_METRICS_SECONDS 10  /* from the connection to the last byte */
#define BL_METRICS_REQUEST 4096 /* bytes of a request, at most */

struct bl_metrics_server;

/* Appends the text. */
typedef void bl_metrics_fn(void *arg, struct bl_buf *b);

/* A file at the path that is no socket is left alone, and is an error. */
int bl_metrics_open(const struct bl_metrics_conf *conf, bl_metrics_fn *fn, void *arg, struct bl_metrics_server **ret, struct bl_error *err);
int bl_metrics_fd(const struct bl_metrics_server *m); /* for epoll */
void bl_metrics_serve(struct bl_metrics_server *m);   /* does what can be done now */
void bl_metrics_tick(struct bl_metrics_server *m);    /* drops those whose time is up; to be called each second */
void bl_metrics_close(struct bl_metrics_server *m);   /* NULL is fine */

#endif
