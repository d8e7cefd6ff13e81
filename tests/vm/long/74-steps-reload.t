# Killed with -9 after each system call that changes something in the kernel or on a disk: of a reload of the policy directory, and of the daemon's start. What
# is in force is the old policy or the new one, whole, what is kept on disk is whole, too, and the next start recovers. 74-steps.t has the other commands.
. "$BAILIFF_TOP/tests/vm/lib.sh"
. "$BAILIFF_TOP/tests/vm/steps.sh"
subject web
steps_policies
mkdir -p /etc/bailiff/policy.d
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
	for ((n = 1; n < 200; n++)); do
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
