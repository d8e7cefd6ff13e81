# Internal failures: names, owners and labels that cannot be had, calls that end half way. The table of them is docs/failures.md.
. "$BAILIFF_TOP/tests/vm/lib.sh"
subject web other asker mover entered half holder unsettled $(seq -f 'c%g' 17)
mkdir -p /t/u /t/wide /t/d /t/st /t/img /t/bnd /t/fat /t/many /t/ram /t/five /t/six /t/m
mount -t tmpfs none /t/d
cp /t/other /t/u/unsettled && cp /t/other /t/wide/unsettled && cp /t/other /t/wide/wide
for f in free denied held1; do echo x >/t/d/$f; done
truncate -s 8M /t/fs && mkfs.ext4 -q /t/fs && mount -o loop /t/fs /t/img || not_ok "a file system on a loop device"
mount -t ramfs none /t/ram
mount -t tmpfs none /t/m

reason() { # PROFILE REASON DESCRIPTION: events of this profile say so
	like "$(events)" "\"profile\":\"$1\".*\"reason\":\"$2\"|\"reason\":\"$2\".*\"profile\":\"$1\"" "$3: the event says $2"
}
counter() { # NAME: how often, since the programs were loaded
	"$enforcer" status --json | jq ".counters | .reasons.\"$1\" // .\"$1\""
}
grew() { # NAME BEFORE DESCRIPTION
	local now
	now=$(counter "$1")
	[ "$now" -gt "$2" ] && ok "$3: counted as $1" || not_ok "$3: counted as $1" "$2 before, $now now"
}
# A profile that could refuse reading refuses it and says why, it is counted, and nobody else notices.
failure() { # DESCRIPTION REASON OP OBJECT
	local before all
	before=$(counter "$2") all=$(counter refused_without_rule)
	events >/dev/null
	asks web "$3" "$4" EPERM "$1: refused"
	reason names "$2" "$1"
	grew "$2" "$before" "$1"
	grew refused_without_rule "$all" "$1"
	asks wide/wide "$3" "$4" ok "$1: a profile that cannot refuse it"
	asks other "$3" "$4" ok "$1: a process in no profile"
}

# ---- what is there before the load, and works ----
ask other stack "2310 /t/st" >/dev/null && echo x >/t/st/f
mkdir -p /t/img/b/in && echo x >/t/img/f && echo x >/t/img/b/in/f && mount --bind /t/img/b /t/bnd
# FAT12, 1.44 MB: names of its long entries are counted in characters
python3 - <<'PYTHON'
b = bytearray(1474560)
b[0:11] = b'\xeb\x3c\x90mkdosfs '
b[11:13], b[13], b[14:16], b[16], b[17:19], b[19:21], b[21], b[22:24] = b'\x00\x02', 1, b'\x01\x00', 1, b'\xe0\x00', b'\x40\x0b', 0xf8, b'\x09\x00'
b[24:26], b[26:28], b[510:512], b[512:515] = b'\x12\x00', b'\x02\x00', b'\x55\xaa', b'\xf8\xff\xff'
open('/t/fatfs', 'wb').write(b)
PYTHON
mount -t vfat -o loop,utf8 /t/fatfs /t/fat || not_ok "a FAT file system"
euros=/t/fat/$(printf '\342\202\254%.0s' $(seq 100))
echo x >"$euros"
mount -t tmpfs none /t/many && echo x >/t/many/f
echo 300000 >/proc/sys/fs/mount-max
is "$(ask web read /t/st/f) $(ask web read "$euros") $(ask web in "/t/img handle-cold f") $(ask web read /t/many/f)" "ok ok ok ok" \
	"without a policy all of them can be read"
cd /t/bnd/in || exit 1
waiting moved /t/web -
waiting moved_other /t/other -
cd - >/dev/null || exit 1
mv /t/img/b/in /t/img/out
it_says moved read f ok "without a policy: a directory that was moved out of its mount"
waiting many unshare -m /t/other -
it_says many grow "17 /t/many" ok "131,072 mounts of one file system"
for n in 240 280; do
	/t/other line "$n when /t/go read /t/d/free" >line.$n &
	eval "line_$n=$!"
done
until [ "$(pgrep -cx other)" -ge 520 ]; do sleep 0.5; done

mkdir /t/img/secret
for f in mine theirs secret/mine secret/theirs plain a; do echo x >/t/img/$f; done
ln /t/img/a /t/img/b.attr
chown 7 /t/img/theirs /t/img/secret/theirs
cp /t/other /t/img/prog && cp /t/other /t/img/prog7 && chown 7 /t/img/prog7
echo x >/t/ram/a && ln /t/ram/a /t/ram/b
owned() { # NAME DIR MINE THEIRS: what the process gets of its own files, and of others
	asks $1 read $2/mine $3
	asks $1 read $2/theirs $4
	asks $1 link "$2/secret/mine $2/x" $3
	rm -f /t/img/x
	asks $1 link "$2/secret/theirs $2/x" $4
	rm -f /t/img/x
	asks $1 rename "$2/secret/mine $2/x" $3
	[ ! -e /t/img/x ] || mv /t/img/x /t/img/secret/mine
	asks $1 rename "$2/secret/theirs $2/x" $4
	[ ! -e /t/img/x ] || mv /t/img/x /t/img/secret/theirs
	asks $1 exec $2/prog $3
	asks $1 exec $2/prog7 $4
}
asks other idmap "5 /t/img /t/five" ok "an idmapped mount with 5 extents"
asks other idmap "6 /t/img /t/six" ok "one with 6"
is "$(stat -c %u /t/six/theirs)" 7 "it shows the owners"
for d in /t/img /t/six; do owned web $d ok ok; done
halves() { # WANTED
	it_says half trunc-direct /t/ram/a EINVAL "an open to truncate that fails"
	it_says half truncate /t/ram/b "$1" "and then a truncation by a name that is not allowed: $1"
	it_says half flags-bad /t/img/a EOPNOTSUPP "an ioctl that fails"
	is "$(ask_it half file-setattr /t/img/b.attr | sed 's/ENOSYS/'"$1/")" "$1" "and then file_setattr(2) by a name that is not allowed: $1"
	it_says half remount-bad /t/m EINVAL "a remount that fails"
	it_says half fspick /t/m "$1" "and then one without a name: $1"
}
waiting half /t/half -
halves ok
touch go
asks mover held-exec "$PWD/go /t/entered" ok "without a policy: an exec that is held"
rm go

# ---- names ----
load names <<'POLICY'
profile names {
    subject exe /t/web, /t/unsettled;
    deny read /t/nothing, /t/d/denied;
}
profile wide {
    subject exe /t/wide/*;
    default deny write;
    allow write /proc/sys/vm/drop_caches, /t/**;
}
POLICY
events >/dev/null
touch /t/go
wait $line_240 $line_280
is "$(cut -f3 line.240)" ok "240 living ancestors"
is "$(cut -f3 line.280)" EPERM "280 living ancestors"
like "$(events)" '"reason":"label-full"' "280 living ancestors: the event says label-full"
asks web read /t/d/free ok
asks web mq queue ok "a message queue, which was never anywhere: no failure"
failure "more mounts above than steps" name-too-deep read /t/st/f
failure "a component of more than 255 bytes" unreadable read "$euros"
failure "by its handle, after its name was forgotten" disconnected in "/t/img handle-cold f"
failure "more mounts of the file system than can be asked" name-too-deep read /t/many/f
kill $pid_many
events >/dev/null
it_says moved read f EPERM "a directory that was moved out of its mount"
reason names disconnected "a directory that was moved out of its mount"
it_says moved_other read f ok "a directory that was moved out of its mount: a process in no profile"
kill $pid_moved $pid_moved_other

# a rename that takes longer than a walk waits
"$top/.out/tests/vm/hold" "$top/.out/tests/vm/hold.bpf.o" >hold.out 2>&1 &
hold=$!
for _ in $(seq 100); do grep -q held hold.out && break; sleep 0.1; done
like "$(cat hold.out)" held "renames can be held"
held() { # PROGRAM OP OBJECT: what it got while a rename was under way
	local answer
	"$1" "$2" "$3" >held.out 2>/dev/null &
	answer=$!
	while kill -0 $answer 2>/dev/null; do
		[ -e /t/d/held1 ] && /t/holder rename "/t/d/held1 /t/d/held2" || /t/holder rename "/t/d/held2 /t/d/held1"
	done >/dev/null
	wait $answer
	cut -f3 held.out
}
before=$(counter unsettled)
is "$(held /t/unsettled read /t/d/free)" EPERM "a rename that takes long: refused"
reason names unsettled "a rename that takes long"
grew unsettled "$before" "a rename that takes long"
is "$(held /t/wide/unsettled read /t/d/free)" ok "a rename that takes long: a profile that cannot refuse it"
is "$(held /t/u/unsettled read /t/d/free)" ok "a rename that takes long: a process in no profile"
is "$(held /t/u/unsettled run "/t/web read /t/d/denied")" EPERM "a program whose name does not settle: the next question finds it out"
is "$(held /t/u/unsettled run "/t/other read /t/d/denied")" ok "one in no profile"
kill $hold
asks web read /t/d/free ok "and afterwards"

# ---- whose a file is ----
load owner <<'POLICY'
profile owner {
    subject exe /t/web;
    deny read /t/img/mine, /t/img/theirs if owner;
    deny write /t/img/secret/* if owner;
    # policyc: allow W-copy
    deny exec /t/img/prog, /t/img/prog7 if owner;
}
profile wide {
    subject exe /t/wide/*;
    default deny truncate;
}
POLICY
owned web /t/img EPERM ok
owned web /t/five EPERM ok
events >/dev/null
owned web /t/six EPERM EPERM
seen=$(events | jq -c 'select(.reason == "unreadable") | [.op, .object]')
for o in read link rename exec; do like "$seen" "^\\[\"$o\",\"/t/six/" "owners that cannot be told: $o: the event says unreadable"; done
asks web rename "/t/six/plain /t/six/secret/plain" EPERM "into a denied name, whose it is cannot be told"
asks web link "/t/six/plain /t/six/secret/plain" EPERM "a link, too"
owned wide/wide /t/six ok ok
owned other /t/six ok ok
umount /t/five /t/six

# ---- labels that do not hold everything ----
full() { # DESCRIPTION WANTED NAME OP OBJECT: with the event if it is refused
	events >/dev/null
	asks "$3" "$4" "$5" "$2" "$1"
	[ "$2" != EPERM ] || like "$(events)" '"reason":"label-full"' "$1: the event says label-full"
}
profiles() { for i in $(seq "$1"); do echo "profile p$i { subject exe /t/web; deny read /t/nothing$i; }"; done; }
profiles 32 | load profiles
full "32 profiles" ok web read /t/d/free
profiles 33 | load profiles
full "33 profiles" EPERM web read /t/d/free
asks web write /t/d/free ok "33 profiles: what none could refuse"
asks other read /t/d/free ok "33 profiles: a process in no profile"

chain() { # LAST OP...: through c1 to cLAST
	local c='' i
	for i in $(seq 2 "$1"); do c+="run /t/c$i "; done
	ask c1 run "${c#run } ${*:2} /t/d/free"
}
{ # each of the programs has two terms
	echo 'profile inherited {'
	for i in $(seq 17); do echo "subject exe /t/c$i and user 4242; subject exe /t/[c]$i and user 4242;"; done
	echo 'deny read /t/nothing; }'
} | load inherited
is "$(chain 16 read)" ok "32 inherited terms"
events >/dev/null
is "$(chain 17 read)" EPERM "34 inherited terms"
like "$(events)" '"reason":"label-full"' "34 inherited terms: the event says label-full"
is "$(chain 17 fork read)" EPERM "34 inherited terms: its child"
is "$(chain 17 run /t/other read)" EPERM "34 inherited terms: and what that executes"

cg=/sys/fs/cgroup/deep
d=$cg
d+=$(printf "/d%.0s" $(seq 260)) && mkdir -p $d
load cgroup <<<'profile cgroup { subject cgroup /nowhere; deny read /t/nothing; }'
full "a cgroup 201 deep" ok other into "$cg$(printf '/d%.0s' $(seq 200)) read /t/d/free"
full "a cgroup 261 deep" EPERM other into "$d read /t/d/free"

load groups <<<'profile groups { subject group 5; deny read /t/nothing; }'
full "1,024 groups" ok other groups "1024 read /t/d/free"
full "1,025 groups" EPERM other groups "1025 read /t/d/free"

# ---- a reload between the question of an exec and its end ----
moves() { echo 'profile out { subject exe /t/mover; allow exec /t/entered leave enter in; } profile in { subject none; deny read /t/d/in; }'; }
moves | load moves
touch go
asks mover held-exec "$PWD/go /t/entered" ok "an exec that is held, and no reload"
rm go
before=$(counter refused_without_rule)
ask mover held-exec "$PWD/go /t/entered" >held &
held=$!
sleep 3
moves | load moves
touch go
wait $held
is "$(cat held)" SIG9 "an exec that is held, and a reload: the process ends"
grew refused_without_rule "$before" "an exec that is held, and a reload"

# ---- more links of a file than can be noted ----
load links <<<'profile links { subject exe /t/web; deny read /t/ram/l/*; }'
mkdir /t/ram/l && echo x >/t/ram/l/1
asks web link "/t/ram/l/1 /t/ram/l/2" ok
before=$(counter links_not_known)
for i in $(seq 3 10); do ask other link "/t/ram/l/$((i - 1)) /t/ram/l/$i"; done | sort -u >links.out
is "$(cat links.out)" ok "a ninth link that is refused, by a process in no profile"
grew links_not_known "$before" "a ninth link that is refused"
asks web link "/t/ram/l/10 /t/ram/l/11" EPERM "a ninth link that is refused, by a process in a profile"

# ---- as many questions under way as there are rooms ----
load rooms <<<'profile rooms { subject exe /t/asker; deny read /t/d/held1; deny connect; }'
waiting asker /t/asker -
waiting nobody /t/other -
echo x >/t/ram/kept
for i in 1 2 3; do it_says asker read /t/ram/kept ok; done
before=$(counter no-scratch)
coproc ROOMS { "$top/tests/vm/rooms.py" /sys/fs/bpf/bailiff/maps/scratch; }
rooms() { # BYTE
	echo "$1" >&"${ROOMS[1]}" && read -r -t 60 -u "${ROOMS[0]}" taken
}
rooms 1
remembered=$(ask_it asker read /t/ram/kept)
judged=$(ask_it asker read /t/d/denied)
connected=$(ask_it asker udp "127.0.0.1 53")
nobody=$(ask_it nobody read /t/d/denied)
started=$(ask_it nobody run "/t/other read /t/d/free")
rooms 0
is "$taken" 128 "the rooms for questions"
is "$remembered" ok "all rooms are taken: what is remembered needs none"
is "$judged $connected" "EPERM EPERM" "all rooms are taken: refused"
is "$nobody" ok "all rooms are taken: a process in no profile goes on"
is "$started" ENOMEM "all rooms are taken: an exec, of which a note would be needed"
grew no-scratch "$before" "all rooms are taken"
it_says asker read /t/d/denied ok "and when they are free again"
it_says asker read /t/d/held1 EPERM
it_says nobody run "/t/other read /t/d/free" ok

# ---- what a call that failed has asked lets no other pass ----
load half <<'POLICY'
profile half {
    subject exe /t/half;
    allow truncate /t/ram/a;
    default deny truncate;
    allow attr /t/img/a;
    default deny attr;
    allow mount fstype remount target /t/m;
    deny mount;
}
POLICY
halves EPERM
it_says half trunc /t/ram/a ok
it_says half truncate /t/ram/a ok "what is allowed stays so"
it_says half trunc-direct /t/ram/a EINVAL
load half <<<'profile half { subject exe /t/half; deny truncate /t/ram/a; }'
it_says half truncate /t/ram/a EPERM "an open that failed, and a reload that denies the truncation"
load half <<<'profile half { subject exe /t/web; deny attr /t/nothing; }'
for p in web other; do
	mount -t tmpfs none /t/five && echo x >/t/five/f
	asks $p lazy-times "/t/five f" "$([ $p = web ] && echo EPERM || echo ok)" "$p: times of a file that no mount shows"
done
like "$(events)" '"op":"attr".*"reason":"detached"' "times of a file that no mount shows: the event says detached"
load half --dry-run <<<'profile half { subject exe /t/half; deny truncate /t/ram/a; deny attr /t/img/a; }'
events >/dev/null
it_says half trunc /t/ram/a ok
is "$(events | grep -c would-deny)" 1 "an open that truncates is one report"
it_says half flags /t/img/a ok
is "$(events | grep -c would-deny)" 1 "an ioctl about flags is one report"
kill $pid_half

# ---- sockets and mounts ----
modprobe sctp 2>/dev/null
load sockets <<<'profile sockets { subject exe /t/web; deny bind on 10.0.0.0/8; deny mount fstype ext4; }'
events >/dev/null
asks other short-bind - EINVAL
asks web short-bind - EPERM "bind with an address that is too short"
like "$(events)" '"op":"bind".*"reason":"bad-address"' "bind with an address that is too short: the event says bad-address"
asks web bindx 128 ok
asks other bindx 129 ok
asks web bindx 129 EPERM "129 addresses in one call"
like "$(events)" '"op":"bind".*"reason":"name-too-long"' "129 addresses in one call: the event says name-too-long"
source=$(printf 's%.0s' $(seq 255))
asks web mount "tmpfs ${source:1} /t/m" ok && umount /t/m
asks other mount "tmpfs $source /t/m" ok && umount /t/m
asks web mount "tmpfs $source /t/m" EPERM "a mount whose source has 255 bytes"
like "$(events)" '"op":"mount".*"reason":"name-too-long"' "a mount whose source has 255 bytes: the event says name-too-long"

# ---- a part that somebody took out of its place ----
load parts <<<'profile parts { subject exe /t/web; deny read /t/nothing; }'
echo x >/t/part
for p in web other; do # as one process before and after
	{ echo "read	/t/part"; while [ -e /sys/fs/bpf/bailiff/joins/file_open-question_file ]; do sleep 0.1; done; sleep 1; echo "read	/t/part"; } |
		"/t/$p" - >"$p.part" &
done
sleep 2
before=$(counter no-label)
rm /sys/fs/bpf/bailiff/joins/file_open-question_file
wait
is "$(cut -f3 web.part | xargs)" "ok EPERM" "a part that is lost: refused to who could be refused it"
is "$(cut -f3 other.part | xargs)" "ok ok" "a part that is lost: nobody else notices"
grew no-label "$before" "a part that is lost"
unload
done_testing
