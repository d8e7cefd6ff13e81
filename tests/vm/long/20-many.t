# A policy of 1,000 rules with globs in the middle of components: compiles, loads, blocks; `policyc explain` gives the kernel's verdict
# for each of more than 500 probes; a dry run reports exactly what enforcing denies, one for one.
. "$BAILIFF_TOP/tests/vm/lib.sh"
subject many

awk -v policy=many.policy -v probes=probes -f "$BAILIFF_TOP/tests/vm/many.awk" || not_ok "the policy is made"
runs "1,000 rules compile" "$policyc" build -o many.bpi many.policy

# what the probes are about has to be there
while IFS=$'\t' read -r op object; do
	case $op in
	read | write) mkdir -p "${object%/*}" && echo x >"$object" ;;
	exec) mkdir -p "${object%/*}" && ln /t/many "$object" ;;
	mkdir) mkdir -p "${object%/*}" ;;
	esac
done <probes
n=$(wc -l <probes)
[ "$n" -ge 500 ] && ok "$n probes" || not_ok "at least 500 probes" "$n"

# mkdir succeeds only once
clean() { sed -n 's/^mkdir\t//p' probes | xargs rmdir 2>/dev/null; }
answers() { # as OP OBJECT allow|deny
	/t/many - <probes | awk -F'\t' -v OFS='\t' '{ print $1, $2, $3 == "EPERM" ? "deny" : "allow" }'
	clean
}

answers >without
is "$(grep -c deny without)" 0 "without a policy nothing is denied"
runs "it loads" load_image many
answers >enforced
denied=$(grep -c 'deny$' enforced)
[ "$denied" -ge 150 ] && [ "$denied" -le $((n - 150)) ] && ok "$denied of $n denied" || not_ok "denied and allowed in number" "$denied of $n"

awk -F'\t' '{
	op = $1; object = $2
	if (op == "mkdir") op = "create"
	if (op ~ /^udp/) { op = "connect"; split(object, a, " "); object = "udp " a[1] ":" a[2] }
	printf "{\"exe\":\"/t/many\",\"op\":\"%s\",\"object\":\"%s\"}\n", op, object
}' probes >requests
"$policyc" explain --batch many.bpi <requests >explained || not_ok "explain answers"
sed 's/.*{"verdict":"\(allow\|deny\)","op".*/\1/; s/^{"verdict":"\([a-z]*\)".*/\1/' explained >verdicts
cut -f3 enforced >kernel
is "$(paste probes kernel verdicts | awk -F'\t' '$3 != $4' | head -5)" "" "explain and the kernel agree on all $n"
is "$(wc -l <verdicts)" "$n" "explain answered all of them"

# operation, object and rule of each denial, enforced and in dry run
told() { sed -n 's/.*"verdict":"\(would-\)\{0,1\}deny".*/&/p' | grep -oE '"(op|object|line)":("[^"]*"|[0-9]+)' | paste - - - | sort; }
events | told >told.enforced
is "$(wc -l <told.enforced)" "$denied" "one event for each denial"
runs "it loads as a dry run" load_image many --dry-run
answers >dry
is "$(grep -c deny dry)" 0 "a dry run denies nothing"
events | told >told.dry
is "$(diff told.enforced told.dry | head -5)" "" "the dry run reports exactly what enforcing denied"
done_testing
