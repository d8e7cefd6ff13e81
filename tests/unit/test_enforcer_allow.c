/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `enforcer why`: the rule that it offers is one that policyc takes, and with it in the policy exactly the refused request is allowed. policyc says
 * so, asked by the event itself (explain --batch) and by requests that are nearly the same.
 */
#include <check.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "allow.h"
#include "event_record.h"
#include "plat_host.h"
#include "key.h"
#include "why.h"

#include "banned.h"

static char dir[] = "/tmp/bailiff-allow-XXXXXX";
static char policyc[PATH_MAX];

static void put_file(const char *name, const char *text)
{
	char path[PATH_MAX];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "we");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
}

static int run(const char *command)
{
	char line[3 * PATH_MAX];

	(void)snprintf(line, sizeof(line), "cd %s && %s %s", dir, policyc, command);
	return system(line);
}

/* The policy with text at the place of its '@'. */
static void build(const char *policy, const char *text)
{
	const char *at = strchr(policy, '@');
	struct bl_buf b = BL_BUF_INIT;

	bl_buf_add(&b, policy, (size_t)(at - policy));
	bl_buf_str(&b, text);
	bl_buf_str(&b, at + 1);
	put_file("p.policy", bl_buf_text(&b));
	ck_assert_msg(run("build -o p.bpi p.policy 2>said") == 0, "policyc does not take: %s", bl_buf_text(&b));
	bl_buf_free(&b);
}

/* Asks for a verdict; request is a line of JSON. */
static const char *verdict(const char *request)
{
	static char answer[64];
	char path[PATH_MAX];
	FILE *f;

	put_file("request", request);
	ck_assert_msg(run("explain --batch p.bpi <request >answer 2>said") == 0, "policyc explain does not take %s", request);
	(void)snprintf(path, sizeof(path), "%s/answer", dir);
	f = fopen(path, "re");
	ck_assert_ptr_nonnull(f);
	ck_assert_ptr_nonnull(fgets(answer, sizeof(answer), f));
	(void)fclose(f);
	ck_assert(strncmp(answer, "{\"verdict\":\"", 12) == 0);
	answer[12 + strcspn(answer + 12, "\"")] = '\0';
	return answer + 12;
}

/* ---- keys ---- */

static struct bl_name name;

struct key {
	const uint8_t *at;
	size_t n;
};

static struct key key_from(uint32_t from)
{
	return (struct key){name.buf + from, BL_PATH_MAX - from};
}

static struct key key_bytes(const char *bytes, size_t n)
{
	memcpy(name.buf, bytes, n);
	return (struct key){name.buf, n};
}
#define KEY(literal) key_bytes(literal, sizeof(literal) - 1)

static struct bl_endpoint endpoint(uint8_t proto, const char *addr, int port)
{
	struct bl_endpoint e = {.proto = proto, .family = BL_FAM_INET, .has_port = port >= 0, .port = (uint16_t)(port >= 0 ? port : 0)};
	unsigned int a[4];

	if (strchr(addr, ':')) { /* ::N only */
		e.family = BL_FAM_INET6;
		e.addr[15] = (uint8_t)strtoul(addr + 2, NULL, 16);
		return e;
	}
	ck_assert_int_eq(sscanf(addr, "%u.%u.%u.%u", &a[0], &a[1], &a[2], &a[3]), 4);
	for (int i = 0; i < 4; i++)
		e.addr[i] = (uint8_t)a[i];
	return e;
}

static struct key key_net(uint8_t proto, const char *addr, int port)
{
	struct bl_endpoint e = endpoint(proto, addr, port);

	return key_from(bl_key_net(&name, &e));
}

static struct key key_accept(const char *local, int port, const char *from)
{
	struct bl_endpoint l = endpoint(BL_PROTO_TCP, local, port), p = endpoint(BL_PROTO_TCP, from, -1);

	return key_from(bl_key_accept(&name, &l, &p));
}

/* ---- one case ---- */

struct allow_case {
	const char *policy; /* '@': before the rule that refuses */
	int rule;	    /* number, -1: the default */
	uint32_t op, kind;
	const char *exe; /* NULL: /usr/bin/cat; "": none */
	uint32_t flags;
	const char *rule_text; /* wanted; NULL: */
	enum bl_allow says;
	const char *near[6]; /* requests that are refused as before */
};

static void event_of(const struct allow_case *c, struct key k, struct bl_buf *record, struct bl_event_view *ret)
{
	struct bl_event ev = event_example;
	const struct event_text t = {.exe = c->exe ? c->exe : "/usr/bin/cat", .obj = k.n ? (const char *)k.at : "", .obj_len = k.n};

	ev.op = c->op;
	ev.kind = c->kind;
	ev.flags = c->flags;
	ev.rule = c->rule >= 0 ? (uint32_t)c->rule : BL_RULE_NONE;
	ev.reason = c->rule >= 0 ? BL_R_RULE : BL_R_DEFAULT;
	event_record(record, &ev, &t);
	ck_assert(bl_record_decode(record->data, record->len, ret));
}

static void check_case(const struct allow_case *c, struct key k)
{
	struct bl_gen_names names = {.gens = {{.gen = 1}}};
	struct bl_buf rule = BL_BUF_INIT, record = BL_BUF_INIT, json = BL_BUF_INIT;
	struct bl_event_view e;
	struct bl_image img;
	struct bl_error err;
	char path[PATH_MAX];
	void *buf;
	size_t len;

	event_of(c, k, &record, &e);
	ck_assert_int_eq(bl_event_json(&json, &names, &e), 0);
	build(c->policy, "");
	(void)snprintf(path, sizeof(path), "%s/p.bpi", dir);
	ck_assert_int_eq(bl_image_file_read(path, 0, &buf, &len, &err), 0);
	ck_assert_int_eq(bl_image_parse(buf, len, &img, &err), 0);
	ck_assert_int_eq(bl_allow_rule(&rule, &img, &e), c->says);
	free(buf);
	if (c->rule_text) {
		ck_assert_str_eq(bl_buf_text(&rule), c->rule_text);
		ck_assert_msg(strcmp(verdict(bl_buf_text(&json)), "deny") == 0, "not refused before: %s", bl_buf_text(&json));
		for (size_t i = 0; i < BL_ARRAY_SIZE(c->near) && c->near[i]; i++)
			ck_assert_msg(strcmp(verdict(c->near[i]), "deny") == 0, "not refused before: %s", c->near[i]);
		build(c->policy, bl_buf_text(&rule));
		ck_assert_msg(strcmp(verdict(bl_buf_text(&json)), "allow") == 0, "not allowed by %s: %s", c->rule_text, bl_buf_text(&json));
		for (size_t i = 0; i < BL_ARRAY_SIZE(c->near) && c->near[i]; i++)
			ck_assert_msg(strcmp(verdict(c->near[i]), "deny") == 0, "%s allows %s", c->rule_text, c->near[i]);
	}
	bl_buf_free(&rule);
	bl_buf_free(&record);
	bl_buf_free(&json);
}

#define CAT "\"exe\":\"/usr/bin/cat\"}"

START_TEST(files)
{
	static const char policy[] = "profile p { subject any; @ deny file; }";

	check_case(&(struct allow_case){policy, 0, BL_OP_READ, BL_KEY_PATH, .rule_text = "allow read /etc/shadow if exe /usr/bin/cat;",
					.near = {"{\"op\":\"read\",\"object\":\"/etc/shadow-\"," CAT, "{\"op\":\"write\",\"object\":\"/etc/shadow\"," CAT,
						 "{\"op\":\"read\",\"object\":\"/etc/shadow\",\"exe\":\"/usr/bin/catx\"}",
						 "{\"op\":\"read\",\"object\":\"/etc/shadow\"}"}},
		   KEY("/etc/shadow"));
	check_case(&(struct allow_case){policy, 0, BL_OP_APPEND, BL_KEY_PATH, .rule_text = "allow append / if exe /usr/bin/cat;",
					.near = {"{\"op\":\"write\",\"object\":\"/\"," CAT, "{\"op\":\"append\",\"object\":\"/x\"," CAT}},
		   KEY("/"));
	/* nothing in a name is a pattern, ends the rule or begins a comment */
	check_case(&(struct allow_case){policy, 0, BL_OP_READ, BL_KEY_PATH,
					.rule_text = "allow read /a\\ b/\\*\\*/\\{c\\,d\\}\\;\\\"\\\\\\[x\\]\\?\\$y\\ \\#'\xc3\xa9 if exe /usr/bin/cat;",
					.near = {"{\"op\":\"read\",\"object\":\"/a b/c\"," CAT, "{\"op\":\"read\",\"object\":\"/a\"," CAT}},
		   KEY("/a b/**/{c,d};\"\\[x]?$y #'\xc3\xa9"));
	check_case(&(struct allow_case){policy, 0, BL_OP_READ, BL_KEY_PATH, .rule_text = "allow read /a?b?c if exe /usr/bin/cat;",
					.near = {"{\"op\":\"read\",\"object\":\"/a/b\"," CAT}},
		   KEY("/a\nb\x7f"
		       "c"));
	/* the default; a profile about one program */
	check_case(&(struct allow_case){"profile p { subject exe /usr/bin/cat; default deny file; @ }", -1, BL_OP_CREATE, BL_KEY_PATH,
					.rule_text = "allow create /run/x.pid;", .near = {"{\"op\":\"create\",\"object\":\"/run/x.pid.1\"," CAT}},
		   KEY("/run/x.pid"));
	/* a further name of the file */
	check_case(&(struct allow_case){policy, 0, BL_OP_READ, BL_KEY_PATH, .flags = BL_EVF_CANONICAL,
					.rule_text = "allow read /etc/shadow if exe /usr/bin/cat;"},
		   KEY("/etc/shadow"));
}
END_TEST

START_TEST(whom)
{
	static const char policy[] = "profile p { subject any; @ deny read; }";

	check_case(&(struct allow_case){policy, 0, BL_OP_READ, BL_KEY_PATH, .exe = "/a b", .rule_text = "allow read /x if exe /a\\ b;",
					.near = {"{\"op\":\"read\",\"object\":\"/x\",\"exe\":\"/a\"}"}},
		   KEY("/x"));
	check_case(&(struct allow_case){policy, 0, BL_OP_READ, BL_KEY_PATH, .exe = "", .rule_text = "allow read /x;"}, KEY("/x"));
	check_case(&(struct allow_case){policy, 0, BL_OP_READ, BL_KEY_PATH, .flags = BL_EVF_UNTRUSTED, .rule_text = "allow read /x;"}, KEY("/x"));
	check_case(&(struct allow_case){"profile p { subject exe /usr/bin/cat, /usr/bin/tac; @ deny read; }", 0, BL_OP_READ, BL_KEY_PATH,
					.rule_text = "allow read /x if exe /usr/bin/cat;",
					.near = {"{\"op\":\"read\",\"object\":\"/x\",\"exe\":\"/usr/bin/tac\"}"}},
		   KEY("/x"));
}
END_TEST

START_TEST(code)
{
	static const char policy[] = "profile p { subject any; @ deny exec; }";

	check_case(&(struct allow_case){policy, 0, BL_OP_EXEC, BL_KEY_PATH, .rule_text = "allow exec /t/tool if exe /usr/bin/cat;",
					.near = {"{\"op\":\"exec\",\"object\":\"/t/tools\"," CAT, "{\"op\":\"exec\",\"object\":\"memfd\"," CAT}},
		   KEY("/t/tool"));
	check_case(&(struct allow_case){policy, 0, BL_OP_MAP, BL_KEY_PATH, .rule_text = "allow map /t/lib.so if exe /usr/bin/cat;",
					.near = {"{\"op\":\"exec\",\"object\":\"/t/lib.so\"," CAT}},
		   KEY("/t/lib.so"));
	check_case(&(struct allow_case){policy, 0, BL_OP_EXEC, BL_KEY_CODE, .rule_text = "allow exec memfd if exe /usr/bin/cat;",
					.near = {"{\"op\":\"exec\",\"object\":\"/t/tool\"," CAT, "{\"op\":\"map\",\"object\":\"anonymous\"," CAT}},
		   KEY("m"));
	check_case(&(struct allow_case){policy, 0, BL_OP_MAP, BL_KEY_CODE, .rule_text = "allow map anonymous if exe /usr/bin/cat;",
					.near = {"{\"op\":\"map\",\"object\":\"memfd\"," CAT}},
		   KEY("a"));
}
END_TEST

START_TEST(network)
{
	static const char policy[] = "profile p { subject any; @ deny network; }";

	check_case(&(struct allow_case){policy, 0, BL_OP_CONNECT, BL_KEY_NET, .rule_text = "allow connect tcp to 10.0.0.5 port 5432 if exe /usr/bin/cat;",
					.near = {"{\"op\":\"connect\",\"object\":\"tcp 10.0.0.5:5433\"," CAT, "{\"op\":\"connect\",\"object\":\"tcp 10.0.0.6:5432\"," CAT,
						 "{\"op\":\"connect\",\"object\":\"udp 10.0.0.5:5432\"," CAT, "{\"op\":\"bind\",\"object\":\"tcp 10.0.0.5:5432\"," CAT}},
		   key_net(BL_PROTO_TCP, "10.0.0.5", 5432));
	check_case(&(struct allow_case){policy, 0, BL_OP_CONNECT, BL_KEY_NET, .rule_text = "allow connect udp to ::7 port 53 if exe /usr/bin/cat;",
					.near = {"{\"op\":\"connect\",\"object\":\"udp [::8]:53\"," CAT}},
		   key_net(BL_PROTO_UDP, "::7", 53));
	check_case(&(struct allow_case){policy, 0, BL_OP_CONNECT, BL_KEY_NET, .rule_text = "allow connect to 10.0.0.5 if exe /usr/bin/cat;",
					.near = {"{\"op\":\"connect\",\"object\":\"other 10.0.0.6\"," CAT}},
		   key_net(BL_PROTO_OTHER, "10.0.0.5", -1));
	check_case(&(struct allow_case){policy, 0, BL_OP_BIND, BL_KEY_NET, .rule_text = "allow bind tcp on 0.0.0.0 port 80 if exe /usr/bin/cat;",
					.near = {"{\"op\":\"bind\",\"object\":\"tcp 127.0.0.1:80\"," CAT, "{\"op\":\"bind\",\"object\":\"tcp 0.0.0.0:81\"," CAT}},
		   key_net(BL_PROTO_TCP, "0.0.0.0", 80));
	check_case(&(struct allow_case){policy, 0, BL_OP_ACCEPT, BL_KEY_NET, .rule_text = "allow accept tcp on 10.0.0.1 port 80 if exe /usr/bin/cat;",
					.near = {"{\"op\":\"accept\",\"object\":\"tcp 10.0.0.1:81 from 10.0.0.9\"," CAT}},
		   key_accept("10.0.0.1", 80, "10.0.0.9"));
	check_case(&(struct allow_case){"profile p { subject any; allow accept tcp from 10.9.0.0/16; @ deny accept; }", 1, BL_OP_ACCEPT, BL_KEY_NET,
					.rule_text = "allow accept tcp on 10.0.0.1 from 10.0.0.9 port 80 if exe /usr/bin/cat;",
					.near = {"{\"op\":\"accept\",\"object\":\"tcp 10.0.0.1:80 from 10.0.0.8\"," CAT}},
		   key_accept("10.0.0.1", 80, "10.0.0.9"));
	/* no rule is about accept: those about bind decide it, and must go on doing so */
	check_case(&(struct allow_case){"profile p { subject any; @ deny bind; }", 0, BL_OP_ACCEPT, BL_KEY_NET,
					.rule_text = "allow bind tcp on 10.0.0.1 port 80 if exe /usr/bin/cat;",
					.near = {"{\"op\":\"accept\",\"object\":\"tcp 10.0.0.1:81 from 10.0.0.9\"," CAT}},
		   key_accept("10.0.0.1", 80, "10.0.0.9"));
	check_case(&(struct allow_case){policy, 0, BL_OP_SOCKET, BL_KEY_SOCK, .rule_text = "allow socket inet type raw protocol icmp if exe /usr/bin/cat;",
					.near = {"{\"op\":\"socket\",\"object\":\"inet6 raw icmp\"," CAT, "{\"op\":\"socket\",\"object\":\"inet raw tcp\"," CAT}},
		   key_from(bl_key_sock(&name, 2, 3, 1)));
	check_case(&(struct allow_case){policy, 0, BL_OP_SOCKET, BL_KEY_SOCK, .rule_text = "allow socket netlink type raw protocol 15 if exe /usr/bin/cat;",
					.near = {"{\"op\":\"socket\",\"object\":\"netlink raw 16\"," CAT}},
		   key_from(bl_key_sock(&name, 16, 3, 15)));
	check_case(&(struct allow_case){policy, 0, BL_OP_CONNECT, BL_KEY_UNIX, .rule_text = "allow connect unix to /run/x if exe /usr/bin/cat;",
					.near = {"{\"op\":\"connect\",\"object\":\"unix /run/y\"," CAT, "{\"op\":\"connect\",\"object\":\"unix\"," CAT}},
		   KEY("/run/x"));
	check_case(&(struct allow_case){policy, 0, BL_OP_BIND, BL_KEY_UNIX, .rule_text = "allow bind unix on @a\\*b if exe /usr/bin/cat;",
					.near = {"{\"op\":\"bind\",\"object\":\"unix @axb\"," CAT}},
		   KEY("@a*b"));
	check_case(&(struct allow_case){policy, 0, BL_OP_CONNECT, BL_KEY_UNIX, .rule_text = "allow connect unix if exe /usr/bin/cat;"}, (struct key){name.buf, 0});
}
END_TEST

START_TEST(system_class)
{
	static const char policy[] = "profile p { subject any; @ deny system; }";

	check_case(&(struct allow_case){policy, 0, BL_OP_CAPABILITY, BL_KEY_SYS, .rule_text = "allow capability sys_admin if exe /usr/bin/cat;",
					.near = {"{\"op\":\"capability\",\"object\":\"chown\"," CAT}},
		   KEY("\x20\x15"));
	check_case(&(struct allow_case){policy, 0, BL_OP_SIGNAL, BL_KEY_SYS, .rule_text = "allow signal TERM if exe /usr/bin/cat;",
					.near = {"{\"op\":\"signal\",\"object\":\"KILL\"," CAT}},
		   KEY("\x22\x0f"));
	check_case(&(struct allow_case){policy, 0, BL_OP_PTRACE, BL_KEY_SYS, .rule_text = "allow ptrace if exe /usr/bin/cat;"}, KEY("\x21"));
	check_case(&(struct allow_case){policy, 0, BL_OP_MOUNT, BL_KEY_SYS,
					.rule_text = "allow mount fstype tmpfs source none target /mnt/a\\ b if exe /usr/bin/cat;",
					.near = {"{\"op\":\"mount\",\"object\":\"tmpfs none on /mnt/a\"," CAT, "{\"op\":\"mount\",\"object\":\"ext4 none on /mnt/a b\"," CAT}},
		   KEY("\x23tmpfs\0none\0/mnt/a b"));
	check_case(&(struct allow_case){policy, 0, BL_OP_UMOUNT, BL_KEY_SYS, .rule_text = "allow umount /mnt if exe /usr/bin/cat;",
					.near = {"{\"op\":\"umount\",\"object\":\"/mnt/x\"," CAT}},
		   KEY("\x24/mnt"));
	check_case(&(struct allow_case){policy, 0, BL_OP_MODULE, BL_KEY_SYS, .rule_text = "allow module /lib/x.ko if exe /usr/bin/cat;",
					.near = {"{\"op\":\"module\",\"object\":\"memory\"," CAT}},
		   KEY("\x26/lib/x.ko"));
	check_case(&(struct allow_case){policy, 0, BL_OP_MODULE, BL_KEY_SYS, .rule_text = "allow module if exe /usr/bin/cat;"}, KEY("\x26\x01"));
	check_case(&(struct allow_case){policy, 0, BL_OP_BPF, BL_KEY_SYS, .rule_text = "allow bpf if exe /usr/bin/cat;"}, KEY("\x27"));
	check_case(&(struct allow_case){policy, 0, BL_OP_SETUID, BL_KEY_SYS, .rule_text = "allow setuid 1000 if exe /usr/bin/cat;",
					.near = {"{\"op\":\"setuid\",\"object\":\"1001\"," CAT}},
		   KEY("\x2b\0\0\x03\xe8"));
}
END_TEST

START_TEST(nothing_helps)
{
	static const char names[] = "profile p { subject any; @ deny read, write /etc/shadow; deny rename /a/*; }";

	check_case(&(struct allow_case){names, 0, BL_OP_RENAME, BL_KEY_PATH, .says = BL_ALLOW_NAMES}, KEY("/etc/shadow"));
	check_case(&(struct allow_case){names, 0, BL_OP_LINK, BL_KEY_PATH, .says = BL_ALLOW_NAMES}, KEY("/etc/shadow"));
	check_case(&(struct allow_case){names, 0, BL_OP_RENAME, BL_KEY_PATH, .says = BL_ALLOW_NAMES}, KEY("/etc"));
	check_case(&(struct allow_case){names, 0, BL_OP_MOUNT, BL_KEY_SYS, .says = BL_ALLOW_NAMES}, KEY("\x23tmpfs\0none\0/etc"));
	check_case(&(struct allow_case){names, 1, BL_OP_RENAME, BL_KEY_PATH, .rule_text = "allow rename /a/x if exe /usr/bin/cat;",
					.near = {"{\"op\":\"rename\",\"object\":\"/a/y\"," CAT}},
		   KEY("/a/x"));
	check_case(&(struct allow_case){names, 0, BL_OP_READ, BL_KEY_PATH, .says = BL_ALLOW_FAILURE}, (struct key){name.buf, 0});
}
END_TEST

/* ---- whose, and in words ---- */

START_TEST(whose)
{
	static const struct {
		const char *who;
		bool is;
	} who[] = {
		{"183", true},	{"184", false},		 {"18", false},	     {"4294967479", false},	{"99999999999999999999", false},
		{"", false},	{"/usr/bin/cat", true},	 {"/usr/bin", false}, {"session-2.scope", true}, {"session-2", false},
		{"user", false}, {"user.slice", true},	 {"web", true},	     {"web.service", true},	{"we", false},
		{"cat", false},	{"/srv/script", true},
	};
	const struct event_text t = {.exe = "/usr/bin/cat", .script = "/srv/script", .unit = "session-2.scope", .cgroup = "/user.slice/web.service"};
	struct bl_buf b = BL_BUF_INIT;
	struct bl_event_view e;

	event_record(&b, &event_example, &t);
	ck_assert(bl_record_decode(b.data, b.len, &e));
	for (size_t i = 0; i < BL_ARRAY_SIZE(who); i++)
		ck_assert_msg(bl_why_matches(&e, who[i].who) == who[i].is, "%s", who[i].who);
	bl_buf_free(&b);
}
END_TEST

START_TEST(plain_words)
{
	struct bl_gen_names names = {.gens = {{.gen = 1, .there = true}}};
	struct bl_buf record = BL_BUF_INIT, b = BL_BUF_INIT;
	struct bl_event ev = event_example;
	struct bl_event_view e;
	struct bl_error err;
	char path[PATH_MAX];
	void *buf;
	size_t len;

	build("profile p {\n    subject any;\n    deny read /etc/shadow message \"no\";@\n    default deny write;\n}\n", "");
	(void)snprintf(path, sizeof(path), "%s/p.bpi", dir);
	ck_assert_int_eq(bl_image_file_read(path, 0, &buf, &len, &err), 0);
	ck_assert_int_eq(bl_image_parse(buf, len, &names.gens[0].g.image, &err), 0);
	event_record(&record, &ev, &event_example_text);
	ck_assert(bl_record_decode(record.data, record.len, &e));
	bl_why_text(&b, &names, &e, 3);
	ck_assert_str_eq(bl_buf_text(&b), "/usr/bin/cat (pid 183, uid 0) was refused: read /etc/shadow\n"
					  "    at 2026-11-21T10:14:48.901Z, the last of 3 times, in unit session-2.scope\n"
					  "    by profile p, p.policy:3: deny read /etc/shadow message \"no\"\n"
					  "    to allow it, write in that profile, before p.policy:3:\n"
					  "        allow read /etc/shadow if exe /usr/bin/cat;\n");
	ev.op = BL_OP_WRITE;
	ev.rule = BL_RULE_NONE;
	ev.reason = BL_R_DEFAULT;
	ev.mode = BL_MODE_AUDIT;
	ev.flags = BL_EVF_UNTRUSTED | BL_EVF_CANONICAL;
	event_record(&record, &ev, &event_example_text);
	ck_assert(bl_record_decode(record.data, record.len, &e));
	bl_buf_reset(&b);
	bl_why_text(&b, &names, &e, 1);
	ck_assert_str_eq(bl_buf_text(&b), "/usr/bin/cat (pid 183, uid 0) would have been refused: write /etc/shadow, which it reached by another name\n"
					  "    at 2026-11-21T10:14:48.901Z, in unit session-2.scope\n"
					  "    by profile p, in which no rule matches; its default, p.policy:4, refuses\n"
					  "    to allow it (to every program of the profile: no condition can be made for this one, whose name anybody "
					  "could have given it), write in that profile:\n"
					  "        allow write /etc/shadow;\n");
	ev.reason = BL_R_TOO_LONG;
	ev.verdict = BL_V_KILL;
	ev.mode = BL_MODE_ENFORCE;
	event_record(&record, &ev, &(struct event_text){.exe = "/x", .script = "/y"});
	ck_assert(bl_record_decode(record.data, record.len, &e));
	bl_buf_reset(&b);
	bl_why_text(&b, &names, &e, 1);
	ck_assert_str_eq(bl_buf_text(&b), "/x running /y (pid 183, uid 0) was killed for write (unknown name), which it reached by another name\n"
					  "    at 2026-11-21T10:14:48.901Z\n"
					  "    by profile p, because the name has more than 4095 bytes (name-too-long)\n"
					  "    no rule can allow it: it was not found out what to judge (policy(5), INTERNAL FAILURES)\n");
	free(buf);
	bl_buf_free(&record);
	bl_buf_free(&b);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("enforcer_allow");
	TCase *t = tcase_create("all");
	char self[PATH_MAX] = "", clean[PATH_MAX + 16];
	SRunner *r = srunner_create(s);
	int failed;

	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0 || !mkdtemp(dir))
		return 3;
	(void)snprintf(policyc, sizeof(policyc), "%.4000s/../../bin/policyc", dirname(self));
	tcase_add_test(t, files);
	tcase_add_test(t, whom);
	tcase_add_test(t, code);
	tcase_add_test(t, network);
	tcase_add_test(t, system_class);
	tcase_add_test(t, nothing_helps);
	tcase_add_test(t, whose);
	tcase_add_test(t, plain_words);
	tcase_set_timeout(t, 120);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	(void)snprintf(clean, sizeof(clean), "rm -rf %s", dir);
	return system(clean) == 0 && failed == 0 ? 0 : 1;
}
