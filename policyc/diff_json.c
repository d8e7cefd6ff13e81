/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Differences of policies as one JSON object. */
#include "diff_print.h"
#include "json.h"
#include "names.h"
#include "text.h"
#include <inttypes.h>
#include <string.h>
#include "banned.h"

const char *const diff_sides[] = { "old", "new" };

static const char *change_word(enum diff_change c)
{
	static const char *const words[] = {
#define X(NAME, w, t) w,
		DIFF_CHANGES(X)
#undef X
	};

	return words[c];
}

const char *diff_act_word(enum chain_act act)
{
	static const char *const words[] = { "?", "allow", "allow", "log", "deny", "kill", "would-deny", "would-kill" };

	return words[act];
}

void diff_put_details(struct bl_buf *b, unsigned int details, const char *between, const char *quote)
{
	static const char *const words[] = { "errno", "quiet", "message", "tag", "severity", "enter", "leave" };
	const char *sep = "";

	for (unsigned int i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!(details >> i & 1))
			continue;
		bl_buf_printf(b, "%s%s%s%s", sep, quote, words[i], quote);
		sep = between;
	}
}

static bool json_member(struct bl_buf *b, const char *name, const char *value)
{
	bl_buf_printf(b, ",\"%s\":", name);
	return bl_json_cstring(b, value);
}

static void json_profile(struct bl_buf *b, const struct diff *d, const struct diff_profile *p)
{
	const char *sep = "";

	bl_buf_str(b, "{\"name\":");
	bl_json_cstring(b, p->name);
	for (int side = 0; side < 2; side++) {
		const struct bl_image *img = d->who.img[side];
		const struct bl_meta_profile *m = &img->profiles[p->at[side] == CHAIN_NOBODY ? 0 : p->at[side]];

		if (p->at[side] == CHAIN_NOBODY) {
			bl_buf_printf(b, ",\"%s\":null", diff_sides[side]);
			continue;
		}
		bl_buf_printf(b, ",\"%s\":{\"line\":%u,\"mode\":\"%s\"", diff_sides[side], m->line,
			      bl_text_mode(bl_profile_at(img->tables, p->at[side])->mode));
		json_member(b, "file", bl_image_str(img, m->file));
		json_member(b, "subject", bl_image_str(img, m->subject));
		bl_buf_char(b, '}');
	}
	bl_buf_str(b, ",\"changed\":[");
	for (int i = 0; i < 4; i++) {
		static const char *const words[] = { "mode", "subject", "descriptors", "default" };
		const bool changed[] = { p->mode, p->subject, p->strict, p->defaults };

		if (!changed[i])
			continue;
		bl_buf_printf(b, "%s\"%s\"", sep, words[i]);
		sep = ",";
	}
	bl_buf_str(b, "]}");
}

static void json_term(struct bl_buf *b, const char **sep, const char *whose, const char *term, bool inherited, bool holds)
{
	bl_buf_printf(b, "%s{\"of\":\"%s\",\"term\":", *sep, whose);
	bl_json_cstring(b, term);
	bl_buf_printf(b, ",\"inherited\":%s,\"holds\":%s}", inherited ? "true" : "false", holds ? "true" : "false");
	*sep = ",";
}

static void json_terms(struct bl_buf *b, const struct diff *d, const struct who_domain *dom, uint64_t known, uint64_t holds,
		       const char **sep, const char *whose)
{
	for (uint32_t i = 0; i < dom->nterms; i++) {
		const struct who_term *t = &d->who.terms[dom->term[i]];

		if (known >> i & 1)
			json_term(b, sep, whose, t->text, t->sticky != 0, holds >> i & 1);
	}
}

static void json_when(struct bl_buf *b, const struct diff *d, const struct diff_item *it)
{
	const struct chain_case *w = &it->when;
	const char *sep = "";

	bl_buf_str(b, ",\"when\":[");
	json_terms(b, d, it->self, w->self_known, w->self, &sep, "process");
	if (w->untrusted >= 0)
		json_term(b, &sep, "process", "untrusted", false, w->untrusted != 0);
	if (w->owner >= 0)
		json_term(b, &sep, "process", "owner", false, w->owner != 0);
	json_terms(b, d, it->peer, w->peer_known, w->peer, &sep, "peer");
	if (w->peer_untrusted >= 0)
		json_term(b, &sep, "peer", "untrusted", false, w->peer_untrusted != 0);
	if (w->descendant >= 0)
		json_term(b, &sep, "peer", "descendant", false, w->descendant != 0);
	bl_buf_char(b, ']');
}

/* A number that has no name cannot be asked for (request_json.h). */
static bool request_capabilities(struct bl_buf *b, uint64_t caps)
{
	const char *sep = "";

	bl_buf_str(b, ",\"capabilities\":[");
	for (uint32_t i = 0; i < 64; i++) {
		const char *word = bl_names_word(BL_NAMES_CAPABILITY, i);

		if (!(caps >> i & 1))
			continue;
		if (!word)
			return false;
		bl_buf_printf(b, "%s\"%s\"", sep, word);
		sep = ",";
	}
	bl_buf_char(b, ']');
	return true;
}

static bool request_programs(struct bl_buf *b, const struct sim_process *p)
{
	bool exact = true;

	bl_buf_str(b, "\"exe\":");
	exact &= bl_json_cstring(b, p->nexes ? p->exes[p->nexes - 1] : NULL);
	bl_buf_str(b, ",\"ancestors\":[");
	for (size_t i = 0; i + 1 < p->nexes; i++) {
		bl_buf_str(b, i ? "," : "");
		exact &= bl_json_cstring(b, p->exes[i]);
	}
	bl_buf_char(b, ']');
	return exact;
}

static bool request_process(struct bl_buf *b, const struct sim_process *p)
{
	const struct {
		const char *name, *value;
	} words[] = { { "script", p->scripts ? p->scripts[p->nexes != 0 ? p->nexes - 1 : 0] : NULL }, { "cgroup", p->cgroup }, { "unit", p->unit }, { "container", p->container } };
	bool exact = request_programs(b, p);

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		bl_buf_printf(b, ",\"%s\":", words[i].name);
		exact &= bl_json_cstring(b, words[i].value);
	}
	bl_buf_printf(b, ",\"euid\":%" PRIu32 ",\"login\":%" PRIu32 ",\"untrusted\":%s,\"groups\":[", p->euid, p->login,
		      p->untrusted ? "true" : "false");
	for (size_t i = 0; i < p->ngroups; i++)
		bl_buf_printf(b, "%s%" PRIu32, i ? "," : "", p->groups[i]);
	bl_buf_char(b, ']');
	return request_capabilities(b, p->capabilities) && exact;
}

static bool request_object(struct bl_buf *b, const struct object_example *e)
{
	struct bl_buf text = BL_BUF_INIT;
	bool exact;

	if (e->kind == BL_KEY_PATH && e->key[0] == '/')
		return bl_json_string(b, e->key, e->len);
	if (e->code != 0)
		bl_text_object(&text, BL_KEY_CODE, &e->code, 1);
	else
		bl_text_object(&text, e->kind, e->key, e->len);
	exact = !memchr(text.data ? text.data : "", '\\', text.len); /* what is escaped is not read back */
	bl_json_string(b, text.data ? text.data : "", text.len);
	b->failed |= text.failed;
	bl_buf_free(&text);
	return exact;
}

bool diff_json_request(struct bl_buf *b, const struct diff_item *it)
{
	struct bl_buf r = BL_BUF_INIT;
	bool exact;

	if (it->change == DIFF_UNNAMED || !it->can_simulate)
		return false;
	bl_buf_printf(&r, "{\"op\":\"%s\",\"object\":", bl_text_op(it->op));
	exact = request_object(&r, &it->object);
	bl_buf_char(&r, ',');
	exact &= request_process(&r, &it->process);
	bl_buf_printf(&r, ",\"owner\":%s,\"deleted\":%s,\"descendant\":%s", it->owner ? "true" : "false",
		      it->object.code == BL_CODE_DELETED ? "true" : "false", it->descendant ? "true" : "false");
	if (it->object.fstype[0])
		exact &= json_member(&r, "fstype", it->object.fstype);
	if (it->has_peer) {
		bl_buf_str(&r, ",\"peer\":{");
		exact &= request_process(&r, &it->peer_process);
		bl_buf_char(&r, '}');
	}
	bl_buf_char(&r, '}');
	if (exact)
		bl_buf_add(b, r.data, r.len);
	b->failed |= r.failed;
	bl_buf_free(&r);
	return exact;
}

static void json_answer(struct bl_buf *b, const struct diff *d, const struct diff_item *it, int side)
{
	const struct chain_answer *a = &it->answer[side];
	const struct bl_image *img = d->who.img[side];

	bl_buf_printf(b, ",\"%s\":{\"verdict\":\"%s\",\"in_profile\":%s,\"default\":%s", diff_sides[side], diff_act_word(a->act),
		      a->act == CHAIN_NONE ? "false" : "true", a->by_default ? "true" : "false");
	if (a->rule != BL_RULE_NONE) {
		const struct bl_meta_rule *m = &img->rules[a->rule];

		bl_buf_printf(b, ",\"implied\":%s,\"line\":%u", a->implied ? "true" : "false", m->line);
		json_member(b, "file", bl_image_str(img, m->file));
		json_member(b, "text", bl_image_str(img, m->text));
	}
	bl_buf_char(b, '}');
}

static void json_object(struct bl_buf *b, const struct object_example *e)
{
	struct bl_buf text = BL_BUF_INIT;
	bool exact = true;

	bl_buf_str(b, ",\"object\":");
	if (e->kind == BL_KEY_PATH && e->key[0] == '/') {
		exact = bl_json_string(b, e->key, e->len);
	} else {
		object_example_text(&text, e);
		bl_json_cstring(b, bl_buf_text(&text));
		b->failed |= text.failed;
		bl_buf_free(&text);
	}
	if (!exact) {
		bl_buf_str(b, ",\"object_hex\":");
		bl_json_hex(b, e->key, e->len);
	}
}

static void json_item(struct bl_buf *b, const struct diff *d, const struct diff_item *it)
{
	bl_buf_str(b, "{\"profile\":");
	bl_json_cstring(b, d->profiles[it->profile].name);
	bl_buf_printf(b, ",\"op\":\"%s\",\"change\":\"%s\"", bl_text_op(it->op), change_word(it->change));
	if (it->change == DIFF_UNNAMED) {
		bl_buf_printf(b, ",\"refused\":%s}", it->refused ? "true" : "false");
		return;
	}
	bl_buf_printf(b, ",\"details\":[");
	diff_put_details(b, it->details, ",", "\"");
	bl_buf_printf(b, "],\"objects\":%" PRIu64, it->count);
	json_object(b, &it->object);
	json_when(b, d, it);
	bl_buf_str(b, ",\"request\":");
	if (!diff_json_request(b, it))
		bl_buf_str(b, "null");
	json_answer(b, d, it, 0);
	json_answer(b, d, it, 1);
	bl_buf_char(b, '}');
}

void diff_json(struct bl_buf *b, const struct diff *d)
{
	const char *sep = "";

	bl_buf_printf(b, "{\"same\":%s,\"complete\":%s,\"profiles\":[", diff_any(d) ? "false" : "true", d->ngaps ? "false" : "true");
	for (size_t i = 0; i < d->nprofiles; i++) {
		const struct diff_profile *p = &d->profiles[i];

		if (p->at[0] != CHAIN_NOBODY && p->at[1] != CHAIN_NOBODY && !p->mode && !p->subject && !p->strict && !p->defaults)
			continue;
		bl_buf_str(b, sep);
		json_profile(b, d, p);
		sep = ",";
	}
	bl_buf_str(b, "],\"changes\":[");
	for (size_t i = 0; i < d->nitems; i++) {
		bl_buf_str(b, i ? "," : "");
		json_item(b, d, &d->items[i]);
	}
	bl_buf_str(b, "]}\n");
}
