# The seal: programs, maps, pins, mounts and switches of the kernel. Every technique works without it, and none with it.
. "$BAILIFF_TOP/tests/vm/seal.sh"
begin
cat >techniques <<'LIST'
read a map by its id | bpftool map dump id $control |
read a map by its pin | bpftool map dump pinned $pins/maps/control |
write to a map by its id: somebody is exempt | bpftool map update id $control key 0 0 0 0 value $changed | bpftool map update id $control key 0 0 0 0 value $saved
write through a descriptor that is older | old_descriptor |
give a descriptor that is older to a new program | old_descriptor program |
read through it with BPF_MAP_LOOKUP_BATCH | old_descriptor batch |
take the tables out of the slot | bpftool map delete id $slot key 0 0 0 0; [ "$(ask web read /t/d/secret)" = ok ] | again
look into a program by its id | bpftool prog dump xlated id $prog |
pin a program by its id | bpftool prog pin id $prog /sys/fs/bpf/mine | rm /sys/fs/bpf/mine
a link by its id | bpftool link pin id $link /sys/fs/bpf/mine | rm /sys/fs/bpf/mine
load a tracing program | bpftool prog load $BAILIFF_TOP/.out/tests/vm/hold.bpf.o /sys/fs/bpf/mine | rm /sys/fs/bpf/mine
rename a pin | mv $pins/links/file_open $pins/links/mine | mv $pins/links/mine $pins/links/file_open
unlink a pin: the hook is detached | rm $pins/links/file_open; [ "$(ask web read /t/d/secret)" = ok ] | again
make a pin beside ours | pin_beside | rm $pins/links/mine
a directory among the pins | mkdir $pins/gen/99 | rmdir $pins/gen/99
chmod of the pins | chmod 755 $pins | chmod 700 $pins
rename the directory of pins | mv $pins /sys/fs/bpf/mine | mv /sys/fs/bpf/mine $pins
unmount the BPF file system | umounted umount -l /sys/fs/bpf | pins_again
unmount it from a namespace that shares its mounts | umounted unshare -m --propagation unchanged umount -l /sys/fs/bpf | pins_again
unmount what it is mounted on | umounted umount -l /sys | pins_again
unmount that from a namespace that shares its mounts | umounted unshare -m --propagation unchanged umount -l /sys | pins_again
mount over the pins | mount -t tmpfs t $pins | umount $pins
mount over the configuration | mount -t tmpfs t /etc/bailiff | umount /etc/bailiff
mount over it from a namespace that shares its mounts | unshare -m --propagation unchanged mount -t tmpfs t /etc/bailiff; mountpoint /etc/bailiff && ! [ -e /etc/bailiff/policy.d ] | umount /etc/bailiff
bind something over the program | mount --bind /t/web $E | umount $E
remount the BPF file system | mount -o remount,ro /sys/fs/bpf | mount -o remount,rw /sys/fs/bpf
kernel.ftrace_enabled=0 | switched 0 1 /proc/sys/kernel/ftrace_enabled | echo 1 >/proc/sys/kernel/ftrace_enabled
the same in another proc | mount -t proc p /mnt/new && switched 0 1 /mnt/new/sys/kernel/ftrace_enabled | echo 1 >/mnt/new/sys/kernel/ftrace_enabled; umount /mnt/new
/proc/sysrq-trigger | echo h >/proc/sysrq-trigger |
write to a file of debugfs | echo 1 >/mnt/debug/clear_warn_once |
a uprobe in the program | echo "p:x $E:0x1000" >/sys/kernel/tracing/uprobe_events | echo >/sys/kernel/tracing/uprobe_events
enforcer load | $E load other.bpi | $E reload
enforcer rollback | $E load other.bpi && $E rollback | $E reload
enforcer unload | $E unload | again
LIST
unsealed
seal
like "$($E status)" '^seal: set; refused: map=' "status says so, run by root's shell"
sealed map program link tracing pin mount switch

# ---- what still has to work ----
runs "reload of the policies in force" $E reload
like "$($E why /t/web)" 'was refused' "why"
runs "events" $E events --json
tracing=/sys/kernel/tracing
meanwhile() { # DESCRIPTION VALUE FILE VALUE-AFTER: is it enforced with the value in the file?
	echo "$2" >"$3" || not_ok "$1: it can be set"
	enforced "$1"
	echo "$4" >"$3"
}
meanwhile "with the function tracer on all functions" function $tracing/current_tracer nop
printf '%s\n' 'bpf_lsm_*' 'security_*' >$tracing/set_ftrace_filter
meanwhile "with the graph tracer on the hooks" function_graph $tracing/current_tracer nop
echo >$tracing/set_ftrace_filter
meanwhile "with the stack tracer" 1 /proc/sys/kernel/stack_tracer_enabled 0
meanwhile "with statistics of BPF programs" 1 /proc/sys/kernel/bpf_stats_enabled 0
meanwhile "with one processor less" 0 /sys/devices/system/cpu/cpu1/online 1
printf '%s\n' 'p:entry bpf_lsm_file_open' 'r:return bpf_lsm_file_open' 'p:caller security_file_open' >$tracing/kprobe_events || not_ok "kprobes are set"
meanwhile "with probes on the hook" 1 $tracing/events/kprobes/enable 0
echo >$tracing/kprobe_events
bpftool link detach pinned $pins/links/file_open >/dev/null 2>&1
enforced "a link of this kind cannot be detached by BPF_LINK_DETACH"
unshare -m --propagation private sh -c 'mount -t tmpfs t /etc/bailiff && umount -l /sys/fs/bpf' && ok "in a private mount namespace anybody mounts" || not_ok "in a private mount namespace"
enforced "and it is enforced"
runs "an unrelated mount" sh -c 'mount -t tmpfs t /mnt/new && mkdir /mnt/new/a && mount --bind /mnt/new/a /mnt/new && umount /mnt/new && umount /mnt/new'
runs "an unrelated map" bpftool map create /sys/fs/bpf/mine type array key 4 value 4 entries 1 name mine
runs "and pin" rm /sys/fs/bpf/mine
enforced "to the end"
done_testing
