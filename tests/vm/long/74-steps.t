# Killed with -9 after each system call that changes something in the kernel or on a disk: of a load, of a trial and of what ends it. What is in force is the
# old policy or the new one, whole, and the next command recovers. 74-steps-reload.t has reloads and the daemon, 74-steps-unload.t unloads and first loads;
# tests/fail/enforcer does the same without a kernel, where nothing takes long.
. "$BAILIFF_TOP/tests/vm/lib.sh"
. "$BAILIFF_TOP/tests/vm/steps.sh"
subject web
steps_policies

# ---- a load, with no further hook
load_a >load.out 2>&1 || not_ok "load" "$(cat load.out)"
each_step "a b" load_a a "$enforcer" load b.bpi
steps_are 10 "a load, killed at each step"
took "a load"
is "$(ls /sys/fs/bpf/bailiff/gen | wc -l)" 2 "nothing of the killed ones is left"

# ---- a trial, and what ends it
back_to_a() { # from wherever a trial was left
	"$enforcer" rollback
	[ "$(in_force)" = a ] || "$enforcer" load a.bpi
}
on_trial() {
	back_to_a && "$enforcer" try --for 1h b.bpi
}
load_a >/dev/null
each_step "a b" back_to_a a "$enforcer" try --for 1h b.bpi
steps_are 10 "a trial that begins, killed at each step"
on_trial >/dev/null 2>&1
each_step "a b" on_trial b "$enforcer" rollback
steps_are 2 "a rollback, killed at each step"
on_trial >/dev/null 2>&1
each_step b on_trial b "$enforcer" confirm
steps_are 2 "a confirm, killed at each step"
took "trials"

"$enforcer" unload >unload.out 2>&1 || not_ok "unload" "$(cat unload.out)"
done_testing
