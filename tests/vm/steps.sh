# SPDX-License-Identifier: GPL-2.0-or-later
# For tests that kill or fail the enforcer at every step: sourced after lib.sh. nth (nth.c) counts the steps, which are the system calls that change
# something in the kernel or on a disk.
nth=$top/.out/tests/vm/nth

# Both refuse the secret, and each one file more. c is b with hooks that a and b have not.
steps_policies() {
	mkdir -p /t/d
	local f
	for f in secret a b; do echo x >/t/d/$f; done
	compile a <<<'profile p { subject exe /t/web; deny read /t/d/secret, /t/d/a; }'
	compile b <<<'profile p { subject exe /t/web; deny read /t/d/secret, /t/d/b; }'
	compile c <<<'profile p { subject exe /t/web; deny read /t/d/secret, /t/d/b; deny setid; deny mknod; }'
}

load_a() { "$enforcer" load a.bpi; }

directory() { cp "$1.policy" /etc/bailiff/policy.d/p.policy; } # a or b

# How long it took since the last time.
began=$SECONDS
took() { # WHAT
	echo "# $((SECONDS - began)) s: $1" && began=$SECONDS
}

in_force() { # a, b (or c), none; anything else is a mixture
	local seen
	seen=$(printf 'read\t/t/d/%s\n' secret a b | /t/web - 2>/dev/null | cut -f3 | tr '\n' ' ')
	case $seen in
	'EPERM EPERM ok ') echo a ;;
	'EPERM ok EPERM ') echo b ;;
	'ok ok ok ') echo none ;;
	*) echo "mixed: $seen" ;;
	esac
}

# Kills COMMAND after its first change, then after its second, and so on until it comes to its end. After each kill one of the words of WANTED is in
# force, and status works; then RECOVER, which must succeed, and after which AFTER is in force. What is wrong goes to $wrong, and how often it was
# killed to $steps. With BAILIFF_STEPS=N only every N-th step, and the one that publishes, which is there if WANTED are two.
each_step() { # WANTED RECOVER AFTER COMMAND...
	local wanted=" $1 " recover=$2 after=$3 n stride=${BAILIFF_STEPS:-1} now status published=
	shift 3
	wrong= steps=0
	for ((n = 1; n < 2000; n += stride)); do
		kill_step "$n" "$@" || break
	done
	[ $status -eq 0 ] || wrong="$wrong
without a kill: status $status: $(cat nth.say)"
	if [ -z "$published" ] && [ "$wanted" != " $after " ]; then
		$recover >recover.out 2>&1
		kill_step publishing -c PUBLISH "$@" || wrong="$wrong
it publishes nothing: $(cat nth.say)"
	fi
}

kill_step() { # STEP [-c CALLS] COMMAND...: of each_step; fails if the command came to its end
	local n=$1 only=() nth_step=$1
	shift
	[ "$1" != -c ] || { only=(-c "$2") nth_step=1 && shift 2; }
	"$nth" -o nth.out "${only[@]}" kill "$nth_step" "$@" >nth.say 2>&1
	status=$?
	read -r _ now <nth.out
	[ "$now" != - ] || return
	[ "$now" != PUBLISH ] || published=yes
	steps=$((steps + 1))
	step_is_right "$n $now" "$wanted"
	$recover >recover.out 2>&1 || wrong="$wrong
$n $now: $recover: $(cat recover.out)"
	now=$(in_force)
	[ "$now" = "$after" ] || wrong="$wrong
$n: $now is in force after $recover"
}

step_is_right() { # STEP WANTED
	local now
	now=$(in_force)
	[[ $2 == *" $now "* ]] || wrong="$wrong
$1: $now is in force"
	"$enforcer" status >status.out 2>&1
	[ $? -le 1 ] || wrong="$wrong
$1: status: $(cat status.out)"
}

steps_are() { # LEAST DESCRIPTION: what each_step came to
	if [ -n "$wrong" ]; then not_ok "$2" "$wrong"; elif [ "$steps" -lt $(($1 / ${BAILIFF_STEPS:-1})) ]; then not_ok "$2" "only $steps steps"; else ok "$2 ($steps steps)"; fi
}

# ---- calls that fail ----

generations() { ls /sys/fs/bpf/bailiff/gen 2>/dev/null; }
trial() { "$enforcer" status --json | jq .trial; }
from_a() {
	[ "$(trial)" = null ] || "$enforcer" rollback || return
	[ "$(in_force)" = a ] || load_a
}
from_nothing() { [ ! -e /sys/fs/bpf/bailiff ] || "$enforcer" unload; }

# What both policies refuse is refused all the time between these.
watch() {
	while [ ! -e stop ]; do sleep 0.05; printf 'read\t/t/d/secret\n'; done | /t/web - 2>/dev/null >watched &
	watching=$!
}
unwatch() { # DESCRIPTION
	: >stop
	wait $watching
	is "$(cut -f3 watched | sort | uniq -c | sed 's/.* //')" EPERM "$1"
}

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

# Each kind of CALLS (of nth) that COMMAND makes fails with ERRNO, with WHICH "ends" the first and the last one, otherwise the last.
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

runs_are() { # LEAST DESCRIPTION: what each_kind and judge came to
	if [ -n "$wrong" ]; then not_ok "$2" "$wrong"; elif [ "$runs" -lt "$1" ]; then not_ok "$2" "only $runs runs"; else ok "$2 ($runs runs)"; fi
	took "$2"
}
