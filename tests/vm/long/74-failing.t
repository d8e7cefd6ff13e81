# Calls of bpf(2) that fail, one of each kind in turn and the one that publishes: of a load, a trial, a rollback and a confirm. So do allocations. What is in
# force is the old policy or the new one, whole, what fails says why and leaves nothing behind, and the next command succeeds. 74-failing-reload.t has reloads
# and the daemon, 74-failing-first.t what loads and removes programs; tests/fail/enforcer has all calls, with a kernel made of files.
. "$BAILIFF_TOP/tests/vm/lib.sh"
. "$BAILIFF_TOP/tests/vm/steps.sh"
subject web
steps_policies
on_trial() { [ "$(trial)" != null ] || { from_a && "$enforcer" try --for 1h b.bpi; }; }

prepare from_a
watch
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

unwatch "what all of them refuse was refused all the time"
"$enforcer" unload >unload.out 2>&1 || not_ok "unload" "$(cat unload.out)"
done_testing
