# Killed with -9 after each removal of an unload, and after changes of a first load and of one that needs further hooks, which take the kernel's verifier:
# of these only some here, as BAILIFF_STEPS says, and all of them in tests/fail/enforcer.
. "$BAILIFF_TOP/tests/vm/lib.sh"
. "$BAILIFF_TOP/tests/vm/steps.sh"
subject web
steps_policies

# ---- an unload: each run takes one thing more away and is killed
load_a >/dev/null 2>&1
wrong= steps=0 last=a
for ((n = 1; n < 1000; n++)); do
	"$nth" -o nth.out -c unlink kill 1 "$enforcer" unload >nth.say 2>&1
	status=$?
	read -r _ hit <nth.out
	[ "$hit" = - ] && break
	steps=$((steps + 1))
	now=$(in_force)
	[ "$now" = none ] || wrong="$wrong
$n: $now is in force after $last"
	"$enforcer" status >status.out 2>&1
	[ $? -eq 1 ] || wrong="$wrong
$n: status: $(cat status.out)"
	case $n in 3 | 40 | 80 | 120) # a load instead of the rest
		load_a >recover.out 2>&1 && [ "$(in_force)" = a ] || wrong="$wrong
$n: a load: $(cat recover.out)" ;;
	esac
done
[ $status -eq 0 ] || wrong="$wrong
the last one: $(cat nth.say)"
[ ! -e /sys/fs/bpf/bailiff ] || wrong="$wrong
something is left: $(find /sys/fs/bpf/bailiff | head)"
steps_are 60 "an unload, killed at each step"
took "unloads"

every=${BAILIFF_STEPS:-}
BAILIFF_STEPS=${every:-37}
# ---- a first load: none or the policy; then an unload, and now and then a load, finds nothing in its way
recover_first() {
	first=$((first + 1))
	[ $((first % 10)) -ne 0 ] || { "$enforcer" load a.bpi && [ "$(in_force)" = a ] || return; }
	"$enforcer" unload
}
first=0
each_step "none a" recover_first none "$enforcer" load a.bpi
steps_are 80 "a first load, killed at each step"
took "first loads"
"$enforcer" unload >/dev/null 2>&1

# ---- a load with further hooks, whose programs are loaded only then
BAILIFF_STEPS=${every:-13}
anew() { "$enforcer" unload && "$enforcer" load a.bpi; }
load_a >/dev/null 2>&1
each_step "a b" anew a "$enforcer" load c.bpi
steps_are 20 "a load with further hooks, killed at each step"
took "loads with hooks"
"$enforcer" unload >unload.out 2>&1 || not_ok "unload" "$(cat unload.out)"
is "$(bpftool prog show | grep -c ' lsm ')" 0 "nothing is left in the kernel"
done_testing
