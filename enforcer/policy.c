/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where policies come from. */
#include "policy.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image.h"
#include "jail.h"
#include "texts.h"
#include "trusted.h"

#include "banned.h"

void bl_policy_free(struct bl_policy *p)
{
	free(p->name);
	free(p->image);
	*p = (struct bl_policy){0};
}

static int out_of_memory(struct bl_error *err)
{
	return bl_error_set(err, BL_SYSTEM, "out of memory");
}

/* ---- image files ---- */

int bl_policy_read_fd(int fd, const char *name, struct bl_policy *ret, struct bl_error *err)
{
	struct bl_policy p = {.name = strdup(name)};
	int r;

	if (!p.name)
		return out_of_memory(err);
	r = bl_trusted_read(fd, name, "an image", BL_IMAGE_MAX, &p.image, &p.size, err);
	if (r == 0) {
		*ret = p;
		return 0;
	}
	bl_policy_free(&p);
	return r == -EPERM || r == -EFBIG || r == -EINVAL ? BL_REFUSED : BL_SYSTEM;
}

int bl_policy_read(const char *path, struct bl_policy *ret, struct bl_error *err)
{
	/* O_NONBLOCK: a FIFO in place of the file must not hang us. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), r;

	if (fd < 0)
		return bl_error_set(err, BL_SYSTEM, "cannot open %s: %m", path);
	r = bl_policy_read_fd(fd, path, ret, err);
	(void)close(fd);
	return r;
}

/* ---- policy texts ---- */

static const char *const build_args[] = {"policyc", "build", "-o", "-"};

/* args has room for what comes before the files and for the NULL after them. */
static int compile(const struct bl_conf *conf, const struct bl_texts *t, const char **args, const char *name, struct bl_policy *ret,
		   struct bl_buf *said, struct bl_error *err)
{
	const struct bl_jail j = {.conf = conf, .files = t->files, .nfiles = t->n, .args = args};
	struct bl_policy p = {.name = strdup(name)};
	int status = 0, r;

	if (!p.name)
		return out_of_memory(err);
	memcpy(args, build_args, sizeof(build_args));
	r = bl_jail_run(&j, &p.image, &p.size, said, &status, err);
	if (r == 0 && status == 1)
		r = bl_error_set(err, BL_REFUSED, "%s does not compile", name);
	else if (r == 0 && status != 0)
		r = bl_error_set(err, BL_SYSTEM, "%s could not be compiled: policyc ended with status %d", name, status);
	if (r < 0)
		bl_policy_free(&p);
	else
		*ret = p;
	return r;
}

int bl_policy_from_dir(const struct bl_conf *conf, struct bl_policy *ret, struct bl_buf *said, struct bl_error *err)
{
	struct bl_texts t = {0};
	const char **args = NULL;
	int r = bl_texts_read(&t, conf->policy_dir, err);

	if (r == 0) {
		args = calloc(BL_ARRAY_SIZE(build_args) + t.n + 1, sizeof(*args));
		if (!args)
			r = out_of_memory(err);
		else if (bl_texts_in(&t, conf->policy_dir, args + BL_ARRAY_SIZE(build_args), t.n) == 0)
			r = bl_error_set(err, BL_REFUSED, "there is no *.policy in %s", conf->policy_dir);
		else
			r = compile(conf, &t, args, conf->policy_dir, ret, said, err);
	}
	free(args);
	bl_texts_free(&t);
	return r;
}

/* The file's name without links in its directory's, and the texts of that directory. */
static int add_file(struct bl_texts *t, const char *file, char **ret, struct bl_error *err)
{
	char *copy = strdup(file), *slash = copy ? strrchr(copy, '/') : NULL, *dir;
	const char *base = slash ? slash + 1 : file;
	int r;

	if (slash)
		*slash = '\0';
	dir = copy ? realpath(!slash ? "." : copy[0] != '\0' ? copy : "/", NULL) : NULL;
	if (!dir)
		r = bl_error_set(err, BL_SYSTEM, "cannot open %s: %m", file);
	else if (asprintf(ret, "%s/%s", strcmp(dir, "/") == 0 ? "" : dir, base) < 0)
		r = out_of_memory(err);
	else
		r = bl_texts_read(t, dir, err);
	if (r == -ENOENT)
		r = BL_SYSTEM;
	free(dir);
	free(copy);
	return r;
}

/* Before its directory is read, which may be one of everything. */
static int check_name(const char *file, struct bl_error *err)
{
	const char *slash = strrchr(file, '/');

	if (access(file, F_OK) < 0)
		return bl_error_set(err, BL_SYSTEM, "cannot open %s: %m", file);
	if (!bl_texts_name(slash ? slash + 1 : file))
		return bl_error_set(err, BL_REFUSED, "%s is neither an image nor a file whose name ends in .policy", file);
	return 0;
}

/* What several policies are called together: the first, and how many more there are. malloc()ed, NULL: no memory. */
static char *name_all(const char *first, size_t n)
{
	char *name;

	if (n == 1)
		return strdup(first);
	return asprintf(&name, "%s with %zu more file%s", first, n - 1, n == 2 ? "" : "s") < 0 ? NULL : name;
}

static int from_texts(const struct bl_conf *conf, char *const *files, size_t n, struct bl_policy *ret, struct bl_buf *said,
		      struct bl_error *err)
{
	const char **args = calloc(BL_ARRAY_SIZE(build_args) + n + 1, sizeof(*args));
	char **names = calloc(n, sizeof(*names)), *name = NULL;
	struct bl_texts t = {0};
	int r = args && names ? 0 : out_of_memory(err);

	for (size_t i = 0; r == 0 && i < n; i++) {
		r = check_name(files[i], err);
		if (r == 0)
			r = add_file(&t, files[i], &names[i], err);
		if (r == 0)
			args[BL_ARRAY_SIZE(build_args) + i] = names[i];
	}
	if (r == 0) {
		name = name_all(names[0], n);
		r = name ? compile(conf, &t, args, name, ret, said, err) : out_of_memory(err);
	}
	free(name);
	for (size_t i = 0; names && i < n; i++)
		free(names[i]);
	free(names);
	free(args);
	bl_texts_free(&t);
	return r;
}

/* Looks at the first bytes only: what it is worth is looked at elsewhere. */
static bool is_image(const char *path)
{
	char magic[sizeof(BL_IMAGE_MAGIC) - 1];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	bool is = fd >= 0 && read(fd, magic, sizeof(magic)) == (ssize_t)sizeof(magic) && memcmp(magic, BL_IMAGE_MAGIC, sizeof(magic)) == 0;

	if (fd >= 0)
		(void)close(fd);
	return is;
}

int bl_policy_from_files(const struct bl_conf *conf, char *const *files, size_t n, struct bl_policy *ret, struct bl_buf *said,
			 struct bl_error *err)
{
	if (n == 1 && is_image(files[0]))
		return bl_policy_read(files[0], ret, err);
	return from_texts(conf, files, n, ret, said, err);
}

/* ---- differences ---- */

int bl_policy_diff(const struct bl_conf *conf, const struct bl_policy *old, const struct bl_policy *new, struct bl_buf *out,
		   struct bl_buf *said, int *ret_status, struct bl_error *err)
{
	const struct bl_jail_file files[] = {
		{.path = "/loaded.bpi", .bytes = old->image, .len = old->size},
		{.path = "/new.bpi", .bytes = new->image, .len = new->size},
	};
	const char *const args[] = {"policyc", "diff", files[0].path, files[1].path, NULL};
	const struct bl_jail j = {.conf = conf, .files = files, .nfiles = BL_ARRAY_SIZE(files), .args = args};
	void *text;
	size_t len;
	int r = bl_jail_run(&j, &text, &len, said, ret_status, err);

	if (r < 0)
		return r;
	bl_buf_add(out, text, len);
	free(text);
	return out->failed ? out_of_memory(err) : 0;
}

/* ---- the last good one ---- */

static int write_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

static int keep_in(int dir, const struct bl_policy *p)
{
	const char *name = strrchr(BL_LAST_GOOD, '/') + 1, *temp = "last-good.new";
	int fd, r;

	(void)unlinkat(dir, temp, 0); /* of a load that was interrupted; the lock says that none is under way */
	fd = openat(dir, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -1;
	r = write_all(fd, p->image, p->size) < 0 || fsync(fd) < 0 ? -1 : 0;
	if (close(fd) < 0 || r < 0)
		return -1;
	return renameat(dir, temp, dir, name) < 0 || fsync(dir) < 0 ? -1 : 0;
}

int bl_policy_keep(const struct bl_policy *p, struct bl_error *err)
{
	int dir, r;

	if (mkdir(BL_STATE_DIR, 0700) < 0 && errno != EEXIST)
		return bl_error_set(err, BL_SYSTEM, "cannot make the directory %s: %m", BL_STATE_DIR);
	dir = open(BL_STATE_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = dir < 0 ? -1 : keep_in(dir, p);
	if (r < 0)
		r = bl_error_set(err, BL_SYSTEM, "cannot keep the policy in %s for the next boot: %m", BL_LAST_GOOD);
	if (dir >= 0)
		(void)close(dir);
	return r;
}
