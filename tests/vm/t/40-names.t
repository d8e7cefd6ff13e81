# What a file is called: every way to reach it, every kind of name, and files without one.
. "$BAILIFF_TOP/tests/vm/lib.sh"
subject web wide other
mkdir -p /t/d/sub /t/empty /t/n1/n2/n3 /t/over /t/root/x
mount -t tmpfs none /t/d
mkdir -p /t/d/sub /t/d/dir /t/d/move/in /t/d/list
for f in f sub/f move/in/f trunc free; do echo x >/t/d/$f; done
ln -s f /t/d/link
ln -s /t/d /t/dlink

say() { # NAME OP OBJECT: like ask, for objects with newlines
	"/t/$1" "$2" "$3" 2>/dev/null | tail -n 1 | sed 's/.*\t//'
}

policy() {
	cat <<'POLICY'
profile names {
    subject exe /t/web;
    deny read /t/d/f, /t/bound/f, /t/d/dirb/f, /t/n1/n2/n3/f, /t/n1/n2/n3, /t/over/f, /t/d/list, /t/d/moved/**;
    deny read "/t/d/a b", "/t/d/say \"q\"", /t/d/*mid*, /t/d/gr*n, /t/d/by*es;
    deny read, write, create /t/inside/**, /x/f, /f;
    deny write /t/d/trunc, /t/d/held;
    deny create /t/d/new, /t/d/dir/**;
    deny write /t/d/dir/**;
    default allow read;
}
profile wide {
    subject exe /t/wide;
    allow write /t/only/**;
    default deny write;
}
POLICY
}

# ---- the same file, whatever the path says ----
same() { # WANTED
	local p
	for p in /t/d/f /t/d/./f /t/d//f /t/d/sub/../f /t/d/link /t/dlink/f /proc/self/root/t/d/f /proc/1/root/t/d/f /proc/self/cwd/t/d/f; do
		is "$(cd / && ask web read "$p")" "$1" "read $p: $1"
	done
	for p in openat2 flag-exec fd-read uring-read uring-async; do asks web "$p" /t/d/f "$1"; done
	asks web in "/t/d read f" "$1"
	asks web in "/t/d/sub read ../f" "$1"
	asks web in "/t/d handle f" "$1"
	asks web chroot "/t/d read /f" "$1" "chroot changes no name: $1"
}
same_free() { # what stays allowed
	asks web o-path /t/d/f ok
	asks web read /t/d/free ok
	asks web read /t/d/sub/f ok
}

odd=('a b' 'say "q"' $'new\nline' $'gr\xc3\xbcn' $'by\xff\xfees' $'t\tmid\tt')
for f in "${odd[@]}"; do echo x >"/t/d/$f"; done
mkdir -p /t/d/sub/sub && echo x >/t/d/sub/sub/f && echo x >/t/d/held && mkdir -p /t/d/sub && echo x >/t/d/sub/f
mv "/t/d/"$'new\nline' "/t/d/"$'new\nmid\nline'
odd[2]=$'new\nmid\nline'

makes() { # WANTED: each way to create, at a name that is denied; whatever was made goes away again
	local op
	for op in create mkdir mkfifo symlink mknod unix-bind; do
		asks web $op /t/d/new "$1"
		rm -rf /t/d/new
	done
	for op in link rename; do
		echo x >/t/d/from
		asks web $op "/t/d/from /t/d/new" "$1"
		rm -f /t/d/new /t/d/from
	done
	echo x >/t/d/from && echo y >/t/d/new
	asks web exchange "/t/d/from /t/d/new" "$1"
	asks web exchange "/t/d/new /t/d/from" "$1" "exchange the other way round: $1"
	rm -f /t/d/new /t/d/from
	asks web tmpfile /t/d/dir "$1"
}

# ---- rename of a directory above, between two opens ----
moves() { # WANTED
	asks web read /t/d/move/in/f ok
	mv /t/d/move /t/d/moved
	asks web read /t/d/moved/in/f "$1" "after the rename of a directory above: $1"
	mv /t/d/moved /t/d/move
	asks web read /t/d/move/in/f ok "and back"
}

# ---- mounts: the visible name ----
mkdir /t/bound /t/d/dirb
touch /t/place /t/bound/f
mounts() { # WANTED
	asks web read /t/d/sub/f ok
	mount --bind /t/d/sub /t/bound
	asks web read /t/bound/f "$1" "a bind mount of a directory: the name below it: $1"
	asks web in "/t/bound read f" "$1"
	asks web read /t/d/sub/f "$1" "and the other name of it: a denial holds by every name: $1"
	umount /t/bound
	asks web read /t/bound/f "$1"
	mount --bind /t/d/sub/f /t/bound/f
	asks web read /t/bound/f "$1" "a bind mount of a file has the name of its place: $1"
	mount --move /t/bound/f /t/place
	asks web read /t/place ok "moved: the new place counts"
	umount /t/place
	mount -t tmpfs none /t/n1 && mkdir -p /t/n1/n2 && mount -t tmpfs none /t/n1/n2 && mkdir -p /t/n1/n2/n3 && mount -t tmpfs none /t/n1/n2/n3
	echo x >/t/n1/n2/n3/f
	asks web read /t/n1/n2/n3/f "$1" "three mounts deep: $1"
	asks web list /t/n1/n2/n3 "$1" "the root of a mount has the name of its mount point: $1"
	asks web list /t/n1/n2 ok
	umount /t/n1/n2/n3 /t/n1/n2 /t/n1
	mount -t tmpfs none /t/over && echo x >/t/over/f && mount -t tmpfs none /t/over && echo x >/t/over/f
	asks web read /t/over/f "$1" "two mounts on one another: $1"
	umount /t/over /t/over
	is "$(unshare -m sh -c 'mount -t tmpfs none /t/over && echo x >/t/over/f && /t/web read /t/over/f' | cut -f3)" "$1" "private mount namespace: $1"
	is "$(unshare -Urm sh -c 'mount -t tmpfs none /t/over && echo x >/t/over/f && /t/web read /t/over/f' | cut -f3)" "$1" "user namespace: $1"
	is "$(unshare -m sh -c 'mount --bind /t/d /mnt && cd /mnt && umount -l /mnt && /t/web read f' | cut -f3)" "$1" \
		"lazily unmounted under the process: no name: $1"
}
roots() { # WANTED
	local f
	for f in x/f f g; do echo x >/t/root/$f; done
	asks other pivot "/t/root read /x/f" ok
	asks web pivot "/t/root read /x/f" "$1" "after pivot_root the names of the new root count: $1"
	asks web pivot "/t/root read /f" "$1" "at the top of the new root: $1"
	asks web pivot "/t/root read /g" ok
}
cut_off() { # WANTED: on mounts that are nowhere
	asks other open-tree "/t/d free" ok
	asks web open-tree "/t/d free" "$1" "below a copied mount that is nowhere: $1"
	mkdir -p /t/lz && mount -t tmpfs none /t/lz && echo x >/t/lz/f && asks web lazy "/t/lz f" "$1" "lazily unmounted tree: $1"
}

# ---- long names ----
mkdir -p /t/deep && mount -t tmpfs none /t/deep && cd /t/deep || exit 1 # below the root of the guest the layer of overlayfs has a longer name
/t/other deep "300 1 create f" >/dev/null
/t/other deep "20 250 create f" >/dev/null
n=$((4095 - 8 - 15 * 251)) # a name of exactly 4095 bytes, and of one more
long_name() { # LENGTH
	printf 'y%.0s' $(seq 129)
	echo -n /
	printf 'z%.0s' $(seq $(($1 - 130)))
}
for len in $n $((n + 1)); do
	name=$(long_name $len)
	(/t/other deep "15 250 mkdir ${name%%/*}" && /t/other deep "15 250 create $name") >/dev/null
done
cd - >/dev/null || exit 1
too_long() { # WANTED
	local len
	cd /t/deep || exit 1
	asks web deep "300 1 read f" ok "300 components"
	asks web deep "20 250 read f" "$1" "longer than a name can be: $1"
	asks wide deep "20 250 read f" ok "a profile that cannot refuse reading lets it pass"
	asks wide deep "20 250 write f" "$1" "and refuses what it could refuse: $1"
	for len in $n $((n + 1)); do
		is "$(ask web deep "15 250 read $(long_name $len)")" "$([ "$len" = "$n" ] && echo ok || echo "$1")" "a name of $((8 + 15 * 251 + len)) bytes: $1"
	done
	cd - >/dev/null || exit 1
}

# ---- without a policy all of it works ----
same ok
for f in "${odd[@]}"; do is "$(say web read "/t/d/$f")" ok "before: an odd name"; done
makes ok
asks web list /t/d/list ok
for k in memfd pipe; do asks web reopen $k ok; done
moves ok
mounts ok
roots ok
cut_off ok
too_long ok
policy | load names
same EPERM
same_free
for f in "${odd[@]}"; do is "$(say web read "/t/d/$f")" EPERM "an odd name is denied"; done
seen=$(events)
is "$(jq -r .object <<<"$seen" >objects && grep -c . <<<"$seen")" "$(jq -c . <<<"$seen" | grep -c .)" "events of odd names are valid JSON, a line each"
is "$(jq -rj 'select(.object | contains("mid\nline")).object' <<<"$seen")" $'/t/d/new\nmid\nline' "the event says the newline"
is "$(jq -r 'select(.object_hex != null).object_hex' <<<"$seen")" "$(printf '/t/d/by\xff\xfees' | od -An -tx1 | tr -d ' \n')" \
	"the event says bytes that are no UTF-8"
makes EPERM
asks web list /t/d/list EPERM "listing a directory asks read at its own name"
asks web list /t/d/sub ok
asks web o-path /t/d/list ok

moves EPERM
mounts EPERM
roots EPERM

# ---- names that cannot be had: denied with a reason, and only where it could have been refused ----
events >/dev/null
cut_off EPERM
like "$(events)" '"reason":"detached"' "the event says detached"
asks wide open-tree "/t/d free" ok "reading cannot be refused to this profile"
events >/dev/null
too_long EPERM
like "$(events)" '"reason":"name-too-long"' "the event says name-too-long"
unload

# ---- truncation: one report each ----
waiting hold /t/web -
it_says hold hold /t/d/trunc ok
truncates() { # WANTED
	local op
	for op in trunc truncate fd-write; do asks web $op /t/d/trunc "$1"; done
	it_says hold held-ftruncate - "$1" "ftruncate of a file that was open before: $1"
	for op in "trunc truncate" "trunc held-ftruncate" "truncate truncate"; do # in one process: the first refusal opens no door
		it_says hold ${op% *} /t/d/trunc "$1"
		it_says hold ${op#* } /t/d/trunc "$1" "${op#* } after ${op% *}: $1"
	done
}
truncates ok
policy | load names --dry-run
events >/dev/null
count() { # DESCRIPTION: one report since the last call
	is "$(events | grep -c '"would-deny".*/t/d/trunc')" 1 "$1: one report"
}
asks web trunc /t/d/trunc ok && count "O_TRUNC"
asks web truncate /t/d/trunc ok && count "truncate"
it_says hold held-ftruncate - ok && count "ftruncate"
asks web write /t/d/trunc ok && count "a plain open"
policy | load names
truncates EPERM
kill $pid_hold
umount /t/d
done_testing
