# Many reloads between two policies, under questions from both processors: BAILIFF_RELOADS of them (make check-long: 3,000; by itself, in the time that a test
# has, 300). Every answer is one of the two policies', every refusal is counted, and at the end nothing is left of the others.
. "$BAILIFF_TOP/tests/vm/lib.sh"
subject web
reload_policies
reloads "${BAILIFF_RELOADS:-300}"
is "$("$enforcer" status --json | jq .generation)" "$((${BAILIFF_RELOADS:-300} + 1))" "one generation after the other"
two() { [ "$(ls /sys/fs/bpf/bailiff/gen | wc -l)" -le 2 ] && [ "$(bpftool map list | grep -c ' name tables ')" -le 2 ]; }
until_true two && ok "no tables are left over" || not_ok "no tables are left over" "$(bpftool map list)"
unload
done_testing
