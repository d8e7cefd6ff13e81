# Every program, loaded at once. What the verifier went through for it is looked at by unload, as at the end of every test.
. "$BAILIFF_TOP/tests/vm/lib.sh"
load all <<'POLICY'
profile all {
    subject exe /t/nobody;
    descriptors strict;
    allow accept tcp from 10.0.0.0/8;
    deny file, exec, network, system;
}
POLICY
loaded=$("$BAILIFF_TOP/.out/tests/vm/insns" | wc -l)
is "$loaded" "$(awk -v k="$BAILIFF_GUEST" '$2 == k' "$BAILIFF_TOP/tests/vm/budget" | wc -l)" "every program is loaded: $loaded"
unload
done_testing
