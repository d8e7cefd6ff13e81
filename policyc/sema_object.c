/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a rule is about: which form its operations give it, and the forms that are names. */
#include "sema_object.h"

#include <string.h>

#include "arena.h"
#include "names.h"
#include "nearest.h"
#include "banned.h"

/* What the objects of an operation look like. */
enum form { FORM_PATHS, FORM_CODE, FORM_SOCK, FORM_NET, FORM_CAPS, FORM_PTRACE, FORM_SIGNAL, FORM_MOUNT, FORM_SYS_PATH, FORM_IDS, FORM_NONE };

static enum form op_form(unsigned op)
{
	switch (op) {
	case BL_OP_EXEC:
	case BL_OP_MAP:
		return FORM_CODE;
	case BL_OP_SOCKET:
		return FORM_SOCK;
	case BL_OP_CONNECT:
	case BL_OP_BIND:
	case BL_OP_ACCEPT:
		return FORM_NET;
	case BL_OP_CAPABILITY:
		return FORM_CAPS;
	case BL_OP_PTRACE:
		return FORM_PTRACE;
	case BL_OP_SIGNAL:
		return FORM_SIGNAL;
	case BL_OP_MOUNT:
		return FORM_MOUNT;
	case BL_OP_UMOUNT:
	case BL_OP_PIVOT:
	case BL_OP_MODULE:
		return FORM_SYS_PATH;
	case BL_OP_SETUID:
	case BL_OP_SETGID:
		return FORM_IDS;
	default:
		return op < BL_OP_EXEC ? FORM_PATHS : FORM_NONE;
	}
}

static const char *form_takes(enum form f)
{
	static const char *const words[] = {
		[FORM_PATHS] = "paths",	   [FORM_CODE] = "paths",	[FORM_SOCK] = "a family of sockets",
		[FORM_NET] = "addresses",  [FORM_CAPS] = "capabilities", [FORM_PTRACE] = "a process",
		[FORM_SIGNAL] = "signals", [FORM_MOUNT] = "a file system", [FORM_SYS_PATH] = "a path",
		[FORM_IDS] = "ids",	   [FORM_NONE] = "no object",
	};

	return words[f];
}

const char *part_word(enum ast_part_kind kind)
{
	static const char *const words[AST_PART_COUNT] = {"",	    "to",     "port", "on",	   "from",	"fstype",  "source",
							  "target", "type", "protocol", "to", "to profile", "to same profile",
							  "to descendant"};

	return words[kind];
}

bool object_says(struct sema *s, struct src_loc loc, const char *text, const char *help)
{
	struct diag *d = diag_error(s->diags, loc, "E-object", "%s", text);

	if (help)
		diag_help(s->diags, d, "%s", help);
	return false;
}

bool object_is_word(const struct ast_word *w, const char *word)
{
	return w->plain && strcmp(w->text, word) == 0;
}

bool object_join(struct sema *s, struct pats *pos, const struct pats *exc, struct ir_term *ret)
{
	for (size_t i = 0; i < exc->n; i++) {
		struct ir_pattern p = exc->v[i];

		p.except = true;
		if (!pats_add(s, pos, &p))
			return false;
	}
	ret->patterns = pos->v;
	ret->npatterns = pos->n;
	return true;
}

/* "write 'on', 'port' or 'from'": the words that a rule's parts can have. */
static const char *sort_help(struct sema *s, uint32_t allowed)
{
	struct arena_buf b = {.arena = s->arena};
	size_t left = (size_t)__builtin_popcount(allowed & ~(1u << AST_PART_PLAIN));

	for (unsigned kind = AST_PART_TO; kind < AST_PART_COUNT; kind++) {
		if (!(allowed & 1u << kind))
			continue;
		arena_buf_str(&b, arena_printf(s->arena, "%s'%s'", b.len == 0 ? "its words are " : left == 1 ? " and " : ", ",
					       part_word((enum ast_part_kind)kind)));
		left--;
	}
	return b.s ? b.s : "its object is a list of values";
}

static bool sort_foreign(struct sema *s, const struct ast_part *p, uint32_t allowed, const char *op)
{
	if (p->kind == AST_PART_PLAIN)
		return object_says(s, p->loc, arena_printf(s->arena, "'%s' takes no such object", op),
				   "a ',' is missing before it, or a word that says what it is");
	if (p->kind >= AST_PART_PEER && (allowed & 1u << AST_PART_TO))
		return object_says(s, p->loc, "after 'to' come addresses here",
				   "processes are for signal and ptrace; a condition about who asks is written with 'if'");
	return object_says(s, p->loc, arena_printf(s->arena, "'%s' does not belong to '%s'", part_word(p->kind), op),
			   sort_help(s, allowed));
}

/* The parts of a rule by their words; false, and a message, for one that does not belong or comes twice. */
bool object_sort(struct sema *s, const struct ast_part *parts, uint32_t allowed, const char *op, const struct ast_part **ret)
{
	for (const struct ast_part *p = parts; p; p = p->next) {
		if (!(allowed & 1u << p->kind))
			return sort_foreign(s, p, allowed, op);
		if (p->kind == AST_PART_PLAIN && (ret[p->kind] || p != parts))
			return object_says(s, p->values->first->loc,
					   arena_printf(s->arena, "missing ',' before '%.80s'", p->values->first->text),
					   nearest_after_list(s->arena, p->values->first->text));
		if (ret[p->kind]) {
			struct diag *d = diag_error(s->diags, p->loc, "E-duplicate", "a second '%s' in one rule",
						    part_word(p->kind));

			diag_help(s->diags, d, "separate values by ','");
			diag_note(s->diags, d, ret[p->kind]->loc, "the first one is here");
			return false;
		}
		ret[p->kind] = p;
	}
	return true;
}

/* Values of one part, its exceptions included. */
bool object_values(struct sema *s, const struct ast_part *p, enum bl_kind kind, struct pats *pos, struct pats *exc)
{
	bool ok = set_values(s, p->values, kind, pos, exc);

	if (p->except)
		ok &= set_values(s, p->except, kind, exc, NULL);
	return ok;
}

/* ---- paths and code ---- */

static int code_of_word(const struct ast_word *w)
{
	return object_is_word(w, "memfd")     ? BL_CODE_MEMFD
	       : object_is_word(w, "deleted")   ? BL_CODE_DELETED
	       : object_is_word(w, "anonymous") ? BL_CODE_ANONYMOUS
						: 0;
}

/* Takes the words for code without a name out of a list; what is left are paths. */
static bool code_words(struct sema *s, const struct ast_list *l, uint64_t ops, struct pats *pos, struct ast_list **ret_paths)
{
	*ret_paths = NULL;
	for (const struct ast_word *w = l->first; w; w = w->next) {
		struct ir_pattern p = {.kind = BL_KEY_CODE, .text = w->text, .loc = w->loc, .code = (uint8_t)code_of_word(w)};

		if (p.code == 0) {
			struct ast_word *copy = arena_alloc(s->arena, sizeof(*copy));

			*copy = *w;
			copy->next = NULL;
			*ret_paths = ast_list_add(s->arena, *ret_paths, copy);
			continue;
		}
		if (ops & ~bl_kind_ops(BL_KEY_CODE))
			return object_says(s, w->loc, arena_printf(s->arena, "'%s' is an object of exec and map only", w->text),
					   "a file by this name is written with its whole path");
		if (!pats_add(s, pos, &p))
			return false;
	}
	return true;
}

static bool object_fstype(struct sema *s, const struct ast_part *part, uint64_t ops, struct ir_term *ret)
{
	struct pats pos = {0}, exc = {0};

	if (ops & ~bl_kind_ops(BL_KEY_CODE))
		return object_says(s, part->loc, "'fstype' is for exec, map and mount",
				   "files are named by their paths");
	if (part->except)
		return object_says(s, part->except->loc, "file system types have no exceptions", "list those that are meant");
	for (const struct ast_word *w = part->values->first; w; w = w->next) {
		struct ir_pattern p = {.kind = BL_KEY_CODE, .loc = w->loc, .code = BL_CODE_FSTYPE, .glob = w->text};

		p.text = arena_printf(s->arena, "fstype %s", w->text);
		if (!word_check_name(s, w, 0, "a file system type", false) || !pats_add(s, &pos, &p))
			return false;
	}
	return object_join(s, &pos, &exc, ret);
}

static bool object_paths(struct sema *s, const struct ast_part *parts, uint64_t ops, struct ir_term *ret)
{
	const struct ast_part *by[AST_PART_COUNT] = {0}, *plain;
	struct pats pos = {0}, exc = {0};
	struct ast_list *paths;
	bool ok;

	for (const struct ast_part *p = parts; p; p = p->next) {
		if (p->kind != AST_PART_PLAIN && p->kind != AST_PART_FSTYPE)
			return object_says(s, p->loc,
					   arena_printf(s->arena, "'%s' does not belong to '%s'", part_word(p->kind),
							ops_word((unsigned)__builtin_ctzll(ops))),
					   "the object of this rule is a list of paths");
	}
	if (!object_sort(s, parts, 1u << AST_PART_PLAIN | 1u << AST_PART_FSTYPE, "", by))
		return false;
	plain = by[AST_PART_PLAIN];
	if (plain && by[AST_PART_FSTYPE])
		return object_says(s, by[AST_PART_FSTYPE]->loc, "paths and 'fstype' in one rule", "write a rule for each");
	if (!plain)
		return object_fstype(s, by[AST_PART_FSTYPE], ops, ret);
	if (!code_words(s, plain->values, ops, &pos, &paths))
		return false;
	for (const struct ast_word *w = plain->except ? plain->except->first : NULL; w; w = w->next) {
		if (code_of_word(w) != 0)
			return object_says(s, w->loc, arena_printf(s->arena, "'%s' cannot be an exception", w->text),
					   "write a rule of its own about it before this one");
	}
	ok = !paths || set_values(s, paths, BL_KEY_PATH, &pos, &exc);
	if (plain->except)
		ok &= set_values(s, plain->except, BL_KEY_PATH, &exc, NULL);
	return ok && object_join(s, &pos, &exc, ret);
}

/* ---- which form ---- */

/* The forms of a rule's operations must go together; names the first two that do not. */
static bool form_find(struct sema *s, const struct ast_stmt *st, uint64_t ops, enum form *ret)
{
	const struct ast_part *part = st->parts->first;
	unsigned first = (unsigned)__builtin_ctzll(ops);

	*ret = op_form(first);
	for (unsigned op = first + 1; op < 64; op++) {
		enum form f = op_form(op);

		if (!(ops & BL_OP_BIT(op)) || f == *ret)
			continue;
		if ((*ret == FORM_PATHS && f == FORM_CODE) ||
		    (*ret == FORM_PTRACE && f == FORM_SIGNAL && part->kind >= AST_PART_PEER))
			continue;
		return object_says(s, part->loc,
				   arena_printf(s->arena, "'%s' takes %s and '%s' takes %s", ops_word(first),
						form_takes(*ret), ops_word(op), form_takes(f)),
				   "write a rule for each");
	}
	if (*ret == FORM_NONE)
		return object_says(s, part->loc, arena_printf(s->arena, "'%s' takes no object", ops_word(first)),
				   "a rule about it ends after the operation");
	return true;
}

/* `deny read write /a`: the first word of the object is an operation; some are names of capabilities too. */
static bool object_is_op(const struct ast_part *part, uint64_t ops)
{
	const struct ast_word *w = part->kind == AST_PART_PLAIN ? part->values->first : NULL;

	return w && w->plain && ops_of_word(w->text) != 0 && !(ops & BL_OP_BIT(BL_OP_CAPABILITY));
}

bool object_resolve(struct sema *s, const struct ast_stmt *st, struct ir_rule *r)
{
	enum form form;

	r->object = (struct ir_term){0};
	if (!st->parts)
		return net_implied(s, r);
	if (object_is_op(st->parts->first, r->ops))
		return object_says(s, st->parts->first->values->first->loc,
				   arena_printf(s->arena, "missing ',' before '%s'", st->parts->first->values->first->text),
				   "commas separate operations");
	if (!form_find(s, st, r->ops, &form))
		return false;
	switch (form) {
	case FORM_PATHS:
	case FORM_CODE:
		return object_paths(s, st->parts->first, r->ops, &r->object);
	case FORM_SOCK:
		return object_sock(s, st->parts->first, r);
	case FORM_NET:
		return object_net(s, st->parts->first, r) && net_implied(s, r);
	case FORM_CAPS:
		return object_caps(s, st->parts->first, r);
	case FORM_PTRACE:
	case FORM_SIGNAL:
		return object_peer(s, st->parts->first, r);
	case FORM_MOUNT:
		return object_mount(s, st->parts->first, r);
	case FORM_SYS_PATH:
		return object_sys_path(s, st->parts->first, r);
	case FORM_IDS:
		return object_ids(s, st->parts->first, r);
	default:
		return false;
	}
}
