# Killed with -9 after each system call that changes something in the kernel or on a disk: of a load, a trial and what ends it, a reload of the policy
# directory, and the start of the daemon. What is in force is the old policy or the new one, whole, and the next command recovers. tests/fail/enforcer does
# the same without a kernel, where nothing takes long.
. "$BAILIFF_TOP/tests/vm/lib.sh"
. "$BAILIFF_TOP/tests/vm/steps.sh"
BAILIFF_STEPS=${BAILIFF_STEPS:-4} # of all steps; tests/fail/enforcer takes every one
subject web
steps_policies

# ---- a load, with no further hook
load_a >load.out 2>&1 || not_ok "load" "$(cat load.out)"
each_step "a b" load_a a "$enforcer" load b.bpi
steps_are 10 "a load, killed at each step"
took "a load"
is "$(ls /sys/fs/bpf/bailiff/gen | wc -l)" 2 "nothing of the killed ones is left"

# ---- a trial, and what ends it
back_to_a() { # from wherever a trial was left
	"$enforcer" rollback
	[ "$(in_force)" = a ] || "$enforcer" load a.bpi
}
on_trial() {
	back_to_a && "$enforcer" try --for 1h b.bpi
}
load_a >/dev/null
each_step "a b" back_to_a a "$enforcer" try --for 1h b.bpi
steps_are 10 "a trial that begins, killed at each step"
on_trial >/dev/null 2>&1
each_step "a b" on_trial b "$enforcer" rollback
steps_are 2 "a rollback, killed at each step"
on_trial >/dev/null 2>&1
each_step b on_trial b "$enforcer" confirm
steps_are 2 "a confirm, killed at each step"
took "trials"

# ---- the policy directory: what is kept on disk is whole, too
mkdir -p /etc/bailiff/policy.d
directory() { cp "$1.policy" /etc/bailiff/policy.d/p.policy; }
reload_a() {
	"$policyc" check /var/lib/bailiff/last-good.bpi 2>/dev/null || "$policyc" dump /var/lib/bailiff/last-good.bpi >/dev/null || return
	directory a && "$enforcer" reload && directory b
}
directory a && "$enforcer" reload >reload.out 2>&1 || not_ok "reload" "$(cat reload.out)"
directory b
each_step "a b" reload_a a "$enforcer" reload
steps_are 15 "a reload of the policy directory, killed at each step"
took "reloads"

# ---- the daemon's start, which takes the directory's policy; what follows it is a start that is not killed
until_served() {
	"$enforcer" run >run.out 2>&1 &
	local pid=$!
	served() { [ "$("$enforcer" status --json | jq .daemon_pid)" = $pid ]; }
	until_true served
	local r=$?
	kill $pid 2>/dev/null
	wait $pid
	directory a && "$enforcer" reload && directory b || r=1
	return $r
}
each_start() { # each_step, for a command that does not end
	local n now
	wrong= steps=0
	for ((n = 1; n < 200; n += ${BAILIFF_STEPS:-1})); do
		rm -f /run/bailiff/control.sock nth.out
		"$nth" -o nth.out kill "$n" "$enforcer" run >nth.say 2>&1 &
		local pid=$!
		ended_or_serves() { [ -e nth.out ] || "$enforcer" status --json | jq -e '.daemon_pid != null'; }
		until_true ended_or_serves
		if [ ! -e nth.out ]; then
			pkill -TERM -P $pid
			wait $pid
			break
		fi
		wait $pid
		read -r _ now <nth.out
		steps=$((steps + 1))
		step_is_right "$n $now" " a b "
		until_served >recover.out 2>&1 || wrong="$wrong
$n $now: the next start: $(cat recover.out run.out)"
	done
}
each_start
steps_are 15 "the daemon, killed at each step of its start"
took "daemons"
rm -rf /etc/bailiff/policy.d

"$enforcer" unload >unload.out 2>&1 || not_ok "unload" "$(cat unload.out)"
done_testing
