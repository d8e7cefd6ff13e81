# SPDX-License-Identifier: GPL-2.0-or-later
# Bailiff. `make help` lists the targets; everything built lands in .out/.

O := .out
VERSION := $(shell sed -n '1s/.*(\(.*\)).*/\1/p' debian/changelog)
CC ?= gcc
CLANG ?= clang-14
BPFTOOL ?= $(shell command -v bpftool || echo /usr/sbin/bpftool)
ARCH_INC := /usr/include/$(shell $(CC) -print-multiarch 2>/dev/null)

ifeq ($(V),1)
Q :=
else
Q := @
endif

WARN := -Wall -Wextra -Werror -Wshadow -Wmissing-prototypes -Wstrict-prototypes -Wpointer-arith -Wundef
SAN ?=
CFLAGS ?= -O2 -g
ALL_CFLAGS = -std=gnu11 $(WARN) $(CPPFLAGS) $(CFLAGS) $(SAN) -D_GNU_SOURCE -Iinclude -Ilib -MMD -MP
BPF_CFLAGS := -target bpf -mcpu=v3 -O2 -g -std=gnu11 -Wall -Wextra -Werror -Wno-unused-function -Wno-unused-parameter -Iinclude -Ibpf-lsm \
	-I$(ARCH_INC) -D__TARGET_ARCH_x86

LIB_OBJ := $(patsubst lib/%.c,$(O)/lib/%.o,$(wildcard lib/*.c))
PC_SRC := $(filter-out policyc/main.c,$(wildcard policyc/*.c))
PC_OBJ := $(patsubst policyc/%.c,$(O)/policyc/%.o,$(PC_SRC)) $(O)/policyc/parse.o $(O)/policyc/lex.o
EN_SRC := $(filter-out enforcer/main.c,$(wildcard enforcer/*.c))
EN_OBJ := $(patsubst enforcer/%.c,$(O)/enforcer/%.o,$(EN_SRC))
EN_LIBS := -lbpf -lelf -lz -ljansson -lsystemd

.PHONY: all help
## make                 builds policyc and the enforcer into .out/bin
all: $(O)/bin/policyc $(O)/bin/enforcer

# On a machine where something is missing the first thing to do is to install or name it.
.PHONY: setup-build setup-test
setup-build:
	@scripts/setup build
setup-test:
	@scripts/setup test

help:
	@sed -n 's/^## //p' $(firstword $(MAKEFILE_LIST))

$(O)/lib/libbl.a: $(LIB_OBJ)
	$(Q)rm -f $@ && ar rcs $@ $^

$(O)/lib/%.o: lib/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(O)/policyc/parse.c $(O)/policyc/parse.h &: policyc/parse.y
	@mkdir -p $(@D)
	$(Q)bison -Wall -Werror=conflicts-sr -Werror=conflicts-rr -Wno-yacc --defines=$(O)/policyc/parse.h -o $(O)/policyc/parse.c $<

$(O)/policyc/lex.c: policyc/lex.l $(O)/policyc/parse.h
	$(Q)flex -o $@ $<

$(O)/policyc/parse.o $(O)/policyc/lex.o: ALL_CFLAGS += -Ipolicyc -I$(O)/policyc -Wno-error -w
$(O)/policyc/parse.o $(O)/policyc/lex.o: $(O)/policyc/%.o: $(O)/policyc/%.c
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(O)/policyc/%.o: policyc/%.c $(O)/policyc/parse.h
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -Ipolicyc -I$(O)/policyc -c -o $@ $<

$(O)/policyc/libpolicyc.a: $(PC_OBJ)
	$(Q)rm -f $@ && ar rcs $@ $^

$(O)/bin/policyc: $(O)/policyc/main.o $(O)/policyc/libpolicyc.a $(O)/lib/libbl.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(SAN) $(LDFLAGS) -o $@ $^

$(O)/bpf/%.bpf.o: bpf-lsm/%.bpf.c $(wildcard bpf-lsm/*.h include/*.h)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c -o $@.tmp $<
	$(Q)$(BPFTOOL) gen object $@ $@.tmp && rm -f $@.tmp

# kept: make removes what it takes for a means to an end, and the next make would build it all again
.PRECIOUS: $(O)/bpf/%.bpf.o $(O)/bpf/%.skel.h
$(O)/bpf/%.skel.h: $(O)/bpf/%.bpf.o
	$(Q)$(BPFTOOL) gen skeleton $< name $* > $@.tmp && mv $@.tmp $@

$(O)/enforcer/%.o: enforcer/%.c $(O)/bpf/bailiff.skel.h $(O)/bpf/parts.skel.h $(O)/bpf/inodes.skel.h $(O)/bpf/latency.skel.h \
		$(O)/bpf/seal.skel.h $(O)/bpf/witness.skel.h
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -Ienforcer -I$(O)/bpf -c -o $@ $<

$(O)/enforcer/libenforcer.a: $(EN_OBJ)
	$(Q)rm -f $@ && ar rcs $@ $^

$(O)/bin/enforcer: $(O)/enforcer/main.o $(O)/enforcer/libenforcer.a $(O)/lib/libbl.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(SAN) $(LDFLAGS) -o $@ $^ $(EN_LIBS)

-include $(wildcard $(O)/lib/*.d $(O)/policyc/*.d $(O)/enforcer/*.d $(O)/tests/unit/*.d)

## make install         programs, manual pages, unit, completions, headers: DESTDIR, prefix (/usr); /etc is sysconfdir
prefix ?= /usr
sysconfdir ?= /etc
.PHONY: install
install: all
	$(Q)install -d $(DESTDIR)$(prefix)/sbin $(DESTDIR)$(prefix)/bin $(DESTDIR)$(prefix)/lib/systemd/system \
		$(addprefix $(DESTDIR)$(prefix)/share/,man/man1 man/man5 man/man8 bash-completion/completions zsh/site-functions \
		vim/vimfiles/ftdetect vim/vimfiles/syntax pkgconfig) $(DESTDIR)$(prefix)/include/bailiff $(DESTDIR)$(sysconfdir)/bailiff/policy.d
	$(Q)install -m 755 $(O)/bin/enforcer $(DESTDIR)$(prefix)/sbin/
	$(Q)install -m 755 $(O)/bin/policyc $(DESTDIR)$(prefix)/bin/
	$(Q)set -e; for page in man/*.[158]; do install -m 644 $$page $(DESTDIR)$(prefix)/share/man/man$${page##*.}/; done
	$(Q)sed 's#/usr/sbin/enforcer#$(prefix)/sbin/enforcer#' systemd/bailiff.service >$(O)/bailiff.service
	$(Q)install -m 644 $(O)/bailiff.service $(DESTDIR)$(prefix)/lib/systemd/system/
	$(Q)set -e; for shell in completion/*.bash; do \
		install -m 644 $$shell $(DESTDIR)$(prefix)/share/bash-completion/completions/$$(basename $$shell .bash); done
	$(Q)install -m 644 completion/_* $(DESTDIR)$(prefix)/share/zsh/site-functions/
	$(Q)set -e; for part in ftdetect syntax; do \
		install -m 644 editors/vim/$$part/bailiff.vim $(DESTDIR)$(prefix)/share/vim/vimfiles/$$part/; done
	$(Q)install -m 644 include/abi.h include/image.h $(DESTDIR)$(prefix)/include/bailiff/
	$(Q)printf 'Name: bailiff\nDescription: formats of compiled policies and of events\nVersion: %s\nCflags: -I%s\n' \
		$(VERSION) $(prefix)/include/bailiff >$(DESTDIR)$(prefix)/share/pkgconfig/bailiff.pc

## make deb             packages for Debian 12, in .out/deb
.PHONY: deb
deb:
	@scripts/setup deb
	$(Q)rm -rf $(O)/deb && mkdir -p $(O)/deb/bailiff-$(VERSION)
	$(Q)tar -c --exclude=./.git --exclude=./.out --exclude=./.cache . | tar -x -C $(O)/deb/bailiff-$(VERSION)
	$(Q)cd $(O)/deb/bailiff-$(VERSION) && dpkg-buildpackage -us -uc >../build.log 2>&1 || { tail -40 ../build.log; exit 1; }
	$(Q)lintian --fail-on error,warning --tag-display-limit 0 $(O)/deb/*.changes
	@ls $(O)/deb/*.deb

# ---- tests ----
UNIT := $(patsubst tests/unit/test_%.c,$(O)/tests/unit/test_%,$(wildcard tests/unit/test_*.c))

# tests/unit finds our headers by quotes only: policyc/check.h is not Check's
$(O)/tests/unit/test_%: tests/unit/test_%.c $(O)/policyc/libpolicyc.a $(O)/lib/libbl.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -Iinclude -Ilib,$(ALL_CFLAGS)) -iquote policyc -iquote include -iquote lib -iquote tests/unit \
		-I$(O)/policyc -o $@ $< $(O)/policyc/libpolicyc.a $(O)/lib/libbl.a $(shell pkg-config --libs check)

$(O)/tests/unit/test_enforcer_%: tests/unit/test_enforcer_%.c $(O)/enforcer/libenforcer.a $(O)/lib/libbl.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -Iinclude -Ilib,$(ALL_CFLAGS)) -iquote include -iquote lib -iquote enforcer -iquote tests/unit \
		-o $@ $< $(O)/enforcer/libenforcer.a $(O)/lib/libbl.a $(shell pkg-config --libs check) $(EN_LIBS)

$(O)/tests/vm/probe: tests/vm/probe.c tests/vm/probe_fail.c tests/vm/probe_net.c tests/vm/probe_recv.c tests/vm/probe_sys.c tests/vm/probe_ways.c $(wildcard tests/vm/*.h)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O1 $(WARN) -D_GNU_SOURCE -static -o $@ $(filter %.c,$^)

$(O)/tests/vm/nth: tests/vm/nth.c
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O1 $(WARN) -D_GNU_SOURCE -o $@ $<

$(O)/tests/vm/insns: tests/vm/insns.c
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O1 $(WARN) -D_GNU_SOURCE -o $@ $< -lbpf

$(O)/tests/vm/replay: tests/vm/replay.c
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O1 $(WARN) -D_GNU_SOURCE -o $@ $< -ljansson

$(O)/tests/vm/churn: tests/vm/churn.c
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O1 $(WARN) -D_GNU_SOURCE -static -o $@ $<

$(O)/tests/vm/hold: tests/vm/hold.c $(O)/tests/vm/hold.bpf.o
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O1 $(WARN) -D_GNU_SOURCE -o $@ $< -lbpf

$(O)/tests/vm/hold.bpf.o: tests/vm/hold.bpf.c
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c -o $@ $<

-include tests/diff/build.mk
-include tests/match/build.mk
-include tests/fuzz/build.mk

$(O)/tests/fail/kernel.so: tests/fail/kernel.c $(wildcard include/*.h)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O1 $(WARN) -Wno-missing-prototypes -D_GNU_SOURCE -Iinclude -fPIC -shared -o $@ $<

.PHONY: unit golden deps man sanitize check-host check-vm check demo golden-update check-long distclean
$(O)/tests/fail/fail.so: tests/fail/fail.c
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O1 $(WARN) -Wno-missing-prototypes -D_GNU_SOURCE -fPIC -shared -o $@ $<

## make unit            unit and golden tests, memory and disk used up, man pages, dependencies: no guest, seconds
unit: all $(UNIT) $(O)/tests/fail/fail.so
	@set -e; for t in $(UNIT); do $$t; done
	@tests/golden/run
	@tests/language/run
	@tests/fmt/run
	@tests/policies/run
	@tests/fail/run
	@tests/man/run
	@tests/shell/run
	@tests/guarantees/run
	@tests/failures/run
	@tests/editors/run
	@tests/systemd/run
	@scripts/check-deps

## make sanitize        unit and golden tests once more under ASan and UBSan, and the fuzz targets over their corpora
sanitize: fuzz-corpus
	$(Q)$(MAKE) --no-print-directory O=$(O)/san CFLAGS="-O1 -g -fno-omit-frame-pointer" \
		SAN="-fsanitize=address,undefined -fno-sanitize-recover=all" unit-only
.PHONY: unit-only
unit-only: $(O)/bin/policyc $(UNIT)
	@set -e; for t in $(UNIT); do $$t; done
	@POLICYC=$(abspath $(O)/bin/policyc) tests/golden/run
	@POLICYC=$(abspath $(O)/bin/policyc) tests/language/run
	@POLICYC=$(abspath $(O)/bin/policyc) tests/fmt/run

BENCH_BIN := all $(O)/tests/bench/speed $(O)/tests/bench/empty
VM_BIN := $(BENCH_BIN) $(O)/tests/vm/probe $(O)/tests/vm/insns $(O)/tests/vm/hold $(O)/tests/vm/churn $(O)/tests/vm/nth $(O)/tests/vm/replay \
	$(O)/tests/diff/diff $(O)/tests/fail/fail.so

## make check-vm        guest tests on KERNELS (6.1 6.12 7.2)
KERNELS ?= 6.1 6.12 7.2
check-vm: $(VM_BIN)
	@tests/vm/fetch-kernels $(KERNELS)
	@tests/vm/run $(KERNELS)
	@tests/vm/nolsm $(firstword $(KERNELS))
	@$(MAKE) --no-print-directory -j2 --output-sync=target check-nginx check-gate
.PHONY: check-nginx check-gate
check-nginx:
	@tests/services/run -s nginx $(firstword $(KERNELS))
# the other kernels in check-long: most of it is the verifier's time, counted one instruction after the other
check-gate: $(BENCH_BIN)
	@tests/bench/gate $(firstword $(KERNELS))

## make check           everything that CI runs
check: setup-test
	@$(MAKE) --no-print-directory check-all
.PHONY: check-all
check-all:
	@$(MAKE) --no-print-directory all
	@$(MAKE) --no-print-directory -j2 --output-sync=target sanitize check-here
	@$(MAKE) --no-print-directory check-vm
# beside sanitize, which builds everything elsewhere
.PHONY: check-here
check-here:
	@$(MAKE) --no-print-directory -j1 unit
	@$(MAKE) --no-print-directory -j1 check-match check-oracle
	@$(MAKE) --no-print-directory -j1 check-steps

## make check-steps     the enforcer with each bpf(2) call and allocation failing, and killed after each change: no guest. STEPS="1 1" is all of them
.PHONY: check-steps
STEPS ?= 1500 15
check-steps: all $(O)/tests/fail/fail.so $(O)/tests/fail/kernel.so $(O)/tests/vm/nth
	@tests/fail/enforcer $(STEPS)

## make check-services  policies/ on real services in a guest: SERVICES (all), KERNELS; the package and docs/tutorial.md
.PHONY: check-services
SERVICES ?=
check-services: setup-test
	@$(MAKE) --no-print-directory all
	@tests/vm/fetch-kernels $(KERNELS)
	@tests/services/run $(addprefix -s ,$(SERVICES)) $(KERNELS)
	@$(MAKE) --no-print-directory deb
	@tests/deb/run $(firstword $(KERNELS))

## make check-long      what does not fit in check: by hand; its last result is in docs/check-long.md
LONG_SEEDS ?= 11 12 13 14
check-long: setup-test
	@$(MAKE) --no-print-directory all $(O)/tests/match/match
	@tests/vm/fetch-kernels $(KERNELS)
	@$(MAKE) --no-print-directory check-steps STEPS="1 1"
	@set -e; for s in $(LONG_SEEDS); do $(O)/tests/match/match --seed $$s; done
	@$(MAKE) --no-print-directory check-oracle SEEDS="$(LONG_SEEDS)"
	@set -e; for k in $(KERNELS); do echo "kernel $$k"; \
		tests/vm/guest --time 900 --fail-on-taint $$k $(O)/tests/diff/diff --seed 7 --policies 600; done
	@$(MAKE) --no-print-directory $(O)/tests/vm/probe $(O)/tests/vm/insns $(O)/tests/vm/hold $(O)/tests/vm/churn $(O)/tests/vm/nth $(O)/tests/vm/replay
	@tests/vm/run -a preempt=full -t 10-main -t 30-subjects -t 40-names -t 50-exec $(KERNELS)
	@for t in $(filter-out 74-reloads,$(basename $(notdir $(wildcard tests/vm/long/*.t)))) $$(sed -n 's/^\([0-9][^ ]*\) .*/\1/p' tests/vm/seldom); do tests/vm/run -t $$t $(KERNELS) || exit 1; done
	@BAILIFF_RELOADS=3000 BAILIFF_STRESS=2400 tests/vm/run -t 74-reloads $(KERNELS)
	@BAILIFF_STRESS=1800 tests/vm/run -a preempt=full -t 76-stress $(KERNELS)
	@set -e; for k in $(KERNELS); do tests/vm/lockdown $$k; tests/vm/boot $$k; done
	@$(MAKE) --no-print-directory $(O)/tests/bench/speed $(O)/tests/bench/empty
	@tests/bench/gate $(KERNELS)
	@$(MAKE) --no-print-directory check-services

## make bench-compiler  policyc build on big policies, beside apparmor_parser: a table, kept in docs/bench-compiler.md
.PHONY: bench-compiler
$(O)/tests/bench/bench_compiler: tests/bench/bench_compiler.c
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(WARN) $(CFLAGS) -D_GNU_SOURCE -o $@ $<
bench-compiler:
	@scripts/setup bench || echo "apparmor_parser will be left out"
	@$(MAKE) --no-print-directory $(O)/bin/policyc $(O)/tests/bench/bench_compiler
	@$(O)/tests/bench/bench_compiler $(O)/bin/policyc "$$(git describe --always --dirty)" >$(O)/bench-compiler.md
	@cat $(O)/bench-compiler.md && cp $(O)/bench-compiler.md docs/bench-compiler.md

## make bench           what Bailiff and AppArmor add to operations and programs, in instructions: docs/performance.md; an hour or two
.PHONY: bench
bench:
	@scripts/setup bench
	@$(MAKE) --no-print-directory $(BENCH_BIN)
	@tests/vm/fetch-kernels $(KERNELS)
	@status=0; tests/bench/run $(KERNELS) || status=$$?; tests/bench/report && exit $$status

$(O)/tests/bench/speed: tests/bench/speed.c
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O1 $(WARN) -D_GNU_SOURCE -static -o $@ $<

$(O)/tests/bench/empty: tests/bench/empty.c $(O)/tests/bench/empty.bpf.o
	$(Q)$(CC) -std=gnu11 -O1 $(WARN) -D_GNU_SOURCE -o $@ $< -lbpf

$(O)/tests/bench/empty.bpf.o: tests/bench/empty.bpf.c include/hooks.h include/abi.h
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c -o $@ $<

## make demo            the main job in a guest: allowed and blocked, dry run, events, status, kill -9
demo: setup-test
	@$(MAKE) --no-print-directory all $(O)/tests/vm/probe
	@tests/vm/fetch-kernels 6.1
	@tests/vm/guest --time 180 6.1 tests/demo/demo

## make golden-update   rewrites what golden tests expect; review the difference
golden-update: all
	@tests/golden/run --update

## make distclean       removes what was built and fetched
distclean:
	rm -rf .out .cache
