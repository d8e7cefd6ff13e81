/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Builds small images by hand, so that tests of the reader need no compiler: profiles with one exe each, deny rules for
 * literal paths. Everything in the image can then be spoiled before bl_image_seal().
 */
#ifndef BL_IMAGE_BUILDER_H
#define BL_IMAGE_BUILDER_H

#include "image_read.h"
#include <stdlib.h>
#include <string.h>

#define IB_WORDS 40000u

struct ib {
	struct bl_tables *t; /* IB_WORDS of room */
	char strings[4096];
	uint32_t nstrings;
	uint32_t next_state;
	uint32_t next_data;
	uint32_t nclasses;
};

static inline uint32_t ib_string(struct ib *b, const char *s)
{
	uint32_t at = b->nstrings;

	memcpy(b->strings + at, s, strlen(s) + 1);
	b->nstrings += (uint32_t)strlen(s) + 1;
	return at;
}

/* A state with room for all its cells. */
static inline uint32_t ib_state(struct ib *b, uint32_t accept)
{
	uint32_t s = b->next_state;

	b->next_state += b->nclasses + 1;
	b->t->w[s] = BL_CELL_HEAD | accept;
	return s;
}

static inline uint32_t ib_next(const struct ib *b, uint32_t s, uint8_t byte)
{
	uint64_t cell = b->t->w[s + b->t->cls[byte]];

	return (uint32_t)cell == s ? (uint32_t)(cell >> 32) : 0;
}

static inline uint32_t ib_data(struct ib *b, uint32_t n)
{
	uint32_t at = b->next_data;

	b->next_data += n;
	return at;
}

/* Adds a literal to a kind's part of the automaton. */
static inline void ib_literal(struct ib *b, enum bl_kind kind, const char *bytes, size_t n, uint32_t accept)
{
	uint32_t s = b->t->start[kind];

	if (s == 0)
		s = b->t->start[kind] = ib_state(b, 0);
	for (size_t i = 0; i < n; i++) {
		uint32_t to = ib_next(b, s, (uint8_t)bytes[i]);

		if (to == 0) {
			to = ib_state(b, 0);
			b->t->w[s + b->t->cls[(uint8_t)bytes[i]]] = (uint64_t)to << 32 | s;
		}
		s = to;
	}
	b->t->w[s] |= accept;
}

/*
 * One profile, entered by exe; `deny read path`, and `deny connect` to net (a key of bl_key_net()) if nnet is not 0.
 * The image is malloc()ed and sealed.
 */
struct ib_policy {
	const char *exe, *path;
	const uint8_t *net;
	size_t nnet;
	uint32_t mode;
	uint32_t nclasses; /* bytes that differ by a multiple of it are alike, up to 255; few make a small image */
};

enum { IB_NRULES = 2, IB_NATOMS = 2, IB_NCONDS = 2 };

static inline void ib_head(struct ib *b, uint32_t mode)
{
	struct bl_tables *t = b->t;
	uint64_t ops = BL_OP_BIT(BL_OP_READ) | BL_OP_BIT(BL_OP_CONNECT) | BL_OPS_NAMES;
	uint32_t at = BL_DEAD_WORDS;
	struct bl_profile p = {.hash = 0x1234, .rule_ops = ops, .mode = mode};

	t->magic = BL_TABLES_MAGIC;
	t->abi = BL_ABI_VERSION;
	t->nprofiles = 1;
	t->nconds = IB_NCONDS;
	t->natoms = IB_NATOMS;
	t->nlits = 2;
	t->nrules = IB_NRULES;
	t->nsticky = 1;
	t->ops = ops;
	t->features = BL_FEAT_EXE;
	for (uint32_t i = 0; i < 256; i++)
		t->cls[i] = (uint8_t)(1 + i % b->nclasses);
	t->w[0] = BL_CELL_HEAD;
	t->off_profiles = at;
	memcpy(&t->w[at], &p, sizeof(p));
	at += BL_PROFILE_WORDS;
	t->off_lits = at;
	t->w[at++] = 1 | BL_LIT_END_CLAUSE | BL_LIT_END_COND;
	t->w[at++] = 0 | BL_LIT_END_COND;
	t->off_sticky = at;
	t->w[at++] = 0x77;
	t->w[at++] = 1;
	t->off_atoms = at;
	t->w[at++] = 0;
	t->w[at++] = 0x77;
	t->off_rules = at;
	t->w[at++] = 1;
	t->w[at++] = 1;
	t->off_hits = at;
	at += IB_NRULES + 1;
	b->next_data = at; /* records and lists: 200 words are enough */
	b->next_state = t->off_states = 512;
}

/* The table of directories: what is refused below "/", with these two entries. */
static inline void ib_below(struct ib *b, const __u64 entries[2])
{
	uint32_t list = ib_data(b, 5);
	struct bl_tables *t = b->t;

	t->off_below = ib_data(b, 1);
	t->nbelow = 1;
	t->w[t->off_below] = (uint64_t)ib_next(b, t->start[BL_KEY_PATH], '/') << 32 | list;
	t->w[list] = 2;
	for (uint32_t i = 0; i < 2; i++) {
		t->w[list + 1 + 2 * i] = entries[i];
		t->w[list + 2 + 2 * i] = 1 | 1ULL << BL_BELOW_MOUNT_SHIFT;
	}
}

static inline void ib_automaton(struct ib *b, const struct ib_policy *p)
{
	uint32_t rec = ib_data(b, BL_OP_SLOTS / 2), list = ib_data(b, 3), net = ib_data(b, BL_OP_SLOTS / 2);
	uint32_t netlist = ib_data(b, 2), sub = ib_data(b, 2);
	struct bl_tables *t = b->t;

	t->w[rec] = (uint64_t)list << 32; /* slot 1: read */
	t->w[list] = 2;
	t->w[list + 1] = BL_ENT(0, 0, BL_COND_NONE, 0, BL_V_DENY, 0); /* never: condition 0 is the subject */
	t->w[list + 2] = BL_ENT(0, 0, BL_COND_NONE, BL_COND_NONE, BL_V_DENY, 0);
	t->w[net] = (uint64_t)netlist << 32; /* slot 1: connect */
	t->w[netlist] = 1;
	t->w[netlist + 1] = BL_ENT(0, 0, BL_COND_NONE, BL_COND_NONE, BL_V_DENY, 1);
	t->w[sub] = 1;
	t->w[sub + 1] = 1;
	ib_literal(b, BL_KEY_PATH, p->path, strlen(p->path), rec);
	ib_literal(b, BL_KEY_EXE, p->exe, strlen(p->exe), sub);
	if (p->nnet != 0)
		ib_literal(b, BL_KEY_NET, (const char *)p->net, p->nnet, net);
	ib_below(b, &t->w[list + 1]);
	t->nstates = (b->next_state - t->off_states) / (b->nclasses + 1);
	t->nwords = b->next_state + 256;
}

struct ib_sections {
	struct bl_meta_profile profile;
	struct bl_meta_rule rules[IB_NRULES];
	struct bl_meta_atom atoms[IB_NATOMS];
	struct bl_meta_id user;
	struct bl_meta_prefix prefix;
};

static inline void ib_texts(struct ib *b, struct ib_sections *s)
{
	uint32_t file, empty = ib_string(b, "");

	file = ib_string(b, "/etc/bailiff/test.policy");
	s->profile = (struct bl_meta_profile){ib_string(b, "cats"), file, 1, 0, ib_string(b, "exe"), 0};
	s->rules[0] = (struct bl_meta_rule){
		0,
		file,
		3,
		5,
		BL_V_DENY,
		ib_string(b, "deny read"),
		ib_string(b, "credential access"),
		ib_string(b, "T1003"),
		ib_string(b, "high"),
		0,
		BL_OP_BIT(BL_OP_READ),
	};
	s->rules[1] = (struct bl_meta_rule){
		0,
		file,
		4,
		5,
		BL_V_DENY,
		ib_string(b, "deny connect"),
		empty,
		empty,
		empty,
		0,
		BL_OP_BIT(BL_OP_CONNECT),
	};
	s->atoms[0] = (struct bl_meta_atom){ib_string(b, "any"), 0};
	s->atoms[1] = (struct bl_meta_atom){ib_string(b, "exe"), BL_KEY_EXE};
	s->user = (struct bl_meta_id){ib_string(b, "root"), BL_KEY_USER, 0, 0};
	s->prefix = (struct bl_meta_prefix){ib_string(b, "/b"), empty, file, 3, BL_PREFIX_FOLLOW, 0};
}

static inline size_t ib_put(uint8_t *img, uint32_t type, size_t at, const void *data, size_t n)
{
	struct bl_section *s = (void *)(img + sizeof(struct bl_image_head));

	at = (at + 7) & ~(size_t)7;
	s[type - 1] = (struct bl_section){.type = type, .off = at, .len = n};
	memcpy(img + at, data, n);
	return at + n;
}

static inline uint8_t *ib_image(const struct ib_policy *p, size_t *ret_len)
{
	struct ib b = {.t = calloc(1, sizeof(struct bl_tables) + 8 * IB_WORDS), .nclasses = p->nclasses};
	struct ib_sections s;
	struct bl_image_head *h;
	uint8_t *img = calloc(1, sizeof(struct bl_tables) + 8 * IB_WORDS + 16384);
	size_t at = sizeof(*h) + BL_SEC_COUNT * sizeof(struct bl_section);

	if (!b.t || !img)
		abort();
	ib_head(&b, p->mode);
	ib_automaton(&b, p);
	ib_texts(&b, &s);
	at = ib_put(img, BL_SEC_TABLES, at, b.t, sizeof(*b.t) + 8 * (size_t)b.t->nwords);
	at = ib_put(img, BL_SEC_STRINGS, at, b.strings, b.nstrings);
	at = ib_put(img, BL_SEC_PROFILES, at, &s.profile, sizeof(s.profile));
	at = ib_put(img, BL_SEC_RULES, at, s.rules, sizeof(s.rules));
	at = ib_put(img, BL_SEC_ATOMS, at, s.atoms, sizeof(s.atoms));
	at = ib_put(img, BL_SEC_USERS, at, &s.user, sizeof(s.user));
	at = ib_put(img, BL_SEC_PREFIXES, at, &s.prefix, sizeof(s.prefix));
	h = (void *)img;
	memcpy(h->magic, BL_IMAGE_MAGIC, sizeof(h->magic));
	h->version = BL_IMAGE_VERSION;
	h->abi = BL_ABI_VERSION;
	h->size = at;
	h->nsections = BL_SEC_COUNT;
	free(b.t);
	bl_image_seal(img, at);
	*ret_len = at;
	return img;
}

#endif
