# Who, continued: script, group, login, capability, unit, container, ancestor; and moves from profile to profile.
. "$BAILIFF_TOP/tests/vm/lib.sh"
subject web other third mover entered plain
mkdir -p /t/d
mount -t tmpfs none /t/d
for f in script group login cap unit cont anc in out free; do echo x >/t/d/$f; done
cg=/sys/fs/cgroup/bl
mkdir -p "$cg/x.service/child.service" "$cg/y.scope" "$cg/docker/$(printf 'a%.0s' $(seq 64))"
id=$(printf 'a%.0s' $(seq 64))

printf '#!/t/third run /t/other read /t/d/script\n' >/t/d/run-script
printf '#!/t/d/run-script\n' >/t/d/nested
chmod +x /t/d/run-script /t/d/nested
cat >/t/d/sh <<'SH'
#!/t/busybox sh
true </t/d/script
SH
chmod +x /t/d/sh
cp /run/guest/bin/busybox /t/busybox
l=/t/d/$(printf 'n%.0s' $(seq 130))/$(printf 'm%.0s' $(seq 130))
mkdir -p "${l%/*}" && cp /t/d/sh "$l"

policy() {
	cat <<POLICY
profile script { subject script /t/d/sh, /t/d/n*/m*; inherit no; deny read /t/d/script; }
profile group { subject group 5, 77-79; deny read /t/d/group; }
profile login { subject login 1000; deny read /t/d/login; }
profile cap { subject exe /t/web and capability net_admin; deny read /t/d/cap; }
profile unit { subject unit x.service; deny read /t/d/unit; deny exec /t/plain; }
profile cont { subject container $id; deny read /t/d/cont; }
profile anc { subject ancestor /t/third; deny read /t/d/anc; }
profile out { subject exe /t/mover; deny read /t/d/out; allow exec /t/entered leave enter in; }
profile in { subject none; deny read /t/d/in; }
POLICY
}
sh_says() { "$1" 2>/dev/null && echo ok || echo EPERM; }
as() { # GROUPS OP OBJECT: by a process with these supplementary groups
	setpriv --groups "$1" /t/web "$2" "$3" 2>/dev/null | cut -f3
}
in_unit() { # CGROUP COMMAND...: put there, then executed
	(echo $BASHPID >"$cg/$1/cgroup.procs" && shift && exec "$@") 2>/dev/null | cut -f3
}
login() { (echo 1000 >/proc/self/loginuid && /t/web read /t/d/login | cut -f3); }

all() { # WANTED
	is "$(sh_says /t/d/sh)" "$1" "a script is a subject: $1"
	is "$(sh_says "$l")" "$1" "a script whose name is longer than the label keeps: $1"
	is "$(as 5 read /t/d/group)" "$1" "a supplementary group: $1"
	is "$(as 1,2,3,78,100 read /t/d/group)" "$1" "one of several: $1"
	is "$(setpriv --regid 79 --clear-groups /t/web read /t/d/group | cut -f3)" "$1" "the effective group: $1"
	is "$(login)" "$1" "login: $1"
	asks web read /t/d/cap "$1"
	is "$(in_unit x.service /t/web read /t/d/unit)" "$1" "unit: $1"
	is "$(in_unit x.service /t/plain read /t/d/free)" "$([ "$1" = ok ] && echo ok)" "the first exec in a unit is judged by its profile"
	is "$(in_unit x.service/child.service /t/web read /t/d/unit)" "$1" "what a unit delegates belongs to it: $1"
	is "$(in_unit "docker/$id" /t/web read /t/d/cont)" "$1" "container: $1"
	asks third run "/t/other read /t/d/anc" "$1"
	asks third run "/t/other run /t/plain fork read /t/d/anc" "$1"
	asks mover read /t/d/out "$1"
	asks mover run "/t/other read /t/d/out" "$1" "no move, and the profile goes on: $1"
	asks mover run "/t/entered read /t/d/in" "$1"
	asks mover run "/t/entered run /t/other read /t/d/in" "$1" "entered, and passed on: $1"
}
others() {
	is "$(as 1,2,3 read /t/d/group)" ok "other groups"
	asks web read /t/d/login ok
	is "$(setpriv --bounding-set -net_admin --inh-caps -net_admin /t/web read /t/d/cap | cut -f3)" ok "without the capability"
	is "$(unshare -U -r /t/web read /t/d/cap | cut -f3)" ok "a capability in another user namespace"
	is "$(in_unit y.scope /t/web read /t/d/unit)" ok "another unit"
	is "$(in_unit y.scope /t/plain read /t/d/unit)" ok "another unit, another program"
	asks third read /t/d/anc ok "a program is not its own ancestor"
	asks entered read /t/d/in ok "only entered"
	asks mover run "/t/entered read /t/d/out" ok "left"
	is "$(/t/busybox sh -c 'true </t/d/script && echo ok')" ok "the interpreter alone is not the script"
}
all ok
others
waiting here /t/other -
echo "$pid_here" >"$cg/x.service/cgroup.procs"
it_says here read /t/d/unit ok "before: in the unit"
policy | load terms
all EPERM
others
it_says here read /t/d/unit EPERM "in the unit before the load"
waiting later /t/other -
it_says later read /t/d/unit ok
echo "$pid_later" >"$cg/x.service/cgroup.procs"
it_says later read /t/d/unit ok "moved to a unit, and has executed nothing since"
it_says later run "/t/third read /t/d/unit" EPERM "has now"

# AT_SECURE: the C library does without LD_* then
cat >secure.c <<'C'
#include <stdio.h>
#include <sys/auxv.h>
int main(void) { printf("%lu\n", getauxval(AT_SECURE)); return 0; }
C
if gcc -static -o /t/entered2 secure.c 2>/dev/null; then
	compile secure <<'POLICY'
profile out { subject exe /t/mover; allow exec /t/entered2 enter in; mode audit; }
profile in { subject none; deny read /t/d/in; }
POLICY
	is "$(/t/entered2)" 0 "without a move: no secure exec"
	load_image secure
	is "$(/t/mover show-exec /t/entered2)" 1 "enter makes it one, in audit mode too"
	is "$(/t/other show-exec /t/entered2)" 0 "for those that move"
fi
unload
all ok
umount /t/d
done_testing
