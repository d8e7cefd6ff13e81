# The main job: an open, an exec and a connect, allowed and blocked, and the same in dry run.
. "$BAILIFF_TOP/tests/vm/lib.sh"
subject web other
mkdir -p /t/data && echo x >/t/data/free && echo x >/t/data/secret && cp /t/other /t/data/tool

policy() {
	cat <<'POLICY'
profile web {
    subject exe /t/web;
    deny read, write /t/data/secret message "secret data" severity high;
    deny exec /t/data/tool;
    deny connect udp to 127.0.0.0/8 port 1000-2000;
    kill connect tcp to 203.0.113.0/24;
    log read /t/data/free;
}
POLICY
}

all() {
	asks web read /t/data/secret "$1"
	asks web write /t/data/secret "$1"
	asks web rdwr /t/data/secret "$1"
	asks web exec /t/data/tool "$1"
	asks web udp "127.0.0.1 1500" "$1"
	asks web udp-send "127.0.0.1 1500" "$1"
	asks web read /t/data/free ok
	asks web exec /t/other ok
	asks web udp "127.0.0.1 999" ok
	asks other read /t/data/secret ok "a process in no profile is not asked"
	asks other udp "127.0.0.1 1500" ok "a process in no profile connects"
}

fails 1 'nothing is loaded' "status before any load" "$enforcer" status
# first show that all of it works without a policy: otherwise `blocked` would mean nothing
all ok
asks web tcp "203.0.113.9 80" ENETUNREACH "before: it lives on"
policy | load main
like "$(cat load.out)" 'generation 1: .*self-test passed, enforcing' "load proves enforcement"
all EPERM
is "$(/t/web tcp "203.0.113.9 80" >/dev/null; echo $?)" 137 "kill ends the process"
runs "status while enforcing" "$enforcer" status

seen=$(events)
is "$(printf '%s\n' "$seen" | grep -c '"verdict":"deny"')" 6 "one event for each refused call"
is "$(printf '%s\n' "$seen" | grep -c '"verdict":"kill"')" 1 "one event for the kill"
is "$(printf '%s\n' "$seen" | grep -c '"verdict":"log"')" 1 "one event for the logged read"
like "$seen" '"verdict":"deny".*"op":"read".*"object":"/t/data/secret".*"file":"main.policy","line":3' "an event names file and line"
like "$seen" '"message":"secret data"' "an event carries the rule's message"
like "$seen" '"exe":"/t/web"' "an event names the program"

policy | load main --dry-run
like "$(cat load.out)" 'generation 2' "a second load is the next generation"
all ok
is "$(ask web tcp "203.0.113.9 80")" ENETUNREACH "a dry run kills nobody"
dry=$(events)
is "$(printf '%s\n' "$dry" | grep -c '"verdict":"would-deny"')" 6 "dry run: the same six, as would-deny"
is "$(printf '%s\n' "$dry" | grep -c '"verdict":"would-kill"')" 1 "dry run: would-kill"
like "$("$enforcer" status)" 'dry run' "status says that it is a dry run"

unload
all ok
fails 1 'nothing is loaded' "status after unload" "$enforcer" status

# what done_testing compares would be seen: another rule in the image that decided
cp -r "$replay" broken
policy | sed 's/tool/tools/; s/log read/deny read/' >broken.policy
"$policyc" build -o broken/1.1.bpi broken.policy 2>/dev/null
broken=$("$top/.out/tests/vm/replay" "$policyc" broken)
is $? 1 "a mistake made on purpose is seen"
like "$broken" '^event of 1\.1: .*"op":"exec","object":"/t/data/tool"' "in a refusal"
like "$broken" '^allowed under 1\.1: .*"op":"read","object":"/t/data/free"' "and in what was allowed"
done_testing
