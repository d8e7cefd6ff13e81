/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `enforcer why`: the last refusals of a process, unit or program in plain words, and what would allow each. */
#include "why.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "allow.h"
#include "control.h"
#include "event_tree.h"
#include "text.h"

#include "banned.h"

/* ---- whose ---- */

static bool is_bytes(const uint8_t *p, size_t n, const char *text, size_t len)
{
	return n == len && memcmp(p, text, len) == 0;
}

/* NAME, or NAME.service for a name without a type. */
static bool is_unit(const uint8_t *p, size_t n, const char *unit)
{
	static const char service[] = ".service";
	size_t len = strlen(unit), tail = sizeof(service) - 1;

	if (is_bytes(p, n, unit, len))
		return true;
	return !strchr(unit, '.') && n == len + tail && memcmp(p, unit, len) == 0 && memcmp(p + len, service, tail) == 0;
}

/* A unit is one of the components of its cgroup's path. */
static bool in_unit(const uint8_t *cgroup, size_t n, const char *unit)
{
	for (size_t i = 0, len; i < n; i += len + 1) {
		const uint8_t *slash = memchr(cgroup + i, '/', n - i);

		len = slash ? (size_t)(slash - cgroup) - i : n - i;
		if (len > 0 && is_unit(cgroup + i, len, unit))
			return true;
	}
	return false;
}

bool bl_why_matches(const struct bl_event_view *e, const char *who)
{
	size_t len = strlen(who);
	uint64_t pid;
	char *end;

	if (strchr(who, '/'))
		return is_bytes(e->exe, e->ev->exe_len, who, len) || is_bytes(e->script, e->ev->script_len, who, len);
	errno = 0;
	pid = strtoull(who, &end, 10);
	if (len > 0 && strspn(who, "0123456789") == len)
		return errno == 0 && pid == e->ev->pid;
	return is_unit(e->unit, e->ev->unit_len, who) || in_unit(e->cgroup, e->more->cgroup_len, who);
}

/* ---- in words ---- */

static void put_process(struct bl_buf *b, const struct bl_event_view *e)
{
	const struct bl_event *ev = e->ev;

	if (ev->exe_len > 0)
		bl_text_object(b, BL_KEY_EXE, e->exe, ev->exe_len);
	else
		bl_text_escape(b, ev->comm, strnlen((const char *)ev->comm, BL_COMM_LEN));
	if (ev->script_len > 0) {
		bl_buf_str(b, " running ");
		bl_text_escape(b, e->script, ev->script_len);
	}
	bl_buf_printf(b, " (pid %" PRIu32 ", uid %" PRIu32 ")", ev->pid, ev->euid);
}

static void put_request(struct bl_buf *b, const struct bl_event_view *e)
{
	const struct bl_event *ev = e->ev;
	bool audit = ev->mode == BL_MODE_AUDIT;

	if (ev->verdict == BL_V_KILL)
		bl_buf_str(b, audit ? " would have been killed for " : " was killed for ");
	else
		bl_buf_str(b, audit ? " would have been refused: " : " was refused: ");
	bl_buf_str(b, bl_text_op(ev->op));
	bl_buf_char(b, ' ');
	if (ev->obj_len > 0)
		bl_text_object(b, ev->kind, e->obj, ev->obj_len);
	else if (ev->kind != BL_KEY_UNIX)
		bl_buf_str(b, "(unknown name)");
	if (ev->flags & BL_EVF_CANONICAL)
		bl_buf_str(b, ", which it reached by another name");
	bl_buf_char(b, '\n');
}

static void put_time(struct bl_buf *b, const struct bl_event_view *e, uint64_t times)
{
	bl_buf_str(b, "    at ");
	bl_text_time(b, e->more->wall_ns);
	if (times > 1)
		bl_buf_printf(b, ", the last of %" PRIu64 " times", times);
	if (e->ev->unit_len > 0) {
		bl_buf_str(b, ", in unit ");
		bl_text_escape(b, e->unit, e->ev->unit_len);
	}
	if (e->ev->container_len > 0) {
		bl_buf_str(b, ", in container ");
		bl_text_escape(b, e->container, e->ev->container_len);
	}
	bl_buf_char(b, '\n');
}

static void put_place(struct bl_buf *b, const struct bl_event_names *names)
{
	bl_text_source(b, names->file);
	bl_buf_printf(b, ":%" PRIu32, names->line);
}

static void put_rule(struct bl_buf *b, const struct bl_event *ev, const struct bl_event_names *names)
{
	if (!names->profile) {
		bl_buf_printf(b, "    by a rule of generation %" PRIu32 ", whose policy is no longer kept\n", ev->gen);
		return;
	}
	bl_buf_str(b, "    by profile ");
	bl_text_source(b, names->profile);
	if (names->rule) {
		bl_buf_str(b, ", ");
		put_place(b, names);
		bl_buf_str(b, ": ");
		bl_text_source(b, names->rule);
	} else if (ev->reason == BL_R_DEFAULT) {
		bl_buf_str(b, ", in which no rule matches; its default, ");
		put_place(b, names);
		bl_buf_str(b, ", refuses");
	} else {
		bl_buf_printf(b, ", because %s (%s)", bl_text_reason_long(ev->reason), bl_text_reason(ev->reason));
	}
	bl_buf_char(b, '\n');
}

/* The kernel judges an `if` of an allowance as false for such a process. */
static const char *no_condition(const struct bl_event *ev)
{
	if (!(ev->flags & BL_EVF_UNTRUSTED))
		return "";
	return " (to every program of the profile: no condition can be made for this one, whose name anybody could have given it)";
}

static void put_cure(struct bl_buf *b, const struct bl_image *img, const struct bl_event_view *e, const struct bl_event_names *names)
{
	struct bl_buf rule = BL_BUF_INIT;

	switch (bl_allow_rule(&rule, img, e)) {
	case BL_ALLOW_RULE:
		bl_buf_printf(b, "    to allow it%s, write in that profile", no_condition(e->ev));
		if (names->rule) {
			bl_buf_str(b, ", before ");
			put_place(b, names);
		}
		bl_buf_printf(b, ":\n        %s\n", bl_buf_text(&rule) ? bl_buf_text(&rule) : "?");
		break;
	case BL_ALLOW_NAMES:
		bl_buf_str(b, "    no rule can allow it: by another name what that rule refuses would not be refused (policy(5), Names that change)\n");
		break;
	case BL_ALLOW_FAILURE:
		bl_buf_str(b, "    no rule can allow it: it was not found out what to judge (policy(5), INTERNAL FAILURES)\n");
		break;
	case BL_ALLOW_UNKNOWN:
		break;
	}
	bl_buf_free(&rule);
}

void bl_why_text(struct bl_buf *b, struct bl_gen_names *n, const struct bl_event_view *e, uint64_t times)
{
	struct bl_event_names names;

	bl_event_names(n, e->ev, &names);
	put_process(b, e);
	put_request(b, e);
	put_time(b, e, times);
	put_rule(b, e->ev, &names);
	put_cure(b, bl_names_image(n, e->ev->gen), e, &names);
}

/* ---- as JSON ---- */

int bl_why_json(struct bl_buf *b, struct bl_gen_names *n, const struct bl_event_view *e, uint64_t times)
{
	static const char *const words[] = {
		[BL_ALLOW_RULE] = "rule", [BL_ALLOW_NAMES] = "names", [BL_ALLOW_FAILURE] = "failure", [BL_ALLOW_UNKNOWN] = "unknown"};
	struct bl_buf rule = BL_BUF_INIT;
	enum bl_allow a = bl_allow_rule(&rule, bl_names_image(n, e->ev->gen), e);
	json_t *o = json_object(), *cure = json_object();

	bl_tree_put(o, "event", bl_event_tree(n, e));
	bl_tree_put(o, "times", bl_tree_number(times));
	bl_tree_put(cure, "kind", json_string(words[a]));
	bl_tree_put(cure, "rule", a == BL_ALLOW_RULE ? bl_tree_taken(&rule) : json_null());
	bl_tree_put(o, "cure", cure);
	bl_buf_free(&rule);
	return bl_tree_print(b, o);
}

/* ---- what the daemon has ---- */

/* Equal refusals, the newest of them. */
struct refusal {
	struct bl_event_view e; /* in record */
	void *record;
	uint64_t times;
};

struct why {
	const char *who;
	struct refusal seen[BL_CTL_HISTORY];
	size_t n;
};

static bool equal(const struct bl_event_view *a, const struct bl_event_view *b)
{
	const struct bl_event *x = a->ev, *y = b->ev;

	return x->gen == y->gen && x->rule == y->rule && x->profile == y->profile && x->verdict == y->verdict && x->mode == y->mode &&
	       x->reason == y->reason && x->op == y->op && x->kind == y->kind && ((x->flags ^ y->flags) & ~BL_EVF_SUMMARY) == 0 &&
	       is_bytes(a->exe, x->exe_len, (const char *)b->exe, y->exe_len) && is_bytes(a->obj, x->obj_len, (const char *)b->obj, y->obj_len);
}

/* Events come the oldest first. */
static int take(const struct bl_event_view *e, const void *record, size_t size, void *arg)
{
	struct why *w = arg;
	struct refusal new = {.times = e->ev->count};
	size_t i = 0;

	if (bl_event_is_notice(e->ev) || e->ev->verdict < BL_V_DENY || !bl_why_matches(e, w->who))
		return 0;
	while (i < w->n && !equal(&w->seen[i].e, e))
		i++;
	if (i < w->n) {
		new.times += w->seen[i].times;
		free(w->seen[i].record);
		memmove(&w->seen[i], &w->seen[i + 1], (w->n - i - 1) * sizeof(w->seen[0]));
		w->n--;
	}
	new.record = w->n < BL_CTL_HISTORY ? malloc(size) : NULL;
	if (!new.record)
		return 0;
	memcpy(new.record, record, size);
	(void)bl_record_decode(new.record, size, &new.e);
	w->seen[w->n++] = new;
	return 0;
}

static void print_all(const struct why *w)
{
	struct bl_gen_names names = {.whole = true};
	struct bl_buf b = BL_BUF_INIT;
	size_t first = w->n > BL_WHY_SHOWN ? w->n - BL_WHY_SHOWN : 0;

	if (first > 0)
		(void)printf("the last %d of %zu different refusals:\n", BL_WHY_SHOWN, w->n);
	for (size_t i = first; i < w->n; i++)
		bl_why_text(&b, &names, &w->seen[i].e, w->seen[i].times);
	if (w->n == 0)
		(void)printf("nothing that the daemon remembers was refused to %s\n", w->who);
	else if (bl_buf_text(&b))
		(void)fputs(bl_buf_text(&b), stdout);
	bl_buf_free(&b);
	bl_names_free(&names);
}

static int print_json(const struct why *w, struct bl_error *err)
{
	struct bl_gen_names names = {.whole = true};
	struct bl_buf b = BL_BUF_INIT;
	int r = 0;

	for (size_t i = w->n > BL_WHY_SHOWN ? w->n - BL_WHY_SHOWN : 0; r == 0 && i < w->n; i++) {
		r = bl_why_json(&b, &names, &w->seen[i].e, w->seen[i].times);
		bl_buf_char(&b, '\n');
	}
	if (r == 0 && bl_buf_text(&b))
		(void)fputs(bl_buf_text(&b), stdout);
	else
		r = bl_error_set(err, BL_SYSTEM, "out of memory");
	bl_buf_free(&b);
	bl_names_free(&names);
	return r;
}

int bl_why(const char *who, bool json, struct bl_error *err)
{
	struct why *w = calloc(1, sizeof(*w));
	char path[PATH_MAX];
	uint32_t pid;
	int fd = -1, r = w ? 0 : bl_error_set(err, BL_SYSTEM, "out of memory");

	if (r == 0 && geteuid() != 0)
		r = bl_error_set(err, BL_SYSTEM, "this needs root (now uid %u); run it with sudo", (unsigned int)geteuid());
	if (r == 0) {
		w->who = strchr(who, '/') && realpath(who, path) ? path : who;
		r = bl_ctl_connect(BL_WANT_HISTORY, &fd, &pid, err);
		if (r == -ENOENT)
			r = bl_error_set(err, BL_REFUSED, "no daemon runs that would remember: start 'enforcer run'; 'enforcer events' shows what the kernel keeps");
	}
	if (r == 0)
		r = bl_ctl_listen(fd, take, w, err);
	if (r == 0 && json)
		r = print_json(w, err);
	else if (r == 0)
		print_all(w);
	if (fd >= 0)
		(void)close(fd);
	for (size_t i = 0; w && i < w->n; i++)
		free(w->seen[i].record);
	free(w);
	return r;
}
