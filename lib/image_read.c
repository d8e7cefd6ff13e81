/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads a policy image: the file, its frame, and the texts in it; tables_check.c looks at the tables. */
#include "image_read.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "sha256.h"
#include "trusted.h"

#include "banned.h"

#define SECTIONS_END (sizeof(struct bl_image_head) + BL_SEC_COUNT * sizeof(struct bl_section))

static const char *const section_names[BL_SEC_COUNT + 1] = {
	"", "tables", "strings", "profiles", "rules", "terms", "users", "prefixes",
};

static const uint32_t section_units[BL_SEC_COUNT + 1] = {
	1,
	1,
	1,
	sizeof(struct bl_meta_profile),
	sizeof(struct bl_meta_rule),
	sizeof(struct bl_meta_atom),
	sizeof(struct bl_meta_id),
	sizeof(struct bl_meta_prefix),
};

/* ---- frame ---- */

static void image_hash(const void *buf, size_t len, uint8_t ret[BL_SHA256_SIZE])
{
	static const uint8_t zero[BL_SHA256_SIZE];
	const size_t at = offsetof(struct bl_image_head, sha256);
	const uint8_t *p = buf;
	struct bl_sha256 c;

	bl_sha256_init(&c);
	bl_sha256_add(&c, p, at);
	bl_sha256_add(&c, zero, sizeof(zero));
	bl_sha256_add(&c, p + at + sizeof(zero), len - at - sizeof(zero));
	bl_sha256_end(&c, ret);
}

void bl_image_seal(void *buf, size_t len)
{
	struct bl_image_head *h = buf;

	if (len >= sizeof(*h))
		image_hash(buf, len, h->sha256);
}

static int check_head(const struct bl_image_head *h, size_t len, struct bl_error *err)
{
	uint8_t hash[BL_SHA256_SIZE];

	if (len < sizeof(*h))
		return bl_error_set(err, -EINVAL, "not a policy image: %zu bytes are too few for its head of %zu", len,
				    sizeof(*h));
	if (memcmp(h->magic, BL_IMAGE_MAGIC, sizeof(h->magic)) != 0)
		return bl_error_set(err, -EINVAL,
				    "not a policy image: it does not begin with \"BAILIFF\"; "
				    "`policyc build` makes one from a policy");
	if (h->version != BL_IMAGE_VERSION)
		return bl_error_set(err, -EPROTONOSUPPORT, "image is of format %" PRIu32 ", this program reads %u",
				    h->version, BL_IMAGE_VERSION);
	if (h->abi != BL_ABI_VERSION)
		return bl_error_set(err, -EPROTONOSUPPORT,
				    "image is for version %" PRIu32 " of the tables, this program has %u", h->abi,
				    BL_ABI_VERSION);
	if (h->size != len)
		return bl_error_set(err, -EINVAL, "image says that it has %" PRIu64 " bytes, but there are %zu",
				    (uint64_t)h->size, len);
	if (len > BL_IMAGE_MAX)
		return bl_error_set(err, -EINVAL, "image has %zu bytes, the limit is %u", len, BL_IMAGE_MAX);
	image_hash(h, len, hash);
	if (memcmp(hash, h->sha256, sizeof(hash)) != 0)
		return bl_error_set(err, -EINVAL, "image is damaged: its SHA-256 does not match its content");
	if (h->pad != 0)
		return bl_error_set(err, -EINVAL, "image head: padding is not zero");
	return 0;
}

static bool all_zero(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != 0)
			return false;
	return true;
}

/* One section: where it has to begin is known from the one before it. */
static int check_section(const uint8_t *buf, size_t len, uint32_t type, size_t *end, struct bl_error *err)
{
	const struct bl_section *s = (const void *)(buf + sizeof(struct bl_image_head));
	size_t begin = (*end + 7) & ~(size_t)7;

	s += type - 1;
	if (s->type != type || s->pad != 0)
		return bl_error_set(err, -EINVAL, "section table: entry %u is not that of the section '%s'", type,
				    section_names[type]);
	if (s->off != begin)
		return bl_error_set(err, -EINVAL, "section '%s' begins at byte %" PRIu64 ", expected %zu",
				    section_names[type], (uint64_t)s->off, begin);
	if (begin > len || s->len > len - begin)
		return bl_error_set(err, -EINVAL, "section '%s' ends after the image", section_names[type]);
	if (!all_zero(buf + *end, begin - *end))
		return bl_error_set(err, -EINVAL, "bytes before section '%s' are not zero", section_names[type]);
	if (s->len % section_units[type] != 0)
		return bl_error_set(err, -EINVAL, "section '%s' has %" PRIu64 " bytes, not a multiple of %" PRIu32,
				    section_names[type], (uint64_t)s->len, section_units[type]);
	*end = begin + s->len;
	return 0;
}

static int check_sections(const uint8_t *buf, size_t len, struct bl_error *err)
{
	const struct bl_image_head *h = (const void *)buf;
	size_t end = SECTIONS_END;
	int r;

	if (h->nsections != BL_SEC_COUNT)
		return bl_error_set(err, -EINVAL, "image has %" PRIu32 " sections, expected %d", h->nsections,
				    BL_SEC_COUNT);
	if (len < SECTIONS_END)
		return bl_error_set(err, -EINVAL, "image ends inside its section table");
	for (uint32_t type = 1; type <= BL_SEC_COUNT; type++) {
		r = check_section(buf, len, type, &end, err);
		if (r < 0)
			return r;
	}
	if (len - end >= 8)
		return bl_error_set(err, -EINVAL, "image has %zu bytes after its last section", len - end);
	if (!all_zero(buf + end, len - end))
		return bl_error_set(err, -EINVAL, "bytes after the last section are not zero");
	return 0;
}

/* cut: bytes of the tables that are not there. */
static void point(const uint8_t *buf, size_t len, size_t cut, struct bl_image *img)
{
	const struct bl_section *s = (const void *)(buf + sizeof(struct bl_image_head));

	*img = (struct bl_image){
		.data = buf,
		.size = len,
		.head = (const void *)buf,
		.tables = (const void *)(buf + s[BL_SEC_TABLES - 1].off),
		.tables_size = s[BL_SEC_TABLES - 1].len - cut,
		.strings = (const void *)(buf + s[BL_SEC_STRINGS - 1].off - cut),
		.strings_size = s[BL_SEC_STRINGS - 1].len,
		.profiles = (const void *)(buf + s[BL_SEC_PROFILES - 1].off - cut),
		.rules = (const void *)(buf + s[BL_SEC_RULES - 1].off - cut),
		.atoms = (const void *)(buf + s[BL_SEC_ATOMS - 1].off - cut),
		.users = (const void *)(buf + s[BL_SEC_USERS - 1].off - cut),
		.nusers = s[BL_SEC_USERS - 1].len / sizeof(struct bl_meta_id),
		.prefixes = (const void *)(buf + s[BL_SEC_PREFIXES - 1].off - cut),
		.nprefixes = s[BL_SEC_PREFIXES - 1].len / sizeof(struct bl_meta_prefix),
	};
}

/* ---- texts ---- */

static int check_strings(const struct bl_image *img, struct bl_error *err)
{
	if (img->strings_size == 0 || img->strings[0] != '\0')
		return bl_error_set(err, -EINVAL, "section 'strings' does not begin with the empty string");
	if (img->strings[img->strings_size - 1] != '\0')
		return bl_error_set(err, -EINVAL, "section 'strings' does not end in NUL");
	return 0;
}

static int check_counts(const struct bl_image *img, struct bl_error *err)
{
	const struct bl_section *s = (const void *)(img->head + 1);
	const uint64_t want[3] = {img->tables->nprofiles, img->tables->nrules, img->tables->natoms};

	for (uint32_t i = 0; i < 3; i++) {
		uint32_t type = BL_SEC_PROFILES + i;
		uint64_t have = s[type - 1].len / section_units[type];

		if (have != want[i])
			return bl_error_set(err, -EINVAL,
					    "section '%s' has %" PRIu64 " entries, the tables have %" PRIu64,
					    section_names[type], have, want[i]);
	}
	return 0;
}

static int check_string_of(const struct bl_image *img, const char *what, size_t i, uint32_t off, struct bl_error *err)
{
	if (off < img->strings_size)
		return 0;
	return bl_error_set(err, -EINVAL, "%s %zu: a text is at byte %" PRIu32 " of the %zu bytes of strings", what, i,
			    off, img->strings_size);
}

static int check_meta_profile(const struct bl_image *img, size_t i, struct bl_error *err)
{
	const struct bl_meta_profile *p = &img->profiles[i];
	const uint32_t strings[] = {p->name, p->file, p->subject};

	for (size_t k = 0; k < sizeof(strings) / sizeof(strings[0]); k++) {
		int r = check_string_of(img, "profile", i, strings[k], err);

		if (r < 0)
			return r;
	}
	if (p->pad != 0)
		return bl_error_set(err, -EINVAL, "profile %zu: padding is not zero", i);
	if (bl_image_str(img, p->name)[0] == '\0')
		return bl_error_set(err, -EINVAL, "profile %zu has no name", i);
	return 0;
}

static int check_meta_rule(const struct bl_image *img, size_t i, struct bl_error *err)
{
	const struct bl_meta_rule *rule = &img->rules[i];
	const uint32_t strings[] = {rule->file, rule->text, rule->message, rule->tag, rule->severity};

	for (size_t k = 0; k < sizeof(strings) / sizeof(strings[0]); k++) {
		int r = check_string_of(img, "rule", i, strings[k], err);

		if (r < 0)
			return r;
	}
	if (rule->profile >= img->tables->nprofiles)
		return bl_error_set(err, -EINVAL, "rule %zu belongs to profile %" PRIu32 ", there are %" PRIu32, i,
				    rule->profile, img->tables->nprofiles);
	if (rule->verdict < BL_V_ALLOW || rule->verdict > BL_V_KILL)
		return bl_error_set(err, -EINVAL, "rule %zu: verdict %" PRIu32 " is not one", i, rule->verdict);
	if (rule->pad != 0)
		return bl_error_set(err, -EINVAL, "rule %zu: padding is not zero", i);
	return 0;
}

static int check_meta_rest(const struct bl_image *img, struct bl_error *err)
{
	int r;

	for (size_t i = 0; i < img->tables->natoms; i++) {
		r = check_string_of(img, "term", i, img->atoms[i].text, err);
		if (r < 0)
			return r;
		if (img->atoms[i].kind >= BL_KEY_KINDS)
			return bl_error_set(err, -EINVAL, "term %zu: kind %" PRIu32 " is not one", i,
					    img->atoms[i].kind);
	}
	for (size_t i = 0; i < img->nusers; i++) {
		const struct bl_meta_id *u = &img->users[i];

		r = check_string_of(img, "user", i, u->name, err);
		if (r < 0)
			return r;
		if ((u->kind != BL_KEY_USER && u->kind != BL_KEY_GROUP) || u->pad != 0)
			return bl_error_set(err, -EINVAL, "user %zu is neither a user nor a group", i);
	}
	return 0;
}

static int check_meta_prefix(const struct bl_image *img, size_t i, struct bl_error *err)
{
	const struct bl_meta_prefix *p = &img->prefixes[i];
	const uint32_t strings[] = {p->path, p->rest, p->file};

	for (size_t k = 0; k < sizeof(strings) / sizeof(strings[0]); k++) {
		int r = check_string_of(img, "prefix", i, strings[k], err);

		if (r < 0)
			return r;
	}
	if (bl_image_str(img, p->path)[0] != '/')
		return bl_error_set(err, -EINVAL, "prefix %zu does not begin with '/'", i);
	if ((p->flags & ~BL_PREFIX_FLAGS) != 0 || p->pad != 0)
		return bl_error_set(err, -EINVAL, "prefix %zu: unknown flags, or padding is not zero", i);
	return 0;
}

static int check_texts(const struct bl_image *img, struct bl_error *err)
{
	int r = check_counts(img, err);

	if (r < 0)
		return r;
	r = check_strings(img, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < img->tables->nprofiles; i++) {
		r = check_meta_profile(img, i, err);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < img->tables->nrules; i++) {
		r = check_meta_rule(img, i, err);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < img->nprefixes; i++) {
		r = check_meta_prefix(img, i, err);
		if (r < 0)
			return r;
	}
	return check_meta_rest(img, err);
}

/* ---- without the words of the tables ---- */

static const struct bl_section *tables_section(const struct bl_image *img)
{
	return (const struct bl_section *)(img->head + 1) + BL_SEC_TABLES - 1;
}

size_t bl_image_cut_words(const struct bl_image *cut)
{
	return (tables_section(cut)->len - sizeof(struct bl_tables)) / 8;
}

/* The words begin here in a whole image, and what follows them in a cut one. */
static size_t words_at(const struct bl_image *img)
{
	return tables_section(img)->off + sizeof(struct bl_tables);
}

void bl_image_cut(struct bl_buf *b, const struct bl_image *img)
{
	size_t at = words_at(img), cut = 8 * bl_image_cut_words(img);

	bl_buf_add(b, img->data, at);
	bl_buf_add(b, (const uint8_t *)img->data + at + cut, img->size - at - cut);
}

void *bl_image_whole(const struct bl_image *cut, const uint64_t *words)
{
	size_t at = words_at(cut), n = 8 * bl_image_cut_words(cut);
	uint8_t *whole = malloc(cut->size + n);

	if (!whole)
		return NULL;
	memcpy(whole, cut->data, at);
	memcpy(whole + at, words, n);
	memcpy(whole + at + n, (const uint8_t *)cut->data + at, cut->size - at);
	return whole;
}

/* Sections are where a whole image would have them, which is cut bytes longer. */
static int check_cut(const uint8_t *buf, size_t len, size_t *ret_cut, struct bl_error *err)
{
	const struct bl_image_head *h = (const void *)buf;
	const struct bl_section *s = (const void *)(h + 1);
	size_t end;

	if (len < SECTIONS_END + sizeof(struct bl_tables) || h->nsections != BL_SEC_COUNT || s->off != ((SECTIONS_END + 7) & ~(size_t)7) ||
	    s->len < sizeof(struct bl_tables) || s->len % 8 != 0 || s->len > BL_IMAGE_MAX || h->size != len + (s->len - sizeof(struct bl_tables)))
		return bl_error_set(err, -EINVAL, "what is kept of the image is not what was made of one");
	end = s->off + s->len;
	for (uint32_t type = BL_SEC_TABLES + 1; type <= BL_SEC_COUNT; type++) {
		const struct bl_section *one = &s[type - 1];

		if (one->type != type || one->off != ((end + 7) & ~(size_t)7) || one->len > h->size || one->off > h->size - one->len ||
		    one->len % section_units[type] != 0)
			return bl_error_set(err, -EINVAL, "what is kept of the image has no section '%s'", section_names[type]);
		end = one->off + one->len;
	}
	*ret_cut = s->len - sizeof(struct bl_tables);
	return 0;
}

int bl_image_parse_cut(const void *buf, size_t len, struct bl_image *ret, struct bl_error *err)
{
	struct bl_image img;
	size_t cut = 0;
	int r = check_cut(buf, len, &cut, err);

	if (r < 0)
		return r;
	point(buf, len, cut, &img);
	r = check_texts(&img, err);
	if (r == 0)
		*ret = img;
	return r;
}

/* ---- */

int bl_image_parse(const void *buf, size_t len, struct bl_image *ret, struct bl_error *err)
{
	struct bl_image img;
	int r;

	if ((uintptr_t)buf % 8 != 0)
		return bl_error_set(err, -EINVAL, "image is not aligned in memory: a mistake of this program");
	r = check_head(buf, len, err);
	if (r < 0)
		return r;
	r = check_sections(buf, len, err);
	if (r < 0)
		return r;
	point(buf, len, 0, &img);
	if (img.tables_size < sizeof(struct bl_tables))
		return bl_error_set(err, -EINVAL, "section 'tables' has %zu bytes, its head alone has %zu",
				    img.tables_size, sizeof(struct bl_tables));
	r = check_texts(&img, err);
	if (r < 0)
		return r;
	r = bl_tables_check(img.tables, img.tables_size, img.rules, err);
	if (r < 0)
		return r;
	*ret = img;
	return 0;
}

/* ---- file ---- */

int bl_image_file_read(const char *path, unsigned int flags, void **ret_buf, size_t *ret_len, struct bl_error *err)
{
	/* O_NONBLOCK: a FIFO in place of the file must not hang the reader. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), r;

	if (fd < 0)
		return bl_error_set(err, -errno, "cannot open %s: %m", path);
	r = flags & BL_IMAGE_TRUSTED ? bl_trusted_read(fd, path, "an image", BL_IMAGE_MAX, ret_buf, ret_len, err)
				     : bl_trusted_slurp(fd, path, "an image", BL_IMAGE_MAX, ret_buf, ret_len, err);
	(void)close(fd);
	return r;
}
