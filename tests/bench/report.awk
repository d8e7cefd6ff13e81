# SPDX-License-Identifier: GPL-2.0-or-later
# docs/performance.md from the results of tests/bench/run: gawk -f report.awk goals KERNEL-SET.tsv...

function label(mode,   n) {
	if (mode in title)
		return title[mode]
	n = mode
	sub(/^(aa|confined)-/, "", n)
	return (mode ~ /^aa-/ ? "AppArmor, " : "Bailiff, ") number(n) " rules"
}

function added(k, mode, w) { return cost[k, mode, w] - cost[k, "none", w] }

# With a thousands' separator; nothing that was not measured.
function number(n,   s, out) {
	s = sprintf("%.0f", n)
	while (match(s, /[0-9][0-9][0-9][0-9]+$/)) {
		out = "," substr(s, length(s) - 2) out
		s = substr(s, 1, length(s) - 3)
	}
	return s out
}

function cell(k, mode, w) { return (k, mode, w) in cost ? number(added(k, mode, w)) : "" }

function table(k,   i, j, row) {
	row = "| | nothing |"
	for (j = 2; j <= nmodes[k]; j++)
		row = row " " label(modes[k, j]) " |"
	print row
	gsub(/[^|]+/, "---:", row)
	sub(/---:/, "---", row)
	print row
	for (i = 1; i <= nworks; i++) {
		if (!((k, "none", works[i]) in cost))
			continue
		row = "| " works[i] " | " number(cost[k, "none", works[i]]) " |"
		for (j = 2; j <= nmodes[k]; j++)
			row = row " " cell(k, modes[k, j], works[i]) " |"
		print row
	}
}

function goal(text, k, w) {
	if (text == "aa" || text == "aa/2")
		return (k, "aa-1000", w) in cost ? added(k, "aa-1000", w) / (text == "aa" ? 1 : 2) : "unknown"
	return text + 0
}

# A goal below what `bpf` in `lsm=` costs by itself is reached if no more than that is added.
function reached(k, mode, w, want,   n) {
	n = added(k, mode, w)
	return want != "unknown" && (n <= want || ((k, "idle", w) in cost && n <= added(k, "idle", w)))
}

function goals(   g, i, k, n, row, want) {
	row = "| | |"
	for (i = 1; i <= nkernels; i++)
		row = row " " kernels[i] ", goal | AppArmor | Bailiff |"
	print row
	gsub(/[^|]+/, "---:", row)
	sub(/---:\|---:/, "---|---", row)
	print row
	for (g = 1; g <= ngoals; g++) {
		split(aim[g], a, "\t")
		row = "| " a[1] " | " label(a[2]) " |"
		for (i = 1; i <= nkernels; i++) {
			k = kernels[i]
			want = goal(a[2 + index_of[k]], k, a[1])
			n = (k, a[2], a[1]) in cost
			row = row " " (want == "unknown" ? "" : number(want)) " | " cell(k, a[2] == "other" ? "aa-other" : "aa-1000", a[1]) " | " \
				(!n ? "" : reached(k, a[2], a[1], want) ? "**" cell(k, a[2], a[1]) "**" : cell(k, a[2], a[1])) " |"
		}
		print row
	}
}

# In per cent of what a process with few rules pays.
function growth(   i, k, j, w, f, t) {
	split("open+close first\topen+close 5", w, "\t")
	for (i = 1; i <= nkernels; i++) {
		k = kernels[i]
		for (j = 1; j <= 2; j++) {
			if (!((k, "confined-10000", w[j]) in cost))
				continue
			f = added(k, "confined-10", w[j])
			t = added(k, "confined-10000", w[j])
			printf "* %s, %s: %s with 10 rules, %s with 10,000 (%+.2f %%)\n", k, w[j], number(f), number(t), 100 * (t - f) / f
		}
	}
}

BEGIN {
	FS = "\t"
	title["idle"] = "`bpf` in `lsm=`"
	title["empty"] = "empty programs"
	title["aa-none"] = "AppArmor without profiles"
	title["aa-other"] = "AppArmor, in no profile"
	title["other"] = "Bailiff, in no profile"
	title["audit"] = "Bailiff, audit mode"
	title["reload"] = "Bailiff"
	index_of["6.1"] = 1; index_of["6.12"] = 2; index_of["7.2"] = 3
	n = split("none idle empty aa-none aa-other aa-10 aa-100 aa-1000 other confined-10 confined-100 confined-1000 confined-10000 audit", order, " ")
}

FILENAME ~ /goals$/ {
	if ($0 !~ /^#/)
		aim[++ngoals] = $0
	next
}

/^verdict / { next }

FNR == 1 {
	kernel = FILENAME
	sub(/.*\//, "", kernel)
	sub(/-.*/, "", kernel)
	if (!(kernel in seen)) {
		seen[kernel] = 1
		kernels[++nkernels] = kernel
	}
}

FNR == 1 { programs = FILENAME ~ /programs/ }

# what the sets for programs say of works is left out: one figure for one thing
programs && $2 == "stat" { next }

{
	cost[kernel, $1, $2] = $3
	there[kernel, $1] = 1
	if (!($2 in line) && $2 != "reload") {
		line[$2] = 1
		works[++nworks] = $2
	}
}

END {
	for (i = 1; i <= nkernels; i++)
		for (j = 1; j <= n; j++)
			if ((kernels[i], order[j]) in there)
				modes[kernels[i], ++nmodes[kernels[i]]] = order[j]
	print "## Goals\n"
	print "The most that may be added, and what is; in bold where the goal is reached, or where no more is added than by `bpf` in `lsm=` alone. The goal of\n" \
		"`spawn+wait`, *renames* and *mounts* is what AppArmor adds, that of whole programs half of it; `reload` has 10,000 rules.\n"
	goals()
	print "\n## Rules\n"
	growth()
	for (i = 1; i <= nkernels; i++) {
		print "\n## Linux " kernels[i] "\n"
		table(kernels[i])
	}
}
