// SPDX-License-Identifier: GPL-2.0-or-later
/* Probes of ways round that are about no one rule: other calls that do the same, code from elsewhere, routes, what the kernel does for a process. */
#include "probe.h"

#include <arpa/inet.h>
#include <elf.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/fscrypt.h>
#include <linux/fsverity.h>
#include <linux/mount.h>
#include <linux/seccomp.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#define PAGE 4096u

/* A descriptor is closed; the errno of what was done with it. */
static int closed(int fd, int err)
{
	if (fd >= 0)
		close(fd);
	return err;
}

static int opened(const char *path, int flags)
{
	return open(path, flags | O_CLOEXEC, 0600);
}

/* ---- files: by io_uring ---- */

static int do_uring_openat2(const char *path)
{
	uint64_t how[3] = { O_RDONLY };

	return uring((struct io_uring_sqe){ .opcode = IORING_OP_OPENAT2, .fd = AT_FDCWD, .addr = (uint64_t)path, .len = sizeof(how),
					    .off = (uint64_t)how }, 0);
}

/* Into the ring's table and no descriptor. */
static int do_uring_direct(const char *path)
{
	int null = opened("/dev/null", O_RDONLY);

	return closed(null, uring_table((struct io_uring_sqe){ .opcode = IORING_OP_OPENAT, .fd = AT_FDCWD, .addr = (uint64_t)path,
							       .open_flags = O_RDONLY, .file_index = 1 }, null));
}

static int uring_two(const char *both, uint8_t opcode, uint32_t flags)
{
	char from[4096];
	const char *to = word(both, from, sizeof(from));

	return uring((struct io_uring_sqe){ .opcode = opcode, .fd = AT_FDCWD, .addr = (uint64_t)from, .len = (uint32_t)AT_FDCWD,
					    .off = (uint64_t)to, .rename_flags = flags }, 0);
}

static int do_uring_rename(const char *both)
{
	return uring_two(both, IORING_OP_RENAMEAT, 0);
}

static int do_uring_exchange(const char *both)
{
	return uring_two(both, IORING_OP_RENAMEAT, 2 /* RENAME_EXCHANGE */);
}

static int do_uring_link(const char *both)
{
	return uring_two(both, IORING_OP_LINKAT, 0);
}

static int do_uring_symlink(const char *path)
{
	return uring((struct io_uring_sqe){ .opcode = IORING_OP_SYMLINKAT, .fd = AT_FDCWD, .addr = (uint64_t) "/nowhere", .off = (uint64_t)path }, 0);
}

static int do_uring_unlink(const char *path)
{
	return uring((struct io_uring_sqe){ .opcode = IORING_OP_UNLINKAT, .fd = AT_FDCWD, .addr = (uint64_t)path }, 0);
}

static int do_uring_mkdir(const char *path)
{
	return uring((struct io_uring_sqe){ .opcode = IORING_OP_MKDIRAT, .fd = AT_FDCWD, .addr = (uint64_t)path, .len = 0755 }, 0);
}

static int do_uring_setxattr(const char *path)
{
	return uring((struct io_uring_sqe){ .opcode = IORING_OP_SETXATTR, .addr = (uint64_t) "trusted.probe", .off = (uint64_t) "u", .addr3 = (uint64_t)path,
					    .len = 1 }, 0);
}

static int do_uring_fsetxattr(const char *path)
{
	int fd = opened(path, O_RDONLY);

	return fd < 0 ? errno :
			closed(fd, uring((struct io_uring_sqe){ .opcode = IORING_OP_FSETXATTR, .fd = fd, .addr = (uint64_t) "trusted.probe",
								.off = (uint64_t) "u", .len = 1 }, 0));
}

/* ---- rings of somebody else ---- */

struct ring {
	int fd;
	struct io_uring_params p;
	char *at;
	struct io_uring_sqe *sqes;
};

/* fd -1: a new one, which programs inherit; otherwise one that was made with these flags, of which a new one like it says the layout. */
static int ring_get(struct ring *r, int fd, unsigned int flags)
{
	int one;

	memset(r, 0, sizeof(*r));
	r->p.flags = flags;
	r->p.sq_thread_idle = 60000;
	one = (int)syscall(SYS_io_uring_setup, 4, &r->p);
	if (one < 0)
		return errno;
	if (fd >= 0)
		close(one);
	else
		fcntl(one, F_SETFD, 0);
	r->fd = fd >= 0 ? fd : one;
	r->at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, IORING_OFF_SQ_RING);
	r->sqes = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, (off_t)IORING_OFF_SQES);
	return r->at == MAP_FAILED || r->sqes == MAP_FAILED ? errno : 0;
}

/* What became of one request. */
static int ring_ask(struct ring *r, struct io_uring_sqe sqe)
{
	unsigned int *tail = (unsigned int *)(void *)(r->at + r->p.sq_off.tail), *done = (unsigned int *)(void *)(r->at + r->p.cq_off.tail);
	unsigned int place = *tail & 3, before = __atomic_load_n(done, __ATOMIC_ACQUIRE);

	r->sqes[place] = sqe;
	((unsigned int *)(void *)(r->at + r->p.sq_off.array))[place] = place;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	for (int i = 0; i < 3000; i++) {
		syscall(SYS_io_uring_enter, r->fd, i == 0 ? 1 : 0, 0, r->p.flags & IORING_SETUP_SQPOLL ? IORING_ENTER_SQ_WAKEUP : IORING_ENTER_GETEVENTS, NULL, 0);
		if (__atomic_load_n(done, __ATOMIC_ACQUIRE) != before) {
			__atomic_store_n((unsigned int *)(void *)(r->at + r->p.cq_off.head), before + 1, __ATOMIC_RELEASE);
			return ((struct io_uring_cqe *)(void *)(r->at + r->p.cq_off.cqes))[before & 7].res;
		}
		usleep(1000);
	}
	return -ETIME;
}

static char ring_path[4096]; /* at the same address in every copy of this program */

/* "FD": puts an open of what the maker of the ring has in ring_path into its ring */
static int do_ring_open(const char *fd)
{
	struct ring r;
	int err = ring_get(&r, atoi(fd), IORING_SETUP_SQPOLL), res;

	if (err != 0)
		return err;
	res = ring_ask(&r, (struct io_uring_sqe){ .opcode = IORING_OP_OPENAT, .fd = AT_FDCWD, .addr = (uint64_t)ring_path, .open_flags = O_RDONLY });
	return res < 0 ? -res : 0;
}

/* "PROGRAM FILE": a ring with a thread that polls, which PROGRAM inherits */
static int do_ring_poll(const char *text)
{
	char program[1024], child[2048];
	const char *file = word(text, program, sizeof(program));
	struct ring r;
	int err = ring_get(&r, -1, IORING_SETUP_SQPOLL);

	if (err != 0)
		return err;
	snprintf(ring_path, sizeof(ring_path), "%s", file);
	snprintf(child, sizeof(child), "%s ring-open %d", program, r.fd);
	return closed(r.fd, run_program(child));
}

/* "FD": reads what arrives in the table of the ring */
static int do_ring_read(const char *fd)
{
	char data[8];
	struct ring r;
	int err = ring_get(&r, atoi(fd), 0), res = -EBADF;

	for (int i = 0; err == 0 && i < 300 && res == -EBADF; i++) {
		res = ring_ask(&r, (struct io_uring_sqe){ .opcode = IORING_OP_READ, .flags = IOSQE_FIXED_FILE, .addr = (uint64_t)data, .len = sizeof(data) });
		usleep(10000);
	}
	return err ? err : res < 0 ? -res : 0;
}

/* "PROGRAM FILE": a ring that PROGRAM inherits, into whose table FILE comes by IORING_MSG_SEND_FD meanwhile */
static int do_ring_send(const char *text)
{
	char program[1024], child[2048];
	const char *file = word(text, program, sizeof(program));
	int fd = opened(file, O_RDONLY), none = -1, err, sent = 0;
	struct ring from, to;
	pid_t pid;

	err = fd < 0 ? errno : ring_get(&to, -1, 0);
	if (err == 0)
		err = ring_get(&from, -1, 0);
	if (err == 0)
		err = result((int)syscall(SYS_io_uring_register, to.fd, IORING_REGISTER_FILES, &none, 1));
	if (err == 0)
		err = result((int)syscall(SYS_io_uring_register, from.fd, IORING_REGISTER_FILES, &fd, 1));
	if (err != 0)
		return err;
	fcntl(from.fd, F_SETFD, FD_CLOEXEC);
	pid = fork();
	if (pid == 0) {
		usleep(700000);
		sent = ring_ask(&from, (struct io_uring_sqe){ .opcode = 40 /* IORING_OP_MSG_RING */, .fd = to.fd, .addr = 1 /* IORING_MSG_SEND_FD */,
							      .file_index = 1 });
		_exit(sent < 0);
	}
	snprintf(child, sizeof(child), "%s ring-read %d", program, to.fd);
	err = run_program(child);
	waitpid(pid, &sent, 0);
	close(from.fd);
	close(fd);
	return closed(to.fd, err != 0 ? err : sent != 0 ? ENOTRECOVERABLE : 0);
}

/* ---- files: their contents by other calls ---- */

/* "FROM TO", with an ioctl or copy_file_range(2) */
static int copied(const char *both, int how)
{
	struct file_clone_range range = { 0 };
	union {
		struct file_dedupe_range d;
		char room[sizeof(struct file_dedupe_range) + sizeof(struct file_dedupe_range_info)];
	} same = { .d = { .src_length = PAGE, .dest_count = 1 } };
	char from[4096];
	const char *to = word(both, from, sizeof(from));
	int in = opened(from, O_RDONLY), out = in < 0 ? -1 : opened(to, O_WRONLY), err = errno;

	if (out < 0)
		return closed(in, err);
	range.src_fd = in;
	same.d.info[0].dest_fd = out;
	if (how == 0)
		err = result(ioctl(out, FICLONE, in));
	else if (how == 1)
		err = result(ioctl(out, FICLONERANGE, &range));
	else if (how == 2)
		err = result(ioctl(in, FIDEDUPERANGE, &same));
	else
		err = result((int)copy_file_range(in, NULL, out, NULL, PAGE, 0));
	close(in);
	return closed(out, err);
}

static int do_clone(const char *both) { return copied(both, 0); }
static int do_clone_range(const char *both) { return copied(both, 1); }
static int do_dedupe(const char *both) { return copied(both, 2); }
static int do_copy_range(const char *both) { return copied(both, 3); }

/* open(2) of the 32-bit system calls */
static int do_int80_read(const char *path)
{
	char *low = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	int r;

	if (low == MAP_FAILED)
		return errno;
	snprintf(low, PAGE, "%s", path);
	__asm__ volatile("int $0x80" : "=a"(r) : "a"(5), "b"((uint32_t)(uintptr_t)low), "c"(O_RDONLY), "d"(0) : "memory", "r8", "r9", "r10", "r11");
	munmap(low, PAGE);
	if (r >= 0)
		close(r);
	return r < 0 ? -r : 0;
}

/* The descriptor of an event: somebody else opens the file meanwhile. */
static int do_fanotify(const char *path)
{
	struct fanotify_event_metadata m[8];
	int fan = fanotify_init(FAN_CLASS_NOTIF | FAN_CLOEXEC, O_RDONLY | O_CLOEXEC), err;
	ssize_t n;

	err = result(fan < 0 ? -1 : fanotify_mark(fan, FAN_MARK_ADD, FAN_OPEN, AT_FDCWD, path));
	if (err != 0)
		return closed(fan, err);
	n = read(fan, m, sizeof(m));
	err = result((int)n);
	if (n > 0 && m[0].fd >= 0)
		close(m[0].fd);
	else if (n > 0)
		err = -m[0].fd;
	return closed(fan, err);
}

/* Stays open, and mapped, for as long as the process lives: in /proc/PID/fd and /proc/PID/map_files. */
static int do_keep(const char *path)
{
	int fd = opened(path, O_RDONLY);

	if (fd < 0)
		return errno;
	return mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED ? errno : 0;
}

static int do_acct(const char *path)
{
	int err = result(acct(path));

	if (err == 0)
		acct(NULL);
	return err;
}

static int do_swapon(const char *path)
{
	int err = result(swapon(path, 0));

	if (err == 0)
		swapoff(path);
	return err;
}

/* "N LINK A B": a symbolic link that leads to A and to B, in turn, by renames */
static int do_flip(const char *text)
{
	char n[16], link[2048], a[2048], tmp[4096];
	const char *b = word(word(word(text, n, sizeof(n)), link, sizeof(link)), a, sizeof(a));

	snprintf(tmp, sizeof(tmp), "%s.new", link);
	for (int i = 0; i < atoi(n); i++)
		if (symlink(i % 2 ? a : b, tmp) < 0 || rename(tmp, link) < 0)
			return errno;
	return 0;
}

/* "N FILE": reads it so often. EBADMSG: once it began with "secret"; ENODATA: never was there anything to read. */
static int do_leak(const char *text)
{
	char n[16], data[8];
	const char *path = word(text, n, sizeof(n));
	int err = ENODATA;

	for (int i = 0; i < atoi(n) && err != EBADMSG; i++) {
		int fd = opened(path, O_RDONLY);

		if (fd >= 0 && read(fd, data, sizeof(data)) >= 6)
			err = memcmp(data, "secret", 6) == 0 ? EBADMSG : 0;
		if (fd >= 0)
			close(fd);
	}
	return err;
}

/* ---- files: attributes that are for good ---- */

static int attr_ioctl(const char *path, unsigned long request, void *arg)
{
	int fd = opened(path, O_RDONLY);

	return fd < 0 ? errno : closed(fd, result(ioctl(fd, request, arg)));
}

static int do_verity(const char *path)
{
	struct fsverity_enable_arg arg = { .version = 1, .hash_algorithm = FS_VERITY_HASH_ALG_SHA256, .block_size = PAGE };

	return attr_ioctl(path, FS_IOC_ENABLE_VERITY, &arg);
}

static int do_encrypt(const char *path)
{
	struct fscrypt_policy_v1 arg = { .version = FSCRYPT_POLICY_V1, .contents_encryption_mode = FSCRYPT_MODE_AES_256_XTS,
					 .filenames_encryption_mode = FSCRYPT_MODE_AES_256_CTS, .flags = FSCRYPT_POLICY_FLAGS_PAD_32 };

	return attr_ioctl(path, FS_IOC_SET_ENCRYPTION_POLICY, &arg);
}

static int do_generation(const char *path)
{
	int number = 4711;

	return attr_ioctl(path, FS_IOC_SETVERSION, &number);
}

static int do_generation_ext4(const char *path)
{
	int number = 4712;

	return attr_ioctl(path, _IOW('f', 4, long), &number);
}

/* setxattrat(2), removexattrat(2), since 6.13 */
static int do_setxattrat(const char *path)
{
	struct {
		uint64_t value;
		uint32_t size, flags;
	} args = { .value = (uint64_t) "a", .size = 1 };

	return result((int)syscall(463, AT_FDCWD, path, 0, "trusted.probe", &args, sizeof(args)));
}

static int do_removexattrat(const char *path)
{
	return result((int)syscall(466, AT_FDCWD, path, 0, "trusted.probe"));
}

/* fchmodat2(2) of an O_PATH descriptor, since 6.6 */
static int do_fchmodat2(const char *path)
{
	int fd = opened(path, O_PATH);

	return fd < 0 ? errno : closed(fd, result((int)syscall(452, fd, "", 0640, AT_EMPTY_PATH)));
}

/* cap_net_raw+p: struct vfs_cap_data in linux/capability.h */
static int do_file_capability(const char *path)
{
	static const unsigned char cap[20] = { 0, 0, 0, 2, 0, 0x20 };

	return result(setxattr(path, "security.capability", cap, sizeof(cap), 0));
}

/* ---- appending only, in other ways ---- */

static int do_append_at(const char *path)
{
	struct iovec iov = { .iov_base = (char *)"x", .iov_len = 1 };
	int fd = opened(path, O_WRONLY | O_APPEND);

	return fd < 0 ? errno : closed(fd, result((int)pwritev2(fd, &iov, 1, 0, 0x20 /* RWF_NOAPPEND */)));
}

static int do_append_punch(const char *path)
{
	int fd = opened(path, O_WRONLY | O_APPEND);

	return fd < 0 ? errno : closed(fd, result(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 1)));
}

/* ---- mounts ---- */

/* "FROM PLACE": below what is mounted at PLACE, since 6.5 */
static int do_beneath(const char *both)
{
	char from[4096];
	const char *to = word(both, from, sizeof(from));
	int mnt = (int)syscall(SYS_open_tree, AT_FDCWD, from, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	return mnt < 0 ? errno :
			 closed(mnt, result((int)syscall(SYS_move_mount, mnt, "", AT_FDCWD, to, MOVE_MOUNT_F_EMPTY_PATH | 0x200 /* MOVE_MOUNT_BENEATH */)));
}

static int do_mount_attr(const char *path)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_NODEV };

	return result((int)syscall(SYS_mount_setattr, AT_FDCWD, path, 0, &attr, sizeof(attr)));
}

/* "TYPE FILE": a file system that is mounted nowhere; FILE is made in it */
static int do_unmounted(const char *text)
{
	char type[64];
	const char *name = word(text, type, sizeof(type));
	int fs = (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC), mnt, err;

	err = result(fs < 0 ? -1 : (int)syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0));
	if (err != 0)
		return closed(fs, err);
	mnt = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, 0);
	close(fs);
	err = result(mnt < 0 ? -1 : openat(mnt, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	return closed(mnt, err);
}

/* ---- code ---- */

/* Starts the program and waits for it. 0: it ended with 42. Else the errno of the exec, 1000 + its signal, or ENOTRECOVERABLE. */
static int ends_with_42(int fd, const char *path)
{
	char *const argv[] = { (char *)"way", NULL }, *const envp[] = { NULL };
	int p[2], err = 0, status;
	pid_t pid;

	if (pipe2(p, O_CLOEXEC) < 0)
		return errno;
	pid = fork();
	if (pid == 0) {
		syscall(SYS_execveat, fd, path, argv, envp, fd >= 0 ? AT_EMPTY_PATH : 0);
		err = errno;
		_exit(write(p[1], &err, sizeof(err)) < 0);
	}
	close(p[1]);
	if (read(p[0], &err, sizeof(err)) < 0)
		err = errno;
	close(p[0]);
	waitpid(pid, &status, 0);
	if (err != 0)
		return err;
	if (WIFSIGNALED(status))
		return 1000 + WTERMSIG(status);
	return WEXITSTATUS(status) == 42 ? 0 : ENOTRECOVERABLE;
}

static int do_ends(const char *path)
{
	return ends_with_42(AT_FDCWD, path);
}

#define EXIT_42 0xbf, 42, 0, 0, 0, 0xb8, 60, 0, 0, 0, 0x0f, 0x05
static const unsigned char code_exit[] = { EXIT_42 };
/* lea 16(%rip), %rsi; sub $64, %rsp; mov %rsp, %rdi; mov $12, %ecx; rep movsb; jmp *%rsp */
static const unsigned char code_stack[] = { 0x48, 0x8d, 0x35, 16, 0, 0, 0, 0x48, 0x83, 0xec, 64, 0x48, 0x89, 0xe7, 0xb9, 12, 0, 0, 0, 0xf3, 0xa4, 0xff, 0xe4,
					    EXIT_42 };
/* movb $42, 1(%rip), which is where the 7 stands; mov $7, %edi; mov $60, %eax; syscall */
static const unsigned char code_itself[] = { 0xc6, 0x05, 1, 0, 0, 0, 42, 0xbf, 7, 0, 0, 0, 0xb8, 60, 0, 0, 0, 0x0f, 0x05 };

struct elf {
	Elf64_Ehdr head;
	Elf64_Phdr part[3];
	unsigned char code[64];
	char interp[256];
};

static int write_elf(int fd, const char *kind, const char *interp)
{
	struct elf e = { .head = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT }, .e_type = ET_DYN, .e_machine = EM_X86_64,
				   .e_version = EV_CURRENT, .e_entry = offsetof(struct elf, code), .e_phoff = offsetof(struct elf, part),
				   .e_ehsize = sizeof(Elf64_Ehdr), .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 2 } };
	bool stack = strcmp(kind, "stack") == 0, itself = strcmp(kind, "itself") == 0;
	const unsigned char *code = stack ? code_stack : itself ? code_itself : code_exit;

	e.part[0] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_flags = PF_R | PF_X | (itself ? PF_W : 0u), .p_filesz = PAGE, .p_memsz = PAGE, .p_align = PAGE };
	e.part[1] = (Elf64_Phdr){ .p_type = PT_GNU_STACK, .p_flags = PF_R | PF_W | (stack ? PF_X : 0u) };
	memcpy(e.code, code, stack ? sizeof(code_stack) : itself ? sizeof(code_itself) : sizeof(code_exit));
	if (*interp) {
		e.code[1] = 7; /* not by this program's own code */
		snprintf(e.interp, sizeof(e.interp), "%s", interp);
		e.part[2] = (Elf64_Phdr){ .p_type = PT_INTERP, .p_offset = offsetof(struct elf, interp), .p_filesz = strlen(interp) + 1, .p_flags = PF_R };
		e.head.e_phnum = 3;
	}
	return result(write(fd, &e, sizeof(e)) < 0 ? -1 : ftruncate(fd, PAGE));
}

/* "KIND FILE [INTERPRETER]": makes a program that ends with 42: exit, at once; stack, by code on its stack; itself, by changing its own code */
static int do_make_elf(const char *text)
{
	char kind[16], file[4096];
	const char *interp = word(word(text, kind, sizeof(kind)), file, sizeof(file));
	int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

	return fd < 0 ? errno : closed(fd, write_elf(fd, kind, interp));
}

/* A program in a file that never had a name. */
static int do_tmpfile_exec(const char *dir)
{
	char name[64];
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0755), again, err = errno;

	if (fd < 0)
		return err;
	err = write_elf(fd, "exit", "");
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	again = opened(name, O_RDONLY);
	if (again < 0)
		err = errno;
	close(fd);
	return closed(again, err != 0 ? err : ends_with_42(again, ""));
}

typedef void (*code_fn)(void);
#define RET 0xc3

static int called(void *code)
{
	((code_fn)(uintptr_t)code)();
	return 0;
}

static int brk_implied(const char *unused)
{
	unsigned char *p;

	(void)unused;
	personality(READ_IMPLIES_EXEC);
	p = sbrk(16 * PAGE);
	p += 8 * PAGE;
	*p = RET;
	return called(p);
}

static int do_map_brk(const char *unused)
{
	return apart(brk_implied, unused);
}

/* Two mappings of one file: by the one it is written to, by the other executed. */
static int twice(const char *path)
{
	int fd = opened(path, O_RDWR);
	unsigned char *w = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), *x;

	x = w == MAP_FAILED ? MAP_FAILED : mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
	if (x == MAP_FAILED)
		return errno;
	*w = RET;
	return called(x);
}

static int do_map_twice(const char *path)
{
	return apart(twice, path);
}

/* What is mapped to be executed is changed through /proc/self/mem. */
static int self_mem(const char *path)
{
	static const unsigned char ret = RET;
	int fd = opened(path, O_RDONLY), mem = opened("/proc/self/mem", O_RDWR);
	void *x = mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);

	if (x == MAP_FAILED || mem < 0 || pwrite(mem, &ret, 1, (off_t)(uintptr_t)x) < 0)
		return errno;
	return called(x);
}

static int do_map_selfmem(const char *path)
{
	return apart(self_mem, path);
}

static int map_rx(int fd, off_t at, int flags)
{
	void *x = mmap(NULL, PAGE, PROT_READ | PROT_EXEC, flags, fd, at);

	return closed(fd, x == MAP_FAILED ? errno : 0);
}

/* The memory of a ring, which its user writes to. */
static int do_map_ring(const char *unused)
{
	struct io_uring_params p = { 0 };
	int fd = (int)syscall(SYS_io_uring_setup, 64, &p);

	(void)unused;
	return fd < 0 ? errno : map_rx(fd, (off_t)IORING_OFF_SQES, MAP_SHARED);
}

static int do_map_secret(const char *unused)
{
	int fd = (int)syscall(447 /* memfd_secret */, O_CLOEXEC);

	(void)unused;
	return fd < 0 || ftruncate(fd, PAGE) < 0 ? errno : map_rx(fd, 0, MAP_SHARED);
}

static int do_map_pkey(const char *unused)
{
	unsigned char *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int err;

	(void)unused;
	*p = RET;
	err = result((int)syscall(SYS_pkey_mprotect, p, PAGE, PROT_READ | PROT_EXEC, -1));
	munmap(p, PAGE);
	return err;
}

/* The pages of a mapping in another order, executable by the personality. */
static int remapped(const char *path)
{
	int fd = opened(path, O_RDWR);
	void *p = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED)
		return errno;
	personality(READ_IMPLIES_EXEC);
	return result((int)syscall(SYS_remap_file_pages, p, PAGE, 0, 1, 0));
}

static int do_map_remap(const char *path)
{
	return apart(remapped, path);
}

/* ---- what the kernel does for a process ---- */

static int crash(const char *dir)
{
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };

	if (chdir(dir) < 0 || setrlimit(RLIMIT_CORE, &all) < 0 || prctl(PR_SET_DUMPABLE, 1) < 0)
		return errno;
	raise(SIGSEGV);
	return 0;
}

/* Dumps core in the directory. ENOENT: there is none after it. */
static int do_core(const char *dir)
{
	char path[4096];

	if (apart(crash, dir) != 1000 + SIGSEGV)
		return ENOTRECOVERABLE;
	snprintf(path, sizeof(path), "%s/core", dir);
	return result(access(path, F_OK));
}

/* "TEXT FILE": writes it there */
static int do_put(const char *text)
{
	char what[64];
	const char *path = word(text, what, sizeof(what));
	int fd = opened(path, O_WRONLY);

	return fd < 0 ? errno : closed(fd, result((int)write(fd, what, strlen(what))));
}

static int do_kcmp(const char *pid)
{
	return result((int)syscall(SYS_kcmp, atoi(pid), getpid(), 0 /* KCMP_FILE */, 0, 0));
}

/* ---- descriptors by seccomp ---- */

static int listener_of_getppid(void)
{
	struct sock_filter code[] = { BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
				      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
				      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW) };
	struct sock_fprog prog = { .len = sizeof(code) / sizeof(code[0]), .filter = code };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &prog);
}

/* "PROGRAM FILE": a process that becomes PROGRAM gets a descriptor of FILE from who answers its system calls. */
static int do_addfd(const char *text)
{
	struct seccomp_notif_addfd add = { 0 };
	struct seccomp_notif_resp resp = { 0 };
	struct seccomp_notif req = { 0 };
	char program[4096];
	const char *file = word(text, program, sizeof(program));
	int fd = opened(file, O_RDONLY), p[2], listener = -1, err, pidfd;
	pid_t pid;

	if (fd < 0 || pipe2(p, O_CLOEXEC) < 0)
		return errno;
	pid = fork();
	if (pid == 0) {
		listener = listener_of_getppid();
		if (write(p[1], &listener, sizeof(listener)) < 0)
			_exit(1);
		usleep(300000); /* until it has been taken, as it closes on exec */
		execl(program, program, "getppid", "-", NULL);
		_exit(1);
	}
	if (read(p[0], &listener, sizeof(listener)) != sizeof(listener) || listener < 0)
		return ENOTRECOVERABLE;
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	listener = (int)syscall(SYS_pidfd_getfd, pidfd, listener, 0);
	err = result(listener < 0 ? -1 : ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &req));
	if (err == 0) {
		add.id = resp.id = req.id;
		add.srcfd = (uint32_t)fd;
		err = result(ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add));
		ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &resp);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(pidfd);
	close(listener);
	return closed(fd, err);
}

static int do_getppid(const char *unused)
{
	(void)unused;
	return (int)syscall(SYS_getppid) < 0;
}

/* ---- routes: "ADDRESS PORT" ---- */

struct route6 {
	unsigned char next, len, type, left, last, flags, tag[2];
	struct in6_addr via[2];
};

#define ROUTE_MOBILE offsetof(struct route6, via[1])

/* By way of the address alone, as control messages take it: type 2, for mobile nodes */
static void route6_mobile(struct route6 *r, const struct sockaddr_storage *ss)
{
	memset(r, 0, sizeof(*r));
	r->len = 2;
	r->type = 2;
	r->left = 1;
	r->via[0] = ((const struct sockaddr_in6 *)ss)->sin6_addr;
}

/* By way of the address, to ::1 */
static void route6(struct route6 *r, const struct sockaddr_storage *ss)
{
	memset(r, 0, sizeof(*r));
	r->len = 4;
	r->type = 4;
	r->left = r->last = 1;
	r->via[0] = in6addr_loopback;
	r->via[1] = ((const struct sockaddr_in6 *)ss)->sin6_addr;
}

static void route4(unsigned char r[8], const struct sockaddr_storage *ss)
{
	static const unsigned char head[] = { 131, 7, 4 };

	memcpy(r, head, 3);
	memcpy(r + 3, &((const struct sockaddr_in *)ss)->sin_addr, 4);
	r[7] = 0;
}

/* The route as an option, then a datagram to ourselves. */
static int route_option(const char *text, int level, int name)
{
	struct sockaddr_storage ss;
	socklen_t len = parse_addr(text, &ss);
	struct sockaddr_in to4 = { .sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in6 to6 = { .sin6_family = AF_INET6, .sin6_port = htons(9), .sin6_addr = in6addr_loopback };
	int fd = socket(ss.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0), err;
	struct route6 r6;
	unsigned char r4[8];

	if (len == 0 || fd < 0)
		return errno;
	if (level == IPPROTO_IP) {
		route4(r4, &ss);
		err = result(setsockopt(fd, level, name, r4, sizeof(r4)));
	} else {
		route6(&r6, &ss);
		err = result(setsockopt(fd, level, name, &r6, sizeof(r6)));
	}
	if (err == 0 && level == IPPROTO_IP)
		err = result((int)sendto(fd, "x", 1, 0, (struct sockaddr *)&to4, sizeof(to4)));
	else if (err == 0)
		err = result((int)sendto(fd, "x", 1, 0, (struct sockaddr *)&to6, sizeof(to6)));
	return closed(fd, err);
}

static int do_route4(const char *text) { return route_option(text, IPPROTO_IP, IP_OPTIONS); }
static int do_route6(const char *text) { return route_option(text, IPPROTO_IPV6, IPV6_RTHDR); }
static int do_route6_old(const char *text) { return route_option(text, IPPROTO_IPV6, 5 /* IPV6_2292RTHDR */); }

/* A flow label with a route, which a send then names. */
static int do_route6_label(const char *text)
{
	struct {
		struct in6_addr dst;
		uint32_t label;
		uint8_t action, share;
		uint16_t flags, expires, linger;
		uint32_t pad;
		struct cmsghdr head;
		struct route6 route;
	} req = { .dst = in6addr_loopback, .share = 1 /* IPV6_FL_S_EXCL */, .flags = 1 /* IPV6_FL_F_CREATE */ };
	struct sockaddr_in6 to = { .sin6_family = AF_INET6, .sin6_port = htons(9), .sin6_addr = in6addr_loopback };
	struct sockaddr_storage ss;
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0), one = 1, err;

	parse_addr(text, &ss);
	req.label = htonl(0x10000 | ((uint32_t)getpid() & 0xffff));
	req.head = (struct cmsghdr){ .cmsg_len = CMSG_LEN(ROUTE_MOBILE), .cmsg_level = IPPROTO_IPV6, .cmsg_type = IPV6_RTHDR };
	route6_mobile(&req.route, &ss);
	err = result(setsockopt(fd, IPPROTO_IPV6, 32 /* IPV6_FLOWLABEL_MGR */, &req, (socklen_t)(offsetof(__typeof__(req), route) + ROUTE_MOBILE)));
	to.sin6_flowinfo = req.label;
	if (err == 0)
		err = result(setsockopt(fd, IPPROTO_IPV6, 33 /* IPV6_FLOWINFO_SEND */, &one, sizeof(one)));
	if (err == 0)
		err = result((int)sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)));
	return closed(fd, err);
}

/* A datagram to ourselves with n control messages before the one that matters. */
static int route_message(const char *text, int level, int type, int n, bool ring)
{
	union {
		struct cmsghdr align;
		char room[4096];
	} c = { .room = { 0 } };
	struct sockaddr_in to4 = { .sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in6 to6 = { .sin6_family = AF_INET6, .sin6_port = htons(9), .sin6_addr = in6addr_loopback };
	struct iovec iov = { .iov_base = (char *)"x", .iov_len = 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = c.room };
	struct sockaddr_storage ss;
	struct route6 r6;
	unsigned char r4[8];
	int fd, err;

	parse_addr(text, &ss);
	for (int i = 0; i < n; i++) {
		struct cmsghdr *h = (struct cmsghdr *)(void *)(c.room + m.msg_controllen);
		int hops = 9;

		*h = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(hops)), .cmsg_level = level, .cmsg_type = level == IPPROTO_IP ? IP_TTL : IPV6_HOPLIMIT };
		memcpy(CMSG_DATA(h), &hops, sizeof(hops));
		m.msg_controllen += CMSG_SPACE(sizeof(hops));
	}
	if (type >= 0) {
		struct cmsghdr *h = (struct cmsghdr *)(void *)(c.room + m.msg_controllen);
		size_t size = level == IPPROTO_IP ? sizeof(r4) : ROUTE_MOBILE;

		route4(r4, &ss);
		route6_mobile(&r6, &ss);
		*h = (struct cmsghdr){ .cmsg_len = CMSG_LEN(size), .cmsg_level = level, .cmsg_type = type };
		memcpy(CMSG_DATA(h), level == IPPROTO_IP ? (void *)r4 : (void *)&r6, size);
		m.msg_controllen += CMSG_SPACE(size);
	}
	m.msg_name = level == IPPROTO_IP ? (void *)&to4 : (void *)&to6;
	m.msg_namelen = level == IPPROTO_IP ? sizeof(to4) : sizeof(to6);
	fd = socket(level == IPPROTO_IP ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (ring)
		err = uring((struct io_uring_sqe){ .opcode = IORING_OP_SENDMSG, .fd = fd, .addr = (uint64_t)&m, .len = 1 }, 0);
	else
		err = result((int)sendmsg(fd, &m, 0));
	return closed(fd, err);
}

static int do_route4_send(const char *text) { return route_message(text, IPPROTO_IP, IP_RETOPTS, 0, false); }
static int do_route6_send(const char *text) { return route_message(text, IPPROTO_IPV6, IPV6_RTHDR, 0, false); }
static int do_route6_send_old(const char *text) { return route_message(text, IPPROTO_IPV6, 5, 0, false); }
static int do_route6_last(const char *text) { return route_message(text, IPPROTO_IPV6, IPV6_RTHDR, 63, false); }
static int do_route4_uring(const char *text) { return route_message(text, IPPROTO_IP, IP_RETOPTS, 1, true); }
static int do_many_messages(const char *text) { return route_message(text, IPPROTO_IPV6, -1, 65, false); }
static int do_messages(const char *text) { return route_message(text, IPPROTO_IPV6, -1, 64, false); }

/* ---- other sends and connects: "ADDRESS PORT" ---- */

/* 0: IORING_OP_SEND, else IORING_OP_SEND_ZC; both since 6.1 with an address */
static int uring_send_to(const char *text, bool zero_copy)
{
	struct sockaddr_storage ss;
	socklen_t len = parse_addr(text, &ss);
	int fd = socket(ss.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return closed(fd, uring((struct io_uring_sqe){ .opcode = zero_copy ? 47 : IORING_OP_SEND, .fd = fd, .addr = (uint64_t) "x", .len = 1,
						       .off = (uint64_t)&ss, .file_index = len }, 0));
}

static int do_uring_send_to(const char *text) { return uring_send_to(text, false); }
static int do_uring_send_zc(const char *text) { return uring_send_to(text, true); }

static int do_uring_sendmsg_zc(const char *text)
{
	struct sockaddr_storage ss;
	struct iovec iov = { .iov_base = (char *)"x", .iov_len = 1 };
	struct msghdr m = { .msg_name = &ss, .msg_namelen = parse_addr(text, &ss), .msg_iov = &iov, .msg_iovlen = 1 };
	int fd = socket(ss.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return closed(fd, uring((struct io_uring_sqe){ .opcode = 48 /* IORING_OP_SENDMSG_ZC */, .fd = fd, .addr = (uint64_t)&m, .len = 1 }, 0));
}

/* IORING_OP_LISTEN on a socket that is bound nowhere, since 6.11 */
static int do_uring_listen(const char *unused)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)unused;
	return closed(fd, uring((struct io_uring_sqe){ .opcode = 57, .fd = fd, .len = 1 }, 0));
}

/* A socket that is connected without a packet. */
static int do_repair(const char *text)
{
	struct sockaddr_storage ss;
	socklen_t len = parse_addr(text, &ss);
	int fd = socket(ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1, off = 0, err;

	err = result(setsockopt(fd, IPPROTO_TCP, TCP_REPAIR, &on, sizeof(on)));
	if (err == 0)
		err = result(connect(fd, (struct sockaddr *)&ss, len));
	setsockopt(fd, IPPROTO_TCP, TCP_REPAIR, &off, sizeof(off));
	return closed(fd, err);
}

/* Connected elsewhere, then to nobody, then there. */
static int do_again(const char *text)
{
	struct sockaddr_in first = { .sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	struct sockaddr_storage ss;
	socklen_t len = parse_addr(text, &ss);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err;

	err = result(connect(fd, (struct sockaddr *)&first, sizeof(first)));
	if (err == 0)
		err = result(connect(fd, &none, sizeof(none)));
	if (err == 0)
		err = result(connect(fd, (struct sockaddr *)&ss, len));
	return closed(fd, err);
}

/* The packet is begun with an address, and sent with more. */
static int do_cork(const char *text)
{
	struct sockaddr_storage ss;
	socklen_t len = parse_addr(text, &ss);
	int fd = socket(ss.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0), err;

	err = result((int)sendto(fd, "x", 1, MSG_MORE, (struct sockaddr *)&ss, len));
	if (err == 0)
		err = result((int)sendto(fd, "y", 1, 0, NULL, 0));
	return closed(fd, err);
}

/* A unix socket by a descriptor of its file. */
static int do_unix_fd(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int file = opened(path, O_PATH), fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), err;

	snprintf(sun.sun_path, sizeof(sun.sun_path), "/proc/self/fd/%d", file);
	err = result(connect(fd, (struct sockaddr *)&sun, sizeof(sun)));
	close(file);
	return closed(fd, err);
}

const struct probe_op probes_ways[] = {
	{ "ring-open", do_ring_open }, { "ring-poll", do_ring_poll }, { "ring-read", do_ring_read }, { "ring-send", do_ring_send },
	{ "uring-openat2", do_uring_openat2 }, { "uring-direct", do_uring_direct }, { "uring-rename", do_uring_rename },
	{ "uring-exchange", do_uring_exchange }, { "uring-link", do_uring_link }, { "uring-symlink", do_uring_symlink },
	{ "uring-unlink", do_uring_unlink }, { "uring-mkdir", do_uring_mkdir }, { "uring-setxattr", do_uring_setxattr },
	{ "uring-fsetxattr", do_uring_fsetxattr }, { "clone", do_clone }, { "clone-range", do_clone_range }, { "dedupe", do_dedupe },
	{ "copy-range", do_copy_range }, { "int80-read", do_int80_read }, { "fanotify", do_fanotify }, { "keep", do_keep }, { "acct", do_acct }, { "flip", do_flip }, { "leak", do_leak },
	{ "swapon", do_swapon }, { "verity", do_verity }, { "encrypt", do_encrypt }, { "generation", do_generation },
	{ "generation-ext4", do_generation_ext4 }, { "setxattrat", do_setxattrat }, { "removexattrat", do_removexattrat },
	{ "fchmodat2", do_fchmodat2 }, { "file-capability", do_file_capability }, { "append-at", do_append_at }, { "append-punch", do_append_punch },
	{ "beneath", do_beneath }, { "mount-attr", do_mount_attr }, { "unmounted", do_unmounted }, { "ends", do_ends }, { "make-elf", do_make_elf },
	{ "tmpfile-exec", do_tmpfile_exec }, { "map-brk", do_map_brk }, { "map-twice", do_map_twice }, { "map-selfmem", do_map_selfmem },
	{ "map-ring", do_map_ring }, { "map-secret", do_map_secret }, { "map-pkey", do_map_pkey }, { "map-remap", do_map_remap }, { "core", do_core },
	{ "put", do_put }, { "kcmp", do_kcmp }, { "addfd", do_addfd }, { "getppid", do_getppid }, { "route4", do_route4 }, { "route6", do_route6 },
	{ "route6-old", do_route6_old }, { "route6-label", do_route6_label }, { "route4-send", do_route4_send }, { "route6-send", do_route6_send },
	{ "route6-send-old", do_route6_send_old }, { "route6-last", do_route6_last }, { "route4-uring", do_route4_uring },
	{ "many-messages", do_many_messages }, { "messages", do_messages }, { "uring-send-to", do_uring_send_to }, { "uring-send-zc", do_uring_send_zc },
	{ "uring-sendmsg-zc", do_uring_sendmsg_zc }, { "uring-listen", do_uring_listen }, { "repair", do_repair }, { "again", do_again },
	{ "cork", do_cork }, { "unix-fd", do_unix_fd },
	{ NULL, NULL },
};
