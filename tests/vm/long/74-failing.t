# Calls of bpf(2) that fail, one command of each kind in turn, the first and the last of it: of a first load, of a load, a trial, a rollback, a confirm, an
# unload and the daemon's start. So do allocations, and the calls that write. What is in force is the old policy or the new one, whole, what fails says why
# and leaves nothing behind, and the next command succeeds. tests/fail/enforcer has all of them, with a kernel made of files.
. "$BAILIFF_TOP/tests/vm/lib.sh"
. "$BAILIFF_TOP/tests/vm/steps.sh"
subject web
steps_policies
fail=$top/.out/tests/fail/fail.so
pins=/sys/fs/bpf/bailiff

generations() { ls $pins/gen 2>/dev/null; }
trial() { "$enforcer" status --json | jq .trial; }
from_a() {
	[ "$(trial)" = null ] || "$enforcer" rollback || return
	[ "$(in_force)" = a ] || load_a
}
anew() { from_nothing && load_a; } # without the programs of further hooks
from_nothing() { [ ! -e $pins ] || "$enforcer" unload; }
on_trial() { [ "$(trial)" != null ] || { from_a && "$enforcer" try --for 1h b.bpi; }; }

# A run in which WHAT failed: its status is $status, what it said in said. OLD was in force before.
judge() { # WHAT OLD NEW
	local now
	now=$(in_force)
	runs=$((runs + 1))
	if [ "$status" -eq 0 ]; then
		[ "$now" = "$3" ] || wrong+="
$1: it succeeded, and $now is in force"
	else
		[ "$now" = "$2" ] || [ "$now" = "$3" ] || wrong+="
$1: $now is in force"
		[ "$status" -le 3 ] && grep -q '^enforcer: ..*' said || wrong+="
$1: status $status: $(head -c 300 said)"
		[ "$now" != "$2" ] || [ -z "$(comm -13 <(echo "$before") <(generations))" ] || wrong+="
$1: generation $(comm -13 <(echo "$before") <(generations)) is left"
	fi
	"$enforcer" status >status.out 2>&1
	[ $? -le 1 ] || wrong+="
$1: status: $(cat status.out)"
}

prepare() { # BEFORE...
	"$@" >prepare.out 2>&1 || wrong+="
$*: $(cat prepare.out)"
	before=$(generations)
}

# Each kind of call that COMMAND makes fails with ERRNO, with WHICH "ends" the first and the last one, otherwise the last.
each_kind() { # CALLS ERRNO WHICH BEFORE OLD NEW COMMAND...
	local calls=$1 errno=$2 which=$3 first=$4 old=$5 new=$6 n kind total kinds=
	shift 6
	wrong= runs=0
	prepare $first
	"$nth" -o kinds -c "$calls" "$errno" 0 "$@" >said 2>&1
	status=$?
	judge "nothing failed" "$old" "$new"
	while read -r total kind <&9; do
		[ "$kind" != bpf ] || continue
		for n in $([ "$which" = ends ] && [ "$total" -gt 1 ] && echo 1) "$total"; do
			prepare $first
			"$nth" -o nth.out -c "$kind" "$errno" "$n" "$@" >said 2>&1
			status=$?
			judge "$kind $n of $total" "$old" "$new"
		done
		kinds+=" $kind"
	done 9< <(tail -n +2 kinds)
	echo "# $errno of:$kinds"
}

runs_are() { # LEAST DESCRIPTION
	if [ -n "$wrong" ]; then not_ok "$2" "$wrong"; elif [ "$runs" -lt "$1" ]; then not_ok "$2" "only $runs runs"; else ok "$2 ($runs runs)"; fi
	took "$2"
}

# ---- a first load
each_kind bpf ENOMEM last from_nothing none a "$enforcer" load a.bpi
runs_are 10 "a first load, in which calls fail"
took "first loads"

# ---- what is refused by both is refused all the time
prepare from_a
while sleep 0.05; do printf 'read\t/t/d/secret\n'; done | /t/web - 2>/dev/null >watched &
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
	LD_PRELOAD=$fail FAIL_COUNT=$PWD/count "$@" >said 2>&1
	status=$?
	judge "nothing failed" "$old" "$new"
	total=$(cat count)
	for i in $(seq 12); do
		prepare $first
		n=$((total * i / 12))
		LD_PRELOAD=$fail FAIL_ALLOC=$n "$@" >said 2>&1
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
kept() { "$policyc" dump /var/lib/bailiff/last-good.bpi >/dev/null 2>kept.err || wrong+="
the last good policy: $(cat kept.err)"; }
wrong= runs=0
prepare from_directory
"$nth" -o kinds ENOSPC 0 "$enforcer" reload >said 2>&1
read -r total _ <kinds
for ((n = 1; n <= total; n++)); do
	prepare from_directory
	"$nth" -o nth.out ENOSPC "$n" "$enforcer" reload >said 2>&1
	status=$?
	read -r _ kind <nth.out
	judge "$n $kind" a b
	kept
done
runs_are 10 "a reload, in which each change fails"

# ---- the daemon's start: one that ends says why; one that stays serves
wrong= runs=0
prepare from_directory
directory a
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
start_failing "nothing fails" -c bpf ENOMEM 0
cp nth.out kinds
while read -r total kind <&9; do
	[ "$kind" = bpf ] || start_failing "$kind" -c "$kind" ENOMEM 1
done 9< <(tail -n +2 kinds)
runs_are 5 "the daemon's start, in which calls fail"
rm -rf /etc/bailiff/policy.d
kill $watch
wait $watch 2>/dev/null
is "$(cut -f3 watched | sort | uniq -c | sed 's/.* //')" EPERM "what all of them refuse was refused all the time"

# ---- a load with hooks whose programs are loaded only then, and an unload
each_kind bpf ENOMEM last anew a b "$enforcer" load c.bpi
runs_are 8 "a load with further hooks, in which calls fail"
each_kind bpf ENOMEM ends from_a a none "$enforcer" unload
runs_are 6 "an unload, in which calls fail"
from_nothing >unload.out 2>&1 || not_ok "the last unload" "$(cat unload.out)"
is "$(bpftool prog show | grep -c ' lsm ')" 0 "nothing is left in the kernel"
[ ! -e $pins ] && ok "nor pinned" || not_ok "nor pinned" "$(find $pins | head)"
done_testing
