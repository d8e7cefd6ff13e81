/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one operation costs, in instructions: to be run in a guest with `tests/vm/guest --icount`, where the time-stamp counter counts instructions of
 * the guest. Each work is done in many short batches, and the cheapest batch counts: the others had a timer interrupt in them.
 *
 *   speed prepare DIR           makes the files that the works need; DIR is on a tmpfs
 *   speed run DIR [WORK...]     prints "WORK<tab>INSTRUCTIONS" for each operation, one line a work; all works if none is named
 *   speed verdicts DIR          does things that are allowed and things that are not, and prints "THING<tab>ok|refused"
 *   speed time N COMMAND...     runs a command N times and prints the instructions of the cheapest
 *   speed elsewhere DIR         what goes on beside the works: renames and mounts when they ask for one; until it is killed
 *   speed nothing               ends at once: the program that `spawn` starts
 *
 * An operation that does not give what it should ends the program with status 1: nothing is timed that does not work.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <x86intrin.h>

#define COLD_DIRS 100
#define COLD_FILES 100 /* in each of them */
#define REFUSED 256
#define ROOT_FILE "/bench1" /* the file of one component: the root itself is no tmpfs in the guests that do not move there */

/* Everything that works share. Made by prepare, opened by each run. */
static struct {
	const char *dir;
	char depth[41][512]; /* path with that many components, for those in `depths` */
	char own[512];	     /* a file that is read and written */
	char pipe[2][512]; /* there and back */
	char made[512], moved[512], made_dir[512], nothing[512], sock[512];
	int fd, tcp, udp, udp_to, un;
	int ask, done; /* pipes to `speed elsewhere` */
	struct sockaddr_in tcp_addr, udp_addr;
	struct sockaddr_un un_addr;
	unsigned next; /* of the files that are used only once */
} b;

static const int depths[] = {1, 5, 15, 40};

static _Noreturn void die(const char *what, const char *object)
{
	fprintf(stderr, "speed: %s %s: %s\n", what, object, strerror(errno));
	exit(1);
}

static void must(bool ok, const char *what, const char *object)
{
	if (!ok)
		die(what, object);
}

/* ---- names ---- */

static void put_name(char *to, const char *fmt, const char *a, unsigned n, unsigned m)
{
	must(snprintf(to, 512, fmt, a, n, m) < 512, "name", a);
}

static void cold_name(char *to, unsigned i)
{
	put_name(to, "%s/cold/d%02u/file%05u", b.dir, i / COLD_FILES, i);
}

static void refused_name(char *to, unsigned i)
{
	put_name(to, "%s/refused/d%02u/file%05u", b.dir, 0, i);
}

/* DIR has two components */
static void deep_name(char *to, int components, bool make)
{
	size_t len = (size_t)snprintf(to, 512, "%s", b.dir);

	for (int i = 2; i < components - 1; i++) {
		len += (size_t)snprintf(to + len, 512 - len, "/dir%02d", i);
		if (make)
			must(mkdir(to, 0755) == 0 || errno == EEXIST, "mkdir", to);
	}
	snprintf(to + len, 512 - len, "/file.txt");
}

static void names(const char *dir)
{
	b.dir = dir;
	for (size_t i = 0; i < sizeof(depths) / sizeof(*depths); i++)
		if (depths[i] == 1)
			snprintf(b.depth[1], sizeof(b.depth[1]), "%s", ROOT_FILE);
		else
			deep_name(b.depth[depths[i]], depths[i], false);
	put_name(b.own, "%s/dir02/dir03/own", dir, 0, 0);
	put_name(b.pipe[0], "%s/dir02/dir03/ask", dir, 0, 0);
	put_name(b.pipe[1], "%s/dir02/dir03/done", dir, 0, 0);
	put_name(b.made, "%s/dir02/dir03/made", dir, 0, 0);
	put_name(b.moved, "%s/dir02/dir03/moved", dir, 0, 0);
	put_name(b.made_dir, "%s/dir02/dir03/made.d", dir, 0, 0);
	put_name(b.nothing, "%s/bin/nothing", dir, 0, 0);
	put_name(b.sock, "%s/dir02/dir03/socket", dir, 0, 0);
}

static void make_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0755);

	must(fd >= 0 && write(fd, "x", 1) == 1 && close(fd) == 0, "make", path);
}

static void make_dir(const char *fmt, unsigned n)
{
	char path[512];

	put_name(path, fmt, b.dir, n, 0);
	must(mkdir(path, 0755) == 0 || errno == EEXIST, "mkdir", path);
}

static void prepare(void)
{
	char path[512];

	for (size_t i = 0; i < sizeof(depths) / sizeof(*depths); i++) {
		if (depths[i] > 1)
			deep_name(path, depths[i], true);
		make_file(b.depth[depths[i]]);
	}
	make_dir("%s/cold", 0);
	for (unsigned i = 0; i < COLD_DIRS * COLD_FILES; i++) {
		if (i % COLD_FILES == 0)
			make_dir("%s/cold/d%02u", i / COLD_FILES);
		cold_name(path, i);
		make_file(path);
	}
	make_dir("%s/refused", 0);
	make_dir("%s/refused/d00", 0);
	for (unsigned i = 0; i < REFUSED; i++) {
		refused_name(path, i);
		make_file(path);
	}
	make_file(b.own);
	make_file(b.moved);
	make_dir("%s/elsewhere", 0);
	make_dir("%s/elsewhere/mounted", 0);
	must(mkfifo(b.pipe[0], 0600) == 0 && mkfifo(b.pipe[1], 0600) == 0, "mkfifo", b.pipe[0]);
}

/* ---- works: each does the operation once ---- */

static void open_close(const char *path)
{
	int fd = open(path, O_RDONLY);

	if (fd < 0 || close(fd) != 0)
		die("open", path);
}

static void w_open1(void) { open_close(b.depth[1]); }
static void w_open5(void) { open_close(b.depth[5]); }
static void w_open15(void) { open_close(b.depth[15]); }
static void w_open40(void) { open_close(b.depth[40]); }

static void w_open_cold(void)
{
	char path[512];

	cold_name(path, b.next++);
	open_close(path);
}

/* Whether it is refused depends on who runs this: in a confined process it must be. */
static void open_refused(const char *path)
{
	int fd = open(path, O_RDONLY);

	if (fd >= 0)
		close(fd);
	else if (errno != EACCES && errno != EPERM)
		die("open", path);
}

/* Whoever writes the events down does it meanwhile: the kernel's audit thread has room for 64. */
static void b_nap(void)
{
	usleep(50000);
}

static void w_refused_first(void)
{
	char path[512];

	refused_name(path, b.next++);
	open_refused(path);
}

static void w_refused_again(void)
{
	char path[512];

	refused_name(path, 0);
	open_refused(path);
}

/* The process that does it is in no profile: see elsewhere(). */
static void ask_elsewhere(char what)
{
	char c;

	must(write(b.ask, &what, 1) == 1 && read(b.done, &c, 1) == 1, "ask", "elsewhere");
}

static void b_rename_elsewhere(void) { ask_elsewhere('r'); }
static void b_mount_elsewhere(void) { ask_elsewhere('m'); }

static void w_stat(void)
{
	struct stat st;

	must(stat(b.depth[5], &st) == 0, "stat", b.depth[5]);
}

static void w_read(void)
{
	char c;

	must(pread(b.fd, &c, 1, 0) == 1, "read", b.own);
}

static void w_write(void)
{
	must(pwrite(b.fd, "y", 1, 0) == 1, "write", b.own);
}

static void w_create(void)
{
	int fd = open(b.made, O_WRONLY | O_CREAT | O_EXCL, 0600);

	must(fd >= 0 && close(fd) == 0 && unlink(b.made) == 0, "create and unlink", b.made);
}

static void w_rename(void)
{
	const char *from = b.next % 2 ? b.made : b.moved, *to = b.next % 2 ? b.moved : b.made;

	b.next++;
	must(rename(from, to) == 0, "rename", from);
}

static void w_mkdir(void)
{
	must(mkdir(b.made_dir, 0700) == 0 && rmdir(b.made_dir) == 0, "mkdir and rmdir", b.made_dir);
}

static void w_mmap(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, b.fd, 0);

	must(p != MAP_FAILED && munmap(p, 4096) == 0, "mmap", b.nothing);
}

static void end_of(pid_t pid, const char *what)
{
	int status;

	must(pid > 0 && waitpid(pid, &status, 0) == pid, what, "");
	errno = 0;
	must(WIFEXITED(status) && WEXITSTATUS(status) == 0, what, "ended badly");
}

static void w_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	end_of(pid, "fork");
}

static pid_t spawn(const char *file, char *const argv[])
{
	pid_t pid = vfork();

	if (pid == 0) {
		execvp(file, argv);
		_exit(127);
	}
	return pid;
}

static void w_spawn(void)
{
	char *const argv[] = {b.nothing, "nothing", NULL};

	end_of(spawn(b.nothing, argv), b.nothing);
}

/* Closed by a reset: no port stays behind waiting. */
static void w_tcp(void)
{
	const struct linger reset = {.l_onoff = 1};
	int fd = socket(AF_INET, SOCK_STREAM, 0), peer;

	must(fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)) == 0, "socket", "tcp");
	must(connect(fd, (struct sockaddr *)&b.tcp_addr, sizeof(b.tcp_addr)) == 0, "connect", "tcp");
	peer = accept(b.tcp, NULL, NULL);
	must(peer >= 0 && close(fd) == 0 && close(peer) == 0, "accept", "tcp");
}

static void w_udp_connect(void)
{
	must(connect(b.udp, (struct sockaddr *)&b.udp_addr, sizeof(b.udp_addr)) == 0, "connect", "udp");
}

static void w_sendto(void)
{
	must(sendto(b.udp, "x", 1, 0, (struct sockaddr *)&b.udp_addr, sizeof(b.udp_addr)) == 1, "sendto", "udp");
}

static void drain(void)
{
	char c;

	while (recv(b.udp_to, &c, 1, MSG_DONTWAIT) == 1)
		;
}

static void w_unix(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), peer;

	must(fd >= 0 && connect(fd, (struct sockaddr *)&b.un_addr, sizeof(b.un_addr)) == 0, "connect", b.sock);
	peer = accept(b.un, NULL, NULL);
	must(peer >= 0 && close(fd) == 0 && close(peer) == 0, "accept", b.sock);
}

static void w_socket(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	must(fd >= 0 && close(fd) == 0, "socket", "udp");
}

/* ---- what the works need open ---- */

static void open_own(void)
{
	b.fd = open(b.own, O_RDWR);
	must(b.fd >= 0, "open", b.own);
}

static void open_code(void)
{
	b.fd = open(b.nothing, O_RDONLY);
	must(b.fd >= 0, "open", b.nothing);
}

static void open_elsewhere(void)
{
	b.ask = open(b.pipe[0], O_WRONLY);
	b.done = open(b.pipe[1], O_RDONLY);
	must(b.ask >= 0 && b.done >= 0, "open", b.pipe[0]);
}

static void bound(int fd, struct sockaddr_in *addr, const char *what)
{
	socklen_t len = sizeof(*addr);

	*addr = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	must(fd >= 0 && bind(fd, (struct sockaddr *)addr, len) == 0 && getsockname(fd, (struct sockaddr *)addr, &len) == 0, "bind", what);
}

static void open_tcp(void)
{
	b.tcp = socket(AF_INET, SOCK_STREAM, 0);
	bound(b.tcp, &b.tcp_addr, "tcp");
	must(listen(b.tcp, 16) == 0, "listen", "tcp");
}

static void open_udp(void)
{
	b.udp_to = socket(AF_INET, SOCK_DGRAM, 0);
	bound(b.udp_to, &b.udp_addr, "udp");
	b.udp = socket(AF_INET, SOCK_DGRAM, 0);
	must(b.udp >= 0, "socket", "udp");
}

static void open_unix(void)
{
	unlink(b.sock);
	b.un = socket(AF_UNIX, SOCK_STREAM, 0);
	b.un_addr.sun_family = AF_UNIX;
	must((size_t)snprintf(b.un_addr.sun_path, sizeof(b.un_addr.sun_path), "%s", b.sock) < sizeof(b.un_addr.sun_path), "name", b.sock);
	must(b.un >= 0 && bind(b.un, (struct sockaddr *)&b.un_addr, sizeof(b.un_addr)) == 0 && listen(b.un, 16) == 0, "bind", b.sock);
}

/*
 * A batch ends before the next tick of the clock (4,000,000 instructions) if it begins after one: so some batches have none.
 * What is used up, such as the files of open_cold, is named by `limit` operations in all.
 */
static const struct work {
	const char *name;
	void (*once)(void);
	unsigned per_batch, batches;
	bool warm; /* one batch before those that count */
	void (*begin)(void), (*before)(void), (*after)(void); /* before and after a batch, not counted */
} works[] = {
	/* before everything else: a later work must not have seen its files */
	{"open+close first", w_open_cold, 100, COLD_DIRS *COLD_FILES / 100, false, NULL, NULL, NULL},
	{"open+close 1", w_open1, 50, 30, true, NULL, NULL, NULL},
	{"open+close 5", w_open5, 50, 30, true, NULL, NULL, NULL},
	{"open+close 15", w_open15, 50, 30, true, NULL, NULL, NULL},
	{"open+close 40", w_open40, 50, 30, true, NULL, NULL, NULL},
	{"open+close renames", w_open5, 100, 30, true, open_elsewhere, b_rename_elsewhere, NULL},
	{"open+close mounts", w_open5, 100, 30, true, open_elsewhere, b_mount_elsewhere, NULL},
	{"stat", w_stat, 50, 20, true, NULL, NULL, NULL},
	{"read", w_read, 100, 20, true, open_own, NULL, NULL},
	{"write", w_write, 100, 20, true, open_own, NULL, NULL},
	{"create+unlink", w_create, 20, 30, true, NULL, NULL, NULL},
	{"rename", w_rename, 20, 30, true, NULL, NULL, NULL},
	{"mkdir+rmdir", w_mkdir, 20, 30, true, NULL, NULL, NULL},
	{"mmap exec", w_mmap, 50, 30, true, open_code, NULL, NULL},
	{"fork+exit", w_fork, 1, 200, true, NULL, NULL, NULL},
	{"spawn+wait", w_spawn, 1, 150, true, NULL, NULL, NULL},
	{"tcp connect", w_tcp, 5, 80, true, open_tcp, NULL, NULL},
	{"udp connect", w_udp_connect, 50, 30, true, open_udp, NULL, NULL},
	{"udp sendto", w_sendto, 50, 30, true, open_udp, NULL, drain},
	{"unix connect", w_unix, 20, 40, true, open_unix, NULL, NULL},
	{"socket+close", w_socket, 50, 30, true, NULL, NULL, NULL},
	{"open refused first", w_refused_first, 16, REFUSED / 16, false, NULL, b_nap, NULL},
	{"open refused again", w_refused_again, 16, 40, true, NULL, b_nap, NULL},
};
#define WORKS (sizeof(works) / sizeof(*works))

static uint64_t batch(const struct work *w)
{
	uint64_t begin, end;

	if (w->before)
		w->before();
	_mm_lfence();
	begin = __rdtsc();
	for (unsigned i = 0; i < w->per_batch; i++)
		w->once();
	_mm_lfence();
	end = __rdtsc();
	if (w->after)
		w->after();
	return end - begin;
}

static void run(const struct work *w)
{
	uint64_t least = UINT64_MAX, took;

	b.next = 0;
	if (w->begin)
		w->begin();
	if (w->warm)
		batch(w);
	for (unsigned i = 0; i < w->batches; i++) {
		took = batch(w);
		if (took < least)
			least = took;
	}
	printf("%s\t%.1f\n", w->name, (double)least / w->per_batch);
}

/* ---- verdicts ---- */

static void say(const char *thing, bool done)
{
	if (!done && errno != EACCES && errno != EPERM)
		die("verdict", thing);
	printf("%s\t%s\n", thing, done ? "ok" : "refused");
}

static bool can_open(const char *path, int flags)
{
	int fd = open(path, flags, 0600);

	return fd >= 0 && close(fd) == 0;
}

static bool can_socket(int family, int type)
{
	int fd = socket(family, type, 0);

	return fd >= 0 && close(fd) == 0;
}

static bool can_exec(char *path)
{
	char *const argv[] = {path, "nothing", NULL}, *const envp[] = {NULL};
	volatile int error = 0;
	int status;
	pid_t pid = vfork();

	if (pid == 0) {
		execve(path, argv, envp);
		error = errno;
		_exit(127);
	}
	must(pid > 0 && waitpid(pid, &status, 0) == pid, "exec", path);
	errno = error;
	return error == 0;
}

static bool can_map(const char *path)
{
	int fd = open(path, O_RDONLY);
	void *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);

	must(fd >= 0 && close(fd) == 0, "open", path);
	return p != MAP_FAILED && munmap(p, 4096) == 0;
}

static bool can_bind(const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), error;
	bool can;

	must(fd >= 0 && (size_t)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path) < sizeof(addr.sun_path), "name", path);
	can = bind(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0;
	error = errno;
	close(fd);
	errno = error;
	return can && unlink(path) == 0;
}

/* What is refused is refused by each policy of policy.awk, in its language. Whatever succeeds leaves everything as it was. */
static void verdicts(void)
{
	char cold[512], in_cold[512], refused[512], more[512];

	cold_name(cold, 7);
	refused_name(refused, 7);
	put_name(in_cold, "%s/cold/new", b.dir, 0, 0);
	put_name(more, "%s/dir02/dir03/more", b.dir, 0, 0);
	say("read, 1 component", can_open(b.depth[1], O_RDONLY));
	say("read, 40 components", can_open(b.depth[40], O_RDONLY));
	say("read of a file that may be read only", can_open(cold, O_RDONLY));
	say("read and write of it", can_open(cold, O_RDWR));
	say("append to it", can_open(cold, O_WRONLY | O_APPEND));
	say("truncation of it", truncate(cold, 1) == 0);
	say("change of its mode", chmod(cold, 0755) == 0);
	say("removal of it", unlink(cold) == 0);
	say("rename of it", rename(cold, more) == 0);
	say("link to it", link(cold, more) == 0);
	say("execution of it", can_exec(cold));
	say("mapping of it as code", can_map(cold));
	say("read of a file that no rule names", can_open(refused, O_RDONLY));
	say("write of it", can_open(refused, O_WRONLY));
	say("creation beside what may be read only", can_open(in_cold, O_WRONLY | O_CREAT));
	say("directory there", mkdir(in_cold, 0755) == 0);
	say("symbolic link there", symlink("x", in_cold) == 0);
	say("rename to there", rename(b.own, in_cold) == 0);
	say("unix socket there", can_bind(in_cold));
	say("read and write", can_open(b.own, O_RDWR));
	say("change of the mode", chmod(b.own, 0755) == 0);
	say("creation", can_open(more, O_WRONLY | O_CREAT));
	say("removal", unlink(more) == 0);
	say("directory", mkdir(more, 0755) == 0 && rmdir(more) == 0);
	say("rename", rename(b.own, more) == 0 && rename(more, b.own) == 0);
	say("link", link(b.own, more) == 0 && unlink(more) == 0);
	say("unix socket", can_bind(more));
	say("mapping of a data file as code", can_map(b.own));
	say("execution", can_exec(b.nothing));
	say("execution of a data file", can_exec(b.own));
	say("mapping of a program", can_map(b.nothing));
	say("tcp socket", can_socket(AF_INET, SOCK_STREAM));
	say("udp socket", can_socket(AF_INET, SOCK_DGRAM));
	say("netlink socket", can_socket(AF_NETLINK, SOCK_RAW));
	say("packet socket", can_socket(AF_PACKET, SOCK_RAW));
}

/* ---- beside the works ---- */

static _Noreturn void elsewhere(void)
{
	char c, from[512], to[512], on[512];
	int ask = open(b.pipe[0], O_RDWR), done = open(b.pipe[1], O_RDWR);

	put_name(from, "%s/elsewhere/a", b.dir, 0, 0);
	put_name(to, "%s/elsewhere/b", b.dir, 0, 0);
	put_name(on, "%s/elsewhere/mounted", b.dir, 0, 0);
	make_file(from);
	must(ask >= 0 && done >= 0, "open", b.pipe[0]);
	while (read(ask, &c, 1) == 1) {
		if (c == 'r')
			must(rename(from, to) == 0 && rename(to, from) == 0, "rename", from);
		else
			must(mount("none", on, "tmpfs", 0, NULL) == 0 && umount(on) == 0, "mount", on);
		must(write(done, &c, 1) == 1, "answer", b.pipe[1]);
	}
	die("read", b.pipe[0]);
}

/* ---- whole programs ---- */

static void timed(unsigned long n, char **argv)
{
	uint64_t least = UINT64_MAX, begin, took;
	int out = dup(1), null = open("/dev/null", O_WRONLY);

	must(n > 0 && out >= 0 && null >= 0 && dup2(null, 1) == 1, "time", argv[0]);
	for (; n > 0; n--) {
		begin = __rdtsc();
		end_of(spawn(argv[0], argv), argv[0]);
		took = __rdtsc() - begin;
		if (took < least)
			least = took;
	}
	must(dup2(out, 1) == 1, "time", argv[0]);
	printf("%llu\n", (unsigned long long)least);
}

static bool wanted(const char *name, char **list)
{
	if (!*list)
		return true;
	for (; *list; list++)
		if (!strcmp(*list, name))
			return true;
	return false;
}

int main(int argc, char **argv)
{
	static char out[1 << 16];
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "nothing"))
		return 0;
	/* one write at the end: output is an access to the host */
	setvbuf(stdout, out, _IOFBF, sizeof(out));
	if (!strcmp(what, "time") && argc > 3) {
		timed(strtoul(argv[2], NULL, 10), argv + 3);
		return 0;
	}
	if (argc < 3) {
		fprintf(stderr, "usage: speed prepare|run|verdicts|elsewhere DIR, speed time N COMMAND, speed nothing\n");
		return 2;
	}
	names(argv[2]);
	if (!strcmp(what, "prepare"))
		prepare();
	else if (!strcmp(what, "verdicts"))
		verdicts();
	else if (!strcmp(what, "elsewhere"))
		elsewhere();
	else
		for (size_t i = 0; i < WORKS; i++)
			if (wanted(works[i].name, argv + 3))
				run(&works[i]);
	return 0;
}
