# Calls that change something in the kernel or on the disk and fail, in a reload of the policy directory; and calls of bpf(2) that fail in the daemon's start.
# What is in force is the old policy or the new one, whole, what fails says why and leaves nothing behind, and the next command succeeds.
. "$BAILIFF_TOP/tests/vm/lib.sh"
. "$BAILIFF_TOP/tests/vm/steps.sh"
subject web
steps_policies
prepare from_a
watch
mkdir -p /etc/bailiff/policy.d
from_directory() { directory a && "$enforcer" reload && directory b; }
each_kind change ENOSPC ends from_directory a b "$enforcer" reload
runs_are 10 "a reload, in which what changes something fails"
"$policyc" dump /var/lib/bailiff/last-good.bpi >/dev/null 2>kept.err && ok "the last good policy is whole" || not_ok "the last good policy is whole" "$(cat kept.err)"

# ---- the daemon's start: one that ends says why; one that stays serves
start_failing() { # WHAT NEW NTH-OPTIONS...
	local what=$1 new=$2 pid
	shift 2
	rm -f /run/bailiff/control.sock nth.out
	"$nth" -o nth.out "$@" "$enforcer" run >said 2>&1 &
	pid=$!
	ended_or_serves() { [ -e nth.out ] || "$enforcer" status --json | jq -e '.daemon_pid != null'; }
	until_true ended_or_serves || wrong+="
$what: it neither ends nor serves"
	[ -e nth.out ] || pkill -TERM -P $pid
	wait $pid
	status=$?
	judge "$what" a "$new"
}
wrong= runs=0
prepare from_directory
directory a
start_failing "nothing fails" a -c bpf ENOMEM 0
cp nth.out kinds
while read -r total kind <&9; do
	[ "$kind" = bpf ] || start_failing "$kind" a -c "$kind" ENOMEM 1
done 9< <(tail -n +2 kinds)
prepare from_directory
start_failing "to publish another policy" b -c PUBLISH ENOMEM 1
is "$(cut -d' ' -f2 nth.out)" PUBLISH "a start with another policy publishes it"
runs_are 5 "the daemon's start, in which calls fail"
rm -rf /etc/bailiff/policy.d
unwatch "what all of them refuse was refused all the time"
"$enforcer" unload >unload.out 2>&1 || not_ok "unload" "$(cat unload.out)"
done_testing
