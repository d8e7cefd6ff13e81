/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The enforcer's configuration file, and its words on the kernel command line. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "probe.h"

static int parse(const char *text, struct bl_conf *c, struct bl_error *err)
{
	bl_conf_defaults(c);
	err->text[0] = '\0';
	return bl_conf_parse("x.conf", text, strlen(text), c, err);
}

START_TEST(conf_values)
{
	struct bl_conf c;
	struct bl_error err;

	ck_assert_int_eq(parse("", &c, &err), 0);
	ck_assert_str_eq(c.policy_dir, "/etc/bailiff/policy.d");
	ck_assert_str_eq(c.compile_user, "nobody");
	ck_assert_str_eq(c.compiler, "");
	ck_assert_uint_eq(c.compile_seconds, 60);
	ck_assert_uint_eq(c.compile_mib, 1024);
	ck_assert(!c.audit && !c.accept_links && !c.seal && !c.latency && c.selftest_seconds == 60);
	ck_assert_int_eq(parse("# all of them\n\npolicy-dir=/a b\t# with a space\r\n compiler = /c\ncompile-user = daemon\n"
			       "compile-seconds = 3600\ncompile-memory = 64\nmode = audit\naccept-links = yes\nseal = yes\nlatency = yes\nselftest-seconds = 0",
			       &c, &err),
			 0);
	ck_assert_str_eq(c.policy_dir, "/a b");
	ck_assert_str_eq(c.compiler, "/c");
	ck_assert_str_eq(c.compile_user, "daemon");
	ck_assert_uint_eq(c.compile_seconds, 3600);
	ck_assert_uint_eq(c.compile_mib, 64);
	ck_assert(c.audit && c.accept_links && c.seal && c.latency && c.selftest_seconds == 0);
	ck_assert_uint_eq(c.noutputs, 0);
	ck_assert_int_eq(parse("output = journal\noutput = file /a format=ecs # and\noutput=stdout", &c, &err), 0);
	ck_assert_uint_eq(c.noutputs, 3);
	ck_assert(c.outputs[0].kind == BL_OUTPUT_JOURNAL && c.outputs[1].kind == BL_OUTPUT_FILE && c.outputs[2].kind == BL_OUTPUT_STDOUT);
	ck_assert_str_eq(c.outputs[1].where, "/a");
	ck_assert_str_eq(c.metrics_socket.where, "");
	ck_assert_str_eq(c.metrics_file.where, "");
	ck_assert_uint_eq(c.metrics_rules, 1000);
	ck_assert_int_eq(parse("metrics-socket = /s mode=0660\nmetrics-file=/f.prom interval=5\nmetrics-rules = 0", &c, &err), 0);
	ck_assert_str_eq(c.metrics_socket.where, "/s");
	ck_assert_uint_eq(c.metrics_socket.mode, 0660);
	ck_assert_str_eq(c.metrics_file.where, "/f.prom");
	ck_assert_uint_eq(c.metrics_file.mode, 0644);
	ck_assert_uint_eq(c.metrics_file.seconds, 5);
	ck_assert_uint_eq(c.metrics_rules, 0);
}
END_TEST

START_TEST(conf_refused)
{
	static const struct {
		const char *text, *says;
	} wrong[] = {
		{"policy-dirs = /x", "x.conf:1: unknown key 'policy-dirs'"},
		{"\n= /x", "x.conf:2: unknown key ''"},
		{"#\n#\nmode", "x.conf:3: 'key = value' is wanted"},
		{"mode = audit\nmode = enforce", "x.conf:2: mode: given a second time"},
		{"mode = Audit", "x.conf:1: mode: 'enforce' or 'audit' is wanted"},
		{"mode =", "x.conf:1: mode: 'enforce' or 'audit' is wanted"},
		{"seal = on", "x.conf:1: seal: 'no' or 'yes' is wanted"},
		{"latency = on", "x.conf:1: latency: 'no' or 'yes' is wanted"},
		{"selftest-seconds = 86401", "x.conf:1: selftest-seconds: a number from 0 to 86400 is wanted"},
		{"accept-links = 1", "x.conf:1: accept-links: 'no' or 'yes' is wanted"},
		{"compile-seconds = 0", "x.conf:1: compile-seconds: a number from 1 to 3600 is wanted"},
		{"compile-seconds = 3601", "x.conf:1: compile-seconds: a number from 1 to 3600 is wanted"},
		{"compile-seconds = -1", "x.conf:1: compile-seconds: a number from 1 to 3600 is wanted"},
		{"compile-seconds = 60s", "x.conf:1: compile-seconds: a number from 1 to 3600 is wanted"},
		{"compile-memory = 63", "x.conf:1: compile-memory: a number from 64 to 65536 is wanted"},
		{"compile-memory = 99999999999999999999", "x.conf:1: compile-memory: a number from 64 to 65536 is wanted"},
		{"compile-user = root", "x.conf:1: compile-user: the name of a user other than root is wanted"},
		{"compile-user =", "x.conf:1: compile-user: the name of a user other than root is wanted"},
		{"policy-dir = etc", "x.conf:1: policy-dir: an absolute path is wanted"},
		{"compiler = ", "x.conf:1: compiler: an absolute path is wanted"},
		{"metrics-rules = 100001", "x.conf:1: metrics-rules: a number from 0 to 100000 is wanted"},
		{"metrics-file = /x\nmetrics-file = /y", "x.conf:2: metrics-file: given a second time"},
		{"metrics-socket = s", "x.conf:1: metrics-socket: the absolute path of a socket is wanted, of at most 107 bytes"},
		{"output = file x", "x.conf:1: output: the absolute path of a file is wanted after 'file'"},
		{"output=stdout\noutput=stdout\noutput=stdout\noutput=stdout\noutput=stdout\noutput=stdout\noutput=stdout\noutput=stdout\noutput=stdout",
		 "x.conf:9: output: there are 8 outputs at most"},
	};
	struct bl_conf c;
	struct bl_error err;

	for (size_t i = 0; i < BL_ARRAY_SIZE(wrong); i++) {
		ck_assert_int_eq(parse(wrong[i].text, &c, &err), BL_REFUSED);
		ck_assert_str_eq(err.text, wrong[i].says);
	}
	bl_conf_defaults(&c);
	ck_assert_int_eq(bl_conf_parse("x.conf", "mode = a\0udit\n", 14, &c, &err), BL_REFUSED);
	ck_assert_str_eq(err.text, "x.conf:1: a NUL byte");
}
END_TEST

START_TEST(conf_long_values)
{
	struct bl_conf c;
	struct bl_error err;
	char *text = malloc(PATH_MAX + 64);

	memcpy(text, "compiler = ", 11);
	memset(text + 11, '/', PATH_MAX);
	text[11 + PATH_MAX - 1] = '\0';
	ck_assert_int_eq(parse(text, &c, &err), 0);
	ck_assert_uint_eq(strlen(c.compiler), PATH_MAX - 1);
	text[11 + PATH_MAX - 1] = '/';
	text[11 + PATH_MAX] = '\0';
	ck_assert_int_eq(parse(text, &c, &err), BL_REFUSED);
	free(text);
}
END_TEST

START_TEST(kernel_command_line)
{
	static const struct {
		const char *line;
		enum bl_switch is;
	} lines[] = {
		{"", BL_SWITCH_NONE},
		{"quiet\n", BL_SWITCH_NONE},
		{"quiet bailiff=off\n", BL_SWITCH_OFF},
		{"bailiff=audit quiet", BL_SWITCH_AUDIT},
		{"bailiff=off  bailiff=audit", BL_SWITCH_AUDIT},
		{"bailiff=nonsense bailiff=off", BL_SWITCH_OFF},
		{"nobailiff=off bailiffs=off x.bailiff=off", BL_SWITCH_NONE},
		{"root=/dev/x init=/bin/bailiff=off", BL_SWITCH_NONE},
	};
	static const char *const wrong[] = {"bailiff=", "bailiff=OFF", "bailiff=offf", "bailiff=off bailiff=on"};
	struct bl_error err;
	enum bl_switch is;

	for (size_t i = 0; i < BL_ARRAY_SIZE(lines); i++) {
		ck_assert_int_eq(bl_switch_parse(lines[i].line, &is, &err), 0);
		ck_assert_int_eq(is, lines[i].is);
	}
	for (size_t i = 0; i < BL_ARRAY_SIZE(wrong); i++)
		ck_assert_int_eq(bl_switch_parse(wrong[i], &is, &err), BL_REFUSED);
	ck_assert_str_eq(err.text, "the kernel command line has 'bailiff=on': only bailiff=off and bailiff=audit mean something, and nothing is "
				   "loaded before it is clear what is wanted");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("enforcer_conf");
	TCase *t = tcase_create("all");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(t, conf_values);
	tcase_add_test(t, conf_refused);
	tcase_add_test(t, conf_long_values);
	tcase_add_test(t, kernel_command_line);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
