/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded into the enforcer: a kernel whose bpf(2) verifies nothing and runs nothing. Its maps, programs and links are files without a name on the tmpfs
 * that stands for the BPF file system; to pin one is to link it there, so that what is pinned outlives processes and nothing else does. Shared by
 * processes as the kernel is. tests/fail/enforcer sets up the place. A self-test passes if a link for its hook is pinned.
 *
 *     FAIL_BPF=N       the N-th bpf(2) fails with ENOMEM; FAIL_ERRNO=E with another number
 *     FAIL_BPF_COUNT=FILE  how many there were
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "abi.h"

#define PLACE "/sys/fs/bpf"
#define OURS PLACE "/bailiff"
#define IDS "/run/bailiff-ids"
#define ATTRIBUTE "trusted.bpf"
#define NCPUS 64u /* at most: percpu values are stored for all of them */

enum kind { MAP = 1, PROGRAM, LINK, TYPES };

/* The attribute of an object's file. Its content: of a map the values (of a hash records of a byte, key and value), of a program its func_info, of
 * types they themselves. */
struct object {
	uint32_t kind, id;
	uint32_t type, key_size, value_size, max, flags, frozen; /* of a map; of a program its type */
	uint32_t btf_id, nfunctions;				  /* of a program */
	uint32_t program;					  /* of a link */
	char name[BPF_OBJ_NAME_LEN];
};

static long (*real_syscall)(long, ...);
static int (*real_open)(const char *, int, ...);
static int (*real_execve)(const char *, char *const *, char *const *);
static int (*real_statfs)(const char *, struct statfs *);
static unsigned long count, fail_at;
static int fail_errno = ENOMEM;
static struct {
	uint32_t id;
	int fd;
} types[256]; /* BTF, as long as the process lives, the last of an id's low bits */
#define TYPE(id) types[(id) % (sizeof(types) / sizeof(types[0]))]

__attribute__((constructor)) static void begin(void)
{
	const char *at = getenv("FAIL_BPF"), *e = getenv("FAIL_ERRNO");

	*(void **)&real_syscall = dlsym(RTLD_NEXT, "syscall");
	*(void **)&real_open = dlsym(RTLD_NEXT, "open");
	*(void **)&real_execve = dlsym(RTLD_NEXT, "execve");
	*(void **)&real_statfs = dlsym(RTLD_NEXT, "statfs");
	fail_at = at ? strtoul(at, NULL, 10) : 0;
	if (e)
		fail_errno = atoi(e);
}

__attribute__((destructor)) static void end(void)
{
	const char *path = getenv("FAIL_BPF_COUNT");
	char text[32];
	int fd, n = snprintf(text, sizeof(text), "%lu\n", count);

	if (!path)
		return;
	fd = real_open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, text, (size_t)n) != n)
		_exit(99);
	close(fd);
}

/* ---- objects ---- */

static uint32_t next_id(void)
{
	int fd = real_open(IDS, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	struct stat st;
	bool fine = fd >= 0 && write(fd, "", 1) == 1 && fstat(fd, &st) == 0;

	if (!fine)
		_exit(98);
	close(fd);
	return (uint32_t)st.st_size;
}

static int object_put(int fd, const struct object *o)
{
	return fsetxattr(fd, ATTRIBUTE, o, sizeof(*o), 0);
}

static int object_get(int fd, struct object *o)
{
	if (fgetxattr(fd, ATTRIBUTE, o, sizeof(*o)) == (ssize_t)sizeof(*o))
		return 0;
	errno = EINVAL;
	return -1;
}

static int object_make(struct object *o, const void *content, size_t size)
{
	int fd = real_open(PLACE, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0)
		return -1;
	o->id = next_id();
	if (object_put(fd, o) == 0 && (!content || pwrite(fd, content, size, 0) == (ssize_t)size) && (content || ftruncate(fd, (off_t)size) == 0))
		return fd;
	close(fd);
	return -1;
}

/* ---- maps ---- */

static bool is_hash(const struct object *o)
{
	return o->type == BPF_MAP_TYPE_HASH || o->type == BPF_MAP_TYPE_LRU_HASH;
}

static size_t value_bytes(const struct object *o)
{
	if (o->type == BPF_MAP_TYPE_PERCPU_ARRAY)
		return (size_t)NCPUS * ((o->value_size + 7) & ~7u);
	return o->type == BPF_MAP_TYPE_ARRAY_OF_MAPS ? sizeof(uint32_t) : o->value_size;
}

static int map_create(const union bpf_attr *a)
{
	struct object o = {.kind = MAP, .type = a->map_type, .key_size = a->key_size, .value_size = a->value_size, .max = a->max_entries, .flags = a->map_flags};
	size_t size = 0;

	memcpy(o.name, a->map_name, sizeof(o.name));
	if (o.type == BPF_MAP_TYPE_ARRAY || o.type == BPF_MAP_TYPE_PERCPU_ARRAY || o.type == BPF_MAP_TYPE_ARRAY_OF_MAPS)
		size = (value_bytes(&o) * o.max + 4095) & ~(size_t)4095;
	return object_make(&o, NULL, size);
}

/* Where the value of a key is, 0 and ENOENT: nowhere; free: where one could be put. */
static off_t place(int fd, const struct object *o, const void *key, off_t *free_at)
{
	size_t record = 1 + (size_t)o->key_size + o->value_size;
	char buf[65536];
	off_t at = 0;
	uint32_t i;

	if (!is_hash(o)) {
		memcpy(&i, key, sizeof(i));
		*free_at = -1;
		errno = ENOENT;
		return i < o->max ? (off_t)(i * value_bytes(o)) : -1;
	}
	*free_at = -1;
	for (; pread(fd, buf, 1 + o->key_size, at) == (ssize_t)(1 + o->key_size); at += (off_t)record) {
		if (buf[0] == 1 && memcmp(buf + 1, key, o->key_size) == 0)
			return at + 1 + (off_t)o->key_size;
		if (buf[0] != 1 && *free_at < 0)
			*free_at = at;
	}
	if (*free_at < 0)
		*free_at = at;
	errno = ENOENT;
	return -1;
}

static int map_lookup(int fd, const struct object *o, const union bpf_attr *a)
{
	void *value = (void *)(uintptr_t)a->value;
	size_t size = value_bytes(o);
	off_t free_at, at = place(fd, o, (void *)(uintptr_t)a->key, &free_at);

	if (at < 0)
		return -1;
	if (o->type == BPF_MAP_TYPE_PERCPU_ARRAY)
		size = (size_t)sysconf(_SC_NPROCESSORS_CONF) * ((o->value_size + 7) & ~7u);
	if (pread(fd, value, size, at) != (ssize_t)size)
		return -1;
	errno = ENOENT;
	return o->type == BPF_MAP_TYPE_ARRAY_OF_MAPS && *(uint32_t *)value == 0 ? -1 : 0;
}

static int map_update(int fd, const struct object *o, const union bpf_attr *a)
{
	const void *key = (const void *)(uintptr_t)a->key, *value = (const void *)(uintptr_t)a->value;
	off_t free_at, at = place(fd, o, key, &free_at);
	struct object inner;
	char record[65536];

	errno = EPERM;
	if (o->frozen)
		return -1;
	if (o->type == BPF_MAP_TYPE_ARRAY_OF_MAPS) {
		if (object_get(*(const int *)value, &inner) < 0)
			return -1;
		value = &inner.id;
	}
	errno = EEXIST;
	if (is_hash(o) && at >= 0 && a->flags == BPF_NOEXIST)
		return -1;
	if (at >= 0)
		return pwrite(fd, value, value_bytes(o), at) == (ssize_t)value_bytes(o) ? 0 : -1;
	errno = E2BIG;
	if (!is_hash(o))
		return -1;
	record[0] = 1;
	memcpy(record + 1, key, o->key_size);
	memcpy(record + 1 + o->key_size, value, o->value_size);
	return pwrite(fd, record, 1 + o->key_size + o->value_size, free_at) > 0 ? 0 : -1;
}

static int map_delete(int fd, const struct object *o, const union bpf_attr *a)
{
	off_t free_at, at = place(fd, o, (void *)(uintptr_t)a->key, &free_at);
	uint32_t none = 0;

	if (at < 0)
		return -1;
	if (o->type == BPF_MAP_TYPE_ARRAY_OF_MAPS)
		return pwrite(fd, &none, sizeof(none), at) == sizeof(none) ? 0 : -1;
	return pwrite(fd, "", 1, at - 1 - (off_t)o->key_size) == 1 ? 0 : -1;
}

static int map_call(int cmd, const union bpf_attr *a)
{
	int fd = (int)a->map_fd;
	struct object o;

	if (object_get(fd, &o) < 0)
		return -1;
	switch (cmd) {
	case BPF_MAP_LOOKUP_ELEM:
		return map_lookup(fd, &o, a);
	case BPF_MAP_UPDATE_ELEM:
		return map_update(fd, &o, a);
	case BPF_MAP_DELETE_ELEM:
		return map_delete(fd, &o, a);
	case BPF_MAP_FREEZE:
		o.frozen = 1;
		return object_put(fd, &o);
	}
	errno = ENOENT; /* the next key: of nothing that a load or an unload goes through */
	return -1;
}

/* ---- programs, links, types ---- */

static int prog_load(const union bpf_attr *a)
{
	struct object o = {.kind = PROGRAM, .type = a->prog_type, .nfunctions = a->func_info_cnt}, btf;

	memcpy(o.name, a->prog_name, sizeof(o.name));
	if (a->prog_btf_fd != 0 && object_get((int)a->prog_btf_fd, &btf) == 0)
		o.btf_id = btf.id;
	return object_make(&o, (void *)(uintptr_t)a->func_info, (size_t)a->func_info_cnt * a->func_info_rec_size);
}

static int link_make(int prog)
{
	struct object p, o = {.kind = LINK};

	if (object_get(prog, &p) < 0)
		return -1;
	o.program = p.id;
	return object_make(&o, NULL, 0);
}

static int btf_load(const union bpf_attr *a)
{
	struct object o = {.kind = TYPES};
	int fd = object_make(&o, (void *)(uintptr_t)a->btf, a->btf_size);

	if (fd < 0)
		return fd;
	if (TYPE(o.id).id != 0)
		close(TYPE(o.id).fd);
	TYPE(o.id).id = o.id;
	TYPE(o.id).fd = fcntl(fd, F_DUPFD_CLOEXEC, 100);
	return fd;
}

static int btf_by_id(uint32_t id)
{
	if (TYPE(id).id == id)
		return fcntl(TYPE(id).fd, F_DUPFD_CLOEXEC, 3);
	errno = ENOENT;
	return -1;
}

/* Those without a pin have gone, whoever asks: nobody keeps one open. */
static int prog_by_id(uint32_t id)
{
	static const char *const dirs[] = {OURS "/progs", OURS "/parts"};
	char command[512], line[256] = "";
	struct object o;

	for (size_t i = 0; i < 2; i++) {
		FILE *f;

		(void)snprintf(command, sizeof(command), "ls -d %s/* 2>/dev/null", dirs[i]);
		f = popen(command, "re");
		while (f && fgets(line, sizeof(line), f)) {
			int fd;

			line[strcspn(line, "\n")] = '\0';
			fd = real_open(line, O_RDWR | O_CLOEXEC);
			if (fd >= 0 && object_get(fd, &o) == 0 && o.id == id) {
				pclose(f);
				return fd;
			}
			if (fd >= 0)
				close(fd);
		}
		if (f)
			pclose(f);
	}
	errno = ENOENT;
	return -1;
}

static int info_of_prog(int fd, const struct object *o, union bpf_attr *a)
{
	struct bpf_prog_info *i = (void *)(uintptr_t)a->info.info, want = *i;
	uint32_t n = want.nr_func_info < o->nfunctions ? want.nr_func_info : o->nfunctions;

	*i = (struct bpf_prog_info){.type = o->type, .id = o->id, .btf_id = o->btf_id, .nr_func_info = o->nfunctions, .func_info_rec_size = sizeof(struct bpf_func_info), .func_info = want.func_info};
	memcpy(i->name, o->name, sizeof(o->name));
	return n > 0 && want.func_info != 0 && pread(fd, (void *)(uintptr_t)want.func_info, n * sizeof(struct bpf_func_info), 0) < 0 ? -1 : 0;
}

static int info_of_btf(int fd, const struct object *o, union bpf_attr *a)
{
	struct bpf_btf_info *i = (void *)(uintptr_t)a->info.info;
	struct stat st;

	if (fstat(fd, &st) < 0 || (i->btf != 0 && pread(fd, (void *)(uintptr_t)i->btf, i->btf_size, 0) < 0))
		return -1;
	i->btf_size = (uint32_t)st.st_size;
	i->id = o->id;
	return 0;
}

static int info(union bpf_attr *a)
{
	struct bpf_map_info *m = (void *)(uintptr_t)a->info.info;
	struct bpf_link_info *l = (void *)(uintptr_t)a->info.info;
	int fd = (int)a->info.bpf_fd;
	struct object o;

	if (object_get(fd, &o) < 0)
		return -1;
	switch (o.kind) {
	case PROGRAM:
		return info_of_prog(fd, &o, a);
	case TYPES:
		return info_of_btf(fd, &o, a);
	case LINK:
		*l = (struct bpf_link_info){.id = o.id, .prog_id = o.program};
		return 0;
	}
	*m = (struct bpf_map_info){.type = o.type, .id = o.id, .key_size = o.key_size, .value_size = o.value_size, .max_entries = o.max, .map_flags = o.flags};
	memcpy(m->name, o.name, sizeof(o.name));
	return 0;
}

/* ---- the call ---- */

static int pin(const union bpf_attr *a)
{
	char from[64];

	(void)snprintf(from, sizeof(from), "/proc/self/fd/%u", a->bpf_fd);
	return linkat(AT_FDCWD, from, AT_FDCWD, (const char *)(uintptr_t)a->pathname, AT_SYMLINK_FOLLOW);
}

static int get(const union bpf_attr *a)
{
	int fd = real_open((const char *)(uintptr_t)a->pathname, O_RDWR | O_CLOEXEC);
	struct object o;

	if (fd < 0 || object_get(fd, &o) == 0)
		return fd;
	close(fd);
	return -1;
}

static int call(int cmd, union bpf_attr *a)
{
	switch (cmd) {
	case BPF_MAP_CREATE:
		return map_create(a);
	case BPF_MAP_LOOKUP_ELEM:
	case BPF_MAP_UPDATE_ELEM:
	case BPF_MAP_DELETE_ELEM:
	case BPF_MAP_GET_NEXT_KEY:
	case BPF_MAP_FREEZE:
		return map_call(cmd, a);
	case BPF_PROG_LOAD:
		return prog_load(a);
	case BPF_OBJ_PIN:
		return pin(a);
	case BPF_OBJ_GET:
		return get(a);
	case BPF_RAW_TRACEPOINT_OPEN:
		return link_make((int)a->raw_tracepoint.prog_fd);
	case BPF_LINK_CREATE:
		return link_make((int)a->link_create.prog_fd);
	case BPF_OBJ_GET_INFO_BY_FD:
		return info(a);
	case BPF_BTF_LOAD:
		return btf_load(a);
	case BPF_BTF_GET_FD_BY_ID:
		return btf_by_id(a->btf_id);
	case BPF_PROG_GET_FD_BY_ID:
		return prog_by_id(a->prog_id);
	case BPF_PROG_BIND_MAP:
		return 0;
	}
	errno = EINVAL;
	return -1;
}

long syscall(long number, ...)
{
	long a[6];
	va_list ap;

	va_start(ap, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	if (number != SYS_bpf)
		return real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
	if (++count == fail_at) {
		errno = fail_errno;
		return -1;
	}
	return call((int)a[0], (union bpf_attr *)a[1]);
}

/* ---- the rest of the machine ---- */

int statfs(const char *path, struct statfs *ret)
{
	int r = real_statfs(path, ret);

	if (r == 0 && strcmp(path, PLACE) == 0)
		ret->f_type = BPF_FS_MAGIC;
	return r;
}

/* Is it the self-test's child, and is there a hook for what it does? Then its question is noted. */
static bool refused(const char *path, const char *hook, uint32_t op)
{
	char pinned[128];
	struct bl_control c;
	int fd;
	bool mine;

	(void)snprintf(pinned, sizeof(pinned), OURS "/links/%s", hook);
	if (strcmp(path, "/proc/self/exe") != 0 || access(pinned, F_OK) != 0)
		return false;
	fd = real_open(OURS "/maps/control", O_RDWR | O_CLOEXEC);
	mine = fd >= 0 && pread(fd, &c, sizeof(c), 0) == (ssize_t)sizeof(c) && c.probe_tgid == (uint32_t)getpid();
	if (mine) {
		c.probe_seen |= BL_OP_BIT(op);
		mine = pwrite(fd, &c, sizeof(c), 0) == (ssize_t)sizeof(c);
	}
	if (fd >= 0)
		close(fd);
	errno = BL_PROBE_ERRNO;
	return mine;
}

int open(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	return refused(path, "file_open", BL_OP_READ) ? -1 : real_open(path, flags, mode);
}

int execve(const char *path, char *const *argv, char *const *envp)
{
	return refused(path, "bprm_check_security", BL_OP_EXEC) ? -1 : real_execve(path, argv, envp);
}
