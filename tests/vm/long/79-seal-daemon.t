# The seal: the daemon and its files, who is trusted, alarms, and the next daemon. Every technique works without it, and none with it.
. "$BAILIFF_TOP/tests/vm/seal.sh"
begin
cat >techniques <<'LIST'
kill -STOP the daemon | kill -STOP $daemon | kill -CONT $daemon
kill -HUP | kill -HUP $daemon |
kill -9 | kill -9 $daemon | again
kill -9 by its pidfd | python3 -c 'import os,signal,sys; signal.pidfd_send_signal(os.pidfd_open(int(sys.argv[1])), 9)' $daemon | again
kill it by a descriptor of which it is made the owner | owned | again
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
flags of a policy by ioctl(2) | chattr +d /etc/bailiff/policy.d/p.policy | chattr -d /etc/bailiff/policy.d/p.policy
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
another program in the place of the program (binfmt_misc) | as_other |
the program in another mount namespace | unshare -m $E status |
the program in another root | mkdir -p /mnt/root && mount --rbind / /mnt/root && mount --make-rslave /mnt/root && chroot /mnt/root $E status | umount -l /mnt/root
the program with a tracer | traced |
the program with somebody who answers its calls | listened |
enforcer try | $E try --for 60s other.bpi | $E rollback
LIST
unsealed

# ---- without a seal it is at least seen ----
kill -9 $daemon
wait $daemon 2>/dev/null
start
rm $pins/links/file_open
until_true grep -q 'ALARM: somebody detached the hook file_open' "$err"
like "$(cat "$err")" 'ALARM: somebody detached the hook file_open.*: by \(rm\)\[[0-9]+\] uid=0' "a detached hook is an alarm, which says who it was"
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
is "$($E events --json | jq -c 'select(.op == "alarm") | [.verdict, .severity, .profile, (.object | .[:24]), .exe == $exe]' --arg exe "$E" | sed -n '1p; $p')" \
	'["log","critical",null,"self-test failed: open(2",true]
["log","low",null,"the alarm is over: enfor",true]' "alarms are events"
runs "and status is fine again" $E status

# ---- sealed ----
is "$($E doctor | grep -c seal)" 0 "doctor says nothing of a seal where none is wanted"
configure 'selftest-seconds = 2' 'seal = yes'
like "$($E doctor)" 'the seal does not hold this: kernel modules' "doctor tells of the gaps where a seal is wanted"
exec 9>>/etc/bailiff/policy.d/p.policy
kill -9 $daemon
wait $daemon 2>/dev/null
fails 1 'p.policy open for writing' "a file that is open for writing: no seal" timeout 120 $E run
exec 9>&-
enforced "and the policy is in force"
cat >terminal.py <<'PYTHON'
import os, pty, sys, time
# Runs a program on a terminal of its own, but for its output, and quits it with a key when the file `quit` is there.
out, err = os.dup(1), os.dup(2)
pid, fd = pty.fork()
if pid == 0:
    os.dup2(out, 1), os.dup2(err, 2)
    os.execv(sys.argv[1], sys.argv[1:])
with open('daemon.pid', 'w') as f: f.write(str(pid))
while not os.path.exists('quit'): time.sleep(0.2)
os.write(fd, b'\x1c')
os.waitpid(pid, 0)
PYTHON
seal python3 terminal.py
like "$(cat "$err")" 'the seal does not hold this: kernel modules can take enforcement away; boot with lockdown=integrity' "it says what it does not hold"
sealed signal file ptrace limit code switch

# ---- the daemon dies: the kernel itself signals it, for the terminal that it was started on ----
touch quit
until_true sh -c "! [ -d /proc/$daemon ]" && ok "the daemon has died" || not_ok "the daemon has died"
enforced "without a daemon"
fails 1 'not permitted' "without a daemon: a pin" rm $pins/links/file_open
fails 1 'seal is set' "without a daemon: unload" $E unload
start
like "$(cat "$err")" 'adopted generation 1' "a new daemon adopts what is sealed"
fails 1 'not permitted' "and is as well protected: kill -9" sh -c "kill -9 $daemon"
[ -d /proc/$daemon ] && ok "and lives" || not_ok "and lives" "$(cat "$err")"
runs "and reloads" $E reload
until_true grep -q 'seal refused: signal' "$err"
like "$(cat "$err")" 'seal refused: signal' "and has the log"
is "$($E events --json | jq -c 'select(.op == "seal" and .object == "signal") | [.verdict, .kind, .severity, .comm, .uid]' | head -n 1)" \
	'["deny","notice","high","sh",0]' "what the seal refuses is an event"
runs "status" $E status
enforced "to the end"
done_testing
