// SPDX-License-Identifier: GPL-2.0-or-later
/* Probes that make something fail on which a verdict depends: names, owners, calls that end half way. */
#include "probe.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/fs.h>
#include <linux/mount.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- an idmapped mount ---- */

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), err = result(fd < 0 ? -1 : (int)write(fd, text, strlen(text)));

	if (fd >= 0)
		close(fd);
	return err;
}

/* A user namespace whose map has n extents: 0 to 9, 10 to 19, ... as they are; -1: none. */
static int mapped_namespace(int n)
{
	char map[4096], path[64];
	size_t at = 0;
	int fd = -1, p[2];
	pid_t pid;
	char c;

	if (pipe(p) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		if (unshare(CLONE_NEWUSER) < 0 || write(p[1], "x", 1) < 0)
			_exit(1);
		pause();
		_exit(0);
	}
	close(p[1]);
	for (int i = 0; i < n && at < sizeof(map); i++)
		at += (size_t)snprintf(map + at, sizeof(map) - at, "%d %d 10\n", 10 * i, 10 * i);
	snprintf(path, sizeof(path), "/proc/%d/uid_map", pid);
	if (read(p[0], &c, 1) == 1 && write_file(path, map) == 0) {
		snprintf(path, sizeof(path), "/proc/%d/gid_map", pid);
		write_file(path, map);
		snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
		fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	close(p[0]);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return fd;
}

/* "N DIR TO": a copy of the mount DIR, at TO, that shows its owners by a map of N extents */
static int do_idmap(const char *text)
{
	char n[16], dir[4096];
	const char *to = word(word(text, n, sizeof(n)), dir, sizeof(dir));
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP };
	int ns = mapped_namespace(atoi(n)), mnt, err;

	if (ns < 0)
		return ENOTRECOVERABLE;
	mnt = (int)syscall(SYS_open_tree, AT_FDCWD, dir, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	attr.userns_fd = (uint64_t)ns;
	err = result(mnt < 0 ? -1 : (int)syscall(SYS_mount_setattr, mnt, "", AT_EMPTY_PATH, &attr, sizeof(attr)));
	if (err == 0)
		err = result((int)syscall(SYS_move_mount, mnt, "", AT_FDCWD, to, MOVE_MOUNT_F_EMPTY_PATH));
	if (mnt >= 0)
		close(mnt);
	close(ns);
	return err;
}

/* ---- names ---- */

/* A name that the kernel has forgotten: the file is opened by its handle, on the mount of the working directory. */
static int do_handle_cold(const char *path)
{
	union {
		struct file_handle h;
		char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} u = { .h.handle_bytes = MAX_HANDLE_SZ };
	int mount, fd;

	if (name_to_handle_at(AT_FDCWD, path, &u.h, &mount, 0) < 0)
		return errno;
	for (int i = 0; i < 3; i++)
		if (write_file("/proc/sys/vm/drop_caches", "2") != 0)
			return ENOTRECOVERABLE;
	fd = open_by_handle_at(AT_FDCWD, &u.h, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

/* "DIR NAME": the times of a file below a mount that is taken away meanwhile */
static int do_lazy_times(const char *text)
{
	char dir[4096], path[8192];
	const char *name = word(text, dir, sizeof(dir));
	int fd, err;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0 || umount2(dir, MNT_DETACH) < 0)
		return ENOTRECOVERABLE;
	err = result(futimens(fd, NULL));
	close(fd);
	return err;
}

/* A message queue: a file of a file system that the kernel has mounted for itself */
static int do_mq(const char *name)
{
	int fd = (int)syscall(SYS_mq_open, name, O_RDWR | O_CREAT | O_CLOEXEC, 0600, NULL), err = result(fd);

	if (fd >= 0) {
		close(fd);
		syscall(SYS_mq_unlink, name);
	}
	return err;
}

/* ---- mounts in number ---- */

/* "N DIR": so many file systems mounted on one another */
static int do_stack(const char *text)
{
	char n[16];
	const char *dir = word(text, n, sizeof(n));

	for (int i = 0; i < atoi(n); i++)
		if (mount("none", dir, "tmpfs", 0, "size=4k") < 0)
			return errno;
	return 0;
}

/* "N DIR": the mounts at and below DIR are doubled so many times */
static int do_grow(const char *text)
{
	char n[16], path[4096];
	const char *dir = word(text, n, sizeof(n));

	for (int i = 0; i < atoi(n); i++) {
		snprintf(path, sizeof(path), "%s/grow%d", dir, i);
		mkdir(path, 0755);
		if (mount(dir, path, NULL, MS_BIND | MS_REC, NULL) < 0)
			return errno;
	}
	return 0;
}

/* ---- who ---- */

static int groups_here(const char *text)
{
	static gid_t list[65536];
	char n[16], op[64];
	const char *rest = word(word(text, n, sizeof(n)), op, sizeof(op));

	for (int i = 0; i < 65536; i++)
		list[i] = (gid_t)(100000 + i);
	if (setgroups((size_t)atoi(n), list) < 0)
		return ENOTRECOVERABLE;
	return run_probe(op, rest);
}

/* "N OP OBJECT": with so many supplementary groups */
static int do_groups(const char *text)
{
	return apart(groups_here, text);
}

/* "N OP OBJECT": in the last of so many processes below each other, all of which live */
static int do_line(const char *text)
{
	char n[16], op[64];
	const char *rest = word(word(text, n, sizeof(n)), op, sizeof(op));
	int p[2], err = EIO;
	pid_t pid;

	if (pipe2(p, O_CLOEXEC) < 0)
		return errno;
	for (int i = atoi(n); i > 0; i--) {
		pid = fork();
		if (pid != 0) {
			close(p[1]);
			if (i == atoi(n) && read(p[0], &err, sizeof(err)) != sizeof(err))
				err = EIO;
			waitpid(pid, NULL, 0);
			if (i == atoi(n))
				return err;
			_exit(0);
		}
	}
	err = run_probe(op, rest);
	_exit(write(p[1], &err, sizeof(err)) < 0);
}

/* "FILE OP OBJECT": once there is FILE */
static int do_when(const char *text)
{
	char file[4096], op[64];
	const char *rest = word(word(text, file, sizeof(file)), op, sizeof(op));

	for (int i = 0; i < 3000 && access(file, F_OK) != 0; i++)
		usleep(100000);
	return run_probe(op, rest);
}

/* ---- calls that end half way, in the process of the next probe ---- */

/* The kernel opens the file, and finds only then that its file system does no direct I/O: nothing is truncated. */
static int do_trunc_direct(const char *path)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_DIRECT | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return result(fd);
}

/* Flags that no file system takes. */
static int do_flags_bad(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err, flags = (int)0x80000000u;

	if (fd < 0)
		return errno;
	err = result(ioctl(fd, FS_IOC_SETFLAGS, &flags));
	close(fd);
	return err;
}

static int do_remount_bad(const char *target)
{
	return result(mount(NULL, target, NULL, MS_REMOUNT, "there_is_no_such_option"));
}

/* ---- something happens between the question of an exec and its end ---- */

static int sleeps(void *unused)
{
	(void)unused;
	for (;;)
		pause();
	return 0;
}

/* A child with two threads, of which the one that does not execute is traced: its exec waits until the other's end has been seen. */
static pid_t slow_exec(const char *program, int fd)
{
	static char stack[65536] __attribute__((aligned(16)));
	char *const argv[] = { (char *)program, (char *)"read", (char *)"/", NULL }, *const envp[] = { NULL };
	pid_t pid = fork();
	int tid;

	if (pid != 0)
		return pid;
	tid = clone(sleeps, stack + sizeof(stack),
		    CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM, NULL);
	if (write(fd, &tid, sizeof(tid)) < 0)
		_exit(1);
	usleep(500000); /* until the other is traced */
	dup2(open("/dev/null", O_WRONLY), 1);
	execve(program, argv, envp);
	_exit(errno);
}

/* "FILE PROGRAM": what becomes of a process that executes PROGRAM, and is held before the exec is over until there is FILE */
static int do_held_exec(const char *text)
{
	char file[4096];
	const char *program = word(text, file, sizeof(file));
	int p[2], tid = 0, status = 0;
	pid_t pid;

	if (pipe2(p, O_CLOEXEC) < 0)
		return errno;
	pid = slow_exec(program, p[1]);
	if (read(p[0], &tid, sizeof(tid)) != sizeof(tid) || ptrace(PTRACE_SEIZE, tid, NULL, NULL) < 0)
		return ENOTRECOVERABLE;
	for (int i = 0; i < 600 && access(file, F_OK) != 0; i++)
		usleep(100000);
	waitpid(tid, &status, __WALL);
	waitpid(pid, &status, __WALL);
	close(p[0]);
	close(p[1]);
	return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* ---- sockets ---- */

static int do_short_bind(const char *unused)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err = result(bind(fd, (struct sockaddr *)&in, 7));

	(void)unused;
	close(fd);
	return err;
}

/* "N": binds to so many addresses by one call: SCTP_SOCKOPT_BINDX_ADD in linux/sctp.h */
static int do_bindx(const char *text)
{
	static struct sockaddr_in list[512];
	int n = atoi(text), fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_SCTP), err;

	if (fd < 0)
		return errno;
	for (int i = 0; i < n && i < 512; i++) {
		list[i].sin_family = AF_INET;
		list[i].sin_port = htons(7777);
		list[i].sin_addr.s_addr = htonl(0x7f000001u + (uint32_t)i);
	}
	err = result(setsockopt(fd, 132, 100, list, (socklen_t)(sizeof(list[0]) * (size_t)n)) < 0 ? -1 : 0);
	close(fd);
	return err;
}

const struct probe_op probes_fail[] = {
	{ "idmap", do_idmap },     { "stack", do_stack },	{ "grow", do_grow },	       { "groups", do_groups },
	{ "line", do_line },	   { "when", do_when },	{ "handle-cold", do_handle_cold }, { "lazy-times", do_lazy_times }, { "mq", do_mq },	   { "trunc-direct", do_trunc_direct }, { "flags-bad", do_flags_bad }, { "remount-bad", do_remount_bad },
	{ "held-exec", do_held_exec }, { "short-bind", do_short_bind }, { "bindx", do_bindx },
	{ NULL, NULL },
};
