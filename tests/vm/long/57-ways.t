# Ways round rules about files and code by other calls: io_uring, what copies, what the kernel opens for a process, attributes for good, and
# code that is neither mapped nor executed by name. With all allowed but what is refused, and with all refused but what is allowed.
. "$BAILIFF_TOP/tests/vm/lib.sh"
subject web closed shed jit strict nomem mounter appender other third good
mkdir -p /t/d /t/e /t/b /t/m /t/p /t/late
mount -t tmpfs none /t/d
truncate -s 64M e.img && mkfs.ext4 -q -b 4096 -O ^metadata_csum,verity,encrypt e.img && mount -o loop e.img /t/e || not_ok "an ext4 image mounts"
truncate -s 128M b.img && mkfs.btrfs -q b.img >/dev/null 2>&1 && mount -o loop b.img /t/b || not_ok "a btrfs image mounts"
truncate -s 8M late.img && mkfs.ext4 -q late.img && mount -o loop late.img /t/late && echo x >/t/late/secret && ln /t/late/secret /t/late/old && umount /t/late
echo core >/proc/sys/kernel/core_pattern
mkdir -p model/{keep,free}/dir
for w in keep/a free/a free/copy free/code; do head -c 8192 /dev/zero >model/$w; done
{ echo secret; head -c 4089 /dev/zero; } >model/secret
dd if=/dev/zero of=model/keep/swap bs=64k count=2 status=none
chmod 600 model/keep/swap
mkswap -q model/keep/swap
declare -A absent # operations that the kernel does not have

fresh() { # [DIRECTORY]: as they were
	local f
	for f in ${1:-/t/d /t/e /t/b}; do
		rm -rf $f/*
		cp -r --preserve=mode --sparse=never model/. $f
	done
	/t/other setxattr /t/e/keep/a >/dev/null
}
ways() { # SUBJECT WANTED: what is done to files that the rules are about
	local s=$1 op object want got
	while read -r op object; do
		[ -z "${absent[$op]:-}" ] || continue
		want=$2
		if [ "$want" = ok ]; then
			fresh "$(echo "$object" | grep -o '^/t/.')"
			got=$(ask "$s" "$op" "$object")
			if [ "$got" = ENOSYS ]; then
				absent[$op]=1
				echo "# this kernel has no $op"
			else
				is "$got" ok "$s: $op $object: ok"
			fi
			continue
		fi
		[ $op != core ] || want=ENOENT # there is no core
		asks "$s" "$op" "$object" "$want" "$s: $op $object: $want"
	done <<'WAYS'
uring-openat2 /t/d/secret
uring-direct /t/d/secret
int80-read /t/d/secret
clone /t/b/secret /t/b/free/copy
clone /t/b/free/a /t/b/keep/a
clone-range /t/b/secret /t/b/free/copy
clone-range /t/b/free/a /t/b/keep/a
dedupe /t/b/secret /t/b/free/copy
dedupe /t/b/free/a /t/b/keep/a
copy-range /t/d/secret /t/d/free/copy
copy-range /t/d/free/a /t/d/keep/a
uring-rename /t/d/keep/a /t/d/free/new
uring-rename /t/d/free/a /t/d/keep/a
uring-exchange /t/d/free/a /t/d/keep/a
uring-link /t/d/secret /t/d/free/new
uring-link /t/d/free/a /t/d/keep/new
uring-symlink /t/d/keep/new
uring-unlink /t/d/keep/a
uring-mkdir /t/d/keep/new
uring-setxattr /t/e/keep/a
uring-fsetxattr /t/e/keep/a
setxattrat /t/e/keep/a
removexattrat /t/e/keep/a
fchmodat2 /t/d/keep/a
file-capability /t/e/keep/a
verity /t/e/keep/a
encrypt /t/e/keep/dir
generation /t/e/keep/a
generation-ext4 /t/e/keep/a
acct /t/d/keep/a
swapon /t/e/keep/swap
core /t/d/keep
WAYS
}
# Descriptors and links that lead to the file of another process.
others() { # SUBJECT WANTED
	local map fd
	fresh /t/d
	rm -f keeper.i keeper.o
	waiting keeper /t/other -
	ask_it keeper keep /t/d/secret >/dev/null
	map=$(find /proc/$pid_keeper/map_files -lname /t/d/secret | head -1)
	fd=$(find /proc/$pid_keeper/fd -lname /t/d/secret | head -1)
	asks "$1" read "$map" "$2" "$1: /proc/PID/map_files: $2"
	asks "$1" read "$fd" "$2" "$1: /proc/PID/fd: $2"
	asks other addfd "/t/$1 /t/d/secret" "$2" "$1: a descriptor given by who answers its system calls (seccomp): $2"
	(sleep 1; /t/other read /t/d/secret) >/dev/null &
	asks "$1" fanotify /t/d/secret "$2" "$1: the descriptor of a fanotify event: $2"
	wait $!
	rm /t/d/secret
	asks "$1" read "$fd" "$2" "$1: /proc/PID/fd of a deleted file: $2"
	fresh /t/d
	kill $pid_keeper
}
flips() { # SUBJECT WANTED: a link that leads now to the secret, now to another file
	echo freely >/t/d/free/a
	ln -sf /t/d/free/a /t/d/flip
	/t/other flip "100000 /t/d/flip /t/d/free/a /t/d/secret" >/dev/null &
	asks "$1" leak "1000 /t/d/flip" "$2" "$1: a symbolic link that changes all the time: $2"
	kill $! 2>/dev/null
	wait $! 2>/dev/null
}
beneath() { # WANTED
	mount -t tmpfs none /t/m
	asks web beneath "/t/d/free /t/m" "$1" "a mount beneath another (MOVE_MOUNT_BENEATH): $1"
	umount /t/m
	umount /t/m 2>/dev/null
}
beneath_ok=ok
[ "$BAILIFF_GUEST" != 6.1 ] || beneath_ok=EINVAL # since 6.5
programs() {
	local w
	for w in exit stack itself; do /t/other make-elf "$w /t/d/free/$w" >/dev/null; done
	/t/other make-elf "exit /t/d/denied" >/dev/null
	/t/other make-elf "exit /t/d/free/by-denied /t/d/denied" >/dev/null
}
by_kernel() { # OP OBJECT: does the kernel itself refuse it, or not have it?
	local got
	got=$(ask other "$1" "$2")
	case $got in
	ENOSYS | EPERM | EIO) absent[$1]=1 && echo "# $1 is refused by this kernel: $got" ;;
	*) return 1 ;;
	esac
}
held() { # SUBJECT WANTED: memory that becomes executable
	local w
	for w in "map-pkey -" "map-ring -" "map-secret -" "tmpfile-exec /t/d/free"; do
		[ -z "${absent[${w% *}]:-}" ] || continue
		asks "$1" ${w% *} "${w#* }" "$2" "$1: $w: $2"
	done
}
selfmem() { # SUBJECT WANTED DESCRIPTION
	[ -n "${absent[map-selfmem]:-}" ] || asks "$1" map-selfmem /t/d/free/code "$2" "$3"
}

# 1. without a policy all of it works
fresh
ways web ok
fresh
others web ok
flips web EBADMSG
beneath $beneath_ok
ln /t/e/keep/a /t/e/free/old
asks shed generation /t/e/free/old ok "another generation number"
asks other ring-send "/t/web /t/d/secret" ok "before: a file sent into the ring"
programs
by_kernel map-ring - # 7.2 gives anonymous inodes no executable mappings
by_kernel map-secret -
by_kernel map-selfmem /t/d/free/code # since 6.12 by proc_mem.force_override=
held jit ok
for w in exit stack itself by-denied; do asks strict ends /t/d/free/$w ok; done
for w in map-twice map-remap; do asks strict $w /t/d/free/code ok; done
selfmem strict ok "before: code through /proc/self/mem"
asks jit map-brk - ok
asks web ends /t/d/denied ok
waiting third /t/third -
asks web exec /proc/$pid_third/exe ok "/proc/PID/exe: ok"

# 2. files
fresh
ln /t/e/keep/a /t/e/free/old
load ways <<'POLICY'
profile web {
    subject exe /t/web;
    deny read /t/[deb]/secret, /t/m/file;
    deny modify /t/[deb]/keep/**;
}
profile closed {
    subject exe /t/closed;
    allow file /t/[deb]/free/**, /dev/null;
    default deny file;
}
profile shed { subject exe /t/shed; deny write /t/e/keep/a; }
POLICY
asks shed write /t/e/free/old EPERM "an older link: EPERM"
asks shed generation /t/e/free/old EPERM "a link that would no longer be known, by another generation number: EPERM"
asks shed generation-ext4 /t/e/free/old EPERM
asks shed write /t/e/free/old EPERM "and it is still known"
asks shed generation /t/e/free/copy ok "of a file with one name"
for s in web closed; do ways $s EPERM; done
others web EPERM
flips web ok
beneath "${beneath_ok/ok/EPERM}"
asks web unmounted "tmpfs file" EPERM "a file system that is mounted nowhere, by who is refused files: EPERM"
# not held
asks other ring-poll "/t/web /t/d/secret" ok "an open in an inherited ring whose maker polls it"
asks other ring-send "/t/web /t/d/secret" ok "a file sent into the ring (IORING_MSG_SEND_FD)"

# 3. code
programs
load code <<'POLICY'
profile jit {
    subject exe /t/jit;
    deny exec, map anonymous, memfd, deleted;
}
profile strict {
    subject exe /t/strict;
    allow exec /t/strict;
    default deny exec;
}
profile web { subject exe /t/web; descriptors strict; deny exec /t/d/denied, /t/third; deny read /t/d/secret; }
profile nomem { subject exe /t/nomem; deny write /proc/**/mem; }
profile trust { subject any except exe /t/other; deny read /t/d/secret unless exe /t/good; }
POLICY
asks other ring-send "/t/web /t/d/secret" EPERM "a file sent into the ring, where descriptors are judged when used: EPERM"
held jit EPERM
held strict EPERM
for w in exit stack itself by-denied; do asks strict ends /t/d/free/$w EPERM "default deny exec: a program that makes code of its own: $w"; done
for w in map-twice map-remap; do asks strict $w /t/d/free/code EPERM "default deny exec: $w"; done
asks web ends /t/d/denied EPERM
asks web exec /proc/$pid_third/exe EPERM "/proc/PID/exe: EPERM"
selfmem nomem EPERM "code through /proc/self/mem, where a rule is about that"
is "$( (exec -a /t/good /t/third read /t/d/secret) | cut -f3)" EPERM "the name that a process gives itself (argv[0]) is not its program"
asks good read /t/d/secret ok
# not held
asks jit ends /t/d/free/stack ok "an executable stack that the program asks for"
asks jit ends /t/d/free/itself ok "a segment that can be written and executed"
asks jit map-brk - ok "a heap made executable by personality(2)"
asks jit map-twice /t/d/free/code ok "a file mapped twice, to write and to execute"
selfmem jit ok "code through /proc/self/mem"
asks web ends /t/d/free/by-denied ok "a denied program as the interpreter of an ELF file"

# 4. what is not held of mounts, and of files that may only grow
load rest <<'POLICY'
profile mounter { subject exe /t/mounter; deny mount; }
profile web { subject exe /t/web; deny write /proc/sys/**; deny read /proc/*/mem, /t/late/secret; }
profile appender { subject exe /t/appender; allow append /t/d/free/a; default deny write; }
POLICY
mount -t proc none /t/p
asks web write /proc/sys/kernel/hostname EPERM
asks web write /t/p/sys/kernel/hostname ok "another mount of procfs"
asks web read /proc/self/mem EPERM
asks web read /proc/thread-self/mem ok "a file of /proc by the thread's number"
asks mounter mount "tmpfs none /t/m" EPERM
asks mounter mount-attr /t/d ok "mount_setattr(2)"
asks mounter unmounted "tmpfs file" ok "a file system that is mounted nowhere"
asks appender write /t/d/free/a EPERM
asks appender append-punch /t/d/free/a ok "a hole in a file that may only be appended to"
got=$(ask appender append-at /t/d/free/a)
[ "$got" = EOPNOTSUPP ] || is "$got" ok "overwriting with RWF_NOAPPEND" # since 6.9
mount -o loop late.img /t/late
asks web read /t/late/secret EPERM
asks web read /t/late/old ok "an older link in a file system that was mounted after the load"
load_image rest || not_ok "it loads again" "$(cat load.out)"
asks web read /t/late/old EPERM "and after another load: EPERM"
unload
done_testing
