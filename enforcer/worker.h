/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changes that the daemon makes: in a child, so that events are read and clients served meanwhile. The child is in no profile and has the lock;
 * killed at any moment it leaves the old policy or the new one, like any command.
 */
#ifndef BL_WORKER_H
#define BL_WORKER_H

#include "change.h"

struct bl_worker;

/* Gets what became of a change: text has lines. client 0: nobody asked but a signal. */
typedef void bl_worker_done(void *arg, uint64_t client, enum bl_exit status, const char *text);

int bl_worker_open(bl_worker_done *fn, void *arg, struct bl_worker **ret, struct bl_error *err);
void bl_worker_close(struct bl_worker *w);
int bl_worker_fd(const struct bl_worker *w); /* for epoll */

/* One at a time: NULL, and the change with its policy is the worker's, or a sentence that says why not. */
const char *bl_worker_change(struct bl_worker *w, uint64_t client, const struct bl_change *c);

/* The policy directory, or the image if there is one; if a change is under way, after it. */
void bl_worker_reload(struct bl_worker *w, const char *image, unsigned int options);

/* Begins what waits, if the lock is free; to be called now and then. o: the daemon's own. */
void bl_worker_step(struct bl_worker *w, const struct bl_object *o);

/* Takes what the child says, and tells when it has ended. */
void bl_worker_serve(struct bl_worker *w);

#endif
