// SPDX-License-Identifier: GPL-2.0-or-later
/* `policyc explain`: what a policy answers to one request, or to many, and why. */
#include "cmd.h"
#include "ids.h"
#include "arena.h"
#include "json.h"
#include "names.h"
#include "request_json.h"
#include "simulate.h"
#include "text.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "banned.h"

static const char *said_word(const struct bl_report *rep)
{
	if (rep->mode == BL_MODE_AUDIT && rep->verdict == BL_V_DENY)
		return "would-deny";
	if (rep->mode == BL_MODE_AUDIT && rep->verdict == BL_V_KILL)
		return "would-kill";
	return bl_text_verdict(rep->verdict);
}

/* A text of the image and where it is written. */
static void put_place(struct bl_buf *b, const struct bl_image *img, uint32_t file, uint32_t line)
{
	bl_text_source(b, bl_image_str(img, file));
	bl_buf_printf(b, ":%u", line);
}

static void put_rule(struct bl_buf *b, const struct bl_image *img, uint32_t rule, const char *lead)
{
	const struct bl_meta_rule *r = &img->rules[rule];

	bl_buf_str(b, lead);
	put_place(b, img, r->file, r->line);
	bl_buf_str(b, ": ");
	bl_text_source(b, bl_image_str(img, r->text));
	bl_buf_char(b, '\n');
}

/* One profile: what it considered, in order, and what it said. */
static void put_profile(struct bl_buf *b, const struct bl_image *img, const struct sim_answer *a, uint32_t i)
{
	uint32_t p = a->label.prof[i];
	struct sim_considered c;
	const struct bl_meta_profile *m = &img->profiles[p];
	const struct bl_report *rep = &a->result.reports[i];
	bool found = false;

	bl_buf_str(b, "  profile ");
	bl_text_source(b, bl_image_str(img, m->name));
	bl_buf_str(b, " (");
	put_place(b, img, m->file, m->line);
	bl_buf_printf(b, "): %s\n", rep->verdict ? said_word(rep) : "allow");
	for (uint32_t k = 0; !found && sim_considered(img, a, p, k, &c); k++) {
		put_rule(b, img, c.rule,
			 !c.holds    ? "    passed over: its conditions do not hold   "
			 : c.implied ? "    decides, because it could use this socket   "
				     : "    decides   ");
		found = c.holds;
	}
	/* a bind asks more than one question, see simulate.h */
	if (rep->verdict > BL_V_ALLOW && rep->rule != BL_RULE_NONE && !(found && rep->rule == c.rule)) {
		put_rule(b, img, rep->rule, "    decides, asked too   ");
	} else if (rep->reason == BL_R_DEFAULT) {
		bl_buf_printf(b, "    no rule matches%s; the default (", found ? " what is asked too" : "");
		put_place(b, img, m->file, m->default_line);
		bl_buf_str(b, ") refuses\n");
	} else if (!found) {
		bl_buf_str(b, "    no rule matches; the default allows\n");
	}
}

/* Prints what was put into b, and frees it. */
static int print_buf(struct bl_buf *b)
{
	int status = EXIT_FINE;

	if (bl_buf_text(b))
		fputs(bl_buf_text(b), stdout); /* finish() in main.c looks at the stream */
	else
		status = cmd_fail(EXIT_SYSTEM, "out of memory");
	bl_buf_free(b);
	return status;
}

static int print_text(const struct bl_image *img, const struct sim_request *q, const struct sim_answer *a)
{
	struct bl_buf b = BL_BUF_INIT;

	bl_buf_printf(&b, "%s %s ", bl_text_verdict(a->result.verdict), bl_text_op(q->op));
	bl_text_object(&b, a->kind, a->key, a->key_len);
	bl_buf_char(&b, '\n');
	if (a->label.nprof == 0)
		bl_buf_str(&b, "  the process is in no profile\n");
	for (uint32_t i = 0; i < a->label.nprof; i++)
		put_profile(&b, img, a, i);
	return print_buf(&b);
}

static void json_report(struct bl_buf *b, const struct bl_image *img, const struct bl_report *rep)
{
	const struct bl_meta_profile *m = &img->profiles[rep->profile];

	bl_buf_printf(b, "{\"verdict\":\"%s\",\"mode\":\"%s\",\"reason\":\"%s\",\"profile\":", said_word(rep),
		      bl_text_mode(rep->mode), bl_text_reason(rep->reason));
	bl_json_cstring(b, bl_image_str(img, m->name));
	if (rep->rule != BL_RULE_NONE) {
		const struct bl_meta_rule *r = &img->rules[rep->rule];

		bl_buf_str(b, ",\"rule\":{\"file\":");
		bl_json_cstring(b, bl_image_str(img, r->file));
		bl_buf_printf(b, ",\"line\":%u,\"text\":", r->line);
		bl_json_cstring(b, bl_image_str(img, r->text));
		bl_buf_char(b, '}');
	}
	bl_buf_char(b, '}');
}

static int print_json(const struct bl_image *img, const struct sim_request *q, const struct sim_answer *a)
{
	struct bl_buf b = BL_BUF_INIT, obj = BL_BUF_INIT;
	bool first = true;

	bl_text_object(&obj, a->kind, a->key, a->key_len);
	bl_buf_printf(&b, "{\"verdict\":\"%s\",\"op\":\"%s\",\"object\":", bl_text_verdict(a->result.verdict),
		      bl_text_op(q->op));
	if (a->kind == BL_KEY_PATH)
		bl_json_string(&b, a->key, bl_text_nameless(a->kind, a->key, a->key_len) ? 0 : a->key_len);
	else
		bl_json_string(&b, obj.data, obj.len);
	bl_buf_printf(&b, ",\"errno\":%u,\"reports\":[", a->result.err);
	for (uint32_t i = 0; i < BL_TASK_PROFILES; i++) {
		if (a->result.reports[i].verdict == 0)
			continue;
		if (!first)
			bl_buf_char(&b, ',');
		json_report(&b, img, &a->result.reports[i]);
		first = false;
	}
	bl_buf_str(&b, "],\"profiles\":[");
	for (uint32_t i = 0; i < a->label.nprof; i++) {
		if (i != 0)
			bl_buf_char(&b, ',');
		bl_json_cstring(&b, bl_image_str(img, img->profiles[a->label.prof[i]].name));
	}
	bl_buf_str(&b, "]}\n");
	if (obj.failed)
		b.failed = true;
	bl_buf_free(&obj);
	return print_buf(&b);
}

static int ask_and_print(const struct bl_image *img, const struct sim_request *q, bool json, const char *where)
{
	struct sim_answer *a = malloc(sizeof(*a));
	struct bl_error err;
	int status = EXIT_FINE;

	if (!a)
		return cmd_fail(EXIT_SYSTEM, "out of memory");
	if (sim_ask(img, q, a, &err) < 0)
		status = cmd_fail(EXIT_USAGE, "%s%s", where, err.text);
	else if (json)
		status = print_json(img, q, a);
	else
		status = print_text(img, q, a);
	free(a);
	return status;
}

static int batch_line(const struct bl_image *img, char *line, size_t len, unsigned long number)
{
	struct request r;
	struct bl_error err;
	char where[48];

	snprintf(where, sizeof(where), "line %lu: ", number);
	if (request_parse(line, len, &r, &err) < 0)
		return cmd_fail(EXIT_USAGE, "%s%s", where, err.text);
	r.ask.op = sim_op(r.op);
	if (r.ask.op == 0)
		return cmd_fail(EXIT_USAGE, "%sunknown operation '%s'", where, r.op);
	return ask_and_print(img, &r.ask, true, where);
}

static int batch(const struct bl_image *img)
{
	unsigned long number = 0;
	char *line = NULL;
	size_t cap = 0;
	int status = EXIT_FINE;
	ssize_t n;

	while (status == EXIT_FINE && (n = getline(&line, &cap, stdin)) >= 0) {
		if (n > 0 && line[n - 1] == '\n')
			line[--n] = '\0';
		number++;
		if (n > 0)
			status = batch_line(img, line, (size_t)n, number);
	}
	if (status == EXIT_FINE && !feof(stdin))
		status = cmd_fail(EXIT_SYSTEM, "cannot read standard input: %s", strerror(errno));
	free(line);
	return status;
}

/* A user or group by name or number, in the words of the language. */
static int parse_id(enum bl_kind kind, const char *word, uint32_t *ret)
{
	struct arena arena;
	struct word_error err;
	uint32_t hi;
	int r;

	if (!ids_is_number(word))
		return ids_find(kind, word, ret);
	arena_init(&arena);
	r = ids_parse(&arena, kind, word, ret, &hi, &err);
	arena_free(&arena);
	return r == 0 && *ret != hi ? -EINVAL : r;
}

/* "a,b,c": each word, to fn. */
static int each_word(const char *list, int (*fn)(const char *word, void *arg), void *arg)
{
	char word[64];

	for (;; list++) {
		size_t n = strcspn(list, ",");
		int status;

		if (n == 0 || n >= sizeof(word))
			return cmd_fail(EXIT_USAGE, "'%s' is no list of words with ',' between them", list);
		memcpy(word, list, n);
		word[n] = '\0';
		status = fn(word, arg);
		list += n;
		if (status != EXIT_FINE || *list == '\0')
			return status;
	}
}

struct groups {
	uint32_t v[REQUEST_VALUES];
	size_t n;
};

static int add_group(const char *word, void *arg)
{
	struct groups *g = arg;

	if (g->n == REQUEST_VALUES)
		return cmd_fail(EXIT_USAGE, "more than %u groups", REQUEST_VALUES);
	if (parse_id(BL_KEY_GROUP, word, &g->v[g->n]) < 0)
		return cmd_fail(EXIT_USAGE, "group '%s' does not exist on this machine; write its number", word);
	g->n++;
	return EXIT_FINE;
}

static int add_capability(const char *word, void *arg)
{
	int32_t v = bl_names_value(BL_NAMES_CAPABILITY, word);
	uint64_t *caps = arg;

	if (v < 0)
		return cmd_fail(EXIT_USAGE, "unknown capability '%s'", word);
	*caps |= 1ULL << v;
	return EXIT_FINE;
}

/* Who asks, from the options. scripts: room for one more than there are programs. */
static int read_process(const struct cmd_options *o, struct groups *g, const char **scripts, struct sim_process *p)
{
	int status = EXIT_FINE;

	if (o->script && o->nexes == 0)
		return cmd_fail(EXIT_USAGE, "--script says what brought a program: it needs --exe");
	p->exes = o->exes;
	p->nexes = o->nexes;
	if (p->nexes != 0)
		scripts[p->nexes - 1] = o->script;
	p->scripts = scripts;
	p->unit = o->unit;
	p->container = o->container;
	p->login = UINT32_MAX;
	p->untrusted = o->untrusted || o->nexes == 0;
	p->cgroup = o->cgroup ? o->cgroup : "/";
	if (o->user && parse_id(BL_KEY_USER, o->user, &p->euid) < 0)
		return cmd_fail(EXIT_USAGE, "user '%s' does not exist on this machine; write its number", o->user);
	if (o->login && parse_id(BL_KEY_USER, o->login, &p->login) < 0)
		return cmd_fail(EXIT_USAGE, "user '%s' does not exist on this machine; write its number", o->login);
	if (o->groups)
		status = each_word(o->groups, add_group, g);
	if (status == EXIT_FINE && o->capabilities)
		status = each_word(o->capabilities, add_capability, &p->capabilities);
	p->groups = g->v;
	p->ngroups = g->n;
	return status;
}

/* The object is what follows the operation, as one argument or several. */
static int read_object(char *const *args, size_t n, char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < n; i++) {
		int r = snprintf(buf + len, size - len, "%s%s", i ? " " : "", args[i]);

		if (r < 0 || (size_t)r >= size - len)
			return cmd_fail(EXIT_USAGE, "a name has at most %u bytes", BL_PATH_MAX - 1);
		len += (size_t)r;
	}
	return EXIT_FINE;
}

static int explain_one(const struct cmd_options *o, const struct bl_image *img, char *const *args, size_t n)
{
	struct sim_request q = { .owner = o->owner, .deleted = o->deleted, .fstype = o->fstype, .descendant = o->descendant,
				 .canonical = o->canonical, .to = o->to, .directory = o->directory };
	struct sim_process peer = { .exes = &o->peer, .nexes = 1, .cgroup = "/", .login = UINT32_MAX };
	struct groups g = { .n = 0 };
	const char **scripts;
	char object[BL_PATH_MAX];
	int status;

	if (n < 1)
		return cmd_fail(EXIT_USAGE, "explain needs an operation and its object, as in: read /etc/shadow, or connect tcp 10.0.0.5:80");
	q.op = sim_op(args[0]);
	if (q.op == 0)
		return cmd_fail(EXIT_USAGE, "'%s' is not an operation", args[0]);
	scripts = calloc(o->nexes + 1, sizeof(*scripts));
	if (!scripts)
		return cmd_fail(EXIT_SYSTEM, "out of memory");
	status = read_process(o, &g, scripts, &q.who);
	if (status == EXIT_FINE)
		status = read_object(args + 1, n - 1, object, sizeof(object));
	if (status == EXIT_FINE) {
		q.object = object;
		q.object_len = strlen(object);
		q.peer = o->peer ? &peer : NULL;
		status = ask_and_print(img, &q, o->json, "");
	}
	free(scripts);
	return status;
}

int cmd_explain(const struct cmd_options *o, char *const *args, size_t n)
{
	struct bl_image img;
	void *mem = NULL;
	int status;

	if (n == 0)
		return cmd_fail(EXIT_USAGE, "explain needs an image or a policy file");
	status = cmd_load(o, args[0], &img, &mem);
	if (status != EXIT_FINE)
		return status;
	if (o->batch)
		status = n == 1 ? batch(&img) : cmd_fail(EXIT_USAGE, "explain --batch reads its requests from standard input");
	else
		status = explain_one(o, &img, args + 1, n - 1);
	free(mem);
	return status;
}
