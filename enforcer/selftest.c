/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Proof that the kernel really calls the programs: a child does what is to be blocked, and has to be blocked. */
#include "selftest.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"

#include "banned.h"

/* What one action in the child came to. */
struct outcome {
	uint32_t action;
	int32_t err; /* errno, 0: it was let through */
};

static int try_open(void)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno;
	(void)close(fd);
	return 0;
}

static int try_connect(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), e;

	if (fd < 0)
		return errno;
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	e = connect(fd, (const struct sockaddr *)&to, sizeof(to)) < 0 ? errno : 0;
	(void)close(fd);
	return e;
}

/* If this is not blocked it does not return, and the pipe closes without a word about it. */
static int try_exec(void)
{
	char *const argv[] = {(char *)"enforcer", (char *)"--version", NULL};
	char *const envp[] = {NULL};

	(void)execve("/proc/self/exe", argv, envp);
	return errno;
}

/* exec comes last. */
static const struct action {
	const char *what;
	const char *hook;
	uint32_t op;
	int (*try)(void);
} actions[] = {
	{"open(2) of a file", "file_open", BL_OP_READ, try_open},
	{"connect(2) to the loopback address", "socket_connect", BL_OP_CONNECT, try_connect},
	{"execve(2) of a program", "bprm_check_security", BL_OP_EXEC, try_exec},
};

static bool hook_attached(const char *name)
{
	for (size_t i = 0; i < BL_NHOOKS; i++)
		if (strcmp(bl_hooks[i].name, name) == 0)
			return bl_object_attached(i);
	return false;
}

/* ---- the child ---- */

static void child_run(int go, int report, const bool *wanted)
{
	char byte;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (read(go, &byte, 1) != 1)
		_exit(1);
	for (uint32_t i = 0; i < BL_ARRAY_SIZE(actions); i++) {
		struct outcome o = {.action = i};

		if (!wanted[i])
			continue;
		o.err = actions[i].try();
		if (write(report, &o, sizeof(o)) != (ssize_t)sizeof(o))
			_exit(1);
	}
	_exit(0);
}

struct child {
	pid_t pid;
	int go;	    /* write end: a byte starts it */
	int report; /* read end: struct outcome */
};

static int child_start(const bool *wanted, struct child *ret, struct bl_error *err)
{
	int go[2], report[2], null;

	if (pipe2(go, O_CLOEXEC) < 0)
		return bl_error_set(err, BL_SYSTEM, "self-test: cannot make a pipe: %m");
	if (pipe2(report, O_CLOEXEC) < 0) {
		(void)close(go[0]);
		(void)close(go[1]);
		return bl_error_set(err, BL_SYSTEM, "self-test: cannot make a pipe: %m");
	}
	ret->pid = fork();
	if (ret->pid == 0) {
		null = open("/dev/null", O_RDWR | O_CLOEXEC);
		if (null >= 0) {
			(void)dup2(null, STDOUT_FILENO);
			(void)dup2(null, STDERR_FILENO);
		}
		(void)close(go[1]);
		(void)close(report[0]);
		child_run(go[0], report[1], wanted);
	}
	(void)close(go[0]);
	(void)close(report[1]);
	ret->go = go[1];
	ret->report = report[0];
	if (ret->pid > 0)
		return 0;
	(void)close(ret->go);
	(void)close(ret->report);
	return bl_error_set(err, BL_SYSTEM, "self-test: cannot fork: %m");
}

static void child_end(struct child *c)
{
	(void)close(c->go);
	(void)close(c->report);
	(void)kill(c->pid, SIGKILL);
	while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* ---- the judgement ---- */

static int failed(const struct action *a, const char *how, struct bl_error *err)
{
	char list[BL_PROBE_TEXT];
	bool listed = bl_probe_lsm_list(list) == 0 && bl_probe_list_has(list, "bpf");

	return bl_error_set(err, BL_REFUSED,
			    "self-test failed: %s was not blocked by hook %s (%s), so that nothing is "
			    "enforced; likely reason: %s",
			    a->what, a->hook, how,
			    listed ? "the BPF programs of this hook are attached but not called; look at "
				     "'bpftool link' and the kernel log"
				   : "bpf is not in the kernel's LSM list (/sys/kernel/security/lsm); see "
				     "'enforcer doctor'");
}

static int judge(const bool *wanted, const struct outcome *got, const bool *have, uint64_t seen, struct bl_error *err)
{
	for (size_t i = 0; i < BL_ARRAY_SIZE(actions); i++) {
		const struct action *a = &actions[i];
		char how[96];

		if (!wanted[i])
			continue;
		if (!have[i] || got[i].err == 0)
			return failed(a, "it was let through", err);
		if (got[i].err != BL_PROBE_ERRNO) {
			(void)snprintf(how, sizeof(how), "it failed with '%s' instead", strerror(got[i].err));
			return failed(a, how, err);
		}
		if ((seen & BL_OP_BIT(a->op)) == 0)
			return failed(a, "the programs do not know of it", err);
	}
	return 0;
}

/* Starts the child and reads what came of it, until it closes its end. */
static void child_listen(struct child *c, struct outcome *got, bool *have)
{
	struct outcome o;
	ssize_t n;

	if (write(c->go, "g", 1) != 1)
		return;
	for (;;) {
		n = read(c->report, &o, sizeof(o));
		if (n < 0 && errno == EINTR)
			continue;
		if (n != (ssize_t)sizeof(o) || o.action >= BL_ARRAY_SIZE(actions))
			return;
		got[o.action] = o;
		have[o.action] = true;
	}
}

static int probe(const struct bl_object *o, struct child *c, const bool *wanted, struct bl_error *err)
{
	struct outcome got[BL_ARRAY_SIZE(actions)] = {0};
	bool have[BL_ARRAY_SIZE(actions)] = {false};
	struct bl_control control;
	uint64_t seen;
	int r = bl_object_control_get(o, &control, err);

	if (r < 0)
		return r;
	control.probe_tgid = (uint32_t)c->pid;
	control.probe_seen = 0;
	r = bl_object_control_set(o, &control, err);
	if (r < 0)
		return r;
	child_listen(c, got, have);
	r = bl_object_control_get(o, &control, err);
	seen = control.probe_seen;
	control.probe_tgid = 0;
	control.probe_seen = 0;
	if (r < 0 || bl_object_control_set(o, &control, err) < 0)
		return BL_SYSTEM;
	return judge(wanted, got, have, seen, err);
}

int bl_selftest(const struct bl_object *o, struct bl_error *err)
{
	bool wanted[BL_ARRAY_SIZE(actions)];
	struct child c = {.pid = -1};
	int r;

	for (size_t i = 0; i < BL_ARRAY_SIZE(actions); i++)
		wanted[i] = hook_attached(actions[i].hook);
	r = child_start(wanted, &c, err);
	if (r < 0)
		return r;
	r = probe(o, &c, wanted, err);
	child_end(&c);
	return r;
}
