// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random pairs of policies: what diff calls the same answers a few thousand random requests alike, what it calls different differs
 * for its own example, and each difference that a request shows is one that diff has.
 */
#include "diff_pair.h"
#include "../diff/rnd.h"

#define POLICIES 120u
#define REQUESTS 800u

/* ---- policies ---- */

static const char *const paths[] = { "/a", "/a/**", "/a/*", "/b", "/a/b", "/**", "/[ab]/?", "/a/{b,c}", "/b/**/c", "/a/b*", "/" };
static const char *const objects[] = { "/a", "/a/a", "/b", "/a/b", "/b/a", "/a/b/c", "/b/c", "/b/x/c", "/a/c", "/a/bb", "/c" };
static const char *const exes[] = { "/bin/x", "/bin/y", "/bin/*", "/bin/z, /bin/x", "/usr/**" };
static const char *const programs[] = { "/bin/x", "/bin/y", "/bin/z", "/bin/w", "/usr/a", "/usr/b/c" };

static void put_term(struct rnd *r, struct bl_buf *b)
{
	static const char *const others[] = { "user 0",	       "user 1-5",   "group 7",	  "group 7, 8",	    "login unset",
					      "login 1000",    "cgroup /s",  "cgroup /s/t", "unit x.service", "unit *.service",
					      "container c1",  "any",	     "capability sys_admin", "capability chown, fowner",
					      "script /bin/s", "script /*/s" };
	uint32_t what = rnd_below(r, 100);

	if (what < 45)
		bl_buf_printf(b, "exe %s", RND_PICK(r, exes));
	else if (what < 55)
		bl_buf_printf(b, "ancestor %s", RND_PICK(r, exes));
	else
		bl_buf_str(b, RND_PICK(r, others));
	if (what < 10)
		bl_buf_str(b, " except /bin/w");
}

static void put_terms(struct rnd *r, struct bl_buf *b)
{
	put_term(r, b);
	if (rnd_percent(r, 25)) {
		bl_buf_str(b, " and ");
		put_term(r, b);
	}
}

static const char *action(struct rnd *r)
{
	static const char *const actions[] = { "allow", "allow", "deny", "deny", "kill", "log" };

	return RND_PICK(r, actions);
}

static void put_attributes(struct rnd *r, struct bl_buf *b, const char *act)
{
	if (strcmp(act, "allow") == 0)
		return;
	if (rnd_percent(r, 8))
		bl_buf_str(b, " quiet");
	if (rnd_percent(r, 8))
		bl_buf_str(b, " message \"m\"");
	if (strcmp(act, "log") != 0 && rnd_percent(r, 8))
		bl_buf_str(b, " errno EACCES");
}

static void put_object(struct rnd *r, struct bl_buf *b)
{
	static const char *const files[] = { "read", "write", "create, delete", "attr", "rename, link", "modify", "setid, mknod" };
	static const char *const code[] = { "memfd", "deleted", "anonymous", "fstype tmpfs", "fstype nfs*" };
	static const char *const net[] = { "connect tcp to 10.0.0.0/8", "connect udp",  "connect to ::/0 port 80",	"connect",
					   "bind tcp port 80-90",	"bind",		"accept tcp from 10.1.0.0/16",	"accept",
					   "connect unix to /a/b",	"bind unix",	"connect unix to @x*",		"accept unix on @x",
					   "socket inet",		"socket tcp",	"socket unix type dgram",	"socket" };
	static const char *const sys[] = { "capability chown",	"capability",	"signal TERM",	      "signal",	      "signal to same profile",
					   "signal KILL to descendant", "ptrace to exe /bin/x", "ptrace", "mount fstype tmpfs",
					   "mount target /a/**", "umount /a/b", "module /a/**", "module", "setuid 0", "setgid 5-9", "bpf", "pivot" };
	uint32_t what = rnd_below(r, 100);

	if (what < 45)
		bl_buf_printf(b, "%s %s%s", RND_PICK(r, files), RND_PICK(r, paths), rnd_percent(r, 15) ? " except /a/b" : "");
	else if (what < 55)
		bl_buf_printf(b, "%s %s", rnd_percent(r, 50) ? "exec" : "map", RND_PICK(r, paths));
	else if (what < 65)
		bl_buf_printf(b, "exec %s", RND_PICK(r, code));
	else if (what < 83)
		bl_buf_str(b, RND_PICK(r, net));
	else
		bl_buf_str(b, RND_PICK(r, sys));
	if (what < 45 && rnd_percent(r, 12))
		bl_buf_printf(b, " %s owner%s", rnd_percent(r, 50) ? "if" : "unless", rnd_percent(r, 40) ? " and user 0" : "");
}

static void put_rule(struct rnd *r, struct bl_buf *b)
{
	const char *act = action(r);

	bl_buf_printf(b, "\t%s ", act);
	put_object(r, b);
	while (rnd_percent(r, 25)) {
		bl_buf_str(b, rnd_percent(r, 60) ? " unless " : " if ");
		put_terms(r, b);
	}
	put_attributes(r, b, act);
	bl_buf_str(b, ";\n");
}

#define RULES 8u
#define PROFILES 3u

struct policy {
	struct profile {
		char *subject, *head, *rules[RULES];
		size_t nrules;
	} v[PROFILES];
};

static char *taken(struct bl_buf *b)
{
	char *s = strdup(bl_buf_text(b) ? bl_buf_text(b) : "");

	bl_buf_free(b);
	*b = (struct bl_buf)BL_BUF_INIT;
	return s;
}

static char *random_subject(struct rnd *r)
{
	struct bl_buf b = BL_BUF_INIT;

	for (uint32_t n = 1 + rnd_below(r, 2); n > 0; n--) {
		bl_buf_str(&b, "\tsubject ");
		put_terms(r, &b);
		bl_buf_str(&b, ";\n");
	}
	return taken(&b);
}

static char *random_head(struct rnd *r)
{
	static const char *const defaults[] = { "read", "file", "network", "exec", "system", "socket, connect" };
	struct bl_buf b = BL_BUF_INIT;

	bl_buf_printf(&b, "\tmode %s;\n", rnd_percent(r, 20) ? "audit" : "enforce");
	if (rnd_percent(r, 20))
		bl_buf_str(&b, "\tinherit no;\n");
	if (rnd_percent(r, 50))
		bl_buf_printf(&b, "\tdefault deny %s;\n", RND_PICK(r, defaults));
	return taken(&b);
}

static char *random_rule(struct rnd *r)
{
	struct bl_buf b = BL_BUF_INIT;

	put_rule(r, &b);
	return taken(&b);
}

static void policy_random(struct rnd *r, struct policy *p)
{
	for (size_t i = 0; i < PROFILES; i++) {
		p->v[i].subject = random_subject(r);
		p->v[i].head = random_head(r);
		p->v[i].nrules = 1 + rnd_below(r, RULES - 1);
		for (size_t k = 0; k < p->v[i].nrules; k++)
			p->v[i].rules[k] = random_rule(r);
	}
}

static void policy_free(struct policy *p)
{
	for (size_t i = 0; i < PROFILES; i++) {
		free(p->v[i].subject);
		free(p->v[i].head);
		for (size_t k = 0; k < p->v[i].nrules; k++)
			free(p->v[i].rules[k]);
	}
}

static char *policy_text(const struct policy *p)
{
	struct bl_buf b = BL_BUF_INIT;

	for (size_t i = 0; i < PROFILES; i++) {
		bl_buf_printf(&b, "profile p%zu {\n%s%s", i, p->v[i].subject, p->v[i].head);
		for (size_t k = 0; k < p->v[i].nrules; k++)
			bl_buf_str(&b, p->v[i].rules[k]);
		bl_buf_str(&b, "}\n");
	}
	return taken(&b);
}

static void replace(char **s, char *with)
{
	free(*s);
	*s = with;
}

/* One small change of the text; half of those that move a rule change nothing. */
static void policy_change(struct rnd *r, struct policy *p)
{
	struct profile *q = &p->v[rnd_below(r, PROFILES)];
	size_t at = rnd_below(r, (uint32_t)q->nrules);
	uint32_t what = rnd_below(r, 100);

	if (what < 30 && at + 1 < q->nrules) {
		char *s = q->rules[at];

		q->rules[at] = q->rules[at + 1];
		q->rules[at + 1] = s;
	} else if (what < 50) {
		replace(&q->rules[at], random_rule(r));
	} else if (what < 70 && q->nrules > 1) {
		free(q->rules[at]);
		q->rules[at] = q->rules[--q->nrules];
		q->rules[q->nrules] = NULL;
	} else if (what < 85 && q->nrules < RULES) {
		q->rules[q->nrules++] = random_rule(r);
	} else if (what < 93) {
		replace(&q->head, random_head(r));
	} else {
		replace(&q->subject, random_subject(r));
	}
}

/* ---- requests ---- */

static void random_process(struct rnd *r, struct sim_process *p, const char **line, const char **lscripts, uint32_t *groups)
{
	static const char *const cgroups[] = { "/", "/s", "/s/t", "/x.service", "/s/y.service/z" }, *const scripts[] = { "/bin/s", "/usr/s", "/s" };
	static const char *const units[] = { "x.service", "y.service", "z.scope" };
	static const uint32_t users[] = { 0, 1, 5, 6, 1000 }, gids[] = { 0, 7, 8 };

	*p = (struct sim_process){ .exes = line, .groups = groups, .cgroup = RND_PICK(r, cgroups), .login = UINT32_MAX };
	p->nexes = rnd_below(r, 4);
	for (size_t i = 0; i < p->nexes; i++)
		line[i] = RND_PICK(r, programs);
	p->untrusted = p->nexes == 0 || rnd_percent(r, 10);
	for (size_t i = 0; i < 4; i++)
		lscripts[i] = i < p->nexes && rnd_percent(r, 20) ? RND_PICK(r, scripts) : NULL;
	p->scripts = lscripts;
	if (rnd_percent(r, 30))
		p->unit = RND_PICK(r, units);
	if (rnd_percent(r, 20))
		p->container = rnd_percent(r, 60) ? "c1" : "c2";
	p->euid = RND_PICK(r, users);
	if (rnd_percent(r, 40))
		p->login = rnd_percent(r, 50) ? 1000 : 7;
	p->ngroups = rnd_below(r, 3);
	for (size_t i = 0; i < p->ngroups; i++)
		groups[i] = RND_PICK(r, gids);
	if (rnd_percent(r, 40))
		p->capabilities = rnd_below(r, 64) | (rnd_percent(r, 50) ? 1ull << 21 : 0);
}

static const char *random_object(struct rnd *r, uint32_t op)
{
	static const char *const nets[] = { "tcp 10.1.2.3:80", "udp 10.0.0.1:53",   "tcp [2001:db8::1]:80", "other 192.0.2.1", "unix /a/b",
					    "unix /a",	       "unix @xy",	    "unix @x",		    "unix",	       "tcp 192.0.2.1:85",
					    "udp [::1]:80",    "tcp 192.0.2.1:443" };
	static const char *const accepts[] = { "tcp 10.0.0.1:80 from 10.1.2.3", "tcp 10.0.0.1:22 from 10.2.0.1", "unix @x", "unix /a/b",
					       "tcp [2001:db8::1]:80 from 2001:db8::2" };
	static const char *const socks[] = { "inet stream tcp", "inet dgram udp", "inet6 stream tcp", "unix dgram", "unix stream", "netlink raw" };
	static const char *const mounts[] = { "tmpfs none on /a/b", "ext4 /dev/x on /a", "tmpfs x on /c", "ext4 x on /a/b/c" };
	static const char *const code[] = { "memfd", "anonymous" };

	switch (op) {
	case BL_OP_EXEC:
	case BL_OP_MAP:
		return rnd_percent(r, 20) ? RND_PICK(r, code) : RND_PICK(r, objects);
	case BL_OP_CONNECT:
	case BL_OP_BIND:
		return RND_PICK(r, nets);
	case BL_OP_ACCEPT:
		return RND_PICK(r, accepts);
	case BL_OP_SOCKET:
		return RND_PICK(r, socks);
	case BL_OP_CAPABILITY:
		return rnd_percent(r, 50) ? "chown" : "kill";
	case BL_OP_SIGNAL:
		return rnd_percent(r, 50) ? "TERM" : "KILL";
	case BL_OP_MOUNT:
		return RND_PICK(r, mounts);
	case BL_OP_SETUID:
	case BL_OP_SETGID:
		return rnd_percent(r, 50) ? "0" : "7";
	case BL_OP_PTRACE:
	case BL_OP_BPF:
	case BL_OP_PERF:
	case BL_OP_KEXEC:
	case BL_OP_USERNS:
		return "";
	case BL_OP_MODULE:
		if (rnd_percent(r, 20))
			return "memory";
		return RND_PICK(r, objects);
	default:
		return RND_PICK(r, objects);
	}
}

static const uint32_t all_ops[] = {
#define X(NAME, n, w, c) n,
	BL_OPS(X)
#undef X
};

/* Something of a rule that people see, apart from the verdict. */
static bool seen_alike(const struct diff_pair *p, uint32_t op, const struct pair_said s[2])
{
	struct chain_answer a[2] = { { .act = s[0].act, .rule = s[0].rule }, { .act = s[1].act, .rule = s[1].rule } };

	return chain_details(&p->d.who, op, &a[0], &a[1]) == 0;
}

static bool has_item(const struct diff *d, size_t profile, uint32_t op, enum diff_change change)
{
	for (size_t i = 0; i < d->nitems; i++)
		if (d->items[i].profile == profile && d->items[i].op == op && d->items[i].change == change)
			return true;
	return false;
}

static void check_request(const struct diff_pair *p, struct rnd *r, const char *both)
{
	static struct sim_answer a[2];
	struct sim_process peer;
	struct sim_request q = { .op = RND_PICK(r, all_ops), .descendant = rnd_percent(r, 30), .owner = rnd_percent(r, 50) };
	const char *line[4], *peer_line[4], *scripts[4], *peer_scripts[4];
	uint32_t groups[4], peer_groups[4];
	struct bl_error err;

	random_process(r, &q.who, line, scripts, groups);
	random_process(r, &peer, peer_line, peer_scripts, peer_groups);
	q.peer = &peer;
	q.alone = true; /* diff compares rules */
	q.object = random_object(r, q.op);
	q.object_len = strlen(q.object);
	q.deleted = rnd_percent(r, 30);
	q.fstype = rnd_percent(r, 50) ? NULL : rnd_percent(r, 50) ? "tmpfs" : "nfs4";
	for (int side = 0; side < 2; side++)
		ck_assert_msg(sim_ask(&p->img[side], &q, &a[side], &err) == 0, "%s", err.text);
	for (size_t i = 0; i < p->d.nprofiles; i++) {
		struct pair_said s[2];
		enum diff_change c;

		for (int side = 0; side < 2; side++)
			s[side] = pair_said(&p->img[side], &a[side], p->d.profiles[i].at[side], q.op);
		if (s[0].act == CHAIN_UNKNOWN || s[1].act == CHAIN_UNKNOWN)
			continue;
		c = diff_change_of(s[0].act, s[1].act);
		if (c == DIFF_COUNT && !seen_alike(p, q.op, s))
			c = DIFF_DETAIL;
		if (c == DIFF_COUNT)
			continue;
		ck_assert_msg(has_item(&p->d, i, q.op, c), "diff does not know of: %s, %s %s, %d to %d\n%s",
			      p->d.profiles[i].name, bl_text_op(q.op), q.object, s[0].act, s[1].act, both);
	}
}

struct tally {
	unsigned int same, different, examples, simulated;
};

static void check_pair(struct rnd *r, struct tally *t)
{
	struct policy p;
	struct diff_pair d;
	char *old, *new;
	struct bl_buf both = BL_BUF_INIT;

	policy_random(r, &p);
	old = policy_text(&p);
	for (uint32_t n = 1 + rnd_below(r, 2); n > 0; n--)
		policy_change(r, &p);
	new = policy_text(&p);
	bl_buf_printf(&both, "%s\n----\n%s", old, new);
	pair_make(&d, old, new);
	ck_assert_uint_eq(d.d.ngaps, 0);
	*(d.d.nitems ? &t->different : &t->same) += 1;
	for (size_t i = 0; i < d.d.nitems; i++) {
		const struct diff_item *it = &d.d.items[i];

		t->examples++;
		t->simulated += pair_check_item(&d, it);
	}
	for (unsigned int i = 0; i < REQUESTS; i++)
		check_request(&d, r, bl_buf_text(&both));
	pair_free(&d);
	policy_free(&p);
	free(old);
	free(new);
	bl_buf_free(&both);
}

START_TEST(random_pairs)
{
	struct tally t = { 0 };

	for (unsigned int i = 0; i < POLICIES; i++) {
		struct rnd r = rnd_fork(20261121, i);

		check_pair(&r, &t);
	}
	printf("diff: %u pairs the same, %u different; %u examples, %u asked of both\n", t.same, t.different, t.examples, t.simulated);
	ck_assert_uint_gt(t.same, POLICIES / 20);
	ck_assert_uint_gt(t.different, POLICIES / 4);
	ck_assert_uint_gt(t.simulated, t.examples / 2);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("diff random");
	TCase *c = tcase_create("pairs");
	SRunner *r;
	int failed;

	tcase_add_test(c, random_pairs);
	tcase_set_timeout(c, 120);
	suite_add_tcase(s, c);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
