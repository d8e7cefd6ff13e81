# SPDX-License-Identifier: GPL-2.0-or-later
# What the tests of the seal share: a daemon, ways to attack it, and running a list of them without a seal and with it. Last in its guest: a seal stays.
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
cat >other.c <<'C'
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int main(void) { /* is the map whose id is $CONTROL opened? */
	char attr[128] = {0};
	int id = atoi(getenv("CONTROL"));
	memcpy(attr, &id, sizeof(id));
	return syscall(321, 14, attr, sizeof(attr)) < 0;
}
C
gcc -o /t/other other.c || not_ok "gcc"

configure() { # LINE...
	printf '%s\n' "$@" >/etc/bailiff/bailiff.conf
}
is_served() { # by the present daemon
	[ "$($E status --json | jq -r .daemon_pid)" = "$daemon" ]
}
starts=0
start() { # [COMMAND...]: the daemon, by that; sets $daemon and $err
	starts=$((starts + 1))
	err=$PWD/daemon.$starts.err
	(echo $BASHPID >/sys/fs/cgroup/daemon/cgroup.procs; exec "$@" $E run) >daemon.$starts 2>"$err" &
	daemon=$!
	until_true test -S /run/bailiff/control.sock && until_true grep -q 'hooks attached' "$err" || not_ok "the daemon starts" "$(cat "$err")"
	if [ -e daemon.pid ]; then
		daemon=$(cat daemon.pid)
		rm daemon.pid
	fi
	until_true is_served
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

ids() {
	control=$(id_of map control) slot=$(id_of map slot) prog=$(bpftool -j prog show pinned $pins/progs/file_open | jq .id)
	link=$(bpftool -j link show | jq "[.[] | select(.prog_id == $prog)][0].id")
	saved=$(bytes) changed=$(exempt)
}
# A descriptor of a map that is older than the seal: it writes when it is told to.
cat >holder.py <<'PYTHON'
import ctypes, os, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
def bpf(cmd, attr):
    b = ctypes.create_string_buffer(attr, 128)
    return libc.syscall(321, cmd, b, 128)
fd = bpf(14, struct.pack('<II', int(sys.argv[1]), 0))
def program():  # a socket filter that refers to the map: ld_map_fd r1; mov r0, 0; exit
    code = struct.pack('<BBhiBBhi', 0x18, 0x11, 0, fd, 0, 0, 0, 0) + struct.pack('<BBhi', 0xb7, 0, 0, 0) + struct.pack('<BBhi', 0x95, 0, 0, 0)
    insns, licence = ctypes.create_string_buffer(code, len(code)), ctypes.create_string_buffer(b'GPL')
    new = bpf(5, struct.pack('<IIQQ', 1, len(code) // 8, ctypes.addressof(insns), ctypes.addressof(licence)))
    if new >= 0: os.close(new)
    return 0 if new >= 0 else -1
def batch():
    keys, values, at = ctypes.create_string_buffer(64), ctypes.create_string_buffer(4096), ctypes.create_string_buffer(64)
    return bpf(24, struct.pack('<QQQQIIQQ', 0, ctypes.addressof(at), ctypes.addressof(keys), ctypes.addressof(values), 1, fd, 0, 0))
for line in sys.stdin:
    if line != 'go\n':
        r = program() if line == 'program\n' else batch()
        print('ok' if r == 0 else 'E%d' % ctypes.get_errno(), flush=True)
        continue
    key, value = ctypes.create_string_buffer(4), ctypes.create_string_buffer(512)
    r = bpf(1, struct.pack('<IIQQQ', fd, 0, ctypes.addressof(key), ctypes.addressof(value), 0))
    if r == 0: r = bpf(2, struct.pack('<IIQQQ', fd, 0, ctypes.addressof(key), ctypes.addressof(value), 0))
    print('ok' if r == 0 else 'E%d' % ctypes.get_errno(), flush=True)
PYTHON
mkfifo hold.in hold.out
exec 7<>hold.in 8<>hold.out
hold() { # a descriptor of the present map
	[ -z "${holder:-}" ] || kill "$holder"
	python3 holder.py "$control" <hold.in >hold.out 7<&- 8<&- &
	holder=$!
}
old_descriptor() { # [WHAT]
	local answer
	echo "${1:-go}" >&7
	read -r -t 30 answer <&8
	[ "$answer" = ok ]
}
owned() { # by the daemon: a descriptor of ours, of which it is signalled
	python3 -c '
import fcntl, os, socket, sys, time
a, b = socket.socketpair()
fcntl.fcntl(a, fcntl.F_SETOWN, int(sys.argv[1]))
fcntl.fcntl(a, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
b.send(b"x")
time.sleep(1)' $daemon && ! { [ -d /proc/$daemon ] && grep -qv "^State:.Z" <(grep ^State: /proc/$daemon/status); }
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
pin_beside() { # a map that is nobody's
	bpftool map create $pins/links/mine type array key 4 value 4 entries 1 name mine
}
misc=/proc/sys/fs/binfmt_misc
as_other() { # the kernel runs another program in the place of ours
	local r
	modprobe binfmt_misc && mount -t binfmt_misc misc $misc || return
	python3 -c '
import sys
entry = open(sys.argv[1], "rb").read(32)[24:]
line = ":other:M:24:" + "".join("\\x%02x" % b for b in entry) + "::/t/other:OC"
open(sys.argv[2] + "/register", "w").write(line)' $E $misc && CONTROL=$control $E
	r=$?
	echo -1 >$misc/other
	umount $misc
	return $r
}
own_copy() { cp $E /t/copy && /t/copy status; }
switched() { # OFF ON FILE: does it end enforcement?
	echo "$1" >"$3" && not_enforced
}
not_enforced() { [ "$(ask web read /t/d/secret)" = ok ]; }
umounted() { # COMMAND...: does that end enforcement?
	local i
	"$@" || return
	for i in $(seq 50); do
		not_enforced && return
		sleep 0.2
	done
	return 1
}
pins_again() { # and what else was mounted below them
	local m
	for m in "sysfs /sys" "cgroup2 /sys/fs/cgroup" "securityfs /sys/kernel/security" "tracefs /sys/kernel/tracing"; do
		mountpoint -q "${m#* }" || mount -t "${m% *}" $m
	done
	mountpoint -q /sys/fs/bpf || mount -t bpf -o mode=700 bpf /sys/fs/bpf
	mount --make-rshared /
	mkdir -p /sys/fs/cgroup/daemon
	again
}
policy_again() {
	echo 'profile p { subject exe /t/web; deny read /t/d/secret; }' >/etc/bailiff/policy.d/p.policy
	chmod 644 /etc/bailiff/policy.d/p.policy
}

begin() { # without a seal
	configure 'selftest-seconds = 2'
	start
	ids
	hold
	enforced "without a seal: enforced"
	like "$($E status)" '^seal: not set$' "without a seal: status says so"
	is "$(bpftool -j link show | jq 'map(select(.prog_type == "lsm")) | length')" "$($E status --json | jq '.hooks | length + 3')" "without a seal: no program of it is attached, but three of the daemon that see pins go"
}
run_one() { # COMMAND: its standard input is nobody's
	eval "$1" >technique.out 2>&1 </dev/null
}
unsealed() { # the list in the file `techniques`: NAME | COMMAND | UNDO; each works
	mapfile -t list <techniques
	for line in "${list[@]}"; do
		IFS='|' read -r name command undo <<<"${line// | /|}"
		if run_one "$command"; then ok "without a seal: ${name% }"; else not_ok "without a seal: ${name% }" "$(cat technique.out)"; fi
		run_one "$undo"
		case $undo in *again*) ids && hold ;; esac
		[ "$(ask web read /t/d/secret)" = EPERM ] || { not_ok "undone: $name" "$(cat technique.out)"; again; ids; hold; }
	done
}

seal() { # [COMMAND...]: the next daemon, by that, sets it
	configure 'selftest-seconds = 2' 'seal = yes'
	kill -9 $daemon
	wait $daemon 2>/dev/null
	rm -f /run/bailiff/control.sock
	start "$@"
	until_true grep -q 'sealed: generation' "$err"
	like "$(cat "$err")" 'sealed: generation [0-9]* stays in force' "sealed"
}
sealed() { # the same list: nothing works; WHAT...: what status must have counted
	local what seen
	for line in "${list[@]}"; do
		IFS='|' read -r name command undo <<<"${line// | /|}"
		if run_one "$command"; then not_ok "sealed: ${name% }" "$(cat technique.out)"; run_one "$undo"; else ok "sealed: ${name% }"; fi
		[ "$(ask web read /t/d/secret)" = EPERM ] || not_ok "sealed, and not enforced after: $name" "$(cat technique.out)"
	done
	[ -d /proc/$daemon ] && ok "the daemon is alive" || not_ok "the daemon is alive" "$(cat "$err")"
	seen=$($E status --json | jq -c .seal_refused)
	for what; do
		[ "$(jq ".$what" <<<"$seen")" -gt 0 ] && ok "status counts: $what" || not_ok "status counts: $what" "$seen"
	done
	until_true grep -q "the seal refused: $1, by" "$err"
	like "$(cat "$err")" "the seal refused: $1, by \\(" "refusals are in the daemon's log"
}
