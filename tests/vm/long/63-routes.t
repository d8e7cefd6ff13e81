# Ways round rules about the network by other calls and by source routes; and what the kernel does for a process: modules, helpers, signals.
. "$BAILIFF_TOP/tests/vm/lib.sh"
subject web closed other loader crasher tracer killer victim
ip link set lo up
ip addr add 10.8.0.1/32 dev lo
ip -6 addr add 2001:db8:0:1::1/128 dev lo nodad
v4="10.8.0.1 9" v6="2001:db8:0:1::1 9"

routes() { # SUBJECT WANTED
	local op
	for op in route4 route4-send route4-uring; do asks "$1" $op "$v4" "$2" "$1: $op: $2"; done
	for op in route6 route6-old route6-label route6-send route6-send-old route6-last many-messages; do asks "$1" $op "$v6" "$2" "$1: $op: $2"; done
}
sends() { # SUBJECT WANTED
	local op got
	for op in uring-send-to uring-send-zc uring-sendmsg-zc again cork; do asks "$1" $op "$v4" "$2" "$1: $op: $2"; done
	asks "$1" uring-send-to "$v6" "$2" "$1: uring-send-to IPv6: $2"
	asks "$1" repair "$v4" "$2" "$1: a connection without a packet (TCP_REPAIR): $2"
	asks "$1" unix-fd /t/run/s "$2" "$1: a unix socket by a descriptor of its file: $2"
}
mkdir -p /t/run
python3 -c 'import socket, time
s = socket.socket(socket.AF_UNIX); s.bind("/t/run/s"); s.listen(99); time.sleep(9999)' &
until_true test -S /t/run/s
for s in web closed; do routes $s ok; sends $s ok; done
got=$(ask closed uring-listen -)
listens=no
[ "$got" = EINVAL ] || { listens=yes; is "$got" ok "IORING_OP_LISTEN"; }
load net <<'POLICY'
profile web {
    subject exe /t/web;
    deny connect to 10.8.0.1, 2001:db8:0:1::1;
    deny connect unix to /t/run/s;
}
profile closed {
    subject exe /t/closed;
    allow connect udp to 127.0.0.1, ::1;
    allow socket;
    default deny network;
}
profile watch {
    subject exe /t/tracer;
    mode audit;
    deny connect to 10.8.0.1;
}
POLICY
for s in web closed; do routes $s EPERM; sends $s EPERM; done
seen=$(events | jq -c 'select(.op == "connect" and .reason == "unreadable") | .profile' | sort -u | tr '\n' ' ')
is "$seen" '"closed" "web" ' "a source route is refused as an address that cannot be known"
[ $listens = no ] || asks closed uring-listen - EPERM "IORING_OP_LISTEN: EPERM"
for op in messages udp; do asks web $op "::1 9" ok "$op: what has no route passes"; done
asks other route4 "$v4" ok
asks tracer route4 "$v4" ok "audit mode lets a source route pass"
like "$(events | jq -c 'select(.profile == "watch") | .verdict')" would-deny "and reports it"
unload

# what the kernel starts: a program of the machine, not of the process
cat >/t/helper <<'HELPER'
#!/bin/bash
echo "$*" >>/t/helped
HELPER
chmod +x /t/helper
modprobe=$(cat /proc/sys/kernel/modprobe)
echo /t/helper >/proc/sys/kernel/modprobe
echo "|/t/helper %E" >/proc/sys/kernel/core_pattern
helped() { # COMMAND...: does the kernel start the helper because of it?
	rm -f /t/helped
	"$@" >/dev/null 2>&1
	for _ in 1 2 3 4 5 6 7 8 9 10; do [ ! -e /t/helped ] || { echo yes; return; }; sleep 0.1; done
	echo no
}
mkdir -p /t/dump
victims() { # starts one in a process group of its own
	rm -f victim.i victim.o
	waiting victim setsid /t/victim -
	ask_it victim read / >/dev/null
}
victims
is "$(helped /t/loader socket "9 5 0")" yes "a socket of another family: the kernel starts modprobe"
is "$(helped /t/crasher core /t/dump)" yes "a process that crashes: the kernel starts the program of core_pattern"
asks tracer kcmp "$pid_victim" ok
load kernel <<'POLICY'
profile loader { subject exe /t/loader; deny module; }
profile listed { subject exe /t/closed; allow module /usr/lib/modules/**; default deny module; }
profile crasher { subject exe /t/crasher; deny exec /t/helper, /t/ran; }
profile tracer { subject exe /t/tracer; deny ptrace; }
profile killer { subject exe /t/killer; deny signal; }
POLICY
is "$(helped /t/loader socket "9 5 0")" no "a module that the kernel would load for a process"
is "$(helped /t/closed socket "9 5 0")" no "an allowance with a path does not match it"
is "$(helped /t/other socket "9 5 0")" yes "and for another process it does"
like "$(events | jq -c 'select(.op == "module") | [.profile, .reason]' | sort -u)" '"loader","rule"' "the event says module"
asks tracer kcmp "$pid_victim" EPERM "kcmp(2) asks like ptrace"
asks killer kill "-$pid_victim 23" EPERM "kill(2) of a process group"
is "$(helped /t/crasher core /t/dump)" yes "a program of core_pattern is not the process that crashes"
asks killer sigio "$pid_victim 23" ok "a signal by F_SETOWN"
mkdir -p /sys/fs/cgroup/way
sleep 999 &
echo $! >/sys/fs/cgroup/way/cgroup.procs
asks killer kill "$! 9" EPERM
asks killer put "1 /sys/fs/cgroup/way/cgroup.kill" ok "a kill by its cgroup"
wait $!
is $? 137 "and it has ended"
load helper <<<'profile everybody { subject any; deny exec /t/helper; }'
is "$(helped /t/crasher core /t/dump)" no "but a process like any other: a rule for all refuses it"
unload
echo "$modprobe" >/proc/sys/kernel/modprobe # for the files that follow in this guest
echo core >/proc/sys/kernel/core_pattern
done_testing
