# SPDX-License-Identifier: GPL-2.0-or-later
# Results of in-guest as a table: one line a work, the first mode as it is, of the others what they add to it.
$1 !~ /^verdict/ {
	if (!($1 in column)) { column[$1] = ++columns; mode[columns] = $1 }
	if (!($2 in line)) { line[$2] = ++lines; work[lines] = $2 }
	cost[$1, $2] = $3
}

END {
	printf "%-20s %10s", "", mode[1]
	for (c = 2; c <= columns; c++)
		printf " %14s", mode[c]
	print ""
	for (i = 1; i <= lines; i++) {
		shown = 0
		for (c = 2; c <= columns; c++)
			shown += (mode[c], work[i]) in cost
		if (columns > 1 && !shown)
			continue
		printf "%-20s %10.0f", work[i], cost[mode[1], work[i]]
		for (c = 2; c <= columns; c++)
			if ((mode[c], work[i]) in cost)
				printf " %+14.0f", cost[mode[c], work[i]] - cost[mode[1], work[i]]
			else
				printf " %14s", "-"
		print ""
	}
}
