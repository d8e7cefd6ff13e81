# SPDX-License-Identifier: GPL-2.0-or-later
# Coverage-guided fuzzing (libFuzzer). Included by the top Makefile, which builds everything once more for it into .out/fuzz, with clang,
# ASan and UBSan; tests/fuzz/run runs the targets.

FUZZ := front image compile request

# Small limits of the automaton keep an input that is too complex to milliseconds; every piece of the arena is an allocation of its own;
# a read beyond the tables stops.
FUZZ_CFLAGS := -O1 -g -Wno-gnu-variable-sized-type-not-at-end -fno-omit-frame-pointer -DMAX_WORK=300000 -DDEFAULT_MAX_STATES=3000 -DARENA_FIRST=0 -DARENA_BIGGEST=0 \
	'-DBL_BEYOND_TABLES()=(__builtin_trap(),0)'

## make fuzz            every fuzz target for FUZZ_SECONDS (60); findings are kept in .out/fuzz/findings
FUZZ_SECONDS ?= 60
.PHONY: fuzz fuzz-corpus fuzz-merge fuzz-build fuzz-programs
fuzz: fuzz-build
	@tests/fuzz/run $(FUZZ_SECONDS)

## make fuzz-corpus     every fuzz target over its corpus in the tree: seconds
fuzz-corpus: fuzz-build
	@tests/fuzz/run 0

## make fuzz-merge      adds what `make fuzz` has found new ways with to the corpus in the tree, as few and small inputs as do
fuzz-merge: fuzz-build
	@tests/fuzz/run --merge

fuzz-build:
	$(Q)$(MAKE) --no-print-directory O=$(O)/fuzz CC=$(CLANG) CFLAGS="$(FUZZ_CFLAGS)" \
		SAN="-fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all" fuzz-programs
fuzz-programs: $(FUZZ:%=$(O)/bin/fuzz_%) $(O)/words.dict
	@:

FUZZ_OBJ := $(patsubst tests/fuzz/%.c,$(O)/tests/fuzz/%.o,$(wildcard tests/fuzz/*.c))
.SECONDARY: $(FUZZ_OBJ)
$(O)/tests/fuzz/%.o: tests/fuzz/%.c $(O)/policyc/parse.h
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -Wno-missing-prototypes -Ipolicyc -Itests/diff -Itests/fuzz -c -o $@ $<

# Where a new way teaches nothing, and most of the time would go.
comma := ,
$(O)/lib/sha256.o $(O)/lib/utf8.o $(O)/tests/fuzz/fuzz.o: override SAN := $(subst $(comma)fuzzer-no-link,,$(SAN))

$(O)/bin/fuzz_%: $(O)/tests/fuzz/fuzz_%.o $(filter-out $(FUZZ:%=$(O)/tests/fuzz/fuzz_%.o),$(FUZZ_OBJ)) \
		$(O)/policyc/libpolicyc.a $(O)/lib/libbl.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(SAN) -fsanitize=fuzzer -o $@ $^

# The words of the language, from where they are defined.
$(O)/words.dict: policyc/lex.l include/abi.h $(wildcard policyc/sema*.c) policyc/net.c policyc/request_json.c
	$(Q)grep -ohE '"[a-z][a-z_-]*"' $^ | sort -u > $@

-include $(wildcard $(O)/tests/fuzz/*.d)
