# SPDX-License-Identifier: GPL-2.0-or-later
# What the guest tests share: sourced by every tests/vm/t/*.t, which runs as root in a guest, in a fresh directory on tmpfs.
# Each check is one TAP line. A check that fails prints what it saw.
set -u

top=$BAILIFF_TOP
policyc=$top/.out/bin/policyc
enforcer=$top/.out/bin/enforcer
probe=$BAILIFF_PROBE
count=0
failed=0
. "$top/tests/vm/replay.sh"

ok() { # DESCRIPTION: the last check passed
	count=$((count + 1))
	echo "ok $count - $1"
}

not_ok() { # DESCRIPTION [SEEN]
	count=$((count + 1))
	failed=$((failed + 1))
	echo "not ok $count - $1"
	[ $# -lt 2 ] || printf '%s\n' "$2" | sed 's/^/#   /'
}

is() { # SEEN WANTED DESCRIPTION
	if [ "$1" = "$2" ]; then ok "$3"; else not_ok "$3" "saw:    $1
wanted: $2"; fi
}

like() { # SEEN REGEX DESCRIPTION
	if printf '%s\n' "$1" | grep -qE -- "$2"; then ok "$3"; else not_ok "$3" "saw: $1
wanted a line like: $2"; fi
}

runs() { # DESCRIPTION COMMAND...: it must succeed
	local what=$1 out
	shift
	if out=$("$@" 2>&1); then ok "$what"; else not_ok "$what" "status $?: $out"; fi
}

fails() { # STATUS REGEX DESCRIPTION COMMAND...: exact exit status, and a message
	local status=$1 regex=$2 what=$3 out got
	shift 3
	out=$("$@" 2>&1)
	got=$?
	if [ $got -ne "$status" ]; then
		not_ok "$what" "status $got, wanted $status: $out"
	else
		like "$out" "$regex" "$what"
	fi
}

# Probes by a copy of the probe program at /t/NAME, so that `subject exe /t/NAME` is it and nothing else.
ask() { # NAME OP OBJECT: the errno's name, or ok
	"/t/$1" "$2" "$3" 2>/dev/null | cut -f3
}

asks() { # NAME OP OBJECT WANTED [DESCRIPTION]
	local got
	got=$(ask "$1" "$2" "$3")
	[ "$got" != ok ] || replay_asked "$1" "$2" "$3"
	is "$got" "$4" "${5:-$1: $2 $3: $4}"
}

subject() { # NAME...: makes the copies
	mkdir -p /t
	local n
	for n; do cp "$probe" "/t/$n"; done
}

compile() { # NAME: policy on standard input becomes NAME.bpi
	cat >"$1.policy"
	"$policyc" build -o "$1.bpi" "$1.policy" || not_ok "policy $1 compiles"
}

load() { # NAME [OPTION...]: policy on standard input is compiled and loaded
	compile "$1"
	load_image "$@" || not_ok "policy $1 loads" "$(cat load.out)"
}

load_image() { # NAME [OPTION...]: NAME.bpi; what the enforcer says goes to load.out
	local name=$1
	shift
	replay_take
	"$enforcer" load "$name.bpi" "$@" >load.out 2>&1 || return
	replay_loaded "$name.bpi" "$*"
}

# Loaded programs of which the verifier went through more than tests/vm/budget says.
over_budget() {
	"$top/.out/tests/vm/insns" | awk -v kernel="$BAILIFF_GUEST" '
		FNR == NR { limit[$1, $2] = $3; next }
		!(($1, kernel) in limit) { print $1 " is not in tests/vm/budget: " $2 }
		$2 > limit[$1, kernel] { print $1 ": " $2 " instructions" }' "$top/tests/vm/budget" -
}

unload() {
	local over
	over=$(over_budget)
	[ -z "$over" ] || not_ok "programs within their budget" "$over"
	replay_take
	replay_unloads
	"$enforcer" unload >unload.out 2>&1 || not_ok "unload" "$(cat unload.out)"
}

events() { # what has been reported since the last call, as JSON lines
	"$enforcer" events --json >"$replay/new"
	replay_keep
	cat "$replay/unread"
	: >"$replay/unread"
}

# A process that waits to be asked by ask_it TAG OP OBJECT; its pid is in $pid_TAG.
waiting() { # TAG COMMAND...
	local tag=$1 i o
	shift
	mkfifo "$tag.i" "$tag.o"
	exec {i}<>"$tag.i" {o}<>"$tag.o"
	"$@" <"$tag.i" >"$tag.o" {i}<&- {o}<&- &
	eval "in_$tag=$i out_$tag=$o pid_$tag=$!"
}

ask_it() { # TAG OP OBJECT
	local i=in_$1 o=out_$1 line
	printf '%s\t%s\n' "$2" "$3" >&"${!i}"
	read -r -t 30 -u "${!o}" line || line="no answer"
	printf '%s\n' "${line##*$'\t'}"
}

it_says() { # TAG OP OBJECT WANTED [DESCRIPTION]
	is "$(ask_it "$1" "$2" "$3")" "$4" "${5:-$1, which was there before: $2 $3: $4}"
}

done_testing() {
	replay_all
	echo "1..$count"
	[ "$failed" -eq 0 ]
	exit
}
