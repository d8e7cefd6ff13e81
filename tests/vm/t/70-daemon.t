# The enforcer: its daemon and death, reloads, images that are not to be trusted, privileges that are missing.
. "$BAILIFF_TOP/tests/vm/lib.sh"
subject web other
mkdir -p /t/d
for f in secret free a b; do echo x >/t/d/$f; done
pins=/sys/fs/bpf/bailiff

inventory() { # what there is in the kernel and pinned; ids of other programs do not change meanwhile
	bpftool prog list | sed -n 's/^\([0-9]*\): \([a-z_]*\) .*/prog \1 \2/p'
	bpftool map list | sed -n 's/^\([0-9]*\): \([a-z_]*\) .*/map \1 \2/p'
	bpftool link list | sed -n 's/^\([0-9]*\): .*/link \1/p'
	find /sys/fs/bpf | sort
}
inventory >empty

policy() { # FILE
	cat <<POLICY
profile p { subject exe /t/web; deny read /t/d/secret, /t/d/${1:-secret}; }
POLICY
}

daemon() { # FILE ARG...: sets $daemon
	local to=$1
	shift
	"$enforcer" run "$@" >"$to" 2>"$to.err" &
	daemon=$!
	until_true "$enforcer" status || not_ok "the daemon starts" "$(cat "$to.err")"
	until_true grep -q 'generation' "$to.err" || not_ok "the daemon says what it does" "$(cat "$to.err")"
	until_true test -S /run/bailiff/control.sock
}
nothing() {
	inventory >after
	diff empty after
}
leaves_nothing() { # the kernel frees maps a little after the last program
	until_true nothing
	is "$(nothing)" "" "unload leaves nothing"
}
unchanged() { # DESCRIPTION: since the last `inventory >before`
	inventory >after
	is "$(diff before after)" "" "$1: nothing is loaded or changed"
}

for n in secret a b; do policy $n | compile $n; done
compile owner <<'POLICY'
profile p { subject exe /t/web; deny read /t/d/secret if user daemon; }
POLICY

# ---- the daemon ----
asks web read /t/d/secret ok
fails 1 'nothing is loaded' "run without an image and without a policy" timeout 20 "$enforcer" run
daemon one secret.bpi --json
asks web read /t/d/secret EPERM
until_true grep -q '"verdict":"deny"' one
like "$(cat one)" '"object":"/t/d/secret"' "the daemon prints the event"
like "$(events)" '"object":"/t/d/secret"' "events asks the daemon"
like "$("$enforcer" status --json | jq -r '.state, .daemon_pid')" "^$daemon$" "status --json is JSON, and knows the daemon"
fails 1 'another' "a second daemon" timeout 20 "$enforcer" run
kill -9 $daemon
wait $daemon 2>/dev/null
asks web read /t/d/secret EPERM "enforcement goes on after kill -9"
like "$(events)" '"object":"/t/d/secret"' "events without a daemon come from the kernel"
is "$("$enforcer" status --json | jq -r '.daemon_pid')" null "status says that there is no daemon"
daemon two
like "$(cat two.err)" 'adopted generation 1' "a new daemon adopts what is loaded"
asks web read /t/d/secret EPERM
until_true grep -q secret two
like "$(cat two)" '/t/d/secret' "and prints its events"
"$enforcer" events --json --follow >follow &
follower=$!
until_true grep -q secret follow
asks web write /t/d/free ok
for i in 1 2 3; do asks web read /t/d/secret EPERM; done
until_true test "$(grep -c . follow)" = 4
sleep 1
is "$(jq -c .object follow | grep -c secret)" 4 "events --follow: the one before and the three that followed"
kill $follower
"$enforcer" load a.bpi >/dev/null
until_true grep -q 'generation 2' two.err
like "$(cat two.err)" 'now in force' "the daemon notices a reload"
asks web read /t/d/a EPERM
kill $daemon
wait $daemon
is $? 0 "the daemon stops when it is told to"
asks web read /t/d/a EPERM "and enforcement stays"
unload
leaves_nothing

# ---- the daemon is in no profile; a process that gets its number after its death is ----
compile netonly <<<'profile p { subject exe /t/web; deny connect to 127.0.0.1; }'
asks web udp "127.0.0.1 1500" ok
daemon three netonly.bpi
asks web udp "127.0.0.1 1500" EPERM
kill -9 $daemon
wait $daemon 2>/dev/null
for i in $(seq 50); do
	echo $((daemon - 1)) >/proc/sys/kernel/ns_last_pid
	/t/web udp "127.0.0.1 1500" >reused &
	last=$!
	wait $last
	[ $last = $daemon ] && break
done
is "$last" "$daemon" "a process got the dead daemon's number"
is "$(cut -f3 reused)" EPERM "and is as confined as any"
unload

# ---- reloads: no gap, one at a time ----
reload_policies
reloads "${BAILIFF_RELOADS:-100}"
for n in a b a b; do "$enforcer" load $n.bpi >load.$n.$RANDOM 2>&1 & done
wait
is "$(cat load.[ab].* | grep -c 'self-test passed, enforcing')" 4 "four loads at once"
is "$("$enforcer" status --json | jq .generation)" $((${BAILIFF_RELOADS:-100} + 5)) "one after the other"
"$enforcer" load a.bpi >/dev/null # whichever was last
asks web read /t/d/secret EPERM
until_true test "$(ls $pins/gen | wc -l)" -le 2 && ok "old generations are gone" || not_ok "old generations are gone" "$(ls $pins/gen)"

# ---- what must not be loaded: once with a policy in force, once without ----
cat >seal.py <<'PYTHON'
import hashlib, struct, sys
# Standard input: lines "cut N", "flip OFFSET BITS" or "set32 OFFSET VALUE", "sealed" at the end for a correct hash. Writes one image
# for each, prints its name.
good = open(sys.argv[1], 'rb').read()
for line in sys.stdin:
    b, (cmd, *arg) = bytearray(good), line.split()
    a = [int(x, 0) for x in arg if x != 'sealed']
    if cmd == 'cut': b = b[:a[0]]
    if cmd == 'set32': b[a[0]:a[0] + 4] = struct.pack('<I', a[1])
    if cmd == 'flip': b[a[0]] ^= a[1]
    if 'sealed' in arg and len(b) >= 64:
        if cmd == 'cut': b[16:24] = struct.pack('<Q', len(b))
        b[32:64] = bytes(32)
        b[32:64] = hashlib.sha256(b).digest()
    name = '-'.join([sys.argv[2], cmd] + arg) + '.bpi'
    open(name, 'wb').write(b)
    print(name)
PYTHON
size=$(stat -c %s a.bpi)
tables=232 # after the head of 64 bytes and seven sections of 24
{
	for n in 0 1 8 63 64 100 $((size / 2)) $((size - 8)) $((size - 1)); do echo "cut $n"; echo "cut $n sealed"; done
	for n in 0 7 8 12 16 24 28 32 63 64 72 80 $tables $((size / 2)) $((size - 1)); do echo "flip $n 1"; done
	for n in 8 12; do for v in 0 1 9999; do echo "set32 $n $v sealed"; done; done # the format's number, the tables'
	for n in $(seq $tables 4 $((tables + 68))) $((tables + 76)) $((tables + 88)); do echo "flip $n 0xff sealed"; done
	for n in 64 68 72 80 88 96; do echo "flip $n 0x80 sealed"; done
	echo "flip $((tables + 512 + 2048)) 0x80 sealed" # the first state of the automaton
} | python3 seal.py a.bpi bad >images
# numbers that follow from the rest of the tables: how many states, and which operations there are rules for
for n in 72 80 81 84 87; do echo "flip $((tables + n)) 0x40 sealed"; done | python3 seal.py a.bpi wrong >wrongs
mapfile -t images <images
refuse_all() {
	local f out status wrong=
	inventory >before
	for f in "${images[@]}"; do
		out=$("$enforcer" load "$f" 2>&1)
		status=$?
		[ $status = 1 ] && [ -n "$out" ] || wrong="$wrong
$f: status $status: $out"
	done
	is "$wrong" "" "$1: ${#images[@]} damaged images are refused"
	unchanged "$1: damaged images"
	cp a.bpi open.bpi && chmod 666 open.bpi
	fails 1 'writable by others' "$1: a world-writable image" "$enforcer" load open.bpi
	cp a.bpi theirs.bpi && chown 1000 theirs.bpi
	fails 1 'belongs to uid 1000' "$1: somebody else's image" "$enforcer" load theirs.bpi
	fails 1 'not a regular' "$1: a directory" "$enforcer" load .
	fails 3 'No such file' "$1: no image" "$enforcer" load nowhere.bpi
	fails 2 'usage' "$1: no argument" "$enforcer" load
	chmod 755 . && chmod 644 a.bpi
	fails 3 'needs root' "$1: not root" setpriv --reuid 1000 --clear-groups "$enforcer" load "$PWD/a.bpi"
	fails 3 'needs root' "$1: unload, not root" setpriv --reuid 1000 --clear-groups "$enforcer" unload
	for c in sys_admin bpf mac_admin perfmon; do
		fails 3 "no CAP_${c^^}" "$1: root without $c" setpriv --bounding-set -$c "$enforcer" load a.bpi
		fails 3 "no CAP_${c^^}" "$1: unload, root without $c" setpriv --bounding-set -$c "$enforcer" unload
	done
	sed 's/^daemon:x:1:/daemon:x:77:/' /etc/passwd >renumbered
	mount --bind renumbered /etc/passwd
	fails 1 "user 'daemon' is 77 on this machine and was 1 " "$1: a user with another number" "$enforcer" load owner.bpi
	umount /etc/passwd
	sed '/^daemon:/d' /etc/passwd >without
	mount --bind without /etc/passwd
	fails 1 "user 'daemon', 1 where the image was compiled, does not exist" "$1: a user that is missing" "$enforcer" load owner.bpi
	umount /etc/passwd
	fails 3 'user namespace' "$1: root of a user namespace" unshare -Ur "$enforcer" load "$PWD/a.bpi"
	unchanged "$1: everything that was refused"
}
refuse_all loaded
asks web read /t/d/secret EPERM
unload
leaves_nothing
# without their addresses libbpf would have the programs read the kernel's locks and namespaces at 0
symbols='the kernel does not say where its symbols are .*add CAP_SYSLOG .* set kernel.kptr_restrict to 0 or 1'
fails 3 "$symbols" "root without syslog, whom the kernel tells no addresses" setpriv --bounding-set -syslog "$enforcer" load a.bpi
echo 2 >/proc/sys/kernel/kptr_restrict
fails 3 "$symbols" "kptr_restrict=2: load" "$enforcer" load a.bpi
fails 1 'FAIL  addresses of the kernel.s symbols' "kptr_restrict=2: doctor" "$enforcer" doctor
echo 0 >/proc/sys/kernel/kptr_restrict
refuse_all unloaded
asks web read /t/d/secret ok
"$enforcer" load a.bpi >/dev/null && asks web read /t/d/secret EPERM "the image itself loads"
runs "an image with a user's name loads where the number is the same" "$enforcer" load owner.bpi
asks web read /t/d/secret ok
is "$(setpriv --reuid 1 --clear-groups /t/web read /t/d/secret 2>/dev/null | cut -f3)" EPERM "the named user is refused"
while read -r f; do
	fails 1 . "a wrong number in the tables' head, with a correct hash: $f" "$enforcer" load "$f"
done <wrongs
unload
leaves_nothing
done_testing
