# Metrics: over a unix socket and as a file, while clients hang; they are what the format says and what status says; a full disk leaves the file whole.
. "$BAILIFF_TOP/tests/vm/lib.sh"
subject web
mkdir -p /t/d /t/textfile /etc/bailiff && echo x >/t/d/secret
mount -t tmpfs -o size=128k none /t/textfile
cat >/etc/bailiff/bailiff.conf <<'CONF'
output = stdout format=json
output = file /t/no/where
metrics-socket = /run/bailiff-metrics.sock mode=0660
metrics-file = /t/textfile/bailiff.prom interval=1
CONF
compile p <<'POLICY'
profile p {
    subject exe /t/web;
    deny read /t/d/secret;
    deny read /t/d/never;
    log read /t/d/*;
}
profile q { subject exe /t/web; mode audit; deny connect to 127.0.0.1; }
POLICY
checked() { # FILE: what the strict reader says
	python3 "$top/tests/unit/exposition.py" <"$1" 2>&1
}
value() { # FILE SERIES
	sed -n "s/^bailiff_$2 //p" "$1"
}
scrape() { curl -s --max-time 5 --unix-socket /run/bailiff-metrics.sock "http://localhost/$1"; }

"$enforcer" metrics >nothing
like "$(checked nothing)" '^[0-9]+$' "metrics with nothing loaded are metrics"
is "$(value nothing 'state{state="not-loaded"}') $(value nothing daemon_up)" "1 0" "and say so"
"$enforcer" run p.bpi >out 2>err &
daemon=$!
until_true test -S /run/bailiff-metrics.sock || not_ok "the daemon serves metrics" "$(cat err)"
is "$(stat -c %a /run/bailiff-metrics.sock)" 660 "the socket has the mode that is configured"
echo 1 >/proc/sys/kernel/bpf_stats_enabled
for _ in $(seq 20); do echo $'read\t/t/d/secret'; done | /t/web - >/dev/null 2>&1
/t/web udp "127.0.0.1 1500" >/dev/null 2>&1
echo x >/t/d/free && /t/web read /t/d/free >/dev/null

# ---- clients that hang: some never ask, some never read
cat >hang.py <<'PYTHON'
import socket, sys, time
all = []
for i in range(7):
    s = socket.socket(socket.AF_UNIX)
    s.connect('/run/bailiff-metrics.sock')
    if i % 2:
        s.send(b'GET /metrics HTTP/1.0\r\n\r\n')
    else:
        s.send(b'GET /metr')
    all.append(s)
print('hung', flush=True)
time.sleep(14)
for i, s in enumerate(all):  # those that asked have their answer waiting; the others were dropped
    s.settimeout(0.1)
    try:
        n = len(s.recv(1 << 20))
    except ConnectionResetError:
        n = 0
    print(i % 2, n > 1000, flush=True)
PYTHON
python3 hang.py >hang.out &
hang=$!
until_true grep -q hung hang.out
written() { # until every event is told of: equal ones are one event, which says later how many they were
	"$enforcer" status --json >state.json
	[ "$(jq -s 'map(.count) | add' out) $(wc -l <out)" = "$(jq -r '"\(.counters.events_produced) \(.outputs[0].written)"' state.json)" ]
}
until_true written
scrape metrics >seen
"$enforcer" metrics >printed
like "$(checked seen)" '^[0-9]+$' "what the socket serves is what the format says: $(checked seen) series"
like "$(checked printed)" '^[0-9]+$' "and so is what the command prints"
"$enforcer" status --json >state.json
same() { # SERIES JQ
	is "$(value seen "$1") $(value printed "$1")" "$(jq -r "$2 | \"\(.) \(.)\"" state.json)" "$1 is what status says"
}
same 'rule_hits_total{profile="p",rule="p.policy:3",verdict="deny"}' '.profiles[0].rules[0].hits'
same 'rule_hits_total{profile="p",rule="p.policy:4",verdict="deny"}' '.profiles[0].rules[1].hits'
same 'rule_hits_total{profile="p",rule="p.policy:5",verdict="log"}' '.profiles[0].rules[2].hits'
same 'profile_hits_total{profile="q",mode="audit"}' '.profiles[1].rules[0].hits'
same events_produced_total .counters.events_produced
same events_dropped_total .counters.events_dropped
same daemon_events_total '.outputs[0].written'
same questions_refused_or_reported_total .counters.questions_refused_or_reported
same generation .generation
same 'reports_total{reason="rule"}' .counters.reasons.rule
same 'output_written_total{number="0",output="stdout format=json"}' '.outputs[0].written'
same 'output_dropped_total{number="1",output="file \/t\/no\/where format=json"}' '.outputs[1].dropped'
is "$(value seen 'rule_hits_total{profile="p",rule="p.policy:3",verdict="deny"}')" 20 "twenty refusals"
is "$(value seen selftest_passed) $(value seen daemon_up) $(value seen 'state{state="enforcing"}')" "1 1 1" "enforcing, and proved"
is "$(value seen 'output_failing{number="1",output="file \/t\/no\/where format=json"}')" 1 "an output that cannot write"
is "$(sed -n 's/^bailiff_hook_attached{hook="\(.*\)"} 1/\1/p' seen | sort)" "$(jq -r '.hooks[]' state.json | sort)" "the hooks that are attached"
[ "$(value seen 'hook_runs_total{hook="file_open"}')" -ge 20 ] && ok "runs of a hook" || not_ok "runs of a hook" "$(grep hook_ seen)"
like "$(value seen 'hook_seconds_total{hook="file_open"}')" '^[0-9]+\.[0-9]*[1-9]' "and its time"
is "$(diff <(sed 's/ .*//' seen) <(sed 's/ .*//' printed))" "" "both have the same series"
is "$(scrape other)" "404 Not Found" "there is nothing else"
is "$(curl -sI --unix-socket /run/bailiff-metrics.sock http://localhost/metrics | tr -d '\r' | sed -n '1p; /^Content-Type/p')" \
	$'HTTP/1.0 200 OK\nContent-Type: text/plain; version=0.0.4; charset=utf-8' "HEAD"
begin=$(date +%s)
for _ in 1 2 3 4 5; do scrape metrics >again; done
[ $(($(date +%s) - begin)) -le 8 ] && ok "clients that hang hold up nobody" || not_ok "clients that hang hold up nobody" "$(($(date +%s) - begin)) s"
asks web read /t/d/secret EPERM
runs "nor anything else of the daemon" timeout 10 "$enforcer" events

# ---- the file
until_true test -s /t/textfile/bailiff.prom
is "$(stat -c %a /t/textfile/bailiff.prom)" 644 "the file can be read by node_exporter"
bad=0
for _ in $(seq 8); do
	cp /t/textfile/bailiff.prom copy
	checked copy | grep -q '^[0-9]*$' && [ "$(tail -1 copy | cut -d' ' -f1)" = bailiff_rule_hits_left_out ] || bad=$((bad + 1))
done
is "$bad" 0 "however often it is read, it is whole"
inode=$(stat -c %i /t/textfile/bailiff.prom)
newer() { [ "$(stat -c %i /t/textfile/bailiff.prom)" != "$inode" ]; }
until_true newer && ok "it is another file each time" || not_ok "it is another file each time"
head -c 200k /dev/zero >/t/textfile/fill 2>/dev/null
failing() { "$enforcer" status --json | jq -e '.outputs[] | select(.output | startswith("metrics")) | .error == "cannot replace /t/textfile/bailiff.prom: No space left on device"'; }
until_true failing && ok "a full disk is told" || not_ok "a full disk is told" "$("$enforcer" status --json | jq .outputs)"
like "$(checked /t/textfile/bailiff.prom)" '^[0-9]+$' "the file before stays, whole"
is "$(ls /t/textfile)" $'bailiff.prom\nfill' "and nothing beside it"
inode=$(stat -c %i /t/textfile/bailiff.prom)
rm /t/textfile/fill
until_true newer && ok "with room it goes on" || not_ok "with room it goes on"
like "$(value /t/textfile/bailiff.prom 'output_dropped_total{number="2",output="metrics \/t\/textfile\/bailiff.prom"}')" '^[1-9]' "and what was lost is counted"

# ---- frames and refusals as JSON
until_true test "$(grep -c secret out)" -ge 21
is "$("$enforcer" why --json /t/web | jq -c 'select(.event.object == "/t/d/secret") | [.event.verdict, .times, .cure.kind, .cure.rule]')" \
	'["deny",21,"rule","allow read /t/d/secret;"]' "why --json"
is "$("$enforcer" top --once --json | jq -c '[.generation, .seconds, .rows[0].profile, .rows[0].rule, .rows[0].line, .rows[0].hits, (.rows[0].last | contains("/t/web"))]')" \
	'[1,null,"p","deny read /t/d/secret",3,21,true]' "top --once --json"
timeout -s INT 7 "$enforcer" top --json </dev/null >frames
[ "$(jq -c . frames | wc -l)" -ge 2 ] && ok "top --json goes on" || not_ok "top --json goes on" "$(cat frames)"
is "$(jq -s -c '[.[0].seconds, (.[1].seconds | type), .[1].rows[0].new_hits]' frames)" '[null,"number",0]' "with what is new since the frame before"

wait $hang
is "$(sort hang.out | uniq -c | tr -s ' ')" " 4 0 False
 3 1 True
 1 hung" "who does not ask is dropped, who does not read has its answer"
kill $daemon
wait $daemon
is $? 0 "the daemon ends"
[ ! -e /run/bailiff-metrics.sock ] && ok "and takes its socket with it" || not_ok "the socket is gone"

# ---- a place where no socket can be costs the metrics and nothing else
echo 'metrics-socket = /t/no/where' >/etc/bailiff/bailiff.conf
"$enforcer" run >out 2>err &
daemon=$!
until_true grep -q 'metrics are not served' err
like "$(cat err)" '^enforcer: metrics-socket: cannot listen on /t/no/where: No such file or directory; metrics are not served$' "that is said"
until_true test -S /run/bailiff/control.sock
asks web read /t/d/secret EPERM
kill $daemon
wait $daemon
rm /etc/bailiff/bailiff.conf
umount /t/textfile
unload
done_testing
