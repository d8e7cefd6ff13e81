# Where a file system takes other spellings for a name, a rule that refuses a file there cannot be walked round by one.
. "$BAILIFF_TOP/tests/vm/lib.sh"
subject web app
mkdir -p /t/img
truncate -s 16M /t/fs && mkfs.ext4 -q -O casefold -E encoding=utf8 /t/fs && mount -o loop /t/fs /t/img || not_ok "a file system that folds case"
mkdir -p /t/img/ci /t/img/cs /t/img/other && chattr +F /t/img/ci /t/img/other || not_ok "directories that fold case"
for f in ci/Secret ci/free cs/Secret cs/free other/free; do echo x >/t/img/$f; done
mkdir -p /t/img/ci/sub/deep && echo x >/t/img/ci/sub/deep/file && echo x >/t/img/ci/sub/deep/beside
cp "$probe" /t/img/ci/prog

policy() {
	cat <<'POLICY'
profile web {
    subject exe /t/web;
    deny read, write, attr /t/img/ci/Secret, /t/img/ci/sub/deep/file, /t/img/cs/Secret;
    deny exec /t/img/ci/Prog; # policyc: allow W-copy
}
profile app {
    subject exe /t/app;
    deny read /elsewhere;
    allow read /t/img/ci/free;
}
POLICY
}

# $1: ok or EPERM: without the policy, and with it
ways() {
	local w=$1
	asks web read /t/img/ci/Secret "$w" "as it is spelled in the rule: $w"
	asks web read /t/img/ci/SECRET "$w" "in another spelling, read: $w"
	asks web write /t/img/ci/secreT "$w" "write: $w"
	asks web chmod /t/img/ci/sECRET "$w" "chmod: $w"
	asks web exec /t/img/ci/PROG "$w" "exec: $w"
	asks web uring-read /t/img/ci/SECRET "$w" "io_uring: $w"
	asks web fd-read /t/img/ci/SECRET "$w" "a descriptor of O_PATH, opened again: $w"
	asks web read /t/img/ci/SUB/deep/FILE "$w" "a directory above it in another spelling: $w"
	mount --bind /t/img/ci /mnt
	asks web read /mnt/SECRET "$w" "below a bind mount: $w"
	umount /mnt
}
ways ok
policy | load case
ways EPERM
asks web read /t/img/ci/free EPERM "what is beside it, too: which name the rule means cannot be told"
asks web read /t/img/other/free ok "not where no rule refuses anything"
asks web read /t/img/cs/Secret EPERM "in a directory that does not fold: the rule's spelling is refused"
asks web read /t/img/cs/free ok "and nothing else"
asks web read /t/img/cs/SECRET ENOENT "and there is no other spelling"
asks app read /t/img/ci/free ok "who is refused nothing there is not concerned"
asks app read /t/img/ci/SECRET ok "whatever he is refused elsewhere"
is "$("$probe" read /t/img/ci/SECRET 2>/dev/null | cut -f3)" ok "nor is a process of no profile"
events >/dev/null
ask web read /t/img/ci/free >/dev/null
like "$(events)" '"reason":"case"' "the report says why"
asks web read /proc/sys/kernel/osrelease ok "procfs compares names for its own use"
unload
policy | load case --dry-run
ask web read /t/img/ci/free >/dev/null
like "$(events)" '"reason":"case"' "a dry run reports it"
unload
done_testing
