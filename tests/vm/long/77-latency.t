# How long hooks take: histograms that are exact in their counts, in every form; off costs nothing, on changes no verdict; kept over loads, killed in
# between, and with a seal.
. "$BAILIFF_TOP/tests/vm/lib.sh"
subject web
mkdir -p /t/d && echo x >/t/d/secret && echo x >/t/d/free
compile p <<<'profile p { subject exe /t/web; deny read /t/d/secret; }'
compile q <<<'profile p { subject exe /t/web; deny read /t/d/secret; deny setid; deny mknod; }'
fails 1 '^enforcer: nothing is loaded' "nothing is loaded, so nothing can be timed" "$enforcer" latency on
load_image p
timers() { bpftool prog show | grep -Ec ' name hook_(begins|ends) '; }
programs() { find /sys/fs/bpf/bailiff/progs -type f | wc -l; }
of() { "$enforcer" latency --json | jq ".[] | select(.hook == \"$1\") | $2"; }
all() { "$enforcer" latency --json | jq -c 'map([.hook, (.calls == (.buckets | add)), .calls > 0])'; }

fails 1 "^enforcer: hooks are not timed; 'enforcer latency on' begins it" "they are not timed by themselves" "$enforcer" latency
is "$("$enforcer" status --json | jq .latency)" null "and status says so"
is "$(timers)" 0 "no program of it is there"
runs "latency on" "$enforcer" latency on
asks web read /t/d/secret EPERM
asks web read /t/d/free ok
is "$("$enforcer" latency --json | jq length)" "$(programs)" "every hook that is loaded is timed"
before=$(of file_open .calls)
echo 1 >/proc/sys/kernel/bpf_stats_enabled
"$enforcer" metrics >first
for _ in $(seq 500); do echo $'read\t/t/d/free'; done | /t/web - >/dev/null 2>&1
"$enforcer" metrics >second
after=$(of file_open .calls)
echo 0 >/proc/sys/kernel/bpf_stats_enabled
[ $((after - before)) -ge 500 ] && ok "calls are counted ($((after - before)))" || not_ok "calls are counted" "$before $after"
like "$(of file_open '.nanoseconds / .calls')" '^[1-9][0-9]+' "and take time"
is "$(all | jq -c 'map(.[1]) | unique')" '[true]' "every call is in a bucket"

# ---- what the kernel counts itself, between the same two looks: some calls more or less at the edges, of the looks themselves
value() { sed -n "s/^bailiff_$2 //p" "$1"; }
ours=$(($(value second 'hook_latency_seconds_count{hook="file_open"}') - $(value first 'hook_latency_seconds_count{hook="file_open"}')))
kernels=$(($(value second 'hook_runs_total{hook="file_open"}') - $(value first 'hook_runs_total{hook="file_open"}')))
[ $((ours - kernels)) -ge -20 ] && [ $((ours - kernels)) -le 20 ] && ok "as many as the kernel counts: $ours, $kernels" || not_ok "as many as the kernel counts" "$ours $kernels"
like "$(python3 "$top/tests/unit/exposition.py" <second 2>&1)" '^[0-9]+$' "the metrics are what the format says"
like "$(value second 'hook_latency_seconds_bucket{hook="file_open",le="+Inf"}')" "^$(value second 'hook_latency_seconds_count{hook="file_open"}')\$" "the last bucket has all"
like "$("$enforcer" latency)" '^file_open +[0-9]+ +[0-9.]+ [nu]s +<[0-9.]+ [num]+s' "for people"
like "$("$enforcer" status)" '^latency: [0-9]+ hooks are timed' "status says that it is on"
is "$("$enforcer" status --json | jq '.latency | length')" "$(programs)" "status --json has it"
like "$("$enforcer" top --once)" $'\nhooks: [0-9]+ calls; mean [0-9.]+ [nu]s, 50% <' "top shows it"
is "$("$enforcer" top --once --json | jq '.latency | length')" "$(programs)" "top --json has it"

# ---- a load with further hooks
load_image q
is "$("$enforcer" latency --json | jq length)" "$(programs)" "the hooks of the next policy are timed, too"
[ "$(of file_open .calls)" -ge "$after" ] && ok "and nothing is lost" || not_ok "nothing is lost"

# ---- killed in between
runs "latency off" "$enforcer" latency off
gone() { [ "$(timers)" = 0 ]; }
until_true gone && ok "its programs are gone" || not_ok "its programs are gone"
bad=
for ms in 020 060 120 250 500; do
	"$enforcer" latency on >/dev/null 2>&1 &
	sleep 0.$ms
	kill -9 $! 2>/dev/null
	wait $! 2>/dev/null
	[ "$(ask web read /t/d/secret)" = EPERM ] || bad="$bad $ms: not enforced"
	"$enforcer" status >/dev/null || bad="$bad $ms: status"
	"$enforcer" latency on || bad="$bad $ms: on"
	[ "$("$enforcer" latency --json | jq length)" = "$(programs)" ] || bad="$bad $ms: not all"
	"$enforcer" latency off || bad="$bad $ms: off"
done
is "$bad" "" "killed while it begins: the policy holds, and it can be begun anew and ended"

# ---- words
fails 2 'on or off is wanted, not x' "a wrong word" "$enforcer" latency x
fails 2 'leave out on' "--json with on" "$enforcer" latency on --json

# ---- the configuration, and an unload while it is on
mkdir -p /etc/bailiff && echo 'latency = yes' >/etc/bailiff/bailiff.conf
"$enforcer" run q.bpi >run.out 2>run.err &
daemon=$!
until_true test -S /run/bailiff/control.sock || not_ok "the daemon runs" "$(cat run.err)"
is "$("$enforcer" latency --json | jq length)" "$(programs)" "latency = yes"
kill $daemon
wait $daemon
rm /etc/bailiff/bailiff.conf
unload
until_true gone && ok "an unload takes it away" || not_ok "an unload takes it away"
done_testing
