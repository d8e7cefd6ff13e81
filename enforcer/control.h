/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon's socket: SOCK_SEQPACKET, root only. A client says hello and what it wants; it gets a welcome, then
 * events. One that wants nothing may ask for one change of what is in force (change.h), and is told when it is made.
 * The daemon never waits for a client: one that is further behind than the history reaches is dropped.
 */
#ifndef BL_CONTROL_H
#define BL_CONTROL_H

#include "change.h"
#include "events.h"
#include "output.h"

#define BL_CTL_VERSION 4u
#define BL_CTL_CLIENTS 16
#define BL_CTL_HISTORY 4096u /* events that are kept, at most, */
#define BL_CTL_BYTES (4u << 20) /* and their bytes: names can be long */

enum bl_ctl_type {
	BL_CTL_HELLO = 1,   /* client: arg is enum bl_ctl_want */
	BL_CTL_WELCOME = 2, /* daemon: arg is its pid */
	BL_CTL_EVENT = 3,   /* daemon: a record follows, as bl_record_decode() takes it */
	BL_CTL_END = 4,	    /* daemon: that was all */
	BL_CTL_ERROR = 5,   /* daemon: a sentence follows */
	BL_CTL_CHANGE = 6,  /* client: a struct bl_ctl_change and a name follow; with a load comes a descriptor of the image */
	BL_CTL_DONE = 7,    /* daemon: arg is enum bl_exit; what there is to say follows */
	BL_CTL_OUTPUT = 8,  /* daemon: a struct bl_output_state follows */
	BL_CTL_STATE = 9,   /* daemon: a struct bl_daemon_state follows */
};
enum bl_ctl_want {
	BL_WANT_NOTHING = 0,
	BL_WANT_HISTORY = 1,
	BL_WANT_FOLLOW = 2,
	BL_WANT_STATE = 3, /* the daemon's and that of its outputs */
	BL_WANT_MAX = BL_WANT_STATE
};

/* Head of every packet. */
struct bl_ctl_msg {
	uint32_t version; /* BL_CTL_VERSION */
	uint32_t type;
	uint64_t arg;
};

struct bl_ctl_change {
	uint32_t what; /* enum bl_change_what */
	uint32_t options;
	uint32_t trial_seconds;
	uint32_t pad;
};
#define BL_CTL_TEXT 8000u /* bytes of what is said with BL_CTL_DONE */

/* What only the daemon knows. Times are nanoseconds since 1970. */
struct bl_daemon_state {
	uint64_t started_ns;
	uint64_t events;      /* that it took from the kernel */
	uint64_t bad;	      /* records that were no events */
	uint64_t selftest_ns; /* when it last tried whether the kernel calls the programs, 0: never */
	uint32_t selftest;    /* 1: it does */
	uint32_t pad;
};

/* ---- the daemon's side ---- */
struct bl_ctl;

/* A change that a client asks for. Returns NULL, and the change with its policy belongs to the callee, or a sentence that says why not. */
typedef const char *bl_ctl_ask(void *arg, uint64_t client, const struct bl_change *c);
void bl_ctl_on_change(struct bl_ctl *c, bl_ctl_ask *fn, void *arg);
/* Tells a client, if it is still there, what became of the change. */
void bl_ctl_done(struct bl_ctl *c, uint64_t client, enum bl_exit status, const char *text);

/* The state of output i, false: there is none; with ret_daemon, that of the daemon. */
typedef bool bl_ctl_tell(void *arg, size_t i, struct bl_output_state *ret, struct bl_daemon_state *ret_daemon);
void bl_ctl_on_state(struct bl_ctl *c, bl_ctl_tell *fn, void *arg);

int bl_ctl_open(struct bl_ctl **ret, struct bl_error *err);
int bl_ctl_fd(const struct bl_ctl *c); /* for epoll */
void bl_ctl_serve(struct bl_ctl *c);   /* does what can be done now */
void bl_ctl_event(struct bl_ctl *c, const void *record, size_t size);
void bl_ctl_close(struct bl_ctl *c);

/* ---- a client's side ---- */
/* Connects and says hello. -ENOENT: no daemon. */
int bl_ctl_connect(enum bl_ctl_want want, int *ret_fd, uint32_t *ret_pid, struct bl_error *err);
/* After a hello that wanted it: the daemon's state, and those of up to max outputs. */
int bl_ctl_state(int fd, struct bl_daemon_state *ret_daemon, struct bl_output_state *ret, size_t max, size_t *ret_n, struct bl_error *err);
/* Has the daemon make a change; say and the result as with bl_change(). -ENOENT: no daemon. */
int bl_ctl_change(const struct bl_change *c, struct bl_buf *say, struct bl_error *err);
/* Waits for events and hands them to fn until the end, until fn returns non-zero, or until the daemon goes (an error).
 */
typedef int bl_ctl_fn(const struct bl_event_view *e, const void *record, size_t size, void *arg);
int bl_ctl_listen(int fd, bl_ctl_fn *fn, void *arg, struct bl_error *err);
/* The same of what is there now. */
int bl_ctl_drain(int fd, bl_ctl_fn *fn, void *arg, struct bl_error *err);

#endif
