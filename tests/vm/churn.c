// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Do remembered verdicts ever outlive what they depended on? A process that no profile holds renames, links, removes, mounts and so on at random in
 * the present directory; after each change a process of the program CONFINED opens files, which is remembered, and truncates them, which is not. With a
 * policy that refuses both of the same names the two must agree. Single steps, so that nothing changes in between.
 *
 * usage: churn SEED STEPS CONFINED        CONFINED: a copy of this program; it runs itself as "CONFINED asks"
 * Prints "opens N, refused N, disagreements N"; the first disagreements go to stderr, with what was done before.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAME 64
#define OPENS 3 /* of one file: the last ones are remembered */

struct request {
	char name[NAME];
	int32_t euid;
	int32_t pad;
};

struct answer {
	int32_t opened[OPENS]; /* errno, 0: it was */
	int32_t cut;
};

static const char *const dirs[] = {".", "p", "q", "dx", "dy", "p/r", "q/dr", "m", "dm"};
static const char *const files[] = {"a", "b", "da", "db", "o", "u"};
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static uint64_t seed;
static char log_lines[16][160];
static unsigned int logged;

static unsigned int pick(unsigned int n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned int)(seed >> 33) % n;
}

static void die(const char *what)
{
	perror(what);
	exit(2);
}

/* ---- who asks ---- */

static int error_of(int r)
{
	return r < 0 ? errno : 0;
}

static void answer(const struct request *q, struct answer *a)
{
	if (seteuid((uid_t)q->euid) < 0)
		die("seteuid");
	for (int i = 0; i < OPENS; i++) {
		int fd = open(q->name, O_RDONLY);

		a->opened[i] = error_of(fd);
		if (fd >= 0)
			close(fd);
	}
	a->cut = error_of(truncate(q->name, 4));
	if (seteuid(0) < 0)
		die("seteuid");
}

static int asks(void)
{
	struct request q;
	struct answer a;

	while (read(0, &q, sizeof(q)) == (ssize_t)sizeof(q)) {
		answer(&q, &a);
		if (write(1, &a, sizeof(a)) != (ssize_t)sizeof(a))
			return 2;
	}
	return 0;
}

/* ---- who changes ---- */

static void done(const char *what, const char *a, const char *b)
{
	snprintf(log_lines[logged++ % COUNT(log_lines)], sizeof(log_lines[0]), "%s %s %s", what, a, b);
}

static void file_name(char ret[NAME])
{
	snprintf(ret, NAME, "%s/%s", dirs[pick(COUNT(dirs))], files[pick(COUNT(files))]);
}

static void make(const char *name)
{
	int fd = open(name, O_WRONLY | O_CREAT, 0666);

	if (fd < 0)
		return;
	if (write(fd, "1234", 4) != 4)
		die("write");
	close(fd);
	chmod(name, 0666);
}

static void drop_caches(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY);

	if (fd < 0 || write(fd, "2", 1) != 1)
		die("drop_caches");
	close(fd);
}

/* One change; most can fail, as a file is not there or a directory not empty. */
static void change(void)
{
	const char *d1 = dirs[1 + pick(COUNT(dirs) - 1)], *d2 = dirs[1 + pick(COUNT(dirs) - 1)];
	char a[NAME], b[NAME];

	file_name(a);
	file_name(b);
	switch (pick(16)) {
	case 0:
	case 1:
		done("rename", a, b);
		rename(a, b);
		break;
	case 2:
		done("rename", d1, d2);
		rename(d1, d2);
		break;
	case 3:
	case 4:
		done("link", a, b);
		link(a, b);
		break;
	case 5:
	case 6:
		done("unlink", a, "");
		unlink(a);
		break;
	case 7:
	case 8:
		done("make", a, "");
		make(a);
		break;
	case 9:
		done("mkdir", d1, "");
		mkdir(d1, 0777);
		chmod(d1, 0777);
		break;
	case 10:
		done("bind", d1, d2);
		mount(d1, d2, NULL, MS_BIND, NULL);
		break;
	case 11:
		done("umount", d1, "");
		umount2(d1, MNT_DETACH);
		break;
	case 12:
		done("chown", a, "");
		(void)!chown(a, pick(2) ? 1000 : 0, 0);
		break;
	case 13:
		if (pick(8) == 0) {
			done("drop_caches", "", "");
			drop_caches();
		}
		break;
	case 14: /* a link whose other name goes: the inode has one name again */
		done("link and unlink", a, b);
		if (link(a, b) == 0)
			unlink(a);
		break;
	default: /* nothing: what was remembered is asked again */
		done("nothing", "", "");
	}
}

static int start(const char *confined)
{
	int s[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, s) < 0)
		die("socketpair");
	switch (fork()) {
	case -1:
		die("fork");
		break;
	case 0:
		dup2(s[1], 0);
		dup2(s[1], 1);
		close(s[0]);
		execl(confined, confined, "asks", (char *)NULL);
		die(confined);
	}
	close(s[1]);
	return s[0];
}

static int disagree(const struct answer *a)
{
	for (int i = 0; i < OPENS; i++)
		if ((a->opened[i] == EPERM) != (a->cut == EPERM))
			return 1;
	return 0;
}

int main(int argc, char **argv)
{
	unsigned long opens = 0, refused = 0, wrong = 0;
	int s;

	if (argc == 2 && strcmp(argv[1], "asks") == 0)
		return asks();
	if (argc != 4)
		return 2;
	seed = strtoull(argv[1], NULL, 10);
	s = start(argv[3]);
	for (unsigned long n = strtoul(argv[2], NULL, 10); n > 0; n--) {
		struct request q = {.euid = pick(4) == 0 ? 1000 : 0};
		struct answer a;

		change();
		for (unsigned int i = 0; i < 2; i++) {
			file_name(q.name);
			if (write(s, &q, sizeof(q)) != (ssize_t)sizeof(q) || recv(s, &a, sizeof(a), MSG_WAITALL) != (ssize_t)sizeof(a))
				die("the confined process");
			opens += a.cut != ENOENT;
			refused += a.cut == EPERM;
			if (disagree(&a) && wrong++ < 3) {
				fprintf(stderr, "%s by %d: opened %d %d %d, cut %d, after\n", q.name, q.euid, a.opened[0], a.opened[1], a.opened[2], a.cut);
				for (unsigned int k = logged > 8 ? logged - 8 : 0; k < logged; k++)
					fprintf(stderr, "    %s\n", log_lines[k % COUNT(log_lines)]);
			}
		}
	}
	close(s);
	wait(NULL);
	printf("opens %lu, refused %lu, disagreements %lu\n", opens * OPENS, refused, wrong);
	return wrong != 0;
}
