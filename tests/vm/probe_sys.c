// SPDX-License-Identifier: GPL-2.0-or-later
/* Probes of the system class: capabilities, other processes, mounts, modules, ids and the rest. */
#include "probe.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- capabilities ---- */

static int do_sethostname(const char *name)
{
	return result(sethostname(name, strlen(name)));
}

static int do_nice(const char *unused)
{
	(void)unused;
	return result(setpriority(PRIO_PROCESS, 0, -5));
}

static int chroot_root(const char *dir)
{
	return result(chroot(dir));
}

static int do_chroot_cap(const char *dir)
{
	return apart(chroot_root, dir);
}

/* Reads what only root may, as somebody who is not the owner: the kernel asks for CAP_DAC_OVERRIDE or CAP_DAC_READ_SEARCH. */
static int do_dac(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return result(fd);
}

/* ---- other processes: "PID ..." ---- */

static int do_attach(const char *text)
{
	pid_t pid = atoi(text);

	if (ptrace(PTRACE_ATTACH, pid, NULL, NULL) < 0)
		return errno;
	waitpid(pid, NULL, __WALL);
	return result((int)ptrace(PTRACE_DETACH, pid, NULL, NULL));
}

static int do_seize(const char *text)
{
	pid_t pid = atoi(text);

	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) < 0)
		return errno;
	ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
	waitpid(pid, NULL, __WALL);
	return result((int)ptrace(PTRACE_DETACH, pid, NULL, NULL));
}

/* The probe is not built at a fixed place twice, but a copy of it is: its own data's address is the other's too. */
static char here[8] = "x";

static int do_vm_readv(const char *text)
{
	char buf[8];
	struct iovec l = { buf, sizeof(buf) }, r = { here, sizeof(here) };

	return result((int)process_vm_readv(atoi(text), &l, 1, &r, 1, 0));
}

static int do_vm_writev(const char *text)
{
	char buf[8] = "x";
	struct iovec l = { buf, sizeof(buf) }, r = { here, sizeof(here) };

	return result((int)process_vm_writev(atoi(text), &l, 1, &r, 1, 0));
}

static int do_pidfd_getfd(const char *text)
{
	int pidfd = (int)syscall(SYS_pidfd_open, atoi(text), 0), fd;

	if (pidfd < 0)
		return ENOTRECOVERABLE;
	fd = (int)syscall(SYS_pidfd_getfd, pidfd, 0, 0);
	close(pidfd);
	if (fd >= 0)
		close(fd);
	return result(fd);
}

static int proc_open(const char *pid, const char *name, int flags)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/%s", pid, name);
	fd = open(path, flags | O_CLOEXEC);
	if (fd >= 0)
		close(fd);
	return result(fd);
}

static int do_proc_mem(const char *pid)
{
	return proc_open(pid, "mem", O_RDWR);
}

/* Some kernels let the file be opened and give nothing of it. */
static int do_proc_environ(const char *pid)
{
	char path[64], c;
	ssize_t n;
	int fd, err;

	snprintf(path, sizeof(path), "/proc/%s/environ", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	n = read(fd, &c, 1);
	err = n == 0 ? EACCES : result((int)n);
	close(fd);
	return err;
}

static int traceme(const char *unused)
{
	(void)unused;
	return result((int)ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static int do_traceme(const char *unused)
{
	return apart(traceme, unused);
}

/* "PROGRAM": a child that runs it is to be traced by this process, and asks for it itself */
static int do_run_traceme(const char *program)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		execl(program, program, "traceme-exit", "-", (char *)NULL);
		_exit(126);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : EPROTO;
}

static int do_traceme_exit(const char *unused)
{
	_exit(traceme(unused));
}

static int do_attach_child(const char *unused)
{
	char number[16];
	pid_t pid = fork();
	int err;

	(void)unused;
	if (pid == 0) {
		pause();
		_exit(0);
	}
	snprintf(number, sizeof(number), "%d", pid);
	err = do_attach(number);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return err;
}

/* "PID SIGNAL" */
static int do_kill(const char *text)
{
	int pid = 0, sig = 0;

	sscanf(text, "%d %d", &pid, &sig);
	return result(kill(pid, sig));
}

static int do_tgkill(const char *text)
{
	int pid = 0, sig = 0;

	sscanf(text, "%d %d", &pid, &sig);
	return result((int)syscall(SYS_tgkill, pid, pid, sig));
}

static int do_sigqueue(const char *text)
{
	int pid = 0, sig = 0;

	sscanf(text, "%d %d", &pid, &sig);
	return result(sigqueue(pid, sig, (union sigval){ .sival_int = 1 }));
}

static int do_pidfd_kill(const char *text)
{
	int pid = 0, sig = 0, pidfd, err;

	sscanf(text, "%d %d", &pid, &sig);
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	err = result((int)syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0));
	close(pidfd);
	return err;
}

static int do_kill_self(const char *text)
{
	signal(SIGUSR1, SIG_IGN);
	(void)text;
	return result(kill(getpid(), SIGUSR1));
}

/* "SIGNAL": to a child's child */
static int do_kill_grandchild(const char *text)
{
	pid_t pid, below = 0;
	int p[2], err;

	if (pipe(p) < 0)
		return errno;
	pid = fork();
	if (pid == 0) {
		below = fork();
		if (below == 0)
			below = getpid();
		else
			pause();
		if (write(p[1], &below, sizeof(below)) < 0)
			_exit(1);
		pause();
		_exit(0);
	}
	if (read(p[0], &below, sizeof(below)) != sizeof(below))
		return EIO;
	err = result(kill(below, atoi(text)));
	kill(below, SIGKILL);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(p[0]);
	close(p[1]);
	return err;
}

/* "PID SIGNAL": through the owner of a pipe that reports its input with a signal; 0 if it was sent */
static int do_sigio(const char *text)
{
	int pid = 0, sig = 0, p[2], err;

	sscanf(text, "%d %d", &pid, &sig);
	if (pipe(p) < 0 || fcntl(p[0], F_SETSIG, sig) < 0 || fcntl(p[0], F_SETFL, O_ASYNC) < 0)
		return ENOTRECOVERABLE;
	err = result(fcntl(p[0], F_SETOWN, pid));
	if (err == 0 && write(p[1], "x", 1) < 0)
		err = errno;
	close(p[0]);
	close(p[1]);
	return err;
}

/* ---- mounts: "FSTYPE SOURCE TARGET" or "SOURCE TARGET" ---- */

static int do_mount(const char *text)
{
	char type[64], source[512];
	const char *target = word(word(text, type, sizeof(type)), source, sizeof(source));

	return result(mount(source, target, type, 0, NULL));
}

static int do_bind_mount(const char *text)
{
	char source[512];
	const char *target = word(text, source, sizeof(source));

	return result(mount(source, target, NULL, MS_BIND, NULL));
}

static int do_mount_move(const char *text)
{
	char source[512];
	const char *target = word(text, source, sizeof(source));

	return result(mount(source, target, NULL, MS_MOVE, NULL));
}

static int do_remount(const char *target)
{
	return result(mount(NULL, target, NULL, MS_REMOUNT, NULL));
}

static int do_make_private(const char *target)
{
	return result(mount(NULL, target, NULL, MS_PRIVATE, NULL));
}

static int do_umount(const char *target)
{
	return result(umount2(target, MNT_DETACH));
}

/* fsopen() and what follows it */
static int do_fsmount(const char *text)
{
	char type[64], source[512];
	const char *target = word(word(text, type, sizeof(type)), source, sizeof(source));
	int fs = (int)syscall(SYS_fsopen, type, 0), mnt, err;

	if (fs < 0)
		return errno;
	if (syscall(SYS_fsconfig, fs, 1, "source", source, 0) < 0 || syscall(SYS_fsconfig, fs, 6, NULL, NULL, 0) < 0)
		return errno;
	mnt = (int)syscall(SYS_fsmount, fs, 0, 0);
	if (mnt < 0)
		return errno;
	err = result((int)syscall(SYS_move_mount, mnt, "", AT_FDCWD, target, 4));
	close(mnt);
	close(fs);
	return err;
}

/* A clone of a mount, attached elsewhere: a bind mount without mount() */
static int do_clone_mount(const char *text)
{
	char source[512];
	const char *target = word(text, source, sizeof(source));
	int mnt = (int)syscall(SYS_open_tree, AT_FDCWD, source, 1 | O_CLOEXEC), err;

	if (mnt < 0)
		return errno;
	err = result((int)syscall(SYS_move_mount, mnt, "", AT_FDCWD, target, 4));
	close(mnt);
	return err;
}

static int do_move_mount(const char *text)
{
	char source[512];
	const char *target = word(text, source, sizeof(source));

	return result((int)syscall(SYS_move_mount, AT_FDCWD, source, AT_FDCWD, target, 0));
}

static int do_fspick(const char *target)
{
	int fs = (int)syscall(SYS_fspick, AT_FDCWD, target, 0), err;

	if (fs < 0)
		return errno;
	err = result((int)syscall(SYS_fsconfig, fs, 7, NULL, NULL, 0));
	close(fs);
	return err;
}

/* In a mount namespace of its own */
static int pivot_root_here(const char *dir)
{
	if (unshare(CLONE_NEWNS) < 0 || chdir(dir) < 0)
		return ENOTRECOVERABLE;
	return result((int)syscall(SYS_pivot_root, ".", "."));
}

static int do_pivot_root(const char *dir)
{
	return apart(pivot_root_here, dir);
}

/* ---- modules, bpf, perf, kexec, user namespaces ---- */

static int do_finit(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err = fd < 0 ? ENOTRECOVERABLE : result((int)syscall(SYS_finit_module, fd, "", 0));

	close(fd);
	return err;
}

/* A copy in memory: its file has no name */
static int do_finit_memfd(const char *path)
{
	static char buf[1 << 22];
	int fd = open(path, O_RDONLY | O_CLOEXEC), to = (int)syscall(SYS_memfd_create, "module", 1);
	ssize_t n = read(fd, buf, sizeof(buf));

	if (n <= 0 || write(to, buf, (size_t)n) != n)
		return ENOTRECOVERABLE;
	return result((int)syscall(SYS_finit_module, to, "", 0));
}

static int do_init_module(const char *path)
{
	static char buf[1 << 22];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, buf, sizeof(buf));

	close(fd);
	return n <= 0 ? ENOTRECOVERABLE : result((int)syscall(SYS_init_module, buf, n, ""));
}

static int do_bpf(const char *unused)
{
	union bpf_attr attr = { 0 };
	int r = (int)syscall(SYS_bpf, BPF_PROG_GET_NEXT_ID, &attr, sizeof(attr));

	(void)unused;
	return r < 0 && errno == ENOENT ? 0 : result(r);
}

static int do_perf(const char *unused)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE, .size = sizeof(attr), .config = PERF_COUNT_SW_CPU_CLOCK };
	int fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);

	(void)unused;
	if (fd >= 0)
		close(fd);
	return result(fd);
}

static int do_kexec(const char *unused)
{
	(void)unused;
	return result((int)syscall(SYS_kexec_load, 0, 0, NULL, 0));
}

static int do_kexec_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err = result((int)syscall(SYS_kexec_file_load, fd, -1, 0, NULL, 4));

	close(fd);
	return err;
}

static int unshare_user(const char *unused)
{
	(void)unused;
	return result(unshare(CLONE_NEWUSER));
}

static int do_userns(const char *unused)
{
	return apart(unshare_user, unused);
}

static int do_userns_clone(const char *unused)
{
	long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);

	(void)unused;
	if (pid == 0)
		_exit(0);
	if (pid < 0)
		return errno;
	waitpid((pid_t)pid, NULL, 0);
	return 0;
}

/* ---- ids: each in a child ---- */

static int set_uid(const char *text)
{
	return result((int)syscall(SYS_setuid, atoi(text)));
}

static int set_reuid(const char *text)
{
	return result((int)syscall(SYS_setreuid, -1, atoi(text)));
}

/* "REAL EFFECTIVE SAVED" */
static int set_resuid(const char *text)
{
	int r = 0, e = 0, s = 0;

	sscanf(text, "%d %d %d", &r, &e, &s);
	return result((int)syscall(SYS_setresuid, r, e, s));
}

/* Returns the former one whatever happens: the second call tells. */
static int set_fsuid(const char *text)
{
	setfsuid((uid_t)atoi(text));
	return setfsuid((uid_t)-1) == atoi(text) ? 0 : EPERM;
}

/* To an id and back to the one that is still held */
static int set_back(const char *text)
{
	if (setresuid((uid_t)-1, (uid_t)atoi(text), (uid_t)-1) < 0)
		return ENOTRECOVERABLE;
	return result(setresuid((uid_t)-1, 0, (uid_t)-1));
}

static int set_gid(const char *text)
{
	return result((int)syscall(SYS_setgid, atoi(text)));
}

static int set_regid(const char *text)
{
	return result((int)syscall(SYS_setregid, -1, atoi(text)));
}

static int set_fsgid(const char *text)
{
	setfsgid((gid_t)atoi(text));
	return setfsgid((gid_t)-1) == atoi(text) ? 0 : EPERM;
}

/* "GID GID..." */
static int set_groups(const char *text)
{
	gid_t list[2048];
	size_t n = 0;
	char one[16];

	while (*text && n < 2048) {
		text = word(text, one, sizeof(one));
		list[n++] = (gid_t)atoi(one);
	}
	return result((int)syscall(SYS_setgroups, n, list));
}

static int do_setuid(const char *t) { return apart(set_uid, t); }
static int do_setreuid(const char *t) { return apart(set_reuid, t); }
static int do_setresuid(const char *t) { return apart(set_resuid, t); }
static int do_setfsuid(const char *t) { return apart(set_fsuid, t); }
static int do_setback(const char *t) { return apart(set_back, t); }
static int do_setgid(const char *t) { return apart(set_gid, t); }
static int do_setregid(const char *t) { return apart(set_regid, t); }
static int do_setfsgid(const char *t) { return apart(set_fsgid, t); }
static int do_setgroups(const char *t) { return apart(set_groups, t); }

const struct probe_op probes_sys[] = {
	{ "sethostname", do_sethostname }, { "nice", do_nice }, { "chroot-cap", do_chroot_cap }, { "dac", do_dac },
	{ "attach", do_attach }, { "seize", do_seize }, { "vm-readv", do_vm_readv }, { "vm-writev", do_vm_writev },
	{ "pidfd-getfd", do_pidfd_getfd }, { "proc-mem", do_proc_mem }, { "proc-environ", do_proc_environ },
	{ "traceme", do_traceme }, { "traceme-here", traceme }, { "run-traceme", do_run_traceme }, { "traceme-exit", do_traceme_exit },
	{ "attach-child", do_attach_child },
	{ "kill", do_kill }, { "tgkill", do_tgkill }, { "sigqueue", do_sigqueue }, { "pidfd-kill", do_pidfd_kill },
	{ "kill-self", do_kill_self }, { "kill-grandchild", do_kill_grandchild }, { "sigio", do_sigio },
	{ "mount", do_mount }, { "bind-mount", do_bind_mount }, { "mount-move", do_mount_move }, { "remount", do_remount },
	{ "make-private", do_make_private }, { "umount", do_umount }, { "fsmount", do_fsmount }, { "clone-mount", do_clone_mount },
	{ "move-mount", do_move_mount }, { "fspick", do_fspick }, { "pivot-root", do_pivot_root },
	{ "finit", do_finit }, { "finit-memfd", do_finit_memfd }, { "init-module", do_init_module },
	{ "bpf", do_bpf }, { "perf", do_perf }, { "kexec", do_kexec }, { "kexec-file", do_kexec_file },
	{ "userns", do_userns }, { "userns-clone", do_userns_clone },
	{ "setuid", do_setuid }, { "setreuid", do_setreuid }, { "setresuid", do_setresuid }, { "setfsuid", do_setfsuid },
	{ "setback", do_setback }, { "setgid", do_setgid }, { "setregid", do_setregid }, { "setfsgid", do_setfsgid },
	{ "setgroups", do_setgroups },
	{ NULL, NULL },
};
