# What 10,000 rules take: the daemon, with its outputs, events, metrics and reloads, stays under 16 MiB; the tables are what their size class says, the
# same on one processor and on two; of what else the kernel keeps only the few counters are there for each processor.
. "$BAILIFF_TOP/tests/vm/lib.sh"
subject web
mkdir -p /etc/bailiff
# names are hashed: consecutive ones would share most of the automaton. As docs/bench-compiler.md's.
cat >make.awk <<'AWK'
function h(n,  s) { s = ""; while (n-- > 0) s = s substr("0123456789abcdef", int(rand() * 16) + 1, 1); return s }
BEGIN {
	srand(seed)
	print "profile big { subject exe /t/web;"
	for (i = 0; i < 10000; i++) print "    deny read /srv/" h(8) "/" h(8) "/" h(12) ".dat;"
	print "}"
}
AWK
for n in 1 2; do awk -v seed=$n -f make.awk | compile big$n; done
first=$(sed -n '2s/.*read \(.*\);/\1/p' big1.policy)
mkdir -p "${first%/*}" && echo x >"$first"
cat >/etc/bailiff/bailiff.conf <<'CONF'
output = stdout format=json
output = file /t/log format=ecs size=1M
metrics-socket = /run/bailiff-metrics.sock
metrics-file = /t/bailiff.prom interval=1
CONF
resident() { # WHEN: kB, now; the most of all is told
	local now most
	now=$(awk '/^VmRSS/ { print $2 }' /proc/$daemon/status)
	most=$(awk '/^VmHWM/ { print $2 }' /proc/$daemon/status)
	echo "# $1: resident $now kB (most so far $most kB), of it anonymous $(awk '/^RssAnon/ { print $2 }' /proc/$daemon/status) kB, Pss $(awk '/^Pss:/ { print $2 }' /proc/$daemon/smaps_rollup) kB"
	[ "$now" -lt 16384 ] && ok "$1: under 16 MiB" || not_ok "$1: under 16 MiB" "$(cat /proc/$daemon/status)"
}
"$enforcer" run big1.bpi >out 2>err &
daemon=$!
until_true test -S /run/bailiff-metrics.sock || not_ok "the daemon starts" "$(cat err)"
cat err | sed 's/^/# /'
resident "after the start"
for _ in $(seq 300); do printf 'read\t%s\n' "$first"; done | /t/web - >answers 2>/dev/null
is "$(cut -f3 answers | sort | uniq -c | tr -s ' ')" " 300 EPERM" "it refuses"
until_true test "$(grep -c . out)" -ge 300
resident "after 300 events"
for _ in 1 2 3; do curl -s --unix-socket /run/bailiff-metrics.sock http://localhost/metrics >metrics; sleep 1; done
is "$(grep -c '^bailiff_rule_hits_total' metrics)" 1000 "1,000 series of rules"
is "$(grep -c '^bailiff_rule_hits_total.* 300$' metrics)" 1 "one of them with the refusals"
is "$(sed -n 's/^bailiff_rule_series_left_out //p' metrics)" 9000 "the others are left out"
resident "after metrics"
for n in 2 1 2; do "$enforcer" load big$n.bpi >load.out 2>&1 || not_ok "a reload" "$(cat load.out)"; /t/web read "$first" >/dev/null; done
until_true grep -q 'generation 4' err
sleep 2
resident "after three reloads"
# resident set at its highest while it served, loads by other processes aside
echo 5 >/proc/$daemon/clear_refs
for _ in 1 2 3; do curl -s --unix-socket /run/bailiff-metrics.sock http://localhost/metrics >metrics; sleep 1; done
most=$(awk '/^VmHWM/ { print $2 }' /proc/$daemon/status)
[ "$most" -lt 16384 ] && ok "nor is it more for a moment while metrics are made: $most kB" || not_ok "not more for a moment" "$most kB"

# ---- the kernel's side, by the kernel's own count where it has one (6.4 and later) and by the maps' sizes
maps() { # the maps that are pinned and hold data: name, type, bytes
	local pin
	for pin in /sys/fs/bpf/bailiff/maps/* /sys/fs/bpf/bailiff/gen/*/*; do
		bpftool -j map show pinned "$pin" 2>/dev/null | jq -r --arg pin "${pin#/sys/fs/bpf/bailiff/}" '[$pin, .type, .bytes_value, (.max_entries // 0), (.bytes_memlock // 0)] | @tsv'
	done
}
maps >maps.all
sed 's/^/# /' maps.all
gen=$("$enforcer" status --json | jq .generation)
tables=$(awk -v pin="gen/$gen/tables" '$1 == pin { print $3 }' maps.all)
names=$(awk -v pin="gen/$gen/image" '$1 == pin { print $3 }' maps.all)
used=$("$enforcer" status --json | jq '.words * 8')
echo "# tables: $used bytes used of $tables; names: $names bytes; processors: $(nproc)"
[ "$tables" -lt $((8 << 20)) ] && ok "10,000 rules take less than 8 MiB of tables" || not_ok "less than 8 MiB of tables" "$used of $tables"
is "$tables" $(((used + (1 << 20) - 1) / (1 << 20) * (1 << 20) + 512)) "their map is the next MiB and the head"
[ "$names" -lt $((2 << 20)) ] && ok "and what names them less than 2 MiB" || not_ok "names" "$names"
is "$(awk '$2 ~ /percpu/ { print $1, $3 * $4 }' maps.all)" "maps/stats 256" "only the counters are there for each processor, 256 bytes"
kill $daemon
wait $daemon
rm /etc/bailiff/bailiff.conf
unload
done_testing
