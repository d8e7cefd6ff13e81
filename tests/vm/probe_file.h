// SPDX-License-Identifier: GPL-2.0-or-later
/* Probes of what is done to files besides opening them. Part of probe.c. */
#ifndef PROBE_FILE_H
#define PROBE_FILE_H

#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

static int do_unlink(const char *path)
{
	return result(unlink(path));
}

static int do_rmdir(const char *path)
{
	return result(rmdir(path));
}

static int renameat2_flags(const char *both, unsigned int flags)
{
	char from[8192], *to;

	snprintf(from, sizeof(from), "%s", both);
	to = strchr(from, ' ');
	if (!to)
		return EINVAL;
	*to++ = '\0';
	return result((int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags));
}

static int do_whiteout(const char *both)
{
	return renameat2_flags(both, 4);
}

static int do_device(const char *path)
{
	return result(mknod(path, S_IFCHR | 0600, makedev(1, 3)));
}

static int do_mknod_setid(const char *path)
{
	return result(mknod(path, S_IFREG | 04755, 0));
}

static int do_create_setid(const char *path)
{
	return closing(open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 02755));
}

/* "DIR NAME": a file without a name, which gets one */
static int do_tmpfile_link(const char *text)
{
	char dir[4096], fd[64];
	const char *name = word(text, dir, sizeof(dir));
	int f = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 04755), err;

	if (f < 0)
		return errno;
	snprintf(fd, sizeof(fd), "/proc/self/fd/%d", f);
	err = result(linkat(AT_FDCWD, fd, AT_FDCWD, name, AT_SYMLINK_FOLLOW));
	close(f);
	return err;
}

static int do_chmod(const char *path)
{
	return result(chmod(path, 0640));
}

static int do_chmod_setid(const char *path)
{
	return result(chmod(path, 04755));
}

static int do_fchmod(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err = result(fd < 0 ? -1 : fchmod(fd, 02755));

	if (fd >= 0)
		close(fd);
	return err;
}

static int do_chown(const char *path)
{
	return result(chown(path, 0, 0));
}

static int do_lchown(const char *path)
{
	return result(lchown(path, 0, 0));
}

static int do_fchownat(const char *path)
{
	int fd = open(path, O_PATH | O_CLOEXEC), err = result(fd < 0 ? -1 : fchownat(fd, "", 0, 0, AT_EMPTY_PATH));

	if (fd >= 0)
		close(fd);
	return err;
}

static int do_utimes(const char *path)
{
	return result(utimensat(AT_FDCWD, path, NULL, 0));
}

static int do_utimes_set(const char *path)
{
	struct timespec t[2] = { { .tv_sec = 1 }, { .tv_nsec = UTIME_OMIT } };

	return result(utimensat(AT_FDCWD, path, t, AT_SYMLINK_NOFOLLOW));
}

static int do_setxattr(const char *path)
{
	return result(setxattr(path, "trusted.probe", "x", 1, 0));
}

static int do_fsetxattr(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err = result(fd < 0 ? -1 : fsetxattr(fd, "trusted.probe", "y", 1, 0));

	if (fd >= 0)
		close(fd);
	return err;
}

static int do_removexattr(const char *path)
{
	return result(removexattr(path, "trusted.probe"));
}

/* The three entries of an ordinary mode: struct posix_acl_xattr_header in linux/posix_acl_xattr.h */
static const unsigned char plain_acl[] = { 2, 0, 0, 0, 1, 0, 6, 0, 255, 255, 255, 255, 4, 0, 4, 0, 255, 255, 255, 255,
					   32, 0, 4, 0, 255, 255, 255, 255 };

static int do_acl(const char *path)
{
	return result(setxattr(path, "system.posix_acl_access", plain_acl, sizeof(plain_acl), 0));
}

static int do_acl_remove(const char *path)
{
	return result(removexattr(path, "system.posix_acl_access"));
}

static int do_flags(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), flags = 0, err;

	if (fd < 0)
		return errno;
	err = result(ioctl(fd, FS_IOC_GETFLAGS, &flags));
	flags ^= FS_NODUMP_FL;
	if (err == 0)
		err = result(ioctl(fd, FS_IOC_SETFLAGS, &flags));
	close(fd);
	return err;
}

static int do_fsx(const char *path)
{
	struct fsxattr x;
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;

	if (fd < 0)
		return errno;
	err = result(ioctl(fd, FS_IOC_FSGETXATTR, &x));
	x.fsx_xflags ^= FS_XFLAG_NODUMP;
	if (err == 0)
		err = result(ioctl(fd, FS_IOC_FSSETXATTR, &x));
	close(fd);
	return err;
}

/* file_setattr(2), since 6.17 */
static int do_file_setattr(const char *path)
{
	uint64_t attr[3] = { 0 };
	int err = result((int)syscall(468, AT_FDCWD, path, attr, sizeof(attr), 0));

	attr[0] ^= FS_XFLAG_NODUMP;
	return err ? err : result((int)syscall(469, AT_FDCWD, path, attr, sizeof(attr), 0));
}

/* "FROM TO": a link by way of a descriptor. */
static int link_fd(const char *text, bool empty)
{
	char from[4096], name[64];
	const char *to = word(text, from, sizeof(from));
	int fd = open(from, O_PATH | O_CLOEXEC), err;

	if (fd < 0)
		return errno;
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	err = result(empty ? linkat(fd, "", AT_FDCWD, to, AT_EMPTY_PATH) : linkat(AT_FDCWD, name, AT_FDCWD, to, AT_SYMLINK_FOLLOW));
	close(fd);
	return err;
}

static int do_link_fd(const char *text)
{
	return link_fd(text, false);
}

static int do_link_empty(const char *text)
{
	return link_fd(text, true);
}

/* Becomes the program, and what that prints is seen. */
static int do_show_exec(const char *path)
{
	return exec_path(path);
}

#define PROBES_FILE \
	{ "show-exec", do_show_exec }, { "link-fd", do_link_fd }, { "link-empty", do_link_empty }, \
	{ "unlink", do_unlink }, { "rmdir", do_rmdir }, { "whiteout", do_whiteout }, { "device", do_device }, \
	{ "mknod-setid", do_mknod_setid }, { "create-setid", do_create_setid }, { "tmpfile-link", do_tmpfile_link }, \
	{ "chmod", do_chmod }, { "chmod-setid", do_chmod_setid }, { "fchmod-setid", do_fchmod }, { "chown", do_chown }, \
	{ "lchown", do_lchown }, { "fchownat", do_fchownat }, { "utimes", do_utimes }, { "utimes-set", do_utimes_set }, \
	{ "setxattr", do_setxattr }, { "fsetxattr", do_fsetxattr }, { "removexattr", do_removexattr }, { "acl", do_acl }, \
	{ "acl-remove", do_acl_remove }, { "flags", do_flags }, { "fsx", do_fsx }, { "file-setattr", do_file_setattr }

#endif
