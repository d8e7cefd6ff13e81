/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes that the daemon makes, in a child. */
#include "worker.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control.h"
#include "exempt.h"
#include "failure.h"
#include "pins.h"

#include "banned.h"

struct task {
	bool waits;
	bool reload;
	uint64_t client;
	struct bl_change change;
	struct bl_policy policy; /* of the change */
};

struct bl_worker {
	bl_worker_done *done;
	void *arg;
	int epoll;
	struct task now, next; /* next: a reload that came while something was under way */
	pid_t pid;	       /* 0: no child */
	int from;	       /* what the child says: a status byte, then text */
	struct bl_buf heard;
	char *image; /* of a reload, NULL: the policy directory */
	unsigned int options;
};

/* ---- the child ---- */

static void say_all(int fd, const char *text, size_t n)
{
	while (n > 0) {
		ssize_t k = write(fd, text, n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return;
		text += k;
		n -= (size_t)k;
	}
}

static int reload(const struct bl_worker *w, int lock, struct bl_buf *said, struct bl_buf *say, struct bl_error *err)
{
	struct bl_policy p = {0};
	struct bl_change c = {.what = BL_CHANGE_LOAD, .policy = &p, .how.options = w->options | BL_LOAD_UNLESS_SAME};
	struct bl_conf *conf = malloc(sizeof(*conf));
	int r = conf ? 0 : bl_error_set(err, BL_SYSTEM, "out of memory");

	if (r == 0 && w->image) {
		r = bl_policy_read(w->image, &p, err);
		r = r < 0 ? r : bl_change_locked(&c, say, err);
		bl_policy_free(&p);
	} else if (r == 0) {
		r = bl_conf_read(conf, err);
		if (r < 0)
			bl_failure_note("", err->text);
		else
			r = bl_change_reload(conf, lock, said, say, err);
	}
	free(conf);
	return r;
}

/* Only the lock and the way to the parent stay open: what else the daemon has must end with it. */
static void keep_two(int *lock, int *to)
{
	int a = fcntl(*lock, F_DUPFD_CLOEXEC, 500), b = fcntl(*to, F_DUPFD_CLOEXEC, 500);

	if (a < 0 || b < 0)
		_exit(BL_EXIT_SYSTEM);
	(void)close_range(3, 499, 0);
	(void)close_range((unsigned int)(a > b ? a : b) + 1, ~0u, 0);
	*lock = a;
	*to = b;
}

__attribute__((noreturn)) static void child(const struct bl_worker *w, int go, int lock, int to)
{
	struct bl_buf said = BL_BUF_INIT, say = BL_BUF_INIT;
	struct bl_error err = {""};
	const char *text;
	sigset_t none;
	char byte;
	int r;

	if (read(go, &byte, 1) != 1)
		_exit(BL_EXIT_SYSTEM);
	keep_two(&lock, &to);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	r = w->now.reload ? reload(w, lock, &said, &say, &err) : bl_change_locked(&w->now.change, &say, &err);
	(void)close(lock);
	byte = (char)(r == 0 ? BL_EXIT_FINE : r == BL_REFUSED ? BL_EXIT_REFUSED : BL_EXIT_SYSTEM);
	say_all(to, &byte, 1);
	text = bl_buf_text(&said);
	if (text)
		say_all(to, text, said.len);
	text = r < 0 ? err.text : bl_buf_text(&say);
	if (text)
		say_all(to, text, strlen(text));
	_exit(0);
}

/* ---- the daemon ---- */

int bl_worker_open(bl_worker_done *fn, void *arg, struct bl_worker **ret, struct bl_error *err)
{
	struct bl_worker *w = calloc(1, sizeof(*w));

	if (!w)
		return bl_error_set(err, BL_SYSTEM, "out of memory");
	w->done = fn;
	w->arg = arg;
	w->from = -1;
	w->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (w->epoll < 0) {
		free(w);
		return bl_error_set(err, BL_SYSTEM, "cannot make an epoll instance: %m");
	}
	*ret = w;
	return 0;
}

void bl_worker_close(struct bl_worker *w)
{
	if (!w)
		return;
	if (w->from >= 0)
		(void)close(w->from);
	(void)close(w->epoll);
	bl_policy_free(&w->now.policy);
	bl_buf_free(&w->heard);
	free(w->image);
	free(w);
}

int bl_worker_fd(const struct bl_worker *w)
{
	return w->epoll;
}

const char *bl_worker_change(struct bl_worker *w, uint64_t client, const struct bl_change *c)
{
	if (w->pid != 0 || w->now.waits)
		return "the daemon is making another change; try again";
	w->now = (struct task){.waits = true, .client = client, .change = *c};
	if (c->policy) {
		w->now.policy = *c->policy;
		w->now.change.policy = &w->now.policy;
	}
	return NULL;
}

void bl_worker_reload(struct bl_worker *w, const char *image, unsigned int options)
{
	struct task t = {.waits = true, .reload = true};

	free(w->image);
	w->image = image ? strdup(image) : NULL;
	w->options = options;
	*(w->pid != 0 || w->now.waits ? &w->next : &w->now) = t;
}

static void ended(struct bl_worker *w, enum bl_exit status, const char *text)
{
	uint64_t client = w->now.client;

	w->pid = 0;
	bl_policy_free(&w->now.policy);
	w->now = w->next;
	w->next = (struct task){.waits = false};
	w->done(w->arg, client, status, text);
}

/* The child waits for a byte, so that no profile holds for it when it begins. */
static int begin(struct bl_worker *w, const struct bl_object *o, int lock, struct bl_error *err)
{
	struct epoll_event ev = {.events = EPOLLIN};
	int go[2], from[2], r;
	pid_t pid;

	if (pipe2(go, O_CLOEXEC) < 0)
		return bl_error_set(err, BL_SYSTEM, "cannot make a pipe: %m");
	if (pipe2(from, O_CLOEXEC) < 0) {
		(void)close(go[0]);
		(void)close(go[1]);
		return bl_error_set(err, BL_SYSTEM, "cannot make a pipe: %m");
	}
	pid = fork();
	if (pid == 0) {
		(void)close(go[1]);
		child(w, go[0], lock, from[1]);
	}
	(void)close(go[0]);
	(void)close(from[1]);
	r = pid < 0 ? bl_error_set(err, BL_SYSTEM, "cannot fork: %m") : bl_exempt_set(o, BL_EXEMPT_CHANGER, (uint32_t)pid, err);
	if (r == 0 && (epoll_ctl(w->epoll, EPOLL_CTL_ADD, from[0], &ev) < 0 || write(go[1], "g", 1) != 1))
		r = bl_error_set(err, BL_SYSTEM, "cannot start a change: %m");
	(void)close(go[1]); /* without a byte the child ends */
	if (r < 0) {
		(void)close(from[0]);
		if (pid > 0)
			(void)waitpid(pid, NULL, 0);
		return r;
	}
	w->pid = pid;
	w->from = from[0];
	w->now.waits = false;
	bl_buf_reset(&w->heard);
	return 0;
}

void bl_worker_step(struct bl_worker *w, const struct bl_object *o)
{
	struct bl_error err = {""};
	int lock, r;

	if (w->pid != 0 || !w->now.waits)
		return;
	r = bl_lock_take("lock", false, &lock, &err);
	if (r == -EBUSY)
		return;
	if (r == 0) {
		r = begin(w, o, lock, &err);
		(void)close(lock); /* the child has it */
	}
	if (r < 0)
		ended(w, BL_EXIT_SYSTEM, err.text);
}

void bl_worker_serve(struct bl_worker *w)
{
	const char *text;
	char piece[4096];
	ssize_t n;

	if (w->pid == 0)
		return;
	n = read(w->from, piece, sizeof(piece));
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n > 0) {
		bl_buf_add(&w->heard, piece, (size_t)n);
		return;
	}
	(void)close(w->from);
	w->from = -1;
	(void)waitpid(w->pid, NULL, 0);
	text = bl_buf_text(&w->heard);
	if (!text || w->heard.len == 0)
		ended(w, BL_EXIT_SYSTEM, "the process that made the change was killed; what is in force is as 'enforcer status' says");
	else
		ended(w, (enum bl_exit)text[0], text + 1);
}
