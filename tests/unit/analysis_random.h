/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Small random policies, and every request that they can tell apart: what the analyses say is compared with what the decision core
 * does. The few names of the patterns below are all that matters; the universe has one or more of each combination.
 */
#ifndef BL_ANALYSIS_RANDOM_H
#define BL_ANALYSIS_RANDOM_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "compile.h"
#include "plat_host.h"
#include "decide.h"
#include "image_read.h"
#include "image_write.h"
#include "simulate.h"

static uint32_t random_seed;

static uint32_t rnd(uint32_t n)
{
	random_seed = random_seed * 1664525 + 1013904223;
	return (random_seed >> 8) % n;
}

#define PICK(list) ((list)[rnd(sizeof(list) / sizeof((list)[0]))])

/* One sort of operations: its words, its objects in a policy, and all objects there are. */
struct random_sort {
	const char *ops[4];
	const char *patterns[16];
	const char *objects[24];
	bool complete; /* the objects are all that a policy tells apart */
	bool owner;
};

static const struct random_sort random_sorts[] = {
	{.ops = {"read", "write", "read, write", "create"},
	 .patterns = {"/a", "/b", "/a/**", "/**", "/*", "/{a,b}", "/a/*", "/** except /a", "/a/** except /a/b", "/*/b", "", "/a, /b",
		      "/[ab] except /a, /b"},
	 .objects = {"/", "/a", "/b", "/c", "/a/a", "/a/b", "/b/b", "/b/c", "/a/b/c", "/b/c/d"},
	 .complete = true,
	 .owner = true},
	{.ops = {"connect", "bind", "connect, bind", "accept"},
	 .patterns = {"tcp to 10.0.0.0/8", "to 10.1.0.0/16 port 80", "to 10.0.0.0/8 except 10.1.0.0/16", "udp", "tcp port 80",
		      "to ::/0", "to 0.0.0.0/0", "", "port 1-100"},
	 .objects = {"tcp 10.0.0.1:80", "tcp 10.1.0.1:80", "tcp 11.0.0.1:80", "tcp [2001::1]:80", "udp 10.0.0.1:80", "udp 10.1.0.1:80",
		     "udp 11.0.0.1:80", "udp [2001::1]:80", "tcp 10.0.0.1:1000", "udp 10.1.0.1:1000", "tcp 10.1.0.1", "other 11.0.0.1",
		     "unix @x", "unix /a"}},
	{.ops = {"exec", "map", "exec, map", "exec"},
	 .patterns = {"/a", "/*", "memfd", "deleted", "anonymous", "memfd, anonymous", "fstype tmpfs", "deleted, /a", "", "/** except /a",
		      "fstype *"},
	 .objects = {"/a", "/b", "/a/b", "memfd", "anonymous"},
	 .complete = true},
	{.ops = {"signal", "signal", "signal, ptrace", "ptrace"},
	 .patterns = {"", "to exe /x", "to user 0", "to descendant", "to same profile", "to any"},
	 .objects = {"TERM", "KILL"}},
	{.ops = {"bpf", "perf", "bpf, perf", "kexec"}, .patterns = {""}, .objects = {""}, .complete = true},
	{.ops = {"capability", "capability", "capability", "capability"},
	 .patterns = {"sys_admin", "sys_boot, sys_admin", "", "chown"},
	 .objects = {"sys_admin", "sys_boot", "chown", "setuid"},
	 .complete = true},
};

static const char *const random_terms[] = {"exe /x", "exe /x, /y", "exe /*", "exe /** except /x", "user 0", "user 5", "user 0-5",
					   "cgroup /s", "cgroup /s/t", "any", "any except exe /y", "exe /x and user 0",
					   "user 0 and user 5"};

static size_t random_length(const char *const *v, size_t max)
{
	size_t n = 1;

	while (n < max && v[n])
		n++;
	return n;
}

static void random_rule(struct bl_buf *b, const struct random_sort *s)
{
	static const char *const actions[] = {"allow", "deny", "deny", "kill", "log"};
	bool peers = s->patterns[1] && strncmp(s->patterns[1], "to exe", 6) == 0;
	const char *op = s->ops[rnd(4)], *object = s->patterns[rnd((uint32_t)random_length(s->patterns, 16))];

	if (strstr(op, "bind") || strstr(op, "accept")) /* whose objects are others */
		object = rnd(2) ? "" : strcmp(op, "accept") ? "port 80" : "on 10.0.0.0/8 port 80";
	if (strstr(op, ", bind"))
		object = "";
	bl_buf_printf(b, "%s %s %s", PICK(actions), op, object);
	for (uint32_t n = peers ? rnd(2) : rnd(3); n > 0; n--)
		bl_buf_printf(b, " %s %s", rnd(2) ? "if" : "unless", PICK(random_terms));
	if (s->owner && rnd(5) == 0)
		bl_buf_printf(b, " %s owner%s", rnd(2) ? "if" : "unless", rnd(3) ? "" : " and exe /x");
	bl_buf_str(b, ";\n");
}

static void random_profiles(struct bl_buf *b, const struct random_sort *s, uint32_t n, uint32_t rules)
{
	for (uint32_t p = 0; p < n; p++) {
		bl_buf_printf(b, "profile p%u { inherit no; subject %s;\n", p, PICK(random_terms));
		if (rnd(3) == 0)
			bl_buf_printf(b, "subject %s;\n", PICK(random_terms));
		if (rnd(3) == 0)
			bl_buf_printf(b, "default deny %s;\n", s->ops[0]);
		for (uint32_t i = 1 + rnd(rules); i > 0; i--)
			random_rule(b, s);
		bl_buf_str(b, "}\n");
	}
}

/* Calls f for every request of a sort about one operation. */
static void random_requests(const struct random_sort *s, uint32_t op, void (*f)(void *arg, const struct sim_request *q), void *arg)
{
	static const char *const exes[] = {"/x", "/y", "/z", "/z/z"}, *const cgroups[] = {"/", "/s", "/s/t"};
	static const uint32_t users[] = {0, 3, 5, 7};
	static const struct sim_process peers[] = {{.exes = exes, .nexes = 1, .cgroup = "/"},
						   {.exes = exes + 1, .nexes = 1, .cgroup = "/", .euid = 5}};
	bool code = op == BL_OP_EXEC || op == BL_OP_MAP, peer = op == BL_OP_SIGNAL || op == BL_OP_PTRACE;

	for (size_t o = 0; o < random_length(s->objects, 24); o++) {
		if (s->owner && op != BL_OP_READ && o == 0) /* nobody writes or makes the root */
			continue;
		for (uint32_t i = 0; i < 5 * 3 * 4 * 2; i++) {
			uint32_t exe = i % 5, n = code ? 6 : peer ? 6 : s->owner ? 2 : 1;
			struct sim_request q = {.op = op, .object = s->objects[o], .object_len = strlen(s->objects[o])};

			q.who = (struct sim_process){.exes = exes + exe, .nexes = exe < 4, .cgroup = cgroups[i / 5 % 3], .login = UINT32_MAX};
			q.who.euid = users[i / 15 % 4];
			q.who.untrusted = i / 60 || exe == 4;
			if (op == BL_OP_PTRACE)
				q.object_len = 0, q.object = "";
			if (op == BL_OP_ACCEPT && strncmp(q.object, "unix", 4) != 0)
				q.object = "tcp 10.0.0.1:80 from 10.0.0.2", q.object_len = strlen(q.object);
			for (uint32_t k = 0; k < n; k++) {
				q.owner = s->owner && k;
				q.deleted = code && (k & 1);
				q.fstype = code && k >= 2 ? (k >= 4 ? "ext4" : "tmpfs") : NULL;
				q.peer = peer && k % 3 ? &peers[k % 3 - 1] : NULL;
				q.descendant = peer && k / 3;
				f(arg, &q);
			}
		}
	}
}

/* The text as a policy; what is not right about it fails the test. */
static void random_compile(struct compile *c, const char *text, struct ir *ir)
{
	struct compile_text t = {.name = "random.policy", .bytes = text, .len = strlen(text)};

	compile_init(c);
	if (policy_compile_text(c, &t, 1, ir) == 0)
		return;
	diag_print(&c->diags, stderr, DIAG_TEXT);
	ck_abort_msg("%s", text);
}

#endif
