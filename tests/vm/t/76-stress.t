# stress-ng (file systems, processes, network, memory) confined by enforcing and reporting profiles, while policies are exchanged and, at the
# end, the kernel has no memory for labels. Every answer is that of one of the two policies, what is refused stays refused, and the kernel has
# nothing to complain about (in-guest looks at its log and whether it is tainted).
# BAILIFF_STRESS is how many seconds the stressors run in all. With more than 300 every stressor of the classes gets its turn, and there are
# rules of every operation; verifying the programs for these takes minutes, so that the short run has to do with some of each class.
. "$BAILIFF_TOP/tests/vm/lib.sh"
seconds=${BAILIFF_STRESS:-12}
hungry=$((seconds / 5 + 5))
long=
[ "$seconds" -le 300 ] || long=1
subject web
mkdir -p /t/d /s
for f in secret a b free; do echo x >/t/d/$f; done
cp "$probe" /t/d/prog
# a file system that is one, and small enough to be full now and then
truncate -s 300M disk
mkfs.ext4 -q -O ^has_journal disk && mount -o loop disk /s || not_ok "a file system to work on"
chmod 1777 /s

# What only one of the policies, a or b, has.
only() { # POLICY TEXT
	[ "$policy" != "$1" ] || printf '%s' "$2"
}
# What only the long run has.
more() { # TEXT
	[ -z "$long" ] || printf '%s' "$1"
}

# What the stressors do is found allowed by a rule, after rules that have to be looked at; a little of it is refused.
policy() { # a|b
	local policy=$1
	cat <<POLICY
set elsewhere = /t/d/secret, /**/shadow, /s/**/*.{key,pem};
profile canary {
    subject exe /t/web;
    deny read /t/d/secret, /t/d/$policy;
    deny exec /t/d/prog;
    deny connect udp to 127.0.0.1 port 1500;
}
profile files {
    subject exe /usr/bin/stress-ng;
    deny read \$elsewhere;
    allow read /s/**, /proc/**, /sys/**, /dev/**, /tmp/**, /run/**, /usr/**, /etc/**, /;
    allow exec /usr/bin/**, /s/**, memfd, deleted;
    allow map /usr/lib/**, anonymous;
    default deny exec;
    $(more '
    deny modify $elsewhere;
    deny link, rename, delete /s/**/x[0-9]*y;
    deny create, delete /s/**/[k-n]?[0-9]*;
    deny mknod, setid;
    deny attr /s/**/*7 unless owner;
    deny truncate, append /s/**/*.log;
    allow file;')
    $(only a "$(more 'descriptors strict;')")
}
profile talk {
    subject exe /usr/bin/stress-ng and user 0-60000;
    deny connect to 127.0.0.0/8 port 9;
    allow connect to 127.0.0.0/8, ::1;
    allow connect unix;
    default deny connect;
    $(only a "$(more 'deny accept tcp from 10.0.0.0/8;')")
    $(more '
    deny socket packet, vsock;
    deny bind on 0.0.0.0/0 port 1-79;
    allow bind;
    allow accept;
    allow socket;
    default deny network;')
}
profile machine {
    subject exe /usr/bin/stress-ng;
    deny capability sys_time, sys_module, sys_boot, mknod;
    allow capability;
    $(more '
    deny signal WINCH unless exe /t/web;
    allow signal to same profile;
    allow signal;
    deny module, kexec, perf, bpf;
    deny setuid 1000-1999;
    deny setgid 1000-1999;
    deny mount target /t/**, /usr/**;
    deny umount /t/**;
    deny pivot;
    allow ptrace to same profile;
    allow ptrace to descendant;
    allow mount, umount, userns, setuid, setgid;
    default deny system;')
}
profile watch-files {
    subject exe /usr/bin/stress-ng;
    mode audit;
    deny read /s/**/*[02468]*, /proc/**;
    $(more 'deny modify /s/**/*[13579]* quiet;')
    kill exec memfd quiet;
    log exec quiet;
}
profile watch-all {
    subject any except exe /usr/bin/{bash,dash};
    mode audit;
    inherit no;
    deny connect if exe /usr/bin/stress-ng quiet;
    deny read if exe /usr/bin/stress-ng and user 65534 quiet;
    $(more 'deny network if exe /usr/bin/stress-ng quiet;
    deny system if exe /usr/bin/stress-ng quiet;')
}
POLICY
}
for n in a b; do policy $n | compile $n; done
[ -e a.bpi ] && [ -e b.bpi ] || exit 1

# With preempt=full 6.1 finds no label once in a hundred times, and then refuses what could be refused: asking again helps.
again=1
case "$BAILIFF_GUEST $(cat /proc/cmdline)" in "6.1 "*preempt=full*) again=5 ;; esac
allows() { # FILE
	local i answer
	for ((i = 0; i < again; i++)); do
		answer=$(ask_it web read "$1")
		[ "$answer" != ok ] || break
	done
	is "$answer" ok "$2: ok"
}
# What a canary heard, but for such refusals.
heard() { # FILE
	awk -v some=$((again > 1)) '!(some && $2 == "/t/d/free" && $3 == "EPERM") { print $2, $3 }' "$1"
}

answers() { # SECRET A B PROGRAM: what the process that was there before says now
	local f
	it_says web read /t/d/secret "$1" "the secret: $1"
	allows /t/d/free "a file that is free"
	for f in "a $2" "b $3"; do
		if [ "${f#* }" = ok ]; then
			allows "/t/d/${f% *}" "not refused by this policy"
		else
			it_says web read "/t/d/${f% *}" EPERM "refused by this policy only: EPERM"
		fi
	done
	it_says web exec /t/d/prog "$4" "a program: $4"
	it_says web udp "127.0.0.1 1500" "$4" "a datagram: $4"
}

# As many questions as time allows, asked by a process that has a label.
canary() { # FILE
	while [ ! -e stop ]; do
		printf 'read\t/t/d/%s\n' secret free a b
		read -r -t 0.1 -u "$idle"
	done | /t/web - 2>/dev/null | cut -f2,3 | sort | uniq -c >"$1"
}

# Loads the policies in turn, one second after the other, before everything else that wants to run, until told to stop.
reloads() { # FILE: "LOADS FAILED"
	local p n=0 bad=0
	while [ ! -e stop ]; do
		for p in a b; do
			nice -n -20 "$enforcer" load $p.bpi >reload.out 2>&1 || { bad=$((bad + 1)) && cat reload.out >>reload.bad; }
			n=$((n + 1))
			: >loaded.$p
			read -r -t 1 -u "$idle"
		done
	done
	echo "$n $bad" >"$1"
}

# The stressors of a class, all at once or, if there is time, one after the other.
stressors() { # NAME CLASS SECONDS STRESSOR...
	local name=$1 class=$2 time=$3 args=(--temp-path /s --log-brief --metrics-brief --oomable) s n
	shift 3
	if [ -n "$long" ]; then
		n=$(stress-ng --class "$class?" 2>&1 | sed 's/.*://' | wc -w)
		# fanotify taints the kernel by what it asks for, softlockup is what it is called
		args+=(--class "$class" --sequential 2 --exclude fanotify,softlockup --timeout $((time / (n + 1) + 1)))
	else
		for s; do args+=("--$s" 1); done
		args+=(--timeout "$time")
	fi
	(
		echo $BASHPID >/sys/fs/cgroup/stress/cgroup.procs
		exec timeout -k 20 $((time * 2 + 60)) stress-ng "${args[@]}"
	) >"$name.out" 2>&1
}
came_to_its_end() { # NAME STATUS
	# 2 to 4: one of them did not get what it wants, which is what some of the rules are for
	case $2 in
	0 | 2 | 3 | 4) ok "$1: stress-ng came to its end" ;;
	*) not_ok "$1: stress-ng came to its end" "status $2: $(tail -30 "$1.out")" ;;
	esac
}
stress() { # as stressors
	local n
	stressors "$@"
	came_to_its_end "$1" $?
	n=$(awk 'NF == 7 && $2 > 0 && $3 ~ /^[0-9.]+$/' "$1.out" | wc -l)
	[ "$n" -ge 8 ] && ok "$1: stressors got something done" || not_ok "$1: stressors get something done" "$(tail -40 "$1.out")"
}

mkfifo idle.fifo
exec {idle}<>idle.fifo
mkdir /sys/fs/cgroup/{stress,loader}
echo +memory >/sys/fs/cgroup/cgroup.subtree_control
echo 700M >/sys/fs/cgroup/stress/memory.max

# ---- the first load, in the long run with the stressors at work already; what the maps hold is charged to its cgroup
waiting web /t/web -
answers ok ok ok ok
(
	echo $BASHPID >/sys/fs/cgroup/loader/cgroup.procs
	nice -n -20 "$enforcer" load b.bpi >load.out 2>&1
	echo $BASHPID >/sys/fs/cgroup/cgroup.procs
	reloads reloads
) &
reloads=$!
until_loaded() {
	while [ ! -e loaded.b ] && [ $SECONDS -lt 600 ]; do read -r -t 0.2 -u "$idle"; done
	echo "# loaded twice after $SECONDS s"
}
[ -n "$long" ] || until_loaded # half of the processors for the verifier would take twice as long
[ -z "$long" ] || stress "file systems" filesystem $((seconds / 5))
[ -z "$long" ] || until_loaded
like "$(cat load.out)" 'self-test passed, enforcing' "the first load"

# ---- the others, while policies are exchanged
canary canary &
canary=$!
if [ -n "$long" ]; then
	stress processes scheduler $((seconds / 5))
	stress network network $((seconds / 5))
	stress memory vm $((seconds / 5))
else
	stress "four classes" - "$seconds" dentry link symlink rename open chmod xattr iomix getdent \
		fork clone exec daemon kill switch chroot sock udp udp-flood sockpair epoll netlink-proc rawsock mmapfork memfd shm malloc mlock vm-rw
fi
: >stop
wait $canary $reloads
rm stop
read -r n bad <reloads
is "$bad" 0 "no reload failed"
[ ! -e reload.bad ] || sed 's/^/# /' reload.bad
[ "$n" -ge 6 ] && ok "reloads: several" || not_ok "several reloads" "$n"
both=$(printf '/t/d/%s\n' 'a EPERM' 'a ok' 'b EPERM' 'b ok' 'free ok' 'secret EPERM')
is "$(heard canary)" "$both" "every answer was one of the two policies'"
"$enforcer" load a.bpi >/dev/null
answers EPERM EPERM ok EPERM

# ---- no memory for labels: forks and programs fail, and nothing that runs gets more than it should
loader=/sys/fs/cgroup/loader
canary starved &
others=$!
reloads hungry &
others="$others $!"
(while [ ! -e stop ]; do
	/t/web read /t/d/secret || [ $? -ne 126 ] || printf 'read\t-\tnot started\n'
	read -r -t 0.2 -u "$idle"
done) 2>/dev/null | cut -f3 | sort | uniq -c >newcomers &
others="$others $!"
long='' stressors hunger scheduler $((hungry + 1)) fork vfork clone exec daemon zombie wait spawn switch &
hunger=$!
until [ -s hunger.out ]; do read -r -t 0.1 -u "$idle"; done
# no program can be executed for a while: nothing but the shell's own commands
echo 0 >$loader/memory.max # what the processors have in stock goes back
for ((i = 0; i < hungry * 5; i++)); do
	read -r now <$loader/memory.current
	echo $((i % 4 < 3 ? now : now + 65536)) >$loader/memory.max
	read -r -t 0.2 -u "$idle"
done
echo max >$loader/memory.max
wait $hunger
came_to_its_end hunger $?
: >stop
wait $others
rm stop
read -r n bad <hungry
refused=$("$enforcer" status --json | jq '.counters.reasons | .["no-label"] + .["no-scratch"]')
echo "# no memory: $n reloads, $bad failed; refused without a label: $refused; asked for the secret: $(paste -sd, newcomers)"
if [ $((bad + refused + $(grep -c 'not started' newcomers))) -gt 0 ]; then
	ok "there was no memory"
elif [ "$BAILIFF_GUEST" = 6.1 ]; then
	ok "there was no memory # SKIP 6.1 allows such allocations beyond the limit, mostly"
else
	not_ok "there was no memory"
fi
is "$(heard starved | grep -vxF "$both")" "" "who had a label is answered as ever"
is "$(grep -v 'EPERM$\|not started$' newcomers)" "" "nobody new reads the secret"

# ---- and all is as before
runs "a load with memory" "$enforcer" load a.bpi
answers EPERM EPERM ok EPERM
is "$("$enforcer" status --json | jq -r .state)" enforcing "status is content"
echo "# $("$enforcer" status --json | jq -c .counters)"
umount /s
unload
done_testing
