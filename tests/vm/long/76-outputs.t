# Outputs of the daemon in a flood: one hangs, one has a full disk, and the others get every event. A live screen of top.
. "$BAILIFF_TOP/tests/vm/lib.sh"
subject web
mkdir -p /t/d && echo x >/t/d/other

lines() { [ "$(wc -l <out)" -ge "$1" ]; }
# two sockets: one that is never read, and the journal's
cat >sockets.py <<'PYTHON'
import os, socket, sys
hung = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
hung.bind('/t/hung')
journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
os.makedirs('/run/systemd/journal', exist_ok=True)
journal.bind('/run/systemd/journal/socket')
out = open('journal', 'wb', buffering=0)
while True:
    out.write(journal.recv(65536) + b'--\n')
PYTHON
python3 sockets.py &
sockets=$!
mkdir -p /t/log /t/full /etc/bailiff && mount -t tmpfs -o size=16k none /t/full
cat >/etc/bailiff/bailiff.conf <<'CONF'
output = stdout format=json
output = syslog /t/hung
output = file /t/full/log format=text
output = file /t/log/events format=ecs size=64K keep=2
output = journal
CONF
until_true test -S /run/systemd/journal/socket
load r <<POLICY
profile p {
    subject exe /t/web;
    deny read /t/d/*;
}
POLICY
"$enforcer" run >out 2>err &
daemon=$!
until_true test -S /run/bailiff/control.sock || not_ok "the daemon starts" "$(cat err)"

for i in $(seq 1200); do echo x >/t/d/other$i; done # equal denials would be summed up
for i in $(seq 1200); do echo $'read\t/t/d/other'$i; done | /t/web - >/dev/null 2>&1
until_true lines 1200
state() { "$enforcer" status --json | jq -c ".outputs[] | select(.output | startswith(\"$1\"))"; }
idle() { [ "$(state journal | jq .waiting)" = 0 ] && [ "$(state 'file /t/log' | jq .waiting)" = 0 ] && [ "$(state 'file /t/full' | jq .waiting)" = 0 ]; }
until_true idle
"$enforcer" status --json >state.json
delivered=$(jq '.counters.events_produced - .counters.events_dropped - .counters.events_aggregated' state.json)
is "$(jq -c '[.outputs[] | .written + .dropped + .waiting]' state.json)" "[$delivered,$delivered,$delivered,$delivered,$delivered]" \
	"each of $delivered events is written, dropped or waiting, for each output"
is "$(jq -c '[.outputs[] | .dropped > 0]' state.json)" '[false,true,true,false,false]' "a hung output and a full disk drop, others do not"
is "$(jq -c '[.outputs[] | .waiting > 0]' state.json)" '[false,true,false,false,false]' "and only what hangs has some waiting"
like "$("$enforcer" status)" '^output file /t/full/log format=text: [0-9]+ written, [0-9]+ dropped, 0 waiting; cannot write to /t/full/log: No space' "status says so"
is "$(grep -c . out)" "$delivered" "all of them are on standard output"
is "$(grep -c '^--$' journal)" "$delivered" "and in the journal"
like "$(grep -ac '^BAILIFF_OBJECT=/t/d/other' journal)" '^12[0-9][0-9]$' "with native fields"
is "$(ls /t/log | tr '\n' ' ')" "events events.1 events.2 " "a file is put aside"
is "$(find /t/log -size +64k)" "" "at its size"
is "$(jq -c '[.event.action, .event.outcome, (.file.path | rtrimstr("0") | .[:10]), .rule.id]' /t/log/events | sort -u)" '["read","failure","/t/d/other","r.policy:3"]' "in ECS"
is "$(grep -cv 'r.policy:3$' /t/full/log)" 0 "no line is cut on the full disk"
[ "$(awk '/VmRSS/ { print $2 }' /proc/$daemon/status)" -lt 16384 ] && ok "in less than 16 MiB" || not_ok "16 MiB" "$(grep Vm /proc/$daemon/status)"

# ---- top
(sleep 3; echo $'read\t/t/d/other' | /t/web - >/dev/null 2>&1; sleep 5; echo q) | script -qec "stty rows 5 cols 60; $enforcer top" screen >/dev/null
is "$(grep -ac $'\033\[?1049h' screen) $(grep -ac $'\033\[?1049l' screen)" "1 1" "a live screen gives the terminal back"
like "$(tr -d '\r' <screen)" '^ +120[0-9] +[0-9]+\.[0-9]  deny +p  r.policy:3: deny rea' "with numbers per second, cut to its width"
kill $daemon
wait $daemon
is $? 0 "a hung output does not keep the daemon from its end"
kill $sockets
umount /t/full
rm /etc/bailiff/bailiff.conf
unload
done_testing
