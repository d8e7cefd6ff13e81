/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs policyc where it can do no harm. */
#include "jail.h"

#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <linux/close_range.h>
#include <poll.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "image.h"
#include "trusted.h"

#include "banned.h"

#define JAIL_DIR BL_RUN_DIR "/jail" /* where the new root is mounted, in the child's own mount namespace */
#define SAID_MAX (256u << 10)
#define JAIL_SIZE "size=192m,mode=755"

/* ---- the child: everything up to the exec; it ends with a sentence on standard error ---- */

#define CHILD_FAILED 125 /* no exit status of policyc */

__attribute__((noreturn, format(printf, 1, 2))) static void child_fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vdprintf(STDERR_FILENO, fmt, ap);
	va_end(ap);
	_exit(CHILD_FAILED);
}

/* Makes the directories above path, below the jail. */
static void make_parents(char *path)
{
	for (char *p = path + sizeof(JAIL_DIR); (p = strchr(p, '/')) != NULL; p++) {
		*p = '\0';
		if (mkdir(path, 0755) < 0 && errno != EEXIST)
			child_fail("cannot make %s: %m", path);
		*p = '/';
	}
}

static void inside(char ret[PATH_MAX], const char *path)
{
	if (snprintf(ret, PATH_MAX, "%s%s", JAIL_DIR, path) >= PATH_MAX)
		child_fail("the name %s is too long", path);
	make_parents(ret);
}

/* A directory of the system, read only; where it is a link (/lib to usr/lib) a link. */
static void show_dir(const char *dir)
{
	char to[PATH_MAX], target[PATH_MAX];
	struct stat st;
	ssize_t n;

	if (lstat(dir, &st) < 0)
		return;
	inside(to, dir);
	if (S_ISLNK(st.st_mode)) {
		n = readlink(dir, target, sizeof(target) - 1);
		target[n < 0 ? 0 : n] = '\0';
		if (n < 0 || symlink(target, to) < 0)
			child_fail("cannot make the link %s: %m", to);
		return;
	}
	if (mkdir(to, 0755) < 0 || mount(dir, to, NULL, MS_BIND, NULL) < 0 ||
	    mount(NULL, to, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV, NULL) < 0)
		child_fail("cannot show %s to policyc: %m", dir);
}

static void put_file(const char *path, const void *bytes, size_t len)
{
	char to[PATH_MAX];
	int fd;

	inside(to, path);
	fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		child_fail("cannot make %s: %m", to);
	for (size_t done = 0; done < len;) {
		ssize_t n = write(fd, (const char *)bytes + done, len - done);

		if (n <= 0)
			child_fail("cannot write %s: %m", to);
		done += (size_t)n;
	}
	(void)close(fd);
}

/* A file that the C library reads; the names of users are looked up in it. */
static void copy_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	void *bytes;
	size_t len;

	if (fd < 0)
		return;
	if (bl_trusted_slurp(fd, path, "this file", 16u << 20, &bytes, &len, NULL) == 0) {
		put_file(path, bytes, len);
		free(bytes);
	}
	(void)close(fd);
}

static void enter_jail(const struct bl_jail *j)
{
	static const char *const dirs[] = {"/usr", "/lib", "/lib32", "/lib64"};
	static const char *const files[] = {"/etc/passwd", "/etc/group", "/etc/nsswitch.conf", "/etc/ld.so.cache"};

	if (unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS) < 0)
		child_fail("cannot make namespaces for policyc: %m");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", JAIL_DIR, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, JAIL_SIZE) < 0)
		child_fail("cannot mount a root directory for policyc: %m");
	(void)umask(022);
	for (size_t i = 0; i < BL_ARRAY_SIZE(dirs); i++)
		show_dir(dirs[i]);
	for (size_t i = 0; i < BL_ARRAY_SIZE(files); i++)
		copy_file(files[i]);
	for (size_t i = 0; i < j->nfiles; i++)
		put_file(j->files[i].path, j->files[i].bytes, j->files[i].len);
	if (chdir(JAIL_DIR) < 0 || chroot(".") < 0 || chdir("/") < 0)
		child_fail("cannot enter the root directory for policyc: %m");
}

static void set_limit(int which, rlim_t n)
{
	const struct rlimit lim = {n, n};

	if (setrlimit((__rlimit_resource_t)which, &lim) < 0)
		child_fail("cannot limit policyc: %m");
}

static void drop_privileges(const struct bl_jail *j, uid_t uid, gid_t gid)
{
	for (unsigned long cap = 0; cap < 64; cap++)
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0 && errno == EINVAL)
			break;
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		child_fail("cannot give up privileges for policyc: %m");
	/* After that: the change of user takes the signal away. */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	set_limit(RLIMIT_CPU, j->conf->compile_seconds);
	set_limit(RLIMIT_AS, (rlim_t)j->conf->compile_mib << 20);
	set_limit(RLIMIT_FSIZE, BL_IMAGE_MAX);
	set_limit(RLIMIT_CORE, 0);
	set_limit(RLIMIT_NOFILE, 64);
	set_limit(RLIMIT_NPROC, 0); /* it needs no children */
}

__attribute__((noreturn)) static void child(const struct bl_jail *j, int compiler, uid_t uid, gid_t gid, int out, int said)
{
	char *const envp[] = {(char *)"PATH=/usr/bin", (char *)"LC_ALL=C.UTF-8", NULL};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (dup2(said, STDERR_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 || null < 0 || dup2(null, STDIN_FILENO) < 0)
		_exit(CHILD_FAILED);
	(void)setsid();
	enter_jail(j);
	drop_privileges(j, uid, gid);
	if (close_range(3, ~0u, CLOSE_RANGE_CLOEXEC) < 0)
		child_fail("cannot close descriptors for policyc: %m");
	(void)execveat(compiler, "", (char *const *)(uintptr_t)j->args, envp, AT_EMPTY_PATH);
	child_fail("cannot execute policyc: %m");
}

/* ---- the parent ---- */

/* The policyc that belongs to this enforcer is beside it, or in bin where that is in sbin. */
int bl_jail_compiler(const struct bl_conf *conf, char *ret, struct bl_error *err)
{
	char *slash;
	ssize_t n;

	if (conf->compiler[0] != '\0') {
		(void)snprintf(ret, PATH_MAX, "%s", conf->compiler);
		return 0;
	}
	n = readlink("/proc/self/exe", ret, PATH_MAX - 1);
	if (n < 0)
		return bl_error_set(err, BL_SYSTEM, "cannot find out where this program is: %m");
	ret[n] = '\0';
	slash = strrchr(ret, '/');
	if (!slash || (size_t)(slash - ret) + sizeof("/../bin/policyc") > PATH_MAX)
		return bl_error_set(err, BL_SYSTEM, "there is no room for the name of policyc");
	memcpy(slash, "/policyc", sizeof("/policyc"));
	if (access(ret, X_OK) < 0) /* sbin and bin */
		memcpy(slash, "/../bin/policyc", sizeof("/../bin/policyc"));
	return 0;
}

static int open_compiler(const struct bl_conf *conf, struct bl_error *err)
{
	char path[PATH_MAX];
	int fd, r = bl_jail_compiler(conf, path, err);

	if (r < 0)
		return r;
	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return bl_error_set(err, BL_SYSTEM, "cannot open the compiler %s: %m; name it in %s: compiler = /...", path, BL_CONF_FILE);
	return fd;
}

static int find_user(const struct bl_conf *conf, uid_t *uid, gid_t *gid, struct bl_error *err)
{
	const struct passwd *pw = getpwnam(conf->compile_user);

	if (!pw || pw->pw_uid == 0)
		return bl_error_set(err, BL_SYSTEM, "there is no user '%s' other than root to run policyc as; name one in %s: compile-user = NAME",
				    conf->compile_user, BL_CONF_FILE);
	*uid = pw->pw_uid;
	*gid = pw->pw_gid;
	return 0;
}

static int64_t now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* What the child says until it closes its end. -ETIMEDOUT. */
static int listen_to(int fd, uint32_t seconds, struct bl_buf *said)
{
	int64_t end = now_ms() + (int64_t)seconds * 1000, left;
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char piece[4096];

	for (;;) {
		ssize_t n;

		left = end - now_ms();
		if (left <= 0)
			return -ETIMEDOUT;
		if (poll(&p, 1, (int)left) <= 0)
			continue;
		n = read(fd, piece, sizeof(piece));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return 0;
		if (said->len + (size_t)n <= SAID_MAX)
			bl_buf_add(said, piece, (size_t)n);
	}
}

static int reap(pid_t pid, int listened, const struct bl_jail *j, const struct bl_buf *said, int *ret_status, struct bl_error *err)
{
	int status = 0;

	if (listened < 0)
		(void)kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (listened < 0)
		return bl_error_set(err, BL_REFUSED, "policyc took longer than %" PRIu32 " s and was stopped", j->conf->compile_seconds);
	if (WIFSIGNALED(status))
		return bl_error_set(err, BL_REFUSED, "policyc was ended by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
	*ret_status = WEXITSTATUS(status);
	if (*ret_status == CHILD_FAILED)
		return bl_error_set(err, BL_SYSTEM, "%s", said->len > 0 && bl_buf_text(said) ? bl_buf_text(said) : "policyc cannot be started");
	return 0;
}

static int run(const struct bl_jail *j, int compiler, int out, struct bl_buf *said, int *ret_status, struct bl_error *err)
{
	uid_t uid = 0;
	gid_t gid = 0;
	int ends[2], r = find_user(j->conf, &uid, &gid, err);
	pid_t pid;

	if (r < 0)
		return r;
	if (mkdir(JAIL_DIR, 0700) < 0 && errno != EEXIST)
		return bl_error_set(err, BL_SYSTEM, "cannot make the directory %s: %m", JAIL_DIR);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return bl_error_set(err, BL_SYSTEM, "cannot make a pipe: %m");
	pid = fork();
	if (pid == 0)
		child(j, compiler, uid, gid, out, ends[1]);
	(void)close(ends[1]);
	if (pid < 0)
		r = bl_error_set(err, BL_SYSTEM, "cannot fork: %m");
	else
		r = reap(pid, listen_to(ends[0], j->conf->compile_seconds, said), j, said, ret_status, err);
	(void)close(ends[0]);
	return r;
}

int bl_jail_run(const struct bl_jail *j, void **ret_out, size_t *ret_len, struct bl_buf *said, int *ret_status, struct bl_error *err)
{
	int compiler = open_compiler(j->conf, err), out, r;

	if (compiler < 0)
		return compiler;
	out = memfd_create("policyc", MFD_CLOEXEC);
	r = out < 0 ? bl_error_set(err, BL_SYSTEM, "cannot make a file in memory: %m") : run(j, compiler, out, said, ret_status, err);
	(void)close(compiler);
	/* Nobody else has it any more, and what is read now is all that anybody looks at. */
	if (r == 0 && (lseek(out, 0, SEEK_SET) < 0 ||
		       bl_trusted_slurp(out, "what policyc wrote", "it", BL_IMAGE_MAX, ret_out, ret_len, err) < 0))
		r = BL_SYSTEM;
	if (out >= 0)
		(void)close(out);
	return r;
}
