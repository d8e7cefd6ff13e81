// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the kernel said, asked of `policyc explain --batch` again: `replay POLICYC DIR`, see replay.sh. DIR/said has lines
 * {"epoch", "event"} and, of requests that were allowed, {"epoch", "generation", "asked": REQUEST}; DIR/EPOCH.GENERATION.bpi is the image
 * that decided, with a file .dry beside it after a dry run. Prints a line with the numbers, and then every answer that is another.
 */
#include <jansson.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_IMAGES 64
#define MAX_SAID 2000 /* a file that makes more proves nothing with them */

/* Why an event does not say enough to be asked again. */
enum out {
	ASKED,
	OUT_FAILURE,
	OUT_IMAGE,
	OUT_GONE,
	OUT_BYTES,
	OUT_WORDS,
	OUT_NAMES,
	OUT_CGROUP,
	OUT_FSTYPE,
	OUT_PEER,
	OUT_CAPABILITY,
	OUT_GROUP,
	OUT_ANCESTOR,
	OUT_MOVES,
	OUT_BEFORE,
	OUT_MORE,
	OUTS
};
static const char *const out_text[OUTS] = {
	[OUT_FAILURE] = "an internal failure",
	[OUT_IMAGE] = "an image that the test did not keep",
	[OUT_GONE] = "a generation that is gone",
	[OUT_BYTES] = "names that are no UTF-8",
	[OUT_WORDS] = "objects without words",
	[OUT_NAMES] = "a name that would be lost",
	[OUT_CGROUP] = "a cgroup that is gone",
	[OUT_FSTYPE] = "fstype",
	[OUT_PEER] = "the other process",
	[OUT_CAPABILITY] = "capabilities",
	[OUT_GROUP] = "groups",
	[OUT_ANCESTOR] = "ancestors",
	[OUT_MOVES] = "enter and leave",
	[OUT_BEFORE] = "a profile by what ran before",
	[OUT_MORE] = "more than can be asked",
};

struct image {
	char key[32];
	json_t *dump; /* NULL: there is none */
	bool dry, moves;
	FILE *requests;
};

struct said {
	json_t *line, *event; /* event NULL: it is a request that was allowed */
	struct image *image;
	json_t *profile; /* of the event, as dumped */
	enum out out;
	unsigned int n; /* requests */
	json_t *answer[4];
};

static struct image images[MAX_IMAGES];
static struct said saids[MAX_SAID];
static size_t nimages, nsaid;

static const char *text(json_t *o, const char *member)
{
	const char *s = json_string_value(json_object_get(o, member));

	return s ? s : "";
}

static bool is(json_t *o, const char *member, const char *s)
{
	return strcmp(text(o, member), s) == 0;
}

/* ---- words of rules and subjects ---- */

/* Is w a word of the text, outside strings? With terms: behind `if` or `unless`. */
static bool has_word(const char *s, const char *w, bool terms)
{
	bool on = !terms;

	for (size_t n; *(s += strspn(s, " \t\n,;{}")) != '\0'; s += n) {
		n = strcspn(s, " \t\n,;{}\"");
		if (s[0] == '"') {
			for (n = 1; s[n] != '\0' && s[n] != '"'; n++)
				n += s[n] == '\\' && s[n + 1] != '\0';
			n += s[n] == '"';
			continue;
		}
		if (on && n == strlen(w) && memcmp(s, w, n) == 0)
			return true;
		on |= (n == 2 && memcmp(s, "if", 2) == 0) || (n == 6 && memcmp(s, "unless", 6) == 0);
	}
	return false;
}

static bool has_op(json_t *rule, const char *op)
{
	json_t *v;
	size_t i;

	json_array_foreach(json_object_get(rule, "ops"), i, v)
		if (strcmp(json_string_value(v), op) == 0)
			return true;
	return false;
}

/* Has a rule of the profile about the operation the word? profile NULL: of any profile; op NULL: any operation. */
static bool rules_have(const struct image *img, json_t *profile, const char *op, const char *w, bool terms)
{
	json_t *p, *r;
	size_t i, k;

	json_array_foreach(json_object_get(img->dump, "profiles"), i, p) {
		if (profile && p != profile)
			continue;
		json_array_foreach(json_object_get(p, "rules"), k, r)
			if ((!op || has_op(r, op)) && has_word(text(r, "text"), w, terms))
				return true;
	}
	return false;
}

/* Does it depend on this term whether the profile refuses? */
static bool term(const struct said *s, const char *w)
{
	return has_word(text(s->profile, "subject"), w, false) || rules_have(s->image, s->profile, text(s->event, "op"), w, true);
}

/* ---- images ---- */

static json_t *run_dump(const char *policyc, const char *key)
{
	char command[4300];
	json_t *dump;
	FILE *f;

	snprintf(command, sizeof(command), "'%s' dump --json '%s.bpi'", policyc, key);
	f = popen(command, "r");
	dump = f ? json_loadf(f, JSON_DISABLE_EOF_CHECK, NULL) : NULL;
	if (f)
		pclose(f);
	return dump;
}

static struct image *image_of(const char *policyc, json_t *line)
{
	json_t *event = json_object_get(line, "event");
	struct image *img = images;
	char key[32], name[64];

	snprintf(key, sizeof(key), "%d.%d", (int)json_integer_value(json_object_get(line, "epoch")),
		 (int)json_integer_value(json_object_get(event ? event : line, "generation")));
	while (img < images + nimages && strcmp(img->key, key) != 0)
		img++;
	if (img < images + nimages || nimages == MAX_IMAGES)
		return img < images + nimages ? img : NULL;
	nimages++;
	snprintf(img->key, sizeof(img->key), "%s", key);
	snprintf(name, sizeof(name), "%s.dry", img->key);
	img->dry = access(name, F_OK) == 0;
	snprintf(name, sizeof(name), "%s.bpi", img->key);
	if (access(name, F_OK) < 0)
		return img;
	img->dump = run_dump(policyc, img->key);
	img->moves = rules_have(img, NULL, NULL, "enter", false) || rules_have(img, NULL, NULL, "leave", false);
	snprintf(name, sizeof(name), "%s.requests", img->key);
	img->requests = fopen(name, "w");
	return img;
}

/* ---- what can be asked ---- */

/* Does the rule that decided say nothing of the operation? Then it is about what a link, rename or mount does to a name. */
static bool about_names(const struct said *s)
{
	json_t *number = json_object_get(json_object_get(s->event, "rule"), "number"), *r;
	size_t i;

	json_array_foreach(json_object_get(s->profile, "rules"), i, r)
		if (json_equal(json_object_get(r, "rule"), number))
			return !has_op(r, text(s->event, "op"));
	return false;
}

static enum out event_out(struct said *s)
{
	const char *op = text(s->event, "op");
	json_t *p;
	size_t i;

	if (!is(s->event, "reason", "rule") && !is(s->event, "reason", "default"))
		return OUT_FAILURE;
	if (!s->image || !s->image->dump)
		return OUT_IMAGE;
	json_array_foreach(json_object_get(s->image->dump, "profiles"), i, p)
		if (is(p, "name", text(s->event, "profile")))
			s->profile = p;
	if (!s->profile)
		return OUT_GONE;
	if (json_object_get(s->event, "object_hex") || json_object_get(s->event, "exe_hex") || json_object_get(s->event, "script_hex") ||
	    json_object_get(s->event, "cgroup_hex"))
		return OUT_BYTES;
	if (!is(s->event, "kind", "path") && strncmp(text(s->event, "object"), "0x", 2) == 0)
		return OUT_WORDS;
	if (is(s->event, "reason", "rule") && about_names(s))
		return OUT_NAMES;
	if (json_is_null(json_object_get(s->event, "cgroup")) && (term(s, "cgroup") || term(s, "unit") || term(s, "container")))
		return OUT_CGROUP;
	if (rules_have(s->image, s->profile, op, "fstype", false))
		return OUT_FSTYPE;
	if ((strcmp(op, "signal") == 0 || strcmp(op, "ptrace") == 0) && rules_have(s->image, s->profile, op, "to", false))
		return OUT_PEER;
	if (term(s, "capability"))
		return OUT_CAPABILITY;
	if (term(s, "group"))
		return OUT_GROUP;
	if (term(s, "ancestor"))
		return OUT_ANCESTOR;
	return s->image->moves ? OUT_MOVES : ASKED;
}

/* The same of a request that was allowed, for all profiles; what ran before is the test's shell, and nothing before that counts. */
static enum out asked_out(const struct said *s, json_t *asked)
{
	json_t *p;
	size_t i;

	if (!s->image || !s->image->dump)
		return OUT_IMAGE;
	if (rules_have(s->image, NULL, text(asked, "op"), "fstype", false))
		return OUT_FSTYPE;
	if (rules_have(s->image, NULL, text(asked, "op"), "capability", true))
		return OUT_CAPABILITY;
	json_array_foreach(json_object_get(s->image->dump, "profiles"), i, p)
		if (has_word(text(p, "subject"), "capability", false))
			return OUT_CAPABILITY;
	return s->image->moves ? OUT_MOVES : ASKED;
}

static void put(struct said *s, json_t *request)
{
	json_dumpf(request, s->image->requests, JSON_COMPACT);
	fputc('\n', s->image->requests);
	s->n++;
}

/* A request that does not say whose the file is or whether it is deleted is made with either, if a rule asks for that. */
static void put_either(struct said *s, json_t *request, bool owner, bool deleted)
{
	for (int i = 0; i < 4; i++) {
		if ((i & 1 && !owner) || (i & 2 && !deleted))
			continue;
		if (owner)
			json_object_set_new(request, "owner", json_boolean(i & 1));
		if (deleted)
			json_object_set_new(request, "deleted", json_boolean(i & 2));
		put(s, request);
	}
}

static void take(const char *policyc, json_t *line)
{
	struct said *s = &saids[nsaid++];
	json_t *asked = json_object_get(line, "asked");

	s->line = line;
	s->event = json_object_get(line, "event");
	s->image = image_of(policyc, line);
	s->out = s->event ? event_out(s) : asked_out(s, asked);
	if (s->out != ASKED)
		return;
	asked = asked ? asked : s->event;
	put_either(s, asked, !json_object_get(asked, "owner") && rules_have(s->image, s->profile, text(asked, "op"), "owner", true),
		   rules_have(s->image, s->profile, text(asked, "op"), "deleted", false));
}

static bool answers(const char *policyc, struct image *img)
{
	char command[4300], *line = NULL;
	size_t cap = 0;
	FILE *f;

	if (!img->requests)
		return true;
	fclose(img->requests);
	snprintf(command, sizeof(command), "'%s' explain --batch '%s.bpi' <'%s.requests' 2>&1", policyc, img->key, img->key);
	f = popen(command, "r");
	for (size_t i = 0; f && i < nsaid; i++)
		for (unsigned int k = 0; saids[i].image == img && k < saids[i].n; k++)
			if (getline(&line, &cap, f) > 0 && !(saids[i].answer[k] = json_loads(line, 0, NULL)))
				fputs(line, stderr);
	free(line);
	return f && pclose(f) == 0;
}

/* ---- what became of it ---- */

static const char *plain(const char *verdict)
{
	return strncmp(verdict, "would-", 6) == 0 ? verdict + 6 : verdict;
}

static bool same_rule(json_t *a, json_t *b)
{
	return is(a, "file", text(b, "file")) && is(a, "text", text(b, "text")) &&
	       json_equal(json_object_get(a, "line"), json_object_get(b, "line"));
}

/* Does this answer have the event's report? */
static bool same(const struct said *s, json_t *answer)
{
	json_t *r;
	size_t i;

	json_array_foreach(json_object_get(answer, "reports"), i, r)
		if (is(r, "profile", text(s->event, "profile")) && is(r, "reason", text(s->event, "reason")) &&
		    strcmp(plain(text(r, "verdict")), plain(text(s->event, "verdict"))) == 0 &&
		    (s->image->dry || is(r, "mode", text(s->event, "mode"))) &&
		    (!is(r, "reason", "rule") || same_rule(json_object_get(r, "rule"), json_object_get(s->event, "rule"))))
			return true;
	return false;
}

/*
 * The subject's programs do not name what the event says that it runs, so one that ran before did: of those an event has no more than the
 * present programs of living ancestors.
 */
static bool by_what_ran_before(const struct said *s)
{
	const char *subject = text(s->profile, "subject"), *exe = text(s->event, "exe"), *script = text(s->event, "script");
	json_t *p;
	size_t i;

	json_array_foreach(json_object_get(s->answer[0], "profiles"), i, p)
		if (strcmp(json_string_value(p), text(s->event, "profile")) == 0)
			return false;
	if (!has_word(subject, "exe", false) && !has_word(subject, "script", false))
		return false;
	return !has_word(subject, exe, false) && !(script[0] && has_word(subject, script, false));
}

static bool lets(json_t *answer)
{
	return is(answer, "verdict", "allow") || is(answer, "verdict", "log");
}

static size_t count[OUTS], nsame, nasked, neither, nwrong;

static bool right(struct said *s)
{
	bool some = false, all = true;

	for (unsigned int k = 0; k < s->n; k++) {
		bool this = s->answer[k] && (s->event ? same(s, s->answer[k]) : lets(s->answer[k]));

		some |= this;
		all &= this;
	}
	if (!some && s->event && s->answer[0] && by_what_ran_before(s)) {
		s->out = OUT_BEFORE;
		return true;
	}
	*(s->event ? &nsame : &nasked) += some;
	neither += some && !all;
	return some;
}

static void tell_wrong(const struct said *s)
{
	static const char *const members[] = {"verdict", "op", "object", "canonical", "exe", "profile", "rule"};
	json_t *from = s->event ? s->event : json_object_get(s->line, "asked"), *o = json_object();

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		json_object_set(o, members[i], json_object_get(from, members[i]));
	printf("%s %s: ", s->event ? "event of" : "allowed under", s->image->key);
	json_dumpf(o, stdout, JSON_COMPACT);
	for (unsigned int k = 0; k < s->n; k++) {
		printf("\npolicyc: ");
		if (s->answer[k])
			json_dumpf(s->answer[k], stdout, JSON_COMPACT);
	}
	printf("\n");
}

static void tell(void)
{
	const char *sep = "; left out: ";
	static bool wrong[MAX_SAID];

	for (size_t i = 0; i < nsaid; i++) {
		wrong[i] = saids[i].out == ASKED && !right(&saids[i]);
		nwrong += wrong[i];
		count[saids[i].out]++;
	}
	printf("%zu events and %zu allowed probes: policyc explain says the same", nsame, nasked);
	if (neither > 0)
		printf("; of %zu by one of its answers, for or against an owner or a deleted file", neither);
	for (int i = ASKED + 1; i < OUTS; i++) {
		if (count[i] > 0) {
			printf("%s%zu %s", sep, count[i], out_text[i]);
			sep = ", ";
		}
	}
	printf("\n");
	for (size_t i = 0; i < nsaid; i++)
		if (wrong[i])
			tell_wrong(&saids[i]);
}

int main(int argc, char **argv)
{
	char *line = NULL;
	size_t cap = 0;
	bool fine = true;
	FILE *f;

	if (argc != 3)
		return 2;
	f = chdir(argv[2]) == 0 ? fopen("said", "r") : NULL;
	if (!f) {
		perror(argv[2]);
		return 2;
	}
	while (getline(&line, &cap, f) > 0) {
		json_t *o = nsaid < MAX_SAID ? json_loads(line, 0, NULL) : NULL;

		if (o)
			take(argv[1], o);
		else
			count[OUT_MORE]++;
	}
	free(line);
	fclose(f);
	for (size_t i = 0; i < nimages; i++)
		fine &= answers(argv[1], &images[i]);
	tell();
	return fine && nwrong == 0 ? 0 : 1;
}
