# Code: every way to run a program, and what a process is afterwards.
. "$BAILIFF_TOP/tests/vm/lib.sh"
subject web other interp strict inner thread
mkdir -p /t/d
mount -t tmpfs none /t/d
mkdir -p /t/d/s
script() { # PATH INTERPRETER
	printf '#!%s\n' "$2" >"$1"
	chmod +x "$1"
}
cp "$probe" /t/d/s/program
cp "$probe" /t/d/s/interp
cp "$probe" /t/d/s/free
script /t/d/s/denied "/t/d/s/free"
script /t/d/s/by-denied "/t/d/s/interp"
script /t/d/s/inner "/t/d/s/interp"
script /t/d/s/outer "/t/d/s/inner"
script /t/d/s/outer-denied "/t/d/s/denied"
script /t/d/s/fine "/t/d/s/free"
script /t/d/s/fine2 "/t/d/s/fine"
script /t/d/s/nowhere "/t/d/s/does-not-exist"
printf '\x01\x02 not a program\n' >/t/d/s/garbage
chmod +x /t/d/s/garbage
for f in label web-only script-only; do echo x >/t/d/$f; done

# A program with a very long name.
long=/t/d$(printf "/$(printf 'l%.0s' $(seq 250))%.0s" $(seq 15))
mkdir -p "$long"
cp "$probe" "$long/prog"
middle=/t/d/$(printf 'm%.0s' $(seq 200))/n/$(printf 'o%.0s' $(seq 200))
mkdir -p "$middle" && cp "$probe" "$middle/prog"
l256=/t/d/$(printf 'p%.0s' $(seq 125))/$(printf 'q%.0s' $(seq 125)) # with its last slash and name: 256 and 257 bytes
mkdir -p "${l256%/*}" && cp "$probe" "${l256}" && cp "$probe" "${l256}r"

policy() {
	cat <<POLICY
profile web {
    subject exe /t/web;
    deny exec /t/d/s/program, /t/d/s/interp, /t/d/s/denied;
}
profile strict {
    subject exe /t/strict;
    allow exec /t/d/s/**, /usr/bin/true;
    deny read /t/d/s/free;
    default deny exec;
}
profile interp { subject exe /t/interp; inherit no; deny read /t/d/label; }
profile garbage { subject exe /t/d/s/garbage, /t/d/s/nowhere, /t/d/s/denied, /t/d/s/fine; inherit no; deny read /t/d/script-only; }
profile is-web { subject exe /t/web; inherit no; deny read /t/d/web-only; }
profile long { subject exe /t/d/**/llll*/prog, /t/d/mm*/n/o*/prog, /t/d/p*/q*; deny read /t/d/label; }
POLICY
}

denied() { # WANTED: what web may not run
	local w
	for w in "exec /t/d/s/program" "fexec /t/d/s/program" "fexec-cloexec /t/d/s/program" "thread-exec /t/d/s/program" \
		"exec /t/d/s/denied" "exec /t/d/s/by-denied" "exec /t/d/s/inner" "exec /t/d/s/outer" "exec /t/d/s/outer-denied" \
		"fexec /t/d/s/by-denied" "fexec /t/d/s/outer" "run-vfork /t/d/s/program read /t/d/label" \
		"run-spawn /t/d/s/program read /t/d/label" "fork exec /t/d/s/program" "exec /proc/self/root/t/d/s/program"; do
		asks web ${w%% *} "${w#* }" "$1" "$w: $1"
	done
	cp "$probe" /t/d/s/program # may have been unlinked
	asks web deleted-exec /t/d/s/program "$1"
	cp "$probe" /t/d/s/program
}
fine() {
	asks web exec /t/d/s/free ok
	asks web exec /t/d/s/fine ok "a script by an interpreter that is free"
	asks web exec /t/d/s/fine2 ok "a script by a script"
	asks web memfd-exec /t/d/s/free ok "memory: no rule names it"
	asks web exec /t/d/s/garbage ENOEXEC
	asks web exec /t/d/s/nowhere ENOENT
	asks web fexec-cloexec /t/d/s/fine ENOENT "a script by a descriptor that its interpreter does not get"
	asks strict exec /usr/bin/true ok "the kernel's own open of ld.so asks nothing"
	asks strict exec /t/d/s/fine2 ok
}

# ---- without a policy ----
denied ok
fine
asks strict memfd-exec /t/d/s/interp ok
asks strict exec /usr/bin/false ok
for w in exec thread-exec; do asks strict $w /t/other ok; done
asks strict read /t/d/s/free ok
mount -t binfmt_misc none /proc/sys/fs/binfmt_misc 2>/dev/null || { modprobe binfmt_misc && mount -t binfmt_misc none /proc/sys/fs/binfmt_misc; }
printf 'blfile' >/t/d/s/by-binfmt && printf 'blfixed' >/t/d/s/by-fixed && chmod +x /t/d/s/by-*
echo ':bl1:M::blfile::/t/d/s/interp:' >/proc/sys/fs/binfmt_misc/register
echo ':bl2:M::blfixed::/t/d/s/interp:F' >/proc/sys/fs/binfmt_misc/register
for f in by-binfmt by-fixed; do asks web exec /t/d/s/$f ok; done
asks other run "/t/interp read /t/d/label" ok
for f in garbage nowhere; do
	for w in web-only script-only; do asks web try-exec "/t/d/s/$f read /t/d/$w" ok "before: try-exec $f, read $w"; done
done
check=$(ask other exec-check /t/other) # AT_EXECVE_CHECK since 6.14: EINVAL before
for p in "$long/prog" "$middle/prog" "$l256" "${l256}r"; do
	is "$("$p" read /t/d/label | cut -f3)" ok "before: a program whose name has ${#p} bytes"
	is "$("$p" fork run "/t/other read /t/d/label" | cut -f3)" ok "before: its descendants"
done
policy | load exec
denied EPERM
fine
asks strict exec /usr/bin/false EPERM
asks strict memfd-exec /t/d/s/interp EPERM "memory under default deny exec"
asks strict exec /t/other EPERM
asks strict thread-exec /t/other EPERM
asks strict deleted-exec /t/d/s/free ok "deleted, and the name it had is allowed"
cp "$probe" /t/d/s/free
asks strict exec /t/d/s/free ok "exec needs no read"
asks strict read /t/d/s/free EPERM
if [ "$check" = ok ]; then
	asks web exec-check /t/d/s/program EPERM "a mere check of an exec (AT_EXECVE_CHECK)"
	asks web exec-check /t/d/s/free ok
else
	is "$check $(ask web exec-check /t/d/s/free)" "EINVAL EINVAL" "AT_EXECVE_CHECK: not in this kernel"
fi

# ---- ld.so, binfmt_misc ----
asks web run "/lib64/ld-linux-x86-64.so.2 /usr/bin/true" ok
asks other exec /t/d/s/by-binfmt ok
asks other exec /t/d/s/by-fixed ok
asks web exec /t/d/s/by-binfmt EPERM "binfmt_misc: the interpreter is denied"
asks web exec /t/d/s/by-fixed EPERM "binfmt_misc: the interpreter was opened at registration"
echo -1 >/proc/sys/fs/binfmt_misc/bl1
echo -1 >/proc/sys/fs/binfmt_misc/bl2

# ---- the label afterwards ----
asks other run "/t/interp read /t/d/label" EPERM "a program is its own subject"
cat >/t/d/s/sh <<'SCRIPT'
#!/t/busybox sh
true </t/d/label || exit 13
true </t/d/script-only || exit 14
SCRIPT
chmod +x /t/d/s/sh
cp /run/guest/bin/busybox /t/busybox
compile script <<'POLICY'
profile script { subject exe /t/d/s/sh; inherit no; deny read /t/d/label; }
profile shell { subject exe /t/busybox; inherit no; deny read /t/d/script-only; }
profile is-web { subject exe /t/web; inherit no; deny read /t/d/web-only; }
profile garbage { subject exe /t/d/s/garbage, /t/d/s/nowhere, /t/d/s/program; inherit no; deny read /t/d/script-only; }
profile no-exec { subject exe /t/web; deny exec /t/d/s/program; }
profile thread { subject exe /t/thread; deny read /t/d/label; }
POLICY
/t/d/s/sh 2>/dev/null
is $? 0 "before: the script reads both"
for f in garbage nowhere program; do # an exec that fails leaves the process what it was
	[ $f = program ] || asks other try-exec "/t/d/s/$f read /t/d/script-only" ok
done
load_image script
/t/d/s/sh 2>/dev/null
is $? 14 "after a script is run the program is its interpreter, not the script"
for f in garbage nowhere program; do
	asks web try-exec "/t/d/s/$f read /t/d/script-only" ok "after a failed exec of $f: not that program"
	asks web try-exec "/t/d/s/$f read /t/d/web-only" EPERM "after a failed exec of $f: still the old one"
	asks web try-exec "/t/d/s/$f run /t/other try-exec /t/d/s/$f read /t/d/web-only" ok "and after one that succeeds the new one"
done
asks other run "/t/thread worker read /t/d/label" EPERM

# ---- very long names of programs ----
policy | load exec2
events >/dev/null
for p in "$long/prog" "$middle/prog" "$l256" "${l256}r"; do
	is "$("$p" read /t/d/label | cut -f3)" EPERM "a program whose name has ${#p} bytes is a subject"
	is "$(events | jq -r .exe)" "$p" "and the event has the whole of it"
	is "$("$p" fork run "/t/other read /t/d/label" | cut -f3)" EPERM "its descendants too"
	is "$(events | jq -r .exe)" /t/other "with their own name"
	is "$("$p" fork "read /t/d/label" | cut -f3)" EPERM "its forks too"
	is "$(events | jq -r .exe)" "$p" "with its whole name"
done
unload
umount /t/d
done_testing
