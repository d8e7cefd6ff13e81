# accept, from whom: refused connections give nothing, however they came and whatever is tried with them.
. "$BAILIFF_TOP/tests/vm/lib.sh"
subject web audit closed local other kill
echo 3 >/proc/sys/net/ipv4/tcp_fastopen
echo 1 >/proc/sys/net/mptcp/enabled 2>/dev/null
ip addr add 10.9.0.1/24 dev lo
ip -6 addr add 2001:db8::1/64 dev lo nodad
modprobe sctp 2>/dev/null
port=5000
absent=

serves() { # NAME KIND ADDRESS CLIENT WAY WANTED [DESCRIPTION]
	port=$((port + 1))
	is "$(ask "$1" serve "$2 $3 ${at:-$port} $4 $5")" "$6" "${7:-$1: $2 on $3 from $4: $5: $6}"
}
talk="recv read recvmmsg splice zerocopy uring-recv uring-read peek dup send write sendmmsg splice-to sendfile uring-send"
kinds="tcp fastopen mptcp mptcp-tcp uring sctp"

all() { # NAME BAD: what an address of 127.0.0.8/29 gets, by every protocol and every way; others are let in
	local k w
	for w in $talk; do serves $1 tcp 0.0.0.0 127.0.0.9 $w "$2"; done
	for k in $kinds; do
		case " $absent " in *" $k "*) continue ;; esac
		for w in recv send; do
			serves $1 $k 127.0.0.1 127.0.0.9 $w "$2"
			serves $1 $k 127.0.0.1 127.0.0.7 $w ok
			serves $1 $k ::1 ::1 $w "$2"
		done
		serves $1 $k 127.0.0.1 127.0.0.15 none ok "$1: $k: accept() itself tells nothing"
	done
	for w in recv send; do
		serves $1 tcp :: 127.0.0.9 $w "$2" "$1: an IPv4 peer of a socket for both: $w: $2"
		serves $1 tcp :: 127.0.0.7 $w ok
		serves $1 tcp ::ffff:127.0.0.1 127.0.0.9 $w "$2" "$1: of a socket bound to a v4-mapped address: $w: $2"
		serves $1 mptcp :: 127.0.0.9 $w "$2" "$1: an MPTCP peer of a socket for both: $w: $2"
		serves $1 tcp :: 2001:db8::1 $w ok
		asks other activate "/t/$1 0.0.0.0 $((port += 1)) 127.0.0.9 $w" "$2" "$1: a connection that was waiting when it got the socket: $w: $2"
		asks other activate "/t/$1 0.0.0.0 $((port += 1)) 127.0.0.7 $w" ok
	done
	for w in 127.0.0.8 127.0.0.15; do serves $1 tcp 0.0.0.0 $w recv "$2" "$1: the edge $w: $2"; done
	for w in 127.0.0.16 127.0.0.12; do serves $1 tcp 0.0.0.0 $w recv ok "$1: beyond the edge, and an exception: $w"; done
}

# ---- without a policy ----
for k in $kinds; do
	seen=$(ask web serve "$k 127.0.0.1 $((port += 1)) 127.0.0.9 recv")
	case $seen in
	ok) ok "$k before the load" ;;
	EPROTONOSUPPORT | ESOCKTNOSUPPORT) absent="$absent $k" && ok "$k # SKIP the kernel answers $seen: it has no such module" ;;
	*) not_ok "$k before the load" "saw: $seen" ;;
	esac
done
all web ok
serves kill tcp 127.0.0.1 127.0.0.9 recv ok
# zerocopy needs a mapping; without one the kernel says so and has given nothing
policy() {
	cat <<'POLICY'
set bad = 127.0.0.8/29, ::1 except 127.0.0.12;
profile web {
    subject exe /t/web;
    deny accept from $bad;
}
profile audit {
    subject exe /t/audit;
    mode audit;
    deny accept from $bad;
}
profile closed {
    subject exe /t/closed;
    allow accept tcp from 127.0.0.7, 2001:db8::/32 port 7000;
    default deny accept;
}
profile local {
    subject exe /t/local;
    deny accept tcp on 127.0.0.1 from 127.0.0.0/8 unless user 0 message "not from here";
    deny accept tcp on 127.0.0.1 from 127.0.0.9 if user 0 errno EACCES;
    deny accept unix;
}
profile killer {
    subject exe /t/kill;
    kill accept from 127.0.0.9;
}
POLICY
}
policy >p; load from <p
events >/dev/null
all web EPERM
web=$(events | grep -c '"profile":"web"')
all audit ok
is "$(events | grep -c '"verdict":"would-deny"')" "$web" "audit mode reports every connection that enforcing refuses"
serves other tcp 0.0.0.0 127.0.0.9 recv ok

# ---- default deny, ports, conditions, what is told ----
at=7000 serves closed tcp 0.0.0.0 127.0.0.7 recv ok
at=7000 serves closed tcp 0.0.0.0 127.0.0.6 recv EPERM
at=7001 serves closed tcp 0.0.0.0 127.0.0.7 recv EPERM
at=7000 serves closed tcp :: 2001:db8::1 recv ok
at=7000 serves closed tcp :: ::1 recv EPERM
events >/dev/null
at=7002 serves local tcp 127.0.0.1 127.0.0.9 recv EACCES "the rule's errno"
like "$(events)" '"object":"tcp 127.0.0.1:7002 from 127.0.0.9".*"profile":"local"' "the event says from whom"
at=7003 serves local tcp 127.0.0.1 127.0.0.8 recv ok "a condition that does not hold"
at=7004 serves local tcp 0.0.0.0 127.0.0.9 recv ok "another local address"
asks local unix-accept /t/s1 EPERM "unix sockets are refused before the wait"
asks closed unix-accept /t/s2 EPERM
at=7005 serves kill tcp 127.0.0.1 127.0.0.9 recv "" "a rule that kills"
at=7006 serves kill tcp 127.0.0.1 127.0.0.8 recv ok

# ---- without from: before the wait, as ever ----
load plain <<<"profile web { subject exe /t/web; deny accept tcp; }"
serves web tcp 127.0.0.1 127.0.0.9 none EPERM "without 'from' accept() is refused itself"
is "$(ls /sys/fs/bpf/bailiff/links | grep -cE 'sock_graft|file_permission|recvmsg|getsockopt')" 0 "and no hook is attached that only 'from' needs"
unload
all web ok
done_testing
