# Verdicts that are remembered: what is remembered, and that nothing is longer than what it depended on. The counter opens_judged tells an open that
# was judged from one whose verdict was remembered. BAILIFF_CHURN: steps of the random changes.
. "$BAILIFF_TOP/tests/vm/lib.sh"
subject web two
churn=$BAILIFF_TOP/.out/tests/vm/churn
cp "$churn" /t/churn
mkdir -p /t/c /t/v
truncate -s 32M /t/fs && mkfs.ext4 -q /t/fs && mount -o loop /t/fs /t/c || not_ok "a file system on a loop device"
mkdir /t/c/free /t/c/kept && chmod 777 /t/c /t/c/*
for f in f h; do echo x >/t/c/free/$f; done

churn_profile='profile churn {
    subject exe /t/churn;
    deny read, truncate /t/c/**/d*, /t/c/**/d*/**;
    deny read, truncate /t/c/**/o unless owner;
    deny read, truncate /t/c/**/u if user 1000;
}'
load remembered <<POLICY || exit
profile web {
    subject exe /t/web, /t/two;
    deny read /t/c/kept/**, /t/v/**, /t/c/free/kept*;
    deny read /t/c/free/h if cgroup /other;
    deny read /t/c/free/own* unless owner;
    log read /t/c/free/logged;
}
$churn_profile
POLICY
waiting web /t/web -
waiting two /t/two -
judged() { "$enforcer" status --json | jq .counters.opens_judged; }
# Whether the verdict about a file is remembered: the first opens may be judged.
remembers() { # TAG FILE
	local before
	ask_it "$1" read "$2" >/dev/null
	ask_it "$1" read "$2" >/dev/null
	before=$(judged)
	ask_it "$1" read "$2" >/dev/null
	ask_it "$1" read "$2" >/dev/null
	[ "$(judged)" -eq "$before" ]
}
is_kept() { # TAG FILE DESCRIPTION; once more, as what is remembered ends with the minute
	remembers "$1" "$2" || remembers "$1" "$2" && ok "$3" || not_ok "$3" "it was judged again"
}
is_judged() { # TAG FILE DESCRIPTION
	remembers "$1" "$2" && not_ok "$3" "it was remembered" || ok "$3"
}

is_kept web /t/c/free/f "an open that is allowed without a report is remembered"
is_kept two /t/c/free/f "of another process of the same profile, too"
is_kept web /t/c/free "of a directory"
echo x >/t/c/free/logged
is_judged web /t/c/free/logged "one that is reported is not"
ln /t/c/free/f /t/c/free/f2
is_judged web /t/c/free/f "nor of a file with two links"
rm /t/c/free/f2
is_judged web /t/c/free/f "nor of one that had two"
rm /t/c/free/f && echo x >/t/c/free/f
is_kept web /t/c/free/f "a new file of the same name is another one"

# ---- what each answer depends on
mv /t/c/free/f /t/c/kept/f
it_says web read /t/c/kept/f EPERM "renamed"
mv /t/c/kept/f /t/c/free/f
is_kept web /t/c/free/f "renamed back"
mv /t/c/kept /t/c/k && mv /t/c/free /t/c/kept
it_says web read /t/c/kept/f EPERM "a parent is renamed"
mv /t/c/kept /t/c/free && mv /t/c/k /t/c/kept
is_kept web /t/c/free/f "and back"
mount --bind /t/c/free /t/v
it_says web read /t/c/free/f EPERM "mounted where it is refused"
umount /t/v
it_says web read /t/c/free/f ok "and not any more"
is_kept web /t/c/free/h "before the cgroup changes"
mkdir -p /sys/fs/cgroup/other
echo $pid_web >/sys/fs/cgroup/other/cgroup.procs
it_says web read /t/c/free/h EPERM "another cgroup"
echo $pid_web >/sys/fs/cgroup/cgroup.procs
it_says web read /t/c/free/h ok "and back"
echo x >/t/c/free/own
is_kept web /t/c/free/own "the owner's file"
chown 1000 /t/c/free/own
it_says web read /t/c/free/own EPERM "another owner"
echo x >/t/c/free/tmp
is_kept web /t/c/free/tmp "a file"
ln /t/c/free/tmp /t/c/free/kept1 && rm /t/c/free/tmp
it_says web read /t/c/free/kept1 EPERM "its other link"
is_kept web /t/c/free/f "before a reload"
compile later <<POLICY
profile web { subject exe /t/web; deny read /t/c/free/f; }
$churn_profile
POLICY
load_image later || not_ok "a later policy" "$(cat load.out)"
it_says web read /t/c/free/f EPERM "a reload"
kill $pid_web $pid_two

# ---- changes at random
judged=$(judged)
cd /t/c
out=$("$churn" 1 "${BAILIFF_CHURN:-3000}" /t/churn 2>&1)
cd - >/dev/null
is "${out##*, }" "disagreements 0" "remembered and fresh verdicts agree: $out"
opens=$(sed -n 's/.*opens \([0-9]*\),.*/\1/p' <<<"$out")
judged=$(($(judged) - judged))
echo "# $opens opens, $judged judged"
remembered=$((opens - judged))
[ $((remembered * 10)) -gt $opens ] && ok "one in ten was remembered" || not_ok "one in ten was remembered" "$remembered of $opens"
for m in $(awk '$2 ~ "^/t/c/" { print $2 }' /proc/mounts | tac); do umount -l "$m"; done
unload
umount /t/c && rm /t/fs
done_testing
