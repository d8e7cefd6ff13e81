# SPDX-License-Identifier: GPL-2.0-or-later
# What is added to each work, as SVG: gawk -f plot.awk KERNEL-SET.tsv... One panel a kernel, one line a work, on a logarithmic scale from 10 to 100,000.

function x(panel, n) { return left + panel * (width + gap) + (n <= 10 ? 0 : n >= 100000 ? width : width * log(n / 10) / log(10000)) }

function dot(panel, y, mode, w, colour) {
	if ((panel, mode, w) in cost)
		printf "<circle cx=\"%.1f\" cy=\"%d\" r=\"4.5\" fill=\"%s\"><title>%s: %.0f</title></circle>\n",
			x(panel, cost[panel, mode, w] - cost[panel, "none", w]), y, colour, w, cost[panel, mode, w] - cost[panel, "none", w]
}

BEGIN {
	FS = "\t"
	left = 150; width = 230; gap = 30; top = 70; step = 19
	n = split("empty aa-1000 other confined-1000", mode, " ")
	split("#999999 #d95f02 #7fb3e6 #1f5fa8", colour, " ")
	split("empty BPF programs\tAppArmor, confined\tBailiff, in no profile\tBailiff, confined", name, "\t")
}

/^verdict / || FILENAME ~ /programs/ || $2 == "reload" { next }

FNR == 1 {
	kernel = FILENAME
	sub(/.*\//, "", kernel)
	sub(/-.*/, "", kernel)
	if (!(kernel in panel)) {
		panel[kernel] = npanels++
		title[npanels - 1] = "Linux " kernel
	}
}

{
	cost[panel[kernel], $1, $2] = $3
	if (!($2 in line)) {
		line[$2] = 1
		work[++nworks] = $2
	}
}

END {
	high = top + nworks * step + 30
	wide = left + npanels * (width + gap)
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\" font-size=\"12\">\n", wide, high
	printf "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n"
	for (m = 1; m <= n; m++)
		printf "<circle cx=\"%d\" cy=\"18\" r=\"4.5\" fill=\"%s\"/><text x=\"%d\" y=\"22\">%s</text>\n", left + (m - 1) * 165, colour[m], left + 9 + (m - 1) * 165, name[m]
	for (p = 0; p < npanels; p++) {
		printf "<text x=\"%d\" y=\"48\" font-weight=\"bold\">%s</text>\n", x(p, 10), title[p]
		for (t = 10; t <= 100000; t *= 10) {
			printf "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\" stroke=\"#dddddd\"/>\n", x(p, t), x(p, t), top - 12, top + nworks * step
			printf "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\" font-size=\"10\" fill=\"#666666\">%s</text>\n", x(p, t), top + nworks * step + 14,
				t == 10 ? "≤10" : t >= 1000 ? t / 1000 "k" : t
		}
	}
	for (i = 1; i <= nworks; i++) {
		y = top + (i - 1) * step
		printf "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n", left - 12, y + 4, work[i]
		for (p = 0; p < npanels; p++) {
			printf "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\" stroke=\"#eeeeee\"/>\n", x(p, 10), x(p, 100000), y, y
			for (m = 1; m <= n; m++)
				dot(p, y, mode[m], work[i], colour[m])
		}
	}
	print "</svg>"
}
