/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the daemon's events go: a queue and a thread for each output. */
#include "output.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "output_write.h"

#include "banned.h"

#define STACK (256u << 10) /* bytes, of a thread */

struct item {
	struct item *next;
	size_t size;
	char data[];
};

struct output {
	struct bl_sink sink; /* the thread's */
	pthread_t thread;
	pthread_mutex_t lock; /* of all that follows; held for a few instructions, never over a write */
	pthread_cond_t more;
	struct item *first, **last;
	size_t queued; /* bytes */
	bool stop;
	bool ended;
	struct bl_output_state state;
};

struct bl_outputs {
	struct output *all[BL_OUTPUTS_ALL];
	size_t n;
	struct bl_buf lines[BL_FORMAT_COUNT];
};

/* The next event, NULL: it is over. */
static struct item *take(struct output *o)
{
	struct item *i;

	(void)pthread_mutex_lock(&o->lock);
	while (!o->first && !o->stop)
		(void)pthread_cond_wait(&o->more, &o->lock);
	i = o->first;
	if (i) {
		o->first = i->next;
		if (!o->first)
			o->last = &o->first;
		o->queued -= i->size;
	} else {
		o->ended = true;
	}
	(void)pthread_mutex_unlock(&o->lock);
	return i;
}

static void *serve(void *arg)
{
	struct output *o = arg;
	struct item *i;

	while ((i = take(o)) != NULL) {
		char error[BL_OUTPUT_TEXT] = "";
		int r = bl_sink_write(&o->sink, i->data, i->size, error, sizeof(error));

		(void)pthread_mutex_lock(&o->lock);
		o->state.waiting--;
		if (r == 0)
			o->state.written++;
		else
			o->state.dropped++;
		memcpy(o->state.error, error, sizeof(error));
		(void)pthread_mutex_unlock(&o->lock);
		free(i);
	}
	return NULL;
}

/* data NULL: there was no memory for it. */
static void put(struct output *o, const char *data, size_t size)
{
	struct item *i = data ? malloc(sizeof(*i) + size) : NULL;

	if (i) {
		i->next = NULL;
		i->size = size;
		memcpy(i->data, data, size);
	}
	(void)pthread_mutex_lock(&o->lock);
	if (i && o->queued + size <= BL_OUTPUT_QUEUE) {
		*o->last = i;
		o->last = &i->next;
		o->queued += size;
		o->state.waiting++;
		(void)pthread_cond_signal(&o->more);
		i = NULL;
	} else {
		o->state.dropped++;
	}
	(void)pthread_mutex_unlock(&o->lock);
	free(i);
}

void bl_outputs_event(struct bl_outputs *os, struct bl_gen_names *n, const struct bl_event_view *e)
{
	for (size_t f = 0; f < BL_FORMAT_COUNT; f++)
		bl_buf_reset(&os->lines[f]);
	for (size_t i = 0; i < os->n; i++) {
		enum bl_format f = os->all[i]->sink.conf.format;
		struct bl_buf *line = &os->lines[f];

		if (os->all[i]->sink.conf.kind == BL_OUTPUT_METRICS)
			continue;
		if (line->len == 0)
			bl_format(line, f, n, e);
		put(os->all[i], bl_buf_text(line), line->len);
	}
}

void bl_outputs_metrics(struct bl_outputs *os, const char *text, size_t size)
{
	struct bl_output_state state;

	for (size_t i = 0; bl_outputs_state(os, i, &state); i++)
		if (os->all[i]->sink.conf.kind == BL_OUTPUT_METRICS)
			put(os->all[i], state.waiting == 0 ? text : NULL, size);
}

bool bl_outputs_state(struct bl_outputs *os, size_t i, struct bl_output_state *ret)
{
	if (!os || i >= os->n)
		return false;
	(void)pthread_mutex_lock(&os->all[i]->lock);
	*ret = os->all[i]->state;
	(void)pthread_mutex_unlock(&os->all[i]->lock);
	return true;
}

/* ---- begin and end ---- */

static void describe(const struct bl_output_conf *c, char ret[BL_OUTPUT_TEXT])
{
	static const char *const words[] = {"stdout", "file ", "journal", "syslog ", "metrics "};
	bool formats = c->kind == BL_OUTPUT_STDOUT || c->kind == BL_OUTPUT_FILE;

	(void)snprintf(ret, BL_OUTPUT_TEXT, "%s%.150s%s%s", words[c->kind], c->where, formats ? " format=" : "", formats ? bl_format_word(c->format) : "");
}

/* Signals are the main thread's. */
static int start(struct output *o)
{
	sigset_t all, before;
	pthread_attr_t attr;
	int r = pthread_attr_init(&attr);

	if (r != 0)
		return r;
	(void)pthread_attr_setstacksize(&attr, STACK);
	(void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&o->thread, &attr, serve, o);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)pthread_attr_destroy(&attr);
	return r;
}

int bl_outputs_open(const struct bl_output_conf *conf, size_t n, struct bl_outputs **ret, struct bl_error *err)
{
	struct bl_outputs *os = calloc(1, sizeof(*os));

	for (size_t i = 0; os && i < n && i < BL_OUTPUTS_ALL; i++) {
		struct output *o = calloc(1, sizeof(*o));

		if (o) {
			o->sink = (struct bl_sink){.conf = conf[i], .fd = -1};
			(void)pthread_mutex_init(&o->lock, NULL);
			(void)pthread_cond_init(&o->more, NULL);
			o->last = &o->first;
			describe(&conf[i], o->state.name);
		}
		if (!o || start(o) != 0) {
			free(o);
			bl_outputs_close(os);
			return bl_error_set(err, BL_SYSTEM, "cannot start a thread for an output");
		}
		os->all[os->n++] = o;
	}
	if (!os)
		return bl_error_set(err, BL_SYSTEM, "out of memory");
	*ret = os;
	return 0;
}

static bool ended(struct output *o)
{
	bool r;

	(void)pthread_mutex_lock(&o->lock);
	r = o->ended;
	(void)pthread_mutex_unlock(&o->lock);
	return r;
}

/* All of the output that its thread does not use any more. */
static void output_free(struct output *o)
{
	bl_sink_close(&o->sink);
	(void)pthread_mutex_destroy(&o->lock);
	(void)pthread_cond_destroy(&o->more);
	free(o);
}

void bl_outputs_close(struct bl_outputs *os)
{
	const struct timespec step = {.tv_nsec = 10000000};

	if (!os)
		return;
	for (size_t i = 0; i < os->n; i++) {
		(void)pthread_mutex_lock(&os->all[i]->lock);
		os->all[i]->stop = true;
		(void)pthread_cond_signal(&os->all[i]->more);
		(void)pthread_mutex_unlock(&os->all[i]->lock);
	}
	for (size_t i = 0, wait = 0; i < os->n; i++) {
		while (!ended(os->all[i]) && wait++ < 100)
			(void)nanosleep(&step, NULL);
		if (ended(os->all[i]))
			output_free(os->all[i]);
	}
	for (size_t f = 0; f < BL_FORMAT_COUNT; f++)
		bl_buf_free(&os->lines[f]);
	free(os);
}
