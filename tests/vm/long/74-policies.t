# The policy directory: compiled by nobody, believed by nobody, and the last good policy when it does not compile; the configuration file; the
# kernel command line; what would change.
. "$BAILIFF_TOP/tests/vm/lib.sh"
subject web other
mkdir -p /t/d
for f in a b c; do echo x >/t/d/$f; done
conf=/etc/bailiff/bailiff.conf dir=/etc/bailiff/policy.d good=/var/lib/bailiff/last-good.bpi
rm -rf /etc/bailiff /var/lib/bailiff
mkdir -p $dir
chmod 755 /etc/bailiff $dir

policy() { # NAME FILE
	echo "profile $1 { subject exe /t/web; deny read /t/d/$2; }" >$dir/$1.policy
}
start() { # NAME: sets $daemon
	rm -f /run/bailiff/control.sock
	"$enforcer" run >"$1" 2>"$1.err" &
	daemon=$!
	until_true test -S /run/bailiff/control.sock || not_ok "the daemon starts: $1" "$(cat "$1.err")"
}
stop() {
	kill $daemon
	wait $daemon
}
generation() { "$enforcer" status --json | jq .generation; }

# ---- start, reload
fails 1 "there is no \*\.policy in $dir" "a directory without policies" timeout 60 "$enforcer" run
like "$(timeout 60 "$enforcer" run 2>&1)" 'NOTHING IS ENFORCED' "and that is said loudly"
: >$dir/empty.policy
fails 1 "$dir has no profile, which would allow everything" "a file that is empty, as a power cut can leave it" timeout 60 "$enforcer" run
rm $dir/empty.policy
mkdir $dir/lib
echo 'include "lib/set.policy"; profile one { subject exe /t/web; deny read $secrets; }' >$dir/one.policy
echo 'set secrets = /t/d/a;' >$dir/lib/set.policy
echo 'this is no policy' >$dir/notes.txt
echo 'this is no policy' >$dir/.hidden.policy
start one
like "$(cat one.err)" "loaded $dir as generation 1" "run compiles the directory"
asks web read /t/d/a EPERM
like "$("$enforcer" status --json | jq -r '.profiles[0].rules[0].file')" "^$dir/one.policy$" "rules have the files' own names"
is "$(stat -c '%a %U' $good)" "600 root" "the image is kept, for root only"
like "$("$policyc" dump $good)" 'one' "and is whole"
like "$("$enforcer" reload 2>&1)" 'generation 1 stays in force' "a reload without a change changes nothing"
policy two b
like "$("$enforcer" reload 2>&1)" "loaded $dir as generation 2: 2 profiles" "a reload takes all files"
asks web read /t/d/b EPERM
asks web read /t/d/a EPERM
policy two c
kill -HUP $daemon
until_true grep -q 'as generation 3' one.err && ok "SIGHUP reloads" || not_ok "SIGHUP reloads" "$(cat one.err)"
asks web read /t/d/c EPERM
asks web read /t/d/b ok

# ---- a reload that fails changes nothing
echo 'profile two { subject exe /t/web; deny raed /t/d/b; }' >$dir/two.policy
fails 1 "$dir/two.policy:1:.*unknown operation 'raed'" "a policy that is wrong: with its place" "$enforcer" reload
fails 1 "$dir does not compile" "and what that means" "$enforcer" reload
asks web read /t/d/c EPERM "the policy in force stays"
is "$(generation)" 3 "as it was"
like "$("$enforcer" status)" "last change failed .*$dir does not compile" "status shows it"
like "$("$enforcer" status --json | jq -r .last_failure.reason)" "does not compile" "status --json, too"
cp $good kept
kill -HUP $daemon
until_true grep -q "enforcer: $dir does not compile" one.err && ok "the daemon says it" || not_ok "the daemon says it" "$(cat one.err)"
like "$(cat one.err)" "^enforcer: $dir/two.policy:1:.*error" "with what policyc says"
cmp -s kept $good && ok "the last good policy stays" || not_ok "the last good policy stays"

# ---- the daemon is killed and starts again
kill -9 $daemon
wait $daemon 2>/dev/null
out=$(timeout 100 "$enforcer" run 2>&1)
is $? 1 "run fails if the policies do not compile"
like "$out" 'generation 3, which was in force, STAYS IN FORCE' "and says what holds"
asks web read /t/d/c EPERM
# as after a boot: nothing is loaded
"$enforcer" unload >/dev/null
out=$(timeout 100 "$enforcer" run 2>&1)
is $? 1 "run fails at boot, too"
like "$out" "the LAST GOOD policy is in force instead \($good\)" "the last good policy is loaded"
asks web read /t/d/c EPERM "and enforces"
asks web read /t/d/b ok
like "$("$enforcer" status)" "last change failed .*$dir does not compile" "status shows why"
"$enforcer" unload >/dev/null
printf x | dd of=$good bs=1 seek=200 conv=notrunc 2>/dev/null
out=$(timeout 100 "$enforcer" run 2>&1)
is $? 1 "a last good policy that is damaged"
like "$out" "NOTHING IS ENFORCED: there is no last good policy either: $good: .*SHA-256" "is not loaded"
asks web read /t/d/c ok
rm $good
policy two c
start two
asks web read /t/d/c EPERM "a policy that compiles comes into force again"
is "$("$enforcer" status --json | jq .last_failure)" null "and the failure is over"
cmp -s kept $good && ok "it is the last good one again" || not_ok "it is the last good one again"
hits() { "$enforcer" status --json | jq '[.profiles[].rules[].hits] | add'; }
was=$(hits)
kill -9 $daemon
wait $daemon 2>/dev/null
start three
like "$(cat three.err)" 'generation 1 stays in force' "a new daemon compiles the same, and changes nothing"
like "$(cat three.err)" 'adopted generation 1' "it says what it adopted"
is "$(hits)" "$was" "no counter is lost"
rm /sys/fs/bpf/bailiff/links/file_open
kill -9 $daemon
wait $daemon 2>/dev/null
asks web read /t/d/c ok "somebody took a hook away"
start four
like "$(cat four.err)" 'hook file_open was not attached any more, and is again' "a new daemon attaches it again, and says so"
asks web read /t/d/c EPERM
is "$("$enforcer" status --json | jq -r .state)" enforcing "status is content"

# ---- whom to believe
refused() { # REGEX DESCRIPTION
	fails 1 "$1" "$2" "$enforcer" reload
	is "$(generation)" 1 "$2: nothing changes"
}
chmod g+w $dir/two.policy
refused "$dir/two.policy is writable by others" "a policy that a group can write to"
chmod g-w $dir/two.policy
chown 1000 $dir/lib/set.policy
refused "$dir/lib/set.policy belongs to uid 1000" "somebody else's file to include"
chown 0 $dir/lib/set.policy
chmod o+w $dir/lib
refused "$dir/lib is writable by others" "a directory below that others can write to"
chmod o-w $dir/lib
chown 1000 $dir
refused "$dir belongs to uid 1000" "somebody else's policy directory"
chown 0 $dir
ln -s /t/d/a $dir/link.policy
refused "$dir/link.policy is a symbolic link" "a link"
rm $dir/link.policy
mkfifo $dir/pipe.policy
refused "$dir/pipe.policy is not a regular file" "a fifo"
rm $dir/pipe.policy
mkdir -p /elsewhere && echo 'set more = /t/d/b;' >/elsewhere/more.policy
echo 'include "/elsewhere/more.policy";' >$dir/three.policy
refused "cannot .*/elsewhere/more.policy|No such file" "an include of what root has not read"
rm $dir/three.policy

# ---- the compiler can do nothing
cat >evil.c <<'C'
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
int main(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	FILE *f;
	for (int fd = 3; fd < 1000; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			fprintf(stderr, "has descriptor %d\n", fd);
	f = fopen("/proc/self/status", "r");
	fprintf(stderr, "uid %d gid %d\n", getuid(), getgid());
	fprintf(stderr, "proc %s\n", f ? "there" : "gone");
	fprintf(stderr, "nnp %d\n", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	for (int cap = 0; cap < 41; cap++)
		if (prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 1)
			fprintf(stderr, "has capability %d\n", cap);
	fprintf(stderr, "fork %s\n", fork() < 0 ? "refused" : "allowed");
	fprintf(stderr, "connect %s\n", connect(socket(AF_INET, SOCK_DGRAM, 0), (void *)&to, sizeof(to)) < 0 ? strerror(errno) : "fine");
	fprintf(stderr, "write %s\n", open("/etc/bailiff/policy.d/x", O_WRONLY | O_CREAT, 0600) < 0 ? "refused" : "allowed");
	fprintf(stderr, "write usr %s\n", open("/usr/x", O_WRONLY | O_CREAT, 0600) < 0 ? "refused" : "allowed");
	fprintf(stderr, "etc shadow %s\n", access("/etc/shadow", F_OK) == 0 ? "there" : "gone");
	fprintf(stderr, "evil\x1b[2J\n");
	if (access("/etc/bailiff/policy.d/hang.policy", F_OK) == 0)
		for (;;)
			;
	write(1, "BAILIFF\nno image at all", 23);
	return 0;
}
C
if gcc -O1 -o evil evil.c 2>/dev/null; then
	out=$(./evil 9</dev/null 2>&1 >evil.out)
	for w in 'has capability 21' 'has descriptor 9' 'fork allowed' 'connect fine' 'write allowed' 'write usr allowed' 'etc shadow there'; do
		like "$out" "^$w$" "elsewhere that program: $w"
	done
	rm /etc/bailiff/policy.d/x /usr/x
	cp evil /usr/local/bin/evil-policyc
	echo "compiler = /usr/local/bin/evil-policyc" >$conf
	out=$("$enforcer" reload 2>&1)
	is $? 1 "a compiler that is somebody else's: what it writes is refused"
	like "$out" "^uid 65534 gid 65534" "it is nobody"
	like "$out" "nnp 1" "it gets no new privileges"
	is "$(grep 'has capability\|has descriptor\|allowed\|there$\|connect fine' <<<"$out")" "" "it has no capability, descriptor, child, network or file"
	touch $dir/hang.policy
	echo "compile-seconds = 2" >>$conf
	refused "policyc was ended by signal|took longer than 2 s" "a compiler that hangs"
	rm $dir/hang.policy
else
	ok "a compiler that is somebody else's # SKIP no gcc"
fi

# ---- configuration
for line in 'policies = /x:unknown key .policies.' 'mode = maybe:.enforce. or .audit. is wanted' 'compile-seconds = 0:a number from 1 to 3600' \
	'compile-user = root:other than root' 'nonsense:key = value' 'policy-dir = x:absolute path'; do
	printf '# a comment\n%s\n' "${line%%:*}" >$conf
	refused "$conf:2: .*${line#*:}" "configuration: ${line%%:*}"
done
printf 'mode = audit\nmode = audit\n' >$conf
refused "$conf:2: mode: given a second time" "configuration: twice"
chmod o+w $conf
refused "$conf is writable by others" "configuration: writable by others"
chmod 644 $conf
mkdir /elsewhere/policy.d
echo 'profile p { subject exe /t/web; deny read /t/d/b; }' >/elsewhere/policy.d/p.policy
printf 'policy-dir = /elsewhere/policy.d # not there\n  mode = audit\ncompile-user=daemon\n' >$conf
like "$("$enforcer" reload 2>&1)" 'loaded /elsewhere/policy.d .*dry run' "configuration: another directory, and audit"
asks web read /t/d/b ok
cmp -s kept $good && ok "a dry run is no last good policy" || not_ok "a dry run is no last good policy"
rm $conf

# ---- what would change
echo 'profile one { subject exe /t/web; deny read /t/d/a, /t/d/b; }' >new.policy
"$policyc" build -o new.bpi new.policy
"$enforcer" load new.bpi >/dev/null
runs "load --diff with the same policy" "$enforcer" load --diff new.bpi
echo 'profile one { subject exe /t/web; deny read /t/d/a; }' >less.policy
"$policyc" build -o less.bpi less.policy
fails 1 '^one read: .*/t/d/b' "load --diff with another" "$enforcer" load --diff less.bpi
asks web read /t/d/b EPERM "load --diff loads nothing"
is "$("$enforcer" load --diff less.bpi 2>&1)" "$("$policyc" diff new.bpi less.bpi)" "it says what policyc diff says"
head -c 500 less.bpi >cut.bpi
fails 1 . "load --diff with what is no image" "$enforcer" load --diff cut.bpi
stop

# ---- policy files on trial
mkdir -p own/lib && chmod 755 own own/lib
echo 'include "lib/s.policy"; profile t { subject exe /t/web; deny read $s; }' >own/t.policy
echo 'set s = /t/d/c;' >own/lib/s.policy
like "$("$enforcer" try --for 1h own/t.policy 2>&1)" "loaded $PWD/own/t.policy as" "try compiles a policy"
asks web read /t/d/c EPERM
"$enforcer" rollback >/dev/null
for p in u v w; do echo "profile $p { subject exe /t/web; mode audit; deny read /t/d/c; }" >own/$p.policy; done
audits="auditing: no profile is in enforce mode, nothing is refused"
like "$("$enforcer" try --for 1h own/[uvw].policy 2>&1)" "^loaded $PWD/own/u.policy with 2 more files as .*; self-test passed, $audits$" "try with three, none of which refuses anything"
is "$("$enforcer" status | head -1)" "$audits" "status says that nothing is refused"
is "$("$enforcer" status --json | jq -c '[.state, .dry_run]')" '["auditing",false]' "and so does its JSON"
like "$("$enforcer" top --once)" "generation [0-9]+, $audits; events" "and top"
like "$("$enforcer" metrics)" '^bailiff_state\{state="auditing"\} 1$' "and the metrics"
is "$(ask web read /t/d/c)" ok "nothing is"
"$enforcer" rollback >/dev/null
sed -i s/audit/enforce/ own/v.policy
like "$("$enforcer" try --for 1h own/[uvw].policy 2>&1)" ", enforcing 1 of 3 profiles, auditing the others$" "one of them does"
"$enforcer" rollback >/dev/null
echo x >own/w.policy
fails 1 "^enforcer: $PWD/own/u.policy with 2 more files does not compile" "three, one of them wrong" "$enforcer" try own/[uvw].policy
fails 1 'neither an image nor' "try with something else" "$enforcer" try /etc/passwd
fails 3 'No such file' "try with nothing" "$enforcer" try own/nothing.policy
chmod 777 own
fails 1 'own is writable by others' "try with a policy in a directory that is everybody's" "$enforcer" try own/t.policy
"$enforcer" unload >/dev/null

# ---- the kernel command line
boot() { echo "quiet $1" >cmdline && mount --bind cmdline /proc/cmdline; }
boot bailiff=off
for c in "load new.bpi" "run new.bpi" "run" "try new.bpi" "reload"; do
	fails 1 'bailiff=off is on the kernel command line' "bailiff=off: $c" timeout 60 "$enforcer" $c
done
like "$("$enforcer" status)" 'nothing is loaded' "bailiff=off: nothing is loaded"
umount /proc/cmdline
boot "bailiff=off bailiff=audit"
like "$("$enforcer" load new.bpi)" 'dry run because of bailiff=audit on the kernel command line' "bailiff=audit, which comes last"
asks web read /t/d/b ok
start audited
like "$(cat audited.err)" 'dry run' "bailiff=audit: the daemon"
asks web read /t/d/a ok
cmp -s kept $good && ok "bailiff=audit is no last good policy" || not_ok "bailiff=audit is no last good policy"
stop
umount /proc/cmdline
boot bailiff=of
fails 1 "the kernel command line has 'bailiff=of'" "a word that means nothing" "$enforcer" load new.bpi
umount /proc/cmdline
rm -rf /etc/bailiff
unload
done_testing
