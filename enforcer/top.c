/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `enforcer top`: what is being refused and reported, by profile and rule. Numbers are the kernel's own, the last events the daemon's. */
#include "top.h"

#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "control.h"
#include "event_tree.h"
#include "load.h"
#include "status_read.h"
#include "text.h"

#include "banned.h"

/* ---- a frame ---- */

static uint64_t lately(const struct bl_top_row *r)
{
	return r->hits - r->before;
}

/* What is busy first, then what was; the order of the policy where both are equal. */
static int order(const void *a, const void *b)
{
	const struct bl_top_row *x = a, *y = b;

	if (lately(x) != lately(y))
		return lately(x) < lately(y) ? 1 : -1;
	if (x->hits != y->hits)
		return x->hits < y->hits ? 1 : -1;
	return x->line < y->line ? -1 : x->line > y->line;
}

static void put_row(struct bl_buf *b, const struct bl_top_row *r, unsigned int seconds)
{
	char rate[24] = "-", verdict[16];

	if (seconds != 0)
		(void)snprintf(rate, sizeof(rate), "%.1f", (double)lately(r) / seconds);
	(void)snprintf(verdict, sizeof(verdict), "%s%s", r->audit && r->verdict >= BL_V_DENY ? "would-" : "", bl_text_verdict(r->verdict));
	bl_buf_printf(b, "%10" PRIu64 " %8s  %-10s ", r->hits, rate, verdict);
	bl_text_source(b, r->profile);
	bl_buf_str(b, "  ");
	bl_text_source(b, r->file);
	bl_buf_printf(b, ":%" PRIu32 ": ", r->line);
	bl_text_source(b, r->rule ? r->rule : "default");
	if (r->last)
		bl_buf_printf(b, "  <- %s", r->last);
}

/* The first width characters of a line that is valid UTF-8, and a newline. */
static void put_cut(struct bl_buf *b, const char *line, size_t width)
{
	size_t n = 0, chars = 0;

	while (line[n] && (width == 0 || chars < width || ((unsigned char)line[n] & 0xc0) == 0x80))
		chars += ((unsigned char)line[n++] & 0xc0) != 0x80;
	bl_buf_add(b, line, n);
	bl_buf_char(b, '\n');
}

void bl_top_frame(struct bl_buf *b, const char *head, const char *latency, struct bl_top_row *rows, size_t n, unsigned int seconds, size_t width, size_t height)
{
	struct bl_buf line = BL_BUF_INIT;
	size_t heads = latency ? 3 : 2;

	qsort(rows, n, sizeof(*rows), order);
	put_cut(b, head, width);
	if (latency)
		put_cut(b, latency, width);
	put_cut(b, "      HITS    PER S  VERDICT    PROFILE  RULE  <- LAST", width);
	for (size_t i = 0; i < n && rows[i].hits > 0 && (height == 0 || i + heads < height); i++) {
		bl_buf_reset(&line);
		put_row(&line, &rows[i], seconds);
		if (bl_buf_text(&line))
			put_cut(b, bl_buf_text(&line), width);
	}
	bl_buf_free(&line);
}

static json_t *row_json(const struct bl_top_row *r, unsigned int seconds)
{
	json_t *o = json_object();

	(void)json_object_set_new(o, "profile", bl_tree_text(r->profile));
	(void)json_object_set_new(o, "rule", r->rule ? bl_tree_text(r->rule) : json_null());
	(void)json_object_set_new(o, "file", bl_tree_text(r->file));
	(void)json_object_set_new(o, "line", bl_tree_number(r->line));
	(void)json_object_set_new(o, "verdict", json_string(bl_text_verdict(r->verdict)));
	(void)json_object_set_new(o, "audit", json_boolean(r->audit));
	(void)json_object_set_new(o, "hits", bl_tree_number(r->hits));
	(void)json_object_set_new(o, "new_hits", seconds != 0 ? bl_tree_number(lately(r)) : json_null());
	(void)json_object_set_new(o, "last", r->last ? bl_tree_text(r->last) : json_null());
	return o;
}

int bl_top_json(struct bl_buf *b, const struct bl_top_head *head, struct bl_top_row *rows, size_t n, unsigned int seconds)
{
	json_t *o = json_object(), *list = json_array();
	struct bl_buf time = BL_BUF_INIT;
	int r;

	qsort(rows, n, sizeof(*rows), order);
	for (size_t i = 0; i < n && rows[i].hits > 0; i++)
		(void)json_array_append_new(list, row_json(&rows[i], seconds));
	bl_text_time(&time, head->wall_ns);
	(void)json_object_set_new(o, "time", bl_tree_taken(&time));
	(void)json_object_set_new(o, "generation", bl_tree_number(head->gen));
	(void)json_object_set_new(o, "dry_run", json_boolean(head->mode->dry_run));
	(void)json_object_set_new(o, "daemon", json_boolean(head->daemon));
	(void)json_object_set_new(o, "events_produced", bl_tree_number(head->produced));
	(void)json_object_set_new(o, "events_dropped", bl_tree_number(head->dropped));
	(void)json_object_set_new(o, "seconds", seconds != 0 ? bl_tree_number(seconds) : json_null());
	(void)json_object_set_new(o, "latency", head->latency ? bl_latency_json(head->latency) : json_null());
	(void)json_object_set_new(o, "rows", list);
	r = bl_tree_print(b, o);
	bl_buf_char(b, '\n');
	return r;
}

/* ---- what there is to show ---- */

struct top {
	struct bl_object object;
	uint32_t gen;
	struct bl_gen g;
	size_t n;	  /* rules, then defaults by profile */
	uint64_t *before; /* hits at the last frame */
	char **last;	  /* of each, in words */
	struct bl_hook_latency hooks[BL_NHOOKS], hooks_before;
	int fd; /* the daemon; -1: none */
	bool json;
};

static void forget(struct top *t)
{
	for (size_t i = 0; t->last && i < t->n; i++)
		free(t->last[i]);
	free(t->last);
	free(t->before);
	t->last = NULL;
	t->before = NULL;
	t->n = 0;
	bl_gen_free(&t->g);
	bl_object_close(&t->object);
}

/* Another policy begins with nothing. */
static int see(struct top *t, struct bl_error *err)
{
	uint32_t gen;
	int r = t->gen != 0 ? bl_gen_current(&t->object, &gen, err) : bl_loaded_open(&t->object, &gen, err);

	if (r == 0 && gen == t->gen)
		return 0;
	if (r == 0) {
		forget(t);
		r = bl_loaded_open(&t->object, &t->gen, err);
	}
	if (r == 0)
		r = bl_gen_open_names(t->gen, &t->g, err);
	if (r < 0)
		return r == -ENOENT ? BL_REFUSED : r;
	t->n = (size_t)t->g.image.tables->nrules + t->g.image.tables->nprofiles;
	t->last = calloc(t->n, sizeof(*t->last));
	t->before = calloc(t->n, sizeof(*t->before));
	return t->last && t->before ? 0 : bl_error_set(err, BL_SYSTEM, "out of memory");
}

static int take(const struct bl_event_view *e, const void *record, size_t size, void *arg)
{
	const struct bl_event *ev = e->ev;
	struct top *t = arg;
	struct bl_buf b = BL_BUF_INIT;
	size_t i = ev->rule != BL_RULE_NONE ? ev->rule : (size_t)t->g.image.tables->nrules + ev->profile;

	(void)record;
	(void)size;
	if (bl_event_is_notice(ev) || ev->gen != t->gen || i >= t->n)
		return 0;
	bl_buf_printf(&b, "%s ", bl_text_op(ev->op));
	bl_text_object(&b, ev->kind, e->obj, ev->obj_len);
	bl_buf_str(&b, " by ");
	if (ev->exe_len > 0)
		bl_text_object(&b, BL_KEY_EXE, e->exe, ev->exe_len);
	else
		bl_text_escape(&b, ev->comm, strnlen((const char *)ev->comm, BL_COMM_LEN));
	bl_buf_printf(&b, "[%" PRIu32 "]", ev->pid);
	free(t->last[i]);
	t->last[i] = bl_buf_text(&b) ? strdup(bl_buf_text(&b)) : NULL;
	bl_buf_free(&b);
	return 0;
}

static void put_head(struct bl_buf *b, const struct bl_top_head *h)
{
	bl_text_time(b, h->wall_ns);
	bl_buf_printf(b, "  generation %" PRIu32 ", ", h->gen);
	bl_gen_mode_text(b, h->mode);
	bl_buf_printf(b, "; events %" PRIu64 ", dropped %" PRIu64 "%s", h->produced, h->dropped, h->daemon ? "" : "; no daemon runs, so the last ones are not known");
}

static struct bl_top_head head_now(const struct top *t, const struct bl_gen_mode *mode, const uint64_t *stats)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (struct bl_top_head){.wall_ns = (uint64_t)now.tv_sec * 1000000000,
				    .gen = t->gen,
				    .mode = mode,
				    .latency = bl_latency_on() ? t->hooks : NULL,
				    .daemon = t->fd >= 0,
				    .produced = stats[BL_STAT_PRODUCED],
				    .dropped = stats[BL_STAT_DROPPED]};
}

static int frame(struct top *t, unsigned int seconds, size_t width, size_t height, struct bl_buf *b, struct bl_error *err)
{
	const struct bl_image *img = &t->g.image;
	struct bl_top_row *rows = calloc(t->n, sizeof(*rows));
	uint64_t stats[BL_STAT_MAX] = {0};
	struct bl_gen_counts counts = {.hits = NULL};
	struct bl_buf head = BL_BUF_INIT, latency = BL_BUF_INIT;
	struct bl_top_head h;
	int r = rows ? bl_gen_counts_read(t->gen, &counts, err) : bl_error_set(err, BL_SYSTEM, "out of memory");

	if (r == 0)
		r = bl_stats_read(&t->object, stats, err);
	if (r == 0)
		r = bl_latency_read(t->hooks, err);
	for (size_t i = 0; r == 0 && i < t->n; i++) {
		bool rule = i < img->tables->nrules;
		uint32_t p = rule ? img->rules[i].profile : (uint32_t)(i - img->tables->nrules);
		const struct bl_meta_profile *m = &img->profiles[p];

		rows[i] = (struct bl_top_row){
			.profile = bl_image_str(img, m->name),
			.rule = rule ? bl_image_str(img, img->rules[i].text) : NULL,
			.file = bl_image_str(img, rule ? img->rules[i].file : m->file),
			.line = rule ? img->rules[i].line : m->default_line ? m->default_line : m->line,
			.verdict = rule ? (uint8_t)img->rules[i].verdict : BL_V_DENY,
			.audit = counts.mode.dry_run || counts.modes[p] == BL_MODE_AUDIT,
			.hits = counts.hits[i],
			.before = t->before[i],
			.last = t->last[i],
		};
		if (seconds == 0)
			rows[i].before = rows[i].hits;
		t->before[i] = rows[i].hits;
	}
	h = head_now(t, &counts.mode, stats);
	if (r == 0 && t->json) {
		if (bl_top_json(b, &h, rows, t->n, seconds) < 0)
			r = bl_error_set(err, BL_SYSTEM, "out of memory");
	} else if (r == 0) {
		put_head(&head, &h);
		if (h.latency)
			bl_latency_line(&latency, t->hooks, &t->hooks_before, seconds);
		bl_top_frame(b, bl_buf_text(&head) ? bl_buf_text(&head) : "", h.latency ? bl_buf_text(&latency) : NULL, rows, t->n, seconds, width, height);
	}
	bl_buf_free(&head);
	bl_buf_free(&latency);
	bl_gen_counts_free(&counts);
	free(rows);
	return r;
}

/* ---- the terminal ---- */

static struct winsize screen(void)
{
	struct winsize w = {.ws_row = 24, .ws_col = 80};
	struct winsize real;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &real) == 0 && real.ws_row > 2 && real.ws_col > 20)
		w = real;
	return w;
}

static int draw(struct top *t, unsigned int seconds, struct bl_error *err)
{
	struct winsize w = screen();
	struct bl_buf b = BL_BUF_INIT;
	int r;

	if (!t->json)
		bl_buf_str(&b, "\033[H\033[J"); /* to the corner, and clear */
	r = frame(t, seconds, w.ws_col, w.ws_row, &b, err);
	if (r == 0 && bl_buf_text(&b)) {
		if (!t->json && b.len > 0 && b.data[b.len - 1] == '\n')
			b.len--; /* or the screen rolls */
		if (fwrite(b.data, 1, b.len, stdout) != b.len || fflush(stdout) != 0)
			r = bl_error_set(err, BL_SYSTEM, "cannot draw: %m");
	}
	bl_buf_free(&b);
	return r;
}

/* Until the next frame is due; true: the end is wanted. */
static bool waited(struct top *t, int signals, struct bl_error *err)
{
	struct pollfd p[] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
	char key;

	if (t->fd >= 0 && bl_ctl_drain(t->fd, take, t, err) < 0) {
		(void)close(t->fd); /* the daemon has gone: numbers go on */
		t->fd = -1;
	}
	if (t->json)
		p[0].fd = -1; /* no keys */
	if (poll(p, BL_ARRAY_SIZE(p), BL_TOP_SECONDS * 1000) <= 0)
		return false;
	if (p[1].revents != 0)
		return true;
	return p[0].revents != 0 && (read(STDIN_FILENO, &key, 1) <= 0 || key == 'q' || key == 'Q');
}

static int live(struct top *t, struct bl_error *err)
{
	struct termios before, raw;
	bool terminal = !t->json && tcgetattr(STDIN_FILENO, &before) == 0;
	time_t then = 0;
	sigset_t set;
	int signals, r;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (signals < 0)
		return bl_error_set(err, BL_SYSTEM, "cannot wait for signals: %m");
	if (terminal) {
		raw = before;
		raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	}
	if (!t->json)
		(void)printf("\033[?1049h\033[?25l"); /* the other screen, no cursor */
	do {
		time_t now = time(NULL);
		uint32_t gen = t->gen;

		r = see(t, err);
		if (r == 0)
			r = draw(t, gen == t->gen && then != 0 && now > then ? (unsigned int)(now - then) : 0, err);
		then = now;
	} while (r == 0 && !waited(t, signals, err));
	if (!t->json)
		(void)printf("\033[?25h\033[?1049l");
	(void)fflush(stdout);
	if (terminal)
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &before);
	(void)close(signals);
	return r;
}

static int single(struct top *t, struct bl_error *err)
{
	struct bl_buf b = BL_BUF_INIT;
	int r = t->fd >= 0 ? bl_ctl_listen(t->fd, take, t, err) : 0;

	if (r == 0)
		r = frame(t, 0, 0, 0, &b, err);
	if (r == 0 && bl_buf_text(&b))
		(void)fputs(bl_buf_text(&b), stdout);
	bl_buf_free(&b);
	return r;
}

int bl_top(bool once, bool json, struct bl_error *err)
{
	struct top t = {.object = BL_OBJECT_CLOSED, .fd = -1, .json = json};
	uint32_t pid;
	int r;

	if (geteuid() != 0)
		return bl_error_set(err, BL_SYSTEM, "this needs root (now uid %u); run it with sudo", (unsigned int)geteuid());
	once |= !json && isatty(STDOUT_FILENO) == 0;
	r = see(&t, err);
	if (r == 0) {
		r = bl_ctl_connect(once ? BL_WANT_HISTORY : BL_WANT_FOLLOW, &t.fd, &pid, err);
		r = r == -ENOENT ? 0 : r;
	}
	if (r == 0)
		r = once ? single(&t, err) : live(&t, err);
	if (t.fd >= 0)
		(void)close(t.fd);
	forget(&t);
	return r;
}
