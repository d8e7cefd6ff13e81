# btrfs makes, deletes, copies and reads by ioctl(2), where no hook sees a name: who could be refused that anywhere is.
. "$BAILIFF_TOP/tests/vm/lib.sh"
mkdir -p /t/b
for s in web watch closed free other; do cp "$(command -v btrfs)" /t/$s; done
truncate -s 128M /t/fs && mkfs.btrfs -q /t/fs && mount -o loop /t/fs /t/b || not_ok "a file system on a loop device"
echo x >/t/b/secret
btrfs -q subvolume create /t/b/sub && btrfs -q subvolume snapshot -r /t/b/sub /t/b/ro || not_ok "a subvolume"

did() { # NAME WHAT...: what becomes of the command
	local out
	out=$("/t/$1" "${@:2}" 2>&1 >/dev/null) && echo ok && return
	case $out in *"Operation not permitted"*) echo EPERM ;; *) echo "$out" ;; esac
}
each() { # NAME CREATE SNAPSHOT DELETE SEND SEARCH: what is wanted of each
	is "$(did $1 subvolume create /t/b/new)" "$2" "$1: a subvolume is made: $2"
	[ -d /t/b/new ] || mkdir /t/b/new
	is "$(did $1 subvolume snapshot /t/b/sub /t/b/copy)" "$3" "$1: a snapshot is made, which gives files other names: $3"
	[ -d /t/b/copy ] || btrfs -q subvolume snapshot /t/b/sub /t/b/copy
	is "$(did $1 subvolume delete /t/b/copy)" "$4" "$1: a subvolume is deleted: $4"
	is "$(did $1 send -q -f /t/sent /t/b/ro)" "$5" "$1: a subvolume is sent: $5"
	is "$(did $1 subvolume list /t/b)" "$6" "$1: the trees are searched: $6"
	for d in new copy; do btrfs -q subvolume delete /t/b/$d 2>/dev/null || rmdir /t/b/$d; done
}
all() { each "$1" "$2" "$2" "$2" "$2" "$2"; }
for s in web watch closed free other; do all $s ok; done

policy() {
	cat <<-'POLICY'
	profile web { subject exe /t/web; deny create, delete, read /t/b/never; }
	profile closed { subject exe /t/closed; default deny create; allow create /t/b/**; }
	profile free { subject exe /t/free; deny connect tcp; deny mount; }
	profile watch { subject exe /t/watch; mode audit; deny create, delete, read /t/b/never; }
	POLICY
}
policy | load btrfs
events >/dev/null
all web EPERM
refused=$(events | grep -c '"verdict":"deny".*"reason":"unreadable"')
[ "$refused" -ge 5 ] && ok "the events say why: $refused" || not_ok "the events say why" "$refused"
each closed EPERM EPERM ok ok ok
all free ok
all other ok
events >/dev/null
all watch ok
is "$([ "$(events | grep -c '"verdict":"would-deny".*"reason":"unreadable"')" -ge 5 ] && echo yes)" yes "audit mode reports what enforcing refuses"

# a copy alone: only a rule that refuses something by its name is about it
load copy <<<'profile web { subject exe /t/web; deny exec /t/b/never; }'
each web ok EPERM ok ok ok
unload
done_testing
