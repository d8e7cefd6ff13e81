# Files without a name, and an overlay whose layers only the kernel opens: a default deny breaks neither.
. "$BAILIFF_TOP/tests/vm/lib.sh"
subject web other
mkdir -p /t/o
mount -t tmpfs none /t/o
mkdir /t/o/{lower,lower2,upper,work,m}
cp "$probe" /t/o/lower/prog
for f in read append trunc truncate rename link change; do echo "$f" >/t/o/lower/$f; done
echo two >/t/o/lower2/two

policy() {
	cat <<'POLICY'
profile strict {
    subject exe /t/web;
    allow read, write, create /t/o/m/**;
    allow exec /t/o/m/prog, /t/o/m/copy;
    default deny read, write, create, exec;
}
POLICY
}

nameless() {
	local k
	for k in memfd pipe; do asks web reopen $k ok; done
	for k in eventfd socket; do asks web reopen $k ENXIO "reopen $k: what the kernel says, not the policy"; done
	is "$(/t/web write /dev/stdout | cut -f3)" ok "write /dev/stdout, a pipe"
	is "$(: | /t/web read /dev/stdin | cut -f3)" ok "read /dev/stdin, a pipe"
}

overlay() {
	mount -t overlay -o "lowerdir=/t/o/lower:/t/o/lower2,upperdir=/t/o/upper,workdir=/t/o/work" none /t/o/m || not_ok "the overlay mounts"
	asks web read /t/o/m/read ok "overlay: read from the lower layer"
	asks web read /t/o/m/two ok "overlay: read from the second layer"
	asks web fexec /t/o/m/prog ok "overlay: exec from the lower layer"
	asks web append /t/o/m/append ok "overlay: first write, copied up"
	asks web rdwr /t/o/m/append ok "overlay: and again from the upper layer"
	asks web trunc /t/o/m/trunc ok "overlay: copy-up with O_TRUNC"
	asks web truncate /t/o/m/truncate ok "overlay: truncate of a lower file"
	asks web create /t/o/m/new ok "overlay: create"
	asks web mkdir /t/o/m/dir ok "overlay: mkdir"
	asks web create /t/o/m/dir/new ok "overlay: create in a new directory"
	asks web rename "/t/o/m/rename /t/o/m/renamed" ok "overlay: rename of a lower file"
	asks web link "/t/o/m/link /t/o/m/linked" ok "overlay: link of a lower file"
	asks web symlink /t/o/m/symlink ok "overlay: symlink"
	asks web list /t/o/m/dir ok "overlay: list"
	asks web exec /t/o/m/prog ok "overlay: exec"
	cp /t/o/m/prog /t/o/m/copy
	asks web exec /t/o/m/copy ok "overlay: exec from the upper layer"
	asks web uring-async /t/o/m/read ok "overlay: io_uring"
	umount /t/o/m
	rm -rf /t/o/upper /t/o/work
	mkdir /t/o/upper /t/o/work
}

layers() { # WANTED: what an overlay shows, by the names in its layers
	local d
	mount -t overlay -o "lowerdir=/t/o/lower,upperdir=/t/o/upper,workdir=/t/o/work" none /t/o/m
	asks other append /t/o/m/append ok
	for d in lower upper; do asks web read /t/o/$d/append "$1" "by a layer's own name: $d: $1"; done
}
taken_away() {
	umount /t/o/m
	rm -rf /t/o/upper /t/o/work
	mkdir /t/o/upper /t/o/work
}

layers ok
taken_away
nameless
overlay
policy | load nameless
nameless
overlay
# (probes of programs open /dev/null first, which no rule allows)
is "$(events | jq -c '[.op, .object, .reason] | select(.[1] != "/dev/null")')" "" "nothing was refused"
# the same profile does refuse what it should
asks web exec /t/other EPERM
layers EPERM
cp "$probe" /t/o/m/new && chmod +x /t/o/m/new
asks web memfd-exec /t/o/m/prog EPERM "memory under default deny exec"
asks web exec /t/o/m/new EPERM "overlay: exec of a file that no rule allows"
taken_away
compile visible <<'POLICY'
profile visible { subject exe /t/web; deny read, write /t/o/m/read; deny exec /t/o/m/prog; }
POLICY
mount -t overlay -o "lowerdir=/t/o/lower,upperdir=/t/o/upper,workdir=/t/o/work" none /t/o/m
asks other read /t/o/m/read ok
load_image visible
asks web read /t/o/m/read EPERM "overlay: a denied name below it"
asks web append /t/o/m/read EPERM "overlay: a denied write is not copied up"
is "$(ls /t/o/upper)" "" "nothing was copied up"
asks web exec /t/o/m/prog EPERM "overlay: a denied program"
asks web fd-read /t/o/m/read EPERM
umount /t/o/m /t/o
done_testing
