# Sockets to be made, bound, listened on and accepted from.
. "$BAILIFF_TOP/tests/vm/lib.sh"
subject maker binder closed unixer acceptor other peer
mkdir -p /t/run /t/pub
modprobe sctp 2>/dev/null
echo 1 >/proc/sys/net/mptcp/enabled 2>/dev/null
ip addr add 10.9.0.1/24 dev lo
ip -6 addr add 2001:db8::1/64 dev lo nodad
absent=
[ "$(ask other bind-sctp "10.9.0.1 7000")" = ok ] || absent=" bind-sctp"
[ "$(ask other bind-uring "10.9.0.1 7000")" = ok ] || absent="$absent bind-uring" # since 6.11

policy() {
	cat <<'POLICY'
profile maker {
    subject exe /t/maker;
    deny socket packet;
    deny socket netlink protocol 9;
    deny socket inet, inet6 type raw;
    deny socket udp;
    deny socket unix type seqpacket;
}
profile binder {
    subject exe /t/binder;
    deny bind tcp on 10.9.0.0/24, 2001:db8::/64 port 1-1023;
    deny bind tcp on 0.0.0.0/0 port 8080;
    deny bind udp port 5353;
    deny bind on 127.0.0.9;
    deny bind unix on /t/run/**, @secret*;
}
profile closed {
    subject exe /t/closed;
    allow bind tcp on 127.0.0.1 port 2000-2999;
    allow bind tcp on ::1 port 0;
    allow bind unix on /t/pub/*;
    allow connect tcp to 127.0.0.1;
    default deny network;
}
profile unixer {
    subject exe /t/unixer;
    deny accept unix on /t/run/*, @secret*;
    deny bind unix on /t/pub/no;
}
profile acceptor {
    subject exe /t/acceptor;
    deny accept tcp on 127.0.0.1 port 3000-3999;
    deny accept on 2001:db8::/64;
    deny accept tcp on 0.0.0.0/0 port 8081;
}
POLICY
}
useless() { # errno: sockets that no allow rule of `closed` could use
	local s
	for s in "2 2 0" "16 3 0" "17 3 0" "2 3 1" "40 1 0"; do asks closed socket "$s" "$1"; done
}
made() { # errno: what `maker` is refused, AF_* and SOCK_* by number
	for s in "17 3 768" "17 2 0" "2 10 768" "16 3 9" "16 2 9" "2 3 17" "10 3 58" "2 2 0" "2 2 17" "10 2 0" "1 5 0"; do
		asks maker socket "$s" "$1"
	done
	asks maker socketpair "1 5 0" "$1"
	asks maker thread "socket 2 2 0" "$1"
	asks maker uring-socket "2 2 0" "$1"
}
unmade() { # and what not
	for s in "2 1 0" "2 1 6" "10 1 0" "16 3 0" "1 1 0" "1 2 0"; do asks $1 socket "$s" ok; done
	asks $1 socketpair "1 1 0" ok
	asks $1 socketpair "1 2 0" ok
}
bound() { # errno
	for a in "10.9.0.1 80" "2001:db8::1 443" "::ffff:10.9.0.1 80" "0.0.0.0 8080" "127.0.0.1 8080" ":: 8080" "::ffff:0.0.0.0 8080"; do
		asks binder bind-tcp "$a" "$1"
		asks binder bind-mptcp "$a" "$1"
		asks binder listen "$a" "$1"
	done
	asks binder bind-udp "0.0.0.0 5353" "$1"
	asks binder bind-udp ":: 5353" "$1"
	asks binder bind-v6only ":: 5353" ok "the protocol counts"
	for op in bind-tcp bind-udp bind-mptcp bind-raw bind-sctp bind-uring; do
		case "$absent " in *" $op "*) continue ;; esac
		asks binder $op "127.0.0.9 99" "$1"
	done
	case "$absent " in
	*" bind-sctp "*) ;;
	*)
		asks binder sctp-bindx "127.0.0.9 99" "$1"
		asks binder sctp-bindx "127.0.0.8 99 127.0.0.9 99" "$1" "sctp_bindx: the second address of two: $1"
		;;
	esac
	for op in unix-listen unix-dgram-bind; do
		rm -f /t/run/s
		asks binder $op /t/run/s "$1"
		asks binder $op @secret-1 "$1"
		rm -f /t/run/s
		asks binder in "/t/run $op s" "$1" "$op with a relative path: $1"
		rm -f /t/run/s
		asks binder chroot "/t/run $op /s" "$1" "$op in a chroot: $1"
	done
}
unbound() {
	for a in "10.9.0.1 1024" "127.0.0.1 80" "10.9.0.1 0"; do asks binder bind-tcp "$a" ok; done
	asks binder bind-v6only ":: 8080" ok "a socket for IPv6 alone does not take IPv4"
	asks binder bind-udp "10.9.0.1 80" ok
	rm -f /t/pub/s
	asks binder unix-listen /t/pub/s ok
	asks binder unix-listen @public ok
	asks binder unix-dgram-bind - ok "a name that the kernel chooses"
	asks binder listen-unbound 4 ok
	asks other bind-tcp "10.9.0.1 80" ok
}
accepted() { # errno
	asks acceptor accept "127.0.0.1 3500 127.0.0.5" "$1"
	asks acceptor accept "127.0.0.1 3999 127.0.0.1" "$1"
	asks acceptor accept "2001:db8::1 5000 2001:db8::1" "$1"
	asks acceptor accept ":: 8081 ::1" "$1"
	asks acceptor accept "0.0.0.0 8081 127.0.0.1" "$1"
	asks acceptor accept-uring "127.0.0.1 3600 127.0.0.1" "$1"
	asks acceptor accept-mptcp "127.0.0.1 3700 127.0.0.1" "$1"
	rm -f /t/run/a
	asks unixer unix-accept /t/run/a "$1"
	asks unixer unix-accept @secret-a "$1"
}
unaccepted() {
	asks acceptor accept "127.0.0.1 4000 127.0.0.1" ok
	asks acceptor accept "127.0.0.2 3500 127.0.0.2" ok
	asks acceptor accept "::1 3500 ::1" ok
	rm -f /t/pub/a
	asks unixer unix-accept /t/pub/a ok
	asks unixer unix-accept @public-a ok
}
made ok
modprobe vsock 2>/dev/null
useless ok
unmade maker
bound ok
unbound
accepted ok
unaccepted
policy | load local
made EPERM
unmade maker
unmade other
bound EPERM
unbound
accepted EPERM
unaccepted
events >/dev/null
asks maker socket "2 2 0" EPERM
like "$(events)" '"op":"socket".*"object":"inet dgram udp"' "the event says what socket"
asks binder bind-tcp ":: 8080" EPERM
like "$(events)" '"object":"tcp 0\.0\.0\.0:8080"' "of two addresses the event says the one that is refused"
rm -f /t/run/s
asks binder unix-listen /t/run/s EPERM
seen=$(events)
is "$(printf '%s\n' "$seen" | grep -c '"verdict":"deny"')" 1 "one event for a path that is not bound"
like "$seen" '"op":"bind".*"object":"unix /t/run/s"' "the event says the whole path"
is "$(ls /t/run/s 2>&1 | grep -c 'No such')" 1 "and there is no file"
python3 -c 'import os; os.mknod("/t/run/node", 0o140600)'
asks unixer accept "127.0.0.1 3500 127.0.0.1" ok
asks acceptor accept "127.0.0.1 3500 127.0.0.5" EPERM
like "$(events)" '"op":"accept".*"object":"tcp 127.0.0.1:3500"' "the event says the local end"
# ---- default deny ----
asks closed socket "2 1 0" ok "a socket that an allow rule could use"
asks closed socket "10 1 0" ok
asks closed socket "1 1 0" ok
useless EPERM
asks closed listen "127.0.0.1 2500" ok
asks closed accept "127.0.0.1 2501 -" ok "accept follows bind"
asks closed listen "127.0.0.1 3000" EPERM
asks closed listen "0.0.0.0 2500" EPERM
asks closed listen "::1 0" ok "a port that the kernel chooses is port 0"
asks closed listen "::1 2000" EPERM
asks closed listen "127.0.0.1 0" EPERM
asks closed listen-unbound 4 EPERM "listening without bind"
asks closed listen-unbound 6 EPERM
asks closed listen-unbound mptcp EPERM
rm -f /t/pub/s
asks closed unix-listen /t/pub/s ok
asks closed unix-listen @name EPERM
asks closed unix-dgram-bind - EPERM "a name that the kernel chooses is one too"
asks closed tcp "127.0.0.1 2000" EINPROGRESS "connecting binds without asking"
policy | load local --dry-run
events >/dev/null
asks binder bind-tcp "10.9.0.1 80" ok
asks maker socket "2 2 0" ok
asks acceptor accept "127.0.0.1 3500 127.0.0.5" ok
rm -f /t/run/s
asks binder unix-listen /t/run/s ok
is "$(events | grep -o '"op":"[a-z]*"' | sort | uniq -c | tr -s ' \n' ' ')" ' 1 "op":"accept" 3 "op":"bind" 1 "op":"socket" ' "a dry run reports what enforcing refuses"
unload
made ok
bound ok
accepted ok
done_testing
