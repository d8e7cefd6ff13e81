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
		$1 ~ /_seen$/ { next } # of a daemon, they decide nothing
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

until_true() { # COMMAND...: for at most three minutes, of a guest that has a part of a processor
	local end=$((SECONDS + 180))
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.1
	done
}

# The policies of reloads(): a.bpi and b.bpi. Both refuse the secret, each with an errno of its own, and each one file more; what else b has gives its tables
# other numbers for everything, so that half a decision by the one and half by the other would not come out as either. Both need the same hooks: what takes
# seconds is to attach one.
reload_policies() {
	mkdir -p /t/d
	local f
	for f in secret free a b; do echo x >/t/d/$f; done
	compile a <<<'profile p { subject exe /t/web; deny read /t/d/secret, /t/d/a errno EPERM; }'
	compile b <<'POLICY'
profile other { subject exe /t/other; deny read /t/**/x?y, /t/{a,bb}*/secret*; }
profile p { subject exe /t/web and user root; deny read /t/{a,bb}*/secret*; deny read /t/d/{secret,b} errno EACCES; allow read; }
POLICY
}

# Loads them in turn, under the questions of a process on each processor. Every answer must be one of the two policies', and every refusal counted.
reloads() { # N
	local n=$1 cpu i bad=0 loops=() before begin idle
	local both=$'/t/d/a EPERM\n/t/d/a ok\n/t/d/b EACCES\n/t/d/b ok\n/t/d/free ok\n/t/d/secret EACCES\n/t/d/secret EPERM'
	"$enforcer" load a.bpi >reload.out 2>&1 || not_ok "the first policy loads" "$(cat reload.out)"
	before=$("$enforcer" status --json | jq .counters.questions_refused_or_reported)
	begin=$SECONDS
	mkfifo idle.fifo && exec {idle}<>idle.fifo # to wait on without a program
	for cpu in 0 1; do
		(while [ ! -e stop ]; do
			printf 'read\t/t/d/%s\n' secret free a b secret free a b
			read -r -t 0.1 -u "$idle" # all processors of a guest may be one thread: what is asked is time that reloads lack
		done) | nice taskset -c $cpu /t/web - 2>/dev/null | cut -f2,3 --output-delimiter=' ' | sort | uniq -c >loop.$cpu &
		loops+=($!)
	done
	for ((i = 1; i <= n; i++)); do
		if ((i % 2)); then "$enforcer" load b.bpi; else "$enforcer" load a.bpi; fi >reload.out 2>&1 || { bad=$((bad + 1)) && cat reload.out >>reload.bad; }
	done
	: >stop
	wait "${loops[@]}"
	exec {idle}>&-
	rm stop idle.fifo
	echo "# $n reloads in $((SECONDS - begin)) s, answers: $(awk '{ n[$2 " " $3] += $1 } END { for (i in n) printf "%s %d, ", i, n[i] }' loop.0 loop.1)"
	is "$bad" 0 "$n reloads"
	[ ! -e reload.bad ] || sed 's/^/# /' reload.bad
	is "$(awk '{ print $2, $3 }' loop.0 loop.1 | sort -u)" "$both" "every answer was one of the two policies', and each of these was there"
	is "$(awk '{ print FILENAME, $2 }' loop.0 loop.1 | sort -u | wc -l)" 8 "both processors asked everything"
	is "$("$enforcer" status --json | jq ".counters.questions_refused_or_reported - $before")" \
		"$(awk '$3 != "ok" { n += $1 } END { print n }' loop.0 loop.1)" "every refusal was counted, and nothing else"
	[ "$(awk '{ n += $1 } END { print n }' loop.0 loop.1)" -gt $((n * 10)) ] && ok "and there were many" || not_ok "many answers" "$(cat loop.*)"
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
