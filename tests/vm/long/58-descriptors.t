# Descriptors that a process did not open itself: arriving, and used after they came through exec.
. "$BAILIFF_TOP/tests/vm/lib.sh"
subject web audit strict watch loose other
mkdir -p /t/d
mount -t tmpfs none /t/d
for f in ok bad other; do head -c 8192 /dev/zero >/t/d/$f; done
mkdir /t/d/dir
sleep 1000 3<>/t/d/bad 4</t/d/ok 5>>/t/d/bad &
holder=$!

# ---- arriving ----
arrive() { # NAME WANTED: the file /t/d/bad by every way
	local how
	for how in r rw io; do asks other give "/t/$1 $how /t/d/bad" "$2" "$1: SCM_RIGHTS, opened $how: $2"; done
	asks $1 pidfd-take "$holder 3" "$2" "$1: pidfd_getfd: $2"
}
passing() { # NAME: what is not refused
	asks other give "/t/$1 r /t/d/ok" ok "$1: SCM_RIGHTS of a file that it may read"
	asks other give "/t/$1 path /t/d/bad" ok "$1: an O_PATH descriptor arrives"
	asks $1 pidfd-take "$holder 4" ok
}
append() { # NAME WRITE APPEND
	asks other give "/t/$1 w /t/d/other" "$2" "$1: opened to write: $2"
	asks other give "/t/$1 a /t/d/other" "$3" "$1: opened to append: $3"
}
socket() { # NAME WANTED
	asks other give-socket "/t/$1 127.0.0.1 999" "$2" "$1: a socket that is connected: $2"
	asks other give-socket "/t/$1 ::ffff:127.0.0.1 999" "$2" "$1: v4-mapped: $2"
	asks other give-socket "/t/$1 127.0.0.1 1000" ok "$1: one that is connected elsewhere"
}

# ---- using what is there as descriptor 3 ----
readers="read pread readv preadv2 sendfile splice copy map map-later map-shared aio uring uring-sqpoll uring-fixed"
writers="write pwrite pwritev2 sendfile-to splice-to copy-to map-write map-write-later aio-write uring-write fallocate copy-within"
use() { # NAME WAY FILE WANTED
	is "$("/t/$1" use "$2" 3<>"$3" 2>/dev/null | cut -f3)" "$4" "$1: $2 of an inherited descriptor of $3: $4"
}
uses() { # NAME WANTED: reads, writes and listings of what is denied
	local w
	for w in $readers; do use $1 $w /t/d/bad "$2"; done
	for w in $writers; do use $1 $w /t/d/other "$2"; done
	is "$("/t/$1" use getdents 3</t/d/dir | cut -f3)" "$2" "$1: getdents: $2"
}
free() { # NAME: what is not refused
	local w
	for w in $readers; do use $1 $w /t/d/ok ok; done
	for w in $writers; do use $1 $w /t/d/ok ok; done
	is "$("/t/$1" use write 3>>/t/d/other | cut -f3)" ok "$1: what was opened to append may append"
	is "$("/t/$1" use read 3< <(echo x) | cut -f3)" ok "$1: a pipe has no name"
}
appends() { # NAME WANTED
	is "$("/t/$1" use write 3>>/t/d/bad | cut -f3)" "$2" "$1: appending: $2"
}

refusals() { # PROFILE: what has been reported of it; a call that goes on may ask again
	events | grep "\"profile\":\"$1\"" | grep -oE '"(op|object)":"[^"]*"' | paste - - | sort -u
}

before() {
	local s
	for s in web audit; do
		arrive $s ok
		passing $s
		append $s ok ok
		socket $s ok
	done
	for s in strict watch loose; do
		uses $s ok
		free $s
		appends $s ok
	done
}
before
load rights <<'POLICY'
profile web {
    subject exe /t/web;
    deny read /t/d/bad;
    allow append /t/d/other;
    deny write /t/d/other;
    deny connect udp to 127.0.0.1 port 999;
}
profile audit {
    subject exe /t/audit;
    mode audit;
    deny read /t/d/bad;
    allow append /t/d/other;
    deny write /t/d/other;
    deny connect udp to 127.0.0.1 port 999;
}
profile strict {
    subject exe /t/strict;
    descriptors strict;
    deny read, append /t/d/bad, /t/d/dir;
    allow append /t/d/other;
    deny write /t/d/other;
}
profile watch {
    subject exe /t/watch;
    mode audit;
    descriptors strict;
    deny read, append /t/d/bad, /t/d/dir;
    allow append /t/d/other;
    deny write /t/d/other;
}
# the same process, not judged when it uses
profile also {
    subject exe /t/strict, /t/loose;
    deny read, write /t/d/ok, /t/d/bad, /t/d/other, /t/d/dir;
}
POLICY
arrive web EPERM
passing web
append web EPERM ok
socket web EPERM
events >/dev/null
arrive audit ok
passing audit
append audit ok ok
socket audit ok
is "$(events | grep -c '"verdict":"would-deny"')" 7 "audit mode reports what enforcing refuses"
asks other give "/t/other r /t/d/bad" ok "one in no profile is given it"
events >/dev/null
uses strict EPERM
free strict
appends strict EPERM
strict=$(refusals strict)
uses watch ok
free watch
appends watch ok
is "$(refusals watch)" "$strict" "audit mode reports every use that enforcing refuses"
uses loose ok
free loose
appends loose ok
is "$(events | grep -c .)" 0 "a profile that does not say strict is not asked"
asks loose read /t/d/bad EPERM
load plain <<'POLICY'
profile plain {
    subject exe /t/strict;
    deny read, write /t/d/bad, /t/d/other;
}
POLICY
uses strict ok
is "$(ls /sys/fs/bpf/bailiff/links | grep -c file_permission)" 0 "without the word no hook for it is attached"
unload
before
kill $holder
done_testing
