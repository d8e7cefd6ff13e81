# Names that change: what links, renames and mounts may not take from under a rule that refuses, or put in its place.
. "$BAILIFF_TOP/tests/vm/lib.sh"
subject web other watched
mkdir -p /t/r
mount -t tmpfs none /t/r
mkdir -p /t/r/etc /t/r/home/u/deep /t/r/srv/secret/deep /t/r/srv/open /t/r/tmp/d /t/r/tmp/m /t/r/bin /t/r/keep /t/r/own /t/r/srv/secret/m
for f in etc/shadow etc/free etc/over home/u/marked home/u/deep/marked home/marked home/free srv/secret/f srv/secret/deep/f tmp/f tmp/d/f bin/tool keep/f; do
	echo x >/t/r/$f
done
mount -t tmpfs none /t/r/tmp/m
mount -t tmpfs none /t/r/srv/secret/m

# What is done, a line each: the operation and its object. Each must succeed without a policy.
refused() {
	cat <<'LIST'
link /t/r/etc/shadow /t/r/etc/x
link /t/r/etc/shadow /t/r/x
link-fd /t/r/etc/shadow /t/r/x
link-empty /t/r/etc/shadow /t/r/x
link /t/r/srv/secret/f /t/r/x
link /t/r/bin/tool /t/r/x
link /t/r/keep/f /t/r/x
link /t/r/home/marked /t/r/home/x
rename /t/r/etc/shadow /t/r/etc/x
rename /t/r/etc/shadow /t/r/x
rename /t/r/srv/secret/deep/f /t/r/x
rename /t/r/home/u/marked /t/r/home/u/x
rename /t/r/own /t/r/x
exchange /t/r/etc/shadow /t/r/etc/free
exchange /t/r/etc/free /t/r/etc/shadow
exchange /t/r/home/free /t/r/etc/shadow
rename /t/r/etc /t/r/x
rename /t/r/srv /t/r/x
rename /t/r/srv/secret /t/r/srv/x
rename /t/r/srv/secret/deep /t/r/x
rename /t/r/tmp/d /t/r/srv/secret/x
rename /t/r/keep /t/r/x
exchange /t/r/etc /t/r/home
exchange /t/r/home /t/r/etc
exchange /t/r/home/free /t/r/srv
exchange /t/r/srv/secret/deep /t/r/tmp/d
mount tmpfs none /t/r/etc
mount tmpfs none /t/r
mount tmpfs none /t
mount tmpfs none /t/r/srv
fsmount tmpfs none /t/r/etc
bind-mount /t/r/tmp /t/r/etc
bind-mount /t/r/etc /t/r/etc
clone-mount /t/r/tmp /t/r/etc
clone-mount /t/r/tmp /t/r/srv
move-mount /t/r/tmp/m /t/r/etc
move-mount /t/r/srv/secret/m /t/r/tmp/d
move-mount /t/r/tmp/m /t/r/srv/secret/deep
mount-move /t/r/srv/secret/m /t/r/tmp/d
mount-move /t/r/tmp/m /t/r/tmp/d
LIST
}
allowed() {
	cat <<'LIST'
link /t/r/etc/free /t/r/etc/x
link /t/r/tmp/f /t/r/srv/secret/x
link /t/r/home/marked /t/r/tmp/marked
link /t/r/srv/secret/f /t/r/srv/secret/deep/x
rename /t/r/etc/free /t/r/x
rename /t/r/home/marked /t/r/tmp/marked
rename /t/r/home/u /t/r/tmp/x
rename /t/r/home /t/r/x
rename /t/r/home/u/deep /t/r/srv/open/x
rename /t/r/tmp/d /t/r/home/x
rename /t/r/srv/secret/deep /t/r/srv/secret/x
exchange /t/r/home/u /t/r/tmp/d
exchange /t/r/home/u /t/r/etc/free
mount tmpfs none /t/r/home
mount tmpfs none /t/r/tmp/d
bind-mount /t/r/tmp /t/r/home
clone-mount /t/r/tmp /t/r/home
fsmount tmpfs none /t/r/tmp/d
move-mount /t/r/tmp/m /t/r/tmp/d
move-mount /t/r/srv/secret/m /t/r/srv/secret/deep
pivot-root /t/r/tmp/m
LIST
}

undo() { # OPERATION OBJECT: of what has succeeded
	local a b c
	read -r a b c <<<"$2"
	case $1 in
	link*) rm "$b" ;;
	rename) mv "$b" "$a" ;;
	exchange) "$probe" exchange "$2" >/dev/null ;;
	mount | fsmount) umount "$c" ;;
	bind-mount | clone-mount) umount "$b" ;;
	move-mount | mount-move) mount --move "$b" "$a" ;;
	esac
}

tries() { # NAME WANTED DESCRIPTION: each line of standard input
	local op object got
	while read -r op object; do
		got=$(ask "$1" "$op" "$object")
		is "$got" "$2" "$3: $op $object: $2"
		[ "$got" != ok ] || undo "$op" "$object"
	done
}

said() { # what has been reported: operation, object, line
	events | jq -r '[.op, .object, .rule.line] | @tsv'
}

profile() { # NAME MODE PROGRAMS
	cat <<POLICY
profile $1 {
    subject exe $3;
    mode $2;
    deny read /t/r/etc/shadow;
    deny write /t/r/srv/secret/**;
    deny read, write /**/marked;
    deny exec /t/r/bin/tool;
    deny delete /t/r/keep/f unless exe /t/other;
    deny attr /t/r/own;
    allow link, rename, create, delete, mount;
    allow read /t/r/home/**;
    allow write /t/r/tmp/**, /t/r/home/u/**;
}
POLICY
}

tries web ok "without a policy" < <(refused)
tries web ok "without a policy" < <(allowed)
tries other ok "without a policy, for which the refusal will not hold" <<<'rename /t/r/etc /t/r/x'
echo x >/t/r/a.key
tries web ok "without a policy, what a rule that kills will be about" <<<'rename /t/r/a.key /t/r/b'

# ---- programs for names are there only for a policy that refuses one ----
links() { ls /sys/fs/bpf/bailiff/links | grep -cE '^(path_link|path_rename|sb_mount|move_mount|sb_pivotroot)$'; }
load none <<<'profile none { subject exe /t/web; allow read /t/r/**; deny connect tcp; }'
is "$(links)" 0 "no program for names without a rule that refuses one"
tries web ok "without such a rule" < <(refused)
profile replace enforce "/t/web, /t/other" | load replace || { not_ok "stop"; done_testing; }
is "$(links)" 5 "all of them with one"
events >/dev/null
tries web EPERM "refused" < <(refused)
said >enforced
tries web ok "not refused" < <(allowed)
is "$(said)" "" "and what is not refused is not reported"
is "$(ask web mount "proc none /t/r/srv/secret/deep")" ok "below a directory of which all is refused, a mount changes nothing"
umount /t/r/srv/secret/deep
is "$(ask other rename "/t/r/keep /t/r/x")" ok "a process for which the refusal does not hold"
mv /t/r/x /t/r/keep
is "$(ask other link "/t/r/keep/f /t/r/x")" ok "and its link"
rm /t/r/x
is "$(ask other rename "/t/r/etc /t/r/x")" EPERM "but another refusal does"
said >/dev/null

# ---- what the reports say ----
like "$(cat enforced)" '^link	/t/r/etc/shadow	4$' "a link: the old name, and the rule"
like "$(cat enforced)" '^rename	/t/r/etc	4$' "a directory: the rule about what is below"
like "$(cat enforced)" '^rename	/t/r/tmp/d	5$' "a directory that moves into what is refused"
like "$(cat enforced)" '^rename	/t/r/home/u/marked	6$' "a file by a pattern"
like "$(cat enforced)" '^link	/t/r/bin/tool	7$' "a program"
like "$(cat enforced)" '^rename	/t/r/own	9$' "a directory's own name"
like "$(cat enforced)" '^mount	/t/r/srv	5$' "a mount over a directory"
like "$(cat enforced)" '^mount	/t/r/srv/secret/m	5$' "a mount that moves"

# ---- audit mode reports exactly that, and refuses nothing ----
profile replace audit "/t/watched" | load watched
tries watched ok "audit mode" < <(refused)
is "$(said)" "$(cat enforced)" "audit mode reports what enforcing refuses"
tries watched ok "audit mode" < <(allowed)
is "$(said)" "" "and nothing else"

# ---- patterns that say nothing of where ----
load everywhere <<'POLICY'
profile everywhere {
    subject exe /t/web;
    deny read /**/shadow;
    kill write /**/*.key;
    allow read /t/r/home/**;
}
profile beside {
    subject exe /t/web;
    allow write /t/r/etc/**;
}
POLICY
tries web ok "patterns that hold everywhere" <<'LIST'
rename /t/r/etc /t/r/x
rename /t/r/srv /t/r/home/x
exchange /t/r/etc /t/r/home
mount tmpfs none /t/r/etc
mount tmpfs none /t
mount-move /t/r/tmp/m /t/r/tmp/d
move-mount /t/r/tmp/m /t/r/home/u
LIST
is "$(ask web rename "/t/r/etc/shadow /t/r/etc/x")" EPERM "a file that such a pattern names"
is "$(said | cut -f1,3)" "rename	3" "and only that is reported"
echo x >/t/r/a.key
ask web rename "/t/r/a.key /t/r/b" >/dev/null
is "$(ls /t/r/a.key /t/r/b 2>/dev/null)" /t/r/a.key "a rule that kills refuses too"
echo x >/t/r/b
is "$(ask web rename "/t/r/a.key /t/r/b.key")" ok "from one such name to another"
mv /t/r/b.key /t/r/a.key

# ---- and afterwards ----
unload
tries web ok "without a policy again" < <(refused)
done_testing
