# Who: what a policy holds for. Processes that were there before it, descendants, threads, cgroups, users, namespaces.
. "$BAILIFF_TOP/tests/vm/lib.sh"
subject web other third good evil
mkdir -p /t/d
mount -t tmpfs none /t/d
for f in sticky plain cg user both any unl two; do echo x >/t/d/$f; done
cg=/sys/fs/cgroup/bl
mkdir -p $cg/in/deep $cg/out

move() { # TAG CGROUP
	local p=pid_$1
	echo "${!p}" >"$2/cgroup.procs"
}

policy() {
	cat <<'POLICY'
profile sticky { subject exe /t/web; deny read /t/d/sticky; }
profile plain { subject exe /t/web; inherit no; deny read /t/d/plain; }
profile cg { subject cgroup /bl/in; deny read /t/d/cg; }
profile user { subject user 1000-1999 except 1500; subject user 3000; deny read /t/d/user; }
profile both { subject exe /t/web and user 7; deny read /t/d/both; }
profile any { subject any except exe /t/good; deny read /t/d/any; }
profile unl { subject any; deny read /t/d/unl unless exe /t/good; }
profile two-enforce { subject exe /t/web; deny read /t/d/two; }
profile two-allow { subject exe /t/web; allow read /t/d/**; }
profile two-audit { subject exe /t/web; mode audit; deny read /t/d/two; }
POLICY
}

# Every way from a confined process to another one; each must be as confined.
ways=("fork read" "thread read" "orphan read" "run /t/other read" "run-vfork /t/other read" "run-spawn /t/other read"
	"run /t/other run /t/third orphan run-spawn /t/good read" "many 200 read" "uid 7 read" "fork uring-read"
	"fork uring-async" "fork uring-sqpoll" "into $cg/out read" "run /bin/sh /t/script")
printf '#!/bin/sh\nexec /t/other read /t/d/sticky\n' >/t/script
chmod +x /t/script
all_ways() { # WANTED
	local w
	for w in "${ways[@]}"; do asks web ${w%% *} "${w#* } /t/d/sticky" "$1" "$w: $1"; done
}

# ---- before the load: everything works, and these processes are there ----
for p in one multi kids; do waiting $p /t/web -; done
waiting mover /t/other -
waiting user /t/third -
waiting first /t/good -
waiting early /t/other -
move early $cg/in/deep
it_says early read /t/d/cg ok
it_says one read /t/d/sticky ok
it_says multi worker "read /t/d/sticky" ok
it_says kids child "read /t/d/sticky" ok
it_says kids child "child read /t/d/sticky" ok
it_says kids child "child child run /t/other read /t/d/sticky" ok
for f in sticky plain two any unl; do asks web read /t/d/$f ok; done
for f in any unl; do asks other read /t/d/$f ok; done
all_ways ok
asks other into "$cg/in/deep read /t/d/cg" ok
for c in in in/deep; do
	move mover $cg/$c
	it_says mover read /t/d/cg ok "before: in $c"
done
move mover $cg
for u in 1000 1500 1999 2000 3000; do asks third uid "$u read /t/d/user" ok; done
asks web run "/t/other run /t/web read /t/d/plain" ok
for f in any unl; do asks good run "/t/other read /t/d/$f" ok; done
asks web uid "7 read /t/d/both" ok
asks other inject "1 /t/d/any" ok "process 1 can be made to read"
namespace() { # PROGRAM OBJECT: the program at the name of /t/good, in a mount namespace that its user made himself
	unshare -Urm sh -c "mount --bind $1 /t/good && exec /t/good read $2" 2>&1 | cut -f3
}
apart() { # WANTED: from other namespaces; what is refused there
	is "$(unshare -C sh -c "echo \$\$ >$cg/in/cgroup.procs && exec unshare -C /t/other read /t/d/cg" | cut -f3)" "$1" \
		"a cgroup namespace hides nothing: $1"
	is "$(namespace /t/evil /t/d/unl)" "$1" "unless exe is not believed in a namespace where anybody mounts: a disguise: $1"
	is "$(namespace /t/evil /t/d/any)" "$1" "except exe is not believed there either: $1"
	is "$(unshare -Urm sh -c 'exec /t/web read /t/d/sticky' | cut -f3)" "$1" "a subject holds in a user namespace: $1"
	is "$(unshare -pf /t/other read /t/d/any | cut -f3)" "$1" "process 1 of another pid namespace is in its profile: $1"
	asks good inject "$pid_one /t/d/sticky" "$1" "another process that is made to read is not exempt: $1"
}
disguised() { # a mount namespace of root's own
	is "$(unshare -m sh -c 'mount --bind /t/evil /t/good && exec /t/good read /t/d/unl' | cut -f3)" ok "$1"
}
apart ok
disguised "before: a bind mount of root's own works"
policy | load subjects

# ---- processes from before the load ----
it_says one read /t/d/sticky EPERM
it_says one thread "read /t/d/sticky" EPERM
it_says one run "/t/other read /t/d/sticky" EPERM
it_says one read /t/d/plain EPERM
it_says multi worker "read /t/d/sticky" EPERM "a second thread from before the load, first to be asked"
it_says multi read /t/d/sticky EPERM
it_says kids child "child child read /t/d/sticky" EPERM "great-grandchild from before, first to be asked"
it_says kids child "child read /t/d/sticky" EPERM
it_says kids child "read /t/d/sticky" EPERM
it_says kids child "child child run /t/other read /t/d/sticky" EPERM
it_says mover read /t/d/sticky ok
it_says first read /t/d/any ok

# ---- descendants and threads ----
asks web read /t/d/sticky EPERM
all_ways EPERM
asks web run "/t/other read /t/d/plain" ok "inherit no: another program is free of it"
asks web fork "read /t/d/plain" EPERM "inherit no: a fork is the same program"
asks web run "/t/other run /t/web read /t/d/plain" EPERM "inherit no: back in the program, back in the profile"
asks other run "/t/web read /t/d/sticky" EPERM
asks other read /t/d/sticky ok

# ---- several profiles: adding one only takes away; each reports its own ----
events >/dev/null
asks web read /t/d/two EPERM "allow in one profile does not undo deny in another"
seen=$(events)
is "$(grep -c '"verdict":"deny".*"profile":"two-enforce"' <<<"$seen")" 1 "the enforcing profile reports its denial"
is "$(grep -c '"verdict":"would-deny".*"profile":"two-audit"' <<<"$seen")" 1 "the audit profile reports its own"
is "$(grep -c . <<<"$seen")" 2 "nobody else reports"

# ---- cgroup: from the moment of the move, below it too, and out again ----
it_says early read /t/d/cg EPERM "moved before the load"
move early $cg
it_says early read /t/d/cg ok
it_says mover read /t/d/cg ok
move mover $cg/in
it_says mover read /t/d/cg EPERM "moved in"
move mover $cg/out
it_says mover read /t/d/cg ok "moved out"
move mover $cg/in/deep
it_says mover read /t/d/cg EPERM "moved below"
it_says mover thread "read /t/d/cg" EPERM
it_says mover worker "read /t/d/cg" EPERM
it_says mover run "/t/third read /t/d/cg" EPERM
move mover $cg/out
it_says mover worker "read /t/d/cg" ok "a thread moved out with its process"
asks other into "$cg/in/deep read /t/d/cg" EPERM "born in the cgroup"
asks other into "$cg/out read /t/d/cg" ok
mkdir $cg/inner
asks other into "$cg/inner read /t/d/cg" ok "a cgroup whose name only begins alike"

# ---- users: the effective one, at this moment ----
for u in 1000 1999 3000; do it_says user uid "$u read /t/d/user" EPERM; done
for u in 999 1500 2000 2999 3001; do it_says user uid "$u read /t/d/user" ok; done
it_says user read /t/d/user ok
asks web uid "7 read /t/d/both" EPERM
asks web read /t/d/both ok "and: half of it is not enough"
asks other uid "7 read /t/d/both" ok "and: the other half neither"

# ---- everybody except ----
for f in any unl; do
	asks other read /t/d/$f EPERM
	asks good read /t/d/$f ok
	asks good fork "read /t/d/$f" ok
	asks good run "/t/other read /t/d/$f" EPERM "except is the acting program, not its parent: $f"
done
disguised "a mount namespace of root's own is believed: the name it runs by is the name"
apart EPERM

# ---- exempt ----
asks other inject "1 /t/d/any" ok "process 1 is in no profile, any included"

unload
it_says one read /t/d/sticky ok "free again after unload"
all_ways ok
kill $pid_one $pid_multi $pid_kids $pid_mover $pid_user $pid_first $pid_early
umount /t/d
done_testing
