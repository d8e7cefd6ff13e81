/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks globs: well formed, and able to match a name as the kernel knows it. Each refusal says what to write instead.
 */
#include "glob.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "glob_tok.h"
#include "bounds.h"
#include "banned.h"

struct glob_checker {
	struct arena *arena;
	const char *glob;
	struct word_error *err;
	bool has_braces;
	const char *what; /* NULL: a path; what else it is a name of */
	bool slashes;	  /* that may contain them */
};

/* The text of elements, as it was written. */
static const char *glob_text(const struct glob_checker *c, const struct glob_tok *t, size_t n)
{
	struct arena_buf b = {.arena = c->arena};

	arena_buf_str(&b, "");
	for (size_t i = 0; i < n; i++)
		arena_buf_add(&b, c->glob + t[i].at, t[i].len);
	return b.s;
}

/* Points at the elements from..end of an alternative if the pattern is its only one. */
static int glob_bad(const struct glob_checker *c, const struct glob_tok *t, size_t n, size_t from, size_t end,
		    const char *id, const char *text, const char *help)
{
	*c->err = (struct word_error){.id = id, .text = text, .help = help};
	if (c->has_braces) {
		c->err->text = arena_printf(c->arena, "in the alternative '%.200s': %s", glob_text(c, t, n), text);
	} else if (end > from) {
		c->err->off = t[from].at;
		c->err->len = (size_t)t[end - 1].at + t[end - 1].len - t[from].at;
	}
	return -EINVAL;
}

static bool comp_is(const struct glob_tok *t, size_t n, const char *text)
{
	if (strlen(text) != n)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (t[i].type != GLOB_BYTE || t[i].byte != (uint8_t)text[i])
			return false;
	}
	return true;
}

static size_t comp_end(const struct glob_tok *t, size_t n, size_t i)
{
	while (i < n && t[i].type != GLOB_SLASH)
		i++;
	return i;
}

/* The pattern as it should be: without empty and "." components, and ".." taken back. */
static const char *glob_normal(const struct glob_checker *c, const struct glob_tok *t, size_t n)
{
	size_t *starts = malloc((n + 1) * 2 * sizeof(*starts)), depth = 0, end;
	struct arena_buf b = {.arena = c->arena};

	if (!starts)
		arena_oom();
	for (size_t i = 0; i < n; i = end) {
		end = comp_end(t, n, ++i);
		if (end == i || comp_is(t + i, end - i, "."))
			continue;
		if (comp_is(t + i, end - i, "..")) {
			depth -= depth > 0;
			continue;
		}
		starts[2 * depth] = i;
		starts[2 * depth++ + 1] = end;
	}
	arena_buf_str(&b, depth == 0 ? "/" : "");
	for (size_t k = 0; k < depth; k++) {
		arena_buf_str(&b, "/");
		arena_buf_str(&b, glob_text(c, t + starts[2 * k], starts[2 * k + 1] - starts[2 * k]));
	}
	free(starts);
	return b.s;
}

static const char *glob_write(const struct glob_checker *c, const struct glob_tok *t, size_t n)
{
	return arena_printf(c->arena, "write %s", glob_normal(c, t, n));
}

/* The component with every run of stars made one. */
static const char *stars_squeezed(const struct glob_checker *c, const struct glob_tok *t, size_t from, size_t end)
{
	struct arena_buf b = {.arena = c->arena};

	for (size_t i = from; i < end; i++) {
		if (i == from || t[i].type != GLOB_STAR || t[i - 1].type != GLOB_STAR)
			arena_buf_add(&b, c->glob + t[i].at, t[i].len);
	}
	return b.s;
}

/* `**` must be a component, and must have been written as one. */
static int check_stars(const struct glob_checker *c, const struct glob_tok *t, size_t n, size_t from, size_t end)
{
	static const char text[] = "'**' stands for whole components only";
	const char *before, *one, *help;
	size_t stars = 0;

	for (size_t i = from; i + 1 < end; i++) {
		if (t[i].type != GLOB_STAR || t[i + 1].type != GLOB_STAR)
			continue;
		if (t[i + 1].at != t[i].at + 1)
			return glob_bad(c, t, n, from, end, "E-glob-star", "two '*' of different braces meet",
					"take one of them out, or write '**' without braces for whole components");
		stars++;
	}
	if (stars == 0 || (stars == 1 && end - from == 2))
		return 0;
	before = glob_text(c, t, from - 1);
	one = stars_squeezed(c, t, from, end);
	if (strcmp(one, "*") == 0)
		help = arena_printf(c->arena, "write %s/* or %s/**", before, before);
	else if (t[end - 1].type == GLOB_STAR && t[end - 2].type == GLOB_STAR)
		help = arena_printf(c->arena, "write %s/%s, or %s/%s/** for what is below", before, one, before, one);
	else if (t[from].type == GLOB_STAR && t[from + 1].type == GLOB_STAR)
		help = arena_printf(c->arena, "write %s/%s, or %s/**/%s for any depth", before, one, before, one);
	else
		help = arena_printf(c->arena, "write %s/%s", before, one);
	return glob_bad(c, t, n, from, end, "E-glob-star", text, help);
}

static int check_comp(const struct glob_checker *c, const struct glob_tok *t, size_t n, size_t from, size_t end)
{
	if (from == end && end == n)
		return glob_bad(c, t, n, n - 1, n, "E-glob-slash", "no name ends with '/', not even a directory's",
				arena_printf(c->arena, "%s for the directory, %s/** for what is below it",
					     glob_write(c, t, n),
					     strcmp(glob_normal(c, t, n), "/") == 0 ? "" : glob_normal(c, t, n)));
	if (from == end)
		return glob_bad(c, t, n, from - 1, end + 1, "E-glob-slash", "no name contains '//'",
				glob_write(c, t, n));
	if (comp_is(t + from, end - from, ".") || comp_is(t + from, end - from, ".."))
		return glob_bad(c, t, n, from, end, "E-glob-dot", "no name has '.' or '..' as a component",
				glob_write(c, t, n));
	return check_stars(c, t, n, from, end);
}

static int check_relative(const struct glob_checker *c, const struct glob_tok *t, size_t n)
{
	const char *text = glob_text(c, t, n);

	if (n > 0 && t[0].type == GLOB_BYTE && t[0].byte == '~')
		return glob_bad(c, t, n, 0, 0, "E-glob-relative", "'~' stands for no directory here",
				"write /root or /home/*");
	if (n == 0)
		return glob_bad(c, t, n, 0, 0, "E-glob-relative", "the pattern is empty", "a pattern begins with '/'");
	return glob_bad(c, t, n, 0, 0, "E-glob-relative", "the pattern can never match: names begin with '/'",
			arena_printf(c->arena, "write /%s, or /**/%s for any directory", text, text));
}

/* The kernel knows a process's files by its number; "self" is a symbolic link. */
static int check_proc(const struct glob_checker *c, const struct glob_tok *t, size_t n)
{
	size_t one = comp_end(t, n, 1), two = one < n ? comp_end(t, n, one + 1) : n;
	const char *rest = glob_text(c, t + two, n - two);

	if (one >= n || !comp_is(t + 1, one - 1, "proc"))
		return 0;
	if (comp_is(t + one + 1, two - one - 1, "self"))
		return glob_bad(c, t, n, one + 1, two, "E-glob-proc",
				"/proc/self is a symbolic link; no object has this name",
				arena_printf(c->arena, "write /proc/[0-9]*%s", rest));
	if (comp_is(t + one + 1, two - one - 1, "thread-self"))
		return glob_bad(c, t, n, one + 1, two, "E-glob-proc",
				"/proc/thread-self is a symbolic link; no object has this name",
				arena_printf(c->arena, "write /proc/[0-9]*/task/[0-9]*%s", rest));
	return 0;
}

/* One alternative: no braces in it. */
static int check_alt(void *arg, const struct glob_tok *t, size_t n)
{
	const struct glob_checker *c = arg;
	size_t end;
	int r;

	if (n == 0 || t[0].type != GLOB_SLASH)
		return check_relative(c, t, n);
	for (size_t i = 0; n > 1 && i < n; i = end) {
		end = comp_end(t, n, i + 1);
		r = check_comp(c, t, n, i + 1, end);
		if (r < 0)
			return r;
	}
	return check_proc(c, t, n);
}

/* One alternative of a name that is no path. */
static int check_name_alt(void *arg, const struct glob_tok *t, size_t n)
{
	const struct glob_checker *c = arg;

	if (n == 0)
		return glob_bad(c, t, n, 0, 0, "E-glob-name", arena_printf(c->arena, "the name of %s is empty", c->what),
				"write '*' for any name");
	for (size_t i = 0; i < n; i++) {
		if (t[i].type == GLOB_SLASH && !c->slashes)
			return glob_bad(c, t, n, i, i + 1, "E-glob-name",
					arena_printf(c->arena, "the name of %s has no '/'", c->what), "write the name alone");
		if (i > 0 && n > 2 && t[i].type == GLOB_STAR && t[i - 1].type == GLOB_STAR)
			return glob_bad(c, t, n, i - 1, i + 1, "E-glob-star", "'**' stands for the whole name only",
					"write '*' for a part of it");
	}
	return 0;
}

/* Alternatives of the elements from..end, and the bytes of all of them; both stop growing above their limits. */
static void count_alts(const struct glob_tok *t, size_t from, size_t end, size_t *ret_alts, size_t *ret_bytes)
{
	size_t alts = 1, bytes = 0;

	for (size_t i = from; i < end; i++) {
		size_t group_alts = 0, group_bytes = 0, bar;

		if (t[i].type != GLOB_OPEN) {
			bytes += alts;
			continue;
		}
		for (; t[i].type != GLOB_CLOSE; i = bar) {
			size_t a, b;

			bar = glob_next_bar(t, i);
			count_alts(t, i + 1, bar, &a, &b);
			group_alts += a;
			group_bytes += b;
		}
		bytes = bytes * group_alts + group_bytes * alts;
		alts *= group_alts;
		alts = alts > LIMIT_ALTERNATIVES ? LIMIT_ALTERNATIVES + 1 : alts;
		bytes = bytes > LIMIT_EXPANDED ? LIMIT_EXPANDED + 1 : bytes;
	}
	*ret_alts = alts;
	*ret_bytes = bytes;
}

static int check_limits(const struct glob_checker *c, const struct glob_tok *t, size_t n)
{
	size_t alts, bytes;

	count_alts(t, 0, n, &alts, &bytes);
	if (alts <= LIMIT_ALTERNATIVES && bytes <= LIMIT_EXPANDED)
		return 0;
	*c->err = (struct word_error){.id = "E-limit", .text = "the braces stand for too many alternatives"};
	c->err->help = arena_printf(c->arena, "the limit is %u alternatives and %u bytes in all", LIMIT_ALTERNATIVES,
				    LIMIT_EXPANDED);
	return -EINVAL;
}

static int glob_check_all(struct glob_checker *c, glob_fn *alternative)
{
	struct arena *arena = c->arena;
	struct word_error *err = c->err;
	const char *glob = c->glob;
	size_t len = strlen(glob);
	struct glob_tok *t;
	int n, r;

	if (len > LIMIT_TOKEN_BYTES) {
		*err = (struct word_error){.id = "E-limit", .text = "the pattern is too long"};
		err->help = arena_printf(arena, "the limit is %u bytes", LIMIT_TOKEN_BYTES);
		return -EINVAL;
	}
	t = malloc((len + 1) * sizeof(*t));
	if (!t)
		arena_oom();
	n = glob_cut(arena, glob, t, err);
	r = n < 0 ? n : 0;
	for (int i = 0; i < n; i++)
		c->has_braces |= t[i].type == GLOB_OPEN;
	if (r == 0)
		r = check_limits(c, t, (size_t)n);
	if (r == 0)
		r = glob_each(t, (size_t)n, false, alternative, c);
	free(t);
	if (r == -ENOMEM)
		arena_oom();
	return r;
}

int glob_check(struct arena *arena, const char *glob, struct word_error *err)
{
	struct glob_checker c = {.arena = arena, .glob = glob, .err = err};

	return glob_check_all(&c, check_alt);
}

int glob_check_name(struct arena *arena, const char *glob, const char *what, bool slashes, struct word_error *err)
{
	struct glob_checker c = {.arena = arena, .glob = glob, .err = err, .what = what, .slashes = slashes};

	return glob_check_all(&c, check_name_alt);
}
