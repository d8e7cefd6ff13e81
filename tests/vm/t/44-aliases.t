# A path rule holds for the file, however it is reached: every other name that a file can be given, against explicit denials.
. "$BAILIFF_TOP/tests/vm/lib.sh"
subject web box other
mkdir -p /t/d /t/low /t/a /t/b /t/o /t/img /t/img2 /t/ns
mount -t tmpfs none /t/d
mkdir -p /t/d/dir/sub /t/d/free /t/d/up /t/d/work /t/d/exec
for f in secret dir/f dir/sub/f free/f; do echo x >/t/d/$f; done
ln /t/d/secret /t/d/free/older
cp "$probe" /t/d/exec/prog && cp "$probe" /t/d/lib
ln -s /t/d/secret /t/b/link
truncate -s 8M /t/fs && mkfs.ext4 -q /t/fs && mount -o loop /t/fs /t/img || not_ok "a file system on a loop device"
loop=$(findmnt -no SOURCE /t/img)
mkdir -p /t/img/dir && echo x >/t/img/secret && echo x >/t/img/dir/f && echo x >/t/img/free
mount "$loop" /t/img2

policy() {
	cat <<'POLICY'
profile web {
    subject exe /t/web;
    deny read, write, append, truncate, attr, delete, create, exec /t/d/secret, /t/d/dir/**, /t/d/exec/**, /t/img/secret, /t/img/dir/**;
    deny map /t/d/lib;
}
profile box {
    subject exe /t/box;
    allow read, map, exec /t/a/**, /t/o/**, /dev/**, /proc/**;
    deny read /t/d/secret;
    default deny read, exec;
}
POLICY
}
once() { # DESCRIPTION WANTED COMMAND...
	local what=$1 wanted=$2 seen
	shift 2
	seen=$("$@" 2>/dev/null | tail -n 1 | cut -f3)
	is "$seen" "$wanted" "$what: $wanted"
}
private() { unshare -m sh -c "$1"; }
private_user() { unshare -Urm sh -c "$1"; }

# every way to secrets by another name; $1: ok or EPERM
ways() {
	local w=$1
	# other links; tests/vm/long has more of them
	asks web read /t/d/free/older "$w" "a hard link that was there before the load: $w"
	ln /t/d/dir/f /t/d/free/newer
	asks web read /t/d/free/newer "$w" "one that was made since: $w"
	rm /t/d/free/newer
	# bind mounts of a directory, a file, a subtree; made after the policy was loaded
	mount --bind /t/d /t/a
	asks web read /t/a/secret "$w" "bind mount of a directory, read: $w"
	asks web write /t/a/secret "$w" "write: $w"
	asks web append /t/a/secret "$w" "append: $w"
	asks web rdwr /t/a/secret "$w" "both: $w"
	asks web truncate /t/a/secret "$w" "truncate: $w"
	asks web chmod /t/a/secret "$w" "chmod: $w"
	asks web utimes-set /t/a/secret "$w" "times: $w"
	asks web create /t/a/dir/new "$w" "create: $w"
	asks web unlink /t/a/dir/new "$([ "$w" = ok ] && echo ok || echo ENOENT)" "unlink: what create left"
	echo x >/t/d/dir/victim
	asks web unlink /t/a/dir/victim "$w" "unlink: $w"
	rm -f /t/d/dir/victim
	asks web mkdir /t/a/dir/newdir "$w" "mkdir: $w"
	rmdir /t/d/dir/newdir 2>/dev/null
	asks web exec /t/a/exec/prog "$w" "exec: $w"
	asks web map /t/a/lib "$w" "map: $w"
	asks web rename "/t/a/secret /t/a/free/taken" "$w" "rename: $w"
	[ -e /t/d/secret ] || mv /t/d/free/taken /t/d/secret
	asks web rename "/t/a/dir /t/a/free/taken" "$w" "rename of a directory: $w"
	[ -e /t/d/dir ] || mv /t/d/free/taken /t/d/dir
	asks web link "/t/a/secret /t/a/free/taken" "$w" "link: $w"
	rm -f /t/d/free/taken
	asks web uring-read /t/a/secret "$w" "io_uring: $w"
	asks web fd-read /t/a/secret "$w" "a descriptor of O_PATH, opened again: $w"
	asks web in "/t/a handle secret" "$w" "by its handle: $w"
	asks web read /t/a/dir/sub/f "$w" "deeper: $w"
	asks web read /t/a/free/f ok "what no rule denies stays free"
	umount /t/a
	mount --bind /t/d/dir/sub /t/a
	asks web read /t/a/f "$w" "bind mount of a subtree: $w"
	umount /t/a
	touch /t/a/file && mount --bind /t/d/secret /t/a/file
	asks web read /t/a/file "$w" "bind mount of a file: $w"
	umount /t/a/file
	mount --bind /t/d /t/a && mount --bind /t/a/dir /t/b && umount /t/a
	asks web read /t/b/f "$w" "bind mount of a bind mount that is gone: $w"
	umount /t/b
	mkdir -p /t/b/deep/er && mount --bind /t/d /t/b/deep/er && mv /t/b/deep /t/b/moved
	asks web read /t/b/moved/er/secret "$w" "below a mount point whose parent was renamed: $w"
	umount /t/b/moved/er && rm -r /t/b/moved
	mount --bind /t/d /t/a && mkdir -p /t/b/m && mount --move /t/a /t/b/m 2>/dev/null
	asks web read "$([ -e /t/b/m/secret ] && echo /t/b/m/secret || echo /t/a/secret)" "$w" "a bind mount that was moved: $w"
	umount /t/b/m 2>/dev/null || umount /t/a
	# other mount namespaces
	once "bind mount in another mount namespace" "$w" private 'mount --bind /t/d /t/a && /t/web read /t/a/secret'
	once "moved tree in another mount namespace" "$w" private 'mount --bind /t/d /t/a && mount --move /t/a /mnt && /t/web read /mnt/secret'
	once "bind mount in another user namespace" "$w" private_user 'mount --rbind /t/d /t/a && /t/web read /t/a/secret'
	once "there, what it was mounted over is hidden" "$w" private 'mount --bind /t/d /t/a && mount -t tmpfs none /t/d && /t/web read /t/a/secret'
	once "pivot_root into the file system itself" "$w" private 'mount --bind /t/d /t/ns && /t/web pivot "/t/ns read /secret"'
	once "chroot into it" "$w" /t/web chroot "/t/d read /secret"
	once "the root of a process in another mount namespace" "$w" private \
		'mount --bind /t/d /t/a; sleep 30 & p=$!; nsenter -t 1 -m /t/web read /proc/$p/root/t/a/secret; kill $p'
	once "the working directory of one" "$w" private \
		'mount --bind /t/d /t/a; cd /t/a; sleep 30 & p=$!; cd /; nsenter -t 1 -m /t/web read /proc/$p/cwd/secret; kill $p'
	# trees that are nowhere
	asks web open-tree "/t/d secret" "$w" "a copied mount that is nowhere: $w"
	mount --bind /t/d /t/a
	asks web lazy "/t/a secret" "$w" "a tree that was unmounted lazily: $w"
	umount /t/a 2>/dev/null
	# overlayfs
	mount -t overlay -o lowerdir=/t/d/dir:/t/d/exec none /t/o || not_ok "an overlay without an upper layer"
	asks web read /t/o/f "$w" "overlay with the directory as its lower layer: $w"
	asks web exec /t/o/prog "$w" "exec there: $w"
	umount /t/o
	mount -t overlay -o lowerdir=/t/d,upperdir=/t/d/up,workdir=/t/d/work none /t/o 2>/dev/null ||
		mount -t overlay -o lowerdir=/t/d/free:/t/d/dir none /t/o
	asks web read "$([ -e /t/o/dir/f ] && echo /t/o/dir/f || echo /t/o/sub/f)" "$w" "overlay, one layer below: $w"
	umount /t/o
	mount -t overlay -o lowerdir=/t/d/free:/t/d/dir none /t/d/dir
	asks web read /t/d/dir/sub/f "$w" "overlay over the directory itself: $w"
	umount /t/d/dir
	# one file system twice
	asks web read /t/img2/secret "$w" "second mount of a file system: $w"
	asks web read /t/img2/dir/f "$w" "a directory there: $w"
	asks web read /t/img2/free ok "and what is free there"
	umount /t/img
	once "by the second mount, while the first is gone" ok /t/web read /t/img2/secret
	mount "$loop" /t/img
	# symbolic links
	asks web read /t/b/link "$w" "a symbolic link: $w"
	asks web read /proc/self/root/t/d/secret "$w" "/proc/self/root: $w"
}
# a default deny with an allowed name that leads to what is denied elsewhere
default_deny() { # WANTED
	mount --bind /t/d /t/a
	asks box read /t/a/free/f ok "default deny, by an allowed name"
	asks box read /t/a/secret "$1" "an allowed name of a denied file: $1"
	asks box exec /t/a/exec/prog ok "canonical names are not asked about what only the default refuses"
	umount /t/a
	mount -t overlay -o lowerdir=/t/d:/t/low none /t/o
	asks box read /t/o/free/f ok "default deny on an overlay"
	asks box list /t/o/dir ok "a directory there"
	asks box exec /t/o/exec/prog ok "exec there"
	asks box read /t/o/secret "$1" "a denied file in a layer: $1"
	umount /t/o
}

ways ok
default_deny ok
policy | load aliases
ways EPERM
default_deny EPERM

# ---- what the events say; one report for a profile and a call ----
events >/dev/null
mount --bind /t/d /t/a
asks web read /t/a/secret EPERM
asks web read /t/d/secret EPERM
is "$(events | jq -c '[.object, .canonical, .rule.line]')" '["/t/d/secret",true,3]
["/t/d/secret",false,3]' "one event each, by the name that the rule is about; a canonical one is marked"
policy | load aliases --dry-run
asks web read /t/a/secret ok "dry run"
asks web read /t/d/secret ok
is "$(events | jq -c '[.object, .canonical, .verdict]')" '["/t/d/secret",true,"would-deny"]
["/t/d/secret",false,"would-deny"]' "a dry run reports the same"
umount /t/a
unload
ways ok
umount /t/img2 /t/img /t/d
done_testing
