# Patterns through symbolic links: the load is refused, unless it is told to accept them; whether a link at the end counts.
. "$BAILIFF_TOP/tests/vm/lib.sh"
subject web
mkdir -p /t/l/real/deep
for f in secret tool; do cp "$probe" /t/l/real/$f; done
ln -s real /t/l/middle
ln -s real/tool /t/l/last
ln -s /t/l/nowhere /t/l/gone
ln -s loop2 /t/l/loop1
ln -s loop1 /t/l/loop2

refused() { # RULE REGEX DESCRIPTION: and nothing is loaded
	compile refused <<<"profile p { subject exe /t/web; $1 }"
	fails 1 "^enforcer: refused.bpi: refused.policy:1: $2" "$3" "$enforcer" load refused.bpi
	fails 1 'nothing is loaded' "$3: nothing is loaded" "$enforcer" status
}
loads() { # RULE DESCRIPTION: over what is loaded, which loads no program again
	compile loads <<<"profile p { subject exe /t/web; $1 }"
	runs "$2" "$enforcer" load loads.bpi
}
asks web create /t/l/new ok
rm /t/l/new
asks web exec /t/l/last ok
through='on this machine, so no name matches it'

# ---- refused ----
refused 'deny exec /t/l/last;' "'/t/l/last' goes through the symbolic link /t/l/last -> real/tool $through; write /t/l/real/tool, or load with --accept-links$" \
	"a link that is executed"
refused 'deny read /t/l/middle/secret;' "'/t/l/middle/secret' goes through the symbolic link /t/l/middle -> real $through; write /t/l/real/secret, or" \
	"a link in the middle"
refused 'deny read /t/l/middle/de*/**;' "'/t/l/middle/de\*/\*\*' goes through .*; write /t/l/real/de\*/\*\*, or" "a link before a wildcard"
refused 'deny create /t/l/middle/new;' "'/t/l/middle/new' goes through .*; write /t/l/real/new, or" "a link in the middle, for what acts on names"
refused 'deny read /t/l/{none,middle}/secret;' "'/t/l/middle/secret' goes through" "a link in an alternative"
refused 'deny read /t/l/{real,middle}/secret; deny write /t/l/real/secret;' "'/t/l/middle/secret' goes through" "a link to what another rule is about as well"
refused 'deny read /t/l/{real,middle}/secret; deny read /t/x unless exe /t/l/real/secret;' "'/t/l/middle/secret' goes through" "a link to what a term is about"
refused 'deny read /t/l/{real/deep,middle}/*;' "'/t/l/middle/\*' goes through" "a link to a directory of which all else is said"
refused 'deny read /t/l/gone;' "'/t/l/gone' goes through .* -> /t/l/nowhere $through; write /t/l/nowhere, or" "a link to nothing"
refused 'deny read /t/l/gone/a/*;' "'/t/l/gone/a/\*' goes through .*; write /t/l/nowhere/a/\*, or" "a link to nothing in the middle"
refused 'deny read /t/l/loop1/x;' "'/t/l/loop1/x' goes through .* -> loop2 $through, and where it leads cannot be found: Too many levels of symbolic links; load with --accept-links if that is meant$" \
	"links in a circle"
refused 'deny read /t/l/** except /t/l/last;' "'/t/l/last' goes through" "a link behind except"
refused 'deny read /t/l/real/* unless exe /t/l/last;' "'/t/l/last' goes through" "a link in a term"

compile alternatives <<<'profile p { subject exe /t/l/last, /t/l/real/tool; deny read /t/l/real/secret; }'
compile subject <<<'profile p { subject exe /t/l/last; deny read /t/l/real/secret; }'
fails 1 "subject.policy:1: '/t/l/last' goes through" "a link in a subject" "$enforcer" load subject.bpi
fails 1 "subject.policy:1: '/t/l/last' goes through" "with --dry-run too" "$enforcer" load --dry-run subject.bpi
fails 1 "subject.policy:1: '/t/l/last' goes through" "and by run" timeout 20 "$enforcer" run subject.bpi

# ---- in order ----
loads 'deny create /t/l/last;' "a link as the last component of what acts on the link itself"
loads 'deny read /t/l/none/secret, /t/none, /none/*;' "a name that does not exist"
loads 'deny read /t/l/real/secret/below;' "a name below a file"
loads 'deny read /t/l/l*;' "links behind a wildcard"
loads 'deny exec $shells;' "a set that comes with the compiler"
loads 'deny read /t/l/{real,middle}/secret;' "a link to what the same rule names"
asks web read /t/l/middle/secret EPERM "which holds by either name"
asks web read /t/l/real/secret EPERM
runs "a subject by a link and its name" "$enforcer" load alternatives.bpi
loads 'deny exec /t/l/last, /t/l/real/tool;' "a program by its link and its name"
asks web exec /t/l/last EPERM
loads 'deny read /t/l/{real,middle}/**;' "directories, one a link to the other"
asks web read /t/l/middle/secret EPERM
compile create <<<'profile p { subject exe /t/web; deny create /t/l/new; }'
"$enforcer" load create.bpi >/dev/null
asks web create /t/l/new EPERM "a name that does not exist yet is judged when it is made"
ln -s real /t/l/new
runs "and may be a link when the policy is loaded again" "$enforcer" load create.bpi
rm /t/l/new

# ---- accepted ----
both='deny read /t/l/middle/secret, /t/l/real/secret; deny read /t/l/middle/*; deny exec /t/l/last;' # the first is harmless but for the second
compile both <<<"profile p { subject exe /t/web; $both }"
out=$("$enforcer" load both.bpi 2>&1)
is "$?,$(grep -c '^enforcer: both.bpi: both.policy:1: ' <<<"$out"),$(wc -l <<<"$out")" 1,3,3 "a line for each"
like "$("$enforcer" load --accept-links both.bpi)" '^3 prefixes of patterns go through symbolic links on this machine: accepted' "--accept-links says how many"
asks web read /t/l/middle/secret EPERM "the rule without links holds, by either name"
asks web exec /t/l/last ok "the one with a link does not"
inventory=$(find /sys/fs/bpf | sort) generation=$("$enforcer" status --json | jq .generation)
fails 1 "both.policy:1: " "refused while a policy is in force" "$enforcer" load both.bpi
is "$(find /sys/fs/bpf | sort)" "$inventory" "which changes nothing"
is "$("$enforcer" status --json | jq .generation)" "$generation" "and leaves the generation"
asks web read /t/l/real/secret EPERM
is "$("$enforcer" load --accept-links create.bpi | wc -l)" 1 "--accept-links has nothing to say of a policy without them"
"$enforcer" run --accept-links both.bpi >run.out 2>run.err &
daemon=$!
for _ in $(seq 600); do [ -S /run/bailiff/control.sock ] && grep -q accepted run.err && break; sleep 0.1; done
like "$(cat run.err)" '^enforcer: 3 prefixes of patterns go through symbolic links' "run --accept-links says so as well"
kill $daemon
wait $daemon
unload
fails 2 '^enforcer run: --accept-links needs an image' "--accept-links without an image" "$enforcer" run --accept-links
fails 2 'no such option: --accept-links' "--accept-links of a command that loads nothing" "$enforcer" status --accept-links

# ---- many ----
{
	echo 'profile p { subject exe /t/web;'
	for n in $(seq 25); do echo "deny read /t/l/middle/$n;"; done
	echo '}'
} | compile many
out=$("$enforcer" load many.bpi 2>&1)
is "$(grep -c goes <<<"$out")" 10 "at most ten are shown"
is "$(tail -1 <<<"$out")" "enforcer: many.bpi: and 15 more" "and the rest is counted"
like "$(head -1 <<<"$out")" "many.policy:2: '/t/l/middle/1'" "in the order of the policy"
# names so long that ten do not fit in a message
name=$(printf 'x%.0s' $(seq 200))
{
	echo 'profile p { subject exe /t/web;'
	for n in $(seq 10); do echo "deny read /t/l/middle/$n/$name/$name/$name;"; done
	echo '}'
} | compile long
out=$("$enforcer" load long.bpi 2>&1)
shown=$(grep -c "goes.*--accept-links$" <<<"$out")
[ "$shown" -gt 0 ] && [ "$shown" -lt 10 ] && ok "some fit" || not_ok "some fit" "$out"
is "$(tail -1 <<<"$out")" "enforcer: long.bpi: and $((10 - shown)) more" "and none is cut"
done_testing
