/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads policy files and finds lines and columns in them. */
#include "src.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "bounds.h"
#include "banned.h"

void src_init(struct src_set *s, struct arena *arena)
{
	memset(s, 0, sizeof(*s));
	s->arena = arena;
}

static void src_index_lines(struct arena *arena, struct src_file *f)
{
	uint32_t n = 1, *lines;

	for (const char *p = f->text; (p = memchr(p, '\n', (size_t)(f->text + f->len - p))); p++)
		n++;
	lines = arena_alloc(arena, n * sizeof(*lines));
	n = 1;
	for (const char *p = f->text; (p = memchr(p, '\n', (size_t)(f->text + f->len - p))); p++)
		lines[n++] = (uint32_t)(p + 1 - f->text);
	f->lines = lines;
	f->nlines = n;
}

static struct src_file *src_register(struct src_set *s, const char *name, const struct src_loc *included_at)
{
	struct src_file *f = arena_alloc(s->arena, sizeof(*f));

	f->name = arena_strdup(s->arena, name);
	f->text = "";
	f->comments = arena_alloc(s->arena, sizeof(*f->comments));
	f->order = (uint32_t)s->n;
	if (included_at) {
		f->parent = included_at->file;
		f->parent_line = included_at->line;
	}
	s->files = arena_more(s->arena, s->files, s->n, &s->cap, sizeof(*s->files));
	s->files[s->n++] = f;
	return f;
}

static bool src_in_circle(const struct src_file *f)
{
	for (const struct src_file *p = f->parent; p; p = p->parent) {
		if (src_same(p, f))
			return true;
	}
	return false;
}

static int src_set_text(struct src_set *s, struct src_file *f, const void *bytes, size_t len)
{
	if (len > LIMIT_FILE_BYTES || len > LIMIT_TOTAL_BYTES - s->total)
		return -EFBIG;
	s->total += len;
	f->text = arena_strndup(s->arena, len ? bytes : "", len);
	f->len = len;
	src_index_lines(s->arena, f);
	return 0;
}

int src_add(struct src_set *s, const char *name, const void *bytes, size_t len, const struct src_loc *included_at,
	    const struct src_file **ret)
{
	struct src_file *f = src_register(s, name, included_at);

	*ret = f;
	return src_in_circle(f) ? -EDEADLK : src_set_text(s, f, bytes, len);
}

/* Reads to the end, or to one byte above the limit. Pipes have no size, so the size is not asked. */
static int src_read_all(int fd, char **ret, size_t *ret_len)
{
	size_t cap = 1u << 16, len = 0;
	char *buf = malloc(cap);
	int r = 0;

	if (!buf)
		arena_oom();
	while (len <= LIMIT_FILE_BYTES) {
		ssize_t got;

		if (len == cap) {
			char *more = realloc(buf, cap *= 2);

			if (!more)
				arena_oom();
			buf = more;
		}
		got = read(fd, buf + len, cap - len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			r = got < 0 ? -errno : 0;
			break;
		}
		len += (size_t)got;
	}
	if (r == 0 && len > LIMIT_FILE_BYTES)
		r = -EFBIG;
	*ret = buf;
	*ret_len = len;
	return r;
}

int src_read_fd(struct src_set *s, const char *name, int fd, const struct src_file **ret)
{
	struct src_file *f = src_register(s, name, NULL);
	char *buf;
	size_t len;
	int r = src_read_all(fd, &buf, &len);

	*ret = f;
	if (r == 0)
		r = src_set_text(s, f, buf, len);
	free(buf);
	return r;
}

int src_read(struct src_set *s, const char *path, const struct src_loc *included_at, const struct src_file **ret)
{
	struct src_file *f = src_register(s, path, included_at);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;
	char *buf = NULL;
	size_t len;
	int r;

	*ret = f;
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0) {
		r = -errno;
		goto out;
	}
	f->dev = st.st_dev;
	f->ino = st.st_ino;
	r = src_in_circle(f) ? -EDEADLK : src_read_all(fd, &buf, &len);
	if (r == 0)
		r = src_set_text(s, f, buf, len);
	free(buf);
out:
	close(fd);
	return r;
}

const struct src_file *src_built_in(struct arena *arena, const char *name, const char *text)
{
	struct src_file *f = arena_alloc(arena, sizeof(*f));

	*f = (struct src_file){.name = name, .text = text, .len = strlen(text), .order = UINT32_MAX - 1, .built_in = true};
	f->comments = arena_alloc(arena, sizeof(*f->comments));
	src_index_lines(arena, f);
	return f;
}

bool src_same(const struct src_file *a, const struct src_file *b)
{
	if (a->dev != b->dev || a->ino != b->ino)
		return false;
	return a->ino != 0 || strcmp(a->name, b->name) == 0;
}

static void src_place(const struct src_file *f, size_t off, uint32_t *line, uint32_t *col)
{
	uint32_t lo = 0, hi = f->nlines;

	while (hi - lo > 1) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (f->lines[mid] <= off)
			lo = mid;
		else
			hi = mid;
	}
	*line = lo + 1;
	*col = (uint32_t)(off - f->lines[lo]) + 1;
}

struct src_loc src_loc_at(const struct src_file *f, size_t from, size_t end)
{
	struct src_loc l = {.file = f};

	src_place(f, from, &l.line, &l.col);
	src_place(f, end, &l.end_line, &l.end_col);
	return l;
}

struct src_loc src_loc_file(const struct src_file *f)
{
	return (struct src_loc){.file = f};
}

size_t src_offset(const struct src_file *f, uint32_t line, uint32_t col)
{
	if (line == 0 || line > f->nlines)
		return f->len;
	return f->lines[line - 1] + col - 1;
}

const char *src_line(const struct src_file *f, uint32_t line, size_t *ret_len)
{
	size_t end;

	if (line == 0 || line > f->nlines)
		return NULL;
	end = line < f->nlines ? f->lines[line] - 1 : f->len;
	*ret_len = end - f->lines[line - 1];
	return f->text + f->lines[line - 1];
}
