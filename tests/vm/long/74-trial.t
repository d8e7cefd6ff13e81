# A way back: trials, what ends them, the generation before; the kernel's command line and what else refuses or forces something.
. "$BAILIFF_TOP/tests/vm/lib.sh"
subject web other
mkdir -p /t/d
for f in a b c; do echo x >/t/d/$f; done
pins=/sys/fs/bpf/bailiff

generation() { "$enforcer" status --json | jq .generation; }
in_force() { # N: does not call the enforcer, which would end an expired trial itself
	[ "$(ask web read /t/d/a)" = "$1" ]
}
keepers() { ps -eo pid,comm | awk '$2 == "bailiff-trial" { print $1 }'; }
for f in a b c; do
	compile $f <<<"profile p { subject exe /t/web; deny read /t/d/$f; }"
done

# ---- without anything to go back to
fails 1 'nothing is loaded' "confirm without a policy" "$enforcer" confirm
fails 1 'nothing is loaded' "rollback without a policy" "$enforcer" rollback
like "$("$enforcer" try --for 3s a.bpi 2>&1)" 'on trial: in 3 s it is unloaded again' "a first policy on trial"
asks web read /t/d/a EPERM "it is enforced"
until_true in_force ok
asks web read /t/d/a ok "and unloaded in time, without any command"
until_true test ! -e $pins && ok "with all its pins" || not_ok "with all its pins" "$(find $pins)"
like "$("$enforcer" status)" 'last change failed .*generation 1 was on trial and not confirmed in time: it is unloaded' "status says so"

# ---- goes back by itself
"$enforcer" load a.bpi >load.out || not_ok load "$(cat load.out)"
is "$("$enforcer" status --json | jq .last_failure)" null "a load that succeeds ends the failure"
fails 1 'no earlier generation is kept' "rollback of the first" "$enforcer" rollback
fails 1 'no policy is on trial' "confirm without a trial" "$enforcer" confirm
"$enforcer" try --for 20s b.bpi >try.out 2>&1 || not_ok try "$(cat try.out)"
is "$(keepers | wc -l)" 1 "a process keeps the time"
like "$(cat try.out)" 'on trial: in 20 s generation 1 is in force again' "try says when it ends"
asks web read /t/d/b EPERM "the policy on trial decides"
asks web read /t/d/a ok "and the other does not"
like "$("$enforcer" status)" '^on trial: in [0-9]+ s generation 1' "status shows the trial"
is "$("$enforcer" status --json | jq .trial.goes_back_to)" 1 "status --json, too"
fails 1 'generation 2 is on trial' "no load during a trial" "$enforcer" load c.bpi
fails 1 'generation 2 is on trial' "no other trial during a trial" "$enforcer" try c.bpi
until_true in_force EPERM
asks web read /t/d/b ok "the trial is over: the earlier policy decides"
is "$(generation)" 1 "it is generation 1 again"
like "$("$enforcer" status)" 'generation 2 was on trial and not confirmed in time: generation 1 is in force again' "status says so: back to 1"
until_true test "$(keepers | wc -l)" = 0 && ok "nobody keeps the time any more" || not_ok "nobody keeps the time any more" "$(keepers)"
fails 1 'no policy is on trial; the last failure was: generation 2 was on trial' "confirm comes too late" "$enforcer" confirm

# ---- confirmed; and back by hand
"$enforcer" try --for 8s b.bpi >/dev/null
runs "confirm" "$enforcer" confirm
is "$("$enforcer" status --json | jq .trial)" null "no trial any more"
sleep 9
asks web read /t/d/b EPERM "a confirmed policy stays"
is "$(ls $pins/gen | sort -n | paste -sd' ')" "1 3" "it and the one before it are kept"
like "$("$enforcer" rollback)" 'generation 1 is in force again' "rollback"
asks web read /t/d/a EPERM "the policy before decides again"
asks web read /t/d/b ok
fails 1 'no earlier generation' "no rollback beyond what is kept" "$enforcer" rollback
"$enforcer" try --for 1h c.bpi >/dev/null
like "$("$enforcer" rollback)" 'generation 1 is in force again' "rollback ends a trial at once"
asks web read /t/d/c ok
asks web read /t/d/a EPERM

# ---- other hooks: what one policy needs is attached again when it comes back
compile net <<<'profile p { subject exe /t/web; deny connect to 127.0.0.1; }'
compile both <<<'profile p { subject exe /t/web; deny read /t/d/a; deny signal; }'
"$enforcer" load both.bpi >/dev/null
"$enforcer" load net.bpi >/dev/null
asks web udp "127.0.0.1 1500" EPERM
asks web read /t/d/a ok
"$enforcer" rollback >/dev/null
asks web read /t/d/a EPERM "rollback attaches the hooks that it needs"
asks web udp "127.0.0.1 1500" ok
is "$("$enforcer" status --json | jq -r .state)" enforcing "status is content"

# ---- who keeps the time is killed
"$enforcer" load a.bpi >/dev/null
before=$(generation)
"$enforcer" try --for 3s b.bpi >/dev/null
kill -9 $(keepers)
sleep 5
asks web read /t/d/b EPERM "nobody is there to end the trial"
fails 0 "was on trial and not confirmed in time: generation $before is in force again" "the next command does" "$enforcer" status
asks web read /t/d/a EPERM "it is the earlier policy again"
"$enforcer" run >run.out 2>run.err &
daemon=$!
until_true test -S /run/bailiff/control.sock
"$enforcer" try --for 3s b.bpi >/dev/null
kill -9 $(keepers)
until_true grep -q "generation $before is in force again" run.err && ok "the daemon does" || not_ok "the daemon does" "$(cat run.err)"
asks web read /t/d/a EPERM "the daemon went back"
"$enforcer" try --for 4s b.bpi >/dev/null
kill -9 $(keepers) $daemon
sleep 5
"$enforcer" run >run2.out 2>run2.err &
daemon=$!
until_true grep -q adopted run2.err
like "$(cat run2.err)" "adopted generation $before" "a new daemon goes back first, and adopts that"
asks web read /t/d/a EPERM
kill $daemon
wait $daemon

# ---- the session that tried is killed with everything in its cgroup
mkdir /sys/fs/cgroup/session
setsid bash -c 'echo $$ >/sys/fs/cgroup/session/cgroup.procs; "$1" try --for 4s b.bpi; sleep 100' - "$enforcer" >session.out 2>&1 &
until_true grep -q 'on trial' session.out
echo 1 >/sys/fs/cgroup/session/cgroup.kill
asks web read /t/d/b EPERM "the trial goes on without the session"
until_true in_force EPERM
asks web read /t/d/a EPERM "and goes back without it"

# ---- nothing is possible any more, but for waiting
compile lockout <<'POLICY'
profile all { subject any; deny bpf; deny capability; deny read, write, create, delete, exec /**; deny socket; deny signal; deny mount; }
POLICY
waiting web /t/web -
mkfifo idle
exec {idle}<>idle
"$enforcer" try --for 5s lockout.bpi >lockout.out 2>&1
lock=$(ask_it web read /t/d/c)
answer=$lock
for ((i = 0; i < 60; i++)); do # nothing can be executed or opened now
	answer=$(ask_it web read /t/d/c)
	[ "$answer" = ok ] && break
	read -r -t 1 -u "$idle"
done
is "$lock" EPERM "a policy that refuses everything to everybody is in force"
is "$answer" ok "and goes again by itself"
is "$("$enforcer" status --json | jq .trial)" null "status after it"

# ---- policies that refuse bpf(2): loads go on
compile nobpf <<<'profile all { subject any; deny bpf; deny capability bpf, sys_admin, perfmon, mac_admin, sys_resource; deny read /t/d/c unless exe /t/other; }'
"$enforcer" unload >/dev/null
runs "a first policy that refuses bpf(2) and the capabilities for it" "$enforcer" load nobpf.bpi
asks web read /t/d/c EPERM
fails 3 'refuses bpf\(2\) to this process, and no daemon runs' "without a daemon nothing can be changed" "$enforcer" load a.bpi
asks web read /t/d/c EPERM
"$enforcer" unload >unload.out 2>&1 || not_ok "unload" "$(cat unload.out)"
asks web read /t/d/c ok "unload needs no bpf(2)"
is "$(bpftool prog show | grep -c ' lsm ')" 0 "and waits until nothing is left"
"$enforcer" load a.bpi >/dev/null
"$enforcer" run >run3.out 2>run3.err &
daemon=$!
until_true test -S /run/bailiff/control.sock
until_true grep -q adopted run3.err
runs "a later policy that refuses bpf(2)" "$enforcer" load nobpf.bpi
asks web read /t/d/c EPERM
like "$("$enforcer" load b.bpi 2>&1)" 'loaded b.bpi as generation 3: .* enforcing' "the daemon loads what the command may not"
asks web read /t/d/b EPERM
asks web read /t/d/c ok
"$enforcer" load nobpf.bpi >/dev/null
head -c 1000 b.bpi >cut.bpi
fails 1 'cut.bpi' "it refuses a damaged image" "$enforcer" load cut.bpi
asks web read /t/d/c EPERM
like "$("$enforcer" try --for 1h a.bpi 2>&1)" 'on trial' "try through the daemon"
asks web read /t/d/a EPERM
like "$("$enforcer" rollback 2>&1)" 'generation 4 is in force again' "rollback while it can be done here"
like "$("$enforcer" rollback 2>&1)" 'generation 3 is in force again' "rollback through the daemon"
kill -9 $daemon
wait $daemon 2>/dev/null
asks web read /t/d/b EPERM

# ---- times
for t in 0 0s 25h 90000 -1 x 5x 5mm ''; do
	fails 2 'wants a time' "--for '$t'" "$enforcer" try --for "$t" a.bpi
done
unload
done_testing
