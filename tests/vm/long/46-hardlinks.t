# A rule that refuses a file by its name holds for its other links: those that are there before the load, and those made by anybody after it.
. "$BAILIFF_TOP/tests/vm/lib.sh"
subject web
mkdir -p /t/d /t/img /t/over /t/rw
mount -t tmpfs none /t/d && mount -t tmpfs none /t/rw && mkdir /t/rw/up /t/rw/work
truncate -s 8M /t/fs && mkfs.ext4 -q /t/fs && mount -o loop /t/fs /t/img || not_ok "a file system on a loop device"
for fs in d img; do
	mkdir -p /t/$fs/glob /t/$fs/free
	for f in secret other shadow once glob/f; do echo x >/t/$fs/$f; done
	cp "$probe" /t/$fs/prog && cp "$probe" /t/$fs/lib
	for f in secret prog lib; do ln /t/$fs/$f /t/$fs/free/old-$f; done
done

policy() {
	for fs in d img; do
		echo "profile web-$fs {
    subject exe /t/web;
    deny read, write, append, truncate, attr, link /t/$fs/secret, /t/$fs/prog, /t/$fs/shadow, /t/$fs/once, /t/$fs/glob/**;
    deny exec /t/$fs/prog; # policyc: allow W-copy
    deny map /t/$fs/lib;
    deny delete, rename /t/$fs/secret;
    allow create, write /t/$fs/free/**;
}"
	done
}

# $1: ok or EPERM, about links that were there before the load
old() {
	local w=$1 fs
	for fs in d img; do
		asks web read /t/$fs/free/old-secret "$w" "$fs: an older link, read: $w"
		asks web write /t/$fs/free/old-secret "$w" "write: $w"
		asks web chmod /t/$fs/free/old-secret "$w" "chmod: $w"
		asks web truncate /t/$fs/free/old-secret "$w" "truncate: $w"
		asks web exec /t/$fs/free/old-prog "$w" "exec: $w"
		asks web map /t/$fs/free/old-lib "$w" "map: $w"
		asks web uring-read /t/$fs/free/old-secret "$w" "io_uring: $w"
		asks web fd-read /t/$fs/free/old-secret "$w" "a descriptor of O_PATH, opened again: $w"
		asks web link "/t/$fs/free/old-secret /t/$fs/free/older" "$w" "a further link of it: $w"
		rm -f /t/$fs/free/older
		mount --bind /t/$fs/free /mnt
		asks web read /mnt/old-secret "$w" "below a bind mount: $w"
		umount /mnt
	done
}

# $1 as before, about links made while the policy is in force, by a process of no profile
new() {
	local w=$1 fs
	for fs in d img; do
		ln /t/$fs/shadow /t/$fs/free/new
		asks web read /t/$fs/free/new "$w" "$fs: a link made after the load, read: $w"
		ln /t/$fs/free/new /t/$fs/free/newer
		asks web read /t/$fs/free/newer "$w" "a link of the link: $w"
		mv /t/$fs/free/newer /t/$fs/newest
		asks web read /t/$fs/newest "$w" "moved: $w"
		ln /t/$fs/glob/f /t/$fs/free/globbed
		asks web read /t/$fs/free/globbed "$w" "of a name that a pattern matches: $w"
		# as passwd does it: a new file takes the name
		echo y >/t/$fs/nshadow && ln /t/$fs/nshadow /t/$fs/free/replaced && mv /t/$fs/nshadow /t/$fs/shadow
		asks web read /t/$fs/free/replaced "$w" "the file that has taken the name, by its other link: $w"
		asks web read /t/$fs/free/new "$w" "the one that had it: $w"
		echo y >/t/$fs/swap && ln /t/$fs/swap /t/$fs/free/swapped
		"$probe" exchange "/t/$fs/swap /t/$fs/once" >/dev/null
		asks web read /t/$fs/free/swapped "$w" "one that was exchanged with it: $w"
		rm -f /t/$fs/free/{new,globbed,replaced,swapped} /t/$fs/newest /t/$fs/swap
	done
}

old ok
new ok
policy | load links
old EPERM
new EPERM
asks web unlink /t/d/free/old-secret ok "another link can be deleted: the name that is refused stays"
ln /t/d/secret /t/d/free/old-secret
asks web rename "/t/d/free/old-secret /t/d/free/moved" ok "and renamed"
asks web read /t/d/free/moved EPERM "under its new name it is refused all the same"
asks web read /t/d/other ok "a file with one link is not touched"
ln /t/d/other /t/d/free/harmless
asks web read /t/d/free/harmless ok "nor one with two that no rule is about"
is "$("$probe" read /t/d/free/moved 2>/dev/null | cut -f3)" ok "nor a process of no profile"

# the inode's last name goes, and its number may come again
ln /t/img/shadow /t/img/free/last
rm /t/img/shadow /t/img/free/last
for i in $(seq 64); do echo x >/t/img/free/n$i; done
wrong=0
for i in $(seq 64); do [ "$(ask web read /t/img/free/n$i)" = ok ] || wrong=1; done
is "$wrong" 0 "files made after it are not taken for it"
echo x >/t/img/shadow

# nothing depends on the cache of inodes, nor on the daemon
sync && echo 3 >/proc/sys/vm/drop_caches
umount /t/img && mount -o loop /t/fs /t/img
asks web read /t/img/free/old-secret EPERM "after the file system was mounted again"

# events say by which name it was refused
events >/dev/null
ask web read /t/d/free/moved >/dev/null
like "$(events)" '"object":"/t/d/secret".*"canonical":true' "the report has the name that is refused"

# in a container, through overlayfs
mount -t overlay overlay -o lowerdir=/t/d,upperdir=/t/rw/up,workdir=/t/rw/work /t/over || not_ok "overlay"
asks web read /t/over/free/moved EPERM "an older link in a lower layer of overlayfs"
umount /t/over

# a reload keeps what is known; a policy that refuses nothing by name asks nothing
policy | sed 's/secret/secreta/g' | load links2
asks web read /t/d/free/moved ok "another policy, which does not refuse it: let through"
policy | load links3
asks web read /t/d/free/moved EPERM "the first one again"
"$enforcer" rollback >/dev/null
: >"$replay/key" # which image is in force now is known of loads alone
asks web read /t/d/free/moved ok "and back"
unload

# a dry run says the same
policy | load again --dry-run
is "$(ask web read /t/d/free/moved)" ok "a dry run lets it through"
like "$(events)" '"object":"/t/d/secret"' "and reports what would be refused"
unload

# more names than can be noted: refused, and said
rm -rf /t/d/many && mkdir /t/d/many && echo x >/t/d/many/0
for i in $(seq 9); do ln /t/d/many/0 /t/d/many/$i; done
{ echo 'profile web { subject exe /t/web;'; for i in $(seq 0 9); do echo "deny read /t/d/many/$i;"; done; echo '}'; } >many.policy
"$policyc" build -o many.bpi many.policy
fails 1 'is refused by more than 8 of its names, which is the limit' "a file that is refused by too many names" "$enforcer" load many.bpi
done_testing
