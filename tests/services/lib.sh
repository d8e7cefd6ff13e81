# SPDX-License-Identifier: GPL-2.0-or-later
# What the tests of services share: sourced in the guest, whose root is a Debian server with systemd, Bailiff and the services
# (tests/services/run). A service's file says what it is and has functions:
#   policy     the policy's file below policies/, or a pattern of several; unit: what is (re)started
#   prepare    configures the service, once, before any policy
#   work       uses it as its clients do and prints what came of it, the same every time
#   attacks    takes it over (see attack.c) and checks that nothing came of that
# shellcheck disable=SC2154  # what those files set
. /share/vm/lib.sh
enforcer=/usr/sbin/enforcer policyc=/usr/bin/policyc
attack_signal=41 # SIGRTMIN + 7

now() { date +%s%N; }
milliseconds() { echo $((($(now) - $1) / 1000000)); }

until_up() { # COMMAND...: a server begins to answer
	until_true "$@" || not_ok "$unit answers" "$(systemctl status --no-pager "$unit" 2>&1 | tail -20)"
}

restart() {
	systemctl reset-failed "$unit" 2>/dev/null
	systemctl restart "$unit" || not_ok "$unit starts" "$(systemctl status --no-pager "$unit" 2>&1; journalctl -u "$unit" -o cat --no-pager | tail -20)"
}

# Puts the policy in force: its profiles enforce, whatever they say.
enforce() { # [OPTION...]
	rm -rf policy.d
	mkdir policy.d
	cp /share/policies/$policy policy.d/ # a pattern, unquoted
	sed -i 's/mode audit/mode enforce/' policy.d/*
	"$policyc" build -o "$service.bpi" policy.d/*.policy >load.out 2>&1 && "$enforcer" load "$service.bpi" "$@" >load.out 2>&1 && return
	not_ok "$policy is put in force" "$(cat load.out)"
	return 1
}

# What was refused or would have been since the last call, one line for each different thing.
refused() {
	"$enforcer" events --json >"$service.events"
	jq -r 'select(.verdict != "log") | "\(.verdict) \(.op) \(.object) by \(.exe // .comm) uid \(.euid) \(.rule.file // "default"):\(.rule.line // 0)"' \
		"$service.events" | sed 's#^\(would-\)##' | sort | uniq -c | sort -rn
}

# Real work: as it is, in a dry run, enforced. Fails if the policy cannot be put in force.
normal() {
	local result dry hard begin free cost
	restart
	begin=$(now)
	result=$(work 2>work.errors | tee "/share/$service.work")
	free=$(milliseconds "$begin")
	if [ "$free" -lt 30000 ]; then # the first time everything came from the disk
		restart
		begin=$(now)
		work >/dev/null 2>&1
		free=$(milliseconds "$begin")
	fi
	like "$result" . "$service works without a policy: $(wc -l <<<"$result") results"
	sed 's/^/#   /' <<<"$result"
	enforce --dry-run || return
	restart
	dry=$(work 2>>work.errors | tee "/share/$service.work")
	systemctl stop "$unit"
	is "$dry" "$result" "the same in a dry run"
	is "$(refused)" "" "and nothing would have been refused"
	enforce || return
	restart
	begin=$(now)
	hard=$(work 2>>work.errors | tee "/share/$service.work")
	cost=$(milliseconds "$begin")
	systemctl stop "$unit"
	is "$hard" "$result" "the same enforced"
	is "$(refused)" "" "and nothing was refused"
	[ ! -s work.errors ] || sed 's/^/# /' work.errors | sort | uniq -c | head -20
	echo "# $service: the work took $free ms without a policy, $cost ms enforced"
}

# Somebody's own code in the service: with every other fence taken down, so that what is refused is refused by the policy.
attack_begin() { # LOG CONFIG DIRECTORY: environment lines of the drop-in are printed
	chmod 644 /etc/shadow
	chmod 777 /etc/cron.d
	rm -f /etc/cron.d/attack
	cat <<-DROP
		[Service]
		Environment=LD_PRELOAD=/usr/lib/x86_64-linux-gnu/attack.so ATTACK_LOG=$1 ATTACK_CONFIG=$2 ATTACK_DIR=$3
	DROP
}
drop_in() { # of the unit, on standard input
	mkdir -p "/etc/systemd/system/$unit.d"
	cat >"/etc/systemd/system/$unit.d/attack.conf"
	systemctl daemon-reload
}
attack_end() {
	rm -f "/etc/systemd/system/$unit.d/attack.conf"
	systemctl daemon-reload
	chmod 640 /etc/shadow
	chmod 755 /etc/cron.d
}

# Has the process try everything; what it got goes to the log.
attack_run() { # PID USER LOG
	local neighbour i
	: >"$3"
	chmod 666 "$3"
	setpriv --reuid "$2" --regid "$(id -g "$2")" --clear-groups sleep 1000 &
	neighbour=$!
	sleep 0.2
	/usr/bin/kill -s RTMIN+7 -q $neighbour "$1" || not_ok "the signal is sent"
	i=$((SECONDS + 20))
	until grep -q '^end ' "$3" || [ $SECONDS -gt $i ]; do sleep 0.2; done
	kill -0 $neighbour 2>/dev/null || not_ok "the neighbour lives"
	{ kill -9 $neighbour && wait $neighbour; } 2>/dev/null
}
attacked() { # LOG NAME WANTED DESCRIPTION
	is "$(sed -n "s/^$2 //p" "$1")" "$3" "attack: $4"
}
reported() { # OP OBJECT RULE-TEXT|default DESCRIPTION: in attack.json
	if [ -n "$(jq -c --arg op "$1" --arg object "$2" --arg rule "$3" 'select(.verdict == "deny" and .op == $op and (.object | startswith($object)) and
		(if $rule == "default" then .reason == "default" else (.rule.message // .message // "") == $rule end))' attack.json)" ]; then
		ok "reported: $4"
	else
		not_ok "reported: $4" "$(jq -c '{verdict, op, object, reason, rule}' attack.json | sort -u | head -40)"
	fi
}

# What no service may do, all of which attack_run tries; attack.json is there.
attacked_alike() { # LOG NAME: as the rules' messages call it
	attacked "$1" shell EPERM "a shell"
	attacked "$1" shadow EPERM "reading /etc/shadow, which everybody could"
	attacked "$1" connect EPERM "connecting out"
	reported connect "tcp 203.0.113.66:4444" "$2 connects out" "connecting out"
	attacked "$1" metadata EPERM "the metadata service"
	attacked "$1" memfd EPERM "a program in a memory file"
	attacked "$1" ptrace EPERM "tracing a process of the same user"
	reported ptrace "" default "tracing"
}
