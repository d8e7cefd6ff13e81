# SPDX-License-Identifier: GPL-2.0-or-later
# Events, and requests that were allowed, are asked of `policyc explain --batch` at the end of a test: part of lib.sh. What can be compared
# is for replay.c to decide.
replay=$(mktemp -d /tmp/replay.XXXXXX)
replay_shell=$(readlink -f /proc/$$/exe)
# In files, because `policy | load NAME` is a subshell:
echo 1 >"$replay/epoch" # generations are numbered from 1 again after an unload
: >"$replay/key"        # epoch and generation of the image in force, if it is kept

# Notes the events of the policy in force, which no later one can name, and keeps them for events().
replay_take() {
	[ ! -S /run/bailiff/control.sock ] || return 0 # a daemon has them
	"$enforcer" events --json >"$replay/new" 2>/dev/null
	replay_keep
}

replay_keep() {
	local epoch
	[ -s "$replay/new" ] || return 0
	read -r epoch <"$replay/epoch"
	cat "$replay/new" >>"$replay/unread"
	# notices are about no policy
	grep -v '"op":"\(seal\|alarm\)"' "$replay/new" | sed "s/.*/{\"epoch\":$epoch,\"event\":&}/" >>"$replay/said"
	: >"$replay/new"
}

replay_loaded() { # IMAGE OPTIONS: it is in force, load.out says so
	local epoch key
	[[ $(<load.out) =~ as\ generation\ ([0-9]+) ]] || return 0
	read -r epoch <"$replay/epoch"
	[ ! -e "$replay/$epoch.${BASH_REMATCH[1]}.bpi" ] || replay_unloads
	read -r epoch <"$replay/epoch"
	key=$epoch.${BASH_REMATCH[1]}
	cp "$1" "$replay/$key.bpi"
	echo "$key" >"$replay/key"
	[[ $2 != *--dry-run* ]] || : >"$replay/$key.dry"
}

replay_unloads() {
	local epoch
	read -r epoch <"$replay/epoch"
	echo $((epoch + 1)) >"$replay/epoch"
	: >"$replay/key"
	: >"$replay/unread" # the kernel's buffer went, too
}

# The operation is allowed to the program: noted if the probe's name and object say what was asked, and no symbolic link leads elsewhere.
replay_asked() { # NAME OP OBJECT
	local ops object=$3 part at='' cgroup key
	read -r key <"$replay/key" && [ ! -e "$replay/$key.dry" ] || return 0
	case $2 in
	read | list | openat2 | fd-read | uring-read) ops=read ;;
	write | fd-write) ops=write ;;
	rdwr) ops='read write' ;;
	append | truncate | exec | map) ops=$2 ;;
	create | mkdir | mkfifo | symlink | unix-bind) ops=create ;;
	unlink | rmdir) ops=delete ;;
	chmod | chown | utimes | setxattr) ops=attr ;;
	setuid | setgid) ops=$2 ;;
	tcp | udp | udp-send) ops=connect ;;
	bind-tcp | bind-udp) ops=bind ;;
	*) return 0 ;;
	esac
	case $ops in
	connect | bind)
		[[ $object =~ ^([0-9a-f.:]+)\ ([0-9]+)$ ]] || return 0
		[[ ${BASH_REMATCH[1]} != *:* ]] && object=${BASH_REMATCH[1]} || object="[${BASH_REMATCH[1]}]"
		[[ $2 == *tcp ]] && object="tcp $object:${BASH_REMATCH[2]}" || object="udp $object:${BASH_REMATCH[2]}"
		;;
	set?id) [[ $object =~ ^[0-9]+$ ]] || return 0 ;;
	*)
		[[ $object =~ ^(/[A-Za-z0-9_.+-]+)+$ && ! $object =~ /\.{1,2}(/|$) ]] || return 0
		while [ "$at" != "$object" ]; do
			part=${object#"$at"/}
			at=$at/${part%%/*}
			[ ! -L "$at" ] || return 0
		done
		;;
	esac
	read -r cgroup </proc/self/cgroup
	at='' # whose it is, if it is still there
	[ ! -e "$object" ] || { [ -O "$object" ] && at=',"owner":true' || at=',"owner":false'; }
	for part in $ops; do
		printf '{"epoch":%s,"generation":%s,"asked":{"exe":"%s","ancestors":["%s"],"cgroup":"%s","groups":[0]%s,"op":"%s","object":"%s"}}\n' \
			"${key%.*}" "${key#*.}" "/t/$1" "$replay_shell" "${cgroup#0::}" "$at" "$part" "$object" >>"$replay/said"
	done
}

replay_all() {
	local told
	replay_take
	[ -s "$replay/said" ] || return 0
	if told=$("$top/.out/tests/vm/replay" "$policyc" "$replay" 2>"$replay/errors"); then
		ok "$told"
	else
		not_ok "${told%%$'\n'*}" "${told#*$'\n'}$(cat "$replay/errors")"
	fi
}
