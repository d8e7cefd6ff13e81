/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks whether patterns go through symbolic links here: names that the kernel makes never do. */
#include "links.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alike.h"
#include "buf.h"
#include "text.h"
#include "walk.h"

#include "banned.h"

#define MAX_SHOWN 10u

struct look {
	const char *path;
	const struct bl_image *image;
	struct bl_walk walk;
	struct bl_buf said;
	size_t n, shown;
};

static void put_name(struct bl_buf *b, const char *name)
{
	bl_text_escape(b, name, strlen(name));
}

/* What to write instead, if that is known. Names below /proc are those of this process. */
static void put_cure(struct bl_buf *b, const struct bl_walk *w, const char *rest, int r)
{
	bool missing = r == -ENOENT || r == -ENOTDIR;

	if (r < 0 && !missing)
		bl_buf_printf(b, ", and where it leads cannot be found: %s", strerror(-r));
	if ((r < 0 && !missing) || strncmp(w->done, "/proc/", 6) == 0) {
		bl_buf_str(b, "; load with --accept-links if that is meant");
		return;
	}
	bl_buf_str(b, "; write ");
	bl_text_pattern(b, w->done);
	bl_text_pattern(b, w->left);
	bl_text_source(b, w->done[0] == '\0' && w->left[0] == '\0' && rest[0] == '\0' ? "/" : rest);
	bl_buf_str(b, ", or load with --accept-links");
}

static void put_link(struct bl_buf *b, const struct bl_walk *w, const char *rest, int r)
{
	bl_buf_str(b, "goes through the symbolic link ");
	put_name(b, w->link);
	bl_buf_str(b, " -> ");
	put_name(b, w->target);
	bl_buf_str(b, " on this machine, so no name matches it");
	put_cure(b, w, rest, r);
}

/* A line more, if there is room. */
static void say(struct look *l, const struct bl_meta_prefix *p, int r)
{
	const char *rest = bl_image_str(l->image, p->rest);
	struct bl_buf b = BL_BUF_INIT;

	if (l->shown >= MAX_SHOWN)
		return;
	bl_buf_printf(&b, "%s%s: ", l->shown ? "\n" : "", l->path);
	bl_text_source(&b, bl_image_str(l->image, p->file));
	bl_buf_printf(&b, ":%u: '", p->line);
	put_name(&b, bl_image_str(l->image, p->path));
	bl_text_source(&b, rest);
	bl_buf_str(&b, "' ");
	if (l->walk.links != 0)
		put_link(&b, &l->walk, rest, r);
	else
		bl_buf_printf(&b, "cannot be looked at on this machine: %s; load with --accept-links if it goes through no symbolic link",
			      strerror(-r));
	/* room for a last line stays */
	if (!b.failed && l->said.len + b.len + strlen(l->path) + 100 < sizeof(((struct bl_error *)NULL)->text)) {
		bl_buf_add(&l->said, b.data, b.len);
		l->shown++;
	}
	bl_buf_free(&b);
}

static bool is_missing(int r)
{
	return r == -ENOENT || r == -ENOTDIR || r == -ENAMETOOLONG;
}

/* The link is another name of what the policy says the same of: whichever the kernel gives, the rule is held. */
static bool is_harmless(const struct look *l, const struct bl_meta_prefix *p)
{
	char target[2 * PATH_MAX];

	(void)snprintf(target, sizeof(target), "%s%s", l->walk.done, l->walk.left);
	return (p->flags & BL_PREFIX_NAME) && bl_names_alike(l->image->tables, bl_image_str(l->image, p->path), target);
}

static void look_at(struct look *l, const struct bl_meta_prefix *p)
{
	int r = bl_walk_name("", bl_image_str(l->image, p->path), p->flags & BL_PREFIX_FOLLOW, &l->walk);

	if ((r == 0 || is_missing(r)) && (l->walk.links == 0 || is_harmless(l, p)))
		return;
	say(l, p, r);
	l->n++;
}

static int refuse(const struct look *l, struct bl_error *err)
{
	const char *text = bl_buf_text(&l->said);
	size_t rest = l->n - l->shown;

	if (!text || l->shown == 0)
		return bl_error_set(err, BL_REFUSED,
				    "%s: %zu patterns go through symbolic links on this machine, so no name matches them; "
				    "'policyc check --here' shows them",
				    l->path, l->n);
	if (rest == 0)
		return bl_error_set(err, BL_REFUSED, "%s", text);
	return bl_error_set(err, BL_REFUSED, "%s\n%s: and %zu more", text, l->path, rest);
}

int bl_links_check(const char *path, const struct bl_image *image, bool accept, size_t *ret_n, struct bl_error *err)
{
	struct look *l = calloc(1, sizeof(*l));
	int r = 0;

	*ret_n = 0;
	if (!l)
		return bl_error_set(err, BL_SYSTEM, "out of memory");
	l->path = path;
	l->image = image;
	for (size_t i = 0; i < image->nprefixes; i++)
		look_at(l, &image->prefixes[i]);
	*ret_n = l->n;
	if (l->n != 0 && !accept)
		r = refuse(l, err);
	bl_buf_free(&l->said);
	free(l);
	return r;
}
