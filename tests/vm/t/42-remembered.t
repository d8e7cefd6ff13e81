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
    deny connect udp to 127.0.0.1 port 1001;
    deny connect to 127.0.0.1 port 1002 if cgroup /other;
    log connect udp to 127.0.0.1 port 1003;
    deny socket packet;
    deny map /t/c/free/code*;
    deny map deleted;
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

# ---- answers about addresses, sockets and mappings: each twice, before what is like it and refused
twice() { # TAG OPERATION OBJECT
	it_says "$@" ok "$2 $3"
	it_says "$@" ok "$2 $3, again"
}
twice web udp "127.0.0.1 1000"
it_says web udp "127.0.0.1 1001" EPERM "another port"
it_says web udp-send "127.0.0.1 1001" EPERM "another port, to send"
it_says web udp6-v4 "127.0.0.1 1001" EPERM "the same address in another family"
twice web udp "127.0.0.1 1002"
twice web udp "127.0.0.1 1003"
twice web socket "10 2 0"
it_says web socket "17 3 0" EPERM "another family"
cp /t/web /t/c/free/lib
twice web map /t/c/free/lib
twice web map /t/c/free/lib
mv /t/c/free/lib /t/c/free/code
it_says web map /t/c/free/code EPERM "mapped after a rename"
mv /t/c/free/code /t/c/free/lib
twice web map /t/c/free/lib
cp /t/web /t/c/free/gone
twice web map /t/c/free/gone
twice web map /t/c/free/gone
it_says web map-deleted /t/c/free/gone EPERM "mapped once it is deleted"

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
it_says web udp "127.0.0.1 1002" EPERM "another cgroup, to connect"
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
profile web { subject exe /t/web; deny read /t/c/free/f; deny connect udp to 127.0.0.1 port 1000; deny map /t/c/free/lib; deny socket inet6; }
$churn_profile
POLICY
load_image later || not_ok "a later policy" "$(cat load.out)"
it_says web read /t/c/free/f EPERM "a reload"
it_says web udp "127.0.0.1 1000" EPERM "a reload, to connect"
it_says web map /t/c/free/lib EPERM "a reload, to map"
it_says web socket "10 2 0" EPERM "a reload, a socket"
kill $pid_web $pid_two

# ---- what a process is exempt from is no answer for others: one is made the enforcer, as the daemon makes itself, by its number in the control map
load except <<POLICY || exit
profile web { subject exe /t/web; deny read /t/c/free/secret; }
$churn_profile
POLICY
echo x >/t/c/free/secret
waiting exempt /t/web -
waiting again /t/web -
is_kept exempt /t/c/free/f "a process opens a file that is free"
control() { # OFFSET VALUE: 32 bits of struct bl_control
	local bytes key=(0 0 0 0)
	mapfile -t bytes < <(bpftool -j map dump pinned /sys/fs/bpf/bailiff/maps/control | jq -r '.[0].value[]')
	for i in 0 1 2 3; do bytes[$1 + i]=$(($2 >> 8 * i & 255)); done
	bpftool map update pinned /sys/fs/bpf/bailiff/maps/control key "${key[@]}" value "${bytes[@]}"
}
control 16 "$pid_exempt"
it_says exempt read /t/c/free/secret ok "is made exempt, and opens what was refused to it"
it_says exempt read /t/c/free/secret ok "twice"
it_says again read /t/c/free/secret EPERM "which is refused to another one of its profile"
control 16 0
it_says exempt read /t/c/free/secret EPERM "and to itself afterwards"
kill $pid_exempt $pid_again

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
