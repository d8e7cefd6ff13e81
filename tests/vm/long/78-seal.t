# The seal: every technique works without it, and none with it; what the enforcer itself still does. Last in its guest: a seal stays.
. "$BAILIFF_TOP/tests/vm/lib.sh"
subject web
pins=/sys/fs/bpf/bailiff
mkdir -p /t/d /t/bin /t/sbin /mnt/debug /mnt/new
echo x >/t/d/secret
cp "$enforcer" /t/sbin/enforcer
cp "$policyc" /t/bin/policyc
E=/t/sbin/enforcer
for d in /etc/bailiff /var/lib/bailiff /run/bailiff; do mkdir -p -m 700 $d && mount -t tmpfs -o mode=700 tmpfs $d; done
mkdir -p /etc/bailiff/policy.d
echo 'profile p { subject exe /t/web; deny read /t/d/secret; }' >/etc/bailiff/policy.d/p.policy
mount --make-rshared /
mount -t debugfs debugfs /mnt/debug
mkdir -p /sys/fs/cgroup/daemon
compile other <<'POLICY'
profile other { subject exe /t/web; deny read /t/d/other; }
POLICY
cat >evil.c <<'C'
#include <unistd.h>
__attribute__((constructor)) static void run(void) { (void)!write(1, "evil\n", 5); }
C
gcc -shared -fPIC -o /t/evil.so evil.c || not_ok "gcc"

until_true() { # COMMAND...: for at most 60 seconds
	local i
	for i in $(seq 300); do
		"$@" >/dev/null 2>&1 && return 0
		sleep 0.2
	done
	return 1
}
configure() { # LINE...
	printf '%s\n' "$@" >/etc/bailiff/bailiff.conf
}
starts=0
start() { # [COMMAND...]: the daemon, by that; sets $daemon and $err
	starts=$((starts + 1))
	err=$PWD/daemon.$starts.err
	"$@" $E run >daemon.$starts 2>"$err" &
	daemon=$!
	until_true test -S /run/bailiff/control.sock && until_true grep -q 'hooks attached' "$err" || not_ok "the daemon starts" "$(cat "$err")"
	until_true [ "$($E status --json 2>/dev/null | jq -r .daemon_pid)" = $daemon ]
	echo $daemon >/sys/fs/cgroup/daemon/cgroup.procs
}
again() { # the daemon is gone, or something else is missing
	kill -9 $daemon 2>/dev/null
	wait $daemon 2>/dev/null
	rm -f /run/bailiff/control.sock
	start
}
id_of() { # map|prog NAME|HOOK
	bpftool -j "$1" show pinned "$pins/$1s/$2" 2>/dev/null | jq .id
}
bytes() { # of the map `control`
	bpftool -j map dump pinned $pins/maps/control | jq -r '.[0].value | join(" ")'
}
exempt() { # the map `control`, with somebody in it whom no profile holds for
	bpftool -j map dump pinned $pins/maps/control | jq -r '.[0].value | .[0:48] + ["0x11","0x11","0x00","0x00"] + .[52:] | join(" ")'
}
enforced() {
	asks web read /t/d/secret EPERM "${1:-still enforced}"
}

configure 'selftest-seconds = 2'
start
ids() {
	control=$(id_of map control) slot=$(id_of map slot) prog=$(bpftool -j prog show pinned $pins/progs/file_open | jq .id)
	link=$(bpftool -j link show | jq "[.[] | select(.prog_id == $prog)][0].id")
	saved=$(bytes) changed=$(exempt)
}
ids
enforced "without a seal: enforced"
like "$($E status)" '^seal: not set$' "without a seal: status says so"
is "$(bpftool -j link show | jq length)" "$($E status --json | jq '.hooks | length')" "without a seal: no program of it is attached"

# A descriptor of a map that is older than the seal: it writes when it is told to.
cat >holder.py <<'PYTHON'
import ctypes, os, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
def bpf(cmd, attr):
    b = ctypes.create_string_buffer(attr, 128)
    return libc.syscall(321, cmd, b, 128)
fd = bpf(14, struct.pack('<II', int(sys.argv[1]), 0))
for line in sys.stdin:
    key, value = ctypes.create_string_buffer(4), ctypes.create_string_buffer(512)
    r = bpf(1, struct.pack('<IIQQQ', fd, 0, ctypes.addressof(key), ctypes.addressof(value), 0))
    if r == 0: r = bpf(2, struct.pack('<IIQQQ', fd, 0, ctypes.addressof(key), ctypes.addressof(value), 0))
    print('ok' if r == 0 else 'E%d' % ctypes.get_errno(), flush=True)
PYTHON
mkfifo hold.in hold.out
exec 7<>hold.in 8<>hold.out
python3 holder.py "$control" <hold.in >hold.out 7<&- 8<&- &
old_descriptor() {
	local answer
	echo go >&7
	read -r -t 30 answer <&8
	[ "$answer" = ok ]
}
getfd() { # takes a descriptor out of the daemon
	python3 -c '
import ctypes, sys
libc = ctypes.CDLL(None)
pid = libc.syscall(434, int(sys.argv[1]), 0)
sys.exit(0 if libc.syscall(438, pid, 0, 0) >= 0 else 1)' $daemon
}
vm_write() { # writes to the daemon's memory what is there
	python3 -c '
import ctypes, sys
pid = int(sys.argv[1])
libc = ctypes.CDLL(None)
at = next(int(l.split("-")[0], 16) for l in open("/proc/%d/maps" % pid) if "rw-p" in l)
buf = ctypes.create_string_buffer(8)
class iov(ctypes.Structure): _fields_ = [("b", ctypes.c_void_p), ("n", ctypes.c_size_t)]
here, there = iov(ctypes.addressof(buf), 8), iov(at, 8)
if libc.process_vm_readv(pid, ctypes.byref(here), 1, ctypes.byref(there), 1, 0) != 8: sys.exit(1)
sys.exit(0 if libc.process_vm_writev(pid, ctypes.byref(here), 1, ctypes.byref(there), 1, 0) == 8 else 1)' $daemon
}
attach() { # and let go
	python3 -c '
import ctypes, os, sys
libc = ctypes.CDLL(None)
pid = int(sys.argv[1])
if libc.ptrace(16, pid, 0, 0) < 0: sys.exit(1)
os.waitpid(pid, 0x40000000)
libc.ptrace(17, pid, 0, 0)' $daemon
}
traced() { # the program, with a tracer from the beginning
	python3 -c '
import ctypes, os, sys
libc = ctypes.CDLL(None)
pid = os.fork()
if pid == 0:
    libc.ptrace(0, 0, 0, 0)
    os.execv(sys.argv[1], [sys.argv[1], "status"])
os.waitpid(pid, 0)
libc.ptrace(7, pid, 0, 0)
while True:
    _, s = os.waitpid(pid, 0)
    if os.WIFEXITED(s): sys.exit(os.WEXITSTATUS(s))
    libc.ptrace(7, pid, 0, 0)' $E >/dev/null 2>&1
}
listened() { # the program, with somebody who answers its calls of swapoff(2)
	python3 -c '
import ctypes, os, struct, sys
libc = ctypes.CDLL(None)
code = struct.pack("HBBI", 0x20, 0, 0, 0) + struct.pack("HBBI", 0x15, 0, 1, 168) + struct.pack("HBBI", 6, 0, 0, 0x7fc00000) + struct.pack("HBBI", 6, 0, 0, 0x7fff0000)
buf = ctypes.create_string_buffer(code, len(code))
prog = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", 4, ctypes.addressof(buf)))
libc.prctl(38, 1, 0, 0, 0)
if libc.syscall(317, 1, 8, prog) < 0: sys.exit(9)
os.execv(sys.argv[1], [sys.argv[1], "status"])' $E >/dev/null 2>&1
}
preloaded() { LD_PRELOAD=/t/evil.so $E --version | grep -q evil; }
preloaded_file() {
	local r
	echo /t/evil.so >/etc/ld.so.preload
	$E --version 2>/dev/null | grep -q evil
	r=$?
	rm /etc/ld.so.preload
	return $r
}
misc() { # another program runs when the enforcer is executed
	local r
	modprobe -q binfmt_misc
	mount -t binfmt_misc b /mnt/new && echo ":x:M:24:$(tail -c +25 $E | head -c 8 | od -An -tx1 | sed 's/ /\\x/g')::/t/web:" >/mnt/new/register && umount /mnt/new
	$E status >/dev/null 2>&1
	r=$?
	[ $r != 0 ]
}
pin_beside() { # a map that is nobody's
	bpftool map create $pins/links/mine type array key 4 value 4 entries 1 name mine
}
own_copy() { cp $E /t/copy && /t/copy status; }
switched() { # OFF ON FILE: does it end enforcement?
	echo "$1" >"$3" && [ "$(ask web read /t/d/secret)" = ok ]
}
umounted() { # COMMAND...: does that end enforcement?
	"$@" && until_true [ "$(ask web read /t/d/secret)" = ok ]
}
sys_again() {
	mount -t sysfs sys /sys
	for m in "cgroup2 /sys/fs/cgroup" "securityfs /sys/kernel/security" "tracefs /sys/kernel/tracing"; do set -- $m; mount -t $1 $1 $2; done
	pins_again
}
pins_again() {
	mountpoint -q /sys/fs/bpf || mount -t bpf -o mode=700 bpf /sys/fs/bpf
	mkdir -p /sys/fs/cgroup/daemon
	again
}
policy_again() {
	echo 'profile p { subject exe /t/web; deny read /t/d/secret; }' >/etc/bailiff/policy.d/p.policy
	chmod 644 /etc/bailiff/policy.d/p.policy
}

# NAME | COMMAND | UNDO: it must work without the seal and fail with it. A technique that is not destructive needs no UNDO.
cat >techniques <<'LIST'
read a map by its id | bpftool map dump id $control |
read a map by its pin | bpftool map dump pinned $pins/maps/control |
write to a map by its id: somebody is exempt | bpftool map update id $control key 0 0 0 0 value $changed | bpftool map update id $control key 0 0 0 0 value $saved
write through a descriptor that is older | old_descriptor |
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
unmount what it is mounted on | umounted umount -l /sys | sys_again
unmount that from a namespace that shares its mounts | umounted unshare -m --propagation unchanged umount -l /sys | sys_again
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
kill -STOP the daemon | kill -STOP $daemon | kill -CONT $daemon
kill -HUP | kill -HUP $daemon |
kill -9 | kill -9 $daemon | again
kill -9 by its pidfd | python3 -c 'import os,signal,sys; signal.pidfd_send_signal(os.pidfd_open(int(sys.argv[1])), 9)' $daemon | again
ptrace the daemon | attach |
its /proc/PID/mem | : 9<>/proc/$daemon/mem |
process_vm_writev | vm_write |
pidfd_getfd | getfd |
prlimit of the daemon | prlimit --pid $daemon --core=0 |
its priority | renice -n 0 -p $daemon |
its scheduler | chrt --other -p 0 $daemon |
its processors | taskset -p 3 $daemon |
freeze its cgroup | echo 1 >/sys/fs/cgroup/daemon/cgroup.freeze | echo 0 >/sys/fs/cgroup/daemon/cgroup.freeze
kill its cgroup | echo 1 >/sys/fs/cgroup/daemon/cgroup.kill | again
limit the memory of its cgroup | echo +memory >/sys/fs/cgroup/cgroup.subtree_control; echo max >/sys/fs/cgroup/daemon/memory.max |
write to a policy | echo '#' >>/etc/bailiff/policy.d/p.policy | policy_again
truncate a policy | truncate -s 0 /etc/bailiff/policy.d/p.policy | policy_again
make a policy writable for all | chmod 666 /etc/bailiff/policy.d/p.policy | policy_again
another policy | echo >/etc/bailiff/policy.d/q.policy | rm /etc/bailiff/policy.d/q.policy
a link to another policy | ln /etc/bailiff/policy.d/p.policy /etc/bailiff/policy.d/q.policy | rm /etc/bailiff/policy.d/q.policy
remove a policy | rm /etc/bailiff/policy.d/p.policy | policy_again
rename over a policy | cp /etc/bailiff/bailiff.conf /etc/bailiff.new && mv /etc/bailiff.new /etc/bailiff/bailiff.conf |
exchange directories | mkdir /etc/bailiff/x && mv /etc/bailiff/policy.d /etc/bailiff/y | mv /etc/bailiff/y /etc/bailiff/policy.d; rmdir /etc/bailiff/x
move what is above | mv /t/sbin /t/nibs | mv /t/nibs /t/sbin
write to the compiler | echo >>/t/bin/policyc | cp "$policyc" /t/bin/policyc
replace the compiler | cp "$policyc" /t/new && mv /t/new /t/bin/policyc |
replace the program | cp "$enforcer" /t/new && mv /t/new $E | again
an attribute of the program | python3 -c 'import os, sys; os.setxattr(sys.argv[1], "security.x", b"y")' $E |
write to the last good policy | echo >>/var/lib/bailiff/last-good.bpi | again
take the control socket away | mv /run/bailiff/control.sock /run/bailiff/x | mv /run/bailiff/x /run/bailiff/control.sock
LD_PRELOAD | preloaded |
/etc/ld.so.preload | preloaded_file |
a copy of the program | own_copy |
the program in another mount namespace | unshare -m $E status |
the program in another root | mkdir -p /mnt/root && mount --rbind / /mnt/root && mount --make-rslave /mnt/root && chroot /mnt/root $E status | umount -l /mnt/root
the program with a tracer | traced |
the program with somebody who answers its calls | listened |
enforcer load | $E load other.bpi | $E reload
enforcer try | $E try --for 60s other.bpi | $E rollback
enforcer rollback | $E load other.bpi && $E rollback | $E reload
enforcer unload | $E unload | again
LIST

run_one() { # COMMAND: its standard input is nobody's
	eval "$1" >technique.out 2>&1 </dev/null
}
mapfile -t list <techniques
for line in "${list[@]}"; do
	IFS='|' read -r name command undo <<<"${line// | /|}"
	if run_one "$command"; then ok "without a seal: ${name% }"; else not_ok "without a seal: ${name% }" "$(cat technique.out)"; fi
	run_one "$undo"
	case $undo in *again*) ids ;; esac
	[ "$(ask web read /t/d/secret)" = EPERM ] || { not_ok "undone: $name" "$(cat technique.out)"; again; ids; }
done

# ---- without a seal it is at least seen ----
kill -9 $daemon
wait $daemon 2>/dev/null
start
rm $pins/links/file_open
until_true grep -q 'ALARM: somebody detached the hook file_open' "$err"
like "$(cat "$err")" 'ALARM: somebody detached the hook file_open' "a detached hook is an alarm"
fails 1 'NOT ENFORCING' "status ends with 1" $E status
again
like "$(cat "$err")" 'hook file_open was not attached any more, and is again' "a new daemon attaches it again"
runs "and status is fine" $E status
echo 0 >/proc/sys/kernel/ftrace_enabled
until_true grep -q 'ALARM: self-test failed' "$err"
like "$(cat "$err")" 'ALARM: self-test failed: open' "the self-test that is repeated fails without trampolines: an alarm"
fails 1 'NOT ENFORCING: self-test failed' "status says it and ends with 1" $E status
echo 1 >/proc/sys/kernel/ftrace_enabled
until_true grep -q 'the alarm is over' "$err"
like "$(cat "$err")" 'the alarm is over' "the alarm is over when it passes again"
runs "and status is fine again" $E status

# ---- sealed ----
fails 0 'ok' "doctor says nothing of a seal where none is wanted" sh -c "$E doctor | grep -v seal"
configure 'selftest-seconds = 2' 'seal = yes'
like "$($E doctor)" 'the seal does not hold this: kernel modules' "doctor tells of the gaps where a seal is wanted"
exec 9>>/etc/bailiff/policy.d/p.policy
kill -9 $daemon
wait $daemon 2>/dev/null
fails 1 'p.policy open for writing' "a file that is open for writing: no seal" timeout 60 $E run
exec 9>&-
enforced "and the policy is in force"
start perl -e 'alarm 150; exec @ARGV' --
until_true grep -q 'sealed: generation' "$err"
like "$(cat "$err")" 'sealed: generation 1 stays in force' "sealed"
like "$(cat "$err")" 'the seal does not hold this: kernel modules can take enforcement away; boot with lockdown=integrity' "it says what it does not hold"
like "$($E status)" '^seal: set; refused: map=0' "status says so, run by root's shell"
ids
for line in "${list[@]}"; do
	IFS='|' read -r name command undo <<<"${line// | /|}"
	if run_one "$command"; then not_ok "sealed: ${name% }" "$(cat technique.out)"; run_one "$undo"; else ok "sealed: ${name% }"; fi
	[ "$(ask web read /t/d/secret)" = EPERM ] || not_ok "sealed, and not enforced after: $name" "$(cat technique.out)"
done
[ -d /proc/$daemon ] && ok "the daemon is alive" || not_ok "the daemon is alive" "$(cat "$err")"
like "$(cat "$err")" 'the seal refused: signal, by \(' "refusals are in its log"
seen=$($E status --json | jq -c .seal_refused)
for what in map program link tracing pin file mount switch signal ptrace limit code; do
	[ "$(jq ".$what" <<<"$seen")" -gt 0 ] && ok "status counts: $what" || not_ok "status counts: $what" "$seen"
done

# ---- what still has to work ----
runs "reload of the policies in force" $E reload
like "$($E why /t/web)" 'was refused' "why"
runs "events" $E events --json
echo 'function' >/sys/kernel/tracing/current_tracer
enforced "with the function tracer on all functions"
echo nop >/sys/kernel/tracing/current_tracer
unshare -m --propagation private sh -c 'mount -t tmpfs t /etc/bailiff && umount -l /sys/fs/bpf' && ok "in a private mount namespace anybody mounts" || not_ok "in a private mount namespace"
enforced "and it is enforced"
runs "an unrelated mount" sh -c 'mount -t tmpfs t /mnt/new && mkdir /mnt/new/a && mount --bind /mnt/new/a /mnt/new && umount /mnt/new && umount /mnt/new'
runs "an unrelated map" bpftool map create /sys/fs/bpf/mine type array key 4 value 4 entries 1 name mine
runs "and pin" rm /sys/fs/bpf/mine
modprobe -q binfmt_misc
fails 1 '.' "not as root: status" setpriv --reuid 1000 --clear-groups $E status || true

# ---- the daemon dies of its own: here the kernel ends it, by an alarm that it began with ----
until_true sh -c "! [ -d /proc/$daemon ]"
for i in $(seq 200); do [ -d /proc/$daemon ] || break; sleep 1; done
wait $daemon 2>/dev/null
is $? 142 "the daemon died of its own"
enforced "without a daemon"
fails 1 '.' "without a daemon: a pin" rm $pins/links/file_open
fails 1 'seal is set' "without a daemon: unload" $E unload
start
like "$(cat "$err")" 'adopted generation 1' "a new daemon adopts what is sealed"
fails 1 '.' "and is as well protected: kill -9" sh -c "kill -9 $daemon"
runs "and reloads" $E reload
until_true grep -q 'seal refused: signal' "$err"
like "$(cat "$err")" 'seal refused: signal' "and has the log"
runs "status" $E status
enforced "to the end"
done_testing
