/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The image reader: accepts what is right, refuses every kind of damage with a sentence, and survives any bytes. */
#include <check.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "image_builder.h"
#include "sha256.h"

#include "banned.h"

static const struct ib_policy small_policy = {.exe = "/a", .path = "/b", .mode = BL_MODE_ENFORCE, .nclasses = 61};

struct fixture {
	uint8_t *img;
	size_t len;
	struct bl_image_head *head;
	struct bl_section *sec;
	struct bl_tables *t;
	struct bl_meta_profile *profile;
	struct bl_meta_rule *rules;
	struct bl_meta_atom *atoms;
	struct bl_meta_id *user;
	struct bl_meta_prefix *prefix;
	char *strings;
};

static void fixture_point(struct fixture *f)
{
	f->head = (void *)f->img;
	f->sec = (void *)(f->head + 1);
	f->t = (void *)(f->img + f->sec[BL_SEC_TABLES - 1].off);
	f->strings = (char *)f->img + f->sec[BL_SEC_STRINGS - 1].off;
	f->profile = (void *)(f->img + f->sec[BL_SEC_PROFILES - 1].off);
	f->rules = (void *)(f->img + f->sec[BL_SEC_RULES - 1].off);
	f->atoms = (void *)(f->img + f->sec[BL_SEC_ATOMS - 1].off);
	f->user = (void *)(f->img + f->sec[BL_SEC_USERS - 1].off);
	f->prefix = (void *)(f->img + f->sec[BL_SEC_PREFIXES - 1].off);
}

static struct fixture fixture_make(void)
{
	static const uint8_t net[] = {BL_PROTO_UDP, BL_FAM_INET};
	struct ib_policy p = small_policy;
	struct fixture f;

	p.net = net;
	p.nnet = sizeof(net);
	f.img = ib_image(&p, &f.len);
	fixture_point(&f);
	return f;
}

static int parse(const void *buf, size_t len, struct bl_error *err)
{
	struct bl_image img;

	err->text[0] = '\0';
	return bl_image_parse(buf, len, &img, err);
}

/* ---- right images ---- */

START_TEST(accepts_what_is_right)
{
	struct fixture f = fixture_make();
	struct bl_image img;
	struct bl_error err = {""};

	ck_assert_msg(bl_image_parse(f.img, f.len, &img, &err) == 0, "%s", err.text);
	ck_assert_ptr_eq(img.tables, f.t);
	ck_assert_uint_eq(img.tables->nprofiles, 1);
	ck_assert_uint_eq(img.nusers, 1);
	ck_assert_uint_eq(img.nprefixes, 1);
	ck_assert_str_eq(bl_image_str(&img, img.prefixes[0].path), "/b");
	ck_assert_str_eq(bl_image_str(&img, img.profiles[0].name), "cats");
	ck_assert_str_eq(bl_image_str(&img, img.rules[0].message), "credential access");
	ck_assert_str_eq(bl_image_str(&img, 0xffffffff), "");
	free(f.img);
}
END_TEST

START_TEST(cut_and_whole_again)
{
	struct fixture f = fixture_make();
	struct bl_image img, cut;
	struct bl_buf b = BL_BUF_INIT;
	struct bl_error err = {""};
	uint64_t *words;
	void *whole;

	ck_assert_int_eq(bl_image_parse(f.img, f.len, &img, &err), 0);
	bl_image_cut(&b, &img);
	ck_assert_uint_eq(b.len, f.len - img.tables_size + sizeof(struct bl_tables));
	ck_assert_msg(bl_image_parse_cut(b.data, b.len, &cut, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(cut.tables_size, sizeof(struct bl_tables));
	ck_assert_mem_eq(cut.tables, img.tables, sizeof(struct bl_tables));
	ck_assert_str_eq(bl_image_str(&cut, cut.prefixes[0].path), "/b");
	ck_assert_str_eq(bl_image_str(&cut, cut.profiles[0].name), "cats");
	ck_assert_str_eq(bl_image_str(&cut, cut.rules[0].message), "credential access");
	ck_assert_uint_eq(cut.nusers, img.nusers);
	ck_assert_uint_eq(8 * bl_image_cut_words(&cut), img.tables_size - sizeof(struct bl_tables));
	words = malloc(8 * bl_image_cut_words(&cut));
	memcpy(words, img.tables->w, 8 * bl_image_cut_words(&cut));
	whole = bl_image_whole(&cut, words);
	ck_assert_mem_eq(whole, f.img, f.len);
	for (size_t n = 0; n < b.len; n++) {
		uint8_t *less = malloc(n != 0 ? n : 1);

		memcpy(less, b.data, n);
		ck_assert_msg(bl_image_parse_cut(less, n, &cut, &err) < 0, "%zu bytes accepted", n);
		free(less);
	}
	for (size_t n = 0; n < sizeof(struct bl_image_head) + BL_SEC_COUNT * sizeof(struct bl_section); n++) { /* whatever it says, nothing is read outside */
		b.data[n] ^= 0xff;
		(void)bl_image_parse_cut(b.data, b.len, &cut, &err);
		b.data[n] ^= 0xff;
	}
	free(words);
	free(whole);
	bl_buf_free(&b);
	free(f.img);
}
END_TEST

START_TEST(hashes_as_published)
{
	/* FIPS 180-4's examples, and one of a million bytes in odd pieces. */
	static const uint8_t abc[32] = {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
					0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
					0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};
	static const uint8_t none[32] = {0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4,
					 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b,
					 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55};
	static const uint8_t million[32] = {0xcd, 0xc7, 0x6e, 0x5c, 0x99, 0x14, 0xfb, 0x92, 0x81, 0xa1, 0xc7,
					    0xe2, 0x84, 0xd7, 0x3e, 0x67, 0xf1, 0x80, 0x9a, 0x48, 0xa4, 0x97,
					    0x20, 0x0e, 0x04, 0x6d, 0x39, 0xcc, 0xc7, 0x11, 0x2c, 0xd0};
	uint8_t got[32], a[77];
	struct bl_sha256 c;

	bl_sha256("abc", 3, got);
	ck_assert_mem_eq(got, abc, 32);
	bl_sha256("", 0, got);
	ck_assert_mem_eq(got, none, 32);
	memset(a, 'a', sizeof(a));
	bl_sha256_init(&c);
	for (size_t left = 1000000; left > 0;) {
		size_t n = left % sizeof(a) + 1;

		n = n > left ? left : n;
		bl_sha256_add(&c, a, n);
		left -= n;
	}
	bl_sha256_end(&c, got);
	ck_assert_mem_eq(got, million, 32);
}
END_TEST

/* ---- damage ---- */

START_TEST(refuses_every_truncation)
{
	struct fixture f = fixture_make();
	struct bl_error err;

	for (size_t n = 0; n < f.len; n++) {
		uint8_t *cut = malloc(n != 0 ? n : 1); /* exactly as long, so that ASan sees a byte too far */

		memcpy(cut, f.img, n);
		ck_assert_msg(parse(cut, n, &err) < 0, "%zu bytes accepted", n);
		ck_assert_str_ne(err.text, "");
		free(cut);
	}
	free(f.img);
}
END_TEST

/* With the size and the hash made right again: the sections say otherwise. */
START_TEST(refuses_every_sealed_truncation)
{
	struct fixture f = fixture_make();
	struct bl_error err;

	for (size_t n = sizeof(*f.head); n < f.len; n += n < 1024 ? 1 : 61) {
		uint8_t *cut = malloc(n);

		memcpy(cut, f.img, n);
		((struct bl_image_head *)cut)->size = n;
		bl_image_seal(cut, n);
		ck_assert_msg(parse(cut, n, &err) < 0, "%zu bytes accepted", n);
		free(cut);
	}
	free(f.img);
}
END_TEST

START_TEST(refuses_a_change_of_any_byte)
{
	struct fixture f = fixture_make();
	struct bl_error err;

	for (size_t i = 0; i < f.len; i++) {
		f.img[i] ^= (uint8_t)(1u << i % 8);
		ck_assert_msg(parse(f.img, f.len, &err) < 0, "byte %zu changed and accepted", i);
		f.img[i] ^= (uint8_t)(1u << i % 8);
	}
	ck_assert_int_eq(parse(f.img, f.len, &err), 0);
	free(f.img);
}
END_TEST

/* Whatever the bytes are: an answer, and a sentence if it is no. For ASan and UBSan to watch. */
START_TEST(survives_a_sealed_change_of_any_byte)
{
	static const uint8_t with[] = {0xff, 0x80, 0x01};
	struct fixture f = fixture_make();
	struct bl_error err;
	size_t refused = 0;

	for (size_t i = 0; i < f.len; i++) {
		if (i >= offsetof(struct bl_image_head, sha256) && i < sizeof(*f.head))
			continue;
		f.img[i] ^= with[i % 3];
		bl_image_seal(f.img, f.len);
		if (parse(f.img, f.len, &err) < 0) {
			ck_assert_str_ne(err.text, "");
			refused++;
		}
		f.img[i] ^= with[i % 3];
	}
	ck_assert_uint_gt(refused, 1000);
	free(f.img);
}
END_TEST

/* ---- every rule of the format, broken once ---- */

static uint32_t path_start(const struct fixture *f)
{
	return f->t->start[BL_KEY_PATH];
}

/* State after one byte. */
static uint32_t next(const struct fixture *f, uint32_t s, char byte)
{
	return (uint32_t)(f->t->w[s + f->t->cls[(uint8_t)byte]] >> 32);
}

static uint32_t path_end(const struct fixture *f)
{
	return next(f, next(f, path_start(f), '/'), 'b');
}

static uint32_t exe_end(const struct fixture *f)
{
	return next(f, next(f, f->t->start[BL_KEY_EXE], '/'), 'a');
}

static uint32_t accept_of(const struct fixture *f, uint32_t s)
{
	return (uint32_t)f->t->w[s] & ~BL_CELL_HEAD;
}

static __u64 *path_record(struct fixture *f)
{
	return &f->t->w[accept_of(f, path_end(f))];
}

static __u64 *path_list(struct fixture *f)
{
	return &f->t->w[path_record(f)[0] >> 32];
}

static __u64 *below_list(struct fixture *f)
{
	return &f->t->w[(uint32_t)f->t->w[f->t->off_below]];
}

static struct bl_profile *profile0(struct fixture *f)
{
	return (void *)&f->t->w[f->t->off_profiles];
}

/* X(name, what to break, a part of the message) */
#define BREAKAGES(X)                                                                                                   \
	X(magic, f->head->magic[0] = 'X', "does not begin with")                                                       \
	X(version, f->head->version = 3, "image is of format 3, this program reads 2")                                 \
	X(abi, f->head->abi = 10, "version 10 of the tables, this program has 9")                                        \
	X(size, f->head->size++, "says that it has")                                                                   \
	X(head_pad, f->head->pad = 1, "padding is not zero")                                                           \
	X(nsections, f->head->nsections = 5, "has 5 sections, expected 7")                                             \
	X(sec_order, f->sec[2].type = 4, "is not that of the section 'profiles'")                                      \
	X(sec_pad, f->sec[2].pad = 4, "is not that of the section 'profiles'")                                         \
	X(sec_off, f->sec[1].off += 8, "section 'strings' begins at byte")                                             \
	X(sec_overlap, f->sec[1].off -= 8, "section 'strings' begins at byte")                                         \
	X(sec_unaligned, f->sec[1].off += 1, "section 'strings' begins at byte")                                       \
	X(sec_long, f->sec[5].len = 1ULL << 60, "section 'users' ends after the image")                                \
	X(sec_huge, f->sec[0].len = ~0ULL, "section 'tables' ends after the image")                                    \
	X(sec_short, f->sec[0].len -= 8, "begins at byte")                                                             \
	X(sec_empty_end, f->sec[6].len = 0, "after its last section")                                                  \
	X(sec_gap, f->img[f->sec[2].off - 1] = 1, "not zero")                                                          \
	X(sec_multiple, f->sec[5].len -= 8, "not a multiple")                                                          \
	X(sec_multiple_prefixes, f->sec[6].len -= 8, "section 'prefixes' has 16 bytes, not a multiple of 24")           \
	X(sec_long_prefixes, f->sec[6].len = 48, "section 'prefixes' ends after the image")                            \
	X(str_first, f->strings[0] = 'x', "does not begin with the empty string")                                      \
	X(str_last, f->strings[f->sec[1].len - 1] = 'x', "does not end in NUL")                                        \
	X(str_profile, f->profile->name = 0x7fffffff, "profile 0: a text is at byte")                                  \
	X(str_subject, f->profile->subject = (uint32_t)f->sec[1].len, "profile 0: a text is at byte")                  \
	X(str_rule, f->rules[1].text = 0xffffffff, "rule 1: a text is at byte")                                        \
	X(str_atom, f->atoms[1].text = 1u << 20, "term 1: a text is at byte")                                          \
	X(str_user, f->user->name = 1u << 20, "user 0: a text is at byte")                                             \
	X(no_name, f->profile->name = 0, "profile 0 has no name")                                                      \
	X(profile_pad, f->profile->pad = 1, "profile 0: padding")                                                      \
	X(rule_profile, f->rules[0].profile = 1, "rule 0 belongs to profile 1, there are 1")                           \
	X(rule_verdict0, f->rules[0].verdict = 0, "rule 0: verdict 0 is not one")                                      \
	X(rule_verdict5, f->rules[0].verdict = 5, "rule 0: verdict 5 is not one")                                      \
	X(rule_pad, f->rules[0].pad = 5, "rule 0: padding")                                                            \
	X(atom_kind, f->atoms[1].kind = 16, "term 1: kind 16")                                                         \
	X(user_kind, f->user->kind = BL_KEY_EXE, "neither a user nor a group")                                         \
	X(prefix_path, f->prefix->path = (uint32_t)f->sec[1].len, "prefix 0: a text is at byte")                       \
	X(prefix_rest, f->prefix->rest = 0xffffffff, "prefix 0: a text is at byte")                                    \
	X(prefix_file, f->prefix->file = 1u << 20, "prefix 0: a text is at byte")                                      \
	X(prefix_no_path, f->prefix->path = 0, "prefix 0 does not begin with '/'")                                     \
	X(prefix_name, f->prefix->path = f->profile->name, "prefix 0 does not begin with '/'")                         \
	X(prefix_flags, f->prefix->flags |= 4, "prefix 0: unknown flags")                                              \
	X(prefix_pad, f->prefix->pad = 1, "prefix 0: unknown flags, or padding is not zero")                           \
	X(t_magic, f->t->magic = 0, "wrong magic")                                                                     \
	X(t_abi, f->t->abi = 10, "tables are of version 10, this program has 9")                                         \
	X(t_nwords, f->t->nwords++, "words do not make")                                                               \
	X(t_nwords_huge, f->t->nwords = 0xffffffff, "words do not make")                                               \
	X(t_gen, f->t->gen = 1, "generation 1 is already set")                                                         \
	X(t_flags, f->t->flags = 2, "unknown flags 0x2")                                                               \
	X(t_pad, f->t->pad = 2, "padding is not zero")                                                                 \
	X(t_reserved, f->t->reserved[10] = 2, "reserved words")                                                        \
	X(t_ops, f->t->ops |= 1ULL << 60, "unknown operations")                                                        \
	X(t_nprofiles, f->t->nprofiles = 0, "section 'profiles' has 1 entries, the tables have 0")                     \
	X(t_nrules, f->t->nrules = 3, "section 'rules' has 2 entries")                                                 \
	X(t_natoms, f->t->natoms = 0, "section 'terms' has 2 entries")                                                 \
	X(t_nconds, f->t->nconds = BL_MAX_CONDS + 1, "513 conditions, the limit is 512")                               \
	X(t_nconds_few, f->t->nconds = 0, "0 conditions are fewer")                                                    \
	X(t_nconds_many, f->t->nconds = 3, "make 2 conditions, expected 3")                                            \
	X(t_nlits, f->t->nlits = BL_MAX_LITS + 1, "4097 literals, the limit is 4096")                                  \
	X(t_nsticky, f->t->nsticky = 0x80000001, "inherited terms, the limit is")                                      \
	X(off_profiles, f->t->off_profiles = f->t->nwords - 3, "profiles are not inside the words")                    \
	X(off_wraps, f->t->off_lits = 0xffffffff, "literals are not inside the words")                                 \
	X(off_dead, f->t->off_atoms = 255, "terms overlap something else at word 255")                                 \
	X(off_overlap, f->t->off_hits = f->t->off_rules + 1, "hit counters overlap")                                   \
	X(off_rules, f->t->off_rules = f->t->nwords, "rules are not inside")                                           \
	X(dead_head, f->t->w[0] = 0, "word 0 is not the head")                                                         \
	X(dead_cell, f->t->w[255] = 1, "word 255 of the dead state")                                                   \
	X(mode_zero, profile0(f)->mode = 0, "mode 0 is neither")                                                       \
	X(mode_three, profile0(f)->mode = 3, "mode 3 is neither")                                                      \
	X(prof_entered, profile0(f)->entered = 3, "profile 0 is entered by term 3, which is not inherited")            \
	X(prof_flags, profile0(f)->flags = 4, "profile 0 has unknown flags 0x4")                                       \
	X(prof_strict, profile0(f)->flags = BL_PF_STRICT, "are used that the head does not list")                      \
	X(prof_from, profile0(f)->flags = BL_PF_FROM, "are used that the head does not list")                          \
	X(strict_nobody, f->t->features |= BL_FEAT_STRICT, "are listed that no profile has")                           \
	X(from_nobody, f->t->features |= BL_FEAT_ACCEPT_FROM, "are listed that no profile has")                        \
	X(prof_hash, profile0(f)->hash = 0, "has no hash")                                                             \
	X(prof_deny, profile0(f)->deny_ops = BL_OP_BIT(BL_OP_WRITE), "that the tables do not list")                    \
	X(prof_refuse, profile0(f)->rule_ops |= BL_OP_BIT(BL_OP_WRITE), "that the tables do not list")               \
	X(lit_atom, f->t->w[f->t->off_lits] += 1, "names term 2, there are 2")                                         \
	X(lit_bits, f->t->w[f->t->off_lits] |= 1ULL << 40, "unknown bits")                                             \
	X(lit_end, f->t->w[f->t->off_lits + 1] &= ~BL_LIT_END_COND, "has no end")                                      \
	X(sticky_zero, f->t->w[f->t->off_sticky] = 0, "hashes do not ascend")                                          \
	X(sticky_atom, f->t->w[f->t->off_sticky + 1] = 2, "names term 2")                                              \
	X(sticky_atom0, f->t->w[f->t->off_sticky + 1] = 0, "names term 0")                                             \
	X(sticky_hash, f->t->w[f->t->off_sticky] = 5, "has another hash")                                              \
	X(sticky_unlisted, f->t->w[f->t->off_atoms] = 9, "2 terms have a hash, but 1 are listed")                      \
	X(errno_zero, f->t->w[f->t->off_rules] = 0, "is not a rule's word")                                            \
	X(rule_bits, f->t->w[f->t->off_rules] |= 1ULL << 15, "is not a rule's word")                                   \
	X(rule_enter, f->t->w[f->t->off_rules] |= 1ULL << BL_RULE_ENTER_SHIFT, "which cannot be entered")              \
	X(rule_enter_big, f->t->w[f->t->off_rules] |= 9ULL << BL_RULE_ENTER_SHIFT, "enters profile 8")                 \
	X(rule_peer, f->t->w[f->t->off_rules] |= 9ULL << BL_RULE_PEER_SHIFT, "names condition 9")                      \
	X(rule_quiet, f->t->w[f->t->off_rules] |= BL_RULE_QUIET, "features 0x2000 are used")                           \
	X(features, f->t->features = 0, "features 0x1 are used that the head does not list")                           \
	X(features_unknown, f->t->features |= 1ULL << 40, "unknown features")                                          \
	X(sticky_profile, f->t->w[f->t->off_sticky + 1] |= 9ULL << 32, "belongs to profile 8")                         \
	X(ent_owner, path_list(f)[2] |= (__u64)BL_EF_OWNER << 48, "features 0x400 are used")                           \
	X(hits, f->t->w[f->t->off_hits + 2] = 1, "hit counter 2 does not begin at 0")                                  \
	X(start_kind, f->t->start[8] = 512, "state 512 is both about objects and about subjects")                      \
	X(start_dead, f->t->start[0] = 17, "state 17 is not inside")                                                   \
	X(start_end, f->t->start[0] = f->t->nwords - 255, "is not inside the words of the automaton")                  \
	X(start_wraps, f->t->start[0] = 0xffffffff, "is not inside the words of the automaton")                        \
	X(start_nohead, f->t->start[0] = 513, "state 513 has no head")                                                 \
	X(start_both, f->t->start[BL_KEY_EXE] = path_start(f), "both about objects and about subjects")                \
	X(off_states, f->t->off_states = 1024, "is not inside the words of the automaton")                             \
	X(off_states_low, f->t->off_states = f->t->off_hits, "in the automaton and in something else")                 \
	X(default_bad, f->t->w[path_start(f)] |= 0x123456ULL << 32, "state 1193046 is not inside")                     \
	X(default_nohead, f->t->w[path_start(f)] |= (__u64)(path_start(f) + 1) << 32, "has no head")                   \
	X(cell_bad, f->t->w[path_start(f) + f->t->cls['z']] = 3ULL << 32 | path_start(f), "state 3 is not inside")     \
	X(accept_dead, f->t->w[path_end(f)] = BL_CELL_HEAD | 8, "record at word 8 is not inside")                      \
	X(accept_end, f->t->w[path_end(f)] = BL_CELL_HEAD | (f->t->nwords - 7), "is not inside the words")             \
	X(accept_huge, f->t->w[path_end(f)] = 0xffffffff, "is not inside the words")                                   \
	X(accept_fixed, f->t->w[path_end(f)] = BL_CELL_HEAD | f->t->off_hits, "overlaps something else")               \
	X(accept_state, f->t->w[path_end(f)] = BL_CELL_HEAD | path_start(f), "overlaps something else")                \
	X(accept_mid, f->t->w[path_end(f)] += 1, "")                                                                   \
	X(slot_unused, path_record(f)[0] |= path_record(f)[0] >> 32, "slot 0, which no operation uses")                \
	X(slot_op, path_record(f)[1] |= path_record(f)[0] >> 32, "operation 2, which the tables do not list")          \
	X(list_off, path_record(f)[0] = 5ULL << 32, "list at word 5 is not inside")                                    \
	X(list_off_end, path_record(f)[0] = (__u64)f->t->nwords << 32, "is not inside the words")                      \
	X(list_empty, path_list(f)[0] = 0, "has 0 entries, expected 1 to 1024")                                        \
	X(list_long, path_list(f)[0] = 1025, "has 1025 entries")                                                       \
	X(list_into, path_list(f)[0] = 900, "")                                                                        \
	X(ent_profile, path_list(f)[2] |= 1ULL << 56, "names profile 1, there are 1")                                  \
	X(ent_rule, path_list(f)[2] |= 2, "names rule 2, there are 2")                                                 \
	X(ent_rule_other, path_list(f)[2] |= 1, "")                                                                    \
	X(ent_verdict0, path_list(f)[2] &= ~(0xfULL << 24), "verdict 0 is not one")                                    \
	X(ent_verdict5, path_list(f)[2] |= 7ULL << 24, "verdict 7 is not one")                                         \
	X(ent_verdict_rule, path_list(f)[2] ^= 7ULL << 24, "disagrees with rule 0")                                    \
	X(ent_flags, path_list(f)[2] |= 1ULL << 53, "unknown flags")                                                   \
	X(ent_spare, path_list(f)[2] |= 1ULL << 20, "unknown flags")                                                   \
	X(ent_if, path_list(f)[1] = BL_ENT(0, 0, 2, 0, 3, 0), "names condition 2, there are 2")                        \
	X(ent_unless, path_list(f)[1] = BL_ENT(0, 0, 0, 512, 3, 0), "names condition 512")                             \
	X(ent_hidden, path_list(f)[1] = path_list(f)[2], "an entry without condition hides another")                   \
	X(refuse_missing, profile0(f)->rule_ops = BL_OP_BIT(BL_OP_CONNECT), "other operations than its rules refuse") \
	X(ops_missing, (profile0(f)->rule_ops = f->t->ops = BL_OP_BIT(BL_OP_READ)), "other operations than its rules refuse") \
	X(ops_more, f->t->ops |= BL_OP_BIT(BL_OP_CREATE), "by rules and defaults they are")                              \
	X(nstates_wrong, f->t->nstates++, "states can be reached, the head says")                                         \
	X(sub_none, f->t->w[accept_of(f, exe_end(f))] = 0, "has 0 terms, expected 1 to 64")                            \
	X(sub_many, f->t->w[accept_of(f, exe_end(f))] = 65, "has 65 terms")                                            \
	X(sub_atom, f->t->w[accept_of(f, exe_end(f)) + 1] = 2, "names term 2, there are 2")                            \
	X(below_off, f->t->off_below = 9, "directories overlap something else at word 9")                              \
	X(below_end, f->t->off_below = f->t->nwords, "directories are not inside the words")                           \
	X(below_many, f->t->nbelow = 0xffffffff, "directories are not inside the words")                               \
	X(below_state, f->t->w[f->t->off_below] |= 1ULL << 62, "is no state about names")                              \
	X(below_record, f->t->w[f->t->off_below] = (__u64)accept_of(f, path_end(f)) << 32, "is no state about names")  \
	X(below_exe, f->t->w[f->t->off_below] = (__u64)exe_end(f) << 32, "is no state about names")                    \
	X(below_zero, f->t->w[f->t->off_below] &= 0xffffffff, "states do not ascend")                                  \
	X(below_list_dead, f->t->w[f->t->off_below] &= ~0xffffffffULL, "list at word 0 is not inside")                 \
	X(below_list_end, f->t->w[f->t->off_below] |= 0x7fffffff, "is not inside the words")                           \
	X(below_list_other, f->t->w[f->t->off_below] += 1, "")                                                         \
	X(below_list_shared, f->t->w[f->t->off_below] += path_record(f)[0] >> 32, "")                                  \
	X(below_list_empty, below_list(f)[0] = 0, "has 0 entries, expected 1 to 1024")                                 \
	X(below_list_long, below_list(f)[0] = 1025, "has 1025 entries, expected 1 to 1024")                            \
	X(below_list_into, below_list(f)[0] = 100, "overlaps something else")                                          \
	X(below_order, below_list(f)[3] = below_list(f)[1], "conditions do not ascend")                                \
	X(below_allows, below_list(f)[3] ^= 2ULL << 24, "disagrees with rule 0")                                       \
	X(below_rule, below_list(f)[3] |= 2, "names rule 2, there are 2")                                              \
	X(below_implied, below_list(f)[3] |= (__u64)BL_EF_IMPLIED << 48, "does not refuse by name")                    \
	X(below_bits, below_list(f)[4] |= 1ULL << 60, "is no class")                                                   \
	X(below_nothing, below_list(f)[4] = 0, "is no class")                                                          \
	X(below_mount, below_list(f)[4] = 1 | 9ULL << BL_BELOW_MOUNT_SHIFT, "names rule 8, there are 2")               \
	X(names_missing, profile0(f)->rule_ops &= ~BL_OPS_NAMES, "refuses by name, which its profile does not list") \
	X(sub_object, f->t->w[exe_end(f)] = BL_CELL_HEAD | accept_of(f, path_end(f)), "")

#define X(name, how, message)                                                                                          \
	static void break_##name(struct fixture *f)                                                                    \
	{                                                                                                              \
		how;                                                                                                   \
	}
BREAKAGES(X)
#undef X

static const struct breakage {
	const char *name;
	void (*fn)(struct fixture *f);
	const char *message;
} breakages[] = {
#define X(name, how, message) {#name, break_##name, message},
	BREAKAGES(X)
#undef X
};

START_TEST(refuses_each_breakage)
{
	const struct breakage *b = &breakages[_i];
	struct fixture f = fixture_make();
	struct bl_error err;

	b->fn(&f);
	bl_image_seal(f.img, f.len);
	if (strcmp(b->name, "ent_rule_other") == 0) { /* a rule of the same profile and verdict: allowed */
		ck_assert_int_eq(parse(f.img, f.len, &err), 0);
	} else {
		ck_assert_msg(parse(f.img, f.len, &err) < 0, "%s: accepted", b->name);
		ck_assert_msg(strstr(err.text, b->message) != NULL, "%s: '%s' does not say '%s'", b->name, err.text,
			      b->message);
	}
	free(f.img);
}
END_TEST

START_TEST(refuses_bytes_after_the_end)
{
	struct fixture f = fixture_make();
	struct bl_error err;
	uint8_t *longer = calloc(1, f.len + 16);

	memcpy(longer, f.img, f.len);
	((struct bl_image_head *)longer)->size = f.len + 16;
	bl_image_seal(longer, f.len + 16);
	ck_assert_int_lt(parse(longer, f.len + 16, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.text, "after its last section"));
	free(longer);
	free(f.img);
}
END_TEST

START_TEST(refuses_memory_that_is_not_aligned)
{
	struct fixture f = fixture_make();
	struct bl_error err;
	uint8_t *odd = malloc(f.len + 1);

	memcpy(odd + 1, f.img, f.len);
	ck_assert_int_lt(parse(odd + 1, f.len, &err), 0);
	free(odd);
	free(f.img);
}
END_TEST

/* ---- limits at their value and one above ---- */

/* Tables whose list for a path has n entries, chain of them for each profile. */
static int list_of(uint32_t n, uint32_t chain, struct bl_error *err)
{
	struct fixture f = fixture_make();
	uint32_t at = f.t->nwords, nprof = (n + chain - 1) / chain;
	size_t size = sizeof(*f.t) + 8 * ((size_t)at + n + 1 + 6 * nprof + 256);
	struct bl_tables *t = calloc(1, size);
	int r;

	memcpy(t, f.t, sizeof(*t) + 8 * (size_t)at);
	f.t = t;
	path_record(&f)[0] = (__u64)at << 32;
	t->w[at++] = n;
	for (uint32_t i = 0; i < n; i++) {
		bool last = i % chain == chain - 1 || i == n - 1;

		t->w[at++] = BL_ENT(i / chain, 0, last ? BL_COND_NONE : 0, BL_COND_NONE, BL_V_DENY, 0);
	}
	t->off_profiles = at;
	t->nprofiles = nprof;
	for (uint32_t i = 0; i < nprof; i++, at += BL_PROFILE_WORDS) {
		const struct bl_profile p = {.hash = i + 1, .rule_ops = t->ops, .mode = BL_MODE_AUDIT};

		memcpy(&t->w[at], &p, sizeof(p));
	}
	t->off_lits = at;
	t->nlits = t->nconds = nprof;
	for (uint32_t i = 0; i < nprof; i++)
		t->w[at++] = BL_LIT_END_COND;
	t->off_hits = at;
	at += t->nrules + nprof;
	t->nwords = at;
	r = bl_tables_check(t, sizeof(*t) + 8 * (size_t)at, NULL, err);
	free(t);
	free(f.img);
	return r;
}

START_TEST(list_limits)
{
	struct bl_error err = {""};

	ck_assert_msg(list_of(1, 1, &err) == 0, "%s", err.text);
	ck_assert_msg(list_of(BL_MAX_CHAIN, BL_MAX_CHAIN, &err) == 0, "%s", err.text);
	ck_assert_int_lt(list_of(BL_MAX_CHAIN + 1, BL_MAX_CHAIN + 1, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.text, "more than 64 entries of one profile"));
	ck_assert_msg(list_of(BL_MAX_LIST, 8, &err) == 0, "%s", err.text);
	ck_assert_int_lt(list_of(BL_MAX_LIST + 1, 8, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.text, "has 1025 entries"));
	ck_assert_msg(list_of(BL_MAX_PROFILES, 1, &err) == 0, "%s", err.text);
	ck_assert_int_lt(list_of(BL_MAX_PROFILES + 1, 1, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.text, "257 profiles, the limit is 256"));
}
END_TEST

/* ---- files ---- */

static void write_file(const char *path, const void *data, size_t n, mode_t mode)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(data, 1, n, f), n);
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_int_eq(chmod(path, mode), 0);
}

START_TEST(reads_files)
{
	char dir[] = "/tmp/test_image.XXXXXX", path[64];
	struct bl_error err = {""};
	void *buf = NULL;
	size_t len;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/f", dir);
	ck_assert_int_eq(bl_image_file_read(path, 0, &buf, &len, &err), -ENOENT);
	ck_assert_ptr_nonnull(strstr(err.text, path));
	ck_assert_int_eq(bl_image_file_read(dir, 0, &buf, &len, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "is not a regular file"));
	write_file(path, "hello", 5, 0644);
	ck_assert_int_eq(bl_image_file_read(path, 0, &buf, &len, &err), 0);
	ck_assert_uint_eq(len, 5);
	ck_assert_mem_eq(buf, "hello", 5);
	free(buf);
	ck_assert_int_eq(chmod(path, 0666), 0);
	if (geteuid() == 0) {
		ck_assert_int_eq(bl_image_file_read(path, BL_IMAGE_TRUSTED, &buf, &len, &err), -EPERM);
		ck_assert_ptr_nonnull(strstr(err.text, "run: chmod go-w"));
		ck_assert_int_eq(chown(path, 1, 1), 0);
	}
	ck_assert_int_eq(bl_image_file_read(path, BL_IMAGE_TRUSTED, &buf, &len, &err), -EPERM);
	ck_assert_ptr_nonnull(strstr(err.text, "run: chown root:root"));
	ck_assert_int_eq(truncate(path, (off_t)BL_IMAGE_MAX + 1), 0);
	ck_assert_int_eq(bl_image_file_read(path, 0, &buf, &len, &err), -EFBIG);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(bl_image_file_read(path, 0, &buf, &len, &err), -EINVAL);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(rmdir(dir), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("image");
	TCase *tc = tcase_create("image");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_set_timeout(tc, 300);
	tcase_add_test(tc, accepts_what_is_right);
	tcase_add_test(tc, cut_and_whole_again);
	tcase_add_test(tc, hashes_as_published);
	tcase_add_test(tc, refuses_every_truncation);
	tcase_add_test(tc, refuses_every_sealed_truncation);
	tcase_add_test(tc, refuses_a_change_of_any_byte);
	tcase_add_test(tc, survives_a_sealed_change_of_any_byte);
	tcase_add_loop_test(tc, refuses_each_breakage, 0, (int)(sizeof(breakages) / sizeof(breakages[0])));
	tcase_add_test(tc, refuses_bytes_after_the_end);
	tcase_add_test(tc, refuses_memory_that_is_not_aligned);
	tcase_add_test(tc, list_limits);
	tcase_add_test(tc, reads_files);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? 0 : 1;
}
