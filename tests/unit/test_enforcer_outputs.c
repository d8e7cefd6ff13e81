/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Outputs: files that are put aside at their size, disks that are full, readers that hang; and each event is written, dropped or waiting. */
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "event_record.h"
#include "output.h"

#include "banned.h"

static char dir[] = "/tmp/bailiff-outputs-XXXXXX";

static const char *in_dir(const char *name)
{
	static char path[4][PATH_MAX];
	static unsigned int next;
	char *p = path[next++ % 4];

	(void)snprintf(p, PATH_MAX, "%s/%s", dir, name);
	return p;
}

static void configure(struct bl_output_conf *c, const char *line)
{
	char copy[PATH_MAX + 128];
	const char *wrong;

	(void)snprintf(copy, sizeof(copy), "%s", line);
	wrong = bl_output_parse(copy, c);
	ck_assert_msg(wrong == NULL, "%s: %s", line, wrong);
}

static void send_events(struct bl_outputs *o, unsigned int n)
{
	struct bl_gen_names names = {.gens = {{.gen = 1}}};
	struct bl_buf b = BL_BUF_INIT;
	struct bl_event_view e;

	event_record(&b, &event_example, &event_example_text);
	ck_assert(bl_record_decode(b.data, b.len, &e));
	while (n-- > 0)
		bl_outputs_event(o, &names, &e);
	bl_buf_free(&b);
}

static uint64_t told(struct bl_outputs *o, size_t i, struct bl_output_state *s)
{
	ck_assert(bl_outputs_state(o, i, s));
	return s->written + s->dropped + s->waiting;
}

/* Until nothing waits, for at most ten seconds. */
static void settle(struct bl_outputs *o, size_t i, struct bl_output_state *s)
{
	const struct timespec step = {.tv_nsec = 5000000};

	for (int n = 0; n < 2000; n++) {
		(void)told(o, i, s);
		if (s->waiting == 0)
			return;
		(void)nanosleep(&step, NULL);
	}
	ck_abort_msg("%s does not come to an end", s->name);
}

static unsigned int lines_in(const char *path, size_t *ret_size)
{
	unsigned int n = 0;
	size_t size = 0;
	FILE *f = fopen(path, "re");

	for (int c; f && (c = fgetc(f)) != EOF; size++)
		n += c == '\n';
	if (f)
		(void)fclose(f);
	if (ret_size)
		*ret_size = size;
	return n;
}

static struct bl_outputs *open_one(const char *line)
{
	static struct bl_output_conf c;
	struct bl_outputs *o;
	struct bl_error err;

	configure(&c, line);
	ck_assert_int_eq(bl_outputs_open(&c, 1, &o, &err), 0);
	return o;
}

START_TEST(conf_wrong)
{
	static const struct {
		const char *line, *says;
	} wrong[] = {
		{"", "'stdout', 'file', 'journal' or 'syslog' is wanted"},
		{"files /x", "'stdout', 'file', 'journal' or 'syslog' is wanted"},
		{"file", "the absolute path of a file is wanted after 'file'"},
		{"file x", "the absolute path of a file is wanted after 'file'"},
		{"file /x format=xml", "format is one of text, json, ecs and ocsf"},
		{"file /x format=(fields)", "format is one of text, json, ecs and ocsf"},
		{"file /x size=10", "size is a number with K or M, from 1K to 1048576M"},
		{"file /x size=0K", "size is a number with K or M, from 1K to 1048576M"},
		{"file /x size=1048577M", "size is a number with K or M, from 1K to 1048576M"},
		{"file /x size=-1K", "size is a number with K or M, from 1K to 1048576M"},
		{"file /x keep=100", "keep is a number from 0 to 99"},
		{"file /x keep=", "keep is a number from 0 to 99"},
		{"file /x /y", "one word too many"},
		{"stdout size=1K", "one word too many"},
		{"journal format=json", "this output has a format of its own"},
		{"syslog", "the absolute path of a socket or udp:ADDRESS:PORT is wanted after 'syslog'"},
		{"syslog udp:localhost:514", "the absolute path of a socket or udp:ADDRESS:PORT is wanted after 'syslog'"},
		{"syslog udp:127.0.0.1", "the absolute path of a socket or udp:ADDRESS:PORT is wanted after 'syslog'"},
		{"syslog udp:127.0.0.1:0", "the absolute path of a socket or udp:ADDRESS:PORT is wanted after 'syslog'"},
		{"syslog udp:127.0.0.1:65536", "the absolute path of a socket or udp:ADDRESS:PORT is wanted after 'syslog'"},
		{"syslog udp:::1:514", "the absolute path of a socket or udp:ADDRESS:PORT is wanted after 'syslog'"},
		{"syslog udp:", "the absolute path of a socket or udp:ADDRESS:PORT is wanted after 'syslog'"},
	};
	struct bl_output_conf c;
	char copy[256];

	for (size_t i = 0; i < BL_ARRAY_SIZE(wrong); i++) {
		const char *says;

		(void)snprintf(copy, sizeof(copy), "%s", wrong[i].line);
		says = bl_output_parse(copy, &c);
		ck_assert_msg(says != NULL, "%s is taken", wrong[i].line);
		ck_assert_str_eq(says, wrong[i].says);
	}
	(void)snprintf(copy, sizeof(copy), "file /%0*d", 200, 0);
	copy[5] = '/';
	ck_assert_ptr_null(bl_output_parse(copy, &c));
	ck_assert_uint_eq(c.size, 16 << 20);
	ck_assert_uint_eq(c.keep, 4);
	configure(&c, "\tfile  /x format=ecs size=1048576M  keep=99 ");
	ck_assert(c.kind == BL_OUTPUT_FILE && c.format == BL_FORMAT_ECS && c.size == 1ull << 40 && c.keep == 99);
	configure(&c, "syslog udp:[::1]:65535");
	configure(&c, "syslog /dev/log");
}
END_TEST

START_TEST(files_are_put_aside)
{
	struct bl_output_state s;
	struct bl_outputs *o;
	struct stat st;
	size_t size, all = 0;
	char line[PATH_MAX];
	const char *log = in_dir("log");
	char name[PATH_MAX];

	(void)snprintf(line, sizeof(line), "file %s format=text size=1K keep=2", log);
	o = open_one(line);
	send_events(o, 5);
	settle(o, 0, &s);
	ck_assert_uint_eq(s.written, 5);
	ck_assert_uint_eq(lines_in(log, &size), 5);
	ck_assert_int_eq(stat(log, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	for (int i = 0; i < 100; i++) {
		send_events(o, 1);
		settle(o, 0, &s);
	}
	for (int i = 0; i < 4; i++) {
		if (i == 0)
			(void)snprintf(name, sizeof(name), "%s", log);
		else
			(void)snprintf(name, sizeof(name), "%s.%d", log, i);
		all = lines_in(name, &size);
		if (i < 3)
			ck_assert_msg(all > 0 && size <= 1024, "%s has %zu bytes", name, size);
		else
			ck_assert_msg(all == 0, "%s is there", name);
	}
	/* somebody else puts it aside */
	ck_assert_int_eq(rename(log, in_dir("aside")), 0);
	send_events(o, 1);
	settle(o, 0, &s);
	ck_assert_uint_eq(lines_in(log, NULL), 1);
	ck_assert_uint_eq(told(o, 0, &s), 106);
	ck_assert_uint_eq(s.dropped, 0);
	bl_outputs_close(o);
}
END_TEST

START_TEST(what_cannot_be_written_is_counted)
{
	const struct rlimit limit = {.rlim_cur = 2000, .rlim_max = RLIM_INFINITY};
	struct bl_output_state s;
	struct bl_outputs *o;
	char line[PATH_MAX];
	size_t size;

	/* no such directory; a FIFO that nobody reads; a link */
	(void)snprintf(line, sizeof(line), "file %s", in_dir("none/log"));
	o = open_one(line);
	send_events(o, 3);
	settle(o, 0, &s);
	ck_assert(s.written == 0 && s.dropped == 3);
	ck_assert_ptr_nonnull(strstr(s.error, "cannot open "));
	ck_assert_int_eq(mkdir(in_dir("none"), 0700), 0); /* it is tried again */
	send_events(o, 1);
	settle(o, 0, &s);
	ck_assert(s.written == 1 && s.dropped == 3 && s.error[0] == '\0');
	bl_outputs_close(o);
	ck_assert_int_eq(mkfifo(in_dir("fifo"), 0600), 0);
	ck_assert_int_eq(symlink("log", in_dir("link")), 0);
	for (int i = 0; i < 2; i++) {
		(void)snprintf(line, sizeof(line), "file %s", in_dir(i ? "link" : "fifo"));
		o = open_one(line);
		send_events(o, 1);
		settle(o, 0, &s);
		ck_assert(s.written == 0 && s.dropped == 1);
		bl_outputs_close(o);
	}
	/* the disk is full: no line is cut */
	(void)signal(SIGXFSZ, SIG_IGN);
	(void)snprintf(line, sizeof(line), "file %s format=text", in_dir("full"));
	o = open_one(line);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	send_events(o, 50);
	settle(o, 0, &s);
	ck_assert(s.written > 5 && s.dropped > 5 && s.written + s.dropped == 50);
	ck_assert_uint_eq(lines_in(in_dir("full"), &size), s.written);
	ck_assert_uint_eq(size % s.written, 0);
	bl_outputs_close(o);
}
END_TEST

/* A socket whose reader does not read, between two outputs that go on. */
START_TEST(one_that_hangs_holds_up_nobody)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int reader = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct bl_output_conf c[3];
	struct timespec begin, end;
	struct bl_output_state s;
	struct bl_outputs *o;
	struct bl_error err;
	char line[PATH_MAX], packet[8192];

	(void)snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", in_dir("socket"));
	ck_assert_int_eq(bind(reader, (const struct sockaddr *)&sun, sizeof(sun)), 0);
	(void)snprintf(line, sizeof(line), "file %s", in_dir("before"));
	configure(&c[0], line);
	(void)snprintf(line, sizeof(line), "syslog %s", in_dir("socket"));
	configure(&c[1], line);
	(void)snprintf(line, sizeof(line), "file %s format=ecs", in_dir("after"));
	configure(&c[2], line);
	ck_assert_int_eq(bl_outputs_open(c, 3, &o, &err), 0);
	(void)clock_gettime(CLOCK_MONOTONIC, &begin);
	for (int i = 0; i < 40; i++) {
		send_events(o, 100);
		settle(o, 0, &s);
		settle(o, 2, &s);
	}
	(void)clock_gettime(CLOCK_MONOTONIC, &end);
	ck_assert_int_lt(end.tv_sec - begin.tv_sec, 60);
	ck_assert_uint_eq(told(o, 0, &s), 4000);
	ck_assert_uint_eq(s.written, 4000);
	ck_assert_uint_eq(told(o, 2, &s), 4000);
	ck_assert_uint_eq(s.written, 4000);
	ck_assert_uint_eq(told(o, 1, &s), 4000);
	ck_assert_msg(s.dropped > 0 && s.waiting > 0, "it does not hang: %u written", (unsigned int)s.written);
	/* it reads again: what waited comes */
	for (uint64_t left = s.written + s.waiting; left > 0; left--)
		ck_assert_int_gt(recv(reader, packet, sizeof(packet), 0), 0);
	settle(o, 1, &s);
	ck_assert_uint_eq(s.written + s.dropped, 4000);
	ck_assert(strncmp(packet, "<84>1 ", 6) == 0);
	/* it hangs again, and the end comes all the same */
	send_events(o, 4000);
	(void)clock_gettime(CLOCK_MONOTONIC, &begin);
	bl_outputs_close(o);
	(void)clock_gettime(CLOCK_MONOTONIC, &end);
	ck_assert_int_lt(end.tv_sec - begin.tv_sec, 10);
	(void)close(reader);
}
END_TEST

/* A reader that goes and comes again under the same name, and one that was never there. */
START_TEST(syslog_comes_again)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	struct bl_output_state s;
	struct bl_outputs *o;
	char line[PATH_MAX];

	(void)snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", in_dir("socket2"));
	(void)snprintf(line, sizeof(line), "syslog %s", in_dir("socket2"));
	o = open_one(line);
	for (int i = 0; i < 3; i++) {
		int reader = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

		ck_assert_int_eq(bind(reader, (const struct sockaddr *)&sun, sizeof(sun)), 0);
		send_events(o, 1);
		settle(o, 0, &s);
		(void)close(reader);
		send_events(o, 1);
		settle(o, 0, &s);
		ck_assert(s.written == (uint64_t)i + 1 && s.dropped == (uint64_t)i + 1);
		(void)unlink(sun.sun_path);
	}
	bl_outputs_close(o);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("enforcer_outputs");
	TCase *t = tcase_create("all");
	SRunner *r = srunner_create(s);
	char clean[128];
	int failed;

	if (!mkdtemp(dir))
		return 3;
	tcase_add_test(t, conf_wrong);
	tcase_add_test(t, files_are_put_aside);
	tcase_add_test(t, what_cannot_be_written_is_counted);
	tcase_add_test(t, one_that_hangs_holds_up_nobody);
	tcase_add_test(t, syslog_comes_again);
	tcase_set_timeout(t, 120);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	(void)snprintf(clean, sizeof(clean), "rm -rf %s", dir);
	return system(clean) == 0 && failed == 0 ? 0 : 1;
}
