/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration file: `key = value`, one a line. */
#include "conf.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "trusted.h"

#include "banned.h"

#define CONF_MAX (64u << 10) /* bytes of the file */

struct place {
	const char *file;
	unsigned int line;
	const char *key;
};

static int wrong(const struct place *at, const char *what, struct bl_error *err)
{
	return bl_error_set(err, BL_REFUSED, "%s:%u: %s: %s", at->file, at->line, at->key, what);
}

/* ---- values ---- */

static int set_path(const struct place *at, const char *value, char *ret, struct bl_error *err)
{
	if (value[0] != '/' || strlen(value) >= PATH_MAX)
		return wrong(at, "an absolute path is wanted", err);
	(void)snprintf(ret, PATH_MAX, "%s", value);
	return 0;
}

static int set_number(const struct place *at, const char *value, uint32_t low, uint32_t high, uint32_t *ret, struct bl_error *err)
{
	unsigned long n;
	char *end, what[96];

	errno = 0;
	n = strtoul(value, &end, 10);
	if (value[0] >= '0' && value[0] <= '9' && *end == '\0' && errno == 0 && n >= low && n <= high) {
		*ret = (uint32_t)n;
		return 0;
	}
	(void)snprintf(what, sizeof(what), "a number from %u to %u is wanted", low, high);
	return wrong(at, what, err);
}

static int set_choice(const struct place *at, const char *value, const char *no, const char *yes, bool *ret, struct bl_error *err)
{
	char what[96];

	*ret = strcmp(value, yes) == 0;
	if (*ret || strcmp(value, no) == 0)
		return 0;
	(void)snprintf(what, sizeof(what), "'%s' or '%s' is wanted", no, yes);
	return wrong(at, what, err);
}

static int set_policy_dir(const struct place *at, const char *value, struct bl_conf *c, struct bl_error *err)
{
	return set_path(at, value, c->policy_dir, err);
}

static int set_compiler(const struct place *at, const char *value, struct bl_conf *c, struct bl_error *err)
{
	return set_path(at, value, c->compiler, err);
}

static int set_user(const struct place *at, const char *value, struct bl_conf *c, struct bl_error *err)
{
	if (value[0] == '\0' || strlen(value) >= sizeof(c->compile_user) || strcmp(value, "root") == 0)
		return wrong(at, "the name of a user other than root is wanted", err);
	(void)snprintf(c->compile_user, sizeof(c->compile_user), "%s", value);
	return 0;
}

static int set_seconds(const struct place *at, const char *value, struct bl_conf *c, struct bl_error *err)
{
	return set_number(at, value, 1, 3600, &c->compile_seconds, err);
}

static int set_mib(const struct place *at, const char *value, struct bl_conf *c, struct bl_error *err)
{
	return set_number(at, value, 64, 65536, &c->compile_mib, err);
}

static int set_mode(const struct place *at, const char *value, struct bl_conf *c, struct bl_error *err)
{
	return set_choice(at, value, "enforce", "audit", &c->audit, err);
}

static int set_accept_links(const struct place *at, const char *value, struct bl_conf *c, struct bl_error *err)
{
	return set_choice(at, value, "no", "yes", &c->accept_links, err);
}

static int set_metrics(const struct place *at, const char *value, enum bl_metrics_kind kind, struct bl_metrics_conf *ret, struct bl_error *err)
{
	char *copy = strdup(value);
	const char *what = copy ? bl_metrics_parse(copy, kind, ret) : NULL;
	int r = !copy ? bl_error_set(err, BL_SYSTEM, "out of memory") : what ? wrong(at, what, err) : 0;

	free(copy);
	return r;
}

static int set_metrics_file(const struct place *at, const char *value, struct bl_conf *c, struct bl_error *err)
{
	return set_metrics(at, value, BL_METRICS_FILE, &c->metrics_file, err);
}

static int set_metrics_socket(const struct place *at, const char *value, struct bl_conf *c, struct bl_error *err)
{
	return set_metrics(at, value, BL_METRICS_SOCKET, &c->metrics_socket, err);
}

static int set_metrics_rules(const struct place *at, const char *value, struct bl_conf *c, struct bl_error *err)
{
	return set_number(at, value, 0, 100000, &c->metrics_rules, err);
}

static int set_seal(const struct place *at, const char *value, struct bl_conf *c, struct bl_error *err)
{
	return set_choice(at, value, "no", "yes", &c->seal, err);
}

static int set_latency(const struct place *at, const char *value, struct bl_conf *c, struct bl_error *err)
{
	return set_choice(at, value, "no", "yes", &c->latency, err);
}

static int set_selftest(const struct place *at, const char *value, struct bl_conf *c, struct bl_error *err)
{
	return set_number(at, value, 0, 86400, &c->selftest_seconds, err);
}

/* Each line that has this key is one. */
static int set_output(const struct place *at, const char *value, struct bl_conf *c, struct bl_error *err)
{
	const char *what = "there are 8 outputs at most";
	char *copy = strdup(value);
	int r = 0;

	if (!copy)
		return bl_error_set(err, BL_SYSTEM, "out of memory");
	if (c->noutputs < BL_OUTPUTS_MAX)
		what = bl_output_parse(copy, &c->outputs[c->noutputs]);
	if (what)
		r = wrong(at, what, err);
	else
		c->noutputs++;
	free(copy);
	return r;
}
_Static_assert(BL_OUTPUTS_MAX == 8, "see set_output()");

static const struct key {
	const char *name;
	int (*set)(const struct place *at, const char *value, struct bl_conf *c, struct bl_error *err);
	bool many; /* may be given more than once */
} keys[] = {
	{"policy-dir", set_policy_dir, false},
	{"compiler", set_compiler, false},
	{"compile-user", set_user, false},
	{"compile-seconds", set_seconds, false},
	{"compile-memory", set_mib, false},
	{"mode", set_mode, false},
	{"accept-links", set_accept_links, false},
	{"seal", set_seal, false},
	{"latency", set_latency, false},
	{"selftest-seconds", set_selftest, false},
	{"output", set_output, true},
	{"metrics-file", set_metrics_file, false},
	{"metrics-socket", set_metrics_socket, false},
	{"metrics-rules", set_metrics_rules, false},
};

/* ---- lines ---- */

static char *trim(char *s)
{
	size_t n;

	s += strspn(s, " \t\r");
	n = strlen(s);
	while (n > 0 && strchr(" \t\r", s[n - 1]))
		s[--n] = '\0';
	return s;
}

static int parse_line(struct place *at, char *line, bool *seen, struct bl_conf *c, struct bl_error *err)
{
	char *value;

	line[strcspn(line, "#")] = '\0';
	line = trim(line);
	if (line[0] == '\0')
		return 0;
	value = strchr(line, '=');
	if (!value)
		return bl_error_set(err, BL_REFUSED, "%s:%u: 'key = value' is wanted", at->file, at->line);
	*value = '\0';
	at->key = trim(line);
	for (size_t i = 0; i < BL_ARRAY_SIZE(keys); i++) {
		if (strcmp(at->key, keys[i].name) != 0)
			continue;
		if (seen[i] && !keys[i].many)
			return wrong(at, "given a second time", err);
		seen[i] = true;
		return keys[i].set(at, trim(value + 1), c, err);
	}
	return bl_error_set(err, BL_REFUSED, "%s:%u: unknown key '%s'", at->file, at->line, at->key);
}

int bl_conf_parse(const char *file, const char *text, size_t len, struct bl_conf *ret, struct bl_error *err)
{
	struct place at = {.file = file, .line = 1};
	bool seen[BL_ARRAY_SIZE(keys)] = {false};
	const char *end = text + len;
	int r = 0;

	for (; r == 0 && text < end; at.line++) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t n = (size_t)((newline ? newline : end) - text);
		char *line;

		if (memchr(text, '\0', n))
			return bl_error_set(err, BL_REFUSED, "%s:%u: a NUL byte", file, at.line);
		line = strndup(text, n);
		if (!line)
			return bl_error_set(err, BL_SYSTEM, "out of memory");
		r = parse_line(&at, line, seen, ret, err);
		free(line);
		text += n + 1;
	}
	return r;
}

void bl_conf_defaults(struct bl_conf *ret)
{
	*ret = (struct bl_conf){.compile_seconds = 60, .compile_mib = 1024, .metrics_rules = 1000, .selftest_seconds = 60};
	(void)snprintf(ret->policy_dir, sizeof(ret->policy_dir), "/etc/bailiff/policy.d");
	(void)snprintf(ret->compile_user, sizeof(ret->compile_user), "nobody");
}

int bl_conf_read(struct bl_conf *ret, struct bl_error *err)
{
	int fd = open(BL_CONF_FILE, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), r;
	void *text;
	size_t len;

	bl_conf_defaults(ret);
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return bl_error_set(err, BL_SYSTEM, "cannot open %s: %m", BL_CONF_FILE);
	r = bl_trusted_read(fd, BL_CONF_FILE, "the configuration", CONF_MAX, &text, &len, err);
	(void)close(fd);
	if (r < 0)
		return r == -ENOMEM || r == -EAGAIN || r == -EIO ? BL_SYSTEM : BL_REFUSED;
	r = bl_conf_parse(BL_CONF_FILE, text, len, ret, err);
	free(text);
	return r;
}
