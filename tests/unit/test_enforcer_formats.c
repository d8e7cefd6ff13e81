/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Formats of events. ECS and OCSF: every field of events of all kinds is looked up in our tables of the published definitions (ecs.fields,
 * ocsf.fields): a name that is not there, a value of another type or one that is not among those allowed, and a missing one that is required fail.
 */
#include <arpa/inet.h>
#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "event_record.h"
#include "event_tree.h"
#include "format.h"
#include "notice.h"

#include "banned.h"

struct field {
	char name[96], type[24], rest[400]; /* rest: "!" or ".", then values */
	bool seen;
};

struct table {
	struct field f[128];
	size_t n;
};

static void read_table(const char *file, struct table *t)
{
	char line[700];
	FILE *f = fopen(file, "re");

	ck_assert_msg(f != NULL, "cannot open %s: run from the top of the tree", file);
	t->n = 0;
	while (fgets(line, sizeof(line), f)) {
		struct field *x = &t->f[t->n];

		if (line[0] == '#' || line[0] == '\n')
			continue;
		*x = (struct field){.seen = false};
		ck_assert_int_ge(sscanf(line, "%95s %23s %399[^\n]", x->name, x->type, x->rest), 2);
		t->n++;
		ck_assert_uint_lt(t->n, BL_ARRAY_SIZE(t->f));
	}
	(void)fclose(f);
}

static struct field *find(struct table *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++) {
		size_t len = strlen(t->f[i].name);
		bool rest = len > 2 && strcmp(t->f[i].name + len - 2, ".*") == 0;

		if (rest ? strncmp(t->f[i].name, name, len - 1) == 0 : strcmp(t->f[i].name, name) == 0)
			return &t->f[i];
	}
	return NULL;
}

static bool is_date(const char *s)
{
	int y, m, d, h, min, sec, ms, n = 0;

	return sscanf(s, "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ%n", &y, &m, &d, &h, &min, &sec, &ms, &n) == 7 && s[n] == '\0' && n == 24;
}

static bool has_type(const json_t *v, const char *type)
{
	unsigned char addr[16];

	if (strncmp(type, "ip", 2) == 0)
		return json_is_string(v) && (inet_pton(AF_INET, json_string_value(v), addr) == 1 || inet_pton(AF_INET6, json_string_value(v), addr) == 1);
	if (strcmp(type, "date") == 0)
		return json_is_string(v) && is_date(json_string_value(v));
	if (strcmp(type, "timestamp_t") == 0) /* milliseconds of this century */
		return json_is_integer(v) && json_integer_value(v) > 946684800000 && json_integer_value(v) < 4102444800000;
	if (strcmp(type, "port_t") == 0)
		return json_is_integer(v) && json_integer_value(v) >= 0 && json_integer_value(v) <= 65535;
	if (strncmp(type, "long", 4) == 0 || strcmp(type, "integer_t") == 0)
		return json_is_integer(v);
	if (strcmp(type, "boolean_t") == 0)
		return json_is_boolean(v);
	return json_is_string(v) && json_string_length(v) > 0;
}

static bool is_allowed(const json_t *v, const char *rest)
{
	char value[64] = "", all[402];
	const char *list = rest[0] != '\0' && rest[1] == ' ' ? rest + 2 : "";
	const char *at;
	size_t n;

	if (list[0] == '\0' || strncmp(list, "of ", 3) == 0)
		return true;
	if (json_is_integer(v))
		(void)snprintf(value, sizeof(value), "%lld", (long long)json_integer_value(v));
	else
		(void)snprintf(value, sizeof(value), "%s", json_string_value(v));
	(void)snprintf(all, sizeof(all), "%s", list);
	for (at = all; *at; at += n + (at[n] == '|')) {
		n = strcspn(at, "|");
		if (strlen(value) == n && strncmp(at, value, n) == 0)
			return true;
	}
	return false;
}

static void check_value(const struct field *f, const char *path, const json_t *v)
{
	char *text = json_dumps(v, JSON_ENCODE_ANY);

	ck_assert_msg(has_type(v, f->type), "%s is %s, no %s", path, text, f->type);
	ck_assert_msg(is_allowed(v, f->rest), "%s is %s, not one of %s", path, text, f->rest);
	free(text);
}

static void check_tree(struct table *t, const char *path, const json_t *v);

static void check_members(struct table *t, const char *path, const json_t *o)
{
	const char *name;
	json_t *v;

	json_object_foreach((json_t *)o, name, v) {
		char member[256];

		(void)snprintf(member, sizeof(member), "%s%s%s", path, path[0] ? "." : "", name);
		check_tree(t, member, v);
	}
}

static void check_tree(struct table *t, const char *path, const json_t *v)
{
	struct field *f = find(t, path);
	char inner[256];
	size_t i;
	json_t *one;

	if (!f && json_is_object(v)) {
		check_members(t, path, v);
		return;
	}
	if (!f && json_is_array(v)) {
		(void)snprintf(inner, sizeof(inner), "%s[]", path);
		json_array_foreach((json_t *)v, i, one)
			check_tree(t, inner, one);
		return;
	}
	ck_assert_msg(f != NULL, "%s is no field of the schema", path);
	f->seen = true;
	if (strcmp(f->type, "any") == 0)
		return;
	if (strcmp(f->type, "process") == 0) {
		check_members(t, "process", v);
		return;
	}
	if (strstr(f->type, "[]")) {
		ck_assert_msg(json_is_array(v) && json_array_size(v) > 0, "%s is no array", path);
		json_array_foreach((json_t *)v, i, one)
			check_value(f, path, one);
	} else {
		check_value(f, path, v);
	}
}

/* What is required is there; of an object that need not be there, if it is. */
static void check_required(const struct table *t, const json_t *tree)
{
	for (size_t i = 0; i < t->n; i++) {
		char path[96], *dot, *at = path;
		const json_t *o = tree;

		if (t->f[i].rest[0] != '!' || strstr(t->f[i].name, "[]") || strncmp(t->f[i].name, "process.file", 12) == 0)
			continue;
		(void)snprintf(path, sizeof(path), "%s", t->f[i].name);
		while (o && (dot = strchr(at, '.')) != NULL) {
			*dot = '\0';
			o = json_object_get(o, at);
			at = dot + 1;
		}
		ck_assert_msg(o && json_object_get(o, at), "%s is missing", t->f[i].name);
	}
}

/* ---- events of all kinds ---- */

struct sample {
	uint32_t op, kind;
	const char *obj;
	size_t len;
};
#define SAMPLE(op, kind, literal) {op, kind, literal, sizeof(literal) - 1}

static const struct sample samples[] = {
	SAMPLE(BL_OP_READ, BL_KEY_PATH, "/etc/shadow"),
	SAMPLE(BL_OP_WRITE, BL_KEY_PATH, "/"),
	SAMPLE(BL_OP_CREATE, BL_KEY_PATH, "/a\nb\xff"),
	SAMPLE(BL_OP_DELETE, BL_KEY_PATH, "/x"),
	SAMPLE(BL_OP_MKNOD, BL_KEY_PATH, "/x"),
	SAMPLE(BL_OP_EXEC, BL_KEY_PATH, "/bin/x"),
	SAMPLE(BL_OP_READ, BL_KEY_PATH, ""), /* the name could not be had */
	SAMPLE(BL_OP_EXEC, BL_KEY_CODE, "m"),
	SAMPLE(BL_OP_MAP, BL_KEY_CODE, "a"),
	SAMPLE(BL_OP_CONNECT, BL_KEY_NET, "\x06\x04\x00\x0a\x00\x00\x00\x00\x00\x05\x01\x05\x03\x08"),
	SAMPLE(BL_OP_CONNECT, BL_KEY_NET, "\x01\x04\x00\x0a\x00\x00\x00\x00\x00\x05"),
	SAMPLE(BL_OP_BIND, BL_KEY_NET, "\x11\x06\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x07\x00\x00\x03\x05"),
	SAMPLE(BL_OP_ACCEPT, BL_KEY_NET, "\x06\x04\x00\x0a\x00\x00\x00\x00\x00\x05\x01\x05\x03\x08\x00\x0a\x00\x00\x00\x00\x00\x06"),
	SAMPLE(BL_OP_CONNECT, BL_KEY_UNIX, "/run/x"),
	SAMPLE(BL_OP_BIND, BL_KEY_UNIX, ""),
	SAMPLE(BL_OP_SOCKET, BL_KEY_SOCK, "\x00\x02\x03\x00\x01"),
	SAMPLE(BL_OP_CAPABILITY, BL_KEY_SYS, "\x20\x15"),
	SAMPLE(BL_OP_PTRACE, BL_KEY_SYS, "\x21"),
	SAMPLE(BL_OP_MOUNT, BL_KEY_SYS, "\x23tmpfs\0none\0/mnt"),
	SAMPLE(BL_OP_MODULE, BL_KEY_SYS, "\x26/x.ko"),
	SAMPLE(BL_OP_BPF, BL_KEY_SYS, "\x27"),
	SAMPLE(BL_OP_SETUID, BL_KEY_SYS, "\x2b\x00\x00\x03\xe8"),
};

/* 0: of the seal; 1: an alarm; 2: its end. */
static void notice(struct bl_buf *b, int which)
{
	static const struct bl_seal_record refused = {.boot_ns = 7847735404, .start_ns = 7840000000, .what = BL_SEAL_SIGNAL, .pid = 999999999, .tid = 999999999, .ppid = 1, .uid = 0, .comm = "ki\x1bll"};

	if (which == 0)
		bl_notice_seal(b, &refused, 1);
	else
		bl_notice_alarm(b, which == 1 ? "somebody detached the hook \"x\"\xff" : "over", which == 1, 1);
}

static void each_event(void (*fn)(struct bl_gen_names *names, const struct bl_event_view *e, void *arg), void *arg)
{
	static const struct {
		uint8_t verdict, mode;
	} said[] = {{BL_V_DENY, BL_MODE_ENFORCE}, {BL_V_KILL, BL_MODE_ENFORCE}, {BL_V_DENY, BL_MODE_AUDIT}, {BL_V_LOG, BL_MODE_ENFORCE}};
	struct bl_gen_names names = {.gens = {{.gen = 1}}};
	struct bl_buf b = BL_BUF_INIT;
	struct bl_event_view e;

	for (size_t i = 0; i < BL_ARRAY_SIZE(samples) * BL_ARRAY_SIZE(said) * 2; i++) {
		const struct sample *s = &samples[i / 2 % BL_ARRAY_SIZE(samples)];
		struct event_text t = i % 2 ? event_example_text : (struct event_text){.container = "abc", .script = "/s\xff"};
		struct bl_event ev = event_example;

		ev.op = s->op;
		ev.kind = s->kind;
		ev.verdict = said[i / 2 / BL_ARRAY_SIZE(samples)].verdict;
		ev.mode = said[i / 2 / BL_ARRAY_SIZE(samples)].mode;
		ev.nancestors = i % 2 ? ev.nancestors : 0;
		if (i % 2 == 0)
			memset(ev.tty, 0, sizeof(ev.tty));
		t.obj = s->obj;
		t.obj_len = s->len;
		if (i % 2 == 0)
			t.exes[0] = NULL;
		event_record(&b, &ev, &t);
		ck_assert(bl_record_decode(b.data, b.len, &e));
		fn(&names, &e, arg);
	}
	for (int i = 0; i < 3; i++) {
		bl_buf_reset(&b);
		notice(&b, i);
		ck_assert(bl_record_decode(b.data, b.len, &e));
		fn(&names, &e, arg);
	}
	bl_buf_free(&b);
}

static struct table ecs_table, pairs, ocsf_table;

static void one_ecs(struct bl_gen_names *names, const struct bl_event_view *e, void *arg)
{
	json_t *o = bl_event_ecs(names, e), *event = json_object_get(o, "event");
	const char *category = json_string_value(json_array_get(json_object_get(event, "category"), 0));
	const char *type = json_string_value(json_array_get(json_object_get(event, "type"), 0));
	struct field *pair = find(&pairs, category);
	char types[440];

	(void)arg;
	check_tree(&ecs_table, "", o);
	check_required(&ecs_table, o);
	ck_assert_msg(pair != NULL, "category %s", category);
	(void)snprintf(types, sizeof(types), " %s %s ", pair->type, pair->rest);
	ck_assert_msg(strstr(types, type) != NULL, "type %s in category %s", type, category);
	json_decref(o);
}

START_TEST(ecs)
{
	read_table("tests/unit/ecs.fields", &ecs_table);
	read_table("tests/unit/ecs.pairs", &pairs);
	each_event(one_ecs, NULL);
}
END_TEST

static void one_ocsf(struct bl_gen_names *names, const struct bl_event_view *e, void *arg)
{
	json_t *o = bl_event_ocsf(names, e), *evidence = json_array_get(json_object_get(o, "evidences"), 0), *file = json_object_get(evidence, "file");
	json_int_t type = json_integer_value(json_object_get(o, "class_uid")) * 100 + json_integer_value(json_object_get(o, "activity_id"));

	(void)arg;
	check_tree(&ocsf_table, "", o);
	check_required(&ocsf_table, o);
	ck_assert_int_eq(json_integer_value(json_object_get(o, "type_uid")), type);
	ck_assert_int_eq(json_integer_value(json_object_get(o, "class_uid")) / 1000, json_integer_value(json_object_get(o, "category_uid")));
	ck_assert(!file || (json_object_get(file, "name") && json_object_get(file, "type_id")));
	ck_assert_int_eq(json_integer_value(json_object_get(o, "action_id")), bl_event_refused(e->ev) ? 2 : 1);
	json_decref(o);
}

START_TEST(ocsf)
{
	read_table("tests/unit/ocsf.fields", &ocsf_table);
	each_event(one_ocsf, NULL);
}
END_TEST

/* No row of the tables is there for nothing. */
START_TEST(tables_are_used)
{
	static const char *const named[] = {"tags", "event.severity", "rule.ruleset", "rule.name", "rule.id", "rule.description",
					    "finding_info.desc", "finding_info.types", "policy.name", "policy.desc", "policy.uid"}; /* of a known rule */
	struct table *tables[] = {&ecs_table, &ocsf_table};

	read_table("tests/unit/ecs.fields", &ecs_table);
	read_table("tests/unit/ecs.pairs", &pairs);
	read_table("tests/unit/ocsf.fields", &ocsf_table);
	each_event(one_ecs, NULL);
	each_event(one_ocsf, NULL);
	for (size_t t = 0; t < 2; t++) {
		for (size_t i = 0; i < tables[t]->n; i++) {
			bool known = tables[t]->f[i].seen;

			for (size_t k = 0; k < BL_ARRAY_SIZE(named); k++)
				known |= strcmp(named[k], tables[t]->f[i].name) == 0;
			ck_assert_msg(known, "%s is never written", tables[t]->f[i].name);
		}
	}
}
END_TEST

/* What no rule made has a profile, rule and operation of no policy, and its own words for them. */
START_TEST(notices)
{
	static const char *const ops[] = {"seal", "alarm", "alarm"}, *const objects[] = {"signal", "somebody detached the hook \"x\"\xef\xbf\xbd", "over"},
				 *const severities[] = {"high", "critical", "low"}, *const verdicts[] = {"deny", "log", "log"};
	struct bl_gen_names names = {.gens = {{.gen = 1}}};
	struct bl_buf b = BL_BUF_INIT, text = BL_BUF_INIT;
	struct bl_event_view e;

	for (int i = 0; i < 3; i++) {
		json_t *o;

		bl_buf_reset(&b);
		notice(&b, i);
		ck_assert(bl_record_decode(b.data, b.len, &e));
		o = bl_event_tree(&names, &e);
		ck_assert_str_eq(json_string_value(json_object_get(o, "op")), ops[i]);
		ck_assert_str_eq(json_string_value(json_object_get(o, "reason")), ops[i]);
		ck_assert_str_eq(json_string_value(json_object_get(o, "kind")), "notice");
		ck_assert_str_eq(json_string_value(json_object_get(o, "object")), objects[i]);
		ck_assert_str_eq(json_string_value(json_object_get(o, "severity")), severities[i]);
		ck_assert_str_eq(json_string_value(json_object_get(o, "verdict")), verdicts[i]);
		ck_assert(json_is_null(json_object_get(o, "profile")));
		ck_assert(json_is_null(json_object_get(json_object_get(o, "rule"), "text")));
		json_decref(o);
	}
	bl_buf_reset(&b);
	notice(&b, 0);
	ck_assert(bl_record_decode(b.data, b.len, &e));
	bl_event_text(&text, &names, &e);
	ck_assert_str_eq(strstr(bl_buf_text(&text), "Z ") + 2, "deny seal signal by (ki\\x1bll)[999999999] uid=0 severity high");
	bl_buf_free(&text);
	bl_buf_free(&b);
}
END_TEST

/* ---- syslog and the journal ---- */

static void put_example(struct bl_buf *b, enum bl_format f, const char *obj)
{
	struct bl_gen_names names = {.gens = {{.gen = 1}}};
	struct event_text t = event_example_text;
	struct bl_buf record = BL_BUF_INIT;
	struct bl_event_view e;

	t.obj = obj;
	event_record(&record, &event_example, &t);
	ck_assert(bl_record_decode(record.data, record.len, &e));
	bl_format(b, f, &names, &e);
	bl_buf_free(&record);
}

START_TEST(syslog_5424)
{
	struct bl_buf b = BL_BUF_INIT;
	int priority, version, n = 0;
	char host[256], pid[16], id[16], *end;

	put_example(&b, BL_FORMAT_SYSLOG, "/a\"b]c\\d");
	ck_assert_ptr_nonnull(bl_buf_text(&b));
	ck_assert_int_eq(sscanf(b.data, "<%d>%d 2026-11-21T10:14:48.901Z %255s bailiff %15s %15s %n", &priority, &version, host, pid, id, &n), 5);
	ck_assert_int_eq(priority, 10 * 8 + 4); /* authpriv, warning */
	ck_assert_int_eq(version, 1);
	ck_assert_str_eq(id, "deny");
	ck_assert(strncmp(b.data + n, "[bailiff@32473 schema=\"1\" id=\"", 30) == 0);
	ck_assert_ptr_nonnull(strstr(b.data, " object=\"/a\\\"b\\]c\\\\d\" "));
	ck_assert_ptr_nonnull(strstr(b.data, " rule_number=\"0\" "));
	ck_assert_ptr_null(strstr(b.data, " message=\""));
	end = strstr(b.data, "] \xef\xbb\xbf" "2026-11-21T10:14:48.901Z deny read /a\"b]c\\x5cd by /usr/bin/cat[183]");
	ck_assert_ptr_nonnull(end);
	bl_buf_free(&b);
}
END_TEST

START_TEST(journal_fields)
{
	static const char *const wanted[] = {"PRIORITY=4", "SYSLOG_IDENTIFIER=bailiff", "BAILIFF_OP=read", "BAILIFF_OBJECT=/a\nb", "BAILIFF_PID=183",
					     "BAILIFF_RULE_NUMBER=0", "BAILIFF_UNIT=session-2.scope"};
	struct bl_buf b = BL_BUF_INIT;
	size_t at = 0, len, found = 0, fields = 0;
	const char *field;

	put_example(&b, BL_FORMAT_JOURNAL, "/a\nb");
	while (bl_format_field(b.data, b.len, &at, &field, &len)) {
		size_t name = strspn(field, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

		ck_assert_msg(field[name] == '=' && name > 0 && name <= 64 && field[0] != '_', "a field's name: %.*s", (int)len, field);
		for (size_t i = 0; i < BL_ARRAY_SIZE(wanted); i++)
			found += strlen(wanted[i]) == len && memcmp(wanted[i], field, len) == 0;
		fields++;
	}
	ck_assert_uint_eq(at, b.len);
	ck_assert_uint_eq(found, BL_ARRAY_SIZE(wanted));
	ck_assert_uint_lt(fields, 64); /* as many as output_write.c sends */
	for (size_t n = 0; n < b.len; n++) { /* cut anywhere it is taken apart no further than it goes */
		at = 0;
		while (bl_format_field(b.data, n, &at, &field, &len))
			;
		ck_assert_uint_le(at, n);
	}
	bl_buf_free(&b);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("enforcer_formats");
	TCase *t = tcase_create("all");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(t, ecs);
	tcase_add_test(t, ocsf);
	tcase_add_test(t, tables_are_used);
	tcase_add_test(t, notices);
	tcase_add_test(t, syslog_5424);
	tcase_add_test(t, journal_fields);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
