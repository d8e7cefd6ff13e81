/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one profile says of one object and operation: a chain of rules with conditions, as a function of who asks. The same as bl_decide()
 * for one profile, for all processes at once.
 */
#ifndef BL_ANALYSE_CHAIN_H
#define BL_ANALYSE_CHAIN_H

#include "analyse_who.h"

/* What happens. The last two: reported by a profile in audit mode, not done. */
enum chain_act {
	CHAIN_UNKNOWN, /* it depends on what is not known */
	CHAIN_NONE,    /* the process is not in the profile */
	CHAIN_ALLOW,
	CHAIN_LOG,
	CHAIN_DENY,
	CHAIN_KILL,
	CHAIN_WOULD_DENY,
	CHAIN_WOULD_KILL
};

struct chain_answer {
	enum chain_act act;
	uint32_t rule; /* BL_RULE_NONE: none decided */
	bool by_default; /* the profile's default refuses */
	bool implied;  /* creating a socket that the rule could use */
};

struct chain {
	const struct who *who;
	int side;
	uint32_t profile; /* CHAIN_NOBODY: there is none of this name */
	uint32_t op;
	uint32_t list[BL_ACCS]; /* of the name, and of what else code is; 0: none */
	/* private: its entries in each */
	uint32_t from[BL_ACCS], n[BL_ACCS];
};
#define CHAIN_NOBODY UINT32_MAX

/* The chain of a profile in three lists. */
void chain_init(struct chain *c, const struct who *who, int side, uint32_t profile, uint32_t op, const uint32_t list[BL_ACCS]);

/* Do both say the same in the same words? Then they do the same; if not, it has to be looked at. */
bool chain_same(const struct chain *old, const struct chain *new);

/* What of a rule is seen where it decides: errno, quiet, message, tag, severity, enter, leave. `act`: what it does. */
enum chain_detail {
	CHAIN_ERRNO = 1,
	CHAIN_QUIET = 2,
	CHAIN_MESSAGE = 4,
	CHAIN_TAG = 8,
	CHAIN_SEVERITY = 16,
	CHAIN_ENTER = 32,
	CHAIN_LEAVE = 64
};
unsigned int chain_details(const struct who *who, uint32_t op, const struct chain_answer *old, const struct chain_answer *new);

/* What a chain depends on. */
struct chain_needs {
	struct who_set self, peer;
	bool self_weak, peer_weak, peer_any, owner, descendant;
};
void chain_add_needs(const struct chain *c, struct chain_needs *ret);

/* Everything that an answer can depend on; `known` bits of the domains, so that an answer can be asked for with a part of it. */
struct chain_case {
	uint64_t self, self_known, peer, peer_known;
	int8_t untrusted, peer_untrusted, owner, descendant; /* 0 or 1, -1 not known */
};

struct chain_code;
struct chain_code *chain_compile(struct arena *arena, const struct chain *c, const struct who_domain *self,
				 const struct who_domain *peer);
struct chain_answer chain_decide(const struct chain_code *code, const struct chain_case *s);

#endif
