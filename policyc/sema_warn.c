/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Warnings about a policy without errors: the order in which they are looked for, and those about a profile as a whole. */
#include "sema.h"

#include <errno.h>
#include <string.h>

#include "arena.h"
#include "banned.h"

#define SOCKET_OPS (BL_OP_BIT(BL_OP_CONNECT) | BL_OP_BIT(BL_OP_BIND) | BL_OP_BIT(BL_OP_ACCEPT))

void warn_too_complex(struct sema *s, int r, const char *what)
{
	struct diag *d;

	if (r != -E2BIG)
		arena_oom();
	d = diag_warning(s->diags, (struct src_loc){.file = NULL}, "W-too-complex", "not looked for: %s", what);
	diag_help(s->diags, d, "comparing these patterns with one another would take too long");
}

size_t warn_first_rule(const struct ir *ir, uint32_t profile)
{
	size_t lo = 0, hi = ir->nrules;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (ir->rules[mid].profile < profile)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* The rules of a profile. */
#define EACH_RULE(ir, profile, r)                                                                                      \
	for (const struct ir_rule *r = (ir)->rules + warn_first_rule(ir, profile);                                     \
	     r < (ir)->rules + (ir)->nrules && r->profile == (profile); r++)

static bool rule_refuses(const struct ir_rule *r)
{
	return r->verdict == BL_V_DENY || r->verdict == BL_V_KILL;
}

/* Without an object and without conditions: it is the default for what no rule before it decided. */
static bool rule_is_default(const struct ir_rule *r)
{
	return r->object.npatterns == 0 && r->cond_if == BL_COND_NONE && r->cond_unless == BL_COND_NONE;
}

/* Operations that a profile refuses unless a rule allows them. */
static uint64_t refused_by_default(const struct ir *ir, uint32_t profile)
{
	uint64_t ops = ir->profiles[profile].deny_ops;

	EACH_RULE (ir, profile, r) {
		if (rule_is_default(r) && rule_refuses(r))
			ops |= r->ops;
	}
	return ops;
}

/* Does a pattern stand for certain programs, and not for whatever is in a directory? */
static bool names_program(const struct ir_pattern *p)
{
	const char *slash = p->kind == BL_KEY_PATH && !p->any ? strrchr(p->glob, '/') : NULL;

	return slash && !p->except && strcmp(slash, "/*") != 0 && strcmp(slash, "/**") != 0;
}

/* The first pattern of the rule that names a program whose exec is refused. */
static const struct ir_pattern *program_refused(const struct ir_rule *r)
{
	if (!rule_refuses(r) || !(r->ops & BL_OP_BIT(BL_OP_EXEC)))
		return NULL;
	for (size_t i = 0; i < r->object.npatterns; i++) {
		if (names_program(&r->object.patterns[i]))
			return &r->object.patterns[i];
	}
	return NULL;
}

/* A denial of a program by its name, where a copy with another name may be made and executed. */
static void warn_copy(struct sema *s, uint32_t profile)
{
	const struct ir_rule *first = NULL, *second = NULL;
	const char *program = NULL;
	struct diag *d;
	size_t n = 0;

	EACH_RULE (&s->ir, profile, r) {
		const struct ir_pattern *p = program_refused(r);

		if (!p)
			continue;
		if (n++ == 0) {
			first = r;
			program = p->text;
		} else if (n == 2) {
			second = r;
		}
	}
	if (n == 0 || refused_by_default(&s->ir, profile) & (BL_OP_BIT(BL_OP_EXEC) | BL_OP_BIT(BL_OP_CREATE)))
		return;
	d = diag_warning(s->diags, first->loc, "W-copy", "a copy of %s under another name may be executed", program);
	diag_help(s->diags, d, "allow what may be executed and write 'default deny exec'");
	if (n == 2)
		diag_note(s->diags, d, second->loc, "the same holds for this rule");
	else if (n > 2)
		diag_note(s->diags, d, second->loc, "the same holds for this rule and %zu more of the profile", n - 2);
}

static bool allows_socket(const struct ir *ir, uint32_t profile)
{
	EACH_RULE (ir, profile, r) {
		if (!rule_refuses(r) && r->ops & SOCKET_OPS)
			return true;
	}
	return false;
}

/* Network operations are refused by default, and no rule allows one. */
static void warn_no_network(struct sema *s, uint32_t profile)
{
	uint64_t deny = s->ir.profiles[profile].deny_ops & SOCKET_OPS;
	struct diag *d;

	if (deny != SOCKET_OPS || allows_socket(&s->ir, profile))
		return;
	d = diag_warning(s->diags, s->profiles[profile].op_loc[__builtin_ctzll(deny)], "W-no-network",
			 "profile '%s' refuses every connect, bind and accept: no rule allows one", s->ir.profiles[profile].name);
	diag_help(s->diags, d, "if that is meant, say so: # policyc: allow W-no-network");
}

void warn_policy(struct sema *s)
{
	for (uint32_t i = 0; i < s->nprofiles; i++) {
		warn_copy(s, i);
		warn_no_network(s, i);
	}
	warn_weak_globs(s);
	warn_subjects(s);
	warn_write_exec(s);
}
