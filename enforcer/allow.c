/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The smallest rule that would have allowed what an event says was refused. */
#include "allow.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "name_put.h"
#include "names.h"
#include "plat_host.h"
#include "renaming.h"
#include "text.h"
#include "utf8.h"

#include "banned.h"

/* ---- is it a rule about this object at all? ---- */

/* The accept record of a name of a file and, if ret_below is not NULL, what is refused below it; 0: none. */
static uint32_t look_up(const struct bl_tables *t, const uint8_t *name, size_t n, uint32_t *ret_below)
{
	struct bl_name *buf = malloc(sizeof(*buf));
	uint32_t state;

	*ret_below = 0;
	if (!buf || n > BL_PATH_MAX) {
		free(buf);
		return 0;
	}
	state = bl_run(t, buf, bl_name_put(buf, name, n), t->start[BL_KEY_PATH]);
	*ret_below = bl_below(t, state, n == 1);
	free(buf);
	return bl_accept(t, state);
}

/* Has the list an entry of the profile's that refuses? */
static bool refuses(const struct bl_tables *t, uint32_t list, uint32_t profile)
{
	uint64_t n = list ? bl_word(t, list) : 0;

	for (uint64_t i = 0; i < n; i++) {
		uint64_t e = bl_word(t, list + 1 + i);

		if (BL_ENT_PROFILE(e) == profile && BL_ENT_VERDICT(e) >= BL_V_DENY)
			return true;
	}
	return false;
}

/* The same of what is below a directory: pairs of an entry and its class. */
static bool refuses_below(const struct bl_tables *t, uint32_t list, uint32_t profile)
{
	uint64_t n = list ? bl_word(t, list) : 0;

	for (uint64_t i = 0; i < n; i++)
		if (BL_ENT_PROFILE(bl_word(t, list + 1 + 2 * i)) == profile &&
		    BL_BELOW_CLASS(bl_word(t, list + 2 + 2 * i)) != 0 && !(bl_word(t, list + 2 + 2 * i) & BL_BELOW_SAME))
			return true;
	return false;
}

/*
 * A name may not be changed if a refusal would be shed with it (policy(5), Names that change), whatever allows the operation itself. Of a link or a
 * rename the new name is not known: what the old one has to lose is looked at.
 */
static bool for_its_name(const struct bl_image *img, const struct bl_event *ev, const uint8_t *obj)
{
	const struct bl_tables *t = img->tables;
	uint32_t record, below;

	if (ev->reason != BL_R_RULE || ev->rule >= t->nrules)
		return false;
	if (ev->op != BL_OP_RENAME && ev->op != BL_OP_LINK)
		return !(img->rules[ev->rule].ops & BL_OP_BIT(ev->op)) && (ev->op == BL_OP_MOUNT || ev->op == BL_OP_PIVOT);
	record = look_up(t, obj, ev->obj_len, &below);
	for (uint32_t op = BL_OP_READ; op <= BL_OP_MAP; op++)
		if (op != ev->op && (BL_OPS_KEPT & BL_OP_BIT(op)) && refuses(t, bl_acc_list(t, record, op), ev->profile))
			return true;
	return ev->op == BL_OP_RENAME && refuses_below(t, below, ev->profile);
}

/* ---- objects ---- */

/* A pattern that matches these bytes alone, as far as they can be written. */
static void put_pattern(struct bl_buf *b, const uint8_t *p, size_t n)
{
	static const char special[] = "*?[]{}\\,;\"=#$ ";

	for (size_t i = 0, len; i < n; i += len) {
		uint32_t c;

		len = bl_utf8_char(p + i, n - i, &c);
		if (len == 0 || bl_utf8_invisible(c)) {
			len += len == 0;
			for (size_t k = 0; k < len; k++)
				bl_buf_char(b, '?');
			continue;
		}
		if (c < 0x80 && strchr(special, (int)c))
			bl_buf_char(b, '\\');
		bl_buf_add(b, p + i, len);
	}
}

static void put_part(struct bl_buf *b, const char *word, const uint8_t *p, size_t n)
{
	if (n == 0)
		return;
	bl_buf_printf(b, " %s", word);
	bl_buf_char(b, ' ');
	put_pattern(b, p, n);
}

static void put_name_of(struct bl_buf *b, const char *before, enum bl_names table, uint32_t value)
{
	const char *word = bl_names_word(table, value);

	bl_buf_str(b, before);
	if (word)
		bl_buf_str(b, word);
	else
		bl_buf_printf(b, "%" PRIu32, value);
}

/* Is one of the words after the verdict, up to where the object begins, this one? */
static bool text_names(const char *text, const char *word)
{
	size_t n = strcspn(text, " ");

	do {
		text += n;
		text += strspn(text, " ,");
		n = strspn(text, "abcdefghijklmnopqrstuvwxyz");
		if (n == strlen(word) && strncmp(text, word, n) == 0)
			return true;
	} while (text[n + strspn(text + n, " ")] == ',');
	return false;
}

/* Does a rule of the profile name accept? If none does, those about bind have it among their operations. */
static bool names_accept(const struct bl_image *img, uint32_t profile)
{
	for (uint32_t i = 0; i < img->tables->nrules; i++) {
		const char *text = bl_image_str(img, img->rules[i].text);

		if (img->rules[i].profile == profile && (text_names(text, "accept") || text_names(text, "network")))
			return true;
	}
	return false;
}

static void put_net(struct bl_buf *b, const struct bl_image *img, const struct bl_event *ev, const uint8_t *p, size_t n)
{
	bool from = bl_profile_at(img->tables, ev->profile)->flags & BL_PF_FROM;
	struct bl_text_net e;

	if (!bl_text_net(p, n, &e))
		return;
	if (strcmp(e.proto, "other") != 0)
		bl_buf_printf(b, " %s", e.proto);
	bl_buf_printf(b, " %s %s", ev->op == BL_OP_CONNECT ? "to" : "on", e.addr);
	if (e.has_peer && ev->op == BL_OP_ACCEPT && from)
		bl_buf_printf(b, " from %s", e.peer);
	if (e.has_port)
		bl_buf_printf(b, " port %u", e.port);
}

/* "TYPE\0SOURCE\0TARGET" */
static void put_mount(struct bl_buf *b, const uint8_t *p, size_t n)
{
	const uint8_t *source = memchr(p, 0, n), *target = source ? memchr(source + 1, 0, n - (size_t)(source + 1 - p)) : NULL;

	if (!target)
		return;
	put_part(b, "fstype", p, (size_t)(source - p));
	put_part(b, "source", source + 1, (size_t)(target - source - 1));
	put_part(b, "target", target + 1, n - (size_t)(target + 1 - p));
}

static void put_sys(struct bl_buf *b, uint32_t op, const uint8_t *p, size_t n)
{
	if (op == BL_OP_MOUNT) {
		put_mount(b, p, n);
	} else if ((op == BL_OP_CAPABILITY || op == BL_OP_SIGNAL) && n == 1) {
		put_name_of(b, " ", op == BL_OP_SIGNAL ? BL_NAMES_SIGNAL : BL_NAMES_CAPABILITY, p[0]);
	} else if (op == BL_OP_SETUID || op == BL_OP_SETGID) {
		bl_buf_char(b, ' ');
		bl_text_object(b, BL_KEY_USER, p, n);
	} else if (n > 0 && p[0] == '/') {
		bl_buf_char(b, ' ');
		put_pattern(b, p, n);
	} /* without a name, or no object at all: every one */
}

static void put_object(struct bl_buf *b, const struct bl_image *img, const struct bl_event_view *e)
{
	const uint8_t *p = e->obj;
	size_t n = e->ev->obj_len;

	switch (e->ev->kind) {
	case BL_KEY_PATH:
		if (n > 0 && p[0] == '/') {
			bl_buf_char(b, ' ');
			put_pattern(b, p, n);
		}
		break;
	case BL_KEY_CODE:
		bl_buf_char(b, ' ');
		bl_text_object(b, BL_KEY_CODE, p, n);
		break;
	case BL_KEY_NET:
		put_net(b, img, e->ev, p, n);
		break;
	case BL_KEY_UNIX:
		bl_buf_str(b, " unix");
		put_part(b, e->ev->op == BL_OP_CONNECT ? "to" : "on", p, n);
		break;
	case BL_KEY_SOCK:
		put_name_of(b, " ", BL_NAMES_FAMILY, (uint32_t)(p[0] << 8 | p[1]));
		put_name_of(b, " type ", BL_NAMES_SOCK_TYPE, p[2]);
		put_name_of(b, " protocol ", BL_NAMES_PROTOCOL, (uint32_t)(p[3] << 8 | p[4]));
		break;
	case BL_KEY_SYS:
		put_sys(b, e->ev->op, p + 1, n - 1);
		break;
	}
}

/* Is what the event has of the object what its kind says? One that could not be had is empty. */
static bool object_whole(const struct bl_event_view *e)
{
	size_t n = e->ev->obj_len;
	struct bl_text_net net;

	switch (e->ev->kind) {
	case BL_KEY_NET:
		return bl_text_net(e->obj, n, &net);
	case BL_KEY_SOCK:
		return n == 5;
	case BL_KEY_UNIX:
		return true;
	default:
		return n > 0;
	}
}

/* ---- the rule ---- */

/* " if exe X", unless the profile is about nobody else, or a condition would not hold of this program. */
static void put_who(struct bl_buf *b, const struct bl_image *img, const struct bl_event_view *e)
{
	const char *subject = bl_image_str(img, img->profiles[e->ev->profile].subject);
	struct bl_buf exe = BL_BUF_INIT;

	if (e->ev->exe_len == 0 || (e->ev->flags & BL_EVF_UNTRUSTED))
		return;
	put_pattern(&exe, e->exe, e->ev->exe_len);
	if (bl_buf_text(&exe) && !(strncmp(subject, "exe ", 4) == 0 && strcmp(subject + 4, bl_buf_text(&exe)) == 0))
		bl_buf_printf(b, " if exe %s", bl_buf_text(&exe));
	bl_buf_free(&exe);
}

enum bl_allow bl_allow_rule(struct bl_buf *b, const struct bl_image *img, const struct bl_event_view *e)
{
	const struct bl_event *ev = e->ev;
	uint32_t op = ev->op;

	if (!img || ev->profile >= img->tables->nprofiles)
		return BL_ALLOW_UNKNOWN;
	if (ev->reason > BL_R_DEFAULT || !object_whole(e))
		return BL_ALLOW_FAILURE;
	if (for_its_name(img, ev, e->obj))
		return BL_ALLOW_NAMES;
	if (op == BL_OP_ACCEPT && !names_accept(img, ev->profile))
		op = BL_OP_BIND; /* such a profile accepts what it may bind, and a rule about accept would end that */
	bl_buf_printf(b, "allow %s", bl_text_op(op));
	put_object(b, img, e);
	put_who(b, img, e);
	bl_buf_char(b, ';');
	return BL_ALLOW_RULE;
}
