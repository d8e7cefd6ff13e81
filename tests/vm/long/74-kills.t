# Killed with -9 at any moment: the old policy is in force or the new one, never none, and the next load finds nothing in its way. What systemd
# is told. What the control socket is told that it does not understand.
. "$BAILIFF_TOP/tests/vm/lib.sh"
subject web
mkdir -p /t/d
for f in secret a b; do echo x >/t/d/$f; done

# Both refuse the secret; the second needs hooks that the first does not, whose programs are loaded only then.
compile a <<<'profile p { subject exe /t/web; deny read /t/d/secret, /t/d/a; }'
compile b <<<'profile p { subject exe /t/web; deny read /t/d/secret, /t/d/b; deny setid; deny mknod; }'
killed() { # MILLISECONDS COMMAND...: killed after that long; whether it was
	local pid
	"${@:2}" >/dev/null 2>&1 &
	pid=$!
	sleep "$(printf '0.%03d' "$1")"
	kill -9 $pid 2>/dev/null
	wait $pid 2>/dev/null
	[ $? -eq 137 ]
}
asks web read /t/d/secret ok
"$enforcer" load a.bpi >load.out 2>&1 || not_ok "load" "$(cat load.out)"
# how long a load takes here, in milliseconds
began=$(date +%s%N)
"$enforcer" load b.bpi >/dev/null
"$enforcer" load a.bpi >/dev/null
span=$((($(date +%s%N) - began) / 2000000))
[ $span -gt 900 ] && span=900
[ $span -lt 50 ] && span=50

(while [ ! -e stop ]; do
	for _ in 1 2 3 4 5; do echo $'read\t/t/d/secret'; done
	sleep 0.01
done) | /t/web - 2>/dev/null | cut -f3 | sort | uniq -c >opens &
opens=$!
kills=0 neither= blocked=
RANDOM=74
for i in $(seq 60); do
	for n in b a; do
		# one that was over by then is followed by one that is killed earlier: how long it takes is the machine's business
		killed $((RANDOM % span)) "$enforcer" load $n.bpi && kills=$((kills + 1)) || span=$((span > 70 ? span * 3 / 4 : span))
		case "$(ask web read /t/d/a) $(ask web read /t/d/b)" in
		'EPERM ok' | 'ok EPERM') ;;
		*) neither="$neither $i$n" ;;
		esac
	done
	if [ $((i % 4)) -eq 0 ]; then
		"$enforcer" status >status.out 2>&1 || blocked="$blocked status after $i: $(head -1 status.out)"
		out=$("$enforcer" load a.bpi 2>&1) || blocked="$blocked $out"
		[ $i -lt 12 ] || [ $kills -lt 20 ] || break
	fi
done
touch stop
wait $opens
[ $kills -ge 20 ] && ok "$kills loads were killed" || not_ok "at least 20 loads were killed" "$kills, within $span ms"
is "$neither" "" "after each of them one of the two policies is in force, whole"
is "$(awk '{ print $2 }' opens)" EPERM "what both refuse was refused all the time"
is "$blocked" "" "the next load finds nothing in its way"
is "$(ls /sys/fs/bpf/bailiff/gen | wc -l)" 2 "and cleans up"

# ---- confirm, rollback and a daemon that makes changes
neither=
for i in $(seq 4); do
	"$enforcer" try --for 1h b.bpi >/dev/null 2>&1
	killed $((RANDOM % 100)) "$enforcer" rollback
	killed $((RANDOM % 100)) "$enforcer" confirm
	case "$(ask web read /t/d/a) $(ask web read /t/d/b)" in
	'EPERM ok' | 'ok EPERM') ;;
	*) neither="$neither $i" ;;
	esac
	"$enforcer" rollback >/dev/null 2>&1
	"$enforcer" load a.bpi >/dev/null 2>&1 || neither="$neither load $i"
done
is "$neither" "" "trials whose end is killed: one of the two policies, and loads go on"
"$enforcer" unload >/dev/null

# ---- a first load and an unload: nothing is promised but that the next load works
bad=
for i in 1 2 3; do
	killed $((RANDOM % 900)) "$enforcer" load a.bpi
	out=$("$enforcer" load a.bpi 2>&1) || bad="$bad; $out"
	[ "$(ask web read /t/d/a)" = EPERM ] || bad="$bad; $i is not enforced"
	killed $((RANDOM % 60)) "$enforcer" unload
	out=$("$enforcer" unload 2>&1) || bad="$bad; $out"
done
is "$bad" "" "after a first load or an unload that was killed everything can be done again"

# ---- while another process loads
"$enforcer" load a.bpi >/dev/null &
loader=$!
until_true test -d /sys/fs/bpf/bailiff/maps
like "$("$enforcer" status)" 'not enforcing: a load is under way|a change is under way|^enforcing' "status during a first load"
wait $loader
exec {lock}>/run/bailiff/lock
flock $lock
mv /sys/fs/bpf/bailiff /sys/fs/bpf/elsewhere
like "$("$enforcer" status)" 'not enforcing: a load is under way' "status while somebody has the lock and nothing is there yet"
mv /sys/fs/bpf/elsewhere /sys/fs/bpf/bailiff
like "$("$enforcer" status)" 'a change is under way' "status while somebody has the lock"
is "$("$enforcer" status --json | jq .change_under_way)" true "status --json, too"
exec {lock}>&-

# ---- what systemd is told
cat >notify.py <<'PYTHON'
import os, socket, subprocess, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind('notify')
s.settimeout(60)
env = dict(os.environ, NOTIFY_SOCKET=os.path.abspath('notify'), WATCHDOG_USEC='4000000')
p = subprocess.Popen([sys.argv[1], 'run'], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
seen = 0
while True:
    m = s.recv(4096).decode()
    print(m.replace('\n', ' '), flush=True)
    seen += m.startswith('WATCHDOG')
    if seen == 3:
        p.terminate()
        seen += 1
    if m.startswith('STOPPING'):
        break
print('status', p.wait())
PYTHON
out=$(python3 notify.py "$enforcer" 2>&1)
like "$out" '^READY=1 STATUS=enforcing, generation 1 from a.bpi' "it is ready, and what it does"
is "$(grep -c '^WATCHDOG=1' <<<"$out" | awk '{ print ($1 >= 3) }')" 1 "it lives"
like "$out" '^STOPPING=1' "it is told to end"
like "$out" '^status 0' "and does"

# ---- what the socket is told
cat >babble.py <<'PYTHON'
import array, os, random, socket, struct, sys
version = int(sys.argv[1])
random.seed(74)
def say(*messages, fds=()):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.settimeout(20)
    s.connect('/run/bailiff/control.sock')
    try:
        for m in messages:
            s.sendmsg([m], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', fds))] if fds and m is messages[-1] else [])
        while True:
            r = s.recv(20000)
            if not r: return 'gone'
            t = struct.unpack_from('<I', r, 4)[0]
            if t == 5: return r[16:].decode()
            if t == 7: return 'done %d' % struct.unpack_from('<Q', r, 8)[0]
    except OSError as e:
        return str(e)
    finally:
        s.close()
hello = struct.pack('<IIQ', version, 1, 0)
change = lambda what, options=0, seconds=0, pad=0, name=b'x', type=6: struct.pack('<IIQIIII', version, type, 0, what, options, seconds, pad) + name
null = os.open('/dev/null', os.O_RDONLY)
etc = os.open('/etc/passwd', os.O_RDONLY)
print('old:', say(struct.pack('<IIQ', 1, 1, 0)))
print('what:', say(hello, change(9)))
print('load:', say(hello, change(1)))
print('null:', say(hello, change(1), fds=[null]))
print('passwd:', say(hello, change(1), fds=[etc]))
print('pad:', say(hello, change(2, pad=1)))
print('options:', say(hello, change(2, options=1 << 20)))
print('short:', say(hello, change(2)[:20]))
print('long:', say(hello, change(1, name=b'x' * 6000)))
print('many:', say(hello, change(1), fds=[null] * 20))
print('confirm:', say(hello, change(2)))
for i in range(200):
    n = random.choice((0, 1, 15, 16, 17, 31, 32, 33, 100, 4000))
    m = bytearray(random.randbytes(n))
    if random.random() < 0.7 and n >= 32: m[:32] = change(random.randrange(4), random.randrange(20), 0, 0, b'')[:32]
    if n and random.random() < 0.5: m[random.randrange(n)] ^= 1 << random.randrange(8)
    say(*([hello, bytes(m)] if random.random() < 0.8 else [bytes(m)]), fds=random.choice(([], [null], [etc, null])) if n else ())
PYTHON
"$enforcer" run >run.out 2>run.err &
daemon=$!
until_true test -S /run/bailiff/control.sock
version=$(awk '$2 == "BL_CTL_VERSION" { print $3 + 0 }' "$BAILIFF_TOP/enforcer/control.h")
out=$(python3 babble.py "$version" 2>&1)
like "$out" "^old: the daemon speaks version $version" "a client of another version"
for w in what pad options short long many; do like "$out" "^$w: the daemon does not know what is wanted" "a message that is wrong: $w"; done
like "$out" '^load: there is no image' "a load without an image"
like "$out" '^null: the image cannot be read' "a device for an image"
like "$out" '^passwd: done 1' "a file that is no image"
like "$out" '^confirm: done 1' "confirm without a trial"
kill -0 $daemon && ok "the daemon lives" || not_ok "the daemon lives" "$(tail -5 run.err)"
asks web read /t/d/a EPERM "the policy is what it was"
is "$(ls /proc/$daemon/fd | wc -l | awk '{ print ($1 < 30) }')" 1 "no descriptor stays open"
cat >connect.py <<'PYTHON'
import socket, struct, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.settimeout(20)
try:
    s.connect("/run/bailiff/control.sock")
    if sys.argv[2:]: # otherwise it waits to be told
        s.send(struct.pack('<IIQ', int(sys.argv[1]), 1, 0))
        s.send(struct.pack('<IIQIIII', int(sys.argv[1]), 6, 0, 9, 0, 0, 0) + b'x')
    while True:
        r = s.recv(20000)
        if not r or struct.unpack_from('<I', r, 4)[0] == 5: break
    print(r[16:].decode())
except OSError as e: print(e.strerror)
PYTHON
somebody() { # asks the daemon
	setpriv --reuid 1000 --clear-groups python3 - "$version" <connect.py
}
like "$(python3 connect.py "$version" ask)" '^the daemon does not know what is wanted' "root is answered"
is "$(somebody)" "Permission denied" "nobody but root gets so far"
chmod 711 /run/bailiff
chmod 666 /run/bailiff/control.sock
is "$(somebody)" "only root may talk to the daemon" "nor would be answered, if the socket were everybody's"
chmod 600 /run/bailiff/control.sock
chmod 700 /run/bailiff
kill $daemon
wait $daemon
unload
done_testing
