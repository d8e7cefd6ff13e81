# Events: what they say of who asked, replayed by policyc; why, with a rule that then allows it; two outputs; a frame of top.
. "$BAILIFF_TOP/tests/vm/lib.sh"
subject web cat
mkdir -p /t/d && echo x >/t/d/secret && echo x >/t/d/other
unit=/sys/fs/cgroup/system.slice/shop.service
mkdir -p $unit/worker

policy() {
	cat <<POLICY
profile p {
    subject exe /t/web;
    subject unit shop.service;
    ${1-}
    deny read /t/d/* message "no" tag "T1" severity high;
}
POLICY
}
in_unit() { # COMMAND...
	(echo $BASHPID >$unit/worker/cgroup.procs && exec "$@")
}
mkdir -p /t/log /etc/bailiff
cat >/etc/bailiff/bailiff.conf <<'CONF'
output = stdout format=json
output = file /t/log/events format=ecs
CONF
for p in "web read /t/d/other" "cat read /t/d/secret"; do is "$(in_unit /t/$p | cut -f3)" ok "before: $p"; done
policy | load p
"$enforcer" run >out 2>err &
daemon=$!
until_true test -S /run/bailiff/control.sock || not_ok "the daemon starts" "$(cat err)"

# ---- who
is "$(script -qec "setpriv --reuid 0 --regid 7 --clear-groups /t/web read /t/d/secret" /dev/null | cut -f3 | tr -d '\r')" EPERM "refused on a terminal"
is "$(in_unit /t/cat read /t/d/other | cut -f3)" EPERM "refused in a unit"
until_true grep -q other out
jq -c 'select(.object == "/t/d/secret")' out >tty.json
jq -c 'select(.object == "/t/d/other")' out >unit.json
is "$(jq -c '[.schema, .verdict, .op, .object, .profile, .rule.file, .rule.line, .message, .tag, .severity, .mode, .generation]' tty.json)" \
	'[1,"deny","read","/t/d/secret","p","p.policy",5,"no","T1","high","enforce",1]' "an event says what and by which rule"
is "$(jq -c '[.exe, .comm, .uid, .euid, .gid, .egid, .auid, .tty, .unit, .untrusted]' tty.json)" \
	'["/t/web","web",0,0,7,7,4294967295,"pts0","",false]' "and who"
like "$(jq -c '[.id, .time, .boot_ns]' tty.json)" '^\["[0-9a-f]{32}-[0-9a-f]+-[0-9a-f]+","20..-..-..T..:..:..\....Z",[0-9]+\]$' "and when"
# timeout and in-guest run this file; script, and perhaps a shell, ran the program
is "$(jq -c '[.ancestors[0].pid, (.ancestors[-1].pid == .ppid), (.ancestors | length >= 4)]' tty.json)" '[1,true,true]' "from process 1 to the parent"
is "$(jq -c --argjson me $$ '.ancestors[] | select(.pid == $me) | [.comm, .exe]' tty.json)" '["bash","'"$(readlink -f /proc/$$/exe)"'"]' "an ancestor's comm and program"
start=$(awk '{ print $22 }' /proc/$$/stat)
is "$(jq -c --argjson me $$ '.ancestors[] | select(.pid == $me) | .start_ns / 10000000 | floor' tty.json)" "$start" "and its start"
is "$(jq -c '[.exe, .cgroup, .unit, .container]' unit.json)" '["/t/cat","/system.slice/shop.service/worker","shop.service",""]' "cgroup and unit"
is "$(jq '.cgroup_id' unit.json)" "$(stat -c %i $unit/worker)" "and its number"
# 128 processes on: what is kept of ancestors is found by the end of their numbers
deep() {
	if [ "$1" -eq 0 ]; then
		/t/web read /t/d/deep
		return
	fi
	echo $((BASHPID + 127)) >/proc/sys/kernel/ns_last_pid
	(deep $(($1 - 1)); true)
}
echo x >/t/d/deep
deep 10 >/dev/null
until_true grep -q deep out
is "$(jq -c 'select(.object == "/t/d/deep") | [(.ancestors | length), (.ancestors[-1].pid == .ppid)]' out)" '[8,true]' "eight ancestors, the nearest"

# ---- recorded events are requests
is "$("$policyc" explain --batch p.bpi <out | jq -r .verdict | sort | uniq -c | tr -s ' ')" " $(grep -c . out) deny" "policyc says the same of each"
policy 'allow read /t/d/other if cgroup /system.slice/shop.service;' | compile q
is "$("$policyc" explain --batch q.bpi <unit.json | jq -r .verdict)" allow "the cgroup's path counts"
is "$("$policyc" explain --batch q.bpi <tty.json | jq -r .verdict)" deny "where it is another one"

# ---- why
for _ in 1 2; do asks web read /t/d/secret EPERM; done
until_true test "$(grep -c secret out)" -ge 3
"$enforcer" why /t/web >why
like "$(cat why)" '^/t/web \(pid [0-9]+, uid 0\) was refused: read /t/d/secret$' "why, by program"
like "$(cat why)" 'the last of 3 times' "how often"
like "$(cat why)" 'by profile p, p.policy:5: deny read /t/d/\* message' "by which rule"
like "$("$enforcer" why shop)" '^/t/cat .* read /t/d/other$' "why, by unit"
is "$("$enforcer" why shop | grep -c refused:)" 1 "and nobody else's"
like "$("$enforcer" why "$(jq .pid unit.json)")" '^/t/cat .* read /t/d/other$' "why, by pid"
like "$("$enforcer" why nobody)" 'nothing that the daemon remembers was refused to nobody' "why, of somebody to whom nothing was refused"
policy "$(grep 'allow read /t/d/secret' why)" | load r
asks web read /t/d/secret ok "with the rule that why offers it is allowed"
asks web read /t/d/other EPERM "and nothing else"
is "$(in_unit /t/cat read /t/d/secret | cut -f3)" EPERM "and to nobody else"

# ---- equal denials: ten thousand of each of two processes, on both processors
echo x >/t/d/same
equal=()
for f in one two; do
	yes $'read\t/t/d/same' | head -10000 | /t/web - >/dev/null 2>&1 &
	equal+=($!)
done
wait "${equal[@]}"
equals() { # of each process: few events, and what they tell of
	jq -r 'select(.object == "/t/d/same") | "\(.pid) \(.count)"' out | awk '{ n[$1]++; sum[$1] += $2 } END { for (p in n) print n[p] <= 10 ? "few" : n[p], sum[p] }'
}
told() { [ "$(equals | xargs)" = "few 10000 few 10000" ]; }
until_true told
is "$(equals | xargs)" "few 10000 few 10000" "ten thousand equal denials are at most ten events, which tell of ten thousand"
aggregated=$("$enforcer" status --json | jq .counters.events_aggregated)
[ "$aggregated" -ge 19980 ] && ok "$aggregated denials had no event of their own" || not_ok "aggregated denials" "$aggregated"

# ---- outputs
# produced = delivered + dropped + aggregated; summaries come on top
balance='.counters.events_produced - .counters.events_aggregated + $summaries - .counters.events_dropped'
summaries() { grep -c '"summary":true' out; }
settled() {
	"$enforcer" status --json >state.json
	jq -e '[.outputs[].written] | unique | length == 1' state.json && jq -e --argjson summaries "$(summaries)" ".outputs[0].written == $balance" state.json
}
until_true settled
is "$(jq -c --argjson summaries "$(summaries)" "[($balance - .outputs[].written), .outputs[].dropped]" state.json)" '[0,0,0,0]' "each event is written by each output"
is "$(wc -l <out) $(wc -l </t/log/events)" "$(jq -r '"\(.outputs[0].written) \(.outputs[1].written)"' state.json)" "as many as there are"
is "$(jq -c 'select(.rule.id == "r.policy:5") | [.event.action, .event.outcome]' /t/log/events | sort -u)" '["read","failure"]' "in ECS"

# ---- top
"$enforcer" top --once >top
like "$(head -1 top)" "generation 2, enforcing; events [0-9]+, dropped 0$" "top says what is in force"
like "$(sed -n 3p top)" '^ +[0-9]+ +-  deny +p  r.policy:5: deny read /t/d/\* .*<- read /t/d/[a-z]+ by /t/[a-z]+\[[0-9]+\]$' "and what is refused, by which rule"

kill $daemon
wait $daemon
rm /etc/bailiff/bailiff.conf
fails 1 'no daemon runs' "why, without a daemon" "$enforcer" why /t/web
unload
done_testing
