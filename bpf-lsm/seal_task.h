/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's process, and every trusted one as far as another could make it do something. */
#ifndef BL_SEAL_TASK_H
#define BL_SEAL_TASK_H

#include "seal_maps.h"

#define PTRACE_MODE_ATTACH 0x2u /* include/linux/ptrace.h */

static __always_inline bool is_daemon(const struct bl_seal *s, struct task_struct *p)
{
	return s->daemon != 0 && (__u32)p->tgid == s->daemon && task_trusted(p);
}

/* The first process stops services when the machine goes down, and a daemon that its watchdog misses. */
static __always_inline int daemon_only(struct task_struct *p, __u32 what, int ret)
{
	struct bl_seal *s = sealed();

	return ret != 0 || !s || !is_daemon(s, p) || trusted() || is_init() ? ret : refuse(what);
}

SEC("lsm/task_kill")
int BPF_PROG(task_kill, struct task_struct *p, void *info, int sig, __u64 unused, int ret)
{
	return sig == 0 ? ret : daemon_only(p, BL_SEAL_SIGNAL, ret);
}

/* Of a descriptor that somebody gave to the daemon (F_SETOWN): the running task is anybody, and the daemon wants none. */
SEC("lsm/file_send_sigiotask")
int BPF_PROG(file_send_sigiotask, struct task_struct *p, void *owner, int sig, int ret)
{
	struct bl_seal *s = sealed();

	return ret != 0 || !s || !is_daemon(s, p) ? ret : refuse(BL_SEAL_SIGNAL);
}

SEC("lsm/ptrace_access_check")
int BPF_PROG(ptrace_access_check, struct task_struct *child, unsigned int mode, int ret)
{
	if (ret != 0 || !sealed() || !(mode & PTRACE_MODE_ATTACH) || !task_trusted(child) || trusted())
		return ret;
	return refuse(BL_SEAL_PTRACE);
}

SEC("lsm/task_setrlimit")
int BPF_PROG(task_setrlimit, struct task_struct *p, unsigned int resource, void *limit, int ret)
{
	return daemon_only(p, BL_SEAL_LIMIT, ret);
}

SEC("lsm/task_setscheduler")
int BPF_PROG(task_setscheduler, struct task_struct *p, int ret)
{
	return daemon_only(p, BL_SEAL_LIMIT, ret);
}

SEC("lsm/task_setnice")
int BPF_PROG(task_setnice, struct task_struct *p, int nice, int ret)
{
	return daemon_only(p, BL_SEAL_LIMIT, ret);
}

SEC("lsm/task_setioprio")
int BPF_PROG(task_setioprio, struct task_struct *p, int ioprio, int ret)
{
	return daemon_only(p, BL_SEAL_LIMIT, ret);
}

#endif
