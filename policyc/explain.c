// SPDX-License-Identifier: GPL-2.0-or-later
/* `policyc explain`: what a policy answers to one request, or to many, and why. */
#include "cmd.h"
#include "ids.h"
#include "json.h"
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

static void print_rule(const struct bl_image *img, uint32_t rule, const char *lead)
{
	const struct bl_meta_rule *r = &img->rules[rule];

	printf("%s%s:%u: %s\n", lead, bl_image_str(img, r->file), r->line, bl_image_str(img, r->text));
}

/* One profile: what it considered, in order, and what it said. */
static void print_profile(const struct bl_image *img, const struct sim_answer *a, uint32_t i)
{
	uint32_t p = a->label.prof[i];
	struct sim_considered c;
	const struct bl_meta_profile *m = &img->profiles[p];
	const struct bl_report *rep = &a->result.reports[i];
	bool found = false;

	printf("  profile %s (%s:%u): %s\n", bl_image_str(img, m->name), bl_image_str(img, m->file), m->line,
	       rep->verdict ? said_word(rep) : "allow");
	for (uint32_t k = 0; !found && sim_considered(img, a, p, k, &c); k++) {
		print_rule(img, c.rule,
			   !c.holds	? "    passed over: its conditions do not hold   "
			   : c.implied ? "    decides, because it could use this socket   "
				       : "    decides   ");
		found = c.holds;
	}
	/* a bind asks more than one question, see simulate.h */
	if (rep->verdict > BL_V_ALLOW && rep->rule != BL_RULE_NONE && !(found && rep->rule == c.rule))
		print_rule(img, rep->rule, "    decides, asked too   ");
	else if (rep->reason == BL_R_DEFAULT)
		printf("    no rule matches%s; the default (%s:%u) refuses\n", found ? " what is asked too" : "", bl_image_str(img, m->file),
		       m->default_line);
	else if (!found)
		printf("    no rule matches; the default allows\n");
}

static void print_text(const struct bl_image *img, const struct sim_request *q, const struct sim_answer *a)
{
	struct bl_buf obj = BL_BUF_INIT;

	bl_text_object(&obj, a->kind, a->key, a->key_len);
	printf("%s %s %s\n", bl_text_verdict(a->result.verdict), bl_text_op(q->op), bl_buf_text(&obj));
	bl_buf_free(&obj);
	if (a->label.nprof == 0)
		printf("  the process is in no profile\n");
	for (uint32_t i = 0; i < a->label.nprof; i++)
		print_profile(img, a, i);
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
	bl_buf_str(&b, "]}");
	if (bl_buf_text(&b))
		puts(bl_buf_text(&b));
	bl_buf_free(&obj);
	bl_buf_free(&b);
	return b.failed ? cmd_fail(EXIT_SYSTEM, "out of memory") : EXIT_FINE;
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
		print_text(img, q, a);
	free(a);
	return status;
}

static int batch_line(const struct bl_image *img, char *line, size_t len, unsigned long number)
{
	struct sim_request q = { .who = { .login = UINT32_MAX } };
	struct request r;
	struct bl_error err;
	char where[48];

	snprintf(where, sizeof(where), "line %lu: ", number);
	if (request_parse(line, len, &r, &err) < 0)
		return cmd_fail(EXIT_USAGE, "%s%s", where, err.text);
	q.op = sim_op(r.op);
	if (q.op == 0)
		return cmd_fail(EXIT_USAGE, "%sunknown operation '%s'", where, r.op);
	q.who.exes = (const char *const *)&r.exe;
	q.who.nexes = r.exe && r.exe[0] ? 1 : 0;
	q.who.cgroup = r.cgroup ? r.cgroup : "/";
	q.who.euid = r.euid;
	q.who.untrusted = r.untrusted || q.who.nexes == 0;
	q.object = r.object;
	q.object_len = r.object_len;
	return ask_and_print(img, &q, true, where);
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
	free(line);
	return status;
}

static int user_id(const char *word, uint32_t *ret)
{
	char *end;
	unsigned long v = strtoul(word, &end, 10);

	if (word[0] >= '0' && word[0] <= '9' && *end == '\0' && v < UINT32_MAX) {
		*ret = (uint32_t)v;
		return 0;
	}
	return ids_find_user(word, ret);
}

static int explain_one(const struct cmd_options *o, const struct bl_image *img, char *const *args, size_t n)
{
	struct sim_request q = { .who = { .exes = o->exes, .nexes = o->nexes, .login = UINT32_MAX } };
	char object[BL_PATH_MAX];
	int len;

	if (n < 2 || n > 3)
		return cmd_fail(EXIT_USAGE, "explain needs an operation and its object, as in: read /etc/shadow, or connect tcp 10.0.0.5:80");
	q.op = sim_op(args[0]);
	if (q.op == 0)
		return cmd_fail(EXIT_USAGE, "'%s' is not an operation", args[0]);
	q.who.untrusted = o->untrusted || o->nexes == 0;
	q.who.cgroup = o->cgroup ? o->cgroup : "/";
	if (o->user && user_id(o->user, &q.who.euid) < 0)
		return cmd_fail(EXIT_USAGE, "user '%s' does not exist on this machine; write its number", o->user);
	len = snprintf(object, sizeof(object), "%s%s%s", args[1], n == 3 ? " " : "", n == 3 ? args[2] : "");
	if (len < 0 || (size_t)len >= sizeof(object))
		return cmd_fail(EXIT_USAGE, "a name has at most %u bytes", BL_PATH_MAX - 1);
	q.object = object;
	q.object_len = (size_t)len;
	return ask_and_print(img, &q, o->json, "");
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
