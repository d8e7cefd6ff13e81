/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes of what is in force: made here, or by the daemon. */
#include "change.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control.h"
#include "failure.h"
#include "pins.h"
#include "probe.h"
#include "seal.h"
#include "trial.h"

#include "banned.h"

static int load(const struct bl_change *c, struct bl_buf *say, struct bl_error *err)
{
	struct bl_load_result *res = malloc(sizeof(*res));
	int r;

	if (!res)
		return bl_error_set(err, BL_SYSTEM, "out of memory");
	r = bl_load(c->policy, &c->how, res, err);
	if (r == 0) {
		bl_load_describe(say, c->policy->name, res);
		bl_failure_forget();
	} else if (r != -EPERM) {
		bl_failure_note("", err->text);
	}
	free(res);
	return r;
}

int bl_change_locked(const struct bl_change *c, struct bl_buf *say, struct bl_error *err)
{
	int r = c->what == BL_CHANGE_LOAD ? 0 : bl_seal_final(err);

	if (r < 0)
		return r;
	switch (c->what) {
	case BL_CHANGE_LOAD:
		return load(c, say, err);
	case BL_CHANGE_CONFIRM:
		return bl_trial_confirm(say, err);
	case BL_CHANGE_ROLLBACK:
		return bl_trial_rollback(say, err);
	}
	return bl_error_set(err, BL_SYSTEM, "no such change");
}

static int ask_daemon(const struct bl_change *c, struct bl_buf *say, struct bl_error *err)
{
	struct bl_error why;
	int r = bl_ctl_change(c, say, &why);

	if (r == -ENOENT)
		return bl_error_set(err, BL_SYSTEM,
				    "a policy in force refuses bpf(2) to this process, and no daemon runs that could do it instead; start 'enforcer run' "
				    "from a process that may, or boot with bailiff=off");
	if (r < 0)
		(void)bl_error_set(err, r, "%s", why.text);
	return r;
}

int bl_change(const struct bl_change *c, struct bl_buf *say, struct bl_error *err)
{
	int lock, r = bl_probe_process(err);

	if (r == 0)
		r = bl_lock_take("lock", true, &lock, err);
	if (r < 0)
		return r;
	r = bl_change_locked(c, say, err);
	(void)close(lock);
	return r == -EPERM ? ask_daemon(c, say, err) : r;
}

int bl_change_reload(const struct bl_conf *conf, int lock, struct bl_buf *said, struct bl_buf *say, struct bl_error *err)
{
	struct bl_policy p = {0};
	struct bl_change c = {.what = BL_CHANGE_LOAD, .policy = &p};
	int r = bl_policy_from_dir(conf, &p, said, err);

	if (r < 0) {
		if (r != -ENOENT)
			bl_failure_note("", err->text);
		return r;
	}
	c.how.options = BL_LOAD_KEEP | BL_LOAD_UNLESS_SAME | (conf->audit ? BL_LOAD_DRY_RUN : 0) |
			(conf->accept_links ? BL_LOAD_ACCEPT_LINKS : 0);
	r = lock < 0 ? bl_change(&c, say, err) : bl_change_locked(&c, say, err);
	bl_policy_free(&p);
	return r;
}
