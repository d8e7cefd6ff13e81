# Executable memory: every way to get it, of files, of memory, and of files that were written to in memory; and append.
. "$BAILIFF_TOP/tests/vm/lib.sh"
subject web jit strict log other
mkdir -p /t/d
mount -t tmpfs none /t/d
truncate -s 8192 /t/d/ok /t/d/bad /t/d/gone /t/d/gone2 /t/d/log
chmod +x /t/d/*
cp /usr/bin/true /t/d/true
cp "$probe" /t/d/prog

all() { # SUBJECT WANTED PATH: ways to map a file
	local w
	for w in map map-shared map-later map-less map-implied map-unwritten; do asks "$1" $w "$3" "$2"; done
}
memory() { # SUBJECT WANTED: ways to memory that is in no file
	local w
	for w in "map-anon now" "map-anon later" "map-anon shared" "map-heap" "map-stack" "map-shm"; do
		asks "$1" ${w% *} "${w#* }" "$2" "$1: $w: $2"
	done
	asks "$1" map-rwx /dev/zero "$2" "$1: /dev/zero: $2"
	asks "$1" map-later /dev/zero "$2" "$1: /dev/zero later: $2"
}
written() { # SUBJECT WANTED PATH: ways to a file's mapping with other contents
	local w
	for w in map-rwx map-written map-add-write; do asks "$1" $w "$3" "$2"; done
}
memfd() { # SUBJECT WANTED
	for w in shared private later; do asks "$1" map-memfd $w "$2"; done
}
append() { # NAME WRITE APPEND
	asks "$1" append /t/d/log "$3"
	asks "$1" append-keep /t/d/log "$3"
	asks "$1" append-private /t/d/log "$3"
	asks "$1" write /t/d/log "$2"
	asks "$1" rdwr /t/d/log "$2"
	for w in append-clear append-map append-mprotect; do asks "$1" $w /t/d/log "$2"; done
}

before() {
	local s
	for s in web jit strict; do
		all $s ok /t/d/bad
		memory $s ok
		written $s ok /t/d/bad
		memfd $s ok
	done
	append log ok ok
	in_other_ways ok
	truncate -s 8192 /t/d/gone
	asks jit map-deleted /t/d/gone ok
	truncate -s 8192 /t/d/gone
	asks log truncate /t/d/log ok
	for s in jit strict; do asks $s memfd-exec /t/other ok; done
	asks jit deleted-exec /t/other ok
	cp "$probe" /t/other
	all web ok /t/d/ok
	asks web exec /t/d/prog ok
}
in_other_ways() { # WANTED
	asks web chroot "/t map /d/bad" "$1"
	asks web fork "map /t/d/bad" "$1"
	asks web thread "map /t/d/bad" "$1"
}
before
asks strict run "/lib64/ld-linux-x86-64.so.2 /t/d/true" ok "before: ld.so by hand"
load map <<'POLICY'
profile web {
    subject exe /t/web;
    deny map /t/d/bad;
}
profile jit {
    subject exe /t/jit;
    deny map anonymous, memfd, deleted;
}
profile strict {
    subject exe /t/strict;
    allow exec /t/d/ok, /usr/bin/true, /usr/lib64/**, /usr/lib/*/ld*;
    allow map /usr/lib/**;
    default deny exec;
}
profile logger {
    subject exe /t/log;
    allow append, read /t/d/log;
    default deny write;
}
POLICY
all other ok /t/d/bad
all web EPERM /t/d/bad
all web ok /t/d/ok
memory web ok
written web EPERM /t/d/bad
written web ok /t/d/ok
memfd web ok
in_other_ways EPERM

all jit ok /t/d/bad
memory jit EPERM
written jit EPERM /t/d/bad
memfd jit EPERM
asks jit map-deleted /t/d/gone EPERM
asks other map-deleted /t/d/gone2 ok
asks jit deleted-exec /t/other ok "the rule is about map"
cp "$probe" /t/other

all strict EPERM /t/d/bad
all strict ok /t/d/ok
memory strict EPERM
written strict EPERM /t/d/ok "exec covers the file, not what is made of it in memory"
memfd strict EPERM
asks strict run "/usr/bin/true" ok "the kernel's own mapping of a program and its interpreter; its libraries"
asks strict run "/lib64/ld-linux-x86-64.so.2 /usr/bin/true" ok "ld.so by hand, of an allowed program"
asks strict run "/lib64/ld-linux-x86-64.so.2 /t/d/true" ECHILD "ld.so by hand, of another"

append log EPERM ok
asks log truncate /t/d/log EPERM "write covers truncate"
seen=$(events | jq -c 'select(.op == "map") | .object' | sort -u)
like "$seen" '^"anonymous"$' "an event names anonymous memory"
like "$seen" '^"memfd"$' "an event names a memfd"
like "$seen" '^"/t/d/bad"$' "an event names a file"

load code <<'POLICY'
profile web {
    subject exe /t/web;
    deny exec, map fstype tmpfs;
    deny map fstype ext4;
}
profile jit {
    subject exe /t/jit;
    deny exec memfd, deleted;
}
profile strict {
    subject exe /t/strict;
    allow map memfd;
    allow exec fstype tmpfs;
    default deny exec;
}
POLICY
all web EPERM /t/d/ok
asks web exec /t/d/prog EPERM "fstype"
asks web memfd-exec /t/d/prog ok "what has no name is on no file system"
asks web exec /usr/bin/true ok "on another file system"
all web ok /usr/bin/true
asks jit memfd-exec /t/other EPERM
asks jit exec /t/other ok
asks jit deleted-exec /t/other EPERM
cp "$probe" /t/other
memfd strict ok
memory strict EPERM
asks strict exec /t/d/prog ok
asks strict exec /usr/bin/true EPERM
asks strict memfd-exec /t/d/prog EPERM
asks strict map /t/d/ok ok "exec covers map, by file system too"
unload
before
umount /t/d
done_testing
