# Where a packet goes: every call that names an address, every way to write one, edges of networks and ports.
. "$BAILIFF_TOP/tests/vm/lib.sh"
subject web other closed
ip addr add 10.9.0.1/24 dev lo
ip addr add 10.8.0.1/32 dev lo
ip -6 addr add 2001:db8::1/64 dev lo nodad
ip -6 addr add 2001:db8:0:1::1/128 dev lo nodad
ip -6 addr add fe80::1/64 dev lo nodad
echo 3 >/proc/sys/net/ipv4/tcp_fastopen
echo "0 2147483647" >/proc/sys/net/ipv4/ping_group_range
echo 1 >/proc/sys/net/mptcp/enabled 2>/dev/null
lo=$(cat /sys/class/net/lo/ifindex)

# The network's answer does not matter, only whether the policy let it out.
passes() { # NAME OP OBJECT [DESCRIPTION]
	local seen
	seen=$(ask "$1" "$2" "$3")
	case $seen in
	ok | EINPROGRESS | ECONNREFUSED | ENETUNREACH) ok "${4:-$1: $2 $3: goes out}" ;;
	*) not_ok "${4:-$1: $2 $3: goes out}" "saw: $seen" ;;
	esac
}
refused() { # NAME OP OBJECT [DESCRIPTION]
	is "$(ask "$1" "$2" "$3")" EPERM "${4:-$1: $2 $3: refused}"
}

policy() {
	cat <<'POLICY'
set inner = 10.9.0.0/24, 2001:db8::/64 except 10.9.0.7, 10.9.0.128/25, 2001:db8::ff00/120;
profile web {
    subject exe /t/web;
    deny connect tcp, udp to 127.0.0.0/8, ::1, fe80::/10 port 1000-2000, 3000;
    deny connect to $inner port 53;
    deny connect to 10.8.0.1;
    allow connect tcp to 10.10.0.0/16 port 0-65535;
    deny connect tcp to 10.10.0.0/16;
}
profile closed {
    subject exe /t/closed;
    allow connect udp to 127.0.0.1 port 1500;
    default deny connect;
}
POLICY
}

streams=(tcp fastopen fastopen-connect mptcp uring-connect)
datagrams=(udp udp-send sendmsg sendmmsg unspec-send uring-sendmsg)
[ "$(ask other udplite "127.0.0.1 1500")" = EPROTONOSUPPORT ] || datagrams+=(udplite) # 7.2 has no UDP-Lite any more
every() { # refused|passes: each call that names an address of this machine
	local op a
	for op in "${streams[@]}" "${datagrams[@]}"; do
		for a in 127.0.0.1 127.255.255.254; do "$1" web $op "$a 1500"; done
	done
	for op in "${streams[@]}" udp udp-send sendmsg sendmmsg uring-sendmsg; do
		for a in ::1 ::ffff:127.0.0.1 "fe80::1%$lo"; do "$1" web $op "$a 1500"; done
	done
	for op in tcp udp udp-send fastopen mptcp; do
		"$1" web $op "0.0.0.0 1500" "$op to 0.0.0.0 is loopback: $1"
		"$1" web $op ":: 1500" "$op to :: is loopback: $1"
	done
	"$1" web udp "::ffff:0.0.0.0 1500" "v4-mapped 0.0.0.0: $1"
	"$1" web udp6-v4 "127.0.0.1 1500" "an IPv4 address given to an IPv6 socket: $1"
	"$1" web thread "udp 127.0.0.1 1500"
	"$1" web fork "udp-send 127.0.0.1 1500"
	"$1" other scm "/t/web 127.0.0.1 1500" "a socket that came through SCM_RIGHTS: $1"
}

without_ports() { # refused|passes: no protocol named: all of them
	for op in raw raw-send ping; do "$1" web $op "10.8.0.1 0"; done
	"$1" web ping-send "10.8.0.1 0"
	for op in sctp sctp-send sctp-connectx smc; do
		case " $absent " in *" $op "*) continue ;; esac
		"$1" web $op "10.8.0.1 80"
	done
}

edges() { # refused|passes: first and last of a network
	local a
	for a in 10.9.0.0 10.9.0.1 10.9.0.6 10.9.0.8 10.9.0.127 2001:db8::1 2001:db8::feff 2001:db8::ffff:ffff:ffff:ffff; do
		"$1" web udp "$a 53" "in the set: $a: $1"
	done
}
ports() {
	local port
	for port in 1000 2000 3000; do "$1" web udp "127.0.0.1 $port"; done
	for port in 1 0; do "$1" web udp "10.8.0.1 $port" "a rule without port is for all of them: $port: $1"; done
}
defaults() {
	local a
	for a in "tcp 127.0.0.1 1500" "udp 127.0.0.2 1500" "udp 127.0.0.1 1501" "udp ::1 1500" "raw 127.0.0.1 0" "ping 127.0.0.1 0" "ping-send 127.0.0.1 0"; do
		"$1" closed ${a%% *} "${a#* }"
	done
}
second() {
	"$1" web sctp-connectx "10.8.0.7 80 10.8.0.1 80" "sctp_connectx: the second address of two: $1"
	"$1" web connectx "10.8.0.1 80"
}

# ---- without a policy ----
absent=
modprobe sctp 2>/dev/null
modprobe smc 2>/dev/null
for op in sctp sctp-send sctp-connectx smc; do
	seen=$(ask web $op "10.8.0.1 80")
	case $seen in
	ok | EINPROGRESS | ECONNREFUSED) ;;
	EAFNOSUPPORT | EPROTONOSUPPORT) absent="$absent $op" && ok "$op # SKIP the kernel answers $seen: it has no such module" ;;
	*) not_ok "$op before the load" "saw: $seen" ;;
	esac
done
every passes
without_ports passes
for a in "10.9.0.1 53" "10.9.0.127 53" "10.9.0.7 53" "2001:db8::1 53"; do passes web udp "$a"; done
edges passes
ports passes
defaults passes
case " $absent " in
*" sctp-connectx "*) ;;
*) second passes ;;
esac
waiting held /t/web -
waiting fresh /t/web -
is "$(ask_it held hold-udp "127.0.0.1 1500")" ok "a socket is connected before the load"
is "$(ask_it held held-send -)" ok "and sends"
# a unix socket to talk to
python3 -c 'import socket,time
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind("/t/unix"); time.sleep(300)' &
server=$!
for _ in $(seq 100); do [ -S /t/unix ] && break; sleep 0.1; done
for n in web closed; do asks $n unix /t/unix ok; done
policy | load net

every refused
without_ports refused
# ---- edges ----
for port in 999 2001 2999 3001 0 65535; do passes web udp "127.0.0.1 $port"; done
for a in 126.255.255.255 128.0.0.0; do passes other udp "$a 1500"; passes web udp "$a 1500"; done
edges refused
ports refused
for a in 10.8.255.255 10.9.1.0 10.9.0.7 10.9.0.128 10.9.0.255 2001:db8::ff00 2001:db8::ffff 2001:db8:0:1:: 2001:db7:ffff:ffff:ffff:ffff:ffff:ffff; do
	is "$(ask web udp "$a 53" | sed 's/EPERM/refused/; t; s/.*/out/')" out "not in the set: $a"
done
refused web udp "::ffff:10.9.0.127 53"
is "$(ask web udp "::ffff:10.9.0.128 53" | sed 's/EPERM/refused/; t; s/.*/out/')" out "an exception holds for the v4-mapped address"
passes web udp "10.9.0.1 54"

# ---- default deny, and what asks nothing ----
passes closed udp "127.0.0.1 1500"
defaults refused
passes closed udp "::ffff:127.0.0.1 1500"
asks closed unix /t/unix EPERM "a default for connect covers unix sockets"
asks closed reopen socket ENXIO
case " $absent " in
*" sctp-connectx "*) ;;
*)
	second refused
	passes web sctp-connectx "10.9.0.1 80"
	;;
esac
events >/dev/null
it_says held held-send - ok "a socket that was connected before sends on without being asked"
it_says held unspec - ok "taking the address off asks nothing"
it_says fresh hold-udp "127.0.0.1 1500" EPERM
it_says fresh hold-udp "127.0.0.1 999" ok
it_says fresh held-send - ok
is "$(events | grep -c '"op":"connect"')" 1 "one event, for the one connect that was refused"
asks web short "127.0.0.1 1500" EPERM "an address too short for its family"
like "$(events)" '"reason":"bad-address"' "the event says bad-address"
asks other short "127.0.0.1 1500" EINVAL
refused web udp "fe80::1%$lo 1500"
like "$(events)" '"object":".*fe80::1.*1500' "the event says address and port"
unload
every passes
kill $pid_held $pid_fresh $server
done_testing
