# Calls of bpf(2) that fail, one command of each kind in turn: of a load, a trial, a rollback, a confirm and the daemon's start. So do allocations, and the
# calls that write. What is in force is the old policy or the new one, whole, what fails says why and leaves nothing behind, and the next command succeeds.
# tests/fail/enforcer has all of them, with a kernel made of files.
. "$BAILIFF_TOP/tests/vm/lib.sh"
. "$BAILIFF_TOP/tests/vm/steps.sh"
subject web
steps_policies
on_trial() { [ "$(trial)" != null ] || { from_a && "$enforcer" try --for 1h b.bpi; }; }

# ---- what is refused by both is refused all the time
prepare from_a
while [ ! -e stop ]; do sleep 0.05; printf 'read\t/t/d/secret\n'; done | /t/web - 2>/dev/null >watched &
watch=$!
each_kind bpf ENOMEM ends from_a a b "$enforcer" load b.bpi
runs_are 12 "a load, in which calls fail"
each_kind bpf EPERM last from_a a b "$enforcer" load b.bpi
runs_are 6 "a load, in which calls are refused"
each_kind bpf ENOMEM last from_a a b "$enforcer" try --for 1h b.bpi
runs_are 6 "a trial, in which calls fail"
each_kind bpf ENOMEM last on_trial b a "$enforcer" rollback
runs_are 4 "a rollback, in which calls fail"
each_kind bpf ENOMEM last on_trial b b "$enforcer" confirm
runs_are 4 "a confirm, in which calls fail"

# ---- allocations, at twelve places of a load
each_alloc() { # BEFORE OLD NEW COMMAND...
	local first=$1 old=$2 new=$3 total n i
	shift 3
	wrong= runs=0
	prepare $first
	LD_PRELOAD=$top/.out/tests/fail/fail.so FAIL_COUNT=$PWD/count "$@" >said 2>&1
	status=$?
	judge "nothing failed" "$old" "$new"
	total=$(cat count)
	for i in $(seq 12); do
		prepare $first
		n=$((total * i / 12))
		LD_PRELOAD=$top/.out/tests/fail/fail.so FAIL_ALLOC=$n "$@" >said 2>&1
		status=$?
		judge "allocation $n of $total" "$old" "$new"
	done
}
each_alloc from_a a b "$enforcer" load b.bpi
runs_are 13 "a load, in which allocations fail"

# ---- the policy directory, and what is written to the disk
mkdir -p /etc/bailiff/policy.d
directory() { cp "$1.policy" /etc/bailiff/policy.d/p.policy; }
from_directory() { directory a && "$enforcer" reload && directory b; }
each_kind change ENOSPC ends from_directory a b "$enforcer" reload
runs_are 10 "a reload, in which what changes something fails"
"$policyc" dump /var/lib/bailiff/last-good.bpi >/dev/null 2>kept.err && ok "the last good policy is whole" || not_ok "the last good policy is whole" "$(cat kept.err)"

# ---- the daemon's start: one that ends says why; one that stays serves
start_failing() { # WHAT NTH-OPTIONS...
	local what=$1 pid
	shift
	rm -f /run/bailiff/control.sock nth.out
	"$nth" -o nth.out "$@" "$enforcer" run >said 2>&1 &
	pid=$!
	ended_or_serves() { [ -e nth.out ] || "$enforcer" status --json | jq -e '.daemon_pid != null'; }
	until_true ended_or_serves || wrong+="
$what: it neither ends nor serves"
	[ -e nth.out ] || pkill -TERM -P $pid
	wait $pid
	status=$?
	judge "$what" a a
}
wrong= runs=0
prepare from_directory
directory a
start_failing "nothing fails" -c bpf ENOMEM 0
cp nth.out kinds
while read -r total kind <&9; do
	[ "$kind" = bpf ] || start_failing "$kind" -c "$kind" ENOMEM 1
done 9< <(tail -n +2 kinds)
runs_are 5 "the daemon's start, in which calls fail"
rm -rf /etc/bailiff/policy.d
: >stop
wait $watch
is "$(cut -f3 watched | sort | uniq -c | sed 's/.* //')" EPERM "what all of them refuse was refused all the time"
"$enforcer" unload >unload.out 2>&1 || not_ok "unload" "$(cat unload.out)"
done_testing
