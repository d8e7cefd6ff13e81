# Every program, loaded: what the kernel's verifier goes through for it, against the budget in tests/vm/budget.
. "$BAILIFF_TOP/tests/vm/lib.sh"
load all <<'POLICY'
profile all {
    subject exe /t/nobody;
    deny file, exec, network, system;
}
POLICY
"$BAILIFF_TOP/.out/tests/vm/insns" | sort >seen
like "$(wc -l <seen)" '^[4-9][0-9]$' "all programs are loaded"
while read -r name count; do
	budget=$(awk -v p="$name" '$1 == p { print $2 }' "$BAILIFF_TOP/tests/vm/budget")
	if [ -z "$budget" ]; then
		not_ok "$name is in tests/vm/budget" "$name $count"
	elif [ "$count" -gt "$budget" ]; then
		not_ok "$name: within $budget instructions" "$count"
	else
		ok "$name: within $budget instructions"
	fi
done <seen
cp seen "/share/insns.$BAILIFF_GUEST" 2>/dev/null
done_testing
