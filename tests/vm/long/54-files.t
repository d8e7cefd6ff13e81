# What is done to files besides opening them: delete, rename, link, mknod, attr, setid, by every call; and owner.
. "$BAILIFF_TOP/tests/vm/lib.sh"
subject web strict mine other
mkdir -p /t/d /t/e
mount -t tmpfs none /t/d
truncate -s 64M disk.img && mkfs.ext4 -q disk.img && mount -o loop disk.img /t/e || not_ok "an ext4 image mounts"

fresh() {
	[ -d /t/e ] || rm -f /t/e
	rm -rf /t/d/* /t/e/*
	mkdir -p /t/d/keep/dir /t/d/free/dir /t/e/keep /t/e/free
	for f in a b c; do
		echo x >/t/d/keep/$f
		echo x >/t/d/free/$f
		echo x >/t/e/keep/$f
		echo x >/t/e/free/$f
	done
	for f in /t/e/*/a; do setfattr -n trusted.probe -v 1 $f 2>/dev/null || /t/other setxattr $f >/dev/null; done
}

keep() { # SUBJECT WANTED: what the rules are about
	local s=$1 w
	while read -r w; do
		fresh
		asks "$s" ${w%% *} "${w#* }" "$2" "$s: $w: $2"
	done <<'WAYS'
unlink /t/d/keep/a
rmdir /t/d/keep/dir
rename /t/d/free/a /t/d/keep/b
rename /t/d/keep/a /t/d/free/new
exchange /t/d/keep/a /t/d/free/a
exchange /t/d/free/a /t/d/keep/a
whiteout /t/d/keep/a /t/d/free/new
link /t/d/keep/a /t/d/free/linked
device /t/d/keep/null
mknod-setid /t/d/free/setid
create-setid /t/d/free/setid
chmod-setid /t/d/free/a
fchmod-setid /t/d/free/a
tmpfile-link /t/d/free /t/d/free/tmp
chmod /t/d/keep/a
chown /t/d/keep/a
lchown /t/d/keep/a
fchownat /t/d/keep/a
utimes /t/d/keep/a
utimes-set /t/d/keep/a
utimes /t/e/keep/a
setxattr /t/e/keep/a
fsetxattr /t/e/keep/a
removexattr /t/e/keep/a
acl /t/e/keep/a
acl-remove /t/e/keep/a
flags /t/e/keep/a
fsx /t/e/keep/a
WAYS
}
free() { # SUBJECT: the same on names that no rule is about
	local s=$1 w
	while read -r w; do
		fresh
		asks "$s" ${w%% *} "${w#* }" ok "$s: $w: ok"
	done <<'WAYS'
unlink /t/d/free/a
rmdir /t/d/free/dir
rename /t/d/free/a /t/d/free/b
exchange /t/d/free/a /t/d/free/b
link /t/d/free/a /t/d/free/linked
chmod /t/d/free/a
chown /t/d/free/a
utimes /t/e/free/a
setxattr /t/e/free/a
flags /t/e/free/a
create /t/d/free/new
WAYS
}
setattr=$(fresh; ask other file-setattr /t/e/keep/a) # ENOSYS before 6.17

# By other names: what the kernel tells without a mount holds under every name.
otherwise() { # WANTED
	local w
	fresh
	mkdir -p /t/bind
	mount --bind /t/e/keep /t/bind
	for w in utimes setxattr acl; do asks web $w /t/bind/a "$1" "$w through a bind mount: $1"; done
	for w in utimes setxattr; do asks web $w /t/e/keep/a "$1" "$w by the first name: $1"; done
	umount /t/bind
	asks web chroot "/t/e utimes /keep/a" "$1"
	asks web pivot "/t/e utimes /keep/a" "$1"
	asks web fork "utimes /proc/self/root/t/e/keep/a" "$1"
}
not_mine() { # WANTED: what is done to files of others
	fresh
	chmod 777 /t/d/free /t/d/keep
	chown 7 /t/d/free/a
	asks mine chmod /t/d/free/a "$1" "another's: $1"
	asks mine utimes /t/d/free/a "$1"
	asks mine rename "/t/d/free/a /t/d/free/x" "$1" "rename of another's: $1"
	[ ! -e /t/d/free/x ] || mv /t/d/free/x /t/d/free/a
	asks mine uid "7 unlink /t/d/free/c" "$1"
	asks mine uid "7 rename /t/d/free/a /t/d/free/b" "$1" "replacing another's: $1"
}

keep web ok
keep strict ok
otherwise ok
not_mine ok
free web
load files <<'POLICY'
profile web {
    subject exe /t/web;
    deny delete, rename, link, mknod, attr /t/d/keep/**, /t/e/keep/**;
    deny setid;
}
profile strict {
    subject exe /t/strict;
    allow delete, rename, link, mknod, attr, create /t/d/free/**, /t/e/free/**;
    allow create /t/d/**;
    default deny delete, rename, link, mknod, attr, setid, create;
}
profile mine {
    subject exe /t/mine;
    deny delete, rename, attr, create /t/d/** unless owner;
}
POLICY
keep web EPERM
free web
keep strict EPERM
free strict
keep other ok
fresh
case $setattr in
ok) asks web file-setattr /t/e/keep/a EPERM && asks web file-setattr /t/e/free/a ok ;;
*) is "$setattr" ENOSYS "file_setattr: not in this kernel" ;;
esac

otherwise EPERM

# ---- an overlay: the kernel's own changes of its layers ----
mkdir -p /t/o && mount -t tmpfs none /t/o && mkdir /t/o/{lower,upper,work} && echo x >/t/o/lower/a && echo x >/t/o/lower/b
mount -t overlay -o lowerdir=/t/o/lower,upperdir=/t/o/upper,workdir=/t/o/work none /t/d/free/dir
asks strict utimes /t/d/free/dir/a ok "overlay: times, copied up"
asks strict append /t/d/free/dir/b ok "overlay: copied up by an open"
asks strict utimes /t/d/free/dir/b ok
umount /t/d/free/dir /t/o

# ---- owner ----
not_mine EPERM
asks mine chmod /t/d/free/b ok "owner: root's own"
asks mine uid "7 chmod /t/d/free/a" ok "owner: fsuid"
asks mine uid "7 create /t/d/free/new" ok "what is new will be one's own"
asks mine uid "7 rename /t/d/free/a /t/d/free/x" ok
unload
keep web ok

# ---- what the kernel asks before it has looked for the name ----
fresh
cp /usr/bin/dash /t/sh
load early <<<'profile early { subject exe /t/sh; deny create /t/e/**; }'
sync && echo 2 >/proc/sys/vm/drop_caches
events >/dev/null
runs "an open with O_CREAT of a file that is there" /t/sh -c ': >>/t/e/free/b'
is "$(events | jq -r '"\(.verdict) \(.op) \(.object)"')" "deny create /t/e/free/b" "is reported as a creation that was refused, where the kernel did not know the name"
runs "and once more" /t/sh -c ': >>/t/e/free/b'
is "$(events)" "" "and is not, where it did"
fails 2 'Operation not permitted' "a file that is not there" /t/sh -c ': >>/t/e/free/new'
unload
umount /t/d /t/e
done_testing
