/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Objects of the system class: capabilities, signals and whom they go to, mounts, ids, modules. */
#include "sema_cond.h"
#include "sema_object.h"

#include <string.h>

#include "arena.h"
#include "names.h"
#include "nearest.h"
#include "num.h"
#include "banned.h"

static struct ir_pattern sys_pattern(unsigned op, const struct ast_word *w)
{
	return (struct ir_pattern){.kind = BL_KEY_SYS, .op = (uint8_t)op, .ops = BL_OP_BIT(op), .text = w->text, .loc = w->loc};
}

static bool sys_no_except(struct sema *s, const struct ast_part *p)
{
	return !p->except || object_says(s, p->except->loc, "this list has no exceptions", "list those that are meant");
}

bool object_caps(struct sema *s, const struct ast_part *parts, struct ir_rule *r)
{
	const struct ast_part *by[AST_PART_COUNT] = {0};
	struct pats pos = {0}, exc = {0};

	if (!object_sort(s, parts, 1u << AST_PART_PLAIN, "capability", by) || !sys_no_except(s, parts))
		return false;
	for (const struct ast_word *w = parts->values->first; w; w = w->next) {
		struct ir_pattern p = sys_pattern(BL_OP_CAPABILITY, w);

		if (!word_check_capability(s, w, &p.lo))
			return false;
		p.hi = p.lo;
		if (!pats_add(s, &pos, &p))
			return false;
	}
	return object_join(s, &pos, &exc, &r->object);
}

/* ---- whom ---- */

static bool peer_resolve(struct sema *s, const struct ast_part *part, struct ir_rule *r)
{
	struct term_use use = {.weakens = r->verdict < BL_V_DENY};
	struct arena_buf text = {.arena = s->arena};
	struct ir_clause *c = arena_alloc(s->arena, sizeof(*c));

	r->peer = IR_PEER_COND;
	r->peer_cond = r->profile;
	switch (part->kind) {
	case AST_PART_SAME:
		return true;
	case AST_PART_DESCENDANT:
		r->peer = IR_PEER_DESCENDANT;
		return true;
	case AST_PART_PROFILE:
		return profile_number(s, part->values->first, &r->peer_cond);
	default:
		if (!subject_terms(s, part->terms, &use, c, &text))
			return false;
		r->peer_cond = cond_get(s, c, 1, part->loc);
		return r->peer_cond != BL_COND_NONE;
	}
}

static bool signal_number(struct sema *s, const struct ast_word *w, struct ir_pattern *p)
{
	int32_t value = bl_names_value(BL_NAMES_SIGNAL, w->text);
	struct word_error err;
	struct diag *d;

	if (value < 0 && w->text[0] >= '0' && w->text[0] <= '9') {
		if (num_parse_range(s->arena, w->text, "signal", 1, 64, &p->lo, &p->hi, &err) == 0)
			return true;
		sema_bad(s, w, &err);
		return false;
	}
	if (value < 0 && strncmp(w->text, "SIG", 3) == 0 && bl_names_value(BL_NAMES_SIGNAL, w->text + 3) >= 0) {
		d = diag_error(s->diags, w->loc, "E-unknown-value", "unknown signal '%.64s'", w->text);
		diag_help(s->diags, d, "write it without SIG: %s", w->text + 3);
		return false;
	}
	if (value < 0) {
		word_unknown_name(s, w, BL_NAMES_SIGNAL, "signal",
				  "as in signal(7), in capitals and without SIG: for example TERM; or a number from 1 to 64");
		return false;
	}
	p->lo = p->hi = (uint32_t)value;
	return true;
}

bool object_peer(struct sema *s, const struct ast_part *parts, struct ir_rule *r)
{
	const struct ast_part *plain = parts->kind == AST_PART_PLAIN ? parts : NULL, *whom = plain ? parts->next : parts;
	bool signals = (r->ops & BL_OP_BIT(BL_OP_SIGNAL)) != 0;
	struct pats pos = {0}, exc = {0};

	if (whom && whom->kind == AST_PART_PLAIN)
		return object_says(s, whom->loc, arena_printf(s->arena, "missing ',' before '%.80s'", whom->values->first->text),
				   nearest_after_list(s->arena, whom->values->first->text));
	if (whom && whom->kind < AST_PART_PEER)
		return object_says(s, whom->loc,
				   whom->kind == AST_PART_TO ? "after 'to' comes what the other process is"
							     : arena_printf(s->arena, "'%s' does not belong here", part_word(whom->kind)),
				   "for example 'to exe /usr/sbin/nginx', 'to profile web', 'to same profile' or 'to descendant'");
	if (plain && !signals)
		return object_says(s, plain->loc, "'ptrace' takes no such object",
				   "say whom with 'to', for example 'to exe /usr/sbin/nginx'");
	if (plain && !sys_no_except(s, plain))
		return false;
	for (const struct ast_word *w = plain ? plain->values->first : NULL; w; w = w->next) {
		struct ir_pattern p = sys_pattern(BL_OP_SIGNAL, w);

		if (!signal_number(s, w, &p) || !pats_add(s, &pos, &p))
			return false;
	}
	if (whom && !peer_resolve(s, whom, r))
		return false;
	return object_join(s, &pos, &exc, &r->object);
}

/* ---- mounts ---- */

/* The globs of one part; without the part one that is NULL: any. */
struct globs {
	const char **v;
	size_t n;
};

static bool mount_globs(struct sema *s, const struct ast_part *p, struct globs *ret)
{
	struct pats pos = {0}, exc = {0};
	size_t n = p ? p->values->n : 1;

	ret->v = arena_alloc(s->arena, n * sizeof(*ret->v));
	ret->v[0] = NULL;
	ret->n = 1;
	if (!p)
		return true;
	if (!sys_no_except(s, p))
		return false;
	if (p->kind == AST_PART_TARGET) {
		if (!set_values(s, p->values, BL_KEY_PATH, &pos, &exc))
			return false;
		if (exc.n != 0)
			return object_says(s, p->loc, "a set with exceptions cannot be the target of a mount", "list the paths");
		ret->v = arena_alloc(s->arena, (pos.n + 1) * sizeof(*ret->v));
		for (ret->n = 0; ret->n < pos.n; ret->n++)
			ret->v[ret->n] = pos.v[ret->n].glob;
		return true;
	}
	ret->n = 0;
	for (const struct ast_word *w = p->values->first; w; w = w->next) {
		bool source = p->kind == AST_PART_SOURCE;

		if (!word_check_name(s, w, 0, source ? "a mount's source" : "a file system type", source))
			return false;
		ret->v[ret->n++] = w->text;
	}
	return true;
}

bool object_mount(struct sema *s, const struct ast_part *parts, struct ir_rule *r)
{
	const uint32_t allowed = 1u << AST_PART_FSTYPE | 1u << AST_PART_SOURCE | 1u << AST_PART_TARGET;
	const struct ast_part *by[AST_PART_COUNT] = {0};
	struct globs types, sources, targets;
	struct pats pos = {0}, exc = {0};

	if (parts->kind == AST_PART_PLAIN)
		return object_says(s, parts->loc, "a mount is named by its parts",
				   "write 'fstype', 'source' or 'target' before it");
	if (!object_sort(s, parts, allowed, "mount", by) || !mount_globs(s, by[AST_PART_FSTYPE], &types) ||
	    !mount_globs(s, by[AST_PART_SOURCE], &sources) || !mount_globs(s, by[AST_PART_TARGET], &targets))
		return false;
	for (size_t i = 0; i < types.n * sources.n * targets.n; i++) {
		struct ir_pattern p = {.kind = BL_KEY_SYS, .op = BL_OP_MOUNT, .ops = BL_OP_BIT(BL_OP_MOUNT), .loc = parts->loc};

		p.fstype = types.v[i / targets.n / sources.n];
		p.source = sources.v[i / targets.n % sources.n];
		p.glob = targets.v[i % targets.n];
		p.text = arena_printf(s->arena, "fstype %s source %s target %s", p.fstype ? p.fstype : "any",
				      p.source ? p.source : "any", p.glob ? p.glob : "any");
		if (!pats_add(s, &pos, &p))
			return false;
	}
	return object_join(s, &pos, &exc, &r->object);
}

bool object_sys_path(struct sema *s, const struct ast_part *parts, struct ir_rule *r)
{
	const char *word = ops_word((unsigned)__builtin_ctzll(r->ops));
	const struct ast_part *by[AST_PART_COUNT] = {0};
	struct pats pos = {0}, exc = {0}, all = {0}, none = {0};

	if (!object_sort(s, parts, 1u << AST_PART_PLAIN, word, by) || !object_values(s, parts, BL_KEY_PATH, &pos, &exc))
		return false;
	for (unsigned op = BL_OP_UMOUNT; op <= BL_OP_MODULE; op++) {
		for (size_t i = 0; (r->ops & BL_OP_BIT(op)) && i < pos.n + exc.n; i++) {
			struct ir_pattern p = i < pos.n ? pos.v[i] : exc.v[i - pos.n];

			p.kind = BL_KEY_SYS;
			p.op = (uint8_t)op;
			p.ops = BL_OP_BIT(op);
			p.except = i >= pos.n;
			/* a module that is given as memory may be any (DESIGN section 2, point 20) */
			p.nameless = op == BL_OP_MODULE && r->verdict >= BL_V_DENY && !p.except;
			if (!pats_add(s, &all, &p))
				return false;
		}
	}
	return object_join(s, &all, &none, &r->object);
}

bool object_ids(struct sema *s, const struct ast_part *parts, struct ir_rule *r)
{
	bool group = r->ops == BL_OP_BIT(BL_OP_SETGID);
	const struct ast_part *by[AST_PART_COUNT] = {0};
	struct pats pos = {0}, exc = {0};

	if (!group && r->ops != BL_OP_BIT(BL_OP_SETUID))
		return object_says(s, parts->loc, "'setuid' takes users and 'setgid' takes groups", "write a rule for each");
	if (!object_sort(s, parts, 1u << AST_PART_PLAIN, group ? "setgid" : "setuid", by) || !sys_no_except(s, parts))
		return false;
	for (const struct ast_word *w = parts->values->first; w; w = w->next) {
		struct ir_pattern p = sys_pattern(group ? BL_OP_SETGID : BL_OP_SETUID, w);

		if (!word_check_id(s, w, group ? BL_KEY_GROUP : BL_KEY_USER, &p.lo, &p.hi) || !pats_add(s, &pos, &p))
			return false;
	}
	return object_join(s, &pos, &exc, &r->object);
}
