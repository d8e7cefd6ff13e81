# SPDX-License-Identifier: GPL-2.0-or-later
# Compiled rules against a slow reading of them. Included by the top Makefile.

# what makes globs and names, and matches them, is that of tests/diff
MATCH_OBJ := $(patsubst tests/match/%.c,$(O)/tests/match/%.o,$(wildcard tests/match/*.c)) \
	$(addprefix $(O)/tests/match/,oracle_match.o gen_name.o gen_policy.o)

$(O)/tests/match/%.o: tests/match/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -Ipolicyc -Itests/match -Itests/diff -c -o $@ $<

$(O)/tests/match/%.o: tests/diff/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -Ipolicyc -Itests/diff -c -o $@ $<

$(O)/tests/match/match: $(MATCH_OBJ) $(O)/policyc/libpolicyc.a $(O)/lib/libbl.a
	$(Q)$(CC) $(CFLAGS) $(SAN) -o $@ $^

## make check-match     a million paths and a million addresses: tables against a slow reading of the rules
.PHONY: check-match
check-match: $(O)/tests/match/match
	@tests/match/run

-include $(wildcard $(O)/tests/match/*.d)
