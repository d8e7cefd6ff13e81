# Calls of bpf(2) that fail, one command of each kind in turn, where programs are loaded and removed: a first load, a load with further hooks, an unload.
# 74-failing.t has the others.
. "$BAILIFF_TOP/tests/vm/lib.sh"
. "$BAILIFF_TOP/tests/vm/steps.sh"
subject web
steps_policies
without_hooks() { # of c
	{ [ ! -e /sys/fs/bpf/bailiff/progs/path_mknod ] || "$enforcer" unload; } && from_a
}

each_kind bpf ENOMEM last from_nothing none a "$enforcer" load a.bpi
runs_are 10 "a first load, in which calls fail"
each_kind bpf ENOMEM last without_hooks a b "$enforcer" load c.bpi
runs_are 10 "a load with further hooks, in which calls fail"
each_kind bpf ENOMEM last from_a a none "$enforcer" unload
runs_are 5 "an unload, in which calls fail"
from_nothing >unload.out 2>&1 || not_ok "the last unload" "$(cat unload.out)"
is "$(bpftool prog show | grep -c ' lsm ')" 0 "nothing is left in the kernel"
[ ! -e /sys/fs/bpf/bailiff ] && ok "nor pinned" || not_ok "nor pinned" "$(find /sys/fs/bpf/bailiff | head)"
done_testing
