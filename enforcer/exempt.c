/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Processes of the enforcer that no profile holds for. */
#include "exempt.h"

#include <sys/wait.h>
#include <unistd.h>

#include "pins.h"

#include "banned.h"

/*
 * The programs take down when this process began when they first see it; a fork is seen by a hook that is always attached. The start
 * tells us from a process with our pid after our death; user space itself only sees it in clock ticks.
 */
static void meet_programs(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	if (pid > 0)
		(void)waitpid(pid, NULL, 0);
}

int bl_exempt_set(const struct bl_object *o, enum bl_exempt_who who, uint32_t tgid, struct bl_error *err)
{
	struct bl_control c;
	int r = bl_object_control_get(o, &c, err);

	if (r < 0)
		return r;
	c.exempt[who] = (struct bl_exempt){.tgid = tgid};
	r = bl_object_control_set(o, &c, err);
	if (r == 0 && tgid == (uint32_t)getpid())
		meet_programs();
	return r;
}

void bl_exempt_clear(const struct bl_object *o, enum bl_exempt_who who, uint32_t tgid)
{
	struct bl_control c;

	if (bl_object_control_get(o, &c, NULL) == 0 && c.exempt[who].tgid == tgid)
		(void)bl_exempt_set(o, who, 0, NULL);
}

static int refused(int e)
{
	return e == EPERM || e == EACCES;
}

int bl_exempt_begin(struct bl_error *err)
{
	struct bl_object o = BL_OBJECT_CLOSED;
	int e, r;

	o.control = bl_pins_open("maps/control");
	if (o.control < 0 && !refused(errno))
		return 0; /* nothing is loaded, or not whole: whoever opens the rest says so */
	r = o.control < 0 ? -1 : bl_object_check_control(&o, err);
	if (r == 0)
		r = bl_exempt_set(&o, BL_EXEMPT_CHANGER, (uint32_t)getpid(), err);
	e = r == BL_REFUSED ? 0 : errno; /* another version: not ours to write to */
	bl_object_close(&o);
	if (r < 0 && refused(e))
		return bl_error_set(err, -EPERM, "a policy in force refuses bpf(2) to this process");
	return r;
}

void bl_exempt_end(void)
{
	struct bl_object o = BL_OBJECT_CLOSED;

	o.control = bl_pins_open("maps/control");
	if (o.control >= 0 && bl_object_check_control(&o, NULL) == 0)
		bl_exempt_clear(&o, BL_EXEMPT_CHANGER, (uint32_t)getpid());
	bl_object_close(&o);
}
