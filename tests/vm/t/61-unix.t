# Unix sockets by the address of the one that is talked to: streams, datagrams, sequenced packets; paths and abstract names.
. "$BAILIFF_TOP/tests/vm/lib.sh"
subject web closed other
mkdir -p /t/run /t/alias /t/pub
long=$(printf 'n%.0s' $(seq 106))
cat >serve.py <<'PY'
import socket, time, os, sys
keep = []
def serve(type, address):
    s = socket.socket(socket.AF_UNIX, type); s.bind(address); keep.append(s)
    if type != socket.SOCK_DGRAM: s.listen(50)
for d in ("/t/run", "/t/pub"):
    serve(socket.SOCK_STREAM, d + "/stream"); serve(socket.SOCK_DGRAM, d + "/dgram"); serve(socket.SOCK_SEQPACKET, d + "/seq")
for n in ("secret", "public"):
    serve(socket.SOCK_STREAM, "\0" + n); serve(socket.SOCK_DGRAM, "\0" + n + "-d")
serve(socket.SOCK_STREAM, "\0" + sys.argv[1])
serve(socket.SOCK_STREAM, "\0new\nline\0nul")
os.chdir("/t/run"); serve(socket.SOCK_STREAM, "relative"); serve(socket.SOCK_STREAM, "../run/dotted")
serve(socket.SOCK_STREAM, "/t/pub/moving")
open("/t/ready", "w").close()
while True: # datagrams are taken off, so that no queue fills
    for s in keep:
        if s.type == socket.SOCK_DGRAM:
            s.setblocking(False)
            try:
                while True: s.recv(10)
            except OSError: pass
    time.sleep(0.01)
PY
python3 serve.py "$long" &
server=$!
for _ in $(seq 200); do [ -e /t/ready ] && break; sleep 0.1; done
mount --bind /t/run /t/alias
ln -s /t/run /t/link
ln /t/run/stream /t/pub/hard

policy() {
	cat <<'POLICY'
profile web {
    subject exe /t/web;
    deny connect unix to /t/run/**, @secret*, @nnn*;
}
profile closed {
    subject exe /t/closed;
    allow connect unix to /t/pub/*, @public;
    default deny connect;
}
POLICY
}
secret() { # errno of all that is to be refused
	asks web unix-stream /t/run/stream "$1"
	asks web unix-uring /t/run/stream "$1"
	asks web unix-seq /t/run/seq "$1"
	asks web unix-dgram /t/run/dgram "$1"
	asks web unix-send /t/run/dgram "$1"
	asks web unix-stream @secret "$1"
	asks web unix-dgram @secret-d "$1"
	asks web unix-send @secret-d "$1"
	asks web unix-stream "@$long" "$1" "web: the longest abstract name: $1"
	asks web unix-stream /t/run/relative "$1"
	asks web unix-stream /t/run/dotted "$1"
	# other ways to the same sockets
	asks web unix-stream /t/alias/stream "$1" "through a bind mount of the directory: $1"
	asks web unix-stream /t/link/stream "$1" "through a symbolic link: $1"
	asks web unix-stream /t/pub/../run/stream "$1" "through ..: $1"
	asks web unix-stream /t/pub/hard "$1" "through a hard link: $1"
	asks web unix-stream "/proc/$server/root/t/run/stream" "$1" "through /proc/PID/root: $1"
	asks web in "/t/run unix-stream stream" "$1" "by a relative path: $1"
	asks web chroot "/t/run unix-stream /stream" "$1" "from a chroot: $1"
	asks web thread "unix-send /t/run/dgram" "$1"
	asks web fork "unix-stream @secret" "$1"
	# from a process that has connected it
	asks other give-unix "/t/web s /t/run/stream" "$1" "a stream that is connected to a refused address, received: $1"
	asks other give-unix "/t/web d /t/run/dgram" "$1" "a datagram socket, received: $1"
	asks other give-unix "/t/web s @secret" "$1" "an abstract address, received: $1"
}
open_ones() {
	asks other give-unix "/t/web s /t/pub/stream" ok "a socket that is connected elsewhere, received"
	asks other give-unix "/t/closed s /t/run/stream" ok "received, and only a default would refuse to connect"
	for n in web other; do
		asks $n unix-stream /t/pub/stream ok
		asks $n unix-seq /t/pub/seq ok
		asks $n unix-dgram /t/pub/dgram ok
		asks $n unix-send /t/pub/dgram ok
		asks $n unix-stream @public ok
		asks $n unix-send @public-d ok
		asks $n unix-pair - ok "$n: a pair asks nothing"
	done
	asks other unix-stream /t/run/stream ok
	asks other unix-stream @secret ok
}
asks_closed() { # errno
	asks closed unix-stream /t/run/stream "$1"
	asks closed unix-dgram /t/run/dgram "$1"
	asks closed unix-send /t/run/dgram "$1"
	asks closed unix-seq /t/run/seq "$1"
	asks closed unix-stream @secret "$1"
	asks closed unix-send @public-d "$1"
	asks closed unix-stream @nobody ECONNREFUSED "an address that nobody has asks nothing"
}
secret ok
open_ones
asks_closed ok
waiting held /t/closed -
it_says held unix-hold /t/run/dgram ok "a datagram socket is connected before the load"
it_says held unix-held-send - ok "and sends"
it_says held unix-held-sendto /t/run/dgram ok
mv /t/pub/moving /t/run/moving
asks web unix-stream /t/run/moving ok "before: a socket that was renamed"
mv /t/run/moving /t/pub/moving
policy | load unix
secret EPERM
open_ones
asks_closed EPERM
for o in "unix-stream /t/pub/stream" "unix-dgram /t/pub/dgram" "unix-send /t/pub/dgram" "unix-seq /t/pub/seq" "unix-stream @public"; do
	asks closed ${o% *} ${o#* } ok
done
asks closed unix-pair - ok "a pair asks nothing, whatever the default"
asks closed unix-stream /t/pub/hard EPERM "an allowed name that is a link to another socket: the name it was bound to counts"
events >/dev/null
it_says held unix-held-send - ok "a send without a name asks nothing"
it_says held unix-held-sendto /t/run/dgram EPERM "a send with the name of the same peer does"
it_says held unix-held-send - ok "and the next one without a name does not"
it_says held unix-held-sendto /t/nothing ENOENT "a name that is not there"
it_says held unix-held-send - ok "after it a send without a name asks nothing either"
it_says held unix-hold /t/run/dgram EPERM "connecting anew to the same peer does"
it_says held unix-hold /t/pub/dgram ok
it_says held unix-held-send - ok
is "$(events | grep -c '"op":"connect"')" 2 "an event for each refusal and no more"
asks web unix-stream /t/run/stream EPERM
like "$(events)" '"object":"unix /t/run/stream"' "the event says the path"
asks web unix-send @secret-d EPERM
like "$(events)" '"object":"unix @secret-d"' "the event says the abstract name"
# the socket's file moves: its name is the one it has now
asks web unix-stream /t/pub/moving ok
mv /t/pub/moving /t/run/moving
asks web unix-stream /t/run/moving EPERM "renamed into the denied directory"
mv /t/run/moving /t/pub/moving
asks web unix-stream /t/pub/moving ok "and out of it again"
# its mount is taken away: no name, and whoever could be refused is
mkdir -p /t/gone && mount -t tmpfs none /t/gone
python3 -c 'import socket,time,os
s = socket.socket(socket.AF_UNIX); s.bind("/t/gone/s"); s.listen(5); os.chdir("/t/gone"); open("/t/gone-ready","w"); time.sleep(300)' &
gone=$!
for _ in $(seq 100); do [ -e /t/gone-ready ] && break; sleep 0.1; done
umount -l /t/gone
events >/dev/null
asks web unix-stream "/proc/$gone/cwd/s" EPERM "on a mount that is nowhere"
like "$(events)" '"reason":"detached"' "the event says detached"
asks other unix-stream "/proc/$gone/cwd/s" ok
# a dry run reports the same and refuses nothing
policy | load unix --dry-run
events >/dev/null
asks web unix-stream /t/run/stream ok
asks web unix-send @secret-d ok
is "$(events | grep -c '"verdict":"would-deny"')" 2 "a dry run reports both"
unload
secret ok
asks_closed ok
kill $server $gone $pid_held
done_testing
