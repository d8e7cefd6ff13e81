/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Metrics: the text is what the format says (exposition.py reads it), whatever names a policy has; who asks for it by HTTP gets it, whoever else hangs; the
 * file is replaced whole or not at all.
 */
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "image.h"
#include "metrics.h"
#include "metrics_serve.h"
#include "metrics_text.h"
#include "output.h"

#include "banned.h"

static char dir[] = "/tmp/bailiff-metrics-XXXXXX";

static const char *in_dir(const char *name)
{
	static char path[4][PATH_MAX];
	static unsigned int next;
	char *p = path[next++ % 4];

	(void)snprintf(p, PATH_MAX, "%s/%s", dir, name);
	return p;
}

/* What exposition.py says of a text: "N\n", or "LINE: what is wrong\n". */
static const char *said_of(const char *text)
{
	static char said[512];
	char command[PATH_MAX * 2];
	FILE *f;
	size_t n;

	(void)snprintf(command, sizeof(command), "python3 tests/unit/exposition.py >%s 2>&1", in_dir("said"));
	f = popen(command, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(text, 1, strlen(text), f), strlen(text));
	(void)pclose(f);
	f = fopen(in_dir("said"), "re");
	ck_assert_ptr_nonnull(f);
	n = fread(said, 1, sizeof(said) - 1, f);
	said[n] = '\0';
	(void)fclose(f);
	return said;
}

static unsigned long good(const char *text)
{
	const char *said = said_of(text);

	ck_assert_msg(strchr(said, ':') == NULL && said[0] >= '0' && said[0] <= '9', "%s%.1500s", said, text);
	return strtoul(said, NULL, 10);
}

/* ---- the reader itself ---- */

START_TEST(reader_refuses)
{
	static const struct {
		const char *text, *says;
	} wrong[] = {
		{"# HELP a b\n# TYPE a gauge\na 1", "0: no newline at the end"},
		{"a 1\n", "1: a series of a, which did not just begin"},
		{"# TYPE a gauge\na 1\n", "1: type of a before its help"},
		{"# HELP a b\n# HELP a b\n# TYPE a gauge\na 1\n", "2: help of a twice"},
		{"# HELP a b\n# TYPE a gauge\na 1\n# TYPE a gauge\n", "4: type of a twice"},
		{"# HELP a b\n# TYPE a counter\na 1\n", "2: a is a counter"},
		{"# HELP a_total b\n# TYPE a_total gauge\n", "2: a_total is a gauge"},
		{"# HELP a b\n# TYPE a gauge\na 1\na 2\n", "4: a series twice"},
		{"# HELP a b\n# TYPE a gauge\na{x=\"1\",y=\"2\"} 1\na{y=\"2\",x=\"1\"} 2\n", "4: a series twice"},
		{"# HELP a b\n# TYPE a gauge\na{x=\"1\",x=\"2\"} 1\n", "3: label x twice"},
		{"# HELP a b\n# TYPE a gauge\na{x=\"\\q\"} 1\n", "3: no label: x=\"\\q\"} 1"},
		{"# HELP a b\n# TYPE a gauge\na{x=\"\"\"} 1\n", "3: no label: x=\"\"\"} 1"},
		{"# HELP a b\n# TYPE a gauge\na{x=\"y\"}\n", "3: no value: "},
		{"# HELP a b\n# TYPE a gauge\na 0x1\n", "3: no value:  0x1"},
		{"# HELP a b\n# TYPE a gauge\na 1 1395066363000\n", "3: no value:  1 1395066363000"},
		{"# HELP a b\n# TYPE a gauge\n# HELP c d\n# TYPE c gauge\na 1\n", "5: a series of a, which did not just begin"},
		{"# HELP a b\\q\n# TYPE a gauge\n", "1: an escape that is none"},
		{"# HELP a b\n# TYPE a gauge\na{x=\"\xff\"} 1\n", "0: 'utf-8' codec can't decode byte 0xff in position 31: invalid start byte"},
		{"# HELP a b\n# TYPE a histogram\na 1\n", "3: a is no part of a histogram"},
		{"# HELP a b\n# TYPE a histogram\na_sum{le=\"1\"} 1\n", "3: le belongs to buckets"},
		{"# HELP a b\n# TYPE a histogram\na_bucket{le=\"1\"} 2\na_bucket{le=\"+Inf\"} 1\n", "4: a bucket that is less than the one before"},
		{"# HELP a b\n# TYPE a histogram\na_bucket{le=\"1\"} 2\na_sum 1\n", "4: no bucket for +Inf"},
		{"# HELP a b\n# TYPE a histogram\na_bucket{le=\"+Inf\"} 2\na_sum 1\na_count 1\n", "5: the count is not that of the buckets"},
		{"# HELP a b\r\n# TYPE a gauge\n", "1: a control character"},
	};

	for (size_t i = 0; i < BL_ARRAY_SIZE(wrong); i++) {
		const char *said = said_of(wrong[i].text);

		ck_assert_msg(strncmp(said, wrong[i].says, strlen(wrong[i].says)) == 0, "%s%s", wrong[i].text, said);
	}
	ck_assert_uint_eq(good("# HELP a b\n# TYPE a gauge\na{x=\"\\\\ \\\" \\n \xc3\xa9\"} 1.5e3\na NaN\n"), 2);
}
END_TEST

/* ---- the form ---- */

START_TEST(escapes)
{
	struct bl_buf b = BL_BUF_INIT;

	bl_metric_begin(&b, "a", "gauge", "a \"line\"\nof \\help");
	bl_metric_value(&b, "a", (const struct bl_label_pair[]){{"x", "q\"uo\\te\n\x1b\xff \xc3\xa9"}, {"y", ""}, {NULL, NULL}}, UINT64_MAX);
	bl_metric_seconds(&b, "a", NULL, 1000000007);
	bl_metric_one(&b, "b_total", "counter", "c", 0);
	ck_assert_str_eq(bl_buf_text(&b), "# HELP bailiff_a a \"line\"\\nof \\\\help\n"
					  "# TYPE bailiff_a gauge\n"
					  "bailiff_a{x=\"q\\\"uo\\\\x5cte\\\\x0a\\\\x1b\\\\xff \xc3\xa9\",y=\"\"} 18446744073709551615\n"
					  "bailiff_a 1.000000007\n"
					  "# HELP bailiff_b_total c\n"
					  "# TYPE bailiff_b_total counter\n"
					  "bailiff_b_total 0\n");
	ck_assert_uint_eq(good(bl_buf_text(&b)), 3);
	bl_buf_free(&b);
}
END_TEST

/* ---- what there is ---- */

/* Strings of the example, by their offsets. */
static const char strings[] = "\0p\0q\"\\\n\0a.policy\0b\xff.policy\0deny read /x";
enum { S_P = 1, S_Q = 3, S_A = 8, S_B = 17, S_TEXT = 27, NRULES = 5 };

static struct bl_status *example(void)
{
	static struct bl_meta_profile profiles[] = {{.name = S_P, .file = S_A, .line = 1}, {.name = S_Q, .file = S_B, .line = 9}};
	/* the first two are written in one line; the third is another profile's, the fourth another verdict there */
	static struct bl_meta_rule rules[NRULES] = {
		{.profile = 0, .file = S_A, .line = 2, .verdict = BL_V_DENY, .text = S_TEXT},
		{.profile = 0, .file = S_A, .line = 2, .verdict = BL_V_DENY, .text = S_TEXT},
		{.profile = 1, .file = S_A, .line = 2, .verdict = BL_V_DENY, .text = S_TEXT},
		{.profile = 1, .file = S_A, .line = 2, .verdict = BL_V_LOG, .text = S_TEXT},
		{.profile = 1, .file = S_B, .line = 4000000000u, .verdict = BL_V_KILL, .text = S_TEXT},
	};
	static const uint64_t hits[NRULES + 2] = {1, 10, 100, 0, 7, 5000, 0};
	static struct bl_image_head head;
	static struct bl_tables tables;
	struct bl_status *s = calloc(1, sizeof(*s));

	tables = (struct bl_tables){.nprofiles = 2, .nrules = NRULES, .nwords = 1000};
	s->gen.info = calloc(1, sizeof(*s->gen.info));
	s->gen.info->gen = 3;
	s->gen.info->loaded_ns = 1795256088901000000;
	(void)snprintf(s->gen.info->path, sizeof(s->gen.info->path), "/etc/\"x\".bpi");
	s->gen.image = (struct bl_image){.head = &head, .tables = &tables, .strings = strings, .strings_size = sizeof(strings), .profiles = profiles, .rules = rules};
	s->gen.words = 32768;
	s->counts.hits = malloc(sizeof(hits));
	memcpy(s->counts.hits, hits, sizeof(hits));
	s->counts.mode = (struct bl_gen_mode){.profiles = 2, .enforcing = 1};
	s->counts.modes[0] = BL_MODE_ENFORCE;
	s->counts.modes[1] = BL_MODE_AUDIT;
	s->bpf_listed = true;
	s->stats[BL_STAT_PRODUCED] = 12345;
	s->stats[BL_STAT_DROPPED] = 1;
	s->daemon_pid = 1;
	s->daemon = (struct bl_daemon_state){.started_ns = 1795256088000000000, .events = 12344, .selftest_ns = 1795256088000000000, .selftest = 1};
	s->noutputs = 2;
	(void)snprintf(s->outputs[0].name, BL_OUTPUT_TEXT, "stdout format=text");
	s->outputs[1] = s->outputs[0]; /* configured twice */
	s->hooks[0] = (struct bl_hook_state){.attached = true, .needed = true, .loaded = true, .runs = 9, .ns = 1500000000};
	return s;
}

static void forget(struct bl_status *s)
{
	bl_status_free(s);
	free(s);
}

static bool has(const struct bl_buf *b, const char *line)
{
	for (const char *at = bl_buf_text(b); (at = strstr(at, line)) != NULL; at++)
		if ((at == bl_buf_text(b) || at[-1] == '\n') && at[strlen(line)] == '\n')
			return true;
	return false;
}

START_TEST(everything)
{
	static const char *const lines[] = {
		"bailiff_state{state=\"enforcing\"} 1",
		"bailiff_state{state=\"not-loaded\"} 0",
		"bailiff_generation 3",
		"bailiff_generation_loaded_timestamp_seconds 1795256088.901000000",
		"bailiff_events_produced_total 12345",
		"bailiff_daemon_events_total 12344",
		"bailiff_selftest_passed 1",
		"bailiff_reports_total{reason=\"name-too-long\"} 0",
		"bailiff_output_waiting{number=\"1\",output=\"stdout format=text\"} 0",
		"bailiff_profile_hits_total{profile=\"p\",mode=\"enforce\"} 11",
		"bailiff_profile_hits_total{profile=\"q\\\"\\\\x5c\\\\x0a\",mode=\"audit\"} 107",
		"bailiff_profile_default_hits_total{profile=\"p\"} 5000",
		"bailiff_rule_hits_total{profile=\"p\",rule=\"a.policy:2\",verdict=\"deny\"} 11",
		"bailiff_rule_hits_total{profile=\"q\\\"\\\\x5c\\\\x0a\",rule=\"a.policy:2\",verdict=\"deny\"} 100",
		"bailiff_rule_hits_total{profile=\"q\\\"\\\\x5c\\\\x0a\",rule=\"a.policy:2\",verdict=\"log\"} 0",
		"bailiff_rule_hits_total{profile=\"q\\\"\\\\x5c\\\\x0a\",rule=\"b\\\\xff.policy:4000000000\",verdict=\"kill\"} 7",
		"bailiff_rule_series_left_out 0",
		"bailiff_hooks_timed 0",
	};
	struct bl_status *s = example();
	struct bl_buf b = BL_BUF_INIT;

	bl_metrics_text(&b, s, 1000);
	ck_assert_ptr_nonnull(bl_buf_text(&b));
	(void)good(bl_buf_text(&b));
	for (size_t i = 0; i < BL_ARRAY_SIZE(lines); i++)
		ck_assert_msg(has(&b, lines[i]), "%s\nis not there", lines[i]);
	ck_assert_ptr_null(strstr(bl_buf_text(&b), "bailiff_hook_runs_total"));
	ck_assert_ptr_null(strstr(bl_buf_text(&b), "bailiff_change_failed_timestamp_seconds"));
	bl_buf_free(&b);
	forget(s);
}
END_TEST

START_TEST(what_is_not_always_there)
{
	struct bl_status *s = example();
	struct bl_buf b = BL_BUF_INIT;

	s->timed = true;
	s->trial = (struct bl_trial){.gen = 3, .seconds = 42};
	s->failure.at_ns = 5;
	(void)snprintf(s->failure.text, sizeof(s->failure.text), "no");
	s->outputs[0].error[0] = 'x';
	bl_metrics_text(&b, s, 1000);
	(void)good(bl_buf_text(&b));
	ck_assert(has(&b, "bailiff_hook_runs_total{hook=\"task_alloc\"} 9"));
	ck_assert(has(&b, "bailiff_hook_seconds_total{hook=\"task_alloc\"} 1.500000000"));
	ck_assert(has(&b, "bailiff_trial_left_seconds 42"));
	ck_assert(has(&b, "bailiff_change_failed 1"));
	ck_assert(has(&b, "bailiff_change_failed_timestamp_seconds 0.000000005"));
	ck_assert(has(&b, "bailiff_output_failing{number=\"0\",output=\"stdout format=text\"} 1"));
	bl_buf_reset(&b);
	s->daemon_pid = 0;
	s->noutputs = 0;
	bl_gen_free(&s->gen);
	bl_metrics_text(&b, s, 1000);
	(void)good(bl_buf_text(&b));
	ck_assert(has(&b, "bailiff_state{state=\"not-loaded\"} 1"));
	ck_assert(has(&b, "bailiff_daemon_up 0"));
	ck_assert_ptr_null(strstr(bl_buf_text(&b), "bailiff_generation"));
	bl_buf_free(&b);
	forget(s);
}
END_TEST

static void put_call(struct bl_hook_latency *l, uint64_t ns)
{
	uint32_t i = 0;

	while (i < BL_LATENCY_BUCKETS - 1 && ns >= (uint64_t)BL_LATENCY_FIRST << i)
		i++;
	l->timed = true;
	l->calls++;
	l->sum.ns += ns;
	l->sum.buckets[i]++;
}

/* Hooks that are not timed have no line, those without a call none for people. */
START_TEST(latency)
{
	struct bl_status *s = example();
	struct bl_buf b = BL_BUF_INIT;
	json_t *list;

	bl_metrics_text(&b, s, 1000);
	ck_assert_ptr_null(strstr(bl_buf_text(&b), "latency"));
	bl_buf_reset(&b);
	s->latency_on = true;
	s->latency[1].timed = true;
	for (int i = 0; i < 98; i++)
		put_call(&s->latency[0], 100);
	put_call(&s->latency[0], 1500000);
	put_call(&s->latency[0], 5000000000);
	bl_metrics_text(&b, s, 1000);
	(void)good(bl_buf_text(&b));
	ck_assert(has(&b, "bailiff_hook_latency_seconds_bucket{hook=\"task_alloc\",le=\"0.000000128\"} 98"));
	ck_assert(has(&b, "bailiff_hook_latency_seconds_bucket{hook=\"task_alloc\",le=\"0.001048576\"} 98"));
	ck_assert(has(&b, "bailiff_hook_latency_seconds_bucket{hook=\"task_alloc\",le=\"0.002097152\"} 99"));
	ck_assert(has(&b, "bailiff_hook_latency_seconds_bucket{hook=\"task_alloc\",le=\"2.147483648\"} 99"));
	ck_assert(has(&b, "bailiff_hook_latency_seconds_bucket{hook=\"task_alloc\",le=\"+Inf\"} 100"));
	ck_assert(has(&b, "bailiff_hook_latency_seconds_sum{hook=\"task_alloc\"} 5.001509800"));
	ck_assert(has(&b, "bailiff_hook_latency_seconds_count{hook=\"task_alloc\"} 100"));
	bl_buf_reset(&b);
	bl_latency_text(&b, s->latency);
	ck_assert_str_eq(bl_buf_text(&b), "HOOK                              CALLS       MEAN        50%        99%        ALL\n"
					  "task_alloc                          100    50.0 ms  <128.0 ns    <2.0 ms     >2.1 s\n");
	list = bl_latency_json(s->latency);
	ck_assert_uint_eq(json_array_size(list), 2);
	ck_assert_int_eq(json_integer_value(json_object_get(json_array_get(list, 0), "calls")), 100);
	json_decref(list);
	bl_buf_free(&b);
	forget(s);
}
END_TEST

/* Those with the most hits have a series, the others one number; none is counted twice or not at all. */
START_TEST(few_series)
{
	static const uint64_t left[] = {118, 18, 7, 0, 0};
	struct bl_status *s = example();
	struct bl_buf b = BL_BUF_INIT;

	for (uint32_t max = 0; max < BL_ARRAY_SIZE(left); max++) {
		unsigned int n = 0;
		char line[64];

		bl_buf_reset(&b);
		bl_metrics_text(&b, s, max);
		(void)good(bl_buf_text(&b));
		for (const char *p = bl_buf_text(&b); (p = strstr(p, "\nbailiff_rule_hits_total{")) != NULL; p++)
			n++;
		ck_assert_uint_eq(n, max);
		(void)snprintf(line, sizeof(line), "bailiff_rule_series_left_out %u", 4 - max);
		ck_assert(has(&b, line));
		(void)snprintf(line, sizeof(line), "bailiff_rule_hits_left_out %u", (unsigned int)left[max]);
		ck_assert_msg(has(&b, line), "%s\nis not in\n%.1500s", line, bl_buf_text(&b));
	}
	bl_buf_free(&b);
	forget(s);
}
END_TEST

/* ---- the socket ---- */

static size_t text_size; /* of what is served */
static unsigned int made;

static void text(void *arg, struct bl_buf *b)
{
	(void)arg;
	made++;
	for (size_t i = 0; i < text_size; i++)
		bl_buf_char(b, (char)('a' + i % 26));
}

static struct bl_metrics_server *served(const char *name)
{
	struct bl_metrics_conf conf = {.mode = 0640};
	struct bl_metrics_server *m = NULL;
	struct bl_error err;

	(void)snprintf(conf.where, sizeof(conf.where), "%s", in_dir(name));
	ck_assert_msg(bl_metrics_open(&conf, text, NULL, &m, &err) == 0, "%s", err.text);
	return m;
}

static int client(const char *name)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	(void)snprintf(sun.sun_path, sizeof(sun.sun_path), "%.100s", in_dir(name));
	ck_assert_int_eq(connect(fd, (const struct sockaddr *)&sun, sizeof(sun)), 0);
	return fd;
}

/* All that the server says to this, until it closes; whatever it does not take is not sent. */
static void ask(struct bl_metrics_server *m, const char *request, size_t size, size_t piece, struct bl_buf *ret)
{
	int fd = client("s");
	char part[4096];
	ssize_t n = -1;

	bl_buf_reset(ret);
	for (size_t at = 0; at < size; at += piece) {
		size_t k = size - at < piece ? size - at : piece;

		(void)send(fd, request + at, k, MSG_NOSIGNAL);
		bl_metrics_serve(m);
		bl_metrics_serve(m);
	}
	for (int i = 0; i < 100000 && n != 0; i++) {
		bl_metrics_serve(m);
		n = recv(fd, part, sizeof(part), 0);
		if (n > 0)
			bl_buf_add(ret, part, (size_t)n);
		else if (n < 0 && errno != EAGAIN)
			break;
	}
	ck_assert_msg(n == 0 || (n < 0 && errno == ECONNRESET), "the server does not close: %s", request);
	(void)close(fd);
}

START_TEST(http)
{
	static const struct {
		const char *request, *begins;
	} all[] = {
		{"GET /metrics HTTP/1.0\r\n\r\n", "HTTP/1.0 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: 30\r\n"},
		{"GET /metrics HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n", "HTTP/1.0 200 OK\r\n"},
		{"GET /metrics?name[]=x HTTP/1.0\n\n", "HTTP/1.0 200 OK\r\n"},
		{"HEAD /metrics HTTP/1.0\r\n\r\n", "HTTP/1.0 200 OK\r\n"},
		{"GET / HTTP/1.0\r\n\r\n", "HTTP/1.0 404 Not Found\r\n"},
		{"GET /metricsx HTTP/1.0\r\n\r\n", "HTTP/1.0 404 Not Found\r\n"},
		{"GET /../metrics HTTP/1.0\r\n\r\n", "HTTP/1.0 404 Not Found\r\n"},
		{"POST /metrics HTTP/1.0\r\n\r\n", "HTTP/1.0 405 Method Not Allowed\r\nAllow: GET, HEAD\r\n"},
		{"get /metrics HTTP/1.0\r\n\r\n", "HTTP/1.0 405 Method Not Allowed\r\n"},
		{"GET /metrics\r\n\r\n", "HTTP/1.0 400 Bad Request\r\n"},
		{"GET\r\n\r\n", "HTTP/1.0 405 Method Not Allowed\r\n"},
		{"GET \r\n\r\n", "HTTP/1.0 400 Bad Request\r\n"},
		{"\r\n\r\n", "HTTP/1.0 405 Method Not Allowed\r\n"},
		{"\n\n", "HTTP/1.0 405 Method Not Allowed\r\n"},
	};
	struct bl_metrics_server *m = served("s");
	struct bl_buf b = BL_BUF_INIT, big = BL_BUF_INIT;
	struct stat st;

	text_size = 30;
	ck_assert_int_eq(stat(in_dir("s"), &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0640);
	for (size_t i = 0; i < BL_ARRAY_SIZE(all); i++) {
		for (size_t piece = 1; piece < 100; piece += 33) {
			const char *body;

			ask(m, all[i].request, strlen(all[i].request), piece, &b);
			ck_assert_msg(strncmp(bl_buf_text(&b), all[i].begins, strlen(all[i].begins)) == 0, "%s%s", all[i].request, bl_buf_text(&b));
			body = strstr(bl_buf_text(&b), "\r\n\r\n") + 4;
			if (all[i].request[0] == 'H')
				ck_assert_str_eq(body, "");
			else if (strstr(bl_buf_text(&b), " 200 "))
				ck_assert_str_eq(body, "abcdefghijklmnopqrstuvwxyzabcd");
		}
	}
	ck_assert_uint_le(made, 3); /* at most once a second */
	while (big.len <= BL_METRICS_REQUEST)
		bl_buf_str(&big, "GET /metrics HTTP/1.0 ");
	ask(m, big.data, big.len, 4096, &b);
	ck_assert_msg(strncmp(bl_buf_text(&b), "HTTP/1.0 431 ", 13) == 0, "%s", bl_buf_text(&b));
	ask(m, "GET /metrics\0 HTTP/1.0\r\n\r\n", 26, 26, &b);
	ck_assert_str_eq(bl_buf_text(&b), "");
	bl_buf_free(&b);
	bl_buf_free(&big);
	bl_metrics_close(m);
	ck_assert_int_lt(stat(in_dir("s"), &st), 0);
}
END_TEST

START_TEST(clients_that_hang)
{
	static const char request[] = "GET /metrics HTTP/1.0\r\n\r\n";
	struct bl_metrics_server *m = served("s");
	int hung[BL_METRICS_CLIENTS], extra;
	struct bl_buf b = BL_BUF_INIT;
	char byte;

	text_size = 4u << 20; /* far more than a socket holds */
	for (size_t i = 0; i < BL_METRICS_CLIENTS - 1; i++) {
		hung[i] = client("s");
		bl_metrics_serve(m);
		if (i % 2)
			ck_assert_int_eq(send(hung[i], request, sizeof(request) - 1, 0), sizeof(request) - 1);
		bl_metrics_serve(m);
	}
	made = 0;
	ask(m, request, sizeof(request) - 1, 100, &b);
	ck_assert_uint_gt(b.len, text_size);
	ck_assert_uint_le(made, 1);
	hung[BL_METRICS_CLIENTS - 1] = client("s");
	bl_metrics_serve(m);
	extra = client("s"); /* one too many */
	bl_metrics_serve(m);
	ck_assert_int_eq(recv(extra, &byte, 1, 0), 0);
	bl_metrics_tick(m);
	for (size_t i = 0; i < BL_METRICS_CLIENTS; i += 2) /* nobody's time is up */
		ck_assert_int_lt(recv(hung[i], &byte, 1, 0), 0);
	for (size_t i = 0; i < BL_METRICS_CLIENTS; i++)
		(void)close(hung[i]);
	(void)close(extra);
	bl_metrics_serve(m);
	text_size = 30;
	ask(m, request, sizeof(request) - 1, 100, &b);
	ck_assert_ptr_nonnull(strstr(bl_buf_text(&b), " 200 OK"));
	bl_buf_free(&b);
	bl_metrics_close(m);
}
END_TEST

START_TEST(what_is_at_its_place)
{
	struct bl_metrics_conf conf = {.mode = 0600};
	struct bl_metrics_server *m, *n;
	struct bl_error err;
	struct stat st;
	char says[PATH_MAX + 64];

	m = served("s");
	n = served("s"); /* the socket of a daemon that is gone */
	bl_metrics_close(n);
	bl_metrics_close(m);
	(void)close(open(in_dir("file"), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	(void)snprintf(conf.where, sizeof(conf.where), "%s", in_dir("file"));
	ck_assert_int_eq(bl_metrics_open(&conf, text, NULL, &m, &err), BL_REFUSED);
	(void)snprintf(says, sizeof(says), "metrics-socket: there is something at %s that is no socket", in_dir("file"));
	ck_assert_str_eq(err.text, says);
	ck_assert_int_eq(stat(in_dir("file"), &st), 0);
	(void)snprintf(conf.where, sizeof(conf.where), "%s", in_dir("no/where"));
	ck_assert_int_eq(bl_metrics_open(&conf, text, NULL, &m, &err), BL_SYSTEM);
	(void)snprintf(says, sizeof(says), "metrics-socket: cannot listen on %s: No such file or directory", in_dir("no/where"));
	ck_assert_str_eq(err.text, says);
}
END_TEST

/* ---- the file ---- */

static void settle(struct bl_outputs *o, struct bl_output_state *s)
{
	const struct timespec step = {.tv_nsec = 5000000};

	for (int n = 0; n < 2000; n++) {
		ck_assert(bl_outputs_state(o, 0, s));
		if (s->waiting == 0)
			return;
		(void)nanosleep(&step, NULL);
	}
	ck_abort_msg("%s does not come to an end", s->name);
}

static void is_file(const char *path, const char *wanted)
{
	char got[256];
	FILE *f = fopen(path, "re");
	size_t n;

	ck_assert_ptr_nonnull(f);
	n = fread(got, 1, sizeof(got) - 1, f);
	got[n] = '\0';
	(void)fclose(f);
	ck_assert_str_eq(got, wanted);
}

START_TEST(file_is_replaced)
{
	struct bl_output_conf conf = {.kind = BL_OUTPUT_METRICS, .mode = 0644};
	const struct rlimit full = {.rlim_cur = 100, .rlim_max = RLIM_INFINITY}, none = {RLIM_INFINITY, RLIM_INFINITY};
	char path[PATH_MAX], temp[PATH_MAX + 8], says[BL_OUTPUT_TEXT], big[1000];
	struct bl_output_state s;
	struct bl_outputs *o;
	struct bl_error err;
	struct stat st;

	(void)signal(SIGXFSZ, SIG_IGN);
	(void)umask(0077);
	memset(big, 'x', sizeof(big));
	(void)snprintf(path, sizeof(path), "%s", in_dir("x.prom"));
	(void)snprintf(temp, sizeof(temp), "%s.tmp", path);
	(void)snprintf(conf.where, sizeof(conf.where), "%s", path);
	(void)close(open(in_dir("victim"), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	ck_assert_int_eq(symlink(in_dir("victim"), temp), 0);
	ck_assert_int_eq(bl_outputs_open(&conf, 1, &o, &err), 0);
	bl_outputs_metrics(o, "one\n", 4);
	settle(o, &s);
	ck_assert_uint_eq(s.written, 1);
	is_file(path, "one\n");
	is_file(in_dir("victim"), "");
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0644);
	ck_assert_int_lt(lstat(temp, &st), 0);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &full), 0);
	bl_outputs_metrics(o, big, sizeof(big));
	settle(o, &s);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
	ck_assert_uint_eq(s.dropped, 1);
	(void)snprintf(says, sizeof(says), "cannot replace %.100s: File too large", path);
	ck_assert_str_eq(s.error, says);
	is_file(path, "one\n");
	ck_assert_int_lt(lstat(temp, &st), 0);
	bl_outputs_metrics(o, "three\n", 6);
	settle(o, &s);
	is_file(path, "three\n");
	ck_assert_str_eq(s.error, "");
	ck_assert_uint_eq(s.written, 2);
	bl_outputs_close(o);
}
END_TEST

START_TEST(configuration)
{
	static const struct {
		const char *value;
		enum bl_metrics_kind kind;
		const char *says;
	} wrong[] = {
		{"", BL_METRICS_FILE, "the absolute path of a file is wanted"},
		{"x", BL_METRICS_FILE, "the absolute path of a file is wanted"},
		{"x", BL_METRICS_SOCKET, "the absolute path of a socket is wanted, of at most 107 bytes"},
		{"/x mode=600 interval=60", BL_METRICS_SOCKET, "one word too many"},
		{"/x /y", BL_METRICS_FILE, "one word too many"},
		{"/x mode=", BL_METRICS_FILE, "mode is an octal number from 0600 to 0666 without execution, as 0640"},
		{"/x mode=0755", BL_METRICS_FILE, "mode is an octal number from 0600 to 0666 without execution, as 0640"},
		{"/x mode=0044", BL_METRICS_FILE, "mode is an octal number from 0600 to 0666 without execution, as 0640"},
		{"/x mode=68", BL_METRICS_SOCKET, "mode is an octal number from 0600 to 0666 without execution, as 0640"},
		{"/x interval=0", BL_METRICS_FILE, "interval is a number of seconds from 1 to 86400"},
		{"/x interval=86401", BL_METRICS_FILE, "interval is a number of seconds from 1 to 86400"},
		{"/x interval=1m", BL_METRICS_FILE, "interval is a number of seconds from 1 to 86400"},
	};
	struct bl_metrics_conf c;
	char copy[256], path[200];

	for (size_t i = 0; i < BL_ARRAY_SIZE(wrong); i++) {
		(void)snprintf(copy, sizeof(copy), "%s", wrong[i].value);
		ck_assert_str_eq(bl_metrics_parse(copy, wrong[i].kind, &c), wrong[i].says);
	}
	for (int n = 106; n < 109; n++) {
		(void)snprintf(path, sizeof(path), "/%0*d", n - 1, 0);
		ck_assert_int_eq(bl_metrics_parse(path, BL_METRICS_SOCKET, &c) == NULL, n < 108);
	}
	(void)snprintf(copy, sizeof(copy), " /a.prom  interval=1 mode=0666 ");
	ck_assert_ptr_null(bl_metrics_parse(copy, BL_METRICS_FILE, &c));
	ck_assert_str_eq(c.where, "/a.prom");
	ck_assert_uint_eq(c.mode, 0666);
	ck_assert_uint_eq(c.seconds, 1);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("enforcer_metrics");
	TCase *t = tcase_create("all");
	SRunner *r = srunner_create(s);
	char command[64];
	int failed;

	if (!mkdtemp(dir))
		return 3;
	tcase_set_timeout(t, 60);
	tcase_add_test(t, reader_refuses);
	tcase_add_test(t, escapes);
	tcase_add_test(t, everything);
	tcase_add_test(t, what_is_not_always_there);
	tcase_add_test(t, latency);
	tcase_add_test(t, few_series);
	tcase_add_test(t, http);
	tcase_add_test(t, clients_that_hang);
	tcase_add_test(t, what_is_at_its_place);
	tcase_add_test(t, file_is_replaced);
	tcase_add_test(t, configuration);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	(void)snprintf(command, sizeof(command), "rm -rf %s", dir);
	(void)!system(command);
	return failed == 0 ? 0 : 1;
}
