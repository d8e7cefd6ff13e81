// SPDX-License-Identifier: GPL-2.0-or-later
/* From text to verdict, natively: tables, image and simulation, with the limits of the tables at their value and one above. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "buf.h"
#include "build_text.h"
#include "plat_host.h"
#include "decide.h"
#include "request_json.h"
#include "simulate.h"
#include "object_text.h"

static uint32_t ask(const struct bl_image *img, const char *exe, const char *op, const char *object)
{
	static struct sim_answer a;
	struct sim_request q = { .who = { .exes = &exe, .nexes = exe ? 1 : 0, .cgroup = "/", .untrusted = !exe },
				 .op = sim_op(op), .object = object };
	struct bl_error err;

	q.object_len = strlen(object);
	ck_assert_msg(sim_ask(img, &q, &a, &err) == 0, "%s", err.text);
	return a.result.verdict;
}

static uint32_t verdict(const char *policy, const char *exe, const char *op, const char *object)
{
	struct tables_error te;
	struct bl_image img;
	uint32_t v;
	void *mem;

	ck_assert_int_eq(build_try(policy, &mem, &img, &te), 0);
	v = ask(&img, exe, op, object);
	free(mem);
	return v;
}

START_TEST(first_match_decides)
{
	const char *p = "profile a { subject exe /x; allow read /e/passwd; deny read /e/**; kill read /e/**; }\n";

	ck_assert_uint_eq(verdict(p, "/x", "read", "/e/passwd"), BL_V_ALLOW);
	ck_assert_uint_eq(verdict(p, "/x", "read", "/e/shadow"), BL_V_DENY);
	ck_assert_uint_eq(verdict(p, "/x", "read", "/e"), BL_V_ALLOW);
	ck_assert_uint_eq(verdict(p, "/y", "read", "/e/shadow"), BL_V_ALLOW);
}
END_TEST

START_TEST(profiles_only_take_away)
{
	const char *p = "profile a { subject exe /x; allow read /e/**; default deny read; }\n"
			"profile b { subject any; deny read /e/s; kill exec /k; }\n"
			"profile c { subject any; mode audit; deny read /e/p; }\n";

	ck_assert_uint_eq(verdict(p, "/x", "read", "/e/p"), BL_V_ALLOW);
	ck_assert_uint_eq(verdict(p, "/x", "read", "/e/s"), BL_V_DENY);
	ck_assert_uint_eq(verdict(p, "/x", "read", "/f"), BL_V_DENY);
	ck_assert_uint_eq(verdict(p, "/y", "read", "/f"), BL_V_ALLOW);
	ck_assert_uint_eq(verdict(p, "/y", "exec", "/k"), BL_V_KILL);
}
END_TEST

START_TEST(write_carries_append_and_truncate)
{
	const char *p = "profile a { subject any; deny write /w; }\n";

	ck_assert_uint_eq(verdict(p, "/x", "write", "/w"), BL_V_DENY);
	ck_assert_uint_eq(verdict(p, "/x", "truncate", "/w"), BL_V_DENY);
	ck_assert_uint_eq(verdict(p, "/x", "read", "/w"), BL_V_ALLOW);
}
END_TEST

START_TEST(rule_without_object)
{
	const char *p = "profile a { subject exe /x; deny exec; deny connect; }\n";

	ck_assert_uint_eq(verdict(p, "/x", "exec", "/anything"), BL_V_DENY);
	ck_assert_uint_eq(verdict(p, "/x", "exec", ""), BL_V_DENY);
	ck_assert_uint_eq(verdict(p, "/x", "connect", "tcp [2001:db8::1]:80"), BL_V_DENY);
	ck_assert_uint_eq(verdict(p, "/x", "connect", "other 10.0.0.1"), BL_V_DENY);
	ck_assert_uint_eq(verdict(p, "/x", "read", "/anything"), BL_V_ALLOW);
}
END_TEST

START_TEST(addresses)
{
	const char *p = "profile a { subject any; deny connect tcp to 127.0.0.1 port 80; deny connect udp to ::/0;\n"
			"kill connect to 10.0.0.0/8 port 1-5; }\n";

	ck_assert_uint_eq(verdict(p, "/x", "connect", "tcp 127.0.0.1:80"), BL_V_DENY);
	ck_assert_uint_eq(verdict(p, "/x", "connect", "tcp 0.0.0.0:80"), BL_V_DENY);
	ck_assert_uint_eq(verdict(p, "/x", "connect", "tcp [::ffff:127.0.0.1]:80"), BL_V_DENY);
	ck_assert_uint_eq(verdict(p, "/x", "connect", "tcp [::ffff:0.0.0.0]:80"), BL_V_DENY);
	ck_assert_uint_eq(verdict(p, "/x", "connect", "tcp 127.0.0.1:81"), BL_V_ALLOW);
	ck_assert_uint_eq(verdict(p, "/x", "connect", "udp 127.0.0.1:80"), BL_V_ALLOW);
	ck_assert_uint_eq(verdict(p, "/x", "connect", "udp [::]:80"), BL_V_DENY);
	ck_assert_uint_eq(verdict(p, "/x", "connect", "udp [::ffff:1.2.3.4]:80"), BL_V_ALLOW);
	ck_assert_uint_eq(verdict(p, "/x", "connect", "udp 10.255.0.1:5"), BL_V_KILL);
	ck_assert_uint_eq(verdict(p, "/x", "connect", "udp 10.255.0.1:6"), BL_V_ALLOW);
	ck_assert_uint_eq(verdict(p, "/x", "connect", "other 10.255.0.1"), BL_V_ALLOW);
}
END_TEST

/* n rules with a condition each that match the same name, then one without */
static char *chain(unsigned int n)
{
	struct bl_buf b = BL_BUF_INIT;

	bl_buf_str(&b, "profile a { subject any;\n");
	for (unsigned int i = 0; i < n; i++)
		bl_buf_printf(&b, "allow read /f if exe /e%u;\n", i);
	bl_buf_str(&b, "deny read /g; }\n");
	return b.data;
}

START_TEST(chain_limit)
{
	char *at = chain(BL_MAX_CHAIN), *above = chain(BL_MAX_CHAIN + 1);
	struct tables_error te;
	struct bl_image img;
	void *mem;

	ck_assert_int_eq(build_try(at, &mem, &img, &te), 0);
	free(mem);
	ck_assert_int_eq(build_try(above, &mem, &img, &te), -E2BIG);
	ck_assert_str_eq(te.id, "E-too-many-rules");
	ck_assert_str_eq(te.msg.text, "more than 64 rules with conditions of one profile match the same name for the same "
				      "operation, this one among them");
	free(at);
	free(above);
}
END_TEST

/* n profiles whose subjects name the same program */
static char *same_program(unsigned int n)
{
	struct bl_buf b = BL_BUF_INIT;

	for (unsigned int i = 0; i < n; i++)
		bl_buf_printf(&b, "profile p%u { subject exe /x; deny read /f%u; }\n", i, i);
	return b.data;
}

START_TEST(terms_limit)
{
	char *at = same_program(BL_MAX_ACC_ATOMS), *above = same_program(BL_MAX_ACC_ATOMS + 1);
	struct tables_error te;
	struct bl_image img;
	void *mem;

	ck_assert_int_eq(build_try(at, &mem, &img, &te), 0);
	/* a process in more profiles than a label holds is refused what any profile could refuse */
	ck_assert_uint_eq(ask(&img, "/x", "read", "/nothing-names-this"), BL_V_DENY);
	ck_assert_uint_eq(ask(&img, "/x", "exec", "/nothing-names-this"), BL_V_ALLOW);
	ck_assert_uint_eq(ask(&img, "/y", "read", "/f0"), BL_V_ALLOW);
	free(mem);
	ck_assert_int_eq(build_try(above, &mem, &img, &te), -E2BIG);
	ck_assert_str_eq(te.id, "E-too-many-terms");
	free(at);
	free(above);
}
END_TEST

/* What did not fit in a label is not forgotten when the program that it came from is left. */
START_TEST(inherited_terms_limit)
{
	struct bl_buf b = BL_BUF_INIT;
	const char *exes[BL_TASK_STICKY + 2];
	char names[BL_TASK_STICKY + 2][16];
	static struct sim_answer a;
	struct sim_request q = { .who = { .exes = exes, .cgroup = "/" }, .op = BL_OP_READ, .object = "/secret/32", .object_len = 10 };
	struct tables_error te;
	struct bl_error err;
	struct bl_image img;
	void *mem;

	for (unsigned int i = 0; i < BL_TASK_STICKY + 2; i++) {
		snprintf(names[i], sizeof(names[i]), "/p/%u", i);
		exes[i] = names[i];
		bl_buf_printf(&b, "profile p%u { subject exe /p/%u; deny read /secret/%u; }\n", i, i, i);
	}
	exes[BL_TASK_STICKY + 1] = "/bin/cat";
	ck_assert_int_eq(build_try(b.data, &mem, &img, &te), 0);
	q.who.nexes = BL_TASK_STICKY + 2;
	ck_assert_int_eq(sim_ask(&img, &q, &a, &err), 0);
	ck_assert_uint_eq(a.result.verdict, BL_V_DENY);
	ck_assert(a.label.flags & BL_LF_FULL);
	exes[0] = "/bin/sh"; /* one less: all of them fit */
	ck_assert_int_eq(sim_ask(&img, &q, &a, &err), 0);
	ck_assert(!(a.label.flags & BL_LF_FULL));
	ck_assert_uint_eq(a.result.verdict, BL_V_DENY);
	q.object = "/secret/33";
	ck_assert_int_eq(sim_ask(&img, &q, &a, &err), 0);
	ck_assert_uint_eq(a.result.verdict, BL_V_ALLOW);
	free(mem);
	bl_buf_free(&b);
}
END_TEST

START_TEST(task_profiles_limit)
{
	char *at = same_program(BL_TASK_PROFILES);
	struct tables_error te;
	struct bl_image img;
	void *mem;

	ck_assert_int_eq(build_try(at, &mem, &img, &te), 0);
	ck_assert_uint_eq(ask(&img, "/x", "read", "/nothing-names-this"), BL_V_ALLOW);
	ck_assert_uint_eq(ask(&img, "/x", "read", "/f31"), BL_V_DENY);
	free(mem);
	free(at);
}
END_TEST

START_TEST(same_text_same_bytes)
{
	const char *p = "profile a { subject exe /x and user 5-9; deny read /{a,b}/**/c?[d-f]; }\n";
	struct tables_error te;
	struct bl_image x, y;
	void *mx, *my;

	ck_assert_int_eq(build_try(p, &mx, &x, &te), 0);
	ck_assert_int_eq(build_try(p, &my, &y, &te), 0);
	ck_assert_uint_eq(x.size, y.size);
	ck_assert_mem_eq(mx, my, x.size);
	free(mx);
	free(my);
}
END_TEST

static int parse(const char *json, struct request *q, struct bl_error *err)
{
	static char line[4096];

	snprintf(line, sizeof(line), "%s", json);
	return request_parse(line, strlen(line), q, err);
}

START_TEST(requests)
{
	struct bl_error err;
	struct request q;

	ck_assert_int_eq(parse("{\"op\":\"read\", \"object\":\"/a\\u00e9\\n\\ud83d\\ude00\",\"rule\":{\"a\":[1,{\"b\":null}]},"
			       "\"euid\":4294967295,\"untrusted\":true,\"exe\":null}",
			       &q, &err), 0);
	ck_assert_str_eq(q.op, "read");
	ck_assert_str_eq(q.ask.object, "/a\xc3\xa9\n\xf0\x9f\x98\x80");
	ck_assert_uint_eq(q.ask.who.euid, UINT32_MAX);
	ck_assert(q.ask.who.untrusted);
	ck_assert_uint_eq(q.ask.who.nexes, 0);
	ck_assert_uint_eq(q.ask.who.login, UINT32_MAX);
	ck_assert_str_eq(q.ask.who.cgroup, "/");
	ck_assert_ptr_null(q.ask.peer);
}
END_TEST

START_TEST(requests_whole)
{
	struct bl_error err;
	struct request q;

	ck_assert_int_eq(parse("{\"op\":\"signal\",\"object\":\"TERM\",\"exe\":\"/c\",\"ancestors\":[\"/a\",\"/b\"],"
			       "\"groups\":[5, 6],\"capabilities\":[\"kill\",\"bpf\"],\"script\":\"/s\",\"unit\":\"u.service\","
			       "\"container\":\"c\",\"login\":7,\"owner\":true,\"deleted\":true,\"fstype\":\"tmpfs\","
			       "\"peer\":{\"exe\":\"/p\",\"euid\":8,\"op\":\"none\"},\"descendant\":true,\"groups2\":[1]}",
			       &q, &err), 0);
	ck_assert_str_eq(q.op, "signal");
	ck_assert_uint_eq(q.ask.who.nexes, 3);
	ck_assert_str_eq(q.ask.who.exes[0], "/a");
	ck_assert_str_eq(q.ask.who.exes[2], "/c");
	ck_assert_uint_eq(q.ask.who.ngroups, 2);
	ck_assert_uint_eq(q.ask.who.groups[1], 6);
	ck_assert_uint_eq(q.ask.who.capabilities, 1ULL << 5 | 1ULL << 39);
	ck_assert_str_eq(q.ask.who.scripts[2], "/s");
	ck_assert_ptr_null(q.ask.who.scripts[0]);
	ck_assert_str_eq(q.ask.who.unit, "u.service");
	ck_assert_str_eq(q.ask.who.container, "c");
	ck_assert_uint_eq(q.ask.who.login, 7);
	ck_assert(q.ask.owner && q.ask.deleted && q.ask.descendant);
	ck_assert_str_eq(q.ask.fstype, "tmpfs");
	ck_assert_str_eq(q.ask.peer->exes[0], "/p");
	ck_assert_uint_eq(q.ask.peer->euid, 8);
}
END_TEST

static const struct {
	const char *json, *message;
} bad_requests[] = {
	{ "", "not a JSON object: it does not begin with '{'" },
	{ "[]", "not a JSON object: it does not begin with '{'" },
	{ "{", "not a JSON object: a member has no name" },
	{ "{}", "\"op\" is missing" },
	{ "{\"op\":\"read\"}", "\"object\" is missing" },
	{ "{\"groups\":[1,\"x\"]}", "\"groups\" is not a number from 0 to 4294967295" },
	{ "{\"groups\":7}", "\"groups\" is not an array" },
	{ "{\"capabilities\":[\"fly\"]}", "unknown capability 'fly'" },
	{ "{\"ancestors\":[null]}", "\"ancestors\" contains something that is not a string" },
	{ "{\"ancestors\":[\"/a\"}", "not a JSON object: an array does not end" },
	{ "{\"op\":1,\"object\":\"/\"}", "\"op\" is not a string" },
	{ "{\"op\":\"read\",\"object\":\"/\"", "not a JSON object: it does not end with '}'" },
	{ "{\"op\":\"read\",\"object\":\"/\"} x", "not a JSON object: something follows it" },
	{ "{\"op\":\"read\",\"object\":\"/", "not a JSON object: a string does not end" },
	{ "{\"op\":\"re\\x\"}", "not a JSON object: unknown escape in a string" },
	{ "{\"op\":\"\\ud800x\"}", "not a JSON object: half a surrogate pair" },
	{ "{\"op\":\"\\udc00\"}", "not a JSON object: half a surrogate pair" },
	{ "{\"op\":\"\\u12g4\"}", "not a JSON object: \\u needs four hexadecimal digits" },
	{ "{\"exe\":\"/a\\u0000b\"}", "\"exe\" contains a NUL" },
	{ "{\"op\":\"connect\",\"object\":\"tcp 10.0.0.1:80\\u0000:81\"}", "\"object\" contains a NUL" },
	{ "{\"euid\":-1}", "\"euid\" is not a number from 0 to 4294967295" },
	{ "{\"euid\":4294967296}", "\"euid\" is not a number from 0 to 4294967295" },
	{ "{\"euid\":1e3}", "\"euid\" is not a number from 0 to 4294967295" },
	{ "{\"untrusted\":1}", "\"untrusted\" is neither true nor false" },
	{ "{\"x\":[1,2}", "not a JSON object: an object or array does not end" },
	{ "{\"x\":{1:2}}", "not a JSON object: a member has no name" },
};

START_TEST(requests_refused)
{
	struct bl_error err;
	struct request q;

	ck_assert_int_eq(parse(bad_requests[_i].json, &q, &err), -EINVAL);
	ck_assert_str_eq(err.text, bad_requests[_i].message);
}
END_TEST

static const struct {
	const char *text, *message;
} bad_endpoints[] = {
	{ "10.0.0.1:80", "'10.0.0.1:80' is not an endpoint: write tcp|udp|other ADDRESS[:PORT]" },
	{ "tcp 10.0.0:80", "'10.0.0' is neither an IPv4 nor an IPv6 address" },
	{ "tcp 10.0.0.1:", "port '' is not a number from 0 to 65535" },
	{ "tcp 10.0.0.1:65536", "port '65536' is not a number from 0 to 65535" },
	{ "tcp 10.0.0.1:8x", "port '8x' is not a number from 0 to 65535" },
	{ "udp [::1", "'[::1': an IPv6 address is written [ADDRESS] or [ADDRESS]:PORT" },
	{ "udp [::1]53", "'[::1]53': an IPv6 address is written [ADDRESS] or [ADDRESS]:PORT" },
};

START_TEST(endpoints_refused)
{
	const char *text = bad_endpoints[_i].text;
	struct bl_error err;
	struct bl_name n;
	uint32_t kind, from;
	uint8_t code;

	ck_assert_int_eq(object_parse(BL_OP_CONNECT, text, strlen(text), &n, &kind, &from, &code, &err), -EINVAL);
	ck_assert_str_eq(err.text, bad_endpoints[_i].message);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("tables");
	TCase *c = tcase_create("text to verdict");
	SRunner *r;
	int failed;

	tcase_add_test(c, first_match_decides);
	tcase_add_test(c, profiles_only_take_away);
	tcase_add_test(c, write_carries_append_and_truncate);
	tcase_add_test(c, rule_without_object);
	tcase_add_test(c, addresses);
	tcase_add_test(c, chain_limit);
	tcase_add_test(c, terms_limit);
	tcase_add_test(c, task_profiles_limit);
	tcase_add_test(c, inherited_terms_limit);
	tcase_add_test(c, same_text_same_bytes);
	tcase_add_test(c, requests);
	tcase_add_test(c, requests_whole);
	tcase_add_loop_test(c, requests_refused, 0, sizeof(bad_requests) / sizeof(bad_requests[0]));
	tcase_add_loop_test(c, endpoints_refused, 0, sizeof(bad_endpoints) / sizeof(bad_endpoints[0]));
	tcase_set_timeout(c, 60);
	suite_add_tcase(s, c);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
