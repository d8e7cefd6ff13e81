# Programs loaded where memory is limited: what their maps take, and hold later, is not charged there.
. "$BAILIFF_TOP/tests/vm/lib.sh"
subject web
mkdir -p /etc/bailiff
echo x >/t/log
narrow=/sys/fs/cgroup/narrow
mkdir $narrow $narrow/below
echo +memory >/sys/fs/cgroup/cgroup.subtree_control
echo 400M >$narrow/memory.max
compile small <<<'profile p { subject exe /t/web; deny read /t/log; }'
within() { # COMMAND...
	(echo $BASHPID >$narrow/below/cgroup.procs && exec "$@")
}
fails 1 'the cgroup /narrow has a limit of memory, .* cannot leave it' "in a cgroup with a limit that cannot be left: no load" \
	within unshare -m sh -c "mount -o remount,bind,ro /sys/fs/cgroup && $enforcer load $PWD/small.bpi"
within "$enforcer" run small.bpi >out 2>err &
daemon=$!
until_true test -S /run/bailiff/control.sock || not_ok "the daemon starts" "$(cat err)"
asks web read /t/log EPERM
is "$(pgrep -f "$enforcer run" | sed 's,.*,/proc/&/cgroup,' | xargs cat)" 0::/narrow/below "a daemon that was started in a cgroup with a limit is in it"
pkill -f "$enforcer run"
wait $daemon
kernel=$(awk '/^kernel / { print $2 }' $narrow/memory.stat)
all=$(for pin in /sys/fs/bpf/bailiff/maps/*; do bpftool -j map show pinned "$pin"; done | jq -s 'map(.bytes_value * .max_entries) | add')
echo "# charged to the cgroup, of the kernel's memory: $kernel; the maps have at least $all bytes"
[ "$kernel" -lt $((all / 2)) ] && ok "but the maps are charged elsewhere" || not_ok "the maps are charged elsewhere" "$kernel of $all"
unload
done_testing
