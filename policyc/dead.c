/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which rules never decide. A rule does if there is an object that it matches and a process in its profile for which its conditions
 * hold and those of no earlier rule that matches the object do. First all rules are looked at, most of which decide for
 * the first object they match; then, for the few that never do, who decides instead.
 */
#include "dead.h"

#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "dead_priv.h"
#include "banned.h"

#define RULE_STEPS 20000u	/* one question; a condition has tens of terms */
#define ALL_STEPS 20000000ull /* all questions: below a second */
#define MEMO 4096u

static uint64_t mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * 0x9e3779b97f4a7c15ull;
	return h ^ h >> 29;
}

static bool unconditional(const struct ir_rule *r)
{
	return r->cond_if == BL_COND_NONE && r->cond_unless == BL_COND_NONE && !r->if_owner && !r->unless_owner &&
	       !r->unless_mixed && r->peer == IR_PEER_ANY;
}

/* Rules with the same hash hold for the same processes. */
static uint64_t rule_hash(const struct ir_rule *r, uint64_t h)
{
	h = mix(h, (uint64_t)r->cond_if << 32 | r->cond_unless);
	h = mix(h, (uint64_t)r->cond_unless_owner << 32 | (uint64_t)r->peer << 3 | r->if_owner | r->unless_owner << 1 |
			   r->unless_mixed << 2);
	return mix(h, r->peer == IR_PEER_COND ? (uint64_t)r->peer_cond << 1 | (r->verdict >= BL_V_DENY) : 0);
}

enum logic_answer dead_ask(struct dead_run *d, logic_f f)
{
	uint64_t budget = d->steps < RULE_STEPS ? d->steps : RULE_STEPS, left = budget;
	enum logic_answer a = budget == 0 ? LOGIC_GAVE_UP : world_can(&d->w, f, &left, false);

	d->steps -= budget - left;
	return a;
}

logic_f dead_alone(struct dead_run *d, uint32_t rule)
{
	return logic_and(&d->w.logic, world_subject(&d->w, d->ir->rules[rule].profile, true), world_rule(&d->w, rule, true));
}

logic_f dead_without(struct dead_run *d, logic_f f, const uint32_t *earlier, size_t n)
{
	for (size_t i = 0; i < n; i++)
		f = logic_and(&d->w.logic, f, world_rule(&d->w, earlier[i], false));
	return f;
}

/* Can the rule decide where these earlier ones match too? */
static enum logic_answer decides(struct dead_run *d, uint32_t rule, const uint32_t *earlier, size_t n)
{
	const struct ir_rule *r = &d->ir->rules[rule];
	uint64_t h = rule_hash(r, mix(1, r->profile));
	size_t mark = logic_mark(&d->w.logic);
	enum logic_answer a;

	for (size_t i = 0; i < n; i++)
		h = rule_hash(&d->ir->rules[earlier[i]], h);
	if (d->memo[h % MEMO].hash == h)
		return d->memo[h % MEMO].answer;
	a = dead_ask(d, dead_without(d, dead_alone(d, rule), earlier, n));
	logic_release(&d->w.logic, mark);
	d->memo[h % MEMO].hash = h;
	d->memo[h % MEMO].answer = a;
	return a;
}

/* One object: every rule that nothing hides here is alive. */
static bool look(void *arg, const struct world_object *o)
{
	struct dead_run *d = arg;
	uint64_t bit = BL_OP_BIT(o->op);
	const struct match *m;
	size_t n = world_matches(&d->w, o, &m), nearlier = 0;
	uint32_t profile = UINT32_MAX;
	bool closed = false;

	for (size_t i = 0; i < n; i++) {
		const struct ir_rule *r = &d->ir->rules[m[i].index];

		if (m[i].implied)
			continue;
		if (r->profile != profile) {
			profile = r->profile;
			nearlier = 0;
			closed = d->idle[profile];
		}
		d->matched[m[i].index] |= bit;
		if (!closed && !(d->alive[m[i].index] & bit)) {
			enum logic_answer a = decides(d, m[i].index, d->earlier, nearlier);

			if (a != LOGIC_NO)
				d->alive[m[i].index] |= bit;
			if (a == LOGIC_GAVE_UP)
				d->unsure[m[i].index] = true;
		}
		closed |= unconditional(r);
		d->earlier[nearlier++] = m[i].index;
	}
	return true;
}

static void run_init(struct dead_run *d, const struct ir *ir, struct au *au, const struct owner *owners)
{
	struct arena *a = d->pub->arena;

	d->ir = ir;
	d->steps = ALL_STEPS;
	world_init(&d->w, a, ir, ir->natoms, au, owners);
	d->alive = arena_alloc(a, (ir->nrules + 1) * sizeof(*d->alive));
	d->matched = arena_alloc(a, (ir->nrules + 1) * sizeof(*d->matched));
	d->unsure = arena_alloc(a, ir->nrules + 1);
	d->earlier = arena_alloc(a, (ir->nrules + 1) * sizeof(*d->earlier));
	d->idle = arena_alloc(a, ir->nprofiles + 1);
	d->memo = arena_alloc(a, MEMO * sizeof(*d->memo));
}

static void find_dead(struct dead_run *d)
{
	uint64_t ops = 0;

	for (uint32_t p = 0; p < d->ir->nprofiles; p++)
		d->idle[p] = dead_ask(d, world_subject(&d->w, p, true)) == LOGIC_NO;
	for (size_t i = 0; i < d->ir->nrules; i++)
		ops |= d->ir->rules[i].ops;
	for (unsigned int op = 0; op < 64; op++) {
		if (ops & BL_OP_BIT(op))
			world_objects(&d->w, op, look, d);
	}
	for (size_t i = 0; i < d->ir->nrules; i++)
		d->pub->gave_up += d->unsure[i];
}

static int see(void *arg, const struct ir *ir, struct au *au, const struct owner *owners)
{
	struct dead *pub = arg;
	struct dead_run d = {.pub = pub};

	run_init(&d, ir, au, owners);
	find_dead(&d);
	for (size_t i = 0; pub->ops && i < ir->nrules; i++)
		pub->ops[i] = ir->rules[i].ops & ~d.alive[i];
	dead_report(&d);
	world_free(&d.w);
	return 0;
}

struct tables_watch dead_watch(struct dead *d)
{
	return (struct tables_watch){.see = see, .arg = d};
}
