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
# killed to $steps. With BAILIFF_STEPS=N only every N-th step.
each_step() { # WANTED RECOVER AFTER COMMAND...
	local wanted=" $1 " recover=$2 after=$3 n stride=${BAILIFF_STEPS:-1} now status
	shift 3
	wrong= steps=0
	for ((n = 1; n < 2000; n += stride)); do
		"$nth" -o nth.out kill "$n" "$@" >nth.say 2>&1
		status=$?
		read -r _ now <nth.out
		[ "$now" = - ] && break
		steps=$((steps + 1))
		step_is_right "$n $now" "$wanted"
		$recover >recover.out 2>&1 || wrong="$wrong
$n $now: $recover: $(cat recover.out)"
		now=$(in_force)
		[ "$now" = "$after" ] || wrong="$wrong
$n: $now is in force after $recover"
	done
	[ $status -eq 0 ] || wrong="$wrong
without a kill: status $status: $(cat nth.say)"
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
