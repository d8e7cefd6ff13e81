# 10,000 processes in 500 cgroups that come and go, each refused once, while the clock jumps to and fro: every refusal is counted, every event is delivered or
# counted as dropped, and what they say of cgroups is true.
. "$BAILIFF_TOP/tests/vm/lib.sh"
cgroups=500 each=20
mkdir -p /t/d /etc/bailiff
cp "$(command -v bash)" /t/sh
for ((i = 1; i <= cgroups; i++)); do echo x >/t/d/$i; done
echo 'output = file /t/events.json size=64M' >/etc/bailiff/bailiff.conf
compile p <<<'profile p { subject exe /t/sh; deny read /t/d/*; }'
"$enforcer" run p.bpi >run.out 2>run.err &
daemon=$!
until_true test -S /run/bailiff/control.sock || not_ok "the daemon runs" "$(cat run.err)"
count() { "$enforcer" status --json | jq "$1"; }
before=$(count .counters.questions_refused_or_reported)

# ---- each process is a fork of its cgroup's shell, which is gone with all of them before the cgroup is
mkdir /sys/fs/cgroup/many
cat >crowd <<'SHELL'
echo $$ >/sys/fs/cgroup/many/$1/cgroup.procs
for ((i = 0; i < $2; i++)); do (: </t/d/$1) 2>/dev/null & done
wait
SHELL
one() { # NUMBER
	mkdir /sys/fs/cgroup/many/"$1"
	/t/sh crowd "$1" $each
	until rmdir /sys/fs/cgroup/many/"$1" 2>/dev/null; do sleep 0.05; done
}
began=$(date +%s)
for ((i = 1; i <= cgroups; i += 4)); do
	for ((k = i; k < i + 4 && k <= cgroups; k++)); do one $k & done
	case $i in
	101) date -s '+1 day' >/dev/null ;;
	201) date -s '-3 days' >/dev/null ;;
	301) date -s '+2 days' >/dev/null ;;
	esac
	wait $(jobs -p | grep -vx $daemon)
done
is "$(ls -d /sys/fs/cgroup/many/*/ 2>/dev/null | wc -l)" 0 "the cgroups have gone"

all=$((cgroups * each))
is "$(count .counters.questions_refused_or_reported)" $((before + all)) "every refusal is counted"
is "$(count '.profiles[0].rules[0].hits')" $all "and every hit of the rule"
settled() { [ "$(count '.outputs[0].written + .outputs[0].dropped + .counters.events_dropped')" = "$(count .counters.events_produced)" ]; }
until_true settled && ok "written, or dropped and counted: all that was produced" || not_ok "written, or dropped and counted" "$(count '[.outputs, .counters]')"
sum=$(jq -s 'map(.count) | add' /t/events.json)
dropped=$(count '.counters.events_dropped + .outputs[0].dropped')
echo "# $(($(date +%s) - began)) s, $(wc -l </t/events.json) events with $sum refusals, $dropped dropped, $("$enforcer" status | grep ^counters)"
if [ "$dropped" -eq 0 ]; then
	is "$sum" $all "the counts of all events are the refusals"
else
	[ "$sum" -le $all ] && [ "$sum" -ge $((all - 10 * dropped)) ] && ok "the counts of all events are the refusals but for $dropped dropped" || not_ok "the counts" "$sum of $all, $dropped dropped"
fi

# ---- what events say
is "$(jq -s 'map(select(.cgroup != null and .cgroup != ("/many/" + (.object | sub("/t/d/"; ""))))) | length' /t/events.json)" 0 "no event has another's cgroup"
[ "$(jq -s 'map(select(.cgroup != null)) | length' /t/events.json)" -gt 0 ] && ok "and some have theirs" || not_ok "some have theirs"
is "$(jq -s 'map(.id) | length - (unique | length)' /t/events.json)" 0 "no two events have the same id"
is "$(jq -s 'map(.seq) | length - (unique | length)' /t/events.json)" 0 "nor the same number"
is "$(jq -s '(map(.boot_ns) | max - min) < 3600e9' /t/events.json)" true "time since the boot knows nothing of the clock"
[ "$(jq -r '.time[:10]' /t/events.json | sort -u | wc -l)" -ge 3 ] && ok "times are those of the clock" || not_ok "times are those of the clock" "$(jq -r '.time[:10]' /t/events.json | sort | uniq -c)"
[ "$(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB/\1/p' /proc/$daemon/status)" -le 16384 ] && ok "the daemon stays under 16 MiB" || not_ok "the daemon stays under 16 MiB" "$(grep VmRSS /proc/$daemon/status)"
runs "and is well" "$enforcer" status
unload
wait $daemon
is $? 1 "an unload ends it"
like "$(cat run.err)" 'the policy was unloaded: nothing is enforced any more: by \(enforcer\)\[[0-9]+\] uid=0' "and it says who that was"
rm /etc/bailiff/bailiff.conf
done_testing
