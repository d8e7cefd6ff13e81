# SPDX-License-Identifier: GPL-2.0-or-later
# The decision core as BPF against the decision core here. Included by the top Makefile; tests/diff/run runs it in a guest.

DIFF_OBJ := $(patsubst tests/diff/%.c,$(O)/tests/diff/%.o,$(filter-out %.bpf.c,$(wildcard tests/diff/*.c)))

$(O)/tests/diff/diff.bpf.o: tests/diff/diff.bpf.c tests/diff/ask.h $(wildcard include/*.h)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -Itests/diff -c -o $@.tmp $<
	$(Q)$(BPFTOOL) gen object $@ $@.tmp && rm -f $@.tmp

$(O)/tests/diff/diff.skel.h: $(O)/tests/diff/diff.bpf.o
	$(Q)$(BPFTOOL) gen skeleton $< name diff > $@.tmp && mv $@.tmp $@

$(O)/tests/diff/%.o: tests/diff/%.c $(O)/tests/diff/diff.skel.h
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -Ipolicyc -Itests/diff -I$(O)/tests/diff -c -o $@ $<

$(O)/tests/diff/diff: $(DIFF_OBJ) $(O)/policyc/libpolicyc.a $(O)/lib/libbl.a
	$(Q)$(CC) $(CFLAGS) $(SAN) -o $@ $^ -lbpf -lelf -lz

## make check-oracle    the decision core against an independent slow reading of the policy: no guest. SEEDS
.PHONY: check-oracle
SEEDS ?= 7
check-oracle: $(O)/tests/diff/diff
	@set -e; for s in $(SEEDS); do $(O)/tests/diff/diff --no-kernel --oracle --seed $$s; done

-include $(wildcard $(O)/tests/diff/*.d)
