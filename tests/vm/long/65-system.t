# The system class: capabilities, other processes, mounts, modules, bpf, ids.
. "$BAILIFF_TOP/tests/vm/lib.sh"
subject caps tracer killer mounter loader ids victim friend other parent quiet
mkdir -p /t/m/a /t/m/b /t/m/allowed /t/m/src/sub /t/m/root
head -c 4096 /dev/urandom >/t/junk; cp /t/junk /t/junk-ok
head -c 100 /dev/zero >/t/secret && chmod 0 /t/secret

policy() {
	cat <<'POLICY'
profile caps {
    subject exe /t/caps;
    deny capability sys_chroot, sys_nice;
}
profile everything {
    subject any;
    deny capability sys_time;
}
profile tracer {
    subject exe /t/tracer;
    allow ptrace to descendant;
    allow ptrace to exe /t/friend;
    deny ptrace;
    deny capability perfmon, sys_admin; # 7.2 lets their holders read /proc/PID/environ without asking about ptrace
}
profile parent {
    subject exe /t/parent;
    inherit no;
    deny ptrace;
}
profile victims { subject exe /t/victim; deny perf; }
profile killer {
    subject exe /t/killer;
    allow signal to descendant;
    deny signal USR1 to profile victims;
    deny signal USR2 to exe /t/victim and user root;
    deny signal KILL;
}
profile mounter {
    subject exe /t/mounter;
    allow mount fstype tmpfs target /t/m/allowed;
    allow mount fstype remount target /t/m/free, /t/m/a;
    deny mount;
    deny umount /t/m/b;
    deny pivot /t/m/root;
}
profile loader {
    subject exe /t/loader;
    deny module /t/junk;
    deny bpf, perf, kexec, userns;
}
profile ids {
    subject exe /t/ids;
    deny setuid 33, 1000-1999;
    deny setgid 44;
}
POLICY
}
caps() {
	asks caps chroot-cap / "$1"
	asks caps nice - "${1/EPERM/EACCES}"
	asks caps thread "nice -" "${1/EPERM/EACCES}"
	asks caps sethostname guest ok
	asks other chroot-cap / ok
}
trace() {
	for op in attach seize vm-readv vm-writev pidfd-getfd; do asks tracer $op $pid_victim "$1" "tracer: $op: $1"; done
	for op in proc-mem proc-environ; do asks tracer $op $pid_victim "${1/EPERM/EACCES}" "tracer: $op: ${1/EPERM/EACCES}"; done
	asks tracer thread "attach $pid_victim" "$1" "tracer: from a thread: $1"
	for op in attach vm-readv pidfd-getfd proc-mem; do
		asks tracer $op $pid_friend ok "tracer: $op of one that is allowed"
		asks other $op $pid_victim ok "other: $op"
	done
	asks tracer attach-child - ok "a descendant"
	asks parent run-traceme /t/other "$1" "a child lets its parent trace it: $1"
	asks other run-traceme /t/other ok
}
ignored=URG # what its receiver does not notice
kills() {
	for op in kill tgkill sigqueue pidfd-kill; do
		asks killer $op "$pid_victim 10" "$1" "killer: $op USR1: $1"
		asks killer $op "$pid_victim 23" ok "killer: $op URG: ok"
	done
	asks killer kill "$pid_victim 12" "$1" "killer: USR2: $1"
	asks killer kill "$pid_friend 12" ok "killer: USR2 to another program"
	asks killer kill "$pid_victim 0" ok "signal 0 asks nothing"
	asks killer kill-self - ok
	asks killer kill-grandchild 9 ok "a descendant of a descendant"
	asks other kill "$pid_victim 10" ok
}
mounts() {
	asks mounter mount "tmpfs none /t/m/a" "$1"
	asks other umount /t/m/a "${1/EPERM/EINVAL}"
	asks mounter mount "ramfs none /t/m/allowed" "$1"
	asks other umount /t/m/allowed "${1/EPERM/EINVAL}"
	asks mounter bind-mount "/t/m/src /t/m/a" "$1"
	asks other umount /t/m/a "${1/EPERM/EINVAL}"
	asks mounter fsmount "tmpfs none /t/m/a" "$1"
	asks other umount /t/m/a "${1/EPERM/EINVAL}"
	asks mounter fsmount "ramfs none /t/m/allowed" "$1"
	asks other umount /t/m/allowed "${1/EPERM/EINVAL}"
	asks mounter clone-mount "/t/m/src /t/m/allowed" "$1"
	asks other umount /t/m/allowed "${1/EPERM/EINVAL}"
	asks mounter remount /t/m/b "$1"
	asks mounter fspick /t/m/b "$1"
	asks mounter make-private /t/m/b "$1"
	asks mounter umount /t/m/b "$1"
	mountpoint -q /t/m/b || mount -t tmpfs none /t/m/b
	asks mounter pivot-root /t/m/root "$1"
	# what is allowed
	asks mounter mount "tmpfs none /t/m/allowed" ok
	asks mounter umount /t/m/allowed ok
	asks mounter fsmount "tmpfs none /t/m/allowed" ok
	asks mounter umount /t/m/allowed ok
	asks other mount "tmpfs none /t/m/a" ok
	asks other umount /t/m/a ok
}
moves() {
	for op in mount-move move-mount; do
		mount -t tmpfs none /t/m/a
		asks mounter $op "/t/m/a /t/m/allowed" "$1"
		umount /t/m/allowed 2>/dev/null
		umount /t/m/a 2>/dev/null
	done
}
loads() { # errno, errno of junk
	asks loader finit /t/junk "${1/ok/ENOEXEC}"
	asks loader init-module /t/junk "${1/ok/ENOEXEC}"
	asks loader init-module /t/junk-ok "${1/ok/ENOEXEC}" "a module from memory may be any"
	asks loader finit-memfd /t/junk-ok "${1/ok/ENOEXEC}" "and so may one from a file without a name"
	asks loader finit /t/junk-ok ENOEXEC
	asks loader bpf - "$1"
	asks loader perf - "$1"
	asks loader kexec - "$1"
	asks loader kexec-file /t/junk "${1/ok/ENOEXEC}"
	asks loader userns - "$1"
	asks loader userns-clone - "$1"
	asks other bpf - ok
	asks other userns - ok
}
sets() {
	for o in "setuid 33" "setuid 1000" "setreuid 1999" "setfsuid 33" "setgid 44" "setregid 44" "setfsgid 44"; do asks ids ${o% *} ${o#* } "$1"; done
	asks ids setresuid "0 33 0" "$1"
	asks ids setresuid "0 0 33" "$1"
	asks ids setresuid "5 6 1500" "$1"
	asks ids setgroups "1 2 44" "$1"
	asks ids setgroups "44" "$1"
	for o in "setuid 34" "setuid 0" "setreuid 2000" "setgid 45" "setback 7"; do asks ids ${o% *} ${o#* } ok; done
	asks ids setgroups "1 2 45" ok
	asks other setuid 33 ok
}
mount -t tmpfs none /t/m/root
mount --make-private /
mount -t tmpfs none /t/m/b
waiting victim env --ignore-signal=USR1,USR2 /t/victim -
waiting friend env --ignore-signal=USR1,USR2 /t/friend -
sleep 1
everything() {
	caps "$1"; trace "$1"; kills "$1"; mounts "$1"; moves "$1"; loads "$1"; sets "$1"
}
everything ok
waiting old /t/killer -
policy | load system
everything EPERM
it_says old kill "$pid_victim 10" EPERM "a victim and a killer that were there before"
it_says victim perf - EPERM "the victim is labelled meanwhile"
it_says old kill "$pid_victim 10" EPERM
events >/dev/null
asks caps chroot-cap / EPERM
like "$(events)" '"op":"capability".*"object":"sys_chroot"' "the event names the capability"
asks killer kill "$pid_victim 10" EPERM
like "$(events)" '"op":"signal".*"object":"USR1"' "the event names the signal"
asks mounter mount "ramfs none /t/m/a" EPERM
like "$(events)" '"op":"mount".*"object":"ramfs none on /t/m/a"' "the event names the mount"
asks loader init-module /t/junk EPERM
like "$(events)" '"op":"module".*"object":"memory"' "the event says that the module came from memory"
asks ids setresuid "5 6 1500" EPERM
seen=$(events)
like "$seen" '"op":"setuid".*"object":"1500"' "of several ids the event names the one that is refused"
is "$(printf '%s\n' "$seen" | grep -c '"op":"setuid"')" 1 "and there is one event"
asks mounter fspick /t/m/b EPERM
like "$(events)" '"op":"mount".*"reason":"unreadable"' "a remount without a name says why it is refused"
# a remount that is allowed but fails opens no other
mkdir -p /t/m/free && mount -t tmpfs none /t/m/free
asks mounter remount /t/m/free ok
asks mounter remount /t/m/a EINVAL "a remount that is allowed, of what is no mount"
asks mounter fspick /t/m/b EPERM "does not let another through"
# ---- the running enforcer is not locked out ----
"$enforcer" run >run.out 2>&1 &
daemon=$!
sleep 3
cp "$enforcer" /t/load
compile all <<'POLICY'
profile all { subject any except exe /t/load; deny bpf, perf, kexec, ptrace, module; deny capability sys_admin if exe /t/caps; }
POLICY
/t/load load all.bpi >load.out 2>&1 || not_ok "a policy that denies bpf to everybody loads" "$(cat load.out)"
asks other bpf - EPERM "bpf is denied to everybody"
is "$(kill -0 $daemon && echo alive)" alive "the daemon lives"
sleep 1
is "$(grep -ci 'not permitted' run.out)" 0 "and was refused nothing"
runs "unload" /t/load unload
kill $daemon 2>/dev/null
asks other bpf - ok
kill $pid_victim $pid_friend $pid_old
done_testing
